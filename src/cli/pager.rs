//! The pager, as git uses one: `GIT_PAGER`, else `PAGER`, else `less -FRX`.

use std::io::{self, Write};
use std::process::{Child, ChildStdin, Stdio};

use crate::config::Environment;

/// A pager at work. It ends when the person leaves it, and with it the command.
pub(super) struct Pager {
    child: Child,
    input: Option<ChildStdin>,
}

impl Pager {
    /// Starts the pager that the environment asks for; none where it asks for none or has none.
    pub(super) fn start(environment: &Environment) -> Option<Pager> {
        let chosen = environment.text("GIT_PAGER").or_else(|| environment.text("PAGER"));
        let chosen = chosen.unwrap_or("less -FRX").trim();
        if chosen.is_empty() || chosen == "cat" {
            return None;
        }
        let mut command = environment.command(if cfg!(windows) { "cmd" } else { "sh" });
        command.args([if cfg!(windows) { "/C" } else { "-c" }, chosen]).stdin(Stdio::piped());
        // As git does: colours pass, one page needs no pager.
        for (name, value) in [("LESS", "FRX"), ("LV", "-c")] {
            if environment.get(name).is_none() {
                command.env(name, value);
            }
        }
        let mut child = command.spawn().ok()?;
        let input = child.stdin.take();
        leave_interrupts_to_it();
        Some(Pager { child, input })
    }
}

/// Ctrl-C in a pager ends a search or the following of a file, not the pager; it must not end what
/// feeds it either.
fn leave_interrupts_to_it() {
    std::thread::spawn(|| {
        if let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_io().build() {
            runtime.block_on(async { while tokio::signal::ctrl_c().await.is_ok() {} });
        }
    });
}

impl Write for Pager {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.input {
            Some(input) => input.write(bytes),
            None => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.input.as_mut().map_or(Ok(()), Write::flush)
    }
}

impl Drop for Pager {
    fn drop(&mut self) {
        // The end of the text, then the person reads as long as they like.
        self.input = None;
        let _ = self.child.wait();
    }
}
