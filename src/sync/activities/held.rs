//! What the archive holds of each activity.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::entry::{self, Reader};
use super::plan::Key;
use crate::archive::{Archive, ArchiveError, BlobId, Gists};
use crate::json::{Json, Kind, RecordRules, Value};
use crate::model::{Day, ProviderName, Resources};
use crate::providers::{ActivityProvider, Description, Feed};

/// The member of an activity that says what is lastingly not to be had of it.
pub(super) const ABSENT: &str = "absent";

/// The layout of the gists and how they are made: another one has another number.
const GROUND: &str = "activities 2";

/// What a day document has of one activity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Known {
    /// Tells what its entry of the list says, volatile members aside.
    pub substance: String,
    /// The parts that are there, or lastingly not to be had.
    pub parts: BTreeSet<String>,
}

/// What the archive holds of one activity.
#[derive(Clone, Debug)]
pub(super) struct Held {
    pub day: Day,
    pub known: Known,
}

/// The activities of a day document by resource and id.
type Gist = BTreeMap<String, BTreeMap<String, Known>>;

/// What the day documents of a provider have, whatever this run asks for.
pub(super) struct Index {
    gists: Gists<Gist>,
    feeds: Vec<Feed>,
    rules: &'static RecordRules,
}

impl Index {
    /// What the documents of these days have. Days that cannot be read stay out.
    ///
    /// # Errors
    /// When the archive cannot be read.
    pub fn of(
        archive: &Archive,
        (provider, description): (&dyn ActivityProvider, &'static Description),
        name: &ProviderName,
        account: &Resources,
        days: &BTreeMap<Day, BlobId>,
    ) -> Result<Index, ArchiveError> {
        let every: Vec<String> = description.resources.iter().map(|one| one.name.to_owned()).collect();
        let (feeds, rules) = (provider.feeds(account, &every), &description.rules);
        let mut ground = format!("{GROUND}\n{rules:?}\n");
        feeds.iter().for_each(|feed| ground += &format!("{} {} {}\n", feed.resource, feed.key, feed.is_bare));
        let mut gists = archive.gists(name, &ground);
        gists.learn(archive, days, |document| {
            let json = |feed: &Feed| parse(&document.resources, feed);
            let known = |feed: &Feed| json(feed).map(|json| known(feed, rules, json.root()));
            feeds.iter().filter_map(|feed| Some((feed.resource.clone(), known(feed)?))).collect()
        })?;
        Ok(Index { gists, feeds, rules })
    }

    /// The activities held of these feeds, which are numbered as they stand.
    pub fn held(&self, feeds: &[Feed]) -> BTreeMap<Key, Held> {
        let mut held = BTreeMap::new();
        for (day, gist) in self.gists.iter() {
            for (number, feed) in feeds.iter().enumerate() {
                for (id, known) in gist.get(&feed.resource).into_iter().flatten() {
                    held.insert((number, id.clone()), Held { day, known: known.clone() });
                }
            }
        }
        held
    }

    /// Notes that a day's document is this one now, which is this blob.
    pub fn note(&mut self, day: Day, blob: BlobId, document: Value<'_>) {
        let resource = |feed: &Feed| document.get("resources")?.get(&feed.resource);
        let known = |feed: &Feed| resource(feed).map(|array| known(feed, self.rules, array));
        let gist = self.feeds.iter().filter_map(|feed| Some((feed.resource.clone(), known(feed)?)));
        self.gists.note(day, blob, gist.collect());
    }

    /// Keeps it for the next run, which is no worse for its loss.
    pub fn keep(&self, archive: &Archive) {
        let _ = archive.keep_gists(&self.gists);
    }
}

/// The activities of a feed in a day document, as far as they can be told apart.
fn known(feed: &Feed, rules: &RecordRules, array: Value<'_>) -> BTreeMap<String, Known> {
    let (mut all, mut reader) = (BTreeMap::new(), Reader::new(feed, rules));
    for item in array.items() {
        let Some(list) = list_of(feed, item) else { continue };
        let Some(id) = entry::id(feed, list) else { continue };
        let substance = reader.substance(list);
        let absent = item.get(ABSENT).filter(|_| !feed.is_bare);
        let names = item.members().chain(absent.into_iter().flat_map(Value::members));
        let parts = names.map(|(name, _)| name.as_str().into_owned()).collect();
        all.insert(id, Known { substance, parts });
    }
    all
}

/// What the resource of a feed has.
pub(super) fn parse(resources: &Resources, feed: &Feed) -> Option<Json> {
    let json = Json::parse(resources.get(&feed.resource)?.as_bytes()).ok()?;
    (json.root().kind() == Kind::Array).then_some(json)
}

/// The entry of the list that an activity holds.
pub(super) fn list_of<'j>(feed: &Feed, item: Value<'j>) -> Option<Value<'j>> {
    if feed.is_bare { Some(item) } else { item.get("list") }
}
