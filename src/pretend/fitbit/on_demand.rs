//! What the pretend Fitbit does on demand.

use chrono::{DateTime, Utc};

use super::world::World;
use crate::model::Clock;
use crate::pretend::control::{Demand, OnDemand};

impl OnDemand for World {
    fn manual(&self) -> String {
        format!(
            "This is a pretend Fitbit: its Web API below /1 and /1.2, sign-in below /oauth2. Nothing in it is real.\n\
             It tells the days from {}; its app is {}, with the secret {}.\n\
             Its tracker has handed over up to {}.\n\n\
             It does on demand (POST, for example curl -X POST 'http://.../pretend/thin?day=2015-07-05&nth=5'):\n\
             /pretend/thin?day=D&nth=N    of that day's heart rates only each Nth is told\n\
             /pretend/alter?day=D&count=N the first N heart rates of that day are one beat higher\n\
             /pretend/restore?day=D       the heart rates of that day are told as at first\n\
             /pretend/classic?day=D       the night that ends on that day has no stages\n\
             /pretend/stages?day=D        it has them again\n\
             /pretend/handover?until=T    the tracker has handed over up to then, and no more\n\
             /pretend/handover            it hands over everything\n\
             /pretend/leave?hour=N        leaves so many requests\n\
             /pretend/tick?scope=S        what the person allows from now on\n\
             /pretend/off                 the Web API is switched off\n\
             /pretend/expire              access tokens expire\n",
            self.options.first_day,
            self.options.client_id,
            self.options.client_secret.as_deref().unwrap_or("none"),
            self.known_until().format("%Y-%m-%dT%H:%M:%SZ"),
        )
    }

    fn act(&mut self, task: &str, demand: &Demand) -> Result<bool, String> {
        match task {
            "thin" => {
                self.thinned.insert(demand.day()?, demand.number("nth")?);
            }
            "alter" => {
                self.altered.insert(demand.day()?, demand.number("count")?);
            }
            "restore" => {
                let day = demand.day()?;
                self.thinned.remove(&day);
                self.altered.remove(&day);
            }
            "classic" => {
                self.classic.insert(demand.day()?);
            }
            "stages" => {
                self.classic.remove(&demand.day()?);
            }
            "handover" if demand.has("until") => {
                let until = DateTime::parse_from_rfc3339(demand.text("until")?);
                self.handed_over = Some(until.map_err(|_| "until is no RFC 3339, like 2015-07-11T06:00:00Z")?.to_utc());
            }
            "handover" => self.handed_over = None,
            "leave" => self.leave(demand.number("hour")?),
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
