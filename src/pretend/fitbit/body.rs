//! The invented body of one person: heart rates, steps and nights, the same for the same seed.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike, Utc};

use super::world::World;
use crate::model::Zone;
use crate::pretend::life::Chance;

/// What the heart did at a time of the day.
pub(super) struct Beat {
    pub time: NaiveTime,
    pub rate: i64,
}

impl World {
    /// When a local time was.
    pub fn moment(&self, local: NaiveDateTime) -> DateTime<Utc> {
        Zone::Named(self.options.zone).moment(local)
    }

    /// The local time of a moment.
    pub fn local(&self, time: DateTime<Utc>) -> NaiveDateTime {
        time.with_timezone(&self.options.zone).naive_local()
    }

    /// Whether the tracker had handed over all up to this time of a day.
    pub fn knows(&self, day: NaiveDate, hour: u32, minute: u32) -> bool {
        self.options.first_day <= day
            && self.moment(day.and_time(NaiveTime::from_hms_opt(hour, minute, 0).unwrap_or_default()))
                <= self.known_until()
    }

    /// The heart rates of a day as it is told now: a day of 23 or 25 hours has as many more or less.
    pub fn heart(&self, day: NaiveDate) -> Vec<Beat> {
        let (begin, end) = (
            self.moment(day.and_time(NaiveTime::MIN)),
            self.moment((day + TimeDelta::days(1)).and_time(NaiveTime::MIN)),
        );
        let step = TimeDelta::seconds(i64::from(86_400 / self.options.heart_samples.max(1)).max(1));
        let known = self.known_until();
        let mut chance = self.chance(day, 1);
        let (mut beats, mut time) = (Vec::new(), begin);
        while time < end && time <= known && self.options.first_day <= day {
            // Now and then it is not worn.
            let (rate, is_worn) = (chance.between(-6, 9), chance.between(0, 39) > 0);
            if is_worn {
                let local = self.local(time).time();
                let effort = i64::from(local.hour().abs_diff(16).min(8));
                beats.push(Beat { time: local, rate: 92 - 4 * effort + rate });
            }
            time += step;
        }
        let altered = self.altered.get(&day).copied().unwrap_or(0);
        beats.iter_mut().take(altered).for_each(|beat| beat.rate += 1);
        let nth = self.thinned.get(&day).copied().unwrap_or(1).max(1);
        beats.into_iter().step_by(nth).collect()
    }

    /// A count of this matter for each of the day's minutes told, none for those not handed over.
    pub fn minutes(&self, day: NaiveDate, matter: u64) -> Vec<(NaiveTime, i64)> {
        let every = 1_440 / self.options.minutes.clamp(1, 1_440);
        let mut chance = self.chance(day, matter);
        let minute = |at: u32| {
            let time = NaiveTime::from_num_seconds_from_midnight_opt(at * 60, 0).unwrap_or_default();
            let count = chance.between(0, 110).max(30) - 30;
            let is_awake = (7..23).contains(&time.hour());
            (time, if is_awake && self.knows(day, time.hour(), time.minute()) { count } else { 0 })
        };
        (0..1_440).step_by(every as usize).map(minute).collect()
    }

    /// The sum of a matter over a day.
    pub fn sum(&self, day: NaiveDate, matter: u64) -> i64 {
        self.minutes(day, matter).iter().map(|(_, count)| count).sum()
    }

    /// A number of a day, the same at every look.
    pub fn number(&self, day: NaiveDate, matter: u64, low: i64, high: i64) -> i64 {
        self.chance(day, matter).between(low, high)
    }

    /// Whether the night that ends on a day is known, and whether its stages are worked out: by noon, as a rule.
    pub fn night(&self, day: NaiveDate) -> Option<bool> {
        let noon = self.moment(day.and_time(NaiveTime::from_hms_opt(12, 0, 0).unwrap_or_default()));
        self.knows(day, 7, 10).then(|| noon <= self.clock.now() && !self.classic.contains(&day))
    }

    fn chance(&self, day: NaiveDate, matter: u64) -> Chance {
        let day = u64::from(day.num_days_from_ce().unsigned_abs());
        Chance(self.options.seed ^ day.wrapping_mul(0x2545_f491_4f6c_dd1d) ^ (matter << 56))
    }
}
