//! Runkeeper through the binary, against the pretend one: feeds by their names, deletions, odd answers.

use chrono::NaiveDateTime;
use fitsnap::pretend::{Fault, Misbehaviour, PretendRunkeeper, RunkeeperOptions, browser};
use serde_json::Value;

use crate::env::{ArchiveEnv, Ran};
use crate::login::Waiting;

struct Scene {
    env: ArchiveEnv,
    runkeeper: PretendRunkeeper,
}

fn at(text: &str) -> NaiveDateTime {
    text.parse().unwrap()
}

const RUN: &str = ",\"type\":\"Running\",\"total_distance\":70.5";

impl Scene {
    /// A signed-in archive beside a Runkeeper with ten runs, a weight and a training.
    fn new() -> (Scene, Vec<String>) {
        let (scene, runs) = Scene::unsigned();
        scene.env.set("FITSNAP_RUNKEEPER_ACCESS_TOKEN", &scene.runkeeper.issue_token());
        (scene, runs)
    }

    fn unsigned() -> (Scene, Vec<String>) {
        let mut options = RunkeeperOptions::new("2015-07-11T06:00:00Z".parse().unwrap());
        options.page_limit = 4;
        let runkeeper = PretendRunkeeper::start(options).unwrap();
        let env = ArchiveEnv::new();
        env.run(&["init"]).code(0);
        env.set("FITSNAP_RUNKEEPER_CLIENT_ID", "pretend-app");
        env.set("FITSNAP_RUNKEEPER_CLIENT_SECRET", "pretend-app-secret");
        env.set("BROWSER", "true");
        env.set("FITSNAP_PATIENCE", "6000");
        let scene = Scene { env, runkeeper };
        scene.settings("");
        let day = |number: usize| at(&format!("2015-06-{:02}T07:30:00", 2 * number + 1));
        let runs = (0..10).map(|number| scene.runkeeper.add("/fitnessActivities", day(number), RUN)).collect();
        scene.runkeeper.add("/weight", at("2015-06-03T00:00:00"), ",\"weight\":63.5");
        scene.runkeeper.add("/strengthTrainingActivities", at("2015-06-04T18:00:00"), "");
        (scene, runs)
    }

    fn settings(&self, more: &str) {
        let text = format!("format = 1\n[providers.runkeeper]\nbase_url = \"{}\"\n{more}\n", self.runkeeper.base_url());
        std::fs::write(self.env.path("fitsnap.toml"), text).unwrap();
    }

    fn sync(&self, more: &[&str]) -> Ran {
        self.env.run(&[&["sync", "runkeeper", "--json"], more].concat())
    }

    #[track_caller]
    fn report(&self, code: i32) -> Value {
        let report: Value = serde_json::from_str(&self.sync(&[]).code(code).stdout).unwrap();
        report["providers"]["runkeeper"].clone()
    }

    /// Sets the clock on both sides.
    fn at(&self, now: &str) {
        self.env.set_now(now);
        self.runkeeper.set_now(now.parse().unwrap());
    }

    /// How many requests had this in their path and query since the last call.
    fn asked(&self, part: &str) -> usize {
        let log = self.runkeeper.take_log();
        log.iter().filter(|asked| format!("{}?{}", asked.path, asked.query).contains(part)).count()
    }

    fn day(&self, day: &str) -> Option<Value> {
        let path = self.env.path(&format!("data/runkeeper/{}.json", day.replace('-', "/")));
        Some(serde_json::from_str::<Value>(&std::fs::read_to_string(path).ok()?).unwrap()["resources"].clone())
    }

    fn tree(&self) -> String {
        self.env.git("", &["ls-files", "--stage", "data"])
    }
}

