//! The walk through the files of a Takeout: see the plan in the module above.

use std::collections::VecDeque;
use std::io;

use super::catalogue::Format;
use super::file::{Records, Troubles, read_json};
use super::plan::{Job, Plan};
use super::shelf::MAX_DAY;
use super::sorter::Sorter;
use super::zones::Zones;
use crate::import::source::Export;
use crate::import::{ImportProblem, ImportedDay, Reader};
use crate::model::{Day, Resources};

/// A file no larger than this is read whole before its records are put by, so that a damaged one leaves no
/// trace. A larger one is read to its end first, for its checksum.
const WHOLE: u64 = 16 << 20;

/// Reads the days of a Takeout.
pub struct TakeoutReader {
    export: Export,
    jobs: Vec<Job>,
    at: usize,
    sorter: Sorter,
    problems: VecDeque<ImportProblem>,
    read: u64,
    total: u64,
}

impl TakeoutReader {
    /// A reader of these files.
    pub fn new(export: Export, plan: Plan, zones: Zones) -> TakeoutReader {
        let problems = export
            .damaged()
            .iter()
            .map(|(file, problem)| ImportProblem {
                file: file.clone(),
                day: None,
                reason: format!("the zip is damaged: {problem}"),
            })
            .chain(plan.problems)
            .collect();
        let sorter = Sorter::new(zones, !export.damaged().is_empty());
        let mut reader = TakeoutReader { export, jobs: plan.jobs, at: 0, sorter, problems, read: 0, total: 0 };
        reader.total = reader.jobs.iter().map(|job| reader.size(job)).sum();
        reader
    }

    /// Whether nothing more can come for a day.
    fn is_whole(&self, day: Day) -> bool {
        self.jobs.get(self.at).is_none_or(|job| job.from.is_some_and(|from| day < from))
    }

    /// Reads the next file.
    fn read_file(&mut self) {
        let Some(job) = self.jobs.get_mut(self.at) else { return };
        let (mut records, mut troubles) = (Records::default(), Troubles::default());
        let size = self.export.entries().get(job.entry).map_or(0, |entry| entry.size);
        let sorter = &mut self.sorter;
        sorter.begin(self.at as u32);
        let mut read = || {
            if size > WHOLE {
                io::copy(&mut self.export.stream(job.entry)?, &mut io::sink())?;
            }
            let from = self.export.stream(job.entry)?;
            match job.stream().format {
                Format::Json => read_json(from, job.stream(), &mut records, &mut troubles, |records| {
                    if records.list.bytes() as u64 > WHOLE { sorter.put_by(job, records, &mut troubles) } else { Ok(()) }
                })?,
                Format::Csv => {}
            }
            sorter.put_by(job, &mut records, &mut troubles)?;
            sorter.end(job);
            Ok::<_, io::Error>(())
        };
        if let Err(error) = read() {
            self.sorter.doubt_all(job);
            troubles.note(format!("it cannot be read: {error}"));
        }
        self.read += size;
        if let Some(reason) = troubles.told() {
            self.problems.push_back(ImportProblem { file: self.name(self.at), day: None, reason });
        }
        self.at += 1;
    }

    /// Gives away all that is put by for a day.
    fn give(&mut self, day: Day) -> Result<ImportedDay, ImportProblem> {
        let (mut resources, mut source) = (Resources::new(), String::new());
        let taken = self.sorter.take(day);
        Ok(ImportedDay { day, resources, source })
    }

    fn size(&self, job: &Job) -> u64 {
        self.export.entries().get(job.entry).map_or(0, |entry| entry.size)
    }

    fn name(&self, job: usize) -> String {
        let entry = self.jobs.get(job).and_then(|job| self.export.entries().get(job.entry));
        entry.map(|entry| entry.name.clone()).unwrap_or_default()
    }
}
