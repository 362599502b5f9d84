//! The one clock: the machine's, or one set by `FITSNAP_NOW` that runs on from there.

use std::time::{Duration, Instant};

use chrono::{DateTime, SecondsFormat, Utc};

/// Tells the time. Commit times, windows and waits all follow it.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: DateTime<Utc>,
    since: Instant,
    pinned: bool,
}

/// `FITSNAP_NOW` cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("FITSNAP_NOW is \"{0}\", which is no time; write it as RFC 3339, like 2015-07-11T06:00:00Z")]
pub struct ClockError(String);

impl Clock {
    /// The machine's clock.
    #[allow(clippy::disallowed_methods, reason = "the one place that asks the machine for the time")]
    pub fn machine() -> Clock {
        Clock { start: Utc::now(), since: Instant::now(), pinned: false }
    }

    /// A clock that shows `start` now and runs on.
    pub fn starting_at(start: DateTime<Utc>) -> Clock {
        Clock { start, since: Instant::now(), pinned: true }
    }

    /// The clock that the value of `FITSNAP_NOW` asks for: the machine's where it is not set.
    pub fn from_setting(setting: Option<&str>) -> Result<Clock, ClockError> {
        match setting {
            None | Some("") => Ok(Clock::machine()),
            Some(text) => DateTime::parse_from_rfc3339(text)
                .map(|time| Clock::starting_at(time.to_utc()))
                .map_err(|_| ClockError(text.to_owned())),
        }
    }

    /// The time now.
    pub fn now(&self) -> DateTime<Utc> {
        let run = chrono::Duration::from_std(self.since.elapsed()).unwrap_or_default();
        self.start.checked_add_signed(run).unwrap_or(self.start)
    }

    /// Whether `FITSNAP_NOW` set it: then no other clock (a server's `Date`) is better.
    pub fn is_pinned(&self) -> bool {
        self.pinned
    }

    /// How long it is until `time`; nothing when that has passed.
    pub fn until(&self, time: DateTime<Utc>) -> Duration {
        (time - self.now()).to_std().unwrap_or_default()
    }
}

/// A moment as fitsnap writes it in data: RFC 3339, UTC, whole seconds.
pub fn timestamp(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}
