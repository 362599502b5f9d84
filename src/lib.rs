//! fitsnap keeps a person's fitness history safe from the services that hold it.
//!
//! A *provider* is a service; each offers *resources*; all that it says of one *day* is a *day
//! document*, a JSON file in canonical form in an *archive*, which is a git work tree. A *revision*
//! is one version of one day document in one commit.
//!
//! The rooms, from the top; a room imports only from those below it:
//!
//! | room | matter |
//! |---|---|
//! | `commands` | one file a verb: arguments, run, report |
//! | `cli` | words to and from the terminal, exit codes |
//! | `sync`, `import`, `audit`, `export` | the engines; they do not know each other |
//! | `providers`, then `auth`, then `http` | what each service offers, getting in, talking |
//! | `archive` | what is on disk and in git |
//! | `pretend` | pretend providers on loopback, for the demo and the tests |
//! | `config` | settings, secrets, folders |
//! | `model`, then `json` | pure values: days, documents, canonical form, record diff |

mod archive;
mod audit;
mod auth;
mod cli;
mod commands;
mod config;
mod export;
#[cfg(test)]
mod fuzzing;
mod http;
mod import;
pub mod json;
mod model;
pub mod pretend;
mod providers;
mod sync;

pub use cli::ExitCode;
pub use commands::run;
pub use config::Environment;
