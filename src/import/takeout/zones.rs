//! On which day a record belongs.
//!
//! The times in the minute and second files of `Global Export Data` carry no zone. By all evidence they are
//! UTC, while a file is cut at the person's midnight: a day file of someone 8 hours west of UTC begins at
//! 08:00. So a whole day file tells the day of all that is in it, wherever the person was; and one that
//! begins at 00:00 belongs to someone at UTC, or has the person's own times: its dates count as they stand.
//! What a file does not tell by itself goes by the zone of the settings, else by the one in the export's
//! profile, else by the day files around it.

use std::cell::Cell;
use std::collections::BTreeMap;

use chrono::{NaiveDateTime, NaiveTime, TimeDelta};

use super::catalogue::{Clock, Cut};
use super::stamp::{Kind, Stamp};
use crate::model::{Day, Zone};

/// Who is awake at midnight has a record within so much of it: the pulse comes each 2 to 15 seconds.
const PROMPT: TimeDelta = TimeDelta::seconds(60);

/// A file whose records leave no more than this of a day open tells its day.
const OPEN: TimeDelta = TimeDelta::hours(2);

/// The clocks of the world, in hours from UTC.
const WEST: TimeDelta = TimeDelta::hours(-12);
const EAST: TimeDelta = TimeDelta::hours(14);

/// So many days before one and after it speak for it.
const AROUND: usize = 3;

/// Where the clock of a person was, as far as it is known.
#[derive(Debug, Default)]
pub struct Zones {
    told: Option<(Zone, &'static str)>,
    /// How far from UTC the person was on a day, in seconds to the east, as day files show it.
    seen: BTreeMap<Day, i32>,
    /// Whether any moment was put on a day by what is known here.
    asked: Cell<bool>,
}

/// What the records of a file say of their days together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// All are of this day.
    Day(Day),
    /// Each is of the day that it says.
    AsWritten,
    /// Each is of the day that it has so far from UTC, in seconds to the east.
    Shifted(i32),
    /// Each goes by the zone.
    Zone,
}

impl Zones {
    /// A zone that is told, and where.
    pub fn told(zone: Zone, by: &'static str) -> Zones {
        Zones { told: Some((zone, by)), ..Zones::default() }
    }

    /// What a person should know of it, unless it mattered for nothing.
    pub fn note(&self) -> Option<String> {
        self.asked.get().then(|| match self.told {
            Some((zone, by)) => format!("times in UTC were put on days of {zone}, as {by}"),
            None if self.is_known() => {
                "times in UTC were put on days as the files of each day are cut; time_zone is not set".to_owned()
            }
            None => "nothing tells the time zone, so times in UTC were put on days that end at midnight in UTC; \
                     set time_zone in fitsnap.toml (\"Europe/Helsinki\") and import again"
                .to_owned(),
        })
    }

    /// Whether anything tells the zone.
    pub fn is_known(&self) -> bool {
        self.told.is_some() || !self.seen.is_empty()
    }

    /// Learns from the first time in a file that was cut at midnight, named after its first day.
    pub fn learn(&mut self, named: Day, first: NaiveDateTime) {
        if let Some(east) = shift(named, first) {
            self.seen.insert(named, east);
        }
    }

    /// Puts right what was learnt: a day that begins with the watch put on may look like another zone's, but
    /// the days around it do not.
    pub fn settle(&mut self) {
        let seen: Vec<(Day, i32)> = self.seen.iter().map(|(day, east)| (*day, *east)).collect();
        for (at, (day, own)) in seen.iter().enumerate() {
            let around = &seen[at.saturating_sub(AROUND)..seen.len().min(at + AROUND + 1)];
            let votes = |east: i32| around.iter().filter(|(_, other)| *other == east).count();
            let most = around.iter().max_by_key(|(_, east)| (votes(*east), *east == *own));
            self.seen.insert(*day, most.map_or(*own, |(_, east)| *east));
        }
    }

    /// The day of a moment in UTC.
    pub fn day_of(&self, moment: NaiveDateTime) -> Option<Day> {
        self.asked.set(true);
        if let Some((zone, _)) = self.told {
            return zone.day_of(moment.and_utc());
        }
        let date = Day::from_date(moment.date())?;
        let (before, after) = (self.seen.range(..=date).next_back(), self.seen.range(date..).next());
        let nearest = before.into_iter().chain(after).min_by_key(|(day, _)| day.days_since(date).abs());
        shifted(moment, nearest.map_or(0, |(_, east)| *east))
    }

