//! `fitsnap sync` against a pretend Moves that misbehaves: what is archived stays, what failed is named.

use chrono::NaiveDate;
use fitsnap::pretend::{Fault, Misbehaviour, Packing, Pretend, QuotaLie};
use serde_json::{Value, json};

use crate::machine::{FIRST, Machine, asked, options};

/// A day in the middle of the window.
const DAY: &str = "2015-07-08";

/// The day after it.
const NEXT: &str = "2015-07-09";

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn on_day(fault: Fault) -> Misbehaviour {
    Misbehaviour::of(fault).on(day(DAY))
}

/// The days that failed, each with its reason.
fn failed(told: &Value) -> Vec<(String, String)> {
    let one = |failure: &Value| {
        (failure["date"].as_str().unwrap().to_owned(), failure["reason"].as_str().unwrap().to_owned())
    };
    told["failed"].as_array().unwrap().iter().map(one).collect()
}

/// Syncs while the provider misbehaves on one day and has rewritten it and the next: the next comes,
/// the day stays as it was and is named with these words, in the JSON and on standard error.
#[track_caller]
fn assert_only_that_day_fails(fault: Fault, words: &str) -> Machine {
    let machine = Machine::synced();
    let before = machine.document(DAY);
    machine.moves.alter_segment(day(DAY)).unwrap();
    machine.moves.alter_segment(day(NEXT)).unwrap();
    machine.moves.misbehave(on_day(fault));
    let ran = machine.sync(&["--json"]).code(1);
    let told: Value = serde_json::from_str(&ran.stdout).unwrap();
    let told = &told["providers"]["moves"];
    let failures = failed(told);
    assert_eq!(failures.len(), 1, "{told}");
    assert_eq!(failures[0].0, DAY);
    assert!(failures[0].1.contains(words), "{words}: {told}");
    assert!(ran.stderr.contains(&format!("failed moves {DAY}: {}", failures[0].1)), "{}", ran.stderr);
    assert_eq!((&told["asked"], &told["revised"], &told["unchanged"]), (&json!(7), &json!(1), &json!(5)));
    assert_eq!(machine.document(DAY), before);
    machine.assert_sound();
    machine
}

/// Syncs while the provider spoils a whole answer in a way that is no day's own: all its days fail.
#[track_caller]
fn assert_the_range_fails(fault: Fault, words: &str, keeps: bool) {
    let machine = Machine::synced();
    let data = machine.data();
    machine.moves.alter_segment(day(DAY)).unwrap();
    machine.moves.misbehave(on_day(fault));
    let told = machine.tally(&[], 1);
    let failures = failed(&told);
    assert_eq!(failures.len(), 7, "{told}");
    assert!(failures.iter().all(|(_, reason)| reason.contains(words)), "{words}: {told}");
    assert_eq!(machine.data(), data);
    let kept = machine.quarantine();
    assert_eq!(kept.len(), usize::from(keeps), "{kept:?}");
    assert!(kept.iter().all(|(name, _)| failures[0].1.contains(name)), "{kept:?} {failures:?}");
    machine.moves.behave();
    assert_eq!(machine.tally(&[], 0)["revised"], 1);
    machine.assert_sound();
}

#[test]
fn a_truncated_answer_costs_one_day_and_is_kept_for_a_look() {
    let machine = assert_only_that_day_fails(Fault::Truncated, "no JSON");
    let kept = machine.quarantine();
    assert_eq!(kept.len(), 1, "{kept:?}");
    assert!(kept[0].0.starts_with(&format!("moves-{DAY}-")), "{kept:?}");
    assert!(kept[0].1.starts_with("[{\"date\":\"20150708\""), "{kept:?}");
}

#[test]
fn a_body_that_is_cut_off_costs_one_day() {
    let machine = assert_only_that_day_fails(Fault::CutShort, "broke off after");
    assert_eq!(machine.quarantine().len(), 1);
}

#[test]
fn an_answer_that_canonical_form_refuses_costs_one_day_and_is_kept_as_it_came() {
    let machine = assert_only_that_day_fails(Fault::TwiceNamed, "\"date\"");
    let kept = machine.quarantine();
    assert_eq!(kept.len(), 1);
    assert!(kept[0].1.starts_with("[{\"date\":\"20150708\",\"date\":\"20150708\","), "{kept:?}");
    let ran = machine.sync(&[]).code(1);
    assert!(ran.stderr.contains(&format!(".git/fitsnap/quarantine/moves-{DAY}-")), "{}", ran.stderr);
    machine.moves.behave();
    let told = machine.tally(&[], 0);
    assert_eq!((&told["revised"], &told["requests"]), (&json!(1), &json!(2)));
}

