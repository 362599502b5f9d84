//! What a pretend Google Health knows: the wearer's days and what became of them, tokens, counts.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;

use super::GoogleHealthOptions;
use crate::model::Clock;
use crate::pretend::server::Service;
use crate::pretend::tokens::Tokens;
use crate::pretend::world::Count;
use crate::pretend::{Asked, Misbehaviour};

/// How long a sign-in lasts while the app's consent screen is in testing.
const TESTING: TimeDelta = TimeDelta::seconds(604_799);

pub(super) struct World {
    pub options: GoogleHealthOptions,
    pub clock: Clock,
    pub faults: Vec<Misbehaviour>,
    pub log: Vec<Asked>,
    pub tokens: Tokens,
    /// When the sign-in under way ends.
    pub ends: Option<DateTime<Utc>>,
    /// When the tracker synced last; at this moment where nothing is said.
    pub synced: Option<DateTime<Utc>>,
    /// Days of which more came later: an evening.
    pub late: BTreeSet<NaiveDate>,
    /// Nights without stages.
    pub classic: BTreeSet<NaiveDate>,
    /// Days whose heart rate was thinned out.
    pub thinned: BTreeSet<NaiveDate>,
    /// How many heart rates of a day are other ones now.
    pub altered: BTreeMap<NaiveDate, usize>,
    /// Where the wearer lives from a day on.
    pub moves: BTreeMap<NaiveDate, Tz>,
    /// Refusals of Google's shape: where the path contains this, this status, reason and message.
    pub refusals: Vec<(String, u16, String, String)>,
    /// Data types whose page token never changes.
    pub looping: BTreeSet<String>,
    minute: Count,
    /// Grows with every request: what flickers between requests follows it.
    pub asked: u32,
}

impl World {
    pub fn new(options: GoogleHealthOptions) -> World {
        World {
            clock: Clock::starting_at(options.now),
            tokens: Tokens::new(options.seed, options.token_life),
            faults: Vec::new(),
            log: Vec::new(),
            ends: None,
            synced: None,
            late: BTreeSet::new(),
            classic: BTreeSet::new(),
            thinned: BTreeSet::new(),
            altered: BTreeMap::new(),
            moves: BTreeMap::new(),
            refusals: Vec::new(),
            looping: BTreeSet::new(),
            minute: Count::default(),
            asked: 0,
            options,
        }
    }

    pub fn synced(&self) -> DateTime<Utc> {
        self.synced.unwrap_or_else(|| self.clock.now())
    }

    /// Where the wearer is on a day.
    pub fn zone_of(&self, day: NaiveDate) -> Tz {
        self.moves.range(..=day).next_back().map_or(self.options.zone, |(_, zone)| *zone)
    }

    /// The civil days that there are.
    pub fn days(&self) -> (NaiveDate, NaiveDate) {
        let now = self.clock.now();
        let zone = self.zone_of(now.date_naive());
        (self.options.first_day, now.with_timezone(&zone).date_naive())
    }

    /// Counts a request; tells whether the limit allows it.
    pub fn count(&mut self) -> bool {
        self.asked += u32::from(self.options.flickers);
        let limit = self.options.minute_limit;
        let minute = self.minute.of(self.clock.now().timestamp().div_euclid(60));
        let allowed = *minute < limit;
        *minute += u32::from(allowed);
        allowed
    }

    /// Leaves so many requests in the minute that runs.
    pub fn leave(&mut self, in_minute: u32) {
        let limit = self.options.minute_limit;
        *self.minute.of(self.clock.now().timestamp().div_euclid(60)) = limit.saturating_sub(in_minute);
    }

    /// Begins a sign-in anew.
    pub fn sign_in(&mut self) {
        self.ends = self.options.is_testing.then(|| self.clock.now() + TESTING);
    }

    pub fn allows(&self, scope: &str) -> bool {
        let wanted = format!("https://www.googleapis.com/auth/googlehealth.{scope}.readonly");
        self.options.scope.split(' ').any(|one| one == wanted)
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
    }
}
