//! `fitsnap export`: tables, tracks and lines of JSON from the last commit.

use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::{Value, json};

use crate::days::{list_hashes, write};
use crate::env::ArchiveEnv;

/// A day of Moves: home, a walk with three points, a place whose name needs care everywhere.
pub const STORY: &str = r#"[{"date": "20150710", "lastUpdate": "20150711T041203Z", "segments": [
 {"activities": [], "endTime": "20150710T080000+0300", "lastUpdate": "20150711T041203Z",
  "place": {"id": 7, "location": {"lat": 60.1, "lon": 24.9}, "name": "Home", "type": "home"},
  "startTime": "20150709T220000+0300", "type": "place"},
 {"activities": [{"activity": "walking", "distance": 1200, "duration": 1200, "endTime": "20150710T082000+0300",
   "group": "walking", "manual": false, "startTime": "20150710T080000+0300", "steps": 1600, "trackPoints": [
   {"lat": 60.1, "lon": 24.9, "time": "20150710T080000+0300"},
   {"lat": 60.11, "lon": 24.92, "time": "20150710T081000+0300"},
   {"lat": 60.12, "lon": 24.94, "time": "20150710T082000+0300"}]}],
  "endTime": "20150710T082000+0300", "lastUpdate": "20150711T041203Z", "startTime": "20150710T080000+0300", "type": "move"},
 {"activities": [], "endTime": "20150710T170000+0300", "lastUpdate": "20150711T041203Z",
  "place": {"id": 8, "location": {"lat": 60.12, "lon": 24.94}, "name": "Fish & Chips, \"Pier\" <1>", "type": "user"},
  "startTime": "20150710T082000+0300", "type": "place"}],
 "summary": [{"activity": "walking", "distance": 1200, "duration": 1200, "group": "walking", "steps": 1600}]}]"#;

/// A run of Strava with four points, the last without a heart rate, and one without any stream.
pub const RUNS: &str = r#"[{"list": {"id": 9007199254740993, "name": "Evening Run", "sport_type": "Run", "type": "Run",
  "distance": 5000.5, "moving_time": 1500, "elapsed_time": 1600, "start_date": "2015-07-10T15:00:00Z",
  "start_date_local": "2015-07-10T18:00:00Z", "utc_offset": 10800},
 "detail": {"id": 9007199254740993, "name": "Evening Run", "calories": 320.5, "utc_offset": 10800, "laps": [
  {"id": 1, "lap_index": 1, "name": "Lap 1", "distance": 1000, "start_date_local": "2015-07-10T18:00:00Z"}]},
 "streams": {"time": {"data": [0, 1, 2, 3]}, "latlng": {"data": [[60.2, 24.8], [60.2001, 24.8001], [95, 24.8], [60.2003, 24.8003]]},
  "altitude": {"data": [10.5, 10.6, 10.7, 10.8]}, "heartrate": {"data": [120, 121, 122]}}},
 {"list": {"id": 5, "name": "Gym", "type": "Workout", "start_date_local": "2015-07-10T20:00:00Z", "utc_offset": 10800}}]"#;

/// A ride of Runkeeper with a pause and an unknown position; it does not tell its zone.
pub const RIDES: &str = r#"[{"list": {"uri": "/fitnessActivities/1", "type": "Cycling", "start_time": "Thu, 9 Jul 2015 10:00:00"},
 "detail": {"uri": "/fitnessActivities/1", "type": "Cycling", "start_time": "Thu, 9 Jul 2015 10:00:00", "total_distance": 900,
  "duration": 60, "notes": "=SUM(1)\nwindy", "heart_rate": [{"timestamp": 0, "heart_rate": 84}, {"timestamp": 30, "heart_rate": 90}],
  "path": [{"timestamp": 0, "latitude": 59.9, "longitude": 24.7, "altitude": 12, "type": "start"},
   {"timestamp": 10, "latitude": 0, "longitude": 0, "altitude": 0, "type": "gps"},
   {"timestamp": 20, "latitude": 59.91, "longitude": 24.71, "altitude": 13, "type": "pause"},
   {"timestamp": 30, "latitude": 59.91, "longitude": 24.71, "altitude": 13, "type": "resume"},
   {"timestamp": 40.5, "latitude": 59.92, "longitude": 24.72, "altitude": 14, "type": "end"}]}}]"#;

