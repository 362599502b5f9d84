use std::collections::{BTreeMap, BTreeSet};

use super::anew::{Activities, assemble};
use super::entry::Reader;
use super::held::{Held, Known};
use super::pass::Pass;
use super::plan::{self, Key, Wanted};
use super::walk::Listed;
use crate::json::{Identity, Json, RecordRules, Value};
use crate::model::{Day, DayDocument, JsonText, Resources};
use crate::providers::{Feed, Next, Page, Part};
use crate::sync::Wish;

const RULES: RecordRules = RecordRules {
    identities: &[Identity { array: "activities", keys: &["list/id"] }],
    volatile: &["activities/*/list/kudos"],
};

fn feed() -> Feed {
    fn start(entry: Value<'_>) -> Option<String> {
        Some(entry.get("start")?.as_str()?.into_owned())
    }
    Feed {
        resource: "activities".into(),
        place: "/list".into(),
        key: "id",
        parts: &["detail", "streams"],
        is_bare: false,
        start,
        kinds: &["type"],
        mentions: None,
    }
}

fn text(text: &str) -> JsonText {
    JsonText::parse(text.as_bytes()).unwrap()
}

fn entry(id: u64, day: u32) -> JsonText {
    text(&format!("{{\"id\":{id},\"start\":\"2015-07-{day:02}T08:00:00\",\"type\":\"Run\",\"kudos\":{day}}}"))
}

fn page(items: &[JsonText], next: Next) -> Page {
    let json = Json::parse(JsonText::array(items).as_bytes()).unwrap();
    Page { json, member: None, next, size: None }
}

fn at(place: &str) -> Next {
    Next::At(place.into())
}

fn day(number: u32) -> Day {
    Day::new(2015, 7, number).unwrap()
}

fn substance(list: &JsonText) -> String {
    Reader::new(&feed(), &RULES).substance(Json::parse(list.as_bytes()).unwrap().root())
}

/// A walk over these pages.
fn walked(pages: &[Page]) -> Pass {
    let (mut pass, feed) = (Pass::default(), feed());
    let mut reader = Reader::new(&feed, &RULES);
    for page in pages {
        pass.page(&feed, &mut reader, page);
    }
    pass
}

#[test]
fn a_walk_without_doubles_is_steady_and_ends_at_two_empty_pages() {
    let (mut pass, feed) = (Pass::default(), feed());
    let mut reader = Reader::new(&feed, &RULES);
    let pages = [page(&[entry(3, 3), entry(2, 2)], at("2")), page(&[entry(1, 1)], at("3"))];
    assert!(pages.iter().all(|one| pass.page(&feed, &mut reader, one).is_some()));
    assert_eq!(pass.page(&feed, &mut reader, &page(&[], Next::EmptyBefore("4".into()))), Some("4".to_owned()));
    assert_eq!(pass.page(&feed, &mut reader, &page(&[], Next::EmptyBefore("5".into()))), None);
    assert!(pass.unsteady.is_none() && pass.broken.is_none() && pass.hole.is_none());
    assert_eq!(pass.entries.len(), 3);
    pass.look_again(&feed, &pages[0]);
    assert!(pass.unsteady.is_none());
    pass.look_again(&feed, &page(&[entry(2, 2), entry(1, 1)], at("2")));
    assert!(pass.unsteady.is_some());
}

#[test]
fn doubles_holes_repetitions_and_sizes_that_lie_are_seen() {
    let shifted = walked(&[page(&[entry(3, 3), entry(2, 2)], at("2")), page(&[entry(2, 2), entry(1, 1)], at("3"))]);
    assert!(shifted.unsteady.is_some() && shifted.broken.is_none() && shifted.entries.len() == 3);
    let hole = walked(&[
        page(&[entry(3, 3)], at("2")),
        page(&[], Next::EmptyBefore("3".into())),
        page(&[entry(1, 1)], at("4")),
    ]);
    assert!(hole.hole.is_some() && hole.entries.len() == 2);
    let repeats = walked(&[page(&[entry(3, 3)], at("2")), page(&[entry(3, 3)], at("3"))]);
    assert!(repeats.broken.is_some());
    let mut lies = page(&[entry(3, 3)], Next::End);
    lies.size = Some(2);
    assert!(walked(&[lies]).hole.unwrap().contains("says it has 2 entries, but told 1"));
    let stray = walked(&[page(&[text("{\"name\":\"nobody\"}")], at("2"))]);
    assert!(stray.broken.unwrap().contains("has no id"));
}

