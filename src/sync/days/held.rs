//! Which resources the archive holds of each day.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::archive::{Archive, ArchiveError, BlobId, DayContent, Gists};
use crate::model::{Day, DayDocument, ProviderName};
use crate::providers::Provider;

/// What a day document has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldDay {
    /// The resources that are there.
    pub resources: BTreeSet<String>,
    /// Those that were lastingly not to be had.
    pub absent: BTreeSet<String>,
}

/// What the day documents of a provider have.
pub struct Held {
    gists: Gists<HeldDay>,
    /// The one resource that there can be, so that no document need be read.
    only: Option<HeldDay>,
}

impl HeldDay {
    fn of(document: &DayDocument) -> HeldDay {
        HeldDay { resources: names(document.resources.keys()), absent: names(document.absent.keys()) }
    }

    /// What a draft brings.
    pub fn of_draft(draft: &DayContent) -> HeldDay {
        HeldDay { resources: names(draft.resources.keys()), absent: names(draft.absent.keys()) }
    }

    fn and(mut self, more: HeldDay) -> HeldDay {
        self.resources.extend(more.resources);
        self.absent.extend(more.absent);
        self.absent.retain(|name| !self.resources.contains(name));
        self
    }
}

fn names<'n>(names: impl Iterator<Item = &'n String>) -> BTreeSet<String> {
    names.cloned().collect()
}

impl Held {
    /// What the documents of these days have. Of a document that cannot be read nothing is held.
    ///
    /// # Errors
    /// When the archive cannot be read.
    pub fn of(
        archive: &Archive,
        provider: &dyn Provider,
        name: &ProviderName,
        days: &BTreeMap<Day, BlobId>,
    ) -> Result<Held, ArchiveError> {
        let mut gists = archive.gists(name, "resources of a day");
        let only = match provider.description().resources {
            [only] => Some(HeldDay { resources: BTreeSet::from([only.name.to_owned()]), absent: BTreeSet::new() }),
            _ => {
                gists.learn(archive, days, HeldDay::of)?;
                None
            }
        };
        Ok(Held { gists, only })
    }

    /// What a day's document has, which is this blob.
    pub fn get(&self, day: Day, blob: BlobId) -> Option<&HeldDay> {
        self.only.as_ref().or_else(|| self.gists.get(day, blob))
    }

    /// Notes that a day's document, which was one blob and is another now, has this besides.
    pub fn note(&mut self, day: Day, before: Option<BlobId>, now: BlobId, more: HeldDay) {
        if self.only.is_none() {
            let before = before.and_then(|blob| self.gists.get(day, blob)).cloned();
            self.gists.note(day, now, before.unwrap_or_default().and(more));
        }
    }

    /// Keeps it for the next run, which is no worse for its loss.
    pub fn keep(&self, archive: &Archive) {
        if self.only.is_none() {
            let _ = archive.keep_gists(&self.gists);
        }
    }
}

/// How many of the days held lack each of these resources, without those that lack none.
///
/// # Errors
/// When the archive cannot be read.
pub fn lacking(
    archive: &Archive,
    provider: &dyn Provider,
    name: &ProviderName,
    resources: &[String],
) -> Result<BTreeMap<String, usize>, ArchiveError> {
    let days = archive.snapshot()?.days(name)?;
    let held = Held::of(archive, provider, name, &days)?;
    held.keep(archive);
    let lacks = |resource: &str| {
        let has = |one: &HeldDay| one.resources.contains(resource) || one.absent.contains(resource);
        days.iter().filter(|(day, blob)| !held.get(**day, **blob).is_some_and(has)).count()
    };
    let counts = resources.iter().map(|resource| (resource.clone(), lacks(resource)));
    Ok(counts.filter(|(_, count)| *count > 0).collect())
}
