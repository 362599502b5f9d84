//! Strava in the demo: activities, of which old ones are edited, deleted, moved, and a late one comes in.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::cast::{Player, Role, Started};
use crate::pretend::{PretendError, PretendStrava, StravaOptions};

const ACTIVITIES: usize = 24;

pub(super) const ROLE: Role = Role {
    kind: "strava",
    about: "24 runs and rides with their streams",
    story: &[
        "an old ride renamed, one deleted, one moved to the day before,",
        "one uploaded weeks late; kudos, which are no revision",
    ],
    settings: "",
    start,
};

fn start(now: DateTime<Utc>) -> Started {
    Ok(Box::new(PretendStrava::start(StravaOptions::new(ACTIVITIES, now))?))
}

impl Player for PretendStrava {
    fn base_url(&self) -> String {
        self.base_url()
    }

    fn set_now(&self, now: DateTime<Utc>) {
        self.set_now(now);
    }

    fn rewrite(&self, _: NaiveDate) -> Result<(), PretendError> {
        let activities = self.activities();
        // All of them long settled: far behind the week that is asked for again.
        let old = |at: usize| activities.get(at).copied().unwrap_or_default();
        self.rename(old(20).0, "By the lake");
        self.delete(old(17).0);
        let (moved, day) = old(14);
        self.move_to(moved, day - TimeDelta::days(1));
        self.upload(old(11).1 - TimeDelta::days(1));
        self.give_kudos(old(8).0, 5);
        Ok(())
    }
}
