//! What is on disk and in git. Knows no provider and no network.
//!
//! The archive's truth is HEAD; the work tree and the index follow it. A commit is made in this
//! order, so that a stop at any instant loses nothing: the journal, the objects, the reference (from
//! here on the commit exists), the files of the work tree, the index, the journal's end. Each step is
//! on disk before the next begins.

mod checked;
mod companions;
mod create;
mod durable;
mod error;
#[cfg(test)]
mod fuzz;
mod gists;
mod hash_list;
mod health;
mod history;
mod hooks;
mod identity;
mod index;
mod journal;
mod layout;
mod locks;
mod merge;
mod objects;
mod outgoing;
mod pack;
mod quarantine;
mod recorder;
mod refs;
mod refusal;
mod repair;
mod scan;
mod seen;
mod signing;
mod snapshot;
mod stage;
mod staged;
mod staging;
mod state;
mod trees;
mod verify;
mod versions;
mod web;
mod writer;

use std::cell::RefCell;
use std::io::Read;
use std::path::{Path, PathBuf};

use git2::{ErrorClass, Repository, RepositoryOpenFlags};

use crate::config::{ArchiveSettings, Environment, SETTINGS_FILE};

pub use checked::Checked;
pub use create::{Before, Created};
pub use error::ArchiveError;
pub use gists::Gists;
pub use hash_list::HashList;
pub use health::{Apart, free_bytes};
pub use history::{BlobReader, FileChange, History, Pattern, RevisionError, Scope, Step, scratch};
pub use hooks::{HookLook, HookState};
use index::KnownIndex;
pub use layout::{DATA, HASH_LIST, Place, account_path, day_folder, day_path, provider_folder};
pub use locks::Lock;
pub use merge::MergeError;
pub use outgoing::{OutgoingLeak, PushedRef};
pub use recorder::{DayContent, RecordError, Recorder};
pub use repair::{RepairPlan, Repaired};
pub use scan::{Leak, Scanner};
pub use seen::Seen;
pub use snapshot::{BlobId, CommitId};
pub use staged::Objection;
pub use verify::{Finding, Verified};
pub use web::{in_public, without_user};
pub use writer::Writer;

/// More bytes than settings ever have.
const MAX_SETTINGS: u64 = 1 << 20;

/// An archive: a git work tree with `fitsnap.toml` at its root.
pub struct Archive {
    root: PathBuf,
    git: Repository,
    environment: Environment,
    index: RefCell<Option<KnownIndex>>,
}

impl Archive {
    fn of(root: PathBuf, git: Repository, environment: &Environment) -> Archive {
        Archive { root, git, environment: environment.clone(), index: RefCell::default() }
    }

    /// The archive that `chosen` names or lies in, else the one around the current folder, else the
    /// one that `FITSNAP_ARCHIVE` names.
    ///
    /// # Errors
    /// When there is none, or its repository cannot be opened.
    pub fn find(environment: &Environment, chosen: Option<&Path>) -> Result<Archive, ArchiveError> {
        if let Some(folder) = chosen {
            let folder = environment.folder().join(folder);
            return Archive::around(&folder, environment)?.ok_or(ArchiveError::NotFound { folder });
        }
        if let Some(archive) = Archive::around(environment.folder(), environment)? {
            return Ok(archive);
        }
        let named = environment.get("FITSNAP_ARCHIVE").map(|folder| environment.folder().join(folder));
        let folder = named.unwrap_or_else(|| environment.folder().to_owned());
        Archive::around(&folder, environment)?.ok_or(ArchiveError::NotFound { folder })
    }

    /// The repository that `chosen` names or lies in, else the one around the current folder, whether
    /// it is an archive or not. Only its history may be asked for.
    ///
    /// # Errors
    /// When there is none, or it cannot be opened.
    pub fn repository(environment: &Environment, chosen: Option<&Path>) -> Result<Archive, ArchiveError> {
        let folder = chosen.map_or(environment.folder().to_owned(), |folder| environment.folder().join(folder));
        let git = Repository::discover(&folder).map_err(|error| {
            ArchiveError::of_owner(&folder, &error).unwrap_or_else(|| ArchiveError::Unusable {
                problem: format!("there is no git repository in {} or above it: {}", folder.display(), error.message()),
                hint: "name one with -C DIR".to_owned(),
            })
        })?;
        let root = git.workdir().unwrap_or(git.path()).to_owned();
        Ok(Archive::of(root, git, environment))
    }

