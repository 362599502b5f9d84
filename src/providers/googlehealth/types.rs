//! The data types, a line each: what it is called, how it is asked and when its points were. From the
//! table of data types and the discovery document of 2026-10-30.

use crate::json::Identity;
use crate::model::Resource;
use crate::providers::EXPORTED;

/// A resource and the data type behind it.
pub(super) struct DataType {
    /// The name of the resource.
    pub resource: &'static str,
    /// The data type in addresses, `heart-rate`; in filters with `_` for `-`.
    pub id: &'static str,
    /// The member of a point that holds its value, `heartRate`.
    pub member: &'static str,
    /// How it is asked.
    pub how: How,
    /// How many records a day has, as a rule.
    pub a_day: u32,
    /// The most records of a page.
    pub page: u32,
    /// The most days that are asked for together.
    pub reach: u32,
    /// The scope that opens it.
    pub scope: &'static str,
    /// What tells its records apart.
    keys: &'static [&'static str],
    by_default: bool,
    about: &'static str,
}

/// How a data type is asked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    /// By points, each with its time.
    Points(Time, Ways),
    /// By totals of civil days (`dailyRollUp`).
    Totals,
    /// By points, and then by a track for each (`exportExerciseTcx`).
    Tracks,
}

/// Which of the two ways to ask for points a data type knows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Ways {
    List,
    Reconcile,
    Both,
}

/// Which time of a point tells its day, and can be filtered by.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Time {
    /// The start of an interval or session.
    Start,
    /// The end of a session: a night counts for the day of waking up.
    End,
    /// The moment of a sample.
    Sample,
    /// A date.
    Date,
    /// As `Start`, but only a physical start can be filtered by, and the offset of older points is lost.
    Reading,
}

/// The most points of a page.
const MOST: u32 = 10_000;

/// Points of the dearest types are asked by the year.
const YEAR: u32 = 365;

/// More days than anybody has.
const EVER: u32 = 36_500;

macro_rules! scope {
    ($name:literal) => {
        concat!("https://www.googleapis.com/auth/googlehealth.", $name, ".readonly")
    };
}

const ACTIVITY: &str = scope!("activity_and_fitness");
const METRICS: &str = scope!("health_metrics_and_measurements");
const SLEEP: &str = scope!("sleep");
const NUTRITION: &str = scope!("nutrition");
const ECG: &str = scope!("ecg");
const MINDFULNESS: &str = scope!("mindfulness");
const SYMPTOMS: &str = scope!("logged_symptoms");
const REPRODUCTION: &str = scope!("reproductive_health");
const LOCATION: &str = scope!("location");
/// Opens the profile.
pub(super) const PROFILE: &str = scope!("profile");
/// Opens settings and devices.
pub(super) const SETTINGS: &str = scope!("settings");
/// Opens notifications of irregular rhythms.
pub(super) const IRN: &str = scope!("irn");

/// What every sign-in asks for.
pub(super) const SCOPES: &[&str] = &[ACTIVITY, METRICS, SLEEP, PROFILE, SETTINGS, NUTRITION, ECG, IRN];

/// What a sign-in asks for only where the settings name the resource: an app whose project does not
/// offer a scope could not sign in at all.
pub(super) const MORE_SCOPES: &[(&str, &str)] = &[
    ("moods", MINDFULNESS),
    ("symptoms", SYMPTOMS),
    ("menstrual-period", REPRODUCTION),
    ("ovulation-test", REPRODUCTION),
    ("exercise-tcx", LOCATION),
];

macro_rules! keys {
    (Sample, $member:literal) => {
        &[concat!($member, "/sampleTime/physicalTime"), "dataSource"]
    };
    (Date, $member:literal) => {
        &[concat!($member, "/date/day"), "dataSource"]
    };
    ($interval:ident, $member:literal) => {
        &[concat!($member, "/interval/startTime"), "dataSource"]
    };
}

/// Points that are told apart by their time.
macro_rules! points {
    ($id:literal, $member:literal, $time:ident $ways:ident, $a_day:literal a day, $reach:expr, $scope:expr, $about:literal) => {
        DataType {
            resource: $id,
            id: $id,
            member: $member,
            how: How::Points(Time::$time, Ways::$ways),
            a_day: $a_day,
            page: MOST,
            reach: $reach,
            scope: $scope,
            keys: keys!($time, $member),
            by_default: true,
            about: $about,
        }
    };
}

/// Totals by civil days; their resources stand apart from the points they sum.
macro_rules! totals {
    ($id:literal, $reach:literal, $scope:expr, $about:literal) => {
        DataType {
            resource: concat!("daily/", $id),
            id: $id,
            member: "",
            how: How::Totals,
            a_day: 1,
            page: $reach,
            reach: $reach,
            scope: $scope,
            keys: TOTAL,
            by_default: true,
            about: $about,
        }
    };
}

