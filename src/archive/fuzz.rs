//! What stands in an archive, of any bytes.
#![allow(clippy::unwrap_used)]

use chrono::{DateTime, Days};

use super::journal::read as read_journal;
use super::merge::{compose, parts_of};
use super::verify::document_fault;
use super::{Checked, HashList, Place, Seen};
use crate::fuzzing::{fuzz_target, parts};

fuzz_target!(hash_list, |bytes| {
    match HashList::parse(bytes) {
        Err(error) => assert!(error.to_string().starts_with("line ")),
        Ok(list) => {
            assert_eq!(list.render(), bytes);
            let fault = document_fault(&Place::HashList("data/moves".to_owned()), bytes);
            assert_eq!(fault.is_none(), list.names().count() > 0);
            assert!(list.names().all(|name| !name.contains('/') && list.get(name).is_some()));
        }
    }
});

// The name of the part says the place.
fuzz_target!(files_of_an_archive, |bytes| {
    for (path, text) in parts(bytes) {
        let place = Place::of(&path);
        let fault = document_fault(&place, text);
        match &place {
            Place::Day(..) | Place::Account(_) => {
                let read = parts_of(&place, text);
                assert!(fault.is_some() || read.is_ok());
                let Ok(parts) = read else { continue };
                // What can be read is well once it is written anew.
                let written = compose(&place, parts.clone()).unwrap();
                assert_eq!(document_fault(&place, &written), None);
                assert_eq!(parts_of(&place, &written).ok(), Some(parts));
            }
            Place::File(_, _, name) => assert!(path.ends_with(name.as_str()) && super::layout::stays_inside(&path)),
            Place::HashList(folder) => assert_eq!(path, format!("{folder}/{}", super::HASH_LIST)),
            Place::Foreign => assert!(path.starts_with("data/")),
            Place::Outside => assert!(!path.starts_with("data/")),
        }
        if matches!(place, Place::Day(..) | Place::Account(_) | Place::HashList(_)) {
            assert!(super::layout::stays_inside(&path), "{path}");
        }
    }
});

// The name of the part says the file of fitsnap's own folder.
fuzz_target!(local_state, |bytes| {
    for (name, text) in parts(bytes) {
        let text = String::from_utf8_lossy(text);
        match name.as_str() {
            "checked" => {
                let checked = Checked::read(&text);
                let written = checked.text();
                assert_eq!(Checked::read(&written).text(), written);
                assert!(checked.handed_over(DateTime::UNIX_EPOCH).count() <= text.lines().count());
                // A day before it is asked for too.
                let times = [checked.changes(), checked.last_sync()];
                assert!(times.into_iter().flatten().all(|time| time.checked_sub_days(Days::new(1)).is_some()));
                let mut checked = checked;
                checked.grant("another\nincomplete 2015-07-05 0");
                assert_eq!(Checked::read(&checked.text()).text(), checked.text());
            }
            "seen" => {
                let mut seen = Seen::read(&text);
                assert_eq!(Seen::read(&seen.text()).text(), seen.text());
                seen.note(&text, "grant\tx", &text);
                assert_eq!(Seen::read(&seen.text()).text(), seen.text());
            }
            _ => {
                if let Some((_, edits, old)) = read_journal(text.as_bytes()) {
                    assert_eq!(edits.len(), old.len());
                    assert!(edits.keys().all(|path| super::layout::stays_inside(path)));
                }
            }
        }
    }
});
