//! What a provider did to the past: revisions, their kinds, and what changed in words and as data.

mod between;
mod cache;
mod civil;
mod finder;
mod finding;
#[cfg(test)]
mod fuzz;
mod label;
mod lines;
mod packed;
mod report;
mod revision;
mod stamp;
mod survey;
mod words;

use std::collections::{BTreeMap, VecDeque};

use chrono::{DateTime, Utc};

pub use between::between;
pub use finding::{Finding, Wanted};
pub use lines::Tone;
pub use report::{MARK, Report, verdict};
pub use revision::{DayOf, Facts, Revision, Subject};
pub use survey::{Pace, ProviderSurvey};
pub use words::Detail;

use crate::archive::{Archive, ArchiveError, BlobId, CommitId, History, Scope};
use crate::json::RecordRules;
use crate::model::{Day, ProviderName, RevisionKind};
use cache::{Cache, Key};
use finding::{About, Comparer};

/// Raised whenever the same two contents would be told otherwise than before.
const RULES: u32 = 3;

/// How many revisions are compared before what is kept is opened.
const FIRST_PAGE: usize = 24;

/// Clocks differ: only after so many commits that are too early none is expected that is not.
const SLOP: usize = 16;

/// What the records of a file are called after: its name without folders and ending.
fn stem(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.split_once('.').map_or(name, |(stem, _)| stem)
}

/// Which revisions are wanted.
#[derive(Clone, Debug)]
pub struct Query {
    /// The documents.
    pub scope: Scope,
    /// Only commits from this time on.
    pub since: Option<DateTime<Utc>>,
    /// Only commits before this time.
    pub until: Option<DateTime<Utc>>,
    /// How many revisions are wanted at most.
    pub most: usize,
    /// Only these kinds; where none is named, all but `reformatted`.
    pub kinds: Vec<RevisionKind>,
    /// What is to be found out.
    pub wanted: Wanted,
}

impl Query {
    fn takes(&self, kind: RevisionKind) -> bool {
        match self.kinds.is_empty() {
            true => kind != RevisionKind::Reformatted,
            false => self.kinds.contains(&kind),
        }
    }
}

/// An archive that is looked at.
pub struct Audit<'a> {
    archive: &'a Archive,
    facts: Facts,
    cache: Cache,
    /// How many revisions were asked for so far.
    asked: usize,
    comparers: Vec<Comparer>,
    /// What findings depend on beside the contents, by provider.
    grounds: BTreeMap<ProviderName, u64>,
}

