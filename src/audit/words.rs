//! What changed between two documents, in words.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::finder::Finder;
use super::label::{Label, shortened, words};
use super::lines::{Line, Tone};
use super::stamp::Stamp;
use crate::json::{Change, Edit, Json, Kind, Value};
use crate::model::Day;

/// How much is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Detail {
    /// More like records than this that were altered are summed in one line.
    pub sum_from: usize,
    /// More like records than this that came or went are summed in one line.
    pub sum_moved: usize,
    /// Whether what came, went and was altered in a series is told in one line.
    pub sum_series: bool,
    /// How many members of one record are told.
    pub members: usize,
    /// How many lines there are at most.
    pub lines: usize,
}

impl Detail {
    /// For a list of many revisions.
    pub const BRIEF: Detail = Detail { sum_from: 4, sum_moved: 2, sum_series: true, members: 4, lines: 8 };
    /// For one revision.
    pub const FULL: Detail =
        Detail { sum_from: 40, sum_moved: 8, sum_series: false, members: usize::MAX, lines: usize::MAX };
}

/// The changes of one record.
struct Altered<'e> {
    label: Label,
    edits: Vec<(String, &'e Edit)>,
}

/// Lines about one array of one resource.
#[derive(Default)]
struct Group<'e> {
    one: String,
    many: String,
    altered: Vec<Altered<'e>>,
    altered_at: HashMap<String, usize>,
    /// Records that came or went, by the record around them.
    moved: BTreeMap<(String, bool), Vec<Label>>,
    /// Those records around, by pointer: what they are, and what they are called.
    around: HashMap<String, (String, Label)>,
    /// Whether the array is the resource itself.
    is_resource: bool,
    /// Whether one of its records is called by more than a time.
    has_names: bool,
    loose: Vec<(String, &'e Edit)>,
}

/// The changes in words, at most so many lines. Volatile changes are not told apart from others here.
pub(super) fn describe(old: Value<'_>, new: Value<'_>, edits: &[Edit], day: Option<Day>, detail: Detail) -> Vec<Line> {
    let (mut before, mut after) = (Finder::new(old), Finder::new(new));
    let mut groups: Vec<((String, String), Group<'_>)> = Vec::new();
    let mut group_at: HashMap<(String, String), usize> = HashMap::new();
    // What each altered record was called before is told by its own edits.
    let was: HashMap<&str, &str> =
        edits.iter().filter_map(|edit| Some((edit.path.as_str(), edit.old.as_deref()?))).collect();
    let altered: HashSet<&str> = was.keys().flat_map(|path| parents(path)).collect();
    for edit in edits {
        let gone = matches!(edit.change, Change::MemberRemoved | Change::RecordRemoved);
        let depth = usize::from(!edit.resource.is_empty()) * 2;
        let found = if gone { before.find(&edit.path, depth) } else { after.find(&edit.path, depth) };
        let pattern = found.array.as_ref().map(|(path, ..)| generic(path)).unwrap_or_default();
        let key = (edit.resource.clone(), pattern);
        let at = *group_at.entry(key.clone()).or_insert_with(|| {
            let (one, many) = match &found.array {
                Some((_, name, top)) => words(name, *top),
                None => (String::new(), String::new()),
            };
            let is_resource = found.array.as_ref().is_some_and(|(.., top)| *top);
            groups.push((key, Group { one, many, is_resource, ..Group::default() }));
            groups.len() - 1
        });
        let group = &mut groups[at].1;
        let Some((record_path, record)) = found.record else {
            group.loose.push((member(&found.member), edit));
            continue;
        };
        if matches!(edit.change, Change::RecordAdded | Change::RecordRemoved) && found.member.is_empty() {
            let moved = Label::of(record, day, |_| None);
            group.is_of(&moved);
            let around = found
                .around
                .map(|(path, value, name, top)| (path, words(&name, top).0, Label::of(value, day, |_| None)));
            let (path, word, label) = around.filter(|(.., label)| !label.is_empty()).unwrap_or_default();
            group.moved.entry((path.to_owned(), gone)).or_default().push(moved);
            group.around.entry(path.to_owned()).or_insert((word, label));
            continue;
        }
        let earlier = |path: &str| {
            if gone || !altered.contains(&record_path) {
                return None;
            }
            let old = was.get(format!("{record_path}{path}").as_str())?;
            let json = Json::parse(old.as_bytes()).ok()?;
            json.root().as_str().map(|text| text.into_owned())
        };
        let label = Label::of(record, day, earlier);
        group.is_of(&label);
        // A record may stand at another index before and after: its label is what brings the two together.
        let known = if label.is_empty() { record_path.to_owned() } else { format!("{} {}", label.span, label.name) };
        let slot = *group.altered_at.entry(known).or_insert_with(|| {
            group.altered.push(Altered { label, edits: Vec::new() });
            group.altered.len() - 1
        });
        group.altered[slot].edits.push((member(&found.member), edit));
    }
    if groups.len() > detail.lines {
        // Not all will be told: what changed most goes first.
        groups.sort_by_key(|(_, group)| std::cmp::Reverse(group.size()));
    }
    let mut lines = Vec::new();
    for ((resource, _), group) in &groups {
        group.lines(resource, day, detail, &mut lines);
    }
    if lines.len() > detail.lines {
        let more = lines.len() + 1 - detail.lines;
        lines.truncate(detail.lines - 1);
        lines.push(vec![(Tone::Dim, format!("and {more} more lines of changes, see fitsnap diff"))]);
    }
    lines
}

/// The pointers to what holds the value at a pointer directly, or one member further up.
fn parents(pointer: &str) -> impl Iterator<Item = &str> {
    let parent = |pointer: &str| pointer.rfind('/').unwrap_or(0);
    let first = &pointer[..parent(pointer)];
    [first, &first[..parent(first)]].into_iter()
}

/// A pointer with its indices replaced by `*`.
pub(super) fn generic(pointer: &str) -> String {
    let index = |token: &str| !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_digit());
    pointer.split('/').map(|token| if index(token) { "*" } else { token }).collect::<Vec<_>>().join("/")
}

