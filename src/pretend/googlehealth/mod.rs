//! A pretend Google Health: identity, profile, settings and devices; points by `list` and `reconcile`
//! with strict filters and page tokens, totals of civil days; Google's sign-in with its lifetimes.

mod api;
mod filter;
mod kinds;
mod life;
mod oauth;
mod on_demand;
mod world;

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;

use super::control::{self, OnDemand};
use super::misbehave::misbehave;
use super::server::{Server, Service, hold};
use super::{APP, Asked, Misbehaviour, PretendError};
use world::World;

/// What a pretend Google Health is made of.
#[derive(Clone, Debug)]
pub struct GoogleHealthOptions {
    /// The port on 127.0.0.1, 0 for any that is free.
    pub port: u16,
    /// Makes the life that is told.
    pub seed: u64,
    /// The first day with anything.
    pub first_day: NaiveDate,
    /// Whether the profile tells it.
    pub tells_first_day: bool,
    /// What its clock shows at the start; it runs on.
    pub now: DateTime<Utc>,
    /// Where the wearer lives.
    pub zone: Tz,
    /// The person's id.
    pub user_id: String,
    /// A heart rate is told every so many seconds.
    pub heart_every: u64,
    /// The most points of a page, whatever is asked for.
    pub page_limit: usize,
    /// Requests a minute.
    pub minute_limit: u32,
    /// Whether totals take the end of a range for its last day.
    pub is_end_inclusive: bool,
    /// Whether every filter on sleep is refused.
    pub refuses_sleep_filters: bool,
    /// How long an access token opens the API.
    pub token_life: TimeDelta,
    /// Whether the app's consent screen is in testing: a sign-in lasts 7 days.
    pub is_testing: bool,
    /// What the person allows, with spaces between.
    pub scope: String,
    /// Whether what does not count, such as a number of kudos, is another at each look or as time goes by.
    pub flickers: bool,
    /// The registered app's id.
    pub client_id: String,
    /// The registered app's secret.
    pub client_secret: String,
}

impl GoogleHealthOptions {
    /// A person with a tracker since `first_day`, at this time, who allows everything.
    pub fn new(first_day: NaiveDate, now: DateTime<Utc>) -> GoogleHealthOptions {
        let scopes = [
            "activity_and_fitness",
            "health_metrics_and_measurements",
            "sleep",
            "profile",
            "settings",
            "nutrition",
            "ecg",
            "irn",
        ];
        let scope = scopes.map(|scope| format!("https://www.googleapis.com/auth/googlehealth.{scope}.readonly"));
        GoogleHealthOptions {
            port: 0,
            seed: 1,
            first_day,
            tells_first_day: true,
            now,
            zone: chrono_tz::Europe::Helsinki,
            user_id: "1184467440737095516".to_owned(),
            heart_every: 300,
            page_limit: 10_000,
            minute_limit: 300,
            is_end_inclusive: false,
            refuses_sleep_filters: false,
            token_life: TimeDelta::seconds(3_599),
            is_testing: true,
            scope: scope.join(" "),
            flickers: true,
            client_id: APP.0.to_owned(),
            client_secret: APP.1.to_owned(),
        }
    }
}

/// A running pretend Google Health; it ends when it is dropped.
pub struct PretendGoogleHealth {
    world: Arc<Mutex<World>>,
    server: Server,
}

impl PretendGoogleHealth {
    /// Starts one in a thread of its own.
    ///
    /// # Errors
    /// When the port is taken or the system gives no thread.
    pub fn start(options: GoogleHealthOptions) -> Result<PretendGoogleHealth, PretendError> {
        let port = options.port;
        let world = Arc::new(Mutex::new(World::new(options)));
        let api = Router::new()
            .route("/o/oauth2/v2/auth", get(oauth::authorize))
            .route("/token", post(oauth::token))
            .route("/revoke", post(oauth::revoke))
            .route("/v4/users/me/{part}", get(api::account))
            .route("/v4/users/me/dataTypes/{kind}/{verb}", get(api::points).post(api::totals))
            .route("/v4/users/me/dataTypes/exercise/dataPoints/{track}", get(api::track))
            .fallback(api::page)
            .layer(from_fn_with_state(world.clone(), misbehave::<World>));
        let server = Server::start(port, api.merge(control::router()).with_state(world.clone()))?;
        Ok(PretendGoogleHealth { world, server })
    }

    /// Where it is, for `base_url`.
    pub fn base_url(&self) -> String {
        self.server.base_url()
    }

    /// Sets its clock, which runs on from there.
    pub fn set_now(&self, now: DateTime<Utc>) {
        hold(&self.world).set_now(now);
    }

    /// The tracker hands over what it recorded until then, and nothing more until it is told to again.
    pub fn sync_tracker(&self, until: DateTime<Utc>) {
        hold(&self.world).synced = Some(until);
    }

    /// A day gets an evening: steps and heart rates from 21:00 on.
    pub fn upload_late(&self, day: NaiveDate) {
        hold(&self.world).late.insert(day);
    }

    /// A night is told without stages, or with them again.
    pub fn set_classic(&self, day: NaiveDate, is_classic: bool) {
        let mut world = hold(&self.world);
        if is_classic {
            world.classic.insert(day)
        } else {
            world.classic.remove(&day)
        };
    }

    /// Nine of ten heart rates of a day are gone.
    pub fn thin_out(&self, day: NaiveDate) {
        hold(&self.world).thinned.insert(day);
    }

    /// So many heart rates of a day are other ones.
    pub fn alter_heart_rates(&self, day: NaiveDate, count: usize) {
        hold(&self.world).altered.insert(day, count);
    }

    /// The wearer lives in another zone from a day on.
    pub fn move_to(&self, zone: Tz, from: NaiveDate) {
        hold(&self.world).moves.insert(from, zone);
    }

    /// What the person allows from now on; tokens that are out count with it at once.
    pub fn set_scope(&self, scope: &str) {
        hold(&self.world).options.scope = scope.to_owned();
    }

    /// Refuses with an error of Google's shape where the path contains this.
    pub fn refuse(&self, path: &str, status: u16, reason: &str, message: &str) {
        hold(&self.world).refusals.push((path.to_owned(), status, reason.to_owned(), message.to_owned()));
    }

    /// The pages of a data type never end.
    pub fn loop_pages(&self, kind: &str) {
        hold(&self.world).looping.insert(kind.to_owned());
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
        world.sign_in();
        let now = world.clock.now();
        let pair = world.tokens.new_pair(now);
        (pair.access, pair.refresh)
    }

    /// Every access token expires; refresh tokens stay good.
    pub fn expire_tokens(&self) {
        hold(&self.world).tokens.expire();
    }

    /// The person takes the permission back: no token is good any more.
    pub fn revoke(&self) {
        hold(&self.world).revoke();
    }

    /// Leaves so many requests in the minute that runs.
    pub fn leave(&self, in_minute: u32) {
        hold(&self.world).leave(in_minute);
    }

    /// The requests it got since it started or the last call, oldest first.
    pub fn take_log(&self) -> Vec<Asked> {
        std::mem::take(&mut hold(&self.world).log)
    }
}
