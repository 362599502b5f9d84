//! Activity files of any bytes.

use super::{Format, Track};
use crate::fuzzing::fuzz_target;
use crate::json::{Json, Value};

fn check(format: Format, bytes: &[u8]) {
    let told = format.read(bytes);
    assert_eq!(format.read(bytes), told);
    let Track { tracks, start, position, offset } = match told {
        Ok(track) => track,
        Err(reason) => return assert!(!reason.is_empty()),
    };
    let Ok(json) = Json::parse(tracks.as_bytes()) else { panic!("the tracks are no JSON") };
    let segments = |track: Value<'_>| track.get("segments").map(Value::len).unwrap_or_default();
    let points: usize = json.root().items().map(segments).sum();
    assert!(points > 0 || (start.is_none() && position.is_none()), "{}", json.root().line());
    assert!(position.is_none_or(|(lat, lon)| lat.is_finite() && lon.is_finite()));
    assert!(offset.is_none_or(|offset| offset.abs() < 86_400));
}

fuzz_target!(gpx, |bytes| check(Format::Gpx, bytes));
fuzz_target!(tcx, |bytes| check(Format::Tcx, bytes));
fuzz_target!(fit, |bytes| {
    check(Format::Fit, bytes);
    // With sound checksums whatever they are of is looked at.
    check(Format::Fit, &crate::import::pack::fit_of(bytes));
});
