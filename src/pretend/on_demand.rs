//! What the pretend Moves does on demand.

use chrono::{DateTime, Utc};

use super::PretendError;
use super::control::{Demand, OnDemand};
use super::world::{World, add_segment, alter_segment, empty, lose_segment};
use crate::model::Clock;

impl OnDemand for World {
    fn manual(&self) -> String {
        format!(
            "This is a pretend Moves: API 1.1 below /api/1.1, sign-in below /oauth/v1. Nothing in it is real.\n\
             It tells the days from {} to {}; its app is {} with the secret {}.\n\n\
             It does on demand (POST, for example curl -X POST 'http://.../pretend/alter?day=2015-07-05'):\n\
             /pretend/late?day=D      a walk of that day is uploaded late\n\
             /pretend/alter?day=D     a stay of that day gets another end\n\
             /pretend/lose?day=D      a move of that day is gone\n\
             /pretend/empty?day=D     everything of that day is gone\n\
             /pretend/restore?day=D   the day is told as at first\n\
             /pretend/replace?day=D   the day is told with the request's body\n\
             /pretend/leave[?minute=N][&hour=N]   leaves so many requests\n\
             /pretend/expire          access tokens expire\n\
             /pretend/deny            the next sign-ins are refused\n",
            self.options.first_day,
            self.today(),
            self.options.client_id,
            self.options.client_secret
        )
    }

    fn act(&mut self, task: &str, demand: &Demand) -> Result<bool, String> {
        let said = |done: Result<(), PretendError>| done.map_err(|error| error.to_string());
        let number = |name: &str, usual: u32| if demand.has(name) { demand.number(name) } else { Ok(usual) };
        match task {
            "late" => said(self.rewrite(demand.day()?, add_segment))?,
            "alter" => said(self.rewrite(demand.day()?, alter_segment))?,
            "lose" => said(self.rewrite(demand.day()?, lose_segment))?,
            "empty" => said(self.rewrite(demand.day()?, empty))?,
            "restore" => self.restore(demand.day()?),
            "replace" => self.replace(demand.day()?, demand.body.clone()),
            "leave" => {
                let minute = number("minute", self.options.minute_limit)?;
                self.leave(minute, number("hour", self.options.hour_limit)?);
            }
            "expire" => self.expire(),
            "deny" => self.denies = true,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn set_now(&mut self, now: DateTime<Utc>) {
        self.clock = Clock::starting_at(now);
    }

    fn behave(&mut self) {
        self.faults.clear();
        self.denies = false;
    }
}