#[test]
fn a_day_told_under_another_date_fails() {
    // In the middle of a range it stands in the place of its neighbour, and neither can be believed.
    let machine = Machine::synced();
    let data = machine.data();
    machine.moves.misbehave(on_day(Fault::WrongDay));
    let told = machine.tally(&[], 1);
    let days: Vec<_> = failed(&told).into_iter().map(|(day, _)| day).collect();
    assert_eq!(days, ["2015-07-07", DAY]);
    assert_eq!(machine.data(), data);
    machine.moves.behave();
    machine.moves.misbehave(Misbehaviour::of(Fault::WrongDay).on(day("2015-07-05")));
    let told = machine.tally(&[], 1);
    assert_eq!(failed(&told), [("2015-07-05".to_owned(), "the answer holds 2015-07-04 instead".to_owned())]);
    machine.assert_sound();
}

#[test]
fn a_day_left_out_or_told_twice_differently_fails() {
    let machine = Machine::synced();
    let data = machine.data();
    let days = |told: &[&str]| {
        let days: Vec<_> =
            told.iter().map(|told| told.parse().map_or((*told).to_owned(), |d| machine.moves.day(d))).collect();
        Fault::Body(format!("[{}]", days.join(",")))
    };
    machine.moves.misbehave(Misbehaviour::of(days(&[DAY, "2015-07-10"])).at("storyline"));
    let told = machine.tally(&["--since", DAY, "--until", "2015-07-10"], 1);
    assert_eq!(failed(&told), [(NEXT.to_owned(), "the answer leaves this day out".to_owned())]);
    machine.moves.behave();
    let other = "{\"date\":\"20150708\",\"segments\":null}";
    machine.moves.misbehave(Misbehaviour::of(days(&[DAY, other, NEXT])).at("storyline"));
    let told = machine.tally(&["--since", DAY, "--until", NEXT], 1);
    assert_eq!(failed(&told).len(), 1);
    assert!(failed(&told)[0].1.contains("twice"), "{told}");
    assert_eq!(machine.data(), data);
}

#[test]
fn a_web_page_or_bare_text_with_status_200_is_no_data() {
    assert_the_range_fails(Fault::Page, "web page", true);
    assert_the_range_fails(Fault::Text, "bare text", true);
    assert_the_range_fails(Fault::Body("{\"days\":[]}".to_owned()), "no list of days", true);
}

#[test]
fn an_error_object_with_status_200_is_no_data() {
    assert_only_that_day_fails(Fault::ErrorObject, "internal_error");
}

#[test]
fn a_day_that_the_provider_refuses_fails_alone() {
    assert_only_that_day_fails(Fault::Status(404), "404");
}

#[test]
fn a_redirect_elsewhere_gets_no_token() {
    let elsewhere = Pretend::start(options(FIRST)).unwrap();
    let fault = Fault::Redirect(format!("{}/api/1.1/user/storyline/daily", elsewhere.base_url()));
    assert_only_that_day_fails(fault.clone(), "elsewhere");
    let machine = Machine::synced();
    machine.moves.misbehave(Misbehaviour::of(fault));
    let ran = machine.sync(&[]).code(4);
    assert!(ran.stderr.contains("moves") && ran.stderr.contains("another address"), "{}", ran.stderr);
    assert_eq!(asked(&elsewhere), [""; 0]);
}

#[test]
fn without_a_usable_profile_no_day_is_asked() {
    for (fault, words) in [
        (Fault::Page, "web page"),
        (Fault::Body("{\"userId\":1}".to_owned()), "no profile"),
        (Fault::TwiceNamed, "JSON"),
        (Fault::ErrorObject, "internal_error"),
        (Fault::Status(503), "503 Service Unavailable"),
    ] {
        let machine = Machine::synced();
        let head = machine.head();
        machine.moves.misbehave(Misbehaviour::of(fault).at("profile"));
        let ran = machine.sync(&[]).code(4);
        assert!(ran.stderr.contains("moves: ") && ran.stderr.contains(words), "{words}: {}", ran.stderr);
        assert!(!ran.stderr.contains("nothing new"), "{}", ran.stderr);
        assert!(machine.asked().iter().all(|one| one == "profile"));
        assert_eq!(machine.head(), head);
    }
}

