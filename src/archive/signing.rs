//! Signing commits where git is set to (`commit.gpgsign`), with the programs that git itself would run.
//!
//! The settings and their defaults are those of git-config(1), the calls those of git's own
//! `gpg-interface.c`: `gpg --status-fd=2 -bsau KEY` with the commit on standard input, and
//! `ssh-keygen -Y sign -n git -f KEY FILE` with the commit in a file.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use git2::Config;

use super::ArchiveError;
use super::identity::Identity;
use crate::config::Environment;

/// Signs commits as git is set to.
pub(super) struct Signer {
    environment: Environment,
    program: PathBuf,
    key: Key,
}

enum Key {
    /// What gpg finds a key by.
    Gpg(String),
    /// The file of an SSH key.
    File(PathBuf),
    /// An SSH public key itself; the agent has its other half.
    Literal(String),
}

impl Signer {
    /// The signer that git's configuration asks for, if it asks for one.
    ///
    /// # Errors
    /// `Signing` where the settings cannot be followed: before anything is asked or written.
    pub(super) fn of(
        config: &Config,
        identity: &Identity,
        environment: &Environment,
    ) -> Result<Option<Signer>, ArchiveError> {
        if !config.get_bool("commit.gpgsign").unwrap_or(false) {
            return Ok(None);
        }
        let text = |key: &str| config.get_str(key).ok().map(str::trim).filter(|value| !value.is_empty());
        let program = |keys: &[&str], usual: &str| {
            keys.iter().find_map(|key| config.get_path(key).ok()).unwrap_or_else(|| PathBuf::from(usual))
        };
        let given = text("user.signingkey").map(str::to_owned);
        let gpg_key = || Key::Gpg(given.clone().unwrap_or_else(|| identity.committer_alone()));
        let (program, key) = match text("gpg.format").unwrap_or("openpgp") {
            "openpgp" => (program(&["gpg.openpgp.program", "gpg.program"], "gpg"), gpg_key()),
            "x509" => (program(&["gpg.x509.program"], "gpgsm"), gpg_key()),
            "ssh" => {
                let key = match given {
                    Some(key) => ssh_key(config, &key)?,
                    None => agent_key(text("gpg.ssh.defaultKeyCommand"), environment)?,
                };
                (program(&["gpg.ssh.program"], "ssh-keygen"), key)
            }
            other => return Err(failed(format!("gpg.format is \"{other}\", which git does not know"), String::new())),
        };
        if !is_there(&program, environment) {
            return Err(failed(format!("there is no program {}", program.display()), String::new()));
        }
        Ok(Some(Signer { environment: environment.clone(), program, key }))
    }

    /// The signature of a commit, as it stands in the commit's header. `scratch` is a folder for files.
    ///
    /// # Errors
    /// `Signing` with what the program said.
    pub(super) fn sign(&self, commit: &[u8], scratch: &Path) -> Result<String, ArchiveError> {
        let signature = match &self.key {
            Key::Gpg(key) => self.by_gpg(key, commit),
            Key::File(file) => self.by_ssh(file, false, commit, scratch),
            Key::Literal(key) => self.by_literal(key, commit, scratch),
        };
        let signature = signature.map_err(|error| failed(self.program.display().to_string(), error.to_string()))?;
        Ok(signature.replace('\r', ""))
    }

