//! The wish to stop, which SIGINT and SIGTERM set.

use std::sync::Arc;

use tokio::sync::watch;

/// A handle on the wish to stop; its clones share it.
#[derive(Clone, Debug)]
pub struct Stop(Arc<watch::Sender<bool>>);

impl Default for Stop {
    fn default() -> Stop {
        Stop::new()
    }
}

impl Stop {
    /// A wish that nobody has yet.
    pub fn new() -> Stop {
        Stop(Arc::new(watch::Sender::new(false)))
    }

    /// A wish that SIGINT and SIGTERM set, from now until all clones are gone.
    ///
    /// A thread of its own waits for the signals, so that they count also while nothing is awaited.
    ///
    /// # Errors
    /// When the system gives no thread or no signal handler.
    pub fn of_signals() -> std::io::Result<Stop> {
        let stop = Stop::new();
        stop.follow_signals()?;
        Ok(stop)
    }

    /// Lets SIGINT and SIGTERM set this wish, from now until all clones are gone.
    ///
    /// # Errors
    /// When the system gives no thread or no signal handler.
    pub fn follow_signals(&self) -> std::io::Result<()> {
        let mut changes = self.0.subscribe();
        let wish = Arc::downgrade(&self.0);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let mut signals = {
            let _inside = runtime.enter();
            Signals::new()?
        };
        std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
            runtime.block_on(async move {
                tokio::select! {
                    () = signals.next() => if let Some(wish) = wish.upgrade() { wish.send_replace(true); },
                    // Set by hand, or the last handle is gone: either way there is nothing left to do.
                    _ = changes.changed() => {}
                }
            });
        })?;
        Ok(())
    }

    /// Wishes to stop.
    #[cfg(test)]
    pub fn set(&self) {
        self.0.send_replace(true);
    }

    /// Whether somebody wishes to stop.
    pub fn is_set(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until somebody wishes to stop.
    pub async fn wait(&self) {
        // The sender lives as long as this handle, so this ends only when the wish is there.
        let _ = self.0.subscribe().wait_for(|wish| *wish).await;
    }
}

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> std::io::Result<Signals> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Signals { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(windows)]
struct Signals(tokio::signal::windows::CtrlC);

#[cfg(windows)]
impl Signals {
    fn new() -> std::io::Result<Signals> {
        tokio::signal::windows::ctrl_c().map(Signals)
    }

    async fn next(&mut self) {
        self.0.recv().await;
    }
}