#[test]
fn every_feed_goes_to_its_own_days_under_its_own_name() {
    let (scene, runs) = Scene::new();
    // Dated ahead: without a far date the feed would leave it out.
    scene.runkeeper.add("/fitnessActivities", at("2015-08-01T07:00:00"), RUN);
    let feeds = ["backgroundActivities", "sleep", "nutrition", "generalMeasurements", "diabetes"];
    for feed in feeds {
        scene.runkeeper.add(&format!("/{feed}"), at("2015-06-04T00:00:00"), ",\"source\":\"by hand\"");
    }
    let report = scene.report(0);
    assert_eq!(report["new"], 12, "{report}");
    let fourth = scene.day("2015-06-04").unwrap();
    for name in ["background_activities", "sleep", "nutrition", "general_measurements", "diabetes"] {
        assert_eq!(fourth[name][0]["source"], "by hand", "{name}");
    }
    let third = scene.day("2015-06-03").unwrap();
    assert_eq!(third["activities"][0]["list"]["uri"], runs[1].as_str());
    assert_eq!(third["activities"][0]["detail"]["path"][0]["type"], "start");
    assert_eq!(third["weight"][0]["weight"], 63.5);
    assert!(scene.day("2015-06-04").unwrap()["strength_training_activities"][0]["detail"]["notes"].is_string());
    assert!(scene.day("2015-08-01").is_some());
    let account = std::fs::read_to_string(scene.env.path("data/runkeeper/account.json")).unwrap();
    assert!(["\"userID\": 12345678", "\"name\": \"Ada\"", "distance_units"].iter().all(|part| account.contains(part)));
    scene.env.run(&["verify", "--history"]).code(0);
    // Again: the feeds and the account, no activity but the one ahead; neighbours say nothing new.
    scene.runkeeper.take_log();
    let before = scene.tree();
    scene.report(0);
    let asked: Vec<_> = scene.runkeeper.take_log().into_iter().map(|asked| asked.path).collect();
    assert_eq!(asked.iter().filter(|path| path.starts_with("/fitnessActivities/")).count(), 1, "{asked:?}");
    assert_eq!(scene.tree(), before);
    // Another weight is another neighbour of the run ahead: that is no revision of it.
    scene.runkeeper.add("/weight", at("2015-06-08T00:00:00"), ",\"weight\":64");
    let report = scene.report(0);
    assert_eq!(
        (&report["new"], &report["revised"], &report["unchanged"]),
        (&1.into(), &0.into(), &1.into()),
        "{report}"
    );
}

#[test]
fn edits_and_deletions_of_the_past_are_seen() {
    let (scene, runs) = Scene::new();
    scene.report(0);
    scene.runkeeper.alter(&runs[3], "in the rain", ",\"type\":\"Running\",\"total_distance\":71");
    scene.runkeeper.delete(&runs[5]);
    scene.runkeeper.delete("/weight/1011");
    let report = scene.report(0);
    assert_eq!((&report["revised"], &report["withdrawn"]), (&1.into(), &1.into()), "{report}");
    assert_eq!(scene.day("2015-06-07").unwrap()["activities"][0]["detail"]["notes"], "in the rain");
    assert!(scene.day("2015-06-11").is_none());
    // The only weight there was: an empty list takes nothing.
    assert!(scene.day("2015-06-03").unwrap()["weight"].is_array());
}

