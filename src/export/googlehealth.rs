//! Google Health: points with their true time, totals of civil days.

use std::borrow::Cow;

use super::ExportError;
use super::moment::Moment;
use super::page::{Page, clock_cells, text, texts};
use super::service::Service;
use super::table::{Sheet, Table};
use crate::json::Value;

/// What can be made of Google Health's days.
pub(super) const SERVICE: Service = Service {
    kind: "googlehealth",
    tables: &[
        Table {
            name: "heart-rate",
            resource: "heart-rate",
            about: "a row a sample: heart beats a minute",
            columns: SAMPLE,
            rows: |_, points, sheet| samples(points, sheet, "heartRate", "beatsPerMinute"),
        },
        Table {
            name: "heart-rate-variability",
            resource: "heart-rate-variability",
            about: "a row for five minutes of sleep: RMSSD in milliseconds",
            columns: SAMPLE,
            rows: |_, points, sheet| {
                samples(points, sheet, "heartRateVariability", "rootMeanSquareOfSuccessiveDifferencesMilliseconds")
            },
        },
        Table {
            name: "oxygen-saturation",
            resource: "oxygen-saturation",
            about: "a row a minute of sleep: percent",
            columns: SAMPLE,
            rows: |_, points, sheet| samples(points, sheet, "oxygenSaturation", "percentage"),
        },
        Table {
            name: "weight",
            resource: "weight",
            about: "a row a weighing: grams",
            columns: SAMPLE,
            rows: |_, points, sheet| samples(points, sheet, "weight", "weightGrams"),
        },
        Table {
            name: "steps",
            resource: "steps",
            about: "a row a minute with steps",
            columns: INTERVAL,
            rows: |_, points, sheet| intervals(points, sheet, "steps", "count"),
        },
        Table {
            name: "distance",
            resource: "distance",
            about: "a row a minute with movement: millimetres",
            columns: INTERVAL,
            rows: |_, points, sheet| intervals(points, sheet, "distance", "millimeters"),
        },
        Table {
            name: "sleep",
            resource: "sleep",
            about: "a row a night or nap, in minutes",
            columns: &[
                "date",
                "start",
                "end",
                "utc_offset",
                "type",
                "main",
                "nap",
                "minutes_asleep",
                "minutes_awake",
                "minutes_to_fall_asleep",
                "minutes_in_sleep_period",
                "deep",
                "light",
                "rem",
            ],
            rows: sleep,
        },
        Table {
            name: "sleep-stages",
            resource: "sleep",
            about: "a row a stage of sleep",
            columns: &["start", "end", "utc_offset", "stage"],
            rows: sleep_stages,
        },
        Table {
            name: "exercise",
            resource: "exercise",
            about: "a row a workout; distance and elevation in millimetres",
            columns: &[
                "date",
                "start",
                "end",
                "utc_offset",
                "type",
                "name",
                "active_duration",
                "distance",
                "steps",
                "calories",
                "average_heart_rate",
                "elevation_gain",
                "active_zone_minutes",
            ],
            rows: exercise,
        },
        Table {
            name: "daily/steps",
            resource: "daily/steps",
            about: "daily totals: steps",
            columns: TOTAL,
            rows: |page, rows, sheet| totals(page, rows, sheet, "/steps/countSum"),
        },
        Table {
            name: "daily/distance",
            resource: "daily/distance",
            about: "daily totals: millimetres",
            columns: TOTAL,
            rows: |page, rows, sheet| totals(page, rows, sheet, "/distance/millimetersSum"),
        },
        Table {
            name: "daily/floors",
            resource: "daily/floors",
            about: "daily totals: floors",
            columns: TOTAL,
            rows: |page, rows, sheet| totals(page, rows, sheet, "/floors/countSum"),
        },
        Table {
            name: "daily/total-calories",
            resource: "daily/total-calories",
            about: "daily totals: kcal",
            columns: TOTAL,
            rows: |page, rows, sheet| totals(page, rows, sheet, "/totalCalories/kcalSum"),
        },
    ],
    traces: &[],
};

const SAMPLE: &[&str] = &["time", "value", "utc_offset", "device"];
const INTERVAL: &[&str] = &["start", "value", "end", "utc_offset", "device"];
const TOTAL: &[&str] = &["date", "value"];

/// A time of the world and the person's offset then (`-14400s`), as the person's wall clock showed it.
fn local(at: Value<'_>, time: &str, offset: &str) -> Option<Moment> {
    let world = Moment::read(&text(at, time))?;
    let seconds: i32 = text(at, offset).trim_end_matches('s').parse().unwrap_or_default();
    Some(Moment { offset: Some(seconds), ..world.plus(seconds.into())? })
}

/// Start, end, and the offset of the start of an interval.
fn span(interval: Value<'_>) -> [Cow<'static, str>; 3] {
    let [start, offset] = clock_cells(local(interval, "/startTime", "/startUtcOffset"));
    let [end, _] = clock_cells(local(interval, "/endTime", "/endUtcOffset"));
    [start, end, offset]
}

/// The day, then the span of a session.
fn head(page: &Page<'_>, session: Value<'_>) -> [Cow<'static, str>; 4] {
    let [start, end, offset] = session.get("interval").map(span).unwrap_or_default();
    [page.date(), start, end, offset]
}

/// Only points of a list tell their device, not those of the one reconciled stream.
fn device<'j>(point: Value<'j>) -> Cow<'j, str> {
    text(point, "/dataSource/device/displayName")
}

