//! `fitsnap import strava`: the bulk export, as people get it and as nobody should.

use std::fs;
use std::io::Write;
use std::path::Path;

use serde_json::{Value, json};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::archive::{ARCHIVE, below, commits, demand_clean, demand_sums, demand_whole, make, tree};
use crate::env::{ArchiveEnv, Ran};
use crate::exports::{gpx, write};
use crate::pack::{Files, FitPoint, fit, gzip, unpack, zip};

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
    assert!(
        message.contains(told) && message.contains("\nwithdrawn  2021-06-09\nnew        2021-06-12\n"),
        "{message}"
    );
    let of_day = document(&root, "2021-06-08")["export/activities"].take();
    assert_eq!(of_day.as_array().unwrap().iter().map(|row| &row["Activity ID"]).collect::<Vec<_>>(), ["104"]);
    assert!(!root.join("data/strava/2021/06/09").exists(), "its file moved with it");
    assert!(root.join("data/strava/2021/06/08/9004.fit").exists());
    demand_clean(&env, ARCHIVE);
    demand_whole(&env, ARCHIVE);
    demand_sums(&env, &root);
    env.run(&["-C", ARCHIVE, "verify", "--history"]).code(0);
}

#[test]
fn what_cannot_be_used_is_named_and_the_rest_is_imported() {
    let env = ArchiveEnv::new();
    let root = make(&env);
    let mut damaged = files();
    let list = String::from_utf8(damaged["activities.csv"].clone()).unwrap();
    let broken = [
        "201,\"Jun 20, 2021, 9:00:00 AM\",too few\n".to_owned(),
        row("202", "Someday", "No date", ""),
        row("", "Jun 20, 2021, 9:00:00 AM", "No id", ""),
        row("203", "Jun 21, 2021, 9:00:00 AM", "Gone", "activities/203.gpx"),
        row("204", "Jun 22, 2021, 9:00:00 AM", "Bad number", "activities/204.gpx"),
        row("205", "Jun 23, 2021, 9:00:00 AM", "Tricks", "activities/205.gpx"),
        row("206", "Jun 24, 2021, 9:00:00 AM", "Whole", ""),
    ];
    damaged.insert("activities.csv".to_owned(), format!("{list}{}", broken.concat()).into_bytes());
    let mut fit = damaged["activities/9004.fit"].clone();
    *fit.last_mut().unwrap() ^= 1;
    damaged.insert("activities/9004.fit".to_owned(), fit.clone());
    let text = String::from_utf8(gpx("x", "2021-06-22T09:00:00Z", HELSINKI, &[2])).unwrap();
    damaged.insert("activities/204.gpx".to_owned(), text.replace("lat=\"60.17", "lat=\"north").into_bytes());
    let entity =
        "<!DOCTYPE gpx [<!ENTITY home SYSTEM \"file:///etc/passwd\">]>\n<gpx><trk><name>&home;</name></trk></gpx>";
    damaged.insert("activities/205.gpx".to_owned(), entity.as_bytes().to_vec());

    let ran = env.run(&["-C", ARCHIVE, "import", "strava", &write(&env, "export.zip", &damaged), "--json"]).code(1);
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    let failed = report["providers"]["strava"]["failed"].as_array().unwrap();
    let reasons: Vec<&str> = failed.iter().map(|one| one["reason"].as_str().unwrap()).collect();
    for wanted in [
        "export.zip/activities.csv: line 6 has 3 fields, and the header names 15",
        "export.zip/activities.csv: line 7 has a date that cannot be read: \"Someday\"",
        "export.zip/activities.csv: line 8 has no id",
        "line 9 names activities/203.gpx: the export has no such file",
        "export.zip/activities/204.gpx: its points are not taken: line 5: lat is \"north0000\"; the file is kept as it is",
        "export.zip/activities/205.gpx: its points are not taken: line 1: it has a document type",
        "export.zip/activities/9004.fit: its points are not taken: its checksum is wrong: it is damaged",
    ] {
        assert!(reasons.iter().any(|reason| reason.contains(wanted)), "{wanted}\n{}", reasons.join("\n"));
    }
    assert_eq!(reasons.len(), 7, "{}", reasons.join("\n"));
    for id in ["101", "102", "103", "104", "203", "204", "205", "206"] {
        assert!(env.try_git(ARCHIVE, &["grep", "-q", &format!("\"Activity ID\": \"{id}\"")]).status == 0, "{id}");
    }
    assert!(env.try_git(ARCHIVE, &["grep", "-q", "root:"]).status == 1);
    let kept = root.join("data/strava/2021/06/09/9004.fit");
    assert_eq!(fs::read(&kept).unwrap(), fit);
    env.run(&["-C", ARCHIVE, "verify", "--history"]).code(0);
    demand_sums(&env, &root);

    // A whole copy of the damaged file mends the day; a damaged one again takes nothing away.
    import(&env, &write(&env, "whole.zip", &files())).code(0);
    assert_eq!(document(&root, "2021-06-09")["export/files"][0]["tracks"][0]["type"], "running");
    let (before, count) = (tree(&root), commits(&root));
    import(&env, "export.zip").code(1);
    assert_eq!((tree(&root), commits(&root)), (before, count));
}

