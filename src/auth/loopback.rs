//! The listener on this machine to which the browser brings the provider's answer.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use url::Url;

use super::login::{Allowed, LoginError};
use super::pasted::read_answer;
use crate::http::{FetchError, Stop};

/// How long to wait for the person.
const PATIENCE: Duration = Duration::from_secs(600);

/// How long the browser has to receive the page that says all is well.
const FAREWELL: Duration = Duration::from_secs(2);

/// A listener on 127.0.0.1 that nobody else can reach.
pub struct Loopback {
    listener: TcpListener,
    redirect: Url,
}

struct Waiting {
    state: String,
    answers: mpsc::Sender<Result<Allowed, LoginError>>,
    answered: Mutex<bool>,
}

impl Loopback {
    /// Listens on a port of 127.0.0.1, 0 for any that is free.
    ///
    /// # Errors
    /// When the port is taken.
    pub async fn bind(port: u16) -> Result<Loopback, LoginError> {
        let failed = |source| LoginError::Listen { port, source };
        let listener = TcpListener::bind(("127.0.0.1", port)).await.map_err(failed)?;
        let port = listener.local_addr().map_err(failed)?.port();
        let redirect = redirect(port).map_err(failed)?;
        Ok(Loopback { listener, redirect })
    }

    /// The address to which the provider sends the browser.
    pub fn redirect(&self) -> &Url {
        &self.redirect
    }

    /// Waits for the one answer that carries this state; all else gets status 400.
    ///
    /// # Errors
    /// `Denied` when the person said no, `TimedOut` after 10 minutes, `Fetch` with `Interrupted`.
    pub async fn answer(self, state: &str, stop: &Stop) -> Result<Allowed, LoginError> {
        let (answers, mut answer) = mpsc::channel(1);
        let (end, ended) = oneshot::channel::<()>();
        let waiting = Arc::new(Waiting { state: state.to_owned(), answers, answered: Mutex::new(false) });
        let router = Router::new().fallback(receive).with_state(waiting);
        let serving = axum::serve(self.listener, router).with_graceful_shutdown(async {
            let _ = ended.await;
        });
        let mut serving = std::pin::pin!(async move { serving.await });
        let answer = tokio::select! {
            _ = &mut serving => None,
            answer = answer.recv() => answer,
            () = stop.wait() => Some(Err(FetchError::Interrupted.into())),
            () = tokio::time::sleep(PATIENCE) => None,
        };
        // The browser still waits for its page; it may keep the connection open after that.
        let _ = end.send(());
        let _ = tokio::time::timeout(FAREWELL, serving).await;
        answer.unwrap_or(Err(LoginError::TimedOut))
    }
}

/// The address to which a provider sends the browser, for a listener at this port of this machine.
///
/// # Errors
/// Never in practice: every port makes an address.
pub fn redirect(port: u16) -> std::io::Result<Url> {
    Url::parse(&format!("http://127.0.0.1:{port}/")).map_err(std::io::Error::other)
}

async fn receive(State(waiting): State<Arc<Waiting>>, method: Method, uri: Uri) -> Response {
    let answer = (method == Method::GET && uri.path() == "/")
        .then(|| Url::parse(&format!("http://127.0.0.1{uri}")).ok())
        .flatten()
        .map(|url| read_answer(&url, &waiting.state));
    let page = |status: StatusCode, words: &str| {
        let page = format!("<!doctype html><meta charset=utf-8><title>fitsnap</title><p>{words}</p>\n");
        let headers = [
            (header::CONTENT_TYPE, "text/html; charset=utf-8"),
            // The address in the browser's bar holds the code.
            (header::REFERRER_POLICY, "no-referrer"),
            (header::CACHE_CONTROL, "no-store"),
        ];
        (status, headers, page).into_response()
    };
    let (answer, response) = match answer {
        None | Some(Err(LoginError::WrongState | LoginError::NoCode)) => {
            return page(StatusCode::BAD_REQUEST, "This is not the answer that fitsnap waits for.");
        }
        Some(Ok(code)) => (Ok(code), page(StatusCode::OK, "fitsnap has got the answer. You can close this page.")),
        Some(Err(error)) => (Err(error), page(StatusCode::OK, "fitsnap was not allowed in. You can close this page.")),
    };
    let first = waiting.answered.lock().is_ok_and(|mut answered| !std::mem::replace(&mut *answered, true));
    if !first || waiting.answers.send(answer).await.is_err() {
        return page(StatusCode::BAD_REQUEST, "fitsnap has got its answer already.");
    }
    response
}