#[test]
fn an_edit_that_no_feed_shows_is_seen_in_the_log_of_changes() {
    let (scene, runs) = Scene::new();
    scene.report(0);
    let notes = || scene.day("2015-06-05").unwrap()["activities"][0]["detail"]["notes"].clone();
    scene.at("2015-07-13T06:00:00Z");
    scene.runkeeper.annotate(&runs[2], "with a headwind");
    // It is not lost on a run that cannot see it or heed it: no log, other days, an activity that cannot be had.
    let cases: [(Option<Misbehaviour>, &[&str], i32); 6] = [
        (Some(Misbehaviour::of(Fault::Status(404)).at("/changeLog")), &[], 0),
        (Some(Misbehaviour::of(Fault::Page).at("/changeLog")), &[], 1),
        (Some(Misbehaviour::of(Fault::Status(500)).at("/changeLog")), &[], 1),
        (Some(Misbehaviour::of(Fault::Status(403)).at(&runs[2])), &[], 1),
        (None, &["--since", "2015-06-10"], 0),
        (None, &["--only", "weight"], 0),
    ];
    for (number, (fault, more, code)) in cases.into_iter().enumerate() {
        scene.at(&format!("2015-07-{}T06:00:00Z", 15 + number));
        fault.into_iter().for_each(|fault| scene.runkeeper.misbehave(fault));
        scene.sync(more).code(code);
        scene.runkeeper.behave();
        assert_eq!(notes(), "by the river", "{more:?}");
    }
    scene.at("2015-08-20T06:00:00Z");
    scene.runkeeper.take_log();
    let report = scene.report(0);
    assert_eq!((&report["revised"], &report["asked"]), (&1.into(), &1.into()), "{report}");
    assert_eq!(notes(), "with a headwind");
    // Forty days are asked for by the week. Heeded once, it is not asked for again.
    assert_eq!(scene.asked("/changeLog"), 7);
    scene.at("2015-08-22T06:00:00Z");
    let preview: Value = serde_json::from_str(&scene.sync(&["--dry-run"]).code(0).stdout).unwrap();
    assert_eq!(preview["providers"]["runkeeper"]["days"], 0, "{preview}");
    let foreseen = preview["providers"]["runkeeper"]["requests"].clone();
    scene.runkeeper.take_log();
    let report = scene.report(0);
    assert_eq!((&report["asked"], &report["requests"]), (&0.into(), &foreseen));
    assert_eq!(scene.asked("/changeLog?modifiedNoEarlierThan=2015-08-19T06:00:0"), 1);
}

#[test]
fn a_deletion_that_the_log_tells_of_needs_no_further_proof_but_the_whole_list() {
    let (scene, runs) = Scene::new();
    scene.report(0);
    scene.runkeeper.delete(&runs[5]);
    // The list is not whole: what the log says changes nothing.
    scene.runkeeper.lie_about_size(3);
    scene.sync(&[]).code(1);
    assert!(scene.day("2015-06-11").is_some());
    scene.runkeeper.behave();
    scene.runkeeper.take_log();
    assert_eq!(scene.report(0)["withdrawn"], 1);
    assert_eq!(scene.asked(&runs[5]), 0);
    // One that the log says is gone while its list has it stays.
    let said = format!("{{\"fitness_activities\":[{{\"deleted\":[\"{}\"]}}]}}", runs[7]);
    scene.runkeeper.misbehave(Misbehaviour::of(Fault::Body(said)).at("/changeLog"));
    assert_eq!(scene.report(0)["withdrawn"], 0);
    assert!(scene.day("2015-06-15").is_some());
}

#[test]
fn a_sign_in_lasts_until_it_is_taken_back() {
    let (scene, _) = Scene::unsigned();
    let said = scene.sync(&[]).code(3).stderr;
    assert!(said.contains("fitsnap login runkeeper"), "{said}");
    scene.runkeeper.deny();
    let login = || {
        let waiting = Waiting::begin(&scene.env, &["runkeeper"]);
        assert!(!waiting.address.contains("scope"), "{}", waiting.address);
        browser::visit(&waiting.address).unwrap();
        waiting.end()
    };
    let (code, said) = login();
    assert!(code == 3 && said.contains("access_denied"), "{said}");
    scene.runkeeper.behave();
    let (code, said) = login();
    assert!(code == 0 && said.contains("signed in to Runkeeper as 12345678"), "{said}");
    assert!(!said.contains("pretend-access-") && !said.contains("pretend-app-secret"), "{said}");
    assert_eq!(scene.report(0)["new"], 11);
    // Years later it still opens; there is nothing to renew.
    scene.at("2019-07-11T06:00:00Z");
    scene.runkeeper.take_log();
    scene.report(0);
    assert_eq!(scene.asked("/apps/"), 0);
    let before = scene.tree();
    scene.runkeeper.revoke();
    let said = scene.sync(&[]).code(3).stderr;
    assert!(said.contains("taken back at Runkeeper") && said.contains("fitsnap login runkeeper"), "{said}");
    assert_eq!(scene.tree(), before);
    assert_eq!(login().0, 0);
    scene.report(0);
    scene.runkeeper.take_log();
    let said = scene.env.run(&["logout", "runkeeper"]).code(0).stderr;
    assert!(said.contains("Runkeeper has taken the tokens back"), "{said}");
    assert_eq!(scene.asked("/apps/de-authorize"), 1);
    scene.sync(&[]).code(3);
}

