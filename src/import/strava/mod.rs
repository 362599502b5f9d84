//! Strava's bulk export ("Download your data"): `activities.csv`, a file of points for each activity, and
//! what has no day.
//!
//! Facts measured on real exports: the header changed several times and has names that occur twice; its
//! language and that of the dates follow the account, and dates are in UTC. A file's name is the number of
//! an upload as often as that of an activity, so only the column `Filename` says which is whose.

mod account;
mod date;

pub use account::person;

use super::activities::{self, ACTIVITIES, Columns, Diary, FILE_RULE, Sheet, Start, TIMES, TOLD_BY};
use super::merge::{ListRule, word};
use super::source::{Export, Wants};
use super::table::{Column, Row};
use super::tracks::Format;
use super::{Begun, ImportError};
use crate::config::ProviderSettings;
use crate::json::Value;

/// What is taken out of an export. Twenty thousand activities of a megabyte are 20 GiB.
pub const WANTS: Wants = Wants { inner_zip: |path| is_export(path), max_file: 512 << 20, max_total: 64 << 30 };

/// The folder of the activity files.
const FOLDER: &str = "activities/";

/// The names of columns in English, of 2018 and since.
const ID: [&str; 2] = ["Activity ID", "id"];
const DATE: [&str; 2] = ["Activity Date", "date"];
const KIND: [&str; 2] = ["Activity Type", "type"];
const FILENAME: [&str; 2] = ["Filename", "filename"];
const MEDIA: &str = "Media";

/// So many columns every layout has.
const FEWEST: usize = 10;

static DIARY: Diary = Diary {
    sheets: &[Sheet {
        file: "activities.csv",
        resource: ACTIVITIES,
        columns,
        start: |date| date::read(date).map(Start::Utc),
    }],
    folder: FOLDER,
    day_of_name: |_| None,
    rules: &[
        ListRule {
            resource: ACTIVITIES,
            keys: ids,
            order: start,
            whole_with: ACTIVITIES,
            says_more: |_, _| false,
            of_files: false,
        },
        ListRule {
            resource: TIMES,
            keys: ids,
            order: |time| word(time, "local_start"),
            whole_with: ACTIVITIES,
            says_more: is_told_by_file,
            of_files: false,
        },
        FILE_RULE,
    ],
    account: account::read,
    account_files: account::files,
};

/// A reader of the export, unless it holds nothing of the kind.
pub fn begin(export: Export, wants: &Wants, settings: &ProviderSettings) -> Result<Begun, ImportError> {
    activities::begin(export, wants, settings, &DIARY)
}

/// The zip, where it lies in a folder as it was downloaded.
fn is_export(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    let number = name.strip_prefix("export_").and_then(|rest| rest.strip_suffix(".zip"));
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The columns by their English names; in another language by their place and by what stands in them.
fn columns(columns: &[Column], sample: &[Row]) -> Option<Columns> {
    let named = |names: &[&str]| columns.iter().position(|column| names.contains(&column.header.as_str()));
    let is_file = |text: &str| text.starts_with(FOLDER) && Format::of(text).is_some();
    let file = || (4..columns.len()).find(|column| sample.iter().any(|row| is_file(row.field(*column))));
    let (id, date) = (named(&ID), named(&DATE));
    if id.is_none() || date.is_none() {
        let fits =
            |row: &Row| row.field(0).bytes().all(|byte| byte.is_ascii_digit()) && date::read(row.field(1)).is_some();
        if columns.len() < FEWEST || !sample.iter().any(fits) {
            return None;
        }
    }
    Some(Columns {
        id: id.or(Some(0)),
        date: date.unwrap_or(1),
        kind: named(&KIND).or(Some(3)),
        file: named(&FILENAME).or_else(file),
        media: named(&[MEDIA]),
    })
}

/// What tells an activity apart.
fn ids(record: Value<'_>) -> Vec<String> {
    ID.iter().filter_map(|name| Some(record.get(name)?.as_str()?.into_owned())).collect()
}

/// Whether a file told the clock once, and now none does: one that cannot be read today said so before.
fn is_told_by_file(held: Value<'_>, new: Value<'_>) -> bool {
    let by_file = |time| matches!(word(time, TOLD_BY).as_str(), "position" | "file");
    by_file(held) && !by_file(new)
}

fn start(record: Value<'_>) -> String {
    let date = DATE.iter().map(|name| word(record, name)).find_map(|text| date::read(&text));
    date.map(|date| date.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_zip_is_known_by_its_name() {
        assert!(is_export("export_12345678.zip") && is_export("old/export_1.zip"));
        assert!(!is_export("export_.zip") && !is_export("export_12.zip.part") && !is_export("photos.zip"));
    }
}
