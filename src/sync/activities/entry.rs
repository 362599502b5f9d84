//! An entry of a list: which activity it is, where it belongs, what it says.

use crate::json::{self, Json, JsonError, RecordRules, Value};
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

impl Entry {
    /// Reads an entry of a feed.
    ///
    /// # Errors
    /// What keeps it from being put anywhere.
    pub fn read(feed: &Feed, rules: &RecordRules, item: &JsonText) -> Result<Entry, Unplaced> {
        let unplaced = |id: Option<&str>, problem: String| Unplaced { id: id.map(str::to_owned), problem };
        let nameless = || unplaced(None, format!("an entry of the list of {} has no {}", feed.resource, feed.key));
        // A list has thousands of them: each is parsed once, where it will stand.
        let json = in_place(feed, item).map_err(|error| unplaced(None, error.to_string()))?;
        let standing = json.root().get(&feed.resource).and_then(|items| items.items().next());
        let root = standing.and_then(|item| if feed.is_bare { Some(item) } else { item.get("list") });
        let root = root.ok_or_else(nameless)?;
        let id = id(feed, root).ok_or_else(nameless)?;
        let day = (feed.start)(root).and_then(|start| day_of(&start));
        let day = day.ok_or_else(|| {
            unplaced(Some(&id), format!("the list of {} tells no day that can be read of {id}", feed.resource))
        })?;
        let word = |name: &str| root.get(name).and_then(|word| word.as_str()).map(|word| word.into_owned());
        let kinds = feed.kinds.iter().filter_map(|name| word(name)).collect();
        let (substance, mention) = (said(&json, rules), feed.mentions.and_then(word));
        Ok(Entry { day, list: item.clone(), substance, kinds, mention, id })
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

/// Tells what an entry says, volatile members aside: equal for two entries that say the same.
pub(super) fn substance(feed: &Feed, rules: &RecordRules, list: &JsonText) -> Result<String, JsonError> {
    Ok(said(&in_place(feed, list)?, rules))
}

/// The resources of a day that has this entry alone: the rules go by the place.
fn in_place(feed: &Feed, list: &JsonText) -> Result<Json, JsonError> {
    let item = if feed.is_bare { list.clone() } else { JsonText::object([("list", list)]) };
    let resources = JsonText::object([(feed.resource.as_str(), JsonText::array([&item]))]);
    Json::parse(resources.as_bytes())
}

fn said(resources: &Json, rules: &RecordRules) -> String {
    ContentHash::of(&json::substance(resources.root(), rules)).to_string()
}
