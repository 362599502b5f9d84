//! Connections that can be told to break.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

/// As much as anybody may want to send.
const UNLIMITED: usize = usize::MAX;

/// How many more bytes a connection may send before it breaks; handlers hold it.
#[derive(Clone)]
pub(super) struct Allowance(Arc<AtomicUsize>);

impl Allowance {
    /// Lets the connection break off after so many bytes more, and reset at once with none.
    pub fn set(&self, bytes: usize) {
        self.0.store(bytes, Ordering::SeqCst);
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
        (Wire { stream, allowance: Allowance(Arc::new(AtomicUsize::new(UNLIMITED))) }, address)
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
        let allowed = self.allowance.0.load(Ordering::SeqCst);
        if allowed == UNLIMITED {
            return Pin::new(&mut self.stream).poll_write(context, bytes);
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
