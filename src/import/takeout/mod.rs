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
//! only where the export must have all of them; they join those held where a file is damaged or left out
//! there, or where a file has the day at its edge, no other file here goes on there (see [`edges`]) and
//! another export (a part of the same Takeout, imported by itself) may have the rest.

mod catalogue;
mod edges;
mod file;
mod join;
mod plan;
mod reader;
mod shelf;
mod sorter;
mod stamp;
#[cfg(test)]
mod tests;
mod zones;

use super::elements::Elements;
use super::source::{Export, Wants};
use super::table::Table;
use super::text::Utf8;
use super::{Begun, ImportError};
use crate::config::ProviderSettings;
use crate::json::Json;
use crate::model::{Resources, Zone};

use catalogue::{Clock, Cut, Format};
use plan::{Job, Plan};
use reader::TakeoutReader;
use stamp::Stamp;
use zones::Zones;

/// What is taken out of an export. The largest file seen is a table of sleep with some tens of MiB, and the
/// largest export has 10 GB.
pub const WANTS: Wants = Wants { inner_zip: |path| is_inner_zip(path), max_file: 1 << 30, max_total: 64 << 30 };

/// A part of a Takeout or an old export that lies in a folder, as it was downloaded.
fn is_inner_zip(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    name.ends_with(".zip") && (name.starts_with("takeout-") || name.starts_with("myfitbitdata"))
}

/// A reader of the known files, if there are any.
pub fn begin(mut export: Export, wants: &Wants, settings: &ProviderSettings) -> Result<Begun, ImportError> {
    let mut plan = Plan::of(&export);
    if plan.jobs.is_empty() {
        return Ok(Begun::Nothing(export));
    }
    export.admit(&plan.jobs.iter().map(|job| job.entry).collect::<Vec<_>>(), wants)?;
    plan.settle(&mut export);
    let zones = zones(&mut export, &plan.jobs, settings);
    Ok(Begun::Reader(Box::new(TakeoutReader::new(export, plan, zones))))
}

/// Where the person's clock was: by the settings, by the profile in the export, by the day files.
fn zones(export: &mut Export, jobs: &[Job], settings: &ProviderSettings) -> Zones {
    if let Some(zone) = settings.time_zone {
        return Zones::told(zone, "the settings say");
    }
    if let Some(zone) = jobs.iter().find_map(|job| profile_zone(export, job)) {
        return Zones::told(zone, "the export's profile says");
    }
    let mut zones = Zones::default();
    for cut in [Cut::Day, Cut::Midnight] {
        let tells = |job: &&Job| {
            let stream = job.stream();
            stream.cut == cut && stream.clock == Clock::Utc && stream.format == Format::Json
        };
        for job in jobs.iter().filter(tells) {
            if let (Some(named), Some(first)) = (job.named, first_time(export, job)) {
                zones.learn(named, first);
            }
        }
        if zones.is_known() {
            break;
        }
    }
    zones.settle();
    zones
}

/// The id of the account that the profile tells.
pub fn person(account: &Resources) -> Option<String> {
    let profile = Json::parse(account.get(catalogue::PROFILE)?.as_bytes()).ok()?;
    let id = profile.root().items().next()?.get("id")?.as_str()?.into_owned();
    (!id.is_empty()).then_some(id)
}

/// The zone that a profile tells, where it is one.
fn profile_zone(export: &mut Export, job: &Job) -> Option<Zone> {
    if job.stream().resource != catalogue::PROFILE {
        return None;
    }
    let mut table = Table::open(export.stream(job.entry).ok()?).ok()?;
    let column = table.column(&["timezone"])?;
    let row = table.next().ok()??.ok()?;
    Zone::named(row.field(column))
}

/// The time of the first record in a JSON file.
fn first_time(export: &mut Export, job: &Job) -> Option<chrono::NaiveDateTime> {
    let first = Elements::new(Utf8::new(export.stream(job.entry).ok()?).ok()?).next()?.ok()?;
    let json = Json::parse(first.text).ok()?;
    let time = job.stream().time.iter().find_map(|name| json.root().get(name)?.as_str())?;
    Stamp::read(&time).map(|stamp| stamp.written)
}
