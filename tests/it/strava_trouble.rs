//! Strava when things go wrong: lists that shift or break off, quotas, tokens, much that is gone.

use chrono::TimeDelta;
use fitsnap::pretend::{Fault, Meanwhile, Misbehaviour, PretendStrava, StravaOptions};
use serde_json::Value;

use crate::strava::{Scene, counts, now};

#[test]
fn a_list_that_broke_off_or_came_back_empty_takes_nothing() {
    let scene = Scene::with(12, "", |options| options.page_limit = 5);
    scene.report(0, &[]);
    let before = (scene.held(), scene.account());
    let gone = scene.strava.activities()[11].0;
    scene.strava.delete(gone);
    for (fault, code) in [
        (Misbehaviour::of(Fault::Body("[]".into())).at("/athlete/activities"), 0),
        (Misbehaviour::of(Fault::Page).at("page=2&"), 1),
        (Misbehaviour::of(Fault::Status(404)).at("page=2&"), 1),
        (Misbehaviour::of(Fault::Truncated).at("page=3&"), 1),
        (Misbehaviour::of(Fault::Body("[{\"name\":\"nobody\"}]".into())).at("page=3&"), 1),
        // An empty page in the middle, again and again.
        (Misbehaviour::of(Fault::Body("[]".into())).at("page=2&"), 1),
        (Misbehaviour::of(Fault::Status(503)).at("page=2&"), 4),
    ] {
        scene.strava.misbehave(fault.clone());
        let ran = scene.sync(&[]);
        assert_eq!(ran.status, code, "{fault:?}: {}", ran.stderr);
        assert_eq!(scene.held(), before.0, "{fault:?}");
        assert_eq!(scene.account(), before.1, "{fault:?}");
        scene.strava.behave();
    }
    // An empty page that passes costs another walk, nothing else.
    scene.strava.misbehave(Misbehaviour::of(Fault::Body("[]".into())).at("page=2&").times(1));
    counts(&scene.report(0, &[]), &[("withdrawn", 1)]);
}

#[test]
fn a_page_that_repeats_for_ever_ends() {
    let scene = Scene::new(3);
    let (_, day) = scene.strava.activities()[2];
    let list = {
        let entries: Vec<String> = scene
            .strava
            .activities()
            .iter()
            .map(|(id, day)| format!("{{\"id\":{id},\"start_date_local\":\"{day}T08:00:00Z\",\"type\":\"Run\"}}"))
            .collect();
        format!("[{}]", entries.join(","))
    };
    scene.strava.misbehave(Misbehaviour::of(Fault::Body(list)).at("/athlete/activities"));
    let said = scene.sync(&[]).code(1);
    assert!(said.stderr.contains("repeats itself"), "{}", said.stderr);
    assert!(scene.file(day).is_some());
    assert!(scene.asked("/athlete/activities") < 10);
    // Comments too: those that came are kept, once.
    scene.strava.behave();
    let comments = "[{\"id\":7,\"text\":\"Well done\",\"cursor\":\"c1\"}]";
    scene.strava.misbehave(Misbehaviour::of(Fault::Body(comments.into())).at("/comments"));
    scene.report(0, &["--only", "comments"]);
    assert_eq!(scene.day(day)["resources"]["activities"][0]["comments"].as_array().unwrap().len(), 1);
}

#[test]
fn pages_that_shift_while_they_are_walked_are_walked_again() {
    let scene = Scene::with(14, "", |options| options.page_limit = 4);
    let activities = scene.strava.activities();
    let newest = activities[0].1;
    // One comes in: an entry is told twice. One goes: the first of the next page is skipped.
    scene.strava.after_page(2, Meanwhile::Upload(newest));
    counts(&scene.report(0, &[]), &[("new", 14)]);
    scene.next_day(1);
    scene.strava.after_page(1, Meanwhile::Delete(activities[1].0));
    let report = scene.report(0, &[]);
    counts(&report, &[("withdrawn", 1), ("shrunk", 0)]);
    assert_eq!(scene.held().len(), 13);
    for (_, day) in activities.iter().filter(|(id, _)| *id != activities[1].0) {
        assert!(scene.file(*day).is_some(), "{day}");
    }
    scene.verified();
}