/// Points with a name of their own are told apart by it; `list` and `reconcile` call it differently.
const NAMED: &[&str] = &["name", "dataPointName"];

/// What tells the rows of totals apart: they hold one day each.
const TOTAL: &[&str] = &["civilStartTime/date/day"];

const fn named(kind: DataType) -> DataType {
    DataType { keys: NAMED, ..kind }
}

const fn paged(page: u32, kind: DataType) -> DataType {
    DataType { page, ..kind }
}

const fn on_wish(kind: DataType) -> DataType {
    DataType { by_default: false, ..kind }
}

/// Every data type that can be read and has a day. What reaches furthest is asked for first.
#[rustfmt::skip]
pub(super) const TABLE: &[DataType] = &[
    totals!("steps", 90, ACTIVITY, "steps of the day"),
    totals!("distance", 90, ACTIVITY, "distance of the day"),
    totals!("floors", 90, ACTIVITY, "floors of the day"),
    totals!("altitude", 90, ACTIVITY, "metres climbed in the day"),
    totals!("active-energy-burned", 90, ACTIVITY, "energy burned by activity in the day"),
    totals!("total-calories", 14, ACTIVITY, "all energy burned in the day"),
    totals!("active-minutes", 14, ACTIVITY, "minutes of the day by level of activity"),
    totals!("active-zone-minutes", 90, ACTIVITY, "active zone minutes of the day"),
    totals!("sedentary-period", 90, ACTIVITY, "time of the day without movement"),
    totals!("time-in-heart-rate-zone", 90, ACTIVITY, "time of the day in each heart rate zone"),
    totals!("calories-in-heart-rate-zone", 14, ACTIVITY, "energy of the day by heart rate zone"),
    totals!("swim-lengths-data", 90, ACTIVITY, "strokes of the day"),
    totals!("run-vo2-max", 90, ACTIVITY, "VO2 max of the day's runs"),
    totals!("heart-rate", 14, METRICS, "lowest, mean and highest heart rate of the day"),
    totals!("weight", 90, METRICS, "mean weight of the day"),
    totals!("body-fat", 90, METRICS, "mean body fat of the day"),
    totals!("blood-glucose", 90, METRICS, "blood glucose of the day"),
    totals!("core-body-temperature", 90, METRICS, "body temperature of the day"),
    totals!("hydration-log", 90, NUTRITION, "what was drunk in the day"),
    totals!("nutrition-log", 90, NUTRITION, "what was eaten in the day"),

    points!("daily-resting-heart-rate", "dailyRestingHeartRate", Date Both, 1 a day, YEAR, METRICS, "resting heart rate"),
    points!("daily-heart-rate-zones", "dailyHeartRateZones", Date Reconcile, 1 a day, YEAR, METRICS, "bounds of the heart rate zones"),
    points!("daily-heart-rate-variability", "dailyHeartRateVariability", Date Both, 1 a day, YEAR, METRICS, "heart rate variability of the night"),
    points!("daily-oxygen-saturation", "dailyOxygenSaturation", Date Both, 1 a day, YEAR, METRICS, "SpO2 of the night"),
    points!("daily-respiratory-rate", "dailyRespiratoryRate", Date Both, 1 a day, YEAR, METRICS, "breathing rate of the night"),
    points!("daily-sleep-temperature-derivations", "dailySleepTemperatureDerivations", Date Both, 1 a day, YEAR, METRICS, "skin temperature of the night"),
    points!("daily-vo2-max", "dailyVo2Max", Date Both, 1 a day, YEAR, ACTIVITY, "cardio fitness"),

    paged(25, named(points!("sleep", "sleep", End Both, 2 a day, YEAR, SLEEP, "nights and naps with their stages, on the day of waking up"))),
    paged(25, named(points!("exercise", "exercise", Start Both, 1 a day, YEAR, ACTIVITY, "workouts with their splits and events"))),
    named(points!("weight", "weight", Sample Both, 2 a day, YEAR, METRICS, "every weighing")),
    named(points!("body-fat", "bodyFat", Sample Both, 2 a day, YEAR, METRICS, "every measurement of body fat")),
    named(points!("height", "height", Sample Both, 1 a day, YEAR, METRICS, "body height")),
    named(points!("hydration-log", "hydrationLog", Start Both, 10 a day, YEAR, NUTRITION, "every drink logged")),
    named(points!("nutrition-log", "nutritionLog", Start Both, 10 a day, YEAR, NUTRITION, "every food logged")),
    paged(100, points!("electrocardiogram", "electrocardiogram", Reading List, 1 a day, EVER, ECG, "ECG readings with their wave form")),
    paged(1_000, points!("irregular-rhythm-notification", "irregularRhythmNotification", Start List, 1 a day, YEAR, IRN, "notifications of an irregular rhythm, with heart beats")),
    points!("respiratory-rate-sleep-summary", "respiratoryRateSleepSummary", Sample Both, 2 a day, YEAR, METRICS, "breathing rate by stage of sleep"),
    points!("vo2-max", "vo2Max", Sample Both, 1 a day, YEAR, ACTIVITY, "every VO2 max measurement"),
    points!("run-vo2-max", "runVo2Max", Sample Both, 1 a day, YEAR, ACTIVITY, "VO2 max of each run"),
    points!("core-body-temperature", "coreBodyTemperature", Sample Both, 5 a day, YEAR, METRICS, "every measurement of body temperature"),
    on_wish(points!("moods", "moods", Sample List, 5 a day, YEAR, MINDFULNESS, "moods logged")),
    on_wish(points!("symptoms", "symptoms", Sample List, 5 a day, YEAR, SYMPTOMS, "symptoms logged")),
    on_wish(points!("menstrual-period", "menstrualPeriod", Start List, 1 a day, YEAR, REPRODUCTION, "periods logged")),
    on_wish(points!("ovulation-test", "ovulationTest", Sample List, 1 a day, YEAR, REPRODUCTION, "ovulation tests logged")),
    on_wish(DataType { resource: "exercise-tcx", member: "", how: How::Tracks, keys: &["exercise"], ..paged(1, points!("exercise", "exercise", Start Both, 1 a day, 30, LOCATION, "the track of each workout (TCX), a request each")) }),

    points!("swim-lengths-data", "swimLengthsData", Start Both, 20 a day, 90, ACTIVITY, "every length swum"),
    points!("heart-rate-variability", "heartRateVariability", Sample Both, 100 a day, 90, METRICS, "heart rate variability every 5 minutes of sleep"),
    points!("floors", "floors", Start Reconcile, 20 a day, 90, ACTIVITY, "floors as they were climbed"),
    points!("sedentary-period", "sedentaryPeriod", Start Both, 30 a day, 90, ACTIVITY, "times without movement"),
    points!("active-zone-minutes", "activeZoneMinutes", Start Both, 60 a day, 90, ACTIVITY, "active zone minutes, a minute each"),
    points!("active-minutes", "activeMinutes", Start Reconcile, 60 a day, 90, ACTIVITY, "active minutes by level"),
    points!("time-in-heart-rate-zone", "timeInHeartRateZone", Start Reconcile, 60 a day, 90, ACTIVITY, "times in each heart rate zone"),
    points!("activity-level", "activityLevel", Start Both, 100 a day, 60, ACTIVITY, "times of each level of activity"),
    points!("altitude", "altitude", Start Both, 100 a day, 60, ACTIVITY, "metres climbed, by the minute"),
    points!("blood-glucose", "bloodGlucose", Sample Both, 288 a day, 30, METRICS, "every measurement of blood glucose"),
    points!("steps", "steps", Start Both, 400 a day, 25, ACTIVITY, "steps by the minute"),
    points!("distance", "distance", Start Both, 400 a day, 25, ACTIVITY, "distance by the minute"),
    points!("oxygen-saturation", "oxygenSaturation", Sample Both, 480 a day, 20, METRICS, "SpO2 by the minute of sleep"),
    points!("active-energy-burned", "activeEnergyBurned", Start Both, 1_440 a day, 6, ACTIVITY, "energy burned by activity, by the minute"),
    points!("basal-energy-burned", "basalEnergyBurned", Start Both, 1_440 a day, 6, ACTIVITY, "energy burned at rest, by the minute"),
    points!("heart-rate", "heartRate", Sample Both, 17_000 a day, 1, METRICS, "heart rate, up to one a second"),
];

