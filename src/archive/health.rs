//! What could keep tomorrow's sync from working, as far as the archive and its disk can tell.

use std::path::Path;

use chrono::{DateTime, Utc};
use git2::Oid;

use super::identity::Identity;
use super::index::read_index;
use super::{Archive, ArchiveError, DATA};

/// How the branch stands to what is known of the remote's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Apart {
    /// Commits that the remote does not have.
    pub unpushed: usize,
    /// When the oldest of them was made.
    pub oldest: Option<DateTime<Utc>>,
    /// Commits that only the remote has.
    pub unpulled: usize,
}

impl Archive {
    /// Whether a sync could write here now. Nothing is touched.
    ///
    /// # Errors
    /// `Guard` where something of the person's own is in the way, `NoIdentity` where git does not know them.
    pub fn check_writable(&self) -> Result<(), ArchiveError> {
        Identity::of(&self.git, &self.environment)?;
        self.guard_state()?;
        let tree = self.tree_of(self.branch()?.tip)?;
        let index = read_index(&self.git.path().join("index"))?;
        self.guard_edits(tree.as_ref(), &index, DATA)
    }

    /// When the commit of HEAD was made; none before the first.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn head_time(&self) -> Result<Option<DateTime<Utc>>, ArchiveError> {
        self.head()?.map(|head| self.time_of(head.0)).transpose().map(Option::flatten)
    }

    /// The remotes by name, each with its address as git has it.
    ///
    /// # Errors
    /// When git's configuration cannot be read.
    pub fn remotes(&self) -> Result<Vec<(String, String)>, ArchiveError> {
        let names = self.git.remotes().map_err(ArchiveError::git("list the remotes"))?;
        let address = |name: &str| Some((name.to_owned(), self.git.find_remote(name).ok()?.url().ok()?.to_owned()));
        Ok(names.iter().filter_map(|name| address(name.ok()??)).collect())
    }

    /// What goes after `git push` to push the branch: nothing where it has an upstream, else the words that
    /// give it one. None where there is no remote.
    ///
    /// # Errors
    /// When git's configuration cannot be read.
    pub fn push_arguments(&self) -> Result<Option<Vec<String>>, ArchiveError> {
        let remotes = self.remotes()?;
        let named = remotes.iter().find(|(name, _)| name == "origin").or(remotes.first());
        let Some((remote, _)) = named else { return Ok(None) };
        let branch = self.git.find_reference("HEAD").ok();
        let branch = branch.as_ref().and_then(|head| head.symbolic_target().ok().flatten());
        let has_upstream = branch.is_some_and(|branch| self.git.branch_upstream_name(branch).is_ok());
        Ok(Some(if has_upstream { Vec::new() } else { ["--set-upstream", remote, "HEAD"].map(str::to_owned).into() }))
    }

    /// How the branch stands to what this clone knows of its remote; none where there is no remote.
    ///
    /// # Errors
    /// When the history cannot be walked.
    pub fn apart(&self) -> Result<Option<Apart>, ArchiveError> {
        let Some(unpushed) = self.unpushed_commits()? else { return Ok(None) };
        let oldest = unpushed.last().map(|id| self.time_of(*id)).transpose()?.flatten();
        let failed = || ArchiveError::git("compare with the remote");
        let unpulled = match (self.head()?, self.upstream()) {
            (Some(head), Some(upstream)) => self.git.graph_ahead_behind(head.0, upstream).map_err(failed())?.1,
            _ => 0,
        };
        Ok(Some(Apart { unpushed: unpushed.len(), oldest, unpulled }))
    }

    fn time_of(&self, id: Oid) -> Result<Option<DateTime<Utc>>, ArchiveError> {
        let commit = self.git.find_commit(id).map_err(ArchiveError::git(format!("read commit {id}")))?;
        Ok(DateTime::from_timestamp(commit.time().seconds(), 0))
    }
}

/// How many bytes the person may still write where this path lies, if the system tells.
#[cfg(unix)]
pub fn free_bytes(path: &Path) -> Option<u64> {
    // A folder that is made later lies where the nearest one above it does.
    let present = path.ancestors().find(|above| above.exists())?;
    let told = rustix::fs::statvfs(present).ok()?;
    told.f_bavail.checked_mul(told.f_frsize)
}

/// How many bytes the person may still write where this path lies, if the system tells.
#[cfg(not(unix))]
pub fn free_bytes(_: &Path) -> Option<u64> {
    None
}
