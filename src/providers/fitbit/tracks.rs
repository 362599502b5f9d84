//! The tracks of activities: TCX, a request each.

use super::TITLE;
use super::cut::everywhere;
use super::endpoint::{Endpoint, Pages};
use super::lists::{self, Listed, Record};
use super::refusal::absence;
use crate::auth::Session;
use crate::http::{Answer, FetchError};
use crate::json::Json;
use crate::model::{DayRange, JsonText};
use crate::providers::DayAnswer;
use crate::providers::reading::{malformed, parse, spoilt};

/// Asks for the tracks of the activities of these days. Kept of each is the text of the TCX beside the
/// activity's id; one that has no track is left out.
///
/// # Errors
/// As [`lists::ask`], for a track too.
pub(super) async fn ask(
    session: &Session,
    endpoint: &Endpoint,
    pages: Pages,
    range: DayRange,
) -> Result<Vec<DayAnswer>, FetchError> {
    let activities = match lists::ask(session, endpoint, pages, range).await? {
        Listed::Records(records) => records,
        Listed::Absent(reason) => return Ok(everywhere(range, reason)),
    };
    let mut tracks = Vec::new();
    for activity in activities.into_iter().filter(|activity| range.contains(activity.day)) {
        // It was parsed when the page was read, and its id is there.
        let Ok(json) = Json::parse(activity.text.as_bytes()) else { continue };
        let Some(id) = json.root().get(pages.key) else { continue };
        let what = format!("the track of activity {}", activity.key);
        let Some(number) = id.as_u64() else {
            return Err(FetchError::Refused {
                reason: format!("{TITLE} has no address for {what}: its id is no number"),
            });
        };
        let path = format!("/1/user/-/activities/{number}.tcx");
        let answer = session.get(&path, &[("includePartialTCX", "true")]).await?;
        if let Some(reason) = absence(&answer) {
            return Ok(everywhere(range, reason));
        }
        if answer.status == 404 {
            continue;
        }
        let text = track(&answer, &what)?;
        let text = JsonText::object([("logId", JsonText::of(id)), ("tcx", text)]);
        tracks.push(Record { text, ..activity });
    }
    Ok(lists::by_day(&tracks, range))
}

/// The text of a track.
pub(super) fn track(answer: &Answer, what: &str) -> Result<JsonText, FetchError> {
    let text = std::str::from_utf8(&answer.body).ok().filter(|text| text.contains("<TrainingCenterDatabase"));
    match text.filter(|_| (200..=299).contains(&answer.status)) {
        Some(text) if !is_whole(text) => Err(spoilt(answer, format!("{TITLE}'s answer to {what} breaks off"))),
        Some(text) => Ok(JsonText::string(text.trim_start_matches('\u{feff}'))),
        None => Err(parse(TITLE, answer, what)
            .err()
            .unwrap_or_else(|| malformed(answer, format!("{TITLE} answered {what} with something else")))),
    }
}

/// Whether the last tag is the one that ends a TCX.
fn is_whole(text: &str) -> bool {
    let last = text.rfind('<').map_or("", |at| text[at..].trim_end());
    last.ends_with('>')
        && (last.starts_with("</TrainingCenterDatabase")
            || (last.starts_with("<TrainingCenterDatabase") && last.ends_with("/>")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(body: &str) -> String {
        let answer = Answer { status: 200, content_type: None, body: body.as_bytes().to_vec() };
        track(&answer, "the track").map_or_else(|error| error.to_string(), |_| "a track".to_owned())
    }

    #[test]
    fn a_track_that_breaks_off_is_none() {
        let whole =
            "<?xml version=\"1.0\"?>\n<TrainingCenterDatabase xmlns=\"x\"><Activities/></TrainingCenterDatabase>\n";
        assert_eq!(said(whole), "a track");
        assert_eq!(said("<TrainingCenterDatabase xmlns=\"x\" />"), "a track");
        let begins = whole.find("<TrainingCenterDatabase").unwrap_or_default();
        for length in begins + 24..whole.trim_end().len() {
            assert!(said(&whole[..length]).ends_with("breaks off"), "{}", &whole[..length]);
        }
        assert!(said("<html></html>").contains("web page"));
    }
}
