//! One test for each rule.

use super::{RULES, differ};
use crate::json::{Change, ChangeKind, Comparison, Counts, Json, PathStep, RecordRules, Substance};
use Change::{MemberAdded, MemberAltered, MemberRemoved, RecordAdded, RecordRemoved, Reordered};
use ChangeKind::{Grown, Revised, Shrunk, Unchanged};

fn day(resources: &str) -> String {
    format!(r#"{{"date":"2015-07-10","provider":"moves","resources":{{{resources}}}}}"#)
}

/// Compares one resource in two states and checks kind, counts (altered, added, removed) and the edits' paths below it.
fn check(
    name: &str,
    old: &str,
    new: &str,
    kind: ChangeKind,
    counts: [usize; 3],
    edits: &[(Change, &str)],
) -> Comparison {
    let resource = |value: &str| day(&format!("{}:{value}", crate::json::quote(name)));
    let found = differ(&resource(old), &resource(new), &RULES);
    let shown: Vec<_> = found.edits.iter().map(|edit| (edit.change, edit.path.as_str())).collect();
    let ahead = format!("/resources/{name}");
    let wanted: Vec<_> = edits.iter().map(|(change, path)| (*change, format!("{ahead}{path}"))).collect();
    assert_eq!(shown, wanted.iter().map(|(change, path)| (*change, path.as_str())).collect::<Vec<_>>());
    assert_eq!(found.kind(), kind);
    let [altered, added, removed] = counts;
    let stands = found.resources.get(name).copied();
    let wanted = Counts { altered, added, removed };
    assert_eq!(stands, if edits.is_empty() { None } else { Some(wanted) });
    assert_eq!(found.is_empty(), edits.is_empty());
    found
}

#[test]
fn nothing_but_the_spelling_differs() {
    check("heart", r#"[{"time":"1","value":60.0}]"#, r#"[{"value":6E1,"time":"\u0031"}]"#, Unchanged, [0, 0, 0], &[]);
}

const SEGMENTS: &str = r#"[{"date":"1","caloriesIdle":5,"segments":[
    {"startTime":"08","endTime":"09","type":"place","place":{"id":7,"name":"Home"}},
    {"startTime":"09","endTime":"10","type":"move","activities":[{"activity":"walking","steps":70,"trackPoints":[
        {"time":"1","lat":1,"lon":1,"etag":0},{"time":"2","lat":1,"lon":2,"etag":0},{"time":"3","lat":1,"lon":3,"etag":0}]}]},
    {"startTime":"10","endTime":"11","type":"place","place":{"id":8,"name":"Work"}}]}]"#;

fn segments(replace: &str, by: &str, kind: ChangeKind, counts: [usize; 3], edits: &[(Change, &str)]) -> Comparison {
    let new = SEGMENTS.replacen(replace, by, 1);
    assert_ne!(new, SEGMENTS);
    check("storyline", SEGMENTS, &new, kind, counts, edits)
}

