//! The sign-in of the pretend Fitbit.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use url::Url;

use super::api::fault;
use super::world::World;
use crate::pretend::server::hold;
use crate::pretend::tokens::Pair;

type Shared = State<Arc<Mutex<World>>>;
type Parameters = BTreeMap<String, String>;

/// Allows at once, but only who binds the code with PKCE.
pub(super) async fn authorize(world: Shared, Query(asked): Query<Parameters>) -> Response {
    let mut world = hold(&world);
    let get = |name: &str| asked.get(name).map(String::as_str);
    let redirect = get("redirect_uri").and_then(|text| Url::parse(text).ok());
    let known = get("response_type") == Some("code") && get("client_id") == Some(world.options.client_id.as_str());
    let challenge = get("code_challenge").filter(|_| get("code_challenge_method") == Some("S256"));
    let (Some(mut redirect), true, Some(challenge), Some(_)) = (redirect, known, challenge, get("scope")) else {
        return fault(StatusCode::BAD_REQUEST, "invalid_request", "Invalid authorization request");
    };
    let now = world.clock.now();
    let asker = get("redirect_uri").unwrap_or_default().to_owned();
    let code = world.tokens.new_bound_code(asker, Some(challenge.to_owned()), now);
    redirect.query_pairs_mut().append_pair("code", &code).append_pair("state", get("state").unwrap_or_default());
    redirect.set_fragment(Some("_=_"));
    (StatusCode::FOUND, [(header::LOCATION, redirect.to_string())]).into_response()
}

/// Exchanges a code, or a refresh token once. Asked again with the same refresh token it gives the same
/// answer, until the new tokens are used.
pub(super) async fn token(world: Shared, headers: HeaderMap, form: String) -> Response {
    let mut world = hold(&world);
    let form = read(&form);
    let get = |name: &str| form.get(name).map_or("", String::as_str);
    if !is_app(&world, &headers, &form) {
        return fault(StatusCode::UNAUTHORIZED, "invalid_client", "Invalid authorization header. Client id invalid");
    }
    let now = world.clock.now();
    if get("grant_type") == "authorization_code" {
        if !world.tokens.take_bound_code(get("code"), get("redirect_uri"), get("code_verifier"), now) {
            return fault(StatusCode::BAD_REQUEST, "invalid_grant", &format!("Invalid code: {}", get("code")));
        }
        let pair = world.tokens.new_pair(now);
        return tokens(&world, &pair);
    }
    let refresh = get("refresh_token");
    let known = world.replay.as_ref().filter(|(used, _)| used == refresh).map(|(_, pair)| pair.clone());
    let pair = match known {
        Some(pair) => pair,
        None if world.tokens.take_refresh(refresh) => world.tokens.new_pair(now),
        None => return fault(StatusCode::BAD_REQUEST, "invalid_grant", &format!("Refresh token invalid: {refresh}")),
    };
    world.replay = Some((refresh.to_owned(), pair.clone()));
    tokens(&world, &pair)
}

pub(super) async fn revoke(world: Shared, headers: HeaderMap, form: String) -> Response {
    let mut world = hold(&world);
    let form = read(&form);
    if !is_app(&world, &headers, &form) {
        return fault(StatusCode::UNAUTHORIZED, "invalid_client", "Invalid authorization header. Client id invalid");
    }
    if form.get("token").is_some_and(|token| world.tokens.knows_refresh(token)) {
        world.tokens.revoke();
    }
    StatusCode::OK.into_response()
}

/// An app with a secret must prove it in the header, one without names itself in the form.
fn is_app(world: &World, headers: &HeaderMap, form: &Parameters) -> bool {
    let told = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    match &world.options.client_secret {
        Some(secret) => {
            let basic = format!("Basic {}", STANDARD.encode(format!("{}:{secret}", world.options.client_id)));
            told == Some(basic.as_str())
        }
        None => told.is_none() && form.get("client_id") == Some(&world.options.client_id),
    }
}

fn tokens(world: &World, pair: &Pair) -> Response {
    let text = format!(
        "{{\"access_token\":\"{}\",\"expires_in\":{},\"refresh_token\":\"{}\",\"scope\":\"{}\",\
         \"token_type\":\"Bearer\",\"user_id\":\"{}\"}}",
        pair.access,
        world.options.token_life.num_seconds(),
        pair.refresh,
        world.options.scope,
        world.options.user
    );
    ([(header::CONTENT_TYPE, "application/json; charset=utf-8")], text).into_response()
}

fn read(form: &str) -> Parameters {
    url::form_urlencoded::parse(form.as_bytes()).into_owned().collect()
}
