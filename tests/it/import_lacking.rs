//! `fitsnap import` of exports that lack what the archive holds, because they are damaged or of some months only.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::archive::{ARCHIVE, commits, demand_sums, make, tree};
use crate::env::{ArchiveEnv, Ran};
use crate::exports::{gpx, write};
use crate::pack::{Files, zip};

const HEADER: &str = "Activity ID,Activity Date,Activity Name,Activity Type,Activity Description,Elapsed Time,Distance,\
    Commute,Activity Gear,Filename,Media\n";
const HELSINKI: (f64, f64) = (60.17, 24.94);

fn row(id: &str, date: &str, file: &str, media: &str) -> String {
    format!("{id},\"{date}\",x,Run,,1800,5.02,false,,{file},{media}\n")
}

fn import(env: &ArchiveEnv, provider: &str, exports: &[&str]) -> Ran {
    env.run(&[&["-C", ARCHIVE, "import", provider], exports].concat())
}

/// A run at noon, one in the evening that is of the next day in Helsinki, and a track that no row names.
fn runs() -> Files {
    let list = [
        HEADER,
        &row("101", "Jun 4, 2021, 12:00:00 PM", "activities/101.gpx", ""),
        &row("102", "Jun 6, 2021, 10:30:00 PM", "activities/102.gpx", ""),
        &row("103", "Jun 9, 2021, 12:00:00 PM", "", ""),
    ];
    let of = |start: &str| gpx("x", start, HELSINKI, &[2]);
    [
        ("activities.csv", list.concat().into_bytes()),
        ("activities/101.gpx", of("2021-06-04T12:00:00Z")),
        ("activities/102.gpx", of("2021-06-06T22:30:00Z")),
        ("activities/alone.gpx", of("2021-06-08T12:00:00Z")),
    ]
    .map(|(path, bytes)| (path.to_owned(), bytes))
    .into()
}

/// A zip in which the checksum of this entry is another one.
fn write_torn(env: &ArchiveEnv, name: &str, files: &Files, entry: &str) {
    let mut bytes = zip(files);
    let listed = bytes.windows(entry.len()).rposition(|at| at == entry.as_bytes()).unwrap();
    bytes[listed - 30] ^= 1;
    fs::write(env.path(name), bytes).unwrap();
}

#[test]
fn a_file_that_a_later_export_cannot_give_stays_on_its_day() {
    let env = ArchiveEnv::new();
    let root = make(&env);
    import(&env, "strava", &[&write(&env, "whole.zip", &runs())]).code(0);
    let before = tree(&root);
    assert!(root.join("data/strava/2021/06/07/102.gpx").exists() && root.join("data/strava/2021/06/08.json").exists());

    for path in ["activities/101.gpx", "activities/102.gpx", "activities/alone.gpx"] {
        write_torn(&env, "torn.zip", &runs(), path);
        let ran = import(&env, "strava", &["torn.zip"]).code(1);
        assert!(ran.stderr.contains(path), "{}", ran.stderr);
        assert_eq!(tree(&root), before, "{path} torn: {}", ran.stderr);
    }
    for path in ["activities/101.gpx", "activities/102.gpx"] {
        let mut files = runs();
        files.remove(path);
        let ran = import(&env, "strava", &[&write(&env, "missing.zip", &files)]).code(1);
        assert!(ran.stderr.contains("the export has no such file"), "{}", ran.stderr);
        assert_eq!(tree(&root), before, "{path} missing: {}", ran.stderr);
    }
    // Where it was is what is left of it when its points are not to be had.
    for path in ["activities/101.gpx", "activities/102.gpx", "activities/alone.gpx"] {
        let mut files = runs();
        let text = String::from_utf8(files[path].clone()).unwrap().replace("lat=\"60.17", "lat=\"abc");
        files.insert(path.to_owned(), text.into_bytes());
        let ran = import(&env, "strava", &[&write(&env, "abc.zip", &files)]).code(1);
        assert!(ran.stderr.contains("lat is \"abc"), "{}", ran.stderr);
        assert_eq!(tree(&root), before, "{path} unreadable: {}", ran.stderr);
    }
    demand_sums(&env, &root);
    env.run(&["-C", ARCHIVE, "verify", "--history"]).code(0);
    // What the settings leave out today is listed all the same.
    let mut settings = fs::read_to_string(root.join("fitsnap.toml")).unwrap();
    settings.push_str("\n[providers.strava]\ntypes = [\"Ride\"]\n");
    fs::write(root.join("fitsnap.toml"), settings).unwrap();
    let others = row("1", "Jun 1, 2021, 12:00:00 PM", "", "") + &row("9", "Jun 30, 2021, 12:00:00 PM", "", "");
    let list = String::from_utf8(runs()["activities.csv"].clone()).unwrap() + &others.replace("Run", "Ride");
    let rides = Files::from([("activities.csv".to_owned(), list.into_bytes())]);
    import(&env, "strava", &[&write(&env, "rides.zip", &rides)]).code(0);
    let day = fs::read_to_string(root.join("data/strava/2021/06/07.json")).unwrap();
    assert!(day.contains("export/activities") && day.contains("export/local_times"), "{day}");
}

