//! The services, as day documents. A provider is one folder: its description beside the little code
//! that is truly its own.

mod activities;
mod moves;
mod reading;
mod runkeeper;
mod strava;

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;

pub use crate::model::Description;
pub use activities::{ActivityProvider, Changes, Feed, Next, Page, Part};

use crate::auth::Session;
use crate::config::ProviderSettings;
use crate::http::FetchError;
use crate::model::{Day, DayRange, Resources, Zone};

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

    /// How it is asked.
    fn way(&self) -> Way<'_>;
}

/// How a service is asked.
pub enum Way<'a> {
    /// Day by day.
    Days(&'a dyn DayProvider),
    /// By lists of activities.
    Activities(&'a dyn ActivityProvider),
}

/// A service that is asked day by day.
pub trait DayProvider: Sync {
    /// The most days that one request may span.
    fn days_per_request(&self) -> u32;

    /// Asks for a range of days, no longer than `days_per_request`, with one request a resource.
    ///
    /// An answer for every day of the range comes back, in any order; a day that the provider left
    /// out, or whose answer cannot be right, carries its problem.
    fn fetch<'a>(
        &'a self,
        session: &'a Session,
        range: DayRange,
        resources: &'a [String],
    ) -> Answer<'a, Result<Vec<DayAnswer>, FetchError>>;
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
}

/// What came of one day.
#[derive(Clone, Debug)]
pub struct DayAnswer {
    /// The day.
    pub day: Day,
    /// The resources asked for and those lastingly absent with the reason, or why the answer cannot be used.
    pub outcome: Result<(Resources, BTreeMap<String, String>), String>,
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
pub const ALL: &[&dyn Provider] = &[&moves::Moves, &strava::Strava, &runkeeper::Runkeeper];

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
