//! A document taken apart into what is merged: its resources, one by one.

use std::collections::BTreeMap;

use crate::archive::Place;
use crate::json::{JsonError, canonical};
use crate::model::{Account, DayDocument, DocumentError, JsonText};

/// What a document says of one resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::archive) enum Part {
    /// The provider's answer.
    Answer(JsonText),
    /// Why there is none.
    Absent(String),
}

/// What a document says of each resource, by its name.
pub(in crate::archive) type Parts = BTreeMap<String, Part>;

/// A file that cannot be taken apart.
#[derive(Debug, thiserror::Error)]
pub(in crate::archive) enum PartsError {
    /// No document belongs in its place.
    #[error("fitsnap puts no document there")]
    NoDocument,
    /// It is not the document that belongs there.
    #[error(transparent)]
    Document(#[from] DocumentError),
}

/// Takes the document of a place apart. Another spelling of the same values makes the same parts.
pub(in crate::archive) fn parts_of(place: &Place, bytes: &[u8]) -> Result<Parts, PartsError> {
    let text = || canonical(bytes).map_err(DocumentError::from);
    let (resources, absent) = match place {
        Place::Day(provider, day) => {
            let document = DayDocument::read(text()?, provider, *day)?;
            (document.resources, document.absent)
        }
        Place::Account(provider) => {
            let account = Account::read(&text()?, provider)?;
            (account.resources, account.absent)
        }
        _ => return Err(PartsError::NoDocument),
    };
    let mut parts: Parts = absent.into_iter().map(|(name, reason)| (name, Part::Absent(reason))).collect();
    parts.extend(resources.into_iter().map(|(name, answer)| (name, Part::Answer(answer))));
    Ok(parts)
}

/// Puts the document of a place together, in canonical form; none where no document belongs there.
pub(in crate::archive) fn compose(place: &Place, parts: Parts) -> Result<Vec<u8>, JsonError> {
    let (mut resources, mut absent) = (BTreeMap::new(), BTreeMap::new());
    for (name, part) in parts {
        match part {
            Part::Answer(answer) => drop(resources.insert(name, answer)),
            Part::Absent(reason) => drop(absent.insert(name, reason)),
        }
    }
    match place {
        Place::Day(provider, day) => {
            DayDocument { provider: provider.clone(), day: *day, resources, absent }.json().map(|json| json.canonical())
        }
        Place::Account(provider) => {
            Account { provider: provider.clone(), resources, absent }.json().map(|json| json.canonical())
        }
        _ => Ok(Vec::new()),
    }
}

impl Part {
    /// Its spelling: between two of the same time something must decide.
    pub(super) fn spelling(&self) -> &[u8] {
        match self {
            Part::Answer(answer) => answer.as_bytes(),
            Part::Absent(reason) => reason.as_bytes(),
        }
    }
}
