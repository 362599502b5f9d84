//! A run over lists of activities: walk them whole, compare each entry with the archive, ask for what
//! is new, changed, in the window or incomplete, and take out what is gone for sure.

mod anew;
mod entry;
mod fetch;
#[cfg(test)]
mod fuzz;
mod held;
mod pass;
mod plan;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
mod told;
mod walk;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use self::fetch::{Fetch, Ground};
use self::held::{Held, Index};
use self::plan::{Key, Wanted};
use self::walk::{Asking, Listed, quarantine};
use super::engine::{Ended, Job, Preview, Progress, Run, ended_by};
use super::losses::too_many;
use crate::archive::{ArchiveError, BlobId, Checked, RecordError, Seen};
use crate::auth::Session;
use crate::http::FetchError;
use crate::model::{Account, Day, Resources};
use crate::providers::{ActivityProvider, Changes, Opening};

/// Says what a run would do. Walks the lists for it.
///
/// # Errors
/// How it ended instead.
pub(super) async fn preview(
    job: &Job<'_>,
    session: &Session,
    provider: &dyn ActivityProvider,
    opening: &Opening,
    progress: &mut dyn Progress,
) -> Result<Preview, Ended> {
    let days = job.archive.snapshot().and_then(|now| now.days(job.name)).map_err(Ended::Archive)?;
    let mut lists = Vec::new();
    for feed in provider.feeds(&opening.account, job.resources) {
        lists.push(Asking { job, session, progress, provider }.walk(feed).await?);
    }
    let asked = session.requests();
    let told = Asking { job, session, progress, provider }.changes(opening).await?;
    let changes = session.requests() - asked;
    let told = told.ok().flatten().unwrap_or_default();
    progress.settle();
    let feeds: Vec<_> = lists.iter().map(|listed| listed.feed.clone()).collect();
    let held = index(job, provider, opening, &days).map_err(Ended::Archive)?.held(&feeds);
    let recheck = recheck(job, &held, opening, &job.archive.checked(job.name));
    let wanted = wanted(job, opening, &recheck, &told);
    let plan = plan::plan(&lists, &held, &wanted);
    let parts = plan.values().flat_map(|day| &day.tasks).flat_map(|task| &task.parts);
    let parts: u64 = parts.map(|part| provider.part_requests(part)).sum();
    let missing = missing(provider, &lists, &held, &wanted, &job.archive.seen(job.name), &session.grant());
    let doubted = missing.iter().filter(|(key, _)| !told.deleted.contains(&key.1)).count() as u64;
    let (account, _) = account(job, opening)?;
    let account = provider.account_requests(job.resources, &account, &mentioned(&lists));
    let pages: u64 = lists.iter().map(|listed| listed.pages).sum();
    let requests = 1 + pages + changes + account + parts + doubted;
    Ok(Preview { requests, days: plan.len(), forecast: session.forecast(requests) })
}

/// What the documents held have.
fn index(
    job: &Job<'_>,
    provider: &dyn ActivityProvider,
    opening: &Opening,
    days: &BTreeMap<Day, BlobId>,
) -> Result<Index, ArchiveError> {
    Index::of(job.archive, (provider, job.provider.description()), job.name, &opening.account, days)
}

/// What the lists lack though they are whole, and would tell of under this grant: it is gone, or they lie.
fn missing<'h>(
    provider: &dyn ActivityProvider,
    lists: &[Listed],
    held: &'h BTreeMap<Key, Held>,
    wanted: &Wanted<'_>,
    seen: &Seen,
    grant: &str,
) -> Vec<(&'h Key, Day)> {
    let mut missing = plan::missing(lists, held, wanted);
    missing
        .retain(|(key, _)| provider.covers(seen.grant(&lists[key.0].feed.resource, &key.1).unwrap_or_default(), grant));
    missing
}

fn wanted<'a>(job: &'a Job<'_>, opening: &Opening, recheck: &'a BTreeSet<Day>, told: &'a Changes) -> Wanted<'a> {
    Wanted {
        wish: job.wish,
        resources: job.resources,
        only: job.only,
        types: job.types,
        since: job.since,
        today: opening.zone.nearest_day(job.clock.now()),
        recheck,
        modified: &told.modified,
    }
}

