//! What a pretend Moves knows: the life it tells, what was rewritten, its tokens, its counts.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::fault::Misbehaviour;
use super::life::Life;
use super::server::Service;
use super::story::{Stay, Story};
use super::tokens::{Pair, Tokens};
use super::{Asked, PretendError, PretendOptions};
use crate::model::Clock;

pub(super) struct World {
    pub options: PretendOptions,
    pub clock: Clock,
    pub life: Life,
    pub faults: Vec<Misbehaviour>,
    pub log: Vec<Asked>,
    pub denies: bool,
    tokens: Tokens,
    rewritten: BTreeMap<NaiveDate, Told>,
    minute: Count,
    hour: Count,
}

/// What is told of a rewritten day.
enum Told {
    Story(Story),
    Text(String),
}

/// Requests in the window that runs.
#[derive(Default)]
pub(super) struct Count {
    window: i64,
    made: u32,
}

impl Count {
    pub fn of(&mut self, window: i64) -> &mut u32 {
        if self.window != window {
            *self = Count { window, made: 0 };
        }
        &mut self.made
    }
}

impl World {
    pub fn new(options: PretendOptions) -> World {
        let clock = Clock::starting_at(options.now);
        let tokens = Tokens::new(options.seed, options.token_life);
        let life =
            Life { seed: options.seed, first_day: options.first_day, zone: options.zone, points: options.points };
        World {
            clock,
            life,
            options,
            faults: Vec::new(),
            log: Vec::new(),
            denies: false,
            tokens,
            rewritten: BTreeMap::new(),
            minute: Count::default(),
            hour: Count::default(),
        }
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// The running day in the person's zone.
    pub fn today(&self) -> NaiveDate {
        self.now().with_timezone(&self.options.zone).date_naive()
    }

    /// A day's JSON and when it was last changed.
    pub fn day(&self, date: NaiveDate, track_points: bool) -> (String, Option<DateTime<Utc>>) {
        match self.rewritten.get(&date) {
            Some(Told::Text(text)) => (text.clone(), None),
            Some(Told::Story(story)) => self.so_far(story.clone(), track_points),
            None => self.so_far(self.life.day(date), track_points),
        }
    }

    /// A story as far as it is known.
    fn so_far(&self, mut story: Story, track_points: bool) -> (String, Option<DateTime<Utc>>) {
        if let Some(segments) = story.segments.as_mut().filter(|_| self.options.uploads) {
            let now = self.now();
            segments.retain(|segment| segment.last_update <= now);
        }
        (story.json(self.options.zone, track_points), story.updated())
    }

    // Rewriting the past.

    /// Changes the story of a day and stamps it as changed now.
    pub fn rewrite(
        &mut self,
        date: NaiveDate,
        change: impl FnOnce(&mut Story, DateTime<Utc>) -> Option<()>,
    ) -> Result<(), PretendError> {
        let mut story = match self.rewritten.remove(&date) {
            Some(Told::Story(story)) => story,
            Some(Told::Text(_)) | None => self.life.day(date),
        };
        let now = self.now();
        let changed = change(&mut story, now);
        story.last_update = changed.map(|()| now).or(story.last_update);
        self.rewritten.insert(date, Told::Story(story));
        changed.ok_or(PretendError::NothingThere { day: date })
    }

    pub fn replace(&mut self, date: NaiveDate, text: String) {
        self.rewritten.insert(date, Told::Text(text));
    }

    pub fn restore(&mut self, date: NaiveDate) {
        self.rewritten.remove(&date);
    }

    // Tokens.

    pub fn new_code(&mut self, redirect: String) -> String {
        let now = self.now();
        self.tokens.new_code(redirect, now)
    }

    /// Takes a code back, which counts once, from the one who asked for it.
    pub fn take_code(&mut self, code: &str, redirect: &str) -> bool {
        let now = self.now();
        self.tokens.take_code(code, redirect, now)
    }

    /// Takes a refresh token back; with it die all tokens of the sign-in.
    pub fn take_refresh(&mut self, token: &str) -> bool {
        self.tokens.take_refresh(token)
    }

    pub fn new_tokens(&mut self) -> Pair {
        let now = self.now();
        self.tokens.new_pair(now)
    }

    pub fn opens(&self, access: &str) -> Option<TimeDelta> {
        self.tokens.opens(access, self.now())
    }

    pub fn expire(&mut self) {
        self.tokens.expire();
    }

    // Quota.

    /// Counts a request, if the limits allow it.
    pub fn count(&mut self) -> bool {
        let (minute_limit, hour_limit) = (self.options.minute_limit, self.options.hour_limit);
        let (minute, hour) = self.counts();
        let allowed = *minute < minute_limit && *hour < hour_limit;
        if allowed {
            *minute += 1;
            *hour += 1;
        }
        allowed
    }

    /// Leaves so many requests in the minute and in the hour that run.
    pub fn leave(&mut self, in_minute: u32, in_hour: u32) {
        let (minute_limit, hour_limit) = (self.options.minute_limit, self.options.hour_limit);
        let (minute, hour) = self.counts();
        *minute = minute_limit.saturating_sub(in_minute);
        *hour = hour_limit.saturating_sub(in_hour);
    }

    pub fn quota_headers(&mut self) -> [(&'static str, u32); 4] {
        let (minute_limit, hour_limit) = (self.options.minute_limit, self.options.hour_limit);
        let (minute, hour) = self.counts();
        [
            ("x-ratelimit-minutelimit", minute_limit),
            ("x-ratelimit-minuteremaining", minute_limit.saturating_sub(*minute)),
            ("x-ratelimit-hourlimit", hour_limit),
            ("x-ratelimit-hourremaining", hour_limit.saturating_sub(*hour)),
        ]
    }

    fn counts(&mut self) -> (&mut u32, &mut u32) {
        let now = self.now().timestamp();
        (self.minute.of(now.div_euclid(60)), self.hour.of(now.div_euclid(3_600)))
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
        self.opens(access).is_some()
    }

    fn revoke(&mut self) {
        self.tokens.revoke();
    }
}

/// A segment more: a walk in the middle of the day's longest stay, uploaded late.
pub(super) fn add_segment(story: &mut Story, now: DateTime<Utc>) -> Option<()> {
    let segments = story.segments.as_mut()?;
    let at = (0..segments.len()).filter(|at| matches!(segments[*at].stay, Stay::Move)).min()?;
    let mut late = segments.get(at)?.clone();
    let (begin, end) = (segments.get(at + 1)?.start, segments.get(at + 1)?.end);
    let shift = (end - begin) / 2 + (begin - late.start);
    late.start += shift;
    late.end += shift;
    late.last_update = now;
    for activity in &mut late.activities {
        activity.start += shift;
        activity.end += shift;
        for point in &mut activity.points {
            point.time += shift;
        }
    }
    segments.insert(at + 2, late);
    Some(())
}

/// A later end for the first stay that lies within the day.
pub(super) fn alter_segment(story: &mut Story, now: DateTime<Utc>) -> Option<()> {
    let segments = story.segments.as_mut()?;
    let inner = segments.len().checked_sub(1)?;
    let segment = segments[..inner].iter_mut().skip(1).find(|segment| matches!(segment.stay, Stay::Place(_)))?;
    segment.end += TimeDelta::seconds(1_021);
    segment.last_update = now;
    Some(())
}

/// Without its last move.
pub(super) fn lose_segment(story: &mut Story, _: DateTime<Utc>) -> Option<()> {
    let segments = story.segments.as_mut()?;
    let at = segments.iter().rposition(|segment| matches!(segment.stay, Stay::Move))?;
    segments.remove(at);
    Some(())
}

/// With nothing recorded.
pub(super) fn empty(story: &mut Story, _: DateTime<Utc>) -> Option<()> {
    story.segments.take().map(|_| ())
}
