//! The activities of a day, written anew from what is held and what came.

use std::collections::BTreeMap;

use super::entry::{self, Place};
use super::held::{ABSENT, list_of, parse};
use crate::json::{Json, Value};
use crate::model::{DayDocument, JsonText};
use crate::providers::{Feed, Part};

/// The text of an activity, and its place among those of its day; none where its entry cannot be read.
#[derive(Clone, Debug)]
pub(super) struct Activity {
    place: Option<Place>,
    text: JsonText,
}

/// The activities of a day by id, with those that cannot be told apart beside them.
pub(super) struct Activities {
    by_id: BTreeMap<String, Activity>,
    others: Vec<Activity>,
}

impl Activities {
    /// Those of a document.
    pub fn of(document: Option<&DayDocument>, feed: &Feed) -> Activities {
        let mut activities = Activities { by_id: BTreeMap::new(), others: Vec::new() };
        let json = document.and_then(|document| parse(&document.resources, feed));
        for item in json.iter().flat_map(|json| json.root().items()) {
            let list = list_of(feed, item);
            let activity = Activity { place: list.map(|list| entry::place(feed, list)), text: JsonText::of(item) };
            match list.and_then(|list| entry::id(feed, list)) {
                Some(id) => {
                    activities.by_id.insert(id, activity);
                }
                None => activities.others.push(activity),
            }
        }
        activities
    }

    /// One of them.
    pub fn get(&self, id: &str) -> Option<&Activity> {
        self.by_id.get(id)
    }

    /// Takes one out.
    pub fn remove(&mut self, id: &str) {
        self.by_id.remove(id);
    }

    /// Puts one in.
    pub fn insert(&mut self, id: &str, activity: Activity) {
        self.by_id.insert(id.to_owned(), activity);
    }

    /// All of them in their order; none where there are none.
    pub fn text(&self) -> Option<JsonText> {
        let mut items: Vec<&Activity> = self.by_id.values().chain(&self.others).collect();
        items.sort_by(|one, other| one.place.cmp(&other.place));
        (!items.is_empty()).then(|| JsonText::array(items.into_iter().map(|item| &item.text)))
    }
}

/// An activity with what was asked for put in. What it held and no run asked for stays.
pub(super) fn assemble(
    feed: &Feed,
    old: Option<&Activity>,
    list: Option<&JsonText>,
    parts: Vec<(&'static str, Part)>,
) -> Option<Activity> {
    let placed = |list: &JsonText| Json::parse(list.as_bytes()).ok().map(|json| entry::place(feed, json.root()));
    let place = list.map_or_else(|| old.and_then(|old| old.place.clone()), placed);
    if feed.is_bare {
        return list.or(old.map(|old| &old.text)).map(|text| Activity { place, text: text.clone() });
    }
    let json = old.and_then(|old| Json::parse(old.text.as_bytes()).ok());
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
        activity.insert(ABSENT.to_owned(), object(&absent));
    }
    Some(Activity { place, text: object(&activity) })
}

fn object(members: &BTreeMap<String, JsonText>) -> JsonText {
    JsonText::object(members.iter().map(|(name, text)| (name.as_str(), text)))
}
