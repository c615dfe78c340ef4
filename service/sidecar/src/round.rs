//! One `engine_getPayload`: local engine and builders at the same time, one block back.

use std::sync::Arc;
use std::time::Instant;

use hyper::http::request::Parts;
use hyper::{HeaderMap, Response, StatusCode};
use serde::Deserialize;
use tokio::sync::{mpsc, watch};
use tokio::time::sleep_until;

use crate::binding::{Reference, eip1559_params};
use crate::body::Body;
use crate::choose::{Choice, LocalBlock, Table};
use crate::config::Mode;
use crate::decision::{Decision, Outcome};
use crate::engine::{LEAST, LocalAnswer, Sidecar, block, no_engine};
use crate::envelope::Envelope;
use crate::job::Job;
use crate::message::Call;
use crate::offer::{Local, Offer, Quest, Reason};
use crate::pool::PeerError;

/// A call that is being answered.
pub(crate) struct Round<'a> {
    sidecar: &'a Sidecar,
    job: &'a Arc<Job>,
    head: Parts,
    call: Call,
    began: Instant,
    local: LocalState,
    offers: Vec<Option<Offer>>,
    /// Good blocks, in the order of their coming.
    good: Vec<usize>,
}

enum LocalState {
    Pending,
    Block(LocalAnswer, Box<Envelope>),
    Failed(Result<LocalAnswer, PeerError>),
}

impl<'a> Round<'a> {
    pub(crate) fn new(sidecar: &'a Sidecar, job: &'a Arc<Job>, head: Parts, call: Call) -> Self {
        let offers = job.orders.iter().map(|_| None).collect();
        let local = LocalState::Pending;
        let began = Instant::now();
        Self { sidecar, job, head, call, began, local, offers, good: Vec::new() }
    }

    /// The answer, and the block in it where there is one.
    pub(crate) async fn run(mut self) -> (Response<Body>, Option<Envelope>) {
        let deadline = self.sidecar.deadline(self.job, self.began);
        let give_up = deadline + self.sidecar.block_time;
        let (known, reference) = watch::channel(Local::Pending);
        let (sender, mut offers) = mpsc::channel(self.offers.len().max(1));
        let sidecar = self.sidecar;
        let head = self.head.clone();
        let asking = sidecar.ask_local(&head, self.call.bytes.clone());
        tokio::pin!(asking);
        // The local engine is asked first, so that it stops building and gives its cores free.
        let mut early = None;
        tokio::select! {
            biased;
            answer = &mut asking => early = Some(answer),
            () = std::future::ready(()) => {}
        }
        for index in 0..self.job.orders.len() {
            self.start(index, deadline, sender.clone(), reference.clone());
        }
        drop((sender, reference));
        if let Some(answer) = early.take() {
            self.take_local(answer, &known);
        }
        let choice = loop {
            let now = Instant::now();
            let (late, given_up) = (now >= deadline, now >= give_up);
            if let Some(choice) = self.choose(late, given_up) {
                break choice;
            }
            let pending = matches!(self.local, LocalState::Pending);
            tokio::select! {
                biased;
                answer = &mut asking, if pending => self.take_local(answer, &known),
                Some(offer) = offers.recv() => self.take_offer(offer),
                () = sleep_until(deadline.into()), if !late => {}
                () = sleep_until(give_up.into()), if late && !given_up => {}
            }
        };
        self.finish(choice)
    }

    fn start(
        &self,
        index: usize,
        deadline: Instant,
        sender: mpsc::Sender<Offer>,
        reference: watch::Receiver<Local>,
    ) {
        let quest = Quest {
            job: Arc::clone(self.job),
            index,
            call: self.call.clone(),
            local: Arc::clone(&self.sidecar.local),
            reference,
            chain_params: self.sidecar.chain_params(),
            deadline,
            external_state_root: self.sidecar.external_state_root,
        };
        // op-node catches up: its slot had begun, and nobody could have been in time.
        let hurried = deadline <= self.began + LEAST;
        tokio::spawn(async move {
            let (job, index) = (Arc::clone(&quest.job), quest.index);
            let offer = quest.run().await;
            let good = offer.block.is_ok();
            let fault = offer
                .block
                .as_ref()
                .is_err_and(|reason| reason.is_fault() && !(hurried && reason.is_late()));
            let builder = &job.orders[index].builder;
            if (good || fault) && builder.note(good) {
                tracing::warn!(builder = builder.name, closed = good, "circuit breaker");
            }
            // The call may have been answered by now.
            let _ = sender.send(offer).await;
        });
    }

    fn take_local(&mut self, answer: Result<LocalAnswer, PeerError>, known: &watch::Sender<Local>) {
        let block = match &answer {
            Ok(answer) if answer.status == StatusCode::OK => {
                Envelope::read(answer.body.clone()).ok()
            }
            _ => None,
        };
        let said = block.as_ref().map_or(Local::Failed, |block| {
            if self.job.attributes.eip1559_params == Some([0; 8]) {
                self.sidecar.learn(eip1559_params(block));
            }
            Local::Known(Reference::of(block))
        });
        self.local = match (answer, block) {
            (Ok(answer), Some(block)) => LocalState::Block(answer, Box::new(block)),
            (answer, _) => LocalState::Failed(answer),
        };
        known.send_replace(said);
    }

