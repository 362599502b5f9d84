//! `fitsnap import fitbit` and `fitsnap import googlehealth`: a Google Takeout in the archive.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::archive::{ARCHIVE, commits, demand_clean, demand_sums, demand_whole, make, tree};
use crate::env::{ArchiveEnv, Ran};
use crate::pack::{Files, takeout_files, unpack, zip};

const STEPS: &str = "Takeout/Fitbit/Global Export Data/steps-2020-01-31.json";
const ROWS: &str = "Takeout/Fitbit/Physical Activity_GoogleData/steps_2020-02-01.csv";

fn import(env: &ArchiveEnv, provider: &str, exports: &[&str]) -> Ran {
    env.run(&[&["-C", ARCHIVE, "import", provider], exports].concat())
}

fn pack(env: &ArchiveEnv, name: &str, files: &Files) -> String {
    fs::write(env.path(name), zip(files)).unwrap();
    name.to_owned()
}

fn altered(path: &str, old: &str, new: &str) -> Files {
    let mut files = takeout_files();
    let text = String::from_utf8(files[path].clone()).unwrap();
    assert!(text.contains(old));
    files.insert(path.to_owned(), text.replace(old, new).into_bytes());
    files
}

fn document(root: &Path, path: &str) -> Value {
    serde_json::from_slice(&fs::read(root.join("data").join(path)).unwrap()).unwrap()
}

