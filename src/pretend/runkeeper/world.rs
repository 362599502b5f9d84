//! What a pretend Runkeeper knows: the items of its feeds, what was changed when, its tokens.

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};

use super::RunkeeperOptions;
use crate::model::Clock;
use crate::pretend::server::Service;
use crate::pretend::tokens::Tokens;
use crate::pretend::{Asked, Misbehaviour};

/// A feed.
#[derive(Debug)]
pub(super) struct Feed {
    /// The name that `/user` gives it.
    pub name: &'static str,
    /// Its address.
    pub path: &'static str,
    /// The type of its pages.
    pub kind: &'static str,
    /// The type of its items.
    pub item: &'static str,
    /// The member of an item that tells its time.
    pub time: &'static str,
}

pub(super) static FEEDS: [Feed; 8] = [
    activities("fitness_activities", "/fitnessActivities", "FitnessActivityFeed", "FitnessActivity"),
    activities(
        "strength_training_activities",
        "/strengthTrainingActivities",
        "StrengthTrainingActivityFeed",
        "StrengthTrainingActivity",
    ),
    sets("background_activities", "/backgroundActivities", "BackgroundActivitySetFeed", "BackgroundActivitySet"),
    sets("sleep", "/sleep", "SleepSetFeed", "SleepSet"),
    sets("nutrition", "/nutrition", "NutritionSetFeed", "NutritionSet"),
    sets("weight", "/weight", "WeightSetFeed", "WeightSet"),
    sets("general_measurements", "/generalMeasurements", "GeneralMeasurementSetFeed", "GeneralMeasurementSet"),
    sets("diabetes", "/diabetes", "DiabetesMeasurementSetFeed", "DiabetesMeasurementSet"),
];

const fn activities(name: &'static str, path: &'static str, kind: &'static str, item: &'static str) -> Feed {
    Feed { name, path, kind, item, time: "start_time" }
}

const fn sets(name: &'static str, path: &'static str, kind: &'static str, item: &'static str) -> Feed {
    Feed { name, path, kind, item, time: "timestamp" }
}

/// Something that it keeps.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub feed: &'static Feed,
    pub uri: String,
    /// The wall clock.
    pub start: NaiveDateTime,
    /// More members, beginning with a comma.
    pub more: String,
    pub notes: String,
    pub is_live: bool,
}

/// Something that was changed, or is gone.
pub(super) struct Change {
    pub at: DateTime<Utc>,
    pub feed: &'static Feed,
    pub uri: String,
    pub is_deleted: bool,
}

pub(super) struct World {
    pub options: RunkeeperOptions,
    pub clock: Clock,
    /// Newest first.
    pub items: Vec<Item>,
    pub changes: Vec<Change>,
    pub faults: Vec<Misbehaviour>,
    pub log: Vec<Asked>,
    pub tokens: Tokens,
    pub latin: bool,
    pub size_lies_by: u64,
    pub denies: bool,
    pub is_revoked: bool,
    /// How many requests it still answers, if there is a limit.
    pub left: Option<u32>,
    made: u32,
}

impl World {
    pub fn new(options: RunkeeperOptions) -> World {
        World {
            clock: Clock::starting_at(options.now),
            items: Vec::new(),
            changes: Vec::new(),
            faults: Vec::new(),
            log: Vec::new(),
            // Tokens stay good until the person takes the permission back.
            tokens: Tokens::new(options.user, TimeDelta::days(36_500)),
            latin: false,
            size_lies_by: 0,
            denies: false,
            is_revoked: false,
            left: None,
            made: 0,
            options,
        }
    }

    /// Adds to the feed at an address; tells the address of what was added, none where there is no such feed.
    pub fn add(&mut self, feed: &str, start: NaiveDateTime, more: &str) -> Option<String> {
        let feed = FEEDS.iter().find(|known| known.path == feed)?;
        self.made += 1;
        let uri = format!("{}/{}", feed.path, 1_000 + self.made);
        let (more, notes) = (more.to_owned(), "by the river".to_owned());
        self.items.push(Item { feed, uri: uri.clone(), start, more, notes, is_live: false });
        self.sort();
        Some(uri)
    }

    /// Adds as `add` does, and notes it in the log.
    pub fn upload(&mut self, feed: &str, start: NaiveDateTime, more: &str) -> Option<String> {
        let uri = self.add(feed, start, more)?;
        self.alter(&uri, |_| {});
        Some(uri)
    }

    pub fn alter(&mut self, uri: &str, change: impl FnOnce(&mut Item)) -> bool {
        let Some(item) = self.items.iter_mut().find(|item| item.uri == uri) else { return false };
        change(item);
        let feed = item.feed;
        self.note(feed, uri, false);
        self.sort();
        true
    }

    pub fn delete(&mut self, uri: &str) -> bool {
        let Some(at) = self.items.iter().position(|item| item.uri == uri) else { return false };
        let item = self.items.remove(at);
        self.note(item.feed, uri, true);
        true
    }

    pub fn new_token(&mut self) -> String {
        self.is_revoked = false;
        let now = self.clock.now();
        self.tokens.new_pair(now).access
    }

    fn note(&mut self, feed: &'static Feed, uri: &str, is_deleted: bool) {
        let at = self.clock.now();
        self.changes.push(Change { at, feed, uri: uri.to_owned(), is_deleted });
    }

    fn sort(&mut self) {
        self.items.sort_by_key(|item| std::cmp::Reverse(item.start));
    }
}

impl Service for World {
    fn faults(&mut self) -> &mut Vec<Misbehaviour> {
        &mut self.faults
    }

    fn log(&mut self) -> &mut Vec<Asked> {
        &mut self.log
    }

    fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    fn is_good(&self, access: &str) -> bool {
        self.tokens.opens(access, self.clock.now()).is_some()
    }

    fn revoke(&mut self) {
        self.tokens.revoke();
        self.is_revoked = true;
    }
}