impl<'a> Audit<'a> {
    /// Looks at an archive. Nothing is written but fitsnap's own local knowledge.
    pub fn new(archive: &'a Archive, facts: Facts) -> Audit<'a> {
        Audit::with(archive, facts, Cache::open(archive.local()))
    }

    /// Looks at a repository that need not be an archive. Nothing is written.
    pub fn of_files(repository: &'a Archive, key: Option<String>) -> Audit<'a> {
        Audit::with(repository, Facts::of_files(key), Cache::none())
    }

    fn with(archive: &'a Archive, facts: Facts, cache: Cache) -> Audit<'a> {
        archive.trust_objects();
        Audit { archive, facts, cache, asked: 0, comparers: Vec::new(), grounds: BTreeMap::new() }
    }

    /// The revisions that a query asks for, newest first.
    ///
    /// # Errors
    /// When HEAD cannot be read.
    pub fn revisions(&mut self, query: Query) -> Result<Revisions<'_, 'a>, ArchiveError> {
        self.grounds.clear();
        let history = self.archive.history(query.scope.clone())?;
        Ok(Revisions {
            audit: self,
            history: Some(history),
            query,
            waiting: VecDeque::new(),
            ready: VecDeque::new(),
            given: 0,
            boundary: Vec::new(),
            early: 0,
            size: 8,
        })
    }

    /// Compares two contents of a day.
    ///
    /// # Errors
    /// When the repository cannot be opened again.
    pub fn compare(
        &mut self,
        pair: (Option<BlobId>, Option<BlobId>),
        rules: &RecordRules,
        day: Option<Day>,
        wanted: Wanted,
    ) -> Result<Finding, ArchiveError> {
        self.open_comparers(1)?;
        Ok(self.comparers[0].find(pair, &About { rules, day, name: None }, wanted))
    }

    fn open_comparers(&mut self, count: usize) -> Result<(), ArchiveError> {
        while self.comparers.len() < count {
            self.comparers.push(Comparer::new(self.archive.reader()?));
        }
        Ok(())
    }

    /// Finds out what is wanted about many revisions, on all cores where they are many.
    fn find_all(&mut self, revisions: &[Revision], query: &Query) -> Result<Vec<Finding>, ArchiveError> {
        self.asked += revisions.len();
        let mut found: Vec<Option<Finding>> = vec![None; revisions.len()];
        let mut open: Vec<(usize, Option<Key>)> = Vec::new();
        for (at, revision) in revisions.iter().enumerate() {
            if !query.needs(revision) {
                found[at] = Some(Finding::default());
                continue;
            }
            // For the first page it takes longer to open what is kept than to compare again.
            let key = if self.asked > FIRST_PAGE { self.key(revision, query.wanted) } else { None };
            found[at] = key.and_then(|key| self.cache.get(&key));
            if found[at].is_none() {
                open.push((at, key));
            }
        }
        let cores = std::thread::available_parallelism().map_or(1, usize::from).min(8);
        let workers = if open.len() < 48 { 1 } else { cores };
        self.open_comparers(workers)?;
        let share = open.len().div_ceil(workers).max(1);
        let facts = &self.facts;
        let work = |comparer: &mut Comparer, share: &[(usize, Option<Key>)]| -> Vec<Finding> {
            let one = |(at, _): &(usize, Option<Key>)| {
                let revision = &revisions[*at];
                let about = match &revision.subject {
                    Subject::Day(DayOf { provider, day, .. }) => {
                        About { rules: &facts.of(provider).rules, day: Some(*day), name: None }
                    }
                    Subject::File(path) => About { rules: &facts.other.rules, day: None, name: Some(stem(path)) },
                };
                comparer.find((revision.old, revision.new), &about, query.wanted)
            };
            share.iter().map(one).collect()
        };
        let findings: Vec<Finding> = std::thread::scope(|scope| {
            let mut shares = open.chunks(share).zip(&mut self.comparers);
            let Some((mine, comparer)) = shares.next() else { return Vec::new() };
            let others: Vec<_> = shares.map(|(share, comparer)| scope.spawn(|| work(comparer, share))).collect();
            let mut findings = work(comparer, mine);
            for other in others {
                match other.join() {
                    Ok(more) => findings.extend(more),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
            findings
        });
        for ((at, key), finding) in open.into_iter().zip(findings) {
            if let Some(key) = key {
                self.cache.put(&key, &finding);
            }
            found[at] = Some(finding);
        }
        Ok(found.into_iter().flatten().collect())
    }

    /// The key of a finding, where it is worth keeping.
    fn key(&mut self, revision: &Revision, wanted: Wanted) -> Option<Key> {
        if wanted == Wanted::Lines {
            return None;
        }
        let DayOf { provider, day, .. } = revision.day()?;
        let ground = *self.grounds.entry(provider.clone()).or_insert_with(|| {
            let rules = &self.facts.of(provider).rules;
            cache::ground(&format!("{RULES} {} {wanted:?} {rules:?}", env!("CARGO_PKG_VERSION")))
        });
        Some(cache::key(revision.old, revision.new, *day, ground))
    }
}

impl Query {
    /// Whether the contents must be read to say what is wanted.
    fn needs(&self, revision: &Revision) -> bool {
        match revision.kind_by_presence() {
            Some(kind) if !self.takes(kind) => false,
            Some(_) if matches!(self.wanted, Wanted::Words { .. }) => revision.old.is_some(),
            Some(_) => true,
            None => {
                let compared =
                    [RevisionKind::Grown, RevisionKind::Revised, RevisionKind::Shrunk, RevisionKind::Reformatted];
                compared.into_iter().any(|kind| self.takes(kind))
            }
        }
    }
}

/// Revisions, newest first.
pub struct Revisions<'q, 'a> {
    audit: &'q mut Audit<'a>,
    history: Option<History<'a>>,
    query: Query,
    /// Revisions that are not compared yet.
    waiting: VecDeque<Revision>,
    ready: VecDeque<(Revision, RevisionKind, Finding)>,
    given: usize,
    boundary: Vec<CommitId>,
    /// How many steps in a row were too early.
    early: usize,
    /// How many are compared at once: few at first, so that the first page comes at once.
    size: usize,
}

impl Revisions<'_, '_> {
    /// The next revision, its kind, and what was found.
    ///
    /// # Errors
    /// When the history cannot be read.
    pub fn next(&mut self) -> Result<Option<(Revision, RevisionKind, Finding)>, ArchiveError> {
        while self.ready.is_empty() && (self.history.is_some() || !self.waiting.is_empty()) {
            self.fill()?;
        }
        let next = self.ready.pop_front();
        self.given += usize::from(next.is_some());
        Ok(next)
    }

    /// The commits whose parents this clone does not have, as far as they were reached.
    pub fn boundary(&self) -> &[CommitId] {
        &self.boundary
    }

    fn fill(&mut self) -> Result<(), ArchiveError> {
        // Of what is hidden more may be needed than is wanted.
        let size = self.size.min(self.query.most.saturating_sub(self.given)).max(1);
        while self.waiting.len() < size {
            let Some(history) = &mut self.history else { break };
            let Some(step) = history.step()? else {
                self.history = None;
                break;
            };
            if step.boundary {
                self.boundary.push(step.commit);
            }
            let too_late = self.query.until.is_some_and(|until| step.time >= until);
            let too_early = self.query.since.is_some_and(|since| step.time < since);
            self.early = if too_early { self.early + 1 } else { 0 };
            if self.early >= SLOP {
                self.history = None;
                break;
            }
            if !too_late && !too_early {
                self.waiting.extend(Revision::of_step(&step, &self.query.scope, &self.audit.facts));
            }
        }
        self.size = (self.size * 2).min(512);
        let batch: Vec<Revision> = self.waiting.drain(..size.min(self.waiting.len())).collect();
        let findings = self.audit.find_all(&batch, &self.query)?;
        for (revision, finding) in batch.into_iter().zip(findings) {
            let kind = revision.kind(&finding);
            if self.query.takes(kind) {
                self.ready.push_back((revision, kind, finding));
            }
        }
        Ok(())
    }
}
