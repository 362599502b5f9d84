//! One provider's run: open, plan, ask, record, commit.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

use super::losses::too_many;
use super::plan::{self, Known, Wish};
use crate::archive::{Archive, ArchiveError, Checked, DayContent, Lock, RecordError, Recorder};
use crate::auth::Session;
use crate::http::{FetchError, Stop};
use crate::model::{Account, Action, Clock, Day, DayRange, ProviderName, Resources, Tally};
use crate::providers::{DayAnswer, DayProvider, Opening, Provider, Way};

/// How much of a long run a stop may cost.
const CHECKPOINT: Duration = Duration::from_secs(120);

/// Before a wait longer than this, what is there is committed.
const LONG_WAIT: Duration = Duration::from_secs(60);

/// After so many requests in a row without an answer the provider counts as down.
pub(super) const DOWN_AFTER: usize = 2;

/// After so many answers in a row that are nothing of the kind, such as web pages, asking on is no use.
pub(super) const UNUSABLE_AFTER: usize = 3;

/// What to sync, and how.
pub struct Job<'a> {
    /// The archive.
    pub archive: &'a Archive,
    /// The service.
    pub provider: &'static dyn Provider,
    /// Its name in the archive.
    pub name: &'a ProviderName,
    /// The first day wanted, where the settings say one.
    pub since: Option<Day>,
    /// The resources to ask for.
    pub resources: &'a [String],
    /// Whether just these resources are to be touched.
    pub only: bool,
    /// The kinds of activity wanted; all where nothing is said.
    pub types: Option<&'a [String]>,
    /// The days to ask for.
    pub wish: &'a Wish,
    /// The longest wait for a quota.
    pub max_wait: Duration,
    /// Whether the guard against mass loss lets everything through.
    pub accept_loss: bool,
    /// The clock.
    pub clock: Clock,
    /// The person's wish to stop.
    pub stop: Stop,
}

/// What came of a run.
pub struct Outcome {
    /// The counts, also of a run that ended early.
    pub tally: Tally,
    /// What went wrong that belongs to no day.
    pub troubles: Vec<String>,
    /// How it ended.
    pub ended: Ended,
}

/// How a run ended. Whatever was recorded before is committed, but for a guard's stop.
#[derive(Debug)]
pub enum Ended {
    /// Everything was asked; some days may have failed.
    Whole,
    /// The person must sign in.
    SignIn(String),
    /// The service is gone.
    Gone(String),
    /// A quota is used up beyond the longest wait, or the provider is down.
    Later {
        /// Which quota, or what was seen.
        reason: String,
        /// When it is worth coming back, where that is known.
        until: Option<DateTime<Utc>>,
    },
    /// So much would be lost that a person should look first; nothing of it was committed.
    MassLoss {
        /// The days and what each would lose.
        losses: Vec<(Day, String)>,
        /// How many documents were asked again.
        asked_again: usize,
    },
    /// The token is another person's than the archive's.
    OtherPerson {
        /// The id in the archive.
        archived: String,
        /// The id that the token belongs to.
        signed_in: String,
    },
    /// The account could not be had, so no day was asked for.
    NoAccount(String),
    /// The person asked to stop.
    Interrupted,
    /// The archive cannot be read or written.
    Archive(ArchiveError),
    /// Something else on this machine failed.
    Local(String),
}

/// What a run would do.
pub struct Preview {
    /// How many requests.
    pub requests: u64,
    /// How many days.
    pub days: usize,
    /// When it would be done, under the provider's limits.
    pub until: DateTime<Utc>,
}

/// Tells a person how a run goes on.
pub trait Progress {
    /// So many days are to be asked for.
    fn begin(&mut self, name: &ProviderName, days: usize);
    /// These days were asked for, out of those announced.
    fn asked(&mut self, days: usize);
    /// A wait goes on, for so long still.
    fn waiting(&mut self, name: &ProviderName, reason: &str, left: Duration);
    /// The run goes on after a wait, or is over.
    fn settle(&mut self);
}

