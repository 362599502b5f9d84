//! Any bytes as an answer of Google Health.
#![allow(clippy::unwrap_used)]

use super::points::Points;
use super::totals::Rows;
use super::types::{How, Time, data_type};
use super::{account, civil, pages, refusal};
use crate::fuzzing::{fuzz_target, parts};
use crate::model::Zone;
use crate::providers::fuzz::{answer, assert_days, range};

// The name of the part says the resource.
fuzz_target!(googlehealth_answer, |bytes| {
    let (range, zone) = (range(), Zone::named("Europe/Helsinki").unwrap());
    for (resource, bytes) in parts(bytes) {
        let answer = answer(bytes);
        let json = match refusal::read(&answer, "the days", true) {
            Ok(Ok(json)) => json,
            Ok(Err(no)) => {
                assert!(!no.words("the days").is_empty());
                continue;
            }
            Err(error) => {
                assert!(!error.to_string().is_empty());
                continue;
            }
        };
        assert!(account::zone(json.root()).is_none_or(|zone| !zone.to_string().is_empty()));
        assert!(account::membership(json.root()).is_none_or(|day| day.to_string().len() == 10));
        let Some(kind) = data_type(&resource) else { continue };
        let (time, list) = match kind.how {
            How::Points(time, _) => (time, "dataPoints"),
            How::Totals => (Time::Date, "rollupDataPoints"),
            How::Tracks => (Time::Start, "dataPoints"),
        };
        let Some(items) = pages::items(&json, list) else { continue };
        if kind.how == How::Totals {
            let mut rows = Rows::default();
            if items.into_iter().try_for_each(|row| rows.take(row, range)).is_ok() {
                assert_days(&rows.answers(range), range, |row| civil::date(row.get("civilStartTime")?.get("date")?));
            }
            continue;
        }
        let mut points = Points::default();
        if items.into_iter().try_for_each(|item| points.take(item, kind, time, zone, range)).is_ok() {
            let days = points.days(range, true);
            let day_of =
                |point: crate::json::Value<'_>| Some(civil::place(point.get(kind.member)?, time, zone).ok()?.0);
            assert_days(&days, range, day_of);
        }
    }
});
