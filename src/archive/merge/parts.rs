//! A document taken apart into what is merged: its resources, and what others put beside them, one by one.

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

/// Which part of a document it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::archive) enum Named {
    /// A resource, by its name.
    Resource(String),
    /// A member beside those of fitsnap's.
    Other(String),
}

/// What a document says of each resource, and of what others put beside them.
pub(in crate::archive) type Parts = BTreeMap<Named, Part>;

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
    let (resources, absent, others) = match place {
        Place::Day(provider, day) => {
            let document = DayDocument::read(text()?, provider, *day)?;
            (document.resources, document.absent, document.others)
        }
        Place::Account(provider) => {
            let account = Account::read(&text()?, provider)?;
            (account.resources, account.absent, account.others)
        }
        _ => return Err(PartsError::NoDocument),
    };
    let absent = absent.into_iter().map(|(name, reason)| (Named::Resource(name), Part::Absent(reason)));
    let mut parts: Parts = absent.collect();
    parts.extend(resources.into_iter().map(|(name, answer)| (Named::Resource(name), Part::Answer(answer))));
    parts.extend(others.into_iter().map(|(name, value)| (Named::Other(name), Part::Answer(value))));
    Ok(parts)
}

/// Puts the document of a place together, in canonical form; none where no document belongs there.
pub(in crate::archive) fn compose(place: &Place, parts: Parts) -> Result<Vec<u8>, JsonError> {
    let (mut resources, mut absent, mut others) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    for (name, part) in parts {
        match (name, part) {
            (Named::Resource(name), Part::Answer(answer)) => drop(resources.insert(name, answer)),
            (Named::Resource(name), Part::Absent(reason)) => drop(absent.insert(name, reason)),
            (Named::Other(name), Part::Answer(value)) => drop(others.insert(name, value)),
            // Only of a resource can be said why there is none.
            (Named::Other(_), Part::Absent(_)) => {}
        }
    }
    match place {
        Place::Day(provider, day) => {
            let document = DayDocument { provider: provider.clone(), day: *day, resources, absent, others };
            document.json().map(|json| json.canonical())
        }
        Place::Account(provider) => {
            let account = Account { provider: provider.clone(), resources, absent, others };
            account.json().map(|json| json.canonical())
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
