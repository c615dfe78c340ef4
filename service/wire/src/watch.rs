//! One connection's progress, so that a stalled one can be cut off.
//!
//! hyper has one timer for a head that comes slowly and a connection that is idle, which need
//! different patience, and none for an answer that nobody reads. The stream is wrapped, and every
//! step it makes is noted.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Shared by the stream, the requests on it and whoever watches.
pub(crate) struct Watch {
    start: Instant,
    /// Milliseconds after `start` of the last byte in or out; under HTTP/2, where pings come and
    /// go, of the last one that belongs to a request.
    moved: AtomicU64,
    /// Milliseconds after `start` since when a write has been blocked, plus one; zero if none is.
    blocked: AtomicU64,
    /// Milliseconds after `start` since when a request's head has been coming, plus one; zero if
    /// none is. Not known under HTTP/2, where bytes come without requests, too.
    head: AtomicU64,
    http2: bool,
    /// Requests that are being served.
    serving: AtomicUsize,
}

/// How long a connection may take for what.
#[derive(Clone, Copy)]
pub(crate) struct Patience {
    pub(crate) head: Duration,
    pub(crate) write: Duration,
    pub(crate) idle: Duration,
}

impl Watch {
    pub(crate) fn new(http2: bool) -> Arc<Self> {
        Arc::new(Self {
            start: Instant::now(),
            moved: AtomicU64::new(0),
            blocked: AtomicU64::new(0),
            head: AtomicU64::new(0),
            http2,
            serving: AtomicUsize::new(0),
        })
    }

    /// Why the connection should be closed, if it should.
    pub(crate) fn stalled(&self, patience: Patience) -> Option<&'static str> {
        let now = self.now();
        let longer = |since: &AtomicU64, limit: Duration| {
            let since = since.load(Ordering::Relaxed);
            since > 0 && now.saturating_sub(since - 1) > millis(limit)
        };
        if longer(&self.blocked, patience.write) {
            return Some("slow_write");
        }
        if longer(&self.head, patience.head) {
            return Some("slow_head");
        }
        let quiet = now.saturating_sub(self.moved.load(Ordering::Relaxed));
        let idle = self.serving.load(Ordering::Relaxed) == 0 && quiet > millis(patience.idle);
        idle.then_some("idle")
    }

    /// Marks a request as being served until the result is dropped.
    pub(crate) fn serve(self: &Arc<Self>) -> Serving {
        self.serving.fetch_add(1, Ordering::Relaxed);
        self.head.store(0, Ordering::Relaxed);
        Serving(Arc::clone(self))
    }

    fn now(&self) -> u64 {
        millis(self.start.elapsed())
    }

    fn note_move(&self) {
        if !self.http2 || self.serving.load(Ordering::Relaxed) > 0 {
            self.moved.store(self.now(), Ordering::Relaxed);
        }
    }

    fn note_read(&self) {
        self.note_move();
        if !self.http2 && self.serving.load(Ordering::Relaxed) == 0 {
            let since = self.now() + 1;
            let _ = self.head.compare_exchange(0, since, Ordering::Relaxed, Ordering::Relaxed);
        }
    }

    fn note_write(&self, result: &Poll<io::Result<usize>>) {
        self.note_flush(result);
        if result.is_ready() {
            self.note_move();
        }
    }

    /// A flush moves nothing by itself: hyper flushes whenever it is looked at.
    fn note_flush<T>(&self, result: &Poll<io::Result<T>>) {
        if result.is_ready() {
            self.blocked.store(0, Ordering::Relaxed);
        } else {
            let since = self.now() + 1;
            let _ = self.blocked.compare_exchange(0, since, Ordering::Relaxed, Ordering::Relaxed);
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

pub(crate) struct Serving(Arc<Watch>);

impl Drop for Serving {
    fn drop(&mut self) {
        self.0.note_move();
        self.0.serving.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A stream whose progress is noted.
pub(crate) struct Watched<S> {
    pub(crate) inner: S,
    pub(crate) watch: Arc<Watch>,
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.inner).poll_read(context, buffer);
        if result.is_ready() {
            self.watch.note_read();
        }
        result
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.inner).poll_write(context, bytes);
        self.watch.note_write(&result);
        result
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.inner).poll_write_vectored(context, slices);
        self.watch.note_write(&result);
        result
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.inner).poll_flush(context);
        self.watch.note_flush(&result);
        result
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.inner).poll_shutdown(context);
        self.watch.note_flush(&result);
        result
    }
}
