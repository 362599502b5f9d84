//! The API v4 of the pretend Google Health, as far as reading goes.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use chrono::{NaiveDate, SecondsFormat, TimeDelta};

use super::filter::{self, Filter};
use super::kinds::Kind;
use super::life::{self, Telling};
use super::world::World;
use crate::json::{Json, Value, quote};
use crate::model::ContentHash;
use crate::pretend::api::bearer;
use crate::pretend::server::{Service, hold};

type Shared = State<Arc<Mutex<World>>>;
type Parameters = Query<BTreeMap<String, String>>;

/// The words of the page tokens: where it goes on, in which order, of which question.
const PAGE: &str = "page";

/// Lets those pass who may.
fn answer(world: &Shared, headers: &HeaderMap, path: &str, tell: impl FnOnce(&mut World) -> Response) -> Response {
    let mut world = hold(world);
    if !bearer(headers).is_some_and(|token| world.is_good(token)) {
        return fault(401, "UNAUTHENTICATED", "", "Request had invalid authentication credentials.");
    }
    if !world.count() {
        return fault(429, "RESOURCE_EXHAUSTED", "RATE_LIMIT_EXCEEDED", "Quota exceeded for quota metric 'Requests'.");
    }
    if let Some((_, status, reason, message)) = world.refusals.iter().find(|(part, ..)| path.contains(part)) {
        return fault(*status, "FAILED_PRECONDITION", reason, message);
    }
    tell(&mut world)
}

fn json(text: String) -> Response {
    ([(header::CONTENT_TYPE, "application/json; charset=UTF-8")], text).into_response()
}

/// An error of Google's shape.
fn fault(status: u16, word: &str, reason: &str, message: &str) -> Response {
    let details = match reason {
        "" => String::new(),
        _ => format!(
            ",\"details\":[{{\"@type\":\"type.googleapis.com/google.rpc.ErrorInfo\",\"reason\":\"{reason}\",\
             \"domain\":\"health.googleapis.com\"}}]"
        ),
    };
    let text =
        format!("{{\"error\":{{\"code\":{status},\"message\":{},\"status\":\"{word}\"{details}}}}}", quote(message));
    (StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST), json(text)).into_response()
}

fn bad(reason: &str, message: &str) -> Response {
    fault(400, "INVALID_ARGUMENT", reason, message)
}

fn forbidden() -> Response {
    fault(
        403,
        "PERMISSION_DENIED",
        "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
        "Request had insufficient authentication scopes.",
    )
}

/// What every address says that there is not.
pub(super) async fn page() -> Response {
    let page =
        "<!DOCTYPE html>\n<html lang=en><title>Error 404 (Not Found)!!1</title><p>That\u{2019}s an error.</html>\n";
    (StatusCode::NOT_FOUND, [(header::CONTENT_TYPE, "text/html; charset=UTF-8")], page).into_response()
}

pub(super) async fn account(world: Shared, headers: HeaderMap, uri: Uri, Path(part): Path<String>) -> Response {
    let scope = match part.as_str() {
        "identity" => "",
        "profile" => "profile",
        "settings" | "pairedDevices" => "settings",
        "irnProfile" => "irn",
        _ => return page().await,
    };
    answer(&world, &headers, uri.path(), |world| {
        if !scope.is_empty() && !world.allows(scope) {
            return forbidden();
        }
        let id = &world.options.user_id;
        let (_, today) = world.days();
        json(match part.as_str() {
            "identity" => {
                format!("{{\"name\":\"users/{id}/identity\",\"healthUserId\":\"{id}\",\"legacyUserId\":\"26FWFL\"}}")
            }
            "profile" => {
                let since = match world.options.tells_first_day {
                    true => format!(",\"membershipStartDate\":{}", life::date(world.options.first_day)),
                    false => String::new(),
                };
                format!("{{\"name\":\"users/{id}/profile\",\"age\":51{since}}}")
            }
            "settings" => format!(
                "{{\"name\":\"users/{id}/settings\",\"timeZone\":\"{}\",\"distanceUnit\":\"METRIC\"}}",
                world.zone_of(today)
            ),
            "irnProfile" => format!("{{\"name\":\"users/{id}/irnProfile\",\"enrollmentStatus\":false}}"),
            _ => format!(
                "{{\"pairedDevices\":[{{\"name\":\"users/{id}/pairedDevices/7\",\"deviceType\":\"TRACKER\",\
                 \"deviceVersion\":\"Pretend Band\",\"batteryLevel\":{},\"lastSyncTime\":\"{}\"}}]}}",
                100 - world.asked % 90,
                world.synced().to_rfc3339_opts(SecondsFormat::Millis, true)
            ),
        })
    })
}

