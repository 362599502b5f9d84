//! Merging by git: of each resource the newer answer, never a mix of lines.
//!
//! Git calls fitsnap for each file below `data/` that both sides changed, one after the other and in an
//! order of its own. So a hash list cannot wait for its files: it is merged from the two lists by the
//! very rules that merge the files, whose contents are found in the history by their hashes.

mod choice;
mod driver;
#[cfg(test)]
mod fuzz;
mod parts;
mod past;

use std::collections::BTreeSet;

use super::{Archive, ArchiveError, HASH_LIST, HashList, Place};
use crate::model::{ContentHash, DocumentError};
use choice::{Choice, choose};
use parts::PartsError;
use past::Past;

pub(super) use driver::MERGE_ATTRIBUTE;
pub(super) use parts::{Parts, compose, parts_of};

/// Two versions that fitsnap does not put together.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    /// Both stay with git, for the person to decide.
    #[error("{path} is left to you: {problem}")]
    Conflict {
        /// The file below the archive's root.
        path: String,
        /// Why.
        problem: String,
    },
    /// The archive cannot be read.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
}

impl Archive {
    /// Merges the two versions of a file below `data/` that both differ from `base`, the last version
    /// that both sides had, if there was one. The answer depends on these contents and on the history
    /// that git is merging, so it is the same on every machine.
    ///
    /// # Errors
    /// `Conflict` where the versions cannot be read or nothing tells which is newer.
    pub fn merge_file(
        &self,
        path: &str,
        base: Option<&[u8]>,
        ours: &[u8],
        theirs: &[u8],
    ) -> Result<Vec<u8>, MergeError> {
        let merger = Merger { past: Past::of(self)? };
        match Place::of(path) {
            Place::HashList(folder) => merger.lists(&folder, base, ours, theirs),
            place => merger.contents(&place, path, base.map(ContentHash::of), ours, theirs),
        }
    }
}

struct Merger<'a> {
    past: Past<'a>,
}

impl Merger<'_> {
    fn contents(
        &self,
        place: &Place,
        path: &str,
        base: Option<ContentHash>,
        ours: &[u8],
        theirs: &[u8],
    ) -> Result<Vec<u8>, MergeError> {
        if matches!(place, Place::File(..)) {
            let is = |found: &[u8]| vec![found == ours, found == theirs];
            let ours_is_newer = self.newer(path, &[(ours, theirs)], is)?;
            return Ok(if ours_is_newer == [true] { ours.to_vec() } else { theirs.to_vec() });
        }
        let read = |bytes: &[u8]| parts_of(place, bytes).map_err(|error| unusable(path, &error));
        let (one, other) = (read(ours)?, read(theirs)?);
        // A base that stands in no commit is one that git itself merged from several. Where the hash lists
        // are merged nobody knows what it says, so it must count for nothing here either.
        let base = match base {
            None => Some(Parts::default()),
            Some(hash) => self.past.content(path, hash)?.and_then(|bytes| read(&bytes).ok()),
        };
        let chosen = choose(base.as_ref(), &one, &other);
        let contested = chosen.iter().filter_map(|(name, choice)| match choice {
            Choice::Newer { ours, theirs } => Some((name, ours, theirs)),
            Choice::Settled(_) => None,
        });
        let contested: Vec<_> = contested.collect();
        let spellings: Vec<_> =
            contested.iter().map(|(_, ours, theirs)| (ours.spelling(), theirs.spelling())).collect();
        let newer = self.newer(path, &spellings, |found| {
            let found = parts_of(place, found).unwrap_or_default();
            let held = contested.iter().map(|(name, ours, theirs)| {
                let part = found.get(*name);
                [part == Some(*ours), part == Some(*theirs)]
            });
            held.flatten().collect()
        })?;
        let mut newer = newer.into_iter();
        let merged = chosen.iter().map(|(name, choice)| {
            let part = match choice {
                Choice::Settled(part) => part,
                Choice::Newer { ours, .. } if newer.next() == Some(true) => ours,
                Choice::Newer { theirs, .. } => theirs,
            };
            (name.clone(), part.clone())
        });
        compose(place, merged.collect()).map_err(|error| conflict(path, error.to_string()))
    }

    /// Of each pair, whether the first is the newer one. `holds` tells which of all these, pair after pair,
    /// a content of the file has.
    fn newer(
        &self,
        path: &str,
        pairs: &[(&[u8], &[u8])],
        holds: impl Fn(&[u8]) -> Vec<bool>,
    ) -> Result<Vec<bool>, MergeError> {
        let times = self.past.times(path, pairs.len() * 2, holds)?;
        let decide = |(at, (ours, theirs)): (usize, &(&[u8], &[u8]))| match (times[at * 2], times[at * 2 + 1]) {
            // Both machines must come to the same answer where the time does not tell.
            (Some(one), Some(other)) => Ok((one, ours.len(), *ours) > (other, theirs.len(), *theirs)),
            _ => Err(conflict(path, "no commit tells which of the two versions is newer")),
        };
        pairs.iter().enumerate().map(decide).collect()
    }

    /// Merges lists name by name, as git and `contents` merge the files of these names.
    fn lists(&self, folder: &str, base: Option<&[u8]>, ours: &[u8], theirs: &[u8]) -> Result<Vec<u8>, MergeError> {
        let list = format!("{folder}/{HASH_LIST}");
        let read = |bytes: &[u8]| HashList::parse(bytes).map_err(|error| conflict(&list, error.to_string()));
        let (ours, theirs) = (read(ours)?, read(theirs)?);
        let base = base.and_then(|bytes| HashList::parse(bytes).ok()).unwrap_or_default();
        let mut merged = HashList::default();
        for name in ours.names().chain(theirs.names()).collect::<BTreeSet<_>>() {
            let (before, one, other) = (base.get(name), ours.get(name), theirs.get(name));
            let hash = match (one, other) {
                (one, other) if one == other || other == before => one,
                (one, other) if one == before => other,
                (Some(one), Some(other)) => {
                    let path = format!("{folder}/{name}");
                    let bytes = |hash: ContentHash| {
                        let found = self.past.content(&path, hash)?;
                        found.ok_or_else(|| conflict(&list, format!("no commit has the {name} that it lists")))
                    };
                    let merged = self.contents(&Place::of(&path), &path, before, &bytes(one)?, &bytes(other)?)?;
                    Some(ContentHash::of(&merged))
                }
                // Changed on one side and taken out on the other: git leaves the changed file.
                (one, other) => one.or(other),
            };
            if let Some(hash) = hash {
                merged.set(name, hash);
            }
        }
        if merged.is_empty() {
            return Err(conflict(&list, "no file of the folder is left; take the list out as well"));
        }
        Ok(merged.render())
    }
}

fn unusable(path: &str, error: &PartsError) -> MergeError {
    match error {
        PartsError::Document(DocumentError::Place { said, .. }) => {
            let words = format!("git takes the document of {said} for it; let git look for no renames and merge again");
            conflict(path, words)
        }
        PartsError::Document(error) => conflict(path, format!("one of the versions is damaged: {error}")),
        PartsError::NoDocument => conflict(path, "fitsnap never puts such a file there"),
    }
}

fn conflict(path: &str, problem: impl Into<String>) -> MergeError {
    MergeError::Conflict { path: path.to_owned(), problem: problem.into() }
}