#[test]
fn entries_that_cannot_be_used_fail_and_keep_what_is_archived() {
    let scene = Scene::new(3);
    scene.report(0, &[]);
    let before = scene.held();
    let activities = scene.strava.activities();
    let entry = |id: u64, day: &str, name: &str| {
        format!("{{\"id\":{id},\"start_date_local\":\"{day}T08:00:00Z\",\"name\":\"{name}\",\"type\":\"Run\"}}")
    };
    // A date that is none; an id told twice with different content.
    let (one, two) = (activities[0], activities[1]);
    let body = format!(
        "[{},{},{}]",
        entry(one.0, "2015-02-30", "a"),
        entry(two.0, &two.1.to_string(), "b"),
        entry(two.0, &two.1.to_string(), "c")
    );
    scene.strava.misbehave(Misbehaviour::of(Fault::Body(body)).at("page=1&"));
    let report = scene.report(1, &[]);
    let reasons = report["failed"].to_string();
    assert!(
        reasons.contains("no day that can be read") && reasons.contains("twice, with different content"),
        "{reasons}"
    );
    assert_eq!(scene.held(), before);
}

#[test]
fn a_part_that_cannot_be_had_fails_its_day_and_is_asked_for_again() {
    let scene = Scene::new(4);
    let activities = scene.strava.activities();
    let (gone, _) = activities[1];
    let (uneven, _) = activities[2];
    let (whole, day) = activities[0];
    scene.strava.misbehave(Misbehaviour::of(Fault::Status(404)).at(&format!("/activities/{gone}?include")));
    let streams = "{\"time\":{\"data\":[0,1]},\"watts\":{\"data\":[5]}}";
    scene.strava.misbehave(Misbehaviour::of(Fault::Body(streams.into())).at(&format!("{uneven}/streams")));
    let report = scene.report(1, &[]);
    counts(&report, &[("new", 2)]);
    let reasons = report["failed"].to_string();
    assert!(reasons.contains("there is none (404)") && reasons.contains("not of one length"), "{reasons}");
    assert!(scene.file(day).unwrap().contains(&whole.to_string()));
    scene.strava.behave();
    scene.strava.take_log();
    counts(&scene.report(0, &["--window", "1"]), &[("new", 2)]);
    assert_eq!(scene.asked("/streams"), 2);
}

#[test]
fn a_backfill_over_quotas_keeps_its_progress_and_does_not_ask_twice() {
    let scene = Scene::with(40, "window = 1", |options| options.quarter_limit = 30);
    let preview: Value = serde_json::from_str(&scene.sync(&["--dry-run"]).code(0).stdout).unwrap();
    let preview = &preview["providers"]["strava"];
    // Athlete, list with its end looked at twice, zones, gear, and two for each activity.
    assert_eq!((preview["days"].clone(), preview["requests"].clone()), (40.into(), (1 + 3 + 1 + 2 + 80).into()));
    assert_eq!(preview["until"], "2015-07-11T06:45:00Z");
    assert_eq!(preview["windows"], serde_json::json!({"quarter hour": 4}));
    let said = scene.sync(&["--dry-run"]).code(0).stderr;
    assert!(said.contains("over the limits of 4 quarter hours, done in about"), "{said}");
    scene.next_day(1);
    scene.strava.take_log();
    let said = scene.sync(&["--max-wait", "0s"]).code(4);
    assert!(said.stderr.contains("quarter hour") && said.stderr.contains("06:15:00"), "{}", said.stderr);
    let held = scene.held().len();
    assert_eq!(held, 11);
    let first = scene.asked("/streams");
    let newest: Vec<_> = scene.strava.activities().iter().take(held).map(|(_, day)| *day).collect();
    assert!(newest.iter().all(|day| scene.file(*day).is_some()));
    let mut streams = first;
    for number in 2..20 {
        scene.next_day(number);
        let ran = scene.sync(&["--max-wait", "0s"]);
        streams += scene.asked("/streams");
        if ran.status == 0 {
            break;
        }
        ran.code(4);
    }
    assert_eq!(scene.held().len(), 40);
    // A day that the quota cut in two is asked for again, no other.
    assert!((40..=44).contains(&streams), "{streams}");
    scene.verified();
}

