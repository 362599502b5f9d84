//! Exports as services pack them, and as nobody should.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::pack::{Files, moves_files, moves_zip, unpack, zip};
use super::*;
use crate::json::Json;

const DAYS: [&str; 5] = ["2015-12-30", "2015-12-31", "2016-01-01", "2016-01-02", "2016-01-04"];
const NEW_YEAR: &str = "json/daily/storyline/storyline_20160101.json";

struct Read {
    days: Vec<ImportedDay>,
    problems: Vec<ImportProblem>,
}

impl Read {
    fn dates(&self) -> Vec<String> {
        self.days.iter().map(|day| day.day.to_string()).collect()
    }
}

fn read(paths: &[&Path]) -> Result<Read, ImportError> {
    let paths: Vec<_> = paths.iter().map(|path| path.to_path_buf()).collect();
    let mut reader = open(&paths, &ProviderSettings::of_kind("moves"))?;
    let mut read = Read { days: Vec::new(), problems: Vec::new() };
    while let Some(next) = reader.next() {
        match next {
            Ok(Imported::Day(day)) => read.days.push(day),
            Ok(other) => panic!("{other:?}"),
            Err(problem) => read.problems.push(problem),
        }
        assert!(reader.bytes_read() <= reader.total_bytes());
    }
    assert_eq!(reader.bytes_read(), reader.total_bytes());
    Ok(read)
}

fn refusal(paths: &[&Path]) -> ImportError {
    match read(paths) {
        Ok(read) => panic!("{:?} {:?}", read.dates(), read.problems),
        Err(error) => error,
    }
}

/// A folder with one file in it, and that file's path.
fn file(name: &str, bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join(name);
    fs::write(&path, bytes).unwrap();
    (temp, path)
}

/// What importing a zip of these files says.
fn of_files(files: &Files) -> Result<Read, ImportError> {
    let (_temp, path) = file("moves_export.zip", &moves_zip(files));
    read(&[&path])
}

fn replace(bytes: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    assert_eq!(old.len(), new.len());
    let mut bytes = bytes.to_vec();
    let places: Vec<_> = (0..=bytes.len() - old.len()).filter(|at| bytes[*at..].starts_with(old)).collect();
    assert!(!places.is_empty());
    for at in places {
        bytes[at..at + new.len()].copy_from_slice(new);
    }
    bytes
}

#[test]
fn every_form_of_an_export_gives_the_same_days() {
    let temp = tempfile::tempdir().unwrap();
    let at = |name: &str| temp.path().join(name);
    let files = moves_files();
    let whole = moves_zip(&files);
    let rooted: Files = files.iter().map(|(path, bytes)| (format!("moves_export/{path}"), bytes.clone())).collect();
    let inner = Files::from([
        ("moves_export/json.zip".to_owned(), zip(&files)),
        ("moves_export/__MACOSX/json/daily/storyline/._storyline_20160101.json".to_owned(), b"\0".to_vec()),
    ]);
    fs::write(at("moves_export.zip"), &whole).unwrap();
    fs::write(at("json.zip"), zip(&files)).unwrap();
    fs::write(at("repacked.zip"), zip(&rooted)).unwrap();
    fs::write(at("rooted.zip"), zip(&inner)).unwrap();
    unpack(&Files::from([("moves_export.zip".to_owned(), whole)]), &at("holds_export"));
    unpack(&inner, &at("holds_inner"));
    unpack(&rooted, &at("unpacked"));
    let forms = [
        "moves_export.zip",
        "json.zip",
        "repacked.zip",
        "rooted.zip",
        "holds_export",
        "holds_inner",
        "unpacked",
        "unpacked/moves_export/json",
    ];
    for form in forms {
        let read = read(&[&at(form)]).unwrap();
        assert_eq!(read.problems, [], "{form}");
        assert_eq!(read.dates(), DAYS, "{form}");
        for day in &read.days {
            let file = format!("json/daily/storyline/storyline_{}.json", day.day.compact());
            let held = Json::parse(day.resources["storyline"].as_bytes()).unwrap();
            assert_eq!(held.canonical(), crate::json::canonical(&files[&file]).unwrap(), "{form}");
            assert!(day.source.ends_with(&file[5..]), "{}", day.source);
        }
    }
    assert_eq!(read(&[&at("json.zip"), &at("moves_export.zip")]).unwrap().dates(), DAYS);
}

