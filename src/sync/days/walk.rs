//! Making the requests, several at once, and putting together what comes of each day.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Instant;

use chrono::{DateTime, Utc};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

use super::Handover;
use super::held::{Held, HeldDay};
use super::plan::Request;
use crate::archive::{DayContent, RecordError};
use crate::auth::Session;
use crate::http::FetchError;
use crate::model::{Day, DayRange, Zone};
use crate::providers::{Ask, DayAnswer, DayProvider, NOT_GRANTED, Opening, Told};
use crate::sync::engine::{DOWN_AFTER, Ended, Run, UNUSABLE_AFTER, ended_by};

/// After so many answers in a row that a resource is not granted it is taken to be on no day: each would
/// cost a request to say so again.
const NOT_GRANTED_AFTER: usize = 3;

/// How much of what came may wait in memory for the rest of its days.
const MOST_WAITING: usize = 16 << 20;

/// A walk over days under way.
pub(super) struct Walk<'w, 'a> {
    run: &'w mut Run<'a>,
    has: Held,
    /// The days held when the run began.
    before: BTreeSet<Day>,
    /// When the device last handed over what it recorded.
    handover: Handover,
    /// The zone in which the provider cuts days.
    zone: Zone,
    /// How many requests are still to come for each day.
    left: BTreeMap<Day, usize>,
    /// What came of days and is not recorded yet.
    drafts: BTreeMap<Day, DayContent>,
    waiting: usize,
    /// What could not be had.
    failures: BTreeMap<Day, Vec<String>>,
    again: BTreeSet<Day>,
    /// How many answers in a row said that a resource is not granted.
    not_granted: BTreeMap<String, usize>,
    /// How many requests may be under way: one more with each answer, one alone after a failure.
    breadth: usize,
    /// How many requests in a row had no answer.
    unanswered: usize,
    /// What was seen at the last request without an answer, or at the last of too many unusable ones.
    down: Option<String>,
    /// A quota that is used up.
    pause: Option<(String, DateTime<Utc>)>,
    /// Since when nothing came but that a quota is used up.
    paused: Option<Instant>,
}

/// A request in the queue.
struct Queued {
    request: Request,
    /// Whether it is one day of a range that could not be used as a whole.
    is_alone: bool,
}

impl<'w, 'a> Walk<'w, 'a> {
    pub fn new(
        run: &'w mut Run<'a>,
        requests: &[Request],
        has: Held,
        (handover, zone): (Handover, Zone),
    ) -> Walk<'w, 'a> {
        let before = run.recorder.held().keys().copied().collect();
        let mut left = BTreeMap::new();
        for day in requests.iter().flat_map(|request| &request.days) {
            *left.entry(*day).or_default() += 1;
        }
        Walk {
            run,
            has,
            before,
            handover,
            zone,
            left,
            drafts: BTreeMap::new(),
            waiting: 0,
            failures: BTreeMap::new(),
            again: BTreeSet::new(),
            not_granted: BTreeMap::new(),
            breadth: 1,
            unanswered: 0,
            down: None,
            pause: None,
            paused: None,
        }
    }

    /// Makes the requests and records what comes, as far as it comes.
    pub async fn run(
        mut self,
        session: &Session,
        provider: &dyn DayProvider,
        opening: &Opening,
        requests: Vec<Request>,
    ) -> Result<(), Ended> {
        self.run.progress.begin(self.run.job.name, self.left.len());
        let walked = self.walk(session, provider, opening, requests).await;
        let recorded = if matches!(walked, Err(Ended::Archive(_))) { Ok(()) } else { self.record_drafts() };
        for (day, reasons) in std::mem::take(&mut self.failures) {
            self.run.fail(day, &reasons.join("; "));
        }
        self.has.keep(self.run.job.archive);
        walked.and(recorded)
    }

