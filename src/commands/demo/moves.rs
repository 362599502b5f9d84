//! Moves in the demo: a person's days, of which the service changes its mind about the last week.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::cast::{Player, Role, Started};
use crate::pretend::{Pretend, PretendError, PretendOptions};

pub(super) const ROLE: Role = Role {
    kind: "moves",
    about: "where its person was, for 93 days",
    story: &["a walk uploaded late, a stay that ends later, a move lost,", "a whole day emptied"],
    settings: "",
    start,
};

fn start(now: DateTime<Utc>) -> Started {
    let first = now.date_naive() - TimeDelta::days(92);
    Ok(Box::new(Pretend::start(PretendOptions::new(first, now))?))
}

impl Player for Pretend {
    fn base_url(&self) -> String {
        self.base_url()
    }

    fn set_now(&self, now: DateTime<Utc>) {
        self.set_now(now);
    }

    fn rewrite(&self, today: NaiveDate) -> Result<(), PretendError> {
        // A day without records cannot be rewritten; the days are taken as they come.
        let mut days = (1..6).map(|ago| today - TimeDelta::days(ago)).filter(|day| self.has_records(*day));
        let mut next = || days.next().unwrap_or(today);
        self.upload_late(next())?;
        self.alter_segment(next())?;
        self.lose_segment(next())?;
        self.empty_day(next())
    }
}