/// Syncs one provider. Never fails without saying how far it came.
pub async fn run(job: &Job<'_>, session: &Session, lock: &Lock, progress: &mut dyn Progress) -> Outcome {
    let rules = &job.provider.description().rules;
    let recorder = match Recorder::new(job.archive, lock, job.name, rules, Action::Sync) {
        Ok(recorder) => recorder,
        Err(error) => {
            return Outcome { tally: Tally::default(), troubles: Vec::new(), ended: Ended::Archive(error) };
        }
    };
    let checked = job.archive.checked(job.name);
    let committed = Instant::now();
    let mut run = Run {
        job,
        recorder,
        checked,
        progress,
        troubles: Vec::new(),
        asked_again: 0,
        lost: 0,
        excused: BTreeSet::new(),
        unanswered: 0,
        unusable: 0,
        down: None,
        heeds_changes: None,
        committed,
    };
    let walked = match job.provider.way() {
        Way::Days(days) => run.walk(session, days).await,
        Way::Activities(activities) => run.activities(session, activities).await,
    };
    let mut ended = walked.err().unwrap_or(Ended::Whole);
    if !matches!(ended, Ended::MassLoss { .. } | Ended::OtherPerson { .. } | Ended::Archive(_))
        && let Err(stopped) = run.commit()
    {
        ended = stopped;
    }
    if matches!(ended, Ended::Whole) && run.troubles.is_empty() && run.recorder.tally().failed.is_empty() {
        run.checked.sync(job.clock.now());
        if let Some(time) = run.heeds_changes {
            run.checked.heed_changes(time);
        }
    }
    if !matches!(ended, Ended::MassLoss { .. }) {
        // It is a memory of times: a run is no worse for its loss.
        let _ = job.archive.keep_checked(job.name, &run.checked);
    }
    run.progress.settle();
    let mut tally = run.recorder.finish();
    tally.requests = session.requests();
    tally.failed.sort();
    Outcome { tally, troubles: run.troubles, ended }
}

/// Says what `run` would do. Asks for the account only.
///
/// # Errors
/// How it ended instead.
pub async fn preview(job: &Job<'_>, session: &Session, progress: &mut dyn Progress) -> Result<Preview, Ended> {
    let opening = loop {
        match job.provider.open(session).await {
            Ok(opening) => break opening,
            Err(FetchError::Wait { reason, until }) => wait(job, progress, &reason, until, Duration::ZERO).await?,
            Err(error) => return Err(ended_by(error)),
        }
    };
    progress.settle();
    let provider = match job.provider.way() {
        Way::Days(provider) => provider,
        Way::Activities(provider) => {
            return super::activities::preview(job, session, provider, &opening, progress).await;
        }
    };
    let held = job.archive.snapshot().and_then(|now| now.days(job.name)).map_err(Ended::Archive)?;
    let days = wanted(job, &opening, &held.keys().copied().collect(), &job.archive.checked(job.name));
    let requests = plan::requests(&days, provider.days_per_request()).len() * job.resources.len();
    let requests = requests as u64;
    // The account has just been asked for; the run will ask again.
    Ok(Preview { requests: requests + 1, days: days.len(), until: session.time_for(requests + 1) })
}

/// A provider's run under way.
pub(super) struct Run<'a> {
    pub(super) job: &'a Job<'a>,
    pub(super) recorder: Recorder<'a>,
    pub(super) checked: Checked,
    pub(super) progress: &'a mut dyn Progress,
    pub(super) troubles: Vec<String>,
    /// How many documents that were held have been asked for again.
    pub(super) asked_again: usize,
    /// How many of them lost something, committed or not.
    lost: usize,
    /// Days whose losses were judged already: against a whole list, or as a move to another day.
    pub(super) excused: BTreeSet<Day>,
    /// How many requests in a row had no answer.
    unanswered: usize,
    /// How many answers in a row were nothing of what was asked for.
    pub(super) unusable: usize,
    /// What was seen at the last request without an answer, or at the last of too many unusable ones.
    down: Option<String>,
    /// Up to when the provider told what was changed, where this run heeds all of it.
    pub(super) heeds_changes: Option<DateTime<Utc>>,
    committed: Instant,
}

