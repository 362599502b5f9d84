//! Fitbit's answers when they are wrong: what is archived stays, what failed is named.

use chrono::NaiveDate;
use fitsnap::pretend::{Fault, Misbehaviour};
use serde_json::{Value, json};

use crate::fitbit::{FIRST, Scene, counts, day};

/// A week in which everything is asked for again, one resource of it.
fn week(resource: &str) -> [&str; 6] {
    ["--since", "2015-07-05", "--until", "2015-07-09", "--only", resource]
}

/// A day, and one resource of it.
fn one_day(resource: &str) -> [&str; 6] {
    ["--since", "2015-07-08", "--until", "2015-07-08", "--only", resource]
}

/// Syncs again, of one resource just the wish, while the answer to a path is exactly this; tells the failed
/// days with their reasons.
#[track_caller]
fn failures(scene: &Scene, wish: &[&str], path: &str, body: &str, code: i32) -> Vec<(String, String)> {
    scene.fitbit.misbehave(Misbehaviour::of(Fault::Body(body.to_owned())).at(path));
    let report = scene.report(code, wish);
    scene.fitbit.behave();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    report["failed"].as_array().unwrap().iter().map(|one| (text(&one["date"]), text(&one["reason"]))).collect()
}

fn steps(days: &[(&str, &str)]) -> String {
    let days: Vec<Value> = days.iter().map(|(day, value)| json!({"dateTime": day, "value": value})).collect();
    json!({"activities-steps": days}).to_string()
}

const STEPS: &str = "/steps/date/2015-07-05/2015-07-09";

#[test]
fn a_range_with_missing_extra_or_repeated_days_costs_those_days() {
    let scene = Scene::synced();
    let held = scene.file("2015-07-06").unwrap();
    // The 6th is missing, the 7th comes twice and the same, the 8th twice and not the same.
    let days = [
        ("2015-07-05", "5"),
        ("2015-07-07", "7"),
        ("2015-07-07", "7"),
        ("2015-07-08", "8"),
        ("2015-07-08", "9"),
        ("2015-07-09", "9"),
    ];
    let failed = failures(&scene, &week("steps_daily"), STEPS, &steps(&days), 1);
    let names: Vec<&str> = failed.iter().map(|(day, _)| day.as_str()).collect();
    assert_eq!(names, ["2015-07-06", "2015-07-08"], "{failed:?}");
    assert!(failed[0].1.contains("leaves this day out") && failed[1].1.contains("twice"), "{failed:?}");
    assert_eq!(scene.file("2015-07-06").unwrap(), held);
    assert_eq!(scene.told("2015-07-07", "/steps_daily"), json!([{"dateTime": "2015-07-07", "value": "7"}]));
    // A day that nobody asked for.
    let days =
        [("2015-07-05", "5"), ("2015-07-06", "6"), ("2015-07-10", "1"), ("2015-07-08", "8"), ("2015-07-09", "9")];
    let failed = failures(&scene, &week("steps_daily"), STEPS, &steps(&days), 1);
    assert_eq!(failed.len(), 1, "{failed:?}");
    assert!(failed[0].0 == "2015-07-07" && failed[0].1.contains("holds 2015-07-10 instead"), "{failed:?}");
    assert_ne!(scene.told("2015-07-10", "/steps_daily/0/value"), "1");
    // Nothing at all in the range is what Fitbit says of days without a tracker.
    let wish = [&week("steps_daily")[..], &["--accept-loss"]].concat();
    assert_eq!(failures(&scene, &wish, STEPS, &steps(&[]), 0), []);
    assert_eq!(scene.told("2015-07-06", "/steps_daily"), json!([]));
    scene.verified();
}

#[test]
fn one_bad_day_of_a_range_costs_that_day_and_a_few_requests() {
    let scene = Scene::with("", |options| options.first_day = day("2014-07-01"));
    scene.fitbit.misbehave(Misbehaviour::of(Fault::TwiceNamed).on(day("2015-01-08")).at("/steps/"));
    let report = scene.report(1, &["--only", "steps_daily"]);
    assert_eq!(report["failed"].as_array().unwrap().len(), 1, "{report}");
    assert_eq!(report["failed"][0]["date"], "2015-01-08");
    assert_eq!(report["new"], 375, "{report}");
    assert!(scene.asked("/steps/date/").len() < 22);
    // Where every part is spoilt it is not asked for each day.
    scene.fitbit.behave();
    scene.fitbit.misbehave(Misbehaviour::of(Fault::Truncated).at("/floors/"));
    let report = scene.report(1, &["--only", "floors_daily"]);
    assert_eq!(report["failed"].as_array().unwrap().len(), 376, "{report}");
    assert!(scene.asked("/floors/date/").len() < 60);
}

