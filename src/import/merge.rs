//! The records of an export's lists beside those held: what is told anew takes the place of what was held
//! of it, what is not told stays until the whole list is known, and only then goes.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::tracks::Format;
use crate::json::{Json, Value};
use crate::model::{Day, DayRange, JsonText, Resources};

/// Up to so many days may lose records by one export without a question.
const FEW: usize = 3;

/// How the records of a list are told apart.
pub struct ListRule {
    /// The resource that holds them.
    pub resource: &'static str,
    /// What tells a record apart; two that share any of it are one.
    pub keys: fn(Value<'_>) -> Vec<String>,
    /// What records are sorted by.
    pub order: fn(Value<'_>) -> String,
    /// The list that tells of which days this one is whole: itself, or the one that it goes with.
    pub whole_with: &'static str,
    /// Whether the first of two records, which is held, says more than the second: then it stays.
    pub says_more: fn(Value<'_>, Value<'_>) -> bool,
    /// Whether a record speaks of a file that is kept beside the document: its member [`FILE`] names it.
    pub of_files: bool,
}

/// The member of a record of a file that names it, as the export does.
pub const FILE: &str = "file";

/// The member of a record of a file that has its points.
pub const TRACKS: &str = "tracks";

/// The folder of the pictures and films.
const MEDIA: &str = "media/";

/// What stands before the name of a file that lies beside the list, where files of its kind have a folder.
const BESIDE: &str = "./";

/// Brings the lists of one export together with those held.
pub struct Merger {
    rules: &'static [ListRule],
    /// The folder that the export keeps its files in.
    folder: &'static str,
    /// The columns that tell rows apart in this export, whose names may be of any language.
    columns: BTreeSet<String>,
    /// Where each record of the export stands now.
    placed: HashMap<(usize, String), Day>,
    /// Records that the export lists, wherever they belong.
    listed: HashSet<(usize, String)>,
    /// Records held on days that were looked at, of which the export says nothing there.
    strays: BTreeMap<Day, Vec<(usize, Vec<String>)>>,
    looked_at: BTreeSet<Day>,
    /// From the first to the last day of each list file, by its resource and its number.
    spans: BTreeMap<(&'static str, usize), DayRange>,
    complete: bool,
}

/// A list brought together with the one held.
pub struct Joined {
    /// The list.
    pub list: JsonText,
    /// The files, by the names they are kept under, of which what is held says more: they stay as they are.
    pub keep: Vec<String>,
}

/// What an export has no more.
#[derive(Debug, PartialEq, Eq)]
pub enum Gone {
    /// So many days would lose records that a person should look first.
    TooMuch {
        /// The days that would.
        days: usize,
    },
    /// These days have records that are to go.
    Days(Vec<Day>),
}

/// A day without the records that are to go.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Without {
    /// The lists as they are then.
    pub resources: Resources,
    /// The lists of which nothing is left.
    pub gone: Vec<String>,
    /// The files that go with them, by the names they are kept under.
    pub files: Vec<String>,
}

impl Merger {
    /// Begins with an export whose lists have these rules, and its files lie in this folder.
    pub fn new(rules: &'static [ListRule], folder: &'static str) -> Merger {
        Merger {
            rules,
            folder,
            columns: BTreeSet::new(),
            placed: HashMap::new(),
            listed: HashSet::new(),
            strays: BTreeMap::new(),
            looked_at: BTreeSet::new(),
            spans: BTreeMap::new(),
            complete: true,
        }
    }

    /// Rows of this export are told apart by this column.
    pub fn told_apart_by(&mut self, column: &str) {
        if !self.columns.contains(column) {
            self.columns.insert(column.to_owned());
        }
    }

    /// What tells a record apart; nothing where neither the rule nor a column of this export does.
    fn keys(&self, rule: usize, record: Value<'_>) -> Vec<String> {
        match (self.rules[rule].keys)(record) {
            keys if keys.is_empty() => {
                self.columns.iter().filter_map(|name| Some(record.get(name)?.as_str()?.into_owned())).collect()
            }
            keys => keys,
        }
    }

    /// Something that the export lists could not be read: nothing can be missing from it then.
    pub fn incomplete(&mut self) {
        self.complete = false;
    }

    /// The export lists a record that is not taken.
    pub fn list(&mut self, resource: &str, record: &JsonText) {
        if let (Some(rule), Ok(json)) = (self.rule(resource), Json::parse(record.as_bytes())) {
            let keys = self.keys(rule, json.root());
            self.listed.extend(keys.into_iter().map(|key| (rule, key)));
        }
    }

    /// The export lists a file that it cannot give, by the name that it has for it.
    pub fn list_file(&mut self, resource: &str, file: &str) {
        self.list(resource, &JsonText::object([(FILE, JsonText::string(file))]));
    }

    /// One of the export's list files, told by its number, has a row of this day. From the first to the last
    /// of its days that file is whole; what lies between two files is in neither.
    pub fn reach(&mut self, list: usize, resource: &str, day: Day) {
        let Some(rule) = self.rule(resource) else { return };
        let of_list = (self.rules[rule].resource, list);
        let span = self.spans.entry(of_list).or_insert(DayRange { first: day, last: day });
        (span.first, span.last) = (span.first.min(day), span.last.max(day));
    }

    /// Takes down what a day has.
    pub fn place(&mut self, day: Day, resources: &Resources) {
        self.looked_at.insert(day);
        for (name, list) in resources {
            let Some(rule) = self.rule(name) else { continue };
            let Ok(json) = Json::parse(list.as_bytes()) else { continue };
            for record in json.root().items() {
                for key in self.keys(rule, record) {
                    self.listed.insert((rule, key.clone()));
                    self.placed.insert((rule, key), day);
                }
            }
        }
    }

    /// A list of a day together with the one held. Records held of which the new one says nothing stay for
    /// the time being.
    pub fn join(&mut self, day: Day, resource: &str, held: &JsonText, new: JsonText) -> Joined {
        let parsed = (Json::parse(held.as_bytes()), Json::parse(new.as_bytes()));
        let (Some(at), (Ok(old), Ok(told))) = (self.rule(resource), parsed) else {
            return Joined { list: new, keep: Vec::new() };
        };
        let rule = &self.rules[at];
        let mut by_key: HashMap<String, Value<'_>> = HashMap::new();
        for record in old.root().items() {
            by_key.extend(self.keys(at, record).into_iter().map(|key| (key, record)));
        }
        let (mut list, mut keep, mut keys) = (Vec::new(), Vec::new(), HashSet::new());
        // What nothing tells apart is the same where all of it is.
        let mut keyless = HashSet::new();
        for record in told.root().items() {
            let own = self.keys(at, record);
            if own.is_empty() {
                keyless.insert(record.line());
            }
            let held = own.iter().find_map(|key| by_key.get(key).copied());
            let better = held.filter(|held| (rule.says_more)(*held, record));
            keep.extend(better.filter(|_| rule.of_files).and_then(file_of).map(|file| file_place(&file, self.folder)));
            list.push(better.unwrap_or(record));
            keys.extend(own);
        }
        for record in old.root().items() {
            let own = self.keys(at, record);
            if own.iter().any(|key| keys.contains(key)) || (own.is_empty() && keyless.contains(&record.line())) {
                continue;
            }
            self.strays.entry(day).or_default().push((at, own));
            list.push(record);
        }
        list.sort_by_cached_key(|record| (rule.order)(*record));
        Joined { list: JsonText::list(list), keep }
    }

    /// Whether a day held must still be looked at before it can be said what is gone.
    pub fn is_open(&self, day: Day) -> bool {
        self.complete && self.spans.values().any(|span| span.contains(day)) && !self.looked_at.contains(&day)
    }

    /// Looks at a day held that the export says nothing of.
    pub fn look(&mut self, day: Day, resources: &Resources) {
        self.looked_at.insert(day);
        for (name, list) in resources {
            self.look_at(day, name, list);
        }
    }

    /// Looks at a list held of which the export says nothing on this day.
    pub fn look_at(&mut self, day: Day, resource: &str, held: &JsonText) {
        if let (Some(at), Ok(json)) = (self.rule(resource), Json::parse(held.as_bytes())) {
            let keys: Vec<_> = json.root().items().map(|record| (at, self.keys(at, record))).collect();
            self.strays.entry(day).or_default().extend(keys);
        }
    }

    /// What is to go, once the whole export was read: records that moved to another day, and where the
    /// whole list is known those that it no longer has.
    pub fn gone(&mut self) -> Gone {
        let strays = std::mem::take(&mut self.strays);
        let mut lossy = 0;
        for (day, records) in strays {
            let (mut going, mut lost) = (Vec::new(), false);
            for (rule, keys) in records {
                let key = |key: &String| (rule, key.clone());
                let moved = keys.iter().any(|one| self.placed.get(&key(one)).is_some_and(|place| *place != day));
                let listed = keys.is_empty() || keys.iter().any(|one| self.listed.contains(&key(one)));
                let whole_with = self.rules[rule].whole_with;
                let inside = self.spans.iter().any(|((list, _), span)| *list == whole_with && span.contains(day));
                let is_lost = !listed && self.complete && inside;
                if moved || is_lost {
                    lost |= is_lost;
                    going.push((rule, keys));
                }
            }
            lossy += usize::from(lost);
            if !going.is_empty() {
                self.strays.insert(day, going);
            }
        }
        if lossy > FEW && lossy * 3 > self.looked_at.len() {
            return Gone::TooMuch { days: lossy };
        }
        Gone::Days(self.strays.keys().copied().collect())
    }

    /// A day's resources without what is to go.
    pub fn without(&self, day: Day, resources: &Resources) -> Without {
        let mut without = Without::default();
        for (at, rule) in self.rules.iter().enumerate() {
            let going: HashSet<&String> = self
                .strays
                .get(&day)
                .into_iter()
                .flatten()
                .filter(|(one, _)| *one == at)
                .flat_map(|(_, keys)| keys)
                .collect();
            let Some(held) = resources.get(rule.resource).filter(|_| !going.is_empty()) else { continue };
            let Ok(json) = Json::parse(held.as_bytes()) else { continue };
            let goes = |record: &Value<'_>| self.keys(at, *record).iter().any(|key| going.contains(key));
            let (away, left): (Vec<_>, Vec<_>) = json.root().items().partition(goes);
            if rule.of_files {
                without.files.extend(away.into_iter().filter_map(file_of).map(|file| file_place(&file, self.folder)));
            }
            match left.is_empty() {
                true => without.gone.push(rule.resource.to_owned()),
                false => {
                    without.resources.insert(rule.resource.to_owned(), JsonText::list(left));
                }
            }
        }
        without
    }

    fn rule(&self, resource: &str) -> Option<usize> {
        self.rules.iter().position(|rule| rule.resource == resource)
    }
}

/// Whether the first of two records of a file has its points and the second has not.
pub fn has_points(held: Value<'_>, new: Value<'_>) -> bool {
    held.get(TRACKS).is_some() && new.get(TRACKS).is_none()
}

/// A member of a record that is a text; empty where there is none.
pub fn word(record: Value<'_>, name: &str) -> String {
    record.get(name).and_then(|word| Some(word.as_str()?.into_owned())).unwrap_or_default()
}

/// The name that a file is kept under: what the list calls it, without the folder where files of its kind lie.
/// No two names come to the same.
pub fn file_place(name: &str, folder: &str) -> String {
    if folder.is_empty() {
        return name.to_owned();
    }
    let is_track = Format::of(name).is_some();
    let homes = [folder, MEDIA];
    let is_below = |path: &str| homes.iter().any(|home| path.starts_with(home));
    match name.strip_prefix(if is_track { folder } else { MEDIA }) {
        // Below its folder may be another of the same name as the other one.
        Some(rest) if !is_below(rest) && !rest.starts_with(BESIDE) => rest.to_owned(),
        None if !is_below(name) => format!("{BESIDE}{name}"),
        _ => name.to_owned(),
    }
}

/// The file that a record speaks of.
fn file_of(record: Value<'_>) -> Option<String> {
    Some(record.get(FILE)?.as_str()?.into_owned())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const RULES: &[ListRule] = &[
        ListRule {
            resource: "rows",
            keys: |record| record.get("id").and_then(|id| Some(id.as_str()?.into_owned())).into_iter().collect(),
            order: |record| word(record, "at"),
            whole_with: "rows",
            says_more: |_, _| false,
            of_files: false,
        },
        ListRule {
            resource: "files",
            keys: |record| file_of(record).into_iter().collect(),
            order: |record| file_of(record).unwrap_or_default(),
            whole_with: "rows",
            says_more: has_points,
            of_files: true,
        },
    ];

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    fn list(json: &str) -> JsonText {
        JsonText::parse(json.as_bytes()).unwrap()
    }

    fn rows(ids: &[&str]) -> Resources {
        let rows: Vec<String> = ids.iter().map(|id| format!("{{\"id\":\"{id}\",\"at\":\"{id}\"}}")).collect();
        Resources::from([("rows".to_owned(), list(&format!("[{}]", rows.join(","))))])
    }

    /// A day of the first list file.
    fn tell(merger: &mut Merger, day: Day, resources: &Resources) {
        merger.place(day, resources);
        merger.reach(0, "rows", day);
    }

    fn text(list: &JsonText) -> String {
        String::from_utf8(list.as_bytes().to_vec()).unwrap()
    }

    #[test]
    fn what_is_not_told_stays_in_its_order_until_the_list_is_known() {
        let mut merger = Merger::new(RULES, "activities/");
        let (one, held) = (day("2020-01-01"), rows(&["a", "b", "c"]));
        let new = rows(&["c", "a"]);
        tell(&mut merger, one, &new);
        let joined = merger.join(one, "rows", &held["rows"], new["rows"].clone());
        assert_eq!(text(&joined.list), text(&held["rows"]));
        assert_eq!(merger.gone(), Gone::Days(vec![one]));
        let without = merger.without(one, &held);
        assert_eq!(text(&without.resources["rows"]), text(&rows(&["a", "c"])["rows"]));
        assert_eq!(without.gone, [""; 0]);
    }

    #[test]
    fn nothing_is_missing_from_a_list_that_could_not_be_read_whole() {
        let mut merger = Merger::new(RULES, "activities/");
        let one = day("2020-01-01");
        tell(&mut merger, one, &rows(&["a"]));
        merger.join(one, "rows", &rows(&["a", "b"])["rows"], rows(&["a"])["rows"].clone());
        merger.incomplete();
        assert_eq!(merger.gone(), Gone::Days(vec![]));
    }

    #[test]
    fn a_record_that_moved_leaves_its_old_day() {
        let mut merger = Merger::new(RULES, "activities/");
        let (old, new, last) = (day("2020-01-01"), day("2020-01-02"), day("2020-01-03"));
        tell(&mut merger, new, &rows(&["a"]));
        tell(&mut merger, last, &rows(&["z"]));
        // Before the first day of the list nothing is known to be gone, but what is elsewhere is not here.
        merger.look(old, &rows(&["a", "early"]));
        assert_eq!(merger.gone(), Gone::Days(vec![old]));
        let without = merger.without(old, &rows(&["a", "early"]));
        assert_eq!(text(&without.resources["rows"]), text(&rows(&["early"])["rows"]));
    }

    #[test]
    fn days_in_the_span_that_the_list_does_not_name_are_looked_at() {
        let mut merger = Merger::new(RULES, "activities/");
        tell(&mut merger, day("2020-01-01"), &rows(&["a"]));
        tell(&mut merger, day("2020-01-05"), &rows(&["b"]));
        let (inside, outside) = (day("2020-01-03"), day("2020-01-06"));
        assert!(merger.is_open(inside) && !merger.is_open(outside) && !merger.is_open(day("2020-01-05")));
        let mut held = rows(&["gone"]);
        held.insert("files".to_owned(), list("[{\"file\":\"activities/gone.gpx\"}]"));
        merger.look(inside, &held);
        assert_eq!(merger.gone(), Gone::Days(vec![inside]));
        let without = merger.without(inside, &held);
        assert_eq!(
            (without.gone, without.files),
            (vec!["rows".to_owned(), "files".to_owned()], vec!["gone.gpx".to_owned()])
        );
    }

    #[test]
    fn a_list_that_lacks_much_is_not_believed_at_once() {
        let mut merger = Merger::new(RULES, "activities/");
        tell(&mut merger, day("2020-01-01"), &rows(&["a"]));
        tell(&mut merger, day("2020-01-31"), &rows(&["b"]));
        for number in 10..14 {
            merger.look(day(&format!("2020-01-{number}")), &rows(&[&format!("x{number}")]));
        }
        assert_eq!(merger.gone(), Gone::TooMuch { days: 4 });
    }

    #[test]
    fn points_once_read_outlast_a_file_that_cannot_be_read() {
        let mut merger = Merger::new(RULES, "activities/");
        let held = list("[{\"file\":\"activities/1.fit\",\"tracks\":[]}]");
        let joined =
            merger.join(day("2020-01-01"), "files", &held, list("[{\"file\":\"activities/1.fit\",\"sha256\":\"x\"}]"));
        assert_eq!(text(&joined.list), text(&held));
        assert_eq!(joined.keep, ["1.fit"]);
    }

    #[test]
    fn between_two_list_files_nothing_is_known_to_be_gone() {
        let mut merger = Merger::new(RULES, "activities/");
        tell(&mut merger, day("2020-01-01"), &rows(&["a"]));
        tell(&mut merger, day("2020-01-31"), &rows(&["b"]));
        for (name, last) in [("c", "2020-03-01"), ("d", "2020-03-31")] {
            merger.place(day(last), &rows(&[name]));
            merger.reach(1, "rows", day(last));
        }
        assert!(!merger.is_open(day("2020-02-15")) && merger.is_open(day("2020-03-15")));
        merger.look(day("2020-02-15"), &rows(&["between"]));
        merger.look(day("2020-03-15"), &rows(&["gone"]));
        assert_eq!(merger.gone(), Gone::Days(vec![day("2020-03-15")]));
    }

    #[test]
    fn each_file_is_kept_under_a_name_of_its_own() {
        let places = [
            ("activities/1.gpx", "1.gpx"),
            ("media/1.gpx", "media/1.gpx"),
            ("1.gpx", "./1.gpx"),
            ("activities/media/1.gpx", "activities/media/1.gpx"),
            ("activities/./1.gpx", "activities/./1.gpx"),
            ("media/1.jpg", "1.jpg"),
            ("activities/1.jpg", "activities/1.jpg"),
            ("1.jpg", "./1.jpg"),
            ("media/activities/1.jpg", "media/activities/1.jpg"),
            ("activities/sub/1.fit.gz", "sub/1.fit.gz"),
        ];
        for (name, own) in places {
            assert_eq!(file_place(name, "activities/"), own, "{name}");
        }
        assert_eq!(file_place("2013-12-29-1136.gpx", ""), "2013-12-29-1136.gpx");
    }
}
