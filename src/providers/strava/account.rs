//! What has no day: the athlete, their zones, gear and routes.

use std::collections::{BTreeMap, BTreeSet};

use crate::auth::Session;
use crate::http::FetchError;
use crate::json::{Json, Kind, Value};
use crate::model::{JsonText, Resources};
use crate::providers::reading::parse_as;

use super::TITLE;

/// The most that a page of routes may hold.
const ROUTES_PER_PAGE: usize = 200;

/// Whose account it is. The id may be above 2^53: it stays text.
pub(super) fn person(account: &Resources) -> Option<String> {
    let athlete = Json::parse(account.get("athlete")?.as_bytes()).ok()?;
    let id = athlete.root().get("id")?;
    Some(id.as_number().or_else(|| id.as_str())?.into_owned())
}

/// How much of the athlete is told: without the scope for it Strava tells a summary, without gear and weight.
pub(super) fn depth(account: &Resources) -> u64 {
    let athlete = account.get("athlete").and_then(|athlete| Json::parse(athlete.as_bytes()).ok());
    athlete.and_then(|athlete| athlete.root().get("resource_state")?.as_u64()).unwrap_or_default()
}

/// How a message calls the person.
pub(super) fn called(account: &Resources) -> Option<String> {
    let id = person(account)?;
    let athlete = Json::parse(account.get("athlete")?.as_bytes()).ok()?;
    let word = |name: &str| athlete.root().get(name).and_then(|word| word.as_str().map(|word| word.into_owned()));
    let name: Vec<String> = [word("firstname"), word("lastname")].into_iter().flatten().collect();
    let name = name.join(" ").trim().to_owned();
    Some(if name.is_empty() { id } else { format!("{name} ({id})") })
}

/// Asks for zones, gear and routes, as far as they are wanted.
pub(super) async fn ask(
    session: &Session,
    resources: &[String],
    held: &Resources,
    mentioned: &BTreeSet<String>,
) -> Result<Resources, FetchError> {
    let wants = |name: &str| resources.iter().any(|one| one == name);
    let mut account = Resources::new();
    if wants("athlete") {
        let answer = allowed(session.get("/api/v3/athlete/zones", &[]).await.map(Some))?;
        if let Some(answer) = answer.filter(|answer| (200..=299).contains(&answer.status)) {
            let json = parse_as(TITLE, &answer, "the zones", Kind::Object)?;
            if !json.root().is_empty() {
                account.insert("zones".to_owned(), JsonText::of(json.root()));
            }
        }
    }
    if wants("gear") {
        let gear = allowed(gear(session, held, mentioned).await)?;
        account.extend(gear.map(|gear| ("gear".to_owned(), gear)));
    }
    if wants("routes") {
        let routes = allowed(routes(session, held).await)?;
        account.extend(routes.map(|routes| ("routes".to_owned(), routes)));
    }
    Ok(account)
}

/// Nothing where the sign-in does not allow it: it said so when it was made, and the rest goes on.
fn allowed<T>(told: Result<Option<T>, FetchError>) -> Result<Option<T>, FetchError> {
    match told {
        Err(FetchError::SignIn { .. }) => Ok(None),
        told => told,
    }
}

/// All gear that the athlete has or an activity mentions: retired gear stands in no list. Asked for is
/// what the archive lacks and what the athlete's own list tells otherwise; nothing is taken away.
async fn gear(
    session: &Session,
    held: &Resources,
    mentioned: &BTreeSet<String>,
) -> Result<Option<JsonText>, FetchError> {
    let known = held.get("gear").and_then(|gear| Json::parse(gear.as_bytes()).ok());
    let known = known.iter().flat_map(|json| json.root().items());
    let mut all: BTreeMap<String, JsonText> =
        known.filter_map(|one| Some((gear_id(one)?, JsonText::of(one)))).collect();
    let mut changed = false;
    for id in gear_to_ask(held, mentioned) {
        let answer = session.get(&format!("/api/v3/gear/{id}"), &[]).await?;
        if answer.status == 404 {
            continue;
        }
        let json = parse_as(TITLE, &answer, &format!("gear {id}"), Kind::Object)?;
        all.insert(id.clone(), JsonText::of(json.root()));
        changed = true;
    }
    if !changed {
        return Ok(None);
    }
    Ok(Some(JsonText::array(all.values())))
}

