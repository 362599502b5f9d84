//! A run over days: which of them to ask for, a resource at a time, several requests at once, and what
//! came of each put together.

mod held;
mod plan;
mod walk;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

use self::held::Held;
pub use self::held::lacking;
use self::plan::{Known, Request};
use self::walk::Walk;
pub use plan::Wish;

use super::engine::{Ended, Job, Preview, Run};
use crate::archive::{ArchiveError, BlobId, Checked, RecordError};
use crate::auth::Session;
use crate::model::{Account, Day, Zone};
use crate::providers::{DayProvider, Opening};

/// Says what a run would do.
///
/// # Errors
/// How it ended instead.
pub(super) fn preview(
    job: &Job<'_>,
    session: &Session,
    provider: &dyn DayProvider,
    opening: &Opening,
) -> Result<Preview, Ended> {
    let held = job.archive.snapshot().and_then(|now| now.days(job.name)).map_err(Ended::Archive)?;
    let mut checked = job.archive.checked(job.name);
    let has = Held::of(job.archive, job.provider, job.name, &held).map_err(Ended::Archive)?;
    let requests = wanted(job, session, provider, opening, (&held, &has), &mut checked)?;
    let days: BTreeSet<Day> = requests.iter().flat_map(|request| &request.days).copied().collect();
    let count: u64 = requests.iter().map(|request| provider.requests(&request.resource, request.range)).sum();
    // The account has just been asked for; the run will ask again.
    let count = count + session.requests();
    Ok(Preview { requests: count, days: days.len(), forecast: session.forecast(count) })
}

impl Run<'_> {
    /// Asks for the days and records what came.
    pub(super) async fn by_days(&mut self, session: &Session, provider: &dyn DayProvider) -> Result<(), Ended> {
        let opening = match self.open(session).await {
            Ok(opening) => opening,
            Err(ended) => {
                // The person's zone is not known now. Where their day is the one before, its window begins with a
                // day that the run of the day before was to ask for.
                self.owe_window(Zone::UTC);
                return Err(ended);
            }
        };
        match self.recorder.account(opening.account.clone()) {
            Ok(()) => {}
            Err(RecordError::Archive(error)) => return Err(Ended::Archive(error)),
            Err(error) => return Err(Ended::NoAccount(format!("account.json: {error}"))),
        }
        let held = self.recorder.held().clone();
        let has = Held::of(self.job.archive, self.job.provider, self.job.name, &held).map_err(Ended::Archive)?;
        let requests = wanted(self.job, session, provider, &opening, (&held, &has), &mut self.checked)?;
        let handover = handed_over(self.job, provider, &opening).map_err(Ended::Archive)?;
        // Until it comes: a stop or a failure must not let a day settle as it stood before.
        self.owe_window(opening.zone);
        self.begin_to_ask();
        self.troubles.extend(opening.troubles.iter().cloned());
        let walk = Walk::new(self, &requests, has, (handover, opening.zone));
        walk.run(session, provider, &opening, requests).await
    }

    /// Notes that the days of the window are to be asked for, if this run is to.
    fn owe_window(&mut self, zone: Zone) {
        let wish = self.job.wish;
        if self.job.only || wish.since.is_some() || wish.until.is_some() {
            return;
        }
        let first = zone.nearest_day(self.job.clock.now()).plus(1 - i64::from(wish.window));
        let held: Vec<Day> = self.recorder.held().range(first..).map(|(day, _)| *day).collect();
        held.into_iter().for_each(|day| self.checked.owe(day));
    }
}

/// The requests that a run has to make.
fn wanted(
    job: &Job<'_>,
    session: &Session,
    provider: &dyn DayProvider,
    opening: &Opening,
    (days, has): (&BTreeMap<Day, BlobId>, &Held),
    checked: &mut Checked,
) -> Result<Vec<Request>, Ended> {
    let held = days.iter().filter_map(|(day, blob)| Some((*day, has.get(*day, *blob)?))).collect();
    if checked.is_empty() {
        suspect(job, provider, opening, days, checked)?;
    }
    let handover = handed_over(job, provider, opening).map_err(Ended::Archive)?;
    let mut incomplete: BTreeSet<Day> =
        handover.until.map(|until| checked.handed_over(until).collect()).unwrap_or_default();
    incomplete.extend(checked.owed());
    let today = opening.zone.nearest_day(job.clock.now());
    // Without a first day from anyone there is nothing missing that could be known of: the window only, or
    // what the run is told to ask for.
    let first = [job.since, opening.first_day].into_iter().flatten().max().or(job.wish.since);
    let first = first.unwrap_or_else(|| today.plus(1 - i64::from(job.wish.window)));
    let longest_ago = checked.longest_ago(days.keys().copied());
    checked.grant(&allowed(session));
    let granted_anew = days.keys().copied().filter(|day| !checked.is_of_grant(*day)).collect();
    let known = Known {
        held: &held,
        first,
        today,
        longest_ago: &longest_ago,
        incomplete: &incomplete,
        granted_anew: &granted_anew,
    };
    let resources: Vec<_> = job.resources.iter().map(|name| (name.as_str(), provider.reach(name))).collect();
    Ok(plan::requests(job.wish, &known, &resources))
}

/// What a sign-in lets the app see. A new one may show more though its scopes are the same: what the service
/// allows the app itself is in none of them.
fn allowed(session: &Session) -> String {
    format!("{} {}", session.grant(), session.sign_in())
}

/// Up to when a device has handed over what it recorded.
#[derive(Clone, Copy, Debug)]
struct Handover {
    /// Days that were not over by then are incomplete.
    until: Option<DateTime<Utc>>,
    /// Whether a device is known that will tell more.
    is_of_device: bool,
}

/// Up to when the device has handed over what it recorded. Where the account could not be had whole and does not
/// tell, it has handed over no more than the archive knows of, or else nothing of the window.
fn handed_over(job: &Job<'_>, provider: &dyn DayProvider, opening: &Opening) -> Result<Handover, ArchiveError> {
    let told = provider.synced_until(&opening.account, opening.zone);
    if told.is_some() || opening.troubles.is_empty() {
        return Ok(Handover { until: told, is_of_device: told.is_some() });
    }
    let archived = archived_handover(job, provider, opening)?;
    let before = || job.clock.now().checked_sub_signed(TimeDelta::days(job.wish.window.into()));
    Ok(Handover { until: archived.or_else(before), is_of_device: archived.is_some() })
}

/// Up to when the device had handed over what it recorded, as the archived account has it.
fn archived_handover(
    job: &Job<'_>,
    provider: &dyn DayProvider,
    opening: &Opening,
) -> Result<Option<DateTime<Utc>>, ArchiveError> {
    let held = job.archive.snapshot()?.account(job.name)?;
    let held = held.and_then(|bytes| Account::read(&bytes, job.name).ok());
    Ok(held.and_then(|account| provider.synced_until(&account.resources, opening.zone)))
}

/// Where the memory of earlier runs is lost, every day may be incomplete that was not over when the
/// device, as the archive has it, last handed over what it recorded.
fn suspect(
    job: &Job<'_>,
    provider: &dyn DayProvider,
    opening: &Opening,
    days: &BTreeMap<Day, BlobId>,
    checked: &mut Checked,
) -> Result<(), Ended> {
    if let Some(until) = archived_handover(job, provider, opening).map_err(Ended::Archive)? {
        let last = opening.zone.nearest_day(until);
        days.range(last..).for_each(|(day, _)| checked.incomplete(*day, until));
    }
    Ok(())
}
