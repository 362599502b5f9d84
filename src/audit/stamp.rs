//! The times that services write, each in its own spelling, as a person reads them.

use chrono::{NaiveDate, NaiveTime, Timelike};

use crate::model::Day;

/// A time as it stands in the data: local, without a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Stamp {
    pub(super) date: Option<Day>,
    pub(super) time: Option<NaiveTime>,
}

impl Stamp {
    /// Reads a date, a time or both: `20140604T225932-0700` (Moves), `2018-11-10T09:12:00Z`
    /// (Strava), `2019-02-01T08:00:30.000` and `08:00:30` (Fitbit), `Sun, 1 May 2011 11:11:00`
    /// (Runkeeper), `02/14/19 08:00:30` (Google Takeout).
    pub(super) fn read(text: &str) -> Option<Stamp> {
        if !(5..=40).contains(&text.len()) || !text.is_ascii() {
            return None;
        }
        if let Some(rest) = text.split_once(", ").filter(|(day, _)| day.len() == 3).map(|(_, rest)| rest) {
            return Stamp::halves(rest, rest.rfind(' ')?, &["%d %b %Y"]);
        }
        let gap = text.find(['T', ' ']).unwrap_or(text.len());
        if gap < text.len() {
            return Stamp::halves(text, gap, &["%Y-%m-%d", "%Y%m%d", "%m/%d/%y"]);
        }
        if let Some(date) = date(text, &["%Y-%m-%d", "%Y%m%d"]) {
            return Some(Stamp { date: Some(date), time: None });
        }
        let time = text.contains(':').then(|| time(text)).flatten()?;
        Some(Stamp { date: None, time: Some(time) })
    }

    fn halves(text: &str, gap: usize, forms: &[&str]) -> Option<Stamp> {
        Some(Stamp { date: Some(date(&text[..gap], forms)?), time: Some(time(&text[gap + 1..])?) })
    }

    /// `17:59`, with the days by which it lies off the document's day.
    pub(super) fn short(self, day: Option<Day>) -> String {
        self.spelled(day, false)
    }

    /// `17:59:32`, with the days by which it lies off the document's day.
    pub(super) fn exact(self, day: Option<Day>) -> String {
        self.spelled(day, true)
    }

    fn spelled(self, day: Option<Day>, seconds: bool) -> String {
        let mut said = match (self.time, self.date) {
            (Some(time), _) if seconds && time.nanosecond() > 0 => time.format("%H:%M:%S%.3f").to_string(),
            (Some(time), _) if seconds => time.format("%H:%M:%S").to_string(),
            (Some(time), _) => time.format("%H:%M").to_string(),
            (None, Some(date)) => return date.to_string(),
            (None, None) => String::new(),
        };
        if let (Some(date), Some(day)) = (self.date, day) {
            match date.days_since(day) {
                0 => {}
                off @ -9..=9 => said.push_str(&format!(" ({off:+})")),
                _ => said = format!("{date} {said}"),
            }
        }
        said
    }
}

fn date(text: &str, forms: &[&str]) -> Option<Day> {
    let fits = |form: &&&str| match **form {
        "%Y%m%d" => text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit()),
        "%d %b %Y" => true,
        form => text.len() == form.replace("%Y", "2014").replace('%', "0").len(),
    };
    let date = forms.iter().filter(fits).find_map(|form| NaiveDate::parse_from_str(text, form).ok())?;
    Day::from_date(date)
}

/// A time with whatever zone stands after it.
fn time(text: &str) -> Option<NaiveTime> {
    let end = text.find(['Z', '+', '-', ' ']).unwrap_or(text.len());
    let text = &text[..end];
    ["%H:%M:%S%.f", "%H:%M", "%H%M%S"].iter().find_map(|form| NaiveTime::parse_from_str(text, form).ok())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_services_spelling() {
        let day = "2014-06-04".parse().ok();
        for (text, said) in [
            ("20140604T225932-0700", "22:59:32"),
            ("20140605T103641-0700", "10:36:41 (+1)"),
            ("20140603T235340Z", "23:53:40 (-1)"),
            ("2014-06-04T09:12:00Z", "09:12:00"),
            ("2014-06-04T09:12:00.250", "09:12:00.250"),
            ("2014-06-04 09:12", "09:12:00"),
            ("09:12:30", "09:12:30"),
            ("Wed, 4 Jun 2014 11:11:00", "11:11:00"),
            ("06/04/14 08:00:30", "08:00:30"),
            ("2014-06-04", "2014-06-04"),
            ("20140604", "2014-06-04"),
            ("2018-11-25T09:12:00+02:00", "2018-11-25 09:12:00"),
        ] {
            assert_eq!(Stamp::read(text).map(|stamp| stamp.exact(day)).as_deref(), Some(said), "{text}");
        }
        for text in ["Home", "12345", "20141304", "a: b", "Café del Mar", "1:2", "", "10.5 km"] {
            assert_eq!(Stamp::read(text), None, "{text}");
        }
    }
}
