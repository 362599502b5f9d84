//! A pretend Runkeeper: the Health Graph from `/user` on, feeds by pages, the right type for each answer.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};

use super::api::bearer;
use super::misbehave::misbehave;
use super::server::{Server, Service, hold};
use super::tokens::Tokens;
use super::{Asked, Misbehaviour, PretendError};
use crate::model::Clock;

/// The feeds: their address and the types of the feed and of its items.
const FEEDS: [(&str, &str, &str); 3] = [
    ("/fitnessActivities", "FitnessActivityFeed", "FitnessActivity"),
    ("/strengthTrainingActivities", "StrengthTrainingActivityFeed", "StrengthTrainingActivity"),
    ("/weight", "WeightSetFeed", "WeightSet"),
];

/// Something that the pretend Runkeeper keeps.
#[derive(Clone, Debug)]
struct Item {
    feed: &'static str,
    uri: String,
    start: NaiveDateTime,
    /// More members, beginning with a comma.
    more: String,
    notes: String,
    is_live: bool,
}

struct World {
    clock: Clock,
    user: u64,
    page_limit: usize,
    items: Vec<Item>,
    faults: Vec<Misbehaviour>,
    log: Vec<Asked>,
    tokens: Tokens,
    made: u32,
    latin: bool,
    size_lies_by: u64,
    is_revoked: bool,
}

impl Service for World {
    fn faults(&mut self) -> &mut Vec<Misbehaviour> {
        &mut self.faults
    }

    fn log(&mut self) -> &mut Vec<Asked> {
        &mut self.log
    }

    fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    fn is_good(&self, access: &str) -> bool {
        self.tokens.opens(access, self.clock.now()).is_some()
    }
}

/// A running pretend Runkeeper; it ends when it is dropped.
pub struct PretendRunkeeper {
    world: Arc<Mutex<World>>,
    server: Server,
}

impl PretendRunkeeper {
    /// Starts one at any free port of 127.0.0.1, with nothing in its feeds yet. Pages hold at most so
    /// many items.
    ///
    /// # Errors
    /// When the system gives no port or thread.
    pub fn start(user: u64, page_limit: usize, now: DateTime<Utc>) -> Result<PretendRunkeeper, PretendError> {
        let world = Arc::new(Mutex::new(World {
            clock: Clock::starting_at(now),
            user,
            page_limit,
            items: Vec::new(),
            faults: Vec::new(),
            log: Vec::new(),
            tokens: Tokens::new(user, TimeDelta::days(36_500)),
            made: 0,
            latin: false,
            size_lies_by: 0,
            is_revoked: false,
        }));
        let router = Router::new()
            .route("/apps/de-authorize", post(de_authorize))
            .fallback(get(graph))
            .layer(from_fn_with_state(world.clone(), misbehave::<World>))
            .with_state(world.clone());
        let server = Server::start(0, router)?;
        Ok(PretendRunkeeper { world, server })
    }

    /// Where it is, for `base_url`.
    pub fn base_url(&self) -> String {
        self.server.base_url()
    }

    /// Adds to a feed (`/weight`); tells the address of what was added.
    pub fn add(&self, feed: &'static str, start: NaiveDateTime, more: &str) -> String {
        let mut world = hold(&self.world);
        world.made += 1;
        let uri = format!("{feed}/{}", 1_000 + world.made);
        let (more, notes) = (more.to_owned(), "by the river".to_owned());
        world.items.push(Item { feed, uri: uri.clone(), start, more, notes, is_live: false });
        world.items.sort_by_key(|item| std::cmp::Reverse(item.start));
        uri
    }

    /// Takes something away.
    pub fn delete(&self, uri: &str) {
        hold(&self.world).items.retain(|item| item.uri != uri);
    }

    /// Something gets other notes, and other members in its feed.
    pub fn alter(&self, uri: &str, notes: &str, more: &str) {
        if let Some(item) = hold(&self.world).items.iter_mut().find(|item| item.uri == uri) {
            (item.notes, item.more) = (notes.to_owned(), more.to_owned());
        }
    }

    /// Whether an activity is still being recorded.
    pub fn set_live(&self, uri: &str, is_live: bool) {
        if let Some(item) = hold(&self.world).items.iter_mut().find(|item| item.uri == uri) {
            item.is_live = is_live;
        }
    }

    /// Answers in Latin-1 from now on.
    pub fn speak_latin(&self) {
        hold(&self.world).latin = true;
    }

    /// Says that every feed has so many more entries than it tells.
    pub fn lie_about_size(&self, by: u64) {
        hold(&self.world).size_lies_by = by;
    }

    /// The person takes the permission back.
    pub fn revoke(&self) {
        hold(&self.world).is_revoked = true;
    }

    /// Misbehaves from now on, besides what was asked for before.
    pub fn misbehave(&self, misbehaviour: Misbehaviour) {
        hold(&self.world).faults.push(misbehaviour);
    }

    /// Misbehaves no more.
    pub fn behave(&self) {
        let mut world = hold(&self.world);
        world.faults.clear();
        world.size_lies_by = 0;
    }

