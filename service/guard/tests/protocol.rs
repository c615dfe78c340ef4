//! The protocol as a model whose every state is visited (stateright): clients, signers, one record
//! that they share or that one of them holds, crashes, a store that loses its end, and a switch.
//!
//! What keeps it safe is a list of guards. With all of them no state breaks a promise; with any one
//! taken out, some state does, and the test says which promise.
#![allow(clippy::unwrap_used, reason = "tests")]

use stateright::{Checker, HasDiscoveries, Model, Property};

/// What keeps the promises. Each can be taken out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Guarding {
    /// A slot on record has one digest.
    UniqueSlot,
    /// Check and record are one step.
    OneStep,
    /// Nothing is signed before its reservation is durable.
    DurableFirst,
    /// A reservation is never deleted, however long its signature takes.
    NeverDeleted,
    /// Only the holder of the lease is granted anything.
    Lease,
    /// A digest without a slot is released only under the lease it was granted under.
    Fence,
    /// A record is not used that is not what the anchor remembers.
    Anchor,
    /// A database is not used that has been promoted since the record was last written.
    Timeline,
    /// A record on a disk is open in one process.
    OneProcess,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Store {
    /// A file: appended to, then synced; a crash loses what was not synced, or a part of it.
    Disk,
    /// A database: what is committed is durable, until a standby that lacks its end is promoted.
    Shared,
}

#[derive(Clone, Debug)]
struct Protocol {
    store: Store,
    without: Option<Guarding>,
}

/// Two of each is what a contradiction takes.
const SIGNERS: usize = 2;
const CLIENTS: u8 = 2;
const DIGESTS: u8 = 2;

/// Bounds of a history: requests, losses of the record's end, and switches.
const ASKS: u8 = 3;
const LOSSES: u8 = 1;
const SWITCHES: u8 = 1;

#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Event {
    Reserve { client: u8, slot: Option<u8>, digest: u8 },
    Switch,
}

