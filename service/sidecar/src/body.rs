//! Bodies as bytes: in pieces, on their way through, or read to the end.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};
use tokio::sync::oneshot;

/// The largest body that is kept in memory: what op-geth reads at most.
pub(crate) const MAX_BODY: usize = 128 << 20;

/// A body to send.
pub(crate) struct Body {
    /// Sent first.
    pieces: VecDeque<Bytes>,
    /// Passed on as it comes.
    rest: Option<Incoming>,
    /// Gets a copy of everything once all of it was sent.
    copy: Option<Copy>,
}

struct Copy {
    kept: Vec<Bytes>,
    length: usize,
    done: oneshot::Sender<Vec<Bytes>>,
}

impl Body {
    pub(crate) fn pieces(pieces: impl IntoIterator<Item = Bytes>) -> Self {
        let pieces = pieces.into_iter().filter(|piece| !piece.is_empty()).collect();
        Self { pieces, rest: None, copy: None }
    }

    pub(crate) fn stream(pieces: impl IntoIterator<Item = Bytes>, rest: Incoming) -> Self {
        Self { rest: Some(rest), ..Self::pieces(pieces) }
    }

    /// Hands a copy of the whole over at the end, in pieces; none if it is broken off or too long.
    pub(crate) fn copied(mut self) -> (Self, oneshot::Receiver<Vec<Bytes>>) {
        let (done, receiver) = oneshot::channel();
        self.copy = Some(Copy { kept: Vec::new(), length: 0, done });
        (self, receiver)
    }

    /// The same body once more, unless part of it is still to come.
    pub(crate) fn again(&self) -> Option<Self> {
        self.rest.is_none().then(|| Self::pieces(self.pieces.iter().cloned()))
    }

    /// Reads it to its end instead of sending it.
    pub(crate) async fn read(self, most: usize) -> Result<Bytes, ReadError> {
        let mut pieces: Vec<_> = self.pieces.into();
        if let Some(rest) = self.rest {
            pieces.push(read(rest, most).await?);
        }
        Ok(join(pieces))
    }

    fn keep(&mut self, piece: &Bytes) {
        if let Some(copy) = &mut self.copy {
            copy.length += piece.len();
            if copy.length > MAX_BODY {
                self.copy = None;
            } else {
                copy.kept.push(piece.clone());
            }
        }
    }

    fn finish(&mut self) {
        if let Some(copy) = self.copy.take() {
            // Nobody may be interested any more.
            let _ = copy.done.send(copy.kept);
        }
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self::pieces([bytes])
    }
}

impl HttpBody for Body {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        if let Some(piece) = self.pieces.pop_front() {
            self.keep(&piece);
            if self.pieces.is_empty() && self.rest.is_none() {
                self.finish();
            }
            return Poll::Ready(Some(Ok(Frame::data(piece))));
        }
        let Some(rest) = &mut self.rest else { return Poll::Ready(None) };
        let frame = match Pin::new(rest).poll_frame(context) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(frame) => frame,
        };
        match &frame {
            Some(Ok(frame)) => {
                if let Some(piece) = frame.data_ref() {
                    let piece = piece.clone();
                    self.keep(&piece);
                }
                // hyper asks no more once it knows that this was the end.
                if self.rest.as_ref().is_some_and(HttpBody::is_end_stream) {
                    self.finish();
                }
            }
            Some(Err(_)) => self.copy = None,
            None => self.finish(),
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.pieces.is_empty() && self.rest.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        let first: u64 = self.pieces.iter().map(|piece| piece.len() as u64).sum();
        let Some(rest) = &self.rest else { return SizeHint::with_exact(first) };
        let rest = rest.size_hint();
        match rest.exact() {
            Some(exact) => SizeHint::with_exact(first + exact),
            None => {
                let mut hint = SizeHint::new();
                hint.set_lower(first + rest.lower());
                hint
            }
        }
    }
}

/// Why a body cannot be had.
#[derive(Debug)]
pub(crate) enum ReadError {
    TooLong,
    Broken(hyper::Error),
}

/// Reads a body to its end.
pub(crate) async fn read(mut body: Incoming, most: usize) -> Result<Bytes, ReadError> {
    let Some(length) = body.size_hint().exact() else {
        return Ok(Reader::new(body).read_while(most, |_| true).await?.0);
    };
    // Of a length that is told: into its place at once, so that it is in memory only once.
    let length = usize::try_from(length).ok().filter(|length| *length <= most);
    let mut whole = BytesMut::with_capacity(length.ok_or(ReadError::TooLong)?);
    while let Some(frame) = body.frame().await {
        if let Ok(piece) = frame.map_err(ReadError::Broken)?.into_data() {
            whole.extend_from_slice(&piece);
        }
    }
    Ok(whole.freeze())
}

/// Reads a body piece by piece.
pub(crate) struct Reader {
    body: Incoming,
    pieces: Vec<Bytes>,
    length: usize,
}

impl Reader {
    pub(crate) fn new(body: Incoming) -> Self {
        Self { body, pieces: Vec::new(), length: 0 }
    }

    /// Reads until the end, or until `more` says of what was read so far that it is enough. The rest
    /// of the body is given back if there may be one.
    pub(crate) async fn read_while(
        mut self,
        most: usize,
        mut more: impl FnMut(&[u8]) -> bool,
    ) -> Result<(Bytes, Option<Incoming>), ReadError> {
        if self.body.size_hint().lower() > most as u64 {
            return Err(ReadError::TooLong);
        }
        while !self.body.is_end_stream() {
            let Some(frame) = self.body.frame().await else { break };
            let Ok(piece) = frame.map_err(ReadError::Broken)?.into_data() else { continue };
            self.length += piece.len();
            if self.length > most {
                return Err(ReadError::TooLong);
            }
            self.pieces.push(piece);
            // Looked at once, while it is one piece: looking again and again would be quadratic.
            if self.pieces.len() == 1 && !self.body.is_end_stream() && !more(&self.pieces[0]) {
                return Ok((join(self.pieces), Some(self.body)));
            }
        }
        Ok((join(self.pieces), None))
    }
}

fn join(mut pieces: Vec<Bytes>) -> Bytes {
    if pieces.len() <= 1 {
        return pieces.pop().unwrap_or_default();
    }
    let mut whole = BytesMut::with_capacity(pieces.iter().map(Bytes::len).sum());
    for piece in pieces {
        whole.extend_from_slice(&piece);
    }
    whole.freeze()
}
