//! Exports that list activities in CSV files and have a file of points for each: Strava's and Runkeeper's.
//!
//! The lists are read first, so that it is known what there is; then the activities come in order of time,
//! each with its file, and a day is given as soon as nothing more can come for it.

mod draft;
mod reader;
mod rows;
mod survey;

use chrono::NaiveDateTime;

use super::ImportProblem;
use super::merge::ListRule;
use super::source::Export;
use super::table::{Column, Row};
use crate::config::ProviderSettings;
use crate::model::{Day, Resources};

pub use draft::{ACTIVITIES, FILE_RULE, TIMES, TOLD_BY};
pub use reader::begin;

/// What a service's export of activities looks like.
pub struct Diary {
    /// The CSV files whose rows belong to days, that of the activities first.
    pub sheets: &'static [Sheet],
    /// Where activity files lie below the folder of the lists; a slash at the end.
    pub folder: &'static str,
    /// The day in the name of a file that no row names, where it tells one.
    pub day_of_name: fn(&str) -> Option<Day>,
    /// How records are told apart.
    pub rules: &'static [ListRule],
    /// What has no day, read from the files beside the lists.
    pub account: fn(&mut Export, &str, &ProviderSettings) -> (Resources, Vec<ImportProblem>),
    /// The files that `account` reads.
    pub account_files: fn(&Export, &str, &ProviderSettings) -> Vec<usize>,
}

/// A CSV file whose rows belong to days.
pub struct Sheet {
    /// Its name.
    pub file: &'static str,
    /// The resource that its rows become.
    pub resource: &'static str,
    /// Where the columns are that matter, told by the header and the first rows; none where it is no such
    /// file.
    pub columns: fn(&[Column], &[Row]) -> Option<Columns>,
    /// The start of what a row tells of.
    pub start: fn(&str) -> Option<Start>,
}

/// Where the columns of a sheet are that matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Columns {
    /// What tells a row apart, where that has a column.
    pub id: Option<usize>,
    /// When it was.
    pub date: usize,
    /// Which kind of activity it was.
    pub kind: Option<usize>,
    /// The name of its file.
    pub file: Option<usize>,
    /// The names of its pictures.
    pub media: Option<usize>,
}

/// When something began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Start {
    /// By the person's clock.
    Local(NaiveDateTime),
    /// In UTC.
    Utc(NaiveDateTime),
}

impl Start {
    fn time(self) -> NaiveDateTime {
        match self {
            Start::Local(time) | Start::Utc(time) => time,
        }
    }
}
