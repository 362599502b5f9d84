//! One provider's run: open, plan, ask, record, commit.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

use super::days::Wish;
use super::losses::too_many;
use crate::archive::{Archive, ArchiveError, Checked, Lock, Recorder};
use crate::auth::Session;
use crate::http::{FetchError, Forecast, Stop};
use crate::model::{Account, Action, Clock, Day, DayRange, ProviderName, Resources, Tally};
use crate::providers::{Opening, Provider, Way};

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
    /// When, under the provider's limits.
    pub forecast: Forecast,
}

/// How far a run is.
pub struct Pace {
    /// How many requests it has made.
    pub requests: u64,
    /// About how many are still to come.
    pub to_come: u64,
    /// When the limits allow them.
    pub forecast: Forecast,
}

/// Tells a person how a run goes on.
pub trait Progress {
    /// So many days are to be asked for.
    fn begin(&mut self, name: &ProviderName, days: usize);
    /// These days were asked for, out of those announced.
    fn asked(&mut self, days: usize);
    /// An answer came.
    fn heard(&mut self, pace: &Pace);
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
        kept: checked.clone(),
        known_before: checked.clone(),
        checked,
        progress,
        troubles: Vec::new(),
        asked_again: 0,
        lost: 0,
        excused: BTreeSet::new(),
        unusable: 0,
        heeds_changes: None,
        committed,
    };
    let walked = match job.provider.way() {
        Way::Days(days) => run.by_days(session, days).await,
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
    // Of days that were asked for and are in no commit nothing is known that was not before.
    let is_lost = matches!(ended, Ended::MassLoss { .. } | Ended::Archive(_));
    run.remember(if is_lost { run.known_before.clone() } else { run.checked.clone() });
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
    match job.provider.way() {
        Way::Days(provider) => super::days::preview(job, session, provider, &opening),
        Way::Activities(provider) => super::activities::preview(job, session, provider, &opening, progress).await,
    }
}

/// A provider's run under way.
pub(super) struct Run<'a> {
    pub(super) job: &'a Job<'a>,
    pub(super) recorder: Recorder<'a>,
    pub(super) checked: Checked,
    /// What stands on the disk of it.
    kept: Checked,
    /// What is known where nothing of this run gets into the archive.
    known_before: Checked,
    pub(super) progress: &'a mut dyn Progress,
    pub(super) troubles: Vec<String>,
    /// How many documents that were held have been asked for again.
    pub(super) asked_again: usize,
    /// How many of them lost something, committed or not.
    lost: usize,
    /// Days whose losses were judged already: against a whole list, or as a move to another day.
    pub(super) excused: BTreeSet<Day>,
    /// How many answers in a row were nothing of what was asked for.
    pub(super) unusable: usize,
    /// Up to when the provider told what was changed, where this run heeds all of it.
    pub(super) heeds_changes: Option<DateTime<Utc>>,
    committed: Instant,
}

impl Run<'_> {
    /// Asks for the account, which must be that of the person in the archive. Nothing is recorded yet.
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
        Ok(opening)
    }

    /// Keeps what is known before the first day is asked for: a stop must not lose it.
    pub(super) fn begin_to_ask(&mut self) {
        self.known_before = self.checked.clone();
        self.remember(self.checked.clone());
    }

    fn remember(&mut self, checked: Checked) {
        // It is a memory of times: a run is no worse for its loss.
        if checked != self.kept && self.job.archive.keep_checked(self.job.name, &checked).is_ok() {
            self.kept = checked;
        }
    }

    /// Tells how far the run is, with about so many requests to come.
    pub(super) fn heard(&mut self, session: &Session, to_come: u64) {
        let pace = Pace { requests: session.requests(), to_come, forecast: session.forecast(to_come) };
        self.progress.heard(&pace);
    }

    pub(super) fn fail(&mut self, day: Day, reason: &str) {
        self.recorder.tally().asked += 1;
        self.recorder.fail(day, reason);
    }

    /// Commits now and then, so that a stop costs minutes.
    pub(super) fn checkpoint(&mut self) -> Result<(), Ended> {
        if self.is_checkpoint_due() { self.commit() } else { Ok(()) }
    }

    /// Whether a stop would cost more than minutes by now.
    pub(super) fn is_checkpoint_due(&self) -> bool {
        self.committed.elapsed() >= CHECKPOINT
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
