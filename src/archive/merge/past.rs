//! When a content came into the history, looked for from all that git may be merging.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::fs;

use git2::{ObjectType, Oid, Revwalk, Sort};

use crate::archive::trees::entry_at;
use crate::archive::verify::MAX_FILE;
use crate::archive::{Archive, ArchiveError};
use crate::model::ContentHash;

/// Where git notes commits that it works with and that no branch need lead to.
const NOTES: [&str; 9] = [
    "FETCH_HEAD",
    "MERGE_HEAD",
    "CHERRY_PICK_HEAD",
    "REVERT_HEAD",
    "REBASE_HEAD",
    "rebase-merge/onto",
    "rebase-merge/orig-head",
    "rebase-apply/onto",
    "rebase-apply/orig-head",
];

/// `git merge` names the other side in its environment only, until the merge is done.
const TOLD_BY_GIT: &str = "GITHEAD_";

/// The history behind every commit that git may be merging.
pub(super) struct Past<'a> {
    archive: &'a Archive,
    starts: Vec<Oid>,
    /// What stands at a path in a commit.
    known: RefCell<HashMap<(Oid, String), Option<Oid>>>,
}

/// A content that a commit brought to a path: none of its parents has it there.
struct Brought {
    blob: Oid,
    before: Vec<Option<Oid>>,
    /// The author's time: it is that of the sync, and a rebase keeps it.
    time: i64,
}

impl<'a> Past<'a> {
    /// The history as git shows it now.
    pub(super) fn of(archive: &'a Archive) -> Result<Past<'a>, ArchiveError> {
        let git = &archive.git;
        let mut starts: Vec<Oid> = archive.head()?.map(|head| head.0).into_iter().collect();
        let references = git.references().map_err(ArchiveError::git("list the branches"))?;
        starts.extend(references.flatten().filter_map(|reference| Some(reference.peel_to_commit().ok()?.id())));
        let told = archive.environment.names(TOLD_BY_GIT).map(|name| name[TOLD_BY_GIT.len()..].to_owned());
        let noted = NOTES.iter().filter_map(|name| fs::read_to_string(git.path().join(name)).ok());
        let noted: Vec<String> = noted.collect();
        let words = noted.iter().flat_map(|text| text.lines()).filter_map(|line| line.split_whitespace().next());
        let named = told.chain(words.map(str::to_owned)).filter_map(|word| word.parse::<Oid>().ok());
        starts.extend(named.filter(|id| git.find_commit(*id).is_ok()));
        starts.sort_unstable();
        starts.dedup();
        Ok(Past { archive, starts, known: RefCell::default() })
    }

    /// The newest file at a path that has this hash.
    pub(super) fn content(&self, path: &str, hash: ContentHash) -> Result<Option<Vec<u8>>, ArchiveError> {
        let mut seen = HashSet::new();
        for brought in self.versions(path)? {
            let blob = brought?.blob;
            if seen.insert(blob)
                && let Some(bytes) = self.bytes(blob)?
                && ContentHash::of(&bytes) == hash
            {
                return Ok(Some(bytes));
            }
        }
        Ok(None)
    }

    /// When each of `count` things came to a path: the time of the newest commit that has it there where
    /// none of its parents has. `holds` tells which of them a content has.
    pub(super) fn times(
        &self,
        path: &str,
        count: usize,
        holds: impl Fn(&[u8]) -> Vec<bool>,
    ) -> Result<Vec<Option<i64>>, ArchiveError> {
        let mut times = vec![None; count];
        let mut known: HashMap<Oid, Vec<bool>> = HashMap::new();
        let mut look = |blob: Oid| -> Result<Vec<bool>, ArchiveError> {
            if let Some(held) = known.get(&blob) {
                return Ok(held.clone());
            }
            let held = self.bytes(blob)?.map(|bytes| holds(&bytes)).unwrap_or_default();
            known.insert(blob, held.clone());
            Ok(held)
        };
        for brought in self.versions(path)? {
            let brought = brought?;
            let after = look(brought.blob)?;
            let before = brought.before.iter().flatten().map(|blob| look(*blob)).collect::<Result<Vec<_>, _>>()?;
            for (at, time) in times.iter_mut().enumerate().filter(|(_, time)| time.is_none()) {
                let has = |held: &Vec<bool>| held.get(at) == Some(&true);
                if has(&after) && !before.iter().any(has) {
                    *time = Some(brought.time);
                }
            }
            if times.iter().all(Option::is_some) {
                break;
            }
        }
        Ok(times)
    }

    /// The contents that came to a path, newest first.
    fn versions<'p>(
        &'p self,
        path: &'p str,
    ) -> Result<impl Iterator<Item = Result<Brought, ArchiveError>> + 'p, ArchiveError> {
        let failed = || ArchiveError::git("walk the history");
        let mut walk: Revwalk<'_> = self.archive.git.revwalk().map_err(failed())?;
        walk.set_sorting(Sort::TIME).map_err(failed())?;
        for start in &self.starts {
            walk.push(*start).map_err(failed())?;
        }
        let one = move |commit: Oid| -> Result<Option<Brought>, ArchiveError> {
            let Some(blob) = self.at(commit, path)? else { return Ok(None) };
            let commit = self.archive.git.find_commit(commit).map_err(failed())?;
            let before = commit.parent_ids().map(|parent| self.at(parent, path)).collect::<Result<Vec<_>, _>>()?;
            let time = commit.author().when().seconds();
            Ok((!before.contains(&Some(blob))).then_some(Brought { blob, before, time }))
        };
        Ok(walk.filter_map(move |commit| commit.map_err(failed()).and_then(one).transpose()))
    }

    fn at(&self, commit: Oid, path: &str) -> Result<Option<Oid>, ArchiveError> {
        let key = (commit, path.to_owned());
        if let Some(known) = self.known.borrow().get(&key) {
            return Ok(*known);
        }
        // A parent may be missing, as in a shallow clone: then what the commit has came with it.
        let found = match self.archive.git.find_commit(commit) {
            Ok(commit) => {
                let tree = commit.tree().map_err(ArchiveError::git(format!("read commit {}", commit.id())))?;
                entry_at(Some(&tree), path)?.filter(|entry| entry.kind() == Some(ObjectType::Blob))
            }
            Err(_) => None,
        };
        let found = found.map(|entry| entry.id());
        self.known.borrow_mut().insert(key, found);
        Ok(found)
    }

    fn bytes(&self, blob: Oid) -> Result<Option<Vec<u8>>, ArchiveError> {
        let failed = || ArchiveError::git(format!("read blob {blob}"));
        let odb = self.archive.git.odb().map_err(failed())?;
        let (size, _) = odb.read_header(blob).map_err(failed())?;
        if size as u64 > MAX_FILE {
            return Ok(None);
        }
        odb.read(blob).map(|object| Some(object.data().to_vec())).map_err(failed())
    }
}
