//! The export of Moves: one JSON file a day, and the same days again by week, month, year and in full.
//!
//! The storyline holds all that the other kinds (summary, activities, places) and the other formats
//! hold. Facts measured on real exports: the weekly file is named after its Monday, as a daily one
//! would be, so only the folder tells them apart; 1 January stands twice, equal, in every aggregate;
//! a day of which nothing was recorded is in no file.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io::{Read, SeekFrom};

use super::elements::{Elements, ElementsError};
use super::source::{Export, ReadSeek, Wants};
use super::{Begun, ImportError, ImportProblem, Imported, ImportedDay, Reader};
use crate::config::ProviderSettings;
use crate::json::{Json, Kind};
use crate::model::{ContentHash, Day, JsonText, Resources};

/// What is taken out of an export. `full/storyline.json` of five weeks is 1.2 MiB: five years
/// of that are 60.
pub const WANTS: Wants = Wants { inner_zip: |path| is_inner_zip(path), max_file: 512 << 20, max_total: 4 << 30 };

/// The resource that a day of the export becomes, the same as from the API.
const STORYLINE: &str = "storyline";

/// How an export is split into files; the first that has a day is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Splitting {
    Daily,
    Monthly,
    Weekly,
    Yearly,
    Full,
}

impl Splitting {
    /// How a file of the storyline is split, told by its folder.
    fn of(path: &str) -> Option<Splitting> {
        let mut parts = path.rsplit('/');
        let name = parts.next()?.strip_suffix(".json")?;
        match (parts.next()?, parts.next()) {
            ("full", _) if name == STORYLINE => Some(Splitting::Full),
            (STORYLINE, Some("daily")) => Some(Splitting::Daily),
            (STORYLINE, Some("monthly")) => Some(Splitting::Monthly),
            (STORYLINE, Some("weekly")) => Some(Splitting::Weekly),
            (STORYLINE, Some("yearly")) => Some(Splitting::Yearly),
            _ => None,
        }
    }
}

/// The zip in the zip that holds the JSON files, and the whole export where it lies in a folder.
fn is_inner_zip(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    name == "json.zip" || (name.starts_with("moves_export") && name.ends_with(".zip"))
}

/// Where a day stands.
#[derive(Clone, Copy)]
struct Spot {
    entry: usize,
    splitting: Splitting,
    offset: u64,
    length: usize,
    hash: ContentHash,
}

/// What is known of a day after all files were looked through.
enum Sighting {
    /// One value, wherever it stands.
    One(Spot),
    /// Two values that exclude each other.
    Torn(Spot, Spot),
}

struct MovesReader {
    export: Export,
    /// The files of the storyline, daily ones first.
    chosen: Vec<(Splitting, usize)>,
    surveyed: bool,
    problems: VecDeque<ImportProblem>,
    planned: VecDeque<(Day, Spot)>,
    open: Option<(usize, Box<dyn ReadSeek>)>,
    read: u64,
    total: u64,
}

/// A reader of the storyline files, if there are any.
pub fn begin(export: Export, wants: &Wants, _: &ProviderSettings) -> Result<Begun, ImportError> {
    let mut chosen: Vec<_> =
        export.entries().iter().enumerate().filter_map(|(at, entry)| Some((Splitting::of(&entry.path)?, at))).collect();
    if chosen.is_empty() {
        return Ok(Begun::Nothing(export));
    }
    chosen.sort_by_key(|(splitting, at)| (*splitting, export.entries().get(*at).map(|entry| &entry.name)));
    export.admit(&chosen.iter().map(|(_, at)| *at).collect::<Vec<_>>(), wants)?;
    let problems = export
        .damaged()
        .iter()
        .map(|(file, problem)| ImportProblem {
            file: file.clone(),
            day: None,
            reason: format!("the zip is damaged: {problem}"),
        })
        .collect();
    let size = |at: &usize| export.entries().get(*at).map_or(0, |entry| entry.size);
    // Every file is looked through, and the daily ones are as a rule those that are read again.
    let total =
        chosen.iter().map(|(splitting, at)| if *splitting == Splitting::Daily { 2 * size(at) } else { size(at) }).sum();
    Ok(Begun::Reader(Box::new(MovesReader {
        export,
        chosen,
        surveyed: false,
        problems,
        planned: VecDeque::new(),
        open: None,
        read: 0,
        total,
    })))
}

