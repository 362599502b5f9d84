//! Google Health through the binary, against the pretend one: every day whole, in one order, whatever
//! the service makes of its pages; days that grow; scopes; the sign-in and how long it lasts.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use fitsnap::pretend::{GoogleHealthOptions, PretendGoogleHealth, browser};
use serde_json::Value;

use crate::env::{ArchiveEnv, Ran};

pub const NOW: &str = "2026-11-20T06:00:00Z";

pub fn time(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

pub fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// An archive and the service that it asks.
pub struct Scene {
    pub env: ArchiveEnv,
    pub health: PretendGoogleHealth,
}

impl Scene {
    /// A signed-in archive beside a tracker worn since the 8th: 13 days.
    pub fn new() -> Scene {
        Scene::with(|_| {})
    }

    pub fn with(adjust: impl FnOnce(&mut GoogleHealthOptions)) -> Scene {
        let scene = Scene::unsigned(adjust);
        let (access, refresh) = scene.health.issue_tokens();
        scene.env.set("FITSNAP_GOOGLEHEALTH_ACCESS_TOKEN", &access);
        scene.env.set("FITSNAP_GOOGLEHEALTH_REFRESH_TOKEN", &refresh);
        scene
    }

    pub fn unsigned(adjust: impl FnOnce(&mut GoogleHealthOptions)) -> Scene {
        let mut options = GoogleHealthOptions::new(date("2026-11-08"), time(NOW));
        // Quotas have tests of their own.
        options.minute_limit = 50_000;
        adjust(&mut options);
        let now = options.now;
        let health = PretendGoogleHealth::start(options).unwrap();
        let env = ArchiveEnv::new();
        let scene = Scene { env, health };
        scene.at(&now.to_rfc3339());
        scene.env.run(&["init"]).code(0);
        scene.settings("");
        scene.env.set("FITSNAP_GOOGLEHEALTH_CLIENT_ID", "pretend-app");
        scene.env.set("FITSNAP_GOOGLEHEALTH_CLIENT_SECRET", "pretend-app-secret");
        scene.env.set("FITSNAP_PATIENCE", "6000");
        scene.env.set("BROWSER", "true");
        scene
    }

    pub fn settings(&self, more: &str) {
        let text = format!("format = 1\n[providers.googlehealth]\nbase_url = \"{}\"\n{more}\n", self.health.base_url());
        std::fs::write(self.env.path("fitsnap.toml"), text).unwrap();
    }

    /// Sets the clock on both sides.
    pub fn at(&self, now: &str) {
        self.env.set_now(now);
        self.health.set_now(DateTime::parse_from_rfc3339(now).unwrap().to_utc());
    }

    pub fn sync(&self, more: &[&str]) -> Ran {
        self.env.run(&[&["sync", "googlehealth", "--json"], more].concat())
    }

    /// Syncs and tells what it reported.
    #[track_caller]
    pub fn report(&self, code: i32, more: &[&str]) -> Value {
        let ran = self.sync(more).code(code);
        let report: Value = serde_json::from_str(&ran.stdout).unwrap();
        report["providers"]["googlehealth"].clone()
    }

    pub fn document(&self, day: &str) -> Value {
        let path = self.env.path(&format!("data/googlehealth/{}.json", day.replace('-', "/")));
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    }

    /// All that is held: the days' documents by path.
    pub fn held(&self) -> BTreeMap<String, String> {
        let files = self.env.git("", &["ls-files", "data/googlehealth"]);
        let days = files.lines().filter(|path| path.ends_with(".json") && !path.ends_with("account.json"));
        days.map(|path| (path.to_owned(), std::fs::read_to_string(self.env.path(path)).unwrap())).collect()
    }

    /// How many requests there were whose path and query contain this.
    pub fn asked(&self, part: &str) -> usize {
        let log = self.health.take_log();
        log.iter().filter(|asked| format!("{}?{}", asked.path, asked.query).contains(part)).count()
    }

    /// What the log says of the last commit.
    pub fn log(&self) -> String {
        self.env.run(&["log", "--provider", "googlehealth"]).code(0).stdout
    }
}

#[track_caller]
pub fn counts(report: &Value, kinds: &[(&str, u64)]) {
    for (kind, count) in kinds {
        assert_eq!(report[kind], *count, "{kind}: {report}");
    }
}

/// How many points a resource has.
fn points(document: &Value, resource: &str) -> usize {
    document["resources"][resource].as_array().unwrap().len()
}

#[test]
fn every_day_is_whole_and_the_same_on_every_run() {
    let scene = Scene::new();
    counts(&scene.report(0, &[]), &[("new", 13), ("requests", 77)]);
    let document = scene.document("2026-11-19");
    // From 07:00 to 21:00 every five minutes; numbers stay the texts that they are.
    assert_eq!(points(&document, "heart-rate"), 168);
    let beats = document["resources"]["heart-rate"].as_array().unwrap();
    assert!(beats.iter().all(|beat| beat["heartRate"]["beatsPerMinute"].is_string()));
    assert!(
        beats.is_sorted_by_key(|beat| beat["heartRate"]["sampleTime"]["physicalTime"].as_str().unwrap().to_owned())
    );
    assert_eq!((points(&document, "steps"), points(&document, "sleep"), points(&document, "floors")), (20, 1, 0));
    assert_eq!(document["resources"]["daily/steps"][0]["steps"]["countSum"], "1430");
    assert_eq!(document.get("absent"), None);
    let account: Value =
        serde_json::from_str(&std::fs::read_to_string(scene.env.path("data/googlehealth/account.json")).unwrap())
            .unwrap();
    assert_eq!(account["resources"]["identity"]["healthUserId"], "1184467440737095516");
    assert_eq!(account["resources"]["devices"][0]["deviceVersion"], "Pretend Band");
    // Another order of the points, another spelling of the weight, nights reckoned again.
    let before = scene.held();
    for _ in 0..3 {
        counts(&scene.report(0, &[]), &[("unchanged", 7), ("asked", 7)]);
        assert_eq!(scene.held(), before);
    }
    scene.env.run(&["verify", "--history"]).code(0);
}

#[test]
fn pages_totals_and_nights_come_whole_however_the_service_cuts_them() {
    // Twenty days: totals of heart rates come in 14 and 6.
    let some = "resources = [\"heart-rate\", \"daily/heart-rate\", \"daily/steps\", \"sleep\", \"exercise\", \"electrocardiogram\"]";
    let usual = Scene::with(|options| options.first_day = date("2026-11-01"));
    usual.settings(some);
    usual.report(0, &[]);
    let paged = Scene::with(|options| {
        options.first_day = date("2026-11-01");
        options.page_limit = 7;
        options.is_end_inclusive = true;
        options.refuses_sleep_filters = true;
    });
    paged.settings(some);
    paged.report(0, &[]);
    let steady = |scene: &Scene| -> Vec<String> {
        let held = scene.held().into_values();
        held.map(|text| text.lines().filter(|line| !line.contains("\"updateTime\"")).collect::<Vec<_>>().join("\n"))
            .collect()
    };
    assert_eq!(steady(&usual), steady(&paged));
    assert!(paged.asked("heart-rate/dataPoints:reconcile") > 19 * 24);
}

#[test]
fn the_list_keeps_every_source_apart() {
    let scene = Scene::new();
    scene.settings("stream = \"list\"\nresources = [\"steps\", \"floors\", \"electrocardiogram\"]");
    counts(&scene.report(0, &[]), &[("new", 13)]);
    let document = scene.document("2026-11-19");
    let steps = document["resources"]["steps"].as_array().unwrap();
    assert_eq!(steps.len(), 27);
    let first: Vec<_> = steps[..3].iter().map(|one| one["dataSource"]["platform"].as_str().unwrap()).collect();
    assert_eq!(first, ["HEALTH_CONNECT", "FITBIT", "FITBIT"]);
    // Floors know no list.
    assert_eq!(scene.asked("floors/dataPoints?"), 0);
    let before = scene.held();
    scene.report(0, &[]);
    assert_eq!(scene.held(), before);
}

#[test]
fn what_the_service_rewrites_is_seen_for_what_it_is() {
    let scene = Scene::with(|options| options.heart_every = 60);
    scene.health.set_classic(date("2026-11-18"), true);
    scene.health.sync_tracker(time("2026-11-19T12:00:00Z"));
    scene.report(0, &[]);
    assert_eq!(points(&scene.document("2026-11-20"), "daily/steps"), 0);
    let half = points(&scene.document("2026-11-19"), "heart-rate");
    scene.at("2026-11-21T06:00:00Z");
    scene.health.sync_tracker(time("2026-11-21T05:50:00Z"));
    scene.health.set_classic(date("2026-11-18"), false);
    scene.health.upload_late(date("2026-11-17"));
    scene.health.alter_heart_rates(date("2026-11-17"), 3);
    scene.health.thin_out(date("2026-11-16"));
    counts(&scene.report(0, &[]), &[("new", 1), ("shrunk", 1), ("revised", 2), ("grown", 2), ("unchanged", 1)]);
    assert!(points(&scene.document("2026-11-19"), "heart-rate") > half);
    assert_eq!(scene.document("2026-11-18")["resources"]["sleep"][0]["sleep"]["type"], "STAGES");
    let said = scene.log();
    for words in [
        "heart-rate: 180 samples added 21:00-23:59, 3 altered",
        "heart-rate: 756 samples removed 07:01-20:59",
        "steps: 10 samples added 21:14-21:23",
        "sleep.type \"CLASSIC\" -> \"STAGES\"",
        "sleep stage 23:39 (-1)-01:19 LIGHT: ",
        "DEEP added",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
}

#[test]
fn a_day_that_the_tracker_has_not_handed_over_stays_on_the_list() {
    let scene = Scene::with(|options| options.is_testing = false);
    scene.health.sync_tracker(time("2026-11-18T09:00:00Z"));
    scene.report(0, &[]);
    let before = points(&scene.document("2026-11-18"), "heart-rate");
    // Three weeks later it comes to light; the 18th has long left the window.
    scene.at("2026-12-09T06:00:00Z");
    counts(&scene.report(0, &["--window", "1"]), &[("new", 19), ("asked", 19)]);
    scene.health.sync_tracker(time("2026-12-09T05:00:00Z"));
    let report = scene.report(0, &["--window", "1"]);
    assert!(report["asked"].as_u64().unwrap() >= 22, "{report}");
    assert!(points(&scene.document("2026-11-18"), "heart-rate") > before);
    assert_eq!(points(&scene.document("2026-11-19"), "heart-rate"), 168);
    scene.health.take_log();
    counts(&scene.report(0, &["--window", "1"]), &[("asked", 1)]);
}

#[test]
fn signing_in_binds_the_code_tells_how_long_it_lasts_and_keeps_the_refresh_token() {
    let scene = Scene::unsigned(|_| {});
    let said = sign_in(&scene, 0);
    assert!(said.contains("until 2026-11-27T05:59:59Z") && said.contains("consent screen is in testing"), "{said}");
    let status = scene.env.run(&["status"]).code(0).stdout;
    assert!(status.contains("signed in until 2026-11-27T05:59:59Z") && status.contains("in testing"), "{status}");
    scene.report(0, &["--only", "steps"]);
    // An access token lives an hour; the refresh token is never another one, and ends all the same.
    scene.at("2026-11-24T06:00:00Z");
    scene.health.take_log();
    scene.report(0, &["--only", "steps"]);
    assert_eq!(scene.asked("/token"), 1);
    scene.at("2026-11-28T06:00:00Z");
    let ran = scene.sync(&[]).code(3);
    assert!(
        ran.stderr.contains("older than 7 days") && ran.stderr.contains("fitsnap login googlehealth"),
        "{}",
        ran.stderr
    );
    let status = scene.env.run(&["status", "--json"]).code(0).stdout;
    let status: Value = serde_json::from_str(&status).unwrap();
    assert_eq!(status["providers"]["googlehealth"]["signed_in"], false);
    sign_in(&scene, 0);
    scene.report(0, &["--only", "steps"]);
    let said = scene.env.run(&["logout", "googlehealth"]).code(0).stderr;
    assert!(said.contains("taken the tokens back"), "{said}");
}

/// Signs in with the pretend browser and tells what was said.
fn sign_in(scene: &Scene, code: i32) -> String {
    use std::io::{BufRead, BufReader, Read};
    use std::process::Stdio;
    let mut command = scene.env.command(env!("CARGO_BIN_EXE_fitsnap"));
    let mut child = command
        .args(["login", "googlehealth"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut reader = BufReader::new(child.stderr.take().unwrap());
    let (mut said, mut line) = (String::new(), String::new());
    while reader.read_line(&mut line).unwrap() > 0 {
        said.push_str(&line);
        if let Some(address) = line.trim().strip_prefix("http://").filter(|address| address.contains("/auth?")) {
            browser::visit(&format!("http://{address}")).unwrap();
        }
        line.clear();
    }
    reader.read_to_string(&mut said).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(code), "{said}");
    assert!(!said.contains("pretend-access-") && !said.contains("pretend-refresh-"));
    said
}

#[test]
fn what_was_not_allowed_is_absent_and_not_asked_for_until_it_is() {
    let scene = Scene::unsigned(|_| {});
    let scope = |names: &[&str]| {
        let scopes = names.iter().map(|name| format!("https://www.googleapis.com/auth/googlehealth.{name}.readonly"));
        scopes.collect::<Vec<_>>().join(" ")
    };
    scene.health.set_scope(&scope(&["activity_and_fitness", "settings"]));
    let said = sign_in(&scene, 0);
    assert!(said.contains("googlehealth.sleep.readonly, ") && said.contains("was not allowed"), "{said}");
    scene.settings("since = \"2026-11-17\"\nresources = [\"steps\", \"sleep\", \"heart-rate\"]");
    scene.health.take_log();
    scene.report(0, &[]);
    let log = scene.health.take_log();
    assert!(
        !log.iter()
            .any(|asked| ["profile", "irnProfile", "sleep", "heart-rate"].iter().any(|part| asked.path.contains(part))),
        "{log:?}"
    );
    let document = scene.document("2026-11-18");
    assert_eq!(document["absent"]["sleep"], "not granted");
    assert_eq!(document["absent"]["heart-rate"], "not granted");
    assert_eq!(points(&document, "steps"), 20);
    // Allowed now: what is held without it is asked for.
    scene.health.set_scope(&scope(&["activity_and_fitness", "settings", "sleep"]));
    sign_in(&scene, 0);
    scene.report(0, &["--window", "1"]);
    let document = scene.document("2026-11-18");
    assert_eq!(points(&document, "sleep"), 1);
    assert_eq!(document["absent"].as_object().unwrap().len(), 1);
    // A pasted token says nothing of its scopes: a refusal does.
    let pasted = Scene::with(|options| options.scope = scope(&["activity_and_fitness"]));
    pasted.settings("resources = [\"steps\", \"sleep\"]\nsince = \"2026-11-17\"\ntime_zone = \"Europe/Helsinki\"");
    pasted.report(0, &[]);
    assert_eq!(pasted.document("2026-11-18")["absent"]["sleep"], "not granted");
}

#[test]
fn resources_that_need_more_than_every_sign_in_asks_for_ask_for_it() {
    let scene = Scene::unsigned(|_| {});
    let address =
        |scene: &Scene| scene.env.run_with_input(&["login", "googlehealth", "--no-browser"], "\n").code(2).stderr;
    let said = address(&scene);
    for part in
        ["access_type=offline", "prompt=consent", "code_challenge_method=S256", "googlehealth.sleep.readonly%20"]
    {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(!said.contains("mindfulness") && !said.contains("writeonly"), "{said}");
    scene.settings("resources = [\"steps\", \"moods\", \"exercise-tcx\"]");
    let said = address(&scene);
    assert!(
        ["mindfulness", "location"].iter().all(|name| said.contains(&format!("googlehealth.{name}.readonly"))),
        "{said}"
    );
}

#[test]
fn the_first_month_is_found_where_the_profile_does_not_tell_it() {
    let scene = Scene::with(|options| {
        options.first_day = date("2026-10-14");
        options.tells_first_day = false;
    });
    let report = scene.report(0, &["--only", "steps"]);
    counts(&report, &[("new", 31 + 20)]);
    let looked = || scene.health.take_log().iter().filter(|asked| asked.query.ends_with("pageSize=1")).count();
    assert!((8..16).contains(&looked()));
    scene.settings("since = \"2026-11-10\"");
    scene.report(0, &["--only", "steps"]);
    assert_eq!(looked(), 0);
}

#[test]
fn tracks_of_workouts_come_where_they_are_wished_for_and_allowed() {
    let location = "https://www.googleapis.com/auth/googlehealth.location.readonly";
    let scene = Scene::with(|options| options.scope = format!("{} {location}", options.scope));
    scene.settings("resources = [\"exercise\", \"exercise-tcx\"]");
    scene.report(0, &[]);
    let days = scene.held().into_keys().map(|path| path[18..28].replace('/', "-"));
    let documents: Vec<Value> = days.map(|day| scene.document(&day)).collect();
    let count = |resource| documents.iter().map(|document| points(document, resource)).sum::<usize>();
    assert!(count("exercise") > 0 && count("exercise-tcx") == count("exercise"));
    let track = documents.iter().find_map(|document| document["resources"]["exercise-tcx"].get(0)).unwrap();
    assert!(track["tcxData"].as_str().unwrap().starts_with("<TrainingCenterDatabase>"));
    let before = scene.held();
    scene.health.refuse(":exportExerciseTcx", 500, "", "Not now");
    assert_ne!(scene.sync(&["--since", "2026-11-08"]).status, 0);
    assert_eq!(scene.held(), before);
    scene.health.behave();
    scene.health.set_scope("https://www.googleapis.com/auth/googlehealth.activity_and_fitness.readonly");
    scene.settings("resources = [\"exercise-tcx\"]\nsince = \"2026-11-08\"");
    scene.report(0, &[]);
    assert_eq!(scene.held(), before);
}
