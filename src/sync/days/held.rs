//! Which resources the archive holds of each day.

use std::collections::{BTreeMap, BTreeSet};

use crate::archive::{Archive, ArchiveError, BlobId};
use crate::model::{Day, DayDocument, ProviderName};
use crate::providers::Provider;

/// What a day document has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeldDay {
    /// The resources that are there.
    pub resources: BTreeSet<String>,
    /// Those that were lastingly not to be had.
    pub absent: BTreeSet<String>,
}

/// What the documents of these days have. Of a document that cannot be read nothing is held.
///
/// # Errors
/// When the archive cannot be read.
pub fn held_days(
    archive: &Archive,
    provider: &dyn Provider,
    name: &ProviderName,
    days: &BTreeMap<Day, BlobId>,
) -> Result<BTreeMap<Day, HeldDay>, ArchiveError> {
    let mut held = BTreeMap::new();
    for (day, blob) in days {
        let has = match provider.description().resources {
            // There is nothing else that it could hold.
            [only] => HeldDay { resources: BTreeSet::from([only.name.to_owned()]), absent: BTreeSet::new() },
            _ => match DayDocument::read(&archive.blob(*blob)?, name, *day) {
                Ok(document) => HeldDay {
                    resources: document.resources.into_keys().collect(),
                    absent: document.absent.into_keys().collect(),
                },
                Err(_) => HeldDay::default(),
            },
        };
        held.insert(*day, has);
    }
    Ok(held)
}
