//! `fitsnap import runkeeper`: the lists of activities and measurements, and a GPX for each track.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::archive::{ARCHIVE, commits, demand_clean, demand_sums, demand_whole, make, tree};
use crate::env::{ArchiveEnv, Ran};
use crate::exports::{gpx, write};
use crate::pack::Files;

const MILES: &str = "Date,Type,Route Name,Distance (mi),Duration,Average Pace,Average Speed (mph),Calories Burned,Climb (ft),\
    Average Heart Rate (bpm),Notes,GPX File\n";
const KILOMETRES: &str = "Activity Id,Date,Type,Route Name,Distance (km),Duration,Average Pace,Average Speed (km/h),\
    Calories Burned,Climb (m),Average Heart Rate (bpm),Friend's Tagged,Notes,GPX File\n";
const PLACE: (f64, f64) = (21.85, -67.65);

/// An old export: two runs in one minute, one of them without a track, and a pause in the other.
fn old() -> Files {
    let rows = "2013-12-29 11:36:13,Running,,3.02,26:42,8:50,6.79,384.0,71.14,,\"cold, but dry\",2013-12-29-1136.gpx\n\
        2013-12-29 11:36:13,Running,,0.10,1:00,9:00,6.70,9.0,0,,,\n\
        2013-12-27 12:54:43,Cycling,,7.16,1:06:06,9:14,6.50,899.0,142.91,,,\n";
    Files::from([
        ("cardioActivities.csv".to_owned(), format!("{MILES}{rows}").into_bytes()),
        ("2013-12-29-1136.gpx".to_owned(), gpx("Running", "2013-12-29T16:36:13Z", PLACE, &[2, 3])),
        (
            "measurements.csv".to_owned(),
            b"Date,Type,Value\n2013-12-29 00:00:00,weight,80.7394\n2013-11-01 00:00:00,weight,81.2\n".to_vec(),
        ),
    ])
}

fn import(env: &ArchiveEnv, export: &str) -> Ran {
    env.run(&["-C", ARCHIVE, "import", "runkeeper", export])
}

fn document(root: &Path, day: &str) -> Value {
    let path = root.join(format!("data/runkeeper/{}.json", day.replace('-', "/")));
    serde_json::from_slice::<Value>(&fs::read(&path).unwrap()).unwrap()["resources"].take()
}

#[test]
fn an_export_becomes_days_by_the_persons_clock() {
    let env = ArchiveEnv::new();
    let root = make(&env);
    let ran = import(&env, &write(&env, "export.zip", &old())).code(0).stdout("");
    assert!(ran.stderr.starts_with("runkeeper: 3 new ("), "{}", ran.stderr);
    let day = document(&root, "2013-12-29");
    assert_eq!(
        day["export/measurements"],
        json!([{"Date": "2013-12-29 00:00:00", "Type": "weight", "Value": "80.7394"}])
    );
    // Two in one minute are two, and the track is kept once.
    assert_eq!(day["export/activities"].as_array().unwrap().len(), 2);
    let row = &day["export/activities"][0];
    assert_eq!((&row["Distance"], &row["Distance_unit"]), (&json!("3.02"), &json!("mi")));
    assert_eq!((&row["Climb_unit"], &row["Average Speed_unit"]), (&json!("ft"), &json!("mph")));
    assert_eq!(row["Notes"], "cold, but dry");
    let segments = day["export/files"][0]["tracks"][0]["segments"].as_array().unwrap();
    assert_eq!(segments.iter().map(|segment| segment.as_array().unwrap().len()).collect::<Vec<_>>(), [2, 3]);
    let kept = root.join("data/runkeeper/2013/12/29/2013-12-29-1136.gpx");
    assert_eq!(fs::read(kept).unwrap(), old()["2013-12-29-1136.gpx"]);
    assert_eq!(document(&root, "2013-11-01")["export/measurements"][0]["Value"], "81.2");

    let (before, count) = (tree(&root), commits(&root));
    let ran = import(&env, "export.zip").code(0);
    assert_eq!(ran.stderr, "runkeeper: nothing new, 3 unchanged\n");
    assert_eq!((tree(&root), commits(&root)), (before, count));
    demand_clean(&env, ARCHIVE);
    demand_whole(&env, ARCHIVE);
    demand_sums(&env, &root);
    env.run(&["-C", ARCHIVE, "verify", "--history"]).code(0);
}