#[test]
fn samples_without_a_data_set_or_of_another_day_leave_the_day_as_it_was() {
    let scene = Scene::synced();
    let held = scene.file("2015-07-08").unwrap();
    let path = "/heart/date/2015-07-08";
    let heart = |date: &str, block: &str| {
        format!(
            "{{\"activities-heart\":[{{\"dateTime\":\"{date}\",\"value\":{{}}}}],\"activities-heart-intraday\":{block}}}"
        )
    };
    for (body, words) in [
        (heart("2015-07-08", "{\"datasetInterval\":1}"), "no list \"dataset\""),
        (heart("2015-07-07", "{\"dataset\":[]}"), "that of 2015-07-07"),
        ("{\"activities-steps\":[]}".to_owned(), "no list \"activities-heart\""),
        ("{\"activities-heart\":[".to_owned(), "no JSON"),
    ] {
        let failed = failures(&scene, &week("heart"), path, &body, 1);
        assert_eq!(failed.len(), 1, "{failed:?}");
        assert!(failed[0].0 == "2015-07-08" && failed[0].1.contains(words), "{words}: {failed:?}");
        assert_eq!(scene.file("2015-07-08").unwrap(), held);
    }
    scene.verified();
}

#[test]
fn two_logs_with_one_id_are_both_kept_and_told_apart() {
    let scene = Scene::synced();
    let log = |minutes: u32| json!({"dateOfSleep": "2015-07-08", "logId": 77, "minutesAsleep": minutes});
    let path = "/sleep/date/2015-07-08/2015-07-08";
    let body = |logs: &[Value]| json!({"sleep": logs}).to_string();
    // Both, then one of them altered, then only one.
    failures(&scene, &one_day("sleep"), path, &body(&[log(400), log(25)]), 0);
    assert_eq!(scene.told("2015-07-08", "/sleep").as_array().unwrap().len(), 2);
    failures(&scene, &one_day("sleep"), path, &body(&[log(400), log(30)]), 0);
    let told: Value =
        serde_json::from_str(scene.log(&["--day", "2015-07-08", "--json"]).lines().next().unwrap()).unwrap();
    assert_eq!(told["resources"]["sleep"], json!({"altered": 1, "added": 0, "removed": 0}), "{told}");
    failures(&scene, &one_day("sleep"), path, &body(&[log(30)]), 0);
    let told: Value =
        serde_json::from_str(scene.log(&["--day", "2015-07-08", "--json"]).lines().next().unwrap()).unwrap();
    assert_eq!(told["resources"]["sleep"]["removed"], 1, "{told}");
}

#[test]
fn nights_that_are_not_worked_out_yet_are_no_nights_without_sleep() {
    let scene = Scene::synced();
    let held = scene.file("2015-07-09").unwrap();
    let log = json!({"dateOfSleep": "2015-07-08", "logId": 77});
    let body = json!({"sleep": [log], "meta": {"state": "pending", "retryDuration": 3000}}).to_string();
    let failed = failures(&scene, &week("sleep"), "/sleep/date/", &body, 1);
    assert!(failed.len() == 4 && failed[3].1.contains("not worked this day out yet"), "{failed:?}");
    assert_eq!(scene.file("2015-07-09").unwrap(), held);
    assert_eq!(scene.told("2015-07-08", "/sleep/0/logId"), 77);
}

