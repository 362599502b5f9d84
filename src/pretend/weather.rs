//! A schedule of misbehaviour that follows from a seed: what befalls a request depends on the seed, the
//! service's day, the address, and how often that address was asked on that day.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};

use super::fault::{Fault, Packing, QuotaLie, Request};
use super::life::Chance;
use crate::model::ContentHash;

/// So many days make a spell, in which it storms once at the most.
const SPELL: i32 = 12;

/// The longest storm, in days: longer than a week.
const LONGEST: i64 = 9;

#[derive(Clone, Debug)]
pub(super) struct Weather {
    seed: u64,
    elsewhere: String,
    day: Option<NaiveDate>,
    /// How often each address was asked today.
    asked: BTreeMap<String, u64>,
    requests: u64,
}

/// What a day is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sky {
    Calm,
    /// Now and then anything.
    Showers,
    /// Most requests fail, as those of a service in trouble do.
    Storm,
    /// Nothing but this, whatever is asked: the service is down.
    Down,
    /// Headers lie about the quota, or it is used up.
    Lies,
    /// The sign-in is taken back at the nth request.
    Revoked(u64),
}

impl Weather {
    pub fn new(seed: u64, elsewhere: &str) -> Weather {
        Weather { seed, elsewhere: elsewhere.to_owned(), day: None, asked: BTreeMap::new(), requests: 0 }
    }

    /// What befalls a request.
    pub fn strike(&mut self, request: &Request<'_>) -> Option<Fault> {
        if !request.is_program {
            return None;
        }
        let day = request.now.date_naive();
        if self.day.replace(day) != Some(day) {
            self.asked.clear();
            self.requests = 0;
        }
        self.requests += 1;
        let times = self.asked.entry(request.path.to_owned()).or_default();
        *times += 1;
        let mut chance = chance(self.seed, &format!("{day} {times} {}", request.path));
        let percent = chance.between(0, 99);
        match sky(self.seed, day) {
            Sky::Calm => None,
            Sky::Showers => (percent < 15).then(|| self.anything(&mut chance)),
            Sky::Storm => (percent < 70).then(|| trouble(&mut chance)),
            Sky::Down => Some(if percent < 50 { Fault::Status(503) } else { Fault::Reset }),
            Sky::Lies => (percent < 40).then(|| lie(&mut chance)),
            Sky::Revoked(nth) => (self.requests == nth).then_some(Fault::Revoked),
        }
    }

    fn anything(&self, chance: &mut Chance) -> Fault {
        match chance.between(0, 24) {
            0 | 17 => Fault::Reset,
            1 => Fault::Stall,
            2 => Fault::Slow(40),
            // Longer than the patience of any test.
            3 => Fault::Slow(20_000),
            4 => Fault::CutShort,
            5 => Fault::Truncated,
            6 => Fault::WrongLength,
            7 => Fault::Packed(Packing::None),
            8 => Fault::Packed(Packing::Cut),
            9 => Fault::Packed(Packing::WrongSum),
            10 => Fault::Redirect(self.elsewhere.clone()),
            11 => Fault::Page,
            12 => Fault::Text,
            13 => Fault::ErrorObject,
            14 => Fault::TwiceNamed,
            15 => Fault::Status(401),
            16 => lie(chance),
            _ => trouble(chance),
        }
    }
}

/// What a day is like by a seed.
fn sky(seed: u64, day: NaiveDate) -> Sky {
    let number = day.num_days_from_ce();
    let (spell, at) = (number.div_euclid(SPELL), i64::from(number.rem_euclid(SPELL)));
    let mut of_spell = chance(seed, &format!("spell {spell}"));
    let (begin, length) = (of_spell.between(0, 11), of_spell.between(1, LONGEST));
    let kind = if of_spell.between(0, 1) == 0 { Sky::Down } else { Sky::Storm };
    if of_spell.between(0, 2) == 0 && (begin..begin + length).contains(&at) {
        return kind;
    }
    let mut of_day = chance(seed, &format!("day {day}"));
    match of_day.between(0, 99) {
        0..40 => Sky::Calm,
        40..82 => Sky::Showers,
        82..90 => Sky::Lies,
        90..95 => Sky::Storm,
        _ => Sky::Revoked(u64::try_from(of_day.between(1, 15)).unwrap_or(1)),
    }
}

/// The answers of a service in trouble.
fn trouble(chance: &mut Chance) -> Fault {
    match chance.between(0, 7) {
        0 => Fault::Reset,
        1 => Fault::Page,
        2 => Fault::Status(500),
        3 => Fault::Status(502),
        4 => Fault::Status(504),
        5 => Fault::Status(529),
        _ => Fault::Status(503),
    }
}

/// Something untrue about the quota.
fn lie(chance: &mut Chance) -> Fault {
    const AFTER: [&str; 7] =
        ["31536000", "-1", "soon", "99999999999999999999", "Fri, 31 Dec 9999 23:59:59 GMT", "1", ""];
    match chance.between(0, 9) {
        0 => Fault::Quota(QuotaLie::UsedUp),
        1 => Fault::Quota(QuotaLie::Endless),
        2 => Fault::Quota(QuotaLie::Words),
        at => Fault::TooOften(AFTER[usize::try_from(at - 3).unwrap_or_default()].to_owned()),
    }
}

/// Numbers that follow from a seed and a matter.
fn chance(seed: u64, matter: &str) -> Chance {
    let hash = ContentHash::of(format!("{seed} {matter}").as_bytes()).to_string();
    Chance(u64::from_str_radix(&hash[..16], 16).unwrap_or(seed))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn year(seed: u64) -> Vec<Sky> {
        let first: NaiveDate = "2015-01-01".parse().unwrap();
        first.iter_days().take(365).map(|day| sky(seed, day)).collect()
    }

    #[test]
    fn the_same_seed_makes_the_same_year_and_every_year_has_every_weather() {
        assert_eq!(year(1), year(1));
        assert_ne!(year(1), year(2));
        for seed in 1..20 {
            let year = year(seed);
            for sky in [Sky::Calm, Sky::Showers, Sky::Storm, Sky::Down, Sky::Lies] {
                assert!(year.contains(&sky), "{seed}: no {sky:?}");
            }
            assert!(year.iter().any(|sky| matches!(sky, Sky::Revoked(_))), "{seed}");
            let calm = year.iter().filter(|sky| **sky == Sky::Calm).count();
            assert!((60..220).contains(&calm), "{seed}: {calm} calm days");
        }
    }

    #[test]
    fn the_persons_browser_sees_nothing_and_the_same_question_may_fare_otherwise_the_second_time() {
        let day = |number: u32| format!("2015-07-{number:02}T06:00:00Z").parse().unwrap();
        let mut weather = Weather::new(3, "http://127.0.0.1:1/");
        let mut ask = |now, is_program| weather.strike(&Request { path: "/day", days: None, is_program, now });
        for number in 1..=31 {
            assert_eq!(ask(day(number), false), None);
        }
        let struck: Vec<Vec<Option<Fault>>> =
            (1..=31).map(|number| (0..8).map(|_| ask(day(number), true)).collect()).collect();
        assert!(struck.iter().any(|day| day.windows(2).any(|pair| pair[0] != pair[1])));
        assert!(struck.iter().flatten().flatten().count() > 20);
    }
}
