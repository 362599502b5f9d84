//! Takeouts as Google packs them, and as nobody should.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::config::ProviderSettings;
use crate::import::pack::{Files, unpack, zip};
use crate::import::{ImportError, ImportProblem, Imported, ImportedDay, open};
use crate::json::Json;
use crate::model::{Resources, Zone};

const GLOBAL: &str = "Takeout/Fitbit/Global Export Data";

#[derive(Default)]
struct Read {
    days: Vec<ImportedDay>,
    problems: Vec<ImportProblem>,
    notes: Vec<String>,
    account: Resources,
}

impl Read {
    /// What there is of a resource, day by day: the values of a member.
    fn values(&self, resource: &str, member: &str) -> BTreeMap<String, Vec<String>> {
        let mut found = BTreeMap::new();
        for day in &self.days {
            if let Some(text) = day.resources.get(resource) {
                let json = Json::parse(text.as_bytes()).unwrap();
                let value = |record: crate::json::Value<'_>| {
                    let value = record.pointer(&format!("/{member}")).unwrap();
                    value.as_str().map_or_else(|| value.line(), |text| text.into_owned())
                };
                found.insert(day.day.to_string(), json.root().items().map(value).collect());
            }
        }
        found
    }

    fn dates(&self) -> Vec<String> {
        self.days.iter().map(|day| day.day.to_string()).collect()
    }

    #[track_caller]
    fn problem(&self) -> &ImportProblem {
        let [problem] = &self.problems[..] else { panic!("{:?}", self.problems) };
        problem
    }
}

fn days(of: &[(&str, &[&str])]) -> BTreeMap<String, Vec<String>> {
    of.iter()
        .map(|(day, values)| ((*day).to_owned(), values.iter().map(|value| (*value).to_owned()).collect()))
        .collect()
}

fn settings(zone: Option<&str>) -> ProviderSettings {
    ProviderSettings { time_zone: zone.map(|name| Zone::named(name).unwrap()), ..ProviderSettings::of_kind("fitbit") }
}

fn read_paths(paths: &[PathBuf], zone: Option<&str>) -> Result<Read, ImportError> {
    let mut reader = open(paths, &settings(zone))?;
    let mut read = Read::default();
    while let Some(next) = reader.next() {
        match next {
            Ok(Imported::Day(day)) => read.days.push(day),
            Ok(Imported::Account(resources)) => read.account.extend(resources),
            Ok(Imported::Note(note)) => read.notes.push(note),
            Ok(Imported::Nothing | Imported::Recall(_)) => {}
            Err(problem) => read.problems.push(problem),
        }
        assert!(reader.bytes_read() <= reader.total_bytes());
    }
    assert_eq!(reader.bytes_read(), reader.total_bytes());
    Ok(read)
}

fn file(name: &str, bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join(name);
    fs::write(&path, bytes).unwrap();
    (temp, path)
}

fn read(files: &Files, zone: Option<&str>) -> Read {
    let (_temp, path) = file("takeout-20261121T000000Z-001.zip", &zip(files));
    read_paths(&[path], zone).unwrap()
}

fn files(of: &[(&str, &str)]) -> Files {
    of.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect()
}

/// Minutes of a stream, `value` counting up from `first`.
fn minutes(first: &str, count: usize, step: i64, value: usize) -> String {
    let first = super::stamp::Stamp::read(first).unwrap().written;
    let records: Vec<_> = (0..count)
        .map(|number| {
            let time = first + chrono::TimeDelta::minutes(step * number as i64);
            let time = time.format("%m/%d/%y %H:%M:%S");
            format!("{{\n  \"dateTime\" : \"{time}\",\n  \"value\" : \"{}\"\n}}", value + number)
        })
        .collect();
    format!("[{}]", records.join(","))
}