#[test]
fn what_is_no_strava_export_is_refused_whole() {
    let env = ArchiveEnv::new();
    let root = make(&env);
    let refused = |export: &str, code: i32, words: &[&str]| {
        let ran = import(&env, export).code(code).stdout("");
        assert!(words.iter().all(|word| ran.stderr.contains(word)), "{words:?}: {}", ran.stderr);
        assert!(ran.stderr.matches("error: ").count() == 1 && ran.stderr.contains("hint: "), "{}", ran.stderr);
        assert_eq!((commits(&root), below(&root.join("data"))), (1, vec![]));
    };
    let whole = zip(&files());
    fs::write(env.path("cut.zip"), &whole[..whole.len() / 2]).unwrap();
    refused("cut.zip", 1, &["cut.zip", "damaged", "cut off"]);
    let with = |name: &str, path: &str, bytes: Vec<u8>| {
        let mut files = files();
        files.insert(path.to_owned(), bytes);
        write(&env, name, &files)
    };
    refused(&with("bomb.zip", "activities/102.gpx", vec![b' '; 32 << 20]), 1, &["bomb.zip", "as no export does"]);
    refused(&with("up.zip", "../activities/102.gpx", vec![]), 1, &["up.zip", "leads elsewhere"]);
    refused(&with("root.zip", "/activities/102.gpx", vec![]), 1, &["root.zip", "absolute path"]);
    let mut linked = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    linked.start_file("activities.csv", SimpleFileOptions::default()).unwrap();
    linked.write_all(HEADER.as_bytes()).unwrap();
    linked.add_symlink("activities/102.gpx", "/etc/passwd", SimpleFileOptions::default()).unwrap();
    fs::write(env.path("linked.zip"), linked.finish().unwrap().into_inner()).unwrap();
    refused("linked.zip", 1, &["linked.zip", "symbolic link"]);
    let other = Files::from([("cardioActivities.csv".to_owned(), b"Date,Type,GPX File\n".to_vec())]);
    refused(&write(&env, "other.zip", &other), 2, &["an export of Runkeeper, not of Strava", "import runkeeper"]);
    unpack(&Files::from([("photos/1.jpg".to_owned(), vec![])]), &env.path("empty"));
    refused("empty", 2, &["empty holds no export of Strava", "activities.csv"]);
    let unread = Files::from([("activities.csv".to_owned(), b"Aktivit\xe4ts-ID,b\n".to_vec())]);
    refused(&write(&env, "unread.zip", &unread), 1, &["unread.zip/activities.csv is damaged", "no text in UTF-8"]);
    let table = Files::from([("activities.csv".to_owned(), b"Date,Activity\n2015-01-01,walking\n".to_vec())]);
    refused(&write(&env, "table.zip", &table), 2, &["table.zip holds no export of Strava"]);
}

