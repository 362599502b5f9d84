//! How each provider goes on changing its days: everything that `stats` and `report` tell.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::{Audit, DayOf, Finding, Query, Revision, Wanted};
use crate::archive::{ArchiveError, CommitId, Scope};
use crate::model::{Day, ProviderName, RevisionKind};

/// How many members and rewrites are named.
const NAMED: usize = 12;

/// What there is to know of one provider.
#[derive(Clone, Debug, Default)]
pub struct ProviderSurvey {
    /// The days held now, each with the size of its document in bytes.
    pub held: BTreeMap<Day, u64>,
    /// How often each day was changed after its first revision.
    pub changes: BTreeMap<Day, usize>,
    /// The provider's window in days.
    pub window: u32,
    /// All resources together.
    pub whole: Pace,
    /// Each resource.
    pub resources: BTreeMap<String, Pace>,
    /// The rewrites of most records, the largest first.
    pub largest: Vec<Rewrite>,
    /// Revisions of which it cannot be said what they changed.
    pub unreadable: usize,
}

/// How days are changed: of one resource, or of a provider.
#[derive(Clone, Debug, Default)]
pub struct Pace {
    /// The days that ever had it.
    pub days: BTreeSet<Day>,
    /// The days that were changed after their first revision.
    pub changed: BTreeSet<Day>,
    /// The days of which values were altered, or something went.
    pub rewritten: BTreeSet<Day>,
    /// How many changes came so many days after the day's end.
    pub days_after: BTreeMap<i64, usize>,
    /// How many changes a window of so many days would just have caught.
    pub windows: BTreeMap<i64, usize>,
    /// How many changes came after the day had settled: a recheck found them, not the window.
    pub late: usize,
    /// How often each member changed.
    pub members: BTreeMap<String, usize>,
}

/// One rewrite of one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rewrite {
    /// How many records it altered, added and removed.
    pub records: usize,
    /// The commit.
    pub commit: CommitId,
    /// Its time.
    pub time: DateTime<Utc>,
    /// The day.
    pub day: Day,
    /// What it comes to.
    pub kind: RevisionKind,
    /// Whole days after the day's end.
    pub days_after: i64,
}

impl ProviderSurvey {
    /// Days between the first and the last that are not held.
    pub fn gaps(&self) -> Vec<(Day, Day)> {
        let days: Vec<Day> = self.held.keys().copied().collect();
        let holes = days.windows(2).filter(|pair| pair[1].days_since(pair[0]) > 1);
        holes.map(|pair| (pair[0].plus(1), pair[1].plus(-1))).collect()
    }

    fn add(&mut self, revision: &Revision, of: &DayOf, kind: RevisionKind, finding: &Finding) {
        self.unreadable += usize::from(finding.problem.is_some());
        // A day that is new brings its resources; a day that comes back had them.
        if kind == RevisionKind::New || revision.old.is_none() {
            self.whole.days.insert(of.day);
            for name in finding.resources.keys() {
                self.resources.entry(name.clone()).or_default().days.insert(of.day);
            }
        }
        if matches!(kind, RevisionKind::New | RevisionKind::Reformatted) {
            return;
        }
        *self.changes.entry(of.day).or_default() += 1;
        let rewrites = kind != RevisionKind::Grown;
        self.whole.add(revision.time, of, rewrites);
        for (name, [altered, added, removed]) in &finding.resources {
            let pace = self.resources.entry(name.clone()).or_default();
            pace.days.insert(of.day);
            // A member that a record gained counts as altered, and yet such a revision only grew.
            let changed = altered + removed > 0 || (kind == RevisionKind::Restored && *added > 0);
            pace.add(revision.time, of, rewrites && changed);
        }
        for (name, members) in &finding.members {
            let pace = self.resources.entry(name.clone()).or_default();
            for (member, count) in members {
                *pace.members.entry(member.clone()).or_default() += count;
            }
        }
        if rewrites {
            let records = finding.resources.values().flatten().sum();
            let Revision { commit, time, .. } = *revision;
            let DayOf { day, days_after, .. } = *of;
            self.largest.push(Rewrite { records, commit, time, day, kind, days_after });
            if self.largest.len() > NAMED * 8 {
                self.keep_largest();
            }
        }
    }

    fn keep_largest(&mut self) {
        self.largest.sort_by_key(|rewrite| (std::cmp::Reverse(rewrite.records), std::cmp::Reverse(rewrite.time)));
        self.largest.truncate(NAMED);
    }
}

