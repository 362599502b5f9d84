//! A day as Moves tells it: its records, and their spelling on the wire.

use std::collections::BTreeMap;
use std::fmt::Write;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;

/// A day.
#[derive(Clone, Debug)]
pub(super) struct Story {
    pub date: NaiveDate,
    /// Nothing where the phone recorded nothing.
    pub segments: Option<Vec<Segment>>,
    /// When it was rewritten; the newest of its segments' where it was not.
    pub last_update: Option<DateTime<Utc>>,
}

#[derive(Clone, Debug)]
pub(super) struct Segment {
    pub stay: Stay,
    pub start: DateTime<Utc>,
    pub end: DateTime<Utc>,
    pub activities: Vec<Activity>,
    pub last_update: DateTime<Utc>,
}

#[derive(Clone, Debug)]
pub(super) enum Stay {
    Place(Place),
    Move,
}

#[derive(Clone, Debug)]
pub(super) struct Place {
    pub id: u64,
    pub name: String,
    pub kind: String,
    pub lat: f64,
    pub lon: f64,
}

#[derive(Clone, Debug)]
pub(super) struct Activity {
    pub activity: String,
    pub group: String,
    pub start: DateTime<Utc>,
    pub end: DateTime<Utc>,
    pub distance: f64,
    pub steps: Option<u64>,
    pub points: Vec<Point>,
}

#[derive(Clone, Debug)]
pub(super) struct Point {
    pub lat: f64,
    pub lon: f64,
    pub time: DateTime<Utc>,
}

impl Story {
    /// When anything of the day was last changed.
    pub fn updated(&self) -> Option<DateTime<Utc>> {
        let newest = || self.segments.as_ref()?.iter().map(|segment| segment.last_update).max();
        self.last_update.or_else(newest)
    }

    /// The day as compact JSON, members in the order in which Moves was seen to send them.
    pub fn json(&self, zone: Tz, track_points: bool) -> String {
        let mut text = format!("{{\"date\":\"{}\",\"summary\":", self.date.format("%Y%m%d"));
        self.summary(&mut text);
        text.push_str(",\"segments\":");
        match &self.segments {
            None => text.push_str("null"),
            Some(segments) => list(&mut text, segments, |text, segment| segment.json(text, zone, track_points)),
        }
        if let Some(updated) = self.updated() {
            let _ = write!(text, ",\"lastUpdate\":\"{}\"", utc(updated));
        }
        text.push('}');
        text
    }

    fn summary(&self, text: &mut String) {
        let mut groups: BTreeMap<&str, (i64, f64, u64)> = BTreeMap::new();
        for activity in self.segments.iter().flatten().flat_map(|segment| &segment.activities) {
            let sums = groups.entry(&activity.group).or_default();
            sums.0 += (activity.end - activity.start).num_seconds();
            sums.1 += activity.distance;
            sums.2 += activity.steps.unwrap_or(0);
        }
        if groups.is_empty() {
            text.push_str("null");
            return;
        }
        let groups: Vec<_> = groups.into_iter().collect();
        list(text, &groups, |text, (group, (seconds, distance, steps))| {
            let _ = write!(text, "{{\"activity\":\"{group}\",\"group\":\"{group}\",\"duration\":{seconds}.0");
            let _ = write!(text, ",\"distance\":{distance:.1}");
            if *steps > 0 {
                let _ = write!(text, ",\"steps\":{steps}");
            }
            text.push('}');
        });
    }
}

impl Segment {
    fn json(&self, text: &mut String, zone: Tz, track_points: bool) {
        let kind = match &self.stay {
            Stay::Place(_) => "place",
            Stay::Move => "move",
        };
        let (start, end) = (local(self.start, zone), local(self.end, zone));
        let _ = write!(text, "{{\"type\":\"{kind}\",\"startTime\":\"{start}\",\"endTime\":\"{end}\"");
        if let Stay::Place(place) = &self.stay {
            let Place { id, name, kind, lat, lon } = place;
            let _ = write!(text, ",\"place\":{{\"id\":{id},\"name\":\"{name}\",\"type\":\"{kind}\"");
            let _ = write!(text, ",\"location\":{{\"lat\":{lat:?},\"lon\":{lon:?}}}}}");
        }
        text.push_str(",\"activities\":");
        list(text, &self.activities, |text, activity| activity.json(text, zone, track_points));
        let _ = write!(text, ",\"lastUpdate\":\"{}\"}}", utc(self.last_update));
    }
}

impl Activity {
    fn json(&self, text: &mut String, zone: Tz, track_points: bool) {
        let Activity { activity, group, .. } = self;
        let (start, end) = (local(self.start, zone), local(self.end, zone));
        let _ = write!(text, "{{\"activity\":\"{activity}\",\"group\":\"{group}\",\"manual\":false");
        let _ = write!(text, ",\"startTime\":\"{start}\",\"endTime\":\"{end}\"");
        let _ = write!(text, ",\"duration\":{}.0", (self.end - self.start).num_seconds());
        let _ = write!(text, ",\"distance\":{:.1}", self.distance);
        if let Some(steps) = self.steps {
            let _ = write!(text, ",\"steps\":{steps}");
        }
        if track_points {
            text.push_str(",\"trackPoints\":");
            list(text, &self.points, |text, point| {
                let Point { lat, lon, time } = point;
                let _ = write!(text, "{{\"lat\":{lat:?},\"lon\":{lon:?},\"time\":\"{}\"}}", local(*time, zone));
            });
        }
        text.push('}');
    }
}

fn list<T>(text: &mut String, items: &[T], mut write: impl FnMut(&mut String, &T)) {
    text.push('[');
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            text.push(',');
        }
        write(text, item);
    }
    text.push(']');
}

fn local(time: DateTime<Utc>, zone: Tz) -> String {
    let text = time.with_timezone(&zone).format("%Y%m%dT%H%M%S%z").to_string();
    // Moves writes Z at offset 0.
    text.strip_suffix("+0000").map(|stamp| format!("{stamp}Z")).unwrap_or(text)
}

fn utc(time: DateTime<Utc>) -> String {
    time.format("%Y%m%dT%H%M%SZ").to_string()
}
