//! The services, as day documents. A provider is one folder: its description beside the little code
//! that is truly its own.

mod activities;
mod fitbit;
#[cfg(test)]
mod fuzz;
mod googlehealth;
mod grant;
mod halves;
mod moves;
#[cfg(test)]
mod pulse;
mod reading;
mod runkeeper;
mod strava;

use std::future::Future;
use std::pin::Pin;

pub use crate::model::Description;
pub use activities::{ActivityProvider, Changes, Feed, Next, Page, Part};

use chrono::{DateTime, Utc};

use crate::auth::Session;
use crate::config::ProviderSettings;
use crate::http::FetchError;
use crate::json::Identity;
use crate::model::{Day, DayRange, JsonText, Resources, Twins, Zone};

/// What tells the records of an export apart, and of any other resource with a slash in its name: as many of
/// these as a record has, together. It stands last among a provider's rules.
pub const EXPORTED: Identity = Identity {
    array: "*",
    keys: &[
        "civilStartTime/date/day",
        "logId",
        "dateTime",
        "timestamp",
        "start time",
        "date_time",
        "recorded_time",
        "sleep_log_entry_id",
        "sleep_id",
        "sleep_stage_id",
        "sleep_score_id",
        "exercise_id",
        "reading_id",
        "file",
        "session_id",
        "heart_zone_id",
        "heart rate zone",
        "heart rate zone type",
        "date",
        "DATE",
        "data source",
    ],
};

/// A future of a provider, which the engine awaits.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// A service.
pub trait Provider: Sync {
    /// What the service is, needs and offers.
    fn description(&self) -> &'static Description;

    /// Asks for the account: what has no day, the first day, the zone that cuts the days.
    fn open<'a>(&'a self, session: &'a Session) -> Answer<'a, Result<Opening, FetchError>>;

    /// An id in the account's resources that stays the same for one person.
    fn person(&self, account: &Resources) -> Option<String>;

    /// How a message calls that person: the id, beside a name where the account tells one.
    fn called(&self, account: &Resources) -> Option<String> {
        self.person(account)
    }

    /// What of an account told now goes into a document that holds `held`: a view of it that a narrower
    /// sign-in cut down takes nothing away.
    fn kept(&self, _held: &Resources, told: Resources) -> Resources {
        told
    }

    /// How it is asked.
    fn way(&self) -> Way<'_>;

    /// Resources that tell of the same records in words of their own.
    fn twins(&self) -> &'static [Twins] {
        &[]
    }
}

/// How a service is asked.
pub enum Way<'a> {
    /// Day by day.
    Days(&'a dyn DayProvider),
    /// By lists of activities.
    Activities(&'a dyn ActivityProvider),
}

/// A service that is asked day by day, one resource at a time.
pub trait DayProvider: Sync {
    /// The most days that one request for this resource may span. What reaches furthest is asked first.
    fn reach(&self, resource: &str) -> u32;

    /// How many requests it takes to ask for a resource over a range no longer than its reach, for a preview.
    fn requests(&self, _resource: &str, _range: DayRange) -> u64 {
        1
    }

    /// Asks for a resource over a range of days no longer than its reach.
    ///
    /// An answer for every day of the range comes back, in any order; a day that the provider left
    /// out, or whose answer cannot be right, carries its problem.
    fn fetch<'a>(&'a self, session: &'a Session, ask: Ask<'a>) -> Answer<'a, Result<Vec<DayAnswer>, FetchError>>;

    /// When the device last handed over what it recorded, where the account tells: days that were not
    /// over by then are incomplete.
    fn synced_until(&self, _account: &Resources, _zone: Zone) -> Option<DateTime<Utc>> {
        None
    }
}

/// What to ask for.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// The resource.
    pub resource: &'a str,
    /// The days.
    pub range: DayRange,
    /// The zone in which the provider cuts days.
    pub zone: Zone,
}

/// What a provider says before any day is asked for.
#[derive(Clone, Debug)]
pub struct Opening {
    /// Goes to `account.json`.
    pub account: Resources,
    /// An id that stays the same for one person, if the provider tells one.
    pub person: Option<String>,
    /// The first day for which the provider has anything.
    pub first_day: Option<Day>,
    /// The zone in which the provider cuts days.
    pub zone: Zone,
    /// What of the account could not be had this time, as sentences: the run goes on without it.
    pub troubles: Vec<String>,
}

/// What came of one day of a resource.
#[derive(Clone, Debug)]
pub struct DayAnswer {
    /// The day.
    pub day: Day,
    /// What the provider says of it, or why the answer cannot be used.
    pub outcome: Result<Told, String>,
}

/// Why a resource is absent that the person, or the service itself, does not let the app see. It holds for
/// all days, until the person signs in anew.
pub const NOT_GRANTED: &str = "not granted";

/// What a provider says of a resource on one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// As it was sent; "nothing recorded" too.
    Data(JsonText),
    /// Lastingly not to be had, for this reason (`not granted`, `not offered`, `gone`).
    Absent(&'static str),
}

/// The service of a kind (`moves`).
pub fn provider(kind: &str) -> Option<&'static dyn Provider> {
    ALL.iter().copied().find(|provider| provider.description().kind == kind)
}

/// The words of all kinds.
pub fn kinds() -> Vec<&'static str> {
    ALL.iter().map(|provider| provider.description().kind).collect()
}

/// Every service that fitsnap knows.
pub const ALL: &[&dyn Provider] =
    &[&moves::Moves, &strava::Strava, &runkeeper::Runkeeper, &fitbit::Fitbit, &googlehealth::GoogleHealth];

/// The resources that the settings ask for, or the provider's default set.
///
/// # Errors
/// The name that the provider does not offer.
pub fn chosen_resources(provider: &dyn Provider, settings: &ProviderSettings) -> Result<Vec<String>, String> {
    let offered = provider.description().resources;
    match &settings.resources {
        None => Ok(offered.iter().filter(|one| one.by_default).map(|one| one.name.to_owned()).collect()),
        Some(wanted) => match wanted.iter().find(|name| !offered.iter().any(|one| one.name == **name)) {
            Some(unknown) => Err(unknown.clone()),
            None => Ok(wanted.clone()),
        },
    }
}
