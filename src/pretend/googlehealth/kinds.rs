//! The data types as Google documents them: what answers, to which filter, under which scope.

/// What tells when a point was.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    Interval,
    Sample,
    Date,
    Session,
}

/// A data type.
pub(super) struct Kind {
    pub id: &'static str,
    pub member: &'static str,
    pub when: When,
    pub lists: bool,
    pub reconciles: bool,
    /// The most days of a `dailyRollUp`; none where there is no such thing.
    pub totals: Option<i64>,
    pub scope: &'static str,
}

const fn kind(id: &'static str, member: &'static str, when: When, ways: &str, scope: &'static str) -> Kind {
    let (mut lists, mut reconciles, mut totals) = (false, false, None);
    let ways = ways.as_bytes();
    let mut at = 0;
    while at < ways.len() {
        match ways[at] {
            b'L' => lists = true,
            b'R' => reconciles = true,
            b'D' => totals = Some(90),
            _ => totals = Some(14),
        }
        at += 1;
    }
    Kind { id, member, when, lists, reconciles, totals, scope }
}

use When::{Date, Interval, Sample, Session};

const ACTIVITY: &str = "activity_and_fitness";
const METRICS: &str = "health_metrics_and_measurements";

/// L lists, R reconciles, D has totals of 90 days, d of 14.
#[rustfmt::skip]
pub(super) const KINDS: &[Kind] = &[
    kind("active-energy-burned", "activeEnergyBurned", Interval, "LRD", ACTIVITY),
    kind("active-minutes", "activeMinutes", Interval, "Rd", ACTIVITY),
    kind("active-zone-minutes", "activeZoneMinutes", Interval, "LRD", ACTIVITY),
    kind("activity-level", "activityLevel", Interval, "LR", ACTIVITY),
    kind("altitude", "altitude", Interval, "LRD", ACTIVITY),
    kind("basal-energy-burned", "basalEnergyBurned", Interval, "LR", ACTIVITY),
    kind("blood-glucose", "bloodGlucose", Sample, "LRD", METRICS),
    kind("body-fat", "bodyFat", Sample, "LRD", METRICS),
    kind("calories-in-heart-rate-zone", "", Interval, "d", ACTIVITY),
    kind("core-body-temperature", "coreBodyTemperature", Sample, "LRD", METRICS),
    kind("daily-heart-rate-variability", "dailyHeartRateVariability", Date, "LR", METRICS),
    kind("daily-heart-rate-zones", "dailyHeartRateZones", Date, "R", METRICS),
    kind("daily-oxygen-saturation", "dailyOxygenSaturation", Date, "LR", METRICS),
    kind("daily-respiratory-rate", "dailyRespiratoryRate", Date, "LR", METRICS),
    kind("daily-resting-heart-rate", "dailyRestingHeartRate", Date, "LR", METRICS),
    kind("daily-sleep-temperature-derivations", "dailySleepTemperatureDerivations", Date, "LR", METRICS),
    kind("daily-vo2-max", "dailyVo2Max", Date, "LR", ACTIVITY),
    kind("distance", "distance", Interval, "LRD", ACTIVITY),
    kind("electrocardiogram", "electrocardiogram", Session, "L", "ecg"),
    kind("exercise", "exercise", Session, "LR", ACTIVITY),
    kind("floors", "floors", Interval, "RD", ACTIVITY),
    kind("heart-rate", "heartRate", Sample, "LRd", METRICS),
    kind("heart-rate-variability", "heartRateVariability", Sample, "LR", METRICS),
    kind("height", "height", Sample, "LR", METRICS),
    kind("hydration-log", "hydrationLog", Session, "LRD", "nutrition"),
    kind("irregular-rhythm-notification", "irregularRhythmNotification", Session, "L", "irn"),
    kind("moods", "moods", Sample, "L", "mindfulness"),
    kind("nutrition-log", "nutritionLog", Session, "LRD", "nutrition"),
    kind("oxygen-saturation", "oxygenSaturation", Sample, "LR", METRICS),
    kind("respiratory-rate-sleep-summary", "respiratoryRateSleepSummary", Sample, "LR", METRICS),
    kind("run-vo2-max", "runVo2Max", Sample, "LRD", ACTIVITY),
    kind("sedentary-period", "sedentaryPeriod", Interval, "LRD", ACTIVITY),
    kind("sleep", "sleep", Session, "LR", "sleep"),
    kind("steps", "steps", Interval, "LRD", ACTIVITY),
    kind("swim-lengths-data", "swimLengthsData", Interval, "LRD", ACTIVITY),
    kind("time-in-heart-rate-zone", "timeInHeartRateZone", Interval, "RD", ACTIVITY),
    kind("total-calories", "", Interval, "d", ACTIVITY),
    kind("vo2-max", "vo2Max", Sample, "LR", ACTIVITY),
    kind("weight", "weight", Sample, "LRD", METRICS),
];

impl Kind {
    pub fn find(id: &str) -> Option<&'static Kind> {
        KINDS.iter().find(|kind| kind.id == id)
    }

    /// The only fields that a filter may name, the first with dates of the civil day.
    pub fn fields(&self) -> Vec<String> {
        let name = self.id.replace('-', "_");
        let within: &[&str] = match (self.id, self.when) {
            ("sleep", _) => &["interval.civil_end_time"],
            ("electrocardiogram", _) => &["interval.start_time"],
            (_, When::Interval | When::Session) => &["interval.civil_start_time"],
            (_, When::Sample) => &["sample_time.civil_time"],
            (_, When::Date) => &["date"],
        };
        within.iter().map(|within| format!("{name}.{within}")).collect()
    }

    /// The most points of a page.
    pub fn page(&self) -> usize {
        if matches!(self.id, "sleep" | "exercise") { 25 } else { 10_000 }
    }
}
