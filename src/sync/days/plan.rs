//! Which days to ask for, and with which requests. Pure: what is held and wanted goes in.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::held::HeldDay;
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
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// What is held of each day.
    pub held: &'a BTreeMap<Day, &'a HeldDay>,
    /// The first day there is to have.
    pub first: Day,
    /// Today, as the provider reckons it.
    pub today: Day,
    /// Days held, those checked longest ago first.
    pub longest_ago: &'a [Day],
    /// Days held of which there is more by now, or may be.
    pub incomplete: &'a BTreeSet<Day>,
    /// Days held of which what was not to be had may be to be had now: the person allows something else
    /// than when they were asked for.
    pub granted_anew: &'a BTreeSet<Day>,
}

/// A request to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The resource.
    pub resource: String,
    /// The days that it spans.
    pub range: DayRange,
    /// The days wanted of these.
    pub days: BTreeSet<Day>,
}

/// The days to ask for a resource: those of the window and those missing, or just the range wished for.
pub fn days(wish: &Wish, known: &Known<'_>, resource: &str) -> BTreeSet<Day> {
    let Some(all) = DayRange::new(known.first, known.today) else { return BTreeSet::new() };
    if wish.since.is_some() || wish.until.is_some() {
        let first = wish.since.unwrap_or(all.first).max(all.first);
        let last = wish.until.unwrap_or(all.last).min(all.last);
        return DayRange::new(first, last).map(|range| range.days().collect()).unwrap_or_default();
    }
    let window = all.last.plus(1 - i64::from(wish.window));
    let is_held = |day: &Day| {
        known.held.get(day).is_some_and(|held| {
            held.resources.contains(resource) || (!known.granted_anew.contains(day) && held.absent.contains(resource))
        })
    };
    let wanted = |day: &Day| *day >= window || !is_held(day) || known.incomplete.contains(day);
    let mut days: BTreeSet<Day> = all.days().filter(wanted).collect();
    let rest = known.longest_ago.iter().copied().filter(|day| *day < window && all.contains(*day));
    days.extend(rest.take(wish.recheck));
    days
}

/// The requests for these resources, each with the most days that a request for it may span. What
/// reaches furthest comes first: ten years of it cost a few requests. Within one reach the newest days
/// come first, so that a run that is stopped has them, each with all its resources.
pub fn requests(wish: &Wish, known: &Known<'_>, resources: &[(&str, u32)]) -> Vec<Request> {
    let mut requests: Vec<(u32, Request)> = Vec::new();
    for (resource, reach) in resources {
        let days = days(wish, known, resource);
        requests.extend(ranges(&days, *reach).into_iter().map(|range| {
            let days = days.range(range.first..=range.last).copied().collect();
            (*reach, Request { resource: (*resource).to_owned(), range, days })
        }));
    }
    requests.sort_by_key(|(reach, request)| (Reverse(*reach), Reverse(request.range.last)));
    requests.into_iter().map(|(_, request)| request).collect()
}

