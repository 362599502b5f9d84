//! A year with five services that misbehave by a seeded schedule, beside a calm one: the archives end up equal,
//! to the byte, and no secret shows anywhere.

use std::collections::BTreeMap;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Days, TimeDelta, Utc};
use fitsnap::pretend::{Pretend, PretendOptions, browser};
use serde_json::Value;

use crate::env::{ArchiveEnv, Ran};
use crate::household::{Household, SERVICES};
use crate::login::Waiting;

/// The first day that is synced, in the morning.
const BEGIN: &str = "2015-02-20T06:00:00Z";

/// How long the person had the services by then.
const BEFORE: u64 = 4;

/// How the secrets of the pretend services begin, or what they are.
const SECRETS: [&str; 4] = ["pretend-access-", "pretend-refresh-", "pretend-code-", "pretend-app-secret"];

/// How many days to live through: a few in every test run, a year with `FITSNAP_TEST_DAYS=365`.
fn days(usual: u64) -> u64 {
    number("FITSNAP_TEST_DAYS").unwrap_or(usual)
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// An archive of all services, and what its person does.
struct Person {
    env: ArchiveEnv,
    home: Household,
    services: Vec<&'static str>,
    needles: Vec<Vec<u8>>,
    now: DateTime<Utc>,
    /// How often each exit code came.
    codes: [usize; 8],
}

impl Person {
    fn new(services: &[&'static str]) -> Person {
        let now: DateTime<Utc> = BEGIN.parse().unwrap();
        let home = Household::new(now.date_naive() - Days::new(BEFORE), now);
        let env = ArchiveEnv::new();
        env.set_now(BEGIN);
        env.run(&["init"]).code(0);
        std::fs::write(env.path("fitsnap.toml"), home.settings(services)).unwrap();
        env.git("", &["add", "-A"]);
        env.git("", &["commit", "-qm", "settings"]);
        for service in services {
            let name = service.to_uppercase();
            env.set(&format!("FITSNAP_{name}_CLIENT_ID"), "pretend-app");
            env.set(&format!("FITSNAP_{name}_CLIENT_SECRET"), "pretend-app-secret");
        }
        for (name, value) in [("BROWSER", "true"), ("RUST_LOG", "trace"), ("RUST_BACKTRACE", "full")] {
            env.set(name, value);
        }
        env.set("FITSNAP_PATIENCE", "6000");
        let person = Person { env, home, services: services.to_vec(), needles: needles(), now, codes: [0; 8] };
        person.home.set_now(now);
        for service in services {
            person.sign_in(service);
        }
        person
    }

    /// Sets the time of all.
    fn at(&mut self, now: DateTime<Utc>) {
        self.now = now;
        self.env.set_now(&now.to_rfc3339());
        self.home.set_now(now);
    }

    /// Signs in through the browser; tells whether that went well.
    fn sign_in(&self, service: &str) -> bool {
        let waiting = Waiting::begin(&self.env, &[service]);
        browser::visit(&waiting.address).unwrap();
        let (code, said) = waiting.end();
        self.assert_silent(&said, "login");
        // Not found, not allowed, come back later; or the service's answer was of no use.
        assert!(matches!(code, 0 | 1 | 3 | 4), "{service}: {code} {said}");
        assert!(code == 0 || said.contains(service), "{said}");
        code == 0
    }

    /// Syncs as cron does, and checks what is said.
    fn sync(&mut self) -> Ran {
        let ran = self.env.run(&["sync", "--json", "--max-wait", "1s"]);
        self.assert_silent(&ran.stdout, "stdout");
        self.assert_silent(&ran.stderr, "stderr");
        let said = &ran.stderr;
        assert!(matches!(ran.status, 0 | 1 | 3 | 4), "{} at {}: {said}", ran.status, self.now);
        self.codes[ran.status as usize] += 1;
        assert!(!said.contains("panicked") && !said.contains("--accept-loss"), "{}: {said}", self.now);
        let told: Value = serde_json::from_str(&ran.stdout).unwrap();
        let mut failed = false;
        for (name, told) in told["providers"].as_object().unwrap() {
            for failure in told["failed"].as_array().unwrap() {
                failed = true;
                let reason = failure["reason"].as_str().unwrap();
                // Neighbouring days that failed alike are told as one range.
                let is_told = |line: &str| {
                    let days = line.strip_prefix(&format!("failed {name}")).and_then(|rest| rest.split_once(": "));
                    days.is_some_and(|(days, told)| told == reason && covers(days.trim(), failure["date"].as_str()))
                };
                assert!(said.lines().any(is_told), "{name} {failure}: {said}");
            }
        }
        let errors: Vec<&str> = said.lines().filter_map(|line| line.strip_prefix("error: ")).collect();
        let names = |error: &&str| self.services.iter().any(|service| error.starts_with(&format!("{service}: ")));
        assert!(errors.iter().all(names), "{said}");
        assert_eq!(ran.status == 0, errors.is_empty() && !failed, "{said}");
        ran
    }

    /// A day: syncs, signs in where that is asked for, and tries again once where something failed.
    fn day(&mut self) -> i32 {
        let mut ran = self.sync();
        for _ in 0..2 {
            if ran.status == 0 {
                break;
            }
            let asked = |service: &&str| ran.stderr.contains(&format!("fitsnap login {service}\n"));
            for service in self.services.clone().iter().filter(|service| asked(service)) {
                let _ = (0..3).any(|_| self.sign_in(service));
            }
            self.at(self.now + TimeDelta::minutes(70));
            ran = self.sync();
        }
        ran.status
    }

    /// Lives through the days; with a seed, in the weather that it makes. Ends with a calm day.
    fn live(&mut self, days: u64, weather: Option<(u64, &str)>) {
        let begin = self.now;
        if let Some((seed, elsewhere)) = weather {
            self.home.weather(seed, elsewhere);
            self.env.set("FITSNAP_PATIENCE", "400");
        }
        for number in 0..days {
            self.at(begin + TimeDelta::days(number as i64));
            self.home.live(self.now.date_naive());
            let status = self.day();
            assert!(weather.is_some() || status == 0, "a calm day is one of success");
        }
        self.home.behave();
        self.env.set("FITSNAP_PATIENCE", "6000");
        // The account is written when something in it changes, with all that does not count by then.
        self.home.move_house();
        self.at(begin + TimeDelta::days(days as i64));
        assert_eq!(self.day(), 0, "all is made good on the first calm day");
        self.at(begin + TimeDelta::days(days as i64 + 1));
        assert_eq!(self.day(), 0);
    }

    /// What is archived: the text of each file, documents before their hashes.
    fn data(&self) -> BTreeMap<String, String> {
        let paths = self.env.git("", &["ls-tree", "-r", "--name-only", "HEAD", "data"]);
        let text = |path: &str| std::fs::read_to_string(self.env.path(path)).unwrap();
        paths.lines().map(|path| (path.to_owned(), text(path))).collect()
    }

    #[track_caller]
    fn assert_silent(&self, text: &str, place: &str) {
        assert_eq!(self.leaked(text.as_bytes()), None, "in {place}: {text}");
    }

    /// A secret in these bytes.
    fn leaked(&self, bytes: &[u8]) -> Option<String> {
        let finders = self.needles.iter();
        let found = finders.filter(|needle| memchr::memmem::find(bytes, needle).is_some());
        found.map(|needle| String::from_utf8_lossy(needle).into_owned()).next()
    }

    /// Demands that the archive is whole by every account, and holds no secret anywhere.
    #[track_caller]
    fn assert_sound(&self) {
        assert_eq!(self.env.git("", &["status", "--porcelain"]), "");
        let fsck = self.env.try_git("", &["fsck", "--strict", "--no-dangling"]).code(0);
        assert_eq!(fsck.stdout + &fsck.stderr, "");
        self.env.run(&["verify", "--history"]).code(0);
        let objects = self.env.command("git").args(["cat-file", "--batch-all-objects", "--batch"]).output().unwrap();
        assert!(objects.status.success() && objects.stdout.len() > 10_000);
        assert_eq!(self.leaked(&objects.stdout), None, "in git's objects");
        self.assert_no_secret_below(&self.env.path(""));
    }

    fn assert_no_secret_below(&self, folder: &Path) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            assert_eq!(self.leaked(path.as_os_str().as_encoded_bytes()), None, "{}", path.display());
            if path.is_dir() {
                self.assert_no_secret_below(&path);
            } else {
                assert_eq!(self.leaked(&std::fs::read(&path).unwrap()), None, "in {}", path.display());
            }
        }
    }
}

