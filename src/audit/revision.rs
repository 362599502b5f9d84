//! Revisions: what one commit did to one day.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::Finding;
use crate::archive::{BlobId, CommitId, FileChange, Place, Step};
use crate::json::RecordRules;
use crate::model::{Action, Day, ProviderName, RevisionKind};

/// One change of one day document in one commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    /// The commit.
    pub commit: CommitId,
    /// The committer's time.
    pub time: DateTime<Utc>,
    /// What made the commit, if fitsnap did.
    pub action: Option<Action>,
    /// Whose day it is.
    pub provider: ProviderName,
    /// The day.
    pub day: Day,
    /// The content before, if the document was there.
    pub old: Option<BlobId>,
    /// The content after, if the document is there.
    pub new: Option<BlobId>,
    /// Whole days from the end of the day to the commit; 0 while the day runs or the day after.
    pub days_after: i64,
    /// Whether the day had left the provider's window.
    pub settled: bool,
    again: bool,
}

impl Revision {
    /// The revisions of a step: by provider, of each the latest day first.
    pub fn of_step(step: &Step, facts: &Facts) -> Vec<Revision> {
        let mut revisions: Vec<Revision> =
            step.changes.iter().filter_map(|change| Revision::of_change(step, change, facts)).collect();
        revisions.sort_by(|one, other| one.provider.cmp(&other.provider).then(other.day.cmp(&one.day)));
        revisions
    }

    fn of_change(step: &Step, change: &FileChange, facts: &Facts) -> Option<Revision> {
        let Place::Day(provider, day) = Place::of(&change.path) else { return None };
        let (days_after, settled) = (days_after(day, step.time), settled(day, step.time, facts.of(&provider).window));
        Some(Revision {
            commit: step.commit,
            time: step.time,
            action: step.action,
            provider,
            day,
            old: change.old,
            new: change.new,
            days_after,
            settled,
            again: change.again,
        })
    }

    /// The kind, where it follows from whether and when the contents stood there.
    pub fn kind_by_presence(&self) -> Option<RevisionKind> {
        match (self.old, self.new) {
            (_, None) => Some(RevisionKind::Withdrawn),
            (_, Some(_)) if self.again => Some(RevisionKind::Restored),
            (None, Some(_)) => Some(RevisionKind::New),
            (Some(_), Some(_)) => None,
        }
    }

    /// The kind, after the contents were compared.
    pub fn kind(&self, finding: &Finding) -> RevisionKind {
        // Of what is no JSON it is known only that it differs.
        self.kind_by_presence().or(finding.kind).unwrap_or(RevisionKind::Revised)
    }
}

/// Whole days from the end of a day to a moment; 0 while the day runs or the day after.
pub fn days_after(day: Day, time: DateTime<Utc>) -> i64 {
    (time - day.end_utc()).num_days().max(0)
}

/// Whether a day has left a window of so many days, today included.
pub fn settled(day: Day, time: DateTime<Utc>, window: u32) -> bool {
    Day::from_date(time.date_naive()).is_some_and(|today| today.days_since(day) >= i64::from(window))
}

/// What the audit knows of one provider.
#[derive(Clone, Copy, Debug)]
pub struct Fact {
    /// Its window in days.
    pub window: u32,
    /// How its records are told apart.
    pub rules: RecordRules,
}

/// What the audit knows of the providers.
#[derive(Clone, Debug)]
pub struct Facts {
    /// By name.
    pub providers: BTreeMap<ProviderName, Fact>,
    /// What holds for a name that says nothing.
    pub other: Fact,
}

impl Facts {
    /// What holds for a provider.
    pub fn of(&self, provider: &ProviderName) -> &Fact {
        self.providers.get(provider).unwrap_or(&self.other)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn days_after_counts_whole_days_from_the_days_end() {
        let day: Day = "2015-07-05".parse().unwrap();
        let after = |time: &str| days_after(day, time.parse().unwrap());
        assert_eq!(after("2015-07-11T06:00:03Z"), 5);
        assert_eq!(after("2015-07-05T12:00:00Z"), 0);
        assert_eq!(after("2015-07-06T23:59:59Z"), 0);
        assert_eq!(after("2015-07-07T00:00:00Z"), 1);
        assert_eq!(after("2014-07-07T00:00:00Z"), 0);
    }

    #[test]
    fn a_day_settles_when_it_leaves_the_window() {
        let settled =
            |day: &str, window| settled(day.parse().unwrap(), "2015-07-11T06:00:03Z".parse().unwrap(), window);
        assert!(!settled("2015-07-05", 7));
        assert!(settled("2015-07-04", 7));
        assert!(settled("2015-07-10", 1) && !settled("2015-07-11", 1));
    }
}
