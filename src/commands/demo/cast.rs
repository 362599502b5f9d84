//! Who plays in the demo: a row a service, and its story in a file of its own.

use chrono::{DateTime, NaiveDate, Utc};

use super::{fitbit, googlehealth, moves, runkeeper, strava};
use crate::pretend::PretendError;

/// The services of the demo, by name.
pub(super) const CAST: &[Role] = &[fitbit::ROLE, googlehealth::ROLE, moves::ROLE, runkeeper::ROLE, strava::ROLE];

/// A service of the demo.
pub(super) struct Role {
    /// The word for the service.
    pub kind: &'static str,
    /// What its person has there, in at most 40 letters.
    pub about: &'static str,
    /// What the service rewrites while a day passes, in lines of at most 64 letters.
    pub story: &'static [&'static str],
    /// What the settings say of it besides its address.
    pub settings: &'static str,
    /// Starts the pretend service at a time in the middle of its person's life.
    pub start: fn(DateTime<Utc>) -> Started,
}

/// A pretend service under way, or why it could not start.
pub(super) type Started = Result<Box<dyn Player>, PretendError>;

/// A pretend service that plays its part; it leaves when it is dropped.
pub(super) trait Player {
    /// Where it is, for `base_url`.
    fn base_url(&self) -> String;

    /// Sets its clock.
    fn set_now(&self, now: DateTime<Utc>);

    /// Rewrites the past, seen from today, as its story says.
    ///
    /// # Errors
    /// When there is nothing that could be rewritten so.
    fn rewrite(&self, today: NaiveDate) -> Result<(), PretendError>;
}
