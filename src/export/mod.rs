//! An archive's days for the tools people already use, and where a person was.
//!
//! Everything is read from the last commit, as `show` reads it, day by day: only one day is in memory at
//! a time. The same days give the same bytes.

mod error;
mod files;
mod fitbit;
#[cfg(test)]
mod fuzz;
mod googlehealth;
mod gpx;
mod moment;
mod moves;
mod ndjson;
mod page;
mod photo;
mod place;
mod records;
mod runkeeper;
mod service;
mod strava;
mod table;
mod track;

use std::collections::BTreeSet;

pub use error::ExportError;
pub use moment::Moment;
pub use photo::{PhotoError, taken};
pub use place::{Answer, How, When, whereabouts};
pub use service::SERVICES;

use crate::archive::{Archive, BlobId};
use crate::model::{Day, DayDocument, ProviderName, Zone, nearest};
use crate::providers;
use gpx::Gpx;
use ndjson::Lines;
use page::Page;
use records::Records;
use service::{Service, service};
use table::{Sheet, Table};

/// What days can be made into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A table.
    Csv,
    /// Tracks and places, GPX 1.1.
    Gpx,
    /// A line a resource a day.
    Ndjson,
}

/// A provider whose days are wanted.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its name in the archive.
    pub name: ProviderName,
    /// Which service it is.
    pub kind: String,
    /// The zone of times that do not say their own.
    pub zone: Option<Zone>,
}

/// What is wanted.
#[derive(Clone, Debug)]
pub struct Wish {
    /// What is to be made.
    pub format: Format,
    /// Of whom; for a table just one.
    pub sources: Vec<Source>,
    /// Only this resource, or the table of this name.
    pub resource: Option<String>,
    /// Only days from this one on.
    pub since: Option<Day>,
    /// Only days up to this one.
    pub until: Option<Day>,
}

/// What comes of the days, day by day.
trait Maker {
    /// How often the days are to be gone through.
    fn passes(&self) -> u32 {
        1
    }

    /// Begins a pass, counted from 0.
    fn begin(&mut self, _pass: u32, _out: &mut Vec<u8>) -> Result<(), ExportError> {
        Ok(())
    }

    /// Takes a day; what comes of it goes to `out`.
    fn day(&mut self, pass: u32, page: &Page<'_>, out: &mut Vec<u8>) -> Result<(), ExportError>;

    /// Ends the last pass.
    fn end(&mut self, _out: &mut Vec<u8>) -> Result<(), ExportError> {
        Ok(())
    }

    /// How many rows, lines, tracks and places there were so far.
    fn made(&self) -> u64;

    /// How many times were left out for want of a zone.
    fn timeless(&self) -> u64 {
        0
    }
}

/// A table of its own kind.
struct Rows {
    table: &'static Table,
    sheet: Option<Sheet>,
}

impl Maker for Rows {
    fn begin(&mut self, _: u32, out: &mut Vec<u8>) -> Result<(), ExportError> {
        self.sheet.insert(Sheet::new(self.table.columns)?).take(out)
    }

    fn day(&mut self, _: u32, page: &Page<'_>, out: &mut Vec<u8>) -> Result<(), ExportError> {
        if let (Some(sheet), Some(resource)) = (&mut self.sheet, page.resource(self.table.resource)) {
            (self.table.rows)(page, resource, sheet)?;
            sheet.take(out)?;
        }
        Ok(())
    }

    fn made(&self) -> u64 {
        self.sheet.as_ref().map_or(0, Sheet::rows)
    }
}

/// An export at work.
pub struct Export<'a> {
    archive: &'a Archive,
    wish: Wish,
    maker: Box<dyn Maker>,
    /// The resources without which there is nothing to make; any will do where none is named.
    needed: Vec<String>,
    /// The days, each with the number of its source.
    days: Vec<(usize, Day, BlobId)>,
    pass: u32,
    next: usize,
    /// What was written before the first day that has something.
    held: Vec<u8>,
    found: bool,
    ended: bool,
    seen: BTreeSet<String>,
    problems: Vec<String>,
}

