//! Strava through the binary, against the pretend one: whole lists, the past rewritten, quotas, scopes.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use fitsnap::pretend::{Fault, Misbehaviour, PretendStrava, StravaOptions, browser};
use serde_json::Value;

use crate::env::{ArchiveEnv, Ran};
use crate::login::Waiting;

const NOW: &str = "2015-07-11T06:00:00Z";

pub fn now() -> DateTime<Utc> {
    NOW.parse().unwrap()
}

pub struct Scene {
    pub env: ArchiveEnv,
    pub strava: PretendStrava,
}

impl Scene {
    /// A signed-in archive beside a Strava with so many activities, one every second day.
    pub fn new(activities: usize) -> Scene {
        Scene::with(activities, "", |_| {})
    }

    pub fn with(activities: usize, settings: &str, adjust: impl FnOnce(&mut StravaOptions)) -> Scene {
        let scene = Scene::unsigned(activities, settings, adjust);
        let (access, refresh) = scene.strava.issue_tokens();
        scene.env.set("STRAVA_ACCESS_TOKEN", &access);
        scene.env.set("FITSNAP_STRAVA_REFRESH_TOKEN", &refresh);
        scene
    }

    pub fn unsigned(activities: usize, settings: &str, adjust: impl FnOnce(&mut StravaOptions)) -> Scene {
        let mut options = StravaOptions::new(activities, now());
        // Quotas have tests of their own.
        (options.quarter_limit, options.day_limit) = (5_000, 50_000);
        adjust(&mut options);
        let strava = PretendStrava::start(options).unwrap();
        let env = ArchiveEnv::new();
        env.run(&["init"]).code(0);
        let scene = Scene { env, strava };
        scene.settings(settings);
        scene.env.set("STRAVA_CLIENT_ID", "pretend-app");
        scene.env.set("STRAVA_CLIENT_SECRET", "pretend-app-secret");
        scene.env.set("FITSNAP_PATIENCE", "6000");
        scene.env.set("BROWSER", "true");
        scene
    }

    pub fn settings(&self, more: &str) {
        let text = format!("format = 1\n[providers.strava]\nbase_url = \"{}\"\n{more}\n", self.strava.base_url());
        std::fs::write(self.env.path("fitsnap.toml"), text).unwrap();
    }

    pub fn sync(&self, more: &[&str]) -> Ran {
        self.env.run(&[&["sync", "strava", "--json"], more].concat())
    }

    /// Syncs and tells what it reported of Strava.
    #[track_caller]
    pub fn report(&self, code: i32, more: &[&str]) -> Value {
        let ran = self.sync(more).code(code);
        let report: Value = serde_json::from_str(&ran.stdout).unwrap();
        report["providers"]["strava"].clone()
    }

    /// Lets a day pass on both sides.
    pub fn next_day(&self, number: i64) {
        let time = now() + TimeDelta::days(number);
        self.env.set_now(&time.format("%Y-%m-%dT%H:%M:%SZ").to_string());
        self.strava.set_now(time);
    }

    pub fn file(&self, day: NaiveDate) -> Option<String> {
        std::fs::read_to_string(self.env.path(&format!("data/strava/{}.json", day.format("%Y/%m/%d")))).ok()
    }

    pub fn day(&self, day: NaiveDate) -> Value {
        serde_json::from_str(&self.file(day).unwrap()).unwrap()
    }

    pub fn account(&self) -> Value {
        serde_json::from_str(&std::fs::read_to_string(self.env.path("data/strava/account.json")).unwrap()).unwrap()
    }

    /// All that is held: the days' documents by path.
    pub fn held(&self) -> BTreeMap<String, String> {
        let files = self.env.git("", &["ls-files", "data/strava"]);
        let days = files.lines().filter(|path| path.ends_with(".json") && !path.ends_with("account.json"));
        days.map(|path| (path.to_owned(), std::fs::read_to_string(self.env.path(path)).unwrap())).collect()
    }

    pub fn asked(&self, part: &str) -> usize {
        let log = self.strava.take_log();
        log.iter().filter(|asked| format!("{}?{}", asked.path, asked.query).contains(part)).count()
    }

    #[track_caller]
    pub fn verified(&self) {
        self.env.run(&["verify", "--history"]).code(0);
    }
}

pub fn counts(report: &Value, kinds: &[(&str, u64)]) {
    for (kind, count) in kinds {
        assert_eq!(report[kind], *count, "{kind}: {report}");
    }
}