#[test]
fn a_month_is_cut_into_the_persons_days() {
    // Midnight at UTC-8 is 08:00; three days at six-hour steps.
    let shard = minutes("01/01/20 08:00:00", 12, 360, 0);
    let path = format!("{GLOBAL}/steps-2020-01-01.json");
    let expected = days(&[
        ("2020-01-01", &["0", "1", "2", "3"]),
        ("2020-01-02", &["4", "5", "6", "7"]),
        ("2020-01-03", &["8", "9", "10", "11"]),
    ]);
    for zone in [Some("America/Los_Angeles"), None] {
        let read = read(&files(&[(&path, &shard)]), zone);
        assert_eq!(read.values("export/steps", "value"), expected, "{zone:?}");
        assert_eq!(read.problems, []);
    }
    let moved = read(&files(&[(&path, &shard)]), Some("Europe/Helsinki"));
    assert_eq!(moved.values("export/steps", "value")["2020-01-01"], ["0", "1", "2"]);
    let record = Json::parse(moved.days[0].resources["export/steps"].as_bytes()).unwrap();
    assert_eq!(record.root().items().next().unwrap().line(), r#"{"dateTime": "01/01/20 08:00:00", "value": "0"}"#);
}

#[test]
fn times_of_the_persons_own_stay_as_they_are() {
    let sleep = r#"[{"logId":1,"dateOfSleep":"2020-01-02","startTime":"2020-01-01T23:10:30.000","mainSleep":true},
                    {"logId":2,"dateOfSleep":"2020-01-02","startTime":"2020-01-02T14:10:30.000","mainSleep":false}]"#;
    let weight = r#"[{"logId":3,"weight":191.8,"bmi":25.98,"date":"01/02/20","time":"23:59:59"}]"#;
    let active = r#"[{"dateTime":"01/02/20 00:00:00","value":"17"}]"#;
    let resting = r#"[{"dateTime":"01/02/20 00:00:00","value":{"date":null,"value":0.0,"error":0.0}}]"#;
    let read = read(
        &files(&[
            (&format!("{GLOBAL}/sleep-2020-01-01.json"), sleep),
            (&format!("{GLOBAL}/weight-2020-01-01.json"), weight),
            (&format!("{GLOBAL}/very_active_minutes-2020-01-01.json"), active),
            (&format!("{GLOBAL}/resting_heart_rate-2020-01-01.json"), resting),
        ]),
        Some("Asia/Tokyo"),
    );
    assert_eq!(read.dates(), ["2020-01-02"]);
    assert_eq!(read.values("export/sleep", "mainSleep"), days(&[("2020-01-02", &["true", "false"])]));
    assert_eq!(read.values("export/weight", "weight"), days(&[("2020-01-02", &["191.8"])]));
    assert_eq!(read.values("export/very_active_minutes", "value"), days(&[("2020-01-02", &["17"])]));
    assert_eq!(read.values("export/resting_heart_rate", "value/value"), days(&[("2020-01-02", &["0"])]));
}