impl<'a> Export<'a> {
    /// Begins an export of the last commit.
    ///
    /// # Errors
    /// When the wish cannot be met, whatever the days hold, or no day is held.
    pub fn begin(archive: &'a Archive, wish: Wish) -> Result<Export<'a>, ExportError> {
        let snapshot = archive.snapshot()?;
        let mut days = Vec::new();
        let mut held = None;
        for (at, source) in wish.sources.iter().enumerate() {
            for (day, blob) in snapshot.days(&source.name)? {
                held = held.map_or(Some((day, day)), |(first, last): (Day, Day)| Some((first.min(day), last.max(day))));
                if wish.since.is_none_or(|since| since <= day) && wish.until.is_none_or(|until| day <= until) {
                    days.push((at, day, blob));
                }
            }
        }
        if days.is_empty() {
            let names: Vec<&str> = wish.sources.iter().map(|source| source.name.as_str()).collect();
            return Err(ExportError::NoDays { who: names.join(", "), since: wish.since, until: wish.until, held });
        }
        let (maker, needed) = maker(&wish)?;
        let mut export = Export {
            archive,
            wish,
            maker,
            needed,
            days,
            pass: 0,
            next: 0,
            held: Vec::new(),
            found: false,
            ended: false,
            seen: BTreeSet::new(),
            problems: Vec::new(),
        };
        export.maker.begin(0, &mut export.held)?;
        Ok(export)
    }

    /// How many days there are to go through, each as often as needed.
    pub fn total(&self) -> u64 {
        self.days.len() as u64 * u64::from(self.maker.passes())
    }

    /// The next bytes, perhaps none yet; nothing at the end.
    ///
    /// # Errors
    /// When the archive cannot be read, or none of the days has what is wanted: then no byte was given.
    pub fn next(&mut self) -> Result<Option<Vec<u8>>, ExportError> {
        if let Some((source, day, blob)) = self.days.get(self.next).copied() {
            self.next += 1;
            let mut out = Vec::new();
            self.day(source, day, blob, &mut out)?;
            if !self.found {
                self.held.append(&mut out);
                return Ok(Some(out));
            }
            return Ok(Some(if self.held.is_empty() { out } else { [std::mem::take(&mut self.held), out].concat() }));
        }
        if self.pass + 1 < self.maker.passes() {
            (self.pass, self.next) = (self.pass + 1, 0);
            self.maker.begin(self.pass, &mut self.held)?;
            return Ok(Some(Vec::new()));
        }
        if std::mem::replace(&mut self.ended, true) {
            return Ok(None);
        }
        if !self.found {
            return Err(self.nothing());
        }
        let mut out = std::mem::take(&mut self.held);
        self.maker.end(&mut out)?;
        Ok(Some(out))
    }

    fn day(&mut self, source: usize, day: Day, blob: BlobId, out: &mut Vec<u8>) -> Result<(), ExportError> {
        let source = &self.wish.sources[source];
        let json = match DayDocument::open(self.archive.blob(blob)?, &source.name, day) {
            Ok(json) => json,
            Err(error) => {
                if self.pass == 0 {
                    self.problems.push(format!("{} {day}: {error}", source.name));
                }
                return Ok(());
            }
        };
        let page = Page { provider: &source.name, day, zone: source.zone, json: &json };
        if self.pass == 0 {
            for (name, _) in page.resources() {
                self.found |= self.needed.is_empty() || self.needed.iter().any(|needed| *needed == name);
                if !self.seen.contains(&*name) {
                    self.seen.insert(name.into_owned());
                }
            }
        }
        self.maker.day(self.pass, &page, out)
    }

    /// Why nothing was found.
    fn nothing(&self) -> ExportError {
        let nothing_held =
            || ExportError::NothingHeld { needed: self.needed.clone(), seen: self.seen.iter().cloned().collect() };
        let Some(name) = &self.wish.resource else { return nothing_held() };
        let mut known: BTreeSet<&str> = self.seen.iter().map(String::as_str).collect();
        for source in &self.wish.sources {
            known.extend(
                providers::provider(&source.kind)
                    .into_iter()
                    .flat_map(|provider| provider.description().resources.iter().map(|resource| resource.name)),
            );
            if self.wish.format == Format::Csv {
                known.extend(service(&source.kind).into_iter().flat_map(|known| known.tables).map(|table| table.name));
            }
        }
        if known.contains(name.as_str()) {
            return nothing_held();
        }
        ExportError::NoSuchResource {
            name: name.clone(),
            nearest: nearest(name, known.iter().copied()).map(str::to_owned),
            known: known.into_iter().map(str::to_owned).collect(),
        }
    }

    /// How many rows, lines, tracks and places there are so far.
    pub fn made(&self) -> u64 {
        self.maker.made()
    }

    /// How many times were left out, because neither the provider nor the settings tell the zone.
    pub fn timeless(&self) -> u64 {
        self.maker.timeless()
    }

    /// The days that cannot be read, each with the reason; they are passed over.
    pub fn problems(&self) -> &[String] {
        &self.problems
    }
}

/// What makes the wish come true, and the resources that it needs.
fn maker(wish: &Wish) -> Result<(Box<dyn Maker>, Vec<String>), ExportError> {
    match wish.format {
        Format::Ndjson => Ok((Box::new(Lines::new(wish.resource.clone())), wish.resource.iter().cloned().collect())),
        Format::Gpx => {
            let services = wish.sources.iter().filter_map(|source| Some((source.name.clone(), service(&source.kind)?)));
            let services: Vec<(ProviderName, &'static Service)> = services.collect();
            let resources = services.iter().flat_map(|(_, service)| service.traces).map(|trace| trace.resource);
            let known: BTreeSet<&str> = resources.collect();
            let needed: Vec<String> = match &wish.resource {
                Some(name) if known.contains(name.as_str()) => vec![name.clone()],
                None if !known.is_empty() => known.iter().map(|name| (*name).to_owned()).collect(),
                _ => {
                    let who = wish.sources.iter().map(|source| source.name.as_str()).collect::<Vec<_>>().join(", ");
                    let what = wish.resource.as_ref().map_or(who.clone(), |name| format!("{name} of {who}"));
                    return Err(ExportError::NoTracks {
                        what,
                        known: if known.is_empty() { with_tracks() } else { Vec::new() },
                        resources: known.into_iter().map(str::to_owned).collect(),
                    });
                }
            };
            Ok((Box::new(Gpx::new(wish.resource.clone(), services)), needed))
        }
        Format::Csv => {
            let service = wish.sources.first().and_then(|source| service(&source.kind));
            let table = match &wish.resource {
                Some(name) => service.and_then(|service| service.table(name)),
                None => Some(service.and_then(|service| service.tables.first()).ok_or(ExportError::NoTable)?),
            };
            match (table, &wish.resource) {
                (Some(table), _) => Ok((Box::new(Rows { table, sheet: None }), vec![table.resource.to_owned()])),
                (None, Some(name)) => Ok((Box::new(Records::of(name)), vec![name.clone()])),
                (None, None) => Err(ExportError::NoTable),
            }
        }
    }
}

/// The services whose days have tracks.
fn with_tracks() -> Vec<&'static str> {
    SERVICES.iter().filter(|service| !service.traces.is_empty()).map(|service| service.kind).collect()
}
