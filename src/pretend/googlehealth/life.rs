//! The invented days of a wearer: steps, heart beats, nights, workouts, the same for the same seed.

use std::fmt::Write;

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeDelta, TimeZone, Timelike, Utc};
use chrono_tz::Tz;

use super::kinds::Kind;
use super::world::World;
use crate::model::Zone;

/// A point, and what the service knows of it besides.
pub(super) struct Point {
    /// When it was.
    pub start: DateTime<Utc>,
    /// The point of one source.
    pub text: String,
}

/// How a point is told.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Telling {
    List,
    Reconcile,
}

/// The points of a civil day, the earliest first.
pub(super) fn points(world: &World, kind: &Kind, day: NaiveDate, telling: Telling) -> Vec<Point> {
    let teller = Teller { world, kind, telling, zone: world.zone_of(day) };
    let dice = dice(world.options.seed, day);
    let mut points = match kind.id {
        "steps" | "distance" => minutes(world, day, dice).map(|(at, count)| teller.minute(at, count)).collect(),
        "heart-rate" => beats(world, day, dice).map(|(at, rate)| teller.beat(at, rate)).collect(),
        "sleep" => vec![teller.night(day, dice)],
        "exercise" if dice.is_multiple_of(3) => vec![teller.workout(day, dice)],
        "weight" if dice.is_multiple_of(4) => vec![teller.weight(day, dice)],
        "daily-resting-heart-rate" => vec![teller.resting(day, dice)],
        "electrocardiogram" if dice.is_multiple_of(9) => vec![teller.reading(day)],
        _ => Vec::new(),
    };
    if kind.id == "steps" && telling == Telling::List {
        // The phone in the pocket counts too.
        let phone = minutes(world, day, dice).step_by(3).map(|(at, count)| teller.minute_of_phone(at, count + 2));
        points.extend(phone);
        points.sort_by_key(|point| point.start);
    }
    points.retain(|point| point.start <= world.synced());
    points
}

/// The total of a day, if the tracker was worn and has synced.
pub(super) fn total(world: &World, kind: &Kind, day: NaiveDate) -> Option<String> {
    let dice = dice(world.options.seed, day);
    let synced = |at: &NaiveDateTime| instant(world.zone_of(day), *at) <= world.synced();
    let counts = || minutes(world, day, dice).filter(|(at, _)| synced(at)).map(|(_, count)| count);
    let rates = || beats(world, day, dice).filter(|(at, _)| synced(at)).map(|(_, rate)| rate);
    counts().next()?;
    let value = match kind.id {
        "steps" => format!("\"steps\":{{\"countSum\":\"{}\"}}", counts().sum::<u64>()),
        "distance" => format!("\"distance\":{{\"millimetersSum\":\"{}\"}}", counts().sum::<u64>() * 712),
        "heart-rate" => {
            let (low, high) = (rates().min()?, rates().max()?);
            format!(
                "\"heartRate\":{{\"beatsPerMinuteAvg\":{}.5,\"beatsPerMinuteMax\":{high},\"beatsPerMinuteMin\":{low}}}",
                (low + high) / 2
            )
        }
        "total-calories" => format!("\"totalCalories\":{{\"kcalSum\":{}}}", 1_500 + counts().sum::<u64>() / 20),
        _ => return None,
    };
    let date = |day: NaiveDate| format!("{{\"date\":{},\"time\":{{}}}}", date(day));
    let (start, end) = (date(day), date(day + TimeDelta::days(1)));
    Some(format!("{{\"civilStartTime\":{start},\"civilEndTime\":{end},{value}}}"))
}

/// Local minutes with steps, and how many.
fn minutes(world: &World, day: NaiveDate, dice: u64) -> impl Iterator<Item = (NaiveDateTime, u64)> + use<> {
    let late = world.late.contains(&day);
    let morning = (0..20).map(move |minute| (8 * 60 + minute * 7, 40 + (dice + minute * 11) % 60));
    let evening = (0..if late { 10 } else { 0 }).map(move |minute| (21 * 60 + 14 + minute, 90 + minute));
    morning.chain(evening).map(move |(minute, count)| (at(day, minute * 60), count))
}