    fn by_gpg(&self, key: &str, commit: &[u8]) -> io::Result<String> {
        let mut command = self.environment.command(&self.program);
        command.args(["--status-fd=2", "-bsau", key]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        // A commit is smaller than what a pipe holds, or gpg reads it before it writes.
        if let Some(mut input) = child.stdin.take() {
            input.write_all(commit).or_else(|error| match error.kind() {
                io::ErrorKind::BrokenPipe => Ok(()),
                _ => Err(error),
            })?;
        }
        let output = child.wait_with_output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        let signed = said.lines().any(|line| line.starts_with("[GNUPG:] SIG_CREATED "));
        if !output.status.success() || !signed {
            let words = said.lines().filter(|line| !line.starts_with("[GNUPG:]"));
            return Err(refused(words));
        }
        text(output.stdout)
    }

    fn by_literal(&self, key: &str, commit: &[u8], scratch: &Path) -> io::Result<String> {
        let mut file = tempfile::Builder::new().prefix("key-").tempfile_in(scratch)?;
        writeln!(file, "{key}")?;
        self.by_ssh(file.path(), true, commit, scratch)
    }

    fn by_ssh(&self, key: &Path, in_agent: bool, commit: &[u8], scratch: &Path) -> io::Result<String> {
        let folder = tempfile::Builder::new().prefix("sign-").tempdir_in(scratch)?;
        let file = folder.path().join("commit");
        fs::write(&file, commit)?;
        let mut command = self.environment.command(&self.program);
        command.args(["-Y", "sign", "-n", "git", "-f"]).arg(key);
        if in_agent {
            command.arg("-U");
        }
        let Output { status, stderr, .. } = command.arg(&file).stdout(Stdio::null()).output()?;
        if !status.success() {
            return Err(refused(String::from_utf8_lossy(&stderr).lines()));
        }
        text(fs::read(folder.path().join("commit.sig"))?)
    }
}

/// Puts a signature into a commit, behind its last header.
pub(super) fn signed(commit: &str, signature: &str) -> String {
    let (head, message) = commit.split_once("\n\n").unwrap_or((commit, ""));
    let lines = signature.trim_end().lines().collect::<Vec<_>>().join("\n ");
    format!("{head}\ngpgsig {lines}\n\n{message}")
}

/// A key that `user.signingkey` names: itself, or the file it is in.
fn ssh_key(config: &Config, given: &str) -> Result<Key, ArchiveError> {
    if let Some(key) = literal(given) {
        return Ok(Key::Literal(key));
    }
    let file = config.get_path("user.signingkey").unwrap_or_else(|_| PathBuf::from(given));
    match file.is_file() {
        true => Ok(Key::File(file)),
        false => Err(failed(format!("user.signingkey names {}, where no file is", file.display()), String::new())),
    }
}

/// The key that a command of the person's gives, as `ssh-add -L` does.
fn agent_key(command: Option<&str>, environment: &Environment) -> Result<Key, ArchiveError> {
    let Some(command) = command else {
        let words = "neither user.signingkey nor gpg.ssh.defaultKeyCommand is set";
        return Err(failed(words.to_owned(), String::new()));
    };
    let output = environment.command("sh").args(["-c", command]).stdin(Stdio::null()).output();
    let said = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    let key = said.ok().and_then(|said| literal(said.lines().next()?));
    key.map(Key::Literal)
        .ok_or_else(|| failed(format!("gpg.ssh.defaultKeyCommand ({command}) gives no key"), String::new()))
}

/// The public key that a text is, if it is one.
fn literal(text: &str) -> Option<String> {
    let key = text.strip_prefix("key::").or_else(|| text.starts_with("ssh-").then_some(text))?;
    Some(key.trim().to_owned())
}

/// Whether a program is where it is called, or on the PATH.
fn is_there(program: &Path, environment: &Environment) -> bool {
    if program.components().count() > 1 {
        return environment.folder().join(program).is_file();
    }
    let endings: &[&str] = if cfg!(windows) { &["", ".exe"] } else { &[""] };
    let folders = environment.get("PATH").map(std::env::split_paths).into_iter().flatten();
    let mut places = folders
        .flat_map(|folder| endings.iter().map(move |ending| folder.join(format!("{}{ending}", program.display()))));
    places.any(|place| place.is_file())
}

/// What a program said instead of signing.
fn refused<'s>(said: impl Iterator<Item = &'s str>) -> io::Error {
    let words: Vec<_> = said.filter(|line| !line.trim().is_empty()).collect();
    let words = if words.is_empty() { "nothing, and it gave no signature".to_owned() } else { words.join("; ") };
    io::Error::other(words)
}

fn text(bytes: Vec<u8>) -> io::Result<String> {
    match String::from_utf8(bytes) {
        Ok(text) if !text.trim().is_empty() => Ok(text),
        _ => Err(io::Error::other("it gave no signature")),
    }
}

fn failed(problem: String, said: String) -> ArchiveError {
    let problem = if said.is_empty() { problem } else { format!("{problem} said: {said}") };
    ArchiveError::Signing { problem }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_stands_behind_the_last_header() {
        let commit = "tree 1\nauthor A\ncommitter C\n\nsubject\n\nbody\n";
        assert_eq!(
            signed(commit, "-----BEGIN-----\n\nabc\n-----END-----\n"),
            "tree 1\nauthor A\ncommitter C\ngpgsig -----BEGIN-----\n \n abc\n -----END-----\n\nsubject\n\nbody\n"
        );
    }

    #[test]
    fn a_key_is_told_from_the_file_of_one() {
        assert_eq!(literal("key::ssh-ed25519 AAAA me").as_deref(), Some("ssh-ed25519 AAAA me"));
        assert_eq!(literal("ssh-ed25519 AAAA").as_deref(), Some("ssh-ed25519 AAAA"));
        assert_eq!(literal("~/.ssh/id_ed25519.pub"), None);
    }
}
