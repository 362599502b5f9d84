//! `fitsnap browse`, by which `login` opens the browser

use crate::cli::ExitCode;

/// Open an address in the browser; fitsnap login calls this, in a process that knows no secret
///
/// A browser runs on for hours and starts much else, and all of it inherits the variables of what
/// started it.
#[derive(Debug, clap::Args)]
pub struct BrowseArgs {
    /// The address
    address: String,
}

pub fn run(args: &BrowseArgs) -> ExitCode {
    // Who signs in sees the address anyway, and is told there what to do without a browser.
    if webbrowser::open(&args.address).is_ok() { ExitCode::Done } else { ExitCode::SomeFailed }
}
