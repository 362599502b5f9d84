//! How a pretend provider misbehaves, and when.

use chrono::NaiveDate;

/// One kind of misbehaviour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// This status with a short text; 401 says `expired_access_token`.
    Status(u16),
    /// The connection closes in the middle of the body.
    CutShort,
    /// A web page with status 200.
    Page,
    /// Half of the JSON, with the length that half has.
    Truncated,
    /// A day is told under the date of the day before it.
    WrongDay,
    /// Bare text with status 200.
    Text,
    /// An object with an `error` member and status 200.
    ErrorObject,
    /// Never answers.
    Stall,
    /// The connection is reset before an answer.
    Reset,
    /// The JSON has a member name twice in one object.
    TwiceNamed,
    /// Sends the client to this address.
    Redirect(String),
    /// A body of so many MiB.
    Huge(usize),
    /// Exactly this body as JSON with status 200.
    Body(String),
}

/// A misbehaviour and when it shows.
#[derive(Clone, Debug)]
pub struct Misbehaviour {
    fault: Fault,
    path: Option<String>,
    day: Option<NaiveDate>,
    left: Option<u32>,
}

impl Misbehaviour {
    /// This fault, at every request below `/api/` and `/oauth/`.
    pub fn of(fault: Fault) -> Misbehaviour {
        Misbehaviour { fault, path: None, day: None, left: None }
    }

    /// Only where the path with its query contains this.
    #[must_use]
    pub fn at(mut self, path: &str) -> Misbehaviour {
        self.path = Some(path.to_owned());
        self
    }

    /// Only where this day is asked for, be it among others.
    #[must_use]
    pub fn on(mut self, day: NaiveDate) -> Misbehaviour {
        self.day = Some(day);
        self
    }

    /// Only so many times.
    #[must_use]
    pub fn times(mut self, times: u32) -> Misbehaviour {
        self.left = Some(times);
        self
    }

    pub(super) fn is_over(&self) -> bool {
        self.left == Some(0)
    }

    /// The fault, if it shows at this request; that counts as one time.
    pub(super) fn strike(
        &mut self,
        path: &str,
        asked: Option<(NaiveDate, NaiveDate)>,
    ) -> Option<(Fault, Option<NaiveDate>)> {
        let here = self.path.as_ref().is_none_or(|part| path.contains(part.as_str()));
        let now = self.day.is_none_or(|day| asked.is_some_and(|(first, last)| first <= day && day <= last));
        if !here || !now || self.is_over() {
            return None;
        }
        self.left = self.left.map(|left| left - 1);
        Some((self.fault.clone(), self.day))
    }
}

impl Fault {
    /// The fault of a word, as the control addresses take it (`status-503`, `cut-short`).
    pub fn from_word(word: &str) -> Option<Fault> {
        Some(match word {
            "cut-short" => Fault::CutShort,
            "page" => Fault::Page,
            "truncated" => Fault::Truncated,
            "wrong-day" => Fault::WrongDay,
            "text" => Fault::Text,
            "error-object" => Fault::ErrorObject,
            "stall" => Fault::Stall,
            "reset" => Fault::Reset,
            "twice-named" => Fault::TwiceNamed,
            "huge" => Fault::Huge(65),
            "redirect" => Fault::Redirect("https://elsewhere.example/".to_owned()),
            _ => {
                Fault::Status(word.strip_prefix("status-")?.parse().ok().filter(|status| (400..600).contains(status))?)
            }
        })
    }
}
