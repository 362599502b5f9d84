//! The walk through the files of a Takeout: see the plan in the module above.

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, Read};

use super::catalogue::{Clock, FILES, STREAMS};
use super::file::{self, Records, Troubles};
use super::join;
use super::plan::{Job, Plan};
use super::shelf::MAX_DAY;
use super::sorter::{Progress, Sorter};
use super::zones::Zones;
use crate::import::source::Export;
use crate::import::{ImportProblem, Imported, ImportedDay, Reader};
use crate::model::{Day, JsonList, JsonText, Resources};

/// A file no larger than this is read whole before its records are put by, so that a damaged one leaves no
/// trace. A larger one is read to its end first, for its checksum.
const WHOLE: u64 = 16 << 20;

/// Reads the days of a Takeout.
pub struct TakeoutReader {
    export: Export,
    jobs: Vec<Job>,
    at: usize,
    sorter: Sorter,
    account: BTreeMap<&'static str, JsonList>,
    out: VecDeque<Result<Imported, ImportProblem>>,
    is_second: bool,
    is_finished: bool,
    read: u64,
    total: u64,
}

impl TakeoutReader {
    /// A reader of these files.
    pub fn new(export: Export, plan: Plan, zones: Zones) -> TakeoutReader {
        let damaged = export.damaged().iter().map(|(file, problem)| ImportProblem {
            file: file.clone(),
            day: None,
            reason: format!("the zip is damaged: {problem}"),
        });
        let problems = damaged.chain(plan.problems).map(Err);
        let left = plan.left.into_iter().map(|file| Ok(Imported::Note(format!("left {file}: it is not known"))));
        let out = left.chain(problems).collect();
        let sorter = Sorter::new(zones, &plan.jobs, &plan.excluded, !export.damaged().is_empty());
        let mut reader = TakeoutReader {
            export,
            jobs: plan.jobs,
            at: 0,
            sorter,
            account: BTreeMap::new(),
            out,
            is_second: false,
            is_finished: false,
            read: 0,
            total: 0,
        };
        reader.total = reader.left();
        reader
    }

    /// How many bytes the files that have not been read have.
    fn left(&self) -> u64 {
        let jobs = self.jobs.get(self.at..).unwrap_or_default();
        jobs.iter().filter_map(|job| self.export.entries().get(job.entry)).map(|entry| entry.size).sum()
    }

    /// Whether nothing more can come for a day.
    fn is_whole(&self, day: Day) -> bool {
        self.jobs.get(self.at).is_none_or(|job| job.from.is_some_and(|from| day < from))
    }

    /// Reads the next file.
    fn read_file(&mut self) {
        let Some(job) = self.jobs.get_mut(self.at) else { return };
        let size = self.export.entries().get(job.entry).map_or(0, |entry| entry.size);
        let (mut troubles, mut progress) = (Troubles::default(), Progress::default());
        let read = read(&mut self.export, job, size, &mut self.sorter, &mut progress, &mut troubles);
        self.sorter.end(job, &progress, read.is_ok());
        match read {
            Ok(records) if job.stream().clock == Clock::Timeless => {
                let list = self.account.entry(job.stream().resource).or_default();
                (0..records.list.len()).for_each(|at| list.push_from(&records.list, at));
            }
            Ok(_) => {}
            Err(error) => troubles.note(format!("it cannot be read: {error}")),
        }
        // What is wrong with a file was told when it was read first.
        if let Some(reason) = troubles.told().filter(|_| !self.is_second) {
            self.out.push_back(Err(ImportProblem { file: self.name(self.at), day: None, reason }));
        }
        self.read += size;
        self.at += 1;
    }

    /// Gives away all that is put by for a day.
    fn give(&mut self, day: Day) {
        let problem =
            |export: &Export, reason| Err(ImportProblem { file: export.name().to_owned(), day: Some(day), reason });
        let given = match self.sorter.give(day) {
            Ok(given) => given,
            Err(error) => {
                let reason = format!("its records cannot be read back from the temporary file: {error}");
                self.out.push_back(problem(&self.export, reason));
                return;
            }
        };
        let mut imported = ImportedDay::new(day, String::new());
        for one in given {
            let resource = STREAMS.get(one.stream).map_or("", |stream| stream.resource);
            let Some(shelved) = one.shelved else {
                let reason = format!("{resource} has more than {} MiB, as no day has", MAX_DAY >> 20);
                self.out.push_back(problem(&self.export, reason));
                continue;
            };
            if let Some(file) = shelved.files.first().filter(|_| imported.source.is_empty()) {
                imported.source = self.name_of(*file);
            }
            if resource == FILES {
                for number in &shelved.files {
                    self.keep_file(*number, &mut imported);
                }
            }
            // Each activity has a file of its own, and any part of a Takeout may have the next one.
            if one.is_partial || resource == FILES {
                imported.partial.insert(resource.to_owned());
            }
            imported.resources.insert(resource.to_owned(), shelved.records);
        }
        if !imported.resources.is_empty() {
            self.out.push_back(Ok(Imported::Day(imported)));
        }
    }

