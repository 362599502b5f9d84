//! What a pretend Fitbit knows: what the tracker handed over, what was rewritten, tokens, counts.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};

use super::FitbitOptions;
use crate::model::Clock;
use crate::pretend::server::Service;
use crate::pretend::tokens::{Pair, Tokens};
use crate::pretend::world::Count;
use crate::pretend::{Asked, Misbehaviour};

/// A window of the quota.
const HOUR: i64 = 3_600;

pub(super) struct World {
    pub options: FitbitOptions,
    pub clock: Clock,
    pub faults: Vec<Misbehaviour>,
    pub log: Vec<Asked>,
    pub tokens: Tokens,
    /// Up to when the tracker has handed over; always where nothing is said.
    pub handed_over: Option<DateTime<Utc>>,
    /// Only each nth heart rate of a day is told.
    pub thinned: BTreeMap<NaiveDate, usize>,
    /// The first heart rates of a day are one beat higher.
    pub altered: BTreeMap<NaiveDate, usize>,
    /// Nights without stages.
    pub classic: BTreeSet<NaiveDate>,
    pub is_off: bool,
    /// The last refresh token used and what was given for it: told again until one of these is used.
    pub replay: Option<(String, Pair)>,
    hour: Count,
}

impl World {
    pub fn new(options: FitbitOptions) -> World {
        World {
            clock: Clock::starting_at(options.now),
            faults: Vec::new(),
            log: Vec::new(),
            tokens: Tokens::new(options.seed, options.token_life),
            handed_over: None,
            thinned: BTreeMap::new(),
            altered: BTreeMap::new(),
            classic: BTreeSet::new(),
            is_off: false,
            replay: None,
            hour: Count::default(),
            options,
        }
    }

    /// Up to when anything is known.
    pub fn known_until(&self) -> DateTime<Utc> {
        let now = self.clock.now();
        self.handed_over.map_or(now, |until| until.min(now))
    }

    /// Moves what changes as time goes by without any data changing, in seconds.
    pub fn flicker(&self) -> i64 {
        if self.options.flickers { self.clock.now().timestamp() } else { 0 }
    }

    /// Whether a token opens the API; its use ends the replay of its refreshing.
    pub fn enter(&mut self, access: &str) -> bool {
        if self.replay.as_ref().is_some_and(|(_, pair)| pair.access == access) {
            self.replay = None;
        }
        self.is_good(access)
    }

    /// Counts a request, if the limit allows it.
    pub fn count(&mut self) -> bool {
        let limit = self.options.hour_limit;
        let made = self.made();
        let allowed = *made < limit;
        *made += u32::from(allowed);
        allowed
    }

    /// Leaves so many requests in the hour that runs.
    pub fn leave(&mut self, left: u32) {
        *self.made() = self.options.hour_limit.saturating_sub(left);
    }

    /// Headers as Fitbit spells them.
    pub fn quota_headers(&mut self) -> [(&'static str, i64); 3] {
        let (limit, now) = (self.options.hour_limit, self.clock.now().timestamp());
        [
            ("fitbit-rate-limit-limit", i64::from(limit)),
            ("fitbit-rate-limit-remaining", i64::from(limit.saturating_sub(*self.made()))),
            ("fitbit-rate-limit-reset", HOUR - now.rem_euclid(HOUR)),
        ]
    }

    fn made(&mut self) -> &mut u32 {
        self.hour.of(self.clock.now().timestamp().div_euclid(HOUR))
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
