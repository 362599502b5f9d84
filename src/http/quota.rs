//! How often a provider may be asked: what it documents, corrected by what its headers say.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

use crate::model::{CountHeader, QuotaWindow};

/// The limits of a provider and what is left of them. Every time is the provider's.
#[derive(Clone, Debug)]
pub struct RateLimits(Vec<Window>);

#[derive(Clone, Debug)]
struct Window {
    about: &'static QuotaWindow,
    limit: u32,
    seen: Option<Seen>,
}

/// What was left when it was last told.
#[derive(Clone, Copy, Debug)]
struct Seen {
    at: DateTime<Utc>,
    remaining: u32,
    /// When the window ends, where the provider said so.
    ends: Option<DateTime<Utc>>,
}

/// The ends that two answers tell of one window differ by the seconds that they were under way.
const SAME_END: i64 = 5;

/// How many answers may come before one that was given earlier.
const OUT_OF_ORDER: u32 = 16;

/// A limit that is used up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsedUp {
    /// The word for the window (`minute`).
    pub window: &'static str,
    /// How many requests it allows.
    pub limit: u32,
    /// When it is worth asking again.
    pub until: DateTime<Utc>,
}

/// What is left of a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    /// The word for the window (`minute`).
    pub window: &'static str,
    /// How many requests are left in it.
    pub left: u32,
    /// How many it allows.
    pub limit: u32,
}

/// When so many requests are made, under the limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forecast {
    /// When the last of them can be made.
    pub until: DateTime<Utc>,
    /// Of which windows it takes more than one, by the word for the window, and how many.
    pub windows: BTreeMap<&'static str, usize>,
    /// What is left now of the narrowest limit, where the provider told of any.
    pub left: Option<Left>,
}

impl Window {
    /// When the window ends in which something was seen, the provider's own lateness not counted.
    fn end_of(&self, seen: Seen) -> DateTime<Utc> {
        seen.ends.unwrap_or_else(|| self.usual_end(seen.at))
    }

    /// When the window of a moment ends where the provider says nothing of it.
    fn usual_end(&self, time: DateTime<Utc>) -> DateTime<Utc> {
        let length = i64::from(self.about.seconds.max(1));
        let end = (time.timestamp().div_euclid(length) + 1).saturating_mul(length);
        DateTime::from_timestamp(end, 0).unwrap_or(DateTime::<Utc>::MAX_UTC)
    }

    fn opens_after(&self, seen: Seen) -> DateTime<Utc> {
        self.end_of(seen) + TimeDelta::seconds(i64::from(self.about.late))
    }

    /// How many requests are left now: all of them once the window in which it was told is over.
    fn left(&self, now: DateTime<Utc>) -> u32 {
        match self.seen {
            Some(seen) if seen.remaining == 0 && now < self.opens_after(seen) => 0,
            Some(seen) if now < self.end_of(seen) => seen.remaining,
            _ => self.limit,
        }
    }
}

impl RateLimits {
    /// The limits as documented, nothing used.
    pub fn documented(windows: &'static [QuotaWindow]) -> RateLimits {
        RateLimits(windows.iter().map(|about| Window { about, limit: about.requests, seen: None }).collect())
    }

