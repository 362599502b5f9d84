//! Strava: activities, their streams and laps.

use std::borrow::Cow;

use super::ExportError;
use super::files;
use super::moment::Moment;
use super::page::{Page, clock_cells, scalar};
use super::service::{Service, Trace};
use super::table::{Sheet, Table};
use super::track::{Point, Traces, Track, is_on_earth};
use crate::json::{Items, Value};

const ACTIVITIES: &str = "activities";

/// The streams that become columns, beside time and position.
const STREAMS: [&str; 9] =
    ["altitude", "distance", "heartrate", "cadence", "watts", "temp", "velocity_smooth", "grade_smooth", "moving"];

/// The columns of activities: what fitsnap puts first, then members of the activity by their names.
const ACTIVITY: &[&str] = &[
    "date",
    "start",
    "utc_offset",
    "sport_type",
    "id",
    "name",
    "distance",
    "moving_time",
    "elapsed_time",
    "total_elevation_gain",
    "average_speed",
    "max_speed",
    "average_heartrate",
    "max_heartrate",
    "average_cadence",
    "average_watts",
    "average_temp",
    "calories",
    "gear_id",
    "device_name",
    "manual",
    "private",
];

/// The columns of laps, in the same way.
const LAP: &[&str] = &[
    "date",
    "start",
    "utc_offset",
    "activity_id",
    "lap_index",
    "name",
    "distance",
    "moving_time",
    "elapsed_time",
    "total_elevation_gain",
    "average_speed",
    "max_speed",
    "average_heartrate",
    "max_heartrate",
];

/// What can be made of Strava's days.
pub(super) const SERVICE: Service = Service {
    kind: "strava",
    tables: &[
        Table {
            name: ACTIVITIES,
            resource: ACTIVITIES,
            about: "a row an activity; times in seconds, distances in metres, speeds in metres a second",
            columns: ACTIVITY,
            rows: activities,
        },
        Table {
            name: "streams",
            resource: ACTIVITIES,
            about: "a row a recorded point of an activity",
            columns: &[
                "time",
                "utc_offset",
                "activity_id",
                "seconds",
                "lat",
                "lon",
                "altitude",
                "distance",
                "heartrate",
                "cadence",
                "watts",
                "temp",
                "velocity_smooth",
                "grade_smooth",
                "moving",
            ],
            rows: streams,
        },
        Table { name: "laps", resource: ACTIVITIES, about: "a row a lap of an activity", columns: LAP, rows: laps },
        files::POINTS,
    ],
    traces: &[Trace { resource: ACTIVITIES, read: traces }, files::TRACE],
};

/// `start_date_local` is the wall clock with a `Z` that does not belong there; `utc_offset` is what held
/// then, in seconds.
fn start(activity: Value<'_>, of: Value<'_>) -> Option<Moment> {
    let local = Moment::read(&of.get("start_date_local")?.as_str()?)?.local;
    let offset = first(activity, "utc_offset").and_then(Value::as_f64).map(|seconds| seconds as i32);
    Some(Moment { local, offset })
}

/// A member of the detail of an activity, else of its entry in the list.
fn first<'j>(activity: Value<'j>, name: &str) -> Option<Value<'j>> {
    let parts = ["detail", "list"].into_iter().filter_map(|part| activity.get(part)?.get(name));
    parts.into_iter().find(|value| !value.is_null())
}

fn of<'j>(activity: Value<'j>, name: &str) -> Cow<'j, str> {
    first(activity, name).map(scalar).unwrap_or_default()
}

/// The kind of sport; before 2022 there was only the coarser word.
fn sport<'j>(activity: Value<'j>) -> Cow<'j, str> {
    first(activity, "sport_type").or_else(|| first(activity, "type")).map(scalar).unwrap_or_default()
}

fn started(activity: Value<'_>) -> Option<Moment> {
    start(activity, activity.get("list").or_else(|| activity.get("detail"))?)
}

fn activities(page: &Page<'_>, resource: Value<'_>, sheet: &mut Sheet) -> Result<(), ExportError> {
    for activity in resource.items() {
        let [start, offset] = clock_cells(started(activity));
        let head = [page.date(), start, offset, sport(activity)];
        let told = ACTIVITY[head.len()..].iter().map(|name| of(activity, name));
        sheet.row(head.into_iter().chain(told))?;
    }
    Ok(())
}

