//! Fitbit through the binary, against the pretend one: days of many parts, a tracker that hands over late,
//! scopes, a quota that takes days, the past rewritten.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use fitsnap::pretend::{Fault, FitbitOptions, Misbehaviour, PretendFitbit, browser};
use serde_json::Value;

use crate::env::{ArchiveEnv, Ran};

pub const NOW: &str = "2015-07-11T06:00:00Z";

/// The person's first day: ten days up to `NOW`.
pub const FIRST: &str = "2015-07-02";

/// Where the samples of a heart are in a document.
const BEATS: &str = "/heart/activities-heart-intraday/dataset";

pub fn now() -> DateTime<Utc> {
    NOW.parse().unwrap()
}

pub fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub struct Scene {
    pub env: ArchiveEnv,
    pub fitbit: PretendFitbit,
}

impl Scene {
    /// A signed-in archive beside a Fitbit with ten days.
    pub fn new() -> Scene {
        Scene::with("", |_| {})
    }

    pub fn with(settings: &str, adjust: impl FnOnce(&mut FitbitOptions)) -> Scene {
        let scene = Scene::signed_out(settings, adjust);
        scene.sign_in();
        scene
    }

    /// As `new`, and synced for the first time.
    pub fn synced() -> Scene {
        let scene = Scene::new();
        scene.report(0, &[]);
        scene.fitbit.take_log();
        scene
    }

    pub fn signed_out(settings: &str, adjust: impl FnOnce(&mut FitbitOptions)) -> Scene {
        let mut options = FitbitOptions::new(day(FIRST), now());
        // The quota has a test of its own.
        options.hour_limit = 5_000;
        adjust(&mut options);
        let fitbit = PretendFitbit::start(options).unwrap();
        let env = ArchiveEnv::new();
        env.run(&["init"]).code(0);
        let scene = Scene { env, fitbit };
        scene.settings(settings);
        scene.env.set("FITSNAP_FITBIT_CLIENT_ID", "pretend-app");
        scene.env.set("FITSNAP_FITBIT_CLIENT_SECRET", "pretend-app-secret");
        scene.env.set("FITSNAP_PATIENCE", "6000");
        scene.env.set("BROWSER", "true");
        scene
    }

    pub fn settings(&self, more: &str) {
        let text = format!("format = 1\n[providers.fitbit]\nbase_url = \"{}\"\n{more}\n", self.fitbit.base_url());
        std::fs::write(self.env.path("fitsnap.toml"), text).unwrap();
    }

    /// Signs in through the browser.
    pub fn sign_in(&self) {
        let mut command = self.env.command(env!("CARGO_BIN_EXE_fitsnap"));
        let mut child = command.args(["login", "fitbit"]).stderr(std::process::Stdio::piped()).spawn().unwrap();
        let mut said = std::io::BufReader::new(child.stderr.take().unwrap());
        let address = loop {
            let mut line = String::new();
            assert_ne!(std::io::BufRead::read_line(&mut said, &mut line).unwrap(), 0, "no address");
            if line.trim().starts_with("http://") {
                break line.trim().to_owned();
            }
        };
        browser::visit(&address).unwrap();
        let mut rest = String::new();
        std::io::Read::read_to_string(&mut said, &mut rest).unwrap();
        assert!(child.wait().unwrap().success(), "{rest}");
        assert!(rest.contains("signed in to Fitbit as Ada (7QXBMP)"), "{rest}");
        self.fitbit.take_log();
    }

    pub fn sync(&self, more: &[&str]) -> Ran {
        let ran = self.env.run(&[&["sync", "fitbit", "--json"], more].concat());
        for secret in ["pretend-access-", "pretend-refresh-", "pretend-code-", "pretend-app-secret"] {
            assert!(!ran.stderr.contains(secret) && !ran.stdout.contains(secret), "{}", ran.stderr);
        }
        ran
    }

    /// Syncs and tells what it reported.
    #[track_caller]
    pub fn report(&self, code: i32, more: &[&str]) -> Value {
        let report: Value = serde_json::from_str(&self.sync(more).code(code).stdout).unwrap();
        report["providers"]["fitbit"].clone()
    }

    /// Sets the clocks of both sides.
    pub fn at(&self, time: &str) {
        self.env.set_now(time);
        self.fitbit.set_now(time.parse().unwrap());
    }