/// The data type behind a resource.
pub(super) fn data_type(resource: &str) -> Option<&'static DataType> {
    TABLE.iter().find(|kind| kind.resource == resource)
}

impl DataType {
    /// The field by which its points are filtered by civil time, `heart_rate.sample_time.civil_time`.
    pub fn civil_field(&self, time: Time) -> Option<String> {
        match time {
            Time::Start => Some("interval.civil_start_time"),
            Time::End => Some("interval.civil_end_time"),
            Time::Sample => Some("sample_time.civil_time"),
            Time::Date => Some("date"),
            Time::Reading => None,
        }
        .map(|within| self.field(within))
    }

    /// The field by which they are filtered by the time of the world.
    pub fn physical_field(&self, time: Time) -> Option<String> {
        match time {
            Time::Start | Time::Reading => Some("interval.start_time"),
            Time::End => Some("interval.end_time"),
            Time::Sample => Some("sample_time.physical_time"),
            Time::Date => None,
        }
        .map(|within| self.field(within))
    }

    fn field(&self, within: &str) -> String {
        format!("{}.{within}", self.id.replace('-', "_"))
    }

    /// How many pages so many days take, as a rule.
    pub fn pages(&self, days: i64) -> u64 {
        let records = u64::try_from(days).unwrap_or_default().saturating_mul(u64::from(self.a_day));
        records.div_ceil(u64::from(self.page)).max(1)
    }
}

