//! The walk through an export of activities.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::io::Read;

use chrono::{FixedOffset, NaiveDateTime, Offset, SecondsFormat, TimeDelta, TimeZone};

use super::draft::{Draft, FILES, TIMES, TOLD_BY};
use super::rows::Rows;
use super::survey::{self, Found, Listed, Survey, name};
use super::{Diary, Start};
use crate::config::ProviderSettings;
use crate::import::merge::{Merger, file_place, word};
use crate::import::source::{Export, Wants};
use crate::import::tracks::{Format, MAX_TRACK, Track, zone_at};
use crate::import::{Begun, ImportError, ImportProblem, Imported, Reader};
use crate::json::{Json, Value};
use crate::model::{Day, JsonText, Resources, Zone};

/// The picture of an activity is taken only where the settings name this resource.
const PHOTOS: &str = "photos";

/// How far the clocks of the world are behind UTC at most.
const FARTHEST_WEST: TimeDelta = TimeDelta::hours(12);

/// How far they are ahead of it at most.
const FARTHEST_EAST: TimeDelta = TimeDelta::hours(14);

struct ActivityReader {
    export: Export,
    diary: &'static Diary,
    settings: ProviderSettings,
    lists: Vec<Found>,
    /// The files of the export by name, and by path where only one has it: several exports given at once have
    /// the same paths, and the parts of one have not the same zip.
    by_name: HashMap<String, usize>,
    by_path: HashMap<String, Option<usize>>,
    /// Those that a row names.
    named: HashSet<usize>,
    stage: Stage,
    rows: Rows,
    listed: VecDeque<Listed>,
    /// An activity of which is asked what is held.
    waiting: Option<Taken>,
    strays: VecDeque<usize>,
    drafts: BTreeMap<Day, Draft>,
    ready: VecDeque<Result<Imported, ImportProblem>>,
    merger: Merger,
    told: Told,
    read: u64,
    total: u64,
}

/// A row with its files.
struct Taken {
    row: Listed,
    /// Each by the name that the list has for it.
    files: Vec<(String, Vec<u8>, Option<Track>)>,
    /// The clock it was by, and who told it.
    zone: Option<(Zone, &'static str)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Survey,
    Listed,
    Strays,
    Done,
}

/// What a person should know at the end.
#[derive(Default)]
struct Told {
    of_other_types: usize,
    in_utc: usize,
    strays: usize,
}

/// A reader of the lists of a diary, if there are any.
pub fn begin(
    mut export: Export,
    wants: &Wants,
    settings: &ProviderSettings,
    diary: &'static Diary,
) -> Result<Begun, ImportError> {
    let (lists, unreadable) = survey::find(&mut export, diary.sheets)?;
    if lists.is_empty() {
        return Ok(Begun::Nothing(export));
    }
    let mut chosen: Vec<usize> = lists.iter().map(|list| list.entry).collect();
    let photos = settings.resources.as_ref().is_some_and(|wanted| wanted.iter().any(|one| one == PHOTOS));
    for list in &lists {
        chosen.extend((diary.account_files)(&export, &list.base, settings));
        for (at, entry) in export.entries().iter().enumerate() {
            let below = entry.path.strip_prefix(&list.base);
            let track =
                below.and_then(|path| path.strip_prefix(diary.folder)).is_some_and(|path| Format::of(path).is_some());
            let photo = photos && below.is_some_and(|path| path.starts_with("media/"));
            if (track || photo) && entry.size <= MAX_TRACK {
                chosen.push(at);
            }
        }
    }
    chosen.sort_unstable();
    chosen.dedup();
    export.admit(&chosen, wants)?;
    let total = chosen.iter().filter_map(|at| export.entries().get(*at)).map(|entry| entry.size).sum();
    let problems = export.damaged().iter().map(|(file, problem)| ImportProblem {
        file: file.clone(),
        day: None,
        reason: format!("the zip is damaged: {problem}"),
    });
    let ready: VecDeque<_> = problems.chain(unreadable).map(Err).collect();
    let mut merger = Merger::new(diary.rules, diary.folder);
    if !ready.is_empty() {
        merger.incomplete();
    }
    let (mut by_name, mut by_path) = (HashMap::new(), HashMap::new());
    for (at, entry) in export.entries().iter().enumerate() {
        by_name.insert(entry.name.clone(), at);
        by_path.entry(entry.path.clone()).and_modify(|one| *one = None).or_insert(Some(at));
    }
    Ok(Begun::Reader(Box::new(ActivityReader {
        export,
        diary,
        settings: settings.clone(),
        lists,
        by_name,
        by_path,
        named: HashSet::new(),
        stage: Stage::Survey,
        rows: Rows::new(),
        listed: VecDeque::new(),
        waiting: None,
        strays: VecDeque::new(),
        drafts: BTreeMap::new(),
        ready,
        merger,
        told: Told::default(),
        read: 0,
        total,
    })))
}

impl Reader for ActivityReader {
    fn total_bytes(&self) -> u64 {
        self.total
    }

