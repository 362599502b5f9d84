//! Days of which more may come.

use std::collections::BTreeMap;

use crate::import::ImportedDay;
use crate::import::merge::{FILE, ListRule, TRACKS, has_points, word};
use crate::import::tracks::{Format, Track};
use crate::model::{ContentHash, Day, JsonText, Resources};

/// The resource that the rows of activities become.
pub const ACTIVITIES: &str = "export/activities";

/// The resource that tells of the files kept beside a document, with their points.
pub const FILES: &str = "export/files";

/// The resource that tells which clock an activity's day was reckoned by, where the list itself has UTC.
pub const TIMES: &str = "export/local_times";

/// Its member that says who told the clock: a position in the activity's file, that file itself, the settings,
/// or nothing, so that it is UTC.
pub const TOLD_BY: &str = "told_by";

/// How the records of files are told apart.
pub const FILE_RULE: ListRule = ListRule {
    resource: FILES,
    keys: |file| vec![word(file, FILE)],
    order: |file| word(file, FILE),
    whole_with: ACTIVITIES,
    says_more: has_points,
    of_files: true,
};

/// A day of which more may come.
#[derive(Default)]
pub struct Draft {
    lists: BTreeMap<&'static str, Vec<JsonText>>,
    files: BTreeMap<String, (JsonText, String, Vec<u8>)>,
}

impl Draft {
    /// Adds a record of a list.
    pub fn add(&mut self, resource: &'static str, record: JsonText) {
        self.lists.entry(resource).or_default().push(record);
    }

    /// Adds a file, once: `name` as the list names it, `own` as it is kept. The points of one that cannot be
    /// read are left out.
    pub fn add_file(&mut self, name: &str, own: String, bytes: Vec<u8>, track: Option<Track>) {
        let text = |text: &str| JsonText::string(text);
        let mut members = vec![(FILE, text(name)), ("sha256", text(&ContentHash::of(&bytes).to_string()))];
        members.extend(Format::of(name).map(|format| ("format", text(format.word()))));
        members.extend(track.map(|track| (TRACKS, track.tracks)));
        self.files.insert(name.to_owned(), (JsonText::object(members), own, bytes));
    }

    /// Whether it has a file of this name.
    pub fn has_file(&self, name: &str) -> bool {
        self.files.contains_key(name)
    }

    /// The day as it is.
    pub fn finish(self, day: Day, source: String) -> ImportedDay {
        let mut imported = ImportedDay::new(day, source);
        let mut resources = Resources::new();
        for (resource, records) in &self.lists {
            resources.insert((*resource).to_owned(), JsonText::array(records));
        }
        if !self.files.is_empty() {
            resources.insert(FILES.to_owned(), JsonText::array(self.files.values().map(|(record, ..)| record)));
        }
        imported.files = self.files.into_values().map(|(_, own, bytes)| (own, bytes)).collect();
        imported.partial = resources.keys().cloned().collect();
        imported.resources = resources;
        imported
    }
}
