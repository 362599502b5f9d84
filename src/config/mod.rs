//! Settings and secrets: `fitsnap.toml`, the environment, the folders of the platform.

pub mod edit;
mod environment;
#[cfg(test)]
mod fuzz;
mod keys;
mod schema;
mod secrets;
mod settings;

pub use environment::{Environment, FolderError};
pub use schema::schema;
pub use secrets::{AppSecrets, CREDENTIALS_FILE, SecretError, Secrets};
pub use settings::{ArchiveSettings, Detail, ProviderSettings, SETTINGS_FILE, SettingsError, Stream};
