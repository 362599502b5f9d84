//! Runkeeper in the demo: feeds of several kinds, and an edit that only the log of changes tells of.

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeDelta, Utc};

use super::cast::{Player, Role, Started};
use crate::pretend::{PretendError, PretendRunkeeper, RunkeeperOptions};

/// How many runs, one every third day.
const RUNS: i64 = 12;

pub(super) const ROLE: Role = Role {
    kind: "runkeeper",
    about: "12 runs, sleep and weight",
    story: &[
        "the notes of an old run edited, a run deleted, another moved",
        "to the day before, one uploaded weeks late",
    ],
    settings: "",
    start,
};

fn start(now: DateTime<Utc>) -> Started {
    let runkeeper = PretendRunkeeper::start(RunkeeperOptions::new(now))?;
    let today = now.date_naive();
    for number in 1..=RUNS {
        let run = format!(
            ",\"type\":\"Running\",\"total_distance\":{},\"duration\":{},\"utc_offset\":3",
            5_000 + 137 * number,
            1_800 + 43 * number
        );
        runkeeper.add("/fitnessActivities", evening(today, 3 * number), &run);
        if number % 3 == 0 {
            let weight = format!(",\"weight\":{}.{}", 63 + number % 2, number % 10);
            runkeeper.add("/weight", evening(today, 3 * number), &weight);
            let sleep = format!(",\"total_sleep\":{},\"times_woken\":1", 430 + number);
            runkeeper.add("/sleep", evening(today, 3 * number + 1), &sleep);
        }
    }
    Ok(Box::new(runkeeper))
}

/// A time of the day so many days ago.
fn evening(today: NaiveDate, ago: i64) -> NaiveDateTime {
    (today - TimeDelta::days(ago)).and_time(chrono::NaiveTime::MIN) + TimeDelta::hours(18)
}

impl Player for PretendRunkeeper {
    fn base_url(&self) -> String {
        self.base_url()
    }

    fn set_now(&self, now: DateTime<Utc>) {
        self.set_now(now);
    }

    fn rewrite(&self, today: NaiveDate) -> Result<(), PretendError> {
        let runs = self.uris("/fitnessActivities");
        let old = |at: usize| runs.get(at).map_or("", String::as_str);
        self.annotate(old(10), "in the rain");
        self.delete(old(8));
        self.move_to(old(6), evening(today, 22));
        self.upload("/fitnessActivities", evening(today, 17), ",\"type\":\"Running\",\"total_distance\":8100");
        Ok(())
    }
}
