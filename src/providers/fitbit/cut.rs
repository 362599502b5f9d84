//! Cutting an answer into days: the records of each as they were sent, or what is wrong with it.

use std::collections::BTreeMap;

use super::TITLE;
use super::endpoint::{Endpoint, Shape};
use super::refusal::absence;
use crate::http::{Answer, FetchError};
use crate::json::{Kind, Value};
use crate::model::{Day, DayRange, JsonText};
use crate::providers::reading::{parse, spoilt};
use crate::providers::{DayAnswer, NOT_GRANTED, Told};

/// How many days out of place a message names.
const NAMED: usize = 3;

/// How often a list tells of a day.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Often {
    /// Once, also where nothing was recorded.
    Always,
    /// Once, where something was recorded.
    AtMostOnce,
    /// As often as something was recorded.
    AnyNumber,
}

/// Reads the days of a range from the answer to it.
///
/// # Errors
/// `Refused` for a 4xx that is no matter of permissions, `Malformed` for what is no such answer.
pub(super) fn read(
    endpoint: &Endpoint,
    shape: Shape,
    answer: &Answer,
    range: DayRange,
) -> Result<Vec<DayAnswer>, FetchError> {
    if let Some(reason) = absence(answer) {
        return Ok(everywhere(range, reason));
    }
    let what = format!("the {} of {range}", endpoint.name);
    let json = parse(TITLE, answer, &what)?;
    let (root, series) = (json.root(), endpoint.series());
    let cut = match shape {
        Shape::Samples { .. } => samples(root, &series, range),
        Shape::Whole { list, day } => listed(root, list).map(|records| vec![whole(root, records, day, range.first)]),
        Shape::Daily => listed(root, &series).and_then(|list| days(root, list, "dateTime", Often::Always, range)),
        Shape::Records { list, day, many, .. } => {
            let often = if many { Often::AnyNumber } else { Often::AtMostOnce };
            listed(root, list).and_then(|list| days(root, list, day, often, range))
        }
    };
    cut.map_err(|problem| spoilt(answer, format!("{TITLE}'s answer to {what} {problem}")))
}

/// The same answer for all days: lastingly not to be had.
pub(super) fn everywhere(range: DayRange, reason: &'static str) -> Vec<DayAnswer> {
    range.days().map(|day| DayAnswer { day, outcome: Ok(Told::Absent(reason)) }).collect()
}

/// The list of this name, or the answer itself where that is empty.
pub(super) fn listed<'j>(root: Value<'j>, name: &str) -> Result<Value<'j>, String> {
    let list = if name.is_empty() { Some(root) } else { root.get(name) };
    list.filter(|list| list.kind() == Kind::Array).ok_or_else(|| match name {
        "" => "is no list".to_owned(),
        name => format!("has no list \"{name}\""),
    })
}

/// The day that a member says, of a date or of a time that begins with one.
pub(super) fn day_of(record: Value<'_>, member: &str) -> Option<Day> {
    record.get(member)?.as_str()?.get(..10)?.parse().ok()
}

/// A day with a block of samples.
fn samples(root: Value<'_>, series: &str, range: DayRange) -> Result<Vec<DayAnswer>, String> {
    let name = format!("{series}-intraday");
    let Some(block) = root.get(&name) else {
        // Where the app may not have samples, the value of the day comes alone.
        return listed(root, series).map(|_| everywhere(range, NOT_GRANTED));
    };
    // Zone minutes come as a list of days, all else as one data set.
    let days = match block.kind() {
        Kind::Array => block,
        _ => {
            listed(block, "dataset").map_err(|problem| format!("{problem} in \"{name}\""))?;
            root.get(series).unwrap_or(block)
        }
    };
    Ok(vec![whole(root, days, "dateTime", range.first)])
}

/// An answer that is kept whole, unless its records are of other days.
fn whole(root: Value<'_>, records: Value<'_>, member: &str, day: Day) -> DayAnswer {
    let said: Vec<Day> = records.items().filter_map(|record| day_of(record, member)).collect();
    let outcome = match said.first() {
        Some(other) if !said.contains(&day) => Err(format!("the answer is that of {other}")),
        _ => Ok(Told::Data(JsonText::of(root))),
    };
    DayAnswer { day, outcome }
}

