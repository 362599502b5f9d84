//! Which files changed in which commit, newest first.
//!
//! The walk goes on only as far as it is asked. What it found is kept in `.git/fitsnap` once it
//! reached the end; the next walk then stops where that knowledge begins. Nothing depends on the
//! kept file: it is thrown away where HEAD's history is another one, or where it is damaged.

#[cfg(test)]
mod fuzz;
mod graph;
mod kept;
mod revision;
mod scope;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
mod trees;
mod walk;

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};

use chrono::{DateTime, TimeDelta, Utc};
use git2::{Oid, Repository};

pub use kept::scratch;
pub use revision::RevisionError;
pub use scope::{Pattern, Scope};

use super::snapshot::read_blob;
use super::{Archive, ArchiveError, BlobId, CommitId, Place, day_path};
use crate::model::{Action, Day, ProviderName};
use kept::{KeptReader, KeptWriter};
use walk::Walk;

/// A commit and the files of the scope that it changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The commit.
    pub commit: CommitId,
    /// The committer's time.
    pub time: DateTime<Utc>,
    /// What made it, if fitsnap did.
    pub action: Option<Action>,
    /// Whether its parents are not in this clone: what it changed cannot be known.
    pub boundary: bool,
    /// What it changed, in the order of the paths.
    pub changes: Vec<FileChange>,
    merge: bool,
    /// Whether `again` is known of its changes: a kept file knows.
    decided: bool,
}

/// A file that differs from what it was in every parent of the commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileChange {
    /// Where it stands, from the root of the repository.
    pub path: String,
    /// Its content before, if it was there.
    pub old: Option<BlobId>,
    /// Its content after, if it is there.
    pub new: Option<BlobId>,
    /// Whether the new content stood there earlier, before the old one.
    pub again: bool,
}

/// The commits that changed files of a scope, newest first as `git log` orders them.
pub struct History<'a> {
    archive: &'a Archive,
    scope: Scope,
    walk: Walk<'a>,
    kept: Option<KeptReader>,
    /// Whether the walk has come to where the kept file takes over.
    from_kept: bool,
    last: Option<(CommitId, DateTime<Utc>)>,
    ended: bool,
    merges: bool,
    /// Steps read but not given yet: whether a content stood there earlier is known only later.
    ahead: VecDeque<(u64, Step)>,
    /// The contents of each path in `ahead`, in the same order.
    held: HashMap<String, VecDeque<(u64, CommitId, BlobId)>>,
    serial: u64,
    writer: Option<KeptWriter>,
}

impl Archive {
    /// The changes of the scope's files, from HEAD back.
    ///
    /// # Errors
    /// When HEAD cannot be read.
    pub fn history(&self, scope: Scope) -> Result<History<'_>, ArchiveError> {
        let head = self.head()?;
        let walk = Walk::new(self, head, scope.clone())?;
        let kept = KeptReader::open(self, &scope);
        let fresh = kept.as_ref().is_some_and(|kept| Some(kept.tip) == head && kept.is_of(&scope));
        let writer = head.filter(|_| !fresh).and_then(|head| KeptWriter::begin(self, &scope, head));
        Ok(History {
            archive: self,
            scope,
            walk,
            kept,
            from_kept: false,
            last: None,
            ended: false,
            merges: false,
            ahead: VecDeque::new(),
            held: HashMap::new(),
            serial: 0,
            writer,
        })
    }

    /// Every content that a provider's documents of these days had at HEAD or before.
    ///
    /// # Errors
    /// When the history cannot be read.
    pub fn earlier_blobs(
        &self,
        provider: &ProviderName,
        days: &BTreeSet<Day>,
    ) -> Result<HashMap<Day, HashSet<BlobId>>, ArchiveError> {
        let mut blobs: HashMap<Day, HashSet<BlobId>> = HashMap::new();
        let Some(oldest) = days.first().copied() else { return Ok(blobs) };
        let mut history = self.history(Scope::Provider(provider.clone()))?;
        let mut is_clock_right = true;
        while let Some(step) = history.step()? {
            for change in step.changes {
                let Place::Day(_, day) = Place::of(&change.path) else { continue };
                if days.contains(&day) {
                    is_clock_right &= step.time >= begin(day);
                    blobs.entry(day).or_default().extend(change.old.into_iter().chain(change.new));
                }
            }
            // The days of a daily sync are young: most of the history lies before them.
            if is_clock_right && history.is_past(provider, days, begin(oldest))? {
                history.keep_the_rest();
                break;
            }
        }
        Ok(blobs)
    }

    /// The oldest commits of a shallow clone: their parents are elsewhere.
    fn shallow_commits(&self) -> HashSet<Oid> {
        let list = std::fs::read_to_string(self.git.commondir().join("shallow")).unwrap_or_default();
        list.lines().filter_map(|line| Oid::from_str(line.trim()).ok()).collect()
    }

    /// The size of a content in bytes.
    ///
    /// # Errors
    /// When it is not there or damaged.
    pub fn blob_size(&self, blob: BlobId) -> Result<u64, ArchiveError> {
        let head = self.git.odb().and_then(|odb| odb.read_header(blob.0));
        head.map(|(size, _)| size as u64).map_err(ArchiveError::git(format!("read blob {blob}")))
    }

    /// Reads from here on as git itself does: no object's hash is checked on the way (`verify` is
    /// there for that), and no object is kept in memory once it was read. It holds for the whole
    /// process, so only commands that do nothing but read may ask for it.
    pub fn trust_objects(&self) {
        git2::opts::strict_hash_verification(false);
        git2::opts::enable_caching(false);
    }

    /// A reader of contents for a thread of its own.
    ///
    /// # Errors
    /// When the repository cannot be opened again.
    pub fn reader(&self) -> Result<BlobReader, ArchiveError> {
        let git = Repository::open(self.git.path()).map_err(ArchiveError::git("open the repository again"))?;
        Ok(BlobReader { git })
    }
}