#[test]
fn older_layouts_and_other_languages_are_read() {
    let env = ArchiveEnv::new();
    let root = make(&env);
    let read = |name: &str, text: &[u8], day: &str| {
        let mut files = Files::from([("activities.csv".to_owned(), text.to_vec())]);
        files.insert("activities/7.gpx".to_owned(), gpx("x", "2014-09-12T16:54:28Z", HELSINKI, &[2]));
        let ran = import(&env, &write(&env, name, &files)).code(0);
        assert!(ran.stderr.contains("strava: 1 new ("), "{name}: {}", ran.stderr);
        let resources = document(&root, day);
        assert_eq!(resources["export/local_times"][0]["told_by"], "position", "{name}");
        resources["export/activities"][0].clone()
    };
    let of_2018 = b"id,date,name,type,description,elapsed_time,distance,commute,gear,filename\n\
        7,2014-09-12 16:54:28,x,Ride,,9462,43057.4,false,,activities/7.gpx\n";
    assert_eq!(read("2018.zip", of_2018, "2014-09-12")["distance"], "43057.4");
    let german = "\u{feff}Aktivit\u{e4}ts-ID,Aktivit\u{e4}tsdatum,Name,Art,Beschreibung,Zeit,Distanz,Effort,Commute,Gear,\
        Dateiname\n8,\"12.09.2015, 22:54:28\",x,Lauf,,1,2,,,,activities/7.gpx\n";
    assert_eq!(read("german.zip", german.as_bytes(), "2015-09-13")["Dateiname"], "activities/7.gpx");
    // A row is the same activity in the next export too, altered or not.
    import(&env, "german.zip").code(0);
    let altered = german.replace(",x,Lauf,", ",y,Lauf,");
    let altered = Files::from([("activities.csv".to_owned(), altered.into_bytes())]);
    import(&env, &write(&env, "altered.zip", &altered));
    let held = document(&root, "2015-09-13");
    let names: Vec<_> = held["export/activities"].as_array().unwrap().iter().map(|row| row["Name"].as_str()).collect();
    assert_eq!((names, held["export/local_times"].as_array().unwrap().len()), (vec![Some("y")], 1));
    let utf16: Vec<u8> =
        format!("\u{feff}{HEADER}{}", row("9", "12 sept. 2016 \u{e0} 16:54:28", "\u{e9}t\u{e9}", "activities/7.gpx"))
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
    assert_eq!(read("utf16.zip", &utf16, "2016-09-12")["Activity Name"], "\u{e9}t\u{e9}");
    // Without a mark nothing is guessed.
    let latin: Vec<u8> = format!("{HEADER}{}", row("10", "Sep 12, 2017, 4:54:28 PM", "Fr\u{fc}hlauf", ""))
        .chars()
        .map(|c| u8::try_from(u32::from(c)).unwrap())
        .collect();
    let latin = Files::from([("activities.csv".to_owned(), latin)]);
    let ran = import(&env, &write(&env, "latin.zip", &latin)).code(1);
    assert!(ran.stderr.contains("line 2 is no text in UTF-8"), "{}", ran.stderr);
}