#[test]
fn one_id_with_two_contents_or_no_day_is_unusable_and_still_known() {
    let other = text("{\"id\":3,\"start\":\"2015-07-03T08:00:00\",\"type\":\"Ride\",\"kudos\":3}");
    let twice = walked(&[page(&[entry(3, 3), other], at("2"))]);
    assert!(twice.entries.is_empty() && twice.unusable["3"].contains("twice"));
    let undated = walked(&[page(&[text("{\"id\":4,\"start\":\"2015-02-30T08:00:00\"}")], at("2"))]);
    assert!(undated.unusable["4"].contains("no day that can be read") && undated.broken.is_none());
}

#[test]
fn volatile_members_make_no_difference() {
    let said = |list: &str| substance(&text(list));
    let one = said("{\"id\":3,\"kudos\":1,\"distance\":5.0}");
    assert_eq!(one, said("{\"distance\":5,\"id\":3,\"kudos\":9}"));
    assert_ne!(one, said("{\"distance\":6,\"id\":3,\"kudos\":1}"));
}

struct Case {
    lists: Vec<Listed>,
    held: BTreeMap<Key, Held>,
}

/// Listed are these; held are those, each whole.
fn case(listed: &[(u64, u32)], held: &[(u64, u32)]) -> Case {
    let items: Vec<_> = listed.iter().map(|(id, day)| entry(*id, *day)).collect();
    let pass = walked(&[page(&items, at("2"))]);
    let whole = ["list", "detail", "streams"].map(str::to_owned);
    let held = held.iter().map(|(id, number)| {
        let substance = substance(&entry(*id, *number));
        let known = Known { substance, parts: BTreeSet::from(whole.clone()) };
        ((0, id.to_string()), Held { day: day(*number), known })
    });
    let listed = Listed { feed: feed(), entries: pass.entries, unusable: pass.unusable, doubt: None, pages: 1 };
    Case { lists: vec![listed], held: held.collect() }
}

impl Case {
    /// What is asked for, as `id:parts`, with ids that leave after a minus.
    fn asked(&self, wish: &Wish, types: Option<&[String]>, recheck: &[Day], since: Option<Day>) -> Vec<String> {
        let resources = ["list", "detail", "streams"].map(str::to_owned);
        let recheck = recheck.iter().copied().collect();
        let (only, today) = (false, day(20));
        let modified = &BTreeSet::new();
        let wanted = Wanted { wish, resources: &resources, only, types, since, today, recheck: &recheck, modified };
        let plan = plan::plan(&self.lists, &self.held, &wanted);
        let mut asked = Vec::new();
        for (_, one) in plan {
            asked.extend(one.tasks.iter().map(|task| format!("{}:{}", task.key.1, task.parts.len())));
            asked.extend(one.leaving.iter().map(|key| format!("-{}", key.1)));
        }
        asked
    }
}

#[test]
fn asked_for_is_what_is_new_changed_incomplete_or_in_the_window() {
    let wish = Wish { since: None, until: None, window: 3, recheck: 0 };
    let mut case = case(&[(1, 19), (2, 10), (3, 9), (4, 8), (5, 7)], &[(1, 19), (2, 10), (4, 5), (5, 7)]);
    case.held.get_mut(&(0, "5".to_owned())).unwrap().known.parts.remove("streams");
    assert_eq!(case.asked(&wish, None, &[], None), ["-4", "5:1", "4:2", "3:2", "1:2"]);
    let rides = ["Ride".to_owned()];
    assert!(case.asked(&wish, Some(&rides), &[], None).is_empty());
    let range = Wish { since: Some(day(10)), until: Some(day(10)), window: 3, recheck: 0 };
    assert_eq!(case.asked(&range, None, &[], None), ["2:2"]);
    assert!(case.asked(&wish, None, &[day(10)], None).contains(&"2:2".to_owned()));
    assert_eq!(case.asked(&wish, None, &[], Some(day(9))), ["3:2", "1:2"]);
}

