//! `fitsnap sync` when the provider has rewritten the past: kinds, counts, the guard against mass loss.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use fitsnap::pretend::{Fault, Misbehaviour, Pretend};
use serde_json::{Value, json};

use crate::machine::{FIRST, Machine, options};

/// The days of the window, newest first, on which something was recorded.
fn window(machine: &Machine) -> Vec<String> {
    let days = (0..7).map(|ago| "2015-07-11".parse::<NaiveDate>().unwrap() - chrono::TimeDelta::days(ago));
    days.filter(|day| machine.moves.has_records(*day)).map(|day| day.to_string()).collect()
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// The revisions of one commit by the `log`: kind by day, and the counts of all together.
fn logged(machine: &Machine, commit: &str) -> (BTreeMap<String, String>, Value) {
    let mut kinds = BTreeMap::new();
    let mut counts = BTreeMap::new();
    for line in machine.run(&["log", "--json"]).code(0).stdout.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        if line["commit"] == commit {
            kinds.insert(line["date"].as_str().unwrap().to_owned(), line["kind"].as_str().unwrap().to_owned());
            counts.insert(line["date"].as_str().unwrap().to_owned(), line["resources"].clone());
        }
    }
    (kinds, json!(counts))
}

/// The kind by day and the counts in words, as the commit's message has them.
fn message(machine: &Machine) -> (String, BTreeMap<String, (String, String)>) {
    let text = machine.env.git("", &["log", "-1", "--format=%B"]);
    let mut lines = text.lines();
    let subject = lines.next().unwrap().to_owned();
    let days = lines.skip(1).take_while(|line| !line.is_empty());
    let days = days.map(|line| {
        let mut parts = line.splitn(2, ' ');
        let kind = parts.next().unwrap().to_owned();
        let (date, counts) = parts.next().unwrap().trim_start().split_at(10);
        (date.to_owned(), (kind, counts.trim().to_owned()))
    });
    (subject, days.collect())
}

/// A count of records as the message has it.
fn in_words(counts: &Value) -> String {
    let one = |name: &str, word: &str| {
        let count = counts["storyline"][name].as_u64().unwrap();
        (count > 0).then(|| format!("{count} {word}"))
    };
    let parts: Vec<String> =
        [one("altered", "altered"), one("added", "added"), one("removed", "removed")].into_iter().flatten().collect();
    format!("storyline: {}", parts.join(", "))
}

/// Demands that the JSON of the run, the commit's message and the log tell the same kinds.
#[track_caller]
fn assert_told(machine: &Machine, told: &Value, expected: &[(&str, &str)]) {
    let kinds: BTreeMap<String, String> =
        expected.iter().map(|(day, kind)| ((*day).to_owned(), (*kind).to_owned())).collect();
    for kind in ["new", "grown", "revised", "shrunk", "withdrawn", "restored"] {
        let count = kinds.values().filter(|one| *one == kind).count();
        assert_eq!(told[kind], count, "{kind}: {told}");
    }
    assert_eq!(told["commits"], json!([machine.head()]));
    let (logged, counts) = logged(machine, &machine.head());
    assert_eq!(logged, kinds);
    let (subject, said) = message(machine);
    assert_eq!(said.iter().map(|(day, (kind, _))| (day.clone(), kind.clone())).collect::<BTreeMap<_, _>>(), kinds);
    for (day, (kind, words)) in &said {
        if kind != "new" {
            assert_eq!(*words, in_words(&counts[day]), "{day}");
        }
        assert!(subject.contains(&format!(" {kind}")), "{subject}");
    }
}

#[test]
fn each_rewriting_is_named_alike_everywhere() {
    let machine = Machine::synced();
    let days = window(&machine);
    machine.moves.upload_late(day(&days[1])).unwrap();
    machine.moves.alter_segment(day(&days[2])).unwrap();
    machine.moves.lose_segment(day(&days[3])).unwrap();
    machine.moves.empty_day(day(&days[4])).unwrap();
    let told = machine.tally(&[], 0);
    assert_eq!((&told["asked"], &told["unchanged"], &told["failed"]), (&json!(7), &json!(3), &json!([])));
    let shrunk = [(days[3].as_str(), "shrunk"), (days[4].as_str(), "shrunk")];
    let (logged, _) = logged(&machine, &machine.head());
    // A walk uploaded late also changes the day's sums: whether that is growth is the data's matter,
    // and all three must agree on it.
    let late = logged[&days[1]].clone();
    assert!(late == "grown" || late == "revised", "{late}");
    let expected = [&[(days[1].as_str(), late.as_str()), (days[2].as_str(), "revised")][..], &shrunk].concat();
    assert_told(&machine, &told, &expected);

    // What comes back is restored, also where that takes records away again.
    for day in [&days[1], &days[2], &days[4]] {
        machine.moves.restore_day(day.parse().unwrap());
    }
    let told = machine.tally(&[], 0);
    assert_told(&machine, &told, &[(&days[1], "restored"), (&days[2], "restored"), (&days[4], "restored")]);
    let ran = machine.sync(&[]).code(0);
    assert_eq!(ran.stderr, "moves: nothing new, 7 unchanged\n");
    machine.assert_sound();
}

#[test]
fn additions_alone_are_growth() {
    let machine = Machine::synced();
    let today = day("2015-07-11");
    let text = machine.moves.day(today);
    let (start, rest) = text.split_once("\"segments\":[").unwrap();
    let more = "{\"type\":\"off\",\"startTime\":\"20150711T003000+0300\",\"endTime\":\"20150711T003100+0300\"},";
    machine.moves.replace_day(today, &format!("{start}\"segments\":[{more}{rest}"));
    let told = machine.tally(&[], 0);
    assert_told(&machine, &told, &[("2015-07-11", "grown")]);
    machine.moves.restore_day(today);
    let told = machine.tally(&[], 0);
    assert_told(&machine, &told, &[("2015-07-11", "restored")]);
}

