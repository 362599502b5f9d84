//! When a point was, and on which day of the person: by its own civil time, else by its own offset.

use chrono::{DateTime, TimeDelta, Utc};

use super::types::Time;
use crate::json::Value;
use crate::model::{Day, Zone};

/// The day and the moment of a point's value. `zone` stands in where the value says neither civil
/// time nor offset.
///
/// # Errors
/// What is missing or cannot be read.
pub(super) fn place(value: Value<'_>, time: Time, zone: Zone) -> Result<(Day, DateTime<Utc>), String> {
    let (holder, start, day, offset, civil) = match time {
        Time::Date => {
            let day = value.get("date").and_then(date).ok_or("it has no date")?;
            return Ok((day, day.plus(-1).end_utc()));
        }
        Time::Sample => ("sampleTime", "physicalTime", "physicalTime", "utcOffset", "civilTime"),
        Time::Start | Time::Reading => ("interval", "startTime", "startTime", "startUtcOffset", "civilStartTime"),
        Time::End => ("interval", "startTime", "endTime", "endUtcOffset", "civilEndTime"),
    };
    let holder = value.get(holder).ok_or_else(|| format!("it has no {holder}"))?;
    let moment = |name: &str| {
        let text = holder.get(name).and_then(|text| text.as_str()).ok_or_else(|| format!("it has no {name}"))?;
        DateTime::parse_from_rfc3339(&text)
            .map(|moment| moment.to_utc())
            .map_err(|_| format!("its {name} is \"{text}\", which is no time"))
    };
    let (start, decisive) = (moment(start)?, moment(day)?);
    let offset = holder.get(offset).and_then(seconds);
    let civil = holder.get(civil).and_then(|civil| civil.get("date")).and_then(date);
    let by_offset = || {
        let local = decisive.checked_add_signed(TimeDelta::seconds(offset?))?;
        Day::from_date(local.date_naive())
    };
    let by_zone = || zone.day_of(decisive);
    let day = match time {
        // Older readings have lost their offset, and their civil time is that of UTC.
        Time::Reading if offset.is_none_or(|offset| offset == 0) => by_zone(),
        _ => civil.or_else(by_offset).or_else(by_zone),
    };
    Ok((day.ok_or("it is of a year that no archive has")?, start))
}

/// The day of a `google.type.Date`.
pub(super) fn date(date: Value<'_>) -> Option<Day> {
    let part = |name: &str| date.get(name).and_then(Value::as_i64);
    Day::new(i32::try_from(part("year")?).ok()?, part("month")?.try_into().ok()?, part("day")?.try_into().ok()?)
}

/// The whole seconds of a duration, `-14400s`, of less than a day.
pub(super) fn seconds(duration: Value<'_>) -> Option<i64> {
    let text = duration.as_str()?;
    let seconds = text.strip_suffix('s')?;
    let whole = seconds.split_once('.').map_or(seconds, |(whole, _)| whole);
    whole.parse().ok().filter(|seconds: &i64| seconds.abs() < 86_400)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::json::Json;

    fn placed(text: &str, time: Time) -> String {
        let json = Json::parse(text).unwrap();
        let zone = Zone::named("Europe/Helsinki").unwrap();
        match place(json.root(), time, zone) {
            Ok((day, at)) => format!("{day} {}", at.format("%Y-%m-%dT%H:%M:%S")),
            Err(problem) => problem,
        }
    }

    #[test]
    fn civil_time_goes_before_the_offset_and_the_offset_before_the_zone() {
        let sample = |more: &str| placed(&format!("{{\"sampleTime\":{{{more}}}}}"), Time::Sample);
        let late = "\"physicalTime\":\"2026-11-20T22:30:00.5Z\"";
        assert_eq!(sample(late), "2026-11-21 2026-11-20T22:30:00");
        assert_eq!(sample(&format!("{late},\"utcOffset\":\"3600s\"")), "2026-11-20 2026-11-20T22:30:00");
        let civil =
            "\"utcOffset\":\"3600s\",\"civilTime\":{\"date\":{\"year\":2026,\"month\":11,\"day\":21},\"time\":{}}";
        assert_eq!(sample(&format!("{late},{civil}")), "2026-11-21 2026-11-20T22:30:00");
        assert_eq!(sample(""), "it has no physicalTime");
        assert_eq!(sample("\"physicalTime\":\"soon\""), "its physicalTime is \"soon\", which is no time");
    }

    #[test]
    fn a_night_counts_for_the_day_it_ends_on_and_is_sorted_by_its_start() {
        let night = "{\"interval\":{\"startTime\":\"2026-11-20T03:00:00Z\",\"startUtcOffset\":\"-18000s\",\
                     \"endTime\":\"2026-11-20T11:00:00Z\",\"endUtcOffset\":\"-18000s\"}}";
        assert_eq!(placed(night, Time::Start), "2026-11-19 2026-11-20T03:00:00");
        assert_eq!(placed(night, Time::End), "2026-11-20 2026-11-20T03:00:00");
    }

    #[test]
    fn readings_that_lost_their_offset_go_by_the_zone() {
        let reading = |offset: &str| {
            let text = format!(
                "{{\"interval\":{{\"startTime\":\"2026-11-20T22:30:00Z\"{offset},\
                 \"civilStartTime\":{{\"date\":{{\"year\":2026,\"month\":11,\"day\":20}}}}}}}}"
            );
            placed(&text, Time::Reading)
        };
        assert!(reading("").starts_with("2026-11-21"));
        assert!(reading(",\"startUtcOffset\":\"0s\"").starts_with("2026-11-21"));
        assert!(reading(",\"startUtcOffset\":\"-18000s\"").starts_with("2026-11-20"));
    }

    #[test]
    fn dates_are_days_that_exist() {
        let dated = |date: &str| placed(&format!("{{\"date\":{date}}}"), Time::Date);
        assert_eq!(dated("{\"year\":2024,\"month\":2,\"day\":29}"), "2024-02-29 2024-02-29T00:00:00");
        for none in ["{\"year\":2026,\"month\":2,\"day\":29}", "{\"year\":2026,\"month\":2}", "\"2026-02-28\"", "{}"] {
            assert_eq!(dated(none), "it has no date", "{none}");
        }
    }

    #[test]
    fn an_hour_that_comes_twice_or_never_keeps_its_day() {
        // The clocks of Helsinki go back at 01:00Z on 2026-10-25, and forward at 01:00Z on 2026-03-29.
        for (moment, offset, day) in [
            ("2026-10-24T21:00:00Z", "10800s", "2026-10-25"),
            ("2026-10-25T00:59:59Z", "10800s", "2026-10-25"),
            ("2026-10-25T01:00:00Z", "7200s", "2026-10-25"),
            ("2026-10-25T21:59:59Z", "7200s", "2026-10-25"),
            ("2026-10-25T22:00:00Z", "7200s", "2026-10-26"),
            ("2026-03-28T22:00:00Z", "7200s", "2026-03-29"),
            ("2026-03-29T20:59:59Z", "10800s", "2026-03-29"),
            ("2026-03-29T21:00:00Z", "10800s", "2026-03-30"),
        ] {
            let text = format!("{{\"sampleTime\":{{\"physicalTime\":\"{moment}\",\"utcOffset\":\"{offset}\"}}}}");
            assert!(placed(&text, Time::Sample).starts_with(day), "{moment}");
            // Without an offset the zone knows it too.
            let text = format!("{{\"sampleTime\":{{\"physicalTime\":\"{moment}\"}}}}");
            assert!(placed(&text, Time::Sample).starts_with(day), "{moment}");
        }
    }
}
