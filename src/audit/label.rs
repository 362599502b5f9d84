//! What a record is called, as a person would: `segment 17:59-22:59 Home`.

use super::civil::Point;
use super::stamp::Stamp;
use crate::json::{Kind, Value};
use crate::model::Day;

const NAMES: [&str; 14] = [
    "/place/name",
    "/name",
    "/title",
    "/activityName",
    "/activity",
    "/activityType",
    "/type",
    "/place/type",
    "/label",
    // An activity that is kept as its list, its detail and so on.
    "/list/name",
    "/list/type",
    // Rows of exports.
    "/Activity Name",
    "/Type",
    "/file",
];
const STARTS: [&str; 15] = [
    "/startTime",
    "/start_date_local",
    "/start_time",
    "/start_date",
    "/startDate",
    "/dateTime",
    "/time",
    "/timestamp",
    "/date",
    "/dateOfSleep",
    "/interval/startTime",
    "/list/start_date_local",
    "/list/start_time",
    "/local_start",
    "/Date",
];
const ENDS: [&str; 5] = ["/endTime", "/end_time", "/end_date", "/endDate", "/interval/endTime"];
/// What a point of Google Health is called.
const POINT_NAMES: [&str; 4] = ["displayName", "foodDisplayName", "type", "exerciseEventType"];
const KEYS: [&str; 9] = ["/id", "/Activity ID", "/logId", "/uri", "/uuid", "/key", "/split", "/lap_index", "/index"];

/// A record in words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Label {
    /// When it was: `17:59-22:59`.
    pub(super) span: String,
    /// Its own name, or what else tells it from its like.
    pub(super) name: String,
    start: Option<Stamp>,
    end: Option<Stamp>,
}

impl Label {
    /// The label of a record. `before` gives the text that stood at a path in the record where that
    /// was another one, so that an altered record is called by what it was.
    pub(super) fn of(record: Value<'_>, day: Option<Day>, before: impl Fn(&str) -> Option<String>) -> Label {
        if let Some(point) = Point::read(record) {
            return Label::of_point(&point, day);
        }
        let text = |path: &&str| {
            let now = || path[1..].split('/').try_fold(record, |value, name| value.get(name)).and_then(plain);
            before(path).or_else(now).filter(|text| !text.is_empty())
        };
        // A record that only says which day it is of is called by nothing.
        let stamp = |path: &&str| text(path).and_then(|text| Stamp::read(&text)).filter(|stamp| stamp.time.is_some());
        let time = |paths: &[&str]| paths.iter().find_map(&stamp);
        let (start, end) = (time(&STARTS), time(&ENDS));
        let mut name = NAMES.iter().find_map(text).unwrap_or_default();
        if name.is_empty() && start.is_none() {
            name = KEYS.iter().find_map(text).unwrap_or_default();
        }
        Label { span: span(start, end, day), name: shortened(&name, 40), start, end }
    }

    fn of_point(Point { body, start, end }: &Point<'_>, day: Option<Day>) -> Label {
        let (start, end) = (Some(*start), *end);
        let name = POINT_NAMES.iter().find_map(|name| body.get(name).and_then(plain)).unwrap_or_default();
        Label { span: span(start, end, day), name: shortened(&name, 40), start, end }
    }

    /// The time from the earliest start to the latest end.
    pub(super) fn reach(labels: &[&Label], day: Option<Day>) -> String {
        let start = labels.iter().filter_map(|label| label.start).min();
        let end = labels.iter().filter_map(|label| label.end.or(label.start)).max();
        span(start, end, day)
    }

    /// Whether it says a time and nothing else.
    pub(super) fn is_moment(&self) -> bool {
        self.start.is_some() && self.end.is_none() && self.name.is_empty()
    }

    /// Whether it says anything.
    pub(super) fn is_empty(&self) -> bool {
        self.span.is_empty() && self.name.is_empty()
    }
}

fn span(start: Option<Stamp>, end: Option<Stamp>, day: Option<Day>) -> String {
    let short = |stamp: Option<Stamp>| stamp.map(|stamp| stamp.short(day)).unwrap_or_default();
    let (start, end) = (short(start), short(end));
    if end.is_empty() || start == end {
        return start;
    }
    if start.is_empty() {
        return format!("until {end}");
    }
    // A day that both share is told once.
    let apart = |text: &str| text.find(" (").unwrap_or(text.len());
    let (clock, off) = start.split_at(apart(&start));
    if off == &end[apart(&end)..] { format!("{clock}-{end}") } else { format!("{start}-{end}") }
}

fn plain(value: Value<'_>) -> Option<String> {
    match value.kind() {
        Kind::String => value.as_str().map(|text| text.into_owned()),
        Kind::Number => value.as_number().map(|text| text.into_owned()),
        _ => None,
    }
}

