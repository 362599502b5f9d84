//! What came of asking for days: the JSON of each, or what is wrong with the answer.

use std::collections::BTreeMap;

use crate::http::{Answer, FetchError};
use crate::json::{Json, Kind, Value};
use crate::model::{Day, DayRange, JsonText};
use crate::providers::reading::own_words;
use crate::providers::{DayAnswer, Told};

/// Parses an answer, or tells why it is none.
///
/// # Errors
/// `Refused` for a 4xx or an object that tells an error, `Malformed` for what is no JSON.
pub(super) fn parse(answer: &Answer, what: &str) -> Result<Json, FetchError> {
    let body = &answer.body;
    let malformed = |reason: String, divisible| FetchError::Malformed { reason, body: body.clone(), divisible };
    let start = body.iter().copied().find(|byte| !byte.is_ascii_whitespace());
    if !(200..=299).contains(&answer.status) {
        let words = own_words(body).map(|words| format!(": {words}")).unwrap_or_default();
        return Err(FetchError::Refused { reason: format!("Moves refuses {what} ({}){words}", answer.status) });
    }
    let page = answer.content_type.as_deref().is_some_and(|kind| kind.starts_with("text/html"));
    match start {
        None => return Err(malformed(format!("Moves answered nothing to {what}"), false)),
        Some(b'<') => return Err(malformed(format!("Moves answered {what} with a web page"), false)),
        Some(_) if page => return Err(malformed(format!("Moves answered {what} with a web page"), false)),
        Some(b'{' | b'[') => {}
        Some(_) => return Err(malformed(format!("Moves answered {what} with bare text, not with JSON"), false)),
    }
    let json = Json::parse(body.clone())
        .map_err(|error| malformed(format!("Moves' answer to {what} is no JSON that can be kept: {error}"), true))?;
    if json.root().get("error").is_some() {
        let words = own_words(body).unwrap_or_else(|| "it tells an error".to_owned());
        return Err(FetchError::Refused { reason: format!("Moves refuses {what}: {words}") });
    }
    Ok(json)
}

