//! FIT. The checksums of header and data are checked before any of it counts.

use chrono::SecondsFormat;
use fitparser::de::{DecodeOption, FitObject, FitStreamProcessor};
use fitparser::profile::MesgNum;
use fitparser::{ErrorKind, FitDataField, FitDataRecord, Value};

use super::Track;
use super::writer::{Point, TrackWriter};

/// The shortest header there is, in bytes.
const SHORTEST_HEADER: u8 = 12;

/// The number of a message's time, and in an `activity` the number of its local time.
const TIMESTAMP: u8 = 253;
const LOCAL_TIMESTAMP: u8 = 5;

/// In an `event`: what it is of and what came of it; a timer that stops begins a pause.
const EVENT: u8 = 0;
const EVENT_TYPE: u8 = 1;
const TIMER: i64 = 0;
const STOPS: [i64; 4] = [1, 4, 8, 9];

/// In a `record`: fields that are there in a coarse form, too. The library makes the one of the other, and tells
/// both, by the same name and in an order that differs from run to run.
const FINER: [(u8, u8); 2] = [(78, 2), (73, 6)];

/// What fields of a point are called in ours, the finer one of two first; others keep their names.
const NAMES: [(&str, &str); 10] = [
    ("enhanced_altitude", "ele"),
    ("altitude", "ele"),
    ("enhanced_speed", "speed"),
    ("speed", "speed"),
    ("heart_rate", "hr"),
    ("cadence", "cad"),
    ("power", "power"),
    ("temperature", "temp"),
    ("distance", "distance"),
    ("timestamp", "time"),
];

/// Reads a file.
///
/// # Errors
/// What is wrong with it: a checksum above all.
pub fn read(bytes: &[u8]) -> Result<Track, String> {
    let mut processor = FitStreamProcessor::new();
    processor.add_option(DecodeOption::DropUnknownFields);
    let mut writer = TrackWriter::default();
    let mut rest = bytes;
    if rest.is_empty() {
        return Err("it is empty".to_owned());
    }
    // Where the data at hand ends; none where a header comes next.
    let mut end = None;
    while let Some(first) = rest.first() {
        let at = bytes.len() - rest.len();
        // The library takes both on trust.
        match end {
            None if usize::from(*first) > rest.len() => return Err("it is cut off".to_owned()),
            None if *first < SHORTEST_HEADER => return Err(format!("it is no sound FIT at byte {at}")),
            Some(end) if at > end => return Err(format!("it is no sound FIT at byte {end}")),
            _ => {}
        }
        let (behind, object) = processor.deserialize_next(rest).map_err(|error| words(&error))?;
        rest = behind;
        match object {
            FitObject::Crc(_) => {
                processor.reset();
                end = None;
            }
            FitObject::Header(header) => {
                end = Some(at + usize::from(header.header_size()) + header.data_size() as usize);
            }
            FitObject::DefinitionMessage(_) => {}
            FitObject::DataMessage(mut message) => {
                let raw = |number: u8| message.fields().get(&number).and_then(whole);
                match MesgNum::from(message.global_message_number()) {
                    MesgNum::Activity => {
                        let offset = raw(LOCAL_TIMESTAMP).zip(raw(TIMESTAMP)).map(|(local, utc)| local - utc);
                        writer.offset = offset.and_then(|seconds| i32::try_from(seconds).ok()).filter(plausible);
                    }
                    MesgNum::Event
                        if raw(EVENT) == Some(TIMER) && raw(EVENT_TYPE).is_some_and(|kind| STOPS.contains(&kind)) =>
                    {
                        writer.segment();
                    }
                    MesgNum::Record => {
                        for (fine, coarse) in FINER {
                            if message.fields().contains_key(&fine) {
                                message.fields_mut().remove(&coarse);
                            }
                        }
                    }
                    _ => {}
                }
                let record = processor.decode_message(message).map_err(|error| words(&error))?;
                match record.kind() {
                    MesgNum::Record => writer.point(&point(&record)),
                    MesgNum::Session | MesgNum::Sport => {
                        let sport = record.fields().iter().find(|field| field.name() == "sport");
                        if let Some(Value::String(sport)) = sport.map(FitDataField::value) {
                            writer.member("type", sport);
                        }
                    }
                    _ => {}
                }
            }
        }
    }
    writer.finish()
}

fn point(record: &FitDataRecord) -> Point {
    let mut point = Point::default();
    let mut fields: Vec<&FitDataField> = record.fields().iter().collect();
    // Of two of one name it is always the same that counts.
    fields.sort_by(|one, other| {
        let spelled = || one.value().to_string().cmp(&other.value().to_string());
        (one.number(), one.name()).cmp(&(other.number(), other.name())).then_with(spelled)
    });
    let field = |name: &str| fields.iter().find(|field| field.name() == name).map(|field| field.value());
    for name in ["position_lat", "position_long"] {
        if let Some(Value::SInt32(semicircles)) = field(name) {
            let called = if name == "position_lat" { "lat" } else { "lon" };
            point.number(called, f64::from(*semicircles) * 180.0 / 2_f64.powi(31));
        }
    }
    for (name, called) in NAMES {
        if let Some(found) = field(name) {
            tell(&mut point, called, found);
        }
    }
    for other in &fields {
        let name = other.name();
        if !name.starts_with("position_") && !NAMES.iter().any(|(known, _)| *known == name) {
            tell(&mut point, name, other.value());
        }
    }
    point
}

