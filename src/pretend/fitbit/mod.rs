//! A pretend Fitbit: the Web API by days, ranges and pages, with its quota, its scopes, PKCE and refresh tokens
//! that are good once. Its tracker hands over late, sleep gets its stages at noon, and old heart rates thin out.

mod answers;
mod api;
mod body;
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
use super::server::{Server, Service, hold};
use super::{APP, Asked, Misbehaviour, PretendError};
use world::World;

/// What a pretend Fitbit is made of.
#[derive(Clone, Debug)]
pub struct FitbitOptions {
    /// The port on 127.0.0.1, 0 for any that is free.
    pub port: u16,
    /// Makes the life that is told.
    pub seed: u64,
    /// The day on which the person became a member.
    pub first_day: NaiveDate,
    /// What its clock shows at the start; it runs on.
    pub now: DateTime<Utc>,
    /// The zone that cuts the person's days.
    pub zone: chrono_tz::Tz,
    /// The person's id.
    pub user: String,
    /// Heart rates a day: 17,280 are one every five seconds.
    pub heart_samples: u32,
    /// How many of the 1,440 minutes of the other series are told.
    pub minutes: u32,
    /// Requests an hour.
    pub hour_limit: u32,
    /// How long an access token opens the API.
    pub token_life: TimeDelta,
    /// What the person ticks at a sign-in.
    pub scope: String,
    /// Whether the app may have samples.
    pub has_intraday: bool,
    /// Whether the person's tracker has an altimeter.
    pub has_altimeter: bool,
    /// Whether what does not count, such as a number of kudos, is another at each look or as time goes by.
    pub flickers: bool,
    /// The registered app's id.
    pub client_id: String,
    /// The registered app's secret; an app for everybody's devices has none.
    pub client_secret: Option<String>,
}

impl FitbitOptions {
    /// A person with Fitbit since `first_day`, at this time, with short series.
    pub fn new(first_day: NaiveDate, now: DateTime<Utc>) -> FitbitOptions {
        FitbitOptions {
            port: 0,
            seed: 1,
            first_day,
            now,
            zone: chrono_tz::Europe::Helsinki,
            user: "7QXBMP".to_owned(),
            heart_samples: 96,
            minutes: 24,
            hour_limit: 150,
            token_life: TimeDelta::hours(8),
            scope:
                "activity cardio_fitness electrocardiogram heartrate irregular_rhythm_notifications location nutrition \
                    oxygen_saturation profile respiratory_rate settings sleep temperature weight"
                    .to_owned(),
            has_intraday: true,
            has_altimeter: true,
            flickers: true,
            client_id: APP.0.to_owned(),
            client_secret: Some(APP.1.to_owned()),
        }
    }
}

/// A running pretend Fitbit; it ends when it is dropped.
pub struct PretendFitbit {
    world: Arc<Mutex<World>>,
    server: Server,
}

impl PretendFitbit {
    /// Starts one in a thread of its own.
    ///
    /// # Errors
    /// When the port is taken or the system gives no thread.
    pub fn start(options: FitbitOptions) -> Result<PretendFitbit, PretendError> {
        let port = options.port;
        let world = Arc::new(Mutex::new(World::new(options)));
        let router = Router::new()
            .route("/oauth2/authorize", get(oauth::authorize))
            .route("/oauth2/token", post(oauth::token))
            .route("/oauth2/revoke", post(oauth::revoke))
            .fallback(get(api::tell))
            .layer(from_fn_with_state(world.clone(), misbehave::<World>));
        let server = Server::start(port, router.merge(control::router()).with_state(world.clone()))?;
        Ok(PretendFitbit { world, server })
    }

    /// Where it is, for `base_url`.
    pub fn base_url(&self) -> String {
        self.server.base_url()
    }

    /// Sets its clock, which runs on from there.
    pub fn set_now(&self, now: DateTime<Utc>) {
        hold(&self.world).set_now(now);
    }

    /// The tracker has handed over what it recorded up to then, and no more until this is said again;
    /// without a time it always has.
    pub fn hand_over(&self, until: Option<DateTime<Utc>>) {
        hold(&self.world).handed_over = until;
    }

    /// The person moves.
    pub fn set_zone(&self, zone: chrono_tz::Tz) {
        hold(&self.world).options.zone = zone;
    }

    /// The night that ends on a day has no stages.
    pub fn keep_classic(&self, day: NaiveDate) {
        hold(&self.world).classic.insert(day);
    }

    /// The night that ends on a day gets its stages.
    pub fn work_out_stages(&self, day: NaiveDate) {
        hold(&self.world).classic.remove(&day);
    }

    /// Of the heart rates of a day only each `nth` is told from now on.
    pub fn thin_heart(&self, day: NaiveDate, nth: usize) {
        hold(&self.world).thinned.insert(day, nth);
    }

    /// So many heart rates of a day are told one beat higher, its first ones.
    pub fn alter_heart(&self, day: NaiveDate, count: usize) {
        hold(&self.world).altered.insert(day, count);
    }

    /// The heart rates of a day are told as at first.
    pub fn restore_heart(&self, day: NaiveDate) {
        let mut world = hold(&self.world);
        world.thinned.remove(&day);
        world.altered.remove(&day);
    }

    /// The first day with a run.
    pub fn first_run(&self) -> NaiveDate {
        let world = hold(&self.world);
        world.options.first_day.iter_days().find(|day| answers::activity(&world, *day).is_some()).unwrap_or_default()
    }

    /// What the person allows from now on, with the tokens that are out too.
    pub fn set_scope(&self, scope: &str) {
        hold(&self.world).options.scope = scope.to_owned();
    }

    /// The app may have samples from now on, or no longer.
    pub fn allow_intraday(&self, is_allowed: bool) {
        hold(&self.world).options.has_intraday = is_allowed;
    }

    /// Fitbit switches its Web API off.
    pub fn switch_off(&self) {
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

    /// The person takes the permission back: no token is good any more.
    pub fn revoke(&self) {
        hold(&self.world).revoke();
    }

    /// Leaves so many requests in the hour that runs.
    pub fn leave(&self, in_hour: u32) {
        hold(&self.world).leave(in_hour);
    }

    /// The requests it got since it started or the last call, oldest first.
    pub fn take_log(&self) -> Vec<Asked> {
        std::mem::take(&mut hold(&self.world).log)
    }
}