/// A request on its way through a signer.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Flight {
    client: u8,
    slot: Option<u8>,
    digest: u8,
    epoch: u8,
    step: Step,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Step {
    /// Found good, not recorded: only where check and record are two steps.
    Checked,
    /// On record as the event before this one.
    Recorded(usize),
    Signed,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
struct Signer {
    up: bool,
    /// The record as it has it in memory, by which it judges.
    seen: Vec<Event>,
    flights: Vec<Flight>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Given {
    slot: Option<u8>,
    digest: u8,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct World {
    record: Vec<Event>,
    /// How many of them are durable.
    synced: usize,
    /// What the anchor beside a disk's record remembers.
    anchor: Vec<Event>,
    /// Whether the database is another than the one in which the record was written.
    promoted: bool,
    signers: Vec<Signer>,
    given: Vec<Given>,
    /// A grant to another client than the holder, or a fenced release.
    late_grant: bool,
    late_release: bool,
    noticed: bool,
    asks: u8,
    crashes: u8,
    losses: u8,
}

#[derive(Clone, Debug, PartialEq)]
enum Action {
    Start(usize),
    Ask { signer: usize, client: u8, slot: Option<u8>, digest: u8 },
    Record(usize, usize),
    Sync,
    Sign(usize, usize),
    Release(usize, usize),
    Switch(usize),
    Crash { signer: usize, kept: usize },
    Lose { kept: usize },
    Clean(usize),
}

/// Also the holder: the first client before the switch, the second after it.
fn epoch(record: &[Event]) -> u8 {
    record.iter().filter(|event| **event == Event::Switch).count() as u8
}

fn find(record: &[Event], slot: Option<u8>, digest: u8) -> Option<usize> {
    record.iter().position(|event| {
        matches!(event, Event::Reserve { slot: s, digest: d, .. } if (*s, *d) == (slot, digest))
    })
}

impl Protocol {
    /// Another bound. Two signers of a database give more states than two processes with a lock.
    fn crashes(&self) -> u8 {
        if self.store == Store::Disk { 2 } else { 1 }
    }

    fn has(&self, guarding: Guarding) -> bool {
        self.without != Some(guarding)
    }

    /// Whether a signer may go on with the record as it is; if not it goes down.
    fn trusts(&self, world: &mut World, signer: usize) -> bool {
        let lost = match self.store {
            // Looked at when it is opened; then the file is this process's own.
            Store::Disk => {
                !world.signers[signer].up
                    && !world.record.starts_with(&world.anchor)
                    && self.has(Guarding::Anchor)
            }
            Store::Shared => world.promoted && self.has(Guarding::Timeline),
        };
        if lost {
            world.noticed = true;
            world.signers[signer] = Signer::default();
        }
        !lost
    }

    fn sync(world: &mut World) {
        world.synced = world.record.len();
        world.anchor.clone_from(&world.record);
    }

    fn may(&self, seen: &[Event], client: u8, slot: Option<u8>, digest: u8) -> bool {
        let taken = slot.is_some()
            && seen.iter().any(|event| {
                matches!(event, Event::Reserve { slot: s, digest: d, .. }
                    if *s == slot && *d != digest)
            });
        let slots = !taken || !self.has(Guarding::UniqueSlot);
        slots && (client == epoch(seen) || !self.has(Guarding::Lease))
    }

    /// Puts an event behind the last, in a signer's memory and in the store. In a database that is
    /// one transaction; on a disk it is durable later.
    fn append(&self, world: &mut World, signer: usize, event: Event) {
        world.record.push(event.clone());
        world.signers[signer].seen.push(event);
        if self.store == Store::Shared {
            world.signers[signer].seen = world.record.clone();
            world.synced = world.record.len();
        }
    }

    fn reserve(&self, world: &mut World, signer: usize, flight: &Flight) -> usize {
        let Flight { client, slot, digest, .. } = *flight;
        world.late_grant |= client != epoch(&world.record);
        if find(&world.signers[signer].seen, slot, digest).is_none() {
            let event = Event::Reserve { client, slot, digest };
            self.append(world, signer, event);
        }
        find(&world.record, slot, digest).map_or(world.record.len(), |at| at + 1)
    }

    fn ask(&self, world: &mut World, signer: usize, flight: Flight) {
        world.asks += 1;
        if !self.trusts(world, signer) {
            return;
        }
        // In a database check and record are one transaction, which begins with what is new.
        if self.store == Store::Shared && self.has(Guarding::OneStep) {
            world.signers[signer].seen = world.record.clone();
        }
        let seen = &world.signers[signer].seen;
        if !self.may(seen, flight.client, flight.slot, flight.digest) {
            return;
        }
        let mut flight = Flight { epoch: epoch(seen), ..flight };
        flight.step = match self.has(Guarding::OneStep) {
            true => Step::Recorded(self.reserve(world, signer, &flight)),
            false => Step::Checked,
        };
        let flights = &mut world.signers[signer].flights;
        if !flights.contains(&flight) {
            flights.push(flight);
            flights.sort();
        }
    }

    fn release(&self, world: &mut World, signer: usize, flight: usize) {
        let flight = world.signers[signer].flights.remove(flight);
        if !self.trusts(world, signer) {
            return;
        }
        let moved = flight.slot.is_none() && flight.epoch != epoch(&world.record);
        if moved && self.has(Guarding::Fence) {
            return;
        }
        world.late_release |= moved;
        let given = Given { slot: flight.slot, digest: flight.digest };
        if !world.given.contains(&given) {
            world.given.push(given);
        }
    }
}

impl Model for Protocol {
    type State = World;
    type Action = Action;

    fn init_states(&self) -> Vec<World> {
        vec![World {
            record: Vec::new(),
            synced: 0,
            anchor: Vec::new(),
            promoted: false,
            signers: vec![Signer::default(); SIGNERS],
            given: Vec::new(),
            late_grant: false,
            late_release: false,
            noticed: false,
            asks: 0,
            crashes: 0,
            losses: 0,
        }]
    }

    fn actions(&self, world: &World, actions: &mut Vec<Action>) {
        let locked = self.store == Store::Disk && self.has(Guarding::OneProcess);
        for (at, signer) in world.signers.iter().enumerate() {
            if !signer.up {
                if !locked || world.signers.iter().all(|other| !other.up) {
                    actions.push(Action::Start(at));
                }
                continue;
            }
            if world.asks < ASKS {
                for client in 0..CLIENTS {
                    for digest in 0..DIGESTS {
                        for slot in [None, Some(1)] {
                            actions.push(Action::Ask { signer: at, client, slot, digest });
                        }
                    }
                }
            }
            for (number, flight) in signer.flights.iter().enumerate() {
                actions.push(match flight.step {
                    Step::Checked => Action::Record(at, number),
                    Step::Recorded(needs)
                        if world.synced < needs && self.has(Guarding::DurableFirst) =>
                    {
                        continue;
                    }
                    Step::Recorded(_) => Action::Sign(at, number),
                    Step::Signed => Action::Release(at, number),
                });
            }
            if epoch(&world.record) < SWITCHES {
                actions.push(Action::Switch(at));
            }
            if world.crashes < self.crashes() {
                let shared = self.store == Store::Shared;
                let first = if shared { world.record.len() } else { world.synced };
                for kept in first..=world.record.len() {
                    actions.push(Action::Crash { signer: at, kept });
                }
            }
        }
        if world.synced < world.record.len() {
            actions.push(Action::Sync);
        }
        // A file is put back from a backup while nobody has it open.
        let idle = self.store == Store::Shared || world.signers.iter().all(|signer| !signer.up);
        if idle && world.losses < LOSSES && world.synced == world.record.len() {
            actions.extend((0..world.record.len()).map(|kept| Action::Lose { kept }));
        }
        if !self.has(Guarding::NeverDeleted) {
            let unsigned = world.record.iter().enumerate().filter(|(_, event)| match event {
                Event::Switch => false,
                Event::Reserve { slot, digest, .. } => {
                    !world.given.contains(&Given { slot: *slot, digest: *digest })
                }
            });
            actions.extend(unsigned.map(|(at, _)| Action::Clean(at)));
        }
    }

    fn next_state(&self, last: &World, action: Action) -> Option<World> {
        let mut world = last.clone();
        match action {
            Action::Start(signer) => {
                if !self.trusts(&mut world, signer) {
                    return (world != *last).then_some(world);
                }
                world.signers[signer].up = true;
                world.signers[signer].seen = world.record.clone();
                // Starting is an event of its own, and synced.
                Self::sync(&mut world);
            }
            Action::Ask { signer, client, slot, digest } => {
                let flight = Flight { client, slot, digest, epoch: 0, step: Step::Checked };
                self.ask(&mut world, signer, flight);
            }
            Action::Record(signer, flight) => {
                let mut taken = world.signers[signer].flights.remove(flight);
                taken.step = Step::Recorded(self.reserve(&mut world, signer, &taken));
                world.signers[signer].flights.push(taken);
                world.signers[signer].flights.sort();
            }
            Action::Sync => Self::sync(&mut world),
            Action::Sign(signer, flight) => {
                world.signers[signer].flights[flight].step = Step::Signed;
                world.signers[signer].flights.sort();
            }
            Action::Release(signer, flight) => self.release(&mut world, signer, flight),
            Action::Switch(signer) => {
                if self.trusts(&mut world, signer) {
                    self.append(&mut world, signer, Event::Switch);
                    Self::sync(&mut world);
                }
            }
            Action::Crash { signer, kept } => {
                world.crashes += 1;
                world.record.truncate(kept);
                world.synced = kept;
                world.signers[signer] = Signer::default();
            }
            Action::Lose { kept } => {
                world.losses += 1;
                world.promoted = self.store == Store::Shared;
                world.record.truncate(kept);
                world.synced = kept;
            }
            Action::Clean(at) => {
                world.record.remove(at);
                // Deleting is no loss to those who do it.
                Self::sync(&mut world);
                for signer in &mut world.signers {
                    signer.seen = world.record.clone();
                }
            }
        }
        Some(world)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("one digest per slot", |_, world: &World| {
                let at = |slot| world.given.iter().filter(|given| given.slot == slot).count();
                at(Some(1)) <= 1
            }),
            Property::always("what was given is on record", |_, world: &World| {
                world.losses > 0
                    || world
                        .given
                        .iter()
                        .all(|given| find(&world.record, given.slot, given.digest).is_some())
            }),
            Property::always("granted to the holder alone", |_, world: &World| !world.late_grant),
            Property::always("without a slot, released to the holder alone", |_, world: &World| {
                !world.late_release
            }),
            Property::sometimes("both clients get signatures", |_, world: &World| {
                epoch(&world.record) == 1 && world.given.len() == 3
            }),
            Property::sometimes("a loss is noticed", |_, world: &World| world.noticed),
            Property::sometimes("signed after a crash", |_, world: &World| {
                world.crashes > 0 && !world.given.is_empty() && world.signers[0].up
            }),
        ]
    }
}

/// The promises that some state breaks, and the number of states.
fn broken(
    store: Store,
    without: Option<Guarding>,
    until: &'static str,
) -> (Vec<&'static str>, usize) {
    let checker = Protocol { store, without }.checker().threads(2);
    // With a guard taken out, up to the promise that this breaks; otherwise all there is.
    let checker = match without {
        Some(_) => checker.finish_when(HasDiscoveries::AllOf([until].into())),
        None => checker,
    };
    let checker = checker.spawn_bfs().join();
    let found = checker.discoveries();
    let of = |expectation: fn(&stateright::Expectation) -> bool| {
        let properties = checker.model().properties().into_iter();
        properties.filter(move |it| expectation(&it.expectation)).map(|it| it.name)
    };
    if without.is_none() {
        for name in of(|it| matches!(it, stateright::Expectation::Sometimes)) {
            assert!(found.contains_key(name), "{store:?}, never: {name}");
        }
        for name in of(|it| matches!(it, stateright::Expectation::Always)) {
            if let Some(path) = found.get(name) {
                println!("{store:?}, {name}: {path}");
            }
        }
    }
    let always = of(|it| matches!(it, stateright::Expectation::Always));
    let broken = always.filter(|name| found.contains_key(name)).collect();
    (broken, checker.unique_state_count())
}

#[test]
fn no_state_breaks_a_promise() {
    for (store, least) in [(Store::Disk, 70_000), (Store::Shared, 200_000)] {
        let (broken, states) = broken(store, None, "");
        println!("{store:?}: {states} states");
        assert!(states > least, "{store:?}: only {states} states");
        assert_eq!(broken, Vec::<&str>::new(), "{store:?}");
    }
}

#[test]
fn without_any_one_guard_some_state_does() {
    let slots = "one digest per slot";
    let holder = "granted to the holder alone";
    let fence = "without a slot, released to the holder alone";
    for (without, promise, stores) in [
        (Guarding::UniqueSlot, slots, &[Store::Disk, Store::Shared][..]),
        (Guarding::OneStep, slots, &[Store::Disk, Store::Shared]),
        (Guarding::NeverDeleted, slots, &[Store::Disk, Store::Shared]),
        (Guarding::Lease, holder, &[Store::Disk, Store::Shared]),
        (Guarding::Fence, fence, &[Store::Disk, Store::Shared]),
        (Guarding::DurableFirst, slots, &[Store::Disk]),
        (Guarding::Anchor, slots, &[Store::Disk]),
        (Guarding::OneProcess, slots, &[Store::Disk]),
        (Guarding::Timeline, slots, &[Store::Shared]),
    ] {
        for &store in stores {
            let (broken, states) = broken(store, Some(without), promise);
            println!("{store:?} without {without:?}: {broken:?}, {states} states");
            assert!(broken.contains(&promise), "{store:?} keeps it without {without:?}");
        }
    }
}
