//! `fitsnap where`: by time, by photo, from every service's tracks.

use std::io::Cursor;

use exif::experimental::Writer;
use exif::{Field, In, Tag, Value};
use serde_json::Value as Json;

use crate::env::ArchiveEnv;
use crate::export::archive;

/// A JPEG file with nothing in it but these EXIF texts.
fn photo(fields: &[(Tag, &str)]) -> Vec<u8> {
    let fields: Vec<Field> = fields
        .iter()
        .map(|(tag, text)| Field {
            tag: *tag,
            ifd_num: In::PRIMARY,
            value: Value::Ascii(vec![text.as_bytes().to_vec()]),
        })
        .collect();
    let mut writer = Writer::new();
    fields.iter().for_each(|field| writer.push_field(field));
    let mut tiff = Cursor::new(Vec::new());
    writer.write(&mut tiff, false).unwrap();
    let body = [b"Exif\0\0".as_slice(), &tiff.into_inner()].concat();
    let length = u16::try_from(body.len() + 2).unwrap().to_be_bytes();
    [b"\xff\xd8\xff\xe1".as_slice(), &length, &body, b"\xff\xd9"].concat()
}

#[track_caller]
fn tell(env: &ArchiveEnv, args: &[&str]) -> Json {
    serde_json::from_str(&env.run(&[&["where", "--json"], args].concat()).code(0).stdout).unwrap()
}

#[test]
fn a_moment_is_answered_with_position_place_and_provider() {
    let env = archive();
    let at = tell(&env, &["2015-07-10T07:30"]);
    assert_eq!(
        at,
        serde_json::json!({"asked": "2015-07-10T07:30", "time": "2015-07-10T07:30:00", "lat": 60.1, "lon": 24.9,
            "place": "Home", "way": null, "activity": null, "provider": "moves", "date": "2015-07-10", "how": "stay",
            "seconds_off": 0.0, "recorded": "2015-07-10T08:00:00+03:00", "others": at["others"]})
    );
    let others: Vec<&str> =
        at["others"].as_array().unwrap().iter().map(|one| one["provider"].as_str().unwrap()).collect();
    assert_eq!(others, ["strava", "runkeeper"]);
    let at = tell(&env, &["2015-07-10T08:15"]);
    assert_eq!(
        (at["lat"].as_f64(), at["lon"].as_f64(), &at["activity"]),
        (Some(60.115), Some(24.93), &"walking".into())
    );
    assert_eq!((&at["how"], at["seconds_off"].as_f64()), (&"between".into(), Some(300.0)));
    // Strava's own clock is true UTC, also where Moves was elsewhere.
    let at = tell(&env, &["2015-07-10T15:00:01Z"]);
    assert_eq!(
        (&at["provider"], &at["way"], at["lat"].as_f64()),
        (&"strava".into(), &"Evening Run".into(), Some(60.2001))
    );
    assert_eq!(tell(&env, &["2015-07-10T18:00:01", "--tz", "Europe/Helsinki"])["lat"].as_f64(), Some(60.2001));
    // By its own wall clock only: Runkeeper does not tell its zone.
    assert_eq!(tell(&env, &["2015-07-09T10:00:20"])["provider"], "runkeeper");
}

#[test]
fn people_read_a_line_a_provider_the_best_first() {
    let env = archive();
    let said = env.run(&["where", "2015-07-10T18:00:03"]).code(0).stdout;
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines[0], "60.2003, 24.8003  on the way: Evening Run  strava, 0 s away at 2015-07-10T18:00:03+03:00");
    let moves = "60.12, 24.94  Fish & Chips, \"Pier\" <1>  moves, 1 h 0 min away at 2015-07-10T17:00:00+03:00";
    assert_eq!(lines[1], moves);
}

#[test]
fn a_photo_is_placed_by_its_exif_time() {
    let env = archive();
    std::fs::write(env.path("local.jpg"), photo(&[(Tag::DateTimeOriginal, "2015:07:10 08:15:00")])).unwrap();
    let zoned = [(Tag::DateTimeOriginal, "2015:07:10 15:00:01"), (Tag::OffsetTimeOriginal, "+00:00")];
    std::fs::write(env.path("zoned.jpg"), photo(&zoned)).unwrap();
    let at = tell(&env, &["local.jpg"]);
    assert_eq!(
        (at["lat"].as_f64(), &at["asked"], &at["time"]),
        (Some(60.115), &"local.jpg".into(), &"2015-07-10T08:15:00".into())
    );
    let at = tell(&env, &["zoned.jpg"]);
    assert_eq!((at["lat"].as_f64(), &at["time"]), (Some(60.2001), &"2015-07-10T15:00:01+00:00".into()));
    std::fs::write(env.path("unset.jpg"), photo(&[(Tag::DateTimeOriginal, "0000:00:00 00:00:00")])).unwrap();
    std::fs::write(env.path("notes.txt"), "no photo").unwrap();
    for (file, words) in [("unset.jpg", "has no time"), ("notes.txt", "no EXIF data"), ("", "cannot read")] {
        let file = env.path(file);
        let said = env.run(&["where", file.to_str().unwrap()]).code(1).stderr;
        assert!(said.contains(words) && said.contains(file.to_str().unwrap()), "{said}");
    }
    let said = env.run(&["where", "gone.jpg"]).code(2).stderr;
    assert!(said.contains("neither a time nor a photo that is there"), "{said}");
    // One that tells nothing leaves the others.
    let ran = env.run(&["where", "unset.jpg", "local.jpg"]).code(1);
    assert!(ran.stdout.starts_with("local.jpg  60.115, 24.93  "), "{}", ran.stdout);
}

#[test]
fn where_nothing_was_recorded_it_says_so() {
    let env = archive();
    let ran = env.run(&["where", "2011-01-01T00:00", "--json"]).code(1);
    let at: Json = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((&at["lat"], &at["provider"]), (&Json::Null, &Json::Null));
    assert!(ran.stderr.contains("no track or place within a day of 2011-01-01T00:00:00"), "{}", ran.stderr);
    assert!(env.run(&["where", "2015-07-10T14:03", "--tz", "Helsinki"]).code(2).stderr.contains("no IANA time zone"));
}
