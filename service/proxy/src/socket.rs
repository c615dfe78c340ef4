//! One end of a link: text frames out of a queue, text frames in, and a dead peer found out.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;
use tokio::time::{Instant, interval, sleep_until, timeout, timeout_at};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{Message, protocol::WebSocketConfig};

use crate::protocol::MAX_FRAME;

/// How often a peer is asked whether it is there.
const PING: Duration = Duration::from_secs(1);

/// A peer that has said nothing for so long is gone.
pub(crate) const DEAD: Duration = Duration::from_secs(3);

/// Frames that wait to be sent. More are refused, or their makers wait.
pub(crate) const QUEUE: usize = 1024;

/// Frames that are written before they are flushed together.
const AT_ONCE: usize = 64;

pub(crate) fn config() -> WebSocketConfig {
    WebSocketConfig::default()
        .max_message_size(Some(MAX_FRAME))
        .max_frame_size(Some(MAX_FRAME))
        .max_write_buffer_size(2 * MAX_FRAME)
}

/// Why a link has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The other end closed it, or the way between is cut.
    Lost(String),
    /// Nothing was heard in time.
    Dead,
    /// The proxy does not serve this signer.
    Denied(String),
    /// What came is not the protocol.
    Protocol(&'static str),
    /// We have nothing more to say.
    Done,
}

impl std::fmt::Display for End {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Lost(what) => write!(f, "lost: {what}"),
            Self::Denied(what) => write!(f, "the proxy denies us: {what}"),
            Self::Dead => write!(f, "dead: nothing heard for {} s", DEAD.as_secs()),
            Self::Protocol(what) => write!(f, "protocol: {what}"),
            Self::Done => f.write_str("done"),
        }
    }
}

pub(crate) struct Socket<S> {
    stream: WebSocketStream<S>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Socket<S> {
    pub(crate) const fn new(stream: WebSocketStream<S>) -> Self {
        Self { stream }
    }

    /// Sends one frame of a conversation.
    pub(crate) async fn say(&mut self, text: String) -> Result<(), End> {
        let sent = timeout(DEAD, self.stream.send(Message::text(text))).await;
        sent.map_err(|_| End::Dead)?.map_err(lost)
    }

    /// Waits for the next frame of a conversation.
    pub(crate) async fn hear(&mut self) -> Result<String, End> {
        let until = Instant::now() + DEAD;
        loop {
            let next = timeout_at(until, self.stream.next());
            if let Some(text) = text_of(next.await.map_err(|_| End::Dead)?)? {
                return Ok(text);
            }
        }
    }

    /// Sends what comes out of `queue` and gives what comes in to `took`, until either end is done:
    /// our end is when all senders of the queue are gone.
    pub(crate) async fn run(
        &mut self,
        queue: &mut mpsc::Receiver<String>,
        mut took: impl FnMut(String) -> Result<(), End>,
    ) -> End {
        let mut ping = interval(PING);
        let mut heard = Instant::now();
        let mut ready = Vec::with_capacity(AT_ONCE);
        loop {
            // It answers a ping every second, so this is 3 s after it went away, at the most.
            let dead = heard + DEAD;
            let done: Result<(), End> = tokio::select! {
                received = queue.recv_many(&mut ready, AT_ONCE) => {
                    if received == 0 {
                        // A goodbye that does not get through changes nothing.
                        let _ = timeout(DEAD, self.stream.close(None)).await;
                        return End::Done;
                    }
                    self.send_all(&mut ready, dead).await
                }
                next = self.stream.next() => {
                    heard = Instant::now();
                    match text_of(next) {
                        Ok(Some(text)) => took(text),
                        Ok(None) => Ok(()),
                        Err(end) => Err(end),
                    }
                }
                _ = ping.tick() => {
                    let sent = self.stream.send(Message::Ping(Vec::new().into()));
                    timeout_at(dead, sent).await.map_err(|_| End::Dead).and_then(|it| it.map_err(lost))
                }
                () = sleep_until(dead) => Err(End::Dead),
            };
            if let Err(end) = done {
                return end;
            }
        }
    }

    async fn send_all(&mut self, ready: &mut Vec<String>, until: Instant) -> Result<(), End> {
        let sending = async {
            for text in ready.drain(..) {
                self.stream.feed(Message::text(text)).await?;
            }
            self.stream.flush().await
        };
        timeout_at(until, sending).await.map_err(|_| End::Dead)?.map_err(lost)
    }
}

type Next = Option<Result<Message, tokio_tungstenite::tungstenite::Error>>;

fn text_of(next: Next) -> Result<Option<String>, End> {
    match next {
        None | Some(Ok(Message::Close(_))) => Err(End::Lost("closed by the other end".into())),
        Some(Err(error)) => Err(lost(error)),
        Some(Ok(Message::Text(text))) => Ok(Some(text.as_str().to_owned())),
        Some(Ok(Message::Binary(_))) => Err(End::Protocol("a binary frame")),
        Some(Ok(_)) => Ok(None),
    }
}

fn lost(error: tokio_tungstenite::tungstenite::Error) -> End {
    End::Lost(error.to_string())
}
