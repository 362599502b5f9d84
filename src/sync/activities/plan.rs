//! What to ask for. Pure: what is listed and held goes in.

use std::collections::{BTreeMap, BTreeSet};

use super::held::Held;
use super::walk::Listed;
use crate::model::Day;
use crate::sync::Wish;

/// An activity by the number of its feed and its id.
pub(super) type Key = (usize, String);

/// What the person wants.
pub(super) struct Wanted<'a> {
    pub wish: &'a Wish,
    pub resources: &'a [String],
    /// Just these resources.
    pub only: bool,
    pub types: Option<&'a [String]>,
    /// The first day wanted.
    pub since: Option<Day>,
    pub today: Day,
    /// Settled days to be checked again.
    pub recheck: &'a BTreeSet<Day>,
    /// What the service itself says was changed, though its list may not show it.
    pub modified: &'a BTreeSet<String>,
}

/// What to do about one activity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Task {
    pub key: Key,
    /// Parts to ask for.
    pub parts: Vec<&'static str>,
    /// Whether its entry of the list is taken.
    pub take_list: bool,
    /// The other day that holds it until now.
    pub moved_from: Option<Day>,
}

/// What to do about one day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct DayPlan {
    pub tasks: Vec<Task>,
    /// Activities that leave it.
    pub leaving: BTreeSet<Key>,
}

/// Days, each with what to do about it.
pub(super) type Plan = BTreeMap<Day, DayPlan>;

impl Wanted<'_> {
    fn is_range(&self) -> bool {
        self.wish.since.is_some() || self.wish.until.is_some()
    }

    /// Whether a day may be touched at all.
    pub fn is_asked(&self, day: Day) -> bool {
        let after = |first: Option<Day>| first.is_none_or(|first| day >= first);
        after(self.since) && after(self.wish.since) && self.wish.until.is_none_or(|last| day <= last)
    }

    fn is_fresh(&self, day: Day) -> bool {
        let window = self.today.plus(1 - i64::from(self.wish.window));
        if self.is_range() { self.is_asked(day) } else { day >= window || self.recheck.contains(&day) }
    }

    fn is_of_type(&self, kinds: &[String]) -> bool {
        self.types.is_none_or(|types| kinds.is_empty() || kinds.iter().any(|kind| types.contains(kind)))
    }
}

/// What to ask for: what is new, what changed, what lies in the window, what lacks a part.
pub(super) fn plan(lists: &[Listed], held: &BTreeMap<Key, Held>, wanted: &Wanted<'_>) -> Plan {
    let mut plan = Plan::new();
    let has = |name: &str| wanted.resources.iter().any(|one| one == name);
    for (feed_number, listed) in lists.iter().enumerate() {
        let feed = &listed.feed;
        let parts: Vec<&'static str> = feed.parts.iter().copied().filter(|part| has(part)).collect();
        for entry in listed.entries.values().filter(|entry| wanted.is_of_type(&entry.kinds)) {
            let key = (feed_number, entry.id.clone());
            let old = held.get(&key);
            let take_list = old.is_none() || feed.is_bare || !wanted.only || has("list");
            let day = match old {
                Some(old) if !take_list => old.day,
                _ => entry.day,
            };
            if !wanted.is_asked(day) && !old.is_some_and(|old| wanted.is_asked(old.day)) {
                continue;
            }
            let changed = old.is_none_or(|old| old.day != day || old.known.substance != entry.substance);
            let lacks = |part: &&str| old.is_none_or(|old| !old.known.parts.contains(*part));
            let all = changed || wanted.is_fresh(day) || wanted.modified.contains(&entry.id);
            let parts: Vec<_> = parts.iter().copied().filter(|part| all || lacks(part)).collect();
            if parts.is_empty() && !(take_list && changed) {
                continue;
            }
            let moved_from = old.map(|old| old.day).filter(|from| *from != day);
            if let Some(from) = moved_from {
                plan.entry(from).or_default().leaving.insert(key.clone());
            }
            plan.entry(day).or_default().tasks.push(Task { key, parts, take_list, moved_from });
        }
    }
    plan
}

/// What is held and stands in no list any more, though the list is whole.
pub(super) fn missing<'h>(lists: &[Listed], held: &'h BTreeMap<Key, Held>, wanted: &Wanted<'_>) -> Vec<(&'h Key, Day)> {
    let is_missing = |(key, old): &(&Key, &Held)| {
        let listed = &lists[key.0];
        let told = listed.entries.contains_key(&key.1) || listed.unusable.contains_key(&key.1);
        let whole = listed.doubt.is_none() && !listed.entries.is_empty();
        whole && !told && !wanted.only && wanted.is_asked(old.day)
    };
    held.iter().filter(is_missing).map(|(key, old)| (key, old.day)).collect()
}

/// Days that must change together, for an activity leaves one and enters the other; newest first.
pub(super) fn groups(plan: &Plan) -> Vec<BTreeSet<Day>> {
    let mut links: BTreeMap<Day, BTreeSet<Day>> = plan.keys().map(|day| (*day, BTreeSet::new())).collect();
    for (day, one) in plan {
        for from in one.tasks.iter().filter_map(|task| task.moved_from) {
            links.entry(*day).or_default().insert(from);
            links.entry(from).or_default().insert(*day);
        }
    }
    let mut groups = Vec::new();
    let mut done = BTreeSet::new();
    for day in plan.keys().rev() {
        let (mut group, mut open) = (BTreeSet::new(), vec![*day]);
        while let Some(next) = open.pop() {
            if done.insert(next) {
                group.insert(next);
                open.extend(links.get(&next).into_iter().flatten());
            }
        }
        if !group.is_empty() {
            groups.push(group);
        }
    }
    groups
}
