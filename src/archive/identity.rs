//! Who makes the commits: the person, as git knows them.

use chrono::{DateTime, Utc};
use git2::{Config, ConfigLevel, Repository, Signature, Time};

use super::ArchiveError;
use crate::config::Environment;

/// The person's own git identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    author: (String, String),
    committer: (String, String),
}

impl Identity {
    /// The identity that git would use: `GIT_AUTHOR_NAME` and its kin, else `user.name` and `user.email`.
    pub(super) fn of(repository: &Repository, environment: &Environment) -> Result<Identity, ArchiveError> {
        Identity::in_configuration(&configuration(Some(repository), environment)?, environment)
    }

    /// As `of`, from a configuration at hand.
    pub(super) fn in_configuration(config: &Config, environment: &Environment) -> Result<Identity, ArchiveError> {
        let set = |key: &str| config.get_str(key).ok().map(str::trim).filter(|v| !v.is_empty()).map(str::to_owned);
        let find = |role: &str| {
            let part = |name: &str, variable: &str| {
                let given = environment.get(&format!("GIT_{}_{variable}", role.to_uppercase())).map(str::to_owned);
                given.or_else(|| set(&format!("{role}.{name}"))).or_else(|| set(&format!("user.{name}")))
            };
            let name = part("name", "NAME")?;
            // Git itself takes EMAIL where nothing else is set.
            let email = part("email", "EMAIL").or_else(|| environment.get("EMAIL").map(str::to_owned))?;
            Some((name, email))
        };
        match (find("author"), find("committer")) {
            (Some(author), Some(committer)) => Ok(Identity { author, committer }),
            _ => Err(ArchiveError::NoIdentity),
        }
    }

    /// The author line's value of a commit at this time: name, address, seconds, zone.
    pub(super) fn author(&self, time: DateTime<Utc>) -> Result<String, ArchiveError> {
        line(&self.author, time)
    }

    /// The committer's name and address, as gpg finds a key by them.
    pub(super) fn committer_alone(&self) -> String {
        format!("{} <{}>", self.committer.0, self.committer.1)
    }

    /// The committer line's value of a commit at this time.
    pub(super) fn committer(&self, time: DateTime<Utc>) -> Result<String, ArchiveError> {
        line(&self.committer, time)
    }
}

/// Git's configuration, fixed as it is now: the repository's, if there is one, over the person's over
/// the system's. libgit2 does not look at `GIT_CONFIG_GLOBAL` by itself.
pub(super) fn configuration(
    repository: Option<&Repository>,
    environment: &Environment,
) -> Result<Config, ArchiveError> {
    let read = || {
        let Some(global) = environment.get("GIT_CONFIG_GLOBAL") else {
            return match repository {
                Some(repository) => repository.config()?.snapshot(),
                None => Config::open_default()?.snapshot(),
            };
        };
        let mut config = Config::new()?;
        let system = Config::find_system().ok().filter(|_| environment.get("GIT_CONFIG_NOSYSTEM").is_none());
        if let Some(system) = system {
            config.add_file(&system, ConfigLevel::System, false)?;
        }
        config.add_file(&environment.folder().join(global), ConfigLevel::Global, false)?;
        if let Some(repository) = repository {
            config.add_file(&repository.commondir().join("config"), ConfigLevel::Local, false)?;
        }
        config.snapshot()
    };
    read().map_err(ArchiveError::git("read git's configuration"))
}

fn line((name, email): &(String, String), time: DateTime<Utc>) -> Result<String, ArchiveError> {
    // libgit2 takes away what git does not allow in a name.
    let signature = Signature::new(name, email, &Time::new(time.timestamp(), 0));
    let signature = signature.map_err(|_| ArchiveError::NoIdentity)?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok(format!("{} <{}> {} +0000", text(signature.name_bytes()), text(signature.email_bytes()), time.timestamp()))
}