/// Gives each day of a range the records of a list that are its own.
pub(super) fn days(
    root: Value<'_>,
    list: Value<'_>,
    member: &str,
    often: Often,
    range: DayRange,
) -> Result<Vec<DayAnswer>, String> {
    let mut told: BTreeMap<Day, Vec<Value<'_>>> = BTreeMap::new();
    let mut strays = Vec::new();
    for record in list.items() {
        let day = day_of(record, member).ok_or_else(|| format!("holds a record without its day in \"{member}\""))?;
        match range.contains(day) {
            true => told.entry(day).or_default().push(record),
            false => strays.push(day.to_string()),
        }
    }
    let silent = || match strays.as_slice() {
        // Sleep of the last night may still be worked out.
        [] if root.get("meta").is_some_and(|meta| meta.get("state").is_some()) => {
            Err(format!("{TITLE} has not worked this day out yet"))
        }
        [] if often == Often::Always && !list.is_empty() => Err("the answer leaves this day out".to_owned()),
        [] => Ok(Told::Data(JsonText::list([]))),
        some => Err(format!("the answer holds {} instead", some[..some.len().min(NAMED)].join(", "))),
    };
    let outcome = |records: Option<&Vec<Value<'_>>>| match records.map(Vec::as_slice) {
        None => silent(),
        Some([first, rest @ ..]) if often != Often::AnyNumber => match rest.iter().all(|other| other.same(*first)) {
            true => Ok(Told::Data(JsonText::list([*first]))),
            false => Err("the answer holds this day twice, with different content".to_owned()),
        },
        Some(records) => Ok(Told::Data(JsonText::list(records.iter().copied()))),
    };
    Ok(range.days().map(|day| DayAnswer { day, outcome: outcome(told.get(&day)) }).collect())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::providers::fitbit::endpoint::Cut;
    use crate::providers::fitbit::table::endpoint;

    /// What came of each day of a week in July in a word: the text kept, the reason, or the problem.
    fn told(resource: &str, first: u32, last: u32, body: &str) -> Vec<String> {
        let day = |number| Day::new(2015, 7, number).unwrap();
        let endpoint = endpoint(resource).unwrap();
        let Cut::Answer(shape) = endpoint.cut else { panic!("{resource} is a list by pages") };
        let answer = Answer { status: 200, content_type: None, body: body.as_bytes().to_vec() };
        match read(endpoint, shape, &answer, DayRange::new(day(first), day(last)).unwrap()) {
            Err(error) => vec![error.to_string()],
            Ok(days) => days
                .into_iter()
                .map(|day| match day.outcome {
                    Ok(Told::Data(text)) => String::from_utf8_lossy(text.as_bytes()).into_owned(),
                    Ok(Told::Absent(reason)) => reason.to_owned(),
                    Err(problem) => problem,
                })
                .collect(),
        }
    }

    #[test]
    fn a_day_keeps_its_own_elements_of_a_range_as_they_were_sent() {
        let body = "\u{feff}{\"activities-steps\": [{\"value\":\"0\",\"dateTime\":\"2015-07-04\"},{\"dateTime\":\"2015-07-03\"}]}";
        assert_eq!(
            told("steps_daily", 3, 4, body),
            ["[{\"dateTime\":\"2015-07-03\"}]", "[{\"value\":\"0\",\"dateTime\":\"2015-07-04\"}]"]
        );
        let body = "[{\"dateTime\":\"2015-07-03\",\"value\":{\"avg\":94.7}}]";
        assert_eq!(told("spo2_daily", 3, 4, body), [body, "[]"]);
        let body = "{\"tempCore\":[{\"dateTime\":\"2015-07-03T08:00:00\",\"value\":37.5},{\"dateTime\":\"2015-07-03T20:00:00\",\"value\":37}]}";
        assert_eq!(told("core_temperature", 3, 3, body)[0].matches("dateTime").count(), 2);
    }

    #[test]
    fn a_day_of_samples_is_kept_whole_and_absent_without_its_block() {
        let body = "{\"activities-calories\":[],\"activities-calories-intraday\":{\"dataset\":[{\"time\":\"00:00:00\",\"value\":0}]}}";
        assert_eq!(told("calories", 3, 3, body), [body]);
        assert_eq!(
            told("calories", 3, 3, "{\"activities-calories\":[{\"dateTime\":\"2015-07-03\"}]}"),
            ["not granted"]
        );
        let body = "{\"activities-active-zone-minutes-intraday\":[{\"dateTime\":\"2015-07-03\",\"minutes\":[]}]}";
        assert_eq!(told("zone_minutes", 3, 3, body), [body]);
        assert_eq!(told("zone_minutes", 4, 4, body), ["the answer is that of 2015-07-03"]);
        // A run that began before midnight is told on both days.
        let body = "{\"activities\":[{\"startDate\":\"2015-07-02\"},{\"startDate\":\"2015-07-03\"}],\"summary\":{}}";
        assert_eq!(told("summary", 3, 3, body), [body]);
    }

    #[test]
    fn what_is_no_answer_to_the_question_is_told_apart() {
        for (resource, body, words) in [
            ("steps_daily", "{\"activities-floors\":[]}", "no list \"activities-steps\""),
            ("steps_daily", "{\"activities-steps\":{}}", "no list \"activities-steps\""),
            ("steps_daily", "{\"activities-steps\":[{\"dateTime\":\"soon\"}]}", "without its day in \"dateTime\""),
            ("spo2", "{\"dateTime\":\"2015-07-03\"}", "is no list"),
            ("heart", "{\"activities-heart\":[],\"activities-heart-intraday\":{}}", "in \"activities-heart-intraday\""),
            ("water", "{\"summary\":{}}", "no list \"water\""),
            ("sleep", "<html>", "web page"),
            ("sleep", "", "nothing"),
        ] {
            let said = told(resource, 3, 3, body);
            assert!(said.len() == 1 && said[0].contains(words), "{resource} {body}: {said:?}");
        }
    }

    #[test]
    fn a_refusal_that_is_no_matter_of_permissions_fails() {
        let endpoint = endpoint("sleep").unwrap();
        let Cut::Answer(shape) = endpoint.cut else { panic!("no list by pages") };
        let day = Day::new(2015, 7, 3).unwrap();
        let body = b"{\"errors\":[{\"errorType\":\"validation\",\"message\":\"Invalid date\"}]}".to_vec();
        let answer = Answer { status: 400, content_type: None, body };
        let read = read(endpoint, shape, &answer, DayRange { first: day, last: day });
        assert!(matches!(read, Err(FetchError::Refused { reason }) if reason.contains("Invalid date")));
    }
}