#[test]
fn numbers_in_another_spelling_are_the_same_and_numbers_as_text_stay_text() {
    let scene = Scene::synced();
    let path = "/hrv/date/2015-07-08/2015-07-08.json";
    let hrv =
        |value: &str| format!("{{\"hrv\":[{{\"dateTime\":\"2015-07-08\",\"value\":{{\"dailyRmssd\":{value}}}}}]}}");
    failures(&scene, &one_day("hrv_daily"), path, &hrv("51"), 0);
    let before = scene.head();
    failures(&scene, &one_day("hrv_daily"), path, &hrv("51.0"), 0);
    failures(&scene, &one_day("hrv_daily"), path, &hrv("5.1E1"), 0);
    assert_eq!(scene.head(), before);
    failures(&scene, &one_day("hrv_daily"), path, &hrv("\"55.44\""), 0);
    assert_eq!(scene.told("2015-07-08", "/hrv_daily/0/value/dailyRmssd"), "55.44");
    // The flat form of the heart's day is kept as it is too.
    let flat = "{\"activities-heart\":[{\"dateTime\":\"2015-07-08\",\"value\":\"55.44\"}],\"activities-heart-intraday\":\
                {\"dataset\":[{\"time\":\"00:01:00\",\"value\":55.440}]}}";
    failures(&scene, &week("heart"), "/heart/date/2015-07-08", flat, 0);
    assert!(scene.file("2015-07-08").unwrap().contains("{\"time\": \"00:01:00\", \"value\": 55.44}"));
}

#[test]
fn a_list_that_leads_back_or_says_no_end_or_goes_elsewhere_is_not_believed() {
    let scene = Scene::synced();
    let run = scene.fitbit.first_run().to_string();
    let held = scene.file(&run).unwrap();
    let page = |next: &str| format!("{{\"activities\":[],\"pagination\":{next}}}");
    let repeats = "{\"next\":\"https://api.fitbit.com/1/user/-/activities/list.json?afterDate=2015-07-04&sort=asc&offset=0&limit=100\"}";
    let elsewhere = "{\"next\":\"https://elsewhere.example/list.json?offset=100\"}";
    for (next, words) in [(repeats, "leads back"), ("{}", "what follows"), (elsewhere, "another address")] {
        let failed = failures(&scene, &week("activities"), "/activities/list", &page(next), 1);
        assert!(failed.len() == 5 && failed.iter().all(|(_, why)| why.contains(words)), "{words}: {failed:?}");
        assert_eq!(scene.file(&run).unwrap(), held);
    }
    // A record of no day.
    let failed = failures(
        &scene,
        &week("activities"),
        "/activities/list",
        "{\"activities\":[{\"logId\":1}],\"pagination\":{\"next\":\"\"}}",
        1,
    );
    assert!(failed[0].1.contains("lacks"), "{failed:?}");
}

#[test]
fn long_lists_are_followed_to_their_end_page_by_page() {
    let scene = Scene::with("", |options| options.first_day = day("2011-07-01"));
    scene.report(0, &["--only", "activities", "--since", "2012-07-15"]);
    // 364 runs in the three years of one request, a hundred a page, and those of a second one.
    let asked = scene.asked("/activities/list");
    assert!((4..=5).contains(&asked.len()), "{asked:?}");
    let files = scene.env.git("", &["ls-files", "data/fitbit/2013", "data/fitbit/2014"]);
    let runs = files.lines().filter(|path| path.len() > "data/fitbit/2013/01".len() + 4 && !path.ends_with("SUMS"));
    let runs = runs.filter(|path| std::fs::read_to_string(scene.env.path(path)).unwrap().contains("\"logId\""));
    assert!((240..=245).contains(&runs.count()));
    scene.verified();
}

#[test]
fn a_page_in_place_of_an_answer_is_no_answer_and_no_refusal_for_good() {
    let scene = Scene::synced();
    let data = scene.env.git("", &["rev-parse", "HEAD:data"]);
    scene.fitbit.misbehave(Misbehaviour::of(Fault::Status(404)).at("/sleep/date/"));
    scene.fitbit.misbehave(Misbehaviour::of(Fault::Page).at("/heart/date/2015-07-08"));
    let report = scene.report(1, &week("sleep,heart"));
    let failed = report["failed"].as_array().unwrap();
    assert_eq!(failed.len(), 5, "{report}");
    assert!(failed.iter().all(|one| one["reason"].as_str().unwrap().contains("404")), "{report}");
    assert!(failed[3]["reason"].as_str().unwrap().contains("web page"), "{report}");
    // A door-keeper's page with 403 says nothing of what the person allowed.
    scene.fitbit.behave();
    scene.fitbit.misbehave(Misbehaviour::of(Fault::Status(403)).at("/sleep/date/"));
    let report = scene.report(1, &week("sleep"));
    assert_eq!(report["failed"].as_array().unwrap().len(), 5, "{report}");
    assert_eq!(scene.env.git("", &["rev-parse", "HEAD:data"]), data);
    scene.verified();
}

