//! Asking a provider for the days that are missing and those of the window.

mod activities;
mod days;
mod engine;
mod losses;

pub use days::{Wish, lacking};
pub use engine::{Ended, Job, Pace, Preview, Progress, preview, run};
