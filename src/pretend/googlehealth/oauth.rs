//! The sign-in of the pretend Google: a refresh token stays the same, and lasts 7 days in testing.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use url::Url;

use super::world::World;
use crate::pretend::server::hold;

type Shared = State<Arc<Mutex<World>>>;

fn json(status: StatusCode, text: String) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json; charset=utf-8")], text).into_response()
}

fn refusal(error: &str) -> Response {
    json(StatusCode::BAD_REQUEST, format!("{{\"error\":\"{error}\",\"error_description\":\"Bad Request\"}}"))
}

/// Allows at once what the person ticks. It must be asked for a refresh token, and bound to its sign-in.
pub(super) async fn authorize(world: Shared, Query(asked): Query<BTreeMap<String, String>>) -> Response {
    let mut world = hold(&world);
    let get = |name: &str| asked.get(name).map(String::as_str);
    let redirect = get("redirect_uri").and_then(|text| Url::parse(text).ok());
    let known = get("response_type") == Some("code") && get("client_id") == Some(world.options.client_id.as_str());
    let offline = get("access_type") == Some("offline") && get("prompt") == Some("consent");
    let challenge = get("code_challenge").filter(|_| get("code_challenge_method") == Some("S256"));
    let scopes = get("scope").is_some_and(|scope| scope.split(' ').all(|one| one.ends_with(".readonly")));
    let (Some(mut redirect), true, true, Some(challenge), true) = (redirect, known, offline, challenge, scopes) else {
        return refusal("invalid_request");
    };
    let now = world.clock.now();
    let to = get("redirect_uri").unwrap_or_default().to_owned();
    let code = world.tokens.new_bound_code(to, Some(challenge.to_owned()), now);
    redirect.query_pairs_mut().append_pair("state", get("state").unwrap_or_default()).append_pair("code", &code);
    (StatusCode::FOUND, [(header::LOCATION, redirect.to_string())]).into_response()
}

/// Exchanges a code, or a refresh token, which then is good still.
pub(super) async fn token(world: Shared, form: String) -> Response {
    let mut world = hold(&world);
    let form = read(&form);
    let get = |name: &str| form.get(name).map_or("", String::as_str);
    if get("client_id") != world.options.client_id || get("client_secret") != world.options.client_secret {
        return refusal("invalid_client");
    }
    let now = world.clock.now();
    let (access, refresh) = match get("grant_type") {
        "authorization_code" => {
            if !world.tokens.take_bound_code(get("code"), get("redirect_uri"), get("code_verifier"), now) {
                return refusal("invalid_grant");
            }
            world.sign_in();
            let pair = world.tokens.new_pair(now);
            (pair.access, format!(",\"refresh_token\":\"{}\"", pair.refresh))
        }
        "refresh_token" => {
            let is_over = world.ends.is_some_and(|end| end <= now);
            if is_over || !world.tokens.knows_refresh(get("refresh_token")) {
                return refusal("invalid_grant");
            }
            (world.tokens.new_access(now), String::new())
        }
        _ => return refusal("unsupported_grant_type"),
    };
    let ends = world.ends.map(|end| format!(",\"refresh_token_expires_in\":{}", (end - now).num_seconds()));
    json(
        StatusCode::OK,
        format!(
            "{{\"access_token\":\"{access}\",\"expires_in\":{}{refresh},\"scope\":\"{}\",\"token_type\":\"Bearer\"{}}}",
            world.options.token_life.num_seconds(),
            world.options.scope,
            ends.unwrap_or_default()
        ),
    )
}

/// Takes a token, in the form or in the address, and all that came of its sign-in.
pub(super) async fn revoke(world: Shared, form: String) -> Response {
    let mut world = hold(&world);
    let form = read(&form);
    let token = form.get("token").map_or("", String::as_str);
    let now = world.clock.now();
    if !world.tokens.knows_refresh(token) && world.tokens.opens(token, now).is_none() {
        return refusal("invalid_token");
    }
    world.tokens.revoke();
    json(StatusCode::OK, "{}".to_owned())
}

fn read(form: &str) -> BTreeMap<String, String> {
    url::form_urlencoded::parse(form.as_bytes()).into_owned().collect()
}
