//! What the pretend Moves does on demand, over HTTP: for trials by hand beside `demo --serve`.

use std::collections::BTreeMap;
use std::fmt::Write;

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use chrono::{DateTime, NaiveDate};

use super::{Fault, Misbehaviour, PretendError, Shared, lock, world};
use crate::model::Clock;

type Parameters = Query<BTreeMap<String, String>>;
type Said = (StatusCode, String);

pub(super) fn router() -> Router<Shared> {
    Router::new().route("/", get(manual)).route("/pretend/log", get(log)).route("/pretend/{task}", post(act))
}

async fn manual(State(world): State<Shared>) -> String {
    let world = lock(&world);
    format!(
        "This is a pretend Moves: API 1.1 below /api/1.1, sign-in below /oauth/v1. Nothing in it is real.\n\
         It tells the days from {} to {}; its app is {} with the secret {}.\n\n\
         It does on demand (POST, for example curl -X POST 'http://.../pretend/alter?day=2015-07-05'):\n\
         /pretend/late?day=D      a walk of that day is uploaded late\n\
         /pretend/alter?day=D     a stay of that day gets another end\n\
         /pretend/lose?day=D      a move of that day is gone\n\
         /pretend/empty?day=D     everything of that day is gone\n\
         /pretend/restore?day=D   the day is told as at first\n\
         /pretend/replace?day=D   the day is told with the request's body\n\
         /pretend/now?time=T      sets its clock (RFC 3339)\n\
         /pretend/leave?minute=N&hour=N   leaves so many requests\n\
         /pretend/expire          access tokens expire\n\
         /pretend/revoke          no token is good any more\n\
         /pretend/deny            the next sign-ins are refused\n\
         /pretend/fault?kind=K[&day=D][&path=P][&times=N]   misbehaves; K is one of status-NNN, cut-short,\n\
         \x20                         page, truncated, wrong-day, text, error-object, stall, reset, twice-named, huge, redirect\n\
         /pretend/behave          misbehaves no more\n\
         GET /pretend/log         the requests it got\n",
        world.options.first_day,
        world.today(),
        world.options.client_id,
        world.options.client_secret
    )
}

async fn log(State(world): State<Shared>) -> String {
    let mut text = String::new();
    for asked in &lock(&world).log {
        let mark = if asked.query.is_empty() { "" } else { "?" };
        let _ = writeln!(text, "{} {}{mark}{}", asked.method, asked.path, asked.query);
    }
    text
}

async fn act(State(world): State<Shared>, Path(task): Path<String>, Query(asked): Parameters, body: String) -> Said {
    let done = perform(&world, &task, &asked, body);
    match done {
        Ok(()) => (StatusCode::OK, "done\n".to_owned()),
        Err(problem) => (StatusCode::BAD_REQUEST, format!("{problem}\n")),
    }
}

fn perform(world: &Shared, task: &str, asked: &BTreeMap<String, String>, body: String) -> Result<(), String> {
    let mut world = lock(world);
    let text = |name: &str| asked.get(name).map(String::as_str);
    let any_day =
        || text("day").map(|day| day.parse::<NaiveDate>().map_err(|_| "day is no YYYY-MM-DD".to_owned())).transpose();
    let day = || any_day()?.ok_or_else(|| "which day? add ?day=YYYY-MM-DD".to_owned());
    let number = |name: &str| match text(name) {
        None => Ok(None),
        Some(text) => text.parse::<u32>().map(Some).map_err(|_| format!("{name} is no number")),
    };
    let said = |done: Result<(), PretendError>| done.map_err(|error| error.to_string());
    match task {
        "late" => said(world.rewrite(day()?, world::add_segment)),
        "alter" => said(world.rewrite(day()?, world::alter_segment)),
        "lose" => said(world.rewrite(day()?, world::lose_segment)),
        "empty" => said(world.rewrite(day()?, world::empty)),
        "restore" => {
            world.restore(day()?);
            Ok(())
        }
        "replace" => {
            world.replace(day()?, body);
            Ok(())
        }
        "now" => {
            let time = text("time").and_then(|time| DateTime::parse_from_rfc3339(time).ok());
            world.clock = Clock::starting_at(time.ok_or("time is no RFC 3339, like 2015-07-11T06:00:00Z")?.to_utc());
            Ok(())
        }
        "leave" => {
            let (minute_limit, hour_limit) = (world.options.minute_limit, world.options.hour_limit);
            world.leave(number("minute")?.unwrap_or(minute_limit), number("hour")?.unwrap_or(hour_limit));
            Ok(())
        }
        "expire" => {
            world.expire();
            Ok(())
        }
        "revoke" => {
            world.revoke();
            Ok(())
        }
        "deny" => {
            world.denies = true;
            Ok(())
        }
        "behave" => {
            world.faults.clear();
            world.denies = false;
            Ok(())
        }
        "fault" => {
            let fault = text("kind").and_then(Fault::from_word).ok_or("kind is none of those that GET / lists")?;
            let mut misbehaviour = Misbehaviour::of(fault);
            if let Some(path) = text("path") {
                misbehaviour = misbehaviour.at(path);
            }
            if let Some(day) = any_day()? {
                misbehaviour = misbehaviour.on(day);
            }
            if let Some(times) = number("times")? {
                misbehaviour = misbehaviour.times(times);
            }
            world.faults.push(misbehaviour);
            Ok(())
        }
        _ => Err("GET / lists what this pretend Moves does".to_owned()),
    }
}
