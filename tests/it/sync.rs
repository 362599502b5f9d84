//! `fitsnap sync` against the pretend Moves, when all goes well.

use chrono::{DateTime, NaiveDate};
use serde_json::{Value, json};

use crate::machine::{Machine, options, path};

fn dates(first: &str, last: &str) -> Vec<String> {
    let (first, last): (NaiveDate, NaiveDate) = (first.parse().unwrap(), last.parse().unwrap());
    first.iter_days().take_while(|day| *day <= last).map(|day| day.to_string()).collect()
}

#[test]
fn the_first_sync_brings_every_day_with_the_fewest_requests_in_one_commit() {
    // 23 days in Helsinki, where the 11th has begun: four requests; 22 in Greenwich.
    let mut options = options("2015-06-19");
    options.now = "2015-07-10T22:30:00Z".parse().unwrap();
    let machine = Machine::with(options);
    let told = machine.tally(&[], 0);
    let asked = machine.asked();
    assert_eq!(asked, ["profile", "20150705-20150711", "20150628-20150704", "20150621-20150627", "20150619-20150620"]);
    let commit = machine.head();
    assert_eq!(
        told,
        json!({"requests": 5, "asked": 23, "new": 23, "grown": 0, "revised": 0, "shrunk": 0, "withdrawn": 0,
            "restored": 0, "unchanged": 0, "failed": [], "commits": [commit]})
    );
    assert_eq!(machine.days(), dates("2015-06-19", "2015-07-11"));
    assert_eq!(machine.commits(), 3);
    assert_eq!(machine.env.git("", &["ls-tree", "--name-only", "HEAD", "data/moves/"]).lines().count(), 3);
    let account = machine.env.git("", &["show", "HEAD:data/moves/account.json"]);
    assert!(account.contains("\"userId\": 23138311640030064"), "{account}");
    machine.assert_sound();
}

#[test]
fn a_commit_tells_who_when_and_what() {
    let machine = Machine::with(options("2015-07-09"));
    machine.sync(&[]).code(0).stdout("");
    let commit = machine.env.git("", &["log", "-1", "--format=%an <%ae>|%cn <%ce>|%aI|%cI|%ad|%B", "--date=raw"]);
    let parts: Vec<&str> = commit.splitn(6, '|').collect();
    assert_eq!(parts[0], "Ada Archivist <ada@example.com>");
    assert_eq!(parts[1], parts[0]);
    let late = DateTime::parse_from_rfc3339(parts[2]).unwrap() - crate::machine::NOW.parse::<DateTime<_>>().unwrap();
    assert!((0..60).contains(&late.num_seconds()), "{commit}");
    assert_eq!(parts[3], parts[2]);
    assert!(parts[4].ends_with(" +0000"), "{commit}");
    assert_eq!(
        parts[5].trim_end(),
        "moves: 3 new\n\nnew  2015-07-09\nnew  2015-07-10\nnew  2015-07-11\n\n\
         Fitsnap-Provider: moves\nFitsnap-Action: sync\nFitsnap-Format: 1"
    );
    let day = machine.document("2015-07-10");
    let wire = machine.moves.day("2015-07-10".parse().unwrap());
    let envelope =
        format!("{{\"resources\":{{\"storyline\":[{wire}]}},\"provider\":\"moves\",\"date\":\"2015-07-10\"}}");
    let canonical = machine.env.run_with_input(&["canon"], &envelope).code(0);
    assert_eq!(day, canonical.stdout);
}

#[test]
fn what_the_person_has_staged_and_edited_elsewhere_stays_as_it_is() {
    let machine = Machine::new();
    for (file, text) in [("notes.txt", "mine\n"), ("staged.txt", "mine too\n")] {
        std::fs::write(machine.env.path(file), text).unwrap();
    }
    machine.env.git("", &["add", "staged.txt"]);
    machine.sync(&[]).code(0);
    assert_eq!(machine.env.git("", &["status", "--porcelain"]), "A  staged.txt\n?? notes.txt\n");
    assert_eq!(machine.env.git("", &["ls-tree", "--name-only", "HEAD"]), ".gitattributes\ndata\nfitsnap.toml\n");
}

#[test]
fn nothing_changed_is_one_request_and_no_commit() {
    let machine = Machine::synced();
    let head = machine.head();
    let ran = machine.sync(&[]).code(0).stdout("");
    assert_eq!(ran.stderr, "moves: nothing new, 7 unchanged\n");
    assert_eq!(machine.asked(), ["profile", "20150705-20150711"]);
    assert_eq!(machine.head(), head);
    machine.at("2015-07-11T18:00:00Z");
    let told = machine.tally(&[], 0);
    assert_eq!((&told["unchanged"], &told["commits"]), (&json!(7), &json!([])));
    let status = machine.env.run(&["status", "--json"]).code(0).stdout;
    assert!(status.contains("\"last_sync\":\"2015-07-11T18:00:0"), "{status}");
    machine.assert_sound();
}