/// The values of a stream, one after the other.
fn stream<'j>(activity: Value<'j>, name: &str) -> Option<Items<'j>> {
    Some(activity.get("streams")?.get(name)?.get("data")?.items())
}

/// The streams of an activity, point by point; a stream may end before the others.
struct Points<'j> {
    start: Option<Moment>,
    time: Option<Items<'j>>,
    position: Option<Items<'j>>,
    others: [Option<Items<'j>>; STREAMS.len()],
}

/// A recorded point.
struct Sample<'j> {
    time: Option<Moment>,
    seconds: Option<Value<'j>>,
    position: Option<(Value<'j>, Value<'j>)>,
    others: [Option<Value<'j>>; STREAMS.len()],
}

impl<'j> Points<'j> {
    fn of(activity: Value<'j>) -> Points<'j> {
        Points {
            start: started(activity),
            time: stream(activity, "time"),
            position: stream(activity, "latlng"),
            others: STREAMS.map(|name| stream(activity, name)),
        }
    }
}

impl<'j> Iterator for Points<'j> {
    type Item = Sample<'j>;

    fn next(&mut self) -> Option<Sample<'j>> {
        let next = |stream: &mut Option<Items<'j>>| stream.as_mut().and_then(Iterator::next);
        let (seconds, position) = (next(&mut self.time), next(&mut self.position));
        let others = self.others.each_mut().map(next);
        if seconds.is_none() && position.is_none() && others.iter().all(Option::is_none) {
            return None;
        }
        let time = seconds.and_then(|seconds| self.start?.plus(seconds.as_f64()?));
        let position = position.and_then(|pair| {
            let mut degrees = pair.items();
            Some((degrees.next()?, degrees.next()?))
        });
        Some(Sample { time, seconds, position, others })
    }
}

fn streams(_: &Page<'_>, resource: Value<'_>, sheet: &mut Sheet) -> Result<(), ExportError> {
    for activity in resource.items() {
        let id = of(activity, "id");
        for sample in Points::of(activity) {
            let [time, offset] = clock_cells(sample.time);
            let cell = |value: Option<Value<'_>>| value.map(scalar).map(Cow::into_owned).unwrap_or_default().into();
            let (lat, lon) = sample.position.unzip();
            let head = [time, offset, id.clone(), cell(sample.seconds), cell(lat), cell(lon)];
            sheet.row(head.into_iter().chain(sample.others.map(cell)))?;
        }
    }
    Ok(())
}

fn laps(page: &Page<'_>, resource: Value<'_>, sheet: &mut Sheet) -> Result<(), ExportError> {
    for activity in resource.items() {
        let laps = activity.get("laps").or_else(|| activity.pointer("/detail/laps"));
        for lap in laps.into_iter().flat_map(Value::items) {
            let [start, offset] = clock_cells(start(activity, lap));
            let head = [page.date(), start, offset, of(activity, "id")];
            let told = LAP[head.len()..].iter().map(|name| lap.get(name).map(scalar).unwrap_or_default());
            sheet.row(head.into_iter().chain(told))?;
        }
    }
    Ok(())
}

fn traces(_: &Page<'_>, resource: Value<'_>, traces: &mut Traces) {
    for activity in resource.items() {
        let points = Points::of(activity).filter_map(|sample| {
            let (lat, lon) = sample.position?;
            let (lat, lon) = (lat.as_f64()?, lon.as_f64()?);
            let [altitude, _, heart_rate, cadence, _, temperature, ..] = sample.others.map(|value| value?.as_f64());
            let point = Point { lat, lon, altitude, time: sample.time, heart_rate, cadence, temperature };
            is_on_earth(lat, lon).then_some(point)
        });
        let points: Vec<Point> = points.collect();
        if !points.is_empty() {
            let name = of(activity, "name").into_owned();
            traces.tracks.push(Track { name, kind: sport(activity).into_owned(), segments: vec![points] });
        }
    }
}
