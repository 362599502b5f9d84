//! What a provider did to the past: revisions, their kinds, and what changed in words and as data.

mod cache;
mod finding;
mod label;
mod revision;
mod stamp;
mod words;

use std::collections::{BTreeMap, VecDeque};

use chrono::{DateTime, Utc};

pub use finding::{Finding, Wanted};
pub use revision::{Fact, Facts, Revision};
pub use words::{Detail, Line, Tone};

use crate::archive::{Archive, ArchiveError, BlobId, CommitId, History, Scope};
use crate::config::{ArchiveSettings, ProviderSettings};
use crate::json::RecordRules;
use crate::model::{Day, ProviderName, RevisionKind};
use crate::providers;
use cache::{Cache, Key};
use finding::Comparer;

/// Raised whenever the same two contents would be told otherwise than before.
const RULES: u32 = 1;

/// Clocks differ: only after so many commits that are too early none is expected that is not.
const SLOP: usize = 16;

/// Which revisions are wanted.
#[derive(Clone, Debug)]
pub struct Query {
    /// The documents.
    pub scope: Scope,
    /// Only commits from this time on.
    pub since: Option<DateTime<Utc>>,
    /// Only commits before this time.
    pub until: Option<DateTime<Utc>>,
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
    comparers: Vec<Comparer>,
    /// What findings depend on beside the contents, by provider.
    grounds: BTreeMap<ProviderName, [u8; 16]>,
}

impl<'a> Audit<'a> {
    /// Looks at an archive. Nothing is written but fitsnap's own local knowledge.
    pub fn new(archive: &'a Archive, facts: Facts) -> Audit<'a> {
        archive.trust_objects();
        Audit { archive, facts, cache: Cache::open(archive.local()), comparers: Vec::new(), grounds: BTreeMap::new() }
    }

    /// What is known of the providers.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// The revisions that a query asks for, newest first.
    ///
    /// # Errors
    /// When HEAD cannot be read.
    pub fn revisions(&mut self, query: Query) -> Result<Revisions<'_, 'a>, ArchiveError> {
        self.grounds.clear();
        let history = self.archive.history(query.scope.clone())?;
        let size = if query.scope_is_small() { 64 } else { 8 };
        Ok(Revisions {
            audit: self,
            history: Some(history),
            query,
            ready: VecDeque::new(),
            boundary: Vec::new(),
            early: 0,
            size,
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
        Ok(self.comparers[0].find(pair.0, pair.1, rules, day, wanted))
    }

    fn open_comparers(&mut self, count: usize) -> Result<(), ArchiveError> {
        while self.comparers.len() < count {
            self.comparers.push(Comparer::new(self.archive.reader()?));
        }
        Ok(())
    }

    /// Finds out what is wanted about many revisions, on all cores where they are many.
    fn find_all(&mut self, revisions: &[Revision], query: &Query) -> Result<Vec<Finding>, ArchiveError> {
        let mut found: Vec<Option<Finding>> = vec![None; revisions.len()];
        let mut open: Vec<(usize, Option<Key>)> = Vec::new();
        for (at, revision) in revisions.iter().enumerate() {
            if !query.needs(revision) {
                found[at] = Some(Finding::default());
                continue;
            }
            let key = self.key(revision, query.wanted);
            found[at] = key.and_then(|key| self.cache.get(&key));
            if found[at].is_none() {
                open.push((at, key));
            }
        }
        let cores = std::thread::available_parallelism().map_or(1, usize::from).min(8);
        let workers = if open.len() < 16 { 1 } else { cores };
        self.open_comparers(workers)?;
        let share = open.len().div_ceil(workers).max(1);
        let facts = &self.facts;
        let work = |comparer: &mut Comparer, share: &[(usize, Option<Key>)]| -> Vec<Finding> {
            let one = |(at, _): &(usize, Option<Key>)| {
                let revision = &revisions[*at];
                let rules = &facts.of(&revision.provider).rules;
                comparer.find(revision.old, revision.new, rules, Some(revision.day), query.wanted)
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
        let ground = match self.grounds.get(&revision.provider) {
            Some(ground) => *ground,
            None => {
                let rules = &self.facts.of(&revision.provider).rules;
                let text = format!("{RULES} {} {wanted:?} {rules:?}", env!("CARGO_PKG_VERSION"));
                let ground = cache::key(&[text.as_bytes()]);
                self.grounds.insert(revision.provider.clone(), ground);
                ground
            }
        };
        let day = revision.day.to_string();
        let id = |blob: &Option<BlobId>| blob.map(|blob| blob.to_string()).unwrap_or_default();
        Some(cache::key(&[id(&revision.old).as_bytes(), id(&revision.new).as_bytes(), day.as_bytes(), &ground]))
    }
}

impl Query {
    fn scope_is_small(&self) -> bool {
        matches!(self.scope, Scope::Days(..))
    }

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
    ready: VecDeque<(Revision, RevisionKind, Finding)>,
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
        while self.ready.is_empty() && self.history.is_some() {
            self.fill()?;
        }
        Ok(self.ready.pop_front())
    }

    /// The commits whose parents this clone does not have, as far as they were reached.
    pub fn boundary(&self) -> &[CommitId] {
        &self.boundary
    }

    fn fill(&mut self) -> Result<(), ArchiveError> {
        let mut batch = Vec::new();
        while batch.len() < self.size {
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
                batch.extend(Revision::of_step(&step, &self.audit.facts));
            }
        }
        self.size = (self.size * 2).min(512);
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

/// What the settings say of the providers; where they say nothing the name tells the service.
pub fn facts(settings: Option<&ArchiveSettings>, names: &[ProviderName]) -> Facts {
    let rules = |kind: &str| providers::provider(kind).map(|provider| provider.description().rules).unwrap_or_default();
    let default = ProviderSettings::default();
    let fact = |name: &ProviderName| {
        let said = settings.and_then(|settings| settings.providers.get(name));
        let said_kind = said.map(|said| said.kind.as_str()).unwrap_or(name.as_str());
        Fact { window: said.map_or(default.window, |said| said.window), rules: rules(said_kind) }
    };
    let known = settings.into_iter().flat_map(|settings| settings.providers.keys());
    let providers = known.chain(names).map(|name| (name.clone(), fact(name))).collect();
    Facts { providers, other: Fact { window: default.window, rules: RecordRules::default() } }
}
