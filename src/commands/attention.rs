//! What went wrong while nobody looked: providers without a good sync for days, commits that wait for a push.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use crate::archive::{Apart, Archive, ArchiveError};
use crate::cli::{Ui, span_in_words};
use crate::config::ArchiveSettings;
use crate::model::{ProviderName, timestamp};

/// So long without a good sync is no accident.
const LONG_AGO: TimeDelta = TimeDelta::days(5);

/// Commits may wait so long for their push: less than the time between two daily syncs, so that the second
/// of them tells of the first one's push.
pub(super) const PUSHED_WITHIN: TimeDelta = TimeDelta::hours(20);

/// One thing that a person should look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Attention {
    /// The provider, where it is about one.
    provider: Option<String>,
    /// Since when it is so, in RFC 3339.
    since: String,
    /// What is wrong.
    says: String,
    /// What to do.
    #[serde(rename = "do")]
    todo: String,
}

/// Looks at the providers of the settings and at the remote.
///
/// # Errors
/// When the history cannot be walked.
pub(super) fn look(
    archive: &Archive,
    settings: &ArchiveSettings,
    now: DateTime<Utc>,
) -> Result<Vec<Attention>, ArchiveError> {
    let names: BTreeSet<ProviderName> = settings.providers.keys().cloned().collect();
    let last = last_good(archive, &names, now)?;
    let mut found = Vec::new();
    for name in names {
        let overdue = match last.get(&name) {
            Some(last) => overdue(*last, now).map(|words| (*last, format!("the last good sync was {words}"))),
            None => archive.named_since(&name)?.filter(|since| now - *since > LONG_AGO).map(|since| {
                (since, format!("no good sync yet, and fitsnap.toml has named it since {}", in_words(since)))
            }),
        };
        found.extend(overdue.map(|(since, says)| {
            Attention {
                provider: Some(name.to_string()),
                since: timestamp(since),
                says,
                todo: "what stands in its way: fitsnap doctor; what should run it every day: fitsnap schedule status"
                    .to_owned(),
            }
        }));
    }
    found.extend(archive.apart()?.and_then(|apart| unpushed(apart, now)));
    Ok(found)
}

/// Tells a person what was found.
pub(super) fn tell(found: &[Attention], ui: &mut Ui) {
    for one in found {
        let about = one.provider.as_ref().map(|name| format!("{name}: ")).unwrap_or_default();
        ui.warn(format!("{about}{}", one.says));
    }
    for todo in found.iter().map(|one| one.todo.as_str()).collect::<BTreeSet<_>>() {
        ui.hint(todo);
    }
}

/// How long ago the last good sync was, where that is too long: `6 d 0 h ago, on 2015-07-05 06:00 UTC`.
pub(super) fn overdue(last: DateTime<Utc>, now: DateTime<Utc>) -> Option<String> {
    let ago = (now - last).to_std().ok().filter(|_| now - last > LONG_AGO)?;
    Some(format!("{} ago, on {}", span_in_words(ago), in_words(last)))
}

/// A moment, to the minute.
pub(super) fn in_words(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%d %H:%M UTC").to_string()
}

fn unpushed(apart: Apart, now: DateTime<Utc>) -> Option<Attention> {
    let since = apart.oldest.filter(|oldest| now - *oldest > PUSHED_WITHIN)?;
    let (commits, wait, their) = match apart.unpushed {
        1 => ("1 commit".to_owned(), "waits", "its"),
        count => (format!("{count} commits"), "wait", "their"),
    };
    let todo = match apart.unpulled {
        0 => "see why with: git push",
        _ => "the remote has commits that this clone lacks: git pull, then git push",
    };
    Some(Attention {
        provider: None,
        since: timestamp(since),
        says: format!("{commits} {wait} for {their} push since {}: pushing fails, or nobody does it", in_words(since)),
        todo: todo.to_owned(),
    })
}

/// When the last good sync of each provider was, as far as this machine and the commits tell.
fn last_good(
    archive: &Archive,
    names: &BTreeSet<ProviderName>,
    now: DateTime<Utc>,
) -> Result<BTreeMap<ProviderName, DateTime<Utc>>, ArchiveError> {
    let known = |name: &ProviderName| Some((name.clone(), archive.checked(name).last_sync()?));
    let mut last: BTreeMap<ProviderName, DateTime<Utc>> = names.iter().filter_map(known).collect();
    // The history is only walked for what this machine does not know to be well: another one may have synced it.
    let open = names.iter().filter(|name| last.get(name).is_none_or(|last| now - *last > LONG_AGO)).cloned();
    for (name, time) in archive.last_syncs(&open.collect())? {
        let known = last.entry(name).or_insert(time);
        *known = time.max(*known);
    }
    Ok(last)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn now() -> DateTime<Utc> {
        "2015-07-11T06:00:00Z".parse().unwrap()
    }

    #[test]
    fn five_days_without_a_sync_are_told() {
        let said = |days: i64| overdue(now() - TimeDelta::days(days), now());
        assert_eq!(said(5), None);
        assert_eq!(said(6).unwrap(), "6 d 0 h ago, on 2015-07-05 06:00 UTC");
        assert_eq!(said(-9), None);
    }

    #[test]
    fn the_next_days_sync_tells_of_a_push_that_was_not() {
        let apart = |hours: i64, unpulled: usize| {
            let oldest = Some(now() - TimeDelta::hours(hours));
            unpushed(Apart { unpushed: 2, oldest, unpulled }, now())
        };
        assert_eq!(apart(19, 0), None);
        let told = apart(23, 0).unwrap();
        assert!(told.says.starts_with("2 commits wait for their push since 2015-07-10 07:00 UTC"), "{}", told.says);
        assert!(apart(23, 1).unwrap().todo.contains("git pull"));
        assert_eq!(unpushed(Apart::default(), now()), None);
    }
}
