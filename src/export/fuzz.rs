//! What a person gives to `where`, of any bytes.

use std::io::Cursor;

use chrono::Timelike;

use super::moment::Moment;
use super::photo::taken_in;
use crate::fuzzing::fuzz_target;

fuzz_target!(photo, |bytes| {
    match taken_in(&mut Cursor::new(bytes)) {
        Ok(moment) => assert_moment(moment),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});

fuzz_target!(moments, |bytes| {
    for line in String::from_utf8_lossy(bytes).lines() {
        if let Some(moment) = Moment::read(line) {
            assert_moment(moment);
        }
    }
});

fn assert_moment(moment: Moment) {
    assert!(moment.offset.is_none_or(|offset| offset.abs() < 86_400));
    let zoned = moment.in_zone(crate::model::Zone::named("Europe/Helsinki"));
    assert!(zoned.offset.is_some());
    // What lies between a leap second and another time is told in two ways.
    let plain = moment.local.nanosecond() < 1_000_000_000;
    if let (Some(utc), Some(offset), true) = (zoned.utc(), zoned.offset, plain) {
        assert_eq!((moment.local - utc.naive_utc()).num_seconds(), i64::from(offset));
    }
    for seconds in [0.0, 0.5, -1e9, f64::MAX, f64::NAN] {
        assert!(moment.plus(seconds).is_none_or(|later| later.offset == moment.offset));
    }
    // What is written can be read again.
    let text = format!("{}{}", zoned.clock(), zoned.offset_text());
    let again = Moment::read(&text).map(|again| (again.local, again.offset));
    // Offsets are written to the minute, years beyond four digits with a sign.
    if (0..=9999).contains(&chrono::Datelike::year(&zoned.local)) && zoned.offset.is_none_or(|offset| offset % 60 == 0)
    {
        assert_eq!(again, Some((zoned.local, zoned.offset)), "{text}");
    }
}