#[test]
fn quota_gone_in_the_middle_of_the_list_takes_nothing_and_goes_on_later() {
    let scene = Scene::with(12, "", |options| {
        (options.page_limit, options.quarter_limit, options.day_limit) = (4, 100, 1_000);
    });
    scene.report(0, &[]);
    let before = scene.held();
    scene.strava.leave(2, 500);
    let said = scene.sync(&["--max-wait", "1m"]).code(4);
    assert!(said.stderr.contains("100 requests per quarter hour"), "{}", said.stderr);
    assert_eq!(scene.held(), before);
    scene.strava.leave(50, 0);
    let said = scene.sync(&[]).code(4);
    assert!(said.stderr.contains("2015-07-12T00:00:00Z"), "{}", said.stderr);
    scene.next_day(1);
    scene.report(0, &[]);
}

#[test]
fn another_athletes_token_is_refused_with_both_names() {
    let scene = Scene::new(2);
    scene.report(0, &[]);
    let mut options = StravaOptions::new(2, now());
    (options.athlete, options.name) = (9_007_199_254_740_992, "Grace".to_owned());
    let other = PretendStrava::start(options).unwrap();
    let (access, _) = other.issue_tokens();
    scene.env.set("STRAVA_ACCESS_TOKEN", &access);
    scene.env.set("FITSNAP_STRAVA_REFRESH_TOKEN", "");
    let scene = Scene { strava: other, env: scene.env };
    scene.settings("");
    let said = scene.sync(&[]);
    assert!(said.stderr.contains("Ada Archivist (9007199254740993)"), "{}", said.stderr);
    assert!(said.stderr.contains("Grace Archivist (9007199254740992)"), "{}", said.stderr);
    said.code(6);
}

#[test]
fn tokens_rotate_and_a_dead_one_asks_for_a_sign_in() {
    let scene = Scene::new(2);
    scene.strava.expire_tokens();
    scene.report(0, &[]);
    scene.report(0, &[]);
    scene.env.set("FITSNAP_STRAVA_REFRESH_TOKEN", "dead");
    let said = scene.sync(&[]).code(3);
    assert!(said.stderr.contains("no longer accepts the saved sign-in"), "{}", said.stderr);
}

#[test]
fn an_app_that_strava_switched_off_says_so_and_where_the_export_is() {
    let scene = Scene::new(2);
    scene.strava.switch_app_off();
    let said = scene.sync(&[]).code(3);
    assert!(said.stderr.contains("subscription") && said.stderr.contains("bulk export"), "{}", said.stderr);
}

#[test]
fn much_that_is_gone_at_once_stops_for_a_person() {
    let scene = Scene::new(12);
    scene.report(0, &[]);
    let before = scene.held();
    for (id, _) in &scene.strava.activities()[2..8] {
        scene.strava.delete(*id);
    }
    let said = scene.sync(&[]).code(6);
    assert!(said.stderr.contains("6 of 12 days") && said.stderr.contains("--accept-loss"), "{}", said.stderr);
    assert_eq!(scene.held(), before);
    counts(&scene.report(0, &["--accept-loss"]), &[("withdrawn", 6)]);
}

#[test]
fn web_pages_instead_of_activities_end_the_run_soon() {
    let scene = Scene::new(30);
    scene.strava.misbehave(Misbehaviour::of(Fault::Page).at("/activities/"));
    scene.sync(&[]).code(4);
    assert!(scene.asked("/activities/") < 5);
    assert!(scene.held().is_empty());
}

#[test]
fn days_without_activities_are_no_gaps() {
    let scene = Scene::new(3);
    scene.report(0, &[]);
    let status: Value = serde_json::from_str(&scene.env.run(&["status", "--json"]).code(0).stdout).unwrap();
    assert_eq!(status["providers"]["strava"]["gaps"], Value::Array(Vec::new()), "{status}");
}

#[test]
fn many_that_move_at_once_are_no_loss() {
    let scene = Scene::new(12);
    scene.report(0, &[]);
    for (id, day) in &scene.strava.activities()[4..10] {
        scene.strava.move_to(*id, *day - TimeDelta::days(1));
    }
    counts(&scene.report(0, &["--window", "1"]), &[("withdrawn", 6), ("new", 6)]);
    assert_eq!(scene.held().len(), 12);
}
