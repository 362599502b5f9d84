//! The branch that HEAD stands on, and moving it.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

use git2::{ErrorCode, Oid};

use super::durable::{make_unsynced_folder, replace_file};
use super::locks::GitLock;
use super::{Archive, ArchiveError};

/// A branch by its full name, and the commit it stands at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Branch {
    /// `refs/heads/main`
    pub name: String,
    /// None before the first commit.
    pub tip: Option<Oid>,
}

impl Archive {
    /// The branch that HEAD stands on.
    pub(super) fn branch(&self) -> Result<Branch, ArchiveError> {
        let failed = ArchiveError::git("read HEAD");
        let head = match self.git.find_reference("HEAD") {
            Ok(head) => head,
            Err(error) => return Err(failed(error)),
        };
        let Ok(Some(name)) = head.symbolic_target() else {
            return Err(ArchiveError::Guard {
                problem: "HEAD is detached: a commit made now would belong to no branch and could be lost".to_owned(),
                hint: "go back to your branch (git switch main) or begin one (git switch -c NAME)".to_owned(),
            });
        };
        let name = name.to_owned();
        let tip = match self.git.refname_to_id(&name) {
            Ok(tip) => Some(tip),
            Err(error) if error.code() == ErrorCode::NotFound => None,
            Err(error) => return Err(failed(error)),
        };
        Ok(Branch { name, tip })
    }

    /// Moves a branch from where it stands to a new commit; on the disk when it returns.
    pub(super) fn move_branch(
        &self,
        branch: &Branch,
        to: Oid,
        who: &str,
        what: &str,
        scratch: &Path,
    ) -> Result<(), ArchiveError> {
        let path = self.git.commondir().join(&branch.name);
        let _lock = GitLock::take(&path, scratch)?;
        let now = self.branch()?;
        if now != *branch {
            return Err(ArchiveError::Guard {
                problem: format!("{} moved while fitsnap was at work; nothing was committed", branch.name),
                hint: "run the command again".to_owned(),
            });
        }
        replace_file(&path, format!("{to}\n").as_bytes(), scratch)?;
        // The log of references is a help for people: that it cannot be written loses nothing.
        let from = branch.tip.map_or_else(|| "0".repeat(40), |tip| tip.to_string());
        let line = format!("{from} {to} {who}\t{what}\n");
        let logs: [PathBuf; 2] =
            [self.git.path().join("logs/HEAD"), self.git.commondir().join("logs").join(&branch.name)];
        for log in logs {
            let _ = append(&log, &line);
        }
        Ok(())
    }
}

fn append(path: &Path, line: &str) -> Result<(), ArchiveError> {
    if let Some(folder) = path.parent() {
        make_unsynced_folder(folder)?;
    }
    let written =
        OpenOptions::new().append(true).create(true).open(path).and_then(|mut file| file.write_all(line.as_bytes()));
    written.map_err(ArchiveError::io("append to", path))
}
