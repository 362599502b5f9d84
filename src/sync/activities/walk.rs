//! Walking a list through, over the network.

use std::collections::BTreeMap;
use std::time::Instant;

use super::entry::{Entry, Reader};
use super::pass::Pass;
use crate::auth::Session;
use crate::http::FetchError;
use crate::model::{Day, DayRange};
use crate::providers::{ActivityProvider, Feed, Page};
use crate::sync::engine::{Ended, Job, Progress, ended_by, wait};

/// So many times a list is walked that shifts under the walk.
const PASSES: usize = 3;

/// What a list has.
pub(super) struct Listed {
    pub feed: Feed,
    pub entries: BTreeMap<String, Entry>,
    /// Activities whose entry cannot be used, and why.
    pub unusable: BTreeMap<String, String>,
    /// Why this may not be all there is.
    pub doubt: Option<String>,
    /// How many requests one walk takes.
    pub pages: u64,
}

/// Whom to ask, and how to wait meanwhile.
pub(super) struct Asking<'a, 'j> {
    pub job: &'a Job<'j>,
    pub session: &'a Session,
    pub progress: &'a mut dyn Progress,
    pub provider: &'a dyn ActivityProvider,
}

impl Asking<'_, '_> {
    /// Walks a list through, again where it shifted meanwhile.
    pub async fn walk(&mut self, feed: Feed) -> Result<Listed, Ended> {
        let mut before: Option<Pass> = None;
        let mut pages = 0;
        for left in (0..PASSES).rev() {
            let asked = self.session.requests();
            let mut pass = self.pass(&feed).await?;
            pages = self.session.requests() - asked;
            let alike = || before.as_ref().is_some_and(|before| before.is_like(&pass));
            let steady = pass.hole.is_none() && (pass.unsteady.is_none() || alike());
            if pass.broken.is_none() && !steady && left > 0 {
                if let Some(before) = before.take() {
                    pass.add(before);
                }
                before = Some(pass);
                continue;
            }
            let doubt = pass.broken.clone().or_else(|| pass.hole.clone().or(pass.unsteady.clone()).filter(|_| !steady));
            if doubt.is_some()
                && let Some(before) = before.take()
            {
                pass.add(before);
            }
            return Ok(Listed { feed, entries: pass.entries, unusable: pass.unusable, doubt, pages });
        }
        Ok(Listed { feed, entries: BTreeMap::new(), unusable: BTreeMap::new(), doubt: None, pages })
    }

    async fn pass(&mut self, feed: &Feed) -> Result<Pass, Ended> {
        let mut reader = Reader::new(feed, &self.job.provider.description().rules);
        let mut pass = Pass::default();
        let mut at: Option<String> = None;
        loop {
            if self.job.stop.is_set() {
                return Err(Ended::Interrupted);
            }
            let page = match self.page(feed, at.as_deref()).await? {
                Ok(page) => page,
                Err(reason) => {
                    pass.broken = Some(reason);
                    return Ok(pass);
                }
            };
            match pass.page(feed, &mut reader, &page) {
                Some(next) => at = Some(next),
                None => break,
            }
        }
        if pass.has_seams() && pass.broken.is_none() {
            match self.page(feed, None).await? {
                Ok(page) => pass.look_again(feed, &page),
                Err(reason) => pass.broken = Some(reason),
            }
        }
        Ok(pass)
    }

    /// Asks for a page; tells why it cannot be used.
    async fn page(&mut self, feed: &Feed, at: Option<&str>) -> Result<Result<Page, String>, Ended> {
        let start = Instant::now();
        loop {
            return match self.provider.page(self.session, feed, at).await {
                Ok(page) => Ok(Ok(page)),
                Err(FetchError::Wait { reason, until }) => {
                    wait(self.job, self.progress, &reason, until, start.elapsed()).await?;
                    continue;
                }
                Err(FetchError::Malformed { reason, body, .. }) => {
                    Ok(Err(format!("{reason}{}", quarantine(self.job, None, &body))))
                }
                Err(FetchError::Refused { reason }) => Ok(Err(reason)),
                Err(error) => Err(ended_by(error)),
            };
        }
    }
}

/// Keeps an answer that cannot be used, and tells where, as the end of a sentence.
pub(super) fn quarantine(job: &Job<'_>, day: Option<Day>, body: &[u8]) -> String {
    let now = job.clock.now();
    let Some(day) = day.or_else(|| Day::from_date(now.date_naive())).filter(|_| !body.is_empty()) else {
        return String::new();
    };
    match job.archive.quarantine(job.name, DayRange { first: day, last: day }, body, now) {
        Ok(path) => format!("; the answer is kept in {}", path.display()),
        Err(_) => String::new(),
    }
}