/// The fewest ranges of at most `most` days that hold these days, newest first.
fn ranges(days: &BTreeSet<Day>, most: u32) -> Vec<DayRange> {
    let mut ranges: Vec<DayRange> = Vec::new();
    for day in days.iter().rev().copied() {
        match ranges.last_mut() {
            Some(range) if range.last.days_since(day) < i64::from(most) => range.first = day,
            _ => ranges.push(DayRange { first: day, last: day }),
        }
    }
    ranges
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

    static NONE: &BTreeSet<Day> = &BTreeSet::new();

    fn known<'a>(held: &'a BTreeMap<Day, &'a HeldDay>, none: &'a BTreeSet<Day>) -> Known<'a> {
        let (first, today) = (day(1), day(20));
        Known { held, first, today, longest_ago: &[], incomplete: none, granted_anew: NONE }
    }

    fn steps() -> HeldDay {
        HeldDay { resources: BTreeSet::from(["steps".to_owned()]), absent: BTreeSet::new() }
    }

    fn held(steps: &HeldDay, days: impl IntoIterator<Item = u32>) -> BTreeMap<Day, &HeldDay> {
        days.into_iter().map(|number| (day(number), steps)).collect()
    }

    #[test]
    fn missing_days_and_the_window_are_asked() {
        let (has, none) = (steps(), BTreeSet::new());
        let held = held(&has, (1..=18).filter(|n| *n != 4));
        let known = Known { first: day(2), ..known(&held, &none) };
        assert_eq!(numbers(&days(&wish(), &known, "steps")), [4, 14, 15, 16, 17, 18, 19, 20]);
    }

    #[test]
    fn a_range_is_just_that_and_never_outside_of_what_there_is() {
        let (has, none) = (steps(), BTreeSet::new());
        let held = held(&has, 1..=20);
        let known = Known { first: day(2), ..known(&held, &none) };
        let range = Wish { since: Some(day(1)), until: Some(day(4)), ..wish() };
        assert_eq!(numbers(&days(&range, &known, "steps")), [2, 3, 4]);
        let open = Wish { since: Some(day(19)), until: Some(day(30)), ..wish() };
        assert_eq!(numbers(&days(&open, &known, "steps")), [19, 20]);
        let none = Wish { since: Some(day(9)), until: Some(day(8)), ..wish() };
        assert!(days(&none, &known, "steps").is_empty());
    }

    #[test]
    fn a_recheck_takes_settled_days_checked_longest_ago() {
        let (has, none) = (steps(), BTreeSet::new());
        let held = held(&has, 1..=20);
        let ago = [day(15), day(9), day(3), day(1)];
        let known = Known { longest_ago: &ago, ..known(&held, &none) };
        let recheck = Wish { recheck: 2, window: 2, ..wish() };
        assert_eq!(numbers(&days(&recheck, &known, "steps")), [9, 15, 19, 20]);
    }

    #[test]
    fn a_first_day_after_today_asks_nothing() {
        let (held, none) = (BTreeMap::new(), BTreeSet::new());
        let known = Known { first: day(21), ..known(&held, &none) };
        assert!(days(&wish(), &known, "steps").is_empty());
    }

    #[test]
    fn a_resource_switched_on_later_is_missing_for_every_day_held() {
        let (has, none) = (steps(), BTreeSet::new());
        let mut held = held(&has, 1..=20);
        let other = HeldDay { resources: ["heart".to_owned()].into(), absent: BTreeSet::new() };
        let refused = HeldDay { resources: BTreeSet::new(), absent: ["heart".to_owned()].into() };
        held.extend([(day(3), &other), (day(4), &refused)]);
        let known = known(&held, &none);
        let wish = Wish { window: 1, ..wish() };
        assert_eq!(numbers(&days(&wish, &known, "steps")), [3, 4, 20]);
        let asked = numbers(&days(&wish, &known, "heart"));
        assert_eq!(asked, [1, 2].into_iter().chain(5..=20).collect::<Vec<i64>>());
        let granted_anew = BTreeSet::from([day(4)]);
        let anew = Known { granted_anew: &granted_anew, ..known };
        assert!(days(&wish, &anew, "heart").contains(&day(4)), "under another grant it is asked again");
    }

    #[test]
    fn an_incomplete_day_is_asked_again_though_it_is_settled() {
        let (has, incomplete) = (steps(), BTreeSet::from([day(5)]));
        let held = held(&has, 1..=20);
        assert_eq!(numbers(&days(&Wish { window: 1, ..wish() }, &known(&held, &incomplete), "steps")), [5, 20]);
    }

    #[test]
    fn requests_are_few_full_and_newest_first() {
        let days = (1..=16).chain(25..=26).map(day).collect();
        let said: Vec<_> = ranges(&days, 7).iter().map(ToString::to_string).collect();
        assert_eq!(
            said,
            [
                "2015-07-25 to 2015-07-26",
                "2015-07-10 to 2015-07-16",
                "2015-07-03 to 2015-07-09",
                "2015-07-01 to 2015-07-02"
            ]
        );
        let apart = [1, 5, 9].into_iter().map(day).collect();
        let said: Vec<_> = ranges(&apart, 7).iter().map(ToString::to_string).collect();
        assert_eq!(said, ["2015-07-05 to 2015-07-09", "2015-07-01"]);
    }

    #[test]
    fn what_reaches_furthest_is_asked_first_and_a_day_with_all_its_resources() {
        let (held, none) = (BTreeMap::new(), BTreeSet::new());
        let known = Known { first: day(18), ..known(&held, &none) };
        let requests = requests(&wish(), &known, &[("heart", 1), ("steps", 1095), ("floors", 1), ("sleep", 2)]);
        let said: Vec<_> = requests.iter().map(|one| format!("{} {}", one.resource, one.range.last)).collect();
        assert_eq!(
            said,
            [
                "steps 2015-07-20",
                "sleep 2015-07-20",
                "sleep 2015-07-18",
                "heart 2015-07-20",
                "floors 2015-07-20",
                "heart 2015-07-19",
                "floors 2015-07-19",
                "heart 2015-07-18",
                "floors 2015-07-18"
            ]
        );
    }
}
