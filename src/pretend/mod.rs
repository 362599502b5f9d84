//! Pretend services on loopback: the demo's providers, and the tests' ones. Each speaks HTTP as the real
//! one, tells an invented life, rewrites it on demand, and misbehaves on demand; `GET /` explains how.
//!
//! The pretend Moves is told here (authorize, tokens that rotate, profile, storyline with its limits, quota
//! headers, ETag; its life is the same for the same seed), the others in folders of their own.

mod api;
pub mod browser;
mod control;
mod fault;
mod fitbit;
mod googlehealth;
mod life;
mod misbehave;
mod oauth;
mod on_demand;
mod runkeeper;
mod server;
mod story;
mod strava;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
mod tokens;
mod weather;
mod wire;
mod world;

use std::io;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

pub use fault::{Fault, Misbehaviour, Packing, QuotaLie};
pub use fitbit::{FitbitOptions, PretendFitbit};
pub use googlehealth::{GoogleHealthOptions, PretendGoogleHealth};
pub use runkeeper::{PretendRunkeeper, RunkeeperOptions};
pub use strava::{Meanwhile, PretendStrava, StravaOptions};

use control::OnDemand;
use server::{Server, Service, hold as lock};
use world::World;

/// The app that every pretend service knows unless told otherwise: its id and its secret.
pub const APP: (&str, &str) = ("pretend-app", "pretend-app-secret");

/// What a pretend Moves is made of.
#[derive(Clone, Debug)]
pub struct PretendOptions {
    /// The port on 127.0.0.1, 0 for any that is free.
    pub port: u16,
    /// Makes the life that is told.
    pub seed: u64,
    /// The first day of the profile.
    pub first_day: NaiveDate,
    /// What its clock shows at the start; it runs on.
    pub now: DateTime<Utc>,
    /// The zone that cuts the person's days.
    pub zone: chrono_tz::Tz,
    /// The person's id.
    pub user_id: u64,
    /// Track points a move: 28 make about 8 KB a day.
    pub points: u32,
    /// Whether the phone uploads now and then, and what it has not uploaded yet is not told.
    pub uploads: bool,
    /// Requests a minute.
    pub minute_limit: u32,
    /// Requests an hour.
    pub hour_limit: u32,
    /// How long an access token opens the API.
    pub token_life: TimeDelta,
    /// The registered app's id.
    pub client_id: String,
    /// The registered app's secret.
    pub client_secret: String,
}

impl PretendOptions {
    /// A person with Moves since `first_day`, at this time.
    pub fn new(first_day: NaiveDate, now: DateTime<Utc>) -> PretendOptions {
        PretendOptions {
            port: 0,
            seed: 1,
            first_day,
            now,
            zone: chrono_tz::Europe::Helsinki,
            user_id: 23_138_311_640_030_064,
            points: 28,
            uploads: false,
            minute_limit: 60,
            hour_limit: 2_000,
            token_life: TimeDelta::days(180),
            client_id: APP.0.to_owned(),
            client_secret: APP.1.to_owned(),
        }
    }
}

/// A pretend Moves cannot do what is asked of it.
#[derive(Debug, thiserror::Error)]
pub enum PretendError {
    /// It cannot listen.
    #[error("cannot listen on 127.0.0.1 port {port}")]
    Listen {
        /// The port asked for.
        port: u16,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The day holds nothing that could be rewritten so.
    #[error("the pretend Moves has nothing on {day} that could be rewritten so")]
    NothingThere {
        /// The day.
        day: NaiveDate,
    },
}

/// A request that a pretend Moves got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// `GET` or `POST`.
    pub method: String,
    /// The path.
    pub path: String,
    /// The query, as it came.
    pub query: String,
    /// Whether it carried an access token that opens the API.
    pub authorised: bool,
}

type Shared = Arc<Mutex<World>>;

/// A running pretend Moves; it ends when it is dropped.
pub struct Pretend {
    world: Shared,
    server: Server,
}

