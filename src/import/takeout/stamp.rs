//! The spellings of time in an export, a dozen of them.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};

/// A time as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// What the digits say.
    pub written: NaiveDateTime,
    /// What else is said.
    pub kind: Kind,
}

/// What a time says besides its digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A date without a time.
    Date,
    /// A time of which nothing tells the zone.
    Bare,
    /// A time with its distance from UTC, in seconds to the east.
    Offset(i32),
}

impl Stamp {
    /// Reads a time. The spellings seen: `01/31/20 08:00:05`, `08/24/26`; `2026-10-01`, `2026-09-15T08:40`,
    /// `2024-02-22T07:41:30.000`, `2026-08-01T01:15:09.096319Z`, `2026-10-04 20:30:00+0000`, `...-08:00`;
    /// seconds and milliseconds since 1970; `Thu Oct 08 07:15:06 UTC 2020`.
    pub fn read(text: &str) -> Option<Stamp> {
        let text = text.trim();
        let bytes = text.as_bytes();
        if !text.is_ascii() {
            return None;
        }
        if bytes.iter().take(3).any(|byte| *byte == b'/') {
            return slashed(text);
        }
        if bytes.get(4) == Some(&b'-') {
            return dashed(text);
        }
        if bytes.iter().all(u8::is_ascii_digit) {
            return counted(text);
        }
        let time = NaiveDateTime::parse_from_str(text, "%a %b %d %H:%M:%S UTC %Y").ok()?;
        Some(Stamp { written: time, kind: Kind::Offset(0) })
    }

    /// The moment, as far as the digits tell it; those of a bare time are taken for UTC.
    pub fn moment(self) -> NaiveDateTime {
        match self.kind {
            Kind::Offset(east) => {
                self.written.checked_sub_signed(TimeDelta::seconds(east.into())).unwrap_or(self.written)
            }
            Kind::Date | Kind::Bare => self.written,
        }
    }

    /// Whether it is the first moment of a date.
    pub fn is_midnight(self) -> bool {
        self.written.time() == NaiveTime::MIN
    }
}