    async fn walk(
        &mut self,
        session: &Session,
        provider: &dyn DayProvider,
        opening: &Opening,
        requests: Vec<Request>,
    ) -> Result<(), Ended> {
        // A request that is one of many pages counts as much as all of them do.
        let all: u64 = requests.iter().map(|one| provider.requests(&one.resource, one.range)).sum();
        let each = all as f64 / requests.len().max(1) as f64;
        let mut queue: VecDeque<Queued> =
            requests.into_iter().map(|request| Queued { request, is_alone: false }).collect();
        let mut under_way = FuturesUnordered::new();
        let mut ended = None;
        loop {
            self.breadth = self.breadth.min(session.breadth());
            while ended.is_none() && self.pause.is_none() && !self.is_down() && under_way.len() < self.breadth {
                if self.run.job.stop.is_set() {
                    ended = Some(Ended::Interrupted);
                    break;
                }
                let Some(queued) = queue.pop_front() else { break };
                self.count_again(&queued.request);
                if self.not_granted.get(&queued.request.resource).is_some_and(|times| *times >= NOT_GRANTED_AFTER) {
                    ended = self.take(&queued.request, not_granted(&queued.request)).err();
                    continue;
                }
                under_way.push(async move {
                    let Request { resource, range, .. } = &queued.request;
                    let ask = Ask { resource, range: *range, zone: opening.zone };
                    let answered = provider.fetch(session, ask).await;
                    (queued, answered)
                });
            }
            self.run.heard(session, ((queue.len() + under_way.len()) as f64 * each).ceil() as u64);
            // What is under way comes in before anything else ends: it may be new tokens.
            let Some((queued, answered)) = under_way.next().await else {
                match (ended.take(), self.pause.take()) {
                    (Some(ended), _) => return Err(ended),
                    (None, Some((reason, until))) => self.wait(&reason, until).await?,
                    (None, None) => break,
                }
                continue;
            };
            if !matches!(ended, Some(Ended::Archive(_) | Ended::MassLoss { .. }))
                && let Err(reason) = self.answered(queued, answered, &mut queue).and_then(|()| self.checkpoint())
                && (ended.is_none() || matches!(reason, Ended::Archive(_)))
            {
                ended = Some(reason);
            }
        }
        let Some(reason) = self.down.take() else { return Ok(()) };
        // Of a range that was being asked day by day it is known which days did not come.
        for queued in queue.iter().filter(|queued| queued.is_alone) {
            queued.request.days.iter().for_each(|day| self.fail(*day, &queued.request.resource, &reason));
        }
        Err(Ended::Later { reason, until: None })
    }

    fn is_down(&self) -> bool {
        self.unanswered >= DOWN_AFTER || self.run.unusable >= UNUSABLE_AFTER
    }

    fn count_again(&mut self, request: &Request) {
        let held = request.days.iter().filter(|day| self.before.contains(*day));
        let before = self.again.len();
        self.again.extend(held);
        self.run.asked_again += self.again.len() - before;
    }

    fn answered(
        &mut self,
        queued: Queued,
        answered: Result<Vec<DayAnswer>, FetchError>,
        queue: &mut VecDeque<Queued>,
    ) -> Result<(), Ended> {
        match &answered {
            Err(FetchError::Wait { reason, until }) => {
                if self.pause.as_ref().is_none_or(|(_, known)| known < until) {
                    self.pause = Some((reason.clone(), *until));
                }
                queue.push_front(queued);
                return Ok(());
            }
            Err(FetchError::Unreachable { .. }) => self.unanswered += 1,
            _ => self.unanswered = 0,
        }
        self.paused = None;
        self.breadth = if answered.is_ok() { self.breadth + 1 } else { 1 };
        let request = queued.request;
        let (reason, body) = match answered {
            Ok(answers) => {
                self.run.unusable = 0;
                return self.take(&request, answers);
            }
            Err(FetchError::Malformed { divisible: true, .. } | FetchError::Refused { .. })
                if request.range.len() > 1 =>
            {
                self.run.unusable = 0;
                // One bad day must not cost its neighbours.
                for day in request.days {
                    let range = DayRange { first: day, last: day };
                    let alone = Request { resource: request.resource.clone(), range, days: BTreeSet::from([day]) };
                    queue.push_front(Queued { request: alone, is_alone: true });
                }
                return Ok(());
            }
            Err(FetchError::Malformed { reason, body, divisible }) => {
                self.run.unusable = if divisible { 0 } else { self.run.unusable + 1 };
                if self.run.unusable >= UNUSABLE_AFTER {
                    self.down = Some(reason.clone());
                }
                (reason, body)
            }
            Err(FetchError::Refused { reason }) => {
                self.run.unusable = 0;
                (reason, Vec::new())
            }
            Err(FetchError::Unreachable { reason }) => {
                self.down = Some(reason.clone());
                (reason, Vec::new())
            }
            Err(error) => return Err(ended_by(error)),
        };
        let place = self.run.quarantine(Some(request.range), &body);
        request.days.iter().for_each(|day| self.fail(*day, &request.resource, &format!("{reason}{place}")));
        self.settle(&request)
    }

