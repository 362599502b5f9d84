//! Moves over real HTTP: the pretend one on loopback, asked through a session.

use std::path::Path;

use chrono::{DateTime, NaiveDate, Utc};

use super::{DayProvider, Moves, Provider, STORYLINE};
use crate::auth::{Session, SessionOptions};
use crate::config::{Environment, ProviderSettings};
use crate::http::{FetchError, Stop};
use crate::model::{Clock, Day, DayRange, Zone};
use crate::pretend::{Asked, Fault, Misbehaviour, Pretend, PretendOptions};
use crate::providers::{Ask, DayAnswer, Opening, Told};

const NOW: &str = "2015-07-11T06:00:30Z";

struct Bench {
    pretend: Pretend,
    home: tempfile::TempDir,
    environment: Environment,
    settings: ProviderSettings,
    stop: Stop,
}

impl Bench {
    fn new() -> Bench {
        Bench::with(|_| {})
    }

    fn with(adjust: impl FnOnce(&mut PretendOptions)) -> Bench {
        let mut options = PretendOptions::new(date("2015-04-10"), time(NOW));
        adjust(&mut options);
        let (id, secret) = (options.client_id.clone(), options.client_secret.clone());
        let pretend = Pretend::start(options).unwrap();
        let home = tempfile::tempdir().unwrap();
        let environment = Environment::default()
            .with("FITSNAP_STATE_DIR", home.path().join("state"))
            .with("FITSNAP_CONFIG_DIR", home.path().join("config"))
            .with("FITSNAP_PATIENCE", "6000")
            .with("FITSNAP_MOVES_CLIENT_ID", id)
            .with("FITSNAP_MOVES_CLIENT_SECRET", secret);
        let settings = ProviderSettings {
            base_url: Some(pretend.base_url().parse().unwrap()),
            ..ProviderSettings::of_kind("moves")
        };
        Bench { pretend, home, environment, settings, stop: Stop::new() }
    }

    fn give(&mut self, variable: &str, value: &str) {
        self.environment = self.environment.clone().with(variable, value);
    }

    /// A session that begins with the tokens of a sign-in elsewhere.
    fn signed_in(&mut self) -> Session {
        let (access, refresh) = self.pretend.issue_tokens();
        self.give("FITSNAP_MOVES_ACCESS_TOKEN", &access);
        self.give("FITSNAP_MOVES_REFRESH_TOKEN", &refresh);
        self.session().unwrap()
    }

    fn session(&self) -> Result<Session, FetchError> {
        Session::open(SessionOptions {
            provider: &"moves".parse().unwrap(),
            description: Moves.description(),
            settings: &self.settings,
            archive_root: self.home.path(),
            environment: &self.environment,
            clock: Clock::starting_at(time(NOW)),
            stop: self.stop.clone(),
        })
    }

