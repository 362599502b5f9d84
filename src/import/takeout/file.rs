//! One file of a Takeout, read into records with their times.

use std::io::{self, Read};

use super::catalogue::{Format, Stream};
use super::stamp::{self, Stamp, offset};
use crate::import::elements::{Elements, ElementsError};
use crate::import::merge::{FILE, TRACKS};
use crate::import::table::{Row, Table, TableError};
use crate::import::text::Utf8;
use crate::import::tracks;
use crate::json::{Json, Kind, Value};
use crate::model::{ContentHash, JsonList, JsonText};

/// So many bytes of records are parsed at once: one by one each would cost several allocations.
const BATCH: usize = 1 << 20;

/// How many of a file's troubles are told.
const TOLD: usize = 5;

/// A record stands three containers deep in a day document, and is parsed as deep here: one that is too
/// deep there must not cost the day.
const DEEP: (&[u8], &[u8]) = (b"[[[", b"]]]");

/// Records with their times, and where between them something is amiss.
#[derive(Default)]
pub struct Records {
    /// The records.
    pub list: JsonList,
    /// The time of each, and its own distance from UTC in seconds to the east where it has one.
    pub stamps: Vec<(Stamp, Option<i32>)>,
    /// Before which of them something could not be read.
    pub gaps: Vec<usize>,
}

impl Records {
    /// Takes a row, or says why it cannot be used. `time` and `east` are the columns that tell them.
    fn take_row<R: Read>(
        &mut self,
        table: &Table<R>,
        row: &Row,
        time: Option<usize>,
        east: Option<usize>,
    ) -> Result<(), String> {
        if let Some(at) = time {
            let text = row.field(at);
            let Some(stamp) = Stamp::read(text) else {
                return Err(format!("has a time that cannot be read: \"{text}\""));
            };
            self.stamps.push((stamp, east.and_then(|at| offset(row.field(at)))));
        }
        self.list.push_text(&table.object(row));
        Ok(())
    }

    /// Takes a record, or says why it cannot be used.
    fn take(&mut self, record: Value<'_>, stream: &Stream) -> Result<(), String> {
        if record.kind() != Kind::Object {
            return Err("it is no JSON object".to_owned());
        }
        if stream.time.is_empty() {
            self.list.push(record);
            return Ok(());
        }
        let Some((name, time)) = stream.time.iter().find_map(|name| Some((name, record.get(name)?))) else {
            return Err(format!("it has no member \"{}\"", stream.time.join("\" or \"")));
        };
        let text = time.as_str().or_else(|| time.as_number()).unwrap_or_default();
        let Some(stamp) = Stamp::read(&text) else {
            return Err(format!("the time in \"{name}\" cannot be read: {}", time.line()));
        };
        let east = stream.offset.and_then(|name| offset(&record.get(name)?.as_str()?));
        self.list.push(record);
        self.stamps.push((stamp, east));
        Ok(())
    }

    /// Notes that something is missing here.
    pub fn gap(&mut self) {
        if self.gaps.last() != Some(&self.stamps.len()) {
            self.gaps.push(self.stamps.len());
        }
    }
}

/// What could not be read in a file; the first few are told.
#[derive(Default)]
pub struct Troubles {
    told: Vec<String>,
    count: usize,
}

impl Troubles {
    /// Notes one.
    pub fn note(&mut self, trouble: String) {
        if self.told.len() < TOLD {
            self.told.push(trouble);
        }
        self.count += 1;
    }

    /// All of them as one text, unless there are none.
    pub fn told(&self) -> Option<String> {
        let more = self.count - self.told.len();
        let told = self.told.join("; ");
        match more {
            0 if told.is_empty() => None,
            0 => Some(told),
            _ => Some(format!("{told}; and {more} more")),
        }
    }
}

/// Reads a file's records. `full` is called now and then, and may take them out.
///
/// # Errors
/// When the file cannot be read to its end, or `full` fails: what came of it cannot be trusted then.
pub fn read(
    from: impl Read,
    name: &str,
    stream: &Stream,
    records: &mut Records,
    troubles: &mut Troubles,
    full: impl FnMut(&mut Records, &mut Troubles) -> io::Result<()>,
) -> io::Result<()> {
    match stream.format {
        Format::Json => read_json(from, stream, records, troubles, full),
        Format::Csv => read_csv(from, stream, records, troubles, full),
        Format::Tcx => read_track(from, name, records, troubles),
    }
}

