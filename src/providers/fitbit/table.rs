//! What Fitbit offers by the day, a line each. Paths, scopes and longest ranges are those of its reference
//! (dev.fitbit.com/build/reference/web-api). It names no longest range for the daily oxygen saturation and
//! for the lists by pages; they have that of the other series of days.

use super::account;
use super::endpoint::{Endpoint, Pages, daily, logs, pages, samples, some_days, tracks, whole};
use crate::json::Identity;
use crate::model::Resource;
use crate::providers::EXPORTED;

const ACTIVITY: &[&str] = &["activity"];
const HEART: &[&str] = &["heartrate"];
const WEIGHT: &[&str] = &["weight"];
const FOOD: &[&str] = &["nutrition"];
const OXYGEN: &[&str] = &["oxygen_saturation"];
const BREATH: &[&str] = &["respiratory_rate"];
const WARMTH: &[&str] = &["temperature"];

const RHYTHM: &[&str] = &["irregular_rhythm_notifications"];

const AZM: &str = "activities/active-zone-minutes";

/// The finest that most samples come in.
const MINUTE: Option<&str> = Some("1min");

/// The most days that a series of days may span.
const LONG: u32 = 1_095;

const ACTIVITIES: Pages = Pages { list: "activities", day: "startTime", key: "logId", limit: 100 };
const READINGS: Pages = Pages { list: "ecgReadings", day: "startTime", key: "startTime", limit: 10 };
const ALERTS: Pages = Pages { list: "alerts", day: "alertTime", key: "alertTime", limit: 10 };

/// What tells records apart in several resources.
const COMMON: &[Identity] = &[
    Identity { array: "**/dataset", keys: &["time"] },
    Identity { array: "**/minutes", keys: &["minute"] },
    Identity { array: "**/heartRateZones", keys: &["name"] },
    Identity { array: "**/customHeartRateZones", keys: &["name"] },
    Identity { array: "**/bpmData", keys: &["dateTime"] },
    Identity { array: "**/windows", keys: &["startTime"] },
    Identity { array: "sleep", keys: &["logId"] },
    Identity { array: "activities", keys: &["logId"] },
    Identity { array: "tcx", keys: &["logId"] },
    Identity { array: "weight", keys: &["logId"] },
    Identity { array: "fat", keys: &["logId"] },
    Identity { array: "*/activities", keys: &["logId"] },
    Identity { array: "food/foods", keys: &["logId"] },
    Identity { array: "water/water", keys: &["logId"] },
    Identity { array: "devices", keys: &["id"] },
    Identity { array: "badges/badges", keys: &["encodedId"] },
];

