//! A unit on the disk: whether it is as fitsnap wrote it, or a person's.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::cli::{CommandError, ExitCode};
use crate::model::ContentHash;

/// How the first line of a unit begins; the SHA-256 of all that follows it ends it.
const MARK: &str = "# Written by fitsnap schedule; SHA-256 of the lines below: ";

/// How a unit stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// It is not there.
    Missing,
    /// As fitsnap wrote it.
    Ours,
    /// Fitsnap wrote it, and a person altered it.
    Altered,
    /// A person's own, or a link, as a masked unit is.
    Foreign,
}

/// The text of a unit with the line by which fitsnap knows it again.
pub(super) fn sealed(text: &str) -> String {
    format!("{MARK}{}\n{text}", ContentHash::of(text.as_bytes()))
}

/// How a unit stands.
///
/// # Errors
/// When it cannot be read.
pub(super) fn look(path: &Path) -> Result<Standing, CommandError> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Standing::Missing),
        Err(error) => return Err(failed("read", path, &error)),
        Ok(found) if !found.is_file() => return Ok(Standing::Foreign),
        Ok(_) => {}
    }
    let bytes = fs::read(path).map_err(|error| failed("read", path, &error))?;
    let text = String::from_utf8_lossy(&bytes);
    Ok(match text.split_once('\n').and_then(|(first, rest)| Some((first.strip_prefix(MARK)?, rest))) {
        None => Standing::Foreign,
        Some((hash, rest)) if ContentHash::of(rest.as_bytes()).to_string() == hash => Standing::Ours,
        Some(_) => Standing::Altered,
    })
}

/// Moves a unit that a person altered aside, where systemd takes it for none. Tells where it is.
///
/// # Errors
/// When it cannot be moved.
pub(super) fn set_aside(path: &Path) -> Result<PathBuf, CommandError> {
    let named = |count: u32| {
        let mut name = path.as_os_str().to_owned();
        name.push(if count == 0 { ".yours".to_owned() } else { format!(".yours-{count}") });
        PathBuf::from(name)
    };
    let aside = (0..).map(named).find(|aside| fs::symlink_metadata(aside).is_err()).unwrap_or_else(|| named(0));
    fs::rename(path, &aside).map_err(|error| failed("move", path, &error))?;
    Ok(aside)
}

/// Removes a unit that is as fitsnap wrote it.
///
/// # Errors
/// When it cannot be removed.
pub(super) fn remove(path: &Path) -> Result<(), CommandError> {
    fs::remove_file(path).map_err(|error| failed("remove", path, &error))
}

/// Makes the folder of units.
///
/// # Errors
/// When it cannot be made.
pub(super) fn make_folder(path: &Path) -> Result<(), CommandError> {
    fs::create_dir_all(path).map_err(|error| failed("make", path, &error))
}

fn failed(verb: &str, path: &Path, error: &io::Error) -> CommandError {
    CommandError::new(ExitCode::SomeFailed, format!("cannot {verb} {}: {error}", path.display()))
}
