//! The API v3 of the pretend Strava, as far as reading goes.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::world::{Activity, World};
use crate::pretend::api::bearer;
use crate::pretend::server::{Service, hold};

type Shared = State<Arc<Mutex<World>>>;
type Parameters = Query<BTreeMap<String, String>>;

/// Lets those pass who may, and tells the quota in every answer.
fn answer(world: &Shared, headers: &HeaderMap, tell: impl FnOnce(&mut World) -> Response) -> Response {
    let mut world = hold(world);
    let known = bearer(headers).is_some_and(|token| world.is_good(token));
    let mut response = if world.is_off {
        fault(StatusCode::FORBIDDEN, "Forbidden", "Application/Status/Inactive")
    } else if !known {
        fault(StatusCode::UNAUTHORIZED, "Authorization Error", "Athlete/access_token/invalid")
    } else if !world.count() {
        fault(StatusCode::TOO_MANY_REQUESTS, "Rate Limit Exceeded", "Application/rate limit/exceeded")
    } else {
        tell(&mut world)
    };
    for (name, text) in world.quota_headers() {
        if let Ok(text) = text.parse() {
            response
                .headers_mut()
                .insert(header::HeaderName::from_bytes(name.as_bytes()).unwrap_or(header::ALLOW), text);
        }
    }
    response
}

fn json(text: String) -> Response {
    ([(header::CONTENT_TYPE, "application/json; charset=utf-8")], text).into_response()
}

/// A fault of Strava's shape; `code` is resource, field and code, or nothing.
pub(super) fn fault(status: StatusCode, message: &str, code: &str) -> Response {
    let mut words = code.split('/');
    let mut word = || words.next().unwrap_or_default();
    let errors = match code {
        "" => String::new(),
        _ => format!("{{\"resource\":\"{}\",\"field\":\"{}\",\"code\":\"{}\"}}", word(), word(), word()),
    };
    (status, json(format!("{{\"message\":\"{message}\",\"errors\":[{errors}]}}"))).into_response()
}

fn not_found() -> Response {
    fault(StatusCode::NOT_FOUND, "Record Not Found", "resource/path/invalid")
}

fn with_activity(world: &World, id: &str, tell: impl FnOnce(&Activity) -> Response) -> Response {
    let found = world.activities.iter().find(|one| one.id.to_string() == id).filter(|one| world.sees(one));
    found.map_or_else(not_found, tell)
}

/// The athlete as the sign-in tells them too.
pub(super) fn athlete_json(world: &World) -> String {
    let (id, name) = (world.options.athlete, &world.options.name);
    let names = format!("\"id\":{id},\"firstname\":\"{name}\",\"lastname\":\"Archivist\"");
    if !world.options.scope.contains("profile:read_all") {
        return format!("{{{names},\"resource_state\":2}}");
    }
    format!(
        "{{{names},\"resource_state\":3,\"follower_count\":{},\
         \"shoes\":[{{\"id\":\"g1\",\"primary\":true,\"name\":\"Road\",\"resource_state\":2,\"distance\":1000}}]}}",
        world.asked
    )
}

pub(super) async fn athlete(world: Shared, headers: HeaderMap) -> Response {
    answer(&world, &headers, |world| json(athlete_json(world)))
}

pub(super) async fn zones(world: Shared, headers: HeaderMap) -> Response {
    let text = "{\"heart_rate\":{\"custom_zones\":false,\"zones\":[{\"min\":0,\"max\":115},{\"min\":115,\"max\":-1}]}}";
    answer(&world, &headers, |world| match world.options.scope.contains("profile:read_all") {
        true => json(text.to_owned()),
        false => fault(StatusCode::UNAUTHORIZED, "Authorization Error", "AccessToken/profile:read_permission/missing"),
    })
}

pub(super) async fn activities(world: Shared, headers: HeaderMap, Query(asked): Parameters) -> Response {
    let number = |name: &str, usual: usize| asked.get(name).map_or(Ok(usual), |text| text.parse::<usize>());
    answer(&world, &headers, |world| {
        let (Ok(page @ 1..), Ok(size @ 1..=200)) = (number("page", 1), number("per_page", 30)) else {
            return fault(StatusCode::BAD_REQUEST, "Bad Request", "Application/per page/limit exceeded");
        };
        let size = size.min(world.options.page_limit);
        let (athlete, flicker) = (world.options.athlete, world.asked);
        let seen = world.activities.iter().filter(|one| world.sees(one) && !one.is_hidden);
        let items: Vec<String> =
            seen.skip((page - 1) * size).take(size).map(|one| one.list(athlete, flicker)).collect();
        world.happen(page);
        json(format!("[{}]", items.join(",")))
    })
}

pub(super) async fn detail(world: Shared, headers: HeaderMap, Path(id): Path<String>) -> Response {
    answer(&world, &headers, |world| {
        with_activity(world, &id, |one| json(one.detail(world.options.athlete, world.asked)))
    })
}

pub(super) async fn part(
    world: Shared,
    headers: HeaderMap,
    Path((id, part)): Path<(String, String)>,
    Query(asked): Parameters,
) -> Response {
    let first = !asked.contains_key("after_cursor") && asked.get("page").is_none_or(|page| page == "1");
    answer(&world, &headers, |world| {
        with_activity(world, &id, |one| match part.as_str() {
            // Without keys only the distance comes, and without key_by_type another shape.
            "streams" if !asked.contains_key("keys") || !asked.contains_key("key_by_type") => json("[]".to_owned()),
            "streams" => one
                .streams(world.options.points)
                .map_or_else(|| fault(StatusCode::NOT_FOUND, "Resource Not Found", ""), json),
            "laps" => json(format!("[{{\"id\":{},\"lap_index\":1}}]", one.id + 11)),
            "zones" => fault(StatusCode::PAYMENT_REQUIRED, "Payment Required", ""),
            "comments" if first => {
                json(format!("[{{\"id\":{},\"text\":\"Well done\",\"cursor\":\"c1%3D%3D\"}}]", one.id + 13))
            }
            "kudos" if first => {
                let someone = "{\"resource_state\":2,\"firstname\":\"Grace\",\"lastname\":\"H.\"}";
                json(format!("[{}]", vec![someone; one.kudos as usize].join(",")))
            }
            "photos" if first => json(format!(
                "[{{\"unique_id\":\"photo-{}\",\"caption\":\"the lake\",\"urls\":{{\"5000\":\"https://pictures.example/{}.jpg\"}}}}]",
                one.id, world.asked
            )),
            "comments" | "kudos" | "photos" => json("[]".to_owned()),
            _ => not_found(),
        })
    })
}

pub(super) async fn gear(world: Shared, headers: HeaderMap, Path(id): Path<String>) -> Response {
    answer(&world, &headers, |_| {
        match id.as_str() {
        "g1" => json(
            "{\"id\":\"g1\",\"primary\":true,\"name\":\"Road\",\"resource_state\":3,\"retired\":false,\"distance\":1000}".into(),
        ),
        "b1" => json("{\"id\":\"b1\",\"primary\":false,\"name\":\"Old\",\"resource_state\":3,\"retired\":true}".into()),
        _ => not_found(),
    }
    })
}

pub(super) async fn routes(world: Shared, headers: HeaderMap, Query(asked): Parameters) -> Response {
    let first = asked.get("page").is_none_or(|page| page == "1");
    let text = if first { "[{\"id\":31,\"name\":\"Round the lake\"}]" } else { "[]" };
    answer(&world, &headers, |_| json(text.to_owned()))
}
