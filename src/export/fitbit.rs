//! Fitbit: samples of the day, nights, activities, weight, totals. Its times are the person's wall clock
//! and tell no zone.

use std::borrow::Cow;

use super::ExportError;
use super::moment::Moment;
use super::page::{Page, clock_cells, moment, scalar, text, texts};
use super::service::Service;
use super::table::{Sheet, Table};
use crate::json::Value;

/// What can be made of Fitbit's days.
pub(super) const SERVICE: Service = Service {
    kind: "fitbit",
    tables: &[
        Table {
            name: "summary",
            resource: "summary",
            about: "daily totals; distance in km, elevation in m, the rest in minutes, calories and counts",
            columns: &[
                "date",
                "steps",
                "distance",
                "floors",
                "elevation",
                "calories_out",
                "calories_bmr",
                "activity_calories",
                "sedentary_minutes",
                "lightly_active_minutes",
                "fairly_active_minutes",
                "very_active_minutes",
                "resting_heart_rate",
            ],
            rows: summary,
        },
        samples("heart", "a row a sample: heart beats a minute"),
        samples("steps", "a row a minute: steps"),
        samples("distance", "a row a minute: km"),
        samples("floors", "a row a minute: floors"),
        samples("elevation", "a row a minute: metres climbed"),
        samples("swimming", "a row a minute: strokes"),
        Table {
            name: "calories",
            resource: "calories",
            about: "a row a minute: calories, the level of activity, and ten times the metabolic equivalent",
            columns: &["time", "value", "level", "mets"],
            rows: calories,
        },
        Table {
            name: "zone_minutes",
            resource: "zone_minutes",
            about: "a row a minute with active zone minutes",
            columns: &["time", "value", "fat_burn", "cardio", "peak"],
            rows: zone_minutes,
        },
        Table {
            name: "spo2",
            resource: "spo2",
            about: "a row a minute of sleep: oxygen saturation in percent",
            columns: &["time", "value"],
            rows: spo2,
        },
        Table {
            name: "hrv",
            resource: "hrv",
            about: "a row for five minutes of sleep: heart rate variability",
            columns: &["time", "rmssd", "coverage", "hf", "lf"],
            rows: hrv,
        },
        Table {
            name: "sleep",
            resource: "sleep",
            about: "a row a night or nap, in minutes; stages are empty for the type classic",
            columns: &[
                "date",
                "start",
                "end",
                "log_id",
                "type",
                "main",
                "time_in_bed",
                "minutes_asleep",
                "minutes_awake",
                "minutes_to_fall_asleep",
                "efficiency",
                "deep",
                "light",
                "rem",
                "wake",
            ],
            rows: sleep,
        },
        Table {
            name: "sleep_stages",
            resource: "sleep",
            about: "a row a stage of sleep; short awakenings lie over the stage that they interrupt",
            columns: &["time", "log_id", "level", "seconds", "short"],
            rows: sleep_stages,
        },
        Table {
            name: "activities",
            resource: "activities",
            about: "a row an activity; durations in milliseconds, distance in km",
            columns: &[
                "date",
                "start",
                "utc_offset",
                "log_id",
                "name",
                "log_type",
                "duration",
                "active_duration",
                "distance",
                "steps",
                "calories",
                "average_heart_rate",
                "elevation_gain",
            ],
            rows: activities,
        },
        Table {
            name: "weight",
            resource: "weight",
            about: "a row a weighing, in kg",
            columns: &["date", "time", "weight", "bmi", "fat", "source", "log_id"],
            rows: weight,
        },
    ],
    traces: &[],
};

const fn samples(resource: &'static str, about: &'static str) -> Table {
    Table { name: resource, resource, about, columns: &["time", "value"], rows: intraday }
}

fn summary(page: &Page<'_>, resource: Value<'_>, sheet: &mut Sheet) -> Result<(), ExportError> {
    let Some(totals) = resource.get("summary") else { return Ok(()) };
    let is_total = |part: &Value<'_>| text(*part, "/activity") == "total";
    let distance = totals.get("distances").and_then(|parts| parts.items().find(is_total));
    let told = [
        "/floors",
        "/elevation",
        "/caloriesOut",
        "/caloriesBMR",
        "/activityCalories",
        "/sedentaryMinutes",
        "/lightlyActiveMinutes",
        "/fairlyActiveMinutes",
        "/veryActiveMinutes",
        "/restingHeartRate",
    ];
    let distance = distance.map(|total| text(total, "/distance")).unwrap_or_default();
    sheet.row([page.date(), text(totals, "/steps"), distance].into_iter().chain(texts(totals, told)))
}

/// `{"activities-heart-intraday": {"dataset": [{"time": "00:00:05", "value": 62}]}}`
fn dataset<'j>(resource: Value<'j>) -> impl Iterator<Item = Value<'j>> {
    let blocks = resource.members().filter(|(name, _)| name.as_str().ends_with("-intraday"));
    blocks.filter_map(|(_, block)| block.get("dataset")).flat_map(Value::items)
}

