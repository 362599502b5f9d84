//! A pretend Runkeeper: the sign-in, and the Health Graph from `/user` on: feeds by pages, the right type
//! for each answer, a log of what changed. It rewrites the past on demand.

mod graph;
mod oauth;
mod on_demand;
mod world;

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use chrono::{DateTime, NaiveDateTime, Utc};

use super::control::{self, OnDemand};
use super::misbehave::misbehave;
use super::server::{Server, Service, hold};
use super::{APP, Asked, Misbehaviour, PretendError};
use world::World;

/// What a pretend Runkeeper is made of.
#[derive(Clone, Debug)]
pub struct RunkeeperOptions {
    /// The port on 127.0.0.1, 0 for any that is free.
    pub port: u16,
    /// What its clock shows at the start; it runs on.
    pub now: DateTime<Utc>,
    /// The person's id.
    pub user: u64,
    /// The person's name.
    pub name: String,
    /// The most items of a page, whatever is asked for.
    pub page_limit: usize,
    /// Whether what does not count, such as a number of kudos, is another at each look or as time goes by.
    pub flickers: bool,
    /// The registered app's id.
    pub client_id: String,
    /// The registered app's secret.
    pub client_secret: String,
}

impl RunkeeperOptions {
    /// A person at this time.
    pub fn new(now: DateTime<Utc>) -> RunkeeperOptions {
        RunkeeperOptions {
            port: 0,
            now,
            user: 12_345_678,
            name: "Ada".to_owned(),
            page_limit: 1_000,
            flickers: true,
            client_id: APP.0.to_owned(),
            client_secret: APP.1.to_owned(),
        }
    }
}

/// A running pretend Runkeeper; it ends when it is dropped.
pub struct PretendRunkeeper {
    world: Arc<Mutex<World>>,
    server: Server,
}

impl PretendRunkeeper {
    /// Starts one in a thread of its own, with nothing in its feeds yet.
    ///
    /// # Errors
    /// When the port is taken or the system gives no thread.
    pub fn start(options: RunkeeperOptions) -> Result<PretendRunkeeper, PretendError> {
        let port = options.port;
        let world = Arc::new(Mutex::new(World::new(options)));
        let router = Router::new()
            .route("/apps/authorize", get(oauth::authorize))
            .route("/apps/token", post(oauth::token))
            .route("/apps/de-authorize", post(oauth::de_authorize))
            .fallback(get(graph::tell))
            .layer(from_fn_with_state(world.clone(), misbehave::<World>));
        let server = Server::start(port, router.merge(control::router()).with_state(world.clone()))?;
        Ok(PretendRunkeeper { world, server })
    }

    /// Where it is, for `base_url`.
    pub fn base_url(&self) -> String {
        self.server.base_url()
    }

    /// Sets its clock, which runs on from there.
    pub fn set_now(&self, now: DateTime<Utc>) {
        hold(&self.world).set_now(now);
    }

    /// Adds to a feed (`/weight`) with these members, as JSON that begins with a comma, as if it had long
    /// been there; tells the address of what was added, an empty one where there is no such feed.
    pub fn add(&self, feed: &str, start: NaiveDateTime, more: &str) -> String {
        hold(&self.world).add(feed, start, more).unwrap_or_default()
    }

    /// Adds as `add` does, now.
    pub fn upload(&self, feed: &str, start: NaiveDateTime, more: &str) -> String {
        hold(&self.world).upload(feed, start, more).unwrap_or_default()
    }

    /// What a feed has, newest first.
    pub fn uris(&self, feed: &str) -> Vec<String> {
        let world = hold(&self.world);
        world.items.iter().filter(|item| item.feed.path == feed).map(|item| item.uri.clone()).collect()
    }

    /// Takes something away.
    pub fn delete(&self, uri: &str) {
        hold(&self.world).delete(uri);
    }

    /// Something gets other notes, which its own address tells, and other members in its feed.
    pub fn alter(&self, uri: &str, notes: &str, more: &str) {
        hold(&self.world).alter(uri, |item| (item.notes, item.more) = (notes.to_owned(), more.to_owned()));
    }

    /// Something gets other notes: its feed tells nothing of it, the change log does.
    pub fn annotate(&self, uri: &str, notes: &str) {
        hold(&self.world).alter(uri, |item| item.notes = notes.to_owned());
    }

    /// Something moves to another time.
    pub fn move_to(&self, uri: &str, start: NaiveDateTime) {
        hold(&self.world).alter(uri, |item| item.start = start);
    }

    /// Whether an activity is still being recorded.
    pub fn set_live(&self, uri: &str, is_live: bool) {
        hold(&self.world).alter(uri, |item| item.is_live = is_live);
    }

    /// Answers in Latin-1 from now on.
    pub fn speak_latin(&self) {
        hold(&self.world).latin = true;
    }

    /// Says that every feed has so many more entries than it tells.
    pub fn lie_about_size(&self, by: u64) {
        hold(&self.world).size_lies_by = by;
    }

    /// Answers so many requests more, and then that it was asked too often.
    pub fn leave(&self, requests: u32) {
        hold(&self.world).left = Some(requests);
    }

    /// The person takes the permission back.
    pub fn revoke(&self) {
        hold(&self.world).revoke();
    }

    /// Answers the next sign-ins with `access_denied`.
    pub fn deny(&self) {
        hold(&self.world).denies = true;
    }

    /// Misbehaves from now on, besides what was asked for before.
    pub fn misbehave(&self, misbehaviour: Misbehaviour) {
        hold(&self.world).faults.push(misbehaviour);
    }

    /// Misbehaves no more.
    pub fn behave(&self) {
        hold(&self.world).behave();
    }

    /// The access token of a sign-in that happened elsewhere.
    pub fn issue_token(&self) -> String {
        hold(&self.world).new_token()
    }

    /// The requests it got since it started or the last call, oldest first.
    pub fn take_log(&self) -> Vec<Asked> {
        std::mem::take(&mut hold(&self.world).log)
    }
}