#[test]
fn a_first_sync_holds_each_activity_on_its_own_day_whole() {
    let scene = Scene::new(5);
    let report = scene.report(0, &[]);
    counts(&report, &[("new", 5), ("revised", 0)]);
    let (id, day) = scene.strava.activities()[0];
    let text = scene.file(day).unwrap();
    assert!(text.contains(&format!("\"id\": {id}")) && id > 1 << 53, "{text}");
    let document = scene.day(day);
    let activity = &document["resources"]["activities"][0];
    assert_eq!(activity["list"]["resource_state"], 2);
    assert_eq!(activity["detail"]["resource_state"], 3);
    assert_eq!(activity["streams"]["heartrate"]["data"].as_array().unwrap().len(), 12);
    assert_eq!(scene.held().len(), 5);
    let account = scene.account();
    let gear: Vec<_> = account["resources"]["gear"].as_array().unwrap().iter().map(|one| &one["id"]).collect();
    // The bike is retired: no list has it, only the activities name it.
    assert_eq!(gear, ["b1", "g1"], "{account}");
    assert!(account["resources"]["zones"]["heart_rate"].is_object(), "{account}");
    scene.verified();
}

#[test]
fn a_second_sync_asks_for_the_list_the_account_and_the_window_and_commits_nothing() {
    let scene = Scene::new(20);
    scene.report(0, &[]);
    scene.strava.take_log();
    let before = scene.env.git("", &["rev-parse", "HEAD"]);
    let report = scene.report(0, &[]);
    counts(&report, &[("new", 0), ("revised", 0), ("unchanged", 3)]);
    // Counts of kudos, companions and followers flickered meanwhile: that is no revision.
    assert_eq!(scene.env.git("", &["rev-parse", "HEAD"]), before);
    let log = scene.strava.take_log();
    assert!(log.iter().all(|asked| asked.authorised && !asked.query.contains("token")), "{log:?}");
    let log: Vec<String> = log.into_iter().map(|asked| asked.path).collect();
    let count = |end: &str| log.iter().filter(|path| path.ends_with(end)).count();
    assert_eq!(
        (count("/athlete"), count("/zones"), count("/athlete/activities"), count("/streams")),
        (1, 1, 3, 3),
        "{log:?}"
    );
    assert_eq!(log.len(), 1 + 1 + 3 + 3 + 3, "{log:?}");
}

#[test]
fn what_changed_anywhere_in_the_past_is_seen_and_nothing_else_is_asked() {
    let scene = Scene::new(30);
    scene.report(0, &[]);
    let activities = scene.strava.activities();
    let (renamed, day) = activities[25];
    scene.strava.rename(renamed, "Back then");
    scene.strava.give_kudos(activities[20].0, 9);
    let late = scene.strava.upload(activities[28].1);
    let other = activities[28].1;
    scene.strava.delete(activities[15].0);
    let preview: Value = serde_json::from_str(&scene.sync(&["--dry-run"]).code(0).stdout).unwrap();
    scene.strava.take_log();
    let report = scene.report(0, &[]);
    counts(&report, &[("new", 0), ("revised", 1), ("grown", 1), ("withdrawn", 1)]);
    assert_eq!(preview["providers"]["strava"]["requests"], report["requests"]);
    assert!(scene.file(day).unwrap().contains("Back then"));
    let both = scene.day(other);
    let starts: Vec<_> = both["resources"]["activities"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["list"]["start_date_local"].as_str().unwrap().to_owned())
        .collect();
    assert!(starts.len() == 2 && starts.is_sorted(), "{starts:?}");
    assert!(scene.file(other).unwrap().contains(&late.to_string()));
    // Three of the window, the renamed one, the late one.
    assert_eq!(scene.asked("/streams"), 5);
    scene.verified();
}

#[test]
fn an_activity_that_moves_leaves_one_day_and_enters_the_other_in_one_commit() {
    let scene = Scene::new(12);
    scene.report(0, &[]);
    let activities = scene.strava.activities();
    let (moved, from) = activities[6];
    let (_, to) = activities[9];
    scene.strava.move_to(moved, to);
    let before = scene.env.git("", &["rev-list", "--count", "HEAD"]);
    counts(&scene.report(0, &[]), &[("withdrawn", 1), ("grown", 1)]);
    assert_eq!(scene.file(from), None);
    assert_eq!(scene.day(to)["resources"]["activities"].as_array().unwrap().len(), 2);
    let after = scene.env.git("", &["rev-list", "--count", "HEAD"]);
    assert_eq!(after.trim().parse::<u32>().unwrap(), before.trim().parse::<u32>().unwrap() + 1);
    // To a day of its own, past one whose activity cannot be had: neither day changes.
    let (moved, from) = activities[7];
    let to = from - TimeDelta::days(1);
    scene.strava.move_to(moved, to);
    scene.strava.misbehave(Misbehaviour::of(Fault::Status(403)).at(&format!("{moved}/streams")));
    let report = scene.report(1, &[]);
    assert_eq!(report["failed"].as_array().unwrap().len(), 2, "{report}");
    assert!(scene.file(from).is_some() && scene.file(to).is_none());
    scene.strava.behave();
    counts(&scene.report(0, &[]), &[("new", 1), ("withdrawn", 1)]);
    assert!(scene.file(from).is_none() && scene.file(to).is_some());
    scene.verified();
}

