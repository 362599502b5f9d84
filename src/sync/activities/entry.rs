//! An entry of a list: which activity it is, where it belongs, what it says.

use crate::json::{PathStep, RecordRules, Substance, Value};
use crate::model::{ContentHash, Day, JsonText};
use crate::providers::Feed;

/// An activity as its list tells it.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub id: String,
    /// The calendar day of its local start.
    pub day: Day,
    pub list: JsonText,
    /// Tells what it says, volatile members aside.
    pub substance: String,
    /// Which kinds of activity it is.
    pub kinds: Vec<String>,
    /// The gear it names.
    pub mention: Option<String>,
}

/// An entry that belongs nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unplaced {
    /// Its id, if it has one.
    pub id: Option<String>,
    pub problem: String,
}

/// Reads what the list of a feed tells.
pub(super) struct Reader<'a> {
    feed: &'a Feed,
    said: Substance,
}

impl<'a> Reader<'a> {
    /// Of this feed, by these rules.
    pub fn new(feed: &'a Feed, rules: &RecordRules) -> Reader<'a> {
        Reader { feed, said: Substance::new(rules) }
    }

    /// Reads an entry.
    ///
    /// # Errors
    /// What keeps it from being put anywhere.
    pub fn entry(&mut self, item: Value<'_>) -> Result<Entry, Unplaced> {
        let feed = self.feed;
        let unplaced = |id: Option<&str>, problem: String| Unplaced { id: id.map(str::to_owned), problem };
        let nameless = || unplaced(None, format!("an entry of the list of {} has no {}", feed.resource, feed.key));
        let id = id(feed, item).ok_or_else(nameless)?;
        let day = (feed.start)(item).and_then(|start| day_of(&start));
        let day = day.ok_or_else(|| {
            unplaced(Some(&id), format!("the list of {} tells no day that can be read of {id}", feed.resource))
        })?;
        let word = |name: &str| item.get(name).and_then(|word| word.as_str()).map(|word| word.into_owned());
        let kinds = feed.kinds.iter().filter_map(|name| word(name)).collect();
        let (substance, mention) = (self.substance(item), feed.mentions.and_then(word));
        Ok(Entry { day, list: JsonText::of(item), substance, kinds, mention, id })
    }

    /// Tells what an entry says, volatile members aside: equal for two entries that say the same.
    pub fn substance(&mut self, item: Value<'_>) -> String {
        let way = [PathStep::Member(&self.feed.resource), PathStep::Item, PathStep::Member("list")];
        let way = if self.feed.is_bare { &way[..2] } else { &way };
        ContentHash::of(&self.said.of(way, item)).to_string()
    }
}

/// What tells an entry apart.
pub(super) fn id(feed: &Feed, entry: Value<'_>) -> Option<String> {
    let id = entry.get(feed.key)?;
    Some(id.as_number().or_else(|| id.as_str())?.into_owned()).filter(|id| !id.is_empty())
}

fn day_of(start: &str) -> Option<Day> {
    start.get(..10)?.parse().ok()
}

/// The place of an activity among those of its day: by start, then by id, numbers by their value.
pub(super) type Place = (String, usize, String);

/// The place of the activity of this entry.
pub(super) fn place(feed: &Feed, entry: Value<'_>) -> Place {
    let id = id(feed, entry).unwrap_or_default();
    let digits = if id.bytes().all(|byte| byte.is_ascii_digit()) { id.len() } else { usize::MAX };
    ((feed.start)(entry).unwrap_or_default(), digits, id)
}
