//! What a pretend service does on demand, over HTTP: for trials by hand beside `demo --serve`.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use chrono::{DateTime, NaiveDate, Utc};

use super::fault::ELSEWHERE;
use super::server::{Service, hold};
use super::{Fault, Misbehaviour};

/// A pretend service that does things on demand.
pub(super) trait OnDemand: Service {
    /// What it is, and its own tasks: the first part of its front page.
    fn manual(&self) -> String;

    /// Does a task of its own; tells whether it has one of that name.
    fn act(&mut self, task: &str, demand: &Demand) -> Result<bool, String>;

    /// Sets its clock.
    fn set_now(&mut self, now: DateTime<Utc>);

    /// Misbehaves no more.
    fn behave(&mut self);
}

/// What every service does.
const COMMON: &str = "\
/pretend/now?time=T      sets its clock (RFC 3339)
/pretend/fault?kind=K[&day=D][&path=P][&times=N]   misbehaves; K is one of status-NNN, cut-short,
                         page, truncated, wrong-day, text, error-object, stall, reset, twice-named, huge, redirect,
                         slow, wrong-length, gzip-none, gzip-cut, gzip-sum, too-often, quota-none, quota-endless,
                         quota-words, revoked
/pretend/weather?seed=N  misbehaves in all these ways, by a schedule that follows from the seed and the clock
/pretend/behave          misbehaves no more
/pretend/revoke          the person takes the permission back: no token is good any more
GET /pretend/log         the requests it got
";

/// The front page and the tasks of a service.
pub(super) fn router<S: OnDemand>() -> Router<Arc<Mutex<S>>> {
    Router::new()
        .route("/", get(manual::<S>))
        .route("/pretend/log", get(log::<S>))
        .route("/pretend/{task}", post(act::<S>))
}

async fn manual<S: OnDemand>(State(service): State<Arc<Mutex<S>>>) -> String {
    format!("{}{COMMON}", hold(&service).manual())
}

async fn log<S: OnDemand>(State(service): State<Arc<Mutex<S>>>) -> String {
    let mut text = String::new();
    for asked in hold(&service).log() {
        let mark = if asked.query.is_empty() { "" } else { "?" };
        let _ = writeln!(text, "{} {}{mark}{}", asked.method, asked.path, asked.query);
    }
    text
}

async fn act<S: OnDemand>(
    State(service): State<Arc<Mutex<S>>>,
    Path(task): Path<String>,
    Query(asked): Query<BTreeMap<String, String>>,
    body: String,
) -> (StatusCode, String) {
    match perform(&mut *hold(&service), &task, &Demand { asked, body }) {
        Ok(()) => (StatusCode::OK, "done\n".to_owned()),
        Err(problem) => (StatusCode::BAD_REQUEST, format!("{problem}\n")),
    }
}

fn perform(service: &mut impl OnDemand, task: &str, demand: &Demand) -> Result<(), String> {
    match task {
        "now" => {
            let time = DateTime::parse_from_rfc3339(demand.text("time")?);
            service.set_now(time.map_err(|_| "time is no RFC 3339, like 2015-07-11T06:00:00Z")?.to_utc());
            Ok(())
        }
        "behave" => {
            service.behave();
            Ok(())
        }
        "revoke" => {
            service.revoke();
            Ok(())
        }
        "weather" => {
            service.faults().push(Misbehaviour::weather(demand.number("seed")?, ELSEWHERE));
            Ok(())
        }
        "fault" => {
            let fault = Fault::from_word(demand.text("kind")?).ok_or("kind is none of those that GET / lists")?;
            let mut misbehaviour = Misbehaviour::of(fault);
            if let Ok(path) = demand.text("path") {
                misbehaviour = misbehaviour.at(path);
            }
            if demand.has("day") {
                misbehaviour = misbehaviour.on(demand.day()?);
            }
            if demand.has("times") {
                misbehaviour = misbehaviour.times(demand.number("times")?);
            }
            service.faults().push(misbehaviour);
            Ok(())
        }
        _ if service.act(task, demand)? => Ok(()),
        _ => Err("GET / lists what there is to ask for".to_owned()),
    }
}

/// The parameters of a task, and the request's body.
pub(super) struct Demand {
    asked: BTreeMap<String, String>,
    pub body: String,
}

impl Demand {
    pub fn has(&self, name: &str) -> bool {
        self.asked.contains_key(name)
    }

    pub fn text(&self, name: &str) -> Result<&str, String> {
        self.asked.get(name).map(String::as_str).ok_or_else(|| format!("which {name}? add ?{name}=..."))
    }

    pub fn day(&self) -> Result<NaiveDate, String> {
        self.text("day")?.parse().map_err(|_| "day is no YYYY-MM-DD".to_owned())
    }

    pub fn number<N: std::str::FromStr>(&self, name: &str) -> Result<N, String> {
        self.text(name)?.parse().map_err(|_| format!("{name} is no number"))
    }
}
