//! Lists by pages: followed from the day before the first one to the last day asked for, or to their end.

use std::collections::{BTreeMap, BTreeSet};

use url::Url;

use super::TITLE;
use super::cut::{day_of, listed};
use super::endpoint::{Endpoint, Pages};
use super::refusal::absence;
use crate::auth::Session;
use crate::http::FetchError;
use crate::json::{Json, Value};
use crate::model::{Day, DayRange, JsonText};
use crate::providers::reading::{malformed, parse};
use crate::providers::{DayAnswer, Told};

/// What a list by pages has.
pub(super) enum Listed {
    /// Its records, oldest first, each once.
    Records(Vec<Record>),
    /// It is lastingly not to be had.
    Absent(&'static str),
}

/// A record of a list.
pub(super) struct Record {
    /// What tells it apart, as JSON.
    pub key: String,
    /// Its day.
    pub day: Day,
    /// As it was sent.
    pub text: JsonText,
}

/// Asks for the records of these days; some around them come too.
///
/// # Errors
/// As [`Session::get`]; `Refused` and `Malformed` for what is no such page. A page that was there before and
/// one that does not say what follows are malformed: the list would be cut short.
pub(super) async fn ask(
    session: &Session,
    endpoint: &Endpoint,
    pages: Pages,
    range: DayRange,
) -> Result<Listed, FetchError> {
    let path = endpoint.address(range, "");
    let begin = [
        ("afterDate", range.first.plus(-1).to_string()),
        ("sort", "asc".to_owned()),
        ("offset", "0".to_owned()),
        ("limit", pages.limit.to_string()),
    ];
    let mut query: Vec<(String, String)> = begin.map(|(name, value)| (name.to_owned(), value)).into();
    let mut asked = BTreeSet::new();
    let mut records: Vec<Record> = Vec::new();
    loop {
        asked.insert(query.clone());
        let pairs: Vec<(&str, &str)> = query.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let answer = session.get(&path, &pairs).await?;
        if let Some(reason) = absence(&answer) {
            return Ok(Listed::Absent(reason));
        }
        let what = format!("page {} of the {} of {range}", asked.len(), endpoint.name);
        let json = parse(TITLE, &answer, &what)?;
        let read = page(&json, &path, pages).and_then(|(page, next)| match next {
            Some(next) if asked.contains(&next) => Err("leads back to a page that was there before".to_owned()),
            next => Ok((page, next)),
        });
        let (page, next) =
            read.map_err(|problem| malformed(&answer, format!("{TITLE}'s answer to {what} {problem}")))?;
        let is_past = page.last().is_some_and(|last| last.day > range.last.plus(1));
        // What an earlier page had too came again because the list moved: the later is the newer.
        let again: BTreeSet<&str> = page.iter().map(|record| record.key.as_str()).collect();
        records.retain(|known| !again.contains(known.key.as_str()));
        records.extend(page);
        match next {
            Some(next) if !is_past => query = next,
            _ => return Ok(Listed::Records(records)),
        }
    }
}

/// The records of a page, and the query of the one that follows; none at the end of the list.
pub(super) type Page = (Vec<Record>, Option<Vec<(String, String)>>);

pub(super) fn page(json: &Json, path: &str, pages: Pages) -> Result<Page, String> {
    let record = |item: Value<'_>| {
        let (key, day) = item
            .get(pages.key)
            .zip(day_of(item, pages.day))
            .ok_or_else(|| format!("holds a record that lacks \"{}\" or its day in \"{}\"", pages.key, pages.day))?;
        Ok(Record { key: key.line(), day, text: JsonText::of(item) })
    };
    let records = listed(json.root(), pages.list)?.items().map(record).collect::<Result<_, String>>()?;
    let next = json.root().get("pagination").and_then(|pagination| pagination.get("next"));
    let next = next.and_then(|next| next.as_str()).ok_or("does not say what follows")?;
    if next.is_empty() {
        return Ok((records, None));
    }
    // Only its query counts: the sign-in goes nowhere else.
    let url = Url::parse(&next).ok().filter(|url| url.path() == path).ok_or("goes on at another address")?;
    Ok((records, Some(url.query_pairs().into_owned().collect())))
}

/// Gives each day its records; a day without any has nothing.
pub(super) fn by_day(records: &[Record], range: DayRange) -> Vec<DayAnswer> {
    let mut days: BTreeMap<Day, Vec<&JsonText>> = range.days().map(|day| (day, Vec::new())).collect();
    for record in records {
        if let Some(day) = days.get_mut(&record.day) {
            day.push(&record.text);
        }
    }
    let told = |texts: Vec<&JsonText>| Ok(Told::Data(JsonText::array(texts)));
    days.into_iter().map(|(day, texts)| DayAnswer { day, outcome: told(texts) }).collect()
}
