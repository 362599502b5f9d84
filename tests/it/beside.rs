//! What others put into a document beside fitsnap's members is nobody's to lose.

use crate::days::write;
use crate::env::ArchiveEnv;
use crate::machine::Machine;
use crate::strava::{Scene, counts};

/// Puts a member of a person's own beside those of fitsnap's into a document, and commits it.
fn note(env: &ArchiveEnv, path: &str) {
    let text = std::fs::read_to_string(env.path(path)).unwrap();
    write(env, path, &text.replacen("{", "{\"../note\": {\"by\": \"Ada\"},", 1));
    env.git("", &["commit", "-qnam", "a note"]);
    // The hash list and the spelling follow it.
    env.run(&["repair", "--yes"]).code(0);
    demand_note(env, path);
}

#[track_caller]
fn demand_note(env: &ArchiveEnv, path: &str) {
    let document: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(env.path(path)).unwrap()).unwrap();
    assert_eq!(document["../note"]["by"], "Ada", "{document}");
    env.run(&["verify"]).code(0);
}

#[test]
fn a_member_beside_those_of_fitsnaps_stays_when_the_day_is_written_again() {
    let machine = Machine::synced();
    let days = (5..10).map(|day| chrono::NaiveDate::from_ymd_opt(2015, 7, day).unwrap());
    let rewritten = days.into_iter().find(|day| machine.moves.has_records(*day)).unwrap();
    let path = crate::machine::path(&rewritten.to_string());
    note(&machine.env, &path);
    let told = machine.env.run(&["log", "--day", &rewritten.to_string()]).code(0).stdout;
    assert!(told.contains("document: ../note "), "{told}");
    assert_eq!(machine.tally(&[], 0)["unchanged"], 7);
    machine.moves.alter_segment(rewritten).unwrap();
    assert_eq!(machine.tally(&[], 0)["revised"], 1);
    demand_note(&machine.env, &path);
    note(&machine.env, "data/moves/account.json");
    machine.env.run(&["migrate"]).code(0);
    machine.sync(&[]).code(0);
    demand_note(&machine.env, "data/moves/account.json");
}

#[test]
fn a_member_beside_those_of_fitsnaps_keeps_its_document_when_all_else_is_gone() {
    let scene = Scene::new(3);
    scene.report(0, &[]);
    let (deleted, day) = scene.strava.activities()[1];
    let path = format!("data/strava/{}.json", day.format("%Y/%m/%d"));
    note(&scene.env, &path);
    scene.strava.delete(deleted);
    counts(&scene.report(0, &[]), &[("shrunk", 1), ("withdrawn", 0)]);
    demand_note(&scene.env, &path);
    counts(&scene.report(0, &[]), &[("shrunk", 0), ("withdrawn", 0)]);
}
