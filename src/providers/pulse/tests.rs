//! The example does what the README says of it.

use std::io::{Read, Write};
use std::net::TcpListener;

use super::*;
use crate::auth::SessionOptions;
use crate::config::{Environment, ProviderSettings};
use crate::http::Stop;
use crate::model::{Clock, DayRange};

/// A session with a service that gives this answer to every request.
fn session(body: &'static str) -> Session {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 4_096]);
            let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n";
            let _ = write!(stream, "{head}content-length: {}\r\n\r\n{body}", body.len());
        }
    });
    let home = tempfile::tempdir().unwrap();
    Session::open(SessionOptions {
        provider: &"pulse".parse().unwrap(),
        description: Pulse.description(),
        settings: &ProviderSettings { base_url: Some(base_url.parse().unwrap()), ..ProviderSettings::of_kind("pulse") },
        archive_root: home.path(),
        environment: &Environment::default()
            .with("FITSNAP_STATE_DIR", home.path())
            .with("FITSNAP_CONFIG_DIR", home.path())
            .with("FITSNAP_PULSE_ACCESS_TOKEN", "x"),
        clock: Clock::starting_at("2026-10-03T06:00:00Z".parse().unwrap()),
        stop: Stop::new(),
    })
    .unwrap()
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

#[test]
fn a_day_comes_as_it_was_sent_and_that_of_another_day_does_not() {
    let body = "{\"date\": \"2026-10-02\", \"samples\": [{\"time\": \"06:15\", \"beats\": 61.0}]}";
    let fetch = |day: &str| {
        let day = day.parse().unwrap();
        let range = DayRange::new(day, day).unwrap();
        let session = session(body);
        run(Pulse.fetch(&session, Ask { resource: "beats", range, zone: Zone::UTC }))
    };
    let days = fetch("2026-10-02").unwrap();
    assert!(matches!(&days[0].outcome, Ok(Told::Data(text)) if text.as_bytes() == body.as_bytes()));
    assert!(matches!(fetch("2026-10-01"), Err(FetchError::Malformed { .. })));
}

#[test]
fn the_account_tells_who_it_is_and_since_when() {
    let session = session("{\"id\": \"ada\", \"since\": \"2026-10-01\"}");
    let opening = run(Pulse.open(&session)).unwrap();
    assert_eq!((opening.person.as_deref(), opening.first_day), (Some("ada"), "2026-10-01".parse().ok()));
}

#[test]
fn the_readme_shows_the_example_as_it_is() {
    let source = include_str!("mod.rs");
    let code = &source[source.find("use crate::auth").unwrap()..];
    assert!(include_str!("../../../README.md").contains(code), "README.md, For contributors");
}
