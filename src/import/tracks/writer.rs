//! Tracks on their way into JSON: points are written as they come, so that no second copy of them is held.

use chrono::{DateTime, FixedOffset};

use super::Track;
use crate::json::quote;
use crate::model::JsonText;

/// Collects the tracks of a file.
#[derive(Default)]
pub struct TrackWriter {
    tracks: Vec<JsonText>,
    members: Vec<(String, String)>,
    segments: Vec<u8>,
    has_points: bool,
    start: Option<DateTime<FixedOffset>>,
    position: Option<(f64, f64)>,
    /// How far the file's own clock is east of UTC, in seconds.
    pub offset: Option<i32>,
}

/// A point: its members, each with its JSON.
#[derive(Default)]
pub struct Point(Vec<(String, String)>);

impl Point {
    /// Adds a member that is JSON already. What was told first stays.
    fn add(&mut self, name: &str, json: String) {
        if !self.0.iter().any(|(known, _)| known == name) {
            self.0.push((name.to_owned(), json));
        }
    }

    /// Adds a number where the text is one, else the text.
    pub fn tell(&mut self, name: &str, text: &str) {
        self.add(name, decimal(text).unwrap_or_else(|| quote(text)));
    }

    /// Adds a number.
    pub fn number(&mut self, name: &str, value: f64) {
        // Seven digits after the point are a centimetre on the ground, and finer than any sensor.
        if let Some(number) = decimal(&format!("{value:.7}")) {
            self.add(name, number);
        }
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, json)| json.as_str())
    }
}

impl TrackWriter {
    /// Says something of the track at hand. What was said first stays.
    pub fn member(&mut self, name: &str, text: &str) {
        if !text.is_empty() && !self.members.iter().any(|(known, _)| known == name) {
            self.members.push((name.to_owned(), quote(text)));
        }
    }

    /// Begins another stretch, unless the one at hand has no points yet.
    pub fn segment(&mut self) {
        self.has_points = false;
    }

    /// Adds a point to the stretch at hand.
    pub fn point(&mut self, point: &Point) {
        if point.0.is_empty() {
            return;
        }
        if self.start.is_none() {
            let time = point.get("time").map(|json| json.trim_matches('"'));
            self.start = time.and_then(|time| DateTime::parse_from_rfc3339(time).ok());
        }
        if self.position.is_none() {
            let degrees = |name| point.get(name).and_then(|json| json.parse::<f64>().ok());
            // Zero, zero is where a device says it does not know.
            self.position = degrees("lat").zip(degrees("lon")).filter(|position| *position != (0.0, 0.0));
        }
        let before: &[u8] = match (self.has_points, self.segments.is_empty()) {
            (true, _) => b",",
            (false, true) => b"[",
            (false, false) => b"],[",
        };
        self.segments.extend_from_slice(before);
        self.has_points = true;
        for (at, (name, json)) in point.0.iter().enumerate() {
            self.segments.push(if at == 0 { b'{' } else { b',' });
            self.segments.extend_from_slice(quote(name).as_bytes());
            self.segments.push(b':');
            self.segments.extend_from_slice(json.as_bytes());
        }
        self.segments.push(b'}');
    }

    /// Ends the track at hand.
    ///
    /// # Errors
    /// Where it is too large for JSON.
    pub fn end(&mut self) -> Result<(), String> {
        let members = std::mem::take(&mut self.members);
        let segments = std::mem::take(&mut self.segments);
        self.has_points = false;
        if members.is_empty() && segments.is_empty() {
            return Ok(());
        }
        let mut text = vec![b'{'];
        for (name, json) in &members {
            text.extend_from_slice(format!("{}:{json},", quote(name)).as_bytes());
        }
        text.extend_from_slice(b"\"segments\":[");
        text.extend_from_slice(&segments);
        text.extend_from_slice(if segments.is_empty() { b"]}" } else { b"]]}" });
        self.tracks.push(JsonText::parse(&text).map_err(|error| format!("its points cannot be kept: {error}"))?);
        Ok(())
    }

    /// All that was collected.
    ///
    /// # Errors
    /// As `end`.
    pub fn finish(mut self) -> Result<Track, String> {
        self.end()?;
        let told = self.start.map(|start| start.offset().local_minus_utc()).filter(|seconds| *seconds != 0);
        Ok(Track {
            tracks: JsonText::array(&self.tracks),
            start: self.start.map(|start| start.to_utc()),
            position: self.position,
            offset: self.offset.or(told),
        })
    }
}

/// A decimal number as JSON spells it, its digits as they stand; none where the text is no such number.
pub fn decimal(text: &str) -> Option<String> {
    let text = text.trim();
    let (sign, rest) = match text.as_bytes().first()? {
        b'-' => ("-", &text[1..]),
        b'+' => ("", &text[1..]),
        _ => ("", text),
    };
    let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (rest, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || (whole.is_empty() && fraction.is_empty()) {
        return None;
    }
    let whole = whole.trim_start_matches('0');
    let mut number = format!("{sign}{}", if whole.is_empty() { "0" } else { whole });
    if !fraction.is_empty() {
        number.push('.');
        number.push_str(fraction);
    }
    if let Some(exponent) = exponent {
        let plain = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        // More digits are no measure of anything.
        if plain.is_empty() || plain.len() > 3 || !digits(plain) {
            return None;
        }
        number.push('e');
        number.push_str(exponent);
    }
    Some(number)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_digits() {
        for (text, json) in [
            ("21.858981000", "21.858981000"),
            ("+5", "5"),
            (" -.5 ", "-0.5"),
            ("007.50", "7.50"),
            ("5.", "5"),
            ("9.5E-4", "9.5e-4"),
            ("0", "0"),
        ] {
            assert_eq!(decimal(text).as_deref(), Some(json), "{text}");
        }
        for text in ["", "-", ".", "NaN", "INF", "1,5", "1.2.3", "0x1", "1e", "1e9999", "--1", "１"] {
            assert_eq!(decimal(text), None, "{text}");
        }
    }

    #[test]
    fn stretches_without_points_are_none() {
        let mut writer = TrackWriter::default();
        writer.member("name", "Run \"one\"");
        writer.segment();
        writer.segment();
        let mut point = Point::default();
        point.tell("lat", "0");
        point.tell("lon", "0");
        writer.point(&point);
        writer.segment();
        let mut point = Point::default();
        point.tell("time", "2017-06-07T18:26:15+02:00");
        point.tell("lat", "1.50");
        point.tell("lon", "2");
        point.tell("lat", "9");
        writer.point(&point);
        writer.segment();
        let track = writer.finish().unwrap();
        assert_eq!(
            String::from_utf8_lossy(track.tracks.as_bytes()),
            "[{\"name\":\"Run \\\"one\\\"\",\"segments\":[[{\"lat\":0,\"lon\":0}],\
             [{\"time\":\"2017-06-07T18:26:15+02:00\",\"lat\":1.50,\"lon\":2}]]}]"
        );
        assert_eq!((track.position, track.offset), (Some((1.5, 2.0)), Some(7200)));
        assert_eq!(track.start.unwrap().to_rfc3339(), "2017-06-07T16:26:15+00:00");
    }
}
