//! A pretend Strava: the athlete, the list of activities by pages, detail, streams and the rest one
//! activity at a time, quota in headers, scopes, tokens that rotate. It rewrites the past on demand.

mod api;
mod oauth;
mod on_demand;
mod world;

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::control::{self, OnDemand};
use super::misbehave::misbehave;
use super::server::{Server, hold};
use super::{APP, Asked, Misbehaviour, PretendError};
pub use world::Meanwhile;
use world::World;

/// What a pretend Strava is made of.
#[derive(Clone, Debug)]
pub struct StravaOptions {
    /// The port on 127.0.0.1, 0 for any that is free.
    pub port: u16,
    /// Makes the activities.
    pub seed: u64,
    /// How many activities there are, one every second day back from the day before `now`.
    pub activities: usize,
    /// The points of each stream.
    pub points: usize,
    /// What its clock shows at the start; it runs on.
    pub now: DateTime<Utc>,
    /// The athlete's id.
    pub athlete: u64,
    /// The athlete's first name.
    pub name: String,
    /// Requests in a quarter of an hour.
    pub quarter_limit: u32,
    /// Requests a day.
    pub day_limit: u32,
    /// The most entries of a page, whatever is asked for.
    pub page_limit: usize,
    /// How long an access token opens the API.
    pub token_life: TimeDelta,
    /// What the person ticks at a sign-in.
    pub scope: String,
    /// Whether what does not count, such as a number of kudos, is another at each look or as time goes by.
    pub flickers: bool,
    /// The registered app's id.
    pub client_id: String,
    /// The registered app's secret.
    pub client_secret: String,
}

impl StravaOptions {
    /// An athlete with so many activities before this time.
    pub fn new(activities: usize, now: DateTime<Utc>) -> StravaOptions {
        StravaOptions {
            port: 0,
            seed: 1,
            activities,
            points: 12,
            now,
            athlete: 9_007_199_254_740_993,
            name: "Ada".to_owned(),
            quarter_limit: 100,
            day_limit: 1_000,
            page_limit: 200,
            token_life: TimeDelta::hours(6),
            scope: "read,read_all,profile:read_all,activity:read_all".to_owned(),
            flickers: true,
            client_id: APP.0.to_owned(),
            client_secret: APP.1.to_owned(),
        }
    }
}

/// A running pretend Strava; it ends when it is dropped.
pub struct PretendStrava {
    world: Arc<Mutex<World>>,
    server: Server,
}

impl PretendStrava {
    /// Starts one in a thread of its own.
    ///
    /// # Errors
    /// When the port is taken or the system gives no thread.
    pub fn start(options: StravaOptions) -> Result<PretendStrava, PretendError> {
        let port = options.port;
        let world = Arc::new(Mutex::new(World::new(options)));
        let api = Router::new()
            .route("/oauth/authorize", get(oauth::authorize))
            .route("/oauth/token", post(oauth::token))
            .route("/oauth/revoke", post(oauth::revoke))
            .route("/api/v3/athlete", get(api::athlete))
            .route("/api/v3/athlete/zones", get(api::zones))
            .route("/api/v3/athlete/activities", get(api::activities))
            .route("/api/v3/activities/{id}", get(api::detail))
            .route("/api/v3/activities/{id}/{part}", get(api::part))
            .route("/api/v3/gear/{id}", get(api::gear))
            .route("/api/v3/athletes/{id}/routes", get(api::routes))
            .layer(from_fn_with_state(world.clone(), misbehave::<World>));
        let server = Server::start(port, api.merge(control::router()).with_state(world.clone()))?;
        Ok(PretendStrava { world, server })
    }

    /// Where it is, for `base_url`.
    pub fn base_url(&self) -> String {
        self.server.base_url()
    }

    /// Sets its clock, which runs on from there.
    pub fn set_now(&self, now: DateTime<Utc>) {
        hold(&self.world).set_now(now);
    }

    /// The ids of all activities and their local days, newest first.
    pub fn activities(&self) -> Vec<(u64, NaiveDate)> {
        hold(&self.world).activities.iter().map(|one| (one.id, one.start.date())).collect()
    }

    /// An activity of that day is uploaded; tells its id.
    pub fn upload(&self, day: NaiveDate) -> u64 {
        hold(&self.world).upload(day)
    }

    /// An activity gets another name.
    pub fn rename(&self, id: u64, name: &str) {
        hold(&self.world).alter(id, |one| one.name = name.to_owned());
    }

    /// An activity moves to another day, at the same time of day.
    pub fn move_to(&self, id: u64, day: NaiveDate) {
        hold(&self.world).alter(id, |one| one.start = day.and_time(one.start.time()));
    }

    /// Only the athlete sees an activity from now on.
    pub fn make_private(&self, id: u64) {
        hold(&self.world).alter(id, |one| one.is_private = true);
    }

    /// An activity has neither device nor streams.
    pub fn make_manual(&self, id: u64) {
        hold(&self.world).alter(id, |one| one.is_manual = true);
    }

    /// An activity is of another kind.
    pub fn change_sport(&self, id: u64, sport: &str) {
        hold(&self.world).alter(id, |one| one.sport = sport.to_owned());
    }

    /// More people give kudos.
    pub fn give_kudos(&self, id: u64, more: u32) {
        hold(&self.world).alter(id, |one| one.kudos += more);
    }

    /// An activity is deleted.
    pub fn delete(&self, id: u64) {
        hold(&self.world).delete(id);
    }

    /// The list leaves an activity out that is still there.
    pub fn hide_from_list(&self, id: u64) {
        hold(&self.world).alter(id, |one| one.is_hidden = true);
    }

    /// Something happens once, right after a page of the list was told.
    pub fn after_page(&self, page: usize, meanwhile: Meanwhile) {
        hold(&self.world).meanwhile.push((page, meanwhile));
    }

    /// What the person ticks from now on; tokens that are out count with it at once.
    pub fn set_scope(&self, scope: &str) {
        hold(&self.world).options.scope = scope.to_owned();
    }

    /// Strava switches the app off.
    pub fn switch_app_off(&self) {
        hold(&self.world).is_off = true;
    }

    /// Misbehaves from now on, besides what was asked for before.
    pub fn misbehave(&self, misbehaviour: Misbehaviour) {
        hold(&self.world).faults.push(misbehaviour);
    }

    /// Misbehaves no more.
    pub fn behave(&self) {
        hold(&self.world).behave();
    }

    /// Access and refresh token of a sign-in that happened elsewhere.
    pub fn issue_tokens(&self) -> (String, String) {
        let mut world = hold(&self.world);
        let now = world.clock.now();
        let pair = world.tokens.new_pair(now);
        (pair.access, pair.refresh)
    }

    /// Every access token expires; refresh tokens stay good.
    pub fn expire_tokens(&self) {
        hold(&self.world).tokens.expire();
    }

    /// Leaves so many requests in the quarter of an hour and in the day that run.
    pub fn leave(&self, in_quarter: u32, in_day: u32) {
        hold(&self.world).leave(in_quarter, in_day);
    }

    /// The requests it got since it started or the last call, oldest first.
    pub fn take_log(&self) -> Vec<Asked> {
        std::mem::take(&mut hold(&self.world).log)
    }
}
