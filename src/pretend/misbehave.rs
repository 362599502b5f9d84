//! Stands before every address of a pretend service: writes requests down, and lets faults show.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Query, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use chrono::{Days, NaiveDate};

use super::api::{bearer, http_date, read_date};
use super::server::{Service, hold};
use super::wire::Allowance;
use super::{Asked, Fault};

/// More than any answer of this server.
const EVERYTHING: usize = 256 << 20;

pub(super) async fn misbehave<S: Service>(
    State(service): State<Arc<Mutex<S>>>,
    ConnectInfo(connection): ConnectInfo<Allowance>,
    request: Request,
    next: Next,
) -> Response {
    let asked = days_asked(&request);
    let (struck, date) = {
        let mut service = hold(&service);
        let uri = request.uri();
        let authorised = bearer(request.headers()).is_some_and(|token| service.is_good(token));
        let query = uri.query().unwrap_or_default().to_owned();
        let mark = if query.is_empty() { "" } else { "?" };
        let whole = format!("{}{mark}{query}", uri.path());
        service.log().push(Asked {
            method: request.method().to_string(),
            path: uri.path().to_owned(),
            query,
            authorised,
        });
        let struck = service.faults().iter_mut().find_map(|fault| fault.strike(&whole, asked));
        service.faults().retain(|fault| !fault.is_over());
        (struck, http_date(service.now()))
    };
    let mut response = match struck {
        None => next.run(request).await,
        Some((fault, day)) => show(fault, day.or(asked.map(|(first, _)| first)), &connection, request, next).await,
    };
    if let Ok(date) = date.parse() {
        // The server's own clock, not the machine's.
        response.headers_mut().insert(header::DATE, date);
    }
    response
}

/// The days that a request is about.
fn days_asked(request: &Request) -> Option<(NaiveDate, NaiveDate)> {
    let query = Query::<BTreeMap<String, String>>::try_from_uri(request.uri()).ok()?;
    let date = |name: &str| query.get(name).and_then(|text| read_date(text));
    let after = || date("afterDate").map(|day| (day, NaiveDate::MAX));
    let in_path = || {
        let parts = request.uri().path().split('/').map(|part| part.strip_suffix(".json").unwrap_or(part));
        let days: Vec<NaiveDate> = parts.filter_map(read_date).collect();
        days.first().copied().zip(days.last().copied())
    };
    date("from").zip(date("to")).or_else(after).or_else(in_path)
}

async fn show(fault: Fault, day: Option<NaiveDate>, connection: &Allowance, request: Request, next: Next) -> Response {
    let page = "<!DOCTYPE html>\n<html><head><title>Sorry</title></head><body>We will be back soon.</body></html>\n";
    match fault {
        Fault::Status(401) => (StatusCode::UNAUTHORIZED, "expired_access_token").into_response(),
        Fault::Status(status) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            (status, "not now\n").into_response()
        }
        Fault::Page => ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response(),
        Fault::Text => ([(header::CONTENT_TYPE, "text/plain")], "try_again_later").into_response(),
        Fault::ErrorObject => as_json("{\"error\":\"internal_error\"}".to_owned()),
        Fault::Body(text) => as_json(text),
        Fault::Huge(mebibytes) => as_json(" ".repeat(mebibytes << 20)),
        Fault::Redirect(address) => (StatusCode::FOUND, [(header::LOCATION, address)]).into_response(),
        Fault::Stall => std::future::pending().await,
        Fault::Reset => {
            connection.set(0);
            StatusCode::OK.into_response()
        }
        Fault::CutShort | Fault::Truncated | Fault::WrongDay | Fault::TwiceNamed => {
            let (mut parts, body) = next.run(request).await.into_parts();
            let whole = to_bytes(body, EVERYTHING).await.unwrap_or_default();
            let text = String::from_utf8_lossy(&whole).into_owned();
            parts.headers.remove(header::ETAG);
            // The length that the untouched answer had would give the change away.
            parts.headers.remove(header::CONTENT_LENGTH);
            let text = match fault {
                Fault::Truncated => return Response::from_parts(parts, Body::from(whole.slice(..whole.len() / 2))),
                Fault::WrongDay => day.map_or(text.clone(), |day| wrong_day(&text, day)),
                Fault::TwiceNamed => twice_named(&text, day),
                _ => {
                    // Headers take a few hundred bytes; what is left of the allowance is less than the body.
                    let head: usize =
                        parts.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
                    connection.set(head + 80 + text.len() / 2);
                    text
                }
            };
            Response::from_parts(parts, Body::from(text))
        }
    }
}

fn wrong_day(text: &str, day: NaiveDate) -> String {
    let before = day - Days::new(1);
    text.replacen(&marker(text, day), &marker(text, before), 1)
}

fn twice_named(text: &str, day: Option<NaiveDate>) -> String {
    let (first, twice) = match day {
        Some(day) => (marker(text, day), format!("{0},{0}", marker(text, day))),
        None => ("{".to_owned(), "{\"twice\":1,\"twice\":2,".to_owned()),
    };
    text.replacen(&first, &twice, 1)
}

/// How a service says which day it is.
fn marker(text: &str, day: NaiveDate) -> String {
    match text.contains("\"dateTime\":") {
        true => format!("\"dateTime\":\"{day}\""),
        false => format!("\"date\":\"{}\"", day.format("%Y%m%d")),
    }
}

fn as_json(text: String) -> Response {
    ([(header::CONTENT_TYPE, "application/json; charset=utf-8")], text).into_response()
}