#[test]
fn parts_in_any_order_give_what_the_folder_gives() {
    let mut all = Files::new();
    for month in ["2020-01-01", "2020-01-31", "2020-03-01"] {
        let first = format!("{}/{}/20 08:00:00", &month[5..7], &month[8..]);
        for stream in ["steps", "distance", "calories"] {
            all.insert(format!("{GLOBAL}/{stream}-{month}.json"), minutes(&first, 30 * 24, 60, 0).into_bytes());
        }
    }
    all.insert(
        format!("{GLOBAL}/exercise-0.json"),
        br#"[{"logId":9,"startTime":"02/10/20 12:00:00"},{"logId":8,"startTime":"01/05/20 12:00:00"}]"#.to_vec(),
    );
    let temp = tempfile::tempdir().unwrap();
    unpack(&all, &temp.path().join("unpacked"));
    let whole = read_paths(&[temp.path().join("unpacked")], None).unwrap();
    assert_eq!(whole.problems, []);
    assert_eq!(whole.days.len(), 90);
    assert!(whole.dates().is_sorted());
    let mut parts = [Files::new(), Files::new(), Files::new()];
    for (at, (path, bytes)) in all.into_iter().enumerate() {
        parts[at * 7 % 3].insert(path, bytes);
    }
    let mut paths: Vec<PathBuf> =
        (1..=3).map(|at| temp.path().join(format!("takeout-20261121T000000Z-00{at}.zip"))).collect();
    for (path, files) in paths.iter().zip(&parts) {
        fs::write(path, zip(files)).unwrap();
    }
    paths.rotate_left(1);
    let read = read_paths(&paths, None).unwrap();
    let told = |read: &Read| read.days.iter().map(|day| (day.day, day.resources.clone())).collect::<Vec<_>>();
    assert_eq!(told(&read), told(&whole));
    // The parts in a folder of downloads, still packed, and one of them twice.
    let folder = temp.path().join("downloads");
    fs::create_dir(&folder).unwrap();
    for path in &paths {
        fs::copy(path, folder.join(path.file_name().unwrap())).unwrap();
    }
    let again = read_paths(&[folder, paths[0].clone()], None).unwrap();
    assert_eq!((told(&again), again.problems), (told(&whole), vec![]));
}

#[test]
fn a_name_that_lies_costs_nothing() {
    let late = minutes("02/03/20 00:00:00", 3, 60, 50);
    let read = read(
        &files(&[
            (&format!("{GLOBAL}/steps-2020-02-01.json"), &minutes("02/01/20 00:00:00", 4 * 24, 60, 0)),
            (&format!("{GLOBAL}/steps-2020-02-20.json"), &late),
            (&format!("{GLOBAL}/distance-2020-02-20.json"), &minutes("02/20/20 00:00:00", 24, 60, 0)),
        ]),
        Some("UTC"),
    );
    assert_eq!(read.problems, []);
    let third: Vec<_> = read.days.iter().filter(|day| day.day.to_string() == "2020-02-03").collect();
    // It came without them first, and then once more with all of them.
    assert_eq!(third.len(), 2);
    let values = read.values("export/steps", "value");
    assert_eq!(values["2020-02-03"].len(), 24 + 3);
    assert_eq!(values["2020-02-03"][..4], ["48", "50", "49", "51"].map(str::to_owned));
    assert_eq!(values["2020-02-04"].len(), 24);
}

#[test]
fn a_shard_broken_in_the_middle_is_named_and_the_rest_is_taken() {
    let whole = minutes("01/01/20 00:00:00", 10 * 24, 60, 0);
    let path = format!("{GLOBAL}/steps-2020-01-01.json");
    let other = format!("{GLOBAL}/distance-2020-01-01.json");
    let cut = &whole[..whole.len() / 2];
    let read_with = |broken: &str| read(&files(&[(&path, broken), (&other, &whole)]), Some("UTC"));
    let read = read_with(cut);
    let problem = read.problem();
    assert!(problem.file.ends_with(&path) && problem.reason.contains("cut off"), "{problem:?}");
    assert_eq!(read.values("export/distance", "value").len(), 10);
    let steps = read.values("export/steps", "value");
    assert!((4..7).contains(&steps.len()) && steps["2020-01-01"].len() == 24, "{steps:?}");
    // The day of the break takes nothing away that is held, and those before it do.
    let partial = |read: &Read| -> Vec<_> {
        read.days.iter().filter(|day| day.partial.contains("export/steps")).map(|day| day.day.to_string()).collect()
    };
    assert_eq!(partial(&read), [steps.keys().last().unwrap().clone()]);

    let broken = whole.replace("\"01/03/20 05:00:00\"", "01/03/20 05:00:00");
    let read = read_with(&broken);
    assert!(read.problem().reason.contains("its entry number 54: it is not readable JSON"), "{:?}", read.problem());
    let steps = read.values("export/steps", "value");
    assert_eq!((steps.len(), steps["2020-01-03"].len()), (10, 23));
    assert_eq!(partial(&read), ["2020-01-03"]);
}