    fn bytes_read(&self) -> u64 {
        self.read.min(self.total)
    }

    fn next(&mut self) -> Option<Result<Imported, ImportProblem>> {
        if let Some(ready) = self.ready.pop_front() {
            return Some(ready);
        }
        match self.stage {
            Stage::Survey => self.survey(),
            Stage::Listed => match self.waiting.take() {
                Some(taken) => self.enter(taken),
                None => match self.listed.pop_front() {
                    Some(row) => self.row(row),
                    None => self.end_of_rows(),
                },
            },
            Stage::Strays => match self.strays.pop_front() {
                Some(entry) => self.stray(entry),
                None => self.end(),
            },
            Stage::Done => return None,
        }
        Some(self.ready.pop_front().unwrap_or(Ok(Imported::Nothing)))
    }

    fn merger(&mut self) -> Option<&mut Merger> {
        Some(&mut self.merger)
    }

    /// A clock that a file told once is that of an activity of which no file tells one now.
    fn recall(&mut self, held: &Resources) {
        let rule = self.diary.rules.iter().find(|rule| rule.resource == TIMES);
        let times = held.get(TIMES).and_then(|times| Json::parse(times.as_bytes()).ok());
        let (Some(rule), Some(times), Some(taken)) = (rule, times, &mut self.waiting) else { return };
        let Some((name, id)) = &taken.row.id else { return };
        let is_of_row = |time: &Value<'_>| word(*time, name) == *id || (rule.keys)(*time).contains(id);
        let mut of_row = times.root().items().filter(is_of_row);
        let told = of_row.find_map(|time| {
            let told_by = ["position", "file"].into_iter().find(|by| word(time, TOLD_BY) == *by)?;
            let zone = word(time, "time_zone");
            Some((Zone::named(&zone).or_else(|| zone.parse().ok().map(Zone::Fixed))?, told_by))
        });
        taken.zone = taken.zone.or(told);
    }
}

impl ActivityReader {
    fn survey(&mut self) {
        let (mut listed, mut problems) = (Vec::new(), Vec::new());
        let lists = std::mem::take(&mut self.lists);
        let types = self.settings.types.as_deref();
        let mut survey = Survey::new(&mut self.export, &mut self.rows, &mut self.merger, types, &mut problems, &lists);
        for at in 0..lists.len() {
            survey.read(&lists, at, &mut listed);
        }
        self.told.of_other_types = survey.passed_over;
        let mut bases: Vec<&str> = lists.iter().map(|list| list.base.as_str()).collect();
        bases.dedup();
        for base in bases {
            let (account, wrong) = (self.diary.account)(&mut self.export, base, &self.settings);
            problems.extend(wrong);
            if !account.is_empty() {
                self.ready.push_back(Ok(Imported::Account(account)));
            }
            for entry in (self.diary.account_files)(&self.export, base, &self.settings) {
                self.read += self.size(entry);
            }
        }
        self.read += lists.iter().map(|list| self.size(list.entry)).sum::<u64>();
        self.ready.extend(problems.into_iter().map(Err));
        listed.sort_by_key(|row| (row.start.time(), row.list, row.line));
        self.listed = listed.into();
        self.lists = lists;
        self.stage = Stage::Listed;
    }

    /// Reads the files of an activity. Where none of them tells its clock, it is asked what is held.
    fn row(&mut self, row: Listed) {
        let Some(list) = self.lists.get(row.list) else { return };
        let (base, entry) = (list.base.clone(), list.entry);
        let mut files = Vec::new();
        let mut zone = None;
        for file in row.file.iter().chain(&row.media) {
            match self.file(entry, &base, file) {
                Ok((bytes, track)) => {
                    if let Some(track) = &track {
                        zone = zone.or(zone_of(track));
                    }
                    files.push((file.clone(), bytes, track));
                }
                Err(reason) => {
                    self.merger.list_file(FILES, file);
                    let reason = format!("line {} names {file}: {reason}", row.line);
                    self.problem(entry, reason);
                }
            }
        }
        let taken = Taken { row, files, zone };
        match taken.row.start {
            Start::Utc(time) if zone.is_none() && taken.row.id.is_some() => {
                let day = |time: NaiveDateTime| Day::from_date(time.date());
                let days = [day(time - FARTHEST_WEST), day(time), day(time + FARTHEST_EAST)];
                self.waiting = Some(taken);
                self.ready.push_back(Ok(Imported::Recall(days.into_iter().flatten().collect())));
            }
            _ => self.enter(taken),
        }
    }

