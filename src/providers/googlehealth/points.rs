//! Points, cut into the days of the person.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};

use super::civil;
use super::pages::{self, List, On};
use super::refusal::No;
use super::types::{DataType, Time, Ways};
use crate::auth::Session;
use crate::config::Stream;
use crate::http::FetchError;
use crate::json::{Json, Value};
use crate::model::{Day, DayRange, JsonText, Zone};
use crate::providers::grant::Grant;
use crate::providers::{Ask, DayAnswer, Told};

/// The points of a range of days.
#[derive(Default)]
pub(super) struct Points {
    days: BTreeMap<Day, Vec<Point>>,
    /// Days that came instead, or besides.
    strays: Vec<Day>,
    /// The earliest moment so far, while every one was earlier than the one before it.
    descends_to: Option<DateTime<Utc>>,
    in_order: bool,
}

/// A point, as it was sent.
struct Point {
    at: DateTime<Utc>,
    /// Where it comes from, on one line; empty where it does not say.
    source: String,
    /// Its own name, where it has one.
    name: Option<String>,
    text: JsonText,
}

/// Asks for the points of a range.
///
/// # Errors
/// As [`List::read`].
pub(super) async fn ask(
    session: &Session,
    kind: &DataType,
    (time, ways): (Time, Ways),
    ask: &Ask<'_>,
) -> Result<Result<Vec<DayAnswer>, No>, FetchError> {
    let range = ask.range;
    let way = Way { session, kind, time, path: path(kind, ways, session.settings().stream), zone: ask.zone };
    let mut refused = None;
    for Filter { text, is_exact } in filters(kind, time, range) {
        match way.walk(text.as_deref(), range).await? {
            Ok(points) => return Ok(Ok(points.days(range, is_exact))),
            Err(No::Filter(words)) => drop(refused.get_or_insert(words)),
            Err(no) => return Ok(Err(no)),
        }
    }
    Ok(Err(No::Filter(refused.unwrap_or_default())))
}

/// A filter, or none.
struct Filter {
    text: Option<String>,
    /// Whether nothing comes but the days asked for.
    is_exact: bool,
}

/// How the points of a range can be filtered, the best way first: whether civil times are taken was
/// seen to change, and for sleep every filter was refused for a while.
fn filters(kind: &DataType, time: Time, range: DayRange) -> Vec<Filter> {
    let (physical, civil) = (kind.physical_field(time), kind.civil_field(time));
    let civil = civil.map(|field| {
        let text = format!("{field} >= \"{}\" AND {field} < \"{}\"", range.first, range.last.plus(1));
        Filter { text: Some(text), is_exact: true }
    });
    // Whatever the zone, a day lies within these bounds.
    let (from, to) = (range.first.plus(-1), range.last.plus(2));
    let physical = physical.map(|field| {
        let until = format!(" AND {field} < \"{to}T00:00:00Z\"");
        // Of a reading nothing but its earliest moment can be asked for.
        let until = if time == Time::Reading { "" } else { &until };
        Filter { text: Some(format!("{field} >= \"{from}T00:00:00Z\"{until}")), is_exact: false }
    });
    // A list goes back in time by itself, and there are few nights.
    let none = (time == Time::End).then_some(Filter { text: None, is_exact: false });
    [civil, physical, none].into_iter().flatten().collect()
}

/// Whether there is any point before a day.
///
/// # Errors
/// As [`List::read`].
pub(super) async fn any_before(
    session: &Session,
    kind: &DataType,
    (time, ways): (Time, Ways),
    day: Day,
) -> Result<Result<bool, No>, FetchError> {
    let Some(field) = kind.civil_field(time) else { return Ok(Ok(false)) };
    let filter = format!("{field} < \"{day}\"");
    let what = format!("{} before {day}", kind.id);
    let path = path(kind, ways, session.settings().stream);
    let query = [("filter", filter.as_str()), ("pageSize", "1")];
    let list = List {
        path: &path,
        what: &what,
        items: "dataPoints",
        is_granted: Grant::of(session).tells(kind.scope),
        ask: pages::How::Get(&query),
    };
    let mut any = false;
    let read = list.read(session, |items| {
        any |= !items.is_empty();
        Ok(if any { On::Enough } else { On::Next })
    });
    Ok(read.await?.map(|()| any))
}