#[test]
fn times_that_cannot_be_read_are_named() {
    let path = format!("{GLOBAL}/steps-2020-01-01.json");
    let mut records: Vec<_> =
        (0..9).map(|hour| format!("{{\"dateTime\":\"13/45/20 0{hour}:00:00\",\"value\":\"1\"}}")).collect();
    records.push("{\"dateTime\":\"01/01/20 10:00:00\",\"value\":\"7\"}".to_owned());
    records.push("{\"value\":\"8\"}".to_owned());
    records.push("[9]".to_owned());
    let read = read(&files(&[(&path, &format!("[{}]", records.join(",")))]), Some("UTC"));
    let reason = &read.problem().reason;
    assert!(reason.contains("number 1: the time in \"dateTime\" cannot be read: \"13/45/20 00:00:00\""), "{reason}");
    assert!(reason.ends_with("and 6 more"), "{reason}");
    assert_eq!(read.values("export/steps", "value"), days(&[("2020-01-01", &["7"])]));
}

#[test]
fn unknown_files_are_named_and_other_matters_are_not() {
    let read = read(
        &files(&[
            (&format!("{GLOBAL}/steps-2020-01-01.json"), "[]"),
            (&format!("{GLOBAL}/moon_phase-2020-01-01.json"), "[]"),
            (&format!("{GLOBAL}/moon_phase-2020-01-31.json"), "[]"),
            ("Takeout/Fitbit/Social/friends.csv", "name\nBea\n"),
            ("Takeout/Fitbit/Your Profile/Media/Avatar Photo.png", "png"),
            ("Takeout/Google Photos/holiday.json", "{}"),
            ("Takeout/archive_browser.html", "<html>"),
        ]),
        Some("UTC"),
    );
    let left: Vec<_> = read.notes.iter().filter(|note| note.starts_with("left ")).collect();
    let [left] = &left[..] else { panic!("{left:?}") };
    assert!(left.contains("moon_phase-2020-01-01.json and 1 more of its kind"), "{left}");
    assert_eq!((read.problems, read.days.len()), (vec![], 0));
}

#[test]
fn old_exports_of_the_site_are_read_too() {
    for folder in ["AdaArchivist/user-site-export", "MyFitbitData/Ada/Physical Activity"] {
        let read = read(
            &files(&[(&format!("{folder}/steps-2018-01-01.json"), &minutes("01/01/18 00:00:00", 3, 60, 0))]),
            None,
        );
        assert_eq!(read.dates(), ["2018-01-01"], "{folder}");
    }
}

