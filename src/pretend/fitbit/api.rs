//! The doors of the pretend Fitbit: who may pass, where what is told, and the shape of its refusals.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use chrono::NaiveDate;

use super::answers;
use super::world::World;
use crate::pretend::api::bearer;
use crate::pretend::server::hold;

/// A fault of Fitbit's shape.
pub(super) fn fault(status: StatusCode, kind: &str, message: &str) -> Response {
    let text = format!(
        "{{\"errors\":[{{\"errorType\":\"{kind}\",\"fieldName\":\"n/a\",\"message\":\"{message}\"}}],\"success\":false}}"
    );
    (status, json(text)).into_response()
}

fn json(text: String) -> Response {
    ([(header::CONTENT_TYPE, "application/json; charset=utf-8")], text).into_response()
}

/// Why nothing is told.
pub(super) enum No {
    NotFound,
    Scope(&'static str),
    Samples,
    Series(String),
    Range,
}

pub(super) async fn tell(
    State(world): State<Arc<Mutex<World>>>,
    headers: HeaderMap,
    uri: Uri,
    Query(asked): Query<BTreeMap<String, String>>,
) -> Response {
    let mut world = hold(&world);
    if world.is_off {
        return StatusCode::GONE.into_response();
    }
    let token = bearer(&headers).unwrap_or_default().to_owned();
    if !world.enter(&token) {
        let words = format!("Access token expired: {token}");
        return fault(StatusCode::UNAUTHORIZED, "expired_token", &words);
    }
    let mut response = if world.count() {
        // Units follow the language of the request.
        let in_miles = headers.get(header::ACCEPT_LANGUAGE).is_some();
        match route(&world, uri.path(), &asked, in_miles) {
            Ok(text) if uri.path().ends_with(".tcx") => {
                ([(header::CONTENT_TYPE, "application/vnd.garmin.tcx+xml")], text).into_response()
            }
            Ok(text) => json(text),
            Err(no) => refusal(no),
        }
    } else {
        let words = format!("Rate limit exceeded for the user with the access token {token}.");
        fault(StatusCode::TOO_MANY_REQUESTS, "request", &words)
    };
    for (name, number) in world.quota_headers() {
        response.headers_mut().insert(name, number.into());
    }
    response
}

fn refusal(no: No) -> Response {
    match no {
        No::NotFound => fault(StatusCode::NOT_FOUND, "not_found", "The API you are requesting could not be found."),
        No::Scope(what) => {
            let words = format!("This application does not have permission to access {what} data.");
            fault(StatusCode::FORBIDDEN, "insufficient_scope", &words)
        }
        No::Samples => {
            let words = "API client is not authorized by Fitbit to access the resource requested.";
            fault(StatusCode::FORBIDDEN, "insufficient_permissions", words)
        }
        No::Series(path) => {
            let words = format!("Invalid time series resource path: /{path}");
            fault(StatusCode::BAD_REQUEST, "validation", &words)
        }
        No::Range => fault(StatusCode::BAD_REQUEST, "validation", "The range is too long or ends before it begins"),
    }
}

/// What stands at a path.
fn route(world: &World, path: &str, asked: &BTreeMap<String, String>, in_miles: bool) -> Result<String, No> {
    let inner = path.strip_prefix('/').and_then(|path| path.split_once("/user/-/")).ok_or(No::NotFound)?;
    let (version, rest) = inner;
    if let Some(id) = rest.strip_prefix("activities/").and_then(|rest| rest.strip_suffix(".tcx")) {
        need(world, "activity")?;
        need(world, "location")?;
        return answers::track(world, id).ok_or(No::NotFound);
    }
    let rest = rest.strip_suffix(".json").ok_or(No::NotFound)?;
    if version != if rest.starts_with("sleep") { "1.2" } else { "1" } {
        return Err(No::NotFound);
    }
    if let Some((scope, text)) = answers::account(world, rest) {
        need(world, scope)?;
        return Ok(text);
    }
    if let Some(list) = rest.strip_suffix("/list") {
        let (scope, most) = match list {
            "activities" => ("activity", 100),
            "ecg" => ("electrocardiogram", 10),
            "irn/alerts" => ("irregular_rhythm_notifications", 10),
            _ => return Err(No::NotFound),
        };
        need(world, scope)?;
        return answers::page(world, list, asked, most).ok_or(No::Range);
    }
    let (what, days) = rest.split_once("/date/").ok_or(No::NotFound)?;
    let mut parts: Vec<&str> = days.split('/').collect();
    let in_full = parts.last() == Some(&"all");
    parts.truncate(parts.len() - usize::from(in_full));
    need(world, scope(what))?;
    let day = |text: &str| text.parse::<NaiveDate>().map_err(|_| No::Range);
    if !world.options.has_altimeter && (what.ends_with("floors") || what.ends_with("elevation")) {
        return Err(No::Series(what.to_owned()));
    }
    match parts.as_slice() {
        [one] => answers::whole(world, what, day(one)?).ok_or(No::NotFound),
        [one, "1d", detail] if what.starts_with("activities/") => {
            // Of most series an app without the permission gets the value of the day alone.
            if !world.options.has_intraday && what == "activities/active-zone-minutes" {
                return Err(No::Samples);
            }
            answers::samples(world, what, day(one)?, detail).ok_or(No::NotFound)
        }
        [first, last] => {
            let (first, last) = (day(first)?, day(last)?);
            if last < first || (last - first).num_days() >= most_days(what, in_full) {
                return Err(No::Range);
            }
            answers::range(world, what, first, last, in_full, in_miles).ok_or(No::NotFound)
        }
        _ => Err(No::NotFound),
    }
}

fn need(world: &World, scope: &'static str) -> Result<(), No> {
    let granted = world.options.scope.split(' ').any(|one| one == scope);
    if granted { Ok(()) } else { Err(No::Scope(scope)) }
}

fn scope(what: &str) -> &'static str {
    match what {
        "activities/heart" | "hrv" => "heartrate",
        "sleep" => "sleep",
        "spo2" => "oxygen_saturation",
        "br" => "respiratory_rate",
        "temp/skin" | "temp/core" => "temperature",
        "cardioscore" => "cardio_fitness",
        what if what.starts_with("body/") => "weight",
        what if what.starts_with("foods/") => "nutrition",
        _ => "activity",
    }
}

/// The longest range.
fn most_days(what: &str, in_full: bool) -> i64 {
    match what {
        "activities/heart" => 365,
        "sleep" => 100,
        "spo2" if !in_full => 36_500,
        "body/log/weight" | "body/weight" => 31,
        "hrv" | "br" | "spo2" | "temp/skin" | "temp/core" | "cardioscore" | "body/log/fat" | "body/fat" => 30,
        what if what.ends_with("activityCalories") => 30,
        _ => 1_095,
    }
}
