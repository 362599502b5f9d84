//! Commits from HEAD back, newest first as `git log` orders them, each with its changes.

use std::collections::{BinaryHeap, HashSet};
use std::hash::BuildHasherDefault;

use chrono::{DateTime, Utc};
use git2::{ErrorCode, Oid};

use super::graph::{Graph, Known};
use super::trees::{IdHasher, Trees};
use super::{Scope, Step};
use crate::archive::{Archive, ArchiveError, CommitId};
use crate::model::{Action, Origin};

/// What the walk needs to know of a commit.
pub(super) struct Commit {
    pub(super) id: Oid,
    pub(super) tree: Oid,
    pub(super) parents: Vec<Oid>,
    pub(super) time: DateTime<Utc>,
    /// What made it; not known yet of a commit that was not opened.
    pub(super) action: Option<Option<Action>>,
}

impl Commit {
    /// Reads a commit object. What cannot be read of a foreign commit's head counts as its oldest
    /// or emptiest value: a walk must not end at somebody's odd date.
    fn parse(id: Oid, raw: &[u8]) -> Option<Commit> {
        let mut commit =
            Commit { id, tree: Oid::ZERO_SHA1, parents: Vec::new(), time: DateTime::UNIX_EPOCH, action: None };
        let mut rest = raw;
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n').filter(|end| *end > 0) {
            let line = &rest[..end];
            rest = &rest[end + 1..];
            let id = |from: usize| Oid::from_str(std::str::from_utf8(&line[from..]).ok()?).ok();
            if line.starts_with(b"tree ") {
                commit.tree = id(5)?;
            } else if line.starts_with(b"parent ") {
                commit.parents.push(id(7)?);
            } else if line.starts_with(b"committer ") {
                let text = String::from_utf8_lossy(line);
                let seconds = text.rsplit_once("> ").and_then(|(_, time)| time.split(' ').next()?.parse().ok());
                commit.time = seconds.and_then(|at| DateTime::from_timestamp(at, 0)).unwrap_or_default();
            }
        }
        commit.action = Some(Origin::of(&String::from_utf8_lossy(rest)).action);
        (!commit.tree.is_zero()).then_some(commit)
    }
}

/// A commit in the queue: the newest comes first, of equals the one found first.
struct Waiting {
    commit: Commit,
    turn: u64,
}

impl Ord for Waiting {
    fn cmp(&self, other: &Waiting) -> std::cmp::Ordering {
        self.commit.time.cmp(&other.commit.time).then_with(|| other.turn.cmp(&self.turn))
    }
}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Waiting) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Waiting) -> bool {
        self.turn == other.turn
    }
}

impl Eq for Waiting {}

/// Walks the history.
pub(super) struct Walk<'a> {
    trees: Trees<'a>,
    graph: Option<Graph>,
    scope: Scope,
    queue: BinaryHeap<Waiting>,
    seen: HashSet<Oid, BuildHasherDefault<IdHasher>>,
    shallow: HashSet<Oid>,
    turn: u64,
    merges: bool,
}

