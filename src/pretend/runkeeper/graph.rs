//! The Health Graph of the pretend Runkeeper.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};

use super::world::{FEEDS, Feed, Item, World};
use crate::pretend::api::bearer;
use crate::pretend::server::{Service, hold};

/// The longest time that the change log may be asked for at once.
const LOG_SPAN: TimeDelta = TimeDelta::days(7);

type Parameters = BTreeMap<String, String>;

/// What stands at an address, to those who may see it and ask for its type.
pub(super) async fn tell(
    State(world): State<Arc<Mutex<World>>>,
    headers: HeaderMap,
    uri: Uri,
    Query(asked): Query<Parameters>,
) -> Response {
    let mut world = hold(&world);
    let error = |status: StatusCode, reason: &str| {
        let text = format!("{{\"reason\":\"{reason}\",\"delete_health\":\"false\"}}");
        let kind = "application/vnd.com.runkeeper.ErrorMessage+json";
        (status, [(header::CONTENT_TYPE, kind)], text).into_response()
    };
    if world.is_revoked {
        return error(StatusCode::FORBIDDEN, "Revoked");
    }
    if !bearer(&headers).is_some_and(|token| world.is_good(token)) {
        return error(StatusCode::UNAUTHORIZED, "Unauthorized");
    }
    if world.left == Some(0) {
        return error(StatusCode::TOO_MANY_REQUESTS, "Rate-limit exceeded. rate limit is 5000 calls per 15 minutes");
    }
    world.left = world.left.map(|left| left - 1);
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    let Some((kind, text)) = find(&world, uri.path(), &asked) else {
        return error(StatusCode::NOT_FOUND, "not found");
    };
    if accept != format!("application/vnd.com.runkeeper.{kind}+json") {
        return error(StatusCode::NOT_ACCEPTABLE, "not acceptable");
    }
    let Ok(text) = text else { return error(StatusCode::BAD_REQUEST, "the time asked for is too long") };
    let charset = if world.latin { "ISO-8859-1" } else { "UTF-8" };
    let bytes = match world.latin {
        true => text.chars().map(|letter| u8::try_from(u32::from(letter)).unwrap_or(b'?')).collect(),
        false => text.into_bytes(),
    };
    let kind = format!("application/vnd.com.runkeeper.{}+json;charset={charset}", kind.to_lowercase());
    ([(header::CONTENT_TYPE, kind)], bytes).into_response()
}

/// More time was asked for than may be.
struct TooLong;

/// The type and the text of what stands at an address.
fn find(world: &World, path: &str, asked: &Parameters) -> Option<(&'static str, Result<String, TooLong>)> {
    let plain = |kind, text: String| Some((kind, Ok(text)));
    match path {
        "/user" => plain("User", user(world)),
        "/profile" => {
            let name = crate::json::quote(&world.options.name);
            plain("Profile", format!("{{\"name\":{name},\"elite\":\"false\"}}"))
        }
        "/settings" => plain("Settings", "{\"distance_units\":\"km\"}".to_owned()),
        "/records" => plain("Records", "[{\"activity_type\":\"Running\",\"stats\":[]}]".to_owned()),
        "/changeLog" => Some(("ChangeLog", changes(world, asked))),
        _ => {
            if let Some(feed) = FEEDS.iter().find(|feed| feed.path == path) {
                return plain(feed.kind, page(world, feed, asked));
            }
            let item = world.items.iter().find(|item| item.uri == path)?;
            plain(item.feed.item, detail(world, item))
        }
    }
}

fn user(world: &World) -> String {
    let feeds: Vec<String> = FEEDS.iter().map(|feed| format!("\"{}\":\"{}\"", feed.name, feed.path)).collect();
    format!(
        "{{\"userID\":{},\"profile\":\"/profile\",\"settings\":\"/settings\",\"records\":\"/records\",\
         \"change_log\":\"/changeLog\",{}}}",
        world.options.user,
        feeds.join(",")
    )
}

fn page(world: &World, feed: &Feed, asked: &Parameters) -> String {
    let number = |name: &str, usual: usize| asked.get(name).and_then(|text| text.parse().ok()).unwrap_or(usual);
    let (page, size) = (number("page", 0), number("pageSize", 25).min(world.options.page_limit).max(1));
    // Without a date the feed ends today.
    let last = asked.get("noLaterThan").and_then(|date| date.parse().ok()).unwrap_or(world.now().date_naive());
    let all: Vec<&Item> =
        world.items.iter().filter(|item| item.feed.path == feed.path && item.start.date() <= last).collect();
    let items: Vec<String> = all.iter().skip(page * size).take(size).map(|item| entry(item)).collect();
    let next = match all.len() > (page + 1) * size {
        true => format!(",\"next\":\"{}?page={}&pageSize={size}&noLaterThan={last}\"", feed.path, page + 1),
        false => String::new(),
    };
    format!("{{\"size\":{},\"items\":[{}]{next}}}", all.len() as u64 + world.size_lies_by, items.join(","))
}

fn entry(item: &Item) -> String {
    let start = item.start.format("%a, %-d %b %Y %H:%M:%S");
    format!("{{\"uri\":\"{}\",\"{}\":\"{start}\"{}}}", item.uri, item.feed.time, item.more)
}

fn detail(world: &World, item: &Item) -> String {
    let entry = entry(item);
    // What stands beside it changes with whatever comes and goes there.
    let others: &[Item] = if world.options.flickers { &world.items } else { &[] };
    let nearest = others.iter().find(|other| other.start > item.start).map_or("", |other| &other.uri);
    format!(
        "{},\"notes\":{},\"is_live\":{},\"next\":\"{nearest}\",\"nearest_weight\":\"{}\",\
         \"path\":[{{\"timestamp\":0,\"latitude\":60.1,\"longitude\":24.9,\"type\":\"start\"}}]}}",
        entry.trim_end_matches('}'),
        crate::json::quote(&item.notes),
        item.is_live,
        others.len()
    )
}

/// What was changed in the time asked for, by feed.
fn changes(world: &World, asked: &Parameters) -> Result<String, TooLong> {
    let time = |name: &str| {
        let time = NaiveDateTime::parse_from_str(asked.get(name)?, "%Y-%m-%dT%H:%M:%S").ok()?;
        Some(time.and_utc())
    };
    let last: DateTime<Utc> = time("modifiedNoLaterThan").unwrap_or(world.now());
    let first = time("modifiedNoEarlierThan").unwrap_or(last - LOG_SPAN);
    if last - first > LOG_SPAN {
        return Err(TooLong);
    }
    let of_feed = |feed: &Feed| {
        let changes =
            world.changes.iter().filter(|one| one.feed.path == feed.path && one.at >= first && one.at <= last);
        let (mut modified, mut deleted) = (Vec::new(), Vec::new());
        for change in changes {
            match world.items.iter().find(|item| item.uri == change.uri) {
                Some(item) => modified.push(entry(item)),
                None if change.is_deleted => deleted.push(format!("\"{}\"", change.uri)),
                None => {}
            }
        }
        let (modified, deleted) = (modified.join(","), deleted.join(","));
        format!("\"{}\":[{{\"modified\":[{modified}],\"deleted\":[{deleted}]}}]", feed.name)
    };
    Ok(format!("{{{}}}", FEEDS.iter().map(of_feed).collect::<Vec<_>>().join(",")))
}
