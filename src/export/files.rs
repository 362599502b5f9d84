//! Activity files that came with an export: their points, which stand in the day document in one shape for
//! every service and file format.

use std::borrow::Cow;

use super::ExportError;
use super::moment::Moment;
use super::page::{Page, clock_cells, moment, number, text, texts};
use super::service::Trace;
use super::table::{Sheet, Table};
use super::track::{Point, Traces, Track, is_on_earth};
use crate::json::Value;

/// The resource that tells of the files, with their points.
const FILES: &str = "export/files";

/// The resource that tells by which clock the day was reckoned: the files have UTC.
const TIMES: &str = "export/local_times";

/// A row a point.
pub(super) const POINTS: Table = Table {
    name: "export/points",
    resource: FILES,
    about: "a row a point of an export's activity files; metres, degrees Celsius, a minute, watts",
    columns: &["time", "utc_offset", "file", "lat", "lon", "ele", "hr", "cad", "power", "temp", "distance", "speed"],
    rows: points,
};

/// Where the files say that the person was.
pub(super) const TRACE: Trace = Trace { resource: FILES, read: traces };

/// The tracks of all files, each with its file's name.
fn tracks<'j>(files: Value<'j>) -> impl Iterator<Item = (Cow<'j, str>, Value<'j>)> {
    files.items().flat_map(|file| {
        let tracks = file.get("tracks").into_iter().flat_map(Value::items);
        tracks.map(move |track| (text(file, "/file"), track))
    })
}

fn segments<'j>(track: Value<'j>) -> impl Iterator<Item = Value<'j>> {
    track.get("segments").into_iter().flat_map(Value::items)
}

/// A file's time by the person's wall clock: its own offset where it has one, else that of the day.
fn local(point: Value<'_>, page: &Page<'_>) -> Option<Moment> {
    let told = moment(point, "/time")?;
    if told.offset != Some(0) {
        return Some(told.in_zone(page.zone));
    }
    let of_day = page.resource(TIMES).and_then(|times| moment(times.items().next()?, "/local_start")?.offset);
    let offset = of_day.or_else(|| Some(page.zone?.offset(told.utc()?)));
    match offset {
        Some(seconds) => Some(Moment { offset: Some(seconds), ..told.plus(seconds.into())? }),
        None => Some(told),
    }
}

fn points(page: &Page<'_>, files: Value<'_>, sheet: &mut Sheet) -> Result<(), ExportError> {
    for (file, track) in tracks(files) {
        for point in segments(track).flat_map(Value::items) {
            let [time, offset] = clock_cells(local(point, page));
            let told = ["/lat", "/lon", "/ele", "/hr", "/cad", "/power", "/temp", "/distance", "/speed"];
            sheet.row([time, offset, file.clone()].into_iter().chain(texts(point, told)))?;
        }
    }
    Ok(())
}

fn traces(page: &Page<'_>, files: Value<'_>, traces: &mut Traces) {
    for (file, track) in tracks(files) {
        let read = |point: Value<'_>| {
            let (lat, lon) = (number(point, "/lat")?, number(point, "/lon")?);
            // Zero, zero is where a device says it does not know.
            (is_on_earth(lat, lon) && (lat, lon) != (0.0, 0.0)).then(|| Point {
                lat,
                lon,
                altitude: number(point, "/ele"),
                time: local(point, page),
                heart_rate: number(point, "/hr"),
                cadence: number(point, "/cad"),
                temperature: number(point, "/temp"),
            })
        };
        let segments = segments(track).map(|segment| segment.items().filter_map(read).collect::<Vec<_>>());
        let segments: Vec<Vec<Point>> = segments.filter(|segment| !segment.is_empty()).collect();
        if !segments.is_empty() {
            let name = text(track, "/name");
            let name = if name.is_empty() { file } else { name }.into_owned();
            traces.tracks.push(Track { name, kind: text(track, "/type").into_owned(), segments });
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::strava;
    use super::super::table::rows_of;
    use super::*;
    use crate::json::Json;

    const FILES: &str = "[{\"file\": \"activities/1.gpx\", \"tracks\": [{\"name\": \"Evening Run\", \"type\": \"running\", \
        \"segments\": [[{\"time\": \"2015-07-10T15:00:00Z\", \"lat\": 60.2, \"lon\": 24.8, \"ele\": 10.5, \"hr\": 120}], \
        [{\"time\": \"2015-07-10T15:01:00Z\", \"lat\": 0, \"lon\": 0}]]}]}, {\"file\": \"activities/2.fit.gz\"}]";

    #[test]
    fn points_stand_at_the_clock_by_which_the_day_was_reckoned() {
        assert_eq!(
            rows_of(&strava::SERVICE, "export/points", FILES),
            "2015-07-10T15:00:00,+00:00,activities/1.gpx,60.2,24.8,10.5,120,,,,,\n\
             2015-07-10T15:01:00,+00:00,activities/1.gpx,0,0,,,,,,,\n"
        );
        let times = "[{\"Activity ID\": \"1\", \"local_start\": \"2015-07-10T18:00:00+03:00\"}]";
        let text = format!("{{\"resources\": {{\"export/files\": {FILES}, \"export/local_times\": {times}}}}}");
        let json = Json::parse(text).unwrap();
        let provider = "strava".parse().unwrap();
        let page = Page { provider: &provider, day: "2015-07-10".parse().unwrap(), zone: None, json: &json };
        let traces = strava::SERVICE.traces(&page, None);
        let [track] = &traces.tracks[..] else { panic!("{traces:?}") };
        assert_eq!((track.name.as_str(), track.kind.as_str(), track.segments.len()), ("Evening Run", "running", 1));
        assert_eq!(track.segments[0][0].time.unwrap().text(), "2015-07-10T18:00:00+03:00");
    }

    #[test]
    fn an_exports_tracks_count_only_where_the_api_has_none_that_day() {
        let run = "[{\"list\": {\"id\": 1, \"name\": \"By API\", \"start_date_local\": \"2015-07-10T18:00:00Z\"}, \
             \"streams\": {\"time\": {\"data\": [0]}, \"latlng\": {\"data\": [[60.2, 24.8]]}}}]";
        let text = format!("{{\"resources\": {{\"activities\": {run}, \"export/files\": {FILES}}}}}");
        let json = Json::parse(text).unwrap();
        let provider = "strava".parse().unwrap();
        let page = Page { provider: &provider, day: "2015-07-10".parse().unwrap(), zone: None, json: &json };
        let names = |resource: Option<&str>| -> Vec<String> {
            strava::SERVICE.traces(&page, resource).tracks.into_iter().map(|track| track.name).collect()
        };
        assert_eq!(names(None), ["By API"]);
        assert_eq!(names(Some("export/files")), ["Evening Run"]);
    }
}
