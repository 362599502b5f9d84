//! The time of day at which a task runs.

use std::fmt;
use std::str::FromStr;

/// An hour and a minute by the machine's own clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct When {
    /// The hour.
    pub(super) hour: u8,
    /// The minute.
    pub(super) minute: u8,
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.hour, self.minute)
    }
}

impl FromStr for When {
    type Err = String;

    fn from_str(text: &str) -> Result<When, String> {
        let two_digits = |text: &str| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        let part = |text: &str, end: u8| text.parse().ok().filter(|part| two_digits(text) && *part < end);
        let parts = text.split_once(':').and_then(|(hour, minute)| Some((part(hour, 24)?, part(minute, 60)?)));
        let (hour, minute) = parts.ok_or_else(|| format!("\"{text}\" is no time of day; write it like 06:30"))?;
        Ok(When { hour, minute })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_day_is_hour_and_minute() {
        assert_eq!("06:30".parse::<When>().unwrap().to_string(), "06:30");
        assert_eq!("23:59".parse::<When>(), Ok(When { hour: 23, minute: 59 }));
        for bad in ["24:00", "6:30", "06:60", "06", "06:30:00", "+6:30", ""] {
            assert!(bad.parse::<When>().is_err(), "{bad}");
        }
    }
}