    /// What a file cut at midnight says, by its name and its first and last time.
    pub fn verdict(&self, cut: Cut, named: Option<Day>, first: NaiveDateTime, last: NaiveDateTime) -> Verdict {
        let Some(named) = named else { return Verdict::Zone };
        let midnight = start(named);
        let as_written = (TimeDelta::zero()..PROMPT).contains(&(first - midnight));
        match cut {
            Cut::Day => {
                // The person was at least so far east, and at most so far.
                let (least, most) = (midnight - first, midnight + TimeDelta::days(1) - last);
                let is_possible = least <= EAST && most >= WEST && most - least >= -TimeDelta::hours(1);
                let agrees = self.told.is_none() || [first, last].map(|time| self.day_of(time)) == [Some(named); 2];
                if is_possible && (agrees || as_written || most - least <= OPEN) {
                    return Verdict::Day(named);
                }
                Verdict::Zone
            }
            Cut::Midnight => {
                let is_midnight = self.day_of(first) == Some(named) && self.day_of(first - PROMPT) != Some(named);
                match shift(named, first) {
                    _ if as_written && !is_midnight => Verdict::AsWritten,
                    Some(east) if !self.is_known() => Verdict::Shifted(east),
                    _ => Verdict::Zone,
                }
            }
            Cut::Anywhere | Cut::Untold => Verdict::Zone,
        }
    }

    /// The day of one record; `east` is what it says itself of its distance from UTC, in seconds.
    pub fn place(&self, stamp: Stamp, clock: Clock, east: Option<i32>, verdict: Verdict) -> Option<Day> {
        let written = || Day::from_date(stamp.written.date());
        match (stamp.kind, clock) {
            (Kind::Date, _) | (Kind::Bare, Clock::Local) => written(),
            (Kind::Offset(own), _) if own != 0 => written(),
            (_, Clock::Daily) if stamp.is_midnight() => written(),
            (Kind::Offset(_), _) => match east {
                Some(east) => shifted(stamp.moment(), east),
                None => self.day_of(stamp.moment()),
            },
            (Kind::Bare, _) => match verdict {
                Verdict::Day(day) => Some(day),
                Verdict::AsWritten => written(),
                Verdict::Shifted(east) => shifted(stamp.written, east),
                Verdict::Zone => self.day_of(stamp.written),
            },
        }
    }
}

/// How far from UTC someone was whose day began at this moment, where that is a distance that clocks have.
fn shift(named: Day, first: NaiveDateTime) -> Option<i32> {
    let late = (first - start(named)).num_seconds();
    let west = late.div_euclid(900) * 900;
    let is_prompt = late - west < PROMPT.num_seconds();
    let is_possible = (WEST.num_seconds()..=EAST.num_seconds()).contains(&-west);
    if is_prompt && is_possible { i32::try_from(-west).ok() } else { None }
}

fn start(day: Day) -> NaiveDateTime {
    day.date().and_time(NaiveTime::MIN)
}