    /// Adds a file to the day that it belongs to.
    fn keep_file(&mut self, number: u32, imported: &mut ImportedDay) {
        let Some(entry) = self.jobs.iter().find(|job| job.number == number).map(|job| job.entry) else { return };
        let mut bytes = Vec::new();
        match self.export.stream(entry).and_then(|mut from| from.read_to_end(&mut bytes)) {
            Ok(_) => drop(imported.files.insert(own_name(&self.export, entry), bytes)),
            Err(error) => {
                let file = self.export.entries().get(entry).map(|entry| entry.name.clone()).unwrap_or_default();
                let reason = format!("it cannot be read again: {error}");
                self.out.push_back(Err(ImportProblem { file, day: Some(imported.day), reason }));
            }
        }
    }

    /// Gives away what a person should know at the end.
    fn finish(&mut self) -> bool {
        if std::mem::replace(&mut self.is_finished, true) {
            return false;
        }
        self.out.extend(self.sorter.note().map(|note| Ok(Imported::Note(note))));
        true
    }

    /// Gives away what has no day. It stands in files of no day, which come first: whose account it is must
    /// be known before the days are taken.
    fn give_account(&mut self) {
        let account: Resources = std::mem::take(&mut self.account)
            .into_iter()
            .map(|(resource, list)| (resource.to_owned(), list.array(0..list.len())))
            .collect();
        self.out.push_back(Ok(Imported::Account(account)));
    }

    /// Begins the second walk, if there is a reason for one.
    fn begin_again(&mut self) -> bool {
        let Some(wanted) = self.sorter.again() else { return false };
        let touches = |job: &Job| {
            let Some((first, last)) = job.span else { return false };
            wanted.range((job.shelf, first)..=(job.shelf, last)).next().is_some()
        };
        self.jobs.retain(touches);
        // Nothing is believed of the names any more.
        self.jobs.iter_mut().for_each(|job| job.from = None);
        (self.at, self.is_second) = (0, true);
        self.total += self.left();
        true
    }

    fn name(&self, job: usize) -> String {
        let entry = self.jobs.get(job).and_then(|job| self.export.entries().get(job.entry));
        entry.map(|entry| entry.name.clone()).unwrap_or_default()
    }

    fn name_of(&self, number: u32) -> String {
        self.jobs.iter().position(|job| job.number == number).map_or_else(String::new, |job| self.name(job))
    }
}

/// Reads one file, and puts its records by unless they have no day; those are given back.
fn read(
    export: &mut Export,
    job: &mut Job,
    size: u64,
    sorter: &mut Sorter,
    progress: &mut Progress,
    troubles: &mut Troubles,
) -> io::Result<Records> {
    if size > WHOLE {
        io::copy(&mut export.stream(job.entry)?, &mut io::sink())?;
    }
    let (stream, mut records) = (job.stream(), Records::default());
    let has_days = stream.clock != Clock::Timeless;
    let name = own_name(export, job.entry);
    let from = export.stream(job.entry)?;
    file::read(from, &name, stream, &mut records, troubles, |records, troubles| {
        if has_days && records.list.bytes() as u64 > WHOLE {
            sorter.put_by(job, progress, records, troubles)
        } else {
            Ok(())
        }
    })?;
    if has_days {
        sorter.put_by(job, progress, &mut records, troubles)?;
    }
    Ok(records)
}

/// A file's name without the folders it lies in.
fn own_name(export: &Export, entry: usize) -> String {
    let path = export.entries().get(entry).map_or("", |entry| entry.path.as_str());
    path.rsplit('/').next().unwrap_or_default().to_owned()
}

impl Reader for TakeoutReader {
    fn total_bytes(&self) -> u64 {
        self.total
    }

    fn bytes_read(&self) -> u64 {
        self.read
    }

    fn next(&mut self) -> Option<Result<Imported, ImportProblem>> {
        loop {
            if let Some(next) = self.out.pop_front() {
                return Some(next);
            }
            if !self.account.is_empty() && self.jobs.get(self.at).is_none_or(|job| job.from.is_some()) {
                self.give_account();
                continue;
            }
            match self.sorter.first() {
                Some(day) if self.is_whole(day) => self.give(day),
                _ if self.at < self.jobs.len() => {
                    self.read_file();
                    self.out.push_back(Ok(Imported::Nothing));
                }
                _ if self.begin_again() || self.finish() => {}
                _ => return None,
            }
        }
    }

    fn join(&self, resource: &str, held: &JsonText, new: JsonText) -> JsonText {
        join::join(resource, held, new)
    }
}
