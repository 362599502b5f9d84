//! Which days to ask for, and with which requests. Pure: what is held and wanted goes in.

use std::collections::BTreeSet;

use crate::model::{Day, DayRange};

/// What a run is asked to do.
#[derive(Clone, Debug)]
pub struct Wish {
    /// Just the days from here on, held or not.
    pub since: Option<Day>,
    /// Just the days up to here, held or not.
    pub until: Option<Day>,
    /// How many days, today included, are asked again.
    pub window: u32,
    /// How many settled days, those checked longest ago, are asked again too.
    pub recheck: usize,
}

/// What the archive and the provider say before the first request for a day.
#[derive(Clone, Debug)]
pub struct Known<'a> {
    /// The days held with every resource wanted.
    pub held: &'a BTreeSet<Day>,
    /// The first day there is to have.
    pub first: Day,
    /// Today, as the provider reckons it.
    pub today: Day,
    /// Settled days held, those checked longest ago first.
    pub longest_ago: &'a [Day],
}

/// The days to ask for: those of the window and those missing, or just the range wished for.
pub fn days(wish: &Wish, known: &Known<'_>) -> BTreeSet<Day> {
    let Some(all) = DayRange::new(known.first, known.today) else { return BTreeSet::new() };
    if wish.since.is_some() || wish.until.is_some() {
        let first = wish.since.unwrap_or(all.first).max(all.first);
        let last = wish.until.unwrap_or(all.last).min(all.last);
        return DayRange::new(first, last).map(|range| range.days().collect()).unwrap_or_default();
    }
    let window = all.last.plus(1 - i64::from(wish.window));
    let mut days: BTreeSet<Day> = all.days().filter(|day| *day >= window || !known.held.contains(day)).collect();
    let rest = known.longest_ago.iter().copied().filter(|day| *day < window && all.contains(*day));
    days.extend(rest.take(wish.recheck));
    days
}

/// The fewest requests for these days, each of at most `most` days, newest first: what changes is at
/// the new end, and a run that is stopped has it already.
pub fn requests(days: &BTreeSet<Day>, most: u32) -> Vec<DayRange> {
    let mut requests: Vec<DayRange> = Vec::new();
    for day in days.iter().rev().copied() {
        match requests.last_mut() {
            Some(range) if range.last.days_since(day) < i64::from(most) => range.first = day,
            _ => requests.push(DayRange { first: day, last: day }),
        }
    }
    requests
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn day(number: u32) -> Day {
        Day::new(2015, 7, number).unwrap()
    }

    fn numbers(days: &BTreeSet<Day>) -> Vec<i64> {
        days.iter().map(|day| day.days_since("2015-06-30".parse().unwrap())).collect()
    }

    fn wish() -> Wish {
        Wish { since: None, until: None, window: 7, recheck: 0 }
    }

    #[test]
    fn missing_days_and_the_window_are_asked() {
        let held = (1..=18).filter(|n| *n != 4).map(day).collect();
        let known = Known { held: &held, first: day(2), today: day(20), longest_ago: &[] };
        assert_eq!(numbers(&days(&wish(), &known)), [4, 14, 15, 16, 17, 18, 19, 20]);
    }

    #[test]
    fn a_range_is_just_that_and_never_outside_of_what_there_is() {
        let held = (1..=20).map(day).collect();
        let known = Known { held: &held, first: day(2), today: day(20), longest_ago: &[] };
        let range = Wish { since: Some(day(1)), until: Some(day(4)), ..wish() };
        assert_eq!(numbers(&days(&range, &known)), [2, 3, 4]);
        let open = Wish { since: Some(day(19)), until: Some(day(30)), ..wish() };
        assert_eq!(numbers(&days(&open, &known)), [19, 20]);
        let none = Wish { since: Some(day(9)), until: Some(day(8)), ..wish() };
        assert!(days(&none, &known).is_empty());
    }

    #[test]
    fn a_recheck_takes_settled_days_checked_longest_ago() {
        let held = (1..=20).map(day).collect();
        let ago = [day(15), day(9), day(3), day(1)];
        let known = Known { held: &held, first: day(1), today: day(20), longest_ago: &ago };
        let recheck = Wish { recheck: 2, window: 2, ..wish() };
        assert_eq!(numbers(&days(&recheck, &known)), [9, 15, 19, 20]);
    }

    #[test]
    fn a_first_day_after_today_asks_nothing() {
        let held = BTreeSet::new();
        let known = Known { held: &held, first: day(21), today: day(20), longest_ago: &[] };
        assert!(days(&wish(), &known).is_empty());
    }

    #[test]
    fn requests_are_few_full_and_newest_first() {
        let days = (1..=16).chain(25..=26).map(day).collect();
        let ranges: Vec<_> = requests(&days, 7).iter().map(ToString::to_string).collect();
        assert_eq!(
            ranges,
            [
                "2015-07-25 to 2015-07-26",
                "2015-07-10 to 2015-07-16",
                "2015-07-03 to 2015-07-09",
                "2015-07-01 to 2015-07-02"
            ]
        );
        let apart = [1, 5, 9].into_iter().map(day).collect();
        let ranges: Vec<_> = requests(&apart, 7).iter().map(ToString::to_string).collect();
        assert_eq!(ranges, ["2015-07-05 to 2015-07-09", "2015-07-01"]);
    }
}
