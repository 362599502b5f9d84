//! `fitsnap import strava`: the bulk export, as people get it and as nobody should.

use std::fs;
use std::io::Write;
use std::path::Path;

use serde_json::{Value, json};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::archive::{ARCHIVE, below, commits, demand_clean, demand_sums, demand_whole, make, tree};
use crate::env::{ArchiveEnv, Ran};
use crate::pack::{Files, FitPoint, fit, gpx, gzip, unpack, zip};

/// The header of 2025, cut short: some names occur twice.
const HEADER: &str = "Activity ID,Activity Date,Activity Name,Activity Type,Activity Description,Elapsed Time,Distance,\
    Commute,Activity Gear,Filename,Elapsed Time,Moving Time,Distance,Commute,Media\n";

const HELSINKI: (f64, f64) = (60.17, 24.94);
const NEW_YORK: (f64, f64) = (40.78, -73.96);

fn row(id: &str, date: &str, name: &str, file: &str) -> String {
    format!("{id},\"{date}\",{name},Run,,1800,5.02,false,,{file},1800.0,1790.0,5021.5,0.0,\n")
}

/// A run in Helsinki late in the evening of 4 June, which is the next day there; a run in New York; one without
/// a file, and one from a watch that knows its clock but no place.
fn files() -> Files {
    let list = [
        HEADER,
        &row("101", "Jun 4, 2021, 10:30:00\u{202f}PM", "White night", "activities/9001.fit.gz"),
        &row("102", "Jun 6, 2021, 1:00:00 AM", "\"Park, \"\"loop\"\"\"", "activities/102.gpx"),
        &row("103", "Jun 8, 2021, 12:00:00 PM", "Rowing", ""),
        &row("104", "Jun 9, 2021, 11:30:00 PM", "Treadmill", "activities/9004.fit"),
    ];
    let point = |second| FitPoint { second, lat: HELSINKI.0, lon: HELSINKI.1, altitude: 10.0, heart_rate: 140 };
    let indoors = |second| FitPoint { lat: 0.0, lon: 0.0, ..point(second) };
    // 2021-06-04T22:30:00Z and 2021-06-09T23:30:00Z.
    let outside = fit(991_780_200, &[Some(point(0)), Some(point(60))], None);
    let inside = fit(992_215_800, &[Some(indoors(0))], Some(-7 * 3600));
    [
        ("activities.csv", list.concat().into_bytes()),
        ("activities/9001.fit.gz", gzip(&outside)),
        ("activities/102.gpx", gpx("Park loop", "2021-06-06T01:00:00Z", NEW_YORK, &[3, 2])),
        ("activities/9004.fit", inside),
        ("profile.csv", b"Athlete ID,First Name\n77,Ada\n".to_vec()),
        ("bikes.csv", b"Bike Name,Bike Brand\nGrey,\n".to_vec()),
        ("routes.csv", b"Route Name,Route Filename\nHome,routes/1.gpx\n".to_vec()),
        ("routes/1.gpx", gpx("Home", "2020-01-01T00:00:00Z", HELSINKI, &[2])),
        ("followers.csv", b"Follower\nGrace\n".to_vec()),
        ("comments.csv", b"Activity ID,Comment\n101,Well run\n".to_vec()),
        ("messaging.json", b"[\"private\"]".to_vec()),
        ("media/1.jpg", b"jpeg".to_vec()),
    ]
    .map(|(path, bytes)| (path.to_owned(), bytes))
    .into()
}

fn write(env: &ArchiveEnv, name: &str, files: &Files) -> String {
    fs::write(env.path(name), zip(files)).unwrap();
    name.to_owned()
}

fn import(env: &ArchiveEnv, export: &str) -> Ran {
    env.run(&["-C", ARCHIVE, "import", "strava", export])
}

fn document(root: &Path, day: &str) -> Value {
    let path = root.join(format!("data/strava/{}.json", day.replace('-', "/")));
    serde_json::from_slice::<Value>(&fs::read(&path).unwrap()).unwrap()["resources"].take()
}