const HEART: &str = r#"{"activities-heart": [{"dateTime": "2015-07-10", "value": {"restingHeartRate": 51}}],
 "activities-heart-intraday": {"dataset": [{"time": "00:00:05", "value": 62}, {"time": "23:59:58", "value": 70}],
 "datasetInterval": 1, "datasetType": "second"}}"#;

/// Puts a day document into the work tree.
pub fn hold(env: &ArchiveEnv, provider: &str, date: &str, resources: &[(&str, &str)]) {
    let members: Vec<String> = resources.iter().map(|(name, value)| format!("\"{name}\": {value}")).collect();
    let text =
        format!("{{\"date\": \"{date}\", \"provider\": \"{provider}\", \"resources\": {{{}}}}}\n", members.join(", "));
    let folder = format!("data/{provider}/{}/{}", &date[..4], &date[5..7]);
    write(env, &format!("{folder}/{}.json", &date[8..]), &text);
    list_hashes(env, &folder);
}

/// An archive with days of four services.
pub fn archive() -> ArchiveEnv {
    let env = ArchiveEnv::new();
    env.run(&["init"]).code(0);
    hold(&env, "moves", "2015-07-10", &[("storyline", STORY)]);
    hold(
        &env,
        "moves",
        "2015-07-11",
        &[("storyline", "[{\"date\": \"20150711\", \"segments\": null, \"summary\": null}]")],
    );
    hold(&env, "strava", "2015-07-10", &[("activities", RUNS)]);
    hold(&env, "runkeeper", "2015-07-09", &[("activities", RIDES)]);
    hold(&env, "fitbit", "2015-07-10", &[("heart", HEART), ("export/odd", ODD)]);
    commit(&env);
    env
}

/// Records of unequal shape, one of them called as the first column is.
const ODD: &str = r#"[{"b": {"c": true}, "date": "x", "list": [1, 2]}, {"a": 1e2, "b": null}, {}]"#;

/// Commits the work tree past the hook: these documents are not in canonical form.
pub fn commit(env: &ArchiveEnv) {
    env.git("", &["add", "data"]);
    env.git("", &["commit", "-qnm", "days"]);
}

#[test]
fn one_second_heart_rate_is_time_and_value() {
    let env = archive();
    env.run(&["export", "csv", "fitbit", "heart", "--since", "2015-07-10", "--until", "2015-07-10"])
        .code(0)
        .stdout("time,value\n2015-07-10T00:00:05,62\n2015-07-10T23:59:58,70\n");
}

#[test]
fn tables_keep_the_providers_numbers_and_quote_what_csv_needs() {
    let env = archive();
    let csv = |args: &[&str]| env.run(&[&["export", "csv"], args].concat()).code(0).stdout;
    assert_eq!(
        csv(&["moves", "storyline"]),
        "date,start,end,utc_offset,type,place_id,place,place_type,lat,lon\n\
         2015-07-10,2015-07-09T22:00:00,2015-07-10T08:00:00,+03:00,place,7,Home,home,60.1,24.9\n\
         2015-07-10,2015-07-10T08:00:00,2015-07-10T08:20:00,+03:00,move,,,,,\n\
         2015-07-10,2015-07-10T08:20:00,2015-07-10T17:00:00,+03:00,place,8,\"Fish & Chips, \"\"Pier\"\" <1>\",user,60.12,24.94\n"
    );
    assert_eq!(
        csv(&["moves", "summary"]),
        "date,activity,group,duration,distance,steps,calories\n2015-07-10,walking,walking,1200,1200,1600,\n"
    );
    let runs = csv(&["strava"]);
    let mut lines = runs.lines();
    assert!(lines.next().unwrap().starts_with("date,start,utc_offset,sport_type,id,name,distance,"), "{runs}");
    let run = "2015-07-10,2015-07-10T18:00:00,+03:00,Run,9007199254740993,Evening Run,5000.5,1500,1600,";
    assert!(lines.next().unwrap().starts_with(run), "{runs}");
    // Before 2022 there was only `type`.
    assert!(lines.next().unwrap().starts_with("2015-07-10,2015-07-10T20:00:00,+03:00,Workout,5,Gym,,"), "{runs}");
    let streams = csv(&["strava", "streams"]);
    assert_eq!(streams.lines().count(), 5);
    assert!(streams.contains("\n2015-07-10T18:00:03,+03:00,9007199254740993,3,60.2003,24.8003,10.8,,,,"), "{streams}");
    assert!(
        csv(&["strava", "laps"]).contains("\n2015-07-10,2015-07-10T18:00:00,+03:00,9007199254740993,1,Lap 1,1000,")
    );
    let rides = csv(&["runkeeper", "activities"]);
    assert!(rides.ends_with(",,,,\"=SUM(1)\nwindy\"\n") && rides.contains(",Cycling,900,60,"), "{rides}");
    let path = csv(&["runkeeper", "path"]);
    assert!(path.ends_with("2015-07-09T10:00:40.500,,/fitnessActivities/1,40.5,59.92,24.72,14,end\n"), "{path}");
    assert_eq!(
        csv(&["runkeeper", "heart_rate"]),
        "time,value,utc_offset,activity_uri\n2015-07-09T10:00:00,84,,/fitnessActivities/1\n\
         2015-07-09T10:00:30,90,,/fitnessActivities/1\n"
    );
}

