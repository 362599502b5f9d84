//! Runkeeper: activities with path and heart rate, and what its other feeds tell of a day.

use std::borrow::Cow;

use super::ExportError;
use super::files;
use super::moment::Moment;
use super::page::{Page, clock_cells, moment, number, scalar, text, texts};
use super::service::{Service, Trace};
use super::table::{Sheet, Table};
use super::track::{Point, Traces, Track, is_on_earth};
use crate::json::Value;

const ACTIVITIES: &str = "activities";

/// The columns of activities: what fitsnap puts first, then members of the activity by their names.
const ACTIVITY: &[&str] = &[
    "date",
    "start",
    "utc_offset",
    "uri",
    "type",
    "total_distance",
    "duration",
    "average_heart_rate",
    "total_calories",
    "climb",
    "source",
    "entry_mode",
    "notes",
];

/// The columns of sets, in the same way.
const SLEEP: &[&str] = &["date", "time", "total_sleep", "deep", "rem", "light", "awake", "times_woken", "source"];
const BACKGROUND: &[&str] = &["date", "time", "steps", "calories_burned", "source"];
const WEIGHT: &[&str] = &["date", "time", "weight", "fat_percent", "free_mass", "mass_weight", "bmi", "source"];

/// What can be made of Runkeeper's days.
pub(super) const SERVICE: Service = Service {
    kind: "runkeeper",
    tables: &[
        Table {
            name: ACTIVITIES,
            resource: ACTIVITIES,
            about: "a row an activity; duration in seconds, total_distance and climb in metres",
            columns: ACTIVITY,
            rows: activities,
        },
        Table {
            name: "path",
            resource: ACTIVITIES,
            about: "a row a point of an activity's path; altitude in metres",
            columns: &["time", "utc_offset", "activity_uri", "seconds", "lat", "lon", "altitude", "type"],
            rows: path,
        },
        Table {
            name: "heart_rate",
            resource: ACTIVITIES,
            about: "a row a heart rate within an activity",
            columns: &["time", "value", "utc_offset", "activity_uri"],
            rows: heart_rate,
        },
        Table {
            name: "sleep",
            resource: "sleep",
            about: "a row a night, in minutes",
            columns: SLEEP,
            rows: |page, records, sheet| set(page, records, sheet, SLEEP),
        },
        Table {
            name: "background_activities",
            resource: "background_activities",
            about: "daily totals",
            columns: BACKGROUND,
            rows: |page, records, sheet| set(page, records, sheet, BACKGROUND),
        },
        Table {
            name: "weight",
            resource: "weight",
            about: "a row a weighing, in kilograms",
            columns: WEIGHT,
            rows: |page, records, sheet| set(page, records, sheet, WEIGHT),
        },
        files::POINTS,
    ],
    traces: &[Trace { resource: ACTIVITIES, read: traces }, files::TRACE],
};

/// The wall clock at the start; `utc_offset` is in hours, and often missing.
fn started(activity: Value<'_>, page: &Page<'_>) -> Option<Moment> {
    let parts = ["detail", "list"];
    let start = parts.iter().find_map(|part| moment(activity.get(part)?, "/start_time"))?;
    let hours = parts.iter().find_map(|part| number(activity.get(part)?, "/utc_offset"));
    Some(Moment { offset: hours.map(|hours| (hours * 3_600.0).round() as i32), ..start }.in_zone(page.zone))
}

fn of<'j>(activity: Value<'j>, name: &str) -> Cow<'j, str> {
    let parts = ["detail", "list"].into_iter().filter_map(|part| activity.get(part)?.get(name));
    parts.map(scalar).find(|text| !text.is_empty()).unwrap_or_default()
}

fn activities(page: &Page<'_>, resource: Value<'_>, sheet: &mut Sheet) -> Result<(), ExportError> {
    for activity in resource.items() {
        let [start, offset] = clock_cells(started(activity, page));
        let head = [page.date(), start, offset];
        let told = ACTIVITY[head.len()..].iter().map(|name| of(activity, name));
        sheet.row(head.into_iter().chain(told))?;
    }
    Ok(())
}

/// A series of an activity: its values with the moment of each, which is told in seconds since the start.
fn series<'j>(activity: Value<'j>, name: &str, page: &Page<'_>) -> impl Iterator<Item = (Option<Moment>, Value<'j>)> {
    let start = started(activity, page);
    let values = activity.pointer(&format!("/detail/{name}")).into_iter().flat_map(Value::items);
    values.map(move |value| (number(value, "/timestamp").and_then(|seconds| start?.plus(seconds)), value))
}

fn path(page: &Page<'_>, resource: Value<'_>, sheet: &mut Sheet) -> Result<(), ExportError> {
    for activity in resource.items() {
        for (time, point) in series(activity, "path", page) {
            let [time, offset] = clock_cells(time);
            let told = texts(point, ["/timestamp", "/latitude", "/longitude", "/altitude", "/type"]);
            sheet.row([time, offset, of(activity, "uri")].into_iter().chain(told))?;
        }
    }
    Ok(())
}

fn heart_rate(page: &Page<'_>, resource: Value<'_>, sheet: &mut Sheet) -> Result<(), ExportError> {
    for activity in resource.items() {
        for (time, beat) in series(activity, "heart_rate", page) {
            let [time, offset] = clock_cells(time);
            sheet.row([time, text(beat, "/heart_rate"), offset, of(activity, "uri")])?;
        }
    }
    Ok(())
}

/// Rows of a set: the day, the time, and members by their names.
fn set(page: &Page<'_>, records: Value<'_>, sheet: &mut Sheet, columns: &[&str]) -> Result<(), ExportError> {
    records.items().try_for_each(|one| {
        let [time, _] = clock_cells(moment(one, "/timestamp"));
        let head = [page.date(), time];
        let told = columns[head.len()..].iter().map(|name| one.get(name).map(scalar).unwrap_or_default());
        sheet.row(head.into_iter().chain(told))
    })
}

fn traces(page: &Page<'_>, resource: Value<'_>, traces: &mut Traces) {
    for activity in resource.items() {
        let mut beats = series(activity, "heart_rate", page).peekable();
        let mut segments: Vec<Vec<Point>> = vec![Vec::new()];
        for (time, point) in series(activity, "path", page) {
            let kind = text(point, "/type");
            // Every pause begins a new segment, as in Runkeeper's own GPX files.
            if kind == "resume" {
                segments.push(Vec::new());
            }
            let position = (number(point, "/latitude"), number(point, "/longitude"));
            let (Some(lat), Some(lon)) = position else { continue };
            // Where it did not know, Runkeeper wrote nought.
            if (lat == 0.0 && lon == 0.0) || !is_on_earth(lat, lon) {
                continue;
            }
            let altitude = number(point, "/altitude").filter(|metres| *metres != 0.0);
            let earlier = |beat: &(Option<Moment>, Value<'_>)| match (beat.0, time) {
                (Some(beat), Some(time)) => beat.local < time.local,
                _ => false,
            };
            while beats.next_if(earlier).is_some() {}
            let beat = beats.peek().filter(|(beat, _)| beat.is_some() && *beat == time);
            let heart_rate = beat.and_then(|(_, beat)| number(*beat, "/heart_rate"));
            if let Some(segment) = segments.last_mut() {
                segment.push(Point { lat, lon, altitude, time, heart_rate, ..Point::default() });
            }
        }
        segments.retain(|segment| !segment.is_empty());
        if !segments.is_empty() {
            let kind = of(activity, "type").into_owned();
            traces.tracks.push(Track { name: format!("{} {kind}", page.day), kind, segments });
        }
    }
}
