//! Connections that can be told to break.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

/// As much as anybody may want to send.
const UNLIMITED: usize = usize::MAX;

/// How many more bytes a connection may send before it breaks, and whether it tells the truth about the length
/// of what it sends next; handlers hold it.
#[derive(Clone)]
pub(super) struct Allowance {
    bytes: Arc<AtomicUsize>,
    understates: Arc<AtomicBool>,
}

impl Allowance {
    /// Lets the connection break off after so many bytes more, and reset at once with none.
    pub fn set(&self, bytes: usize) {
        self.bytes.store(bytes, Ordering::SeqCst);
    }

    /// Lets the next answer say half the length that it has.
    pub fn understate(&self) {
        self.understates.store(true, Ordering::SeqCst);
    }
}

/// A connection with an allowance.
pub(super) struct Wire {
    stream: TcpStream,
    allowance: Allowance,
}

/// Listens for connections with an allowance each.
pub(super) struct Wires(pub TcpListener);

impl Listener for Wires {
    type Io = Wire;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Wire, SocketAddr) {
        let (stream, address) = Listener::accept(&mut self.0).await;
        let bytes = Arc::new(AtomicUsize::new(UNLIMITED));
        (Wire { stream, allowance: Allowance { bytes, understates: Arc::default() } }, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

impl Connected<IncomingStream<'_, Wires>> for Allowance {
    fn connect_info(stream: IncomingStream<'_, Wires>) -> Allowance {
        stream.io().allowance.clone()
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let allowed = self.allowance.bytes.load(Ordering::SeqCst);
        if allowed == UNLIMITED {
            let told = match self.allowance.understates.load(Ordering::SeqCst) {
                true => understated(bytes),
                false => None,
            };
            let written = Pin::new(&mut self.stream).poll_write(context, told.as_deref().unwrap_or(bytes));
            if told.is_some() && matches!(written, Poll::Ready(Ok(_))) {
                self.allowance.understates.store(false, Ordering::SeqCst);
            }
            return written;
        }
        if allowed == 0 {
            // Closing with nothing sent resets the connection instead of ending it in good order.
            let _ = self.stream.set_zero_linger();
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        let part = bytes.len().min(allowed);
        let written = Pin::new(&mut self.stream).poll_write(context, &bytes[..part]);
        if let Poll::Ready(Ok(count)) = written {
            self.allowance.set(allowed - count);
            if allowed == count {
                // The rest is lost, but the end is in good order: only the length tells.
                return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
            }
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// An answer whose head says half the length of its body, in as many digits; none where it says no length.
fn understated(answer: &[u8]) -> Option<Vec<u8>> {
    const NAME: &[u8] = b"content-length: ";
    let begin = answer.windows(NAME.len()).position(|part| part == NAME)? + NAME.len();
    let digits = answer[begin..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let length: usize = std::str::from_utf8(&answer[begin..begin + digits]).ok()?.parse().ok()?;
    let mut told = answer.to_vec();
    told[begin..begin + digits].copy_from_slice(format!("{:0digits$}", length / 2).as_bytes());
    Some(told)
}
