//! Days as a provider tells them, compared with what the archive holds and committed.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::companions::Companions;
use super::{Archive, ArchiveError, BlobId, Lock, Writer, account_path, day_path, provider_folder};
use crate::json::{ChangeKind, Counts, Json, JsonError, RecordRules, compare};
use crate::model::{
    Account, Action, Day, DayChange, DayDocument, DocumentError, ProviderName, Resources, RevisionKind, Tally,
    commit_message,
};

/// Takes the days of one provider in one run.
pub struct Recorder<'a> {
    archive: &'a Archive,
    writer: Writer<'a>,
    provider: ProviderName,
    rules: &'static RecordRules,
    action: Action,
    held: BTreeMap<Day, BlobId>,
    pending: BTreeMap<Day, Pending>,
    /// How many files of a day wait for the commit.
    files: BTreeMap<Day, Counts>,
    account: Option<BlobId>,
    account_changed: bool,
    /// Days of which something was committed in this run.
    written: BTreeSet<Day>,
    unchanged: BTreeSet<Day>,
    tally: Tally,
}

/// A document that waits for the commit.
struct Pending {
    change: DayChange,
    blob: Option<BlobId>,
    /// What is committed of it.
    base: Option<BlobId>,
}

/// What the count of a day's files stands under beside those of its resources.
const FILES: &str = "files";

/// A day's resources, those lastingly not to be had with the reason, and files of an export.
#[derive(Clone, Debug, Default)]
pub struct DayContent {
    /// The provider's answers, by resource.
    pub resources: Resources,
    /// Why a resource is lastingly not to be had.
    pub absent: BTreeMap<String, String>,
    /// Files of an export that belong to the day, by the names that the export has for them. Those held
    /// that are not named stay.
    pub files: BTreeMap<String, Vec<u8>>,
    /// Files that are no longer of the day, by the same names.
    pub files_gone: Vec<String>,
}

/// A day that cannot be recorded.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// Canonical form refuses the provider's answer: the day fails, the archive stays as it is.
    #[error("canonical form refuses the answer: {0}")]
    Content(#[from] JsonError),
    /// The document held is not one: putting resources into it could lose what it holds.
    #[error("the document held cannot be read ({0}); see: fitsnap verify")]
    Held(DocumentError),
    /// The archive cannot be read or written: the run ends.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
}

