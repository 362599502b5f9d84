//! What an imported day changes in the document held.

use super::ImportedDay;
use crate::json::JsonError;
use crate::model::{DayDocument, DocumentError, ProviderName};

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Merged {
    /// The document held says the same.
    Unchanged,
    /// The document to hold from now on, in canonical form.
    Changed(Vec<u8>),
}

/// Why the day cannot be taken in.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum MergeError {
    /// The document held cannot be read, and it is not for an import to write over it.
    #[error("the document held cannot be read: {0}; see what is wrong with: fitsnap verify")]
    Held(#[from] DocumentError),
    /// The day is JSON that canonical form refuses.
    #[error("it has no canonical form: {0}")]
    Imported(#[from] JsonError),
}

/// Puts an imported day into the document held, if there is one. Only the resources that the export
/// has are replaced, each where its value differs; all others stay as they are.
///
/// # Errors
/// When the document held or the imported day cannot be read.
pub fn merge(provider: &ProviderName, held: Option<&[u8]>, imported: &ImportedDay) -> Result<Merged, MergeError> {
    let mut document = match held {
        Some(text) => DayDocument::read(text, provider, imported.day)?,
        None => DayDocument::new(provider.clone(), imported.day),
    };
    for (name, value) in &imported.resources {
        document.absent.remove(name);
        document.resources.insert(name.clone(), value.clone());
    }
    let canonical = document.canonical()?;
    Ok(if held == Some(canonical.as_slice()) { Merged::Unchanged } else { Merged::Changed(canonical) })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::model::{JsonText, Resources};

    fn imported(storyline: &str) -> ImportedDay {
        let resources = Resources::from([("storyline".to_owned(), JsonText::parse(storyline.as_bytes()).unwrap())]);
        ImportedDay { day: "2016-01-01".parse().unwrap(), resources, source: "a.json".to_owned() }
    }

    fn moves() -> ProviderName {
        "moves".parse().unwrap()
    }

    #[test]
    fn the_same_value_in_another_spelling_changes_nothing() {
        let Merged::Changed(first) = merge(&moves(), None, &imported("[ {\"a\" : 1.0} ]")).unwrap() else { panic!() };
        assert_eq!(
            String::from_utf8(first.clone()).unwrap(),
            "{\"date\": \"2016-01-01\", \"provider\": \"moves\", \"resources\": {\"storyline\": [{\"a\": 1}]}}\n"
        );
        assert_eq!(merge(&moves(), Some(&first), &imported("[{\"a\":1}]")), Ok(Merged::Unchanged));
        assert!(matches!(merge(&moves(), Some(&first), &imported("[{\"a\":2}]")), Ok(Merged::Changed(_))));
    }

    #[test]
    fn other_resources_stay_and_what_was_absent_no_longer_is() {
        let held = crate::json::canonical(
            br#"{"date":"2016-01-01","provider":"moves","absent":{"storyline":"gone","x":"gone"},"resources":{"heart":[1]}}"#,
        )
        .unwrap();
        let Merged::Changed(text) = merge(&moves(), Some(&held), &imported("[]")).unwrap() else { panic!() };
        let document = DayDocument::read(&text, &moves(), "2016-01-01".parse().unwrap()).unwrap();
        assert_eq!(document.resources.keys().collect::<Vec<_>>(), ["heart", "storyline"]);
        assert_eq!(document.absent.keys().collect::<Vec<_>>(), ["x"]);
    }

    #[test]
    fn a_document_that_cannot_be_read_is_not_written_over() {
        for held in ["{\"date\":", "{\"date\": \"2016-01-02\", \"provider\": \"moves\", \"resources\": {}}\n"] {
            assert!(matches!(merge(&moves(), Some(held.as_bytes()), &imported("[]")), Err(MergeError::Held(_))));
        }
    }
}
