//! A person with all five services at once, and what happens to them day after day: uploads that come late,
//! corrections, names, deletions.
// The benchmarks use it too, and not all of it.
#![allow(clippy::unwrap_used, dead_code)]

use chrono::{DateTime, Datelike, Days, NaiveDate, Utc};
use fitsnap::pretend::{
    Asked, FitbitOptions, GoogleHealthOptions, Misbehaviour, Pretend, PretendFitbit, PretendGoogleHealth,
    PretendOptions, PretendRunkeeper, PretendStrava, RunkeeperOptions, StravaOptions,
};

/// The services, by the names that the archive has for them.
pub const SERVICES: [&str; 5] = ["fitbit", "googlehealth", "moves", "runkeeper", "strava"];

/// The person's services. What is told of a day follows from the day alone, and from how late it is asked.
pub struct Household {
    pub moves: Pretend,
    pub strava: PretendStrava,
    pub runkeeper: PretendRunkeeper,
    pub fitbit: PretendFitbit,
    pub health: PretendGoogleHealth,
}

const RUN: &str = ",\"type\":\"Running\",\"total_distance\":70.5";

impl Household {
    /// A person who uses all of them since `first`.
    pub fn new(first: NaiveDate, now: DateTime<Utc>) -> Household {
        let mut moves = PretendOptions::new(first, now);
        (moves.points, moves.uploads) = (3, true);
        (moves.minute_limit, moves.hour_limit) = (10_000, 10_000);
        let mut strava = StravaOptions::new(6, now);
        (strava.quarter_limit, strava.day_limit, strava.flickers) = (10_000, 100_000, false);
        let mut runkeeper = RunkeeperOptions::new(now);
        runkeeper.flickers = false;
        let mut fitbit = FitbitOptions::new(first, now);
        (fitbit.heart_samples, fitbit.hour_limit, fitbit.flickers) = (24, 10_000, false);
        let mut health = GoogleHealthOptions::new(first, now);
        (health.heart_every, health.minute_limit, health.flickers) = (3_600, 10_000, false);
        // A sign-in of seven days has a test of its own.
        health.is_testing = false;
        Household {
            moves: Pretend::start(moves).unwrap(),
            strava: PretendStrava::start(strava).unwrap(),
            runkeeper: PretendRunkeeper::start(runkeeper).unwrap(),
            fitbit: PretendFitbit::start(fitbit).unwrap(),
            health: PretendGoogleHealth::start(health).unwrap(),
        }
    }

    /// The settings of an archive for these of the services.
    pub fn settings(&self, services: &[&str]) -> String {
        let table = |service: &&str| {
            let (address, more) = match *service {
                "moves" => (self.moves.base_url(), ""),
                "strava" => (self.strava.base_url(), ""),
                "runkeeper" => (self.runkeeper.base_url(), ""),
                "fitbit" => (
                    self.fitbit.base_url(),
                    "resources = [\"heart\", \"steps_daily\", \"sleep\", \"weight\", \"activities\", \"tcx\"]\n",
                ),
                "googlehealth" => {
                    (self.health.base_url(), "resources = [\"steps\", \"heart-rate\", \"sleep\", \"daily/steps\"]\n")
                }
                other => panic!("there is no {other}"),
            };
            format!("[providers.{service}]\nbase_url = \"{address}\"\n{more}\n")
        };
        format!("format = 1\n\n{}", services.iter().map(table).collect::<String>())
    }

    /// Sets the clocks of all.
    pub fn set_now(&self, now: DateTime<Utc>) {
        self.moves.set_now(now);
        self.strava.set_now(now);
        self.runkeeper.set_now(now);
        self.fitbit.set_now(now);
        self.health.set_now(now);
        // To the second, however long a test takes to come here.
        self.fitbit.hand_over(Some(now));
        self.health.sync_tracker(now);
    }

