//! Telling git to ask fitsnap when it merges: an attribute in the archive, and lines in the
//! configuration of each clone.

use std::fs;
use std::path::Path;

use git2::{AttrCheckFlags, Config, ConfigLevel};

use crate::archive::durable::rename_synced;
use crate::archive::identity::configuration;
use crate::archive::locks::GitLock;
use crate::archive::{Archive, ArchiveError};
use crate::model::Clock;

/// The line of `.gitattributes`.
pub(in crate::archive) const MERGE_ATTRIBUTE: &str = "data/** merge=fitsnap";

/// The setting without which git merges line by line.
const DRIVER: &str = "merge.fitsnap.driver";

/// What makes a setting of the person's own a call of fitsnap.
const CALL: &str = "merge-driver";

/// Git's settings in each clone. A file of an archive is what its path says: a guess that one day is
/// another under a new name would put two days together.
const SETTINGS: [(&str, &str); 3] = [
    ("merge.fitsnap.name", "the newer answer of each resource"),
    (DRIVER, "fitsnap merge-driver %O %A %B %P"),
    ("merge.renames", "false"),
];

impl Archive {
    /// Whether git asks fitsnap when it merges day documents in this clone.
    ///
    /// # Errors
    /// When git's configuration or attributes cannot be read.
    pub fn has_merge_driver(&self) -> Result<bool, ArchiveError> {
        let config = configuration(Some(&self.git), &self.environment)?;
        let named = config.get_str(DRIVER).is_ok_and(|driver| driver.contains(CALL));
        let some_day = Path::new("data/moves/2015/07/05.json");
        let chosen = self.git.get_attr(some_day, "merge", AttrCheckFlags::FILE_THEN_INDEX);
        Ok(named && chosen.map_err(ArchiveError::git("read the attributes"))? == Some("fitsnap"))
    }

    /// Whether this clone has a remote, so that its history may be merged with another machine's.
    ///
    /// # Errors
    /// When git's configuration cannot be read.
    pub fn has_remote(&self) -> Result<bool, ArchiveError> {
        Ok(!self.git.remotes().map_err(ArchiveError::git("list the remotes"))?.is_empty())
    }

    /// Writes the settings that are missing into the repository's own configuration; whether any was.
    /// Those of the person's own stay as they are.
    ///
    /// # Errors
    /// `Busy` when another fitsnap is at work, `Guard` where git writes it just now; when the configuration
    /// cannot be written.
    pub fn install_merge_driver(&self, clock: Clock) -> Result<bool, ArchiveError> {
        let failed = || ArchiveError::git("write git's configuration");
        let missing = || {
            let held = self.git.config()?.open_level(ConfigLevel::Local)?.snapshot()?;
            let is_set = |key: &str| held.get_str(key).is_ok_and(|value| key != DRIVER || value.contains(CALL));
            Ok(SETTINGS.into_iter().filter(|(key, _)| !is_set(key)).collect::<Vec<_>>())
        };
        if missing().map_err(failed())?.is_empty() {
            return Ok(false);
        }
        // libgit2 does not sync what it writes, and a power cut could empty a file that has the person's own
        // settings, too: so it works on a copy.
        let path = self.git.commondir().join("config");
        // The person may keep it elsewhere and have a link here.
        let (path, scratch) = (path.canonicalize().unwrap_or(path), self.scratch());
        let _lock = self.lock("init", clock)?;
        self.make_scratch()?;
        let _config = GitLock::take(&path, &scratch)?;
        let work = scratch.join("config");
        fs::copy(&path, &work).map_err(ArchiveError::io("read", &path))?;
        let write = || {
            let mut copy = Config::open(&work)?;
            missing()?.iter().try_for_each(|(key, value)| copy.set_str(key, value))
        };
        write().map_err(failed())?;
        // It writes a file that others may read; the person's own may be for their eyes only.
        let mode = fs::metadata(&path).and_then(|held| fs::set_permissions(&work, held.permissions()));
        mode.map_err(ArchiveError::io("write", &work))?;
        rename_synced(&work, &path)?;
        Ok(true)
    }
}