#[test]
fn a_takeout_becomes_days_of_the_person() {
    let env = ArchiveEnv::new();
    let root = make(&env);
    let export = pack(&env, "takeout-20200210T000000Z-001.zip", &takeout_files());
    let ran = import(&env, "fitbit", &[&export]).code(0).stdout("");
    assert!(ran.stderr.starts_with("fitbit: 2 new ("), "{}", ran.stderr);
    assert!(ran.stderr.contains("America/Los_Angeles, as the export's profile says"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("left "), "{}", ran.stderr);
    let first = document(&root, "fitbit/2020/01/31.json");
    let second = document(&root, "fitbit/2020/02/01.json");
    let times = |document: &Value, resource: &str, member: &str| -> Vec<Value> {
        let records = document["resources"][resource].as_array().cloned().unwrap_or_default();
        records.iter().map(|record| record[member].clone()).collect()
    };
    assert_eq!(
        times(&first, "export/steps", "dateTime"),
        ["01/31/20 08:00:00", "01/31/20 20:12:00", "02/01/20 07:59:00"]
    );
    assert_eq!(times(&second, "export/steps", "value"), ["0", "117"]);
    assert_eq!(times(&first, "export/heart_rate", "dateTime").len(), 5);
    assert_eq!(times(&first, "export/exercise", "logId"), [4401]);
    assert_eq!(times(&first, "export/weight", "weight"), [171.3]);
    assert_eq!(times(&second, "export/sleep", "mainSleep"), [true, false]);
    assert_eq!(times(&second, "export/minute_spo2", "value"), ["96.4", "50.0"]);
    assert_eq!(times(&second, "export/sleep_score", "sleep_log_entry_id"), ["25001"]);
    assert_eq!(times(&second, "export/google/daily_resting_heart_rate", "beats per minute"), ["57.0"]);
    // Of the minutes that two recorders tell, both stay, and the evening in the next day's file is there.
    assert_eq!(times(&first, "export/google/steps", "steps"), ["63", "60", "9"]);
    assert_eq!(times(&first, "export/google/heart_rate", "timestamp").len(), 3);
    let file = &first["resources"]["export/files"][0];
    assert_eq!((&file["file"], &file["format"]), (&json!("4401.tcx"), &json!("tcx")));
    assert_eq!(file["tracks"][0]["segments"][0][1]["hr"], 92);
    let kept = fs::read(root.join("data/fitbit/2020/01/31/4401.tcx")).unwrap();
    assert_eq!(kept, takeout_files()["Takeout/Fitbit/Activities/4401.tcx"]);
    let account = document(&root, "fitbit/account.json");
    assert_eq!(account["resources"]["export/profile"][0]["full_name"], "Ada Archivist");
    assert_eq!(account["resources"]["export/devices"][0]["device_type"], "Lantern Band");
    assert_eq!(env.try_git(ARCHIVE, &["grep", "Bystander", "HEAD"]).code(1).stdout, "");
    demand_clean(&env, ARCHIVE);
    demand_whole(&env, ARCHIVE);
    demand_sums(&env, &root);

    let ran = import(&env, "fitbit", &[&export]).code(0);
    assert!(ran.stderr.starts_with("fitbit: nothing new, 2 unchanged\n"), "{}", ran.stderr);
    assert_eq!(commits(&root), 2);
    // The same Takeout as the days of the account's new name, from a folder.
    unpack(&takeout_files(), &env.path("unpacked"));
    import(&env, "googlehealth", &["unpacked"]).code(0);
    assert_eq!(document(&root, "googlehealth/2020/01/31.json")["resources"], first["resources"]);
    env.run(&["-C", ARCHIVE, "verify", "--history"]).code(0);
}

#[test]
fn a_newer_takeout_shows_what_the_provider_changed() {
    let env = ArchiveEnv::new();
    let root = make(&env);
    import(&env, "fitbit", &[&pack(&env, "one.zip", &takeout_files())]).code(0);
    let ran = import(&env, "fitbit", &[&pack(&env, "two.zip", &altered(STEPS, "\"63\"", "\"65\""))]).code(0);
    assert!(ran.stderr.starts_with("fitbit: 1 revised, 1 unchanged ("), "{}", ran.stderr);
    let message = env.git(ARCHIVE, &["log", "-1", "--format=%B"]);
    assert!(message.contains("revised  2020-01-31  export/steps: 1 altered\n"), "{message}");
    let mut row = altered(ROWS, "2020-02-02T01:05:00Z,117,", "2020-02-02T01:05:00Z,118,");
    row.extend(altered(STEPS, "\"63\"", "\"65\"").remove_entry(STEPS));
    import(&env, "fitbit", &[&pack(&env, "three.zip", &row)]).code(0);
    let message = env.git(ARCHIVE, &["log", "-1", "--format=%B"]);
    assert!(message.contains("revised  2020-02-01  export/google/steps: 1 altered\n"), "{message}");
    let log = env.run(&["-C", ARCHIVE, "log", "--day", "2020-02-01", "--kind", "revised"]).code(0).stdout;
    assert!(log.contains(r#"steps "117" -> "118""#), "{log}");
    demand_whole(&env, ARCHIVE);
    assert_eq!(commits(&root), 4);
}

#[test]
fn parts_imported_one_by_one_give_what_all_together_give() {
    let together = ArchiveEnv::new();
    let whole = make(&together);
    import(&together, "fitbit", &[&pack(&together, "all.zip", &takeout_files())]).code(0);
    let env = ArchiveEnv::new();
    let root = make(&env);
    fs::write(root.join("fitsnap.toml"), "format = 1\n[providers.fitbit]\ntime_zone = \"America/Los_Angeles\"\n")
        .unwrap();
    // The evening of the first day lies in files of the second: cut there, neither part takes from the other.
    let (later, earlier): (Files, Files) =
        takeout_files().into_iter().partition(|(path, _)| path.contains("2020-02-01"));
    import(&env, "fitbit", &[&pack(&env, "002.zip", &later)]).code(0);
    import(&env, "fitbit", &[&pack(&env, "001.zip", &earlier)]).code(0);
    assert_eq!(tree(&root), tree(&whole));
    let again = import(&env, "fitbit", &["001.zip", "002.zip"]).code(0);
    assert!(again.stderr.starts_with("fitbit: nothing new, 2 unchanged\n"), "{}", again.stderr);
}

#[test]
fn parts_that_share_no_two_days_running_take_nothing_from_each_other() {
    let steps = |days: &[u32]| -> Files {
        let file = |day: &u32| {
            let row = |hour| format!("2024-03-0{day}T{hour:02}:00:00Z,{hour},Lantern Band\n");
            let rows: String = (0..24).map(row).collect();
            let text = format!("timestamp,steps,data source\n{rows}");
            (ROWS.replace("2020-02-01", &format!("2024-03-0{day}")), text.into_bytes())
        };
        days.iter().map(file).collect()
    };
    let archive = |env: &ArchiveEnv| {
        let root = make(env);
        let settings = "format = 1\n[providers.fitbit]\ntime_zone = \"America/New_York\"\n";
        fs::write(root.join("fitsnap.toml"), settings).unwrap();
        root
    };
    let together = ArchiveEnv::new();
    let whole = archive(&together);
    import(&together, "fitbit", &[&pack(&together, "all.zip", &steps(&[1, 2, 3, 4, 5, 6]))]).code(0);
    let env = ArchiveEnv::new();
    let root = archive(&env);
    import(&env, "fitbit", &[&pack(&env, "odd.zip", &steps(&[1, 3, 5]))]).code(0);
    let ran = import(&env, "fitbit", &[&pack(&env, "even.zip", &steps(&[2, 4, 6]))]).code(0);
    assert!(ran.stderr.starts_with("fitbit: 1 new, 5 grown ("), "{}", ran.stderr);
    assert_eq!(tree(&root), tree(&whole));
    let ran = import(&env, "fitbit", &[&pack(&env, "no-third.zip", &steps(&[1, 2, 4, 5, 6]))]).code(0);
    assert!(ran.stderr.starts_with("fitbit: nothing new, 7 unchanged\n"), "{}", ran.stderr);
    assert_eq!(tree(&root), tree(&whole));
}

#[test]
fn damage_is_named_and_takes_nothing_away() {
    let env = ArchiveEnv::new();
    let root = make(&env);
    import(&env, "fitbit", &[&pack(&env, "whole.zip", &takeout_files())]).code(0);
    let before = tree(&root);
    let text = String::from_utf8(takeout_files()[STEPS].clone()).unwrap();
    let cut = altered(STEPS, &text[text.len() - 90..], "");
    let ran = import(&env, "fitbit", &[&pack(&env, "cut.zip", &cut)]).code(1);
    assert!(
        ran.stderr.contains("cut.zip/") && ran.stderr.contains("steps-2020-01-31.json: the file is cut off"),
        "{}",
        ran.stderr
    );
    let row = altered(ROWS, "2020-02-01T03:45:00Z,9,Lantern Band", "2020-02-01T03:45:00Z,9");
    let export = pack(&env, "row.zip", &row);
    let ran = env.run(&["-C", ARCHIVE, "import", "fitbit", &export, "--json"]).code(1);
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    let failed = &report["providers"]["fitbit"]["failed"];
    assert_eq!((failed.as_array().unwrap().len(), &failed[0]["date"]), (1, &Value::Null), "{failed}");
    let reason = failed[0]["reason"].as_str().unwrap();
    assert!(reason.contains("steps_2020-02-01.csv: line 2 has 2 fields, and the header names 3"), "{reason}");
    assert_eq!(tree(&root), before);
    // In an empty archive the rest of it is imported.
    let env = ArchiveEnv::new();
    let root = make(&env);
    let ran = import(&env, "fitbit", &[&pack(&env, "row.zip", &row)]).code(1);
    assert!(ran.stderr.starts_with("fitbit: 2 new, 1 failed ("), "{}", ran.stderr);
    let steps = &document(&root, "fitbit/2020/02/01.json")["resources"]["export/google/steps"];
    assert_eq!(steps.as_array().unwrap().len(), 1);
    demand_whole(&env, ARCHIVE);
}

#[test]
fn another_persons_takeout_is_not_mixed_in() {
    let env = ArchiveEnv::new();
    let root = make(&env);
    import(&env, "fitbit", &[&pack(&env, "mine.zip", &takeout_files())]).code(0);
    let before = tree(&root);
    let profile = "Takeout/Fitbit/Your Profile/Profile.csv";
    let theirs = pack(&env, "theirs.zip", &altered(profile, "7ADA42", "9BEA17"));
    let ran = import(&env, "fitbit", &[&theirs]).code(6);
    assert!(ran.stderr.contains("9BEA17") && ran.stderr.contains("7ADA42"), "{}", ran.stderr);
    assert_eq!(tree(&root), before);
}

#[test]
fn what_is_not_known_is_left_by_name() {
    let env = ArchiveEnv::new();
    make(&env);
    let mut files = takeout_files();
    for name in
        ["Global Export Data/moon_phase-2020-01-31.json", "Health Fitness Data_GoogleData/UserMoods_2020-01-31.csv"]
    {
        files.insert(format!("Takeout/Fitbit/{name}"), b"[]".to_vec());
    }
    let ran = import(&env, "fitbit", &[&pack(&env, "takeout.zip", &files)]).code(0);
    for name in ["moon_phase-2020-01-31.json", "UserMoods_2020-01-31.csv"] {
        assert!(ran.stderr.lines().any(|line| line.contains("left") && line.contains(name)), "{}", ran.stderr);
    }
    let ran = import(&env, "moves", &["takeout.zip"]).code(2);
    assert!(
        ran.stderr.contains("Google Takeout") && ran.stderr.contains("fitsnap import fitbit EXPORT"),
        "{}",
        ran.stderr
    );
    let photos = Files::from([("Takeout/Google Photos/a.json".to_owned(), b"{}".to_vec())]);
    let ran = import(&env, "googlehealth", &[&pack(&env, "photos.zip", &photos)]).code(2);
    assert!(ran.stderr.contains("photos.zip") && ran.stderr.contains("Takeout/Google Health"), "{}", ran.stderr);
}