#[test]
fn names_from_outside_cannot_harm_the_archive() {
    let env = ArchiveEnv::new();
    let root = make(&env);
    let names = [
        "Run.gpx",
        "run.gpx",
        "con.gpx",
        ".gitattributes.gpx",
        "a:b?.gpx",
        "SHA256SUMS.gpx",
        "sub/run.gpx",
        "\u{202e}xpg.gpx",
    ];
    let mut files = Files::new();
    let mut list = HEADER.to_owned();
    for (at, name) in names.iter().enumerate() {
        list.push_str(&row(&format!("{at}"), "Jun 8, 2021, 12:00:00 PM", "x", &format!("activities/{name}")));
        files.insert(format!("activities/{name}"), gpx(name, "2021-06-08T12:00:00Z", HELSINKI, &[1]));
    }
    files.insert("activities.csv".to_owned(), list.into_bytes());
    let export = write(&env, "export.zip", &files);
    import(&env, &export).code(0);
    let held = below(&root.join("data/strava/2021/06/08"));
    let held: Vec<&str> = held.iter().map(|path| path.rsplit('/').next().unwrap()).collect();
    assert_eq!(held.len(), names.len() + 1, "{held:?}");
    for name in ["Run.gpx", "%72un.gpx", "%63on.gpx", "%2egitattributes.gpx", "a%3ab%3f.gpx", "sub%2frun.gpx"] {
        assert!(held.contains(&name), "{name}: {held:?}");
    }
    let lower: std::collections::BTreeSet<String> = held.iter().map(|name| name.to_lowercase()).collect();
    assert_eq!(lower.len(), held.len(), "{held:?}");
    let bytes: std::collections::BTreeSet<Vec<u8>> =
        held.iter().map(|name| fs::read(root.join("data/strava/2021/06/08").join(name)).unwrap()).collect();
    assert!(files.values().filter(|file| file.starts_with(b"<?xml")).all(|file| bytes.contains(file)));
    let count = commits(&root);
    import(&env, &export).code(0);
    assert_eq!(commits(&root), count);
    demand_sums(&env, &root);
    env.run(&["-C", ARCHIVE, "verify", "--history"]).code(0);
    // A file that rots is found like a document.
    fs::write(root.join("data/strava/2021/06/08/%63on.gpx"), "rotten").unwrap();
    let ran = env.run(&["-C", ARCHIVE, "verify"]).code(5);
    assert!(ran.stdout.contains("data/strava/2021/06/08/%63on.gpx"), "{}", ran.stdout);
    env.git(ARCHIVE, &["add", "."]);
    let ran = env.try_git(ARCHIVE, &["commit", "-qm", "Rotten"]).code(1);
    assert!(ran.stderr.contains("%63on.gpx"), "{}", ran.stderr);
}

#[test]
fn several_exports_at_once_keep_their_files_apart() {
    let env = ArchiveEnv::new();
    let root = make(&env);
    let of_year = |year: u32| {
        let date = format!("Jun 8, {year}, 12:00:00 PM");
        let list = format!("{HEADER}{}", row(&year.to_string(), &date, "x", "activities/1.gpx"));
        let track = gpx(&format!("Of {year}"), &format!("{year}-06-08T12:00:00Z"), HELSINKI, &[1]);
        let files = [("activities.csv".to_owned(), list.into_bytes()), ("activities/1.gpx".to_owned(), track)];
        write(&env, &format!("{year}.zip"), &Files::from(files))
    };
    let (one, other) = (of_year(2019), of_year(2020));
    env.run(&["-C", ARCHIVE, "import", "strava", &one, &other]).code(0);
    for year in [2019, 2020] {
        let files = &document(&root, &format!("{year}-06-08"))["export/files"];
        assert_eq!(files[0]["tracks"][0]["name"], format!("Of {year}"));
    }
}

#[test]
fn the_settings_choose_types_zone_and_what_else_is_taken() {
    let env = ArchiveEnv::new();
    let root = make(&env);
    let mut settings = fs::read_to_string(root.join("fitsnap.toml")).unwrap();
    settings.push_str(
        "\n[providers.strava]\ntime_zone = \"Pacific/Auckland\"\ntypes = [\"WeightTraining\"]\n\
         resources = [\"comments\", \"photos\"]\n",
    );
    fs::write(root.join("fitsnap.toml"), settings).unwrap();
    let mut files = files();
    let list = format!(
        "{HEADER}1,\"Jun 8, 2021, 12:30:00 PM\",x,Weight Training,,1,1,false,,,1,1,1,0.0,media/1.jpg\n{}",
        row("2", "Jun 9, 2021, 12:00:00 PM", "Run", "")
    );
    files.retain(|path, _| !path.starts_with("activities/"));
    files.insert("activities.csv".to_owned(), list.into_bytes());
    let ran = import(&env, &write(&env, "export.zip", &files)).code(0);
    assert!(ran.stderr.contains("1 activity of other types passed over"), "{}", ran.stderr);
    let resources = document(&root, "2021-06-09");
    assert_eq!(resources["export/local_times"][0]["told_by"], "settings");
    assert_eq!(resources["export/files"][0]["file"], "media/1.jpg");
    assert_eq!(fs::read(root.join("data/strava/2021/06/09/1.jpg")).unwrap(), b"jpeg");
    let account = fs::read_to_string(root.join("data/strava/account.json")).unwrap();
    assert!(account.contains("Well run") && !account.contains("Grace"), "{account}");
}