    /// Learns from the headers of an answer that came `now`. Headers that are missing change nothing.
    pub fn learn<'h>(&mut self, now: DateTime<Utc>, header: impl Fn(&str) -> Option<&'h str>) {
        let number = |name: &str, place: usize| {
            let number = header(name)?.split(',').nth(place)?.trim().parse::<i64>().ok()?;
            Some(u32::try_from(number.max(0)).unwrap_or(u32::MAX))
        };
        for window in &mut self.0 {
            let place = window.about.place;
            if let Some(limit) = number(window.about.limit_header, place) {
                window.limit = limit;
            }
            let remaining = match window.about.count_header {
                CountHeader::Remaining(name) => number(name, place),
                CountHeader::Used(name) => number(name, place).map(|used| window.limit.saturating_sub(used)),
                CountHeader::Untold => None,
            };
            if let Some(mut remaining) = remaining {
                let ends = window.about.reset_header.and_then(|name| number(name, 0));
                let ends = ends.map(|seconds| now + TimeDelta::seconds(i64::from(seconds)));
                let usual_end = window.usual_end(now);
                // Answers may come in another order than they were given in; a window only ever loses.
                // A leap that no order explains is a window that began anew, earlier or later than usual.
                let same = |seen: &Seen| match (seen.ends, ends) {
                    (Some(then), Some(ends)) => (ends - then).num_seconds().abs() <= SAME_END && now < then,
                    _ => window.usual_end(seen.at) == usual_end,
                };
                if let Some(seen) = window
                    .seen
                    .as_ref()
                    .filter(|seen| same(seen) && remaining <= seen.remaining.saturating_add(OUT_OF_ORDER))
                {
                    remaining = remaining.min(seen.remaining);
                }
                window.seen = Some(Seen { at: now, remaining, ends });
            }
        }
    }

    /// How many requests are left now, in the limit that has the fewest.
    pub fn left(&self, now: DateTime<Utc>) -> u32 {
        self.0.iter().map(|window| window.left(now)).min().unwrap_or(u32::MAX)
    }

    /// The limit that has the fewest requests left now, of those that the provider told of.
    fn narrowest(&self, now: DateTime<Utc>) -> Option<Left> {
        let told = self.0.iter().filter(|window| window.seen.is_some());
        let left = told.map(|window| Left { window: window.about.name, left: window.left(now), limit: window.limit });
        left.min_by_key(|left| left.left)
    }

    /// The limit that forbids a request now, the one that holds longest.
    pub fn used_up(&self, now: DateTime<Utc>) -> Option<UsedUp> {
        self.0
            .iter()
            .filter_map(|window| {
                let seen = window.seen.filter(|_| window.left(now) == 0)?;
                let until = window.opens_after(seen).max(now);
                Some(UsedUp { window: window.about.name, limit: window.limit, until })
            })
            .max_by_key(|used_up| used_up.until)
    }

    /// When to ask again after the provider said "too many requests" without saying for how long:
    /// when the windows open that have nothing left, else when the shortest one does.
    pub fn after_refusal(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        let shortest = || {
            self.0
                .iter()
                .min_by_key(|window| window.about.seconds)
                .map(|window| window.usual_end(now) + TimeDelta::seconds(i64::from(window.about.late)))
        };
        let told = self.used_up(now).map(|used_up| used_up.until).filter(|until| *until > now);
        told.or_else(shortest).unwrap_or_else(|| now + TimeDelta::seconds(60))
    }

    /// When so many requests can be made, one after the other without a pause.
    pub fn forecast(&self, requests: u64, now: DateTime<Utc>) -> Forecast {
        let mut plan = self.clone();
        for window in &mut plan.0 {
            // A limit of none would never end; the provider cannot mean it.
            window.limit = window.limit.max(1);
        }
        let mut ends: BTreeMap<&'static str, BTreeSet<DateTime<Utc>>> = BTreeMap::new();
        let (mut time, mut open) = (now, requests);
        while open > 0 {
            let free = plan.0.iter().map(|window| u64::from(window.left(time))).min().unwrap_or(open);
            if free == 0 {
                let wait = plan.0.iter().filter(|window| window.left(time) == 0);
                let opens = wait.filter_map(|window| Some(window.opens_after(window.seen?))).max();
                match opens {
                    Some(opens) if opens > time => time = opens,
                    _ => break,
                }
                continue;
            }
            let made = free.min(open);
            open -= made;
            for window in &mut plan.0 {
                let remaining = window.left(time).saturating_sub(u32::try_from(made).unwrap_or(u32::MAX));
                let known = window.seen.and_then(|seen| seen.ends).filter(|ends| *ends > time);
                let seen = Seen { at: time, remaining, ends: known };
                ends.entry(window.about.name).or_default().insert(window.end_of(seen));
                window.seen = Some(seen);
            }
        }
        let windows = ends.into_iter().map(|(name, ends)| (name, ends.len())).filter(|(_, count)| *count > 1);
        Forecast { until: time, windows: windows.collect(), left: self.narrowest(now) }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const WINDOWS: &[QuotaWindow] = &[
        QuotaWindow {
            name: "minute",
            seconds: 60,
            requests: 60,
            limit_header: "ML",
            count_header: CountHeader::Remaining("MR"),
            reset_header: None,
            place: 0,
            late: 15,
        },
        QuotaWindow {
            name: "hour",
            seconds: 3600,
            requests: 2000,
            limit_header: "HL",
            count_header: CountHeader::Remaining("HR"),
            reset_header: None,
            place: 0,
            late: 0,
        },
    ];

    fn at(text: &str) -> DateTime<Utc> {
        format!("2015-07-11T{text}Z").parse().unwrap()
    }

    fn told(now: &str, headers: &[(&str, &'static str)]) -> RateLimits {
        let mut limits = RateLimits::documented(WINDOWS);
        limits.learn(at(now), |name| headers.iter().find(|(known, _)| *known == name).map(|(_, value)| *value));
        limits
    }

    #[test]
    fn a_used_up_minute_opens_at_the_next_one_and_its_lateness() {
        let limits = told("06:10:20", &[("MR", "0"), ("HR", "1940")]);
        assert_eq!(limits.used_up(at("06:10:50")).unwrap().until, at("06:11:15"));
        assert_eq!(limits.used_up(at("06:11:14")).unwrap().window, "minute");
        assert_eq!(limits.used_up(at("06:11:15")), None);
    }

    #[test]
    fn windows_that_share_their_headers_each_take_their_own_number() {
        const SHARED: &[QuotaWindow] = &[
            QuotaWindow {
                name: "quarter hour",
                seconds: 900,
                requests: 100,
                limit_header: "L",
                count_header: CountHeader::Used("U"),
                reset_header: None,
                place: 0,
                late: 0,
            },
            QuotaWindow {
                name: "day",
                seconds: 86_400,
                requests: 1_000,
                limit_header: "L",
                count_header: CountHeader::Used("U"),
                reset_header: None,
                place: 1,
                late: 0,
            },
        ];
        let used = |usage: &'static str| {
            let mut limits = RateLimits::documented(SHARED);
            limits.learn(at("06:10:20"), |name| Some(if name == "L" { "200,2000" } else { usage }));
            limits
        };
        assert_eq!(used("199,1999").used_up(at("06:10:21")), None);
        assert_eq!(used("203, 500").used_up(at("06:10:21")).unwrap().until, at("06:15:00"));
        let day = used("3,2000").used_up(at("06:10:21")).unwrap();
        assert_eq!((day.window, day.limit, day.until), ("day", 2_000, "2015-07-12T00:00:00Z".parse().unwrap()));
        assert_eq!(used("many").used_up(at("06:10:21")), None);
    }

    #[test]
    fn a_window_ends_when_the_provider_says_so() {
        const TOLD: &[QuotaWindow] = &[QuotaWindow {
            name: "hour",
            seconds: 3_600,
            requests: 150,
            limit_header: "L",
            count_header: CountHeader::Remaining("R"),
            reset_header: Some("S"),
            place: 0,
            late: 0,
        }];
        let told = |remaining: &'static str, reset: Option<&'static str>| {
            let mut limits = RateLimits::documented(TOLD);
            limits.learn(at("06:10:20"), |name| match name {
                "R" => Some(remaining),
                "S" => reset,
                _ => None,
            });
            limits
        };
        assert_eq!(told("0", Some("600")).used_up(at("06:10:21")).unwrap().until, at("06:20:20"));
        assert_eq!(told("0", Some("5400")).used_up(at("07:00:00")).unwrap().until, at("07:40:20"));
        assert_eq!(told("0", Some("5400")).after_refusal(at("07:00:00")), at("07:40:20"));
        assert_eq!(told("0", None).used_up(at("06:10:21")).unwrap().until, at("07:00:00"));
        assert_eq!(told("5", Some("600")).forecast(6, at("06:10:21")).until, at("06:20:20"));
        assert_eq!(told("5", Some("600")).forecast(156, at("06:10:21")).until, at("07:00:00"));
    }

    #[test]
    fn the_limit_that_holds_longest_counts() {
        let limits = told("06:59:50", &[("MR", "0"), ("HR", "0"), ("HL", "4000")]);
        assert_eq!(limits.used_up(at("06:59:51")), Some(UsedUp { window: "minute", limit: 60, until: at("07:00:15") }));
        let limits = told("06:10:20", &[("MR", "0"), ("HR", "0"), ("HL", "4000")]);
        assert_eq!(limits.used_up(at("06:10:21")), Some(UsedUp { window: "hour", limit: 4000, until: at("07:00:00") }));
    }

    #[test]
    fn headers_that_are_missing_or_no_numbers_forbid_nothing() {
        assert_eq!(told("06:10:20", &[]).used_up(at("06:10:21")), None);
        assert_eq!(told("06:10:20", &[("MR", "many")]).used_up(at("06:10:21")), None);
        assert!(told("06:10:20", &[("MR", "-3")]).used_up(at("06:10:21")).is_some());
    }

    #[test]
    fn of_answers_in_disorder_the_one_that_leaves_less_counts_until_the_window_is_over() {
        let mut limits = told("06:10:20", &[("MR", "3")]);
        let mut learn = |now: &str, left: &'static str| {
            limits.learn(at(now), |name| (name == "MR").then_some(left));
            limits.left(at(now))
        };
        assert_eq!((learn("06:10:21", "2"), learn("06:10:22", "3"), learn("06:11:01", "59")), (2, 2, 59));
    }

    #[test]
    fn more_than_any_number_can_say_is_very_many() {
        let mut limits = told("06:10:20", &[("MR", "99999999999"), ("ML", "99999999999")]);
        let mut learn = |left: &'static str| {
            limits.learn(at("06:10:21"), |name| (name == "MR").then_some(left));
            limits.left(at("06:10:21"))
        };
        // The hour's documented limit is the least.
        assert_eq!((learn("99999999999"), learn("7")), (2_000, 7));
    }

    #[test]
    fn a_refusal_without_words_lasts_to_the_next_minute_or_the_hour_that_is_used_up() {
        assert_eq!(told("06:10:20", &[]).after_refusal(at("06:10:20")), at("06:11:15"));
        assert_eq!(told("06:10:20", &[("HR", "0")]).after_refusal(at("06:10:20")), at("07:00:00"));
        assert_eq!(told("06:10:20", &[("HR", "9"), ("MR", "0")]).after_refusal(at("06:10:20")), at("06:11:15"));
    }

    #[test]
    fn a_forecast_follows_both_windows() {
        let until = |limits: &RateLimits, requests, now| limits.forecast(requests, now).until;
        let fresh = RateLimits::documented(WINDOWS);
        assert_eq!(until(&fresh, 60, at("06:10:20")), at("06:10:20"));
        assert_eq!(until(&fresh, 61, at("06:10:20")), at("06:11:15"));
        assert_eq!(until(&fresh, 121, at("06:10:20")), at("06:12:15"));
        // 33 full minutes and 20 requests in the 34th use the hour up.
        assert_eq!(until(&fresh, 2000, at("06:10:20")), at("06:43:15"));
        assert_eq!(until(&fresh, 2001, at("06:10:20")), at("07:00:00"));
        assert_eq!(fresh.forecast(60, at("06:10:20")).windows, BTreeMap::new());
        assert_eq!(fresh.forecast(121, at("06:10:20")).windows, BTreeMap::from([("minute", 3)]));
        assert_eq!(fresh.forecast(2001, at("06:10:20")).windows, BTreeMap::from([("hour", 2), ("minute", 35)]));
        assert_eq!(until(&told("06:10:20", &[("MR", "5")]), 6, at("06:10:21")), at("06:11:15"));
    }
}