/// A text cut after so many characters.
pub(super) fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// The words for records of an array, one and many, from the array's name.
pub(super) fn words(array: &str, top: bool) -> (String, String) {
    if array.contains('/') {
        // `daily/steps: 1 record`: what stands before the slash says that its records are something else.
        return ("record".into(), "records".into());
    }
    let many = spaced(array);
    if matches!(many.as_str(), "data" | "dataset" | "values" | "samples" | "points") {
        return ("sample".into(), "samples".into());
    }
    let one = singular(&many);
    match one == many {
        // `heart: 182 samples`, where the resource is the list itself.
        true if top => ("record".into(), "records".into()),
        true => (format!("{many} record"), format!("{many} records")),
        false => (one, many),
    }
}

/// `trackPoints` as `track points`, `segment_efforts` as `segment efforts`.
fn spaced(name: &str) -> String {
    let mut words = String::with_capacity(name.len() + 4);
    let mut lower = false;
    for c in name.chars() {
        match c {
            '_' | '-' | '.' => words.push(' '),
            c if c.is_uppercase() && lower => {
                words.push(' ');
                words.extend(c.to_lowercase());
            }
            c => words.push(c),
        }
        lower = c.is_lowercase();
    }
    words
}

fn singular(words: &str) -> String {
    let (head, last) = words.rsplit_once(' ').map_or(("", words), |(head, last)| (head, last));
    let ending = |from: &str, to: &str| last.strip_suffix(from).map(|stem| format!("{stem}{to}"));
    let one = match last {
        "series" | "status" | "gps" => None,
        _ if last.ends_with("ss") || last.ends_with("us") => None,
        _ => ending("ies", "y")
            .or_else(|| ending("sses", "ss"))
            .or_else(|| ending("ches", "ch"))
            .or_else(|| ending("s", "")),
    };
    match (head, one) {
        ("", Some(one)) => one,
        (head, Some(one)) => format!("{head} {one}"),
        ("", None) => words.to_owned(),
        // `splits metric` is made of splits.
        (head, None) => format!("{} {last}", singular(head)),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::json::Json;

    #[test]
    fn records_are_called_by_time_and_name() {
        let day = "2014-06-04".parse().ok();
        let label = |text: &str| {
            let json = Json::parse(text).unwrap();
            let label = Label::of(json.root(), day, |_| None);
            (label.span, label.name)
        };
        let place = r#"{"type":"place","startTime":"20140604T175930-0700","endTime":"20140605T103641-0700","place":{"name":"Home"}}"#;
        assert_eq!(label(place), ("17:59-10:36 (+1)".into(), "Home".into()));
        let night = r#"{"startTime":"20140605T001500Z","endTime":"20140605T003000Z","type":"move"}"#;
        assert_eq!(label(night), ("00:15-00:30 (+1)".into(), "move".into()));
        assert_eq!(label(r#"{"time":"08:00:30","value":61}"#), ("08:00".into(), String::new()));
        let run = r#"{"detail":{"notes":"x"},"list":{"start_time":"Wed, 4 Jun 2014 07:30:00","type":"Running"}}"#;
        assert_eq!(label(run), ("07:30".into(), "Running".into()));
        assert_eq!(label(r#"{"split":3,"distance":1000}"#), (String::new(), "3".into()));
        assert_eq!(label(r#"{"date":"20140604","segments":[]}"#), (String::new(), String::new()));
        let beat = r#"{"heartRate":{"beatsPerMinute":"72","sampleTime":{"physicalTime":"2014-06-03T22:14:05Z","utcOffset":"10800s"}}}"#;
        assert_eq!(label(beat), ("01:14".into(), String::new()));
        let steps = r#"{"steps":{"count":"9","interval":{"startTime":"2014-06-04T05:00:00Z","endTime":"2014-06-04T05:01:00Z",
            "civilStartTime":{"date":{"year":2014,"month":6,"day":4},"time":{"hours":8}}}}}"#;
        assert_eq!(label(steps), ("08:00".into(), String::new()));
        let night = r#"{"name":"users/me/dataTypes/sleep/dataPoints/1","sleep":{"type":"STAGES","interval":{
            "startTime":"2014-06-03T19:30:00Z","startUtcOffset":"10800s","endTime":"2014-06-04T03:00:00Z","endUtcOffset":"10800s"}}}"#;
        assert_eq!(label(night), ("22:30 (-1)-06:00".into(), "STAGES".into()));
    }

    #[test]
    fn arrays_tell_what_their_records_are() {
        for (array, one, many) in [
            ("segments", "segment", "segments"),
            ("trackPoints", "track point", "track points"),
            ("activities", "activity", "activities"),
            ("segment_efforts", "segment effort", "segment efforts"),
            ("splits_metric", "split metric", "splits metric"),
            ("dataset", "sample", "samples"),
            ("summary", "summary record", "summary records"),
        ] {
            assert_eq!(words(array, false), (one.into(), many.into()), "{array}");
        }
        assert_eq!((words("heart", true).1, words("daily/steps", true).0), ("records".into(), "record".into()));
    }
}
