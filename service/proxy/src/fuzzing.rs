//! Doors for the fuzz targets: frames of the other end, without a link around them.

use std::sync::Arc;
use std::time::Duration;

use opsign_wire::RpcError;
use prometheus::Registry;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::dial::{Offering, Running, Trust};
use crate::link::Link;
use crate::protocol::{Frame, Registration, SERVE, answer, request};
use crate::route::Route;

/// What a signer says to one frame of a proxy, or why the link ends.
///
/// # Panics
/// If there is no answer, or more than one.
pub async fn call<H: Offering>(
    handler: Arc<H>,
    trust: Trust,
    frame: &str,
) -> Result<String, String> {
    let registry = Registry::new();
    let metrics = Arc::new(opsign_wire::Metrics::new(&registry).expect("an empty registry"));
    let (sender, mut answers) = mpsc::channel(1);
    let running = Running::new(handler, metrics, trust);
    running.take(frame, &sender).map_err(|end| end.to_string())?;
    drop(sender);
    let said = answers.recv().await.expect("an answer");
    assert!(answers.recv().await.is_none(), "two answers");
    Ok(said)
}

/// What became of calls that a proxy had under way.
#[derive(Debug)]
pub struct Taken {
    /// The outcome of each call; none if the link had none for it.
    pub outcomes: [Option<Result<String, RpcError>>; 3],
    /// Answers to nothing.
    pub strays: u64,
    /// How many frames were taken before the link ended, if it did.
    pub frames: u64,
}

/// Gives a proxy, which waits for the answers to its calls 1, 2 and 3, frames of a signer.
pub async fn answers<'a>(frames: impl Iterator<Item = &'a str>) -> Taken {
    let (queue, _calls) = mpsc::channel(3);
    let registration =
        Registration { version: 1, instance: String::new(), record: None, offers: Vec::new() };
    let link = Link::new("signer".into(), registration, Vec::new(), queue);
    let deadline = Instant::now() + Duration::from_secs(60);
    let ask = async |id| link.ask(id, String::new(), deadline).await.ok();
    let feed = async {
        // The askers go first.
        tokio::task::yield_now().await;
        let mut taken = 0;
        for frame in frames {
            if link.take(frame).is_err() {
                break;
            }
            taken += 1;
        }
        link.close();
        taken
    };
    let (one, two, three, frames) = tokio::join!(ask(1), ask(2), ask(3), feed);
    let strays = link.strays.load(std::sync::atomic::Ordering::Relaxed);
    Taken { outcomes: [one, two, three], strays, frames }
}

/// The frame that answers call 1 so.
pub fn answered(outcome: &Result<String, RpcError>) -> String {
    answer(1, outcome)
}

/// A registration as a proxy reads it, written anew; none if it takes none out of the frame.
pub fn registered(frame: &str) -> Option<String> {
    let frame = Frame::read(frame)?;
    let mut registration: Registration = frame.argument()?;
    let routes: Vec<_> =
        registration.offers.iter().map(Route::read).collect::<Result<_, _>>().ok()?;
    registration.offers = routes.iter().map(Route::offer).collect();
    Some(request(frame.id, SERVE, &registration))
}