#[test]
fn a_resource_without_a_table_gives_a_row_a_record() {
    let env = archive();
    env.run(&["export", "csv", "fitbit", "export/odd"])
        .code(0)
        .stdout("date,a,b.c,record.date\n2015-07-10,,true,x\n2015-07-10,100,,\n2015-07-10,,,\n");
}

#[test]
fn ndjson_has_a_line_a_resource_a_day_for_everything() {
    let env = archive();
    let lines: Vec<Value> =
        env.run(&["export", "ndjson"]).code(0).stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let heads: Vec<Value> =
        lines.iter().map(|line| json!([line["provider"], line["date"], line["resource"]])).collect();
    assert_eq!(
        json!(heads),
        json!([
            ["fitbit", "2015-07-10", "export/odd"],
            ["fitbit", "2015-07-10", "heart"],
            ["moves", "2015-07-10", "storyline"],
            ["moves", "2015-07-11", "storyline"],
            ["runkeeper", "2015-07-09", "activities"],
            ["strava", "2015-07-10", "activities"]
        ])
    );
    assert_eq!(lines[2]["value"], serde_json::from_str::<Value>(STORY).unwrap());
    let one = env.run(&["export", "ndjson", "fitbit", "heart"]).code(0).stdout;
    assert_eq!(one.lines().count(), 1);
    // What is committed counts, as in `show`, not what lies about.
    hold(&env, "fitbit", "2015-07-10", &[]);
    assert_eq!(env.run(&["export", "ndjson", "fitbit", "heart"]).code(0).stdout, one);
}

/// The elements that the schema allows in an element, in their order.
const ORDER: [(&str, &[&str]); 5] = [
    ("gpx", &["metadata", "wpt", "rte", "trk", "extensions"]),
    ("wpt", WPT),
    ("trkpt", WPT),
    ("trk", &["name", "cmt", "desc", "src", "link", "number", "type", "extensions", "trkseg"]),
    ("trkseg", &["trkpt", "extensions"]),
];
const WPT: &[&str] = &[
    "ele",
    "time",
    "magvar",
    "geoidheight",
    "name",
    "cmt",
    "desc",
    "src",
    "link",
    "sym",
    "type",
    "fix",
    "sat",
    "hdop",
    "vdop",
    "pdop",
    "ageofdgpsdata",
    "dgpsid",
    "extensions",
];

