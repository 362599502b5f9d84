//! What the process was given: variables, the current folder, and the folders that follow from them.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;

use etcetera::{AppStrategy, AppStrategyArgs, BaseStrategy};

use super::secrets::is_secret;

/// The environment of one run, taken once, so that nothing below asks the process again.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    variables: BTreeMap<String, OsString>,
    folder: PathBuf,
}

/// The platform names no folder for settings or state.
#[derive(Debug, thiserror::Error)]
#[error("this account has no home folder; set FITSNAP_CONFIG_DIR and FITSNAP_STATE_DIR")]
pub struct FolderError;

impl Environment {
    /// The environment of this process.
    pub fn of_process() -> Environment {
        let variables =
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value))).collect();
        Environment { variables, folder: std::env::current_dir().unwrap_or_else(|_| PathBuf::from(".")) }
    }

    /// The environment with a variable set.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<OsString>) -> Environment {
        self.variables.insert(name.to_owned(), value.into());
        self
    }

    /// A variable's value, if it is set, not empty and text.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name)?.to_str().filter(|value| !value.is_empty())
    }

    /// A variable's value as text, though it be empty: for some that says something of its own.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.variables.get(name)?.to_str()
    }

    /// The names of the variables that begin like this.
    pub fn names<'a>(&'a self, beginning: &'a str) -> impl Iterator<Item = &'a str> {
        self.variables.keys().map(String::as_str).filter(move |name| name.starts_with(beginning))
    }

    /// A program to be run with these variables, but for those that give secrets: what is started by
    /// fitsnap has no need of them.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        let open = self.variables.iter().filter(|(name, _)| !is_secret(name));
        command.env_clear().envs(open);
        command
    }

    /// The current folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where `credentials.toml` is looked for: `FITSNAP_CONFIG_DIR`, else the platform's own folder.
    ///
    /// # Errors
    /// When the account has no home folder.
    pub fn config_dir(&self) -> Result<PathBuf, FolderError> {
        self.chosen("FITSNAP_CONFIG_DIR", |strategy| strategy.config_dir())
    }

    /// Where tokens are kept: `FITSNAP_STATE_DIR`, else the platform's own folder.
    ///
    /// # Errors
    /// When the account has no home folder.
    pub fn state_dir(&self) -> Result<PathBuf, FolderError> {
        self.chosen("FITSNAP_STATE_DIR", |strategy| strategy.state_dir().unwrap_or_else(|| strategy.data_dir()))
    }

    /// Where systemd looks for a person's own units.
    ///
    /// # Errors
    /// When the account has no home folder.
    pub fn user_units(&self) -> Result<PathBuf, FolderError> {
        let strategy = etcetera::base_strategy::Xdg::new().map_err(|_| FolderError)?;
        Ok(BaseStrategy::config_dir(&strategy).join("systemd/user"))
    }

    fn chosen(
        &self,
        variable: &str,
        platform: impl Fn(&etcetera::app_strategy::Xdg) -> PathBuf,
    ) -> Result<PathBuf, FolderError> {
        if let Some(folder) = self.variables.get(variable).filter(|value| !value.is_empty()) {
            return Ok(self.folder.join(folder));
        }
        let names =
            AppStrategyArgs { top_level_domain: String::new(), author: String::new(), app_name: "fitsnap".into() };
        let strategy = etcetera::app_strategy::Xdg::new(names).map_err(|_| FolderError)?;
        Ok(platform(&strategy))
    }
}
