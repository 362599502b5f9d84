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
             /pretend/revoke          no token is good any more\n\
             /pretend/deny            the next sign-ins are refused\n",
            self.options.first_day,
            self.today(),
            self.options.client_id,
            self.options.client_secret
        )
    }

    fn act(&mut self, task: &str, demand: &Demand) -> Option<Result<(), String>> {
        let said = |done: Result<(), PretendError>| done.map_err(|error| error.to_string());
        let number = |name: &str, usual: u32| if demand.has(name) { demand.number(name) } else { Ok(usual) };
        Some(match task {
            "late" => demand.day().and_then(|day| said(self.rewrite(day, add_segment))),
            "alter" => demand.day().and_then(|day| said(self.rewrite(day, alter_segment))),
            "lose" => demand.day().and_then(|day| said(self.rewrite(day, lose_segment))),
            "empty" => demand.day().and_then(|day| said(self.rewrite(day, empty))),
            "restore" => demand.day().map(|day| self.restore(day)),
            "replace" => demand.day().map(|day| self.replace(day, demand.body.clone())),
            "leave" => {
                let minute = number("minute", self.options.minute_limit);
                let hour = number("hour", self.options.hour_limit);
                minute.and_then(|minute| hour.map(|hour| self.leave(minute, hour)))
            }
            "expire" => Ok(self.expire()),
            "revoke" => Ok(self.revoke()),
            "deny" => {
                self.denies = true;
                Ok(())
            }
            _ => return None,
        })
    }

    fn set_now(&mut self, now: DateTime<Utc>) {
        self.clock = Clock::starting_at(now);
    }

    fn behave(&mut self) {
        self.faults.clear();
        self.denies = false;
    }
}
