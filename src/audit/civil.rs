//! The times of Google Health's points, which stand in a member of a member: a moment beside its offset,
//! and the wall clock in parts.

use chrono::{DateTime, NaiveTime, TimeDelta};

use super::stamp::Stamp;
use crate::json::{Kind, Value};
use crate::model::Day;

/// An interval no longer than this is one sample of a series, not something with an end of its own.
const SAMPLE: TimeDelta = TimeDelta::minutes(15);

/// A point, or a part of one that has a time and an offset.
pub(super) struct Point<'v> {
    /// What holds the values beside the time.
    pub body: Value<'v>,
    pub start: Stamp,
    /// The end of what is no sample.
    pub end: Option<Stamp>,
}

impl<'v> Point<'v> {
    /// Reads a record that is a point; none that is anything else.
    pub fn read(record: Value<'v>) -> Option<Point<'v>> {
        if record.kind() != Kind::Object {
            return None;
        }
        let inside = || {
            record.members().find_map(|(_, body)| {
                Some((body, [body.get("interval"), body.get("sampleTime")].into_iter().flatten().next()?))
            })
        };
        let (body, holder) = if record.get("startUtcOffset").is_some() || record.get("eventUtcOffset").is_some() {
            (record, record)
        } else {
            inside()?
        };
        let of = |time, offset, civil| local(holder, time, offset, civil);
        let moments = [
            ("startTime", "startUtcOffset", "civilStartTime"),
            ("physicalTime", "utcOffset", "civilTime"),
            ("eventTime", "eventUtcOffset", ""),
        ];
        let start = moments.into_iter().find_map(|(time, offset, civil)| of(time, offset, civil))?;
        let length = moment(holder, "endTime").zip(moment(holder, "startTime")).map(|(end, start)| end - start);
        let end =
            of("endTime", "endUtcOffset", "civilEndTime").filter(|_| length.is_some_and(|length| length > SAMPLE));
        Some(Point { body, start, end })
    }
}

fn moment(holder: Value<'_>, name: &str) -> Option<DateTime<chrono::FixedOffset>> {
    DateTime::parse_from_rfc3339(&holder.get(name)?.as_str()?).ok()
}

/// The wall clock as it is told, else the moment by its offset.
fn local(holder: Value<'_>, time: &str, offset: &str, civil: &str) -> Option<Stamp> {
    let told = holder.get(civil).and_then(|civil| {
        let part = |path: &str| civil.pointer(path).and_then(Value::as_i64).and_then(|part| u32::try_from(part).ok());
        let year = i32::try_from(part("/date/year")?).ok()?;
        let day = Day::new(year, part("/date/month")?, part("/date/day")?)?;
        let clock = |name: &str| part(&format!("/time/{name}")).unwrap_or_default();
        let time = NaiveTime::from_hms_nano_opt(clock("hours"), clock("minutes"), clock("seconds"), clock("nanos"))?;
        Some(Stamp { date: Some(day), time: Some(time) })
    });
    told.or_else(|| {
        let offset = holder.get(offset)?.as_str()?.strip_suffix('s')?.parse().ok()?;
        let local = moment(holder, time)?.naive_utc().checked_add_signed(TimeDelta::try_seconds(offset)?)?;
        Some(Stamp { date: Day::from_date(local.date()), time: Some(local.time()) })
    })
}
