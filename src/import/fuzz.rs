//! Exports of any bytes: damaged zips, and zips of damaged files.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::io::Write;

use super::pack::{Files, zip};
use super::{Imported, Reader, open};
use crate::config::ProviderSettings;
use crate::fuzzing::{fuzz_target, parts};
use crate::json::canonical;
use crate::model::{DayDocument, JsonText, Resources};

/// All that came out of an export, in words that show every difference.
fn read(bytes: &[u8], kind: &str) -> Vec<String> {
    let mut file = tempfile::Builder::new().suffix(".zip").tempfile().unwrap();
    file.write_all(bytes).unwrap();
    let paths = [file.path().to_owned()];
    let mut reader = match open(&paths, &ProviderSettings::of_kind(kind)) {
        Ok(reader) => reader,
        Err(error) => {
            let words = error.to_string();
            assert!(!words.is_empty());
            return vec![words.replace(&paths[0].display().to_string(), "FILE")];
        }
    };
    let mut told = Vec::new();
    let mut steps = 0;
    while let Some(next) = reader.next() {
        steps += 1;
        assert!(steps < 200_000, "it comes to no end");
        assert!(reader.bytes_read() <= reader.total_bytes());
        match next {
            Ok(Imported::Day(day)) => {
                assert_eq!(day.day.to_string().parse(), Ok(day.day));
                let mut document = DayDocument::new(kind.parse().unwrap(), day.day);
                assert!(!day.source.is_empty() && (!day.resources.is_empty() || !day.files.is_empty()));
                assert!(day.partial.iter().all(|name| day.resources.contains_key(name)));
                document.resources.clone_from(&day.resources);
                let text = match document.json() {
                    Ok(json) => String::from_utf8(json.canonical()).unwrap(),
                    // Two levels above it are the document's own.
                    Err(error) => error.to_string(),
                };
                told.push(format!("{text} {:?} {:?}", day.partial, day.files));
                join(&mut *reader, day.day, &day.resources);
            }
            Ok(Imported::Account(resources)) => {
                assert!(resources.values().all(|text| canonical(text.as_bytes()).is_ok()));
                told.push(format!("{resources:?}"));
            }
            Ok(Imported::Note(words)) => told.push(words),
            Ok(Imported::Recall(_) | Imported::Nothing) => {}
            Err(problem) => {
                assert!(!problem.file.is_empty() && !problem.reason.is_empty());
                told.push(format!("{:?} {}", problem.day, problem.reason));
            }
        }
    }
    drop(reader.merger().map(|merger| merger.gone()));
    let name = paths[0].display().to_string();
    told.iter().map(|words| words.replace(&name, "FILE")).collect()
}

/// Brings a day together with itself, as when the same export is imported a second time.
fn join(reader: &mut dyn Reader, day: crate::model::Day, resources: &Resources) {
    for (name, text) in resources {
        let held = text.clone();
        let list = match reader.merger() {
            Some(merger) => merger.join(day, name, &held, text.clone()).list,
            None => reader.join(name, &held, text.clone()),
        };
        let spelled = |list: &JsonText| canonical(list.as_bytes()).map(|text| String::from_utf8(text).unwrap());
        assert_eq!(spelled(&list), spelled(text), "{name}");
    }
}

/// A zip of the files that an input names.
fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut files: Files = BTreeMap::new();
    for (path, text) in parts(bytes) {
        // A packer makes nothing else.
        if !path.is_empty() && path.len() < 1_000 && !path.ends_with('/') {
            files.insert(path, text.to_vec());
        }
    }
    zip(&files)
}

fn check(bytes: &[u8], kind: &str) {
    let once = read(bytes, kind);
    assert_eq!(read(bytes, kind), once);
}

fuzz_target!(any_zip, |bytes| {
    for kind in ["moves", "strava"] {
        drop(read(bytes, kind));
    }
});

fuzz_target!(moves_export, |bytes| check(&packed(bytes), "moves"));
fuzz_target!(strava_export, |bytes| check(&packed(bytes), "strava"));
fuzz_target!(runkeeper_export, |bytes| check(&packed(bytes), "runkeeper"));
fuzz_target!(takeout, |bytes| check(&packed(bytes), "fitbit"));
