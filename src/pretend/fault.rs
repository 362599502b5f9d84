//! How a pretend provider misbehaves, and when.

use chrono::{DateTime, NaiveDate, Utc};

use super::weather::Weather;

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
    /// The body comes in pieces, over so many milliseconds.
    Slow(u64),
    /// Says half the length that the body has, and sends it whole all the same.
    WrongLength,
    /// Says that the body is packed as gzip.
    Packed(Packing),
    /// Status 429, and to come back after this (`Retry-After`).
    TooOften(String),
    /// The answer as it is, but what its headers say of the quota is a lie.
    Quota(QuotaLie),
    /// The person takes the permission back: no token is good from this request on.
    Revoked,
}

/// What is wrong with a packed body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// It is not packed at all.
    None,
    /// Half of it is missing, and the length is that of the half.
    Cut,
    /// It is whole, and its sum is another one's.
    WrongSum,
}

/// What headers say of a quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuotaLie {
    /// Nothing is left, for a year.
    UsedUp,
    /// More is left than any number can say, and less than nothing was used.
    Endless,
    /// No number at all.
    Words,
}

/// Where nobody is.
pub(super) const ELSEWHERE: &str = "https://elsewhere.example/";

/// A misbehaviour and when it shows.
#[derive(Clone, Debug)]
pub struct Misbehaviour {
    what: What,
    path: Option<String>,
    day: Option<NaiveDate>,
    left: Option<u32>,
}

#[derive(Clone, Debug)]
enum What {
    Fault(Fault),
    Weather(Weather),
}

/// A request, as far as it matters for what befalls it.
pub(super) struct Request<'r> {
    /// The path with its query.
    pub path: &'r str,
    /// The days that it is about.
    pub days: Option<(NaiveDate, NaiveDate)>,
    /// Whether a program asks, not the person's browser.
    pub is_program: bool,
    /// The service's clock.
    pub now: DateTime<Utc>,
}

impl Misbehaviour {
    /// This fault, at every request but those of this machinery itself.
    pub fn of(fault: Fault) -> Misbehaviour {
        Misbehaviour::with(What::Fault(fault))
    }

    /// Every kind of fault that a client can tell from a good answer, by a schedule that follows from the seed and
    /// the service's clock: calm days, showers, storms of several days, quotas that lie, a sign-in that is taken
    /// back in mid-run. Redirects lead to `elsewhere`. The person's browser sees nothing of it.
    pub fn weather(seed: u64, elsewhere: &str) -> Misbehaviour {
        Misbehaviour::with(What::Weather(Weather::new(seed, elsewhere)))
    }

    fn with(what: What) -> Misbehaviour {
        Misbehaviour { what, path: None, day: None, left: None }
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
    pub(super) fn strike(&mut self, request: &Request<'_>) -> Option<(Fault, Option<NaiveDate>)> {
        let here = self.path.as_ref().is_none_or(|part| request.path.contains(part.as_str()));
        let now = self.day.is_none_or(|day| request.days.is_some_and(|(first, last)| first <= day && day <= last));
        if !here || !now || self.is_over() {
            return None;
        }
        let fault = match &mut self.what {
            What::Fault(fault) => fault.clone(),
            What::Weather(weather) => weather.strike(request)?,
        };
        self.left = self.left.map(|left| left - 1);
        Some((fault, self.day))
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
            "redirect" => Fault::Redirect(ELSEWHERE.to_owned()),
            "slow" => Fault::Slow(5_000),
            "wrong-length" => Fault::WrongLength,
            "gzip-none" => Fault::Packed(Packing::None),
            "gzip-cut" => Fault::Packed(Packing::Cut),
            "gzip-sum" => Fault::Packed(Packing::WrongSum),
            "too-often" => Fault::TooOften("31536000".to_owned()),
            "quota-none" => Fault::Quota(QuotaLie::UsedUp),
            "quota-endless" => Fault::Quota(QuotaLie::Endless),
            "quota-words" => Fault::Quota(QuotaLie::Words),
            "revoked" => Fault::Revoked,
            _ => {
                Fault::Status(word.strip_prefix("status-")?.parse().ok().filter(|status| (400..600).contains(status))?)
            }
        })
    }
}
