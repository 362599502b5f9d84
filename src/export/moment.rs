//! A moment as a provider tells it: what the person's wall clock showed, and how far that was from UTC
//! where the provider says so.

use chrono::{DateTime, NaiveDateTime, TimeDelta, Timelike, Utc};

use crate::model::Zone;

/// A moment by the person's wall clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// What the wall clock showed.
    pub local: NaiveDateTime,
    /// How far that clock was ahead of UTC, in seconds; none where the provider does not tell.
    pub offset: Option<i32>,
}

/// How services write date and time, without what stands behind it.
const FORMS: [&str; 5] =
    ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M", "%Y%m%dT%H%M%S"];

impl Moment {
    /// Reads `2015-07-10T14:03`, with seconds and a fraction of them or without, `20150710T140300`, or
    /// `Fri, 10 Jul 2015 14:03:00`; behind it `Z`, `+03:00`, `+0300` or nothing.
    pub fn read(text: &str) -> Option<Moment> {
        // The day of the week is told wrongly now and then, and says nothing.
        if let Some((_, date)) = text.split_once(", ") {
            let local = NaiveDateTime::parse_from_str(date.trim(), "%d %b %Y %H:%M:%S").ok()?;
            return Some(Moment { local, offset: None });
        }
        let (clock, offset) = match text.strip_suffix('Z') {
            Some(clock) => (clock, Some(0)),
            None => match text.rfind(['+', '-']).filter(|at| *at > "2015-07-10".len()) {
                Some(at) => (&text[..at], Some(offset(&text[at..])?)),
                None => (text, None),
            },
        };
        let local = FORMS.iter().find_map(|form| NaiveDateTime::parse_from_str(clock, form).ok())?;
        Some(Moment { local, offset })
    }

    /// The moment so many seconds later, by the same wall clock.
    pub fn plus(self, seconds: f64) -> Option<Moment> {
        let later = TimeDelta::try_milliseconds((seconds * 1_000.0).round() as i64)?;
        Some(Moment { local: self.local.checked_add_signed(later)?, ..self })
    }

    /// The moment with an offset: its own, else that of the zone.
    #[must_use]
    pub fn in_zone(self, zone: Option<Zone>) -> Moment {
        let of_zone = |zone: Zone| zone.offset(zone.moment(self.local));
        Moment { offset: self.offset.or_else(|| zone.map(of_zone)), ..self }
    }

    /// The same moment in UTC, where the offset is known.
    pub fn utc(self) -> Option<DateTime<Utc>> {
        Some(self.local.checked_sub_signed(TimeDelta::seconds(self.offset?.into()))?.and_utc())
    }

    /// `2015-07-10T14:03:00`, with the fraction of a second where there is one.
    pub fn clock(self) -> String {
        spelled(self.local)
    }

    /// `+03:00`; empty where it is not known.
    pub fn offset_text(self) -> String {
        self.offset.map_or_else(String::new, |offset| {
            let sign = if offset < 0 { '-' } else { '+' };
            let minutes = offset.abs() / 60;
            format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
        })
    }

    /// `2015-07-10T14:03:00+03:00`, or without an offset where it is not known.
    pub fn text(self) -> String {
        self.clock() + &self.offset_text()
    }

    /// `2015-07-10T11:03:00Z`, where the offset is known.
    pub fn utc_text(self) -> Option<String> {
        Some(spelled(self.utc()?.naive_utc()) + "Z")
    }
}

fn spelled(time: NaiveDateTime) -> String {
    let form = if time.nanosecond() > 0 { "%Y-%m-%dT%H:%M:%S%.f" } else { "%Y-%m-%dT%H:%M:%S" };
    time.format(form).to_string()
}

/// `+03:00`, `-0730` in seconds.
fn offset(text: &str) -> Option<i32> {
    let digits: String = text[1..].split(':').collect();
    if digits.len() != 4 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes): (i32, i32) = (digits[..2].parse().ok()?, digits[2..].parse().ok()?);
    let seconds = hours * 3_600 + minutes * 60;
    (hours < 24 && minutes < 60).then_some(if text.starts_with('-') { -seconds } else { seconds })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_services_spelling() {
        for (text, clock, utc) in [
            ("20150710T140300+0300", "2015-07-10T14:03:00", Some("2015-07-10T11:03:00Z")),
            ("20150710T140300Z", "2015-07-10T14:03:00", Some("2015-07-10T14:03:00Z")),
            ("2015-07-10T14:03", "2015-07-10T14:03:00", None),
            ("2015-07-10 14:03:07", "2015-07-10T14:03:07", None),
            ("2015-07-10T14:03:07.250-03:30", "2015-07-10T14:03:07.250", Some("2015-07-10T17:33:07.250Z")),
            ("Fri, 1 Jul 2011 06:05:04", "2011-07-01T06:05:04", None),
        ] {
            let moment = Moment::read(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!((moment.clock().as_str(), moment.utc_text().as_deref()), (clock, utc), "{text}");
        }
        for text in
            ["", "2015-07-10", "14:03", "2015-02-30T00:00", "2015-07-10T14:03+3", "2015-07-10T14:03+99:99", "soon"]
        {
            assert_eq!(Moment::read(text), None, "{text}");
        }
    }

    #[test]
    fn a_zone_says_what_the_provider_does_not() {
        let zone = Zone::named("Europe/Helsinki");
        let local = Moment::read("2015-07-10T14:03").unwrap();
        assert_eq!(local.in_zone(zone).text(), "2015-07-10T14:03:00+03:00");
        assert_eq!(local.in_zone(None), local);
        assert_eq!(Moment::read("2015-07-10T14:03-04:00").unwrap().in_zone(zone).offset, Some(-14_400));
        assert_eq!(local.plus(0.5).unwrap().clock(), "2015-07-10T14:03:00.500");
        assert_eq!(local.plus(f64::MAX), None);
    }
}
