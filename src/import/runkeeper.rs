//! Runkeeper's export (Settings, Export Data): `cardioActivities.csv`, `measurements.csv`, and a GPX for each
//! activity that has a track.
//!
//! Facts measured on real exports: dates are those of the person's clock; units follow the account and
//! stand in the header; a pause begins another segment of the GPX; the older exports name a GPX after the
//! minute, the newer ones after the second. An export may be of some months only.

use chrono::NaiveDateTime;

use super::activities::{self, ACTIVITIES, Columns, Diary, FILE_RULE, Sheet, Start};
use super::merge::{ListRule, word};
use super::source::{Export, Wants};
use super::table::{Column, Row};
use super::{Begun, ImportError};
use crate::config::ProviderSettings;
use crate::json::Value;
use crate::model::{Day, Resources};

/// What is taken out of an export.
pub const WANTS: Wants = Wants { inner_zip: |path| is_export(path), max_file: 512 << 20, max_total: 64 << 30 };

const MEASUREMENTS: &str = "export/measurements";

const ID: &str = "Activity Id";
const DATE: &str = "Date";
const KIND: &str = "Type";

static DIARY: Diary = Diary {
    sheets: &[
        Sheet { file: "cardioActivities.csv", resource: ACTIVITIES, columns, start },
        Sheet { file: "measurements.csv", resource: MEASUREMENTS, columns, start },
    ],
    folder: "",
    day_of_name: |name| name.get(..10)?.parse::<Day>().ok(),
    rules: &[
        ListRule {
            resource: ACTIVITIES,
            keys,
            order: |row| word(row, DATE),
            whole_with: ACTIVITIES,
            says_more: |_, _| false,
            of_files: false,
        },
        ListRule {
            resource: MEASUREMENTS,
            keys,
            order: |row| word(row, DATE) + &word(row, KIND),
            whole_with: MEASUREMENTS,
            says_more: |_, _| false,
            of_files: false,
        },
        FILE_RULE,
    ],
    account: |_, _, _| (Resources::new(), Vec::new()),
    account_files: |_, _, _| Vec::new(),
};

/// A reader of the export, unless it holds nothing of the kind.
pub fn begin(export: Export, wants: &Wants, settings: &ProviderSettings) -> Result<Begun, ImportError> {
    activities::begin(export, wants, settings, &DIARY)
}

/// The zip, where it lies in a folder as it was downloaded.
fn is_export(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    name.contains("runkeeper") && name.ends_with(".zip")
}

fn columns(columns: &[Column], _: &[Row]) -> Option<Columns> {
    let named = |name: &str| columns.iter().position(|column| column.header == name);
    let is_cardio = named("GPX File").is_some();
    Some(Columns {
        id: named(ID),
        date: named(DATE)?,
        // A measurement's type is what was measured.
        kind: named(KIND).filter(|_| is_cardio),
        file: named("GPX File"),
        media: None,
    })
}

/// Reads `2017-08-10 17:59:54`.
fn start(date: &str) -> Option<Start> {
    NaiveDateTime::parse_from_str(date, "%Y-%m-%d %H:%M:%S").ok().map(Start::Local)
}

/// What tells a row apart: its id, which older exports lack, and its start and type.
fn keys(row: Value<'_>) -> Vec<String> {
    let id = Some(word(row, ID)).filter(|id| !id.is_empty());
    let start = format!("{} {}", word(row, DATE), word(row, KIND));
    id.into_iter().chain([start]).collect()
}
