//! A stream's records of a day from two exports, where neither need have all of them.

use std::collections::HashSet;

use super::catalogue::STREAMS;
use super::stamp::Stamp;
use crate::json::{Json, Value};
use crate::model::{JsonList, JsonText};
use crate::providers::EXPORTED;

/// The new records and those held that none of them replaces, by time.
pub fn join(resource: &str, held: &JsonText, new: JsonText) -> JsonText {
    let (Ok(old), Ok(parsed)) = (Json::parse(held.as_bytes()), Json::parse(new.as_bytes())) else { return new };
    let keys: HashSet<String> = parsed.root().items().map(key).collect();
    let mut list = JsonList::default();
    let mut times = Vec::new();
    let kept = old.root().items().filter(|record| !keys.contains(&key(*record)));
    for record in kept.chain(parsed.root().items()) {
        times.push(time(resource, record));
        list.push(record);
    }
    let mut order: Vec<usize> = (0..list.len()).collect();
    order.sort_by_key(|at| times.get(*at).copied().flatten());
    list.array(order)
}

/// What tells a record apart: the members that do so in any stream, or all of it.
fn key(record: Value<'_>) -> String {
    let parts: Vec<_> = EXPORTED.keys.iter().map(|name| record.get(name).map(Value::line)).collect();
    if parts.iter().all(Option::is_none) {
        return record.line();
    }
    parts.into_iter().map(Option::unwrap_or_default).collect::<Vec<_>>().join("\n")
}

/// Microseconds since 1970, by whatever clock the stream has.
fn time(resource: &str, record: Value<'_>) -> Option<i64> {
    let stream = STREAMS.iter().find(|stream| stream.resource == resource)?;
    let text = stream.time.iter().find_map(|name| record.get(name)?.as_str())?;
    Some(Stamp::read(&text)?.moment().and_utc().timestamp_micros())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_stays_unless_it_is_told_anew() {
        let text = |json: &str| JsonText::parse(json.as_bytes()).unwrap();
        let held = text(
            r#"[{"timestamp":"2024-03-01T10:00:00Z","steps":"1","data source":"a"},
                {"timestamp":"2024-03-01T10:00:00Z","steps":"2","data source":"b"},
                {"timestamp":"2024-03-01T12:00:00Z","steps":"3","data source":"a"}]"#,
        );
        let new = text(
            r#"[{"timestamp":"2024-03-01T10:00:00Z","steps":"9","data source":"b"},
                {"timestamp":"2024-03-01T11:00:00Z","steps":"4","data source":"a"}]"#,
        );
        let joined = join("export/google/steps", &held, new);
        let json = Json::parse(joined.as_bytes()).unwrap();
        let steps: Vec<_> = json.root().items().map(|row| row.get("steps").unwrap().as_str().unwrap()).collect();
        assert_eq!(steps, ["1", "9", "4", "3"]);
        assert_eq!(join("export/google/steps", &joined, joined.clone()).as_bytes(), joined.as_bytes());
    }
}
