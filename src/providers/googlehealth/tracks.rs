//! The tracks of workouts: TCX, a request each.

use super::TITLE;
use super::points;
use super::refusal::{self, No};
use super::types::{DataType, Time, Ways, data_type};
use crate::auth::Session;
use crate::http::FetchError;
use crate::json::{Json, Value};
use crate::model::JsonText;
use crate::providers::grant::Grant;
use crate::providers::{Ask, DayAnswer, Told};

/// Asks for the tracks of the workouts of a range. Kept of each is the text of the TCX beside the
/// workout's name; one without is left out.
///
/// # Errors
/// As [`points::ask`], for a track too.
pub(super) async fn ask(
    session: &Session,
    kind: &DataType,
    ask: &Ask<'_>,
) -> Result<Result<Vec<DayAnswer>, No>, FetchError> {
    let Some(workouts) = data_type(kind.id).filter(|workouts| !Grant::of(session).denies(workouts.scope)) else {
        return Ok(Err(No::NotGranted));
    };
    let mut days = match points::ask(session, workouts, (Time::Start, Ways::Both), ask).await? {
        Ok(days) => days,
        Err(no) => return Ok(Err(no)),
    };
    for day in &mut days {
        let Ok(Told::Data(list)) = &day.outcome else { continue };
        // It was parsed when the page was read.
        let Ok(list) = Json::parse(list.as_bytes()) else { continue };
        let mut tracks = Vec::new();
        let mut failed = None;
        for name in list.root().items().filter_map(name) {
            match track(session, kind, &name).await? {
                Ok(track) => tracks.extend(track),
                Err(No::NotGranted) => return Ok(Err(No::NotGranted)),
                Err(no) => failed = Some(no.words(&format!("the track of {name}"))),
            }
        }
        day.outcome = match failed {
            None => Ok(Told::Data(JsonText::array(&tracks))),
            Some(problem) => Err(problem),
        };
    }
    Ok(Ok(days))
}

fn name(workout: Value<'_>) -> Option<String> {
    let name = ["name", "dataPointName"].into_iter().find_map(|name| workout.get(name)?.as_str());
    name.map(|name| name.into_owned()).filter(|name| name.starts_with("users/"))
}

async fn track(session: &Session, kind: &DataType, name: &str) -> Result<Result<Option<JsonText>, No>, FetchError> {
    let answer = session.get(&format!("/v4/{name}:exportExerciseTcx"), &[("partialData", "true")]).await?;
    if answer.status == 404 {
        return Ok(Ok(None));
    }
    let what = format!("the track of {name}");
    let json = match refusal::read(&answer, &what, Grant::of(session).tells(kind.scope))? {
        Ok(json) => json,
        Err(no) => return Ok(Err(no)),
    };
    let track = json.root().get("tcxData").filter(|track| track.as_str().is_some());
    let track = track.ok_or_else(|| FetchError::Malformed {
        reason: format!("{TITLE}'s answer to {what} holds no track"),
        body: answer.body.clone(),
        divisible: true,
    })?;
    Ok(Ok(Some(JsonText::object([("exercise", JsonText::string(name)), ("tcxData", JsonText::of(track))]))))
}