fn gear_id(one: Value<'_>) -> Option<String> {
    one.get("id").and_then(|id| id.as_str().map(|id| id.into_owned()))
}

/// The gear that the archive lacks, and that of which the athlete's own list tells something else.
pub(super) fn gear_to_ask(held: &Resources, mentioned: &BTreeSet<String>) -> BTreeSet<String> {
    let parse = |name: &str| Json::parse(held.get(name)?.as_bytes()).ok();
    let (known, athlete) = (parse("gear"), parse("athlete"));
    fn by_id(one: Value<'_>) -> Option<(String, &[u8])> {
        gear_id(one).map(|id| (id, one.raw()))
    }
    let known: BTreeMap<String, &[u8]> = known.iter().flat_map(|json| json.root().items()).filter_map(by_id).collect();
    let lists = ["bikes", "shoes"].iter().filter_map(|name| athlete.as_ref()?.root().get(name));
    let listed: BTreeMap<String, &[u8]> = lists.flat_map(Value::items).filter_map(by_id).collect();
    let same = |listed: &[u8], known: &[u8]| {
        let (Ok(listed), Ok(known)) = (Json::parse(listed.to_vec()), Json::parse(known.to_vec())) else { return false };
        ["name", "distance", "primary", "retired"].iter().all(|name| match listed.root().get(name) {
            Some(one) => known.root().get(name).is_some_and(|other| one.same(other)),
            None => true,
        })
    };
    let is_new = |id: &&String| match (known.get(*id), listed.get(*id)) {
        (Some(known), Some(listed)) => !same(listed, known),
        (known, _) => known.is_none(),
    };
    listed.keys().chain(mentioned).filter(is_new).cloned().collect()
}

/// How many requests [`ask`] takes, if there are as many routes as are held, and a few more at most.
pub(super) fn requests(resources: &[String], held: &Resources, mentioned: &BTreeSet<String>) -> u64 {
    let wants = |name: &str| u64::from(resources.iter().any(|one| one == name));
    let gear = if wants("gear") > 0 { gear_to_ask(held, mentioned).len() as u64 } else { 0 };
    let routes = held.get("routes").and_then(|routes| Json::parse(routes.as_bytes()).ok());
    // An empty page is the end.
    let pages = routes.map_or(0, |routes| routes.root().len()).div_ceil(ROUTES_PER_PAGE).max(1) as u64 + 1;
    wants("athlete") + pages * wants("routes") + gear
}

/// All routes, to an empty page. An empty list takes nothing away.
async fn routes(session: &Session, held: &Resources) -> Result<Option<JsonText>, FetchError> {
    let Some(person) = person(held) else { return Ok(None) };
    let mut pages: Vec<Json> = Vec::new();
    let mut seen = BTreeSet::new();
    loop {
        let page = (pages.len() + 1).to_string();
        let path = format!("/api/v3/athletes/{person}/routes");
        let answer = session.get(&path, &[("page", &page), ("per_page", &ROUTES_PER_PAGE.to_string())]).await?;
        let json = parse_as(TITLE, &answer, &format!("page {page} of the routes"), Kind::Array)?;
        let ids: Vec<String> =
            json.root().items().map(|one| one.get("id").map(|id| id.line()).unwrap_or_default()).collect();
        if ids.is_empty() {
            break;
        }
        // A page that repeats, or shifted: another sync sees the list whole.
        if !ids.into_iter().all(|id| seen.insert(id)) {
            return Ok(None);
        }
        pages.push(json);
    }
    if pages.is_empty() {
        return Ok(None);
    }
    Ok(Some(JsonText::list(pages.iter().flat_map(|page| page.root().items()))))
}
