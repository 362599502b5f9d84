//! Checks every file under `data/` against its hash, its canonical form and its place.
//!
//! What is committed is checked by itself (`committed`); the work tree is then compared with HEAD
//! (`work_tree`), so that a file that rotted is told from one that a person edited, and both from one
//! that another tool committed. Findings are collected: the first never hides the second.

mod committed;
mod content;
mod remedy;
mod work_tree;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use git2::{Oid, Sort};

use super::{Archive, ArchiveError, CommitId, DATA};
use crate::model::ProviderName;

pub(super) use committed::{FolderFiles, Version, check_folder};
pub(super) use content::{MAX_FILE, document_fault};

/// More threads than this wait for the disk anyway.
const MAX_THREADS: usize = 8;

/// `data/<provider>/YYYY/MM/DD` is as deep as fitsnap goes.
const MAX_DEPTH: usize = 5;

/// What lies behind a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// The bytes changed on the disk, and nobody wrote them.
    BitRot,
    /// The person's own edit, in no commit yet.
    OwnEdit,
    /// A commit of another tool, or of a hand: the committed content is not what fitsnap writes.
    ForeignCommit,
    /// A file that should be there is not.
    Missing,
    /// A file that nothing tells of.
    Extra,
    /// Git cannot read an object.
    DamagedObject,
}

impl Cause {
    /// The words for it.
    pub fn words(self) -> &'static str {
        match self {
            Cause::BitRot => "bit rot",
            Cause::OwnEdit => "own edit",
            Cause::ForeignCommit => "foreign commit",
            Cause::Missing => "missing",
            Cause::Extra => "extra",
            Cause::DamagedObject => "damaged object",
        }
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The file or folder below the archive's root; `.git` for what has no path.
    pub path: String,
    /// The first commit that has it; none for what is in the work tree only.
    pub commit: Option<CommitId>,
    /// What lies behind it.
    pub cause: Cause,
    /// What is wrong, for people.
    pub problem: String,
    /// The command that mends it.
    pub remedy: String,
    /// The damaged object, where it is a file's.
    pub(super) object: Option<Oid>,
}

/// What was looked at, and what is wrong.
#[derive(Clone, Debug, Default)]
pub struct Verified {
    /// Files under `data/` looked at, hash lists apart; with the history, each version of each file once.
    pub files: usize,
    /// Commits looked at.
    pub commits: usize,
    /// What is wrong, by path.
    pub findings: Vec<Finding>,
}

/// Hears, from many threads, how many files more there are to look at and how many were.
pub type Watch<'a> = &'a (dyn Fn(usize, usize) + Sync);

impl Archive {
    /// Checks the work tree and HEAD, and with `history` every commit that HEAD reaches. Only the
    /// folders of `providers`; all where none is named. `watch` hears of the files that commits hold.
    ///
    /// # Errors
    /// When the repository cannot be read at all; damage is a finding, not an error.
    pub fn verify(
        &self,
        providers: &[ProviderName],
        history: bool,
        watch: Watch<'_>,
    ) -> Result<Verified, ArchiveError> {
        let scope = Scope::of(providers);
        let mut verified = Verified::default();
        let commits = match self.git.head().ok().and_then(|head| head.target()) {
            None => Vec::new(),
            Some(head) if history => self.reachable(head, &mut verified.findings)?,
            Some(head) => vec![head],
        };
        let committed = self.check_commits(&commits, &scope, !history, watch)?;
        let head = commits.last().map(|commit| self.files_of(*commit, &scope));
        let work = self.check_work_tree(&head.unwrap_or_default(), &scope)?;
        let versions = committed.versions.keys().chain(work.versions.iter()).collect::<BTreeSet<_>>().len();
        verified.files = versions;
        verified.commits = commits.len();
        verified.findings.extend(committed.findings);
        verified.findings.extend(work.findings);
        verified.findings.sort();
        verified.findings.dedup();
        Ok(verified)
    }