#[test]
fn a_day_without_a_daily_file_comes_from_the_first_aggregate_that_has_it() {
    let mut files = moves_files();
    files.remove(NEW_YEAR);
    for (gone, next) in [
        ("", "json/monthly/storyline/storyline_2016-01.json"),
        ("json/monthly/storyline/storyline_2016-01.json", "json/weekly/storyline/storyline_20151228.json"),
        ("json/weekly/storyline/storyline_20151228.json", "json/yearly/storyline/storyline_2016.json"),
        ("json/yearly/storyline/storyline_2016.json", "json/full/storyline.json"),
    ] {
        files.remove(gone);
        let read = of_files(&files).unwrap();
        assert_eq!((read.problems.len(), read.days.len()), (0, 5), "{next}");
        let day = read.days.iter().find(|day| day.day.to_string() == "2016-01-01").unwrap();
        assert!(day.source.ends_with(next), "{} {next}", day.source);
    }
    files.remove("json/full/storyline.json");
    assert_eq!(of_files(&files).unwrap().days.len(), 4);
    let full =
        Files::from([("json/full/storyline.json".to_owned(), moves_files()["json/full/storyline.json"].clone())]);
    assert_eq!(of_files(&full).unwrap().dates(), DAYS);
}

#[test]
fn the_day_is_what_the_file_says_and_not_its_name() {
    let mut files = moves_files();
    let text = files.remove(NEW_YEAR).unwrap();
    files.retain(|path, _| path.contains("/daily/"));
    files.insert("json/daily/storyline/storyline_20300101.json".to_owned(), text);
    assert_eq!(of_files(&files).unwrap().dates(), DAYS);
}

#[test]
fn a_broken_file_is_named_and_the_rest_is_taken() {
    for (broken, says) in [
        ("", "empty"),
        ("<html>Sign in</html>", "no JSON array"),
        ("{\"error\":\"x\"}", "no JSON array"),
        ("[ {\"date\":\"20160101\",\"segments\":[", "cut off"),
        ("[ 1 ]", "no JSON object"),
        ("[ {\"segments\":[]} ]", "\"date\" is missing"),
        ("[ {\"date\":\"2016-01-01\",\"segments\":[]} ]", "\"2016-01-01\""),
        ("[ {\"date\":\"20160101\",\"summary\":[]} ]", "\"segments\""),
        ("[ {\"date\":\"20160101\",\"segments\":[],\"date\":\"20160102\"} ]", "date"),
        ("[ {\"date\":\"20160101\",\"segments\":[}} ]", "JSON"),
    ] {
        let mut files = moves_files();
        files.insert(NEW_YEAR.to_owned(), broken.as_bytes().to_vec());
        // The aggregates still have the day.
        let read = of_files(&files).unwrap();
        assert_eq!(read.dates(), DAYS, "{broken}");
        let [problem] = &read.problems[..] else { panic!("{broken}: {:?}", read.problems) };
        assert!(problem.file.ends_with(NEW_YEAR) && problem.day.is_none(), "{problem:?}");
        assert!(problem.reason.contains(says) && problem.reason.contains("monthly"), "{problem:?}");
        // And without them it fails.
        files.retain(|path, _| path.contains("/daily/"));
        let read = of_files(&files).unwrap();
        assert_eq!(read.days.len(), 4);
        let [problem] = &read.problems[..] else { panic!("{broken}: {:?}", read.problems) };
        assert_eq!(problem.day.map(|day| day.to_string()).as_deref(), Some("2016-01-01"), "{problem:?}");
    }
}

#[test]
fn what_came_before_a_broken_day_of_an_aggregate_is_taken_and_what_follows_too() {
    let text = String::from_utf8(moves_files()["json/full/storyline.json"].clone()).unwrap();
    let path = "json/full/storyline.json".to_owned();
    let cut = text.as_bytes()[..text.len() - 900].to_vec();
    let read = of_files(&Files::from([(path.clone(), cut)])).unwrap();
    assert_eq!((read.dates(), read.problems.len()), (DAYS[..4].iter().map(|day| day.to_string()).collect(), 1));
    let broken = text.replace("\"date\" : \"20151231\"", "\"date\" ; \"20151231\"").into_bytes();
    let read = of_files(&Files::from([(path, broken)])).unwrap();
    assert_eq!((read.days.len(), read.problems.len()), (4, 1));
    assert!(read.problems[0].reason.contains("number 2"), "{:?}", read.problems);
}