/// Demands what the GPX 1.1 schema does of the elements used; tells each track's points and the waypoints.
#[track_caller]
fn assert_gpx(text: &str) -> (Vec<usize>, usize) {
    let mut reader = Reader::from_str(text);
    let mut open: Vec<(String, usize)> = Vec::new();
    let (mut tracks, mut waypoints) = (Vec::new(), 0);
    loop {
        match reader.read_event().unwrap() {
            Event::Start(start) => {
                let name = start.name().as_ref().to_owned();
                if let Some((parent, reached)) = open.last_mut()
                    && let Some((_, order)) = ORDER.iter().find(|(known, _)| known == parent)
                {
                    let at = order.iter().position(|known| *known == name);
                    assert!(at.is_some_and(|at| at >= *reached), "{name} in {parent} out of place");
                    *reached = at.unwrap() + usize::from(!["wpt", "trk", "trkseg", "trkpt"].contains(&name.as_str()));
                }
                let attribute = |name: &str| {
                    let found = start.attributes().map(Result::unwrap).find(|one| one.key.as_ref() == name);
                    found.unwrap().value.into_owned()
                };
                match name.as_str() {
                    "gpx" => {
                        assert_eq!(attribute("xmlns"), "http://www.topografix.com/GPX/1/1");
                        assert_eq!((attribute("version"), attribute("creator")), ("1.1".into(), "fitsnap".into()));
                    }
                    "wpt" | "trkpt" => {
                        for (name, most) in [("lat", 90.0), ("lon", 180.0)] {
                            let text = attribute(name);
                            assert!(text.bytes().all(|byte| b"-.0123456789".contains(&byte)), "{text}");
                            assert!(text.parse::<f64>().unwrap().abs() <= most, "{text}");
                        }
                    }
                    _ => {}
                }
                match name.as_str() {
                    "trk" => tracks.push(0),
                    "wpt" => waypoints += 1,
                    "trkpt" => *tracks.last_mut().unwrap() += 1,
                    _ => {}
                }
                open.push((name, 0));
            }
            Event::End(end) => assert_eq!(open.pop().unwrap().0, end.name().as_ref()),
            Event::Text(text) if open.last().is_some_and(|(name, _)| name == "time") => {
                let time = text.as_ref();
                assert!(time.ends_with('Z') && time.parse::<chrono::DateTime<chrono::Utc>>().is_ok(), "{time}");
            }
            Event::Eof => return (tracks, waypoints),
            _ => {}
        }
    }
}

#[test]
fn tracks_of_every_service_are_gpx_as_its_schema_wants_it() {
    let env = archive();
    let ran = env.run(&["export", "gpx"]).code(0);
    assert_eq!(assert_gpx(&ran.stdout), (vec![3, 4, 3], 2));
    let moves = env.run(&["export", "gpx", "moves"]).code(0).stdout;
    assert!(moves.contains("<name>Fish &amp; Chips, &quot;Pier&quot; &lt;1&gt;</name>"), "{moves}");
    assert!(moves.contains("<trkpt lat=\"60.11\" lon=\"24.92\"><time>2015-07-10T05:10:00Z</time></trkpt>"), "{moves}");
    let strava = env.run(&["export", "gpx", "strava", "--since", "2015-07-10"]).code(0).stdout;
    assert_eq!(assert_gpx(&strava), (vec![3], 0));
    let point = "<trkpt lat=\"60.2\" lon=\"24.8\"><ele>10.5</ele><time>2015-07-10T15:00:00Z</time><extensions>";
    assert!(strava.contains(point) && strava.contains("<gpxtpx:hr>120</gpxtpx:hr>"), "{strava}");
}

#[test]
fn a_time_of_an_unknown_zone_is_left_out_of_gpx_until_the_settings_tell_it() {
    let env = archive();
    let ran = env.run(&["export", "gpx", "runkeeper"]).code(0);
    assert!(!ran.stdout.contains("<time>") && ran.stderr.contains("4 times are left out"), "{}", ran.stderr);
    assert!(ran.stderr.contains("time_zone") && ran.stderr.contains("[providers.runkeeper]"), "{}", ran.stderr);
    write(&env, "fitsnap.toml", "format = 1\n[providers.runkeeper]\ntime_zone = \"Europe/Helsinki\"\n");
    let ran = env.run(&["export", "gpx", "runkeeper"]).code(0);
    // A pause begins a segment, a position of nought is none, the altitude of the first is no nought.
    assert_eq!(assert_gpx(&ran.stdout), (vec![4], 0));
    assert_eq!(ran.stdout.matches("<trkseg>").count(), 2);
    assert!(ran.stdout.contains("<ele>12</ele><time>2015-07-09T07:00:00Z</time>") && ran.stderr.is_empty());
}

