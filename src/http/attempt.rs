//! One request over the wire, once: what came, or what went wrong and whether trying again may help.

use std::error::Error;
use std::io::{self, Read};
use std::time::Duration;

use flate2::read::MultiGzDecoder;
use reqwest::header::{CONTENT_ENCODING, HeaderMap};

/// The most that an answer's body may hold, in bytes, after it is unpacked.
pub(super) const BODY_LIMIT: usize = 64 << 20;

/// An answer in full.
#[derive(Debug)]
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
            Ok(None) => return unpacked(Received { status, headers, body }),
            Err(error) if error.is_timeout() => return Err(no_answer(&error, patience)),
            Err(_) => return Err(Failure::CutOff { status, body }),
        }
    }
}

/// Unpacks a body that is packed still: names of codings have no capitals of their own (RFC 9110, 8.4.1), but
/// the client below knows only `gzip`. What it unpacked has no such header any more.
fn unpacked(received: Received) -> Result<Received, Failure> {
    let coding = received.headers.get(CONTENT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !["gzip", "x-gzip"].iter().any(|known| coding.trim().eq_ignore_ascii_case(known)) {
        return Ok(received);
    }
    let mut body = Vec::new();
    match MultiGzDecoder::new(&received.body[..]).take(BODY_LIMIT as u64 + 1).read_to_end(&mut body) {
        Ok(_) if body.len() > BODY_LIMIT => Err(Failure::TooLarge),
        Ok(_) => Ok(Received { body, ..received }),
        Err(_) => Err(Failure::CutOff { status: received.status, body }),
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
#[allow(clippy::unwrap_used)]
mod tests {
    use std::io::Write;

    use super::*;

    fn packed(coding: &str, body: &[u8]) -> Result<Received, Failure> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_ENCODING, coding.parse().unwrap());
        unpacked(Received { status: 200, headers, body: body.to_vec() })
    }

    #[test]
    fn a_coding_is_known_by_its_name_in_any_spelling_and_its_body_has_a_bound() {
        let pack = |bytes: &[u8]| {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(bytes).unwrap();
            encoder.finish().unwrap()
        };
        let body = pack(b"[]");
        for coding in ["GZIP", "gzip", "X-Gzip"] {
            assert_eq!(packed(coding, &body).map(|received| received.body).unwrap(), b"[]", "{coding}");
        }
        assert_eq!(packed("identity", b"[]").map(|received| received.body).unwrap(), b"[]");
        assert!(matches!(packed("GZIP", &body[..body.len() - 9]), Err(Failure::CutOff { status: 200, .. })));
        assert!(matches!(packed("GZIP", b"[]"), Err(Failure::CutOff { .. })));
        assert!(matches!(packed("Gzip", &pack(&vec![b' '; BODY_LIMIT + 1])), Err(Failure::TooLarge)));
    }

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
