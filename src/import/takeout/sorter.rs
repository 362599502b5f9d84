//! Puts the records of file after file by for their days, and knows which days may lack some.

use std::collections::BTreeSet;
use std::io;

use super::catalogue::{Cut, STREAMS};
use super::edges::{Edges, is_cut_inside};
use super::file::{Records, Troubles};
use super::plan::Job;
use super::shelf::{Key, Shelf, Shelved};
use super::stamp::Kind;
use super::zones::{Verdict, Zones};
use crate::model::Day;

/// How many days a file may have behind the one in its name: a year's.
const LONGEST: i64 = 370;

/// Puts records by for their days.
pub struct Sorter {
    zones: Zones,
    shelf: Shelf,
    /// Whether a part of the export cannot be read at all.
    is_torn: bool,
    /// All days before this one have been given away.
    given: Option<Day>,
    /// Streams and days that records came for after the day had been given away.
    late: BTreeSet<(usize, Day)>,
    /// In the second walk, the streams and days that records are wanted for.
    wanted: Option<BTreeSet<(usize, Day)>>,
    doubts: Vec<Doubt>,
    edges: Edges,
}

/// Days for which a stream may lack records, because a file is damaged or left out there; open where nothing
/// tells.
struct Doubt {
    stream: usize,
    from: Option<Day>,
    to: Option<Day>,
}

/// What is known of a file while its records come.
#[derive(Default)]
pub struct Progress {
    verdict: Option<Verdict>,
    last: Option<Day>,
    gap: bool,
    /// The date in UTC of its last record.
    latest: Option<Day>,
}

/// A stream's records of a day.
pub struct Given {
    /// The number of the stream.
    pub stream: usize,
    /// The records; none where there are too many.
    pub shelved: Option<Shelved>,
    /// Whether the export may lack some.
    pub is_partial: bool,
}

impl Sorter {
    /// A sorter for these files with nothing put by; those in `excluded` are not read. `is_torn` where a part
    /// of the export cannot be read.
    pub fn new(zones: Zones, jobs: &[Job], excluded: &[Job], is_torn: bool) -> Sorter {
        let mut sorter = Sorter {
            zones,
            shelf: Shelf::new(),
            is_torn,
            given: None,
            late: BTreeSet::new(),
            wanted: None,
            doubts: Vec::new(),
            edges: Edges::of(jobs),
        };
        excluded.iter().for_each(|job| sorter.doubt(job, None, None));
        sorter
    }

    /// Puts the records of a file by and forgets them.
    ///
    /// # Errors
    /// When there is no room left on the disk.
    pub fn put_by(
        &mut self,
        job: &mut Job,
        progress: &mut Progress,
        records: &mut Records,
        troubles: &mut Troubles,
    ) -> io::Result<()> {
        let Records { list, stamps, gaps } = std::mem::take(records);
        let stream = job.stream();
        let verdict = *progress.verdict.get_or_insert_with(|| {
            let bare = stamps.iter().filter(|(stamp, _)| stamp.kind == Kind::Bare).map(|(stamp, _)| stamp.written);
            match (bare.clone().min(), bare.max()) {
                (Some(first), Some(last)) => self.zones.verdict(stream.cut, job.named, first, last),
                _ => Verdict::Zone,
            }
        });
        let mut gaps = gaps.into_iter().peekable();
        for (at, (stamp, east)) in stamps.into_iter().enumerate() {
            progress.gap |= gaps.next_if_eq(&at).is_some();
            let Some(day) = self.zones.place(stamp, stream.clock, east, verdict) else {
                progress.gap = true;
                troubles.note(format!("the time {} has no day", stamp.written));
                continue;
            };
            if std::mem::take(&mut progress.gap) {
                self.doubt(job, progress.last, Some(day));
            }
            progress.last = Some(day);
            progress.latest = progress.latest.max(Day::from_date(stamp.moment().date()));
            job.span = Some(job.span.map_or((day, day), |(first, last)| (first.min(day), last.max(day))));
            let place = (job.shelf, day);
            if self.wanted.as_ref().is_some_and(|wanted| !wanted.contains(&place)) {
                continue;
            }
            if self.given.is_some_and(|given| day < given) {
                self.late.insert(place);
                continue;
            }
            let key = Key { time: stamp.moment().and_utc().timestamp_micros(), file: job.number };
            self.shelf.put(day, job.shelf, key, &list, at)?;
        }
        progress.gap |= gaps.next().is_some();
        Ok(())
    }

    /// Ends a file; `is_whole` unless it could not be read to its end.
    pub fn end(&mut self, job: &Job, progress: &Progress, is_whole: bool) {
        if !is_whole {
            self.doubt(job, None, None);
        } else if progress.gap {
            self.doubt(job, progress.last, None);
        }
        if is_whole {
            self.edges.learn(job, progress.latest);
        }
    }

    /// Notes that between two days a file may lack records; where nothing tells the first or the last of
    /// these days, the name may.
    fn doubt(&mut self, job: &Job, from: Option<Day>, to: Option<Day>) {
        let reach = if job.stream().cut == Cut::Day { 1 } else { LONGEST };
        let to = to.or_else(|| Some(job.from?.plus(1 + reach)));
        self.doubts.push(Doubt { stream: job.shelf, from: from.or(job.from), to });
    }

    /// What a person should know of the zone, where it mattered.
    pub fn note(&self) -> Option<String> {
        self.zones.note()
    }

    /// The first day that anything is put by for.
    pub fn first(&self) -> Option<Day> {
        self.shelf.first()
    }

    /// Gives away what is put by for a day.
    ///
    /// # Errors
    /// When the temporary file cannot be read.
    pub fn give(&mut self, day: Day) -> io::Result<Vec<Given>> {
        self.given = Some(day.plus(1));
        let taken = self.shelf.take(day)?;
        Ok(taken
            .into_iter()
            .map(|(stream, shelved)| {
                let is_edge = |shelved: &Shelved| self.is_edge(stream, day, shelved);
                let is_partial = self.is_torn || self.is_doubtful(stream, day) || shelved.as_ref().is_some_and(is_edge);
                Given { stream, shelved, is_partial }
            })
            .collect())
    }

    fn is_doubtful(&self, stream: usize, day: Day) -> bool {
        self.doubts.iter().any(|doubt| {
            doubt.stream == stream && doubt.from.is_none_or(|from| from <= day) && doubt.to.is_none_or(|to| day <= to)
        })
    }

    /// Whether the files with these records begin or end on this day, and another export may have the rest.
    fn is_edge(&self, stream: usize, day: Day, shelved: &Shelved) -> bool {
        STREAMS.get(stream).is_some_and(is_cut_inside) && self.edges.is_open(day, &shelved.files)
    }

    /// Begins the second walk, for the records that came too late, and says of which streams and days.
    pub fn again(&mut self) -> Option<&BTreeSet<(usize, Day)>> {
        let late = std::mem::take(&mut self.late);
        if late.is_empty() || self.wanted.is_some() {
            return None;
        }
        self.given = None;
        self.wanted = Some(late);
        self.wanted.as_ref()
    }
}