    /// Checks what these commits hold, oldest first, whatever the work tree holds.
    ///
    /// # Errors
    /// When the repository cannot be read at all.
    pub fn verify_commits(&self, commits: &[CommitId]) -> Result<Verified, ArchiveError> {
        let ids: Vec<Oid> = commits.iter().map(|commit| commit.0).collect();
        let committed = self.check_commits(&ids, &Scope::of(&[]), false, &|_, _| {})?;
        Ok(Verified { files: committed.versions.len(), commits: ids.len(), findings: committed.findings })
    }

    /// Every commit that a commit reaches, oldest first; where one cannot be read the walk ends there
    /// with a finding.
    fn reachable(&self, head: Oid, findings: &mut Vec<Finding>) -> Result<Vec<Oid>, ArchiveError> {
        let mut walk = self.git.revwalk().map_err(ArchiveError::git("walk the history"))?;
        let mut commits = Vec::new();
        let ready = walk.set_sorting(Sort::TOPOLOGICAL | Sort::REVERSE).and_then(|()| walk.push(head));
        let failure = match ready {
            Err(error) => Some(error),
            Ok(()) => walk.find_map(|commit| commit.map(|id| commits.push(id)).err()),
        };
        if let Some(error) = failure {
            findings.push(Finding {
                path: ".git".to_owned(),
                commit: None,
                cause: Cause::DamagedObject,
                problem: format!("the history cannot be walked to its end: {}", error.message()),
                remedy: "git fsck names what is missing; take it from another clone: git fetch CLONE".to_owned(),
                object: None,
            });
            commits = vec![head];
        }
        Ok(commits)
    }
}

/// Which folders under `data/` are looked at.
struct Scope(Vec<String>);

impl Scope {
    fn of(providers: &[ProviderName]) -> Scope {
        Scope(providers.iter().map(|name| format!("{DATA}/{name}")).collect())
    }

    /// Whether a path is, or leads to, something that is looked at.
    fn holds(&self, path: &str) -> bool {
        self.0.is_empty() || path == DATA || self.0.iter().any(|folder| is_below(path, folder))
    }
}

/// Whether a path is a folder or lies in it.
fn is_below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Does the same work on many things, on all cores. Each thread makes its own tools once. The answers
/// have the order of the things.
fn in_parallel<T: Sync, S, R: Send>(
    things: &[T],
    tools: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, &T) -> R + Sync,
) -> Vec<R> {
    let threads = thread::available_parallelism().map_or(1, usize::from).min(MAX_THREADS).min(things.len());
    let next = AtomicUsize::new(0);
    let run = || {
        let mut tools = tools();
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(thing) = things.get(at) else { return done };
            done.push((at, work(&mut tools, thing)));
        }
    };
    let mut answers: Vec<(usize, R)> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(run)).collect();
        let joined = workers.into_iter().map(|worker| worker.join());
        joined.flat_map(|done| done.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    });
    answers.sort_by_key(|(at, _)| *at);
    answers.into_iter().map(|(_, answer)| answer).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn many_hands_keep_the_order() {
        let things: Vec<u32> = (0..1000).collect();
        assert_eq!(in_parallel(&things, || 1, |one, thing| thing + *one), (1..=1000).collect::<Vec<_>>());
        assert!(in_parallel(&[] as &[u32], || (), |(), _| ()).is_empty());
    }

    #[test]
    fn a_scope_holds_its_providers_and_the_way_there() {
        let scope = Scope::of(&["moves".parse().unwrap()]);
        for (path, held) in [
            ("data", true),
            ("data/moves", true),
            ("data/moves/2015/07/05.json", true),
            ("data/moves-2", false),
            ("data/strava/account.json", false),
        ] {
            assert_eq!(scope.holds(path), held, "{path}");
        }
        assert!(Scope::of(&[]).holds("data/anything"));
    }
}