    fn take_offer(&mut self, offer: Offer) {
        let index = offer.index;
        if offer.block.is_ok() {
            self.good.push(index);
        }
        self.offers[index] = Some(offer);
    }

    fn table(&self, late: bool, given_up: bool) -> Table<'_> {
        let block = |index: &usize| {
            let offer = self.offers[*index].as_ref()?;
            Some((*index, offer.block.as_ref().ok()?))
        };
        Table {
            local: match &self.local {
                LocalState::Pending => LocalBlock::Pending,
                LocalState::Block(_, block) => LocalBlock::Block(block),
                LocalState::Failed(Ok(answer)) if is_refusal(&answer.body) => LocalBlock::Refused,
                LocalState::Failed(_) => LocalBlock::Failed,
            },
            good: self.good.iter().filter_map(block).collect(),
            waiting: self.offers.iter().filter(|offer| offer.is_none()).count(),
            late,
            given_up,
        }
    }

    fn choose(&self, late: bool, given_up: bool) -> Option<Choice> {
        let choice = self.table(late, given_up).choose(&self.sidecar.policy)?;
        // A dry run ends with the local answer, and waits for it.
        let dry = self.job.mode == Mode::DryRun;
        (!dry || !matches!(self.local, LocalState::Pending)).then_some(choice)
    }

    fn finish(mut self, choice: Choice) -> (Response<Body>, Option<Envelope>) {
        let decision = self.decision(choice);
        self.sidecar.publish(&decision);
        let dry = self.job.mode == Mode::DryRun;
        if let (Choice::Builder(index), false) = (choice, dry)
            && let Some(Offer { block: Ok(found), .. }) = self.offers[index].take()
        {
            let headers = match self.local {
                LocalState::Block(answer, _) | LocalState::Failed(Ok(answer)) => answer.headers,
                LocalState::Pending | LocalState::Failed(Err(_)) => HeaderMap::new(),
            };
            return (block(found.under(self.call.id_bytes()), headers), Some(found));
        }
        match self.local {
            LocalState::Block(answer, block) => (answer.into_response(), Some(*block)),
            LocalState::Failed(Ok(answer)) => (answer.into_response(), None),
            LocalState::Failed(Err(error)) => (no_engine(&error), None),
            // Nothing is chosen that is not there.
            LocalState::Pending => (no_engine(&PeerError::Late), None),
        }
    }

    fn decision(&self, choice: Choice) -> Decision {
        let table = self.table(true, true);
        let local = match &self.local {
            LocalState::Pending => Outcome::failed("late"),
            LocalState::Block(_, block) => Outcome::block(block),
            LocalState::Failed(Ok(_)) => Outcome::failed("error"),
            LocalState::Failed(Err(_)) => Outcome::failed("noAnswer"),
        };
        let builders = self.job.orders.iter().zip(&self.offers).enumerate();
        let builders = builders.map(|(index, (order, offer))| {
            let mut outcome = match offer {
                None => Outcome::failed("late"),
                Some(Offer { block: Ok(block), .. }) => {
                    let outcome = Outcome::block(block);
                    let objection = table.objection(&self.sidecar.policy, block);
                    if choice == Choice::Builder(index) {
                        outcome
                    } else {
                        outcome.but(&objection.unwrap_or(Reason::Outbid))
                    }
                }
                Some(Offer { block: Err(reason), hash, .. }) => {
                    Outcome { hash: *hash, ..Outcome::failed(&reason.name()) }
                }
            };
            outcome.took = offer.as_ref().map(|offer| offer.took);
            (order.builder.name.clone(), outcome)
        });
        let builders: Vec<_> = builders.collect();
        let chosen = match choice {
            Choice::Builder(index) => self.job.orders[index].builder.name.clone(),
            Choice::Local => "local".to_owned(),
        };
        Decision {
            payload_id: self.job.id.clone(),
            parent: self.job.asked.head,
            timestamp: self.job.attributes.timestamp,
            mode: self.job.mode,
            chosen,
            local,
            builders,
            took: self.began.elapsed(),
        }
    }
}

/// A method that the engine does not have, parameters that it does not take, a version that is not
/// the block's (-38005, `Unsupported fork`).
fn is_refusal(answer: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Answer {
        error: Option<Error>,
    }
    #[derive(Deserialize)]
    struct Error {
        code: i64,
    }
    let answer: Result<Answer, _> = serde_json::from_slice(answer);
    let code = answer.ok().and_then(|answer| answer.error).map(|error| error.code);
    matches!(code, Some(-32601 | -32602 | -38005))
}