pub(super) async fn points(
    world: Shared,
    headers: HeaderMap,
    uri: Uri,
    Path((kind, verb)): Path<(String, String)>,
    Query(asked): Parameters,
) -> Response {
    let telling = match verb.as_str() {
        "dataPoints" => Telling::List,
        "dataPoints:reconcile" => Telling::Reconcile,
        _ => return page().await,
    };
    answer(&world, &headers, uri.path(), |world| {
        let Some(kind) = Kind::find(&kind) else { return unknown(&kind) };
        let has = if telling == Telling::List { kind.lists } else { kind.reconciles };
        if !has {
            return bad("", &format!("The data type {} is not supported for this method.", kind.id));
        }
        if !world.allows(kind.scope) {
            return forbidden();
        }
        let filter = asked.get("filter").map(String::as_str);
        if kind.id == "sleep" && filter.is_some() && world.options.refuses_sleep_filters {
            return bad("INVALID_DATA_POINT_FILTER_DATA_TYPE_MEMBER", "Invalid data type member.");
        }
        let filter = match filter::read(filter, kind) {
            Ok(filter) => filter,
            Err(reason) => return bad(reason, "The filter is invalid."),
        };
        let question = format!("{verb} {:?} {:?}", asked.get("filter"), asked.get("pageSize"));
        let Some(turn) = turn(world, kind, &asked, &question, telling) else { return lost() };
        let texts = collect(world, kind, filter, telling, &turn);
        list(world, kind, "dataPoints", &texts, &turn)
    })
}

fn lost() -> Response {
    bad("INVALID_PAGE_TOKEN", "The page token belongs to another request.")
}

/// A page: where it begins, how long it is, whether the earliest come first, and of which question.
struct Turn {
    from: usize,
    size: usize,
    ascends: bool,
    of: String,
}

/// The page that is asked for; none where the token belongs to another question.
fn turn(
    world: &World,
    kind: &Kind,
    asked: &BTreeMap<String, String>,
    question: &str,
    telling: Telling,
) -> Option<Turn> {
    let of = ContentHash::of(question.as_bytes()).to_string()[..8].to_owned();
    let most = kind.page().min(world.options.page_limit);
    let size = asked.get("pageSize").and_then(|size| size.parse().ok()).unwrap_or(1_440).min(most).max(1);
    let Some(token) = asked.get("pageToken") else {
        // The order of a list is documented, that of reconciled points is not.
        let ascends = telling == Telling::Reconcile && world.asked.is_multiple_of(2);
        return Some(Turn { from: 0, size, ascends, of });
    };
    let words: Vec<&str> = token.split('-').collect();
    match words.as_slice() {
        [PAGE, from, order, same] if *same == of => {
            Some(Turn { from: from.parse().unwrap_or_default(), size, ascends: *order == "up", of })
        }
        _ => None,
    }
}

fn collect(world: &World, kind: &Kind, filter: Filter, telling: Telling, turn: &Turn) -> Vec<String> {
    let (first, today) = world.days();
    let (from, before) = filter.days;
    let (from, last) = (
        from.map_or(first, |from| from.max(first)),
        before.map_or(today, |before| (before - TimeDelta::days(1)).min(today)),
    );
    let days = from.iter_days().take_while(|day| *day <= last);
    let points = days.flat_map(|day| life::points(world, kind, day, telling));
    let since = |point: &life::Point| filter.since.is_none_or(|since| point.start >= since);
    let mut texts: Vec<String> = points.filter(since).map(|point| point.text).collect();
    if !turn.ascends {
        texts.reverse();
    }
    texts
}