#[test]
fn two_versions_of_a_day_fail_it_unless_a_daily_file_settles_it() {
    let mut files = moves_files();
    let altered = |path: &str| {
        let text = String::from_utf8(moves_files()[path].clone()).unwrap();
        text.replace("\"20160101T081500+0100\"", "\"20160101T081501+0100\"").into_bytes()
    };
    let (full, year) = ("json/full/storyline.json", "json/yearly/storyline/storyline_2016.json");
    files.insert(full.to_owned(), altered(full));
    let read = of_files(&files).unwrap();
    assert_eq!((read.dates(), read.problems.len()), (DAYS.map(str::to_owned).to_vec(), 0));
    files.remove(NEW_YEAR);
    files.retain(|path, _| !path.contains("monthly") && !path.contains("weekly"));
    let read = of_files(&files).unwrap();
    assert_eq!(read.days.len(), 4);
    let [problem] = &read.problems[..] else { panic!("{:?}", read.problems) };
    assert!(problem.file.ends_with(year) && problem.reason.contains(full), "{problem:?}");
    assert_eq!(problem.day.unwrap().to_string(), "2016-01-01");
}

#[test]
fn two_exports_at_once_that_differ_are_to_be_imported_one_by_one() {
    let temp = tempfile::tempdir().unwrap();
    let mut files = moves_files();
    let (first, second) = (temp.path().join("a.zip"), temp.path().join("b.zip"));
    fs::write(&first, moves_zip(&files)).unwrap();
    let text = String::from_utf8(files[NEW_YEAR].clone()).unwrap();
    files.insert(NEW_YEAR.to_owned(), text.replace("T081500", "T091500").into_bytes());
    fs::write(&second, moves_zip(&files)).unwrap();
    let read = read(&[&first, &second]).unwrap();
    assert_eq!(read.days.len(), 4);
    assert!(read.problems[0].reason.contains("b.zip") && read.problems[0].reason.contains("one by one"));
}

#[test]
fn a_zip_cut_off_anywhere_is_refused_or_read_in_part_but_never_wrongly() {
    let files = moves_files();
    let inner = zip(&files);
    // An inner zip that is stored, not packed: its own end must not pass for the outer one's.
    let mut outer = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    outer.start_file("json.zip", stored).unwrap();
    outer.write_all(&inner).unwrap();
    outer.start_file("csv.zip", stored).unwrap();
    outer.write_all(b"csv").unwrap();
    let stored = outer.finish().unwrap().into_inner();
    for whole in [inner, moves_zip(&files), stored] {
        let step = (whole.len() / 150).max(1);
        for length in (0..whole.len()).step_by(step).chain(whole.len() - 40..whole.len()) {
            let (_temp, path) = file("moves_export.zip", &whole[..length]);
            let error = refusal(&[&path]);
            assert!(matches!(error, ImportError::Damaged { .. } | ImportError::NotZip { .. }), "{length}: {error}");
            assert!(error.to_string().contains("moves_export.zip") && !error.is_usage() && error.hint().is_some());
        }
    }
}

#[test]
fn flipped_bytes_never_give_other_days() {
    let files = moves_files();
    let whole = zip(&files);
    let (_temp, path) = file("json.zip", &whole);
    let good = read(&[&path]).unwrap();
    for at in (0..whole.len()).step_by(13) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x55;
        let (_temp, path) = file("json.zip", &bytes);
        let Ok(read) = read(&[&path]) else { continue };
        for day in &read.days {
            let same = good.days.iter().any(|one| one.day == day.day && one.resources == day.resources);
            assert!(same, "byte {at}: {} from {}", day.day, day.source);
        }
    }
}

#[test]
fn a_file_that_is_no_zip_is_refused() {
    for bytes in [&b""[..], b"PK", b"%PDF-1.4", b"\x1f\x8b\x08", b"[ { \"date\" : \"20160101\" } ]"] {
        let (_temp, path) = file("storyline.json", bytes);
        let error = refusal(&[&path]);
        assert_eq!(error.to_string(), format!("{} is no zip file", path.display()));
    }
    let error = refusal(&[Path::new("/nowhere/x.zip")]);
    assert!(error.is_usage() && error.to_string().contains("/nowhere/x.zip"), "{error}");
}

#[test]
fn one_damaged_part_leaves_the_others() {
    let temp = tempfile::tempdir().unwrap();
    let (whole, cut) = (temp.path().join("a.zip"), temp.path().join("b.zip"));
    let bytes = moves_zip(&moves_files());
    fs::write(&whole, &bytes).unwrap();
    fs::write(&cut, &bytes[..bytes.len() / 2]).unwrap();
    let read = read(&[&cut, &whole]).unwrap();
    assert_eq!(read.dates(), DAYS);
    let [problem] = &read.problems[..] else { panic!("{:?}", read.problems) };
    assert!(problem.file.ends_with("b.zip") && problem.reason.contains("damaged"), "{problem:?}");
}

