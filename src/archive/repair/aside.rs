//! What stands in the way of a repair, kept for the person: below `.git`, where no command of git's and
//! none of fitsnap's ever cleans up.

use std::fs;
use std::io;
use std::path::PathBuf;

use chrono::{DateTime, Utc};

use crate::archive::durable::{make_folder, sync_folder};
use crate::archive::layout::stays_inside;
use crate::archive::{Archive, ArchiveError};

/// The folder of all that was set aside, in the repository's own folder.
const FOLDER: &str = "fitsnap-kept";

/// Moves files out of the way, into a folder of this repair's own.
pub(super) struct Aside<'a> {
    archive: &'a Archive,
    folder: PathBuf,
    is_used: bool,
}

impl<'a> Aside<'a> {
    /// Nothing is moved yet.
    pub(super) fn new(archive: &'a Archive, time: DateTime<Utc>) -> Aside<'a> {
        let top = archive.git.commondir().join(FOLDER);
        let named = |count: u32| {
            let again = if count == 0 { String::new() } else { format!("-{count}") };
            top.join(format!("{}{again}", time.format("%Y%m%dT%H%M%SZ")))
        };
        let folder = (0..).map(named).find(|folder| fs::symlink_metadata(folder).is_err()).unwrap_or(top);
        Aside { archive, folder, is_used: false }
    }

    /// Keeps what stands at a path of the work tree, if anything does: a file, a link, a whole folder.
    pub(super) fn take(&mut self, path: &str) -> Result<(), ArchiveError> {
        let from = self.archive.root.join(path);
        if !stays_inside(path) || self.archive.is_behind_link(path) {
            return Ok(());
        }
        if fs::symlink_metadata(&from).is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
            return Ok(());
        }
        let to = self.folder.join(path);
        let folder = to.parent().unwrap_or(&self.folder).to_owned();
        make_folder(&folder)?;
        // A name beside it, not its bytes: where the disk cannot read them it can still move them.
        match fs::rename(&from, &to) {
            Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
                fs::copy(&from, &to).map_err(ArchiveError::io("keep", &from))?;
                fs::remove_file(&from).map_err(ArchiveError::io("remove", &from))?;
            }
            moved => moved.map_err(ArchiveError::io("keep", &from))?,
        }
        sync_folder(&folder)?;
        self.is_used = true;
        Ok(())
    }

    /// Where it is all kept, if anything is: below the archive's root where the repository lies there.
    pub(super) fn place(&self) -> Option<String> {
        let below = self.folder.strip_prefix(&self.archive.root).unwrap_or(&self.folder);
        self.is_used.then(|| below.display().to_string())
    }
}