#[test]
fn a_new_order_of_records_is_a_revision_and_another_spelling_is_nothing() {
    let machine = Machine::synced();
    let today = day("2015-07-11");
    let text = machine.moves.day(today);
    let spelled = text.replace("\"date\":", "\n  \"date\" : ").replace(".0,", ".000,").replace(":[", " : [ ");
    assert_ne!(spelled, text);
    machine.moves.replace_day(today, &spelled);
    assert_eq!(machine.tally(&[], 0)["commits"], json!([]));
    let day = "{\"date\":\"20150711\",\"summary\":null,\"segments\":";
    let (one, two) = ("{\"type\":\"off\",\"startTime\":\"1\"}", "{\"type\":\"off\",\"startTime\":\"2\"}");
    machine.moves.replace_day(today, &format!("{day}[{one},{two}]}}"));
    machine.tally(&[], 0);
    machine.moves.replace_day(today, &format!("{day}[{two},{one}]}}"));
    let told = machine.tally(&[], 0);
    assert_eq!((&told["revised"], &told["restored"]), (&json!(1), &json!(0)), "{told}");
}

#[test]
fn a_settled_day_is_not_asked_until_the_person_wants_it() {
    let machine = Machine::synced();
    let settled = "2015-07-04";
    assert!(machine.moves.has_records(day(settled)));
    let before = machine.document(settled);
    machine.moves.alter_segment(day(settled)).unwrap();
    assert_eq!(machine.tally(&[], 0)["commits"], json!([]));
    assert_eq!(machine.document(settled), before);
    let told = machine.tally(&["--since", settled, "--until", settled], 0);
    assert_told(&machine, &told, &[(settled, "revised")]);
    let log = machine.run(&["log", "--json", "--day", settled]).code(0).stdout;
    let newest: Value = serde_json::from_str(log.lines().next().unwrap()).unwrap();
    assert_eq!((&newest["days_after"], &newest["settled"]), (&json!(6), &json!(true)), "{newest}");
}

#[test]
fn nothing_recorded_is_data_and_is_kept() {
    let machine = Machine::with(options("2015-07-09"));
    machine.moves.empty_day(day("2015-07-10")).unwrap();
    machine.sync(&[]).code(0);
    assert!(machine.document("2015-07-10").contains("\"segments\": null"));
}

/// Five of the seven days of the window are emptied.
fn empty_five(machine: &Machine) -> Vec<String> {
    let days = window(machine);
    let lost: Vec<String> = days[..5].to_vec();
    lost.iter().for_each(|one| machine.moves.empty_day(day(one)).unwrap());
    lost
}

#[test]
fn mass_loss_stops_the_sync_until_the_person_accepts_it() {
    let machine = Machine::synced();
    let (head, lost) = (machine.head(), empty_five(&machine));
    let told = machine.tally(&[], 6);
    assert_eq!((&told["shrunk"], &told["commits"]), (&json!(0), &json!([])));
    let ran = machine.sync(&[]).code(6);
    for words in lost.iter().map(String::as_str).chain(["--accept-loss", "moves", "5 of 7"]) {
        assert!(ran.stderr.contains(words), "{words}: {}", ran.stderr);
    }
    assert_eq!(machine.head(), head);
    machine.assert_sound();
    let told = machine.tally(&["--accept-loss"], 0);
    let expected: Vec<_> = lost.iter().map(|day| (day.as_str(), "shrunk")).collect();
    assert_told(&machine, &told, &expected);
    machine.assert_sound();
}

#[test]
fn another_persons_token_brings_nothing_into_the_archive() {
    let machine = Machine::synced();
    let (head, mut other) = (machine.head(), options(FIRST));
    other.user_id = 777;
    other.seed = 2;
    let other = Pretend::start(other).unwrap();
    machine.configure(&format!("[providers.moves]\nbase_url = \"{}\"\n", other.base_url()));
    machine.env.set("FITSNAP_MOVES_ACCESS_TOKEN", &other.issue_tokens().0);
    let ran = machine.sync(&[]).code(6);
    for words in ["moves", "777", "23138311640030064", "fitsnap login moves"] {
        assert!(ran.stderr.contains(words), "{words}: {}", ran.stderr);
    }
    assert_eq!(crate::machine::asked(&other), ["profile"]);
    assert_eq!(machine.env.git("", &["rev-parse", "HEAD^"]).trim(), head);
}

#[test]
fn a_profile_that_changed_is_committed_and_named_as_that() {
    let machine = Machine::synced();
    let before = machine.env.git("", &["show", "HEAD:data/moves/account.json"]);
    let profile = "{\"userId\":23138311640030064,\"profile\":{\"firstDate\":\"20150621\",\"platform\":\"ios\",\
                   \"currentTimeZone\":{\"id\":\"Asia/Tokyo\",\"offset\":32400}}}";
    machine.moves.misbehave(Misbehaviour::of(Fault::Body(profile.to_owned())).at("profile"));
    let ran = machine.sync(&[]).code(0);
    assert!(ran.stderr.starts_with("moves: no day new, the account changed, 7 unchanged ("), "{}", ran.stderr);
    assert!(
        machine.env.git("", &["log", "-1", "--format=%B"]).starts_with("moves: account\n\nFitsnap-Provider: moves\n")
    );
    let after = machine.env.git("", &["show", "HEAD:data/moves/account.json"]);
    assert!(before != after && after.contains("Asia/Tokyo"), "{after}");
    machine.assert_sound();
}