#[test]
fn a_damaged_zip_inside_is_the_damage_that_is_told() {
    let cut = zip(&moves_files());
    for inner in [&cut[..cut.len() / 2], b"html"] {
        let files = Files::from([("json.zip".to_owned(), inner.to_vec()), ("a.pdf".to_owned(), vec![])]);
        let (_temp, path) = file("moves_export.zip", &zip(&files));
        let error = refusal(&[&path]);
        assert!(matches!(error, ImportError::Damaged { .. }), "{error}");
        assert!(error.to_string().contains("moves_export.zip/json.zip is damaged"), "{error}");
    }
}

#[test]
fn paths_that_lead_out_are_refused() {
    for path in ["../evil.json", "/etc/evil.json", "json/../../evil.json", "json\\daily\\x.json", "C:/evil.json"] {
        let mut files = moves_files();
        files.insert("json/placeholder".to_owned(), b"{}".to_vec());
        let mut zip = ZipWriter::new_stream(Vec::new());
        for (name, bytes) in &files {
            zip.start_file(if name == "json/placeholder" { path } else { name }, SimpleFileOptions::default()).unwrap();
            zip.write_all(bytes).unwrap();
        }
        let zip = zip.finish().unwrap().into_inner();
        assert!(zip.windows(path.len()).any(|window| window == path.as_bytes()), "{path} did not get into the zip");
        for bytes in [super::pack::zip(&Files::from([("json.zip".to_owned(), zip.clone())])), zip] {
            let (_temp, file) = file("json.zip", &bytes);
            let error = refusal(&[&file]);
            assert!(matches!(error, ImportError::Refused { .. }), "{error}");
            assert!(error.to_string().contains(path) && error.hint().is_some(), "{error}");
        }
    }
}

#[test]
fn links_in_zips_are_refused_and_links_out_of_folders_not_followed() {
    let mut zip = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.add_symlink(NEW_YEAR, "/etc/passwd", SimpleFileOptions::default()).unwrap();
    let (_temp, path) = file("json.zip", &zip.finish().unwrap().into_inner());
    let error = refusal(&[&path]);
    assert!(error.to_string().contains("symbolic link"), "{error}");

    #[cfg(unix)]
    {
        let temp = tempfile::tempdir().unwrap();
        let mut files = moves_files();
        fs::write(temp.path().join("outside.json"), files.remove(NEW_YEAR).unwrap()).unwrap();
        files.retain(|path, _| path.contains("/daily/"));
        unpack(&files, &temp.path().join("export"));
        std::os::unix::fs::symlink(temp.path().join("outside.json"), temp.path().join("export").join(NEW_YEAR))
            .unwrap();
        let read = read(&[&temp.path().join("export")]).unwrap();
        assert_eq!(read.days.len(), 4);
        assert!(read.problems[0].file.ends_with(NEW_YEAR) && read.problems[0].reason.contains("symbolic link"));
    }
}

#[test]
fn an_encrypted_export_is_refused() {
    // Bit 0 of the flags, in front of the entry and in the list.
    let plain = zip(&moves_files());
    let mut bytes = plain.clone();
    for (signature, flags) in [(b"PK\x03\x04", 6), (b"PK\x01\x02", 8)] {
        for at in 0..plain.len() - 4 {
            if plain[at..].starts_with(signature) {
                bytes[at + flags] |= 1;
            }
        }
    }
    let (_temp, path) = file("json.zip", &bytes);
    let error = refusal(&[&path]);
    assert!(matches!(error, ImportError::Encrypted { .. }), "{error}");
    assert!(error.hint().unwrap().contains("password"));
}

#[test]
fn a_bomb_is_refused_by_what_it_says_and_by_what_it_does() {
    let bomb = Files::from([("json/full/storyline.json".to_owned(), vec![b' '; 40 << 20])]);
    let error = match of_files(&bomb) {
        Ok(_) => panic!(),
        Err(error) => error,
    };
    assert!(matches!(error, ImportError::Refused { .. }) && error.to_string().contains("40 MiB"), "{error}");
    // The zip inside is the bomb.
    let inner = zip(&Files::from([("json.zip".to_owned(), vec![0; 40 << 20])]));
    let (_temp, path) = file("moves_export.zip", &inner);
    assert!(matches!(refusal(&[&path]), ImportError::Refused { .. }));
    // It says it is small.
    let honest = zip(&bomb);
    let lying = replace(&honest, &(40_u32 << 20).to_le_bytes(), &1000_u32.to_le_bytes());
    let (_temp, path) = file("json.zip", &lying);
    let read = read(&[&path]).unwrap();
    assert_eq!(read.days.len(), 0);
    assert!(read.problems[0].reason.contains("declared uncompressed size"), "{:?}", read.problems);
    // It says it is beyond all bounds.
    let lying = replace(&honest, &(40_u32 << 20).to_le_bytes(), &0xf000_0000_u32.to_le_bytes());
    let (_temp, path) = file("json.zip", &lying);
    assert!(refusal(&[&path]).to_string().contains("more than 512 MiB"));
}

