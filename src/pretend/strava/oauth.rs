//! The sign-in of the pretend Strava.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use url::Url;

use super::api::{athlete_json, fault};
use super::world::World;
use crate::pretend::server::{form, hold};

type Shared = State<Arc<Mutex<World>>>;

/// Allows at once what the person ticks, and tells it on the way back.
pub(super) async fn authorize(world: Shared, Query(asked): Query<BTreeMap<String, String>>) -> Response {
    let mut world = hold(&world);
    let get = |name: &str| asked.get(name).map(String::as_str);
    let redirect = get("redirect_uri").and_then(|text| Url::parse(text).ok());
    let known = get("response_type") == Some("code") && get("client_id") == Some(world.options.client_id.as_str());
    // Strava takes scopes with commas between them.
    let scope = get("scope").is_some_and(|scope| scope.split(',').any(|one| one == "activity:read_all"));
    let (Some(mut redirect), true, true) = (redirect, known, scope) else {
        return fault(StatusCode::BAD_REQUEST, "Bad Request", "Authorize/scope/invalid");
    };
    let now = world.clock.now();
    let code = world.tokens.new_code(get("redirect_uri").unwrap_or_default().to_owned(), now);
    redirect.query_pairs_mut().append_pair("state", get("state").unwrap_or_default());
    redirect.query_pairs_mut().append_pair("code", &code).append_pair("scope", &world.options.scope);
    (StatusCode::FOUND, [(header::LOCATION, redirect.to_string())]).into_response()
}

/// Exchanges a code or a refresh token, which then is good no more.
pub(super) async fn token(world: Shared, text: String) -> Response {
    let mut world = hold(&world);
    let form = form(&text);
    let get = |name: &str| form.get(name).map_or("", String::as_str);
    if get("client_id") != world.options.client_id || get("client_secret") != world.options.client_secret {
        return fault(StatusCode::BAD_REQUEST, "Bad Request", "Application/client_id/invalid");
    }
    let now = world.clock.now();
    let with_code = get("grant_type") == "authorization_code";
    if with_code && !world.tokens.take_code(get("code"), get("redirect_uri"), now) {
        return fault(StatusCode::BAD_REQUEST, "Bad Request", "AuthorizationCode/code/invalid");
    }
    if !with_code && !world.tokens.take_refresh(get("refresh_token")) {
        return fault(StatusCode::BAD_REQUEST, "Bad Request", "RefreshToken/refresh_token/invalid");
    }
    let pair = world.tokens.new_pair(now);
    let life = world.options.token_life.num_seconds();
    let athlete = if with_code { format!(",\"athlete\":{}", athlete_json(&world)) } else { String::new() };
    let text = format!(
        "{{\"token_type\":\"Bearer\",\"expires_at\":{},\"expires_in\":{life},\"refresh_token\":\"{}\",\
         \"access_token\":\"{}\"{athlete}}}",
        now.timestamp() + life,
        pair.refresh,
        pair.access
    );
    ([(header::CONTENT_TYPE, "application/json; charset=utf-8")], text).into_response()
}

/// RFC 7009: 200 also for a token that is no longer good; the app names itself by HTTP Basic.
pub(super) async fn revoke(world: Shared, headers: HeaderMap, text: String) -> Response {
    let mut world = hold(&world);
    let basic = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    // "pretend-app:pretend-app-secret"
    if basic != Some("Basic cHJldGVuZC1hcHA6cHJldGVuZC1hcHAtc2VjcmV0") {
        return fault(StatusCode::UNAUTHORIZED, "Authorization Error", "Application/client_id/invalid");
    }
    if form(&text).get("token").is_some_and(|token| world.tokens.knows_refresh(token)) {
        world.tokens.revoke();
    }
    StatusCode::OK.into_response()
}
