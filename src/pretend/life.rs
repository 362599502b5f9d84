//! The invented life of one person: where they are each day, the same for the same seed.

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc, Weekday};
use chrono_tz::Tz;

use super::story::{Activity, Place, Point, Segment, Stay, Story};

/// How a life is invented.
#[derive(Clone, Debug)]
pub(super) struct Life {
    pub seed: u64,
    pub first_day: NaiveDate,
    pub zone: Tz,
    /// Track points a move, about 70 bytes each.
    pub points: u32,
}

/// A generator of numbers that are the same on every machine (SplitMix64).
pub(super) struct Chance(pub u64);

impl Chance {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        let span = u64::try_from(high - low).unwrap_or(0) + 1;
        low + i64::try_from(self.next() % span).unwrap_or(0)
    }

    /// A fraction from 0 up to 1.
    fn fraction(&mut self) -> f64 {
        self.between(0, 999_999) as f64 / 1_000_000.0
    }

    fn one_of<T: Copy>(&mut self, choices: &[T], otherwise: T) -> T {
        let at = usize::try_from(self.next() % choices.len().max(1) as u64).unwrap_or(0);
        choices.get(at).copied().unwrap_or(otherwise)
    }
}

type Spot = (u64, &'static str, &'static str, f64, f64);

const HOME: Spot = (31_000_001, "Rowan Cottage", "home", 60.178_310_42, 24.921_604_81);
const WORK: Spot = (31_000_002, "Lantern Works", "work", 60.192_455_07, 24.958_112_36);
const ERRANDS: [Spot; 6] = [
    (31_000_003, "Juniper Market", "user", 60.185_017_93, 24.940_882_15),
    (31_000_004, "Quiet Oak Library", "user", 60.181_770_28, 24.933_049_71),
    (31_000_005, "Heron Swimming Hall", "foursquare", 60.187_902_64, 24.949_310_58),
    (31_000_006, "Café Vadelma", "foursquare", 60.176_123_85, 24.930_447_02),
    (31_000_007, "Seagull Park", "user", 60.170_998_31, 24.915_730_44),
    (31_000_008, "Old Ropeway", "unknown", 60.200_345_76, 24.930_016_27),
];

/// How one gets about: activity, group, metres a second, steps a metre.
type Way = (&'static str, &'static str, f64, f64);

const WALK: Way = ("walking", "walking", 1.35, 1.33);
const RIDE: Way = ("cycling", "cycling", 4.6, 0.0);
const TRAM: Way = ("transport", "transport", 7.8, 0.0);

/// One outing: when it begins, in seconds of the day, where to, how, and how long one stays there.
struct Leg {
    start: i64,
    from: Spot,
    to: Spot,
    way: Way,
    stay: i64,
}

struct Outline {
    nothing: bool,
    legs: Vec<Leg>,
}

impl Life {
    /// What the provider says of a day, when nothing was rewritten.
    pub fn day(&self, date: NaiveDate) -> Story {
        let outline = self.outline(date);
        if outline.nothing {
            return Story { date, segments: None, last_update: None };
        }
        let begin = self.moment(date, 0);
        let previous = date.checked_sub_days(Days::new(1)).filter(|day| *day >= self.first_day);
        let mut since = previous.and_then(|day| self.home_again(day)).unwrap_or(begin);
        let mut chance = self.chance(date, 2);
        let (mut at, mut segments) = (HOME, Vec::new());
        for leg in &outline.legs {
            let start = self.moment(date, leg.start);
            segments.push(stay(at, since, start, self.indoors(&mut chance, since.max(begin), start)));
            let travel = self.travel(&mut chance, leg, start);
            since = travel.end;
            segments.push(travel);
            at = leg.to;
        }
        let next = date + Days::new(1);
        let tomorrow = self.outline(next);
        let leaves = tomorrow.legs.first().filter(|_| !tomorrow.nothing).map_or(0, |leg| leg.start);
        let end = self.moment(next, leaves);
        segments.push(stay(at, since, end, self.indoors(&mut chance, since, self.moment(next, 0))));
        Story { date, segments: Some(segments), last_update: None }
    }

    /// When the last leg of a day brings the person home, if the day has anything.
    fn home_again(&self, date: NaiveDate) -> Option<DateTime<Utc>> {
        let outline = self.outline(date);
        let leg = outline.legs.last().filter(|_| !outline.nothing)?;
        Some(self.moment(date, leg.start + duration(leg)))
    }