#[test]
fn a_token_that_expired_is_renewed_once_and_the_new_pair_is_kept() {
    let machine = Machine::synced();
    let (file, before) = machine.tokens();
    machine.moves.expire_tokens();
    machine.sync(&[]).code(0);
    assert_eq!(machine.asked(), ["profile", "token", "profile", "20150705-20150711"]);
    let (_, after) = machine.tokens();
    assert_ne!(after, before);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
    // In the middle of a run too.
    machine.moves.misbehave(Misbehaviour::of(Fault::Status(401)).at("storyline").times(1));
    machine.sync(&[]).code(0);
    assert_eq!(machine.asked(), ["profile", "20150705-20150711", "token", "20150705-20150711"]);
    machine.sync(&[]).code(0);
    machine.assert_sound();
}

#[test]
fn a_sign_in_that_is_over_ends_the_run_with_the_way_to_a_new_one() {
    // Refused twice: the new token is no better.
    let machine = Machine::new();
    machine.moves.misbehave(Misbehaviour::of(Fault::Status(401)).at("storyline").on(day("2015-06-30")));
    let ran = machine.sync(&[]).code(3);
    assert!(ran.stderr.contains("moves: ") && ran.stderr.contains("fitsnap login moves"), "{}", ran.stderr);
    // What came before is committed.
    let days = machine.days();
    assert!(days.len() >= 7 && !days.contains(&"2015-06-30".to_owned()), "{days:?}");
    machine.moves.behave();
    machine.moves.revoke();
    let ran = machine.sync(&[]).code(3);
    assert!(ran.stderr.contains("revoked") && ran.stderr.contains("fitsnap login moves"), "{}", ran.stderr);
    machine.sign_in(&machine.moves, "moves");
    machine.sync(&[]).code(0);
    assert_eq!(machine.days().len(), 21);
    machine.assert_sound();
}

#[test]
fn a_quota_beyond_the_longest_wait_ends_the_run_and_says_until_when() {
    let machine = Machine::new();
    machine.moves.leave(60, 2);
    let ran = machine.sync(&["--json"]).code(4);
    assert!(ran.stderr.contains("moves: ") && ran.stderr.contains("2015-07-11T07:00:00Z"), "{}", ran.stderr);
    assert_eq!(machine.asked(), ["profile", "20150705-20150711"]);
    let told: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((&told["providers"]["moves"]["new"], &told["providers"]["moves"]["failed"]), (&json!(7), &json!([])));
    assert_eq!(machine.days().len(), 7);
    // A 429 out of the blue lasts to the next minute.
    machine.moves.leave(60, 60);
    machine.moves.misbehave(Misbehaviour::of(Fault::Status(429)).at("storyline"));
    let ran = machine.sync(&["--max-wait", "1s"]).code(4);
    assert!(ran.stderr.contains("2015-07-11T06:01:15Z") && ran.stderr.contains("--max-wait"), "{}", ran.stderr);
    machine.moves.behave();
    machine.moves.leave(60, 60);
    machine.sync(&[]).code(0);
    assert_eq!(machine.days().len(), 21);
    machine.assert_sound();
}

#[test]
fn a_quota_within_the_longest_wait_is_waited_for() {
    let machine = Machine::with(options("2015-06-28"));
    machine.at("2015-07-11T06:59:57Z");
    machine.moves.leave(60, 2);
    let ran = machine.sync(&[]).code(0);
    let said = ran.stderr.lines().next().unwrap();
    assert!(said.starts_with("moves: waiting ") && said.contains("2000 requests per hour"), "{said}");
    assert_eq!(machine.asked(), ["profile", "20150705-20150711", "20150628-20150704"]);
    assert_eq!(machine.days().len(), 14);
    // A wait this short is no reason for a commit of its own.
    assert_eq!(machine.commits(), 3);
}

/// Syncs a first time while one range cannot be had, then again.
fn assert_a_range_that_is_down_is_asked_again(fault: Fault, words: &str, patience: &str) {
    let machine = Machine::new();
    machine.env.set("FITSNAP_PATIENCE", patience);
    machine.moves.misbehave(Misbehaviour::of(fault).on(day("2015-06-30")));
    let told = machine.tally(&[], 4);
    let failures = failed(&told);
    let days: Vec<_> = failures.iter().map(|(day, _)| day.as_str()).collect();
    assert_eq!(days.len(), 7);
    assert_eq!((days[0], days[6]), ("2015-06-28", "2015-07-04"));
    assert!(failures.iter().all(|(_, reason)| reason.contains(words)), "{words}: {told}");
    assert_eq!((&told["asked"], &told["new"], &told["requests"]), (&json!(21), &json!(14), &json!(7)));
    assert_eq!(machine.days().len(), 14);
    machine.asked();
    let ran = machine.sync(&["--window", "1"]).code(4);
    assert!(ran.stderr.contains("failed moves 2015-06-28 to 2015-07-04: Moves "), "{}", ran.stderr);
    assert_eq!(machine.asked()[..2], ["profile", "20150711-20150711"]);
    machine.moves.behave();
    machine.sync(&["--window", "1"]).code(0);
    assert_eq!(machine.asked(), ["profile", "20150711-20150711", "20150628-20150704"]);
    assert_eq!(machine.days().len(), 21);
    machine.assert_sound();
}

