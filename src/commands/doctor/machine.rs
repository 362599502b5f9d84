//! The machine: room on the disk, git, fitsnap where the hooks look for it.

use std::path::Path;

use super::Context;
use super::check::Check;
use crate::archive::{Archive, free_bytes};
use crate::cli::{CommandError, ExitCode};

/// With less than this a sync may fail in its midst.
const TOO_LITTLE: u64 = 64 << 20;

/// With less than this it is time to make room.
const LITTLE: u64 = 1 << 30;

/// The first git with `git maintenance`, which tidies up after large syncs.
const OLDEST_GIT: (u32, u32) = (2, 30);

pub(super) fn look(archive: &Archive, context: &Context<'_>, checks: &mut Vec<Check>) -> Result<(), CommandError> {
    checks.extend(room("the archive", archive.root(), free_bytes(archive.root())));
    if let Ok(state) = context.environment.state_dir() {
        // Usually the same disk; only what is different about it is said.
        let free = free_bytes(&state).filter(|free| *free < LITTLE);
        checks.extend(room("the tokens", &state, free));
    }
    checks.push(git(context));
    checks.extend(on_path(context));
    Ok(())
}

fn room(what: &str, path: &Path, free: Option<u64>) -> Option<Check> {
    let free = free?;
    let says = format!("{} MiB are free for {what} in {}", free >> 20, path.display());
    let todo = "make room on this disk";
    Some(match free {
        0..TOO_LITTLE => Check::problem("disk", ExitCode::SomeFailed, says, todo),
        TOO_LITTLE..LITTLE => Check::warning("disk", says, todo),
        _ => Check::well("disk", says),
    })
}

fn git(context: &Context<'_>) -> Check {
    let mut command = context.environment.command("git");
    command.arg("--version").current_dir(context.environment.folder());
    let output = command.output().ok().filter(|output| output.status.success());
    let Some(output) = output else {
        let says = "it is not on the PATH: a sync works without it, a push does not";
        return Check::warning("git", says, "install git");
    };
    let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    match version(&said) {
        Some(version) if version < OLDEST_GIT => {
            let (major, minor) = OLDEST_GIT;
            let says = format!("{said} is old: it does not tidy up after large syncs");
            Check::warning("git", says, format!("install git {major}.{minor} or newer"))
        }
        _ => Check::well("git", said),
    }
}

/// `git version 2.39.5 (Apple Git-154)`
fn version(said: &str) -> Option<(u32, u32)> {
    let mut numbers = said.split_whitespace().nth(2)?.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

/// The hooks call the fitsnap on the PATH; without one git refuses every commit and push.
fn on_path(context: &Context<'_>) -> Option<Check> {
    let name = format!("fitsnap{}", std::env::consts::EXE_SUFFIX);
    let path = context.environment.get("PATH").unwrap_or_default();
    let found = std::env::split_paths(path).any(|folder| folder.join(&name).is_file());
    (!found).then(|| {
        Check::problem(
            "path",
            ExitCode::SomeFailed,
            "fitsnap is not on the PATH, so git's hooks refuse every commit and push",
            "put fitsnap into a folder on the PATH, also on that of cron",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::super::check::State;
    use super::*;

    #[test]
    fn gits_of_every_maker_tell_their_version() {
        assert_eq!(version("git version 2.39.5 (Apple Git-154)"), Some((2, 39)));
        assert_eq!(version("git version 2.49.0.windows.1"), Some((2, 49)));
        assert_eq!(version("git version next"), None);
        assert!(version("git version 2.9.0").is_some_and(|version| version < OLDEST_GIT));
    }

    #[test]
    fn little_room_is_a_warning_and_too_little_a_problem() {
        let state = |mebibytes: u64| room("x", Path::new("/x"), Some(mebibytes << 20)).map(|check| check.state);
        assert_eq!(state(63), Some(State::Problem(ExitCode::SomeFailed)));
        assert_eq!(state(64), Some(State::Warning));
        assert_eq!(state(1_024), Some(State::Well));
        assert!(room("x", Path::new("/x"), None).is_none());
    }
}