    pub fn file(&self, day: &str) -> Option<String> {
        std::fs::read_to_string(self.env.path(&format!("data/fitbit/{}.json", day.replace('-', "/")))).ok()
    }

    /// A day document.
    #[track_caller]
    pub fn day(&self, day: &str) -> Value {
        serde_json::from_str(&self.file(day).unwrap()).unwrap()
    }

    /// Something below the resources of a day.
    #[track_caller]
    pub fn told(&self, day: &str, pointer: &str) -> Value {
        self.day(day)["resources"].pointer(pointer).cloned().unwrap_or(Value::Null)
    }

    pub fn account(&self) -> Value {
        let text = std::fs::read_to_string(self.env.path("data/fitbit/account.json")).unwrap();
        serde_json::from_str::<Value>(&text).unwrap()["resources"].clone()
    }

    /// The paths asked for since the last call that hold this.
    pub fn asked(&self, part: &str) -> Vec<String> {
        let log = self.fitbit.take_log().into_iter().map(|asked| format!("{}?{}", asked.path, asked.query));
        log.filter(|path| path.contains(part)).collect()
    }

    pub fn head(&self) -> String {
        self.env.git("", &["rev-parse", "HEAD"])
    }

    /// What the log says, without the lines of the commits.
    pub fn log(&self, more: &[&str]) -> String {
        self.env.run(&[&["log", "--provider", "fitbit"], more].concat()).code(0).stdout
    }

    #[track_caller]
    pub fn verified(&self) {
        self.env.run(&["verify", "--history"]).code(0);
    }
}

#[track_caller]
pub fn counts(report: &Value, kinds: &[(&str, u64)]) {
    for (kind, count) in kinds {
        assert_eq!(report[kind], *count, "{kind}: {report}");
    }
}

#[test]
fn a_first_sync_holds_every_resource_of_every_day_as_it_was_sent() {
    let scene = Scene::new();
    let report = scene.report(0, &[]);
    counts(&report, &[("new", 10), ("revised", 0)]);
    let document = scene.day("2015-07-09");
    assert_eq!(document["absent"], Value::Null);
    let resources = document["resources"].as_object().unwrap();
    let offered = scene.env.run(&["providers", "fitbit", "--json"]).code(0).stdout;
    let offered: Value = serde_json::from_str(&offered).unwrap();
    for resource in offered["resources"].as_array().unwrap() {
        let name = resource["name"].as_str().unwrap();
        assert_eq!(resources.contains_key(name), resource["by_default"] == true, "{name}");
    }
    assert_eq!(scene.told("2015-07-09", "/heart/activities-heart-intraday/datasetType"), "second");
    assert!(scene.told("2015-07-09", BEATS).as_array().unwrap().len() > 80);
    assert_eq!(scene.told("2015-07-09", "/steps/activities-steps/0/dateTime"), "2015-07-09");
    assert_eq!(scene.told("2015-07-09", "/steps_daily/0/dateTime"), "2015-07-09");
    assert_eq!(scene.told("2015-07-09", "/sleep/0/startTime"), "2015-07-08T23:10:00.000");
    assert_eq!(scene.told("2015-07-09", "/spo2/0/minutes/0/value"), 95.7);
    assert_eq!(scene.told("2015-07-09", "/core_temperature"), Value::Array(Vec::new()));
    assert_eq!(scene.told("2015-07-10", "/ecg/0/resultClassification"), "Normal Sinus Rhythm");
    assert_eq!(scene.told("2015-07-05", "/weight/0/source"), "Aria");
    let run = scene.fitbit.first_run();
    assert_eq!(scene.told(&run.to_string(), "/activities/0/activityName"), "Run");
    assert!(scene.told(&run.to_string(), "/activities/0/logId").as_u64().unwrap() > 1 << 53);
    let account = scene.account();
    assert_eq!(account["profile"]["user"]["encodedId"], "7QXBMP");
    assert_eq!(account["sleep_goal"]["goal"]["minDuration"], 450);
    assert!(account["badges"].is_object() && account["lifetime"].is_object() && account["devices"].is_array());
    scene.verified();
    // Long ranges are asked for whole and once, samples once a day.
    assert_eq!(scene.asked("/date/").iter().filter(|path| path.contains("/2015-07-02/2015-07-11")).count(), 23);
}