#[test]
fn only_what_is_gone_for_sure_is_withdrawn() {
    let scene = Scene::new(12);
    scene.report(0, &[]);
    let activities = scene.strava.activities();
    // The list leaves it out, its own address has it.
    let (hidden, day) = activities[8];
    scene.strava.hide_from_list(hidden);
    let said = scene.sync(&[]).code(1);
    assert!(said.stderr.contains("still there at its own address"), "{}", said.stderr);
    assert!(scene.file(day).is_some());
    let (deleted, day) = activities[5];
    scene.strava.delete(hidden);
    scene.strava.delete(deleted);
    counts(&scene.report(0, &[]), &[("withdrawn", 2)]);
    assert_eq!(scene.file(day), None);
    let log = scene.env.run(&["log", "--kind", "withdrawn"]).code(0).stdout;
    assert!(log.contains(&day.to_string()), "{log}");
    scene.verified();
}

#[test]
fn no_streams_are_remembered_and_a_part_switched_on_later_is_missing() {
    let scene = Scene::new(12);
    let (manual, day) = scene.strava.activities()[9];
    scene.strava.make_manual(manual);
    scene.report(0, &[]);
    assert_eq!(scene.day(day)["resources"]["activities"][0]["absent"]["streams"], "none recorded");
    scene.strava.take_log();
    scene.report(0, &["--window", "1"]);
    assert_eq!(scene.asked("/streams"), 0);
    scene.settings(
        "resources = [\"list\", \"detail\", \"streams\", \"laps\", \"comments\", \"zones\", \"photos\", \"kudos\", \"routes\"]",
    );
    let preview: Value = serde_json::from_str(&scene.sync(&["--dry-run", "--window", "1"]).code(0).stdout).unwrap();
    let report = scene.report(0, &["--window", "1"]);
    counts(&report, &[("grown", 12)]);
    // An activity without kudos ends with its first page.
    let without = scene.held().values().filter(|text| text.contains("\"kudos\": []")).count() as u64;
    let foreseen = preview["providers"]["strava"]["requests"].as_u64().unwrap();
    assert_eq!(foreseen, report["requests"].as_u64().unwrap() + without, "{report}");
    let activity = scene.day(day)["resources"]["activities"][0].clone();
    assert_eq!(activity["comments"][0]["text"], "Well done");
    assert_eq!(activity["laps"][0]["lap_index"], 1);
    assert_eq!(activity["absent"]["zones"], "needs a subscription");
    scene.strava.take_log();
    scene.report(0, &["--window", "1"]);
    assert_eq!(scene.asked("/laps") + scene.asked("/zones?"), 0);
    assert_eq!(scene.account()["resources"]["routes"][0]["name"], "Round the lake");
    // The addresses of photos are others every time: that is no revision.
    assert_eq!(activity["photos"][0]["caption"], "the lake");
    counts(&scene.report(0, &["--window", "400"]), &[("revised", 0), ("unchanged", 12)]);
    scene.verified();
}

#[test]
fn only_touches_what_it_names() {
    let scene = Scene::new(12);
    scene.report(0, &[]);
    let activities = scene.strava.activities();
    let (renamed, day) = activities[0];
    scene.strava.rename(renamed, "Another name");
    scene.strava.delete(activities[6].0);
    counts(&scene.report(0, &["--only", "kudos", "--since", "2015-07-05"]), &[("withdrawn", 0), ("new", 0)]);
    let activity = scene.day(day)["resources"]["activities"][0].clone();
    assert!(activity["kudos"].is_array() && activity["list"]["name"] != "Another name", "{activity}");
    assert!(scene.file(activities[6].1).is_some());
    assert!(scene.day(activities[8].1)["resources"]["activities"][0].get("kudos").is_none());
    counts(&scene.report(0, &[]), &[("withdrawn", 1)]);
    // What only that run asked for stays.
    let activity = scene.day(day)["resources"]["activities"][0].clone();
    assert!(activity["kudos"].is_array() && activity["list"]["name"] == "Another name", "{activity}");
}