impl Run<'_> {
    async fn walk(&mut self, session: &Session, provider: &dyn DayProvider) -> Result<(), Ended> {
        let opening = self.open(session).await?;
        let held: BTreeSet<Day> = self.recorder.held().keys().copied().collect();
        let days = wanted(self.job, &opening, &held, &self.checked);
        self.progress.begin(self.job.name, days.len());
        for range in plan::requests(&days, provider.days_per_request()) {
            if self.job.stop.is_set() {
                return Err(Ended::Interrupted);
            }
            let asked: BTreeSet<Day> = days.range(range.first..=range.last).copied().collect();
            self.asked_again += asked.iter().filter(|day| held.contains(day)).count();
            self.range(session, provider, range, &asked).await?;
            self.progress.asked(asked.len());
            if self.unanswered >= DOWN_AFTER || self.unusable >= UNUSABLE_AFTER {
                break;
            }
            self.checkpoint()?;
        }
        match self.down.take() {
            Some(reason) => Err(Ended::Later { reason, until: None }),
            None => Ok(()),
        }
    }

    pub(super) async fn open(&mut self, session: &Session) -> Result<Opening, Ended> {
        let start = Instant::now();
        let opening = loop {
            match self.job.provider.open(session).await {
                Ok(opening) => break opening,
                Err(FetchError::Wait { reason, until }) => self.wait(&reason, until, start).await?,
                Err(FetchError::Malformed { reason, body, .. }) => {
                    return Err(Ended::NoAccount(format!("{reason}{}", self.quarantine(None, &body))));
                }
                Err(error) => return Err(ended_by(error)),
            }
        };
        let held = self.job.archive.snapshot().and_then(|now| now.account(self.job.name)).map_err(Ended::Archive)?;
        let held = held.and_then(|bytes| Account::read(&bytes, self.job.name).ok());
        let archived = held.as_ref().and_then(|account| self.job.provider.person(&account.resources));
        if let (Some(account), Some(archived), Some(signed_in)) = (&held, archived, opening.person.clone())
            && archived != signed_in
        {
            let called = |account: &Resources, id| self.job.provider.called(account).unwrap_or(id);
            return Err(Ended::OtherPerson {
                archived: called(&account.resources, archived),
                signed_in: called(&opening.account, signed_in),
            });
        }
        match self.recorder.account(opening.account.clone()) {
            Ok(()) => Ok(opening),
            Err(RecordError::Archive(error)) => Err(Ended::Archive(error)),
            Err(error) => Err(Ended::NoAccount(format!("account.json: {error}"))),
        }
    }

    /// Asks for a range, and for its days one by one where the whole cannot be used: one bad day must
    /// not cost its neighbours.
    async fn range(
        &mut self,
        session: &Session,
        provider: &dyn DayProvider,
        range: DayRange,
        asked: &BTreeSet<Day>,
    ) -> Result<(), Ended> {
        let reason = match self.ask(session, provider, range).await? {
            Ok(answers) => return self.record(answers, asked),
            Err(Unusable { reason, divisible: true, .. }) if range.len() > 1 => reason,
            Err(unusable) => {
                let place = self.quarantine(Some(range), &unusable.body);
                asked.iter().for_each(|day| self.fail(*day, &format!("{}{place}", unusable.reason)));
                return Ok(());
            }
        };
        for day in asked {
            if self.job.stop.is_set() {
                return Err(Ended::Interrupted);
            }
            if let Some(reason) = self.down.clone().filter(|_| self.unanswered >= DOWN_AFTER) {
                self.fail(*day, &reason);
                continue;
            }
            let alone = DayRange { first: *day, last: *day };
            match self.ask(session, provider, alone).await? {
                Ok(answers) => self.record(answers, &BTreeSet::from([*day]))?,
                Err(unusable) => {
                    let place = self.quarantine(Some(alone), &unusable.body);
                    let reason = if unusable.reason.is_empty() { &reason } else { &unusable.reason };
                    self.fail(*day, &format!("{reason}{place}"));
                }
            }
        }
        Ok(())
    }

    async fn ask(
        &mut self,
        session: &Session,
        provider: &dyn DayProvider,
        range: DayRange,
    ) -> Result<Result<Vec<DayAnswer>, Unusable>, Ended> {
        let start = Instant::now();
        let answered = loop {
            match provider.fetch(session, range, self.job.resources).await {
                Err(FetchError::Wait { reason, until }) => self.wait(&reason, until, start).await?,
                answered => break answered,
            }
        };
        self.unanswered = if matches!(answered, Err(FetchError::Unreachable { .. })) { self.unanswered + 1 } else { 0 };
        match answered {
            Ok(answers) => {
                self.unusable = 0;
                Ok(Ok(answers))
            }
            Err(FetchError::Malformed { reason, body, divisible }) => {
                self.unusable = if divisible { 0 } else { self.unusable + 1 };
                if self.unusable >= UNUSABLE_AFTER {
                    self.down = Some(reason.clone());
                }
                Ok(Err(Unusable { reason, body, divisible }))
            }
            Err(FetchError::Refused { reason }) => Ok(Err(Unusable { reason, body: Vec::new(), divisible: true })),
            Err(FetchError::Unreachable { reason }) => {
                self.down = Some(reason.clone());
                Ok(Err(Unusable { reason, body: Vec::new(), divisible: false }))
            }
            Err(error) => Err(ended_by(error)),
        }
    }

    fn record(&mut self, answers: Vec<DayAnswer>, asked: &BTreeSet<Day>) -> Result<(), Ended> {
        let now = self.job.clock.now();
        let mut silent = asked.clone();
        for answer in answers.into_iter().filter(|answer| asked.contains(&answer.day)) {
            silent.remove(&answer.day);
            let recorded = match answer.outcome {
                Err(reason) => {
                    self.fail(answer.day, &reason);
                    continue;
                }
                Ok((resources, absent)) => self.recorder.day(answer.day, DayContent { resources, absent }),
            };
            match recorded {
                Ok(()) => {
                    self.recorder.tally().asked += 1;
                    self.checked.day(answer.day, now);
                }
                Err(RecordError::Archive(error)) => return Err(Ended::Archive(error)),
                Err(error) => self.fail(answer.day, &error.to_string()),
            }
        }
        // "Nothing recorded" is said in so many words; silence is no answer.
        silent.into_iter().for_each(|day| self.fail(day, "the answer does not speak of this day"));
        Ok(())
    }

    pub(super) fn fail(&mut self, day: Day, reason: &str) {
        self.recorder.tally().asked += 1;
        self.recorder.fail(day, reason);
    }

    /// Commits now and then, so that a stop costs minutes.
    pub(super) fn checkpoint(&mut self) -> Result<(), Ended> {
        if self.committed.elapsed() >= CHECKPOINT { self.commit() } else { Ok(()) }
    }

    /// Commits what is recorded, unless it would lose too much.
    pub(super) fn commit(&mut self) -> Result<(), Ended> {
        let mut losses = self.recorder.losses();
        losses.retain(|(day, _)| !self.excused.contains(day));
        self.lost += losses.len();
        if !self.job.accept_loss && !losses.is_empty() && too_many(self.lost, self.asked_again) {
            return Err(Ended::MassLoss { losses, asked_again: self.asked_again });
        }
        self.committed = Instant::now();
        self.recorder.commit(self.job.clock.now()).map_err(Ended::Archive)
    }

    pub(super) async fn wait(&mut self, reason: &str, until: DateTime<Utc>, start: Instant) -> Result<(), Ended> {
        let left = self.job.clock.until(until);
        if left > LONG_WAIT && left + start.elapsed() <= self.job.max_wait {
            self.commit()?;
        }
        wait(self.job, self.progress, reason, until, start.elapsed()).await
    }

    /// Keeps an answer that cannot be used, and tells where, as the end of a sentence.
    pub(super) fn quarantine(&self, range: Option<DayRange>, body: &[u8]) -> String {
        let now = self.job.clock.now();
        let today = Day::from_date(now.date_naive()).map(|day| DayRange { first: day, last: day });
        let Some(range) = range.or(today).filter(|_| !body.is_empty()) else { return String::new() };
        match self.job.archive.quarantine(self.job.name, range, body, now) {
            Ok(path) => format!("; the answer is kept in {}", path.display()),
            Err(_) => String::new(),
        }
    }
}

