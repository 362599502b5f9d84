//! Whether a file's content is what its place asks for.

use crate::archive::{HashList, Place};
use crate::json::canonical;
use crate::model::{Account, DayDocument, DocumentError};

/// The largest file, in bytes, that is taken into memory. Git hosts take less; a file of a day is a thousandth.
pub(in crate::archive) const MAX_FILE: u64 = 256 * 1024 * 1024;

/// What is wrong with a content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::archive) struct Fault {
    /// For people: goes after the path.
    pub problem: String,
    /// Whether it cannot even be read, as after bit rot.
    pub broken: bool,
}

/// What is wrong with the bytes of the file of a place, taken by themselves.
pub(in crate::archive) fn document_fault(place: &Place, bytes: &[u8]) -> Option<Fault> {
    let read = match place {
        Place::Day(provider, day) => DayDocument::read(bytes, provider, *day).map(|_| ()),
        Place::Account(provider) => Account::read(bytes, provider).map(|_| ()),
        Place::HashList(_) => {
            return match HashList::parse(bytes) {
                Ok(list) if list.is_empty() => Some(fault("it lists no file", false)),
                Ok(_) => None,
                Err(error) => Some(fault(format!("it is no list of hashes: {error}"), true)),
            };
        }
        Place::File(..) | Place::Foreign | Place::Outside => return None,
    };
    match read {
        Err(error) => {
            let broken = matches!(error, DocumentError::Json(_));
            Some(fault(error.to_string(), broken))
        }
        Ok(()) => match canonical(bytes) {
            Ok(form) if form == bytes => None,
            _ => Some(fault("it is not in canonical form", false)),
        },
    }
}

fn fault(problem: impl Into<String>, broken: bool) -> Fault {
    Fault { problem: problem.into(), broken }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(path: &str, text: &str) -> String {
        document_fault(&Place::of(path), text.as_bytes()).map(|fault| fault.problem).unwrap_or_default()
    }

    #[test]
    fn a_document_is_canonical_and_of_its_place() {
        let day = "data/moves/2015/07/05.json";
        let good = "{\"date\": \"2015-07-05\", \"provider\": \"moves\", \"resources\": {}}\n";
        assert_eq!(problem(day, good), "");
        assert!(problem(day, &good.replace(": {}", ":{}")).contains("canonical form"));
        assert!(problem(day, &good.replace("-05\"", "-06\"")).contains("moves 2015-07-06"));
        assert!(problem("data/strava/2015/07/05.json", good).contains("strava 2015-07-05"));
        assert!(problem(day, &good[..40]).contains("not readable JSON"));
        let account = "{\"provider\": \"moves\", \"resources\": {}}\n";
        assert_eq!(problem("data/moves/account.json", account), "");
        assert!(problem("data/moves/account.json", "[]\n").contains("no document of fitsnap's"));
    }

    #[test]
    fn the_files_of_an_export_may_hold_anything() {
        assert_eq!(problem("data/moves/2015/07/05/run.gpx", "\0"), "");
    }

    #[test]
    fn a_hash_list_is_what_fitsnap_writes() {
        assert!(problem("data/moves/SHA256SUMS", "").contains("lists no file"));
        assert!(problem("data/moves/SHA256SUMS", "x\n").contains("line 1"));
    }
}
