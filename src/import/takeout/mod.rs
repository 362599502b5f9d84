//! Google Takeout with the days of a Fitbit or Google Health account, and the older exports of fitbit.com.
//!
//! A stream (steps, pulse, sleep) lies in files of a day, a month or a year, in any order and in any part of
//! a Takeout of many zips; a day's records come from some dozens of files. Twelve years are 10 GB in 33,000
//! files. The plan that reads each of them once in little memory:
//!
//! 1. The lists at the ends of the zips name all files. A name tells the stream and, as a rule, the first
//!    day that the file has anything for (see [`catalogue`]).
//! 2. Files whose names tell no day come first; they are small, tables of years. Then come the others, the
//!    oldest first. Records are put by for their days (see [`shelf`]), packed where they are many.
//! 3. Before a file of a day is read, all days up to the one before it are done: nothing more can come for
//!    them. They leave the shelf one by one, each whole, and the archive can commit them.
//! 4. A name may lie. A record for a day that has gone is noted, and at the end the files of its stream
//!    that touch such days are read once more, for those days alone.
//!
//! Memory thus holds the list of files, a month of all streams (packed), and one day.
//!
//! Nothing may be lost by an export that lacks something. A stream's records for a day replace those held
//! only where the export must have all of them; they join those held where a file is damaged there, or
//! where only one file has the day at its edge and another export (a part of the same Takeout, imported by
//! itself) may have the rest.

mod catalogue;
mod file;
mod plan;
mod reader;
mod shelf;
mod sorter;
mod stamp;
mod zones;

use std::collections::BTreeMap;

use super::source::{Export, Wants};
use super::{Begun, ImportError};
use crate::model::Zone;

use catalogue::{Clock, Cut, Format};
use elements::Elements;
use plan::{Job, Plan};
use reader::TakeoutReader;
use zones::Zones;

/// What is taken out of an export. The largest file seen is a table of sleep with some tens of MiB, and the
/// largest export has 10 GB.
pub const WANTS: Wants = Wants { inner_zip: |path| is_inner_zip(path), max_file: 1 << 30, max_total: 64 << 30 };

/// A part of a Takeout, or an old export, that lies in a folder.
fn is_inner_zip(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    name.ends_with(".zip") && (name.starts_with("takeout-") || name.starts_with("myfitbitdata"))
}
