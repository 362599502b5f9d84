//! A run over lists of activities: walk them whole, compare each entry with the archive, ask for what
//! is new, changed, in the window or incomplete, and take out what is gone for sure.

mod anew;
mod entry;
mod fetch;
mod held;
mod pass;
mod plan;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
mod walk;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use self::fetch::{Fetch, Ground};
use self::held::{Held, Index};
use self::plan::{Key, Wanted};
use self::walk::{Asking, Listed, quarantine};
use super::engine::{Ended, Job, Preview, Progress, Run, ended_by};
use super::losses::too_many;
use crate::archive::{ArchiveError, BlobId, Checked, RecordError};
use crate::auth::Session;
use crate::http::FetchError;
use crate::model::{Account, Day, Resources};
use crate::providers::{ActivityProvider, Opening};

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
    progress.settle();
    let feeds: Vec<_> = lists.iter().map(|listed| listed.feed.clone()).collect();
    let held = index(job, provider, opening, &days).map_err(Ended::Archive)?.held(&feeds);
    let recheck = recheck(job, &held, opening, &job.archive.checked(job.name));
    let plan = plan::plan(&lists, &held, &wanted(job, opening, &recheck));
    let parts: usize = plan.values().flat_map(|day| &day.tasks).map(|task| task.parts.len()).sum();
    let account = provider.account_requests(job.resources, &account(job, opening)?, &mentioned(&lists));
    let pages: u64 = lists.iter().map(|listed| listed.pages).sum();
    let requests = 1 + pages + account + parts as u64;
    Ok(Preview { requests, days: plan.len(), until: session.time_for(requests) })
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

fn wanted<'a>(job: &'a Job<'_>, opening: &Opening, recheck: &'a BTreeSet<Day>) -> Wanted<'a> {
    Wanted {
        wish: job.wish,
        resources: job.resources,
        only: job.only,
        types: job.types,
        since: job.since,
        today: opening.zone.day_of(job.clock.now()),
        recheck,
    }
}

/// The settled days to be checked again: those checked longest ago.
fn recheck(job: &Job<'_>, held: &BTreeMap<Key, Held>, opening: &Opening, checked: &Checked) -> BTreeSet<Day> {
    let window = opening.zone.day_of(job.clock.now()).plus(1 - i64::from(job.wish.window));
    let settled: BTreeSet<Day> = held.values().map(|one| one.day).filter(|day| *day < window).collect();
    checked.longest_ago(settled.into_iter()).into_iter().take(job.wish.recheck).collect()
}

/// What the account document has, with what `open` brought.
fn account(job: &Job<'_>, opening: &Opening) -> Result<Resources, Ended> {
    let bytes = job.archive.snapshot().and_then(|now| now.account(job.name)).map_err(Ended::Archive)?;
    let held = bytes.and_then(|bytes| Account::read(&bytes, job.name).ok());
    let mut resources = held.map(|account| account.resources).unwrap_or_default();
    resources.extend(opening.account.clone());
    Ok(resources)
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
        let wanted = wanted(job, &opening, &recheck);
        let mut plan = plan::plan(&lists, &held, &wanted);
        let missing = plan::missing(&lists, &held, &wanted);
        let covered = |(key, _): &(&Key, Day)| {
            let seen_under = before.grant(&lists[key.0].feed.resource, &key.1).unwrap_or_default();
            provider.covers(seen_under, &grant)
        };
        let missing: Vec<_> = missing.into_iter().filter(covered).collect();
        for (key, day) in self.gone(session, provider, &lists, &missing).await? {
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

    async fn account(
        &mut self,
        session: &Session,
        provider: &dyn ActivityProvider,
        opening: &Opening,
        lists: &[Listed],
    ) -> Result<(), Ended> {
        let (held, mentioned) = (account(self.job, opening)?, mentioned(lists));
        let start = Instant::now();
        loop {
            return match provider.account(session, self.job.resources, &held, &mentioned).await {
                Ok(resources) => {
                    match self.recorder.account(opening.account.clone().into_iter().chain(resources).collect()) {
                        Ok(()) => Ok(()),
                        Err(RecordError::Archive(error)) => Err(Ended::Archive(error)),
                        Err(error) => {
                            self.troubles.push(format!("account.json: {error}"));
                            Ok(())
                        }
                    }
                }
                Err(FetchError::Wait { reason, until }) => {
                    self.wait(&reason, until, start).await?;
                    continue;
                }
                Err(FetchError::Malformed { reason, body, .. }) => {
                    self.troubles.push(format!("account.json: {reason}{}", quarantine(self.job, None, &body)));
                    Ok(())
                }
                Err(FetchError::Refused { reason }) => {
                    self.troubles.push(format!("account.json: {reason}"));
                    Ok(())
                }
                Err(error) => Err(ended_by(error)),
            };
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
    ) -> Result<Vec<(&'k Key, Day)>, Ended> {
        let mut gone: Vec<(&Key, Day)> = Vec::new();
        for (key, day) in missing {
            if self.job.stop.is_set() {
                return Err(Ended::Interrupted);
            }
            let feed = &lists[key.0].feed;
            let start = Instant::now();
            let is_gone = loop {
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