    /// The access token of a sign-in that happened elsewhere.
    pub fn issue_token(&self) -> String {
        let mut world = hold(&self.world);
        let now = world.clock.now();
        world.tokens.new_pair(now).access
    }

    /// The requests it got since it started or the last call, oldest first.
    pub fn take_log(&self) -> Vec<Asked> {
        std::mem::take(&mut hold(&self.world).log)
    }
}

async fn de_authorize(State(world): State<Arc<Mutex<World>>>) -> Response {
    hold(&world).tokens.revoke();
    StatusCode::NO_CONTENT.into_response()
}

async fn graph(
    State(world): State<Arc<Mutex<World>>>,
    headers: HeaderMap,
    uri: Uri,
    Query(asked): Query<BTreeMap<String, String>>,
) -> Response {
    let world = hold(&world);
    let error = |status: StatusCode, reason: &str| (status, format!("{{\"reason\":\"{reason}\"}}")).into_response();
    if !bearer(&headers).is_some_and(|token| world.is_good(token)) {
        return error(StatusCode::UNAUTHORIZED, "Unauthorized");
    }
    if world.is_revoked {
        return error(StatusCode::FORBIDDEN, "Revoked");
    }
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    let Some((kind, text)) = tell(&world, uri.path(), &asked) else {
        return error(StatusCode::NOT_FOUND, "not found");
    };
    if accept != format!("application/vnd.com.runkeeper.{kind}+json") {
        return error(StatusCode::NOT_ACCEPTABLE, "not acceptable");
    }
    let charset = if world.latin { "ISO-8859-1" } else { "UTF-8" };
    let bytes = match world.latin {
        true => text.chars().map(|letter| u8::try_from(u32::from(letter)).unwrap_or(b'?')).collect(),
        false => text.into_bytes(),
    };
    let kind = format!("application/vnd.com.runkeeper.{}+json;charset={charset}", kind.to_lowercase());
    ([(header::CONTENT_TYPE, kind)], bytes).into_response()
}

/// The type and the text of what stands at an address.
fn tell(world: &World, path: &str, asked: &BTreeMap<String, String>) -> Option<(&'static str, String)> {
    match path {
        "/user" => Some((
            "User",
            format!(
                "{{\"userID\":{},\"profile\":\"/profile\",\"settings\":\"/settings\",\"records\":\"/records\",\
                 \"fitness_activities\":\"/fitnessActivities\",\"weight\":\"/weight\",\
                 \"strength_training_activities\":\"/strengthTrainingActivities\"}}",
                world.user
            ),
        )),
        "/profile" => Some(("Profile", "{\"name\":\"Ada\",\"elite\":\"false\"}".to_owned())),
        "/settings" => Some(("Settings", "{\"distance_units\":\"km\"}".to_owned())),
        "/records" => Some(("Records", "[{\"activity_type\":\"Running\",\"stats\":[]}]".to_owned())),
        _ => {
            if let Some((feed, kind, _)) = FEEDS.iter().find(|(feed, ..)| *feed == path) {
                return Some((kind, page(world, feed, asked)));
            }
            let item = world.items.iter().find(|item| item.uri == path)?;
            let (_, _, kind) = FEEDS.iter().find(|(feed, ..)| *feed == item.feed)?;
            Some((kind, detail(world, item)))
        }
    }
}

fn page(world: &World, feed: &str, asked: &BTreeMap<String, String>) -> String {
    let number = |name: &str, usual: usize| asked.get(name).and_then(|text| text.parse().ok()).unwrap_or(usual);
    let (page, size) = (number("page", 0), number("pageSize", 25).min(world.page_limit).max(1));
    // Without a date the feed ends today.
    let last = asked.get("noLaterThan").and_then(|date| date.parse().ok()).unwrap_or(world.now().date_naive());
    let all: Vec<&Item> = world.items.iter().filter(|item| item.feed == feed && item.start.date() <= last).collect();
    let items: Vec<String> = all.iter().skip(page * size).take(size).map(|item| entry(item)).collect();
    let next = match all.len() > (page + 1) * size {
        true => format!(",\"next\":\"{feed}?page={}&pageSize={size}&noLaterThan={last}\"", page + 1),
        false => String::new(),
    };
    format!("{{\"size\":{},\"items\":[{}]{next}}}", all.len() as u64 + world.size_lies_by, items.join(","))
}

fn entry(item: &Item) -> String {
    let name = if item.feed == "/weight" { "timestamp" } else { "start_time" };
    let start = item.start.format("%a, %-d %b %Y %H:%M:%S");
    format!("{{\"uri\":\"{}\",\"{name}\":\"{start}\"{}}}", item.uri, item.more)
}

fn detail(world: &World, item: &Item) -> String {
    let entry = entry(item);
    let nearest = world.items.iter().find(|other| other.start > item.start).map_or("", |other| &other.uri);
    format!(
        "{},\"notes\":{},\"is_live\":{},\"next\":\"{nearest}\",\"nearest_weight\":\"{}\",\
         \"path\":[{{\"timestamp\":0,\"latitude\":60.1,\"longitude\":24.9,\"type\":\"start\"}}]}}",
        entry.trim_end_matches('}'),
        crate::json::quote(&item.notes),
        item.is_live,
        world.items.len()
    )
}