#[test]
fn days_that_lose_half_their_samples_are_shrunk_and_many_of_them_stop_the_run() {
    let scene = Scene::synced();
    scene.fitbit.thin_heart(day("2015-07-08"), 2);
    counts(&scene.report(0, &week("heart")), &[("shrunk", 1), ("unchanged", 4)]);
    for lost in [5, 6, 7, 9] {
        scene.fitbit.thin_heart(NaiveDate::from_ymd_opt(2015, 7, lost).unwrap(), 2);
    }
    let before = scene.head();
    let said = scene.sync(&week("heart")).code(6).stderr;
    assert!(said.contains("--accept-loss") && said.contains("heart: "), "{said}");
    assert_eq!(scene.head(), before);
    counts(&scene.report(0, &[&week("heart")[..], &["--accept-loss"]].concat()), &[("shrunk", 4)]);
    scene.verified();
}

#[test]
fn a_leap_day_and_days_of_23_and_25_hours_are_held_whole() {
    let scene = Scene::with("", |options| {
        options.first_day = day("2015-10-20");
        options.now = "2016-03-28T06:00:00Z".parse().unwrap();
    });
    scene.at("2016-03-28T06:00:00Z");
    counts(&scene.report(0, &["--only", "heart,steps_daily"]), &[("new", 161)]);
    assert_eq!(scene.told("2016-02-29", "/steps_daily/0/dateTime"), "2016-02-29");
    let beats = |day: &str| -> Vec<String> {
        let beats = scene.told(day, "/heart/activities-heart-intraday/dataset");
        beats.as_array().unwrap().iter().map(|beat| beat["time"].as_str().unwrap().to_owned()).collect()
    };
    // The hour from 3 to 4 comes twice in autumn and never in spring; nothing is put in order or left out.
    let twice = |beats: &[String]| beats.iter().filter(|time| time.starts_with("03:")).count();
    assert!(twice(&beats("2015-10-25")) > 6 && !beats("2015-10-25").is_sorted());
    assert_eq!(twice(&beats("2016-03-27")), 0);
    let before = scene.head();
    counts(
        &scene.report(0, &["--only", "heart", "--since", "2015-10-24", "--until", "2015-10-26"]),
        &[("unchanged", 3)],
    );
    assert_eq!(scene.head(), before);
    // A change in the hour that came twice is told by its time.
    scene.fitbit.alter_heart(day("2015-10-25"), 19);
    scene.report(0, &["--only", "heart", "--since", "2015-10-25", "--until", "2015-10-25"]);
    let told: Value =
        serde_json::from_str(scene.log(&["--day", "2015-10-25", "--json"]).lines().next().unwrap()).unwrap();
    assert_eq!(told["resources"]["heart"], json!({"altered": 19, "added": 0, "removed": 0}), "{told}");
    scene.verified();
}

#[test]
fn what_else_the_account_has_may_fail_and_the_days_come_all_the_same() {
    let scene = Scene::new();
    scene.fitbit.misbehave(Misbehaviour::of(Fault::Page).at("/badges"));
    let ran = scene.sync(&["--only", "steps_daily"]).code(1);
    assert!(ran.stderr.contains("badges"), "{}", ran.stderr);
    assert!(scene.file(FIRST).is_some());
    // Without the person no day is asked for.
    scene.fitbit.behave();
    scene.fitbit.misbehave(Misbehaviour::of(Fault::Body("{\"user\":{}}".to_owned())).at("/profile"));
    let said = scene.sync(&["--only", "steps_daily"]).code(4).stderr;
    assert!(said.contains("encodedId"), "{said}");
}

#[test]
fn another_persons_days_do_not_get_into_the_archive() {
    let scene = Scene::synced();
    let other = "{\"user\":{\"encodedId\":\"OTHER1\",\"displayName\":\"Bob\",\"memberSince\":\"2015-07-02\"}}";
    scene.fitbit.misbehave(Misbehaviour::of(Fault::Body(other.to_owned())).at("/profile"));
    let said = scene.sync(&[]).code(6).stderr;
    assert!(said.contains("Ada (7QXBMP)") && said.contains("Bob (OTHER1)"), "{said}");
}
