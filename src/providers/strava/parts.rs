//! The parts of one activity.

use crate::auth::Session;
use crate::http::{Answer, FetchError};
use crate::json::{Json, Kind, Value};
use crate::model::JsonText;
use crate::providers::Part;
use crate::providers::reading::{malformed, parse_as};

use super::TITLE;

/// Every stream there is. Left out, only the distance would come.
const STREAMS: &str = "time,distance,latlng,altitude,velocity_smooth,heartrate,cadence,watts,temp,moving,grade_smooth";

/// The most that a page of comments or kudos may hold.
const PER_PAGE: &str = "200";

/// Asks for a part of an activity.
pub(super) async fn ask(session: &Session, id: &str, part: &str) -> Result<Part, FetchError> {
    let path = format!("/api/v3/activities/{id}");
    let what = format!("{part} of activity {id}");
    match part {
        "detail" => {
            let answer = session.get(&path, &[("include_all_efforts", "true")]).await?;
            detail(&answer, id, &what)
        }
        "streams" => {
            let query = [("keys", STREAMS), ("key_by_type", "true")];
            let answer = session.get(&format!("{path}/streams"), &query).await?;
            streams(&answer, &what)
        }
        "comments" => comments(session, &path, &what).await,
        "kudos" => kudos(session, &path, &what).await,
        "photos" => {
            // The size chooses the addresses of the pictures, nothing else.
            let answer = session.get(&format!("{path}/photos"), &[("size", "5000")]).await?;
            list(&answer, &what)
        }
        other => {
            let answer = session.get(&format!("{path}/{other}"), &[]).await?;
            list(&answer, &what)
        }
    }
}

/// How many requests it takes to ask for a part, at least: some end with an empty page.
pub(super) fn requests(part: &str) -> u64 {
    if matches!(part, "comments" | "kudos") { 2 } else { 1 }
}

fn told(json: &Json) -> Part {
    Part::Told(JsonText::of(json.root()))
}

pub(super) fn detail(answer: &Answer, id: &str, what: &str) -> Result<Part, FetchError> {
    if answer.status == 404 {
        return Err(FetchError::Refused {
            reason: format!("activity {id} stands in the list, but Strava says that there is none (404)"),
        });
    }
    let json = parse_as(TITLE, answer, what, Kind::Object)?;
    match json.root().get("id").and_then(|told| told.as_number()) {
        Some(told) if told == id => Ok(self::told(&json)),
        _ => Err(malformed(answer, format!("Strava's answer to {what} is of another activity"))),
    }
}

pub(super) fn streams(answer: &Answer, what: &str) -> Result<Part, FetchError> {
    if answer.status == 404 {
        return Ok(Part::Absent("none recorded"));
    }
    let json = parse_as(TITLE, answer, what, Kind::Object)?;
    let mut length = None;
    for (name, stream) in json.root().members() {
        let data = stream.get("data").filter(|data| data.kind() == Kind::Array).map(Value::len);
        let Some(points) = data else {
            return Err(malformed(answer, format!("Strava's answer to {what} has no data in {}", name.as_str())));
        };
        if *length.get_or_insert(points) != points {
            return Err(malformed(answer, format!("in Strava's answer to {what} the streams are not of one length")));
        }
    }
    Ok(told(&json))
}

pub(super) fn list(answer: &Answer, what: &str) -> Result<Part, FetchError> {
    match answer.status {
        402 => Ok(Part::Absent("needs a subscription")),
        404 => Ok(Part::Absent("none")),
        _ => Ok(told(&parse_as(TITLE, answer, what, Kind::Array)?)),
    }
}

/// Comments go on from the cursor of the last one, to an empty page.
async fn comments(session: &Session, path: &str, what: &str) -> Result<Part, FetchError> {
    let (mut pages, mut cursors) = (Vec::new(), Vec::<String>::new());
    loop {
        let mut query = vec![("page_size", PER_PAGE)];
        query.extend(cursors.last().map(|cursor| ("after_cursor", cursor.as_str())));
        let answer = session.get(&format!("{path}/comments"), &query).await?;
        let json = parse_as(TITLE, &answer, what, Kind::Array)?;
        if is_end(&json, &pages) {
            return Ok(joined(&pages));
        }
        let cursor = json.root().items().last().and_then(|last| Some(last.get("cursor")?.as_str()?.into_owned()));
        pages.push(json);
        match cursor {
            None => return Ok(joined(&pages)),
            Some(cursor) if cursors.contains(&cursor) => {
                return Err(malformed(&answer, format!("Strava's {what} repeat themselves and come to no end")));
            }
            Some(cursor) => cursors.push(cursor),
        }
    }
}

/// Kudos have page numbers, to an empty page.
async fn kudos(session: &Session, path: &str, what: &str) -> Result<Part, FetchError> {
    let mut pages = Vec::new();
    loop {
        let page = (pages.len() + 1).to_string();
        let answer = session.get(&format!("{path}/kudos"), &[("page", &page), ("per_page", PER_PAGE)]).await?;
        let json = parse_as(TITLE, &answer, what, Kind::Array)?;
        if is_end(&json, &pages) {
            return Ok(joined(&pages));
        }
        pages.push(json);
    }
}

/// Whether a page tells nothing beyond those before it: it is empty, or the last one once more.
fn is_end(page: &Json, before: &[Json]) -> bool {
    page.root().is_empty() || before.last().is_some_and(|last| last.root().raw() == page.root().raw())
}

fn joined(pages: &[Json]) -> Part {
    Part::Told(JsonText::list(pages.iter().flat_map(|page| page.root().items())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        Answer { status, content_type: None, body: body.as_bytes().to_vec() }
    }

    fn words(part: Result<Part, FetchError>) -> String {
        match part {
            Ok(Part::Told(text)) => String::from_utf8_lossy(text.as_bytes()).into_owned(),
            Ok(Part::Absent(reason)) => format!("absent: {reason}"),
            Ok(Part::NotYet) => "not yet".to_owned(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn streams_of_one_length_are_kept_and_none_are_remembered() {
        let of = |status, body| words(streams(&answer(status, body), "streams"));
        let equal = "{\"time\":{\"data\":[0,1]},\"watts\":{\"data\":[null,2]}}";
        assert_eq!(of(200, equal), equal);
        assert_eq!(of(404, "{\"message\":\"Resource Not Found\",\"errors\":[]}"), "absent: none recorded");
        assert!(of(200, "{\"time\":{\"data\":[0,1]},\"watts\":{\"data\":[2]}}").contains("not of one length"));
        assert!(of(200, "{\"time\":3}").contains("no data in time"));
        assert!(of(200, "[]").contains("no object"));
    }

    #[test]
    fn detail_must_be_of_the_activity_asked_for() {
        let of = |status, body| words(detail(&answer(status, body), "9007199254740993", "detail"));
        assert_eq!(of(200, "{\"id\":9007199254740993}"), "{\"id\":9007199254740993}");
        assert!(of(200, "{\"id\":9007199254740992}").contains("another activity"));
        assert!(of(404, "").contains("stands in the list"));
    }

    #[test]
    fn what_needs_a_subscription_is_absent() {
        assert_eq!(words(list(&answer(402, ""), "zones")), "absent: needs a subscription");
        assert!(words(list(&answer(403, ""), "zones")).contains("refuses"));
    }
}