#[test]
fn missing_is_only_what_a_whole_list_with_entries_lacks() {
    let wish = Wish { since: None, until: None, window: 3, recheck: 0 };
    let wanted = |only| Wanted {
        wish: &wish,
        resources: &[],
        only,
        types: None,
        since: None,
        today: day(20),
        recheck: const { &BTreeSet::new() },
        modified: const { &BTreeSet::new() },
    };
    let count = |case: &Case, only| plan::missing(&case.lists, &case.held, &wanted(only)).len();
    let mut one = case(&[(1, 19)], &[(1, 19), (2, 10)]);
    assert_eq!((count(&one, false), count(&one, true)), (1, 0));
    one.lists[0].doubt = Some("broke off".into());
    assert_eq!(count(&one, false), 0);
    assert_eq!(count(&case(&[], &[(1, 19)]), false), 0);
}

#[test]
fn days_that_share_a_move_change_together_newest_first() {
    let case = case(&[(1, 4), (2, 9), (3, 12)], &[(1, 9), (2, 2)]);
    let wish = Wish { since: None, until: None, window: 3, recheck: 0 };
    let recheck = BTreeSet::new();
    let wanted = Wanted {
        wish: &wish,
        resources: &[],
        only: false,
        types: None,
        since: None,
        today: day(20),
        recheck: &recheck,
        modified: const { &BTreeSet::new() },
    };
    let groups = plan::groups(&plan::plan(&case.lists, &case.held, &wanted));
    assert_eq!(groups, [BTreeSet::from([day(12)]), BTreeSet::from([day(2), day(4), day(9)])]);
}

/// A document with these activities.
fn document(activities: &str) -> DayDocument {
    let mut document = DayDocument::new("strava".parse().unwrap(), day(4));
    document.resources = Resources::from([("activities".to_owned(), text(activities))]);
    document
}

#[test]
fn what_no_run_asked_for_stays() {
    let old = "{\"absent\":{\"streams\":\"none recorded\"},\"kudos\":[1],\"list\":{\"id\":9,\"a\":1}}";
    let list = text("{\"id\":9,\"a\":2}");
    let parts = vec![("detail", Part::Told(text("{\"d\":1}"))), ("streams", Part::Told(text("{}")))];
    let mut activities = Activities::of(Some(&document(&format!("[{old}]"))), &feed());
    let anew = assemble(&feed(), activities.get("9"), Some(&list), parts).unwrap();
    activities.insert("9", anew.clone());
    let whole = text("[{\"detail\":{\"d\":1},\"kudos\":[1],\"list\":{\"id\":9,\"a\":2},\"streams\":{}}]");
    assert_eq!(activities.text().unwrap(), whole);
    let kept = assemble(&feed(), Some(&anew), None, vec![("streams", Part::Absent("none recorded"))]);
    activities.insert("9", kept.unwrap());
    assert_eq!(activities.text().unwrap(), whole);
}

#[test]
fn activities_stand_by_start_and_number_and_none_is_nothing() {
    let one = |id: u64, hour: u32| format!("{{\"id\":{id},\"start\":\"2015-07-04T{hour:02}:00:00\"}}");
    let held = format!("[{{\"name\":\"nobody\"}},{{\"list\":{}}}]", one(10, 8));
    let mut activities = Activities::of(Some(&document(&held)), &feed());
    for (id, hour) in [(9, 8), (11, 7)] {
        let list = text(&one(id, hour));
        activities.insert(&id.to_string(), assemble(&feed(), None, Some(&list), Vec::new()).unwrap());
    }
    let told = String::from_utf8(activities.text().unwrap().as_bytes().to_vec()).unwrap();
    let order: Vec<_> =
        ["nobody", "\"id\":11", "\"id\":9", "\"id\":10"].iter().map(|id| told.find(id).unwrap()).collect();
    assert!(order.is_sorted(), "{told}");
    ["9", "10", "11"].iter().for_each(|id| activities.remove(id));
    assert_eq!(activities.text().unwrap(), text("[{\"name\":\"nobody\"}]"));
    assert_eq!(Activities::of(None, &feed()).text(), None);
}
