//! What is to run every day: fitsnap, then git, with absolute paths and no secret.

use std::path::{Path, PathBuf};

use super::super::Context;
use super::when::When;
use crate::archive::Archive;
use crate::cli::{CommandError, ExitCode};
use crate::config::CREDENTIALS_FILE;
use crate::model::ContentHash;

/// So much of the hash of the archive's path tells one archive of a machine from another.
const HASH_IN_NAME: usize = 8;

/// Variables that say where fitsnap's folders are; none of them is a secret.
const FOLDERS: [&str; 4] = ["FITSNAP_CONFIG_DIR", "FITSNAP_STATE_DIR", "XDG_CONFIG_HOME", "XDG_STATE_HOME"];

/// What is to run every day for one archive.
pub(super) struct Task {
    /// What it is called: `fitsnap-fitness-3f9a0c12`.
    pub(super) name: String,
    /// The archive's root.
    pub(super) archive: String,
    /// The commands, each after the one before it went well.
    pub(super) commands: Vec<Vec<String>>,
    /// The variables that they need.
    pub(super) variables: Vec<(&'static str, String)>,
    /// The file that the apps' ids and secrets are read from.
    pub(super) credentials: String,
    /// Whether a push is among the commands.
    pub(super) pushes: bool,
}

impl Task {
    /// The task of an archive, as this shell would run it.
    ///
    /// # Errors
    /// Where a path cannot be written into such a file, or the archive cannot be read.
    pub(super) fn of(archive: &Archive, context: &Context<'_>) -> Result<Task, CommandError> {
        let root = root(archive);
        let program = program(context)?;
        let archive_path = plain(&root)?;
        let fitsnap = plain(&program)?;
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<String>>();
        let mut commands = vec![words(&[&fitsnap, "-C", &archive_path, "sync", "--quiet"])];
        let git = on_path(context, "git").map(|git| plain(&git)).transpose()?;
        let push = archive.push_arguments()?;
        if let (Some(git), Some(push)) = (git, push) {
            let mut command = words(&[&git, "-C", &archive_path, "push", "--quiet"]);
            command.extend(push);
            commands.push(command);
        }
        let environment = context.environment;
        // The hooks look for fitsnap on the PATH, and git for the helpers that know the remote's password.
        let mut folders: Vec<PathBuf> = program.parent().map(Path::to_owned).into_iter().collect();
        for folder in std::env::split_paths(environment.get("PATH").unwrap_or_default()) {
            if folder.is_absolute() && !folders.contains(&folder) {
                folders.push(folder);
            }
        }
        let path = std::env::join_paths(folders).unwrap_or_default();
        let mut variables = vec![("PATH", plain(Path::new(&path))?), ("GIT_TERMINAL_PROMPT", "0".to_owned())];
        for name in FOLDERS {
            if let Some(folder) = environment.get(name) {
                variables.push((name, plain(&environment.folder().join(folder))?));
            }
        }
        Ok(Task {
            name: name(&root),
            archive: archive_path,
            pushes: commands.len() > 1,
            commands,
            variables,
            credentials: plain(&environment.config_dir()?.join(CREDENTIALS_FILE))?,
        })
    }
}

impl Task {
    /// A time between six and seven in the morning: not that of every other archive in the world.
    pub(super) fn usual_time(&self) -> When {
        let minute = self.name.bytes().fold(0_u8, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte)) % 60;
        When { hour: 6, minute }
    }
}

/// What the task of an archive is called, whatever way led to it.
pub(super) fn name_of(archive: &Archive) -> String {
    name(&root(archive))
}

fn root(archive: &Archive) -> PathBuf {
    archive.root().canonicalize().unwrap_or_else(|_| archive.root().to_owned())
}

fn name(root: &Path) -> String {
    let hash = ContentHash::of(root.as_os_str().as_encoded_bytes()).to_string();
    let folder = root.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
    let words: Vec<&str> = folder.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let words: String = words.join("-").chars().take(40).collect();
    [&["fitsnap"], &[words.as_str()][..usize::from(!words.is_empty())], &[&hash[..HASH_IN_NAME]]].concat().join("-")
}

/// The fitsnap that runs now: by the name on the PATH where that leads to it, which stays when a newer one
/// is installed, else by its own.
fn program(context: &Context<'_>) -> Result<PathBuf, CommandError> {
    let running = std::env::current_exe()
        .map_err(|error| CommandError::new(ExitCode::SomeFailed, format!("fitsnap cannot find itself: {error}")))?;
    let real = |path: &Path| path.canonicalize().ok();
    let named = on_path(context, &format!("fitsnap{}", std::env::consts::EXE_SUFFIX));
    Ok(named.filter(|named| real(named).is_some() && real(named) == real(&running)).unwrap_or(running))
}

/// A program as the shell would find it.
pub(super) fn on_path(context: &Context<'_>, program: &str) -> Option<PathBuf> {
    let path = context.environment.get("PATH").unwrap_or_default();
    std::env::split_paths(path).map(|folder| folder.join(program)).find(|file| file.is_absolute() && file.is_file())
}

/// A path as text. A line of a unit or a crontab cannot hold every one.
fn plain(path: &Path) -> Result<String, CommandError> {
    path.to_str().filter(|text| !text.chars().any(char::is_control)).map(str::to_owned).ok_or_else(|| {
        CommandError::new(
            ExitCode::Usage,
            format!("{} cannot be written into a schedule: it is no UTF-8, or holds a line break", path.display()),
        )
        .hint("give it another name")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn archives_of_one_machine_have_names_of_their_own() {
        let named = |path: &str| name(Path::new(path));
        let (one, other) = (named("/home/ada/My Fitness (2)"), named("/srv/My Fitness (2)"));
        assert!(one.starts_with("fitsnap-my-fitness-2-") && other.starts_with("fitsnap-my-fitness-2-"), "{one}");
        assert_ne!(one, other);
        assert_eq!(one, named("/home/ada/My Fitness (2)"));
        assert_eq!(named("/データ").len(), "fitsnap-".len() + HASH_IN_NAME);
        assert!(named(&format!("/{}", "x".repeat(200))).len() < 64);
    }

    #[test]
    fn a_path_that_would_break_a_line_is_refused() {
        assert!(plain(Path::new("/home/ada/100% fit \"$HOME\"")).is_ok());
        assert!(plain(Path::new("/home/ada\nExecStart=/bin/false")).is_err());
    }
}
