//! Headers, of any text.

use chrono::{DateTime, TimeDelta, Utc};

use super::client::{http_date, retry_after};
use super::quota::RateLimits;
use crate::fuzzing::fuzz_target;
use crate::model::{CountHeader, QuotaWindow};

const fn window(name: &'static str, seconds: u32, count_header: CountHeader, place: usize) -> QuotaWindow {
    let reset_header = if place == 0 { Some("reset") } else { None };
    QuotaWindow { name, seconds, requests: 60, limit_header: "limit", count_header, reset_header, place, late: 15 }
}

static WINDOWS: [QuotaWindow; 3] = [
    window("minute", 60, CountHeader::Remaining("left"), 0),
    window("hour", 3_600, CountHeader::Used("used"), 1),
    window("day", 86_400, CountHeader::Untold, 2),
];

fuzz_target!(headers, |bytes| {
    let text = String::from_utf8_lossy(bytes);
    let mut now: DateTime<Utc> = DateTime::from_timestamp(1_436_594_400, 0).unwrap_or_default();
    let mut limits = RateLimits::documented(&WINDOWS);
    // An answer's headers end with an empty line.
    for answer in text.split("\n\n") {
        let pairs: Vec<(&str, &str)> = answer.lines().filter_map(|line| line.split_once(": ")).collect();
        let header = |name: &str| pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
        limits.learn(now, header);
        if let Some(used_up) = limits.used_up(now) {
            assert!(limits.left(now) == 0 && used_up.until >= now);
        }
        assert!(limits.after_refusal(now) > now);
        let forecast = limits.forecast(200, now);
        assert!(forecast.until >= now && limits.forecast(0, now).until == now);
        for date in ["retry-after", "date"].into_iter().filter_map(header) {
            assert!(retry_after(date, now).is_none_or(|until| (now - until).num_days() < 1_000_000));
            assert!(http_date(date).is_none_or(|date| (date - now).num_days().abs() < 4_000_000));
        }
        now += TimeDelta::seconds(7);
    }
});