#[test]
fn a_row_that_says_less_than_before_moves_nothing_and_one_of_another_time_moves() {
    let env = ArchiveEnv::new();
    let root = make(&env);
    import(&env, "strava", &[&write(&env, "whole.zip", &runs())]).code(0);
    let before = tree(&root);
    let with_list = |from: &str, to: &str| {
        let mut files = runs();
        let list = String::from_utf8(files["activities.csv"].clone()).unwrap();
        assert!(list.contains(from));
        files.insert("activities.csv".to_owned(), list.replace(from, to).into_bytes());
        files.remove("activities/102.gpx");
        files
    };
    // An edited start is told by the list, and the clock is still that of the place.
    let later = with_list("Jun 6, 2021, 10:30:00 PM", "Jun 7, 2021, 9:30:00 PM");
    import(&env, "strava", &[&write(&env, "later.zip", &later)]).code(1);
    let read = |day: &str| -> Value {
        serde_json::from_slice(&fs::read(root.join(format!("data/strava/2021/06/{day}.json"))).unwrap()).unwrap()
    };
    let time = &read("08")["resources"]["export/local_times"][0];
    assert_eq!((&time["local_start"], &time["told_by"]), (&"2021-06-08T00:30:00+03:00".into(), &"position".into()));
    import(&env, "strava", &["whole.zip"]).code(0);
    assert_eq!(tree(&root), before);
    // A list that names the file no more.
    import(&env, "strava", &[&write(&env, "less.zip", &with_list("activities/102.gpx", ""))]).code(0);
    let day = &read("07")["resources"];
    assert_eq!(day["export/activities"][0]["Activity ID"], "102");
    assert_eq!(day["export/local_times"][0]["told_by"], "position");
}

const MONTHS: &str = "Date,Type,Route Name,Distance (km),Duration,Average Pace,Average Speed (km/h),Calories Burned,\
    Climb (m),Average Heart Rate (bpm),Notes,GPX File\n";

fn months(env: &ArchiveEnv, name: &str, dates: &[&str]) {
    let rows: String =
        dates.iter().map(|date| format!("{date} 09:00:00,Running,,5,30:00,6:00,10,300,5,,,\n")).collect();
    write(env, name, &Files::from([("cardioActivities.csv".to_owned(), format!("{MONTHS}{rows}").into_bytes())]));
}

fn held(root: &Path, day: &str) -> bool {
    root.join(format!("data/runkeeper/{}.json", day.replace('-', "/"))).exists()
}