fn member(tokens: &[String]) -> String {
    tokens.join(".").replace(".[", "[")
}

impl Group<'_> {
    /// Takes note of what one of its records is called.
    fn is_of(&mut self, label: &Label) {
        self.has_names |= !label.is_moment();
        if (self.is_resource || self.one == "record") && label.is_moment() {
            (self.one, self.many) = ("sample".into(), "samples".into());
        }
    }

    /// What came, went and was altered in one line, where it is a series of which more than one is to be
    /// summed: `heart: 182 samples added 21:14-23:59, 3 altered`.
    fn series_sum(&self, resource: &str, day: Option<Day>, detail: Detail) -> Option<Line> {
        let count = |gone: bool| self.moved.get(&(String::new(), gone)).map_or(&[][..], Vec::as_slice);
        let (added, removed) = (count(false), count(true));
        let is_long = self.altered.len() > detail.sum_from || added.len().max(removed.len()) > detail.sum_moved;
        let kinds = [added.len(), removed.len(), self.altered.len()].iter().filter(|count| **count > 0).count();
        let is_inside = self.moved.keys().any(|(around, _)| !around.is_empty());
        if !detail.sum_series || self.has_names || is_inside || !is_long || kinds < 2 {
            return None;
        }
        let mut line = vec![(Tone::Name, resource.to_owned()), (Tone::Plain, ":".into())];
        for (labels, happened, tone) in [(added, "added", Tone::New), (removed, "removed", Tone::Old)] {
            if !labels.is_empty() {
                let labels: Vec<&Label> = labels.iter().collect();
                let comma = if line.len() > 2 { "," } else { "" };
                let what = if line.len() > 2 { "" } else { self.counted(labels.len()) };
                line.push((Tone::Plain, [comma, " ", &joined(&[&labels.len().to_string(), what]), " "].concat()));
                line.push((tone, happened.to_owned()));
                line.push((Tone::Plain, reach(&labels, day)));
            }
        }
        if !self.altered.is_empty() {
            line.push((Tone::Plain, format!(", {} altered", self.altered.len())));
        }
        Some(line)
    }

    /// How many records changed.
    fn size(&self) -> usize {
        self.altered.len() + self.moved.values().map(Vec::len).sum::<usize>() + self.loose.len()
    }

    /// The word for so many of its records.
    fn counted(&self, count: usize) -> &str {
        if count == 1 { &self.one } else { &self.many }
    }

    fn lines(&self, resource: &str, day: Option<Day>, detail: Detail, lines: &mut Vec<Line>) {
        for (member, edit) in &self.loose {
            let mut line =
                vec![(Tone::Name, if resource.is_empty() { "document".into() } else { resource.to_owned() })];
            // Below /resources/NAME or /absent/NAME the name was said.
            let rest = match member.strip_prefix("resources.").or(member.strip_prefix("absent.")) {
                Some(rest) if member.starts_with("resources.") => {
                    let inside = rest.strip_prefix(resource).unwrap_or(rest);
                    inside.strip_prefix('.').unwrap_or(inside)
                }
                Some(_) => "absent",
                None => member,
            };
            line.push((Tone::Plain, ": ".into()));
            tell(rest, edit, day, &mut line);
            lines.push(line);
        }
        if let Some(line) = self.series_sum(resource, day, detail) {
            lines.push(line);
            return;
        }
        // Where members only came or went there are no two values to tell.
        let one_sided = |(_, edit): &(String, &Edit)| edit.old.is_none() || edit.new.is_none();
        let dull = self.altered.iter().flat_map(|altered| &altered.edits).all(one_sided);
        if self.altered.len() > if dull { detail.sum_from.min(4) } else { detail.sum_from } {
            lines.push(self.altered_sum(resource, day));
        } else {
            for altered in &self.altered {
                self.altered_lines(resource, altered, day, detail, lines);
            }
        }
        for ((around, gone), labels) in &self.moved {
            let around = self.around.get(around).cloned().unwrap_or_default();
            self.moved_lines(resource, &around, (*gone, day), labels, detail, lines);
        }
    }

    /// `storyline segment 17:59-22:59 Home`
    fn title(&self, resource: &str, word: &str, label: &Label) -> Line {
        // `activities activity` says the same thing twice.
        let resource = if words(resource, false).0 == word { "" } else { resource };
        vec![(Tone::Name, joined(&[resource, word, &label.span, &label.name]))]
    }

    fn altered_lines(
        &self,
        resource: &str,
        altered: &Altered<'_>,
        day: Option<Day>,
        detail: Detail,
        lines: &mut Vec<Line>,
    ) {
        let mut line = match altered.label.is_empty() {
            true => vec![(Tone::Name, resource.to_owned())],
            false => self.title(resource, &self.one, &altered.label),
        };
        line.push((Tone::Plain, ":".into()));
        let each_its_own = detail.members == usize::MAX && altered.edits.len() > 3;
        if each_its_own {
            lines.push(std::mem::take(&mut line));
        }
        for (at, (member, edit)) in altered.edits.iter().enumerate() {
            if at == detail.members && altered.edits.len() > at + 1 {
                line.push((Tone::Dim, format!(", {} more members", altered.edits.len() - at)));
                break;
            }
            let before = if each_its_own {
                "    "
            } else if at == 0 {
                " "
            } else {
                ", "
            };
            line.push((Tone::Plain, before.into()));
            tell(member, edit, day, &mut line);
            if each_its_own {
                lines.push(std::mem::take(&mut line));
            }
        }
        if !line.is_empty() {
            lines.push(line);
        }
    }

    fn altered_sum(&self, resource: &str, day: Option<Day>) -> Line {
        let mut members: BTreeMap<&str, usize> = BTreeMap::new();
        for (member, _) in self.altered.iter().flat_map(|altered| &altered.edits) {
            *members.entry(member.as_str()).or_default() += 1;
        }
        let mut members: Vec<(&str, usize)> = members.into_iter().collect();
        members.sort_by_key(|(member, count)| (std::cmp::Reverse(*count), *member));
        let more = members.len().saturating_sub(6);
        let mut names: Vec<String> = members.iter().take(6).map(|(member, _)| (*member).to_owned()).collect();
        if more > 0 {
            names.push(format!("{more} more members"));
        }
        let mut line = vec![(Tone::Name, resource.to_owned())];
        let count = self.altered.len();
        line.push((Tone::Plain, format!(": {count} {} altered{}: ", self.many, self.reach_of_altered(day))));
        line.push((Tone::New, names.join(", ")));
        line
    }

    fn reach_of_altered(&self, day: Option<Day>) -> String {
        let labels: Vec<&Label> = self.altered.iter().map(|altered| &altered.label).collect();
        reach(&labels, day)
    }

    fn moved_lines(
        &self,
        resource: &str,
        (word, around): &(String, Label),
        (gone, day): (bool, Option<Day>),
        labels: &[Label],
        detail: Detail,
        lines: &mut Vec<Line>,
    ) {
        let (happened, tone) = if gone { ("removed", Tone::Old) } else { ("added", Tone::New) };
        let head = |one: &Label| match around.is_empty() {
            true if one.is_empty() => vec![(Tone::Name, resource.to_owned()), (Tone::Plain, ": ".into())],
            true => self.title(resource, &self.one, one),
            false => [self.title(resource, word, around), vec![(Tone::Plain, ": ".into())]].concat(),
        };
        if labels.len() <= detail.sum_moved && labels.iter().all(|label| !label.is_empty()) {
            for label in labels {
                let mut line = head(label);
                if !around.is_empty() {
                    line.push((Tone::Plain, joined(&[&self.one, &label.span, &label.name])));
                }
                line.push((tone, format!(" {happened}")));
                lines.push(line);
            }
            return;
        }
        let mut line = head(&Label::default());
        let labels: Vec<&Label> = labels.iter().collect();
        line.push((Tone::Plain, format!("{} {} ", labels.len(), self.counted(labels.len()))));
        line.push((tone, happened.to_owned()));
        line.push((Tone::Plain, reach(&labels, day)));
        lines.push(line);
    }
}