/// Whether days as they are told (`D`, `D to D`, nothing) are about a date.
fn covers(days: &str, date: Option<&str>) -> bool {
    let (first, last) = days.split_once(" to ").unwrap_or((days, days));
    date.is_none_or(|date| (first..=last).contains(&date))
}

/// What gives a secret away: its beginning as it is, percent-encoded, and in base64, where its bytes may begin at
/// any third place.
fn needles() -> Vec<Vec<u8>> {
    let mut needles = Vec::new();
    for secret in SECRETS {
        needles.push(secret.as_bytes().to_vec());
        needles.push(secret.replace('-', "%2D").into_bytes());
        needles.push(secret.replace('-', "%2d").into_bytes());
        for before in 0..3 {
            let text = STANDARD.encode([&vec![b' '; before], secret.as_bytes()].concat());
            // The first and the last few letters depend on what stands beside it.
            needles.push(text.as_bytes()[4..text.len() - 4].to_vec());
        }
    }
    needles
}

/// Lives through some days with these services in the weather of a seed, and calmly: both end alike.
fn assert_weathered(seed: u64, services: &[&'static str], days: u64) {
    let now: DateTime<Utc> = BEGIN.parse().unwrap();
    // Whoever follows a redirect comes here.
    let elsewhere = Pretend::start(PretendOptions::new(now.date_naive(), now)).unwrap();
    let (mut calm, mut weathered) = (Person::new(services), Person::new(services));
    let place = format!("{}/api/1.1/user/profile", elsewhere.base_url());
    weathered.live(days, Some((seed, &place)));
    eprintln!("seed {seed}: {days} days, exit codes {:?}", weathered.codes);
    calm.live(days, None);
    let (held, wanted) = (weathered.data(), calm.data());
    for (path, text) in &wanted {
        let other = held.get(path).map_or("", String::as_str);
        let differ: Vec<_> = other.lines().zip(text.lines()).filter(|(held, wanted)| held != wanted).take(9).collect();
        assert!(other == text, "seed {seed}: {path}: {differ:#?}");
    }
    assert!(held.keys().eq(wanted.keys()), "seed {seed}: {:?}", held.keys());
    assert!(wanted.len() > 30, "{}", wanted.len());
    weathered.assert_sound();
    assert!(elsewhere.take_log().is_empty(), "a redirect was followed");
    assert!(weathered.codes[0] < weathered.codes.iter().sum::<usize>(), "no day was bad");
}

/// The weather to live in; `FITSNAP_TEST_SEED` makes it another one.
fn seed(usual: u64) -> u64 {
    number("FITSNAP_TEST_SEED").unwrap_or(usual)
}

#[test]
fn services_of_days_in_bad_weather_end_as_in_calm() {
    assert_weathered(seed(1), &["fitbit", "googlehealth"], days(14));
}

#[test]
fn services_of_activities_in_bad_weather_end_as_in_calm() {
    assert_weathered(seed(2), &["moves", "runkeeper", "strava"], days(20));
}

#[test]
fn all_services_in_bad_weather_end_as_in_calm() {
    assert_weathered(seed(3), &SERVICES, days(10));
}