#[test]
fn exports_of_some_months_say_nothing_of_those_between() {
    let env = ArchiveEnv::new();
    let root = make(&env);
    let (january, march) = (["2020-01-03", "2020-01-30"], ["2020-03-03", "2020-03-30"]);
    months(&env, "full.zip", &[&january[..], &["2020-01-15", "2020-02-15"], &march[..]].concat());
    months(&env, "jan.zip", &[&january[..], &["2020-01-15"]].concat());
    months(&env, "mar.zip", &march);
    import(&env, "runkeeper", &["full.zip"]).code(0);
    let (before, count) = (tree(&root), commits(&root));
    import(&env, "runkeeper", &["jan.zip", "mar.zip"]).code(0);
    assert_eq!((tree(&root), commits(&root)), (before, count));

    // One that is damaged may have had what the other lacks, and so may a list that cannot be read.
    months(&env, "around.zip", &["2020-01-03", "2020-03-30"]);
    months(&env, "between.zip", &["2020-02-15"]);
    let whole = fs::read(env.path("between.zip")).unwrap();
    fs::write(env.path("between.zip"), &whole[..whole.len() / 2]).unwrap();
    import(&env, "runkeeper", &["around.zip", "between.zip"]).code(1);
    assert_eq!(tree(&root), before);
    let unread = Files::from([("cardioActivities.csv".to_owned(), b"Datum \xe4,Type\n".to_vec())]);
    write(&env, "unread.zip", &unread);
    let ran = import(&env, "runkeeper", &["around.zip", "unread.zip"]).code(1);
    assert!(ran.stderr.contains("unread.zip/cardioActivities.csv: "), "{}", ran.stderr);
    assert_eq!(tree(&root), before);

    // What two lists tell counts for both.
    months(&env, "half.zip", &["2020-01-03", "2020-01-15", "2020-01-30"]);
    months(&env, "other.zip", &["2020-01-30", "2020-03-03", "2020-03-30"]);
    import(&env, "runkeeper", &["half.zip", "other.zip"]).code(0);
    assert!(held(&root, "2020-01-15") && !held(&root, "2020-02-15") && held(&root, "2020-03-30"));
}

#[test]
fn files_of_one_name_in_two_folders_are_both_kept() {
    let env = ArchiveEnv::new();
    let root = make(&env);
    let mut settings = fs::read_to_string(root.join("fitsnap.toml")).unwrap();
    settings.push_str("\n[providers.strava]\nresources = [\"photos\"]\n");
    fs::write(root.join("fitsnap.toml"), settings).unwrap();
    let names = ["activities/1.jpg", "media/1.jpg", "1.jpg", "activities/1.gpx", "media/1.gpx", "1.gpx"];
    let mut files: Files =
        names.iter().map(|name| ((*name).to_owned(), gpx(name, "2021-06-08T12:00:00Z", HELSINKI, &[1]))).collect();
    let list = format!(
        "{HEADER}{}{}",
        row("1", "Jun 8, 2021, 12:00:00 PM", names[0], &names[1..3].join("|")),
        row("2", "Jun 8, 2021, 1:00:00 PM", names[3], &names[4..].join("|"))
    );
    files.insert("activities.csv".to_owned(), list.into_bytes());
    import(&env, "strava", &[&write(&env, "export.zip", &files)]).code(0);
    let folder = root.join("data/strava/2021/06/08");
    let mut kept: Vec<Vec<u8>> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| !path.ends_with("SHA256SUMS"))
        .map(|path| fs::read(path).unwrap())
        .collect();
    kept.sort();
    let mut given: Vec<Vec<u8>> = names.iter().map(|name| files[*name].clone()).collect();
    given.sort();
    assert!(kept == given, "{} of {}", kept.len(), given.len());
    assert_eq!(fs::read(folder.join("1.jpg")).unwrap(), files["media/1.jpg"]);
    assert_eq!(fs::read(folder.join("1.gpx")).unwrap(), files["activities/1.gpx"]);
    let count = commits(&root);
    import(&env, "strava", &["export.zip"]).code(0);
    assert_eq!(commits(&root), count);
    demand_sums(&env, &root);
}
