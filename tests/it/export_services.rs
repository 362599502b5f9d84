//! `fitsnap export` of what a sync really brought: the tables fit the answers of the services.

use serde_json::Value;

use crate::env::ArchiveEnv;
use crate::{fitbit, googlehealth};

/// The rows of a table, each as its cells by their columns' names.
#[track_caller]
fn rows(env: &ArchiveEnv, provider: &str, table: &str) -> Vec<Value> {
    let text = env.run(&["export", "csv", provider, table]).code(0).stdout;
    let mut lines = text.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let columns = lines.next().unwrap();
    let row = |cells: Vec<&str>| {
        assert_eq!(cells.len(), columns.len(), "{table}: {cells:?}");
        columns.iter().zip(cells).map(|(column, cell)| ((*column).to_owned(), Value::from(cell))).collect()
    };
    lines.map(row).collect()
}

/// Demands that tables have rows, and that a row has something in each of these columns.
#[track_caller]
fn assert_told(env: &ArchiveEnv, provider: &str, tables: &[(&str, &[&str])]) {
    for (table, columns) in tables {
        let rows = rows(env, provider, table);
        assert!(!rows.is_empty(), "{provider} {table}");
        for column in *columns {
            assert!(rows.iter().any(|row| row[*column] != ""), "{provider} {table}: no {column} in {:?}", rows[0]);
        }
    }
}

#[test]
fn fitbits_day_at_one_second_detail_is_a_table_of_time_and_value() {
    let scene = fitbit::Scene::new();
    let only = ["--since", "2015-07-09", "--until", "2015-07-09", "--only", "heart"];
    scene.report(0, &only);
    let beats = scene.told("2015-07-09", "/heart/activities-heart-intraday/dataset");
    let beats = beats.as_array().unwrap();
    let days = ["--since", "2015-07-09", "--until", "2015-07-09"];
    let csv = scene.env.run(&[&["export", "csv", "fitbit", "heart"][..], &days].concat()).code(0).stdout;
    let expected =
        beats.iter().map(|beat| format!("2015-07-09T{},{}\n", beat["time"].as_str().unwrap(), beat["value"]));
    assert!(!beats.is_empty());
    assert_eq!(csv, format!("time,value\n{}", expected.collect::<String>()));
}

#[test]
fn every_table_of_fitbit_fits_what_fitbit_tells() {
    let scene = fitbit::Scene::synced();
    assert_told(
        &scene.env,
        "fitbit",
        &[
            ("summary", &["steps", "distance", "calories_out"]),
            ("steps", &["time", "value"]),
            ("calories", &["value", "level", "mets"]),
            ("sleep", &["start", "end", "log_id", "minutes_asleep", "efficiency"]),
            ("sleep_stages", &["time", "level", "seconds"]),
            ("hrv", &["time", "rmssd"]),
            ("spo2", &["time", "value"]),
            ("zone_minutes", &["time", "value"]),
            ("activities", &["start", "log_id", "name", "active_duration"]),
            ("weight", &["time", "weight", "log_id"]),
            // None of its own.
            ("steps_daily", &["dateTime", "value"]),
        ],
    );
}

#[test]
fn every_table_of_google_health_fits_what_it_tells() {
    let scene = googlehealth::Scene::new();
    scene.report(0, &[]);
    assert_told(
        &scene.env,
        "googlehealth",
        &[
            ("heart-rate", &["time", "value", "utc_offset"]),
            ("steps", &["start", "value", "end", "utc_offset"]),
            ("distance", &["start", "value"]),
            ("weight", &["time", "value"]),
            ("sleep", &["start", "end", "type", "minutes_asleep"]),
            ("sleep-stages", &["start", "end", "stage"]),
            ("exercise", &["start", "type"]),
            ("daily/steps", &["date", "value"]),
            ("daily/total-calories", &["value"]),
        ],
    );
}
