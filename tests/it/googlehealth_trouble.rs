//! Google Health when things go wrong: pages without an end, wrong days, zones that change, refusals
//! in Google's words, much that is gone.

use chrono::TimeDelta;
use fitsnap::pretend::{Fault, Misbehaviour};
use serde_json::Value;

use crate::googlehealth::{Scene, counts, date, time};

/// Three resources of the last days are enough where it is about something else.
const FEW: &str = "resources = [\"steps\", \"sleep\", \"daily/steps\"]";

#[test]
fn pages_that_never_end_cost_the_day_and_nothing_else() {
    let scene = Scene::new();
    scene.settings("resources = [\"steps\", \"heart-rate\"]");
    scene.report(0, &[]);
    let before = scene.held();
    scene.health.loop_pages("heart-rate");
    scene.health.take_log();
    let report = scene.report(1, &[]);
    assert_eq!(report["failed"].as_array().unwrap().len(), 7, "{report}");
    let reason = report["failed"][0]["reason"].as_str().unwrap();
    assert!(reason.contains("heart-rate") && reason.contains("the same page again"), "{reason}");
    assert_eq!(scene.held(), before);
    // Two pages of each day, asked for once.
    assert_eq!(scene.asked("heart-rate"), 2 * 7);
}

#[test]
fn answers_that_cannot_be_used_leave_what_is_archived() {
    let scene = Scene::new();
    scene.settings(FEW);
    scene.report(0, &[]);
    let before = scene.held();
    let point = |day: u32| {
        format!(
            "{{\"steps\":{{\"interval\":{{\"startTime\":\"2026-10-{day:02}T08:00:00Z\",\"startUtcOffset\":\"7200s\"}},\"count\":\"1\"}}}}"
        )
    };
    let body = |points: &str| Fault::Body(format!("{{\"dataPoints\":[{points}]}}"));
    for (fault, words) in [
        (Fault::Truncated, "no JSON"),
        (Fault::CutShort, "broke off"),
        (Fault::Page, "web page"),
        (Fault::Text, "no JSON"),
        (Fault::ErrorObject, "tells an error"),
        (Fault::Body("[]".into()), "no object"),
        (Fault::Body("{\"dataPoints\":{}}".into()), "no list of dataPoints"),
        (Fault::Body("{\"nextPageToken\":7}".into()), "no page"),
        // A day of another month in the place of every day.
        (body(&point(3)), "the answer holds 2026-10-03 instead"),
        (body("{\"heartRate\":{}}"), "a point has no steps"),
        (body("{\"steps\":{\"count\":\"1\"}}"), "it has no interval"),
        (body("{\"steps\":{\"interval\":{\"startTime\":\"soon\"}}}"), "which is no time"),
        (Fault::Status(404), "404"),
        (Fault::Status(418), "418"),
    ] {
        scene.health.misbehave(Misbehaviour::of(fault.clone()).at("steps/dataPoints:reconcile"));
        let report = scene.report(1, &[]);
        let failed = report["failed"].as_array().unwrap();
        assert_eq!(failed.len(), 7, "{fault:?}: {report}");
        let reason = failed[0]["reason"].as_str().unwrap();
        assert!(reason.starts_with("steps: ") && reason.contains(words), "{fault:?}: {reason}");
        assert_eq!(scene.held(), before, "{fault:?}");
        scene.health.behave();
    }
    counts(&scene.report(0, &[]), &[("unchanged", 7)]);
}

