//! The contents that one file has had, newest first.

use std::cell::RefCell;
use std::collections::HashMap;

use git2::{ObjectType, Oid, Sort};

use super::trees::entry_at;
use super::{Archive, ArchiveError, BlobId};

/// The history behind some commits, asked for single files.
pub(super) struct Versions<'a> {
    archive: &'a Archive,
    starts: Vec<Oid>,
    /// What stands at a path in a commit.
    known: RefCell<HashMap<(Oid, String), Option<Oid>>>,
}

/// A content that a commit brought to a path: none of its parents has it there.
pub(super) struct Brought {
    /// The commit.
    pub commit: Oid,
    /// The content.
    pub blob: Oid,
    /// What the parents have there.
    pub before: Vec<Option<Oid>>,
    /// The author's time in seconds since 1970: it is that of the sync, and a rebase keeps it.
    pub time: i64,
}

impl<'a> Versions<'a> {
    /// The history behind these commits.
    pub(super) fn new(archive: &'a Archive, starts: Vec<Oid>) -> Versions<'a> {
        Versions { archive, starts, known: RefCell::default() }
    }

    /// The contents that came to a path, newest first.
    pub(super) fn of<'p>(
        &'p self,
        path: &'p str,
    ) -> Result<impl Iterator<Item = Result<Brought, ArchiveError>> + 'p, ArchiveError> {
        let failed = || ArchiveError::git("walk the history");
        let mut walk = self.archive.git.revwalk().map_err(failed())?;
        walk.set_sorting(Sort::TOPOLOGICAL | Sort::TIME).map_err(failed())?;
        self.starts.iter().try_for_each(|start| walk.push(*start)).map_err(failed())?;
        let one = move |commit: Oid| -> Result<Option<Brought>, ArchiveError> {
            let Some(blob) = self.at(commit, path)? else { return Ok(None) };
            let found = self.archive.git.find_commit(commit).map_err(failed())?;
            let before = found.parent_ids().map(|parent| self.at(parent, path)).collect::<Result<Vec<_>, _>>()?;
            let time = found.author().when().seconds();
            Ok((!before.contains(&Some(blob))).then_some(Brought { commit, blob, before, time }))
        };
        Ok(walk.filter_map(move |commit| commit.map_err(failed()).and_then(one).transpose()))
    }

    /// The bytes of a blob; none of one that is larger than any file of an archive.
    pub(super) fn bytes(&self, blob: Oid) -> Result<Option<Vec<u8>>, ArchiveError> {
        match self.archive.blob(BlobId(blob)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(ArchiveError::Damaged { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn at(&self, commit: Oid, path: &str) -> Result<Option<Oid>, ArchiveError> {
        let key = (commit, path.to_owned());
        if let Some(known) = self.known.borrow().get(&key) {
            return Ok(*known);
        }
        // A parent may be missing, as in a shallow clone: then what the commit has came with it.
        let found = match self.archive.git.find_commit(commit) {
            Ok(found) => {
                let tree = found.tree().map_err(ArchiveError::git(format!("read commit {commit}")))?;
                entry_at(Some(&tree), path)?.filter(|entry| entry.kind() == Some(ObjectType::Blob))
            }
            Err(_) => None,
        };
        let found = found.map(|entry| entry.id());
        self.known.borrow_mut().insert(key, found);
        Ok(found)
    }
}
