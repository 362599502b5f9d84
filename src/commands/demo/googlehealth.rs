//! Google Health in the demo: a tracker that hands over late, a night whose stages are reckoned later, heart rates
//! that are thinned out.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::cast::{Player, Role, Started};
use crate::pretend::{GoogleHealthOptions, PretendError, PretendGoogleHealth};

/// How long its person has worn the tracker.
const DAYS: TimeDelta = TimeDelta::days(10);

/// How long before the first sync the tracker last handed over what it recorded.
const UNSYNCED: TimeDelta = TimeDelta::hours(20);

pub(super) const ROLE: Role = Role {
    kind: "googlehealth",
    about: "11 days of heart, steps and sleep",
    story: &[
        "a tracker synced late, an evening uploaded later still,",
        "a night told with its stages, heart rates thinned out",
    ],
    settings: "",
    start,
};

fn start(now: DateTime<Utc>) -> Started {
    let today = now.date_naive();
    let mut options = GoogleHealthOptions::new(today - DAYS, now);
    options.heart_every = 120;
    let health = PretendGoogleHealth::start(options)?;
    health.sync_tracker(now - UNSYNCED);
    health.set_classic(today - TimeDelta::days(2), true);
    Ok(Box::new(health))
}

impl Player for PretendGoogleHealth {
    fn base_url(&self) -> String {
        self.base_url()
    }

    fn set_now(&self, now: DateTime<Utc>) {
        self.set_now(now);
        self.sync_tracker(now);
    }

    fn rewrite(&self, today: NaiveDate) -> Result<(), PretendError> {
        let before = |days| today - TimeDelta::days(days);
        self.set_classic(before(2), false);
        self.upload_late(before(3));
        self.thin_out(before(4));
        Ok(())
    }
}