#[test]
fn a_range_that_is_down_does_not_hold_up_the_others() {
    assert_a_range_that_is_down_is_asked_again(Fault::Status(500), "500 Internal Server Error, 4 times", "5000");
    assert_a_range_that_is_down_is_asked_again(Fault::Reset, "broke the connection off, 4 times", "5000");
}

#[test]
fn a_stall_is_a_range_that_is_down() {
    assert_a_range_that_is_down_is_asked_again(Fault::Stall, "gave no answer within 400 ms, 4 times", "400");
}

#[test]
fn a_failure_that_passes_is_tried_again_and_forgotten() {
    let machine = Machine::new();
    for fault in [Fault::Status(502), Fault::Reset, Fault::CutShort] {
        machine.moves.misbehave(Misbehaviour::of(fault).on(day("2015-06-30")).times(1));
    }
    let told = machine.tally(&[], 0);
    assert_eq!((&told["requests"], &told["new"], &told["failed"]), (&json!(7), &json!(21), &json!([])));
    machine.assert_sound();
}

#[test]
fn a_provider_that_is_down_is_left_alone_soon() {
    for fault in [Fault::Status(503), Fault::Reset] {
        let machine = Machine::with(options("2014-07-11"));
        machine.moves.misbehave(Misbehaviour::of(fault).at("storyline"));
        let ran = machine.sync(&[]).code(4);
        assert!(ran.stderr.contains("error: moves: Moves "), "{}", ran.stderr);
        assert_eq!(machine.asked().len(), 1 + 2 * 4);
        assert!(machine.env.git("", &["ls-tree", "-r", "--name-only", "HEAD", "data/moves/2015"]).is_empty());
    }
}

#[test]
fn a_day_that_is_down_while_its_neighbours_are_asked_alone_fails_alone() {
    let machine = Machine::synced();
    machine.moves.alter_segment(day(NEXT)).unwrap();
    machine.moves.misbehave(Misbehaviour::of(Fault::Truncated).on(day(DAY)).times(1));
    machine.moves.misbehave(Misbehaviour::of(Fault::Status(500)).on(day(DAY)));
    let told = machine.tally(&[], 4);
    let failures = failed(&told);
    assert_eq!(failures.len(), 1, "{told}");
    assert!(failures[0].0 == DAY && failures[0].1.contains("500"), "{told}");
    assert_eq!((&told["asked"], &told["revised"], &told["unchanged"]), (&json!(7), &json!(1), &json!(5)), "{told}");
    machine.assert_sound();
}

#[test]
fn a_service_of_nothing_but_web_pages_is_given_up_soon() {
    let machine = Machine::with(options("2015-05-01"));
    machine.moves.misbehave(Misbehaviour::of(Fault::Page).at("storyline"));
    machine.asked();
    machine.tally(&[], 4);
    assert_eq!(machine.asked().len(), 1 + 3);
    assert_eq!(machine.days().len(), 0);
}

/// Synced on a day of which the phone had uploaded the night only.
fn synced_in_the_morning() -> Machine {
    let mut options = options(FIRST);
    options.uploads = true;
    let machine = Machine::with(options);
    machine.sync(&[]).code(0);
    machine
}