    fn take(&mut self, request: &Request, answers: Vec<DayAnswer>) -> Result<(), Ended> {
        let is_no = |answer: &DayAnswer| answer.outcome == Ok(Told::Absent(NOT_GRANTED));
        let times = self.not_granted.entry(request.resource.clone()).or_default();
        *times = if !answers.is_empty() && answers.iter().all(is_no) { *times + 1 } else { 0 };
        let mut silent = request.days.clone();
        for answer in answers.into_iter().filter(|answer| request.days.contains(&answer.day)) {
            silent.remove(&answer.day);
            let name = request.resource.clone();
            match answer.outcome {
                Err(reason) => self.fail(answer.day, &name, &reason),
                Ok(Told::Absent(reason)) => {
                    self.drafts.entry(answer.day).or_default().absent.insert(name, reason.to_owned());
                }
                Ok(Told::Data(text)) => {
                    self.waiting += text.as_bytes().len();
                    self.drafts.entry(answer.day).or_default().resources.insert(name, text);
                }
            }
        }
        // "Nothing recorded" is said in so many words; silence is no answer.
        silent.into_iter().for_each(|day| self.fail(day, &request.resource, "the answer does not speak of this day"));
        self.settle(request)?;
        if self.waiting > MOST_WAITING { self.record_drafts() } else { Ok(()) }
    }

    fn fail(&mut self, day: Day, resource: &str, reason: &str) {
        let several = self.run.job.provider.description().resources.len() > 1;
        let reason = if several { format!("{resource}: {reason}") } else { reason.to_owned() };
        self.failures.entry(day).or_default().push(reason);
    }

    /// Records the days for which nothing more is to come.
    fn settle(&mut self, request: &Request) -> Result<(), Ended> {
        for day in &request.days {
            let Some(left) = self.left.get_mut(day) else { continue };
            *left -= 1;
            if *left > 0 {
                continue;
            }
            self.left.remove(day);
            if let Some(draft) = self.drafts.remove(day) {
                self.record(*day, draft)?;
            }
            if !self.failures.contains_key(day) {
                self.came(*day);
            }
            self.run.progress.asked(1);
        }
        Ok(())
    }

    /// A day came whole.
    fn came(&mut self, day: Day) {
        self.run.recorder.tally().asked += 1;
        // With some resources only, nothing is known of the others.
        if !self.run.job.only {
            let now = self.run.job.clock.now();
            self.run.checked.day(day, now);
            // A day that runs still has more to come; of a device it is known when.
            match !self.handover.is_of_device && day >= self.zone.nearest_day(now) {
                true => self.run.checked.owe(day),
                false => self.run.checked.settle(day),
            }
            if self.handed_over_until(day).is_none() {
                self.run.checked.complete(day);
            }
        }
    }

    /// Up to when the device had handed over a day that it has not handed over whole.
    fn handed_over_until(&self, day: Day) -> Option<DateTime<Utc>> {
        self.handover.until.filter(|until| day >= self.zone.nearest_day(*until))
    }

    fn record(&mut self, day: Day, draft: DayContent) -> Result<(), Ended> {
        self.waiting -= draft.resources.values().map(|text| text.as_bytes().len()).sum::<usize>();
        let before = self.run.recorder.held().get(&day).copied();
        let more = HeldDay::of_draft(&draft);
        match self.run.recorder.day(day, draft) {
            Ok(()) => {
                // Whatever came of it, and whatever of it failed: there will be more.
                if let Some(until) = self.handed_over_until(day) {
                    self.run.checked.incomplete(day, until);
                }
                if let Some(now) = self.run.recorder.held().get(&day) {
                    self.has.note(day, before, *now, more);
                }
                Ok(())
            }
            Err(RecordError::Archive(error)) => Err(Ended::Archive(error)),
            Err(error) => {
                self.failures.entry(day).or_default().push(error.to_string());
                Ok(())
            }
        }
    }

    fn record_drafts(&mut self) -> Result<(), Ended> {
        for (day, draft) in std::mem::take(&mut self.drafts) {
            self.record(day, draft)?;
        }
        Ok(())
    }

    /// Commits now and then, so that a stop costs minutes.
    fn checkpoint(&mut self) -> Result<(), Ended> {
        if self.run.is_checkpoint_due() {
            self.record_drafts()?;
            self.run.commit()?;
        }
        Ok(())
    }

    async fn wait(&mut self, reason: &str, until: DateTime<Utc>) -> Result<(), Ended> {
        self.record_drafts()?;
        let since = *self.paused.get_or_insert_with(Instant::now);
        self.run.wait(reason, until, since).await
    }
}

/// What comes of a request for a resource that is not granted.
fn not_granted(request: &Request) -> Vec<DayAnswer> {
    request.days.iter().map(|day| DayAnswer { day: *day, outcome: Ok(Told::Absent(NOT_GRANTED)) }).collect()
}
