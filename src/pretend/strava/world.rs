//! What a pretend Strava knows: activities, what was rewritten, its counts.

use std::fmt::Write;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};

use super::StravaOptions;
use crate::model::Clock;
use crate::pretend::server::Service;
use crate::pretend::tokens::Tokens;
use crate::pretend::world::Count;
use crate::pretend::{Asked, Misbehaviour};

/// Local time is so far ahead of UTC, summer and winter.
const OFFSET: TimeDelta = TimeDelta::hours(2);

/// Something that happens while the list is walked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meanwhile {
    /// An activity is uploaded, of this day.
    Upload(NaiveDate),
    /// An activity is deleted.
    Delete(u64),
}

/// One activity.
#[derive(Clone, Debug)]
pub(super) struct Activity {
    pub id: u64,
    pub name: String,
    pub sport: String,
    /// The wall clock.
    pub start: NaiveDateTime,
    pub seconds: i64,
    pub distance: u64,
    pub kudos: u32,
    pub gear: &'static str,
    pub is_private: bool,
    pub is_manual: bool,
    pub is_hidden: bool,
}

pub(super) struct World {
    pub options: StravaOptions,
    pub clock: Clock,
    /// Newest first.
    pub activities: Vec<Activity>,
    pub faults: Vec<Misbehaviour>,
    pub log: Vec<Asked>,
    pub tokens: Tokens,
    pub meanwhile: Vec<(usize, Meanwhile)>,
    pub is_off: bool,
    quarter: Count,
    day: Count,
    /// Grows with every request: what flickers between requests follows it.
    pub asked: u32,
}

impl World {
    pub fn new(options: StravaOptions) -> World {
        let first = options.now.date_naive();
        let day = |number: usize| first - TimeDelta::days(1 + 2 * number as i64);
        let activities = (0..options.activities).map(|number| activity(options.seed, number as u64, day(number)));
        World {
            clock: Clock::starting_at(options.now),
            activities: activities.collect(),
            tokens: Tokens::new(options.seed, options.token_life),
            faults: Vec::new(),
            log: Vec::new(),
            meanwhile: Vec::new(),
            is_off: false,
            quarter: Count::default(),
            day: Count::default(),
            asked: 0,
            options,
        }
    }

    fn sort(&mut self) {
        self.activities.sort_by_key(|one| std::cmp::Reverse((one.start, one.id)));
    }

    pub fn upload(&mut self, day: NaiveDate) -> u64 {
        let number = self.activities.iter().map(|one| one.id).max().unwrap_or(FIRST_ID) - FIRST_ID + 1;
        let mut new = activity(self.options.seed, 0, day);
        new.id = FIRST_ID + number;
        new.start += TimeDelta::hours(3);
        let id = new.id;
        self.activities.push(new);
        self.sort();
        id
    }

    /// Changes an activity; tells whether there is one.
    pub fn alter(&mut self, id: u64, change: impl FnOnce(&mut Activity)) -> bool {
        let Some(one) = self.activities.iter_mut().find(|one| one.id == id) else { return false };
        change(one);
        self.sort();
        true
    }

    pub fn delete(&mut self, id: u64) {
        self.activities.retain(|one| one.id != id);
    }

    /// What the scope of the sign-in shows.
    pub fn sees(&self, one: &Activity) -> bool {
        !one.is_private || self.options.scope.contains("activity:read_all")
    }

    pub fn happen(&mut self, page: usize) {
        let (now, later) = std::mem::take(&mut self.meanwhile).into_iter().partition(|(after, _)| *after == page);
        self.meanwhile = later;
        let now: Vec<(usize, Meanwhile)> = now;
        for (_, what) in now {
            match what {
                Meanwhile::Upload(day) => drop(self.upload(day)),
                Meanwhile::Delete(id) => self.delete(id),
            }
        }
    }

    /// Counts a request; tells whether the limits allow it. Refused ones count for the day too.
    pub fn count(&mut self) -> bool {
        self.asked += u32::from(self.options.flickers);
        let (quarter_limit, day_limit) = (self.options.quarter_limit, self.options.day_limit);
        let (quarter, day) = self.counts();
        let allowed = *quarter < quarter_limit && *day < day_limit;
        *quarter += u32::from(allowed);
        *day += 1;
        allowed
    }

    pub fn leave(&mut self, in_quarter: u32, in_day: u32) {
        let (quarter_limit, day_limit) = (self.options.quarter_limit, self.options.day_limit);
        let (quarter, day) = self.counts();
        *quarter = quarter_limit.saturating_sub(in_quarter);
        *day = day_limit.saturating_sub(in_day);
    }