/// Local moments with a heart rate.
fn beats(world: &World, day: NaiveDate, dice: u64) -> impl Iterator<Item = (NaiveDateTime, u64)> + use<> {
    let step = world.options.heart_every * if world.thinned.contains(&day) { 10 } else { 1 };
    let end = if world.late.contains(&day) { 24 * 3_600 } else { 21 * 3_600 };
    let altered = world.altered.get(&day).copied().unwrap_or_default();
    let moments = (7 * 3_600..end).step_by(usize::try_from(step).unwrap_or(60).max(1));
    moments.enumerate().map(move |(number, second)| {
        let rate = 58 + (dice + second / 60 * 7) % 60 + u64::from(number < altered);
        (at(day, second), rate)
    })
}

fn at(day: NaiveDate, second: u64) -> NaiveDateTime {
    day.and_time(NaiveTime::MIN) + TimeDelta::seconds(i64::try_from(second).unwrap_or_default())
}

/// A few bits that are the same for the same seed and day.
fn dice(seed: u64, day: NaiveDate) -> u64 {
    let number = u64::try_from(day.num_days_from_ce()).unwrap_or_default();
    (seed.wrapping_mul(31) + number).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40
}

fn instant(zone: Tz, local: NaiveDateTime) -> DateTime<Utc> {
    Zone::Named(zone).moment(local)
}

/// `google.type.Date`.
pub(super) fn date(day: NaiveDate) -> String {
    format!("{{\"year\":{},\"month\":{},\"day\":{}}}", day.year(), day.month(), day.day())
}

/// A civil time without the members that are zero.
fn civil(local: NaiveDateTime) -> String {
    let time = [("hours", local.hour()), ("minutes", local.minute()), ("seconds", local.second())];
    let time: Vec<_> =
        time.iter().filter(|(_, part)| *part > 0).map(|(name, part)| format!("\"{name}\":{part}")).collect();
    format!("{{\"date\":{},\"time\":{{{}}}}}", date(local.date()), time.join(","))
}

struct Teller<'w> {
    world: &'w World,
    kind: &'w Kind,
    telling: Telling,
    zone: Tz,
}

const TRACKER: &str = "{\"recordingMethod\":\"PASSIVELY_MEASURED\",\"device\":{\"displayName\":\"Pretend Band\"},\
                       \"platform\":\"FITBIT\"}";
const PHONE: &str = "{\"recordingMethod\":\"DERIVED\",\"platform\":\"HEALTH_CONNECT\",\
                     \"application\":{\"packageName\":\"com.example.pocket\"}}";