impl Pace {
    fn add(&mut self, time: DateTime<Utc>, of: &DayOf, rewrites: bool) {
        self.changed.insert(of.day);
        if rewrites {
            self.rewritten.insert(of.day);
        }
        *self.days_after.entry(of.days_after).or_default() += 1;
        let today = Day::from_date(time.date_naive()).unwrap_or(of.day);
        *self.windows.entry((today.days_since(of.day) + 1).max(1)).or_default() += 1;
        self.late += usize::from(of.settled);
    }

    /// How many changes there were.
    pub fn changes(&self) -> usize {
        self.days_after.values().sum()
    }

    /// After how many days so many percent of the changes had come.
    pub fn days_after(&self, percent: usize) -> Option<i64> {
        rank(&self.days_after, percent)
    }

    /// The window in days that would have caught so many percent of the changes.
    pub fn window(&self, percent: usize) -> Option<i64> {
        rank(&self.windows, percent)
    }

    /// The members that changed most, with how often.
    pub fn most_changed(&self) -> Vec<(&str, usize)> {
        let mut members: Vec<(&str, usize)> =
            self.members.iter().map(|(member, count)| (member.as_str(), *count)).collect();
        members.sort_by_key(|(member, count)| (std::cmp::Reverse(*count), *member));
        members.truncate(NAMED);
        members
    }
}

/// The smallest value that so many percent of all do not exceed.
fn rank(counts: &BTreeMap<i64, usize>, percent: usize) -> Option<i64> {
    let wanted = (counts.values().sum::<usize>() * percent).div_ceil(100).max(1);
    let mut seen = 0;
    counts.iter().find_map(|(value, count)| {
        seen += count;
        (seen >= wanted).then_some(*value)
    })
}

impl Audit<'_> {
    /// Goes through the whole history of one provider or of all. Gives what each did, and the commits
    /// whose parents this clone does not have.
    ///
    /// # Errors
    /// When the history cannot be read.
    pub fn survey(
        &mut self,
        provider: Option<&ProviderName>,
    ) -> Result<(BTreeMap<ProviderName, ProviderSurvey>, Vec<CommitId>), ArchiveError> {
        let mut surveys: BTreeMap<ProviderName, ProviderSurvey> = BTreeMap::new();
        let snapshot = self.archive.snapshot()?;
        for name in snapshot.providers()?.into_iter().filter(|name| provider.is_none_or(|wanted| wanted == name)) {
            let survey = surveys.entry(name.clone()).or_default();
            for (day, blob) in snapshot.days(&name)? {
                survey.held.insert(day, self.archive.blob_size(blob)?);
            }
        }
        let query = Query {
            scope: provider.map_or(Scope::Data, |name| Scope::Provider(name.clone())),
            since: None,
            until: None,
            most: usize::MAX,
            kinds: RevisionKind::ALL.to_vec(),
            wanted: Wanted::Members,
        };
        let mut revisions = self.revisions(query)?;
        while let Some((revision, kind, finding)) = revisions.next()? {
            if let Some(of) = revision.day() {
                surveys.entry(of.provider.clone()).or_default().add(&revision, of, kind, &finding);
            }
        }
        let boundary = revisions.boundary().to_vec();
        for (name, survey) in &mut surveys {
            survey.window = self.facts.of(name).window;
            survey.keep_largest();
        }
        surveys.retain(|_, survey| !survey.held.is_empty() || !survey.whole.days.is_empty());
        Ok((surveys, boundary))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_the_smallest_value_that_so_many_do_not_exceed() {
        let counts: BTreeMap<i64, usize> = [(0, 90), (3, 5), (30, 4), (400, 1)].into();
        assert_eq!([50, 90, 95, 99, 100].map(|percent| rank(&counts, percent).unwrap()), [0, 0, 3, 30, 400]);
        assert_eq!(rank(&BTreeMap::new(), 99), None);
        assert_eq!(rank(&[(7, 1)].into(), 50), Some(7));
    }

    #[test]
    fn gaps_lie_between_the_first_and_the_last_day() {
        let days = ["2015-07-01", "2015-07-02", "2015-07-04", "2015-07-08"];
        let held = days.map(|day| (day.parse().unwrap(), 1)).into();
        let gaps = ProviderSurvey { held, ..ProviderSurvey::default() }.gaps();
        let gaps: Vec<String> = gaps.iter().map(|(first, last)| format!("{first} {last}")).collect();
        assert_eq!(gaps, ["2015-07-03 2015-07-03", "2015-07-05 2015-07-07"]);
    }
}