    /// Headers as Strava spells them.
    pub fn quota_headers(&mut self) -> [(&'static str, String); 4] {
        let (quarter_limit, day_limit) = (self.options.quarter_limit, self.options.day_limit);
        let (quarter, day) = self.counts();
        let used = format!("{quarter},{day}");
        [
            ("X-Ratelimit-Limit", format!("{},{}", 2 * quarter_limit, 2 * day_limit)),
            ("X-Ratelimit-Usage", used.clone()),
            ("X-Readratelimit-Limit", format!("{quarter_limit},{day_limit}")),
            ("X-Readratelimit-Usage", used),
        ]
    }

    fn counts(&mut self) -> (&mut u32, &mut u32) {
        let now = self.clock.now().timestamp();
        (self.quarter.of(now.div_euclid(900)), self.day.of(now.div_euclid(86_400)))
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

/// Ids beyond 2^53, which floating point would spoil.
const FIRST_ID: u64 = 9_100_000_000_000_001;

fn activity(seed: u64, number: u64, day: NaiveDate) -> Activity {
    // A few bits that are the same for the same seed.
    let dice = (seed.wrapping_mul(31) + number).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
    let seconds = 1_200 + (dice % 3_000) as i64;
    let minutes = u32::try_from(dice % 300).unwrap_or_default();
    let time = NaiveTime::from_hms_opt(16, 0, 0).unwrap_or_default() + TimeDelta::minutes(i64::from(minutes));
    let sport = if dice.is_multiple_of(3) { "Ride" } else { "Run" };
    Activity {
        id: FIRST_ID + 1_000_000 - number,
        name: format!("{} {sport}", if minutes < 120 { "Afternoon" } else { "Evening" }),
        sport: sport.to_owned(),
        start: day.and_time(time),
        seconds,
        distance: 2_500 + dice % 9_000,
        kudos: (dice % 7) as u32,
        gear: if dice.is_multiple_of(3) { "b1" } else { "g1" },
        is_private: false,
        is_manual: false,
        is_hidden: false,
    }
}

impl Activity {
    fn local(&self) -> String {
        format!("{}Z", self.start.format("%Y-%m-%dT%H:%M:%S"))
    }

    fn common(&self, athlete: u64, asked: u32) -> String {
        let Activity { id, name, sport, seconds, distance, kudos, gear, .. } = self;
        let name = crate::json::quote(name);
        let start = (self.start - OFFSET).format("%Y-%m-%dT%H:%M:%SZ");
        let visibility = if self.is_private { "only_me" } else { "everyone" };
        // The older of the two names knows fewer kinds.
        let kind = ["Run", "Ride"].into_iter().find(|kind| sport.ends_with(kind)).unwrap_or(sport);
        let device = if self.is_manual { "null".to_owned() } else { format!("{}", id + 7) };
        format!(
            "\"athlete\":{{\"id\":{athlete},\"resource_state\":1}},\"name\":{name},\"distance\":{distance}.0,\
             \"moving_time\":{seconds},\"elapsed_time\":{},\"total_elevation_gain\":34.0,\"type\":\"{kind}\",\
             \"sport_type\":\"{sport}\",\"id\":{id},\"start_date\":\"{start}\",\"start_date_local\":\"{}\",\
             \"timezone\":\"(GMT+02:00) Europe/Helsinki\",\"utc_offset\":7200.0,\"kudos_count\":{kudos},\
             \"comment_count\":0,\"athlete_count\":{},\"photo_count\":0,\"manual\":{},\"private\":{},\
             \"visibility\":\"{visibility}\",\"gear_id\":\"{gear}\",\"upload_id\":{device},\"has_kudoed\":false",
            seconds + 40,
            self.local(),
            1 + asked % 2,
            self.is_manual,
            self.is_private,
        )
    }

    /// As the list tells it.
    pub fn list(&self, athlete: u64, asked: u32) -> String {
        format!("{{\"resource_state\":2,{}}}", self.common(athlete, asked))
    }

    /// As its own address tells it.
    pub fn detail(&self, athlete: u64, asked: u32) -> String {
        format!(
            "{{\"resource_state\":3,{},\"description\":\"by the river\",\"calories\":321.5,\"similar_activities\":\
             {{\"effort_count\":{asked}}},\"laps\":[{{\"id\":{},\"lap_index\":1,\"distance\":{}.0}}],\
             \"segment_efforts\":[{{\"id\":2693271924383944{},\"elapsed_time\":{}}}]}}",
            self.common(athlete, asked),
            self.id + 11,
            self.distance,
            self.id % 1_000,
            self.seconds / 5
        )
    }

    /// Its streams, of so many points; none of a manual one.
    pub fn streams(&self, points: usize) -> Option<String> {
        if self.is_manual {
            return None;
        }
        let stream = |name: &str, data: &dyn Fn(usize) -> String| {
            let mut text = format!("\"{name}\":{{\"data\":[");
            for at in 0..points {
                let _ = write!(text, "{}{}", if at == 0 { "" } else { "," }, data(at));
            }
            let _ = write!(text, "],\"series_type\":\"time\",\"original_size\":{points},\"resolution\":\"high\"}}");
            text
        };
        let shift = (self.id % 89) as usize;
        Some(format!(
            "{{{},{},{},{}}}",
            stream("time", &|at| at.to_string()),
            stream("distance", &|at| format!("{}.{}", at * 3, (at + shift) % 10)),
            stream("heartrate", &|at| (90 + (at * 7 + shift) % 80).to_string()),
            stream("latlng", &|at| format!("[60.1{:04},24.9{:04}]", (at + shift) % 10_000, (at * 3) % 10_000))
        ))
    }
}