fn joined(words: &[&str]) -> String {
    words.iter().filter(|word| !word.is_empty()).copied().collect::<Vec<_>>().join(" ")
}

fn reach(labels: &[&Label], day: Option<Day>) -> String {
    match Label::reach(labels, day) {
        span if span.is_empty() => span,
        span => format!(" {span}"),
    }
}

/// `endTime 22:59:32 -> 10:36:41 (+1)`
fn tell(member: &str, edit: &Edit, day: Option<Day>, line: &mut Line) {
    let name = if member.is_empty() { String::new() } else { format!("{member} ") };
    match (&edit.old, &edit.new) {
        _ if edit.change == Change::Reordered => {
            line.push((Tone::Plain, format!("{name}in another order")));
        }
        (Some(old), Some(new)) => {
            let (old, new) = pair(old, new, day);
            line.push((Tone::Plain, name));
            line.push((Tone::Old, old));
            line.push((Tone::Plain, " -> ".into()));
            line.push((Tone::New, new));
        }
        (None, Some(new)) => {
            line.push((Tone::Plain, name));
            line.push((Tone::New, format!("{} added", value(new, day))));
        }
        (Some(old), None) => {
            line.push((Tone::Plain, name));
            line.push((Tone::Old, format!("{} removed", value(old, day))));
        }
        (None, None) => {}
    }
}