/// Reads an activity's file: one record, with its points.
fn read_track(mut from: impl Read, name: &str, records: &mut Records, troubles: &mut Troubles) -> io::Result<()> {
    let mut bytes = Vec::new();
    from.read_to_end(&mut bytes)?;
    let track = tracks::Format::Tcx.read(&bytes);
    let start = track.and_then(|track| match track.start {
        Some(start) => Ok((start, track)),
        None => Err("it tells no time".to_owned()),
    });
    match start {
        Ok((start, track)) => {
            let text = JsonText::string;
            let members = [
                (FILE, text(name)),
                ("format", text(tracks::Format::Tcx.word())),
                ("sha256", text(&ContentHash::of(&bytes).to_string())),
                (TRACKS, track.tracks),
            ];
            records.list.push_text(&JsonText::object(members));
            records.stamps.push((Stamp { written: start.naive_utc(), kind: stamp::Kind::Offset(0) }, track.offset));
        }
        Err(reason) => troubles.note(reason),
    }
    Ok(())
}

fn read_csv(
    from: impl Read,
    stream: &Stream,
    records: &mut Records,
    troubles: &mut Troubles,
    mut full: impl FnMut(&mut Records, &mut Troubles) -> io::Result<()>,
) -> io::Result<()> {
    let mut table = match Table::open(from) {
        Ok(table) => table,
        Err(TableError::Header(reason)) => {
            records.gap();
            troubles.note(reason);
            return Ok(());
        }
        Err(TableError::Read(error)) => return Err(error),
    };
    let time = table.column(stream.time);
    let east = stream.offset.and_then(|name| table.column(&[name]));
    while let Some(row) = table.next().map_err(io::Error::other)? {
        if time.is_none() && !stream.time.is_empty() {
            records.gap();
            troubles.note(format!("it has no column \"{}\"", stream.time.join("\" or \"")));
            return Ok(());
        }
        let (line, taken) = match row {
            Ok(row) => (row.line, records.take_row(&table, &row, time, east).inspect_err(|_| table.reject(&row))),
            Err(broken) => (broken.line, Err(broken.reason)),
        };
        if let Err(reason) = taken {
            records.gap();
            troubles.note(format!("line {line} {reason}"));
        }
        full(records, troubles)?;
    }
    Ok(())
}

fn read_json(
    from: impl Read,
    stream: &Stream,
    records: &mut Records,
    troubles: &mut Troubles,
    mut full: impl FnMut(&mut Records, &mut Troubles) -> io::Result<()>,
) -> io::Result<()> {
    let mut batch = Batch::default();
    for element in Elements::new(Utf8::new(from)?) {
        match element {
            Ok(element) => batch.push(&element.text),
            Err(ElementsError::Read(error)) => return Err(error),
            Err(ElementsError::Shape(reason)) => {
                batch.parse(stream, records, troubles);
                records.gap();
                troubles.note(reason);
            }
        }
        if batch.text.len() >= BATCH {
            batch.parse(stream, records, troubles);
            full(records, troubles)?;
        }
    }
    batch.parse(stream, records, troubles);
    Ok(())
}

/// Elements of an array that are parsed together.
#[derive(Default)]
struct Batch {
    text: Vec<u8>,
    ends: Vec<usize>,
    /// How many came before.
    before: usize,
}

impl Batch {
    fn push(&mut self, element: &[u8]) {
        self.text.extend_from_slice(if self.ends.is_empty() { DEEP.0 } else { b"," });
        self.text.extend_from_slice(element);
        self.ends.push(self.text.len());
    }

    /// Parses the elements, one by one where together they are no JSON, and forgets them.
    fn parse(&mut self, stream: &Stream, records: &mut Records, troubles: &mut Troubles) {
        let (text, ends) = (std::mem::take(&mut self.text), std::mem::take(&mut self.ends));
        let mut number = self.before;
        self.before += ends.len();
        let mut take = |record: Result<Value<'_>, String>| {
            number += 1;
            if let Err(reason) = record.and_then(|record| records.take(record, stream)) {
                records.gap();
                troubles.note(format!("its entry number {number}: {reason}"));
            }
        };
        if ends.is_empty() {
            return;
        }
        if let Ok(json) = Json::parse([&text, DEEP.1].concat()) {
            innermost(&json).for_each(|record| take(Ok(record)));
            return;
        }
        let mut start = DEEP.0.len();
        for end in ends {
            match Json::parse([DEEP.0, text.get(start..end).unwrap_or_default(), DEEP.1].concat()) {
                Ok(json) => innermost(&json).for_each(|record| take(Ok(record))),
                Err(error) => take(Err(format!("it is not readable JSON: {error}"))),
            }
            start = end + 1;
        }
    }
}

fn innermost(json: &Json) -> impl Iterator<Item = Value<'_>> {
    json.root().items().flat_map(Value::items).flat_map(Value::items)
}