    fn outline(&self, date: NaiveDate) -> Outline {
        let mut chance = self.chance(date, 1);
        // About one day in thirty the phone stays at home or dies.
        let nothing = chance.between(0, 29) == 0 && date > self.first_day;
        let free = matches!(date.weekday(), Weekday::Sat | Weekday::Sun) || chance.between(0, 24) == 0;
        let goal = if free { chance.one_of(&ERRANDS, WORK) } else { WORK };
        let way = chance.one_of(&[WALK, RIDE, TRAM, TRAM], WALK);
        let leave = if free { chance.between(36_000, 43_000) } else { chance.between(25_200, 31_000) };
        let there = if free { chance.between(3_600, 12_000) } else { chance.between(25_000, 32_000) };
        let mut legs = vec![Leg { start: leave, from: HOME, to: goal, way, stay: there }];
        let errand = chance.one_of(&ERRANDS, WORK);
        if chance.between(0, 9) < 4 && errand.0 != goal.0 {
            let start = after(&legs);
            legs.push(Leg { start, from: goal, to: errand, way: WALK, stay: chance.between(900, 5_400) });
        }
        let (start, from) = (after(&legs), legs.last().map_or(goal, |leg| leg.to));
        let way = if legs.len() > 1 { WALK } else { way };
        legs.push(Leg { start, from, to: HOME, way, stay: 0 });
        Outline { nothing, legs }
    }

    fn travel(&self, chance: &mut Chance, leg: &Leg, start: DateTime<Utc>) -> Segment {
        let (length, seconds) = (distance(leg.from, leg.to), duration(leg));
        let (activity, group, _, steps) = leg.way;
        let count = i64::from(self.points.max(2));
        let point = |at: i64, sway: f64| {
            let share = at as f64 / (count - 1) as f64;
            let curve = (share * std::f64::consts::PI).sin() * sway;
            Point {
                lat: round(leg.from.3 + (leg.to.3 - leg.from.3) * share + curve),
                lon: round(leg.from.4 + (leg.to.4 - leg.from.4) * share - curve),
                time: start + TimeDelta::seconds(seconds * at / (count - 1)),
            }
        };
        let points = (0..count).map(|at| point(at, 0.000_8 * (chance.fraction() - 0.3))).collect();
        let end = start + TimeDelta::seconds(seconds);
        let activity = Activity {
            activity: activity.to_owned(),
            group: group.to_owned(),
            start,
            end,
            distance: length.round(),
            steps: (steps > 0.0).then_some((length * steps) as u64),
            points,
        };
        Segment { stay: Stay::Move, start, end, activities: vec![activity], last_update: uploaded(end) }
    }

    /// Steps between the rooms of a place.
    fn indoors(&self, chance: &mut Chance, from: DateTime<Utc>, to: DateTime<Utc>) -> Vec<Activity> {
        let room = (to - from).num_seconds() - 1_200;
        let (at, seconds) = (chance.between(300, 300 + room.max(0)), chance.between(60, 420));
        if room < 600 || chance.between(0, 2) == 0 {
            return Vec::new();
        }
        let start = from + TimeDelta::seconds(at);
        let length = (seconds as f64 * 0.7).round();
        vec![Activity {
            activity: WALK.0.to_owned(),
            group: WALK.1.to_owned(),
            start,
            end: start + TimeDelta::seconds(seconds),
            distance: length,
            steps: Some((length * WALK.3) as u64),
            points: Vec::new(),
        }]
    }

    fn chance(&self, date: NaiveDate, matter: u64) -> Chance {
        let day = u64::try_from(date.num_days_from_ce()).unwrap_or(0);
        let mut chance = Chance(self.seed ^ day.wrapping_mul(0x2545_f491_4f6c_dd1d) ^ (matter << 56));
        chance.next();
        chance
    }

    /// A second of a day in the person's zone.
    pub fn moment(&self, date: NaiveDate, second: i64) -> DateTime<Utc> {
        let midnight = date.and_time(NaiveTime::MIN);
        let begin = self.zone.from_local_datetime(&midnight).earliest();
        begin.map_or_else(|| midnight.and_utc(), |begin| begin.to_utc()) + TimeDelta::seconds(second)
    }
}

fn stay(spot: Spot, start: DateTime<Utc>, end: DateTime<Utc>, activities: Vec<Activity>) -> Segment {
    let (id, name, kind, lat, lon) = spot;
    let place = Place { id, name: name.to_owned(), kind: kind.to_owned(), lat, lon };
    Segment { stay: Stay::Place(place), start, end, activities, last_update: uploaded(end) }
}

/// The phone uploads every couple of hours.
fn uploaded(end: DateTime<Utc>) -> DateTime<Utc> {
    end + TimeDelta::seconds(1_800 + end.timestamp().rem_euclid(5_400))
}

fn after(legs: &[Leg]) -> i64 {
    legs.last().map_or(0, |leg| leg.start + duration(leg) + leg.stay)
}

fn duration(leg: &Leg) -> i64 {
    (distance(leg.from, leg.to) / leg.way.2) as i64 + 45
}

/// Metres along streets, near enough for a story.
fn distance(from: Spot, to: Spot) -> f64 {
    let (north, east) = ((to.3 - from.3) * 111_200.0, (to.4 - from.4) * 55_300.0);
    north.hypot(east) * 1.25
}

fn round(degrees: f64) -> f64 {
    (degrees * 1e8).round() / 1e8
}