fn list(world: &World, kind: &Kind, name: &str, texts: &[String], turn: &Turn) -> Response {
    let page = texts.get(turn.from..).unwrap_or_default();
    let page = &page[..page.len().min(turn.size)];
    let next = turn.from + page.len();
    let order = if turn.ascends { "up" } else { "down" };
    let token = if world.looping.contains(kind.id) {
        format!("{PAGE}-0-{order}-{}", turn.of)
    } else if next < texts.len() {
        format!("{PAGE}-{next}-{order}-{}", turn.of)
    } else {
        String::new()
    };
    let items = if page.is_empty() { String::new() } else { format!("\"{name}\":[{}],", page.join(",")) };
    json(format!("{{{items}\"nextPageToken\":\"{token}\"}}"))
}

/// A track as JSON, which is how it comes without `alt=media`.
pub(super) async fn track(world: Shared, headers: HeaderMap, uri: Uri, Path(track): Path<String>) -> Response {
    let Some(id) = track.strip_suffix(":exportExerciseTcx").filter(|id| id.parse::<i64>().is_ok()) else {
        return page().await;
    };
    answer(&world, &headers, uri.path(), |world| {
        if !world.allows("activity_and_fitness") || !world.allows("location") {
            return forbidden();
        }
        let text = format!("<TrainingCenterDatabase><Id>{id}</Id>\n</TrainingCenterDatabase>");
        json(format!("{{\"tcxData\":{}}}", quote(&text)))
    })
}

pub(super) async fn totals(
    world: Shared,
    headers: HeaderMap,
    uri: Uri,
    Path((kind, verb)): Path<(String, String)>,
    body: String,
) -> Response {
    if verb != "dataPoints:dailyRollUp" {
        return page().await;
    }
    answer(&world, &headers, uri.path(), |world| {
        let Some(kind) = Kind::find(&kind) else { return unknown(&kind) };
        let Some(most) = kind.totals else {
            return bad("", &format!("The data type {} is not supported for this method.", kind.id));
        };
        if !world.allows(kind.scope) {
            return forbidden();
        }
        let Ok(body) = Json::parse(body) else { return bad("", "Octal/hex numbers are not valid JSON values.") };
        let root = body.root();
        let (Some(first), Some(end)) = (date(root, "/range/start/date"), date(root, "/range/end/date")) else {
            return bad("INVALID_TIME_RANGE", "The range is missing.");
        };
        let last = if world.options.is_end_inclusive { end } else { end - TimeDelta::days(1) };
        if last < first || (last - first).num_days() >= most {
            return bad("INVALID_TIME_RANGE", "The range is empty or too long.");
        }
        let (known_from, today) = world.days();
        let days = first.max(known_from).iter_days().take_while(|day| *day <= last.min(today));
        let mut rows: Vec<String> = days.filter_map(|day| life::total(world, kind, day)).collect();
        rows.reverse();
        let word =
            |name: &str| root.get(name).map(|value| value.as_str().unwrap_or_else(|| value.line().into()).into_owned());
        let asked =
            ["pageSize", "pageToken"].into_iter().filter_map(|name| Some((name.to_owned(), word(name)?))).collect();
        let Some(turn) = turn(world, kind, &asked, &format!("{first} {end}"), Telling::List) else { return lost() };
        list(world, kind, "rollupDataPoints", &rows, &turn)
    })
}

fn unknown(id: &str) -> Response {
    bad("", &format!("The data type ID {id} is not supported."))
}

fn date(root: Value<'_>, pointer: &str) -> Option<NaiveDate> {
    let date = root.pointer(pointer)?;
    let part = |name: &str| date.get(name).and_then(Value::as_i64).and_then(|part| u32::try_from(part).ok());
    NaiveDate::from_ymd_opt(i32::try_from(part("year")?).ok()?, part("month")?, part("day")?)
}
