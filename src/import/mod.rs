//! A service's own export, read into day documents.
//!
//! A reader takes what the person named (zips, zips in zips, folders) as one set of files, finds the
//! days in it, and gives each day once. It writes nothing: what an imported day changes in the
//! document held is decided by the archive, which commits it.

mod activities;
mod elements;
mod error;
mod folder;
#[cfg(test)]
mod fuzz;
mod merge;
mod moves;
#[cfg(test)]
#[path = "../../tests/it/pack.rs"]
pub(crate) mod pack;
mod runkeeper;
mod service;
mod source;
mod strava;
mod table;
mod takeout;
#[cfg(test)]
mod tests;
mod text;
mod tracks;
mod unzip;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::config::ProviderSettings;
use crate::model::{Day, JsonText, Resources};

pub use error::ImportError;
pub use merge::{Gone, Joined, Merger, Without};
pub use service::Service;

use source::{Export, Wants};

/// Reads an export. All of its files may be looked through before the first day comes.
pub trait Reader {
    /// How many bytes there are to read, unpacked; an estimate until the first day has come.
    fn total_bytes(&self) -> u64;

    /// How many of them have been read.
    fn bytes_read(&self) -> u64;

    /// The next of what the export has, or the next problem; none at the end. A problem ends nothing. A day
    /// comes once, or again with the resources of which more was found.
    fn next(&mut self) -> Option<Result<Imported, ImportProblem>>;

    /// What brings this export's lists together with those held, where it has such lists.
    fn merger(&mut self) -> Option<&mut Merger> {
        None
    }

    /// What is held of a day that was asked for with [`Imported::Recall`].
    fn recall(&mut self, _held: &Resources) {}

    /// A partial resource of a day together with what is held of it.
    fn join(&self, _resource: &str, _held: &JsonText, new: JsonText) -> JsonText {
        new
    }
}

/// What comes out of an export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Imported {
    /// A day.
    Day(ImportedDay),
    /// Resources that have no day.
    Account(Resources),
    /// Something a person should know that is no problem.
    Note(String),
    /// To go on, the reader wants to be told what is held of these days, as far as they are.
    Recall(BTreeSet<Day>),
    /// Nothing yet, so that a long reading can be watched and stopped.
    Nothing,
}

/// A day as the export has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedDay {
    /// The day.
    pub day: Day,
    /// What the export says of it.
    pub resources: Resources,
    /// The resources of which the export may lack a part: they take nothing away that is held.
    pub partial: BTreeSet<String>,
    /// Files that belong to it, by the names that the export has for them.
    pub files: BTreeMap<String, Vec<u8>>,
    /// The file it comes from, for people.
    pub source: String,
}

impl ImportedDay {
    /// A day with nothing in it yet.
    pub fn new(day: Day, source: String) -> ImportedDay {
        let (resources, partial, files) = (Resources::new(), BTreeSet::new(), BTreeMap::new());
        ImportedDay { day, resources, partial, files, source }
    }
}

impl ImportedDay {
    /// How many bytes it has.
    pub fn size(&self) -> usize {
        let resources: usize = self.resources.values().map(|value| value.as_bytes().len()).sum();
        resources + self.files.values().map(Vec::len).sum::<usize>()
    }
}

/// A file or a day of an export that cannot be used; the rest can.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportProblem {
    /// The file, for people.
    pub file: String,
    /// The day that is not imported because of it, where that is known.
    pub day: Option<Day>,
    /// What is wrong, and what to do where there is something; it names any other file concerned.
    pub reason: String,
}

/// What can read the exports of one service.
struct Importer {
    service: Service,
    /// The providers that it reads for.
    kinds: &'static [&'static str],
    wants: Wants,
    /// What a person would look for, for messages.
    expected: &'static str,
    /// A reader of the export, unless it holds nothing of the kind.
    begin: fn(Export, &Wants, &ProviderSettings) -> Result<Begun, ImportError>,
}

enum Begun {
    Reader(Box<dyn Reader>),
    Nothing(Export),
}

const IMPORTERS: &[Importer] = &[
    Importer {
        service: Service::Moves,
        kinds: &["moves"],
        wants: moves::WANTS,
        expected: "json.zip or a folder json with daily/storyline in it",
        begin: moves::begin,
    },
    Importer {
        service: Service::Strava,
        kinds: &["strava"],
        wants: strava::WANTS,
        expected: "activities.csv, as in the zip of \"Download your data\"",
        begin: strava::begin,
    },
    Importer {
        service: Service::Runkeeper,
        kinds: &["runkeeper"],
        wants: runkeeper::WANTS,
        expected: "cardioActivities.csv, as in the zip of Settings, Export Data",
        begin: runkeeper::begin,
    },
    Importer {
        service: Service::Takeout,
        kinds: &["fitbit", "googlehealth"],
        wants: takeout::WANTS,
        expected: "a folder Takeout/Fitbit or Takeout/Google Health with Global Export Data in it",
        begin: takeout::begin,
    },
];

/// Whose account it is that an export told of, where it says so: an id that stays the same for one person.
pub fn person(account: &Resources) -> Option<String> {
    strava::person(account).or_else(|| takeout::person(account))
}

/// Whether the ids of persons in a service's exports are those of its API.
pub fn has_ids_of_api(kind: &str) -> bool {
    // A Takeout has the id of the Fitbit account, whatever the API goes by.
    IMPORTERS.iter().any(|importer| importer.service != Service::Takeout && importer.kinds.contains(&kind))
}

/// The services whose exports can be read.
pub fn kinds() -> Vec<&'static str> {
    IMPORTERS.iter().flat_map(|importer| importer.kinds).copied().collect()
}

/// Opens the export of a service of the kind that the settings name: a zip, the parts of one, a folder,
/// or several of them.
///
/// # Errors
/// When nothing of it can be read, it holds what no honest export does, or it is no export of that
/// service.
pub fn open(paths: &[PathBuf], settings: &ProviderSettings) -> Result<Box<dyn Reader>, ImportError> {
    let kind = settings.kind.as_str();
    let Some(importer) = IMPORTERS.iter().find(|importer| importer.kinds.contains(&kind)) else {
        return Err(ImportError::NoReader { kind: kind.to_owned(), known: kinds() });
    };
    let asked = importer.service;
    let export = match (importer.begin)(Export::open(paths, &importer.wants)?, &importer.wants, settings)? {
        Begun::Reader(reader) => return Ok(reader),
        Begun::Nothing(export) => export,
    };
    let name = export.name().to_owned();
    match Service::of(export.entries().iter().map(|entry| entry.path.as_str())) {
        Some(found) if found != asked => {
            let readable = kinds().contains(&found.kind());
            Err(ImportError::WrongService { name, found, asked, readable })
        }
        _ => {
            if let Some((name, problem)) = export.damaged().first() {
                return Err(ImportError::Damaged { name: name.clone(), problem: problem.clone() });
            }
            let blocked = (0..export.entries().len()).find_map(|at| Some((at, export.blocked(at)?)));
            let passed_over = blocked.map(|(at, why)| format!("{} was passed over: {why}", export.entries()[at].name));
            Err(ImportError::Unrecognised { name, asked, expected: importer.expected, passed_over })
        }
    }
}