/// The settled days to be checked again: those checked longest ago.
fn recheck(job: &Job<'_>, held: &BTreeMap<Key, Held>, opening: &Opening, checked: &Checked) -> BTreeSet<Day> {
    let window = opening.zone.nearest_day(job.clock.now()).plus(1 - i64::from(job.wish.window));
    let settled: BTreeSet<Day> = held.values().map(|one| one.day).filter(|day| *day < window).collect();
    checked.longest_ago(settled.into_iter()).into_iter().take(job.wish.recheck).collect()
}

/// What the account document has, with what `open` brought; and what `open` brought that goes into it.
fn account(job: &Job<'_>, opening: &Opening) -> Result<(Resources, Resources), Ended> {
    let bytes = job.archive.snapshot().and_then(|now| now.account(job.name)).map_err(Ended::Archive)?;
    let held = bytes.and_then(|bytes| Account::read(&bytes, job.name).ok());
    let mut resources = held.map(|account| account.resources).unwrap_or_default();
    let told = job.provider.kept(&resources, opening.account.clone());
    resources.extend(told.clone());
    Ok((resources, told))
}

fn mentioned(lists: &[Listed]) -> BTreeSet<String> {
    lists.iter().flat_map(|listed| listed.entries.values()).filter_map(|entry| entry.mention.clone()).collect()
}