#[test]
fn another_persons_export_and_a_list_that_lacks_much_are_stopped() {
    let env = ArchiveEnv::new();
    let root = make(&env);
    let days = |from: u32, count: u32| {
        let rows =
            (from..from + count).map(|day| row(&format!("{day}"), &format!("Jun {day}, 2021, 12:00:00 PM"), "x", ""));
        Files::from([("activities.csv".to_owned(), format!("{HEADER}{}", rows.collect::<String>()).into_bytes())])
    };
    let mut first = days(1, 20);
    first.insert("profile.csv".to_owned(), b"Athlete ID\n77\n".to_vec());
    import(&env, &write(&env, "first.zip", &first)).code(0);
    let (before, count) = (tree(&root), commits(&root));
    let mut other = days(1, 20);
    other.insert("profile.csv".to_owned(), b"Athlete ID\n78\n".to_vec());
    let ran = import(&env, &write(&env, "other.zip", &other)).code(6);
    assert!(ran.stderr.contains("account 78") && ran.stderr.contains("account 77"), "{}", ran.stderr);
    assert_eq!((tree(&root), commits(&root)), (before, count));
    // The first and the last day, and nothing between.
    let mut few = days(1, 1);
    let list =
        String::from_utf8(few["activities.csv"].clone()).unwrap() + &row("20", "Jun 20, 2021, 12:00:00 PM", "x", "");
    few.insert("activities.csv".to_owned(), list.into_bytes());
    let ran = import(&env, &write(&env, "few.zip", &few)).code(6);
    assert!(ran.stderr.contains("18 days; nothing of it was taken out"), "{}", ran.stderr);
    assert_eq!(tree(&root), before);
    // An older export, which ends earlier, takes nothing away.
    import(&env, &write(&env, "older.zip", &days(1, 5))).code(0);
    assert_eq!((tree(&root), commits(&root)), (before, count));
}

#[test]
fn the_difference_of_api_and_export_can_be_listed() {
    let env = ArchiveEnv::new();
    let root = make(&env);
    let list = format!("{HEADER}{}", row("101", "Jun 8, 2021, 12:00:00 PM", "Lunch run", ""));
    import(&env, &write(&env, "export.zip", &Files::from([("activities.csv".to_owned(), list.into_bytes())]))).code(0);
    // The API has told of the same day.
    let path = root.join("data/strava/2021/06/08.json");
    let mut held: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    held["resources"]["activities"] =
        json!([{"list": {"id": 101, "name": "Lunch Run", "type": "Run", "distance": 5021.5, "elapsed_time": 1800}}]);
    let text = env.run_with_input(&["canon"], &held.to_string()).code(0).stdout;
    fs::write(&path, text).unwrap();
    env.run_program("sh", &["-c", "cd archive/data/strava/2021/06 && sha256sum 08.json > SHA256SUMS"]).code(0);
    env.git(ARCHIVE, &["add", "."]);
    env.git(ARCHIVE, &["commit", "-qm", "As if synced"]);
    let diff = |more: &[&str]| env.run(&[&["-C", ARCHIVE, "diff", "strava", "2021-06-08"], more].concat());
    diff(&["--between", "activities,export/activities"]).code(0).stdout(
        "strava 2021-06-08  activities -> export/activities  activities: 1 altered\n  \
         activity Lunch Run: name \"Lunch Run\" -> \"Lunch run\"\n",
    );
    let ran = diff(&["--between", "export/activities,activities", "--json"]).code(0);
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(report["between"], json!(["export/activities", "activities"]));
    let edit = json!([{"path": "/resources/activities/0/name", "old": "Lunch run", "new": "Lunch Run"}]);
    assert_eq!(report["edits"], edit);
    let ran = diff(&["--between", "activities,heart"]).code(2);
    assert!(
        ran.stderr.contains("has no resource \"heart\"") && ran.stderr.contains("it has activities"),
        "{}",
        ran.stderr
    );
    // An import leaves what the API told as it is.
    let before = tree(&root);
    import(&env, "export.zip").code(0);
    assert_eq!(tree(&root), before);
}
