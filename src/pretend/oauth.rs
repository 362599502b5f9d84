//! The sign-in of the pretend Moves.

use std::collections::BTreeMap;

use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use url::Url;

use super::server::form;
use super::{Shared, lock};

type Parameters = BTreeMap<String, String>;

fn json(status: StatusCode, text: String) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json; charset=utf-8")], text).into_response()
}

fn refusal(status: StatusCode, error: &str) -> Response {
    json(status, format!("{{\"error\":\"{error}\"}}"))
}

/// Allows at once, or denies when told to: the pretend person does not hesitate.
pub(super) async fn authorize(State(world): State<Shared>, Query(asked): Query<Parameters>) -> Response {
    let mut world = lock(&world);
    let get = |name: &str| asked.get(name).map(String::as_str);
    let redirect = get("redirect_uri").and_then(|text| Url::parse(text).ok());
    let known = get("response_type") == Some("code") && get("client_id") == Some(world.options.client_id.as_str());
    let (Some(mut redirect), true, Some(_)) = (redirect, known, get("scope")) else {
        return refusal(StatusCode::BAD_REQUEST, "invalid_request");
    };
    if world.denies {
        redirect.query_pairs_mut().append_pair("error", "access_denied");
    } else {
        let code = world.new_code(get("redirect_uri").unwrap_or_default().to_owned());
        redirect.query_pairs_mut().append_pair("code", &code);
    }
    if let Some(state) = get("state") {
        redirect.query_pairs_mut().append_pair("state", state);
    }
    (StatusCode::FOUND, [(header::LOCATION, redirect.to_string())]).into_response()
}

/// Exchanges a code or a refresh token. Parameters may stand in the query or in the form.
pub(super) async fn access_token(
    State(world): State<Shared>,
    Query(query): Query<Parameters>,
    text: String,
) -> Response {
    let mut world = lock(&world);
    let form = form(&text);
    let get = |name: &str| form.get(name).or_else(|| query.get(name)).map_or("", String::as_str);
    if get("client_id") != world.options.client_id || get("client_secret") != world.options.client_secret {
        return refusal(StatusCode::BAD_REQUEST, "invalid_client");
    }
    let good = match get("grant_type") {
        "authorization_code" => world.take_code(get("code"), get("redirect_uri")),
        "refresh_token" => world.take_refresh(get("refresh_token")),
        _ => return refusal(StatusCode::BAD_REQUEST, "unsupported_grant_type"),
    };
    if !good {
        return refusal(StatusCode::BAD_REQUEST, "invalid_grant");
    }
    let pair = world.new_tokens();
    let (life, user) = (world.options.token_life.num_seconds(), world.options.user_id);
    json(
        StatusCode::OK,
        format!(
            "{{\"access_token\":\"{}\",\"token_type\":\"bearer\",\"expires_in\":{life},\"refresh_token\":\"{}\",\"user_id\":{user}}}",
            pair.access, pair.refresh
        ),
    )
}

/// Tells what a token is good for.
pub(super) async fn token_info(State(world): State<Shared>, Query(asked): Query<Parameters>) -> Response {
    let world = lock(&world);
    let token = asked.get("access_token").map_or("", String::as_str);
    match world.opens(token) {
        None => refusal(StatusCode::NOT_FOUND, "invalid_token"),
        Some(left) => json(
            StatusCode::OK,
            format!(
                "{{\"client_id\":\"{}\",\"scope\":\"activity location\",\"expires_in\":{},\"user_id\":{}}}",
                world.options.client_id,
                left.num_seconds(),
                world.options.user_id
            ),
        ),
    }
}
