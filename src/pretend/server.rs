//! What all pretend services share: a server on loopback in a thread of its own.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use axum::Router;
use chrono::{DateTime, Utc};
use tokio::sync::oneshot;

use super::wire::{Allowance, Wires};
use super::{Asked, Misbehaviour, PretendError};

/// A pretend service behind a server: what the one who stands at the door must know of it.
pub(super) trait Service: Send + 'static {
    fn faults(&mut self) -> &mut Vec<Misbehaviour>;
    fn log(&mut self) -> &mut Vec<Asked>;
    fn now(&self) -> DateTime<Utc>;
    /// Whether an access token opens the API.
    fn is_good(&self, access: &str) -> bool;
    /// The person takes the permission back: no token is good any more.
    fn revoke(&mut self);
}

/// Takes hold of a service. A handler that panicked left one that still tells its story.
pub(super) fn hold<S>(service: &Arc<Mutex<S>>) -> MutexGuard<'_, S> {
    service.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Reads a form.
pub(super) fn form(text: &str) -> BTreeMap<String, String> {
    url::form_urlencoded::parse(text.as_bytes()).into_owned().collect()
}

/// A server under way; it ends when it is dropped.
pub(super) struct Server {
    address: SocketAddr,
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Starts one at a port of 127.0.0.1, 0 for any that is free.
    pub fn start(port: u16, router: Router) -> Result<Server, PretendError> {
        let failed = |source| PretendError::Listen { port, source };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
        let listener = runtime.block_on(tokio::net::TcpListener::bind(("127.0.0.1", port))).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let (end, ended) = oneshot::channel();
        let thread = std::thread::Builder::new().name("pretend".to_owned()).spawn(move || {
            runtime.block_on(async move {
                let service = router.into_make_service_with_connect_info::<Allowance>();
                tokio::select! {
                    _ = axum::serve(Wires(listener), service) => {}
                    _ = ended => {}
                }
            });
            // A request that stalls must not hold the end up.
            runtime.shutdown_background();
        });
        Ok(Server { address, end: Some(end), thread: Some(thread.map_err(failed)?) })
    }

    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(end) = self.end.take() {
            let _ = end.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
