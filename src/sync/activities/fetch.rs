//! Asking for what the plan says, several activities at once, and recording what came: the days that
//! change together at once, group after group.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Instant;

use chrono::{DateTime, Utc};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

use super::anew::{Activities, assemble};
use super::held::{Held, Index};
use super::plan::{self, DayPlan, Key, Plan, Task};
use super::walk::{Listed, quarantine};
use crate::archive::{DayContent, RecordError};
use crate::auth::Session;
use crate::http::FetchError;
use crate::model::{Day, Resources};
use crate::providers::{ActivityProvider, Feed, Part};
use crate::sync::engine::{DOWN_AFTER, Ended, Run, UNUSABLE_AFTER, ended_by};

/// How much of what came may wait in memory for what was asked before it.
const MOST_WAITING: usize = 8 << 20;

/// The parts that came of activities.
type Brought = BTreeMap<Key, Vec<(&'static str, Part)>>;

/// What a run goes by.
#[derive(Clone, Copy)]
pub(super) struct Ground<'f> {
    pub lists: &'f [Listed],
    pub held: &'f BTreeMap<Key, Held>,
    pub plan: &'f Plan,
}

/// The fetching under way.
pub(super) struct Fetch<'f, 'a> {
    run: &'f mut Run<'a>,
    ground: Ground<'f>,
    index: &'f mut Index,
    groups: Vec<Group>,
    /// How many groups at the start are recorded.
    recorded: usize,
    /// How many bytes wait for their group, or for the groups before it.
    waiting: usize,
    /// How many requests may be under way: one more with each that comes, one alone after trouble.
    breadth: usize,
    /// How often trouble was counted: what was under way by then tells nothing new of it.
    troubles: usize,
    /// How often in a row there was no answer.
    unanswered: usize,
    /// What was seen at the last request without an answer, or at the last of too many unusable ones.
    down: Option<String>,
    /// A quota that is used up.
    pause: Option<(String, DateTime<Utc>)>,
    /// Since when nothing came but that a quota is used up.
    paused: Option<Instant>,
}

/// Days that change together: all of them, or none.
#[derive(Default)]
struct Group {
    days: BTreeSet<Day>,
    /// How many parts of activities are still to come.
    left: usize,
    brought: Brought,
    /// Activities that are still being recorded.
    not_yet: BTreeSet<Key>,
    /// Why days of it fail.
    failed: BTreeMap<Day, String>,
    is_recorded: bool,
}

/// A part of an activity in the queue.
struct Queued<'f> {
    /// Its place in the queue.
    place: usize,
    group: usize,
    day: Day,
    task: &'f Task,
    /// None where only the entry of the list is taken.
    part: Option<&'static str>,
    /// How often trouble had been counted when it was asked for.
    troubles: usize,
}

impl<'f, 'a> Fetch<'f, 'a> {
    pub fn new(run: &'f mut Run<'a>, ground: Ground<'f>, index: &'f mut Index) -> Fetch<'f, 'a> {
        Fetch {
            run,
            ground,
            index,
            groups: Vec::new(),
            recorded: 0,
            waiting: 0,
            breadth: 1,
            troubles: 0,
            unanswered: 0,
            down: None,
            pause: None,
            paused: None,
        }
    }

    /// Asks and records.
    pub async fn run(mut self, session: &Session, provider: &dyn ActivityProvider) -> Result<(), Ended> {
        self.run.progress.begin(self.run.job.name, self.ground.plan.len());
        let queue = self.queue();
        let walked = self.walk(session, provider, queue).await;
        match walked {
            Err(Ended::Archive(_) | Ended::MassLoss { .. }) => walked,
            _ => walked.and(self.record_whole()),
        }
    }