#[test]
fn totals_go_by_the_day_that_they_say() {
    let scene = Scene::new();
    scene.settings("resources = [\"daily/steps\"]");
    scene.report(0, &[]);
    let before = scene.held();
    let row = |day: u32, sum: u32| {
        format!(
            "{{\"civilStartTime\":{{\"date\":{{\"year\":2026,\"month\":11,\"day\":{day}}}}},\"steps\":{{\"countSum\":\"{sum}\"}}}}"
        )
    };
    for (rows, words) in [
        (format!("{},{}", row(18, 1), row(18, 2)), "twice"),
        (row(3, 1), "the answer holds 2026-11-03 instead"),
        ("{\"steps\":{\"countSum\":\"1\"}}".to_owned(), "does not say its day"),
    ] {
        let body = Fault::Body(format!("{{\"rollupDataPoints\":[{rows}]}}"));
        scene.health.misbehave(Misbehaviour::of(body).at("dailyRollUp"));
        let said = scene.report(1, &["--window", "3"])["failed"].to_string();
        assert!(said.contains(words), "{said}");
        scene.health.behave();
    }
    assert_eq!(scene.held()["data/googlehealth/2026/11/18.json"], before["data/googlehealth/2026/11/18.json"]);
}

#[test]
fn two_nights_of_one_name_are_not_chosen_between() {
    let scene = Scene::new();
    scene.settings("resources = [\"sleep\"]");
    scene.report(0, &[]);
    let before = scene.held();
    let night = |minutes: u32| {
        format!(
            "{{\"dataPointName\":\"users/me/dataTypes/sleep/dataPoints/1\",\"sleep\":{{\"interval\":{{\
             \"startTime\":\"2026-11-19T22:{minutes}:00Z\",\"endTime\":\"2026-11-20T04:00:00Z\",\"endUtcOffset\":\"7200s\"}}}}}}"
        )
    };
    let body = |nights: &[String]| Misbehaviour::of(Fault::Body(format!("{{\"dataPoints\":[{}]}}", nights.join(","))));
    scene.health.misbehave(body(&[night(10), night(20)]).at("sleep"));
    let said = scene.report(1, &["--since", "2026-11-20"])["failed"].to_string();
    assert!(said.contains("dataPoints/1 twice, with different content"), "{said}");
    assert_eq!(scene.held(), before);
    // Told twice in the same words it is one night, as where two pages overlap.
    scene.health.behave();
    scene.health.misbehave(body(&[night(10), night(10)]).at("sleep"));
    scene.report(0, &["--since", "2026-11-20"]);
    assert_eq!(scene.document("2026-11-20")["resources"]["sleep"].as_array().unwrap().len(), 1);
}

#[test]
fn refusals_are_said_in_plain_words_with_what_to_do() {
    let scene = Scene::new();
    scene.settings(FEW);
    scene.report(0, &[]);
    let before = scene.held();
    for (path, status, reason, message, code, words) in [
        ("steps", 400, "ACCOUNT_NOT_LINKED", "Account not linked", 3, "fitbit.google.com/auth/signup"),
        ("identity", 412, "", "Precondition check failed.", 3, "no Google Health profile yet"),
        ("steps", 412, "", "Precondition check failed.", 3, "no Google Health profile yet"),
        ("identity", 403, "", "Could not mint UberMint from GaiaMint", 3, "myaccount.google.com/connections"),
        ("steps", 403, "SERVICE_DISABLED", "Google Health API has not been used", 3, "switched off"),
        ("steps", 400, "INVALID_DATA_POINT_FILTER_RESTRICTION", "Bad filter", 1, "does not take the filter"),
        ("dailyRollUp", 400, "INVALID_TIME_RANGE", "Too long", 1, "does not take the days"),
        ("steps", 404, "", "Not found", 1, "refuses steps (404"),
        ("settings", 400, "", "Odd", 1, "the settings"),
        ("pairedDevices", 503, "", "Down", 1, "pairedDevices"),
        // Without them it is not known which days there are.
        ("users/me/profile", 503, "", "Down", 4, "profile"),
        ("settings", 503, "", "Down", 4, "settings"),
    ] {
        scene.health.refuse(path, status, reason, message);
        let ran = scene.sync(&[]);
        assert_eq!(ran.status, code, "{path} {status}: {}", ran.stderr);
        assert!(ran.stderr.contains(words), "{path} {status}: {}", ran.stderr);
        assert_eq!(scene.held(), before, "{path} {status}");
        scene.health.behave();
    }
    // What the service says it does not have is not asked for again and again.
    scene.settings("resources = [\"steps\", \"altitude\"]");
    scene.health.refuse("altitude", 400, "", "The data type ID altitude is not supported.");
    scene.report(0, &[]);
    assert_eq!(scene.document("2026-11-19")["absent"]["altitude"], "not offered");
}