/// Everything that has a day.
const TABLE: &[Endpoint] = &[
    // A request a day.
    samples("heart", "activities/heart", HEART, None, "heart rate, as fine as `detail` says, and the day's zones"),
    samples("steps", "activities/steps", ACTIVITY, MINUTE, "steps by the minute"),
    samples("calories", "activities/calories", ACTIVITY, MINUTE, "calories by the minute"),
    samples("distance", "activities/distance", ACTIVITY, MINUTE, "distance by the minute, in km"),
    samples("floors", "activities/floors", ACTIVITY, MINUTE, "floors by the minute"),
    samples("elevation", "activities/elevation", ACTIVITY, MINUTE, "elevation by the minute, in m"),
    samples("zone_minutes", AZM, ACTIVITY, MINUTE, "active zone minutes by the minute"),
    samples("swimming", "activities/swimming-strokes", ACTIVITY, MINUTE, "strokes by the minute").if_named(),
    whole("summary", "activities", ACTIVITY, ("activities", "startDate"), "the day's totals, goals and activities")
        .told_apart(&[Identity { array: "summary/summary/distances", keys: &["activity"] }])
        .volatile(&["summary/goals"]),
    whole("food", "foods/log", FOOD, ("foods", "logDate"), "the food log").volatile(&["food/goals"]),
    whole("water", "foods/log/water", FOOD, ("water", "logDate"), "the water log"),
    // Years a request.
    daily("steps_daily", "activities/steps", ACTIVITY, LONG, "steps of the day"),
    daily("distance_daily", "activities/distance", ACTIVITY, LONG, "distance of the day, in km"),
    daily("floors_daily", "activities/floors", ACTIVITY, LONG, "floors of the day"),
    daily("elevation_daily", "activities/elevation", ACTIVITY, LONG, "elevation of the day, in m"),
    daily("calories_daily", "activities/calories", ACTIVITY, LONG, "calories of the day"),
    daily("basal_calories_daily", "activities/caloriesBMR", ACTIVITY, LONG, "basal calories of the day"),
    daily("sedentary_daily", "activities/minutesSedentary", ACTIVITY, LONG, "sedentary minutes"),
    daily("lightly_active_daily", "activities/minutesLightlyActive", ACTIVITY, LONG, "lightly active minutes"),
    daily("fairly_active_daily", "activities/minutesFairlyActive", ACTIVITY, LONG, "fairly active minutes"),
    daily("very_active_daily", "activities/minutesVeryActive", ACTIVITY, LONG, "very active minutes"),
    some_days("zone_minutes_daily", AZM, ACTIVITY, LONG, "activities-active-zone-minutes", "active zone minutes"),
    some_days("spo2_daily", "spo2", OXYGEN, LONG, "", "oxygen saturation of the night"),
    daily("heart_daily", "activities/heart", HEART, 365, "resting heart rate and zones of the day"),
    logs("sleep", "sleep", &["sleep"], 100, ("sleep", "dateOfSleep"), "sleep logs with their stages")
        .of_version("1.2")
        .told_apart(&[Identity { array: "sleep/*/levels/*", keys: &["dateTime"] }])
        .volatile(&["sleep/*/levels/summary/*/thirtyDayAvgMinutes"]),
    // A month a request.
    some_days("spo2", "spo2", OXYGEN, 30, "", "oxygen saturation by the minute of sleep").in_full(),
    some_days("hrv", "hrv", HEART, 30, "hrv", "heart rate variability by five minutes of sleep").in_full(),
    some_days("hrv_daily", "hrv", HEART, 30, "hrv", "heart rate variability of the night"),
    some_days("breathing", "br", BREATH, 30, "br", "breathing rate by stage of sleep").in_full(),
    some_days("cardio_score", "cardioscore", &["cardio_fitness"], 30, "cardioScore", "cardio fitness (VO2 max)"),
    logs("skin_temperature", "temp/skin", WARMTH, 30, ("tempSkin", "dateTime"), "skin temperature of the night"),
    logs("core_temperature", "temp/core", WARMTH, 30, ("tempCore", "dateTime"), "core temperature, as logged"),
    logs("weight", "body/log/weight", WEIGHT, 31, ("weight", "date"), "the weight log, in kg"),
    logs("fat", "body/log/fat", WEIGHT, 30, ("fat", "date"), "the log of body fat"),
    // Lists by pages.
    pages("activities", "activities", ACTIVITY, ACTIVITIES, "the log of activities")
        .told_apart(&[Identity { array: "activities/*/activityLevel", keys: &["name"] }])
        .volatile(&[
            "activities/*/caloriesLink",
            "activities/*/heartRateLink",
            "activities/*/tcxLink",
            "activities/*/detailsLink",
        ]),
    pages("ecg", "ecg", &["electrocardiogram"], READINGS, "electrocardiograms")
        .told_apart(&[Identity { array: "ecg", keys: &["startTime"] }]),
    pages("irn", "irn/alerts", RHYTHM, ALERTS, "alerts of irregular rhythm, those that were read in the app")
        .told_apart(&[Identity { array: "irn", keys: &["alertTime"] }]),
    tracks("tcx", "activities", &["activity", "location"], ACTIVITIES, "the track of each activity (TCX)").if_named(),
    // What others above tell too, and what the tracker alone counted.
    some_days("breathing_daily", "br", BREATH, 30, "br", "breathing rate of the night").if_named(),
    daily("active_calories_daily", "activities/activityCalories", ACTIVITY, 30, "active calories of the day")
        .if_named(),
    daily("swimming_daily", "activities/swimming-strokes", ACTIVITY, LONG, "strokes of the day").if_named(),
    daily("bmi_daily", "body/bmi", WEIGHT, LONG, "body mass index of the day").if_named(),
    daily("fat_daily", "body/fat", WEIGHT, 30, "body fat of the day").if_named(),
    daily("weight_daily", "body/weight", WEIGHT, 31, "weight of the day, in kg").if_named(),
    daily("food_daily", "foods/log/caloriesIn", FOOD, LONG, "calories eaten").if_named(),
    daily("water_daily", "foods/log/water", FOOD, LONG, "water of the day").if_named(),
    daily("tracker_steps", "activities/tracker/steps", ACTIVITY, LONG, "steps by the tracker").if_named(),
    daily("tracker_distance", "activities/tracker/distance", ACTIVITY, LONG, "distance by the tracker").if_named(),
    daily("tracker_floors", "activities/tracker/floors", ACTIVITY, LONG, "floors by the tracker").if_named(),
    daily("tracker_elevation", "activities/tracker/elevation", ACTIVITY, LONG, "elevation by the tracker").if_named(),
    daily("tracker_calories", "activities/tracker/calories", ACTIVITY, LONG, "calories by the tracker").if_named(),
    daily(
        "tracker_active_calories",
        "activities/tracker/activityCalories",
        ACTIVITY,
        30,
        "active calories by the tracker",
    )
    .if_named(),
    daily(
        "tracker_sedentary",
        "activities/tracker/minutesSedentary",
        ACTIVITY,
        LONG,
        "sedentary minutes by the tracker",
    )
    .if_named(),
    daily(
        "tracker_lightly_active",
        "activities/tracker/minutesLightlyActive",
        ACTIVITY,
        LONG,
        "lightly active minutes by the tracker",
    )
    .if_named(),
    daily(
        "tracker_fairly_active",
        "activities/tracker/minutesFairlyActive",
        ACTIVITY,
        LONG,
        "fairly active minutes by the tracker",
    )
    .if_named(),
    daily(
        "tracker_very_active",
        "activities/tracker/minutesVeryActive",
        ACTIVITY,
        LONG,
        "very active minutes by the tracker",
    )
    .if_named(),
];