fn path(kind: &DataType, ways: Ways, stream: Stream) -> String {
    let way = match (ways, stream) {
        (Ways::List, _) | (Ways::Both, Stream::List) => "",
        (Ways::Reconcile, _) | (Ways::Both, Stream::Reconcile) => ":reconcile",
    };
    format!("/v4/users/me/dataTypes/{}/dataPoints{way}", kind.id)
}

/// How points are walked.
struct Way<'a> {
    session: &'a Session,
    kind: &'a DataType,
    time: Time,
    path: String,
    zone: Zone,
}

impl Way<'_> {
    async fn walk(&self, filter: Option<&str>, range: DayRange) -> Result<Result<Points, No>, FetchError> {
        let page = self.kind.page.to_string();
        let query: Vec<_> =
            filter.map(|filter| ("filter", filter)).into_iter().chain([("pageSize", page.as_str())]).collect();
        let list = List {
            path: &self.path,
            what: &format!("{} of {range}", self.kind.id),
            items: "dataPoints",
            is_granted: Grant::of(self.session).tells(self.kind.scope),
            ask: pages::How::Get(&query),
        };
        let mut points = Points { in_order: true, ..Points::default() };
        let read = list.read(self.session, |items| {
            for item in items {
                points.take(item, self.kind, self.time, self.zone, range)?;
            }
            let over = points.in_order && points.descends_to.is_some_and(|at| at < range.first.plus(-3).end_utc());
            Ok(if filter.is_none() && over { On::Enough } else { On::Next })
        });
        Ok(read.await?.map(|()| points))
    }
}

impl Points {
    /// Takes a point as a page has it.
    ///
    /// # Errors
    /// What makes it none.
    pub fn take(
        &mut self,
        item: Value<'_>,
        kind: &DataType,
        time: Time,
        zone: Zone,
        range: DayRange,
    ) -> Result<(), String> {
        let value = item.get(kind.member).ok_or_else(|| format!("a point has no {}", kind.member))?;
        let (day, at) =
            civil::place(value, time, zone).map_err(|problem| format!("a point has no place in time: {problem}"))?;
        self.in_order &= self.descends_to.is_none_or(|before| at <= before);
        self.descends_to = Some(at);
        if !range.contains(day) {
            self.strays.push(day);
            return Ok(());
        }
        let name = ["name", "dataPointName"].into_iter().find_map(|name| item.get(name)?.as_str());
        let point = Point {
            at,
            source: item.get("dataSource").map(Value::line).unwrap_or_default(),
            name: name.map(|name| name.into_owned()),
            text: JsonText::of(item),
        };
        self.days.entry(day).or_default().push(point);
        Ok(())
    }

    /// What came of each day. Where nothing comes but the days asked for, another day in the place of
    /// one says that it was not answered.
    pub fn days(mut self, range: DayRange, is_exact: bool) -> Vec<DayAnswer> {
        self.strays.sort();
        self.strays.dedup();
        let instead = || {
            let few: Vec<_> = self.strays.iter().take(3).map(Day::to_string).collect();
            format!("the answer holds {} instead", few.join(", "))
        };
        let outcome = |points: Option<Vec<Point>>| match points {
            None if is_exact && !self.strays.is_empty() => Err(instead()),
            points => sorted(points.unwrap_or_default()).map(Told::Data),
        };
        range.days().map(|day| DayAnswer { day, outcome: outcome(self.days.remove(&day)) }).collect()
    }
}

/// The points in one order on every run: by time, then by source, then by all they hold.
fn sorted(mut points: Vec<Point>) -> Result<JsonText, String> {
    points.sort_by(|one, other| {
        let by_content = || line(&one.text).cmp(&line(&other.text));
        (one.at, &one.source).cmp(&(other.at, &other.source)).then_with(by_content)
    });
    // A page may begin with what the one before it ended with.
    points.dedup_by(|one, other| {
        one.at == other.at && one.source == other.source && line(&one.text) == line(&other.text)
    });
    let mut named: HashMap<&str, usize> = HashMap::new();
    for name in points.iter().filter_map(|point| point.name.as_deref()) {
        *named.entry(name).or_default() += 1;
    }
    match named.into_iter().filter(|(_, count)| *count > 1).map(|(name, _)| name).min() {
        Some(name) => Err(format!("the answer holds {name} twice, with different content")),
        None => Ok(JsonText::array(points.iter().map(|point| &point.text))),
    }
}

/// All that a point holds, in one spelling.
fn line(text: &JsonText) -> String {
    Json::parse(text.as_bytes()).map(|json| json.root().line()).unwrap_or_default()
}