/// The resources, for the description.
pub(super) static RESOURCES: [Resource; TABLE.len()] = {
    let mut resources = [const { Resource { name: "", by_default: false, about: "" } }; TABLE.len()];
    let mut at = 0;
    while at < TABLE.len() {
        let DataType { resource, by_default, about, .. } = &TABLE[at];
        resources[at] = Resource { name: resource, by_default: *by_default, about };
        at += 1;
    }
    resources
};

/// Records inside of records, and those of the account.
const INSIDE: [Identity; 15] = [
    Identity { array: "sleep/*/sleep/stages", keys: &["startTime"] },
    Identity { array: "sleep/*/sleep/shortAwakenings", keys: &["startTime"] },
    Identity { array: "sleep/*/sleep/outOfBedSegments", keys: &["startTime"] },
    Identity { array: "sleep/*/sleep/summary/stagesSummary", keys: &["type"] },
    Identity { array: "exercise/*/exercise/splits", keys: &["startTime"] },
    Identity { array: "exercise/*/exercise/splitSummaries", keys: &["startTime"] },
    Identity { array: "exercise/*/exercise/exerciseEvents", keys: &["eventTime", "exerciseEventType"] },
    Identity { array: "**/alertWindows", keys: &["startTime"] },
    Identity { array: "**/heartRateZones", keys: &["heartRateZoneType"] },
    Identity { array: "**/activeMinutesByActivityLevel", keys: &["activityLevel"] },
    Identity { array: "**/activeMinutesRollupByActivityLevel", keys: &["activityLevel"] },
    Identity { array: "**/timeInHeartRateZones", keys: &["heartRateZone"] },
    Identity { array: "**/caloriesInHeartRateZones", keys: &["heartRateZone"] },
    Identity { array: "**/nutrients", keys: &["nutrient"] },
    Identity { array: "devices", keys: &["name"] },
];

/// How records are told apart. A path cannot name a resource with a slash in it: the last one means the totals
/// and what comes from exports.
pub(super) static IDENTITIES: [Identity; INSIDE.len() + TABLE.len() + 1] = {
    let mut identities = [EXPORTED; INSIDE.len() + TABLE.len() + 1];
    let mut at = 0;
    while at < INSIDE.len() {
        identities[at] = INSIDE[at];
        at += 1;
    }
    while at < INSIDE.len() + TABLE.len() {
        let DataType { resource, keys, .. } = &TABLE[at - INSIDE.len()];
        identities[at] = Identity { array: resource, keys };
        at += 1;
    }
    identities
};

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_line_stands_for_itself_and_its_scope_is_asked_for() {
        let names: BTreeSet<_> = TABLE.iter().map(|kind| kind.resource).collect();
        assert_eq!(names.len(), TABLE.len());
        for kind in TABLE {
            let camel: Vec<_> =
                kind.id.split('-').map(|word| format!("{}{}", &word[..1].to_uppercase(), &word[1..])).collect();
            let camel = camel.concat();
            let has_points = matches!(kind.how, How::Points(..));
            assert_eq!(kind.member, if has_points { camel[..1].to_lowercase() + &camel[1..] } else { String::new() });
            assert!(kind.page > 0 && kind.reach > 0, "{}", kind.resource);
            let on_wish = MORE_SCOPES.iter().find(|(resource, _)| *resource == kind.resource);
            assert_eq!(on_wish.is_some(), !kind.by_default, "{}", kind.resource);
            let scope = on_wish.map_or(kind.scope, |(_, scope)| scope);
            assert_eq!(scope, kind.scope);
            assert_eq!(SCOPES.contains(&scope), kind.by_default, "{}", kind.resource);
        }
        assert!(MORE_SCOPES.iter().all(|(resource, _)| names.contains(resource)));
    }

    #[test]
    fn a_long_first_run_is_reckoned_in_pages() {
        let pages = |resource: &str, days| data_type(resource).map(|kind| kind.pages(days));
        assert_eq!(pages("heart-rate", 1), Some(2));
        assert_eq!(pages("sleep", 365), Some(30));
        assert_eq!(pages("daily/steps", 90), Some(1));
        assert_eq!(pages("weight", 0), Some(1));
    }
}
