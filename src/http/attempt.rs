//! One request over the wire, once: what came, or what went wrong and whether trying again may help.

use std::error::Error;
use std::io;
use std::time::Duration;

use reqwest::header::HeaderMap;

/// The most that an answer's body may hold, in bytes, after it is unpacked.
pub(super) const BODY_LIMIT: usize = 64 << 20;

/// An answer in full.
pub(super) struct Received {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

/// Why an attempt brought no whole answer.
#[derive(Debug)]
pub(super) enum Failure {
    /// No answer, or a 5xx, in words that follow the service's name; trying again may help.
    Passing(String),
    /// The body broke off; trying again may help.
    CutOff { status: u16, body: Vec<u8> },
    /// The body is larger than anything that was asked for.
    TooLarge,
    /// Trying again cannot help: no trust in the certificate, a request that cannot be sent.
    Lasting(String),
    /// The person wishes to stop.
    Interrupted,
}

impl Failure {
    pub(super) fn is_passing(&self) -> bool {
        matches!(self, Failure::Passing(_) | Failure::CutOff { .. })
    }
}

/// Whether a status says that the server, not the request, is at fault.
pub(super) fn is_server_fault(status: u16) -> bool {
    (500..=599).contains(&status)
}

/// A status in words: `503 Service Unavailable`.
pub(super) fn in_words(status: u16) -> String {
    let reason = reqwest::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    reason.map_or_else(|| status.to_string(), |reason| format!("{status} {reason}"))
}

/// Sends a request that is ready and receives the whole answer.
pub(super) async fn attempt(request: reqwest::RequestBuilder, patience: Duration) -> Result<Received, Failure> {
    let mut response = request.timeout(patience).send().await.map_err(|error| no_answer(&error, patience))?;
    let status = response.status().as_u16();
    let headers = response.headers().clone();
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() > BODY_LIMIT => return Err(Failure::TooLarge),
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => return Ok(Received { status, headers, body }),
            Err(error) if error.is_timeout() => return Err(no_answer(&error, patience)),
            Err(_) => return Err(Failure::CutOff { status, body }),
        }
    }
}

fn no_answer(error: &reqwest::Error, patience: Duration) -> Failure {
    if error.is_timeout() {
        let what = if error.is_connect() { "could not be reached" } else { "gave no answer" };
        return Failure::Passing(format!("{what} within {}", seconds(patience)));
    }
    let causes = chain(error);
    if let Some(tls) = causes.iter().find_map(|cause| cause.downcast_ref::<rustls::Error>()) {
        return match tls {
            rustls::Error::InvalidCertificate(_) => {
                Failure::Lasting(format!("shows a certificate that this machine does not trust ({tls})"))
            }
            _ => Failure::Lasting(format!("does not agree on a secure connection ({tls})")),
        };
    }
    if error.is_builder() {
        return Failure::Lasting("cannot be asked: the request is not one that HTTP can carry".to_owned());
    }
    let kind = causes.iter().find_map(|cause| cause.downcast_ref::<io::Error>()).map(io::Error::kind);
    let deepest = causes.last().map(|cause| cause.to_string()).unwrap_or_default();
    Failure::Passing(match kind {
        Some(io::ErrorKind::ConnectionRefused) => "refuses the connection".to_owned(),
        Some(io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted | io::ErrorKind::BrokenPipe) => {
            "broke the connection off".to_owned()
        }
        _ if error.is_connect() => format!("could not be reached ({deepest})"),
        _ => "broke the connection off".to_owned(),
    })
}

/// The error's causes below its own message, which may quote the address and its query.
fn chain(error: &reqwest::Error) -> Vec<&(dyn Error + 'static)> {
    let mut causes = Vec::new();
    let mut next = error.source();
    while let Some(cause) = next {
        causes.push(cause);
        // An I/O error that carries another one shows that one's causes as its own, not the error itself.
        next = match cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => cause.source(),
        };
    }
    causes
}

fn seconds(duration: Duration) -> String {
    if duration.subsec_millis() == 0 {
        format!("{} s", duration.as_secs())
    } else {
        format!("{} ms", duration.as_millis())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_the_5xx_are_tried_again() {
        let tried: Vec<u16> = (100..=599).filter(|status| is_server_fault(*status)).collect();
        assert_eq!(tried, (500..=599).collect::<Vec<u16>>());
    }

    #[test]
    fn what_may_pass_is_tried_again_and_what_will_not_is_not() {
        assert!(Failure::Passing(String::new()).is_passing());
        assert!(Failure::CutOff { status: 200, body: Vec::new() }.is_passing());
        assert!(!Failure::TooLarge.is_passing());
        assert!(!Failure::Lasting(String::new()).is_passing());
        assert!(!Failure::Interrupted.is_passing());
    }
}