fn shifted(moment: NaiveDateTime, east: i32) -> Option<Day> {
    Day::from_date(moment.checked_add_signed(TimeDelta::seconds(east.into()))?.date())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn time(text: &str) -> NaiveDateTime {
        Stamp::read(text).unwrap().written
    }

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    fn zoned(name: &str) -> Zones {
        Zones::told(Zone::named(name).unwrap(), "the test says")
    }

    #[test]
    fn a_whole_day_file_tells_its_day_wherever_the_person_was() {
        let (first, last) = (time("01/31/20 08:00:05"), time("02/01/20 07:59:58"));
        for zones in [Zones::default(), zoned("America/Los_Angeles"), zoned("Europe/Helsinki")] {
            let verdict = zones.verdict(Cut::Day, Some(day("2020-01-31")), first, last);
            assert_eq!(verdict, Verdict::Day(day("2020-01-31")), "{zones:?}");
        }
        // 25 hours: the clocks went back.
        let (first, last) = (time("11/01/20 07:00:00"), time("11/02/20 07:59:59"));
        let verdict = zoned("America/Los_Angeles").verdict(Cut::Day, Some(day("2020-11-01")), first, last);
        assert_eq!(verdict, Verdict::Day(day("2020-11-01")));
    }

    #[test]
    fn a_few_hours_go_by_the_zone_unless_they_begin_at_midnight() {
        let march = day("2024-03-01");
        let named = Some(march);
        let (first, last) = (time("03/01/24 10:00:00"), time("03/01/24 23:30:00"));
        assert_eq!(zoned("Europe/Helsinki").verdict(Cut::Day, named, first, last), Verdict::Zone);
        assert_eq!(zoned("Europe/London").verdict(Cut::Day, named, first, last), Verdict::Day(march));
        assert_eq!(Zones::default().verdict(Cut::Day, named, first, last), Verdict::Day(march));
        // The person's own times: in UTC the day would have begun at 08:00.
        let first = time("03/01/24 00:00:05");
        assert_eq!(zoned("America/Los_Angeles").verdict(Cut::Day, named, first, last), Verdict::Day(march));
        // Two days in a day file.
        let last = time("03/03/24 10:00:00");
        assert_eq!(Zones::default().verdict(Cut::Day, named, first, last), Verdict::Zone);
    }

    #[test]
    fn a_month_goes_by_the_zone_unless_it_begins_at_midnight() {
        let named = Some(day("2020-01-01"));
        let verdict = |zones: &Zones, first: &str| zones.verdict(Cut::Midnight, named, time(first), time(first));
        let west = zoned("America/Los_Angeles");
        assert_eq!(verdict(&west, "01/01/20 08:00:00"), Verdict::Zone);
        assert_eq!(verdict(&west, "01/01/20 12:17:00"), Verdict::Zone);
        assert_eq!(verdict(&west, "01/01/20 00:00:00"), Verdict::AsWritten);
        assert_eq!(verdict(&zoned("Europe/London"), "01/01/20 00:00:00"), Verdict::Zone);
        assert_eq!(verdict(&Zones::default(), "01/01/20 08:00:00"), Verdict::Shifted(-8 * 3_600));
        assert_eq!(verdict(&Zones::default(), "12/31/19 18:30:00"), Verdict::Shifted(19_800));
        assert_eq!(verdict(&Zones::default(), "01/01/20 08:07:00"), Verdict::Zone);
        assert_eq!(verdict(&Zones::default(), "01/03/20 08:00:00"), Verdict::Zone);
    }

    #[test]
    fn day_files_show_where_the_person_was() {
        let mut zones = Zones::default();
        assert_eq!(zones.day_of(time("03/01/24 23:30:00")), Some(day("2024-03-01")));
        zones.learn(day("2024-03-01"), time("02/29/24 22:00:03"));
        zones.learn(day("2024-08-01"), time("08/01/24 07:00:03"));
        zones.learn(day("2024-08-02"), time("08/02/24 11:41:03"));
        assert_eq!(zones.day_of(time("03/01/24 23:30:00")), Some(day("2024-03-02")));
        assert_eq!(zones.day_of(time("08/02/24 05:30:00")), Some(day("2024-08-01")));
    }

    #[test]
    fn a_day_that_begins_late_moves_nobody() {
        let mut zones = Zones::default();
        let firsts = ["02/29/24 22:00:03", "03/01/24 22:00:00", "03/03/24 05:30:20", "03/03/24 22:00:08"];
        for (number, first) in firsts.iter().enumerate() {
            zones.learn(day("2024-03-01").plus(number as i64), time(first));
        }
        zones.settle();
        assert_eq!(zones.day_of(time("03/03/24 22:30:00")), Some(day("2024-03-04")));
    }

    #[test]
    fn each_clock_has_its_day() {
        let zones = zoned("America/Los_Angeles");
        let place = |text: &str, clock, east| {
            zones.place(Stamp::read(text).unwrap(), clock, east, Verdict::Zone).unwrap().to_string()
        };
        assert_eq!(place("2026-07-26T02:11:30Z", Clock::Utc, None), "2026-07-25");
        assert_eq!(place("2026-07-26T02:11:30", Clock::Local, None), "2026-07-26");
        assert_eq!(place("07/26/26 02:11:30", Clock::Utc, None), "2026-07-25");
        assert_eq!(place("2026-06-16", Clock::Daily, None), "2026-06-16");
        assert_eq!(place("2026-06-16T00:00:00Z", Clock::Daily, None), "2026-06-16");
        assert_eq!(place("2026-06-16T00:00:00Z", Clock::Utc, None), "2026-06-15");
        // Midnight of the person, in UTC.
        assert_eq!(place("2026-06-16T07:00:00Z", Clock::Daily, None), "2026-06-16");
        assert_eq!(place("2026-10-04 20:30:00+0000", Clock::Utc, Some(5 * 3_600)), "2026-10-05");
        assert_eq!(place("2026-10-04T23:30:00-08:00", Clock::Local, None), "2026-10-04");
    }
}