#[test]
fn a_newer_export_in_other_units_tells_of_the_same_activities() {
    let env = ArchiveEnv::new();
    let root = make(&env);
    import(&env, &write(&env, "old.zip", &old())).code(0);
    let uuid = "b2a1df07-0000-4000-8000-254463025163";
    let rows = format!(
        "{uuid},2013-12-29 11:36:13,Running,,4.86,26:42,5:30,10.93,384.0,22,,\"\",\"cold, but dry\",2013-12-29-1136.gpx\n"
    );
    // Only of two days: an export can be of a few months, and says nothing of the others.
    let new = Files::from([
        ("cardioActivities.csv".to_owned(), format!("{KILOMETRES}{rows}").into_bytes()),
        ("2013-12-29-1136.gpx".to_owned(), old()["2013-12-29-1136.gpx"].clone()),
    ]);
    let ran = import(&env, &write(&env, "new.zip", &new)).code(0);
    assert!(ran.stderr.starts_with("runkeeper: 1 "), "{}", ran.stderr);
    let day = document(&root, "2013-12-29");
    let rows = day["export/activities"].as_array().unwrap();
    assert_eq!((rows.len(), &rows[0]["Activity Id"], &rows[0]["Distance_unit"]), (1, &json!(uuid), &json!("km")));
    assert_eq!(day["export/measurements"][0]["Value"], "80.7394");
    assert!(
        root.join("data/runkeeper/2013/12/27.json").exists() && root.join("data/runkeeper/2013/11/01.json").exists()
    );
}

#[test]
fn a_track_that_no_row_names_goes_to_the_day_in_its_name() {
    let env = ArchiveEnv::new();
    let root = make(&env);
    let mut files = old();
    files.insert("2014-01-02-2359.gpx".to_owned(), gpx("Late", "2014-01-03T04:59:00Z", PLACE, &[1]));
    files.insert("notes.gpx".to_owned(), b"<gpx/>".to_vec());
    let ran = import(&env, &write(&env, "export.zip", &files)).code(1);
    assert!(ran.stderr.contains("notes.gpx: no row names it, and it does not tell its day"), "{}", ran.stderr);
    assert!(root.join("data/runkeeper/2014/01/02/2014-01-02-2359.gpx").exists());
    assert_eq!(document(&root, "2014-01-02")["export/files"][0]["tracks"][0]["name"], "Late");
}

#[test]
fn wrong_exports_and_broken_rows_are_named() {
    let env = ArchiveEnv::new();
    make(&env);
    let strava = Files::from([
        ("activities.csv".to_owned(), b"Activity ID,Activity Date,Filename\n".to_vec()),
        ("activities/1.gpx".to_owned(), vec![]),
    ]);
    let ran = import(&env, &write(&env, "strava.zip", &strava)).code(2);
    assert!(ran.stderr.contains("an export of Strava, not of Runkeeper"), "{}", ran.stderr);
    let mut files = old();
    let list =
        String::from_utf8(files["cardioActivities.csv"].clone()).unwrap().replace("2013-12-27 12:54:43", "27/12/2013");
    files.insert("cardioActivities.csv".to_owned(), list.into_bytes());
    let ran = import(&env, &write(&env, "broken.zip", &files)).code(1);
    assert!(
        ran.stderr.contains("cardioActivities.csv: line 4 has a date that cannot be read: \"27/12/2013\""),
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains("runkeeper: 2 new, 1 failed"), "{}", ran.stderr);
}