    /// Takes an activity, and gives the days that it is too late for.
    fn enter(&mut self, taken: Taken) {
        let Taken { row, files, zone } = taken;
        let Some(list) = self.lists.get(row.list) else { return };
        let (sheet, entry) = (list.sheet, list.entry);
        let (day, told) = match row.start {
            Start::Local(time) => (Day::from_date(time.date()), None),
            Start::Utc(time) => {
                let (day, told) = self.reckon(time, zone, row.id.as_ref());
                (day, Some(told))
            }
        };
        let Some(day) = day else {
            self.merger.incomplete();
            return self.problem(entry, format!("line {} is of a year that no archive has", row.line));
        };
        // What comes later cannot be of a day before this one.
        let earliest = match row.start {
            Start::Local(_) => Some(day),
            Start::Utc(time) => Day::from_date((time - FARTHEST_WEST).date()),
        };
        if let Some(earliest) = earliest {
            let later = self.drafts.split_off(&earliest);
            let finished = std::mem::replace(&mut self.drafts, later);
            self.give(finished);
        }
        let object = match self.rows.get(row.slot) {
            Ok(object) => object,
            Err(error) => {
                self.merger.incomplete();
                return self.problem(entry, format!("line {} was lost on the way: {error}", row.line));
            }
        };
        for list in std::iter::once(row.list).chain(row.also) {
            self.merger.reach(list, sheet.resource, day);
        }
        let draft = self.drafts.entry(day).or_default();
        draft.add(sheet.resource, object);
        if let Some(told) = told {
            draft.add(TIMES, told);
        }
        for (file, bytes, track) in files {
            if !draft.has_file(&file) {
                draft.add_file(&file, file_place(&file, self.diary.folder), bytes, track);
            }
        }
    }

    /// Reads a file that a list names. One whose points cannot be read is kept all the same, and told.
    fn file(&mut self, list: usize, base: &str, file: &str) -> Result<(Vec<u8>, Option<Track>), String> {
        let beside = name(&self.export, list);
        let beside = beside.rsplit_once('/').map_or("", |(folder, _)| folder);
        let find = |file: &str| {
            let near = self.by_name.get(&format!("{beside}/{file}")).copied();
            near.or_else(|| self.by_path.get(&format!("{base}{file}")).copied().flatten())
        };
        // Some systems unpack what they download.
        let entry = find(file).or_else(|| find(file.strip_suffix(".gz")?));
        let entry = entry.ok_or("the export has no such file")?;
        if self.named.insert(entry) {
            self.read += self.size(entry);
        }
        self.read_file(entry)
    }

    fn read_file(&mut self, entry: usize) -> Result<(Vec<u8>, Option<Track>), String> {
        if self.size(entry) > MAX_TRACK {
            return Err(format!("it has more than {} MiB", MAX_TRACK >> 20));
        }
        let mut bytes = Vec::new();
        let read = self.export.stream(entry).and_then(|mut stream| stream.read_to_end(&mut bytes));
        read.map_err(|error| format!("it cannot be read: {error}"))?;
        let Some(format) = self.export.entries().get(entry).and_then(|entry| Format::of(&entry.path)) else {
            return Ok((bytes, None));
        };
        match format.read(&bytes) {
            Ok(track) => Ok((bytes, Some(track))),
            Err(reason) => {
                self.problem(entry, format!("its points are not taken: {reason}; the file is kept as it is"));
                Ok((bytes, None))
            }
        }
    }