impl<'a> Recorder<'a> {
    /// Begins a run over a provider's days.
    ///
    /// # Errors
    /// As `Archive::writer`.
    pub fn new(
        archive: &'a Archive,
        lock: &'a Lock,
        provider: &ProviderName,
        rules: &'static RecordRules,
        action: Action,
    ) -> Result<Recorder<'a>, ArchiveError> {
        let writer = archive.writer(lock, &provider_folder(provider))?;
        let snapshot = archive.snapshot()?;
        let (held, account) = (snapshot.days(provider)?, snapshot.blob_at(&account_path(provider))?);
        Ok(Recorder {
            archive,
            writer,
            provider: provider.clone(),
            rules,
            action,
            held,
            pending: BTreeMap::new(),
            files: BTreeMap::new(),
            account,
            account_changed: false,
            written: BTreeSet::new(),
            unchanged: BTreeSet::new(),
            tally: Tally::default(),
        })
    }

    /// The days held, with what this run has recorded so far.
    pub fn held(&self) -> &BTreeMap<Day, BlobId> {
        &self.held
    }

    /// The counts so far.
    pub fn tally(&mut self) -> &mut Tally {
        &mut self.tally
    }

    /// Takes what the provider says of a day. Resources it does not name stay as they are held; a
    /// resource held before stays when the provider no longer gives it. What is taken of one day at
    /// several times comes together.
    ///
    /// # Errors
    /// `Content` where canonical form refuses it, `Held` where the document held is damaged; nothing of
    /// the day is taken then.
    pub fn day(&mut self, day: Day, content: DayContent) -> Result<(), RecordError> {
        self.replace(day, content, &[]).map(drop)
    }

    /// Takes what the provider says of a day as `day` does, and takes the resources in `gone` out; the
    /// document goes where nothing is left in it. Gives the document where it is another one now, with its
    /// blob.
    ///
    /// # Errors
    /// As `day`.
    pub fn replace(
        &mut self,
        day: Day,
        content: DayContent,
        gone: &[String],
    ) -> Result<Option<(BlobId, Json)>, RecordError> {
        let held = self.document_but(day, |name| content.resources.contains_key(name))?;
        let is_held = held.is_some();
        let mut document = held.unwrap_or_else(|| DayDocument::new(self.provider.clone(), day));
        for name in gone {
            document.resources.remove(name);
        }
        for (name, value) in content.resources {
            document.absent.remove(&name);
            document.resources.insert(name, value);
        }
        for (name, reason) in content.absent {
            if !document.resources.contains_key(&name) {
                document.absent.insert(name, reason);
            }
        }
        if document.resources.is_empty() && document.others.is_empty() && !gone.is_empty() {
            if is_held {
                self.companions(day)?.clear(&mut self.writer);
                self.withdraw(day);
            }
            return Ok(None);
        }
        let json = document.json()?;
        // A day may be large, and is not needed twice.
        drop(document);
        let bytes = json.canonical();
        let path = day_path(&self.provider, day);
        if !content.files.is_empty() || !content.files_gone.is_empty() {
            let mut companions = self.companions(day)?;
            let mut files = companions.put(&mut self.writer, &content.files)?;
            files.removed = companions.remove(&mut self.writer, &content.files_gone);
            if files != Counts::default() {
                add(self.files.entry(day).or_default(), files);
            }
        }
        let base = self.base(day);
        let change = match base {
            None => Some(DayChange { kind: RevisionKind::New, resources: BTreeMap::new() }),
            Some(base) => {
                let old = self.writer.read(&path, base)?;
                if old == bytes { None } else { self.change(&old, &json)? }
            }
        };
        match (change, base) {
            (Some(change), _) => {
                let blob = self.writer.put(&path, bytes)?;
                self.held.insert(day, blob);
                self.unchanged.remove(&day);
                self.pending.insert(day, Pending { change, blob: Some(blob), base });
                Ok(Some((blob, json)))
            }
            (None, base) => {
                // What was taken before is undone by what came now: all is as committed.
                if let (Some(_), Some(base)) = (self.pending.remove(&day), base) {
                    let old = self.writer.read(&path, base)?;
                    self.writer.put(&path, old)?;
                    self.held.insert(day, base);
                }
                self.unchanged.insert(day);
                Ok(None)
            }
        }
    }

    /// Whether `replace` would take these resources of a day.
    ///
    /// # Errors
    /// As `day`.
    pub fn can_take(&mut self, day: Day, resources: &Resources) -> Result<(), RecordError> {
        let held = self.document_but(day, |name| resources.contains_key(name))?;
        let mut document = held.unwrap_or_else(|| DayDocument::new(self.provider.clone(), day));
        document.resources.extend(resources.clone());
        document.json()?;
        Ok(())
    }

    fn companions(&self, day: Day) -> Result<Companions, ArchiveError> {
        Companions::of(self.archive, &self.writer, &self.provider, day)
    }

    fn withdraw(&mut self, day: Day) {
        let base = self.base(day);
        self.writer.remove(&day_path(&self.provider, day));
        self.held.remove(&day);
        self.pending.remove(&day);
        if base.is_some() {
            let change = DayChange { kind: RevisionKind::Withdrawn, resources: BTreeMap::new() };
            self.pending.insert(day, Pending { change, blob: None, base });
        }
    }

    /// What is committed of a day.
    fn base(&self, day: Day) -> Option<BlobId> {
        match self.pending.get(&day) {
            Some(pending) => pending.base,
            None => self.held.get(&day).copied(),
        }
    }

    /// The document of a day as held, with what this run has taken so far.
    ///
    /// # Errors
    /// `Held` where it is damaged.
    pub fn document(&mut self, day: Day) -> Result<Option<DayDocument>, RecordError> {
        self.document_but(day, |_| false)
    }

    fn document_but(&mut self, day: Day, without: impl Fn(&str) -> bool) -> Result<Option<DayDocument>, RecordError> {
        let Some(blob) = self.held.get(&day) else { return Ok(None) };
        let bytes = self.writer.read(&day_path(&self.provider, day), *blob)?;
        DayDocument::read_but(bytes, &self.provider, day, without).map(Some).map_err(RecordError::Held)
    }

    /// Takes the account document's resources; resources not named stay as they are held.
    ///
    /// # Errors
    /// `Content` where canonical form refuses it.
    pub fn account(&mut self, resources: Resources) -> Result<(), RecordError> {
        let path = account_path(&self.provider);
        let old = self.account.map(|blob| self.writer.read(&path, blob)).transpose()?;
        let mut account = match &old {
            Some(bytes) => Account::read(bytes, &self.provider).map_err(RecordError::Held)?,
            None => Account::new(self.provider.clone()),
        };
        account.resources.extend(resources);
        let json = account.json()?;
        let bytes = json.canonical();
        let same = match &old {
            Some(old) => *old == bytes || self.change(old, &json)?.is_none(),
            None => account.resources.is_empty(),
        };
        if !same {
            self.account = Some(self.writer.put(&path, bytes)?);
            self.account_changed = true;
        }
        Ok(())
    }

    /// Notes a day that could not be had.
    pub fn fail(&mut self, day: Day, reason: impl Into<String>) {
        self.tally.failed.push((day, reason.into()));
    }

    /// How many documents waiting for the commit would lose records or go.
    pub fn losses(&self) -> Vec<(Day, String)> {
        let lossy = |pending: &&Pending| matches!(pending.change.kind, RevisionKind::Shrunk | RevisionKind::Withdrawn);
        let lost = self.pending.iter().filter(|(_, pending)| lossy(pending));
        lost.map(|(day, pending)| (*day, pending.change.words())).collect()
    }

    /// How many days wait for the commit.
    pub fn pending(&self) -> usize {
        self.pending.len() + self.files.keys().filter(|day| !self.pending.contains_key(day)).count()
    }

    /// Commits what was taken since the last commit, if anything.
    ///
    /// # Errors
    /// As `Writer::commit`.
    pub fn commit(&mut self, time: DateTime<Utc>) -> Result<(), ArchiveError> {
        if !self.writer.has_changes() {
            return Ok(());
        }
        let mut pending = std::mem::take(&mut self.pending);
        self.find_restored(&mut pending)?;
        let mut changes: BTreeMap<Day, DayChange> = pending.into_iter().map(|(day, one)| (day, one.change)).collect();
        for (day, counts) in std::mem::take(&mut self.files) {
            count_files(&mut changes, day, counts);
        }
        let message = commit_message(&self.provider, self.action, &changes, self.account_changed);
        if let Some(commit) = self.writer.commit(&message, time)? {
            self.tally.commits.push(commit.to_string());
            self.written.extend(changes.keys());
            for change in changes.values() {
                *self.tally.kinds.entry(change.kind).or_default() += 1;
            }
        }
        self.account_changed = false;
        Ok(())
    }

    /// Lets git tidy up, once the run is over, and hands over the counts.
    pub fn finish(mut self) -> Tally {
        self.writer.tidy();
        self.tally.unchanged = self.unchanged.difference(&self.written).count();
        self.tally
    }

    /// What changed between two contents of a document; none where it is nothing, volatile members apart.
    fn change(&self, old: &[u8], new: &Json) -> Result<Option<DayChange>, JsonError> {
        let old = Json::parse(old)?;
        let comparison = compare(old.root(), new.root(), self.rules);
        let kind = match comparison.kind() {
            ChangeKind::Unchanged => return Ok(None),
            ChangeKind::Grown => RevisionKind::Grown,
            ChangeKind::Revised => RevisionKind::Revised,
            ChangeKind::Shrunk => RevisionKind::Shrunk,
        };
        Ok(Some(DayChange { kind, resources: comparison.resources }))
    }

    /// An earlier content again is `restored`, before all other kinds.
    fn find_restored(&self, pending: &mut BTreeMap<Day, Pending>) -> Result<(), ArchiveError> {
        let earlier = self.archive.earlier_blobs(&self.provider, &pending.keys().copied().collect())?;
        for (day, one) in pending {
            let known = earlier.get(day);
            if one.blob.is_some_and(|blob| known.is_some_and(|blobs| blobs.contains(&blob))) {
                one.change.kind = RevisionKind::Restored;
            }
        }
        Ok(())
    }
}

/// Counts files among what changed in a day. A document that came or went says all there is to say.
fn count_files(changes: &mut BTreeMap<Day, DayChange>, day: Day, counts: Counts) {
    let kind = match counts {
        Counts { removed: 1.., .. } => RevisionKind::Shrunk,
        Counts { altered: 1.., .. } => RevisionKind::Revised,
        _ => RevisionKind::Grown,
    };
    let change = changes.entry(day).or_insert(DayChange { kind, resources: BTreeMap::new() });
    if matches!(change.kind, RevisionKind::Grown | RevisionKind::Revised | RevisionKind::Shrunk) {
        change.kind = change.kind.max(kind);
        change.resources.insert(FILES.to_owned(), counts);
    }
}

fn add(sum: &mut Counts, counts: Counts) {
    sum.altered += counts.altered;
    sum.added += counts.added;
    sum.removed += counts.removed;
}