#[test]
fn an_export_becomes_days_with_rows_points_and_files() {
    let env = ArchiveEnv::new();
    let root = make(&env);
    let export = write(&env, "export_77.zip", &files());
    let ran = import(&env, &export).code(0).stdout("");
    assert!(ran.stderr.starts_with("strava: 3 new ("), "{}", ran.stderr);
    assert!(ran.stderr.contains("1 activity with neither a position nor a clock"), "{}", ran.stderr);

    // The day is that of the place, of the watch, or of UTC, and the document says which.
    let times = |day: &str| document(&root, day)["export/local_times"][0].clone();
    let said = |id: &str, start: &str, zone: &str, by: &str| json!({"Activity ID": id, "local_start": start, "time_zone": zone, "told_by": by});
    assert_eq!(times("2021-06-05"), said("101", "2021-06-05T01:30:00+03:00", "Europe/Helsinki", "position"));
    assert_eq!(times("2021-06-05").as_object().unwrap().len(), 4);
    let york = document(&root, "2021-06-05")["export/activities"].as_array().unwrap().len();
    assert_eq!(york, 2, "both runs are of 5 June where they were");
    assert_eq!(times("2021-06-08"), said("103", "2021-06-08T12:00:00+00:00", "UTC", "nothing"));
    assert_eq!(times("2021-06-09"), said("104", "2021-06-09T16:30:00-07:00", "-07:00", "file"));

    // Rows stand as they were written; names that occur twice are numbered.
    let row = &document(&root, "2021-06-05")["export/activities"][1];
    assert_eq!(row["Activity Name"], "Park, \"loop\"");
    let twice =
        ["Elapsed Time", "Elapsed Time (2)", "Distance", "Distance (2)", "Commute (2)"].map(|name| row[name].clone());
    assert_eq!(twice, ["1800", "1800.0", "5.02", "5021.5", "0.0"]);
    assert_eq!(row["Activity Description"], "");

    // Points are in the document, the file beside it byte for byte.
    let held = &document(&root, "2021-06-05")["export/files"];
    assert_eq!(held[0]["file"], "activities/102.gpx");
    let segments = held[0]["tracks"][0]["segments"].as_array().unwrap();
    assert_eq!(segments.iter().map(|segment| segment.as_array().unwrap().len()).collect::<Vec<_>>(), [3, 2]);
    assert_eq!(segments[0][0], json!({"lat": 40.78, "lon": -73.96, "ele": 12.5, "time": "2021-06-06T01:00:00Z"}));
    assert_eq!(held[1]["tracks"][0]["segments"][0][0]["hr"], 140);
    for (name, path) in [("9001.fit.gz", "activities/9001.fit.gz"), ("102.gpx", "activities/102.gpx")] {
        assert_eq!(fs::read(root.join("data/strava/2021/06/05").join(name)).unwrap(), files()[path], "{name}");
    }

    // What has no day; nothing of other people.
    let account: Value = serde_json::from_slice(&fs::read(root.join("data/strava/account.json")).unwrap()).unwrap();
    let names: Vec<&String> = account["resources"].as_object().unwrap().keys().collect();
    assert_eq!(names, ["export/bikes", "export/profile", "export/route_files", "export/routes"]);
    assert_eq!(account["resources"]["export/route_files"][0]["tracks"][0]["name"], "Home");
    let all = below(&root.join("data"));
    assert!(!all.iter().any(|path| path.contains("jpg") || path.contains("messag")), "{all:?}");

    demand_clean(&env, ARCHIVE);
    demand_whole(&env, ARCHIVE);
    demand_sums(&env, &root);
    env.run(&["-C", ARCHIVE, "verify", "--history"]).code(0);
}

#[test]
fn the_same_again_changes_nothing_and_a_folder_is_as_good_as_a_zip() {
    let env = ArchiveEnv::new();
    let root = make(&env);
    let export = write(&env, "export_77.zip", &files());
    import(&env, &export).code(0);
    let (first, count) = (tree(&root), commits(&root));
    let ran = import(&env, &export).code(0);
    assert!(ran.stderr.starts_with("strava: nothing new, 3 unchanged\n"), "{}", ran.stderr);
    assert_eq!((tree(&root), commits(&root)), (first, count));
    unpack(&files(), &env.path("folder"));
    import(&env, "folder").code(0);
    assert_eq!((tree(&root), commits(&root)), (first, count));
    // As it lies in the folder of downloads.
    fs::create_dir(env.path("downloads")).unwrap();
    fs::copy(env.path(&export), env.path("downloads/export_77.zip")).unwrap();
    import(&env, "downloads").code(0);
    assert_eq!(commits(&root), count);
}

#[test]
fn a_later_export_shows_what_was_edited_moved_and_deleted() {
    let env = ArchiveEnv::new();
    let root = make(&env);
    import(&env, &write(&env, "first.zip", &files())).code(0);
    let mut later = files();
    let list = String::from_utf8(later["activities.csv"].clone()).unwrap();
    let list =
        list.replace("White night", "Bright night").replace("Jun 9, 2021, 11:30:00 PM", "Jun 9, 2021, 3:30:00 AM");
    let lines: Vec<&str> = list.lines().filter(|line| !line.contains("Rowing")).collect();
    later.insert(
        "activities.csv".to_owned(),
        format!("{}\n{}", lines.join("\n"), row("105", "Jun 12, 2021, 9:00:00 AM", "New", "")).into_bytes(),
    );
    let ran = import(&env, &write(&env, "later.zip", &later)).code(0);
    assert!(ran.stderr.starts_with("strava: 1 new, 1 revised, 1 shrunk, 1 withdrawn ("), "{}", ran.stderr);
    let message = env.git(ARCHIVE, &["log", "-1", "--format=%B"]);
    let told = "revised    2021-06-05  export/activities: 1 altered\nshrunk     2021-06-08  ";
    assert!(message.contains(told) && message.contains("\nwithdrawn  2021-06-09\nnew        2021-06-12\n"), "{message}");
    let of_day = document(&root, "2021-06-08")["export/activities"].take();
    assert_eq!(of_day.as_array().unwrap().iter().map(|row| &row["Activity ID"]).collect::<Vec<_>>(), ["104"]);
    assert!(!root.join("data/strava/2021/06/09").exists(), "its file moved with it");
    assert!(root.join("data/strava/2021/06/08/9004.fit").exists());
    demand_clean(&env, ARCHIVE);
    demand_whole(&env, ARCHIVE);
    demand_sums(&env, &root);
    env.run(&["-C", ARCHIVE, "verify", "--history"]).code(0);
}
