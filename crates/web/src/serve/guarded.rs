//! A connection's stream with what hyper does not watch: a client that opens and says nothing, one that takes nothing
//! in, and one that still sends when its answer is already out.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::time::{Sleep, sleep};

/// Begins an HTTP/2 connection (RFC 9113, section 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

const LINGER: Duration = Duration::from_secs(2);
const LINGER_BYTES: usize = 16 * 1024 * 1024;

pub struct Guarded {
    /// `None` only while it is handed back.
    stream: Option<TcpStream>,
    back: Option<oneshot::Sender<TcpStream>>,
    /// Runs until the protocol is known; from then on hyper's own timers do.
    opening: Option<Pin<Box<Sleep>>>,
    /// How much of the preface has come.
    preface: usize,
    write_timeout: Duration,
    stalled: Option<Pin<Box<Sleep>>>,
    /// Nothing that may still come needs to be read.
    ended: bool,
}

/// What is left of a connection when its server is done with it.
pub struct Closing(oneshot::Receiver<TcpStream>);

impl Guarded {
    pub fn new(stream: TcpStream, opening: Duration, write_timeout: Duration) -> (Self, Closing) {
        // An answer is one write: waiting for more would only delay it.
        let _ = stream.set_nodelay(true);
        let (back, closing) = oneshot::channel();
        let guarded = Self {
            stream: Some(stream),
            back: Some(back),
            opening: Some(Box::pin(sleep(opening))),
            preface: 0,
            write_timeout,
            stalled: None,
            ended: false,
        };
        (guarded, Closing(closing))
    }

    /// The first byte that does not belong to the preface means HTTP/1.
    fn has_opened(&mut self, read: &[u8]) {
        let rest = &PREFACE[self.preface..];
        if read.len() >= rest.len() || !rest.starts_with(read) {
            self.opening = None;
        } else {
            self.preface += read.len();
        }
    }

    fn poll_written<T>(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep(self.write_timeout)));
        ready!(stalled.as_mut().poll(context));
        self.ended = true;
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl Closing {
    /// Reads what the client still sends, for a while. Closing at once would make the kernel reset the connection, and
    /// a client that is still sending could lose the answer (RFC 9112, section 9.6).
    pub async fn linger(self) {
        let Ok(mut stream) = self.0.await else { return };
        let _ = tokio::time::timeout(LINGER, async {
            std::future::poll_fn(|context| Pin::new(&mut stream).poll_shutdown(context)).await?;
            let mut scrap = vec![0; 16 * 1024];
            let mut read = 0;
            while read < LINGER_BYTES {
                stream.readable().await?;
                match stream.try_read(&mut scrap) {
                    Ok(0) => break,
                    Ok(more) => read += more,
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    Err(error) => return Err(error),
                }
            }
            Ok(())
        })
        .await;
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        if !self.ended
            && let (Some(stream), Some(back)) = (self.stream.take(), self.back.take())
        {
            // Nobody waits for it any more when everything is cut off.
            let _ = back.send(stream);
        }
    }
}

impl AsyncRead for Guarded {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        match Pin::new(self.stream()?).poll_read(context, buffer) {
            Poll::Ready(Ok(())) => {
                let read = &buffer.filled()[before..];
                if read.is_empty() {
                    self.ended = true;
                } else if self.opening.is_some() {
                    self.has_opened(read);
                }
                Poll::Ready(Ok(()))
            }
            Poll::Pending => {
                let Some(opening) = &mut self.opening else { return Poll::Pending };
                ready!(opening.as_mut().poll(context));
                self.ended = true;
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            }
            Poll::Ready(Err(error)) => {
                self.ended = true;
                Poll::Ready(Err(error))
            }
        }
    }
}

impl AsyncWrite for Guarded {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(self.stream()?).poll_write(context, bytes);
        self.poll_written(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(self.stream()?).poll_write_vectored(context, pieces);
        self.poll_written(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(self.stream()?).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(self.stream()?).poll_shutdown(context)
    }
}

impl Guarded {
    fn stream(&mut self) -> io::Result<&mut TcpStream> {
        self.stream.as_mut().ok_or_else(|| io::ErrorKind::NotConnected.into())
    }
}