fn samples(points: Value<'_>, sheet: &mut Sheet, member: &str, value: &str) -> Result<(), ExportError> {
    points.items().try_for_each(|point| {
        let Some(told) = point.get(member) else { return Ok(()) };
        let [time, offset] = clock_cells(local(told, "/sampleTime/physicalTime", "/sampleTime/utcOffset"));
        sheet.row([time, text(told, &format!("/{value}")), offset, device(point)])
    })
}

fn intervals(points: Value<'_>, sheet: &mut Sheet, member: &str, value: &str) -> Result<(), ExportError> {
    points.items().try_for_each(|point| {
        let Some(told) = point.get(member) else { return Ok(()) };
        let [start, end, offset] = told.get("interval").map(span).unwrap_or_default();
        sheet.row([start, text(told, &format!("/{value}")), end, offset, device(point)])
    })
}

fn totals(page: &Page<'_>, rows: Value<'_>, sheet: &mut Sheet, value: &str) -> Result<(), ExportError> {
    rows.items().try_for_each(|row| sheet.row([page.date(), text(row, value)]))
}

fn sleep(page: &Page<'_>, points: Value<'_>, sheet: &mut Sheet) -> Result<(), ExportError> {
    for night in points.items().filter_map(|point| point.get("sleep")) {
        let told = [
            "/type",
            "/metadata/mainSleep",
            "/metadata/nap",
            "/summary/minutesAsleep",
            "/summary/minutesAwake",
            "/summary/minutesToFallAsleep",
            "/summary/minutesInSleepPeriod",
        ];
        let stage = |kind: &str| {
            let stages = night.pointer("/summary/stagesSummary").into_iter().flat_map(Value::items);
            let mut of_kind = stages.filter(|stage| text(*stage, "/type") == kind);
            of_kind.next().map(|stage| text(stage, "/minutes")).unwrap_or_default()
        };
        sheet
            .row(head(page, night).into_iter().chain(texts(night, told)).chain(["DEEP", "LIGHT", "REM"].map(stage)))?;
    }
    Ok(())
}

fn sleep_stages(_: &Page<'_>, points: Value<'_>, sheet: &mut Sheet) -> Result<(), ExportError> {
    let nights = points.items().filter_map(|point| point.pointer("/sleep/stages"));
    nights.flat_map(Value::items).try_for_each(|stage| sheet.row(span(stage).into_iter().chain([text(stage, "/type")])))
}

fn exercise(page: &Page<'_>, points: Value<'_>, sheet: &mut Sheet) -> Result<(), ExportError> {
    for workout in points.items().filter_map(|point| point.get("exercise")) {
        let told = [
            "/exerciseType",
            "/displayName",
            "/activeDuration",
            "/metricsSummary/distanceMillimeters",
            "/metricsSummary/steps",
            "/metricsSummary/caloriesKcal",
            "/metricsSummary/averageHeartRateBeatsPerMinute",
            "/metricsSummary/elevationGainMillimeters",
            "/metricsSummary/activeZoneMinutes",
        ];
        sheet.row(head(page, workout).into_iter().chain(texts(workout, told)))?;
    }
    Ok(())
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
    fn points_stand_at_the_persons_own_time() {
        let point = "[{\"heartRate\": {\"beatsPerMinute\": \"72\", \"sampleTime\": {\"physicalTime\": \
             \"2015-07-10T02:30:05.250Z\", \"utcOffset\": \"-14400s\"}}, \
             \"dataSource\": {\"device\": {\"displayName\": \"Watch\"}}}, {\"other\": {}}]";
        assert_rows("heart-rate", point, "2015-07-09T22:30:05.250,72,-04:00,Watch\n");
        let interval = "\"interval\": {\"startTime\": \"2015-07-10T12:01:00Z\", \"startUtcOffset\": \"19800s\", \
             \"endTime\": \"2015-07-10T12:02:00Z\", \"endUtcOffset\": \"19800s\"}";
        assert_rows(
            "steps",
            &format!("[{{\"steps\": {{\"count\": \"9\", {interval}}}}}]"),
            "2015-07-10T17:31:00,9,2015-07-10T17:32:00,+05:30,\n",
        );
        assert_rows("daily/steps", "[{\"steps\": {\"countSum\": \"8000\"}}]", "2015-07-10,8000\n");
        let workout = format!(
            "[{{\"exercise\": {{\"exerciseType\": \"RUN\", \"metricsSummary\": {{\"steps\": \"9\"}}, {interval}}}}}]"
        );
        assert_rows("exercise", &workout, "2015-07-10,2015-07-10T17:31:00,2015-07-10T17:32:00,+05:30,RUN,,,,9,,,,\n");
    }

    #[test]
    fn a_night_has_a_row_and_so_has_each_of_its_stages() {
        let span = "\"startTime\": \"2015-07-09T21:00:00Z\", \"startUtcOffset\": \"7200s\", \
             \"endTime\": \"2015-07-10T04:00:00Z\", \"endUtcOffset\": \"7200s\"";
        let night = format!(
            "[{{\"sleep\": {{\"interval\": {{{span}}}, \"type\": \"STAGES\", \"metadata\": {{\"mainSleep\": true}}, \
             \"summary\": {{\"minutesAsleep\": \"390\", \"stagesSummary\": [{{\"type\": \"REM\", \"minutes\": \"80\"}}]}}, \
             \"stages\": [{{\"type\": \"LIGHT\", {span}}}]}}}}]"
        );
        let clocks = "2015-07-09T23:00:00,2015-07-10T06:00:00,+02:00";
        assert_rows("sleep", &night, &format!("2015-07-10,{clocks},STAGES,true,,390,,,,,,80\n"));
        assert_rows("sleep-stages", &night, &format!("{clocks},LIGHT\n"));
    }
}
