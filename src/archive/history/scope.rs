//! Which files of the history are looked at.

use chrono::Datelike;

use crate::archive::{DATA, Place};
use crate::model::{Day, DayRange, ProviderName};

/// Which files of the history are looked at; folders outside are never opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// What fitsnap keeps below `data/`: documents, accounts, files of exports.
    Data,
    /// The same of one provider.
    Provider(ProviderName),
    /// The day documents from one day to another, of one provider or of all.
    Days(Option<ProviderName>, DayRange),
    /// Files of any repository whose path fits a pattern.
    Files(Pattern),
}

/// A pattern of paths: `*` and `?` stand for anything but a slash, `**` for anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(String);

impl Pattern {
    /// A pattern, to be read from the root of the repository.
    pub fn new(pattern: &str) -> Pattern {
        Pattern(pattern.trim_start_matches("./").to_owned())
    }

    /// Whether a path fits.
    pub fn fits(&self, path: &str) -> bool {
        fits(self.0.as_bytes(), path.as_bytes())
    }

    /// Whether a path below the folder could fit.
    fn reaches(&self, folder: &str) -> bool {
        let mut parts = self.0.split('/');
        for name in folder.split('/') {
            match parts.next() {
                Some(part) if part.contains("**") => return true,
                Some(part) if fits(part.as_bytes(), name.as_bytes()) => {}
                _ => return false,
            }
        }
        parts.next().is_some()
    }
}

fn fits(pattern: &[u8], text: &[u8]) -> bool {
    match pattern {
        [] => text.is_empty(),
        // `**/` stands for no folder as well.
        [b'*', b'*', b'/', rest @ ..] if fits(rest, text) => true,
        [b'*', b'*', rest @ ..] => (0..=text.len()).any(|at| fits(rest, &text[at..])),
        [b'*', rest @ ..] => {
            let end = text.iter().position(|byte| *byte == b'/').unwrap_or(text.len());
            (0..=end).any(|at| fits(rest, &text[at..]))
        }
        [b'?', rest @ ..] => text.first().is_some_and(|byte| *byte != b'/') && fits(rest, &text[1..]),
        [byte, rest @ ..] => text.first() == Some(byte) && fits(rest, &text[1..]),
    }
}

impl Scope {
    /// Whether the folder can hold files of the scope.
    pub(super) fn enters(&self, folder: &str) -> bool {
        if let Scope::Files(pattern) = self {
            return pattern.reaches(folder);
        }
        let mut parts = folder.split('/');
        if parts.next() != Some(DATA) {
            return false;
        }
        let provider = parts.next();
        let wanted = match self {
            Scope::Provider(name) | Scope::Days(Some(name), _) => Some(name.as_str()),
            _ => None,
        };
        if provider.is_some() && wanted.is_some() && provider != wanted {
            return false;
        }
        let Scope::Days(_, range) = self else { return true };
        let number = |text: Option<&str>| text.map(str::parse::<u32>).transpose();
        let (Ok(year), Ok(month)) = (number(parts.next()), number(parts.next())) else { return false };
        let first = |day: Day| (day.date().year().unsigned_abs(), day.date().month());
        let ((from, from_month), (to, to_month)) = (first(range.first), first(range.last));
        let year_fits = |year| from <= year && year <= to;
        let month_fits = |year, month| (from, from_month) <= (year, month) && (year, month) <= (to, to_month);
        parts.next().is_none()
            && match (year, month) {
                (Some(year), Some(month)) => month_fits(year, month),
                (Some(year), None) => year_fits(year),
                (None, _) => true,
            }
    }

    /// Whether the file is of the scope.
    pub(super) fn takes(&self, path: &str) -> bool {
        let place = match self {
            Scope::Files(pattern) => return pattern.fits(path),
            _ => Place::of(path),
        };
        match (self, place) {
            (Scope::Days(wanted, range), Place::Day(provider, day)) => {
                range.contains(day) && wanted.as_ref().is_none_or(|wanted| *wanted == provider)
            }
            (Scope::Data, Place::Day(..) | Place::Account(_) | Place::File(..)) => true,
            (Scope::Provider(wanted), Place::Day(name, _) | Place::Account(name) | Place::File(name, ..)) => {
                *wanted == name
            }
            _ => false,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn only_folders_that_can_hold_the_days_are_entered() {
        let range = DayRange::new("2015-07-30".parse().unwrap(), "2015-08-02".parse().unwrap()).unwrap();
        let scope = Scope::Days(Some("moves".parse().unwrap()), range);
        for folder in ["data", "data/moves", "data/moves/2015", "data/moves/2015/07", "data/moves/2015/08"] {
            assert!(scope.enters(folder), "{folder}");
        }
        for folder in ["src", "data/strava", "data/moves/2014", "data/moves/2015/06", "data/moves/2015/07/30"] {
            assert!(!scope.enters(folder), "{folder}");
        }
        assert!(scope.takes("data/moves/2015/08/01.json") && !scope.takes("data/moves/2015/08/03.json"));
        assert!(!scope.takes("data/moves/2015/08/SHA256SUMS") && !scope.takes("data/strava/2015/08/01.json"));
    }

    #[test]
    fn patterns_stop_at_slashes_unless_doubled() {
        let fits = |pattern: &str, path: &str| Pattern::new(pattern).fits(path);
        assert!(fits("data/*.json", "data/a.json") && !fits("data/*.json", "data/b/a.json"));
        assert!(fits("**/*.json", "a.json") && fits("**/*.json", "x/y/a.json") && !fits("**/*.json", "x/a.txt"));
        assert!(fits("./a?.json", "ab.json") && !fits("a?.json", "a/.json"));
        assert!(Pattern::new("data/*/x.json").reaches("data/b") && !Pattern::new("data/*.json").reaches("data/b"));
        assert!(Pattern::new("**/x.json").reaches("a/b/c") && !Pattern::new("data/*.json").reaches("src"));
    }
}