/// Reads the days of a range from the answer to it.
///
/// # Errors
/// As [`parse`], and `Malformed` for another shape than a list of days.
pub(super) fn read(answer: &Answer, range: DayRange) -> Result<Vec<DayAnswer>, FetchError> {
    let json = parse(answer, &format!("the storyline of {range}"))?;
    let malformed = |reason: String, divisible| FetchError::Malformed { reason, body: answer.body.clone(), divisible };
    if json.root().kind() != Kind::Array {
        return Err(malformed(format!("Moves' answer for {range} is no list of days"), false));
    }
    let mut days: BTreeMap<Day, Result<Value<'_>, String>> = BTreeMap::new();
    let mut strays = Vec::new();
    for item in json.root().items() {
        let date = item.get("date").and_then(|date| date.as_str());
        let Some(day) = date.and_then(|date| date.parse().or_else(|_| Day::from_compact(&date)).ok()) else {
            return Err(malformed(format!("Moves' answer for {range} holds something that is no day"), true));
        };
        if !range.contains(day) {
            strays.push(day.to_string());
            continue;
        }
        let told = match days.remove(&day) {
            None => Ok(item),
            // The exports were seen to repeat a day; equal ones do no harm.
            Some(Ok(first)) if first.same(item) => Ok(first),
            Some(_) => Err("the answer holds this day twice, with different content".to_owned()),
        };
        days.insert(day, told);
    }
    let missing = match strays.as_slice() {
        [] => "the answer leaves this day out".to_owned(),
        some => format!("the answer holds {} instead", some.join(", ")),
    };
    let outcome = |told: Option<&Result<Value<'_>, String>>| match told {
        Some(Ok(value)) => Ok(Told::Data(JsonText::list([*value]))),
        Some(Err(problem)) => Err(problem.clone()),
        None => Err(missing.clone()),
    };
    Ok(range.days().map(|day| DayAnswer { day, outcome: outcome(days.get(&day)) }).collect())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        Answer { status, content_type: Some("application/json; charset=utf-8".into()), body: body.as_bytes().to_vec() }
    }

    fn range() -> DayRange {
        DayRange::new("2015-07-03".parse().unwrap(), "2015-07-05".parse().unwrap()).unwrap()
    }

    /// What came of each day in a word: the resource's text, or the problem.
    fn told(body: &str) -> Vec<String> {
        let days = read(&answer(200, body), range()).unwrap();
        let text = |day: DayAnswer| match day.outcome {
            Ok(Told::Data(text)) => String::from_utf8(text.as_bytes().to_vec()).unwrap(),
            Ok(Told::Absent(reason)) => reason.to_owned(),
            Err(problem) => problem,
        };
        days.into_iter().map(text).collect()
    }

    #[test]
    fn each_day_is_kept_as_it_was_sent_whatever_their_order() {
        let days = told(
            "[{\"date\":\"20150705\",\"segments\":null},{\"date\":\"20150703\",\"summary\":[{\"distance\":943.0}]},\
             {\"date\":\"20150704\",\"segments\":[]}]",
        );
        assert_eq!(days[0], "[{\"date\":\"20150703\",\"summary\":[{\"distance\":943.0}]}]");
        assert_eq!(days[2], "[{\"date\":\"20150705\",\"segments\":null}]");
    }

    #[test]
    fn days_left_out_replaced_or_told_twice_carry_the_problem() {
        let days = told("[{\"date\":\"20150703\"},{\"date\":\"20150704\",\"a\":1},{\"date\":\"20150704\",\"a\":2}]");
        assert_eq!(days[0], "[{\"date\":\"20150703\"}]");
        assert!(days[1].contains("twice"), "{}", days[1]);
        assert!(days[2].contains("leaves this day out"), "{}", days[2]);
        let days = told("[{\"date\":\"20150703\"},{\"date\":\"20150703\"},{\"date\":\"20150701\"}]");
        assert_eq!(days[0], "[{\"date\":\"20150703\"}]");
        assert_eq!(days[1], "the answer holds 2015-07-01 instead");
    }

    #[test]
    fn what_is_no_list_of_days_is_told_apart() {
        // The first letter of each expectation: r refused, d malformed and divisible, m malformed as a whole.
        for (status, body, expected, words) in [
            (200, "<!DOCTYPE html><p>Sorry", "m", "web page"),
            (200, "expired_access_token", "m", "bare text"),
            (200, "", "m", "nothing"),
            (200, "{\"days\":[]}", "m", "no list of days"),
            (200, "[{\"date\":\"20150703\"", "d", "no JSON"),
            (200, "[{\"date\":\"20150703\",\"date\":\"20150703\"}]", "d", "no JSON"),
            (200, "[3]", "d", "no day"),
            (200, "[{\"date\":\"someday\"}]", "d", "no day"),
            (200, "{\"error\":\"before the first date\"}", "r", "before the first date"),
            (400, "{\"error\":\"too many days\"}", "r", "too many days"),
            (404, "<html>not here</html>", "r", "404"),
            (403, "go away", "r", "go away"),
        ] {
            let error = read(&answer(status, body), range()).unwrap_err();
            let kind = match &error {
                FetchError::Refused { .. } => "r",
                FetchError::Malformed { divisible: true, .. } => "d",
                FetchError::Malformed { divisible: false, .. } => "m",
                _ => "?",
            };
            assert_eq!(kind, expected, "{body}: {error}");
            assert!(error.to_string().contains(words), "{body}: {error}");
        }
        let mut page = answer(200, "[]");
        page.content_type = Some("text/html".into());
        assert!(matches!(read(&page, range()), Err(FetchError::Malformed { divisible: false, .. })));
        let mut binary = answer(200, "[");
        binary.body.extend_from_slice(&[0xff, b']']);
        assert!(matches!(read(&binary, range()), Err(FetchError::Malformed { divisible: true, .. })));
    }
}
