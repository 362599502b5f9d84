//! The profile: who it is, since when, and the zone that cuts the days.

use crate::http::{Answer, FetchError};
use crate::json::{Json, Kind, Value};
use crate::model::{Day, JsonText, Resources, Zone};
use crate::providers::Opening;

/// Reads the answer to the question for the profile. `fallback` is the zone where it tells none.
///
/// # Errors
/// `Refused` when it tells an error, `Malformed` when it is no profile.
pub(super) fn read(answer: &Answer, fallback: Option<Zone>) -> Result<Opening, FetchError> {
    let json = super::answer::parse(answer, "the profile")?;
    opening(&json, fallback).map_err(|problem| FetchError::Malformed {
        reason: format!("Moves' answer is no profile: {problem}"),
        body: answer.body.clone(),
        divisible: false,
    })
}

fn opening(json: &Json, fallback: Option<Zone>) -> Result<Opening, String> {
    let root = json.root();
    let profile = root
        .get("profile")
        .filter(|profile| profile.kind() == Kind::Object)
        .ok_or("the member \"profile\" is missing")?;
    let first_day = match profile.get("firstDate") {
        None => None,
        Some(date) => {
            let text = date.as_str().ok_or("firstDate is no text")?;
            let day = Day::from_compact(&text).or_else(|error| text.parse().map_err(|_| error));
            Some(day.map_err(|_| format!("firstDate is {}, which is no day", date.line()))?)
        }
    };
    let zone = profile.get("currentTimeZone").and_then(zone).or(fallback).unwrap_or(Zone::UTC);
    let account = Resources::from([("profile".to_owned(), JsonText::of(root))]);
    let person = id(root);
    if person.is_none() && root.get("userId").is_some() {
        return Err("userId is neither number nor text".to_owned());
    }
    Ok(Opening { account, person, first_day, zone, troubles: Vec::new() })
}

/// Whose account it is. The id is above 2^53: it stays text.
pub(super) fn person(account: &Resources) -> Option<String> {
    id(Json::parse(account.get("profile")?.as_bytes()).ok()?.root())
}

fn id(profile: Value<'_>) -> Option<String> {
    let id = profile.get("userId")?;
    Some(id.as_str().or_else(|| id.as_number())?.into_owned())
}

/// The zone by its name, else by its offset.
fn zone(told: Value<'_>) -> Option<Zone> {
    let named = told.get("id").and_then(|id| id.as_str()).and_then(|id| Zone::named(&id));
    let fixed = || told.get("offset")?.as_i64().and_then(|seconds| i32::try_from(seconds).ok()).and_then(Zone::fixed);
    named.or_else(fixed)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn profile(body: &str) -> Result<Opening, FetchError> {
        let answer = Answer { status: 200, content_type: None, body: body.as_bytes().to_vec() };
        read(&answer, Zone::named("Asia/Tokyo"))
    }

    #[test]
    fn tells_person_first_day_and_zone_and_keeps_all_as_sent() {
        let body = "{\"userId\":23138311640030065,\"profile\":{\"firstDate\":\"20131123\",\
                    \"currentTimeZone\":{\"id\":\"Europe/Helsinki\",\"offset\":7200}}}";
        let opening = profile(body).unwrap();
        assert_eq!(opening.person.as_deref(), Some("23138311640030065"));
        assert_eq!(opening.first_day.unwrap().to_string(), "2013-11-23");
        assert_eq!(opening.zone, Zone::named("Europe/Helsinki").unwrap());
        assert_eq!(opening.account["profile"].as_bytes(), body.as_bytes());
    }

    #[test]
    fn the_zone_falls_back_to_the_offset_then_to_the_settings() {
        let zone = |told: &str| profile(&format!("{{\"profile\":{{{told}}}}}")).unwrap().zone;
        assert_eq!(zone("\"currentTimeZone\":{\"id\":\"Mars/Base\",\"offset\":-25200}"), Zone::fixed(-25_200).unwrap());
        assert_eq!(zone(""), Zone::named("Asia/Tokyo").unwrap());
    }

    #[test]
    fn another_shape_is_no_profile() {
        for (body, words) in [
            ("[]", "\"profile\" is missing"),
            ("{\"profile\":3}", "\"profile\" is missing"),
            ("{\"profile\":{\"firstDate\":\"soon\"}}", "no day"),
            ("{\"userId\":{},\"profile\":{}}", "userId"),
            ("<html>", "web page"),
        ] {
            let said = profile(body).unwrap_err().to_string();
            assert!(said.contains(words), "{body}: {said}");
        }
    }
}