impl<'a> Walk<'a> {
    /// A walk from a commit; over nothing where there is none.
    pub(super) fn new(archive: &'a Archive, from: Option<CommitId>, scope: Scope) -> Result<Walk<'a>, ArchiveError> {
        let odb = archive.git.odb().map_err(ArchiveError::git("read the objects"))?;
        let shallow = archive.shallow_commits();
        // As git does: what a graph says of a shallow clone cannot be trusted.
        let objects = archive.git.commondir().join("objects");
        let graph = if shallow.is_empty() { Graph::open(&objects) } else { None };
        let mut walk = Walk {
            trees: Trees::new(odb),
            graph,
            scope,
            queue: BinaryHeap::new(),
            seen: HashSet::default(),
            shallow,
            turn: 0,
            merges: false,
        };
        if let Some(CommitId(id)) = from {
            let commit = walk
                .commit(id)?
                .ok_or_else(|| ArchiveError::Damaged { problem: format!("commit {id} is not in the repository") })?;
            walk.wait(commit);
        }
        Ok(walk)
    }

    fn commit(&self, id: Oid) -> Result<Option<Commit>, ArchiveError> {
        match self.graph.as_ref().and_then(|graph| graph.commit(id)) {
            Some(Known { tree, parents, time }) => Ok(Some(Commit { id, tree, parents, time, action: None })),
            None => self.open(id),
        }
    }

    fn open(&self, id: Oid) -> Result<Option<Commit>, ArchiveError> {
        let raw = match self.trees.object(id) {
            Ok(raw) => raw,
            Err(error) if error.code() == ErrorCode::NotFound => return Ok(None),
            Err(error) => return Err(ArchiveError::git(format!("read commit {id}"))(error)),
        };
        let damaged = || ArchiveError::Damaged { problem: format!("commit {id} cannot be read") };
        Commit::parse(id, raw.data()).map(Some).ok_or_else(damaged)
    }

    fn wait(&mut self, commit: Commit) {
        if self.seen.insert(commit.id) {
            self.turn += 1;
            self.queue.push(Waiting { commit, turn: self.turn });
        }
    }

    /// The commit that comes next, when it is the only one left to visit and no merge came before:
    /// then all that follows is its own history.
    pub(super) fn alone(&self) -> Option<CommitId> {
        let next = self.queue.peek().filter(|_| self.queue.len() == 1 && !self.merges)?;
        Some(CommitId(next.commit.id))
    }

    /// Whether all that is still to visit was committed before a time and holds no file at a path.
    pub(super) fn lacks(&mut self, path: &str, before: DateTime<Utc>) -> Result<bool, ArchiveError> {
        if self.queue.peek().is_some_and(|next| next.commit.time >= before) {
            return Ok(false);
        }
        let trees: Vec<Oid> = self.queue.iter().map(|waiting| waiting.commit.tree).collect();
        for tree in trees {
            if self.trees.file_at(tree, path)?.is_some() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The file at a path in a commit.
    pub(super) fn file_at(&mut self, commit: CommitId, path: &str) -> Result<bool, ArchiveError> {
        match self.commit(commit.0)? {
            Some(commit) => Ok(self.trees.file_at(commit.tree, path)?.is_some()),
            None => Ok(false),
        }
    }

    /// The next commit with its changes; none when the history is at its end.
    pub(super) fn step(&mut self) -> Result<Option<Step>, ArchiveError> {
        let Some(Waiting { commit, .. }) = self.queue.pop() else { return Ok(None) };
        let mut trees = Vec::new();
        let mut boundary = self.shallow.contains(&commit.id) && !commit.parents.is_empty();
        if !boundary {
            for parent in &commit.parents {
                match self.commit(*parent)? {
                    Some(parent) => {
                        trees.push(parent.tree);
                        self.wait(parent);
                    }
                    None => boundary = true,
                }
            }
        }
        let mut changes = if boundary { Vec::new() } else { self.trees.changes(commit.tree, &trees, &self.scope)? };
        let merge = commit.parents.len() > 1;
        self.merges |= merge;
        if merge && !matches!(self.scope, Scope::Files(_)) {
            let mut brought = Vec::with_capacity(changes.len());
            for change in changes {
                if !self.trees.is_woven(&change, &trees)? {
                    brought.push(change);
                }
            }
            changes = brought;
        }
        let Commit { id, time, .. } = commit;
        // Only a commit that is told of is opened.
        let action = match commit.action {
            None if !changes.is_empty() => self.open(id)?.and_then(|commit| commit.action).flatten(),
            action => action.flatten(),
        };
        Ok(Some(Step { commit: CommitId(id), time, action, boundary, changes, merge, decided: false }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_odd_head_does_not_end_the_walk() {
        let raw = b"tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\nauthor A <a> x\ncommitter no time at all\n\nhello";
        let commit = Commit::parse(Oid::ZERO_SHA1, raw).map(|commit| (commit.time, commit.parents.len()));
        assert_eq!(commit, Some((DateTime::UNIX_EPOCH, 0)));
        assert!(Commit::parse(Oid::ZERO_SHA1, b"not a commit").is_none());
    }
}
