//! `fitsnap log`, `show`, `diff`: what a provider did to the past, read from histories that real git made.

use std::io::Write;
use std::process::Stdio;

use crate::env::{ArchiveEnv, Ran};

/// An archive in `a`, made by git alone.
struct Past {
    env: ArchiveEnv,
}

impl Past {
    fn new() -> Past {
        let env = ArchiveEnv::new();
        std::fs::create_dir(env.path("a")).unwrap();
        env.git("a", &["init", "-q"]);
        std::fs::write(env.path("a/fitsnap.toml"), "format = 1\n").unwrap();
        let past = Past { env };
        past.commit("2015-07-01T00:00:00Z", "Begin");
        past
    }

    fn put(&self, day: &str, text: &str) {
        let path = self.env.path(&format!("a/data/moves/{}.json", day.replace('-', "/")));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn put_day(&self, day: &str, storyline: &str) {
        self.put(day, &document(day, storyline));
    }

    fn remove(&self, day: &str) {
        std::fs::remove_file(self.env.path(&format!("a/data/moves/{}.json", day.replace('-', "/")))).unwrap();
    }

    fn commit(&self, time: &str, message: &str) -> String {
        self.env.git("a", &["add", "-A"]);
        self.commit_index(time, message)
    }

    fn commit_index(&self, time: &str, message: &str) -> String {
        self.env.set("GIT_COMMITTER_DATE", time);
        self.env.set("GIT_AUTHOR_DATE", time);
        self.env.git("a", &["commit", "-q", "--allow-empty", "-m", message]);
        self.env.git("a", &["rev-parse", "HEAD"]).trim().to_owned()
    }

    fn run(&self, args: &[&str]) -> Ran {
        self.env.run(&[&["-C", "a"], args].concat())
    }

    /// `date kind` of each revision that a log shows.
    fn kinds(&self, args: &[&str]) -> Vec<String> {
        let said = self.run(&[&["log", "--json"], args].concat()).code(0).stdout;
        let word = |line: &serde_json::Value, name: &str| line[name].as_str().unwrap().to_owned();
        let lines = said.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        lines.map(|line| format!("{} {}", word(&line, "date"), word(&line, "kind"))).collect()
    }

    /// One life of a day, each step another kind.
    fn with_every_kind() -> Past {
        let past = Past::new();
        let day = "2015-07-05";
        past.put_day(day, r#"[{"segments": [{"startTime": "20150705T080000Z", "type": "place"}]}]"#);
        past.commit("2015-07-05T12:00:00Z", "moves: 1 new\n\nFitsnap-Provider: moves\nFitsnap-Action: sync");
        past.put_day(day, r#"[{"segments": [{"startTime": "20150705T080000Z", "type": "place"}, {"startTime": "20150705T090000Z", "type": "move"}]}]"#);
        past.commit("2015-07-06T12:00:00Z", "grown");
        past.put_day(day, r#"[{"segments": [{"startTime": "20150705T080000Z", "type": "off"}, {"startTime": "20150705T090000Z", "type": "move"}]}]"#);
        past.commit("2015-07-08T12:00:00Z", "revised");
        past.put_day(day, r#"[{"segments": [{"startTime": "20150705T080000Z", "type": "off"}]}]"#);
        past.commit("2015-07-11T12:00:00Z", "shrunk");
        past.put_day(day, r#"[ {"segments":[{"type":"off","startTime":"20150705T080000Z"}]} ]"#);
        past.commit("2015-07-11T13:00:00Z", "reformatted");
        past.remove(day);
        past.commit("2015-07-12T12:00:00Z", "withdrawn");
        past.put_day(day, r#"[{"segments": [{"startTime": "20150705T080000Z", "type": "place"}]}]"#);
        past.commit("2015-07-13T12:00:00Z", "restored");
        past
    }
}

fn document(day: &str, storyline: &str) -> String {
    format!(
        "{{\n  \"date\": \"{day}\",\n  \"provider\": \"moves\",\n  \"resources\": {{\"storyline\": {storyline}}}\n}}\n"
    )
}

const ALL_KINDS: [&str; 7] = [
    "2015-07-05 restored",
    "2015-07-05 withdrawn",
    "2015-07-05 reformatted",
    "2015-07-05 shrunk",
    "2015-07-05 revised",
    "2015-07-05 grown",
    "2015-07-05 new",
];

#[test]
fn each_step_in_the_life_of_a_day_has_its_kind() {
    let past = Past::with_every_kind();
    assert_eq!(past.kinds(&["--all"]), ALL_KINDS);
    let shown: Vec<&str> = ALL_KINDS.into_iter().filter(|line| !line.ends_with("reformatted")).collect();
    assert_eq!(past.kinds(&[]), shown);
    assert_eq!(past.kinds(&["--day", "2015-07-05"]), shown);
    assert_eq!(past.kinds(&["--provider", "moves"]), shown);
    assert_eq!(past.kinds(&["--kind", "reformatted"]), ["2015-07-05 reformatted"]);
    assert_eq!(past.kinds(&["--kind", "new,shrunk"]), ["2015-07-05 shrunk", "2015-07-05 new"]);
    assert_eq!(past.kinds(&["-n", "2"]), shown[..2]);
    let said = past.run(&["log"]).code(0).stdout;
    for words in
        ["withdrawn, 6 days after, settled", "grown", "segment 09:00 move", "type \"place\" -> \"off\"", "sync"]
    {
        assert!(said.contains(words), "{words} in\n{said}");
    }
}

#[test]
fn json_has_the_promised_shape_to_the_byte() {
    let past = Past::new();
    past.put_day("2015-07-05", r#"[{"date": "20150705", "lastUpdate": "a", "segments": []}]"#);
    let first = past.commit("2015-07-05T12:00:00Z", "new");
    past.put_day(
        "2015-07-05",
        r#"[{"date": "20150705", "lastUpdate": "b\"", "segments": [{"startTime": "20150705T080000Z"}]}]"#,
    );
    let second = past.commit(
        "2015-07-11T06:00:03Z",
        "moves: 1 revised\n\nFitsnap-Provider: moves\nFitsnap-Action: sync\nFitsnap-Format: 1",
    );
    let blob = |commit: &str| past.env.git("a", &["rev-parse", &format!("{commit}:data/moves/2015/07/05.json")]);
    let (old, new) = (blob(&first), blob(&second));
    past.run(&["log", "--json"]).code(0).stdout(&format!(
        concat!(
            "{{\"commit\": \"{second}\", \"time\": \"2015-07-11T06:00:03Z\", \"provider\": \"moves\", \"date\": \"2015-07-05\", ",
            "\"kind\": \"revised\", \"days_after\": 5, \"settled\": false, \"action\": \"sync\", \"blob\": \"{new}\", ",
            "\"resources\": {{\"storyline\": {{\"altered\": 1, \"added\": 1, \"removed\": 0}}}}, ",
            "\"edits\": [{{\"path\": \"/resources/storyline/0/lastUpdate\", \"old\": \"a\", \"new\": \"b\\\"\"}}, ",
            "{{\"path\": \"/resources/storyline/0/segments/0\", \"new\": {{\"startTime\": \"20150705T080000Z\"}}}}]}}\n",
            "{{\"commit\": \"{first}\", \"time\": \"2015-07-05T12:00:00Z\", \"provider\": \"moves\", \"date\": \"2015-07-05\", ",
            "\"kind\": \"new\", \"days_after\": 0, \"settled\": false, \"action\": null, \"blob\": \"{old}\", ",
            "\"resources\": {{\"storyline\": {{\"altered\": 0, \"added\": 1, \"removed\": 0}}}}, \"edits\": []}}\n",
        ),
        first = first,
        second = second,
        old = old.trim(),
        new = new.trim()
    ));
}

#[test]
fn days_and_dates_narrow_the_list() {
    let past = Past::new();
    for (day, time) in [
        ("2015-07-02", "2015-07-02T12:00:00Z"),
        ("2015-07-03", "2015-07-03T12:00:00Z"),
        ("2015-07-04", "2015-07-04T12:00:00Z"),
    ] {
        past.put_day(day, "[]");
        past.commit(time, "more");
    }
    assert_eq!(past.kinds(&["--day", "2015-07-03..2015-07-04"]), ["2015-07-04 new", "2015-07-03 new"]);
    assert_eq!(past.kinds(&["--since", "2015-07-03", "--until", "2015-07-03"]), ["2015-07-03 new"]);
    assert_eq!(past.kinds(&["--since", "2015-07-03T12:00:01Z"]), ["2015-07-04 new"]);
    assert_eq!(past.kinds(&["--since", "8 days ago"]), ["2015-07-04 new", "2015-07-03 new"]);
    let said = past.run(&["log", "--day", "2015-07-04..2015-07-03"]).code(2).stderr;
    assert!(said.contains("before"), "{said}");
    past.run(&["log", "--kind", "odd"]).code(2);
    let said = past.run(&["log", "--since", "soonish"]).code(2).stderr;
    assert!(said.contains("soonish") && said.contains("2015-07-01"), "{said}");
    let said = past.run(&["log", "--provider", "mooves"]).code(2).stderr;
    assert!(said.contains("mooves") && said.contains("it has moves"), "{said}");
}

#[test]
fn within_a_commit_the_latest_day_comes_first() {
    let past = Past::new();
    past.put_day("2015-07-02", "[]");
    past.put_day("2015-07-03", "[]");
    past.commit("2015-07-03T12:00:00Z", "two");
    assert_eq!(past.kinds(&[]), ["2015-07-03 new", "2015-07-02 new"]);
}

#[test]
fn a_merge_tells_only_what_no_parent_has() {
    let past = Past::new();
    past.put_day("2015-07-02", "[1]");
    past.commit("2015-07-02T12:00:00Z", "base");
    past.env.git("a", &["switch", "-qc", "laptop"]);
    past.put_day("2015-07-03", "[1]");
    past.put_day("2015-07-02", "[2]");
    past.commit("2015-07-03T12:00:00Z", "laptop");
    past.env.git("a", &["switch", "-q", "main"]);
    past.put_day("2015-07-04", "[1]");
    past.commit("2015-07-04T12:00:00Z", "desktop");
    past.env.set("GIT_COMMITTER_DATE", "2015-07-05T12:00:00Z");
    past.env.git("a", &["merge", "-q", "--no-ff", "-m", "both", "laptop"]);
    let before = past.kinds(&[]);
    assert_eq!(before, ["2015-07-04 new", "2015-07-03 new", "2015-07-02 revised", "2015-07-02 new"]);
    assert_eq!(past.kinds(&[]), before, "the same from what was kept");
    std::fs::remove_dir_all(past.env.path("a/.git/fitsnap")).unwrap();
    past.env.git("a", &["commit-graph", "write", "--reachable"]);
    assert_eq!(past.kinds(&[]), before, "the same from git's own graph of the commits");
    past.put_day("2015-07-04", "[1, 2]");
    past.env.git("a", &["commit", "-qa", "--amend", "--no-edit"]);
    assert_eq!(past.kinds(&[]).len(), 5, "an edit made in the merge itself is told once");
}

#[test]
fn the_same_change_on_two_branches_is_no_restoration() {
    let past = Past::new();
    past.put_day("2015-07-02", "[1]");
    past.commit("2015-07-02T12:00:00Z", "base");
    past.env.git("a", &["switch", "-qc", "laptop"]);
    past.put_day("2015-07-02", "[2]");
    past.commit("2015-07-03T12:00:00Z", "laptop");
    past.env.git("a", &["switch", "-q", "main"]);
    past.put_day("2015-07-02", "[2]");
    past.commit("2015-07-04T12:00:00Z", "desktop");
    past.env.set("GIT_COMMITTER_DATE", "2015-07-05T12:00:00Z");
    past.env.git("a", &["merge", "-q", "--no-ff", "-m", "both", "laptop"]);
    assert_eq!(past.kinds(&[]), ["2015-07-02 revised", "2015-07-02 revised", "2015-07-02 new"]);
}

#[test]
fn what_is_kept_may_be_old_damaged_deleted_or_of_another_history() {
    let past = Past::with_every_kind();
    let kept = past.env.path("a/.git/fitsnap");
    // What was compared is kept from the second page on only.
    let many = |storyline: &str, time: &str| {
        for day in 0..80 {
            past.put_day(&format!("2014-{:02}-{:02}", day / 28 + 1, day % 28 + 1), storyline);
        }
        past.commit(time, "many")
    };
    many("[]", "2015-07-13T13:00:00Z");
    many("[1]", "2015-07-13T14:00:00Z");
    let first = past.kinds(&["--all"]);
    assert_eq!((first.len(), &first[160..]), (167, &ALL_KINDS.map(str::to_owned)[..]));
    assert!(kept.join("history-data").is_file() && kept.join("compared").is_file());
    assert_eq!(past.kinds(&["--all"]), first);

    past.put_day("2015-07-05", r#"[{"segments": []}]"#);
    past.commit("2015-07-14T12:00:00Z", "more");
    assert_eq!(past.kinds(&["--all"]), [&["2015-07-05 shrunk".to_owned()], &first[..]].concat());

    past.env.git("a", &["reset", "-q", "--hard", "HEAD~1"]);
    past.remove("2015-07-05");
    past.commit("2015-07-14T13:00:00Z", "another history");
    let second = [&["2015-07-05 withdrawn".to_owned()], &first[..]].concat();
    assert_eq!(past.kinds(&["--all"]), second);

    for name in ["history-data", "compared"] {
        let bytes = std::fs::read(kept.join(name)).unwrap();
        let mut bent = bytes.clone();
        bent[bytes.len() / 2] ^= 0x20;
        for damaged in [&bytes[..bytes.len() / 2], &bent[..], b"", b"nonsense"] {
            std::fs::write(kept.join(name), damaged).unwrap();
            assert_eq!(past.kinds(&["--all"]), second, "{name}");
        }
    }
    let names = |kept: &std::path::Path| kept.read_dir().unwrap().count();
    assert_eq!(names(&kept), 2, "nothing half-written stays behind");
    std::fs::remove_dir_all(&kept).unwrap();
    std::fs::write(&kept, "in the way").unwrap();
    assert_eq!(past.kinds(&["--all"]), second);
}

#[test]
fn a_shallow_clone_says_what_it_cannot_know() {
    let past = Past::with_every_kind();
    let url = format!("file://{}", past.env.path("a").display());
    past.env.git("", &["clone", "-q", "--depth", "3", &url, "b"]);
    let ran = past.env.run(&["-C", "b", "log", "--all"]).code(0);
    assert!(ran.stderr.contains("not in this clone") && ran.stderr.contains("--unshallow"), "{}", ran.stderr);
    let told = ran.stdout.matches("2015-07-05  ").count();
    assert_eq!(told, 2, "{}", ran.stdout);
    let said = past.env.run(&["-C", "b", "show", "moves", "2015-07-05", "--at", "2015-07-08"]).code(2).stderr;
    assert!(said.contains("not in this clone"), "{said}");
}

#[test]
fn commits_and_files_of_others_do_no_harm() {
    let past = Past::new();
    past.put("2015-07-05", "not json");
    std::fs::write(past.env.path("a/data/notes.txt"), "mine").unwrap();
    past.commit("2015-07-05T12:00:00Z", "by hand");
    past.put("2015-07-05", "still not json");
    past.put("2015-07-06", "{\"resources\": 7}");
    past.commit("2015-07-06T12:00:00Z", "by hand");
    past.put("2015-07-06", "[\"\\u001b[2Jquiet\"]");
    past.commit("2015-07-07T12:00:00Z", "by hand");
    past.env.git("a", &["mv", "data/moves", "data/moved"]);
    past.commit("2015-07-08T12:00:00Z", "renamed");
    let said = past.run(&["log"]).code(0).stdout;
    assert!(said.contains("not readable"), "{said}");
    let kinds = past.kinds(&[]);
    assert_eq!(kinds.iter().filter(|line| line.ends_with("withdrawn")).count(), 2, "{kinds:?}");
    assert_eq!(kinds.iter().filter(|line| *line == "2015-07-05 revised").count(), 1, "{kinds:?}");
    let said = past.run(&["log", "--json", "--kind", "revised"]).code(0).stdout;
    assert!(said.contains("\"problem\": \"not readable"), "{said}");
    let said = past.run(&["log", "--provider", "moves", "-n", "1"]).code(0).stdout;
    assert!(said.contains("withdrawn"), "a provider that is gone still has a past: {said}");
}

#[test]
fn settings_that_cannot_be_read_do_not_hide_the_past() {
    let past = Past::with_every_kind();
    std::fs::write(past.env.path("a/fitsnap.toml"), "format = [").unwrap();
    let ran = past.run(&["log", "-n", "1"]).code(0);
    assert!(ran.stdout.contains("restored") && ran.stderr.contains("fitsnap.toml"), "{}", ran.stderr);
}

#[test]
fn an_empty_archive_has_an_empty_log() {
    let env = ArchiveEnv::new();
    env.git("", &["init", "-q"]);
    std::fs::write(env.path("fitsnap.toml"), "format = 1\n").unwrap();
    env.run(&["log"]).code(0).stdout("");
}

#[test]
fn show_gives_the_document_as_it_is_and_as_it_was() {
    let past = Past::new();
    let day = "2015-07-05";
    past.put_day(day, "[1]");
    past.commit("2015-07-05T12:00:00Z", "one");
    past.env.git("a", &["tag", "first"]);
    past.put_day(day, "[2]");
    past.commit("2015-07-07T23:59:59Z", "two");
    past.put_day(day, "[3]");
    let third = past.commit("2015-07-08T00:00:00Z", "three");
    past.run(&["show", "moves", day]).code(0).stdout(&document(day, "[3]"));
    for (at, text) in [
        ("first", "[1]"),
        ("HEAD~1", "[2]"),
        ("2015-07-06", "[1]"),
        ("2015-07-07", "[2]"),
        ("main", "[3]"),
        (&third[..8], "[3]"),
    ] {
        past.run(&["show", "moves", day, "--at", at]).code(0).stdout(&document(day, text));
    }
    let said = past.run(&["show", "moves", day, "--at", "2015-06-30"]).code(2).stderr;
    assert!(said.contains("2015-07-01T00:00:00Z"), "{said}");
    let said = past.run(&["show", "moves", day, "--at", "nowhere"]).code(2).stderr;
    assert!(said.contains("nowhere"), "{said}");
    let said = past.run(&["show", "moves", day, "--at", "2015-07-02"]).code(1).stderr;
    assert!(said.contains("moves 2015-07-05") && said.contains("held since"), "{said}");
    let said = past.run(&["show", "moves", "2015-07-09"]).code(1).stderr;
    assert!(said.contains("moves 2015-07-09") && said.contains("2015-07-05"), "{said}");
    let said = past.run(&["show", "strava", day]).code(2).stderr;
    assert!(said.contains("strava") && said.contains("moves"), "{said}");
    past.remove(day);
    past.commit("2015-07-09T00:00:00Z", "gone");
    let said = past.run(&["show", "moves", day]).code(1).stderr;
    assert!(said.contains("withdrawn"), "{said}");
}

#[test]
fn diff_tells_two_states_apart() {
    let past = Past::new();
    let day = "2015-07-05";
    for (time, steps) in [("2015-07-05T12:00:00Z", "1"), ("2015-07-06T12:00:00Z", "2"), ("2015-07-08T12:00:00Z", "3")] {
        past.put_day(day, &format!(r#"[{{"segments": [{{"startTime": "20150705T080000Z", "endTime": "20150705T093000Z", "place": {{"name": "Home"}}, "steps": {steps}}}]}}]"#));
        past.commit(time, "more");
    }
    let said = past.run(&["diff", "moves", day]).code(0).stdout;
    assert!(
        said.contains("revised, 2 days after") && said.contains("storyline segment 08:00-09:30 Home: steps 2 -> 3"),
        "{said}"
    );
    let said = past.run(&["diff", "moves", day, "HEAD~2"]).code(0).stdout;
    assert!(said.contains("steps 1 -> 3"), "{said}");
    let said = past.run(&["diff", "moves", day, "2015-07-07", "HEAD~2"]).code(0).stdout;
    assert!(said.contains("steps 2 -> 1"), "{said}");
    let ran = past.run(&["diff", "moves", day, "HEAD", "HEAD"]).code(0);
    assert!(ran.stdout.is_empty() && ran.stderr.contains("the same"), "{}", ran.stderr);
    let said = past.run(&["diff", "moves", day, "HEAD~3", "HEAD", "-p"]).code(0).stdout;
    assert!(said.contains("new") && said.contains("\n+  \"date\": \"2015-07-05\""), "{said}");
    let said = past.run(&["diff", "moves", day, "--json"]).code(0).stdout;
    let json: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!(json["edits"][0]["path"], "/resources/storyline/0/segments/0/steps");
    assert_eq!((&json["edits"][0]["old"], &json["kind"]), (&2.into(), &"revised".into()));
    past.run(&["diff", "moves", "2015-07-09"]).code(1);
    let said = past.run(&["log", "-p", "-n", "1"]).code(0).stdout;
    assert!(said.contains("\n-  ") && said.contains("\n+  "), "{said}");
}

#[test]
fn stats_say_how_long_days_go_on_changing() {
    let past = Past::with_every_kind();
    past.put_day("2015-07-08", "[]");
    past.commit("2015-07-14T12:00:00Z", "another day");
    let said = past.run(&["stats", "--json"]).code(0).stdout;
    let json: serde_json::Value = serde_json::from_str(&said).unwrap();
    let moves = &json["providers"]["moves"];
    assert_eq!((&moves["days_held"], &moves["days_missing"], &moves["window"]), (&2.into(), &2.into(), &7.into()));
    // Grown, revised, shrunk, withdrawn, restored: 0, 2, 5, 6 and 7 days after the day, the last two of a settled day.
    let all = &moves["all"];
    assert_eq!((&all["days"], &all["days_changed"], &all["days_rewritten"]), (&2.into(), &1.into(), &1.into()));
    assert_eq!((&all["changes"], &all["late"], &all["window_99"]), (&5.into(), &2.into(), &9.into()));
    assert_eq!(all["days_after"], serde_json::json!({"p50": 5, "p95": 7, "p99": 7, "last": 7}));
    let members = &moves["resources"]["storyline"]["members"];
    assert!(members.to_string().contains("*/segments/*/type"), "{members}");
    let said = past.run(&["stats", "--provider", "moves"]).code(0).stdout;
    assert!(said.contains("1 (50 %)") && said.contains("A window of 9 days"), "{said}");
}

#[test]
fn the_report_is_one_page_and_overwrites_only_its_like() {
    let past = Past::with_every_kind();
    past.env.git("a", &["remote", "add", "origin", "git@git.example.com:ada/life.git"]);
    let ran = past.run(&["report", "-o", "page.html"]).code(0);
    assert!(ran.stdout.is_empty() && ran.stderr.contains("page.html"), "{}", ran.stderr);
    let page = std::fs::read_to_string(past.env.path("page.html")).unwrap();
    let head = past.env.git("a", &["rev-parse", "HEAD"]);
    let link = format!("https://git.example.com/ada/life/commit/{}", head.trim());
    for said in ["</html>", "<svg", &link, "fitsnap diff moves 2015-07-05", "withdrawn"] {
        assert!(page.contains(said), "{said}");
    }
    past.run(&["report", "-o", "page.html"]).code(0);
    std::fs::write(past.env.path("mine.html"), "<p>my own").unwrap();
    let said = past.run(&["report", "-o", "mine.html"]).code(2).stderr;
    assert!(said.contains("mine.html") && said.contains("--force"), "{said}");
    past.run(&["report", "-o", "mine.html", "--force"]).code(0);
    assert!(past.run(&["report", "-o", "-"]).code(0).stdout.ends_with("</html>"));
}

/// Numbers that look like chance and are the same every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % most
    }
}

#[test]
fn log_tells_exactly_the_edits_that_were_made() {
    use serde_json::{Value, json};

    let past = Past::new();
    let mut dice = Dice(42);
    let days: Vec<String> = (1..=28).map(|day| format!("2015-06-{day:02}")).collect();
    let mut expected = Vec::new();
    let mut edited = Vec::new();
    for day in &days {
        let stamp = |hour: usize, minute: usize| format!("{}T{hour:02}{minute:02}00Z", day.replace('-', ""));
        let segment = |hour: usize| json!({"startTime": stamp(hour, 0), "steps": hour * 100, "place": {"name": "Home", "id": hour}});
        let old: Vec<Value> = (0..12 + dice.below(10)).map(segment).collect();
        let mut new = old.clone();
        let mut edits = Vec::new();
        // Each op takes records of its own, so that no two are told as one.
        let removed = dice.below(old.len());
        edits.push(json!({"path": format!("/resources/storyline/0/segments/{removed}"), "old": old[removed]}));
        new.remove(removed);
        let at = dice.below(new.len() + 1);
        new.insert(at, json!({"startTime": stamp(23, 30), "note": ["unlike", "all", "others", day], "speed": 7.25}));
        edits.push(json!({"path": format!("/resources/storyline/0/segments/{at}"), "new": new[at]}));
        let mut alter = |member: &str, pointer: &str, to: Value| {
            let index = loop {
                let index = dice.below(new.len());
                if index != at && new[index]["touched"].is_null() {
                    break index;
                }
            };
            let value = new[index].pointer_mut(pointer).unwrap();
            edits.push(json!({"path": format!("/resources/storyline/0/segments/{index}{pointer}"), "old": value.clone(), "new": to}));
            *value = to;
            new[index]["touched"] = member.into();
        };
        alter("altered", "/steps", json!(7));
        alter("retyped", "/steps", json!("seven"));
        alter("nested", "/place/name", json!("Work"));
        for record in &mut new {
            record.as_object_mut().unwrap().remove("touched");
        }
        let text = |segments: &[Value]| json!([{"date": day.replace('-', ""), "segments": segments}]).to_string();
        past.put_day(day, &text(&old));
        // Another spelling of a number is no edit.
        edited.push((day, text(&new).replace("00,", "00.0,")));
        expected.push(edits);
    }
    past.commit("2015-07-01T00:00:00Z", "old");
    for (day, storyline) in edited {
        past.put_day(day, &storyline);
    }
    past.commit("2015-07-02T00:00:00Z", "new");
    let said = past.run(&["log", "--json", "--kind", "shrunk"]).code(0).stdout;
    let told: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(told.len(), days.len(), "{said}");
    let sorted = |edits: &[Value]| {
        let mut edits: Vec<String> = edits.iter().map(Value::to_string).collect();
        edits.sort();
        edits
    };
    for (line, edits) in told.iter().rev().zip(expected) {
        assert_eq!(sorted(line["edits"].as_array().unwrap()), sorted(&edits), "{}", line["date"]);
        assert_eq!(line["resources"]["storyline"], json!({"altered": 3, "added": 1, "removed": 1}));
    }
}

#[test]
fn any_json_files_in_git_can_be_audited() {
    let env = ArchiveEnv::new();
    std::fs::create_dir_all(env.path("r/data")).unwrap();
    env.git("r", &["init", "-q"]);
    let put = |name: &str, text: &str, time: &str| {
        std::fs::write(env.path("r").join(name), text).unwrap();
        env.set("GIT_COMMITTER_DATE", time);
        env.git("r", &["add", "-A"]);
        env.git("r", &["commit", "-qm", "update"]);
    };
    put("data/users.json", r#"[{"slug": "a", "size": 1}, {"slug": "b", "size": 2}]"#, "2015-07-01T00:00:00Z");
    put(
        "data/users.json",
        r#"[{"slug": "c", "size": 3}, {"slug": "a", "size": 9}, {"slug": "b", "size": 2}]"#,
        "2015-07-02T00:00:00Z",
    );
    put("other.json", "1", "2015-07-03T00:00:00Z");
    let said = env.run(&["-C", "r", "log", "--path", "data/*.json", "--key", "slug", "--json"]).code(0).stdout;
    let lines: Vec<serde_json::Value> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2, "{said}");
    assert_eq!((&lines[0]["file"], &lines[0]["kind"]), (&"data/users.json".into(), &"revised".into()));
    assert_eq!(lines[0]["resources"]["users"], serde_json::json!({"altered": 1, "added": 1, "removed": 0}));
    let edits = lines[0]["edits"].as_array().unwrap();
    let altered = serde_json::json!({"path": "/1/size", "old": 1, "new": 9});
    assert!(edits.contains(&altered) && edits.iter().any(|edit| edit["path"] == "/0"), "{said}");
    let said = env.run(&["-C", "r", "log", "--path", "**/*.json", "-p"]).code(0).stdout;
    assert!(said.contains("other.json") && said.contains("\"size\": 9"), "{said}");
    assert!(!env.path("r/.git/fitsnap").exists());
    env.run(&["log", "--path", "*.json"]).code(2);
    env.run(&["-C", "r", "log", "--path", "*.json", "--day", "2015-07-01"]).code(2);
}

/// Runs `fitsnap log` of the archive on a terminal of its own, made by script(1).
#[test]
fn a_terminal_gets_a_pager_and_no_control_characters() {
    let past = Past::new();
    let name = |name: &str| {
        format!(r#"[{{"segments": [{{"startTime": "20150705T080000Z", "name": "{name}", "steps": 1}}]}}]"#)
    };
    past.put_day("2015-07-05", &name("Home\\u001b[2J"));
    past.commit("2015-07-05T12:00:00Z", "one");
    past.put_day("2015-07-05", &name("Home\\u001b[2J").replace("\"steps\": 1", "\"steps\": 2"));
    past.commit("2015-07-06T12:00:00Z", "two");
    if past.env.command("script").arg("--version").output().is_err() {
        return;
    }
    let on_terminal = |pager: &str| {
        past.env.set("GIT_PAGER", pager);
        let line = format!("{} -C a log", env!("CARGO_BIN_EXE_fitsnap"));
        let mut command = past.env.command("script");
        command.args(["-qec", &line, "/dev/null"]).env("TERM", "xterm");
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        String::from_utf8(command.output().unwrap().stdout).unwrap()
    };
    let said = on_terminal("sed s/^/PAGED/");
    assert!(said.contains("PAGED") && said.contains("\x1b[33m"), "{said:?}");
    assert!(said.contains("\\u{1b}[2J") && !said.contains("\x1b[2J"), "{said:?}");
    for none in ["", "cat"] {
        assert!(on_terminal(none).contains("revised"));
    }
    std::io::stdout().flush().unwrap();
}
