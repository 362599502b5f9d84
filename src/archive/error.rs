//! What can go wrong with an archive, and what a person does about it.

use std::io;
use std::path::{Path, PathBuf};

use git2::{ErrorClass, ErrorCode};

use crate::config::SettingsError;

/// An archive cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// No archive where one was looked for.
    #[error("there is no fitsnap archive in {} or above it", folder.display())]
    NotFound {
        /// Where the search began.
        folder: PathBuf,
    },
    /// The folder is there but cannot serve as an archive.
    #[error("{problem}")]
    Unusable {
        /// What is in the way.
        problem: String,
        /// What to do.
        hint: String,
    },
    /// `fitsnap.toml` cannot be used.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// Git knows no name for the person.
    #[error("git does not know who you are, and every commit needs an author")]
    NoIdentity,
    /// Something of the person's own is in the way; nothing was touched.
    #[error("{problem}")]
    Guard {
        /// What is in the way.
        problem: String,
        /// What to do.
        hint: String,
    },
    /// Git is set to sign commits, and that cannot be done; nothing was committed.
    #[error("git is set to sign commits (commit.gpgsign), but {problem}; nothing was committed")]
    Signing {
        /// What is in the way.
        problem: String,
    },
    /// Another fitsnap is at work in this archive.
    #[error("another fitsnap is at work in this archive: {holder}")]
    Busy {
        /// Who holds the lock, as it wrote itself down.
        holder: String,
    },
    /// A file cannot be read or written.
    #[error("cannot {verb} {}", path.display())]
    Io {
        /// What was tried: `read`, `write`, ...
        verb: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// Git refused.
    #[error("git: cannot {task}")]
    Git {
        /// What was tried.
        task: String,
        /// Why not.
        #[source]
        source: GitCause,
    },
    /// The history or the work tree holds something that cannot be.
    #[error("the archive is damaged: {problem}")]
    Damaged {
        /// What is wrong and where.
        problem: String,
    },
}

/// Why libgit2 refused, in its words; the numbers it knows errors by say nothing to a person.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.message())]
pub struct GitCause(git2::Error);

impl GitCause {
    /// libgit2 hands the system's errors on as text only.
    fn is_disk_full(&self) -> bool {
        self.0.class() == ErrorClass::Os && self.0.message().contains("No space left")
    }
}

/// What to do about a full disk.
const DISK_FULL: &str = "the disk is full; make room and run the command again";

impl ArchiveError {
    /// An I/O failure on a path.
    pub fn io(verb: &'static str, path: &Path) -> impl FnOnce(io::Error) -> ArchiveError {
        move |source| ArchiveError::Io { verb, path: path.to_owned(), source }
    }

    /// A failure of libgit2 in a task (`read the index`).
    pub fn git(task: impl Into<String>) -> impl FnOnce(git2::Error) -> ArchiveError {
        move |source| ArchiveError::Git { task: task.into(), source: GitCause(source) }
    }

    /// A repository that cannot be opened, told with what to do where it belongs to somebody else; none
    /// where it is something else that fails.
    pub(super) fn of_owner(folder: &Path, error: &git2::Error) -> Option<ArchiveError> {
        (error.code() == ErrorCode::Owner).then(|| ArchiveError::Unusable {
            problem: format!("{} belongs to another account, and git opens it only for its owner", folder.display()),
            hint: format!("if you trust it: git config --global --add safe.directory {}", folder.display()),
        })
    }

    /// What a person can do about it.
    pub fn hints(&self) -> Vec<String> {
        let hint = match self {
            ArchiveError::NotFound { .. } => {
                "make one with: fitsnap init DIR; or name it with -C DIR or FITSNAP_ARCHIVE".to_owned()
            }
            ArchiveError::Unusable { hint, .. } | ArchiveError::Guard { hint, .. } => hint.clone(),
            ArchiveError::NoIdentity => {
                return vec![
                    "git config --global user.name \"Your Name\"".to_owned(),
                    "git config --global user.email you@example.com".to_owned(),
                ];
            }
            ArchiveError::Signing { .. } => {
                "try it with git commit --allow-empty -S -m test; or, for this archive only: git config commit.gpgsign false"
                    .to_owned()
            }
            ArchiveError::Busy { .. } => "wait until it is done, then run the command again".to_owned(),
            ArchiveError::Io { source, path, .. } => match source.kind() {
                io::ErrorKind::StorageFull => DISK_FULL.to_owned(),
                io::ErrorKind::QuotaExceeded => {
                    "your share of the disk is used up; make room and run the command again".to_owned()
                }
                io::ErrorKind::FileTooLarge => {
                    "no file may be as large here; look at the limit: ulimit -f".to_owned()
                }
                io::ErrorKind::ReadOnlyFilesystem => {
                    "the file system is read-only; mount it for writing or use another copy".to_owned()
                }
                io::ErrorKind::PermissionDenied => format!("look at who owns {}", path.display()),
                _ => return Vec::new(),
            },
            ArchiveError::Damaged { .. } => "see what is wrong with: fitsnap verify --history".to_owned(),
            ArchiveError::Git { source, .. } if source.is_disk_full() => DISK_FULL.to_owned(),
            ArchiveError::Settings(_) | ArchiveError::Git { .. } => return Vec::new(),
        };
        vec![hint]
    }
}
