//! What the service itself says was changed, beside its lists.

use std::time::Instant;

use super::walk::{Asking, quarantine};
use crate::http::FetchError;
use crate::providers::{Changes, Opening};
use crate::sync::engine::{Ended, ended_by, wait};

impl Asking<'_, '_> {
    /// Asks for what was changed since it was last heeded; nothing where the service does not tell, and a
    /// reason where this time it cannot. Neither ends a run: what is there, the lists tell.
    pub async fn changes(&mut self, opening: &Opening) -> Result<Result<Option<Changes>, String>, Ended> {
        let (start, now) = (Instant::now(), self.job.clock.now());
        let since = self.job.archive.checked(self.job.name).changes();
        loop {
            return match self.provider.changes(self.session, &opening.account, since, now).await {
                Ok(changes) => Ok(Ok(Some(changes))),
                Err(FetchError::Wait { reason, until }) => {
                    wait(self.job, self.progress, &reason, until, start.elapsed()).await?;
                    continue;
                }
                Err(FetchError::Refused { .. }) => Ok(Ok(None)),
                Err(FetchError::Malformed { reason, body, .. }) => {
                    Ok(Err(format!("{reason}{}", quarantine(self.job, None, &body))))
                }
                Err(FetchError::Unreachable { reason }) => Ok(Err(reason)),
                Err(error) => Err(ended_by(error)),
            };
        }
    }
}
