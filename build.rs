//! Says which commit the program is built from, for `fitsnap --version`.

use std::fs;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=src");
    println!("cargo::rerun-if-changed=build.rs");
    let target = std::env::var("TARGET").unwrap_or_default();
    let build = [packed().or_else(checked_out), Some(target)].into_iter().flatten().collect::<Vec<_>>().join(", ");
    println!("cargo::rustc-env=FITSNAP_BUILD={build}");
}

/// The commit that `cargo package` noted in the crate; a repository around an unpacked crate is somebody else's.
fn packed() -> Option<String> {
    let note = fs::read_to_string(".cargo_vcs_info.json").ok()?;
    let (_, hash) = note.split_once("\"sha1\": \"")?;
    Some(hash.get(..10)?.to_owned())
}

/// The commit and its date, where this is a clone; `+` where files of it are altered.
fn checked_out() -> Option<String> {
    if !fs::exists(".git").ok()? {
        return None;
    }
    println!("cargo::rerun-if-changed={}", git(&["rev-parse", "--git-path", "logs/HEAD"])?);
    let altered = git(&["status", "--porcelain", "--untracked-files=no"]).is_some_and(|files| !files.is_empty());
    let commit = git(&["log", "-1", "--format=%h %cs", "--abbrev=10"])?;
    Some(if altered { commit.replacen(' ', "+ ", 1) } else { commit })
}

fn git(args: &[&str]) -> Option<String> {
    let ran = Command::new("git").args(args).output().ok()?;
    ran.status.success().then(|| String::from_utf8_lossy(&ran.stdout).trim().to_owned())
}
