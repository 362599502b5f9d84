//! Any bytes as an answer of Runkeeper.

use super::{answer as words, changes};
use crate::fuzzing::fuzz_target;
use crate::json::{Json, Kind, Value};
use crate::providers::Changes;
use crate::providers::fuzz::answer;
use crate::providers::reading::parse_as;

fuzz_target!(runkeeper_answer, |bytes| {
    let answer = words::in_utf8(answer(bytes));
    let Ok(json) = parse_as("Runkeeper", &answer, "the list", Kind::Object) else { return };
    let root = json.root();
    for entry in root.get("items").into_iter().flat_map(Value::items).chain([root]) {
        if let Some(start) = words::start(entry) {
            // It sorts by time, and begins with the day.
            assert!(start.len() >= 19 && start.contains('T'), "{start}");
        }
    }
    let mut told = Changes::default();
    changes::read(root, &mut told);
    let mut again = Changes::default();
    if let Ok(json) = Json::parse(json.canonical()) {
        changes::read(json.root(), &mut again);
    }
    assert_eq!((told.modified, told.deleted), (again.modified, again.deleted));
});