    /// What happens on a day: it follows from the day, and concerns the last few days or any activity.
    pub fn live(&self, day: NaiveDate) {
        let number = day.num_days_from_ce();
        let every = |days: i32| number % days == 0;
        let ago = |days: u64| day - Days::new(days);
        if every(5) {
            // On some days nothing was recorded; then nothing comes late either.
            let _ = self.moves.upload_late(ago(1));
        }
        if every(7) {
            let _ = self.moves.alter_segment(ago(2));
        }
        if every(11) {
            let _ = self.moves.lose_segment(ago(1));
        }
        if every(2) {
            self.strava.upload(ago(1));
        }
        let activities = self.strava.activities();
        let any = |which: i32| activities[which as usize % activities.len()];
        if every(6) {
            self.strava.rename(any(number / 2).0, &format!("What happened before {day}"));
        }
        if every(17) {
            let (id, from) = any(number / 3);
            self.strava.move_to(id, from - Days::new(1));
        }
        if every(29) {
            self.strava.delete(any(number / 5).0);
        }
        if every(3) {
            self.runkeeper.upload("/fitnessActivities", ago(1).and_hms_opt(7, 30, 0).unwrap(), RUN);
        }
        if every(7) {
            self.runkeeper.upload("/weight", ago(1).and_hms_opt(0, 0, 0).unwrap(), ",\"weight\":63.5");
        }
        let runs = self.runkeeper.uris("/fitnessActivities");
        if every(9) && !runs.is_empty() {
            self.runkeeper.annotate(&runs[number as usize % runs.len()], &format!("remembered on {day}"));
        }
        if every(31) && !runs.is_empty() {
            self.runkeeper.delete(&runs[number as usize / 7 % runs.len()]);
        }
        // Of some nights the stages come two days later.
        if every(4) {
            self.fitbit.keep_classic(day);
            self.health.set_classic(day, true);
        }
        if every(8) {
            self.fitbit.work_out_stages(ago(4));
            self.health.set_classic(ago(4), false);
        }
        if every(6) {
            self.health.upload_late(ago(1));
            self.fitbit.alter_heart(ago(1), 3);
        }
    }

    /// The person moves, to where the clocks show the same.
    pub fn move_house(&self) {
        self.fitbit.set_zone(chrono_tz::Europe::Mariehamn);
        self.health.move_to(chrono_tz::Europe::Mariehamn, NaiveDate::MIN);
    }

    /// Access and refresh token of a sign-in that happened elsewhere; the second is empty where there is none.
    pub fn issue_tokens(&self, service: &str) -> (String, String) {
        match service {
            "moves" => self.moves.issue_tokens(),
            "strava" => self.strava.issue_tokens(),
            "runkeeper" => (self.runkeeper.issue_token(), String::new()),
            "fitbit" => self.fitbit.issue_tokens(),
            "googlehealth" => self.health.issue_tokens(),
            other => panic!("there is no {other}"),
        }
    }

    /// Every service misbehaves by a schedule of its own; redirects lead to `elsewhere`.
    pub fn weather(&self, seed: u64, elsewhere: &str) {
        let of = |service: u64| Misbehaviour::weather(10 * seed + service, elsewhere);
        self.moves.misbehave(of(1));
        self.strava.misbehave(of(2));
        self.runkeeper.misbehave(of(3));
        self.fitbit.misbehave(of(4));
        self.health.misbehave(of(5));
    }

    /// All behave from now on.
    pub fn behave(&self) {
        self.moves.behave();
        self.strava.behave();
        self.runkeeper.behave();
        self.fitbit.behave();
        self.health.behave();
    }

    /// The requests that all of them got since the last call.
    pub fn take_logs(&self) -> Vec<Asked> {
        [
            self.moves.take_log(),
            self.strava.take_log(),
            self.runkeeper.take_log(),
            self.fitbit.take_log(),
            self.health.take_log(),
        ]
        .concat()
    }
}