    /// The archive whose root is this folder or the nearest one above it.
    fn around(folder: &Path, environment: &Environment) -> Result<Option<Archive>, ArchiveError> {
        let Some(root) = folder.ancestors().find(|above| above.join(SETTINGS_FILE).is_file()) else {
            return Ok(None);
        };
        let opened = Repository::open_ext(root, RepositoryOpenFlags::NO_SEARCH, std::iter::empty::<&Path>());
        let git = opened.map_err(|error| {
            ArchiveError::of_owner(root, &error).unwrap_or_else(|| match error.class() {
                // The disk's trouble, not the folder's: there may well be a repository.
                ErrorClass::Os => ArchiveError::git(format!("open the repository of {}", root.display()))(error),
                _ => ArchiveError::Unusable {
                    problem: format!(
                        "{} has a {SETTINGS_FILE}, but git cannot open it: {}",
                        root.display(),
                        error.message()
                    ),
                    hint: "run: fitsnap init (it adopts the folder and changes nothing that is there)".to_owned(),
                },
            })
        })?;
        if git.is_bare() {
            return Err(ArchiveError::Unusable {
                problem: format!("{} is a bare repository, and an archive needs a work tree", root.display()),
                hint: "clone it: git clone REPOSITORY FOLDER".to_owned(),
            });
        }
        let archive = Archive::of(root.to_owned(), git, environment);
        archive.check_folders()?;
        Ok(Some(archive))
    }

    /// Refuses a repository that would have fitsnap read or write elsewhere than it says.
    fn check_folders(&self) -> Result<(), ArchiveError> {
        let real = |folder: &Path| folder.canonicalize().ok();
        if let Some(tree) = self.git.workdir().filter(|tree| real(tree) != real(&self.root)) {
            return Err(ArchiveError::Unusable {
                problem: format!("the work tree of {} is another one: {}", self.root.display(), tree.display()),
                hint: "look at the setting: git config core.worktree".to_owned(),
            });
        }
        let own = self.local();
        let inside = std::fs::read_dir(&own).into_iter().flatten().flatten().map(|entry| entry.path());
        match inside.chain([own.clone()]).find(|path| path.is_symlink()) {
            None => Ok(()),
            Some(link) => Err(ArchiveError::Unusable {
                problem: format!("{} is a link, and what fitsnap keeps there must stay there", link.display()),
                hint: format!("look at it, then: rm {}", link.display()),
            }),
        }
    }

    /// The root of the work tree.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// `.git/fitsnap`, fitsnap's own folder: losing it costs time, never data.
    pub fn local(&self) -> PathBuf {
        self.git.path().join("fitsnap")
    }

    /// The settings. `kinds` are the services that this fitsnap knows.
    ///
    /// # Errors
    /// When `fitsnap.toml` cannot be read or used.
    pub fn settings(&self, kinds: &[&'static str]) -> Result<ArchiveSettings, ArchiveError> {
        Ok(ArchiveSettings::read(&self.settings_text()?, kinds)?)
    }

    /// The text of the settings, whether they can be used or not.
    ///
    /// # Errors
    /// When `fitsnap.toml` cannot be read.
    pub fn settings_text(&self) -> Result<String, ArchiveError> {
        let path = self.root.join(SETTINGS_FILE);
        let read = || {
            let mut text = String::new();
            std::fs::File::open(&path)?.take(MAX_SETTINGS + 1).read_to_string(&mut text)?;
            Ok(text)
        };
        let text = read().map_err(ArchiveError::io("read", &path))?;
        if text.len() as u64 > MAX_SETTINGS {
            return Err(ArchiveError::Unusable {
                problem: format!("{} has more than {MAX_SETTINGS} bytes", path.display()),
                hint: "put in its place what it should be: git log -- fitsnap.toml".to_owned(),
            });
        }
        Ok(text)
    }
}
