//! Where the files of a stream begin and end, and whether another one goes on there.
//!
//! A file that is cut somewhere else than at the person's midnight shares its first and its last day with
//! other files. Those may lie in another part of the Takeout, also in the midst of all others.

use std::collections::{BTreeMap, BTreeSet};

use super::catalogue::{Cut, Stream};
use super::plan::Job;
use crate::model::Day;

/// The ends of the files that are cut inside days.
#[derive(Default)]
pub struct Edges {
    /// The days that files are named after, by stream.
    names: BTreeSet<(usize, Day)>,
    /// How far the files go that are named after a day or one before it, by stream and that day.
    reached: BTreeMap<(usize, Day), Day>,
    /// What was found of each file, by its number.
    files: BTreeMap<u32, Ends>,
}

/// The ends of a file.
struct Ends {
    first: Day,
    last: Day,
    /// Whether another file ends where it begins.
    is_preceded: bool,
    /// Whether another file begins where it ends.
    is_followed: bool,
}

impl Edges {
    /// The names of these files, of which none has been read.
    pub fn of(jobs: &[Job]) -> Edges {
        let names = jobs.iter().filter_map(|job| Some((job.shelf, name(job)?))).collect();
        Edges { names, ..Edges::default() }
    }

    /// Learns from a file that was read whole; `latest` is the date in UTC of its last record. Files with
    /// days in their names come by these days.
    pub fn learn(&mut self, job: &Job, latest: Option<Day>) {
        if !is_cut_inside(job.stream()) || self.files.contains_key(&job.number) {
            return;
        }
        let (mut is_preceded, mut is_followed) = (false, false);
        if let Some(name) = name(job) {
            // The earlier of both, as the person may be on either side of UTC: a file between this one and
            // the next must not be overlooked.
            let last = job.span.zip(latest).map(|((_, last), latest)| last.min(latest));
            let reach = last.map_or(name, |last| last.max(name));
            let before = self.reached.range(..(job.shelf, name)).next_back();
            let before = before.filter(|((shelf, _), _)| *shelf == job.shelf).map(|(_, reach)| *reach);
            is_preceded = before.is_some_and(|before| name <= before.plus(1));
            is_followed = self.names.contains(&(job.shelf, reach.plus(1)));
            let reached = self.reached.entry((job.shelf, name)).or_insert(reach);
            *reached = (*reached).max(reach).max(before.unwrap_or(reach));
        }
        if let Some((first, last)) = job.span {
            self.files.insert(job.number, Ends { first, last, is_preceded, is_followed });
        }
    }

    /// Whether a file that was not given may have more of a day than these have.
    pub fn is_open(&self, day: Day, files: &BTreeSet<u32>) -> bool {
        let ends = || files.iter().filter_map(|number| self.files.get(number));
        let has_start = ends().any(|file| file.first < day || file.is_preceded);
        let has_end = ends().any(|file| file.last > day || file.is_followed);
        !(has_start && has_end)
    }
}

/// Whether the files of a stream may begin and end in the midst of a day.
pub fn is_cut_inside(stream: &Stream) -> bool {
    matches!(stream.cut, Cut::Anywhere | Cut::Untold)
}

/// The day that a file is named after, where the names tell how the stream is cut.
fn name(job: &Job) -> Option<Day> {
    job.named.filter(|_| job.stream().cut == Cut::Anywhere)
}
