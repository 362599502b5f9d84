//! What a service is that speaks in lists of activities: feeds, pages, the parts of an activity.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::Answer;
use crate::auth::Session;
use crate::http::FetchError;
use crate::json::{Json, Value};
use crate::model::{JsonText, Resources};

/// A service that is asked by lists of activities.
pub trait ActivityProvider: Sync {
    /// The lists to walk for these resources, each whole in every sync.
    fn feeds(&self, account: &Resources, resources: &[String]) -> Vec<Feed>;

    /// Asks for a page of a list, the first where nothing says which.
    fn page<'a>(
        &'a self,
        session: &'a Session,
        feed: &'a Feed,
        at: Option<&'a str>,
    ) -> Answer<'a, Result<Page, FetchError>>;

    /// Asks for a part of an activity.
    fn part<'a>(
        &'a self,
        session: &'a Session,
        feed: &'a Feed,
        id: &'a str,
        part: &'a str,
    ) -> Answer<'a, Result<Part, FetchError>>;

    /// How many requests it takes to ask for a part, at least.
    fn part_requests(&self, _part: &str) -> u64 {
        1
    }

    /// Asks whether an activity that its list lacks is gone at its own address too.
    fn is_gone<'a>(&'a self, session: &'a Session, feed: &'a Feed, id: &'a str)
    -> Answer<'a, Result<bool, FetchError>>;

    /// Asks what the service itself says was changed from `since` up to `now`; nothing where it keeps no log
    /// of that. It comes on top of the lists, which are walked whole all the same.
    fn changes<'a>(
        &'a self,
        _session: &'a Session,
        _account: &'a Resources,
        _since: Option<DateTime<Utc>>,
        _now: DateTime<Utc>,
    ) -> Answer<'a, Result<Changes, FetchError>> {
        Box::pin(async { Ok(Changes::default()) })
    }

    /// Asks for what has no day besides what `open` brought. `held` is what the account document has, with
    /// what `open` brought; `mentioned` are the ids of gear that the lists name. A resource that could not
    /// be had whole, or that did not change, stays out.
    fn account<'a>(
        &'a self,
        session: &'a Session,
        resources: &'a [String],
        held: &'a Resources,
        mentioned: &'a BTreeSet<String>,
    ) -> Answer<'a, Result<Resources, FetchError>>;

    /// How many requests `account` takes.
    fn account_requests(&self, resources: &[String], held: &Resources, mentioned: &BTreeSet<String>) -> u64;

    /// Whether all that was seen under one grant would be seen under another.
    fn covers(&self, seen_under: &str, now: &str) -> bool;
}

/// A list of activities.
#[derive(Clone, Debug)]
pub struct Feed {
    /// The resource of the day document that holds them.
    pub resource: String,
    /// Where the provider keeps it.
    pub place: String,
    /// The member of an entry that tells it apart.
    pub key: &'static str,
    /// The parts of an activity besides its entry in the list.
    pub parts: &'static [&'static str],
    /// Whether the day document holds the entries as they are, without parts.
    pub is_bare: bool,
    /// The local start of an entry, as text that sorts by time and begins with the day.
    pub start: fn(Value<'_>) -> Option<String>,
    /// The members of an entry that say which kind of activity it is; none where there are no kinds.
    pub kinds: &'static [&'static str],
    /// The member of an entry that names what the account document tells of (gear).
    pub mentions: Option<&'static str>,
}

/// A page of a list.
#[derive(Clone, Debug)]
pub struct Page {
    /// The answer.
    pub json: Json,
    /// The member that has the entries; none where the answer is the list itself.
    pub member: Option<&'static str>,
    /// What comes after it.
    pub next: Next,
    /// How many entries the whole list has, where the page says so.
    pub size: Option<u64>,
}

impl Page {
    /// The entries, as they were sent.
    pub fn items(&self) -> impl Iterator<Item = Value<'_>> {
        let root = self.json.root();
        self.member.map_or(Some(root), |name| root.get(name)).into_iter().flat_map(Value::items)
    }
}

/// What comes after a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Another page.
    At(String),
    /// This empty page should be the end; were there anything after it, it would be here.
    EmptyBefore(String),
    /// Nothing.
    End,
}

/// What a service itself says was changed, by what tells entries apart.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// New, or no longer what they were: also where their list does not show it.
    pub modified: BTreeSet<String>,
    /// Gone.
    pub deleted: BTreeSet<String>,
}

/// A part of an activity.
#[derive(Clone, Debug)]
pub enum Part {
    /// As it was sent.
    Told(JsonText),
    /// Lastingly not to be had, for this reason.
    Absent(&'static str),
    /// The activity is still being recorded: another time.
    NotYet,
}