/// The endpoint of a resource.
pub(super) fn endpoint(resource: &str) -> Option<&'static Endpoint> {
    TABLE.iter().find(|endpoint| endpoint.name == resource)
}

/// What there is, for people.
pub(super) static RESOURCES: [Resource; TABLE.len()] = {
    let mut all = [TABLE[0].resource(); TABLE.len()];
    let mut row = 0;
    while row < TABLE.len() {
        all[row] = TABLE[row].resource();
        row += 1;
    }
    all
};

/// What tells records apart, of all resources.
pub(super) static IDENTITIES: [Identity; COMMON.len() + lengths().0 + 1] = {
    // The last one is that of exports.
    let mut all = [EXPORTED; COMMON.len() + lengths().0 + 1];
    let mut at = fill(&mut all, 0, COMMON);
    let mut row = 0;
    while row < TABLE.len() {
        at = fill(&mut all, at, TABLE[row].identities);
        row += 1;
    }
    all
};

/// The volatile members of all resources and of the account.
pub(super) static VOLATILE: [&str; account::VOLATILE.len() + lengths().1] = {
    let mut all = [""; account::VOLATILE.len() + lengths().1];
    let mut at = fill(&mut all, 0, account::VOLATILE);
    let mut row = 0;
    while row < TABLE.len() {
        at = fill(&mut all, at, TABLE[row].volatile);
        row += 1;
    }
    all
};

/// How many identities and volatile members stand in the table.
const fn lengths() -> (usize, usize) {
    let (mut identities, mut volatile, mut row) = (0, 0, 0);
    while row < TABLE.len() {
        identities += TABLE[row].identities.len();
        volatile += TABLE[row].volatile.len();
        row += 1;
    }
    (identities, volatile)
}

/// Puts these in from a place on, and gives the place after them.
const fn fill<T: Copy>(all: &mut [T], mut at: usize, these: &[T]) -> usize {
    let mut one = 0;
    while one < these.len() {
        all[at] = these[one];
        at += 1;
        one += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_line_has_a_name_of_its_own_and_an_address_of_its_own() {
        let names: BTreeSet<&str> = TABLE.iter().map(|endpoint| endpoint.name).collect();
        assert_eq!(names.len(), TABLE.len());
        let range = "2015-07-03".parse().map(|day| crate::model::DayRange { first: day, last: day });
        let Ok(range) = range else { panic!("no day") };
        let addresses: BTreeSet<String> =
            TABLE.iter().filter(|one| one.name != "tcx").map(|one| one.address(range, "1sec")).collect();
        assert_eq!(addresses.len() + 1, TABLE.len());
        for address in [
            "/1/user/-/activities/heart/date/2015-07-03/1d/1sec.json",
            "/1/user/-/activities/steps/date/2015-07-03/1d/1min.json",
            "/1/user/-/activities/date/2015-07-03.json",
            "/1/user/-/activities/steps/date/2015-07-03/2015-07-03.json",
            "/1/user/-/activities/tracker/floors/date/2015-07-03/2015-07-03.json",
            "/1.2/user/-/sleep/date/2015-07-03/2015-07-03.json",
            "/1/user/-/spo2/date/2015-07-03/2015-07-03/all.json",
            "/1/user/-/irn/alerts/list.json",
        ] {
            assert!(addresses.contains(address), "{address}");
        }
    }
}
