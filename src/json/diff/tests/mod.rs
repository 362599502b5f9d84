#![allow(clippy::unwrap_used)]

mod apply;
mod fuzz;
mod properties;
mod rules;

use super::{Change, Comparison, Identity, RecordRules, Substance, compare};
use crate::json::Json;
use apply::apply;

/// Keys like those of Moves, and volatile members like those of Strava.
const RULES: RecordRules = RecordRules {
    identities: &[
        Identity { array: "storyline", keys: &["date"] },
        Identity { array: "storyline/*/segments", keys: &["startTime"] },
        Identity { array: "**/trackPoints", keys: &["time"] },
        Identity { array: "keyed", keys: &["kind", "at/day"] },
    ],
    volatile: &["activities/*/kudos_count", "activities/*/photos/**/url", "profile/seen", "**/trackPoints/*/etag"],
};

/// Compares two documents and checks what holds for all comparisons: the edits turn the old one into the new one,
/// volatile members among them, and lead to the values they name.
fn differ(old: &str, new: &str, rules: &RecordRules) -> Comparison {
    let (old, new) = (Json::parse(old).unwrap(), Json::parse(new).unwrap());
    let found = compare(old.root(), new.root(), rules);
    let edits: Vec<_> = found.edits.iter().chain(&found.volatile_edits).cloned().collect();
    let applied = apply(old.root(), &edits).map(|text| String::from_utf8(text).unwrap());
    let wanted = String::from_utf8(new.canonical()).unwrap();
    assert_eq!(applied.as_ref(), Some(&wanted), "{edits:#?}");
    for edit in &edits {
        let gone = matches!(edit.change, Change::MemberRemoved | Change::RecordRemoved);
        let (document, line) = if gone { (old.root(), &edit.old) } else { (new.root(), &edit.new) };
        assert_eq!(document.pointer(&edit.path).map(|value| value.line()), *line, "{edit:?}");
        assert!(gone == edit.new.is_none() && edit.old != edit.new, "{edit:?}");
    }
    assert_eq!(edits.is_empty(), old.root().same(new.root()));
    if let (Some(one), Some(other)) = (old.root().get("resources"), new.root().get("resources")) {
        let same = !found.edits.iter().any(|edit| edit.path.starts_with("/resources"));
        let mut substance = Substance::new(rules);
        assert_eq!(substance.of(&[], one) == substance.of(&[], other), same, "{:#?}", found.edits);
    }
    found
}