#[test]
fn a_size_that_lies_or_a_feed_that_breaks_off_takes_nothing() {
    let (scene, runs) = Scene::new();
    scene.report(0);
    let before = scene.tree();
    scene.runkeeper.delete(&runs[2]);
    scene.runkeeper.lie_about_size(3);
    let said = scene.sync(&[]).code(1);
    assert!(said.stderr.contains("says it has 12 entries, but told 9"), "{}", said.stderr);
    assert_eq!(scene.tree(), before);
    scene.runkeeper.behave();
    let again = format!(
        "{{\"size\":9,\"items\":[{{\"uri\":\"{}\",\"start_time\":\"Sun, 7 Jun 2015 07:30:00\"{RUN}}}],\
         \"next\":\"/fitnessActivities?page=1\"}}",
        runs[3]
    );
    for fault in [
        Fault::Page,
        Fault::Truncated,
        Fault::Body("{\"size\":0}".into()),
        Fault::Status(406),
        // A page that leads to itself for ever.
        Fault::Body(again),
    ] {
        scene.runkeeper.misbehave(Misbehaviour::of(fault.clone()).at("/fitnessActivities?page=1"));
        let ran = scene.sync(&[]);
        assert_eq!(ran.status, 1, "{fault:?}: {} {:?}", ran.stderr, scene.runkeeper.take_log());
        assert_eq!(scene.tree(), before);
        scene.runkeeper.behave();
    }
    assert_eq!(scene.report(0)["withdrawn"], 1);
}

#[test]
fn letters_in_latin_1_come_whole_and_live_activities_come_later() {
    let (scene, runs) = Scene::new();
    scene.runkeeper.alter(&runs[0], "J\u{e4}rven ymp\u{e4}ri", RUN);
    scene.runkeeper.speak_latin();
    scene.runkeeper.set_live(&runs[9], true);
    assert_eq!(scene.report(0)["new"], 10);
    assert_eq!(scene.day("2015-06-01").unwrap()["activities"][0]["detail"]["notes"], "J\u{e4}rven ymp\u{e4}ri");
    assert!(scene.day("2015-06-19").is_none());
    scene.runkeeper.set_live(&runs[9], false);
    assert_eq!(scene.report(0)["new"], 1);
}

#[test]
fn refusals_are_understood_by_their_words() {
    let (scene, _) = Scene::new();
    scene.report(0);
    let before = scene.tree();
    scene.runkeeper.delete("/fitnessActivities/1004");
    // Gone in the middle of the list: nothing is taken, and its own words say for how long.
    scene.runkeeper.leave(2);
    let said = scene.sync(&["--max-wait", "14m"]).code(4);
    assert!(said.stderr.contains("asked too often") && said.stderr.contains("06:15:0"), "{}", said.stderr);
    assert_eq!(scene.tree(), before);
    scene.runkeeper.behave();
    assert_eq!(scene.report(0)["withdrawn"], 1);
    scene.runkeeper.revoke();
    let said = scene.sync(&[]).code(3);
    assert!(said.stderr.contains("Revoked"), "{}", said.stderr);
}

#[test]
fn types_and_resources_choose() {
    let (scene, runs) = Scene::new();
    scene.runkeeper.alter(&runs[4], "", ",\"type\":\"Cycling\"");
    scene.settings("types = [\"Cycling\"]\nresources = [\"fitness_activities\", \"weight\", \"detail\"]");
    assert_eq!(scene.report(0)["new"], 3);
    assert!(scene.day("2015-06-03").unwrap().get("activities").is_none());
    let said = scene.env.run(&["logout", "runkeeper"]).code(0).stderr;
    assert!(said.contains("no tokens"), "{said}");
}
