//! What the pretend Runkeeper does on demand.

use std::fmt::Write;

use chrono::{DateTime, NaiveTime, Utc};

use super::world::{Item, World};
use crate::model::Clock;
use crate::pretend::control::{Demand, OnDemand};

/// So many items stand on the front page.
const SHOWN: usize = 12;

impl OnDemand for World {
    fn manual(&self) -> String {
        let mut text = format!(
            "This is a pretend Runkeeper: the Health Graph from /user on, sign-in below /apps. Nothing in it is real.\n\
             Its app is {} with the secret {}. The newest of its {} items:\n\n",
            self.options.client_id,
            self.options.client_secret,
            self.items.len()
        );
        for item in self.items.iter().take(SHOWN) {
            let _ = writeln!(text, "{}  {}  {}", item.start, item.uri, item.notes);
        }
        text.push_str(
            "\nIt does on demand (POST, for example curl -X POST 'http://.../pretend/upload?feed=/weight&day=2015-07-05'):\n\
             /pretend/upload?feed=F&day=D   something of that day is added to a feed\n\
             /pretend/annotate?uri=U&notes=T   something gets other notes\n\
             /pretend/move?uri=U&day=D   something moves to another day\n\
             /pretend/live?uri=U      an activity is being recorded again\n\
             /pretend/done?uri=U      it is no longer\n\
             /pretend/delete?uri=U    something is deleted\n\
             /pretend/latin           answers in Latin-1 from now on\n\
             /pretend/leave?requests=N   answers so many requests more\n\
             /pretend/deny            the next sign-ins are refused\n",
        );
        text
    }

    fn act(&mut self, task: &str, demand: &Demand) -> Result<bool, String> {
        match task {
            "upload" => {
                let (feed, start) = (demand.text("feed")?, demand.day()?.and_time(NaiveTime::MIN));
                self.upload(feed, start, "").ok_or_else(|| format!("there is no feed {feed}"))?;
            }
            "annotate" => {
                let notes = demand.text("notes")?;
                self.change(demand, |item| item.notes = notes.to_owned())?;
            }
            "move" => {
                let day = demand.day()?;
                self.change(demand, |item| item.start = day.and_time(item.start.time()))?;
            }
            "live" => self.change(demand, |item| item.is_live = true)?,
            "done" => self.change(demand, |item| item.is_live = false)?,
            "delete" => known(demand.text("uri")?, self.delete(demand.text("uri")?))?,
            "latin" => self.latin = true,
            "leave" => self.left = Some(demand.number("requests")?),
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
        self.size_lies_by = 0;
        self.denies = false;
        self.left = None;
    }
}

impl World {
    fn change(&mut self, demand: &Demand, change: impl FnOnce(&mut Item)) -> Result<(), String> {
        let uri = demand.text("uri")?;
        known(uri, self.alter(uri, change))
    }
}

fn known(uri: &str, is_known: bool) -> Result<(), String> {
    if is_known { Ok(()) } else { Err(format!("there is nothing at {uri}")) }
}