#[test]
fn a_day_that_could_not_be_asked_for_is_asked_for_though_it_settles_meanwhile() {
    let machine = synced_in_the_morning();
    // Of the day that ran only the night was known, and the day before it is corrected later.
    let (running, settled) = ("2015-07-11", "2015-07-10");
    let before = (machine.document(running), machine.document(settled));
    machine.at("2015-07-12T06:00:00Z");
    machine.moves.alter_segment(day(settled)).unwrap();
    machine.moves.misbehave(Misbehaviour::of(Fault::Status(503)).at("profile"));
    for number in 12..20 {
        machine.at(&format!("2015-07-{number}T06:00:00Z"));
        machine.sync(&[]).code(4);
    }
    machine.moves.behave();
    // Of these days one fails alone, and is asked for again.
    machine.moves.misbehave(on_day(Fault::Truncated));
    machine.at("2015-07-20T06:00:00Z");
    let told = machine.tally(&[], 1);
    assert_eq!(failed(&told).len(), 1, "{told}");
    assert_ne!(machine.document(running), before.0);
    assert_ne!(machine.document(settled), before.1);
    machine.moves.behave();
    machine.at("2015-07-21T06:00:00Z");
    machine.asked();
    machine.sync(&[]).code(0);
    assert_eq!(machine.asked(), ["profile", "20150715-20150721", "20150708-20150708"]);
    machine.sync(&[]).code(0);
    assert_eq!(machine.asked(), ["profile", "20150715-20150721"]);
}

#[test]
fn a_day_that_ran_when_it_was_asked_for_is_asked_for_again_after_a_pause() {
    let machine = synced_in_the_morning();
    let before = machine.document("2015-07-11");
    machine.at("2015-07-25T06:00:00Z");
    machine.asked();
    let told = machine.tally(&[], 0);
    assert_eq!((&told["new"], &told["asked"]), (&json!(14), &json!(15)));
    assert_ne!(machine.document("2015-07-11"), before);
}

#[test]
fn a_day_that_came_and_could_not_be_committed_is_asked_for_again_after_a_pause() {
    let machine = synced_in_the_morning();
    let before = machine.document("2015-07-11");
    machine.at("2015-07-12T06:00:00Z");
    machine.env.git("", &["config", "commit.gpgsign", "true"]);
    machine.env.git("", &["config", "gpg.program", "false"]);
    machine.sync(&[]).code(6);
    machine.env.git("", &["config", "commit.gpgsign", "false"]);
    machine.at("2015-07-25T06:00:00Z");
    machine.sync(&[]).code(0);
    assert_ne!(machine.document("2015-07-11"), before);
}

#[test]
fn a_range_that_was_stopped_is_not_asked_for_by_the_next_plain_sync() {
    let machine = Machine::synced();
    machine.moves.misbehave(Misbehaviour::of(Fault::Status(503)).at("storyline"));
    machine.sync(&["--since", FIRST, "--until", "2015-06-30"]).code(4);
    machine.moves.behave();
    machine.asked();
    machine.sync(&[]).code(0);
    assert_eq!(machine.asked(), ["profile", "20150705-20150711"]);
}

#[test]
fn bodies_badly_packed_or_of_another_length_and_quotas_that_lie_are_seen_through() {
    for fault in [
        Fault::WrongLength,
        Fault::Slow(20_000),
        Fault::Packed(Packing::None),
        Fault::Packed(Packing::Cut),
        Fault::Packed(Packing::WrongSum),
        Fault::TooOften("Fri, 31 Dec 9999 23:59:59 GMT".to_owned()),
    ] {
        let machine = Machine::synced();
        machine.env.set("FITSNAP_PATIENCE", "600");
        let data = machine.data();
        machine.moves.alter_segment(day(DAY)).unwrap();
        machine.moves.misbehave(on_day(fault.clone()));
        let ran = machine.sync(&["--max-wait", "1s"]);
        assert!(matches!(ran.status, 1 | 4), "{fault:?}: {} {}", ran.status, ran.stderr);
        assert_eq!(machine.data(), data, "{fault:?}");
        machine.moves.behave();
        assert_eq!(machine.tally(&[], 0)["revised"], 1, "{fault:?}");
        machine.assert_sound();
    }
    // Slow, but in time; and nobody has so much left that it could not be reckoned with.
    let machine = Machine::synced();
    machine.moves.alter_segment(day(DAY)).unwrap();
    machine.moves.misbehave(on_day(Fault::Slow(40)).times(1));
    machine.moves.misbehave(Misbehaviour::of(Fault::Quota(QuotaLie::Endless)));
    assert_eq!(machine.tally(&[], 0)["revised"], 1);
    machine.moves.behave();
    machine.moves.misbehave(Misbehaviour::of(Fault::Quota(QuotaLie::UsedUp)));
    machine.sync(&["--max-wait", "1s"]).code(4);
    machine.moves.behave();
    // Taken back in mid-run, the sign-in is asked for anew.
    machine.moves.misbehave(Misbehaviour::of(Fault::Revoked).at("storyline").times(1));
    let ran = machine.sync(&[]).code(3);
    assert!(ran.stderr.contains("fitsnap login moves"), "{}", ran.stderr);
}