    /// The local day of a moment, and the record that says how it was reckoned.
    fn reckon(
        &mut self,
        time: NaiveDateTime,
        zone: Option<(Zone, &'static str)>,
        id: Option<&(String, String)>,
    ) -> (Option<Day>, JsonText) {
        let by_settings = || self.settings.time_zone.map(|zone| (zone, "settings"));
        let (zone, told_by) = zone.or_else(by_settings).unwrap_or_else(|| {
            self.told.in_utc += 1;
            (Zone::UTC, "nothing")
        });
        let moment = time.and_utc();
        let offset = match zone {
            Zone::Named(zone) => zone.offset_from_utc_datetime(&time).fix(),
            Zone::Fixed(offset) => offset,
        };
        let local: chrono::DateTime<FixedOffset> = moment.with_timezone(&offset);
        let text = |text: &str| JsonText::string(text);
        // A column that is called like one of the others gives way.
        let mut members: BTreeMap<&str, JsonText> = id.iter().map(|(name, id)| (name.as_str(), text(id))).collect();
        members.extend([
            ("local_start", text(&local.to_rfc3339_opts(SecondsFormat::Secs, false))),
            ("time_zone", text(&zone.to_string())),
            (TOLD_BY, text(told_by)),
        ]);
        (zone.day_of(moment), JsonText::object(members))
    }

    fn end_of_rows(&mut self) {
        let rest = std::mem::take(&mut self.drafts);
        self.give(rest);
        for list in &self.lists {
            let prefix = format!("{}{}", list.base, self.diary.folder);
            for (at, entry) in self.export.entries().iter().enumerate() {
                let inside = entry.path.strip_prefix(&prefix).is_some_and(|path| Format::of(path).is_some());
                if inside && self.named.insert(at) {
                    self.strays.push_back(at);
                }
            }
        }
        self.stage = Stage::Strays;
    }

    /// Takes a file that no row names: it tells its day itself.
    fn stray(&mut self, entry: usize) {
        let path = self.export.entries().get(entry).map(|entry| entry.path.clone()).unwrap_or_default();
        let below = self.lists.iter().find_map(|list| path.strip_prefix(&list.base)).unwrap_or(&path).to_owned();
        self.read += self.size(entry);
        let (bytes, track) = match self.read_file(entry) {
            Ok(read) => read,
            Err(reason) => {
                self.merger.list_file(FILES, &below);
                return self.problem(entry, reason);
            }
        };
        let own = file_place(&below, self.diary.folder);
        let told = track.as_ref().and_then(|track| Some((track.start?, track.clone())));
        let day = (self.diary.day_of_name)(&own).or_else(|| {
            let (start, track) = told?;
            let zone = zone_of(&track).map(|(zone, _)| zone).or(self.settings.time_zone);
            zone.unwrap_or(Zone::UTC).day_of(start)
        });
        let Some(day) = day else {
            self.merger.list_file(FILES, &below);
            return self.problem(entry, "no row names it, and it does not tell its day; it is left out".to_owned());
        };
        self.told.strays += 1;
        let mut draft = Draft::default();
        draft.add_file(&below, own, bytes, track);
        let imported = draft.finish(day, name(&self.export, entry));
        self.merger.place(day, &imported.resources);
        self.ready.push_back(Ok(Imported::Day(imported)));
    }

    fn give(&mut self, finished: BTreeMap<Day, Draft>) {
        let source = self.lists.first().map(|list| name(&self.export, list.entry)).unwrap_or_default();
        for (day, draft) in finished {
            let imported = draft.finish(day, source.clone());
            self.merger.place(day, &imported.resources);
            self.ready.push_back(Ok(Imported::Day(imported)));
        }
    }

    fn end(&mut self) {
        let Told { of_other_types, in_utc, strays } = self.told;
        let mut note = |count: usize, one: &str, many: &str, rest: &str| {
            if count > 0 {
                let what = if count == 1 { format!("1 {one}") } else { format!("{count} {many}") };
                self.ready.push_back(Ok(Imported::Note(format!("{what} {rest}"))));
            }
        };
        note(of_other_types, "activity", "activities", "of other types passed over (types in fitsnap.toml)");
        note(
            in_utc,
            "activity",
            "activities",
            "with neither a position nor a clock: the day is that of UTC; set time_zone in fitsnap.toml \
             (\"Europe/Helsinki\") and import again",
        );
        note(strays, "file", "files", "that no row names, taken for the day they tell themselves");
        self.stage = Stage::Done;
    }

    fn problem(&mut self, entry: usize, reason: String) {
        let file = name(&self.export, entry);
        self.ready.push_back(Err(ImportProblem { file, day: None, reason }));
    }

    fn size(&self, entry: usize) -> u64 {
        self.export.entries().get(entry).map_or(0, |entry| entry.size)
    }
}

/// The zone that a file tells by its first position or by its own clock.
fn zone_of(track: &Track) -> Option<(Zone, &'static str)> {
    let by_position = track.position.and_then(zone_at).map(|zone| (zone, "position"));
    by_position.or_else(|| Some((Zone::fixed(track.offset?)?, "file")))
}