#[test]
fn a_sign_in_that_is_good_and_refused_all_the_same_fails_days_and_erases_nothing() {
    let scene = Scene::new();
    scene.settings("resources = [\"steps\"]");
    // Renewed, it tells its scopes.
    scene.health.expire_tokens();
    scene.report(0, &[]);
    let before = scene.held();
    scene.health.refuse("steps", 403, "", "The caller does not have permission");
    scene.health.take_log();
    let said = scene.report(1, &[])["failed"].to_string();
    assert!(said.contains("though the sign-in allows it") && said.contains("connections"), "{said}");
    assert_eq!(scene.held(), before);
    assert_eq!(scene.asked("steps"), 1);
}

#[test]
fn asking_too_often_is_waited_for_or_told() {
    let scene = Scene::with(|options| options.minute_limit = 60);
    scene.settings("resources = [\"heart-rate\", \"steps\"]\nsince = \"2026-10-01\"");
    scene.health.leave(9);
    let ran = scene.sync(&["--max-wait", "0s"]).code(4);
    assert!(ran.stderr.contains("asked too often") && ran.stderr.contains("06:01:00"), "{}", ran.stderr);
    scene.at("2026-11-20T06:01:00Z");
    scene.report(0, &["--max-wait", "0s"]);
    let preview = scene.env.run(&["sync", "--dry-run", "--json", "--since", "2026-11-11"]).code(0).stdout;
    let preview: Value = serde_json::from_str(&preview).unwrap();
    // Ten days of heart rates in two pages each, one request for the steps, and the account.
    assert_eq!(preview["providers"]["googlehealth"]["requests"], 20 + 1 + 5);
}

#[test]
fn days_of_23_and_25_hours_and_a_leap_day_are_days() {
    for (now, first, day, hours) in [
        ("2026-10-27T06:00:00Z", "2026-10-24", "2026-10-25", 25),
        ("2026-03-31T06:00:00Z", "2026-03-28", "2026-03-29", 23),
        ("2028-03-01T06:00:00Z", "2028-02-27", "2028-02-29", 24),
    ] {
        let scene = Scene::with(|options| {
            options.now = time(now);
            options.first_day = date(first);
        });
        let report = scene.report(0, &[]);
        let days = (time(now).date_naive() - date(first)).num_days() + 1;
        counts(&report, &[("new", days as u64)]);
        let document = scene.document(day);
        let beats = document["resources"]["heart-rate"].as_array().unwrap();
        assert_eq!(beats.len(), 168, "{day}");
        let moment = |beat: &Value| beat["heartRate"]["sampleTime"]["physicalTime"].as_str().unwrap().to_owned();
        let of_day = |day| scene.document(day)["resources"]["heart-rate"][0].clone();
        let next = (date(day) + TimeDelta::days(1)).to_string();
        let length = time(&moment(&of_day(&next))) - time(&moment(&of_day(day)));
        assert!(length == TimeDelta::hours(24) || hours == 24, "07:00 to 07:00 is a day: {length}");
        let night = scene.document(day)["resources"]["sleep"][0]["sleep"]["interval"].clone();
        assert_eq!(night["startUtcOffset"] == night["endUtcOffset"], hours == 24, "{night}");
        assert_eq!(
            document["resources"]["daily/steps"][0]["civilStartTime"]["date"]["day"],
            date(day).format("%-d").to_string().parse::<u32>().unwrap()
        );
    }
}

