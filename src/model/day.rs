//! Calendar days, ranges of them, and the zone that cuts time into days.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeDelta, TimeZone, Utc};

/// A calendar day in the zone of the person at that time, as the provider reckons it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(NaiveDate);

/// A text that names no day.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("\"{text}\" is no day; write it as YYYY-MM-DD, like 2015-07-10")]
pub struct DayError {
    text: String,
}

impl Day {
    /// The first day there is, 0001-01-01.
    const FIRST: Day = Day(match NaiveDate::from_ymd_opt(1, 1, 1) {
        Some(date) => date,
        None => NaiveDate::MIN,
    });

    /// The last day there is, 9999-12-31.
    const LAST: Day = Day(match NaiveDate::from_ymd_opt(9999, 12, 31) {
        Some(date) => date,
        None => NaiveDate::MAX,
    });

    /// The day of a year, month and day of the month, if there is one, in the years 0001 to 9999.
    pub fn new(year: i32, month: u32, day: u32) -> Option<Day> {
        NaiveDate::from_ymd_opt(year, month, day).and_then(Day::from_date)
    }

    /// The day of a date, in the years 0001 to 9999 (a path has room for four digits).
    pub fn from_date(date: NaiveDate) -> Option<Day> {
        (1..=9999).contains(&date.year()).then_some(Day(date))
    }

    /// Reads `YYYYMMDD`, as Moves spells it.
    pub fn from_compact(text: &str) -> Result<Day, DayError> {
        let digits = text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit());
        digits
            .then(|| NaiveDate::parse_from_str(text, "%Y%m%d").ok())
            .flatten()
            .and_then(Day::from_date)
            .ok_or_else(|| DayError { text: text.to_owned() })
    }

    /// `YYYYMMDD`.
    pub fn compact(self) -> String {
        self.0.format("%Y%m%d").to_string()
    }

    /// The date behind the day.
    pub fn date(self) -> NaiveDate {
        self.0
    }

    /// The day `count` days later (earlier when negative); stays at the first or last day there is.
    pub fn plus(self, count: i64) -> Day {
        let steps = Days::new(count.unsigned_abs());
        let moved = if count < 0 { self.0.checked_sub_days(steps) } else { self.0.checked_add_days(steps) };
        moved.and_then(Day::from_date).unwrap_or(if count < 0 { Day::FIRST } else { Day::LAST })
    }

    /// Whole days from `other` to this day; negative when this day is the earlier one.
    pub fn days_since(self, other: Day) -> i64 {
        (self.0 - other.0).num_days()
    }

    /// The moment after the day's last, in UTC as if the day were reckoned there.
    pub fn end_utc(self) -> DateTime<Utc> {
        (self.0 + Days::new(1)).and_time(NaiveTime::MIN).and_utc()
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.0.year(), self.0.month(), self.0.day())
    }
}

impl fmt::Debug for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Day {
    type Err = DayError;

    fn from_str(text: &str) -> Result<Day, DayError> {
        let shaped = text.len() == 10
            && text.bytes().enumerate().all(|(at, b)| if at == 4 || at == 7 { b == b'-' } else { b.is_ascii_digit() });
        let number = |text: &str| text.bytes().fold(0, |number, digit| number * 10 + u32::from(digit - b'0'));
        shaped
            .then(|| Day::new(number(&text[..4]) as i32, number(&text[5..7]), number(&text[8..])))
            .flatten()
            .ok_or_else(|| DayError { text: text.to_owned() })
    }
}

/// Days from a first to a last, both included; never empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayRange {
    /// The first day.
    pub first: Day,
    /// The last day, not before the first.
    pub last: Day,
}

impl DayRange {
    /// The range between two days, if the first is not after the last.
    pub fn new(first: Day, last: Day) -> Option<DayRange> {
        (first <= last).then_some(DayRange { first, last })
    }

    /// How many days it holds, at least one.
    pub fn len(self) -> i64 {
        self.last.days_since(self.first) + 1
    }

    /// Whether the day lies in the range.
    pub fn contains(self, day: Day) -> bool {
        self.first <= day && day <= self.last
    }

    /// Its days, oldest first.
    pub fn days(self) -> impl DoubleEndedIterator<Item = Day> {
        (0..self.len()).map(move |step| self.first.plus(step))
    }
}

impl fmt::Display for DayRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.first == self.last { write!(f, "{}", self.first) } else { write!(f, "{} to {}", self.first, self.last) }
    }
}

/// A time zone: one of the IANA database, or a fixed offset where a provider gives nothing better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zone {
    /// A zone of the IANA database.
    Named(chrono_tz::Tz),
    /// Seconds east of UTC.
    Fixed(chrono::FixedOffset),
}

impl Zone {
    /// UTC.
    pub const UTC: Zone = Zone::Named(chrono_tz::Tz::UTC);

    /// Reads an IANA name (`Europe/Helsinki`).
    pub fn named(name: &str) -> Option<Zone> {
        name.parse().ok().map(Zone::Named)
    }

    /// A fixed offset in seconds east of UTC, less than a day.
    pub fn fixed(seconds: i32) -> Option<Zone> {
        chrono::FixedOffset::east_opt(seconds).map(Zone::Fixed)
    }