#[test]
fn types_choose_what_is_asked_for_and_take_nothing_away() {
    let scene = Scene::new(9);
    let activities = scene.strava.activities();
    activities.iter().for_each(|(id, _)| scene.strava.change_sport(*id, "Run"));
    scene.strava.change_sport(activities[4].0, "Ride");
    scene.settings("types = [\"Ride\"]");
    counts(&scene.report(0, &[]), &[("new", 1)]);
    scene.settings("types = [\"Run\"]");
    counts(&scene.report(0, &[]), &[("new", 8), ("withdrawn", 0)]);
    // Of the two names that Strava has for a kind, either will do.
    scene.strava.change_sport(activities[5].0, "TrailRun");
    scene.settings("types = [\"TrailRun\"]");
    counts(&scene.report(0, &[]), &[("new", 0), ("revised", 1)]);
    scene.settings("types = [\"Parachuting\"]");
    counts(&scene.report(0, &[]), &[("new", 0), ("withdrawn", 0)]);
    assert_eq!(scene.held().len(), 9);
}

#[test]
fn the_list_alone_costs_the_list_alone() {
    let scene = Scene::with(9, "resources = [\"list\"]", |_| {});
    counts(&scene.report(0, &[]), &[("new", 9)]);
    let log: Vec<String> = scene.strava.take_log().into_iter().map(|asked| asked.path).collect();
    assert_eq!(log.len(), 4, "{log:?}");
    let (_, day) = scene.strava.activities()[8];
    let activity = scene.day(day)["resources"]["activities"][0].clone();
    assert_eq!(activity.as_object().unwrap().keys().collect::<Vec<_>>(), ["list"]);
    // The rest, asked for later, is missing for every activity held.
    scene.settings("");
    counts(&scene.report(0, &["--window", "1"]), &[("grown", 9)]);
}

#[test]
fn a_sign_in_that_sees_less_withdraws_nothing_and_is_warned_of() {
    let scene = Scene::unsigned(12, "", |_| {});
    let login = |scene: &Scene| {
        let waiting = Waiting::begin(&scene.env, &["strava"]);
        browser::visit(&waiting.address).unwrap();
        let (code, said) = waiting.end();
        assert_eq!(code, 0, "{said}");
        said
    };
    let said = login(&scene);
    assert!(said.contains("as Ada Archivist (9007199254740993)") && !said.contains("not allowed"), "{said}");
    let (hidden, day) = scene.strava.activities()[7];
    scene.strava.make_private(hidden);
    counts(&scene.report(0, &[]), &[("new", 12)]);
    scene.strava.set_scope("read,activity:read");
    let said = login(&scene);
    assert!(said.contains("activity:read_all were not allowed") && said.contains("private activities"), "{said}");
    counts(&scene.report(0, &[]), &[("withdrawn", 0)]);
    assert!(scene.file(day).is_some());
    // Of the athlete it shows a summary, which takes no shoes away.
    assert_eq!(scene.account()["resources"]["athlete"]["shoes"][0]["id"], "g1");
    // Under the first grant again, it is gone only if it is gone.
    scene.strava.set_scope("read,read_all,profile:read_all,activity:read_all");
    login(&scene);
    counts(&scene.report(0, &[]), &[("withdrawn", 0)]);
    scene.strava.delete(hidden);
    counts(&scene.report(0, &[]), &[("withdrawn", 1)]);
    let said = scene.env.run(&["logout", "strava"]).code(0).stderr;
    assert!(said.contains("taken the tokens back"), "{said}");
    assert_eq!(scene.asked("/oauth/revoke"), 1);
    scene.sync(&[]).code(3);
}

#[test]
fn a_range_is_just_that_and_a_recheck_takes_settled_days() {
    let scene = Scene::new(12);
    let activities = scene.strava.activities();
    let (first, last) = (activities[8].1, activities[6].1);
    let range = ["--since", &first.to_string(), "--until", &last.to_string()];
    counts(&scene.report(0, &range), &[("new", 3)]);
    scene.report(0, &[]);
    assert_eq!(scene.held().len(), 12);
    scene.strava.take_log();
    scene.report(0, &["--recheck", "2", "--window", "1"]);
    assert_eq!(scene.asked("/streams"), 2);
}