impl Teller<'_> {
    fn offset(&self, start: DateTime<Utc>) -> i32 {
        self.zone.offset_from_utc_datetime(&start.naive_utc()).fix().local_minus_utc()
    }

    /// A point of the tracker; a name only where there is one.
    fn point(&self, start: DateTime<Utc>, value: String, is_named: bool) -> Point {
        let name = format!("\"users/me/dataTypes/{}/dataPoints/{}\"", self.kind.id, start.timestamp());
        let head = match (self.telling, is_named) {
            (Telling::List, true) => format!("\"name\":{name},\"dataSource\":{TRACKER},"),
            (Telling::List, false) => format!("\"dataSource\":{TRACKER},"),
            (Telling::Reconcile, true) => format!("\"dataPointName\":{name},"),
            (Telling::Reconcile, false) => String::new(),
        };
        Point { start, text: format!("{{{head}\"{}\":{{{value}}}}}", self.kind.member) }
    }

    /// An interval; sessions come without civil times.
    fn interval(&self, from: DateTime<Utc>, to: DateTime<Utc>, is_civil: bool) -> String {
        let (first, last) = (self.offset(from), self.offset(to));
        let mut text = format!(
            "\"interval\":{{\"startTime\":\"{}\",\"startUtcOffset\":\"{first}s\",\"endTime\":\"{}\",\"endUtcOffset\":\"{last}s\"",
            stamp(from),
            stamp(to)
        );
        if is_civil {
            let local =
                |time: DateTime<Utc>, offset: i32| civil(time.naive_utc() + TimeDelta::seconds(i64::from(offset)));
            let _ = write!(text, ",\"civilStartTime\":{},\"civilEndTime\":{}", local(from, first), local(to, last));
        }
        text + "}"
    }

    fn minute(&self, local: NaiveDateTime, count: u64) -> Point {
        let start = instant(self.zone, local);
        let interval = self.interval(start, start + TimeDelta::minutes(1), true);
        let value = match self.kind.id {
            "distance" => format!("{interval},\"millimeters\":\"{}\"", count * 712),
            _ => format!("{interval},\"count\":\"{count}\""),
        };
        self.point(start, value, false)
    }

    fn minute_of_phone(&self, local: NaiveDateTime, count: u64) -> Point {
        let Point { start, text } = self.minute(local, count);
        Point { start, text: text.replace(TRACKER, PHONE) }
    }

    fn beat(&self, local: NaiveDateTime, rate: u64) -> Point {
        let start = instant(self.zone, local);
        let value = format!(
            "\"sampleTime\":{{\"physicalTime\":\"{}\",\"utcOffset\":\"{}s\",\"civilTime\":{}}},\"beatsPerMinute\":\"{rate}\"",
            stamp(start),
            self.offset(start),
            civil(local)
        );
        self.point(start, value, false)
    }

    /// The night that ends on this day: `CLASSIC` until the stages are reckoned.
    fn night(&self, day: NaiveDate, dice: u64) -> Point {
        let start = instant(self.zone, at(day, 0) - TimeDelta::minutes(i64::try_from(20 + dice % 60).unwrap_or(30)));
        let end = instant(self.zone, at(day, (6 * 60 + dice % 50) * 60));
        let is_classic = self.world.classic.contains(&day);
        let names: &[&str] = if is_classic { &["ASLEEP", "RESTLESS"] } else { &["LIGHT", "DEEP", "LIGHT", "REM"] };
        let length = (end - start) / i32::try_from(names.len()).unwrap_or(1);
        let (mut stages, mut from) = (Vec::new(), start);
        for name in names {
            let (first, last) = (self.offset(from), self.offset(from + length));
            stages.push(format!(
                "{{\"startTime\":\"{}\",\"startUtcOffset\":\"{first}s\",\"endTime\":\"{}\",\"endUtcOffset\":\"{last}s\",\"type\":\"{name}\"}}",
                stamp(from),
                stamp(from + length)
            ));
            from += length;
        }
        let (kind, processed) = if is_classic { ("CLASSIC", "") } else { ("STAGES", "\"processed\":true,") };
        let value = format!(
            "{},\"type\":\"{kind}\",\"stages\":[{}],\"summary\":{{\"minutesAsleep\":\"{}\"}},\
             \"metadata\":{{{processed}\"mainSleep\":true}},\"createTime\":\"{}\",\"updateTime\":\"{}\"",
            self.interval(start, end, false),
            stages.join(","),
            (end - start).num_minutes() - 20,
            stamp(end),
            // Every request finds it reckoned again.
            stamp(end + TimeDelta::seconds(i64::from(self.world.asked)))
        );
        self.point(start, value, true)
    }

    fn workout(&self, day: NaiveDate, dice: u64) -> Point {
        let start = instant(self.zone, at(day, 17 * 3_600 + dice % 1_800));
        let end = start + TimeDelta::minutes(41);
        let value = format!(
            "{},\"exerciseType\":\"RUNNING\",\"displayName\":\"Run\",\"activeDuration\":\"2460s\",\
             \"metricsSummary\":{{\"caloriesKcal\":{},\"averageHeartRateBeatsPerMinute\":\"141\"}},\"updateTime\":\"{}\"",
            self.interval(start, end, false),
            300 + dice % 80,
            stamp(end)
        );
        self.point(start, value, true)
    }

    /// The same number is spelled otherwise now and then.
    fn weight(&self, day: NaiveDate, dice: u64) -> Point {
        let start = instant(self.zone, at(day, 7 * 3_600 + 60));
        let grams = 70_000 + dice % 900;
        let grams = if self.world.asked.is_multiple_of(2) { format!("{grams}") } else { format!("{grams}.0") };
        let value = format!(
            "\"sampleTime\":{{\"physicalTime\":\"{}\",\"utcOffset\":\"{}s\"}},\"weightGrams\":{grams}",
            stamp(start),
            self.offset(start)
        );
        self.point(start, value, true)
    }

    fn resting(&self, day: NaiveDate, dice: u64) -> Point {
        let value = format!("\"date\":{},\"beatsPerMinute\":\"{}\"", date(day), 50 + dice % 8);
        self.point(instant(self.zone, at(day, 6 * 3_600)), value, false)
    }

    /// Its offset is lost, and so its civil time is that of UTC.
    fn reading(&self, day: NaiveDate) -> Point {
        let start = instant(self.zone, at(day, 30 * 60));
        let value = format!(
            "\"interval\":{{\"startTime\":\"{0}\",\"endTime\":\"{0}\",\"startUtcOffset\":\"0s\",\"civilStartTime\":{1}}},\
             \"waveformSamples\":[4,-3,12],\"resultClassification\":\"NORMAL\"",
            stamp(start),
            civil(start.naive_utc())
        );
        self.point(start, value, false)
    }
}

fn stamp(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}