impl Pretend {
    /// Starts one in a thread of its own.
    ///
    /// # Errors
    /// When the port is taken or the system gives no thread.
    pub fn start(options: PretendOptions) -> Result<Pretend, PretendError> {
        let port = options.port;
        let world: Shared = Arc::new(Mutex::new(World::new(options)));
        let server = Server::start(port, router(world.clone()))?;
        Ok(Pretend { world, server })
    }

    /// Where it is, for `base_url`.
    pub fn base_url(&self) -> String {
        self.server.base_url()
    }

    /// Sets its clock, which runs on from there.
    pub fn set_now(&self, now: DateTime<Utc>) {
        lock(&self.world).set_now(now);
    }

    /// A day as it tells it now, with track points.
    pub fn day(&self, day: NaiveDate) -> String {
        lock(&self.world).day(day, true).0
    }

    /// Whether anything was recorded on a day.
    pub fn has_records(&self, day: NaiveDate) -> bool {
        lock(&self.world).life.day(day).segments.is_some()
    }

    /// The phone uploads a walk of that day late: a segment more.
    ///
    /// # Errors
    /// When the day has no records.
    pub fn upload_late(&self, day: NaiveDate) -> Result<(), PretendError> {
        lock(&self.world).rewrite(day, world::add_segment)
    }

    /// A stay of that day gets another end.
    ///
    /// # Errors
    /// When the day has no records.
    pub fn alter_segment(&self, day: NaiveDate) -> Result<(), PretendError> {
        lock(&self.world).rewrite(day, world::alter_segment)
    }

    /// The last move of that day is gone.
    ///
    /// # Errors
    /// When the day has no records.
    pub fn lose_segment(&self, day: NaiveDate) -> Result<(), PretendError> {
        lock(&self.world).rewrite(day, world::lose_segment)
    }

    /// Everything of that day is gone: `segments` is null.
    ///
    /// # Errors
    /// When the day has no records.
    pub fn empty_day(&self, day: NaiveDate) -> Result<(), PretendError> {
        lock(&self.world).rewrite(day, world::empty)
    }

    /// The day is told as at first.
    pub fn restore_day(&self, day: NaiveDate) {
        lock(&self.world).restore(day);
    }

    /// The day is told with exactly this text.
    pub fn replace_day(&self, day: NaiveDate, text: &str) {
        lock(&self.world).replace(day, text.to_owned());
    }

    /// Misbehaves from now on, besides what was asked for before.
    pub fn misbehave(&self, misbehaviour: Misbehaviour) {
        lock(&self.world).faults.push(misbehaviour);
    }

    /// Misbehaves no more.
    pub fn behave(&self) {
        lock(&self.world).behave();
    }

    /// Answers the next sign-ins with `access_denied`.
    pub fn deny(&self) {
        lock(&self.world).denies = true;
    }

    /// Access and refresh token of a sign-in that happened elsewhere.
    pub fn issue_tokens(&self) -> (String, String) {
        let pair = lock(&self.world).new_tokens();
        (pair.access, pair.refresh)
    }

    /// Every access token expires; refresh tokens stay good.
    pub fn expire_tokens(&self) {
        lock(&self.world).expire();
    }

    /// The person takes the permission back: no token is good any more.
    pub fn revoke(&self) {
        lock(&self.world).revoke();
    }

    /// Leaves so many requests in the minute and in the hour that run.
    pub fn leave(&self, in_minute: u32, in_hour: u32) {
        lock(&self.world).leave(in_minute, in_hour);
    }

    /// The requests it got since it started or the last call, oldest first.
    pub fn take_log(&self) -> Vec<Asked> {
        std::mem::take(&mut lock(&self.world).log)
    }
}

fn router(world: Shared) -> Router {
    let moves = Router::new()
        .route("/oauth/v1/authorize", get(oauth::authorize))
        .route("/oauth/v1/access_token", post(oauth::access_token))
        .route("/oauth/v1/tokeninfo", get(oauth::token_info))
        .route("/api/1.1/user/profile", get(api::profile))
        .route("/api/1.1/user/storyline/daily", get(api::days))
        .route("/api/1.1/user/storyline/daily/{date}", get(api::day))
        .layer(from_fn_with_state(world.clone(), misbehave::misbehave::<World>));
    moves.merge(control::router()).with_state(world)
}
