//! What the pretend Strava does on demand.

use std::fmt::Write;

use chrono::{DateTime, Utc};

use super::world::{Activity, World};
use crate::model::Clock;
use crate::pretend::control::{Demand, OnDemand};

/// So many activities stand on the front page.
const SHOWN: usize = 12;

impl OnDemand for World {
    fn manual(&self) -> String {
        let mut text = format!(
            "This is a pretend Strava: API v3 below /api/v3, sign-in below /oauth. Nothing in it is real.\n\
             Its app is {} with the secret {}. The newest of its {} activities:\n\n",
            self.options.client_id,
            self.options.client_secret,
            self.activities.len()
        );
        for one in self.activities.iter().take(SHOWN) {
            let _ = writeln!(text, "{}  {}  {}", one.id, one.start, one.name);
        }
        text.push_str(
            "\nIt does on demand (POST, for example curl -X POST 'http://.../pretend/upload?day=2015-07-05'):\n\
             /pretend/upload?day=D    an activity of that day is uploaded\n\
             /pretend/rename?id=N&name=T   an activity gets another name\n\
             /pretend/move?id=N&day=D an activity moves to another day\n\
             /pretend/private?id=N    only the person sees an activity from now on\n\
             /pretend/delete?id=N     an activity is deleted\n\
             /pretend/hide?id=N       the list leaves an activity out that is still there\n\
             /pretend/leave?quarter=N&daily=N   leaves so many requests\n\
             /pretend/tick?scope=S    what the person allows from now on\n\
             /pretend/off             the app is switched off\n\
             /pretend/expire          access tokens expire\n",
        );
        text
    }

    fn act(&mut self, task: &str, demand: &Demand) -> Result<bool, String> {
        match task {
            "upload" => {
                self.upload(demand.day()?);
            }
            "rename" => {
                let name = demand.text("name")?;
                self.change(demand, |one| one.name = name.to_owned())?;
            }
            "move" => {
                let day = demand.day()?;
                self.change(demand, |one| one.start = day.and_time(one.start.time()))?;
            }
            "private" => self.change(demand, |one| one.is_private = true)?,
            "hide" => self.change(demand, |one| one.is_hidden = true)?,
            "delete" => {
                // There must be one of that id.
                self.change(demand, |_| {})?;
                self.delete(demand.number("id")?);
            }
            "leave" => self.leave(demand.number("quarter")?, demand.number("daily")?),
            "tick" => self.options.scope = demand.text("scope")?.to_owned(),
            "off" => self.is_off = true,
            "expire" => self.tokens.expire(),
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn set_now(&mut self, now: DateTime<Utc>) {
        self.clock = Clock::starting_at(now);
    }

    fn behave(&mut self) {
        self.faults.clear();
        self.is_off = false;
    }
}

impl World {
    fn change(&mut self, demand: &Demand, change: impl FnOnce(&mut Activity)) -> Result<(), String> {
        let id: u64 = demand.number("id")?;
        if !self.alter(id, change) {
            return Err(format!("there is no activity {id}"));
        }
        Ok(())
    }
}
