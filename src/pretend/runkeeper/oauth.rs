//! The sign-in of the pretend Runkeeper: no scopes, and a token that lasts until it is taken back.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use url::Url;

use super::world::World;
use crate::pretend::server::{Service, form, hold};

type Shared = State<Arc<Mutex<World>>>;

fn refusal(error: &str) -> Response {
    (StatusCode::BAD_REQUEST, format!("{{\"error\":\"{error}\"}}")).into_response()
}

/// Allows at once, or denies when told to.
pub(super) async fn authorize(world: Shared, Query(asked): Query<BTreeMap<String, String>>) -> Response {
    let mut world = hold(&world);
    let get = |name: &str| asked.get(name).map(String::as_str);
    let redirect = get("redirect_uri").and_then(|text| Url::parse(text).ok());
    let known = get("response_type") == Some("code") && get("client_id") == Some(world.options.client_id.as_str());
    let (Some(mut redirect), true) = (redirect, known) else { return refusal("invalid_request") };
    let (name, answer) = match world.denies {
        true => ("error", "access_denied".to_owned()),
        false => {
            let now = world.now();
            ("code", world.tokens.new_code(get("redirect_uri").unwrap_or_default().to_owned(), now))
        }
    };
    redirect.query_pairs_mut().append_pair(name, &answer).append_pair("state", get("state").unwrap_or_default());
    (StatusCode::FOUND, [(header::LOCATION, redirect.to_string())]).into_response()
}

/// Exchanges a code; there is nothing to renew a token with.
pub(super) async fn token(world: Shared, text: String) -> Response {
    let mut world = hold(&world);
    let form = form(&text);
    let get = |name: &str| form.get(name).map_or("", String::as_str);
    if get("client_id") != world.options.client_id || get("client_secret") != world.options.client_secret {
        return refusal("invalid_client");
    }
    let now = world.now();
    if get("grant_type") != "authorization_code" || !world.tokens.take_code(get("code"), get("redirect_uri"), now) {
        return refusal("invalid_grant");
    }
    let text = format!("{{\"token_type\":\"Bearer\",\"access_token\":\"{}\"}}", world.new_token());
    ([(header::CONTENT_TYPE, "application/json")], text).into_response()
}

/// Takes the permission back for which a token stands.
pub(super) async fn de_authorize(world: Shared, text: String) -> Response {
    let mut world = hold(&world);
    if !form(&text).get("access_token").is_some_and(|token| world.is_good(token)) {
        return refusal("invalid_token");
    }
    world.revoke();
    StatusCode::NO_CONTENT.into_response()
}
