//! The API 1.1 of the pretend Moves: profile and storyline.

use std::collections::BTreeMap;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, NaiveDate, Offset, Utc};

use super::world::World;
use super::{Shared, lock};
use crate::model::ContentHash;

/// The most days a request may span, without and with track points.
const DAYS_LIMIT: (i64, i64) = (31, 7);

pub(super) async fn profile(State(world): State<Shared>, headers: HeaderMap) -> Response {
    let mut world = lock(&world);
    if let Some(refusal) = gate(&mut world, &headers) {
        return refusal;
    }
    let zone = world.options.zone;
    let offset = world.now().with_timezone(&zone).offset().fix().local_minus_utc();
    let text = format!(
        "{{\"userId\":{},\"profile\":{{\"firstDate\":\"{}\",\"currentTimeZone\":{{\"id\":\"{zone}\",\"offset\":{offset}}},\
         \"localization\":{{\"language\":\"en\",\"locale\":\"en_US\",\"firstWeekDay\":1,\"metric\":true}},\
         \"caloriesAvailable\":false,\"platform\":\"android\"}}}}",
        world.options.user_id,
        world.options.first_day.format("%Y%m%d")
    );
    content(&mut world, &headers, text, None)
}

pub(super) async fn days(
    State(world): State<Shared>,
    headers: HeaderMap,
    Query(asked): Query<BTreeMap<String, String>>,
) -> Response {
    let date = |name: &str| asked.get(name).and_then(|text| read_date(text));
    let range = date("from").zip(date("to"));
    storyline(&mut lock(&world), &headers, range, asked.get("trackPoints").is_some_and(|text| text == "true"))
}

pub(super) async fn day(
    State(world): State<Shared>,
    headers: HeaderMap,
    Path(date): Path<String>,
    Query(asked): Query<BTreeMap<String, String>>,
) -> Response {
    let range = read_date(&date).map(|date| (date, date));
    storyline(&mut lock(&world), &headers, range, asked.get("trackPoints").is_some_and(|text| text == "true"))
}

/// Moves takes `yyyyMMdd` and `yyyy-MM-dd`.
pub(super) fn read_date(text: &str) -> Option<NaiveDate> {
    ["%Y%m%d", "%Y-%m-%d"].into_iter().find_map(|form| NaiveDate::parse_from_str(text, form).ok())
}

fn storyline(
    world: &mut World,
    headers: &HeaderMap,
    range: Option<(NaiveDate, NaiveDate)>,
    track_points: bool,
) -> Response {
    if let Some(refusal) = gate(world, headers) {
        return refusal;
    }
    let error = |words: &str| json(StatusCode::BAD_REQUEST, format!("{{\"error\":\"{words}\"}}"));
    let Some((first, last)) = range.filter(|(first, last)| first <= last) else {
        return error("invalid date or range");
    };
    let limit = if track_points { DAYS_LIMIT.1 } else { DAYS_LIMIT.0 };
    if (last - first).num_days() >= limit {
        return error("range is too long");
    }
    if first < world.options.first_day || last > world.today() {
        return error("date is before the first date or after today");
    }
    let days: Vec<_> =
        first.iter_days().take_while(|date| *date <= last).map(|date| world.day(date, track_points)).collect();
    let updated = days.iter().filter_map(|(_, updated)| *updated).max();
    let texts: Vec<_> = days.into_iter().map(|(text, _)| text).collect();
    content(world, headers, format!("[{}]", texts.join(",")), updated)
}

/// Who may not pass: those without a good token, and those who ask too often.
fn gate(world: &mut World, headers: &HeaderMap) -> Option<Response> {
    if !is_authorised(world, headers) {
        return Some((StatusCode::UNAUTHORIZED, "expired_access_token").into_response());
    }
    if !world.count() {
        return Some(with_quota(world, StatusCode::TOO_MANY_REQUESTS.into_response()));
    }
    None
}

fn is_authorised(world: &World, headers: &HeaderMap) -> bool {
    bearer(headers).is_some_and(|token| world.opens(token).is_some())
}

/// The access token that a request carries.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}

fn content(world: &mut World, headers: &HeaderMap, text: String, updated: Option<DateTime<Utc>>) -> Response {
    let tag = format!("W/\"{}\"", &ContentHash::of(text.as_bytes()).to_string()[..32]);
    let known = headers.get(header::IF_NONE_MATCH).is_some_and(|value| value.as_bytes() == tag.as_bytes());
    let mut response = if known { StatusCode::NOT_MODIFIED.into_response() } else { json(StatusCode::OK, text) };
    let mut set = |name: header::HeaderName, text: String| {
        if let Ok(value) = text.parse() {
            response.headers_mut().insert(name, value);
        }
    };
    set(header::ETAG, tag);
    if let Some(updated) = updated {
        set(header::LAST_MODIFIED, http_date(updated));
    }
    with_quota(world, response)
}

fn with_quota(world: &mut World, mut response: Response) -> Response {
    for (name, number) in world.quota_headers() {
        response.headers_mut().insert(name, number.into());
    }
    response
}

fn json(status: StatusCode, text: String) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json; charset=utf-8")], text).into_response()
}

pub(super) fn http_date(time: DateTime<Utc>) -> String {
    time.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}
