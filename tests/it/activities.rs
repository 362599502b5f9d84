//! How activities are asked for: several at once, within the quota, and none again whose day stayed as it
//! was.
#![cfg(unix)]

use std::fs;
use std::path::PathBuf;

use fitsnap::pretend::{Fault, Misbehaviour};

use crate::machine::{Running, wait_until};
use crate::strava::{Scene, counts};

impl Scene {
    /// Where it is kept what the day documents say in short.
    fn gists(&self) -> PathBuf {
        self.env.path(".git/fitsnap/gists/strava")
    }

    /// Paths asked for since the last call, without what leads to them.
    fn paths(&self) -> Vec<String> {
        let log = self.strava.take_log().into_iter();
        log.map(|asked| asked.path.trim_start_matches("/api/v3/").to_owned()).collect()
    }

    fn start(&self) -> Running {
        Running::of(self.env.command(env!("CARGO_BIN_EXE_fitsnap")).args(["sync", "strava"]))
    }
}

#[test]
fn documents_that_did_not_change_are_not_read_again() {
    let scene = Scene::new(8);
    scene.report(0, &[]);
    let gists = fs::read(scene.gists()).unwrap();
    // The document of an old day is gone from git: whoever reads it finds out.
    let (_, old) = scene.strava.activities()[7];
    let path = format!("data/strava/{}.json", old.format("%Y/%m/%d"));
    let blob = scene.env.git("", &["rev-parse", &format!("HEAD:{path}")]);
    let object = scene.env.path(&format!(".git/objects/{}/{}", &blob[..2], blob[2..].trim()));
    let aside = scene.env.path("aside");
    fs::rename(&object, &aside).unwrap();
    counts(&scene.report(0, &[]), &[("unchanged", 3), ("new", 0)]);
    assert_eq!(fs::read(scene.gists()).unwrap(), gists);
    fs::remove_file(scene.gists()).unwrap();
    let said = scene.sync(&[]).code(1).stderr;
    assert!(said.contains(blob.trim()), "{said}");
    fs::rename(&aside, &object).unwrap();
    // Lost or damaged, it costs reading again and nothing else.
    for damage in [None, Some(&gists[..gists.len() / 2]), Some(b"nothing of the kind".as_slice())] {
        if let Some(bytes) = damage {
            fs::write(scene.gists(), bytes).unwrap();
        }
        scene.strava.take_log();
        counts(&scene.report(0, &[]), &[("unchanged", 3), ("new", 0)]);
        assert_eq!(scene.asked("/streams"), 3);
        assert_eq!(fs::read(scene.gists()).unwrap(), gists);
    }
}

#[test]
fn what_is_known_of_one_document_says_nothing_of_another() {
    let scene = Scene::new(6);
    scene.report(0, &[]);
    let (renamed, day) = scene.strava.activities()[5];
    scene.strava.rename(renamed, "Another name");
    counts(&scene.report(0, &[]), &[("revised", 1)]);
    assert!(scene.file(day).unwrap().contains("Another name"));
    // The person goes back to the commit before: what is held there counts, not what was written since.
    scene.env.git("", &["reset", "--hard", "--quiet", "HEAD~1"]);
    scene.settings("");
    scene.strava.take_log();
    counts(&scene.report(0, &[]), &[("revised", 1)]);
    assert!(scene.file(day).unwrap().contains("Another name"));
    assert_eq!(scene.asked(&format!("{renamed}/streams")), 1);
    // A part that some other hand took out is asked for again.
    let mut document = scene.day(day);
    document["resources"]["activities"][0].as_object_mut().unwrap().remove("streams");
    let text = fitsnap::json::canonical(document.to_string().as_bytes()).unwrap();
    let folder = format!("data/strava/{}", day.format("%Y/%m"));
    fs::write(scene.env.path(&format!("{folder}/{}.json", day.format("%d"))), text).unwrap();
    let sums = scene.env.run_program("sh", &["-c", &format!("cd {folder} && LC_ALL=C sha256sum *.json > SHA256SUMS")]);
    sums.code(0);
    scene.env.git("", &["commit", "--quiet", "--all", "--message", "without streams"]);
    counts(&scene.report(0, &["--window", "1"]), &[("grown", 1)]);
    assert!(scene.file(day).unwrap().contains("\"streams\""));
    scene.verified();
}

#[test]
fn while_one_answer_is_slow_the_others_come_and_none_is_lost() {
    let scene = Scene::new(16);
    scene.env.set("FITSNAP_PATIENCE", "2000");
    let (slow, _) = scene.strava.activities()[8];
    let address = format!("activities/{slow}/streams");
    scene.strava.misbehave(Misbehaviour::of(Fault::Stall).at(&address).times(1));
    counts(&scene.report(0, &[]), &[("new", 16)]);
    let paths = scene.paths();
    let tries: Vec<usize> = (0..paths.len()).filter(|at| paths[*at] == address).collect();
    let meanwhile = paths[tries[0]..tries[1]].iter().filter(|path| path.ends_with("/streams")).count();
    assert!(tries.len() == 2 && meanwhile > 3, "{paths:?}");
    // Each part was asked for once, but for the one that did not come.
    let parts: Vec<_> = paths.iter().filter(|path| path.starts_with("activities/")).collect();
    assert_eq!(parts.len(), 2 * 16 + 1);
    scene.verified();
}

#[test]
fn a_stop_keeps_what_came_whole_and_the_next_sync_asks_for_the_rest_only() {
    let scene = Scene::new(12);
    let (slow, day) = scene.strava.activities()[6];
    scene.strava.misbehave(Misbehaviour::of(Fault::Stall).at(&format!("{slow}/streams")));
    let running = scene.start();
    let mut asked = Vec::new();
    wait_until("the last activity is asked for", || {
        asked.extend(scene.paths());
        let (last, _) = scene.strava.activities()[11];
        asked.contains(&format!("activities/{last}/streams"))
    });
    running.signal("INT");
    let (status, said) = running.end();
    assert_eq!(status.code(), Some(130), "{said}");
    // On a slow machine the slow one was asked for again meanwhile.
    scene.paths();
    // What was asked after the slow one came, too.
    let held = scene.held().len();
    assert!((10..=11).contains(&held) && scene.file(day).is_none(), "{held}: {said}");
    scene.verified();
    scene.strava.behave();
    counts(&scene.report(0, &["--window", "1"]), &[("new", 12 - held as u64)]);
    assert_eq!(scene.asked("/streams"), 12 - held);
    scene.verified();
}

#[test]
fn never_more_is_asked_than_the_quota_has_left() {
    let scene = Scene::with(30, "", |options| options.quarter_limit = 41);
    for number in 0..3 {
        scene.next_day(number);
        let said = scene.sync(&["--max-wait", "0s"]).stderr;
        let log = scene.strava.take_log();
        assert!(log.len() <= 41, "{}: {said}", log.len());
        assert!(!said.contains("too often"), "{said}");
    }
    assert_eq!(scene.held().len(), 30);
}
