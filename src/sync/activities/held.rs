//! What the archive holds of each activity, and its document's text anew.

use std::collections::{BTreeMap, BTreeSet};

use super::entry;
use super::plan::Key;
use crate::archive::{Archive, ArchiveError, BlobId};
use crate::json::{Json, Kind, Value};
use crate::model::{Day, DayDocument, JsonText, ProviderName, Resources};
use crate::providers::{Feed, Part};

/// The member of an activity that says what is lastingly not to be had of it.
const ABSENT: &str = "absent";

/// What the archive holds of one activity.
#[derive(Clone, Debug)]
pub(super) struct Held {
    pub day: Day,
    pub list: JsonText,
    /// The parts that are there, or lastingly not to be had.
    pub parts: BTreeSet<String>,
}

/// What the archive holds of the activities of these feeds. Days that cannot be read stay out.
pub(super) fn index(
    archive: &Archive,
    name: &ProviderName,
    days: &BTreeMap<Day, BlobId>,
    feeds: &[Feed],
) -> Result<BTreeMap<Key, Held>, ArchiveError> {
    let mut held = BTreeMap::new();
    for (day, blob) in days {
        let Ok(document) = DayDocument::read(&archive.blob(*blob)?, name, *day) else { continue };
        for (number, feed) in feeds.iter().enumerate() {
            let Some(json) = parse(&document.resources, feed) else { continue };
            for item in json.root().items() {
                let Some(list) = list_of(feed, item) else { continue };
                let Some(id) = entry::id(feed, list) else { continue };
                let absent = item.get(ABSENT).filter(|_| !feed.is_bare);
                let names = item.members().chain(absent.into_iter().flat_map(Value::members));
                let parts = names.map(|(name, _)| name.as_str().into_owned()).collect();
                held.insert((number, id), Held { day: *day, list: JsonText::of(list), parts });
            }
        }
    }
    Ok(held)
}

fn parse(resources: &Resources, feed: &Feed) -> Option<Json> {
    let json = Json::parse(resources.get(&feed.resource)?.as_bytes()).ok()?;
    (json.root().kind() == Kind::Array).then_some(json)
}

fn list_of<'j>(feed: &Feed, item: Value<'j>) -> Option<Value<'j>> {
    if feed.is_bare { Some(item) } else { item.get("list") }
}

/// The activities of a day as text, by id, with those that cannot be told apart beside them.
pub(super) struct Activities {
    by_id: BTreeMap<String, JsonText>,
    others: Vec<JsonText>,
}

impl Activities {
    /// Those of a document.
    pub fn of(document: Option<&DayDocument>, feed: &Feed) -> Activities {
        let mut activities = Activities { by_id: BTreeMap::new(), others: Vec::new() };
        let json = document.and_then(|document| parse(&document.resources, feed));
        for item in json.iter().flat_map(|json| json.root().items()) {
            match list_of(feed, item).and_then(|list| entry::id(feed, list)) {
                Some(id) => {
                    activities.by_id.insert(id, JsonText::of(item));
                }
                None => activities.others.push(JsonText::of(item)),
            }
        }
        activities
    }

    /// One of them.
    pub fn get(&self, id: &str) -> Option<&JsonText> {
        self.by_id.get(id)
    }

    /// Takes one out.
    pub fn remove(&mut self, id: &str) {
        self.by_id.remove(id);
    }

    /// Puts one in.
    pub fn insert(&mut self, id: &str, activity: JsonText) {
        self.by_id.insert(id.to_owned(), activity);
    }

    /// All of them in their order; none where there are none.
    pub fn text(&self, feed: &Feed) -> Option<JsonText> {
        let place = |item: &JsonText| {
            let json = Json::parse(item.as_bytes()).ok();
            let list = json.as_ref().and_then(|json| list_of(feed, json.root()));
            list.map(|list| entry::place(feed, list))
        };
        let mut items: Vec<_> = self.by_id.values().chain(&self.others).map(|item| (place(item), item)).collect();
        items.sort_by(|(one, _), (other, _)| one.cmp(other));
        (!items.is_empty()).then(|| JsonText::array(items.into_iter().map(|(_, item)| item)))
    }
}

/// An activity with what was asked for put in. What it held and no run asked for stays.
pub(super) fn assemble(
    feed: &Feed,
    old: Option<&JsonText>,
    list: Option<&JsonText>,
    parts: Vec<(&'static str, Part)>,
) -> Option<JsonText> {
    if feed.is_bare {
        return list.or(old).cloned();
    }
    let json = old.and_then(|old| Json::parse(old.as_bytes()).ok());
    let members = |value: Option<Value<'_>>| -> BTreeMap<String, JsonText> {
        let members = value.into_iter().flat_map(Value::members);
        members.map(|(name, value)| (name.as_str().into_owned(), JsonText::of(value))).collect()
    };
    let root = json.as_ref().map(Json::root);
    let mut activity = members(root);
    let mut absent = members(root.and_then(|root| root.get(ABSENT)));
    if let Some(list) = list {
        activity.insert("list".to_owned(), list.clone());
    }
    for (name, part) in parts {
        match part {
            Part::Told(text) => {
                absent.remove(name);
                activity.insert(name.to_owned(), text);
            }
            Part::Absent(reason) if !activity.contains_key(name) => {
                absent.insert(name.to_owned(), JsonText::string(reason));
            }
            Part::Absent(_) | Part::NotYet => {}
        }
    }
    activity.remove(ABSENT);
    if !absent.is_empty() {
        activity.insert(
            ABSENT.to_owned(),
            JsonText::object(absent.iter().map(|(name, text)| (name.as_str(), text.clone()))),
        );
    }
    Some(JsonText::object(activity.iter().map(|(name, text)| (name.as_str(), text.clone()))))
}