#[test]
fn a_second_sync_asks_for_the_window_and_what_flickers_is_no_revision() {
    let scene = Scene::synced();
    let before = scene.head();
    // Lifetime, battery, average steps and the like go on changing; nothing else does.
    scene.at("2015-07-11T06:20:00Z");
    scene.fitbit.hand_over(Some(now()));
    let report = scene.report(0, &[]);
    counts(&report, &[("new", 0), ("revised", 0), ("grown", 0), ("unchanged", 7)]);
    assert_eq!(scene.head(), before);
    let asked = scene.asked("/1d/1sec");
    assert_eq!(asked.len(), 7, "{asked:?}");
    assert!(asked[0].contains("/2015-07-11/1d/"), "{asked:?}");
}

#[test]
fn one_day_of_one_resource_asks_for_just_that_and_touches_nothing_else() {
    let scene = Scene::with("detail = \"1min\"", |_| {});
    let wish = ["--since", "2015-07-08", "--until", "2015-07-08", "--only", "heart"];
    counts(&scene.report(0, &wish), &[("new", 1)]);
    assert_eq!(scene.asked("/date/"), ["/1/user/-/activities/heart/date/2015-07-08/1d/1min.json?"]);
    let names: Vec<String> = scene.day("2015-07-08")["resources"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(names, ["heart"]);
    assert!(
        scene
            .told("2015-07-08", BEATS)
            .as_array()
            .unwrap()
            .iter()
            .all(|beat| { beat["time"].as_str().unwrap().ends_with(":00") })
    );
    // The rest of that day and the other days come with the next sync.
    counts(&scene.report(0, &[]), &[("new", 9), ("grown", 1)]);
}

#[test]
fn the_token_of_an_implicit_grant_comes_as_the_address_it_ended_up_at() {
    let scene = Scene::signed_out("", |options| options.scope = "heartrate".to_owned());
    let (access, _) = scene.fitbit.issue_tokens();
    let address = format!(
        "https://me.example/#access_token={access}&user_id=7QXBMP&scope=heartrate&token_type=Bearer&expires_in=31536000"
    );
    let said = scene.env.run_with_input(&["login", "fitbit", "--token", "-"], &address).code(0).stderr;
    assert!(said.contains("were not allowed") && !said.contains(&access), "{said}");
    // Without the profile nobody knows since when there are days; what is wished for is asked for.
    let wish = ["--since", "2015-07-03", "--until", "2015-07-05", "--only", "heart"];
    counts(&scene.report(0, &wish), &[("new", 3)]);
    scene.fitbit.take_log();
    let report = scene.report(0, &["--since", "2015-07-04", "--until", "2015-07-04"]);
    counts(&report, &[("grown", 1)]);
    // What is known not to be granted costs no request.
    let asked = scene.asked("/1");
    assert_eq!(asked.len(), 4, "{asked:?}");
    assert_eq!(scene.day("2015-07-04")["absent"]["sleep"], "not granted");
    assert!(scene.told("2015-07-04", "/hrv").is_array());
}

#[test]
fn a_scope_that_is_allowed_later_is_asked_for_on_all_days() {
    let everything = "activity cardio_fitness electrocardiogram heartrate irregular_rhythm_notifications nutrition \
                      oxygen_saturation profile respiratory_rate settings temperature weight";
    let scene = Scene::with("", |options| options.scope = everything.to_owned());
    scene.report(0, &[]);
    assert_eq!(scene.day("2015-07-03")["absent"]["sleep"], "not granted");
    scene.fitbit.take_log();
    counts(&scene.report(0, &[]), &[("unchanged", 7)]);
    assert_eq!(scene.asked("sleep"), [""; 0]);
    scene.fitbit.set_scope(&format!("{everything} sleep"));
    scene.sign_in();
    counts(&scene.report(0, &[]), &[("grown", 10)]);
    assert_eq!(scene.day("2015-07-03")["absent"], Value::Null);
    assert!(scene.told("2015-07-03", "/sleep").is_array());
    scene.verified();
}

#[test]
fn samples_that_the_app_may_not_have_are_absent_after_a_few_questions() {
    let scene = Scene::with("", |options| {
        options.first_day = day("2015-04-01");
        options.has_intraday = false;
    });
    scene.report(0, &["--only", "heart,steps,zone_minutes,steps_daily"]);
    let asked = scene.asked("/1d/").len();
    assert!((9..=30).contains(&asked), "{asked}");
    let document = scene.day("2015-04-01");
    assert_eq!(document["absent"]["heart"], "not granted");
    assert_eq!(document["absent"]["zone_minutes"], "not granted");
    assert_eq!(document["resources"]["steps_daily"][0]["dateTime"], "2015-04-01");
    scene.verified();
    scene.report(0, &[]);
    // The app got the permission, and the person signed in anew.
    scene.fitbit.allow_intraday(true);
    scene.sign_in();
    counts(&scene.report(0, &["--only", "heart"]), &[("grown", 102)]);
}

#[test]
fn what_the_device_does_not_record_is_absent() {
    let scene = Scene::with("", |options| options.has_altimeter = false);
    scene.report(0, &[]);
    let document = scene.day("2015-07-08");
    for name in ["floors", "elevation", "floors_daily", "elevation_daily"] {
        assert_eq!(document["absent"][name], "not offered", "{document}");
    }
}

#[test]
fn days_that_the_tracker_had_not_handed_over_are_asked_again_though_they_are_settled() {
    let scene = Scene::new();
    scene.fitbit.hand_over(Some("2015-07-08T10:00:00Z".parse().unwrap()));
    scene.report(0, &[]);
    assert_eq!(scene.told("2015-07-09", BEATS), Value::Array(Vec::new()));
    // It stays silent for two weeks, and nothing but the window is asked for.
    scene.at("2015-07-25T06:00:00Z");
    scene.report(0, &[]);
    scene.at("2015-07-26T06:00:00Z");
    scene.fitbit.take_log();
    scene.report(0, &[]);
    let asked = scene.asked("/1d/1sec");
    assert_eq!(asked.len(), 7, "{asked:?}");
    // Then it hands over everything.
    scene.fitbit.hand_over(None);
    let report = scene.report(0, &[]);
    assert!(report["revised"].as_u64().unwrap() >= 18, "{report}");
    assert!(scene.told("2015-07-09", BEATS).as_array().unwrap().len() > 80);
    let before = scene.asked("/1d/1sec").len();
    assert!(before >= 18, "{before}");
    scene.report(0, &[]);
    assert_eq!(scene.asked("/1d/1sec").len(), 7);
    scene.verified();
}

#[test]
fn a_day_of_which_something_failed_is_incomplete_all_the_same() {
    let scene = Scene::with("resources = [\"heart\", \"sleep\"]\n", |_| {});
    scene.at("2015-07-07T06:00:00Z");
    scene.report(0, &[]);
    scene.at("2015-07-12T06:00:00Z");
    scene.fitbit.hand_over(Some("2015-07-08T10:00:00Z".parse().unwrap()));
    scene.fitbit.misbehave(Misbehaviour::of(Fault::Status(404)).at("/sleep/date/"));
    scene.report(1, &[]);
    assert_eq!(scene.told("2015-07-09", BEATS), Value::Array(Vec::new()));
    scene.fitbit.behave();
    scene.fitbit.hand_over(None);
    scene.at("2015-07-25T06:00:00Z");
    scene.report(0, &[]);
    assert!(scene.told("2015-07-09", BEATS).as_array().unwrap().len() > 80);
}

#[test]
fn what_is_not_offered_is_not_asked_for_again_because_something_else_fails() {
    let scene = Scene::with("", |options| options.has_altimeter = false);
    scene.fitbit.misbehave(Misbehaviour::of(Fault::Status(404)).at("/heart/date/2015-07-03/1d"));
    scene.report(1, &[]);
    scene.fitbit.take_log();
    scene.report(1, &[]);
    let asked = scene.asked("/floors/date/");
    assert!(asked.iter().any(|path| path.contains("2015-07-03")), "{asked:?}");
    assert!(!asked.iter().any(|path| path.contains("2015-07-04")), "{asked:?}");
}

#[test]
fn a_night_gets_its_stages_and_a_day_grows() {
    let scene = Scene::synced();
    assert_eq!(scene.told("2015-07-11", "/sleep/0/type"), "classic");
    let beats = scene.told("2015-07-11", BEATS).as_array().unwrap().len();
    scene.at("2015-07-11T15:00:00Z");
    counts(&scene.report(0, &[]), &[("revised", 1), ("unchanged", 6)]);
    assert_eq!(scene.told("2015-07-11", "/sleep/0/type"), "stages");
    assert!(scene.told("2015-07-11", BEATS).as_array().unwrap().len() > beats);
    let said = scene.log(&["--day", "2015-07-11", "--kind", "revised"]);
    // What changed most is told first.
    assert!(said.contains("\n      heart: ") && said.contains(" samples added 09:15-18:00"), "{said}");
    let said = scene.env.run(&["diff", "fitbit", "2015-07-11"]).code(0).stdout;
    assert!(said.contains("type \"classic\" -> \"stages\""), "{said}");
    scene.verified();
}

#[test]
fn heart_rates_that_are_altered_and_thinned_out_months_later_are_told_by_their_time() {
    let scene = Scene::synced();
    scene.fitbit.alter_heart(day("2015-07-08"), 3);
    scene.fitbit.thin_heart(day("2015-07-03"), 4);
    scene.at("2015-10-11T06:00:00Z");
    let wish = ["--since", "2015-07-02", "--until", "2015-07-11", "--only", "heart"];
    counts(&scene.report(0, &wish), &[("revised", 2), ("shrunk", 1), ("unchanged", 7)]);
    let said = scene.log(&["--kind", "shrunk"]);
    assert!(said.contains("heart: ") && said.contains(" samples removed 00:15-23:45"), "{said}");
    let said = scene.log(&["--day", "2015-07-08", "--kind", "revised"]);
    assert!(said.contains("heart sample 00:00: value "), "{said}");
    let told: Value = serde_json::from_str(scene.log(&["--kind", "shrunk", "--json"]).trim()).unwrap();
    assert_eq!(told["resources"]["heart"]["altered"], 0, "{told}");
    assert!(told["resources"]["heart"]["removed"].as_u64().unwrap() > 60 && told["settled"] == true, "{told}");
    scene.fitbit.restore_heart(day("2015-07-03"));
    counts(&scene.report(0, &wish), &[("restored", 1)]);
}

#[test]
fn a_first_sync_that_takes_hours_goes_on_where_it_was() {
    let scene = Scene::with("", |options| options.hour_limit = 150);
    let told = scene.env.run(&["sync", "--dry-run", "--json"]).code(0).stdout;
    let told: Value = serde_json::from_str(&told).unwrap();
    let requests = told["providers"]["fitbit"]["requests"].as_u64().unwrap();
    assert!((130..145).contains(&requests), "{told}");
    scene.fitbit.leave(60);
    scene.fitbit.take_log();
    let said = scene.sync(&["--max-wait", "5m"]).code(4).stderr;
    // The two clocks differ by what it takes to start.
    let until = ["run the command again after 2015-07-11T06:5", "run the command again after 2015-07-11T07:00:0"];
    assert!(said.contains("150 requests per hour") && until.iter().any(|time| said.contains(time)), "{said}");
    let asked = scene.asked("/1");
    // What reaches far came first, then the newest days.
    assert!(asked.iter().any(|path| path.contains("/steps/date/2015-07-02/2015-07-11")), "{asked:?}");
    assert_eq!(asked.len(), 60, "{asked:?}");
    assert!(scene.told("2015-07-02", "/steps_daily/0").is_object() && scene.told("2015-07-02", "/heart").is_null());
    assert!(scene.told("2015-07-11", "/heart").is_object());
    let said = scene.env.run(&["status"]).code(0).stdout;
    assert!(said.contains("heart"), "{said}");
    scene.at("2015-07-11T07:01:00Z");
    scene.report(0, &[]);
    assert!(scene.told("2015-07-02", "/heart").is_object());
    // Of the past only what was missing was asked for.
    assert_eq!(scene.asked("/steps/date/2015-07-02/2015-07-11").len(), 0);
    scene.verified();
}

#[test]
fn the_code_is_bound_by_pkce_and_the_app_proves_itself_in_the_header_or_names_itself() {
    for secret in [Some("pretend-app-secret"), None] {
        let scene = Scene::signed_out("", |options| options.client_secret = secret.map(str::to_owned));
        if secret.is_none() {
            scene.env.set("FITSNAP_FITBIT_CLIENT_SECRET", "");
        }
        scene.sign_in();
        let text = scene.tokens();
        assert!(text.contains("\"user_id\": \"7QXBMP\"") && text.contains("oxygen_saturation"), "{text}");
        let said = scene.env.run(&["logout", "fitbit"]).code(0).stderr;
        assert!(said.contains("has taken the tokens back"), "{said}");
        scene.sync(&[]).code(3);
    }
}

#[test]
fn a_refresh_token_works_once_and_its_successor_is_on_disk_before_it_is_used() {
    let scene = Scene::new();
    let before = scene.tokens();
    scene.at("2015-07-11T15:00:00Z");
    scene.report(0, &["--only", "steps_daily"]);
    assert_eq!(scene.asked("/oauth2/token").len(), 1);
    assert_ne!(scene.tokens(), before);
    // A token that expires before its time is renewed once too, however many requests are under way.
    scene.fitbit.expire_tokens();
    scene.report(0, &[]);
    assert_eq!(scene.asked("/oauth2/token").len(), 1);
    // The answer with the new tokens is lost on its way: what was given for the old one is given again.
    scene.fitbit.expire_tokens();
    let lost = Misbehaviour::of(Fault::CutShort).at("/oauth2/token");
    scene.fitbit.misbehave(lost.times(4));
    scene.sync(&["--only", "steps_daily"]).code(4);
    scene.report(0, &["--only", "steps_daily"]);
    // Somebody else used it up.
    scene.fitbit.revoke();
    let said = scene.sync(&[]).code(3).stderr;
    assert!(said.contains("no longer accepts") && said.contains("fitsnap login fitbit"), "{said}");
}

#[test]
fn a_web_api_that_is_switched_off_says_since_when_and_the_way_on() {
    let scene = Scene::synced();
    scene.fitbit.switch_off();
    let said = scene.sync(&[]).code(3).stderr;
    for words in ["410", "2026-11-02", "fitsnap login googlehealth", "fitsnap import fitbit"] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let said = scene.env.run(&["providers", "fitbit"]).code(0).stdout;
    assert!(said.contains("2026-11-02"), "{said}");
}

#[test]
fn tracks_come_where_the_settings_name_them() {
    let scene = Scene::with("resources = [\"activities\", \"tcx\"]", |_| {});
    scene.report(0, &[]);
    let run = scene.fitbit.first_run().to_string();
    let track = scene.told(&run, "/tcx/0/tcx");
    assert!(track.as_str().unwrap().starts_with("<?xml"), "{track}");
    assert_eq!(scene.told(&run, "/tcx/0/logId"), scene.told(&run, "/activities/0/logId"));
    assert_eq!(
        scene.told(FIRST, "/tcx").as_array().map(Vec::len),
        scene.told(FIRST, "/activities").as_array().map(Vec::len)
    );
}

impl Scene {
    /// The text of the only file of kept tokens.
    pub fn tokens(&self) -> String {
        let entries = std::fs::read_dir(self.env.home().join("state/tokens")).unwrap();
        let mut files = entries.map(|entry| entry.unwrap().path()).filter(|path| path.extension().unwrap() == "json");
        std::fs::read_to_string(files.next().unwrap()).unwrap()
    }
}

#[test]
fn next_days_follow_the_persons_own_midnight() {
    // In Honolulu it is still the 10th; the clock of this machine says the 11th.
    let scene = Scene::with("", |options| options.zone = chrono_tz::Pacific::Honolulu);
    scene.report(0, &["--only", "heart"]);
    assert!(scene.file("2015-07-11").is_none() && scene.file("2015-07-10").is_some());
    // The next day the person is in Tokyo, where it is the 12th already.
    scene.fitbit.set_zone(chrono_tz::Asia::Tokyo);
    scene.at(&(now() + TimeDelta::hours(12)).to_rfc3339());
    scene.report(0, &["--only", "heart"]);
    assert!(scene.file("2015-07-12").is_some());
    assert_eq!(scene.account()["profile"]["user"]["timezone"], "Asia/Tokyo");
    scene.verified();
}