#[test]
fn a_file_is_whole_or_not_there_and_nothing_is_written_over() {
    let env = archive();
    let export = |more: &[&str]| env.run(&[&["export", "csv", "moves", "summary"], more].concat());
    export(&["-o", "walks.csv"]).code(0).stdout("");
    let text = std::fs::read_to_string(env.path("walks.csv")).unwrap();
    assert!(text.starts_with("date,activity,") && text.lines().count() == 2, "{text}");
    write(&env, "mine.csv", "mine");
    let said = export(&["-o", "mine.csv"]).code(2).stderr;
    assert!(said.contains("mine.csv is there already") && said.contains("--force"), "{said}");
    // What cannot be exported leaves no file, and not even a wish to replace one touches it.
    let none = ["--since", "2030-01-01", "--force"];
    export(&[&none[..], &["-o", "none.csv"]].concat()).code(1);
    export(&[&none[..], &["-o", "mine.csv"]].concat()).code(1);
    assert_eq!(std::fs::read_to_string(env.path("mine.csv")).unwrap(), "mine");
    export(&["-o", "mine.csv", "--force"]).code(0);
    assert_eq!(std::fs::read_to_string(env.path("mine.csv")).unwrap(), text);
    let said = export(&["-o", "/dev/null", "--force"]).code(2).stderr;
    assert!(said.contains("is not an ordinary file"), "{said}");
    assert!(export(&["-o", "no/such/walks.csv"]).code(1).stderr.contains("no/such/walks.csv"));
    let left = std::fs::read_dir(env.path("")).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert!(!left.into_iter().any(|name| name.starts_with(".fitsnap-")));
}

#[test]
fn what_there_is_not_is_said_with_what_there_is() {
    let env = archive();
    let said = |args: &[&str], code| env.run(&[&["export"], args].concat()).code(code).stderr;
    for (args, code, parts) in [
        (&["csv", "fitbt", "heart"][..], 2, &["no provider \"fitbt\"", "did you mean \"fitbit\"?"][..]),
        (&["csv", "fitbit", "hart"], 2, &["no resource \"hart\"", "did you mean \"heart\"?"]),
        (&["ndjson", "moves", "storylin"], 2, &["no resource \"storylin\"", "did you mean \"storyline\"?"]),
        (&["gpx", "fitbit"], 2, &["fitbit has no tracks", "moves, strava, runkeeper"]),
        (&["gpx", "moves", "summary"], 2, &["summary of moves has no tracks", "storyline"]),
        (
            &["ndjson", "moves", "--until", "2015-07-01"],
            1,
            &["no day of moves is held to 2015-07-01", "2015-07-10 to 2015-07-11"],
        ),
        (&["csv", "runkeeper", "sleep"], 1, &["none of the days has sleep", "they have activities"]),
        (&["csv", "moves", "--since", "2015-07-02", "--until", "2015-07-01"], 2, &["--until 2015-07-01 is before"]),
        (&["csv"], 2, &["PROVIDER"]),
    ] {
        let said = said(args, code);
        assert!(parts.iter().all(|part| said.contains(part)), "{args:?}: {said}");
    }
    // A day on which nothing was recorded is held: the table is empty, and that is no failure.
    let ran = env.run(&["export", "csv", "moves", "points", "--since", "2015-07-11"]).code(0);
    assert_eq!(ran.stdout, "time,utc_offset,lat,lon,activity\n");
    assert!(ran.stderr.contains("no records"), "{}", ran.stderr);
}

