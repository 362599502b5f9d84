//! What the pretend Google Health does on demand.

use chrono::{DateTime, Utc};

use super::world::World;
use crate::model::Clock;
use crate::pretend::control::{Demand, OnDemand};

impl OnDemand for World {
    fn manual(&self) -> String {
        let (first, today) = self.days();
        format!(
            "This is a pretend Google Health: API v4 below /v4/users/me, sign-in at /o/oauth2/v2/auth and /token.\n\
             Nothing in it is real. It tells the days from {first} to {today}; its app is {} with the secret {}.\n\n\
             It does on demand (POST, for example curl -X POST 'http://.../pretend/late?day=2015-07-05'):\n\
             /pretend/late?day=D      the tracker hands an evening of that day over\n\
             /pretend/alter?day=D&count=N   so many heart rates of that day are other ones\n\
             /pretend/thin?day=D      nine of ten heart rates of that day are gone\n\
             /pretend/classic?day=D   the night to that day is told without its stages\n\
             /pretend/stages?day=D    it is told with them\n\
             /pretend/synced?time=T   the tracker has synced until then, and no further (RFC 3339)\n\
             /pretend/move?zone=Z&day=D   the person lives in this zone from that day on\n\
             /pretend/leave?minute=N  leaves so many requests\n\
             /pretend/tick?scope=S    what the person allows from now on\n\
             /pretend/refuse?path=P&status=N&reason=R   refuses with Google's words where the path holds this\n\
             /pretend/loop?type=T     the pages of a data type never end\n\
             /pretend/expire          access tokens expire\n",
            self.options.client_id, self.options.client_secret
        )
    }

    fn act(&mut self, task: &str, demand: &Demand) -> Result<bool, String> {
        match task {
            "late" => drop(self.late.insert(demand.day()?)),
            "alter" => drop(self.altered.insert(demand.day()?, demand.number("count")?)),
            "thin" => drop(self.thinned.insert(demand.day()?)),
            "classic" => drop(self.classic.insert(demand.day()?)),
            "stages" => drop(self.classic.remove(&demand.day()?)),
            "synced" => {
                let time = DateTime::parse_from_rfc3339(demand.text("time")?);
                self.synced = Some(time.map_err(|_| "time is no RFC 3339, like 2015-07-11T06:00:00Z")?.to_utc());
            }
            "move" => {
                let zone = demand.text("zone")?.parse().map_err(|_| "zone is none, like Asia/Tokyo")?;
                self.moves.insert(demand.day()?, zone);
            }
            "leave" => self.leave(demand.number("minute")?),
            "tick" => self.options.scope = demand.text("scope")?.to_owned(),
            "refuse" => {
                let (path, reason) = (demand.text("path")?.to_owned(), demand.text("reason")?.to_owned());
                self.refusals.push((path, demand.number("status")?, reason, "The request is refused.".to_owned()));
            }
            "loop" => drop(self.looping.insert(demand.text("type")?.to_owned())),
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
        self.refusals.clear();
        self.looping.clear();
    }
}