    /// What to ask for, the newest days first.
    fn queue(&mut self) -> VecDeque<Queued<'f>> {
        let plan = self.ground.plan;
        let mut queue = VecDeque::new();
        for days in plan::groups(plan) {
            let (before, group) = (queue.len(), self.groups.len());
            for (day, one) in days.iter().rev().filter_map(|day| Some((*day, plan.get(day)?))) {
                for task in &one.tasks {
                    let parts = task.parts.iter().copied().map(Some);
                    for part in parts.chain(task.parts.is_empty().then_some(None)) {
                        queue.push_back(Queued { place: queue.len(), group, day, task, part, troubles: 0 });
                    }
                }
            }
            self.groups.push(Group { days, left: queue.len() - before, ..Group::default() });
        }
        queue
    }

    async fn walk(
        &mut self,
        session: &Session,
        provider: &dyn ActivityProvider,
        mut queue: VecDeque<Queued<'f>>,
    ) -> Result<(), Ended> {
        let mut under_way = FuturesUnordered::new();
        let mut ended = self.record_next().err();
        loop {
            self.breadth = self.breadth.min(session.breadth());
            while ended.is_none()
                && self.pause.is_none()
                && !self.is_down()
                && under_way.len() < self.breadth
                && (self.waiting < MOST_WAITING || under_way.is_empty())
            {
                if self.run.job.stop.is_set() {
                    ended = Some(Ended::Interrupted);
                    break;
                }
                let Some(mut queued) = queue.pop_front() else { break };
                queued.troubles = self.troubles;
                let feed = &self.ground.lists[queued.task.key.0].feed;
                under_way.push(ask(session, provider, feed, queued));
            }
            self.run.heard(session, (queue.len() + under_way.len()) as u64);
            // What is under way comes in before anything else ends: it may be new tokens.
            let Some((queued, answered)) = under_way.next().await else {
                match (ended.take(), self.pause.take()) {
                    (Some(ended), _) => return Err(ended),
                    (None, Some((reason, until))) if !self.is_down() => {
                        queue.make_contiguous().sort_unstable_by_key(|queued| queued.place);
                        self.wait(&reason, until).await?;
                    }
                    _ => break,
                }
                continue;
            };
            let stopped = self.answered(queued, answered, &mut queue).and_then(|()| match &ended {
                Some(Ended::Archive(_) | Ended::MassLoss { .. }) => Ok(()),
                _ => self.record_next(),
            });
            if let Err(reason) = stopped
                && (ended.is_none() || matches!(reason, Ended::Archive(_) | Ended::MassLoss { .. }))
            {
                ended = Some(reason);
            }
        }
        match self.down.take() {
            Some(reason) => Err(Ended::Later { reason, until: None }),
            None => Ok(()),
        }
    }

    fn is_down(&self) -> bool {
        self.unanswered >= DOWN_AFTER || self.run.unusable >= UNUSABLE_AFTER
    }

    /// Takes what came of a part.
    fn answered(
        &mut self,
        queued: Queued<'f>,
        answered: Result<Option<Part>, FetchError>,
        queue: &mut VecDeque<Queued<'f>>,
    ) -> Result<(), Ended> {
        if let Err(FetchError::Wait { reason, until }) = answered {
            if self.pause.as_ref().is_none_or(|(_, known)| *known < until) {
                self.pause = Some((reason, until));
            }
            match self.groups[queued.group].awaits(queued.task) {
                true => queue.push_front(queued),
                false => self.groups[queued.group].left -= 1,
            }
            return Ok(());
        }
        self.paused = None;
        let trouble = match answered {
            Ok(came) => {
                (self.unanswered, self.run.unusable) = (0, 0);
                self.breadth += 1;
                self.came(&queued, came, queue)
            }
            Err(FetchError::Refused { reason }) => {
                (self.unanswered, self.run.unusable) = (0, 0);
                Some(reason)
            }
            Err(FetchError::Malformed { reason, body, .. }) => {
                self.unanswered = 0;
                self.run.unusable += self.count(&queued);
                if self.run.unusable >= UNUSABLE_AFTER {
                    self.down = Some(reason.clone());
                }
                Some(format!("{reason}{}", quarantine(self.run.job, Some(queued.day), &body)))
            }
            Err(FetchError::Unreachable { reason }) => {
                self.unanswered += self.count(&queued);
                self.down = Some(reason.clone());
                Some(reason)
            }
            Err(error) => return Err(ended_by(error)),
        };
        let group = &mut self.groups[queued.group];
        group.left -= 1;
        if let Some(reason) = trouble {
            group.failed.entry(queued.day).or_insert(reason);
            // None of its days changes any more: the rest of it need not be asked for.
            self.waiting -= size(&std::mem::take(&mut group.brought));
            group.drop_from(queue, |other| other.group == queued.group);
        }
        Ok(())
    }

    /// Counts trouble, and goes on with one request at a time; 0 where this one was under way before the
    /// last trouble.
    fn count(&mut self, queued: &Queued<'_>) -> usize {
        self.breadth = 1;
        let is_new = queued.troubles == self.troubles;
        self.troubles += usize::from(is_new);
        usize::from(is_new)
    }

    /// Keeps what came of a part; tells why its day cannot be recorded.
    fn came(&mut self, queued: &Queued<'f>, came: Option<Part>, queue: &mut VecDeque<Queued<'f>>) -> Option<String> {
        let (group, key) = (&mut self.groups[queued.group], &queued.task.key);
        match came {
            _ if !group.awaits(queued.task) => None,
            Some(Part::NotYet) if queued.task.moved_from.is_some() => {
                Some(format!("{} is being recorded again", key.1))
            }
            Some(Part::NotYet) => {
                self.waiting -= size(&group.brought.remove_entry(key).into_iter().collect());
                group.not_yet.insert(key.clone());
                group.drop_from(queue, |other| std::ptr::eq(other.task, queued.task));
                None
            }
            came => {
                let parts = group.brought.entry(key.clone()).or_default();
                if let Some((name, part)) = queued.part.zip(came) {
                    self.waiting += length(&part);
                    parts.push((name, part));
                }
                None
            }
        }
    }

    /// Records the groups that are next, as far as they came, and commits now and then.
    fn record_next(&mut self) -> Result<(), Ended> {
        while self.groups.get(self.recorded).is_some_and(|group| group.left == 0) {
            self.record(self.recorded)?;
            self.recorded += 1;
            self.run.checkpoint()?;
        }
        Ok(())
    }

    /// Records every group that came, also those after one that did not.
    fn record_whole(&mut self) -> Result<(), Ended> {
        let whole: Vec<usize> = (self.recorded..self.groups.len()).filter(|at| self.groups[*at].left == 0).collect();
        whole.into_iter().try_for_each(|at| self.record(at))
    }

    fn record(&mut self, at: usize) -> Result<(), Ended> {
        let group = &mut self.groups[at];
        if std::mem::replace(&mut group.is_recorded, true) {
            return Ok(());
        }
        let (days, failed) = (std::mem::take(&mut group.days), std::mem::take(&mut group.failed));
        let mut brought = std::mem::take(&mut group.brought);
        self.waiting -= size(&brought);
        self.run.progress.asked(days.len());
        let plan = self.ground.plan;
        let planned: Vec<(Day, &DayPlan)> = days.iter().filter_map(|day| Some((*day, plan.get(day)?))).collect();
        if let Some((culprit, _)) = failed.first_key_value() {
            for day in &days {
                let with = || format!("an activity moved between this day and {culprit}, which failed");
                let reason = failed.get(day).cloned().unwrap_or_else(with);
                self.run.fail(*day, &reason);
            }
            return Ok(());
        }
        // Every document is written anew from what was held before the first of them changes.
        let mut anew = Vec::new();
        for (day, one) in &planned {
            match self.anew(*day, one, &mut brought) {
                Ok(content) => anew.push((*day, content)),
                Err(RecordError::Archive(error)) => return Err(Ended::Archive(error)),
                Err(error) => {
                    days.iter().for_each(|day| self.run.fail(*day, &error.to_string()));
                    return Ok(());
                }
            }
        }
        // What moves to another day is not lost.
        let moved = planned.iter().flat_map(|(_, one)| &one.tasks);
        self.run.excused.extend(moved.filter_map(|task| task.moved_from));
        // What leaves one day must enter the other: none is written where one cannot be.
        if anew.len() > 1 {
            for (day, (resources, _)) in &anew {
                match self.run.recorder.can_take(*day, resources) {
                    Ok(()) => {}
                    Err(RecordError::Archive(error)) => return Err(Ended::Archive(error)),
                    Err(error) => {
                        let reason = format!("{day}: {error}");
                        anew.iter().for_each(|(day, _)| self.run.fail(*day, &reason));
                        return Ok(());
                    }
                }
            }
        }
        for (day, (resources, gone)) in anew {
            if resources.is_empty() && gone.is_empty() {
                // All that the day would hold is still being recorded.
                continue;
            }
            let was_held = self.run.recorder.held().contains_key(&day);
            match self.run.recorder.replace(day, DayContent { resources, ..DayContent::default() }, &gone) {
                Ok(now) => {
                    if let Some((blob, document)) = now {
                        self.index.note(day, blob, document.root());
                    }
                    self.run.asked_again += usize::from(was_held);
                    self.run.recorder.tally().asked += 1;
                    self.run.checked.day(day, self.run.job.clock.now());
                }
                Err(RecordError::Archive(error)) => return Err(Ended::Archive(error)),
                Err(error) => self.run.fail(day, &error.to_string()),
            }
        }
        Ok(())
    }

    /// The resources of a day anew, and those of which nothing is left.
    fn anew(
        &mut self,
        day: Day,
        one: &DayPlan,
        brought: &mut Brought,
    ) -> Result<(Resources, Vec<String>), RecordError> {
        let document = self.run.recorder.document(day)?;
        let (mut resources, mut gone) = (Resources::new(), Vec::new());
        for (number, listed) in self.ground.lists.iter().enumerate() {
            let feed = &listed.feed;
            let tasks: Vec<&Task> = one.tasks.iter().filter(|task| task.key.0 == number).collect();
            let leaving: Vec<&Key> = one.leaving.iter().filter(|key| key.0 == number).collect();
            if tasks.is_empty() && leaving.is_empty() {
                continue;
            }
            let mut activities = Activities::of(document.as_ref(), feed);
            for task in tasks {
                // What is not there yet stays out, and what it was stays.
                let Some(parts) = brought.remove(&task.key) else { continue };
                let id = &task.key.1;
                let from = self.ground.held.get(&task.key).map(|old| old.day).filter(|from| *from != day);
                let other = from.map(|from| self.run.recorder.document(from)).transpose()?.flatten();
                let other = other.map(|other| Activities::of(Some(&other), feed));
                let old = other.as_ref().map_or_else(|| activities.get(id), |other| other.get(id));
                let list = listed.entries.get(id).map(|entry| &entry.list).filter(|_| task.take_list);
                if let Some(activity) = assemble(feed, old, list, parts) {
                    activities.insert(id, activity);
                }
            }
            leaving.iter().for_each(|key| activities.remove(&key.1));
            match activities.text() {
                Some(text) => {
                    resources.insert(feed.resource.clone(), text);
                }
                None if document.is_some() => gone.push(feed.resource.clone()),
                None => {}
            }
        }
        Ok((resources, gone))
    }

    async fn wait(&mut self, reason: &str, until: DateTime<Utc>) -> Result<(), Ended> {
        self.record_whole()?;
        let since = *self.paused.get_or_insert_with(Instant::now);
        self.run.wait(reason, until, since).await
    }
}

impl Group {
    /// Whether what comes of an activity is still of use.
    fn awaits(&self, task: &Task) -> bool {
        self.failed.is_empty() && !self.not_yet.contains(&task.key)
    }

    /// Takes those out of the queue that are of no more use.
    fn drop_from<'f>(&mut self, queue: &mut VecDeque<Queued<'f>>, is_useless: impl Fn(&Queued<'f>) -> bool) {
        let before = queue.len();
        queue.retain(|queued| !is_useless(queued));
        self.left -= before - queue.len();
    }
}

/// Asks for a part of an activity, if any is to be asked for.
async fn ask<'f>(
    session: &Session,
    provider: &dyn ActivityProvider,
    feed: &Feed,
    queued: Queued<'f>,
) -> (Queued<'f>, Result<Option<Part>, FetchError>) {
    let answered = match queued.part {
        Some(part) => provider.part(session, feed, &queued.task.key.1, part).await.map(Some),
        None => Ok(None),
    };
    (queued, answered)
}

/// How many bytes were told.
fn size(brought: &Brought) -> usize {
    brought.values().flatten().map(|(_, part)| length(part)).sum()
}

fn length(part: &Part) -> usize {
    if let Part::Told(text) = part { text.as_bytes().len() } else { 0 }
}
