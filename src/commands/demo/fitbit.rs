//! Fitbit in the demo: heart rates and nights, with a tracker that hands over late.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::cast::{Player, Role, Started};
use crate::pretend::{FitbitOptions, PretendError, PretendFitbit};

/// How many days before the demo its person became a member.
const DAYS: i64 = 11;

pub(super) const ROLE: Role = Role {
    kind: "fitbit",
    about: "12 days of heart rates and nights",
    story: &[
        "the tracker handed over late, a night got its stages,",
        "heart rates altered, those of a day thinned out",
    ],
    settings: "resources = [\"heart\", \"sleep\"]\n",
    start,
};

fn start(now: DateTime<Utc>) -> Started {
    let today = now.date_naive();
    let fitbit = PretendFitbit::start(FitbitOptions::new(today - TimeDelta::days(DAYS), now))?;
    fitbit.hand_over(Some(now - TimeDelta::hours(3)));
    fitbit.keep_classic(today - TimeDelta::days(1));
    Ok(Box::new(fitbit))
}

impl Player for PretendFitbit {
    fn base_url(&self) -> String {
        self.base_url()
    }

    fn set_now(&self, now: DateTime<Utc>) {
        self.set_now(now);
    }

    fn rewrite(&self, today: NaiveDate) -> Result<(), PretendError> {
        self.hand_over(None);
        self.work_out_stages(today - TimeDelta::days(1));
        self.alter_heart(today, 3);
        self.thin_heart(today - TimeDelta::days(5), 4);
        Ok(())
    }
}
