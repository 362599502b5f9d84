//! When a content came into the history, looked for from all that git may be merging.

use std::collections::{HashMap, HashSet};
use std::fs;

use git2::Oid;

use crate::archive::versions::Versions;
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
pub(super) struct Past<'a>(Versions<'a>);

impl<'a> Past<'a> {
    /// The history as git shows it now.
    pub(super) fn of(archive: &'a Archive) -> Result<Past<'a>, ArchiveError> {
        let git = &archive.git;
        let mut starts: Vec<Oid> = archive.head()?.map(|head| head.0).into_iter().collect();
        let references = git.references().map_err(ArchiveError::git("list the branches"))?;
        starts.extend(references.flatten().filter_map(|reference| Some(reference.peel_to_commit().ok()?.id())));
        let told = archive.environment.names(TOLD_BY_GIT).map(|name| name[TOLD_BY_GIT.len()..].to_owned());
        let notes = NOTES.iter().filter_map(|name| fs::read_to_string(git.path().join(name)).ok());
        let noted = notes.flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>());
        // FETCH_HEAD says more about each commit in its line.
        let named = told.chain(noted).filter_map(|line| line.split_whitespace().next()?.parse::<Oid>().ok());
        starts.extend(named.filter(|id| git.find_commit(*id).is_ok()));
        starts.sort_unstable();
        starts.dedup();
        Ok(Past(Versions::new(archive, starts)))
    }

    /// The newest file at a path that has this hash.
    pub(super) fn content(&self, path: &str, hash: ContentHash) -> Result<Option<Vec<u8>>, ArchiveError> {
        let mut seen = HashSet::new();
        for brought in self.0.of(path)? {
            let blob = brought?.blob;
            if seen.insert(blob)
                && let Some(bytes) = self.0.bytes(blob)?
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
            let held = self.0.bytes(blob)?.map(|bytes| holds(&bytes)).unwrap_or_default();
            known.insert(blob, held.clone());
            Ok(held)
        };
        for brought in self.0.of(path)? {
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
}