#[test]
fn the_next_day_brings_one_day_and_asks_the_window_and_what_is_missing() {
    let machine = Machine::synced();
    machine.env.git("", &["rm", "-q", &path("2015-06-23")]);
    let sums = machine.env.path("data/moves/2015/06/SHA256SUMS");
    let text = std::fs::read_to_string(&sums).unwrap();
    let kept: Vec<&str> = text.lines().filter(|line| !line.ends_with("23.json")).collect();
    std::fs::write(&sums, kept.join("\n") + "\n").unwrap();
    machine.env.git("", &["commit", "-qam", "I want this day again"]);
    machine.at("2015-07-12T06:00:00Z");
    let told = machine.tally(&[], 0);
    assert_eq!(machine.asked(), ["profile", "20150706-20150712", "20150623-20150623"]);
    // The document that comes again is an earlier content.
    assert_eq!((&told["new"], &told["restored"], &told["asked"]), (&json!(1), &json!(1), &json!(8)));
    let status = machine.env.run(&["status", "--json"]).code(0).stdout;
    assert!(status.contains("\"days\":22,") && status.contains("\"gaps\":[]"), "{status}");
    machine.assert_sound();
}

#[test]
fn a_range_is_asked_held_or_not_and_nothing_else() {
    let machine = Machine::synced();
    machine.sync(&["--since", "2015-06-24", "--until", "2015-06-26"]).code(0);
    assert_eq!(machine.asked(), ["profile", "20150624-20150626"]);
    machine.sync(&["--until", "2015-06-22"]).code(0);
    assert_eq!(machine.asked(), ["profile", "20150621-20150622"]);
    machine.sync(&["--since", "2015-07-10"]).code(0);
    assert_eq!(machine.asked(), ["profile", "20150710-20150711"]);
    machine.sync(&["--window", "2"]).code(0);
    assert_eq!(machine.asked(), ["profile", "20150710-20150711"]);
    machine.sync(&["moves", "--only", "storyline", "--window", "1"]).code(0);
    assert_eq!(machine.asked(), ["profile", "20150711-20150711"]);
    let ran = machine.sync(&["--since", "2015-06-26", "--until", "2015-06-24"]).code(2);
    assert!(ran.stderr.contains("--until 2015-06-24 is before --since 2015-06-26"), "{}", ran.stderr);
    let ran = machine.sync(&["--only", "heart"]).code(2);
    assert!(ran.stderr.contains("heart") && ran.stderr.contains("storyline"), "{}", ran.stderr);
    machine.sync(&["--window", "0"]).code(2);
    machine.sync(&["strava"]).code(2);
    assert!(machine.asked().is_empty());
}

#[test]
fn a_first_sync_of_a_range_leaves_the_rest_for_later() {
    let machine = Machine::new();
    machine.sync(&["--since", "2015-06-24", "--until", "2015-06-26"]).code(0);
    assert_eq!(machine.days(), dates("2015-06-24", "2015-06-26"));
    machine.asked();
    machine.sync(&[]).code(0);
    assert_eq!(machine.asked(), ["profile", "20150705-20150711", "20150628-20150704", "20150621-20150627"]);
    assert_eq!(machine.days(), dates("2015-06-21", "2015-07-11"));
    machine.assert_sound();
}

#[test]
fn the_settings_say_since_when_and_how_far_back() {
    let machine = Machine::new();
    let tables =
        format!("[providers.moves]\nbase_url = \"{}\"\nsince = \"2015-07-01\"\nwindow = 3\n", machine.moves.base_url());
    machine.configure(&tables);
    machine.sync(&[]).code(0);
    assert_eq!(machine.days(), dates("2015-07-01", "2015-07-11"));
    machine.asked();
    machine.sync(&[]).code(0);
    assert_eq!(machine.asked(), ["profile", "20150709-20150711"]);
}

#[test]
fn rechecks_walk_through_all_settled_days() {
    let machine = Machine::synced();
    let mut seen = Vec::new();
    for hour in 7..10 {
        machine.at(&format!("2015-07-11T{hour:02}:00:00Z"));
        machine.sync(&["--recheck", "5"]).code(0);
        let asked = machine.asked();
        assert_eq!(asked[..2], ["profile", "20150705-20150711"]);
        // Several requests are under way at once.
        let mut rest = asked[2..].to_vec();
        rest.sort();
        seen.extend(rest);
    }
    assert_eq!(seen, ["20150621-20150625", "20150626-20150630", "20150621-20150621", "20150701-20150704"]);
}

#[test]
fn a_dry_run_tells_requests_days_and_time_and_does_nothing() {
    let machine = Machine::with(options("2014-04-01"));
    let head = machine.head();
    // 467 days in 67 requests and the profile; one was made in this minute, 60 go.
    let ran = machine.sync(&["--dry-run", "--json"]).code(0);
    let told: Value = serde_json::from_str(&ran.stdout).unwrap();
    let expected = json!({"days": 467, "requests": 68, "until": "2015-07-11T06:01:15Z", "windows": {"minute": 2}});
    assert_eq!(told["providers"]["moves"], expected);
    assert_eq!(machine.asked(), ["profile"]);
    let ran = machine.sync(&["--dry-run"]).code(0).stdout("");
    assert!(ran.stderr.contains("68 requests for 467 days"), "{}", ran.stderr);
    // With the hour used up, it takes until the next one.
    machine.asked();
    machine.at("2015-07-11T06:10:00Z");
    machine.moves.leave(60, 20);
    let ran = machine.sync(&["--dry-run", "--json", "--since", "2015-01-01"]).code(0);
    let told: Value = serde_json::from_str(&ran.stdout).unwrap();
    let expected =
        json!({"days": 192, "requests": 29, "until": "2015-07-11T07:00:00Z", "windows": {"hour": 2, "minute": 2}});
    assert_eq!(told["providers"]["moves"], expected);
    assert_eq!(machine.head(), head);
    assert_eq!(machine.env.git("", &["status", "--porcelain"]), "");
    assert!(!machine.env.path("data").exists() && !machine.env.path(".git/fitsnap/checked").exists());
}