impl Run<'_> {
    /// Walks the lists and records what they bring.
    pub(super) async fn activities(&mut self, session: &Session, provider: &dyn ActivityProvider) -> Result<(), Ended> {
        let job = self.job;
        let opening = self.open(session).await?;
        let mut lists = Vec::new();
        for feed in provider.feeds(&opening.account, job.resources) {
            let listed = Asking { job, session, progress: self.progress, provider }.walk(feed).await?;
            self.troubles.extend(listed.doubt.clone());
            lists.push(listed);
        }
        let now = job.clock.now();
        let told = match (Asking { job, session, progress: self.progress, provider }).changes(&opening).await? {
            Ok(told) => told,
            Err(reason) => {
                self.troubles.push(reason);
                None
            }
        };
        // A run over some days or resources leaves the rest of it to a later one.
        let heeds = told.is_some() && !job.only && job.wish.since.is_none() && job.wish.until.is_none();
        self.heeds_changes = heeds.then_some(now);
        let told = told.unwrap_or_default();
        self.progress.settle();
        let feeds: Vec<_> = lists.iter().map(|listed| listed.feed.clone()).collect();
        let mut index = index(job, provider, &opening, self.recorder.held()).map_err(Ended::Archive)?;
        let held = index.held(&feeds);
        let mut seen = job.archive.seen(job.name);
        let before = seen.clone();
        let grant = session.grant();
        for listed in &lists {
            for id in listed.entries.keys().chain(listed.unusable.keys()) {
                seen.note(&listed.feed.resource, id, &grant);
            }
        }
        if seen != before {
            // It is a memory of what was seen: without it less is taken out, nothing more.
            let _ = job.archive.keep_seen(job.name, &seen);
        }
        self.unusable(&lists, &held);
        self.account(session, provider, &opening, &lists).await?;
        let recheck = recheck(job, &held, &opening, &self.checked);
        let wanted = wanted(job, &opening, &recheck, &told);
        let mut plan = plan::plan(&lists, &held, &wanted);
        let missing = missing(provider, &lists, &held, &wanted, &before, &grant);
        for (key, day) in self.gone(session, provider, &lists, &missing, &told.deleted).await? {
            plan.entry(day).or_default().leaving.insert(key.clone());
            self.excused.insert(day);
            seen.forget(&lists[key.0].feed.resource, &key.1);
        }
        let ground = Ground { lists: &lists, held: &held, plan: &plan };
        let ended = Fetch::new(self, ground, &mut index).run(session, provider).await;
        index.keep(job.archive);
        if ended.is_ok() {
            let _ = job.archive.keep_seen(job.name, &seen);
        }
        ended
    }

    /// Entries that cannot be used: their day fails where it is known.
    fn unusable(&mut self, lists: &[Listed], held: &BTreeMap<Key, Held>) {
        for (number, listed) in lists.iter().enumerate() {
            for (id, problem) in &listed.unusable {
                match held.get(&(number, id.clone())) {
                    Some(old) => self.fail(old.day, problem),
                    None => self.troubles.push(problem.clone()),
                }
            }
        }
    }

    /// Asks for the rest of the account and records it with what `open` brought, once: what could not be had
    /// this time stays as it is held.
    async fn account(
        &mut self,
        session: &Session,
        provider: &dyn ActivityProvider,
        opening: &Opening,
        lists: &[Listed],
    ) -> Result<(), Ended> {
        let ((held, told_first), mentioned) = (account(self.job, opening)?, mentioned(lists));
        let start = Instant::now();
        let told = loop {
            break match provider.account(session, self.job.resources, &held, &mentioned).await {
                Ok(resources) => Ok(resources),
                Err(FetchError::Wait { reason, until }) => {
                    self.wait(&reason, until, start).await?;
                    continue;
                }
                Err(FetchError::Malformed { reason, body, .. }) => {
                    Err(format!("{reason}{}", quarantine(self.job, None, &body)))
                }
                Err(FetchError::Refused { reason }) => Err(reason),
                Err(error) => return Err(ended_by(error)),
            };
        };
        let resources = told.unwrap_or_else(|reason| {
            self.troubles.push(format!("account.json: {reason}"));
            Resources::new()
        });
        match self.recorder.account(told_first.into_iter().chain(resources).collect()) {
            Ok(()) => Ok(()),
            Err(RecordError::Archive(error)) => Err(Ended::Archive(error)),
            Err(error) => {
                self.troubles.push(format!("account.json: {error}"));
                Ok(())
            }
        }
    }

    /// Of what the lists lack, what is gone for sure. One that is still there shows that its list was
    /// not whole after all: then nothing is.
    async fn gone<'k>(
        &mut self,
        session: &Session,
        provider: &dyn ActivityProvider,
        lists: &[Listed],
        missing: &[(&'k Key, Day)],
        deleted: &BTreeSet<String>,
    ) -> Result<Vec<(&'k Key, Day)>, Ended> {
        let mut gone: Vec<(&Key, Day)> = Vec::new();
        for (key, day) in missing {
            if self.job.stop.is_set() {
                return Err(Ended::Interrupted);
            }
            let feed = &lists[key.0].feed;
            let start = Instant::now();
            let is_gone = loop {
                if deleted.contains(&key.1) {
                    break true;
                }
                break match provider.is_gone(session, feed, &key.1).await {
                    Ok(is_gone) => is_gone,
                    Err(FetchError::Wait { reason, until }) => {
                        self.wait(&reason, until, start).await?;
                        continue;
                    }
                    Err(FetchError::Malformed { reason, .. } | FetchError::Refused { reason }) => {
                        self.fail(*day, &reason);
                        return Ok(Vec::new());
                    }
                    Err(error) => return Err(ended_by(error)),
                };
            };
            if !is_gone {
                self.troubles.push(format!(
                    "the list of {} lacks {}, which is still there at its own address: nothing was taken for gone",
                    feed.resource, key.1
                ));
                return Ok(Vec::new());
            }
            gone.push((key, *day));
            // The first that is gone shows that the list speaks the truth; so much at once is for a person.
            let losing: BTreeSet<Day> = missing.iter().map(|(_, day)| *day).collect();
            let held = self.recorder.held().len();
            if !self.job.accept_loss && too_many(losing.len(), held) {
                let count = |day: &Day| missing.iter().filter(|(_, other)| other == day).count();
                let words = |day: Day| (day, format!("{} gone", count(&day)));
                return Err(Ended::MassLoss { losses: losing.into_iter().map(words).collect(), asked_again: held });
            }
        }
        Ok(gone)
    }
}