/// Two values, spelled so that they differ.
fn pair(old: &str, new: &str, day: Option<Day>) -> (String, String) {
    let (short_old, short_new) = (value(old, day), value(new, day));
    if short_old != short_new {
        return (short_old, short_new);
    }
    let differ = old.chars().zip(new.chars()).take_while(|(one, other)| one == other).count();
    let from = differ.saturating_sub(20);
    let cut = |text: &str| {
        let rest: String = text.chars().skip(from).collect();
        let rest = shortened(&rest, 40);
        if from > 0 { format!("…{rest}") } else { rest }
    };
    (cut(old), cut(new))
}

/// A JSON value as short as it stays clear.
fn value(text: &str, day: Option<Day>) -> String {
    const SHORT: usize = 40;
    let Ok(json) = Json::parse(text.as_bytes()) else { return shortened(text, SHORT) };
    let root = json.root();
    match root.kind() {
        Kind::String => {
            let stamp = root.as_str().and_then(|text| Stamp::read(&text)).filter(|stamp| stamp.time.is_some());
            stamp.map(|stamp| stamp.exact(day)).unwrap_or_else(|| shortened(text, SHORT))
        }
        Kind::Array if text.chars().count() > SHORT => {
            let records = root.items().next().is_some_and(|item| item.kind() == Kind::Object);
            let one = if records { "record" } else { "value" };
            format!("{} {one}{}", root.len(), if root.len() == 1 { "" } else { "s" })
        }
        Kind::Object if text.chars().count() > SHORT => format!("{} members", root.len()),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::json::{Identity, RecordRules, compare};

    const RULES: RecordRules = RecordRules {
        identities: &[
            Identity { array: "storyline/*/segments", keys: &["startTime"] },
            Identity { array: "heart", keys: &["time"] },
        ],
        volatile: &[],
    };

    fn said(old: &str, new: &str, detail: Detail) -> Vec<String> {
        let document = |resources: &str| Json::parse(format!("{{\"resources\":{resources}}}")).unwrap();
        let (old, new) = (document(old), document(new));
        let comparison = compare(old.root(), new.root(), &RULES);
        let day = "2014-06-04".parse().ok();
        let lines = describe(old.root(), new.root(), &comparison.edits, day, detail);
        lines.iter().map(|line| line.iter().map(|(_, piece)| piece.as_str()).collect()).collect()
    }

    fn storyline(segments: &[&str]) -> String {
        format!(r#"{{"storyline":[{{"date":"20140604","segments":[{}]}}]}}"#, segments.join(","))
    }

    #[test]
    fn an_altered_record_is_called_by_what_it_was() {
        let home = |end: &str| {
            format!(
                r#"{{"startTime":"20140604T175900-0700","endTime":"{end}","place":{{"name":"Home"}},"type":"place"}}"#
            )
        };
        let (old, new) = (home("20140604T225932-0700"), home("20140605T103641-0700"));
        assert_eq!(
            said(&storyline(&[&old]), &storyline(&[&new]), Detail::BRIEF),
            ["storyline segment 17:59-22:59 Home: endTime 22:59:32 -> 10:36:41 (+1)"]
        );
    }

    #[test]
    fn many_records_are_summed_from_the_earliest_to_the_latest() {
        let beats = |from: usize, to: usize| {
            let beats: Vec<String> = (from..to)
                .rev()
                .map(|at| format!(r#"{{"time":"{:02}:{:02}:00","bpm":{at}}}"#, at / 60, at % 60))
                .collect();
            format!(r#"{{"heart":[{}]}}"#, beats.join(","))
        };
        assert_eq!(said(&beats(0, 1274), &beats(0, 1440), Detail::BRIEF), ["heart: 166 samples added 21:14-23:59"]);
        assert_eq!(said(&beats(0, 60), &beats(0, 61), Detail::BRIEF), ["heart sample 01:00 added"]);
    }

    #[test]
    fn what_happened_to_a_series_stands_in_one_line_where_it_is_long() {
        let series = |from: usize, to: usize, higher: usize| {
            let beat = |at: usize| {
                let rate = 60 + usize::from(at < higher);
                format!(r#"{{"time":"{:02}:{:02}:00","value":{rate}}}"#, at / 60, at % 60)
            };
            let beats: Vec<String> = (from..to).map(beat).collect();
            format!(r#"{{"heart":{{"activities-heart-intraday":{{"dataset":[{}]}}}}}}"#, beats.join(","))
        };
        let (old, new) = (series(0, 1_258, 0), series(0, 1_440, 3));
        assert_eq!(said(&old, &new, Detail::BRIEF), ["heart: 182 samples added 20:58-23:59, 3 altered"]);
        assert_eq!(said(&old, &new, Detail::FULL).len(), 4);
        let (old, new) = (series(0, 60, 0), series(10, 90, 20));
        assert_eq!(
            said(&old, &new, Detail::BRIEF),
            ["heart: 30 samples added 01:00-01:29, 10 removed 00:00-00:09, 10 altered"]
        );
        // A few are told one by one.
        assert_eq!(said(&series(0, 60, 0), &series(0, 61, 1), Detail::BRIEF).len(), 2);
    }

    #[test]
    fn values_that_look_alike_are_shown_where_they_differ() {
        let line = |shape: &str| {
            format!(r#"{{"startTime":"20140604T080000Z","type":"move","line":"{}{shape}"}}"#, "abcdefgh".repeat(9))
        };
        let said = said(&storyline(&[&line("x")]), &storyline(&[&line("y")]), Detail::BRIEF);
        assert!(said[0].contains("efghx\" -> …") && said[0].ends_with("efghy\""), "{said:?}");
    }
}