/// The time of a sample of the day: a time of day, or a whole one.
fn time(page: &Page<'_>, told: &str) -> Cow<'static, str> {
    if told.contains('T') {
        return clock_cells(Moment::read(told)).into_iter().next().unwrap_or_default();
    }
    format!("{}T{told}", page.day).into()
}

fn intraday(page: &Page<'_>, resource: Value<'_>, sheet: &mut Sheet) -> Result<(), ExportError> {
    dataset(resource).try_for_each(|sample| sheet.row([time(page, &text(sample, "/time")), text(sample, "/value")]))
}

fn calories(page: &Page<'_>, resource: Value<'_>, sheet: &mut Sheet) -> Result<(), ExportError> {
    dataset(resource).try_for_each(|sample| {
        sheet.row([time(page, &text(sample, "/time"))].into_iter().chain(texts(sample, ["/value", "/level", "/mets"])))
    })
}

/// A row a minute of `minutes` in each of these records, with the values at these pointers.
fn minutes<'j, const N: usize>(
    page: &Page<'_>,
    records: impl Iterator<Item = Value<'j>>,
    pointers: [&str; N],
    sheet: &mut Sheet,
) -> Result<(), ExportError> {
    for minute in records.filter_map(|record| record.get("minutes")).flat_map(Value::items) {
        let at = time(page, &text(minute, "/minute"));
        sheet.row([at].into_iter().chain(texts(minute, pointers)))?;
    }
    Ok(())
}

fn zone_minutes(page: &Page<'_>, resource: Value<'_>, sheet: &mut Sheet) -> Result<(), ExportError> {
    let days = resource.members().filter(|(name, _)| name.as_str().ends_with("-intraday"));
    let values = [
        "/value/activeZoneMinutes",
        "/value/fatBurnActiveZoneMinutes",
        "/value/cardioActiveZoneMinutes",
        "/value/peakActiveZoneMinutes",
    ];
    minutes(page, days.flat_map(|(_, days)| days.items()), values, sheet)
}

fn spo2(page: &Page<'_>, resource: Value<'_>, sheet: &mut Sheet) -> Result<(), ExportError> {
    minutes(page, resource.items(), ["/value"], sheet)
}

fn hrv(page: &Page<'_>, resource: Value<'_>, sheet: &mut Sheet) -> Result<(), ExportError> {
    minutes(page, resource.items(), ["/value/rmssd", "/value/coverage", "/value/hf", "/value/lf"], sheet)
}

fn sleep(page: &Page<'_>, resource: Value<'_>, sheet: &mut Sheet) -> Result<(), ExportError> {
    resource.items().try_for_each(|night| {
        let [start, _] = clock_cells(moment(night, "/startTime"));
        let [end, _] = clock_cells(moment(night, "/endTime"));
        let told = [
            "/logId",
            "/type",
            "/isMainSleep",
            "/timeInBed",
            "/minutesAsleep",
            "/minutesAwake",
            "/minutesToFallAsleep",
            "/efficiency",
            "/levels/summary/deep/minutes",
            "/levels/summary/light/minutes",
            "/levels/summary/rem/minutes",
            "/levels/summary/wake/minutes",
        ];
        sheet.row([page.date(), start, end].into_iter().chain(texts(night, told)))
    })
}

fn sleep_stages(_: &Page<'_>, resource: Value<'_>, sheet: &mut Sheet) -> Result<(), ExportError> {
    for night in resource.items() {
        for (list, short) in [("/levels/data", "false"), ("/levels/shortData", "true")] {
            for stage in night.pointer(list).into_iter().flat_map(Value::items) {
                let [at, _] = clock_cells(moment(stage, "/dateTime"));
                let [level, seconds] = texts(stage, ["/level", "/seconds"]);
                sheet.row([at, text(night, "/logId"), level, seconds, short.into()])?;
            }
        }
    }
    Ok(())
}

fn activities(page: &Page<'_>, resource: Value<'_>, sheet: &mut Sheet) -> Result<(), ExportError> {
    resource.items().try_for_each(|activity| {
        let [start, offset] = clock_cells(moment(activity, "/startTime"));
        let told = [
            "/logId",
            "/activityName",
            "/logType",
            "/duration",
            "/activeDuration",
            "/distance",
            "/steps",
            "/calories",
            "/averageHeartRate",
            "/elevationGain",
        ];
        sheet.row([page.date(), start, offset].into_iter().chain(texts(activity, told)))
    })
}

fn weight(page: &Page<'_>, resource: Value<'_>, sheet: &mut Sheet) -> Result<(), ExportError> {
    resource.items().try_for_each(|one| {
        let at = one.get("time").map(|told| time(page, &scalar(told))).unwrap_or_default();
        let told = ["/weight", "/bmi", "/fat", "/source", "/logId"];
        sheet.row([page.date(), at].into_iter().chain(texts(one, told)))
    })
}

