//! The log of what was changed: the only place that tells of an edit which the feeds do not show, and of
//! deletions in so many words.

use chrono::{DateTime, TimeDelta, Utc};

use super::answer::ask;
use crate::auth::Session;
use crate::http::FetchError;
use crate::json::{Kind, Value};
use crate::providers::Changes;

/// The longest time that is asked for at once; the log of a whole app is said to tell no more.
const SPAN: TimeDelta = TimeDelta::days(7);

/// Times in the log have no zone, and clocks differ: so much more is asked for at both ends.
const OVERLAP: TimeDelta = TimeDelta::days(1);

/// Asks the log at `place` for what was changed since it was last asked, or in its last week, newest first.
pub(super) async fn ask_all(
    session: &Session,
    place: &str,
    since: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<Changes, FetchError> {
    let first = since.map_or(now - SPAN, |since| since - OVERLAP);
    let (mut changes, mut last) = (Changes::default(), None);
    while last.is_none_or(|last| last > first) {
        // What was changed just now must not fall out of the newest span, which therefore has no end.
        let start = last.map_or(now - SPAN + OVERLAP, |last: DateTime<Utc>| last - SPAN).max(first);
        let time = |time: DateTime<Utc>| time.format("%Y-%m-%dT%H:%M:%S");
        let until = last.map(|last| format!("&modifiedNoLaterThan={}", time(last))).unwrap_or_default();
        let address = format!("{place}?modifiedNoEarlierThan={}{until}", time(start));
        match ask(session, &address, "ChangeLog", "the log of changes", Kind::Object).await {
            Ok(json) => read(json.root(), &mut changes),
            // It does not reach back so far: what it told of later days holds.
            Err(FetchError::Refused { .. }) if last.is_some() => break,
            Err(error) => return Err(error),
        }
        last = Some(start);
    }
    Ok(changes)
}

/// Reads what each feed had: `{"weight": [{"modified": [item, …], "deleted": [address, …]}]}`.
pub(super) fn read(log: Value<'_>, changes: &mut Changes) {
    for (_, feed) in log.members() {
        let each: Vec<Value<'_>> = if feed.kind() == Kind::Array { feed.items().collect() } else { vec![feed] };
        for one in each {
            let items = |name: &str| one.get(name).into_iter().flat_map(|list| list.items().collect::<Vec<_>>());
            let text = |value: Value<'_>| value.as_str().map(|text| text.into_owned());
            changes.modified.extend(items("modified").filter_map(|item| text(item.get("uri")?)));
            changes.deleted.extend(items("deleted").filter_map(text));
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::json::Json;

    #[test]
    fn what_changed_is_told_by_feed_in_one_piece_or_several() {
        let mut changes = Changes::default();
        for text in [
            r#"{"weight": [{"modified": [{"uri": "/weight/1", "weight": 63}]}, {"deleted": ["/weight/2"]}], "sleep": []}"#,
            r#"{"fitness_activities": {"modified": [{"uri": "/fitnessActivities/3"}, {}], "deleted": [4]}}"#,
        ] {
            read(Json::parse(text).unwrap().root(), &mut changes);
        }
        assert_eq!(changes.modified.iter().collect::<Vec<_>>(), ["/fitnessActivities/3", "/weight/1"]);
        assert_eq!(changes.deleted.iter().collect::<Vec<_>>(), ["/weight/2"]);
    }
}
