//! Revisions: what one commit did to one day, or to one file of any repository.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::Finding;
use crate::archive::{BlobId, CommitId, FileChange, Place, Scope, Step};
use crate::config::{ArchiveSettings, ProviderSettings};
use crate::json::{Identity, RecordRules};
use crate::model::{Action, Day, ProviderName, RevisionKind};
use crate::providers;

/// One change of one document in one commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    /// The commit.
    pub commit: CommitId,
    /// The committer's time.
    pub time: DateTime<Utc>,
    /// What made the commit, if fitsnap did.
    pub action: Option<Action>,
    /// What changed.
    pub subject: Subject,
    /// The content before, if the document was there.
    pub old: Option<BlobId>,
    /// The content after, if the document is there.
    pub new: Option<BlobId>,
    again: bool,
}

/// What a revision is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A day document.
    Day(DayOf),
    /// A file, by its path from the root of the repository.
    File(String),
}

/// A day of a provider, as it stood to one commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayOf {
    /// Whose day it is.
    pub provider: ProviderName,
    /// The day.
    pub day: Day,
    /// Whole days from the end of the day to the commit; 0 while the day runs or the day after.
    pub days_after: i64,
    /// Whether the day had left the provider's window.
    pub settled: bool,
}

impl Revision {
    /// The revisions of a step: by provider, of each the latest day first; of files, by path.
    pub(super) fn of_step(step: &Step, scope: &Scope, facts: &Facts) -> Vec<Revision> {
        let mut revisions: Vec<Revision> =
            step.changes.iter().filter_map(|change| Revision::of_change(step, change, scope, facts)).collect();
        revisions.sort_by(|one, other| match (&one.subject, &other.subject) {
            (Subject::Day(one), Subject::Day(other)) => one.provider.cmp(&other.provider).then(other.day.cmp(&one.day)),
            _ => std::cmp::Ordering::Equal,
        });
        revisions
    }

    fn of_change(step: &Step, change: &FileChange, scope: &Scope, facts: &Facts) -> Option<Revision> {
        let subject = match (scope, Place::of(&change.path)) {
            (Scope::Files(_), _) => Subject::File(change.path.clone()),
            (_, Place::Day(provider, day)) => {
                let settled = settled(day, step.time, facts.of(&provider).window);
                Subject::Day(DayOf { provider, day, days_after: days_after(day, step.time), settled })
            }
            _ => return None,
        };
        Some(Revision {
            commit: step.commit,
            time: step.time,
            action: step.action,
            subject,
            old: change.old,
            new: change.new,
            again: change.again,
        })
    }

    /// The day that it is of, if it is of one.
    pub fn day(&self) -> Option<&DayOf> {
        match &self.subject {
            Subject::Day(day) => Some(day),
            Subject::File(_) => None,
        }
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
pub(super) fn days_after(day: Day, time: DateTime<Utc>) -> i64 {
    (time - day.end_utc()).num_days().max(0)
}

/// Whether a day has left a window of so many days, today included.
pub(super) fn settled(day: Day, time: DateTime<Utc>, window: u32) -> bool {
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
    /// What holds for files of any repository: their records are told apart by a member of this name,
    /// or by what looks like one.
    pub fn of_files(key: Option<String>) -> Facts {
        // Rules live as long as the program, as those of the providers do.
        let rules = key.map(|key| {
            let keys: &'static [&'static str] = Box::leak(Box::new([&*key.leak()]));
            RecordRules { identities: Box::leak(Box::new([Identity { array: "**", keys }])), volatile: &[] }
        });
        let window = ProviderSettings::default().window;
        Facts { providers: BTreeMap::new(), other: Fact { window, rules: rules.unwrap_or_default() } }
    }

    /// What the settings say of the providers; where they say nothing the name tells the service.
    pub fn of_archive(settings: &ArchiveSettings, names: &[ProviderName]) -> Facts {
        let rules =
            |kind: &str| providers::provider(kind).map(|provider| provider.description().rules).unwrap_or_default();
        let window = ProviderSettings::default().window;
        let fact = |name: &ProviderName| {
            let said = settings.providers.get(name);
            let kind = said.map_or(name.as_str(), |said| said.kind.as_str());
            Fact { window: said.map_or(window, |said| said.window), rules: rules(kind) }
        };
        let providers = settings.providers.keys().chain(names).map(|name| (name.clone(), fact(name))).collect();
        Facts { providers, other: Fact { window, rules: RecordRules::default() } }
    }

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
