//! Moves: the storyline as tables and as ways between places.
//!
//! A segment that runs over midnight stands whole in both days, as in Moves' own exports.

use std::borrow::Cow;

use super::ExportError;
use super::page::{Page, clock_cells, moment, number, text, texts};
use super::service::{Service, Trace};
use super::table::{Sheet, Table};
use super::track::{Point, Stay, Traces, Track, is_on_earth};
use crate::json::Value;

const STORYLINE: &str = "storyline";

/// What can be made of Moves' days.
pub(super) const SERVICE: Service = Service {
    kind: "moves",
    tables: &[
        Table {
            name: STORYLINE,
            resource: STORYLINE,
            about: "a row a segment: a stay at a place, or a move",
            columns: &["date", "start", "end", "utc_offset", "type", "place_id", "place", "place_type", "lat", "lon"],
            rows: segments,
        },
        Table {
            name: "activities",
            resource: STORYLINE,
            about: "a row an activity within a segment; duration in seconds, distance in metres",
            columns: &[
                "date",
                "start",
                "end",
                "utc_offset",
                "activity",
                "group",
                "manual",
                "duration",
                "distance",
                "steps",
                "calories",
                "place",
            ],
            rows: activities,
        },
        Table {
            name: "summary",
            resource: STORYLINE,
            about: "daily totals, a row a kind of activity; duration in seconds, distance in metres",
            columns: &["date", "activity", "group", "duration", "distance", "steps", "calories"],
            rows: summary,
        },
        Table {
            name: "points",
            resource: STORYLINE,
            about: "a row a track point",
            columns: &["time", "utc_offset", "lat", "lon", "activity"],
            rows: points,
        },
    ],
    traces: &[Trace { resource: STORYLINE, read: traces }],
};

/// The segments of a storyline, which is a list of one day.
fn each_segment<'j>(storyline: Value<'j>) -> impl Iterator<Item = Value<'j>> {
    storyline.items().filter_map(|day| day.get("segments")).flat_map(Value::items)
}

fn each_activity<'j>(storyline: Value<'j>) -> impl Iterator<Item = (Value<'j>, Value<'j>)> {
    each_segment(storyline).flat_map(|segment| {
        let activities = segment.get("activities").into_iter().flat_map(Value::items);
        activities.map(move |activity| (segment, activity))
    })
}

/// Start, end, and the offset of the start.
fn span(value: Value<'_>) -> [Cow<'static, str>; 3] {
    let [start, offset] = clock_cells(moment(value, "/startTime"));
    let [end, _] = clock_cells(moment(value, "/endTime"));
    [start, end, offset]
}

fn segments(page: &Page<'_>, storyline: Value<'_>, sheet: &mut Sheet) -> Result<(), ExportError> {
    for segment in each_segment(storyline) {
        let place = ["/type", "/place/id", "/place/name", "/place/type", "/place/location/lat", "/place/location/lon"];
        sheet.row([page.date()].into_iter().chain(span(segment)).chain(texts(segment, place)))?;
    }
    Ok(())
}

fn activities(page: &Page<'_>, storyline: Value<'_>, sheet: &mut Sheet) -> Result<(), ExportError> {
    for (segment, activity) in each_activity(storyline) {
        let told = ["/activity", "/group", "/manual", "/duration", "/distance", "/steps", "/calories"];
        let row = [page.date()].into_iter().chain(span(activity)).chain(texts(activity, told));
        sheet.row(row.chain([text(segment, "/place/name")]))?;
    }
    Ok(())
}

fn summary(page: &Page<'_>, storyline: Value<'_>, sheet: &mut Sheet) -> Result<(), ExportError> {
    for total in storyline.items().filter_map(|day| day.get("summary")).flat_map(Value::items) {
        let told = ["/activity", "/group", "/duration", "/distance", "/steps", "/calories"];
        sheet.row([page.date()].into_iter().chain(texts(total, told)))?;
    }
    Ok(())
}

fn points(_: &Page<'_>, storyline: Value<'_>, sheet: &mut Sheet) -> Result<(), ExportError> {
    for (_, activity) in each_activity(storyline) {
        for point in activity.get("trackPoints").into_iter().flat_map(Value::items) {
            let row = clock_cells(moment(point, "/time")).into_iter().chain(texts(point, ["/lat", "/lon"]));
            sheet.row(row.chain([text(activity, "/activity")]))?;
        }
    }
    Ok(())
}

fn traces(page: &Page<'_>, storyline: Value<'_>, traces: &mut Traces) {
    for segment in each_segment(storyline) {
        let position = (number(segment, "/place/location/lat"), number(segment, "/place/location/lon"));
        if let (Some(lat), Some(lon)) = position
            && is_on_earth(lat, lon)
        {
            traces.stays.push(Stay {
                name: Some(text(segment, "/place/name").into_owned()).filter(|name| !name.is_empty()),
                kind: text(segment, "/place/type").into_owned(),
                lat,
                lon,
                from: moment(segment, "/startTime"),
                to: moment(segment, "/endTime"),
            });
        }
    }
    for (_, activity) in each_activity(storyline) {
        let points = activity.get("trackPoints").into_iter().flat_map(Value::items).filter_map(|point| {
            let (lat, lon) = (number(point, "/lat")?, number(point, "/lon")?);
            is_on_earth(lat, lon).then(|| Point { lat, lon, time: moment(point, "/time"), ..Point::default() })
        });
        let points: Vec<Point> = points.collect();
        if !points.is_empty() {
            let kind = text(activity, "/activity").into_owned();
            traces.tracks.push(Track { name: format!("{} {kind}", page.day), kind, segments: vec![points] });
        }
    }
}
