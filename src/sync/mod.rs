//! Asking a provider for the days that are missing and those of the window.

mod activities;
mod engine;
mod losses;
mod plan;

pub use engine::{Ended, Job, Progress, preview, run};
pub use plan::Wish;