#[test]
fn a_day_that_cannot_be_read_is_named_and_the_rest_is_exported() {
    let env = archive();
    write(
        &env,
        "data/moves/2015/07/11.json",
        "{\"date\": \"2015-07-12\", \"provider\": \"moves\", \"resources\": {}}\n",
    );
    commit(&env);
    let ran = env.run(&["export", "csv", "moves", "summary"]).code(1);
    assert_eq!(ran.stdout.lines().count(), 2);
    assert!(ran.stderr.contains("moves 2015-07-11: it says it is moves 2015-07-12"), "{}", ran.stderr);
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let env = archive();
    // More than a pipe takes at once.
    let long = format!("\"{}\"", "x".repeat(9_000));
    for number in 1..=20 {
        hold(&env, "moves", &format!("2014-02-{number:02}"), &[("storyline", &long)]);
    }
    commit(&env);
    let script = "fitsnap export ndjson | head -c 10; echo \" ${PIPESTATUS[0]}\"";
    let ran = env.run_program("bash", &["-c", script]).code(0);
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("{\"date\": \" 0\n", ""));
}

#[test]
fn help_documents_formats_and_columns() {
    let env = ArchiveEnv::new();
    let said = env.run(&["export", "csv", "--help"]).code(0).stdout;
    // A long list of columns goes on in a further line.
    let words = said.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in ["fitbit heart: a row", "time, value", "date, activity, group, duration, distance, steps, calories"] {
        assert!(words.contains(part), "{part}: {said}");
    }
    let said = env.run(&["export", "--help"]).code(0).stdout;
    assert!(said.contains("Examples:") && said.contains("ndjson"), "{said}");
}

/// Runs SQL with whichever DuckDB is here: its program, or its module for Python. None where it is not.
fn duckdb(env: &ArchiveEnv, sql: &str) -> Option<String> {
    let works = |program: &str, args: &[&str]| {
        env.command(program).args(args).output().is_ok_and(|output| output.status.success())
    };
    if works("duckdb", &["--version"]) {
        return Some(env.run_program("duckdb", &["-noheader", "-list", "-c", sql]).code(0).stdout);
    }
    let script = "import duckdb, sys\nfor row in duckdb.sql(sys.argv[1]).fetchall(): print(*row, sep='|')";
    works("python3", &["-c", "import duckdb"]).then(|| env.run_program("python3", &["-c", script, sql]).code(0).stdout)
}

#[test]
fn the_readmes_queries_give_their_answer_in_the_real_duckdb() {
    let readme = include_str!("../../README.md");
    let queries: Vec<&str> = readme
        .split("<!-- duckdb -->\n```sql\n")
        .skip(1)
        .map(|rest| rest.split_once("```").unwrap().0.trim_end().trim_end_matches(';'))
        .collect();
    assert_eq!(queries.len(), 3);
    let env = archive();
    // A week of 10 km, one of 6.5 km with a day of nothing, none of the next, and cycling beside it.
    let story = |kind: &str, metres: u32| {
        let total = format!("{{\"activity\": \"{kind}\", \"group\": \"{kind}\", \"distance\": {metres}}}");
        format!("[{{\"segments\": null, \"summary\": [{total}]}}]")
    };
    for (date, kind, metres) in [
        ("2016-03-07", "walking", 4_000),
        ("2016-03-13", "walking", 6_000),
        ("2016-03-14", "walking", 6_500),
        ("2016-03-22", "cycling", 90_000),
    ] {
        hold(&env, "moves", date, &[("storyline", &story(kind, metres))]);
    }
    hold(&env, "moves", "2016-03-15", &[("storyline", "[{\"segments\": null, \"summary\": null}]")]);
    // The first day of all walked 1.2 km in a week of its own.
    commit(&env);
    env.run(&["export", "csv", "moves", "summary", "-o", "walks.csv"]).code(0);
    env.run(&["export", "ndjson", "-o", "everything.ndjson"]).code(0);
    for query in queries {
        match duckdb(&env, query) {
            Some(said) => assert_eq!(said.trim(), "5.9", "{query}"),
            None => return eprintln!("not tried: neither duckdb nor Python's module for it is here"),
        }
    }
    let heart = env.run(&["export", "csv", "fitbit", "heart", "-o", "heart.csv"]).code(0);
    assert_eq!(heart.stdout, "");
    let sql = "SELECT typeof(time), avg(value) FROM 'heart.csv' GROUP BY ALL";
    assert_eq!(duckdb(&env, sql).unwrap().trim(), "TIMESTAMP|66.0");
}