    fn asked(&self, path: &str) -> usize {
        self.pretend.take_log().iter().filter(|asked: &&Asked| asked.path.ends_with(path)).count()
    }
}

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn time(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

fn open(session: &Session) -> Result<Opening, FetchError> {
    run(Moves.open(session))
}

fn fetch(session: &Session, first: &str, last: &str) -> Result<Vec<DayAnswer>, FetchError> {
    let range = DayRange::new(first.parse().unwrap(), last.parse().unwrap()).unwrap();
    let ask = Ask { resource: STORYLINE, range, zone: Zone::named("UTC").unwrap() };
    run(Moves.fetch(session, ask))
}

#[test]
fn the_profile_and_a_week_come_as_they_were_sent() {
    let mut bench = Bench::new();
    let session = bench.signed_in();
    let opening = open(&session).unwrap();
    assert_eq!(opening.person.as_deref(), Some("23138311640030064"));
    assert_eq!(opening.first_day, Day::new(2015, 4, 10));
    assert_eq!(opening.zone.to_string(), "Europe/Helsinki");
    let days = fetch(&session, "2015-07-01", "2015-07-07").unwrap();
    assert_eq!(days.len(), 7);
    for answer in days {
        let Ok(Told::Data(text)) = answer.outcome else { panic!("{} has no storyline", answer.day) };
        let sent = format!("[{}]", bench.pretend.day(answer.day.date()));
        assert_eq!(String::from_utf8_lossy(text.as_bytes()), sent);
    }
    assert_eq!(session.requests(), 2);
}

#[test]
fn more_days_than_moves_gives_at_once_are_refused_in_its_words() {
    let mut bench = Bench::new();
    let said = fetch(&bench.signed_in(), "2015-07-01", "2015-07-08").unwrap_err().to_string();
    assert!(said.contains("range is too long"), "{said}");
}

#[test]
fn an_expired_token_is_renewed_once_and_its_successor_kept() {
    let mut bench = Bench::new();
    let session = bench.signed_in();
    bench.pretend.expire_tokens();
    open(&session).unwrap();
    assert_eq!(session.requests(), 3);
    // The variables still give the old ones, which are dead: the next run goes on with the successors.
    let next = bench.session().unwrap();
    open(&next).unwrap();
    assert_eq!(next.requests(), 1);
}

#[test]
fn a_second_401_asks_for_a_new_sign_in() {
    let mut bench = Bench::new();
    let session = bench.signed_in();
    bench.pretend.misbehave(Misbehaviour::of(Fault::Status(401)).at("/api/"));
    assert!(matches!(open(&session), Err(FetchError::SignIn { .. })));
    assert_eq!(bench.asked("/profile"), 2);
}

#[test]
fn a_revoked_sign_in_is_told_in_words() {
    let mut bench = Bench::new();
    let session = bench.signed_in();
    bench.pretend.revoke();
    let error = open(&session).unwrap_err();
    assert!(
        matches!(&error, FetchError::SignIn { reason } if reason.contains("no longer accepts the saved sign-in")),
        "{error}"
    );
}

#[test]
fn rotated_tokens_are_on_disk_before_anything_uses_them() {
    let mut bench = Bench::new();
    let (_, refresh) = bench.pretend.issue_tokens();
    bench.give("FITSNAP_MOVES_REFRESH_TOKEN", &refresh);
    bench.pretend.misbehave(Misbehaviour::of(Fault::Status(500)).at("/api/"));
    let session = bench.session().unwrap();
    assert!(matches!(open(&session), Err(FetchError::Unreachable { .. })));
    bench.pretend.behave();
    bench.pretend.take_log();
    open(&bench.session().unwrap()).unwrap();
    assert_eq!(bench.asked("/access_token"), 0, "the new tokens were lost");
}

#[test]
fn two_sessions_do_not_waste_each_others_tokens() {
    let mut bench = Bench::new();
    let one = bench.signed_in();
    let other = bench.session().unwrap();
    bench.pretend.expire_tokens();
    open(&one).unwrap();
    open(&other).unwrap();
    assert_eq!(bench.asked("/access_token"), 1);
}

#[test]
fn what_may_pass_is_tried_four_times_and_then_given_up() {
    for (fault, words) in [
        (Fault::Status(500), "answered 500 Internal Server Error, 4 times"),
        (Fault::Status(503), "answered 503 Service Unavailable, 4 times"),
        (Fault::Reset, "broke the connection off, 4 times"),
        (Fault::Stall, "gave no answer within 300 ms, 4 times"),
    ] {
        let mut bench = Bench::new();
        if fault == Fault::Stall {
            bench.give("FITSNAP_PATIENCE", "300");
        }
        let session = bench.signed_in();
        bench.pretend.misbehave(Misbehaviour::of(fault.clone()));
        let error = open(&session).unwrap_err();
        let said = error.to_string();
        assert!(matches!(error, FetchError::Unreachable { .. }) && said.contains(words), "{fault:?}: {said}");
        assert_eq!(bench.asked("/profile"), 4, "{fault:?}");
    }
}

#[test]
fn what_passes_in_time_goes_unnoticed() {
    for fault in [Fault::Status(502), Fault::Reset, Fault::CutShort] {
        let mut bench = Bench::new();
        let session = bench.signed_in();
        bench.pretend.misbehave(Misbehaviour::of(fault.clone()).times(3));
        assert!(fetch(&session, "2015-07-01", "2015-07-07").is_ok(), "{fault:?}");
        assert_eq!(session.requests(), 4, "{fault:?}");
    }
}

#[test]
fn a_body_that_stays_cut_off_is_malformed() {
    let mut bench = Bench::new();
    let session = bench.signed_in();
    bench.pretend.misbehave(Misbehaviour::of(Fault::CutShort).on(date("2015-07-05")));
    let error = fetch(&session, "2015-07-01", "2015-07-07").unwrap_err();
    let said = error.to_string();
    assert!(matches!(&error, FetchError::Malformed { body, divisible: true, .. } if !body.is_empty()), "{said}");
    assert!(said.contains("broke off") && !said.contains("from="), "{said}");
    assert!(fetch(&session, "2015-07-04", "2015-07-04").is_ok());
}

#[test]
fn answers_that_are_not_the_days_never_pass_for_them() {
    for (fault, divisible) in [
        (Fault::Page, Some(false)),
        (Fault::Text, Some(false)),
        (Fault::Truncated, Some(true)),
        (Fault::TwiceNamed, Some(true)),
        (Fault::Huge(65), Some(true)),
        (Fault::ErrorObject, None),
        (Fault::Status(404), None),
    ] {
        let mut bench = Bench::new();
        let session = bench.signed_in();
        bench.pretend.misbehave(Misbehaviour::of(fault.clone()).on(date("2015-07-05")));
        match (fetch(&session, "2015-07-01", "2015-07-07"), divisible) {
            (Err(FetchError::Malformed { divisible, .. }), Some(expected)) => {
                assert_eq!(divisible, expected, "{fault:?}")
            }
            (Err(FetchError::Refused { .. }), None) => {}
            (other, _) => panic!("{fault:?}: {other:?}"),
        }
        assert_eq!(session.requests(), 1, "{fault:?}");
    }
}

#[test]
fn a_day_under_the_wrong_date_is_that_days_problem_alone() {
    let mut bench = Bench::new();
    let session = bench.signed_in();
    bench.pretend.misbehave(Misbehaviour::of(Fault::WrongDay).on(date("2015-07-05")));
    let days = fetch(&session, "2015-07-05", "2015-07-07").unwrap();
    assert_eq!(days[0].outcome.as_ref().unwrap_err(), "the answer holds 2015-07-04 instead");
    assert!(days[1..].iter().all(|day| day.outcome.is_ok()));
}

#[test]
fn no_token_follows_a_redirect() {
    let mut bench = Bench::new();
    let elsewhere = Bench::new();
    let session = bench.signed_in();
    let address = format!("{}/api/1.1/user/profile", elsewhere.pretend.base_url());
    bench.pretend.misbehave(Misbehaviour::of(Fault::Redirect(address)));
    let error = open(&session).unwrap_err();
    assert!(matches!(&error, FetchError::Refused { reason } if reason.contains("elsewhere")), "{error}");
    assert_eq!(elsewhere.pretend.take_log(), []);
}

#[test]
fn a_quota_used_up_is_known_without_asking_and_ends_with_its_window() {
    let mut bench = Bench::new();
    let session = bench.signed_in();
    bench.pretend.leave(1, 50);
    open(&session).unwrap();
    let error = open(&session).unwrap_err();
    assert!(matches!(&error, FetchError::Wait { until, .. } if *until == time("2015-07-11T06:01:15Z")), "{error:?}");
    assert_eq!(session.requests(), 1, "a request that the quota forbids was made");
}

#[test]
fn a_429_waits_for_the_window_that_is_used_up() {
    for (left, until) in [((0, 50), "2015-07-11T06:01:15Z"), ((5, 0), "2015-07-11T07:00:00Z")] {
        let mut bench = Bench::new();
        let session = bench.signed_in();
        bench.pretend.leave(left.0, left.1);
        let error = open(&session).unwrap_err();
        assert!(matches!(&error, FetchError::Wait { until: told, .. } if *told == time(until)), "{error:?}");
    }
}

#[test]
fn a_wish_to_stop_asks_nothing_more() {
    let mut bench = Bench::new();
    let session = bench.signed_in();
    bench.stop.set();
    assert!(matches!(open(&session), Err(FetchError::Interrupted)));
    assert_eq!(session.requests(), 0);
}

#[test]
fn a_wish_to_stop_cuts_the_pause_before_a_retry() {
    let mut bench = Bench::new();
    // A pause of over eight minutes.
    bench.give("FITSNAP_PATIENCE", "60000000");
    let session = bench.signed_in();
    bench.pretend.misbehave(Misbehaviour::of(Fault::Status(503)));
    let ended = run(async {
        let wish = async {
            while bench.asked("/profile") == 0 {
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            }
            bench.stop.set();
            std::future::pending::<()>().await;
        };
        tokio::select! {
            ended = Moves.open(&session) => Some(ended),
            () = wish => None,
            () = tokio::time::sleep(std::time::Duration::from_secs(30)) => None,
        }
    });
    assert!(matches!(ended, Some(Err(FetchError::Interrupted))), "{ended:?}");
    assert_eq!(session.requests(), 1);
}

#[test]
fn the_real_moves_is_gone_and_nothing_is_asked_of_it() {
    let mut bench = Bench::new();
    bench.settings.base_url = None;
    let error = bench.session().err().unwrap();
    assert!(matches!(&error, FetchError::Gone { reason } if reason.contains("2018-07-31")), "{error}");
}

#[test]
fn no_tokens_at_all_ask_for_a_sign_in() {
    let bench = Bench::new();
    assert!(matches!(bench.session(), Err(FetchError::SignIn { .. })));
}

#[test]
fn tokens_are_for_the_owner_alone() {
    let mut bench = Bench::new();
    let session = bench.signed_in();
    bench.pretend.expire_tokens();
    open(&session).unwrap();
    let files = files(&bench.home.path().join("state"));
    let tokens: Vec<_> = files.iter().filter(|file| file.extension().is_some_and(|end| end == "json")).collect();
    assert_eq!(tokens.len(), 1);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(tokens[0]), mode(tokens[0].parent().unwrap())), (0o600, 0o700));
    }
}

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}