fn tell(point: &mut Point, name: &str, value: &Value) {
    match value {
        Value::Timestamp(time) => point.tell(name, &time.to_utc().to_rfc3339_opts(SecondsFormat::Secs, true)),
        Value::Float32(number) => point.number(name, f64::from(*number)),
        Value::Float64(number) => point.number(name, *number),
        Value::Array(_) | Value::Invalid => {}
        other => point.tell(name, &other.to_string()),
    }
}

/// A whole number as it stands in the file.
fn whole(value: &Value) -> Option<i64> {
    match value {
        Value::Enum(number) | Value::UInt8(number) | Value::Byte(number) => Some(i64::from(*number)),
        Value::UInt32(number) => Some(i64::from(*number)),
        _ => None,
    }
}

/// Clocks are set to quarters of an hour, up to fourteen hours away. A device that knows no place has none.
fn plausible(seconds: &i32) -> bool {
    *seconds != 0 && seconds % 900 == 0 && seconds.abs() <= 14 * 3600
}

fn words(error: &ErrorKind) -> String {
    match error {
        ErrorKind::InvalidCrc(..) => "its checksum is wrong: it is damaged".to_owned(),
        ErrorKind::UnexpectedEof(_) => "it is cut off".to_owned(),
        ErrorKind::ParseError(at, _) => format!("it is no sound FIT at byte {at}"),
        // Its own words quote whichever field it came upon first, and that differs from run to run.
        ErrorKind::ValueError(_) => "it is no sound FIT: a field is not of the kind it should be".to_owned(),
        other => format!("it is no sound FIT: {other}"),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::super::pack::{FitPoint, fit};
    use super::*;

    const POINTS: [Option<FitPoint>; 3] = [
        Some(FitPoint { second: 0, lat: 60.17, lon: 24.94, altitude: 12.4, heart_rate: 120 }),
        // The timer stops between the two.
        None,
        Some(FitPoint { second: 90, lat: 60.18, lon: 24.95, altitude: 13.0, heart_rate: 0xff }),
    ];

    #[test]
    fn points_stand_in_segments_between_pauses() {
        let track = read(&fit(1_000_000_000, &POINTS, Some(10_800))).unwrap();
        assert_eq!(
            String::from_utf8_lossy(track.tracks.as_bytes()),
            "[{\"type\":\"running\",\"segments\":[[{\"lat\":60.1700000,\"lon\":24.9400000,\"ele\":12.4000000,\
             \"hr\":120,\"time\":\"2021-09-08T01:46:40Z\"}],[{\"lat\":60.1800000,\"lon\":24.9500000,\
             \"ele\":13.0000000,\"time\":\"2021-09-08T01:48:10Z\"}]]}]"
        );
        assert_eq!(track.offset, Some(10_800));
        assert_eq!(track.position.map(|(lat, lon)| (lat.round(), lon.round())), Some((60.0, 25.0)));
        assert_eq!(track.start.unwrap().to_rfc3339(), "2021-09-08T01:46:40+00:00");
    }

    #[test]
    fn a_clock_that_was_never_set_tells_no_zone() {
        for seconds in [Some(0), Some(12_345), Some(100_000_000), None] {
            assert_eq!(read(&fit(1_000_000_000, &POINTS, seconds)).unwrap().offset, None, "{seconds:?}");
        }
    }

    #[test]
    fn a_point_with_two_altitudes_is_read_the_same_every_time() {
        let bytes = include_bytes!("../../../fixtures/fuzz/fit/corpus/two_altitudes");
        for file in [bytes.to_vec(), super::super::super::pack::fit_of(bytes)] {
            let once = read(&file);
            assert!((0..40).all(|_| read(&file) == once));
        }
    }

    #[test]
    fn damage_is_seen() {
        let whole = fit(1_000_000_000, &POINTS, None);
        let damaged = |at: usize| {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            read(&bytes).unwrap_err()
        };
        // The last byte of the data, then the checksums of header and data.
        for at in [whole.len() - 3, 12, whole.len() - 1] {
            assert_eq!(damaged(at), "its checksum is wrong: it is damaged");
        }
        assert_eq!(read(&whole[..whole.len() - 5]).unwrap_err(), "it is cut off");
        assert_eq!(read(b"").unwrap_err(), "it is empty");
        assert!(read(b"<gpx></gpx> and so on").is_err());
        // A header that is longer than the file, at its start and behind its end.
        assert_eq!(read(b"\xff.FIT").unwrap_err(), "it is cut off");
        assert_eq!(read(&[whole.as_slice(), b"\xff"].concat()).unwrap_err(), "it is cut off");
        // Data that ends inside a message.
        let mut short = whole.clone();
        short[4] -= 1;
        (short[12], short[13]) = (0, 0);
        assert!(read(&short).unwrap_err().starts_with("it is no sound FIT at byte"));
        // Whatever byte is wrong: an error, never a track.
        for at in 0..whole.len() {
            assert!(!damaged(at).is_empty());
        }
    }
}
