//! When each day was last asked for: local knowledge, whose loss costs time, never data.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use chrono::{DateTime, Datelike, Utc};

use super::durable::replace_memory;
use super::{Archive, ArchiveError};
use crate::model::{Day, ProviderName};

/// When each day of a provider was last asked for and answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    days: BTreeMap<Day, Asked>,
    /// Days that were asked for before the device had handed over all of them, each with the time up to
    /// which it had.
    incomplete: BTreeMap<Day, i64>,
    /// Days held of which more must be asked for, though they are settled.
    owed: BTreeSet<Day>,
    /// What the person allows, and the how manieth such it is.
    grant: (u32, String),
    /// When a sync last went through, in seconds since 1970.
    last: Option<i64>,
    /// Up to when the provider's own log of changes was heeded, in seconds since 1970.
    changes: Option<i64>,
}

/// A day was asked for and answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Asked {
    /// When, in seconds since 1970.
    time: i64,
    /// Under the how manieth grant.
    grant: u32,
}

impl Archive {
    /// What is known of a provider's checks. What cannot be read counts as never checked.
    pub fn checked(&self, provider: &ProviderName) -> Checked {
        Checked::read(&std::fs::read_to_string(self.checked_file(provider)).unwrap_or_default())
    }

    /// Keeps what is known of a provider's checks.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn keep_checked(&self, provider: &ProviderName, checked: &Checked) -> Result<(), ArchiveError> {
        replace_memory(&self.checked_file(provider), checked.text().as_bytes(), &self.scratch())
    }

    fn checked_file(&self, provider: &ProviderName) -> PathBuf {
        self.local().join("checked").join(provider.as_str())
    }
}

impl Checked {
    /// Reads what `text` wrote. A line that cannot be read says nothing.
    pub(super) fn read(text: &str) -> Checked {
        let mut checked = Checked::default();
        for (day, time) in text.lines().filter_map(|line| line.split_once(' ')) {
            if day == "grant" {
                let grant = time.split_once(' ').and_then(|(number, grant)| Some((number.parse().ok()?, grant)));
                checked.grant = grant.map(|(number, grant)| (number, on_one_line(grant))).unwrap_or_default();
                continue;
            }
            if day == "owed" {
                checked.owed.extend(time.parse::<Day>());
                continue;
            }
            if let Some((day, until)) = time.split_once(' ').filter(|_| day == "incomplete") {
                if let (Ok(day), Ok(until)) = (day.parse(), until.parse()) {
                    checked.incomplete.insert(day, until);
                }
                continue;
            }
            let (time, grant) = time.split_once(' ').unwrap_or((time, "0"));
            let (Ok(time), Ok(grant)) = (time.parse(), grant.parse()) else { continue };
            match day.parse() {
                Ok(day) => {
                    checked.days.insert(day, Asked { time, grant });
                }
                Err(_) if day == "sync" => checked.last = Some(time),
                Err(_) if day == "changes" => checked.changes = Some(time),
                Err(_) => {}
            }
        }
        checked
    }

    /// The text of it, a line for each thing known.
    pub(super) fn text(&self) -> String {
        let mut text: String =
            self.days.iter().map(|(day, Asked { time, grant })| format!("{day} {time} {grant}\n")).collect();
        text.extend(self.incomplete.iter().map(|(day, until)| format!("incomplete {day} {until}\n")));
        text.extend(self.owed.iter().map(|day| format!("owed {day}\n")));
        if let (number @ 1.., grant) = &self.grant {
            text.push_str(&format!("grant {number} {grant}\n"));
        }
        for (word, time) in [("sync", self.last), ("changes", self.changes)] {
            text.extend(time.map(|time| format!("{word} {time}\n")));
        }
        text
    }

    /// Notes that a day was asked for and answered.
    pub fn day(&mut self, day: Day, time: DateTime<Utc>) {
        self.days.insert(day, Asked { time: time.timestamp(), grant: self.grant.0 });
    }

    /// Notes that a day was asked for before the device had handed over all of it: up to `until` it had.
    pub fn incomplete(&mut self, day: Day, until: DateTime<Utc>) {
        self.incomplete.insert(day, until.timestamp());
    }

    /// Notes that the device had handed over all of a day when it was asked for.
    pub fn complete(&mut self, day: Day) {
        self.incomplete.remove(&day);
    }

    /// Notes that a day held is to be asked for until an answer comes that can be used.
    pub fn owe(&mut self, day: Day) {
        self.owed.insert(day);
    }

    /// Notes that an answer came for a day, with all there will be of it.
    pub fn settle(&mut self, day: Day) {
        self.owed.remove(&day);
    }

    /// The days held that are still to be asked for.
    pub fn owed(&self) -> impl Iterator<Item = Day> {
        self.owed.iter().copied()
    }

    /// The incomplete days for which it is worth asking again, now that the device has handed over what it
    /// recorded up to `until`.
    pub fn handed_over(&self, until: DateTime<Utc>) -> impl Iterator<Item = Day> {
        let until = until.timestamp();
        self.incomplete.iter().filter(move |(_, then)| **then < until).map(|(day, _)| *day)
    }

    /// Whether any day is known to have been asked for.
    pub fn is_empty(&self) -> bool {
        self.days.is_empty()
    }

    /// Notes what the person allows now.
    pub fn grant(&mut self, grant: &str) {
        let grant = on_one_line(grant);
        if self.grant.0 == 0 || self.grant.1 != grant {
            self.grant = (self.grant.0.saturating_add(1), grant);
        }
    }

    /// Whether a day was asked for under what the person allows now.
    pub fn is_of_grant(&self, day: Day) -> bool {
        self.days.get(&day).is_some_and(|asked| asked.grant == self.grant.0)
    }

    /// Notes that a sync went through.
    pub fn sync(&mut self, time: DateTime<Utc>) {
        self.last = Some(time.timestamp());
    }

    /// When a sync last went through.
    pub fn last_sync(&self) -> Option<DateTime<Utc>> {
        told(self.last?)
    }

    /// Notes that all was heeded that the provider's log of changes told up to this time.
    pub fn heed_changes(&mut self, time: DateTime<Utc>) {
        self.changes = Some(time.timestamp());
    }

    /// Up to when the provider's own log of changes was heeded.
    pub fn changes(&self) -> Option<DateTime<Utc>> {
        told(self.changes?)
    }

    /// These days, the one checked longest ago first; those never checked come before all, oldest first.
    pub fn longest_ago(&self, days: impl Iterator<Item = Day>) -> Vec<Day> {
        let mut days: Vec<_> =
            days.map(|day| (self.days.get(&day).map_or(i64::MIN, |asked| asked.time), day)).collect();
        days.sort_unstable();
        days.into_iter().map(|(_, day)| day).collect()
    }
}

/// A grant holds no line break but by malice; a line that lies must not be written.
fn on_one_line(grant: &str) -> String {
    grant.replace(['\n', '\r'], " ")
}

/// The time of so many seconds; none where a damaged file says what no sync ever wrote, and nothing could be
/// reckoned with it.
fn told(seconds: i64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(seconds, 0).filter(|time| (1970..=9999).contains(&time.year()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_that_no_sync_wrote_are_not_told() {
        let checked = Checked::read("changes -8334601228800\nsync 8210266876799\n");
        assert_eq!((checked.changes(), checked.last_sync()), (None, None));
        assert!(Checked::read("sync 1436594400\n").last_sync().is_some());
    }
}