/// An answer that cannot be used.
struct Unusable {
    reason: String,
    body: Vec<u8>,
    divisible: bool,
}

fn wanted(job: &Job<'_>, opening: &Opening, held: &BTreeSet<Day>, checked: &Checked) -> BTreeSet<Day> {
    let today = opening.zone.day_of(job.clock.now());
    // Without a first day from anyone there is nothing missing that could be known of: the window only.
    let known = [job.since, opening.first_day].into_iter().flatten().max();
    let first = known.unwrap_or_else(|| today.plus(1 - i64::from(job.wish.window)));
    let longest_ago = checked.longest_ago(held.iter().copied());
    plan::days(job.wish, &Known { held, first, today, longest_ago: &longest_ago })
}

/// Waits for a quota, visibly, unless that takes longer than the person allows.
pub(super) async fn wait(
    job: &Job<'_>,
    progress: &mut dyn Progress,
    reason: &str,
    until: DateTime<Utc>,
    waited: Duration,
) -> Result<(), Ended> {
    if job.clock.until(until) + waited > job.max_wait {
        return Err(Ended::Later { reason: reason.to_owned(), until: Some(until) });
    }
    loop {
        let left = job.clock.until(until);
        if left.is_zero() {
            progress.settle();
            return Ok(());
        }
        progress.waiting(job.name, reason, left);
        tokio::select! {
            () = tokio::time::sleep(left.min(Duration::from_secs(1))) => {}
            () = job.stop.wait() => return Err(Ended::Interrupted),
        }
    }
}

pub(super) fn ended_by(error: FetchError) -> Ended {
    match error {
        FetchError::SignIn { reason } => Ended::SignIn(reason),
        FetchError::Gone { reason } => Ended::Gone(reason),
        FetchError::Wait { reason, until } => Ended::Later { reason, until: Some(until) },
        FetchError::Unreachable { reason } => Ended::Later { reason, until: None },
        FetchError::Malformed { reason, .. } | FetchError::Refused { reason } => Ended::NoAccount(reason),
        FetchError::Interrupted => Ended::Interrupted,
        FetchError::Local { reason } => Ended::Local(reason),
    }
}
