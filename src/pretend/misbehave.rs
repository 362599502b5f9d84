//! Stands before every address of a pretend service: writes requests down, and lets faults show.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{ConnectInfo, Query, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use chrono::{Days, NaiveDate};
use flate2::Compression;
use flate2::write::GzEncoder;

use super::api::{bearer, http_date, read_date};
use super::fault::{Packing, QuotaLie, Request as Seen};
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
        let mut world = hold(&service);
        let uri = request.uri();
        let authorised = bearer(request.headers()).is_some_and(|token| world.is_good(token));
        let query = uri.query().unwrap_or_default().to_owned();
        let mark = if query.is_empty() { "" } else { "?" };
        let whole = format!("{}{mark}{query}", uri.path());
        world.log().push(Asked {
            method: request.method().to_string(),
            path: uri.path().to_owned(),
            query,
            authorised,
        });
        let is_program = request.method() == Method::POST || bearer(request.headers()).is_some();
        let seen = Seen { path: &whole, days: asked, is_program, now: world.now() };
        let struck = world.faults().iter_mut().find_map(|fault| fault.strike(&seen));
        world.faults().retain(|fault| !fault.is_over());
        if matches!(struck, Some((Fault::Revoked, _))) {
            world.revoke();
        }
        (struck, http_date(world.now()))
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
        Fault::TooOften(after) => (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, after)]).into_response(),
        Fault::Revoked => next.run(request).await,
        Fault::Quota(lie) => {
            let mut response = next.run(request).await;
            lie_about_quota(response.headers_mut(), lie);
            response
        }
        Fault::Stall => std::future::pending().await,
        Fault::Reset => {
            connection.set(0);
            StatusCode::OK.into_response()
        }
        Fault::WrongLength
        | Fault::Slow(_)
        | Fault::Packed(_)
        | Fault::CutShort
        | Fault::Truncated
        | Fault::WrongDay
        | Fault::TwiceNamed => {
            let (mut parts, body) = next.run(request).await.into_parts();
            let whole = to_bytes(body, EVERYTHING).await.unwrap_or_default();
            let text = String::from_utf8_lossy(&whole).into_owned();
            parts.headers.remove(header::ETAG);
            // The length that the untouched answer had would give the change away.
            parts.headers.remove(header::CONTENT_LENGTH);
            let text = match fault {
                Fault::Truncated => return Response::from_parts(parts, Body::from(whole.slice(..whole.len() / 2))),
                Fault::Packed(how) => {
                    parts.headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
                    return Response::from_parts(parts, Body::from(packed(&whole, how)));
                }
                Fault::Slow(milliseconds) => return Response::from_parts(parts, in_pieces(whole, milliseconds)),
                Fault::WrongLength => {
                    connection.understate();
                    text
                }
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

/// Packs a body badly.
fn packed(whole: &[u8], how: Packing) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let mut bytes = encoder.write_all(whole).and_then(|()| encoder.finish()).unwrap_or_default();
    let length = bytes.len();
    match how {
        Packing::None => return whole.to_vec(),
        Packing::Cut => bytes.truncate(length / 2),
        // The last eight bytes are the sum and the length.
        Packing::WrongSum => bytes.iter_mut().skip(length.saturating_sub(8)).for_each(|byte| *byte = !*byte),
    }
    bytes
}

/// A body that comes in a few pieces over so many milliseconds.
fn in_pieces(whole: Bytes, milliseconds: u64) -> Body {
    const PIECES: usize = 4;
    let length = whole.len().div_ceil(PIECES).max(1);
    let pieces = futures_util::stream::unfold(whole, move |mut left| async move {
        if left.is_empty() {
            return None;
        }
        tokio::time::sleep(Duration::from_millis(milliseconds / PIECES as u64)).await;
        let piece = left.split_to(length.min(left.len()));
        Some((Ok::<Bytes, Infallible>(piece), left))
    });
    Body::from_stream(pieces)
}

/// Changes what the headers of an answer say of the quota, whatever the service calls them.
fn lie_about_quota(headers: &mut HeaderMap, lie: QuotaLie) {
    for (name, value) in headers.iter_mut() {
        let name = name.as_str();
        if !name.contains("ratelimit") && !name.contains("rate-limit") {
            continue;
        }
        let word = match lie {
            QuotaLie::Words => Some("plenty, plenty"),
            QuotaLie::UsedUp if name.ends_with("remaining") => Some("0"),
            QuotaLie::UsedUp if name.ends_with("usage") => Some("1000000,1000000"),
            QuotaLie::UsedUp if name.ends_with("reset") => Some("31536000"),
            QuotaLie::UsedUp => None,
            QuotaLie::Endless if name.ends_with("usage") => Some("-5,-5"),
            QuotaLie::Endless if name.ends_with("reset") => Some("-1"),
            QuotaLie::Endless => Some("99999999999,99999999999"),
        };
        if let Some(word) = word {
            *value = HeaderValue::from_static(word);
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