#[test]
fn entries_of_one_path_or_one_place_are_refused() {
    let other = "json/daily/storyline/storyline_20160102.json";
    let twice = replace(&zip(&moves_files()), other.as_bytes(), NEW_YEAR.as_bytes());
    let (_temp, path) = file("json.zip", &twice);
    assert!(refusal(&[&path]).to_string().contains("same path"));

    let mut zip = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file(NEW_YEAR, SimpleFileOptions::default()).unwrap();
    zip.write_all(&moves_files()[NEW_YEAR]).unwrap();
    zip.shallow_copy_file(NEW_YEAR, other).unwrap();
    let (_temp, path) = file("json.zip", &zip.finish().unwrap().into_inner());
    assert!(refusal(&[&path]).to_string().contains("over each other"));
}

#[test]
fn zips_in_zips_in_zips_are_refused() {
    let mut bytes = zip(&moves_files());
    for _ in 0..2 {
        bytes = zip(&Files::from([("json.zip".to_owned(), bytes)]));
    }
    let (_temp, path) = file("json.zip", &bytes);
    assert!(refusal(&[&path]).to_string().contains("more than 2 deep"));
}

#[test]
fn another_services_export_is_named() {
    for (entry, title) in [
        ("cardioActivities.csv", "Runkeeper"),
        ("export_12/activities.csv", "Strava"),
        ("Takeout/Fitbit/Global Export Data/steps-2020-01-01.json", "Google Takeout"),
    ] {
        let files = Files::from([(entry.to_owned(), vec![]), ("export_12/activities/1.gpx".to_owned(), vec![])]);
        let (_temp, path) = file("export.zip", &zip(&files));
        let error = refusal(&[&path]);
        assert!(matches!(error, ImportError::WrongService { .. }) && error.is_usage(), "{error}");
        assert!(error.to_string().contains(&format!("is an export of {title}")), "{error}");
    }
    let (_temp, path) = file("export.zip", &zip(&Files::from([("holiday.jpg".to_owned(), vec![1])])));
    let error = refusal(&[&path]);
    assert!(matches!(error, ImportError::Unrecognised { .. }) && error.is_usage(), "{error}");
    assert!(error.to_string().contains("daily/storyline"), "{error}");
    let error = open(&[path], &ProviderSettings::of_kind("fax")).err().unwrap();
    assert!(error.hint().unwrap().contains("moves"), "{error}");
}

#[test]
fn the_real_exports_are_read_where_they_are_at_hand() {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/samples/moves");
    let export = |date: &str| samples.join(format!("moves_export_{date}.zip"));
    if !export("2014-06-05").is_file() {
        return;
    }
    let first = read(&[&export("2014-06-05")]).unwrap();
    assert_eq!((first.dates(), first.problems), (vec!["2014-06-03".to_owned(), "2014-06-04".to_owned()], vec![]));
    let second = read(&[&export("2014-07-09")]).unwrap();
    assert_eq!((second.days.len(), second.problems), (35, vec![]));
    assert!(!second.days.iter().any(|day| day.day.to_string() == "2014-06-20"));
    let value = |day: &ImportedDay| Json::parse(day.resources["storyline"].as_bytes()).unwrap().canonical();
    assert_eq!(value(&first.days[0]), value(&second.days[0]));
    assert_ne!(value(&first.days[1]), value(&second.days[1]));
}

proptest::proptest! {
    #[test]
    fn no_bytes_make_it_panic(tail in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..400), at in 0..2000_usize) {
        let mut bytes = b"PK\x03\x04".to_vec();
        bytes.extend_from_slice(&tail);
        let (_temp, path) = file("a.zip", &bytes);
        proptest::prop_assert!(read(&[&path]).is_err());
        // The same bytes in the middle of a real one.
        let mut bytes = moves_zip(&moves_files());
        let end = (at + tail.len()).min(bytes.len());
        bytes[at..end].copy_from_slice(&tail[..end - at]);
        let (_temp, path) = file("a.zip", &bytes);
        let _ = read(&[&path]);
    }
}