#[cfg(test)]
mod tests {
    use super::super::table::rows_of;
    use super::*;

    #[track_caller]
    fn assert_rows(table: &str, resource: &str, rows: &str) {
        assert_eq!(rows_of(&SERVICE, table, resource), rows, "{table}");
    }

    #[test]
    fn samples_stand_at_the_local_time_of_the_day() {
        let block =
            |dataset: &str| format!("{{\"activities-x\": [], \"activities-x-intraday\": {{\"dataset\": {dataset}}}}}");
        assert_rows("steps", &block("[{\"time\": \"23:59:00\", \"value\": 12}]"), "2015-07-10T23:59:00,12\n");
        assert_rows("steps", &block("[]"), "");
        assert_rows(
            "calories",
            &block("[{\"level\": 1, \"mets\": 10, \"time\": \"00:00:00\", \"value\": 1.5}]"),
            "2015-07-10T00:00:00,1.5,1,10\n",
        );
        let zones = "{\"activities-active-zone-minutes-intraday\": [{\"dateTime\": \"2015-07-10\", \"minutes\": [\
             {\"minute\": \"08:01:00\", \"value\": {\"activeZoneMinutes\": 2, \"cardioActiveZoneMinutes\": 2}}]}]}";
        assert_rows("zone_minutes", zones, "2015-07-10T08:01:00,2,,2,\n");
        // A minute of the night may lie on the day before.
        let night =
            "[{\"dateTime\": \"2015-07-10\", \"minutes\": [{\"minute\": \"2015-07-09T23:50:00\", \"value\": 95.5}]}]";
        assert_rows("spo2", night, "2015-07-09T23:50:00,95.5\n");
        let night = "[{\"dateTime\": \"2015-07-10\", \"minutes\": [{\"minute\": \"2015-07-10T02:00:00.000\", \
             \"value\": {\"rmssd\": 30.5, \"coverage\": 0.9, \"hf\": 100, \"lf\": 200}}]}]";
        assert_rows("hrv", night, "2015-07-10T02:00:00,30.5,0.9,100,200\n");
    }

    #[test]
    fn nights_activities_weight_and_totals_have_a_row_each() {
        let night = "[{\"dateOfSleep\": \"2015-07-10\", \"startTime\": \"2015-07-09T23:10:00.000\", \
             \"endTime\": \"2015-07-10T06:40:30.000\", \"logId\": 77, \"type\": \"stages\", \"isMainSleep\": true, \
             \"timeInBed\": 450, \"minutesAsleep\": 400, \"minutesAwake\": 50, \"efficiency\": 90, \"levels\": {\
             \"summary\": {\"deep\": {\"minutes\": 80}, \"rem\": {\"minutes\": 90}}, \
             \"data\": [{\"dateTime\": \"2015-07-09T23:10:00.000\", \"level\": \"light\", \"seconds\": 600}], \
             \"shortData\": [{\"dateTime\": \"2015-07-09T23:12:00.000\", \"level\": \"wake\", \"seconds\": 30}]}}]";
        assert_rows(
            "sleep",
            night,
            "2015-07-10,2015-07-09T23:10:00,2015-07-10T06:40:30,77,stages,true,450,400,50,,90,80,,90,\n",
        );
        assert_rows(
            "sleep_stages",
            night,
            "2015-07-09T23:10:00,77,light,600,false\n2015-07-09T23:12:00,77,wake,30,true\n",
        );
        let log = "[{\"logId\": 5, \"activityName\": \"Walk\", \"startTime\": \"2015-07-10T18:00:00.000+03:00\", \
             \"duration\": 900000, \"calories\": 70, \"logType\": \"auto_detected\"}]";
        assert_rows("activities", log, "2015-07-10,2015-07-10T18:00:00,+03:00,5,Walk,auto_detected,900000,,,,70,,\n");
        let weight = "[{\"bmi\": 22.5, \"date\": \"2015-07-10\", \"logId\": 9, \"source\": \"API\", \"time\": \"07:00:00\", \"weight\": 63}]";
        assert_rows("weight", weight, "2015-07-10,2015-07-10T07:00:00,63,22.5,,API,9\n");
        let totals = "{\"activities\": [], \"summary\": {\"steps\": 8000, \"caloriesOut\": 2000, \"restingHeartRate\": 55, \
             \"distances\": [{\"activity\": \"tracker\", \"distance\": 1}, {\"activity\": \"total\", \"distance\": 5.5}]}}";
        assert_rows("summary", totals, "2015-07-10,8000,5.5,,,2000,,,,,,,55\n");
        assert_rows("summary", "{\"activities\": []}", "");
    }
}