impl Reader for MovesReader {
    fn total_bytes(&self) -> u64 {
        self.total
    }

    fn bytes_read(&self) -> u64 {
        self.read
    }

    fn next(&mut self) -> Option<Result<Imported, ImportProblem>> {
        if !self.surveyed {
            self.survey();
        }
        if let Some(problem) = self.problems.pop_front() {
            return Some(Err(problem));
        }
        let (day, spot) = self.planned.pop_front()?;
        let source = self.name(spot.entry);
        Some(match self.take(spot) {
            Ok(storyline) => {
                let resources = Resources::from([(STORYLINE.to_owned(), storyline)]);
                Ok(Imported::Day(ImportedDay { resources, ..ImportedDay::new(day, source) }))
            }
            Err(reason) => Err(ImportProblem { file: source, day: Some(day), reason }),
        })
    }
}

impl MovesReader {
    /// Looks through all files, so that it is known of every day where it stands and whether the files
    /// agree, before the first one is given away.
    fn survey(&mut self) {
        self.surveyed = true;
        let mut sightings: BTreeMap<Day, Sighting> = BTreeMap::new();
        let mut broken = Vec::new();
        for (splitting, entry) in std::mem::take(&mut self.chosen) {
            let size = self.size(entry);
            match self.look_through(splitting, entry) {
                Ok(seen) => {
                    for (day, spot) in seen.days {
                        note(&mut sightings, day, spot);
                    }
                    broken.extend(seen.problems.into_iter().map(|reason| (splitting, entry, reason)));
                }
                Err(reason) => broken.push((splitting, entry, reason)),
            }
            self.read += size;
        }
        for (splitting, entry, reason) in broken {
            let file = self.name(entry);
            // Only here the name may speak for the day, because the file itself says nothing.
            let named = (splitting == Splitting::Daily).then(|| day_of_name(&file)).flatten();
            self.problems.push_back(match named.map(|day| (day, sightings.get(&day))) {
                Some((day, Some(Sighting::One(spot)))) => {
                    let elsewhere = self.name(spot.entry);
                    ImportProblem { file, day: None, reason: format!("{reason}; {day} was taken from {elsewhere}") }
                }
                named => ImportProblem { file, day: named.map(|(day, _)| day), reason },
            });
        }
        for (day, sighting) in sightings {
            match sighting {
                Sighting::One(spot) => self.planned.push_back((day, spot)),
                Sighting::Torn(one, other) => self.problems.push_back(ImportProblem {
                    file: self.name(one.entry),
                    day: Some(day),
                    reason: format!(
                        "{} has another version of the day; import two exports one by one, the older first",
                        self.name(other.entry)
                    ),
                }),
            }
        }
        self.arrange();
    }

    /// Puts the days in order of time, as far as each file is then opened only once.
    fn arrange(&mut self) {
        let mut first_days: BTreeMap<usize, Day> = BTreeMap::new();
        for (day, spot) in &self.planned {
            first_days.entry(spot.entry).or_insert(*day);
        }
        let first_day = |spot: &Spot| first_days.get(&spot.entry).copied();
        self.planned.make_contiguous().sort_by_key(|(day, spot)| (first_day(spot), spot.entry, *day));
        let again: BTreeSet<_> = self.planned.iter().map(|(_, spot)| spot.entry).collect();
        self.total = self.read + again.into_iter().map(|entry| self.size(entry)).sum::<u64>();
    }