#[test]
fn a_wearer_who_moves_keeps_the_days_as_they_were_lived() {
    let scene = Scene::new();
    scene.settings("resources = [\"heart-rate\", \"sleep\"]");
    scene.report(0, &[]);
    let before = scene.held();
    // A day later the profile is in Tokyo, where it is the day after that already.
    scene.health.move_to(chrono_tz::Asia::Tokyo, date("2026-11-21"));
    scene.at("2026-11-21T16:00:00Z");
    counts(&scene.report(0, &[]), &[("new", 2), ("grown", 1), ("shrunk", 0), ("unchanged", 4)]);
    let after = scene.held();
    for (path, text) in before.iter().filter(|(path, _)| !path.ends_with("20.json")) {
        assert_eq!(after.get(path), Some(text), "{path}");
    }
    // The same moment, said in another zone.
    scene.env.set_now("2026-11-22T01:00:00+09:00");
    counts(&scene.report(0, &[]), &[("new", 0), ("asked", 7), ("unchanged", 7)]);
}

#[test]
fn much_that_is_gone_at_once_is_not_believed() {
    let scene = Scene::new();
    scene.settings("resources = [\"heart-rate\"]");
    scene.report(0, &[]);
    let head = scene.env.git("", &["rev-parse", "HEAD"]);
    // One thinned day is the service's right; five at once are a person's to look at.
    scene.health.thin_out(date("2026-11-15"));
    counts(&scene.report(0, &[]), &[("shrunk", 1)]);
    let after = scene.env.git("", &["rev-parse", "HEAD"]);
    assert_ne!(head, after);
    (16..=19).for_each(|day| scene.health.thin_out(date(&format!("2026-11-{day}"))));
    let ran = scene.sync(&[]).code(6);
    assert!(ran.stderr.contains("4 of 7") && ran.stderr.contains("--accept-loss"), "{}", ran.stderr);
    assert_eq!(scene.env.git("", &["rev-parse", "HEAD"]), after);
    counts(&scene.report(0, &["--accept-loss"]), &[("shrunk", 4)]);
}

#[test]
fn an_account_that_is_another_persons_stops_the_sync() {
    let scene = Scene::new();
    scene.settings(FEW);
    scene.report(0, &[]);
    let body = Fault::Body("{\"healthUserId\":\"2\",\"name\":\"users/2/identity\"}".into());
    scene.health.misbehave(Misbehaviour::of(body).at("identity"));
    let ran = scene.sync(&[]).code(6);
    assert!(ran.stderr.contains("1184467440737095516"), "{}", ran.stderr);
}

#[test]
fn an_account_that_cannot_be_had_makes_no_day_complete_and_none_up() {
    let scene = Scene::with(|options| options.is_testing = false);
    scene.settings("resources = [\"heart-rate\"]");
    // Nothing is archived of days that there were not.
    scene.health.refuse("users/me/profile", 503, "", "Down");
    scene.sync(&[]).code(4);
    scene.health.behave();
    for part in ["users/me/profile", "users/me/settings"] {
        scene.health.misbehave(Misbehaviour::of(Fault::ErrorObject).at(part));
        scene.sync(&[]).code(4);
        scene.health.behave();
    }
    assert!(scene.held().is_empty());
    // The tracker has handed over half of the 18th; that it has not handed over more could not be asked for.
    scene.health.sync_tracker(time("2026-11-18T09:00:00Z"));
    scene.health.refuse("pairedDevices", 503, "", "Down");
    counts(&scene.report(1, &[]), &[("new", 13)]);
    let beats = |day: &str| scene.document(day)["resources"]["heart-rate"].as_array().unwrap().len();
    let before = beats("2026-11-18");
    scene.health.behave();
    scene.at("2026-12-09T06:00:00Z");
    scene.health.sync_tracker(time("2026-12-09T05:00:00Z"));
    scene.report(0, &["--window", "1"]);
    assert!(beats("2026-11-18") > before);
}
