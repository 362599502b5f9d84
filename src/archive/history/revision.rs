//! Which commit a person means.

use chrono::{DateTime, Utc};

use crate::archive::{Archive, ArchiveError, CommitId};
use crate::model::{Day, timestamp};

/// A word that names no commit.
#[derive(Debug, thiserror::Error)]
pub enum RevisionError {
    /// Nothing of that name.
    #[error("\"{text}\" names no commit, tag or branch of this archive")]
    Unknown {
        /// What was said.
        text: String,
    },
    /// A date before the first commit.
    #[error("on {day} this archive did not exist yet; its first commit is of {}", timestamp(*first))]
    TooEarly {
        /// The date.
        day: Day,
        /// When the first commit was made.
        first: DateTime<Utc>,
    },
    /// A date before the first commit that this clone has.
    #[error("how the archive stood on {day} is not in this clone, which begins at {}", timestamp(*first))]
    NotHere {
        /// The date.
        day: Day,
        /// When the first commit of this clone was made.
        first: DateTime<Utc>,
    },
    /// The archive has no commit.
    #[error("this archive has no commit yet")]
    Empty,
    /// The history cannot be read.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
}

impl Archive {
    /// The commit that a person names: a revision of any spelling that git knows, a tag, a branch, or
    /// a date (`2016-01-01`): the last commit before that day ends in UTC, on the line of first
    /// parents from HEAD.
    ///
    /// # Errors
    /// When there is no such commit.
    pub fn resolve(&self, text: &str) -> Result<CommitId, RevisionError> {
        if let Ok(day) = text.parse::<Day>() {
            return self.as_of(day);
        }
        // A range or a path is a fine spelling for git, but no commit.
        let found = self.git.revparse_single(text).and_then(|object| object.peel_to_commit());
        found.map(|commit| CommitId(commit.id())).map_err(|_| RevisionError::Unknown { text: text.to_owned() })
    }

    fn as_of(&self, day: Day) -> Result<CommitId, RevisionError> {
        let shallow = self.shallow_commits();
        let mut at = self.head()?.ok_or(RevisionError::Empty)?;
        loop {
            let read = ArchiveError::git(format!("read commit {at}"));
            let commit = self.git.find_commit(at.0).map_err(read)?;
            let time = DateTime::from_timestamp(commit.time().seconds(), 0).unwrap_or_default();
            if time < day.end_utc() {
                return Ok(at);
            }
            at = match commit.parent_id(0) {
                _ if shallow.contains(&at.0) => return Err(RevisionError::NotHere { day, first: time }),
                Ok(parent) => CommitId(parent),
                Err(_) => return Err(RevisionError::TooEarly { day, first: time }),
            };
        }
    }
}