#[test]
fn nothing_tells_the_zone() {
    let path = format!("{GLOBAL}/exercise-0.json");
    let read = read(&files(&[(&path, r#"[{"logId":1,"startTime":"01/01/20 23:30:00"}]"#)]), None);
    assert_eq!(read.dates(), ["2020-01-01"]);
    assert!(read.notes.iter().any(|note| note.contains("time_zone")), "{:?}", read.notes);
    // The pulse of another day tells it.
    let pulse = r#"[{"dateTime":"01/02/20 22:00:04","value":{"bpm":60,"confidence":2}}]"#;
    let heart = format!("{GLOBAL}/heart_rate-2020-01-03.json");
    let read = super::tests::read(
        &files(&[(&path, r#"[{"logId":1,"startTime":"01/01/20 23:30:00"}]"#), (&heart, pulse)]),
        None,
    );
    assert_eq!(read.dates(), ["2020-01-02", "2020-01-03"]);
}

#[test]
fn two_versions_of_a_file_are_to_be_imported_one_by_one() {
    let path = format!("{GLOBAL}/steps-2020-01-01.json");
    let temp = tempfile::tempdir().unwrap();
    let (one, other) = (temp.path().join("a.zip"), temp.path().join("b.zip"));
    fs::write(&one, zip(&files(&[(&path, &minutes("01/01/20 00:00:00", 3, 60, 0))]))).unwrap();
    fs::write(&other, zip(&files(&[(&path, &minutes("01/01/20 00:00:00", 3, 60, 5))]))).unwrap();
    let read = read_paths(&[one, other], None).unwrap();
    let problem = read.problem();
    assert!(
        problem.file.contains("a.zip") && problem.reason.contains("b.zip") && problem.reason.contains("one by one")
    );
    assert_eq!(read.days.len(), 0);
}

#[test]
fn what_two_versions_of_a_file_have_is_not_taken_for_missing() {
    let steps = format!("{GLOBAL}/steps-2020-01-01.json");
    // An evening of the file before: it has no other record of that day.
    let next = minutes("01/31/20 05:00:00", 30, 60, 0);
    let others = [
        (format!("{GLOBAL}/steps-2020-01-31.json"), next.clone()),
        (format!("{GLOBAL}/distance-2020-01-31.json"), next),
    ];
    let temp = tempfile::tempdir().unwrap();
    let paths = ["a.zip", "b.zip"].map(|name| temp.path().join(name));
    for (at, path) in paths.iter().enumerate() {
        let mut all = files(&[(&steps, &minutes("01/01/20 08:00:00", 3, 60, at))]);
        all.extend(others.iter().map(|(path, text)| (path.clone(), text.clone().into_bytes())));
        fs::write(path, zip(&all)).unwrap();
    }
    let read = read_paths(&paths, Some("America/Los_Angeles")).unwrap();
    read.problem();
    assert_eq!(read.dates(), ["2020-01-30", "2020-01-31", "2020-02-01"]);
    for day in &read.days {
        assert!(day.partial.iter().eq(["export/steps"]), "{} {:?}", day.day, day.partial);
    }
}

const GOOGLE: &str = "Takeout/Google Health/Physical Activity_GoogleData";
const FITNESS: &str = "Takeout/Google Health/Health Fitness Data_GoogleData";

#[test]
fn rows_go_to_the_persons_days_by_what_each_file_says_of_its_times() {
    let read = read(
        &files(&[
            (
                &format!("{GOOGLE}/steps_2026-10-01.csv"),
                "timestamp,steps,data source\n2026-10-01T21:14:03.552356Z,51,Phone\n2026-10-02T06:15:00Z,51.0,Band\n",
            ),
            (
                &format!("{GOOGLE}/Daily Resting Heart Rate/daily_resting_heart_rate.csv"),
                "timestamp,beats per minute,data source\n2026-10-02T00:00:00Z,61.2,App\n2026-10-02T21:00:00Z,62.0,App\n",
            ),
            (
                &format!("{FITNESS}/UserSleeps_2026-10-05.csv"),
                "sleep_id,sleep_type,start_utc_offset,sleep_start,end_utc_offset,sleep_end\n\
                 111,STAGES,-04:00,2026-10-02 03:00:00+0000,-04:00,2026-10-02 10:30:00+0000\n",
            ),
            (
                "Takeout/Google Health/Oxygen Saturation (SpO2)/Minute SpO2 - 2026-10-02.csv",
                "timestamp,value\n2026-10-02T01:00:00Z,96.5\n2026-10-02T01:01:00Z,50.0\n",
            ),
            (
                "Takeout/Google Health/Active Zone Minutes (AZM)/Active Zone Minutes - 2026-10-01.csv",
                "date_time,heart_zone_id,total_minutes\n2026-10-01T23:40,FAT_BURN,1\n",
            ),
            (
                "Takeout/Google Health/Atrial Fibrillation ECG/afib_ecg_reading_1790924106000.csv",
                "reading_id,reading_time,waveform_samples\n5,Fri Oct 02 22:15:06 UTC 2026,\"[-3 4 5]\"\n",
            ),
        ]),
        Some("Europe/Helsinki"),
    );
    assert_eq!(read.problems, []);
    let steps = read.values("export/google/steps", "steps");
    assert_eq!(steps, days(&[("2026-10-02", &["51", "51.0"])]));
    assert_eq!(read.values("export/google/steps", "data source")["2026-10-02"], ["Phone", "Band"]);
    let resting = read.values("export/google/daily_resting_heart_rate", "beats per minute");
    assert_eq!(resting, days(&[("2026-10-02", &["61.2"]), ("2026-10-03", &["62.0"])]));
    assert_eq!(read.values("export/google/sleeps", "sleep_id"), days(&[("2026-10-02", &["111"])]));
    assert_eq!(read.values("export/minute_spo2", "value"), days(&[("2026-10-02", &["96.5", "50.0"])]));
    assert_eq!(read.values("export/active_zone_minutes", "total_minutes"), days(&[("2026-10-01", &["1"])]));
    assert_eq!(read.values("export/ecg", "waveform_samples"), days(&[("2026-10-03", &["[-3 4 5]"])]));
}

#[test]
fn a_broken_row_is_named_by_its_line_and_the_rest_is_taken() {
    let rows: String = (1..=9).map(|day| format!("2026-10-0{day}T10:00:00Z,{day},Band\n")).collect();
    let broken = rows.replace("2026-10-04T10:00:00Z,4,Band", "2026-10-04T10:00:00Z,4").replace("2026-10-06T", "soon");
    let path = format!("{GOOGLE}/steps_2026-10-01.csv");
    let read = read(&files(&[(&path, &format!("timestamp,steps,data source\n{broken}"))]), Some("UTC"));
    let reason = &read.problem().reason;
    assert!(reason.contains("line 5 has 2 fields, and the header names 3"), "{reason}");
    assert!(reason.contains("line 7 has a time that cannot be read: \"soon10:00:00Z\""), "{reason}");
    let kept: Vec<_> = [1, 2, 3, 5, 7, 8, 9].iter().map(|day| format!("2026-10-0{day}")).collect();
    assert_eq!(read.dates(), kept);
    // Around the broken rows, and at the ends of what the export has, nothing is taken away that is held.
    let partial: Vec<_> =
        read.days.iter().filter(|day| !day.partial.is_empty()).map(|day| day.day.to_string()).collect();
    assert_eq!(partial, ["2026-10-01", "2026-10-03", "2026-10-05", "2026-10-07", "2026-10-09"]);
    // A file of another make is named, too.
    let wrong = super::tests::read(&files(&[(&path, "when,steps\n2026-10-01,1\n")]), Some("UTC"));
    assert!(wrong.problem().reason.contains("no column \"timestamp\""), "{:?}", wrong.problem());
    let empty = super::tests::read(&files(&[(&path, "timestamp,steps,data source\n")]), Some("UTC"));
    assert_eq!((empty.problems, empty.days.len()), (vec![], 0));
}

#[test]
fn other_encodings_are_read_where_a_mark_announces_them() {
    let utf16 = |text: &str| -> Vec<u8> {
        "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
    };
    let rows = "timestamp,steps,data source\r\n2026-10-01T10:00:00Z,7,Zoé\r\n";
    let mut all = Files::from([(format!("{GOOGLE}/steps_2026-10-01.csv"), utf16(rows))]);
    all.insert(format!("{GLOBAL}/steps-2026-10-01.json"), utf16(&minutes("10/01/26 00:00:00", 2, 60, 0)));
    all.insert(format!("{GLOBAL}/distance-2026-10-01.json"), b"\xef\xbb\xbf[]".to_vec());
    all.insert(
        format!("{GOOGLE}/floors_2026-10-01.csv"),
        b"timestamp,floors,data source\n2026-10-01T10:00:00Z,1,Zo\xe9\n".to_vec(),
    );
    let read = read(&all, Some("UTC"));
    assert_eq!(read.values("export/google/steps", "data source"), days(&[("2026-10-01", &["Zoé"])]));
    assert_eq!(read.values("export/steps", "value"), days(&[("2026-10-01", &["0", "1"])]));
    let problem = read.problem();
    assert!(problem.file.contains("floors") && problem.reason.contains("line 2 is no text in UTF-8"), "{problem:?}");
}

#[test]
fn the_profile_tells_the_zone_and_goes_with_the_account() {
    let profile = "full_name,timezone,weight_unit\nAda,America/Los_Angeles,en_US\n";
    let zones = "timestamp,zones,data source\n1970-01-01T00:00:00Z,\"{\"\"zone\"\": LIGHT}\",App\n";
    let all = files(&[
        ("Takeout/Fitbit/Your Profile/Profile.csv", profile),
        (&format!("{GOOGLE}/daily_heart_rate_zones.csv"), zones),
        (&format!("{GOOGLE}/weight.csv"), "timestamp,weight grams,data source\n2026-10-02T03:00:00Z,93400,Scale\n"),
    ]);
    let read = read(&all, None);
    assert_eq!(read.values("export/google/weight", "weight grams"), days(&[("2026-10-01", &["93400"])]));
    let held = |name: &str| String::from_utf8(read.account[name].as_bytes().to_vec()).unwrap();
    assert!(held("export/profile").contains("\"timezone\":\"America/Los_Angeles\""));
    assert!(held("export/google/daily_heart_rate_zones").contains("LIGHT"));
    assert_eq!(read.days.len(), 1);
}

/// The days on which an export of the first days of a March in UTC, a file each, may lack steps.
fn partial_days(given: &[u32], zone: &str, empty: Option<u32>) -> Vec<String> {
    let file = |day: &u32| {
        let hours = if empty == Some(*day) { 0 } else { 24 };
        let rows: String = (0..hours).map(|hour| format!("2026-03-0{day}T{hour:02}:00:00Z,{hour},Band\n")).collect();
        (format!("{GOOGLE}/steps_2026-03-0{day}.csv"), format!("timestamp,steps,data source\n{rows}").into_bytes())
    };
    let read = read(&given.iter().map(file).collect(), Some(zone));
    assert_eq!(read.problems, []);
    let partial = read.days.iter().filter(|day| day.partial.contains("export/google/steps"));
    partial.map(|day| day.day.to_string().replace("2026-", "")).collect()
}

#[test]
fn a_day_beside_a_missing_file_takes_nothing_away() {
    let all = [1, 2, 3, 4, 5, 6];
    let without_third = [1, 2, 4, 5, 6];
    for (zone, ends, around_third) in [
        ("America/New_York", ["02-28", "03-06"], ["03-02", "03-03"]),
        ("UTC", ["03-01", "03-06"], ["03-02", "03-04"]),
        ("Asia/Tokyo", ["03-01", "03-07"], ["03-03", "03-04"]),
    ] {
        assert_eq!(partial_days(&all, zone, None), ends, "{zone}");
        assert_eq!(partial_days(&all, zone, Some(3)), ends, "{zone}: a file that is there and has nothing");
        let expected = [ends[0], around_third[0], around_third[1], ends[1]];
        assert_eq!(partial_days(&without_third, zone, None), expected, "{zone}");
    }
    assert_eq!(partial_days(&[1, 3, 5], "America/New_York", None).len(), 6);
}

#[test]
fn the_ends_of_files_whose_names_tell_nothing_take_nothing_away() {
    let exercise = |number: u32, days: &[u32]| {
        let list: Vec<_> = days
            .iter()
            .map(|day| format!("{{\"logId\":{},\"startTime\":\"01/{day:02}/20 12:00:00\"}}", number + day))
            .collect();
        (format!("{GLOBAL}/exercise-{number}.json"), format!("[{}]", list.join(",")).into_bytes())
    };
    let partial = |all: Files| -> Vec<_> {
        let read = read(&all, Some("UTC"));
        read.days.iter().filter(|day| !day.partial.is_empty()).map(|day| day.day.to_string()).collect()
    };
    let (first, second, last) = (exercise(0, &[1, 2, 5]), exercise(100, &[5, 6, 8]), exercise(200, &[8, 9, 12]));
    assert_eq!(partial(Files::from([first.clone(), second, last.clone()])), ["2020-01-01", "2020-01-12"]);
    assert_eq!(partial(Files::from([first, last])), ["2020-01-01", "2020-01-05", "2020-01-08", "2020-01-12"]);
}

fn refusal(paths: &[&Path]) -> ImportError {
    match read_paths(&paths.iter().map(|path| path.to_path_buf()).collect::<Vec<_>>(), None) {
        Ok(read) => panic!("{:?} {:?}", read.dates(), read.problems),
        Err(error) => error,
    }
}

#[test]
fn bombs_are_refused_and_large_takeouts_are_not() {
    // Each file is small enough, and all of them together are not.
    let zeros = format!("[{}]", " ".repeat(12 << 20));
    let bomb: Files = (0..2).map(|at| (format!("{GLOBAL}/exercise-{at}.json"), zeros.clone().into_bytes())).collect();
    let (_temp, path) = file("takeout.zip", &zip(&bomb));
    let error = refusal(&[&path]);
    assert!(matches!(error, ImportError::Refused { .. }) && error.to_string().contains("24 MiB"), "{error}");
    // What a year of minutes without a step packs to is no bomb.
    let honest = minutes("01/01/20 00:00:00", 20_000, 1, 0).replace("\"value\" : \"", "\"value\" : \"0");
    let path = format!("{GLOBAL}/steps-2020-01-01.json");
    assert_eq!(read(&files(&[(&path, &honest)]), Some("UTC")).days.len(), 14);
}

#[test]
fn damage_and_tricks_are_told() {
    let mut all = files(&[(&format!("{GLOBAL}/steps-2020-01-01.json"), &minutes("01/01/20 00:00:00", 2_000, 1, 0))]);
    let whole = zip(&all);
    let (_temp, path) = file("takeout.zip", &whole[..whole.len() / 2]);
    assert!(matches!(refusal(&[&path]), ImportError::Damaged { .. }));
    // A byte altered inside: the checksum tells, and nothing of the file is believed.
    for at in (100..whole.len() - 200).step_by(997) {
        let mut flipped = whole.clone();
        flipped[at] ^= 0x10;
        let (_temp, path) = file("takeout.zip", &flipped);
        let read = read_paths(&[path], Some("UTC")).unwrap();
        assert_eq!(read.days.len(), 0, "{at}");
        assert!(read.problem().reason.contains("cannot be read"), "{:?}", read.problem());
    }
    all.insert("../../outside.json".to_owned(), b"[]".to_vec());
    let (_temp, path) = file("takeout.zip", &zip(&all));
    assert!(matches!(refusal(&[&path]), ImportError::Refused { .. }));
    let (_temp, path) = file("strava.zip", &zip(&files(&[("activities.csv", ""), ("activities/1.gpx", "")])));
    let error = refusal(&[&path]);
    assert!(matches!(error, ImportError::WrongService { .. }) && error.to_string().contains("Strava"), "{error}");
    let (_temp, path) = file("photos.zip", &zip(&files(&[("Takeout/Google Photos/a.json", "{}")])));
    let error = refusal(&[&path]);
    assert!(
        matches!(error, ImportError::Unrecognised { .. }) && error.to_string().contains("Takeout/Fitbit"),
        "{error}"
    );
    // One part is damaged: the other is read, and what it has takes nothing away that is held.
    let temp = tempfile::tempdir().unwrap();
    let (good, bad) = (temp.path().join("1.zip"), temp.path().join("2.zip"));
    fs::write(&good, &whole).unwrap();
    fs::write(&bad, &whole[..300]).unwrap();
    let read = read_paths(&[bad, good], Some("UTC")).unwrap();
    assert!(read.problem().reason.contains("damaged") && read.days.len() == 2);
    assert!(read.days.iter().all(|day| day.partial.contains("export/steps")));
}