    fn look_through(&mut self, splitting: Splitting, entry: usize) -> Result<Seen, String> {
        let mut seen = Seen::default();
        let stream = self.export.stream(entry).map_err(|error| unreadable(&error))?;
        for (at, element) in Elements::new(stream).enumerate() {
            let element = match element {
                Ok(element) => element,
                Err(ElementsError::Read(error)) => return Err(unreadable(&error)),
                Err(ElementsError::Shape(reason)) => {
                    seen.problems.push(reason);
                    break;
                }
            };
            let length = element.text.len();
            match read_day(element.text) {
                Ok((day, json)) => {
                    let hash = ContentHash::of(&json.canonical());
                    seen.days.push((day, Spot { entry, splitting, offset: element.offset, length, hash }));
                }
                Err(reason) => seen.problems.push(format!("its entry number {}: {reason}", at + 1)),
            }
        }
        Ok(seen)
    }

    fn take(&mut self, spot: Spot) -> Result<JsonText, String> {
        let mut file = match self.open.take() {
            Some((entry, file)) if entry == spot.entry => file,
            _ => {
                self.read += self.size(spot.entry);
                self.export.unpack(spot.entry).map_err(|error| unreadable(&error))?
            }
        };
        let mut text = Vec::new();
        file.seek(SeekFrom::Start(spot.offset))
            .and_then(|_| file.by_ref().take(spot.length as u64).read_to_end(&mut text))
            .map_err(|error| unreadable(&error))?;
        self.open = Some((spot.entry, file));
        match read_day(text) {
            Ok((_, json)) if ContentHash::of(&json.canonical()) == spot.hash => Ok(JsonText::list([json.root()])),
            _ => Err("the file changed while it was being read; run the import again".to_owned()),
        }
    }

    fn name(&self, entry: usize) -> String {
        self.export.entries().get(entry).map(|entry| entry.name.clone()).unwrap_or_default()
    }

    fn size(&self, entry: usize) -> u64 {
        self.export.entries().get(entry).map_or(0, |entry| entry.size)
    }
}

/// What a look through one file showed.
#[derive(Default)]
struct Seen {
    days: Vec<(Day, Spot)>,
    problems: Vec<String>,
}

/// Adds what one file says of a day. Daily files come first, and what they say settles the day.
fn note(sightings: &mut BTreeMap<Day, Sighting>, day: Day, spot: Spot) {
    match sightings.get_mut(&day) {
        None => {
            sightings.insert(day, Sighting::One(spot));
        }
        Some(sighting) => {
            if let Sighting::One(first) = *sighting {
                let settled = first.splitting == Splitting::Daily && spot.splitting != Splitting::Daily;
                if !settled && first.hash != spot.hash {
                    *sighting = Sighting::Torn(first, spot);
                }
            }
        }
    }
}

/// A day of a storyline and its date, or why it is none.
fn read_day(text: Vec<u8>) -> Result<(Day, Json), String> {
    let json = Json::parse(text).map_err(|error| format!("it is not readable JSON: {error}"))?;
    let root = json.root();
    if root.kind() != Kind::Object {
        return Err("it is no day: no JSON object".to_owned());
    }
    let Some(date) = root.get("date").and_then(|date| date.as_str()) else {
        return Err("it is no day: the member \"date\" is missing or no text".to_owned());
    };
    let day = Day::from_compact(&date).map_err(|_| format!("it is no day: \"date\" is \"{date}\""))?;
    match root.get("segments").map(|segments| segments.kind()) {
        Some(Kind::Array | Kind::Null) => Ok((day, json)),
        _ => Err(format!("{day} is no day of a storyline: the member \"segments\" is missing or no array")),
    }
}

/// The day that a daily file is named after.
fn day_of_name(name: &str) -> Option<Day> {
    let digits = name.strip_suffix(".json")?.rsplit('_').next()?;
    Day::from_compact(digits).ok()
}

fn unreadable(error: &std::io::Error) -> String {
    format!("it cannot be read: {error}")
}