/// A distance from UTC (`+05:30`, `-0800`, `Z`), in seconds to the east.
pub fn offset(text: &str) -> Option<i32> {
    let text = text.trim();
    if text == "Z" {
        return Some(0);
    }
    let (east, rest) = match text.as_bytes().first()? {
        b'+' => (1, &text[1..]),
        b'-' => (-1, &text[1..]),
        _ => return None,
    };
    let (hours, minutes) = match rest.len() {
        5 => rest.split_once(':')?,
        4 => rest.split_at_checked(2)?,
        2 => (rest, "00"),
        _ => return None,
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    (hours < 24 && minutes < 60).then(|| east * (hours * 3_600 + minutes * 60) as i32)
}

/// `MM/DD/YY`, with or without a time.
fn slashed(text: &str) -> Option<Stamp> {
    let (date, time) = text.split_once(' ').map_or((text, None), |(date, time)| (date, Some(time)));
    let mut parts = date.split('/');
    let (month, day, year) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || month.len() > 2 || day.len() > 2 {
        return None;
    }
    let year = match year.len() {
        2 => 2000 + number(year)?,
        4 => number(year)?,
        _ => return None,
    };
    let date = NaiveDate::from_ymd_opt(year as i32, number(month)?, number(day)?)?;
    let Some(time) = time else { return Some(Stamp { written: date.and_time(NaiveTime::MIN), kind: Kind::Date }) };
    Some(Stamp { written: date.and_time(clock(time)?), kind: Kind::Bare })
}

/// `YYYY-MM-DD`, with or without a time and a zone.
fn dashed(text: &str) -> Option<Stamp> {
    let (date, rest) = text.split_at_checked(10)?;
    if date.as_bytes().get(7) != Some(&b'-') {
        return None;
    }
    let date = NaiveDate::from_ymd_opt(number(&date[..4])? as i32, number(&date[5..7])?, number(&date[8..])?)?;
    let Some(rest) = rest.strip_prefix(['T', ' ']) else {
        return rest.is_empty().then(|| Stamp { written: date.and_time(NaiveTime::MIN), kind: Kind::Date });
    };
    let end = rest.find(['Z', '+', '-']).unwrap_or(rest.len());
    let (time, zone) = rest.split_at(end);
    let kind = if zone.is_empty() { Kind::Bare } else { Kind::Offset(offset(zone)?) };
    Some(Stamp { written: date.and_time(clock(time.trim_end())?), kind })
}

/// `HH:MM`, `HH:MM:SS`, with or without parts of a second.
fn clock(text: &str) -> Option<NaiveTime> {
    let (whole, fraction) = text.split_once('.').map_or((text, ""), |(whole, fraction)| (whole, fraction));
    let mut parts = whole.split(':');
    let (hour, minute, second) = (parts.next()?, parts.next()?, parts.next().unwrap_or("00"));
    if parts.next().is_some() || hour.len() > 2 || minute.len() != 2 || second.len() != 2 || fraction.len() > 9 {
        return None;
    }
    let nanos = if fraction.is_empty() { 0 } else { number(fraction)? * 10_u32.pow(9 - fraction.len() as u32) };
    NaiveTime::from_hms_nano_opt(number(hour)?, number(minute)?, number(second)?, nanos)
}

/// Seconds since 1970, or milliseconds where there are as many digits.
fn counted(text: &str) -> Option<Stamp> {
    let time = match text.len() {
        9..=10 => DateTime::from_timestamp(text.parse().ok()?, 0)?,
        12..=13 => DateTime::from_timestamp_millis(text.parse().ok()?)?,
        _ => return None,
    };
    Some(Stamp { written: time.naive_utc(), kind: Kind::Offset(0) })
}

/// Up to nine digits and nothing else.
fn number(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.len() < 10 && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.bytes().fold(0, |number, digit| number * 10 + u32::from(digit - b'0')))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_is_read() {
        for (text, written, kind) in [
            ("01/31/20 08:00:05", "2020-01-31T08:00:05", Kind::Bare),
            ("1/2/2021 8:00:05", "2021-01-02T08:00:05", Kind::Bare),
            ("08/24/26", "2026-08-24T00:00:00", Kind::Date),
            ("2026-10-01", "2026-10-01T00:00:00", Kind::Date),
            ("2026-09-15T08:40", "2026-09-15T08:40:00", Kind::Bare),
            ("2024-02-22T07:41:30.000", "2024-02-22T07:41:30", Kind::Bare),
            ("2026-08-01T01:15:09.096319Z", "2026-08-01T01:15:09.096319", Kind::Offset(0)),
            ("2026-10-04 20:30:00+0000", "2026-10-04T20:30:00", Kind::Offset(0)),
            ("2026-10-04T20:30:00 +05:30", "2026-10-04T20:30:00", Kind::Offset(19_800)),
            ("2020-10-08T07:15:06-08:00", "2020-10-08T07:15:06", Kind::Offset(-28_800)),
            ("1601501667", "2020-09-30T21:34:27", Kind::Offset(0)),
            ("1601501667123", "2020-09-30T21:34:27.123", Kind::Offset(0)),
            ("Thu Oct 08 07:15:06 UTC 2020", "2020-10-08T07:15:06", Kind::Offset(0)),
        ] {
            let written: NaiveDateTime = written.parse().unwrap();
            assert_eq!(Stamp::read(text), Some(Stamp { written, kind }), "{text}");
        }
        let west = Stamp::read("2020-10-08T20:15:06-08:00").unwrap();
        assert_eq!(west.moment(), "2020-10-09T04:15:06".parse().unwrap());
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            "",
            "null",
            "02/30/20 08:00:00",
            "13/01/20",
            "01/31/20 25:00:00",
            "01/31/20 08:00:0x",
            "2026-02-29",
            "2026-10-01T",
            "2026-10-01T08:00:00+25:00",
            "2026-10-01T08:00:00PST",
            "2026/10/01",
            "20261001",
            "-1",
            "99999999999999999999",
            "٠١/٣١/٢٠",
            "2026-10-01T08:00:00.1234567890",
        ] {
            assert_eq!(Stamp::read(text), None, "{text}");
        }
    }
}