/// Reads contents; one for each thread.
pub struct BlobReader {
    git: Repository,
}

impl BlobReader {
    /// The bytes of a blob.
    ///
    /// # Errors
    /// When it is not there or damaged, or larger than any file of an archive.
    pub fn blob(&self, blob: BlobId) -> Result<Vec<u8>, ArchiveError> {
        let odb = self.git.odb().map_err(ArchiveError::git("open the objects"))?;
        read_blob(&odb, blob.0)
    }
}

impl History<'_> {
    /// The next commit that changed something, or that begins what this clone knows.
    ///
    /// # Errors
    /// When the history cannot be read.
    pub fn step(&mut self) -> Result<Option<Step>, ArchiveError> {
        loop {
            if self.ahead.is_empty() && !self.pull()? {
                if let Some(writer) = self.writer.take() {
                    writer.finish();
                }
                return Ok(None);
            }
            let Some((serial, mut step)) = self.ahead.pop_front() else { continue };
            self.forget(serial, &step);
            self.merges |= step.merge;
            for at in 0..step.changes.len() {
                if !step.decided {
                    step.changes[at].again = self.stood_before(&step, &step.changes[at])?;
                }
            }
            if let Some(writer) = &mut self.writer
                && !writer.write(&step)
            {
                self.writer = None;
            }
            if !step.changes.is_empty() || step.boundary {
                return Ok(Some(step));
            }
        }
    }

    /// Ends the walk where all that is still to come is kept: it stays as it is.
    fn keep_the_rest(&mut self) {
        if let (Some(kept), Some(writer)) = (self.kept.take(), self.writer.take()) {
            writer.finish_with(kept);
        }
        self.ended = true;
    }

    /// Reads one step more; whether there was one.
    fn pull(&mut self) -> Result<bool, ArchiveError> {
        if self.ended {
            return Ok(false);
        }
        if !self.from_kept && self.kept.as_ref().is_some_and(|kept| self.walk.alone() == Some(kept.tip)) {
            self.from_kept = true;
        }
        let step = match &mut self.kept {
            Some(kept) if self.from_kept => kept.step(&self.scope)?,
            _ => self.walk.step()?,
        };
        let Some(step) = step else {
            self.ended = true;
            return Ok(false);
        };
        self.serial += 1;
        self.last = Some((step.commit, step.time));
        for change in &step.changes {
            let held = self.held.entry(change.path.clone()).or_default();
            held.extend(change.new.into_iter().chain(change.old).map(|blob| (self.serial, step.commit, blob)));
        }
        self.ahead.push_back((self.serial, step));
        Ok(true)
    }

    fn forget(&mut self, serial: u64, step: &Step) {
        for change in &step.changes {
            if let Some(held) = self.held.get_mut(&change.path) {
                while held.front().is_some_and(|(at, ..)| *at <= serial) {
                    held.pop_front();
                }
                if held.is_empty() {
                    self.held.remove(&change.path);
                }
            }
        }
    }

    fn stood_before(&mut self, step: &Step, change: &FileChange) -> Result<bool, ArchiveError> {
        let Some(new) = change.new else { return Ok(false) };
        let mut looked = 0;
        loop {
            if let Some(held) = self.held.get(&change.path) {
                let from = held.partition_point(|(serial, ..)| *serial <= looked);
                for (serial, commit, blob) in held.range(from..) {
                    looked = *serial;
                    if *blob == new && (!self.merges || self.descends(step.commit, *commit)) {
                        return Ok(true);
                    }
                }
            }
            if self.cannot_be_older(step, change)? || !self.pull()? {
                return Ok(false);
            }
        }
    }

    fn descends(&self, commit: CommitId, ancestor: CommitId) -> bool {
        self.archive.git.graph_descendant_of(commit.0, ancestor.0).unwrap_or(true)
    }

    /// A document cannot be older than its day: where the history before the day does not hold it
    /// there is no need to look further back. A commit whose own clock says that it came before the
    /// day proves that the clocks cannot be trusted here.
    fn cannot_be_older(&mut self, step: &Step, change: &FileChange) -> Result<bool, ArchiveError> {
        let Place::Day(_, day) = Place::of(&change.path) else { return Ok(false) };
        let start = begin(day);
        Ok(step.time >= start && self.lacks(&change.path, start)?)
    }

    /// Whether all that was not read yet was committed before a time and holds no file at a path.
    fn lacks(&mut self, path: &str, before: DateTime<Utc>) -> Result<bool, ArchiveError> {
        if !self.from_kept {
            return self.walk.lacks(path, before);
        }
        match self.last {
            Some((commit, time)) if time < before => Ok(!self.walk.file_at(commit, path)?),
            _ => Ok(false),
        }
    }

    /// Whether all steps still to come are kept and none of them can tell of a document of these days, the
    /// oldest of which begins then.
    fn is_past(
        &mut self,
        provider: &ProviderName,
        days: &BTreeSet<Day>,
        begin: DateTime<Utc>,
    ) -> Result<bool, ArchiveError> {
        if !self.from_kept || !self.ahead.is_empty() || !self.kept.as_ref().is_some_and(|kept| kept.is_of(&self.scope))
        {
            return Ok(false);
        }
        for day in days {
            if !self.lacks(&day_path(provider, *day), begin)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// When a day begins in the first zone that reaches it, and some hours before.
fn begin(day: Day) -> DateTime<Utc> {
    day.end_utc() - TimeDelta::days(2)
}