#[test]
fn a_change_counts_at_the_innermost_record() {
    segments(r#""caloriesIdle":5"#, r#""caloriesIdle":6"#, Revised, [1, 0, 0], &[(MemberAltered, "/0/caloriesIdle")]);
    segments("Work", "Office", Revised, [1, 0, 0], &[(MemberAltered, "/0/segments/2/place/name")]);
    segments(
        r#""lat":1"#,
        r#""lat":2"#,
        Revised,
        [1, 0, 0],
        &[(MemberAltered, "/0/segments/1/activities/0/trackPoints/0/lat")],
    );
    let old = SEGMENTS.replace(r#""caloriesIdle":5"#, r#""caloriesIdle":6"#);
    let new = SEGMENTS.replace("Work", "Office").replace("\"endTime\":\"11\"", "\"endTime\":\"12\"");
    check(
        "storyline",
        &old,
        &new,
        Revised,
        [2, 0, 0],
        &[
            (MemberAltered, "/0/caloriesIdle"),
            (MemberAltered, "/0/segments/2/endTime"),
            (MemberAltered, "/0/segments/2/place/name"),
        ],
    );
}

#[test]
fn a_change_that_no_record_encloses_counts_for_the_resource() {
    let found = check(
        "profile",
        r#"{"a":{"b":1},"c":2}"#,
        r#"{"a":{"b":2},"c":3}"#,
        Revised,
        [1, 0, 0],
        &[(MemberAltered, "/a/b"), (MemberAltered, "/c")],
    );
    assert_eq!((found.edits[0].old.as_deref(), found.edits[0].new.as_deref()), (Some("1"), Some("2")));
    check("steps", "10", "11", Revised, [1, 0, 0], &[(MemberAltered, "")]);
}

#[test]
fn a_record_inserted_in_the_middle_is_one_addition() {
    let insert = r#"{"startTime":"09:30","endTime":"10","type":"off","activities":[{"activity":"x"},{"activity":"y"}]},{"startTime":"10""#;
    let found = segments(r#"{"startTime":"10""#, insert, Grown, [0, 1, 0], &[(RecordAdded, "/0/segments/2")]);
    assert_eq!(found.edits[0].old, None);
    assert!(found.edits[0].new.as_deref().unwrap().starts_with(r#"{"activities": [{"activity": "x"}"#));
}

#[test]
fn a_record_gone_is_named_by_its_place_in_the_older_document() {
    let gone = r#"{"time":"2","lat":1,"lon":2,"etag":0},"#;
    let path = "/0/segments/1/activities/0/trackPoints/1";
    let found = segments(gone, "", Shrunk, [0, 0, 1], &[(RecordRemoved, path)]);
    assert_eq!((found.edits[0].new.as_ref(), found.edits[0].resource.as_str()), (None, "storyline"));
    // The paths of what is gone and of what stays differ once a record ahead is gone.
    let old =
        r#"[{"date":"1","segments":[{"startTime":"1","a":1},{"startTime":"2","a":1,"b":[{"id":1},{"id":2}],"c":0}]}]"#;
    let new = r#"[{"date":"1","segments":[{"startTime":"2","a":2,"b":[{"id":2}]}]}]"#;
    check(
        "storyline",
        old,
        new,
        Shrunk,
        [1, 0, 2],
        &[
            (RecordRemoved, "/0/segments/0"),
            (MemberAltered, "/0/segments/0/a"),
            (RecordRemoved, "/0/segments/1/b/0"),
            (MemberRemoved, "/0/segments/1/c"),
        ],
    );
}

#[test]
fn a_record_with_another_key_but_the_same_content_is_altered() {
    segments(
        r#""startTime":"10""#,
        r#""startTime":"10:05""#,
        Revised,
        [1, 0, 0],
        &[(MemberAltered, "/0/segments/2/startTime")],
    );
    // One leaf beside the key says too little.
    let (old, new) = (
        r#"[{"time":"1","value":60},{"time":"2","value":61}]"#,
        r#"[{"time":"1","value":60},{"time":"3","value":61}]"#,
    );
    check("heart", old, new, Shrunk, [0, 1, 1], &[(RecordRemoved, "/1"), (RecordAdded, "/1")]);
    // Half of the content is not nearly the same.
    let (old, new) = (r#"[{"id":1,"a":1,"b":2,"c":3,"d":4}]"#, r#"[{"id":2,"a":1,"b":2,"c":0,"d":0}]"#);
    check("laps", old, new, Shrunk, [0, 1, 1], &[(RecordRemoved, "/0"), (RecordAdded, "/0")]);
    // The likest goes first.
    let old = r#"[{"id":1,"a":1,"b":2,"c":3,"d":4}]"#;
    let new = r#"[{"id":2,"a":1,"b":2,"c":3,"d":0},{"id":3,"a":1,"b":2,"c":3,"d":4}]"#;
    check("laps", old, new, Revised, [1, 1, 0], &[(RecordAdded, "/0"), (MemberAltered, "/1/id")]);
}

#[test]
fn a_declared_key_may_have_several_members_at_any_depth() {
    let old = r#"[{"kind":"a","at":{"day":1},"v":1,"w":1},{"kind":"a","at":{"day":2},"v":1,"w":1},{"kind":"b","at":{"day":1},"v":2,"w":2}]"#;
    let new = r#"[{"kind":"a","at":{"day":2},"v":9,"w":9},{"kind":"b","at":{"day":1},"v":8,"w":8}]"#;
    check(
        "keyed",
        old,
        new,
        Shrunk,
        [2, 0, 1],
        &[
            (RecordRemoved, "/0"),
            (MemberAltered, "/0/v"),
            (MemberAltered, "/0/w"),
            (MemberAltered, "/1/v"),
            (MemberAltered, "/1/w"),
        ],
    );
}

#[test]
fn a_likely_key_must_be_in_every_record_and_tell_them_apart() {
    // `id` is not everywhere, `date` repeats, `time` serves.
    let old =
        r#"[{"id":1,"date":"d","time":"1","v":1},{"date":"d","time":"2","v":2},{"id":3,"date":"d","time":"3","v":3}]"#;
    let new = r#"[{"id":3,"date":"d","time":"2","v":5},{"id":1,"date":"d","time":"3","v":6}]"#;
    check(
        "any",
        old,
        new,
        Shrunk,
        [2, 0, 1],
        &[
            (RecordRemoved, "/0"),
            (MemberAdded, "/0/id"),
            (MemberAltered, "/0/v"),
            (MemberAltered, "/1/id"),
            (MemberAltered, "/1/v"),
        ],
    );
}

#[test]
fn a_likely_key_is_a_scalar() {
    let old = r#"[{"id":{"n":1},"time":"1","v":1},{"id":{"n":2},"time":"2","v":2}]"#;
    let new = r#"[{"id":{"n":9},"time":"1","v":5},{"id":{"n":2},"time":"2","v":2}]"#;
    check("any", old, new, Revised, [1, 0, 0], &[(MemberAltered, "/0/id/n"), (MemberAltered, "/0/v")]);
}

#[test]
fn records_without_keys_are_aligned_by_content() {
    let old = r#"[{"a":1,"b":1},{"a":2,"b":2},{"a":3,"b":3},{"a":2,"b":2}]"#;
    let new = r#"[{"a":9,"b":9},{"a":1,"b":1},{"a":2,"b":2},{"a":2,"b":2}]"#;
    check("any", old, new, Shrunk, [0, 1, 1], &[(RecordRemoved, "/2"), (RecordAdded, "/0")]);
    // Between the same neighbours half of the content makes a record the same.
    let old = r#"[{"activity":"total","km":5},{"activity":"tracker","km":5},{"activity":"walk","km":0}]"#;
    let new = r#"[{"activity":"total","km":7},{"activity":"tracker","km":7},{"activity":"walk","km":0}]"#;
    check("any", old, new, Revised, [2, 0, 0], &[(MemberAltered, "/0/km"), (MemberAltered, "/1/km")]);
}

#[test]
fn of_records_as_like_the_one_in_the_same_place_is_meant() {
    let (old, new) = (r#"[{"a":1,"b":1},{"a":2,"b":2}]"#, r#"[{"a":9,"b":9},{"a":1,"b":2}]"#);
    let edits = [(RecordRemoved, "/0"), (RecordAdded, "/0"), (MemberAltered, "/1/a")];
    check("any", old, new, Shrunk, [1, 1, 1], &edits);
}

#[test]
fn a_declared_key_that_no_record_has_is_as_none() {
    let old = r#"[{"day":1,"v":1},{"day":2,"v":2}]"#;
    check("storyline", old, &old.replace("\"v\":2", "\"v\":3"), Revised, [1, 0, 0], &[(MemberAltered, "/1/v")]);
    // A record without a key among others with one is told apart by its content.
    let old = r#"[{"v":1,"w":1},{"date":"2","v":2},{"v":3,"w":3}]"#;
    let new = r#"[{"v":3,"w":3},{"date":"2","v":4},{"v":5,"w":5}]"#;
    check(
        "storyline",
        old,
        new,
        Shrunk,
        [2, 1, 1],
        &[(Reordered, ""), (RecordRemoved, "/0"), (MemberAltered, "/1/v"), (RecordAdded, "/2")],
    );
}

#[test]
fn records_with_one_key_are_matched_in_their_order() {
    let old = r#"[{"date":"1","segments":[{"startTime":"1","v":1},{"startTime":"1","v":2},{"startTime":"2","v":3}]}]"#;
    let new = r#"[{"date":"1","segments":[{"startTime":"1","v":4},{"startTime":"1","v":5},{"startTime":"2","v":3}]}]"#;
    check(
        "storyline",
        old,
        new,
        Revised,
        [2, 0, 0],
        &[(MemberAltered, "/0/segments/0/v"), (MemberAltered, "/0/segments/1/v")],
    );
    // Those that did not change belong together first.
    let new = r#"[{"date":"1","segments":[{"startTime":"1","v":2},{"startTime":"2","v":4}]}]"#;
    check(
        "storyline",
        old,
        new,
        Shrunk,
        [1, 0, 1],
        &[(RecordRemoved, "/0/segments/0"), (MemberAltered, "/0/segments/1/v")],
    );
}

#[test]
fn a_list_that_becomes_null_has_lost_its_records() {
    let (list, one) = (r#"{"l":[{"a":[{}]},{"a":2}]}"#, &[(MemberAltered, "/l")]);
    let found = check("any", list, r#"{"l":null}"#, Shrunk, [0, 0, 2], one);
    assert_eq!(found.edits[0].old.as_deref(), Some(r#"[{"a": [{}]}, {"a": 2}]"#));
    check("any", list, r#"{"l":"x"}"#, Shrunk, [0, 0, 2], one);
    check("any", list, r#"{"l":[1,2]}"#, Shrunk, [0, 0, 2], one);
    check("any", r#"{"l":null}"#, list, Grown, [0, 2, 0], one);
    check("any", r#"{"l":"x"}"#, list, Revised, [1, 2, 0], one);
    check("any", r#"{"l":[]}"#, list, Grown, [0, 2, 0], &[(RecordAdded, "/l/0"), (RecordAdded, "/l/1")]);
    check("any", list, r#"{"l":[]}"#, Shrunk, [0, 0, 2], &[(RecordRemoved, "/l/0"), (RecordRemoved, "/l/1")]);
    check("any", r#"[{"id":1}]"#, "null", Shrunk, [0, 0, 1], &[(MemberAltered, "")]);
}

#[test]
fn a_null_that_becomes_a_value_is_an_addition() {
    for value in ["1", "\"x\"", "[]", "[1]", "{}", "{\"a\":1}", "false"] {
        check("any", r#"{"l":null}"#, &format!(r#"{{"l":{value}}}"#), Grown, [1, 0, 0], &[(MemberAltered, "/l")]);
    }
    for value in ["1", "\"x\"", "[]", "[1]", "{}", "false"] {
        check("any", &format!(r#"{{"l":{value}}}"#), r#"{"l":null}"#, Revised, [1, 0, 0], &[(MemberAltered, "/l")]);
    }
    check("any", r#"{"l":{"a":1}}"#, r#"{"l":null}"#, Shrunk, [1, 0, 0], &[(MemberAltered, "/l")]);
    check("any", r#"{"l":{"a":[{},{}]}}"#, r#"{"l":null}"#, Shrunk, [1, 0, 2], &[(MemberAltered, "/l")]);
}

#[test]
fn members_come_go_and_change_type() {
    check("any", r#"[{"id":1}]"#, r#"[{"id":1,"n":0}]"#, Grown, [1, 0, 0], &[(MemberAdded, "/0/n")]);
    check("any", r#"[{"id":1,"n":0}]"#, r#"[{"id":1}]"#, Shrunk, [1, 0, 0], &[(MemberRemoved, "/0/n")]);
    check("any", r#"[{"id":1,"n":0}]"#, r#"[{"id":1,"n":"0"}]"#, Revised, [1, 0, 0], &[(MemberAltered, "/0/n")]);
    check(
        "any",
        r#"[{"id":1,"n":{"a":1}}]"#,
        r#"[{"id":1,"n":["a"]}]"#,
        Revised,
        [1, 0, 0],
        &[(MemberAltered, "/0/n")],
    );
    check("any", r#"[{"id":1,"l":[{},{}]}]"#, r#"[{"id":1}]"#, Shrunk, [1, 0, 2], &[(MemberRemoved, "/0/l")]);
    check("any", r#"[{"id":1}]"#, r#"[{"id":1,"l":[{},{}]}]"#, Grown, [1, 2, 0], &[(MemberAdded, "/0/l")]);
    check(
        "any",
        r#"{"a/b":1,"c~":{"x":1}}"#,
        r#"{"a/b":2,"c~":{}}"#,
        Shrunk,
        [1, 0, 0],
        &[(MemberAltered, "/a~1b"), (MemberRemoved, "/c~0/x")],
    );
}

#[test]
fn a_series_is_one_value() {
    let found = check(
        "any",
        r#"[{"id":1,"s":[1,2,3]}]"#,
        r#"[{"id":1,"s":[1,9,3,4]}]"#,
        Revised,
        [1, 0, 0],
        &[(MemberAltered, "/0/s")],
    );
    assert_eq!(found.edits[0].new.as_deref(), Some("[1, 9, 3, 4]"));
    check("any", r#"{"s":[1,2,3]}"#, r#"{"s":[1,2]}"#, Revised, [1, 0, 0], &[(MemberAltered, "/s")]);
    check(
        "any",
        r#"{"s":[[1,2],[3,null]]}"#,
        r#"{"s":[[1,2],[3,4],["x"]]}"#,
        Revised,
        [1, 0, 0],
        &[(MemberAltered, "/s")],
    );
    check("any", r#"{"s":[1]}"#, r#"{"s":[]}"#, Revised, [1, 0, 0], &[(MemberAltered, "/s")]);
    check("any", "[1,2]", "[2,1]", Revised, [1, 0, 0], &[(MemberAltered, "")]);
}

#[test]
fn arrays_of_both_are_compared_item_by_item_or_whole() {
    check(
        "any",
        r#"[[{"id":1,"v":1}],[{"id":2,"v":1}]]"#,
        r#"[[{"id":1,"v":1}],[{"id":2,"v":2}]]"#,
        Revised,
        [1, 0, 0],
        &[(MemberAltered, "/1/0/v")],
    );
    check("any", r#"[1,{"v":1}]"#, r#"[1,{"v":2}]"#, Revised, [1, 0, 0], &[(MemberAltered, "/1/v")]);
    check("any", r#"[1,{"v":1},{"v":2}]"#, r#"[1,{"v":2}]"#, Shrunk, [0, 0, 1], &[(MemberAltered, "")]);
    check("any", r#"[{"v":1}]"#, r#"[{"v":1},null]"#, Revised, [1, 0, 0], &[(MemberAltered, "")]);
}

#[test]
fn another_order_is_one_edit() {
    let (old, new) = (r#"{"l":[{"id":1},{"id":2},{"id":3}]}"#, r#"{"l":[{"id":3},{"id":1},{"id":2}]}"#);
    let found = check("any", old, new, Revised, [1, 0, 0], &[(Reordered, "/l")]);
    assert_eq!(found.edits[0].old.as_deref(), Some(r#"[{"id": 1}, {"id": 2}, {"id": 3}]"#));
    let new = r#"{"l":[{"id":0},{"id":1},{"id":3},{"id":4}]}"#;
    check("any", old, new, Shrunk, [0, 2, 1], &[(RecordRemoved, "/l/1"), (RecordAdded, "/l/0"), (RecordAdded, "/l/3")]);
    check("any", r#"[{"v":1},{"v":2}]"#, r#"[{"v":2},{"v":1}]"#, Revised, [1, 0, 0], &[(Reordered, "")]);
    let old = r#"[{"id":1,"l":[{"v":1,"w":1},{"v":2,"w":2}]},{"id":2,"l":[{"id":5,"x":1}]}]"#;
    let new = r#"[{"id":2,"l":[{"id":4},{"id":5,"x":2}]},{"id":1,"l":[{"v":2,"w":2},{"v":1,"w":1}]}]"#;
    check(
        "any",
        old,
        new,
        Revised,
        [3, 1, 0],
        &[(Reordered, ""), (RecordAdded, "/0/l/0"), (MemberAltered, "/0/l/1/x"), (Reordered, "/1/l")],
    );
}

#[test]
fn whole_resources_come_and_go() {
    let list = r#""s":[{"id":1},{"id":2}]"#;
    let counts = |found: &Comparison, name: &str| found.resources.get(name).copied();
    let both = format!(r#"{list},"p":{{"l":[{{}},{{}}]}},"n":[1,2],"e":[]"#);
    let found = differ(&day(""), &day(&both), &RecordRules::default());
    let one = Counts { added: 1, ..Counts::default() };
    assert_eq!(counts(&found, "s"), Some(Counts { added: 2, ..Counts::default() }));
    assert_eq!(
        (counts(&found, "p"), counts(&found, "n"), counts(&found, "e")),
        (Some(one), Some(one), Some(Counts::default()))
    );
    assert_eq!((found.kind(), found.edits.len()), (Grown, 4));
    assert_eq!((found.edits[0].change, found.edits[0].path.as_str()), (MemberAdded, "/resources/e"));
    let found = differ(&day(list), &day(""), &RULES);
    assert_eq!((found.kind(), counts(&found, "s")), (Shrunk, Some(Counts { removed: 2, ..Counts::default() })));
}

#[test]
fn what_is_lastingly_absent_belongs_to_its_resource() {
    let with = |absent: &str, resources: &str| {
        let absent = if absent.is_empty() { String::new() } else { format!(r#""absent":{{{absent}}},"#) };
        format!(r#"{{{absent}"date":"d","resources":{{{resources}}}}}"#)
    };
    let check = |old: &str, new: &str, kind: ChangeKind, counts: [usize; 3], edits: &[(Change, &str)]| {
        let found = differ(old, new, &RULES);
        let shown: Vec<_> = found.edits.iter().map(|edit| (edit.change, edit.path.as_str())).collect();
        assert_eq!((shown.as_slice(), found.kind()), (edits, kind));
        assert!(found.edits.iter().all(|edit| edit.resource == "spo2"));
        let [altered, added, removed] = counts;
        assert_eq!(found.resources["spo2"], Counts { altered, added, removed });
    };
    let (none, refused, gone) = (with("", ""), with(r#""spo2":"not granted""#, ""), with(r#""spo2":"gone""#, ""));
    let held = with("", r#""spo2":[{"id":1},{"id":2}]"#);
    check(&none, &refused, Grown, [1, 0, 0], &[(MemberAdded, "/absent/spo2")]);
    check(&refused, &none, Revised, [1, 0, 0], &[(MemberRemoved, "/absent/spo2")]);
    check(&refused, &gone, Revised, [1, 0, 0], &[(MemberAltered, "/absent/spo2")]);
    check(&refused, &held, Grown, [0, 2, 0], &[(MemberRemoved, "/absent/spo2"), (MemberAdded, "/resources/spo2")]);
    check(&held, &gone, Shrunk, [0, 0, 2], &[(MemberAdded, "/absent/spo2"), (MemberRemoved, "/resources/spo2")]);
}

#[test]
fn other_top_level_members_belong_to_no_resource() {
    let found =
        differ(r#"{"a":[{"id":1}],"b":1,"resources":{}}"#, r#"{"a":[],"c":1,"resources":{},"absent":{}}"#, &RULES);
    assert_eq!((found.kind(), found.edits.len()), (Revised, 4));
    assert_eq!(found.resources, [(String::new(), Counts { altered: 1, ..Counts::default() })].into());
    assert_eq!(differ("[1]", "{}", &RULES).kind(), Revised);
}

#[test]
fn volatile_members_are_kept_apart() {
    let old = r#"[{"id":1,"name":"Run","kudos_count":1,"photos":{"primary":{"url":"x"}}},{"id":2,"kudos_count":1}]"#;
    let new = r#"[{"id":1,"name":"Run","kudos_count":2,"photos":{"primary":{"url":"y"}}},{"id":2}]"#;
    let found = check("activities", old, new, Unchanged, [0, 0, 0], &[]);
    let paths: Vec<_> = found.volatile_edits.iter().map(|edit| (edit.change, edit.path.as_str())).collect();
    assert_eq!(
        paths,
        [
            (MemberAltered, "/resources/activities/0/kudos_count"),
            (MemberAltered, "/resources/activities/0/photos/primary/url"),
            (MemberRemoved, "/resources/activities/1/kudos_count"),
        ]
    );
    let said = |value: &str, rules: &RecordRules| {
        let resources = Json::parse(format!("{{\"activities\":{value}}}")).unwrap();
        let mut substance = Substance::new(rules);
        let whole = substance.of(&[], resources.root());
        // The same from further down, as often as one likes.
        let array = substance.of(&[PathStep::Member("activities")], resources.root().get("activities").unwrap());
        assert_eq!(whole, [b"{\"activities\": ", &array[..], b"}"].concat());
        let first = resources.root().get("activities").unwrap().items().next().unwrap();
        let first = substance.of(&[PathStep::Member("activities"), PathStep::Item], first);
        assert!(array[1..].starts_with(&first));
        String::from_utf8(whole).unwrap()
    };
    let wanted = r#"{"activities": [{"id": 1, "name": "Run", "photos": {"primary": {}}}, {"id": 2}]}"#;
    assert_eq!((said(old, &RULES), said(new, &RULES)), (wanted.to_owned(), wanted.to_owned()));
    assert_ne!(said(old, &RecordRules::default()), said(new, &RecordRules::default()));
    let found =
        check("activities", old, &new.replace("Run", "Ride"), Revised, [1, 0, 0], &[(MemberAltered, "/0/name")]);
    assert_eq!(found.volatile_edits.len(), 3);
    // They do not make a record another one, by content or as a twin.
    let old = r#"[{"kudos_count":1,"a":1,"b":1},{"kudos_count":1,"a":2,"b":1}]"#;
    let new = r#"[{"kudos_count":7,"a":3,"b":3},{"kudos_count":8,"a":1,"b":1},{"kudos_count":9,"a":2,"b":1}]"#;
    check("activities", old, new, Grown, [0, 1, 0], &[(RecordAdded, "/0")]);
    let old = r#"[{"id":1,"kudos_count":1,"a":1,"b":1}]"#;
    let new = r#"[{"id":2,"kudos_count":7,"a":1,"b":1}]"#;
    check("activities", old, new, Revised, [1, 0, 0], &[(MemberAltered, "/0/id")]);
}

#[test]
fn a_day_that_moves_took_up_again() {
    let read = |file: &str| {
        let path = format!(
            "{}/../shared/samples/moves/reprocessed_20140604/{file}/storyline_20140604.json",
            env!("CARGO_MANIFEST_DIR")
        );
        std::fs::read_to_string(path).ok()
    };
    let (Some(old), Some(new)) = (read("2014-06-05"), read("2014-07-09")) else { return };
    let found = check(
        "storyline",
        &old,
        &new,
        Revised,
        [2, 0, 0],
        &[
            (MemberAltered, "/0/lastUpdate"),
            (MemberAltered, "/0/segments/6/endTime"),
            (MemberAltered, "/0/segments/6/lastUpdate"),
        ],
    );
    assert_eq!(found.edits[1].old.as_deref(), Some("\"20140604T225932-0700\""));
}