    /// The moment of a local time in this zone: the first where the clock shows it twice, and where it skips
    /// it, the one that the clock shows an hour later.
    pub fn moment(self, local: NaiveDateTime) -> DateTime<Utc> {
        let at = |local: NaiveDateTime| match self {
            Zone::Named(zone) => zone.from_local_datetime(&local).earliest().map(|time| time.to_utc()),
            Zone::Fixed(offset) => offset.from_local_datetime(&local).earliest().map(|time| time.to_utc()),
        };
        let later = || local.checked_add_signed(TimeDelta::hours(1)).and_then(at);
        at(local).or_else(later).unwrap_or_else(|| local.and_utc())
    }

    /// The calendar day of a moment in this zone, in the years 0001 to 9999.
    pub fn day_of(self, time: DateTime<Utc>) -> Option<Day> {
        let ahead = TimeDelta::seconds(self.offset(time).into());
        Day::from_date(time.naive_utc().checked_add_signed(ahead)?.date())
    }

    /// The same, but the first or last day there is for a moment outside of them.
    pub fn nearest_day(self, time: DateTime<Utc>) -> Day {
        self.day_of(time).unwrap_or(if time < DateTime::UNIX_EPOCH { Day::FIRST } else { Day::LAST })
    }

    /// How far a wall clock of this zone is ahead of UTC at a moment, in seconds.
    pub fn offset(self, time: DateTime<Utc>) -> i32 {
        match self {
            Zone::Named(zone) => time.with_timezone(&zone).offset().fix().local_minus_utc(),
            Zone::Fixed(offset) => offset.local_minus_utc(),
        }
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Zone::Named(zone) => f.write_str(zone.name()),
            Zone::Fixed(offset) => write!(f, "{offset}"),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn reads_only_real_days_in_one_spelling() {
        assert_eq!("2016-02-29".parse::<Day>().unwrap().to_string(), "2016-02-29");
        for bad in ["2015-02-29", "2015-7-10", "20150710", "2015-07-10T00:00", "", "0000-01-01", "２015-07-10"] {
            assert!(bad.parse::<Day>().is_err(), "{bad}");
        }
        assert_eq!(Day::from_compact("20150710").unwrap().compact(), "20150710");
        assert!(Day::from_compact("2015-7-1").is_err());
    }

    #[test]
    fn counts_over_month_and_leap_day() {
        let range = DayRange::new(Day::new(2016, 2, 27).unwrap(), Day::new(2016, 3, 1).unwrap()).unwrap();
        assert_eq!(range.len(), 4);
        assert_eq!(range.days().last().unwrap(), range.last);
        assert_eq!(range.first.plus(-27).to_string(), "2016-01-31");
        assert_eq!(range.first.plus(-1_000_000).to_string(), "0001-01-01");
        assert_eq!(range.first.plus(i64::MAX).to_string(), "9999-12-31");
    }

    #[test]
    fn local_times_that_come_twice_or_never_have_a_moment_too() {
        let moment = |text: &str| Zone::named("Europe/Helsinki").unwrap().moment(text.parse().unwrap()).to_rfc3339();
        assert_eq!(moment("2015-07-10T22:30:00"), "2015-07-10T19:30:00+00:00");
        assert_eq!(moment("2015-10-25T03:30:00"), "2015-10-25T00:30:00+00:00");
        assert_eq!(moment("2015-03-29T03:30:00"), "2015-03-29T01:30:00+00:00");
    }

    #[test]
    fn a_zone_decides_which_day_it_is() {
        let late: DateTime<Utc> = "2015-07-10T22:30:00Z".parse().unwrap();
        assert_eq!(Zone::named("Europe/Helsinki").unwrap().day_of(late).unwrap().to_string(), "2015-07-11");
        assert_eq!(Zone::fixed(-7 * 3600).unwrap().day_of(late).unwrap().to_string(), "2015-07-10");
    }

    #[test]
    fn times_at_the_end_of_all_years_have_no_day() {
        for local in [NaiveDateTime::MAX, NaiveDateTime::MIN] {
            for zone in [Zone::named("Europe/Helsinki").unwrap(), Zone::fixed(-43_200).unwrap()] {
                let moment = zone.moment(local);
                assert_eq!((zone.day_of(moment), zone.day_of(local.and_utc())), (None, None));
            }
        }
        let zone = Zone::fixed(3_600).unwrap();
        assert_eq!(zone.day_of("9999-12-31T23:30:00Z".parse().unwrap()), None);
        assert_eq!(zone.day_of("0000-12-31T23:30:00Z".parse().unwrap()), Day::new(1, 1, 1));
        assert_eq!(zone.day_of("0000-12-31T22:30:00Z".parse().unwrap()), None);
        let nearest = |time: DateTime<Utc>| zone.nearest_day(time).to_string();
        assert_eq!(nearest(DateTime::<Utc>::MAX_UTC), "9999-12-31");
        assert_eq!(nearest(DateTime::<Utc>::MIN_UTC), "0001-01-01");
    }

    #[test]
    fn a_wall_clock_is_ahead_by_what_the_zone_says_of_the_moment() {
        let helsinki = Zone::named("Europe/Helsinki").unwrap();
        let at = |text: &str| helsinki.offset(text.parse().unwrap()) / 3_600;
        assert_eq!([at("2015-07-10T12:00:00Z"), at("2015-01-10T12:00:00Z")], [3, 2]);
        assert_eq!([at("2015-03-29T00:59:59Z"), at("2015-03-29T01:00:00Z")], [2, 3]);
        assert_eq!(Zone::fixed(-5_400).unwrap().offset("2015-07-10T12:00:00Z".parse().unwrap()), -5_400);
    }
}
