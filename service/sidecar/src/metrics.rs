//! Counters of the sidecar.

use std::time::Duration;

use prometheus::{
    Error, Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts,
    Registry,
};

use crate::builder::Sync;
use crate::config::Mode;
use crate::decision::Decision;
use crate::engine::Sidecar;

/// What the sidecar counts.
pub(crate) struct Metrics {
    blocks: IntCounterVec,
    offers: IntCounterVec,
    took: Histogram,
    synced: IntGaugeVec,
    breaker: IntGaugeVec,
    dropped: IntGaugeVec,
    pool_dropped: IntGaugeVec,
    mode: IntGaugeVec,
    websockets: IntCounter,
    announcements: IntCounterVec,
    lost_lines: IntGauge,
}

impl Metrics {
    /// Registers everything.
    ///
    /// # Errors
    /// A name that is already taken.
    pub(crate) fn new(registry: &Registry) -> Result<Self, Error> {
        let gauges = |name: &str, help: &str, label: &str| {
            let gauges = IntGaugeVec::new(Opts::new(name, help), &[label])?;
            registry.register(Box::new(gauges.clone()))?;
            Ok::<_, Error>(gauges)
        };
        let counters = |name: &str, help: &str, labels: &[&str]| {
            let counters = IntCounterVec::new(Opts::new(name, help), labels)?;
            registry.register(Box::new(counters.clone()))?;
            Ok::<_, Error>(counters)
        };
        let took = Histogram::with_opts(
            HistogramOpts::new("opsign_sidecar_get_payload_seconds", "Seconds to a block")
                .buckets(vec![0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0]),
        )?;
        registry.register(Box::new(took.clone()))?;
        let websockets = IntCounter::new(
            "opsign_sidecar_websockets_total",
            "WebSockets, which pass builders by",
        )?;
        registry.register(Box::new(websockets.clone()))?;
        let lost_lines = IntGauge::new(
            "opsign_sidecar_decision_lines_lost",
            "Decision lines that could not be written",
        )?;
        registry.register(Box::new(lost_lines.clone()))?;
        Ok(Self {
            blocks: counters(
                "opsign_sidecar_blocks_total",
                "Blocks handed to op-node, by who built them",
                &["from"],
            )?,
            offers: counters(
                "opsign_sidecar_offers_total",
                "What came of builders' blocks: good, or why not",
                &["builder", "outcome"],
            )?,
            announcements: counters(
                "opsign_sidecar_announcements_total",
                "Blocks that the signer was told of, or should have been",
                &["taken"],
            )?,
            took,
            synced: gauges(
                "opsign_sidecar_builder_synced",
                "1 if it follows the chain",
                "builder",
            )?,
            breaker: gauges("opsign_sidecar_breaker_open", "1 if the breaker is open", "builder")?,
            dropped: gauges(
                "opsign_sidecar_relays_dropped",
                "Blocks that were not relayed since too many waited",
                "builder",
            )?,
            pool_dropped: gauges(
                "opsign_sidecar_transactions_dropped",
                "Transactions and miner settings that a builder did not get",
                "builder",
            )?,
            mode: gauges("opsign_sidecar_mode", "1 for the mode that is on", "mode")?,
            websockets,
            lost_lines,
        })
    }

    pub(crate) fn count(&self, decision: &Decision) {
        let from = if decision.mode == Mode::DryRun { "local" } else { &decision.chosen };
        self.blocks.with_label_values(&[from]).inc();
        for (name, outcome) in &decision.builders {
            let reason = outcome.reason.as_deref().unwrap_or("good");
            self.offers.with_label_values(&[&**name, reason]).inc();
        }
        self.took.observe(decision.took.as_secs_f64());
    }

    pub(crate) fn announced(&self, taken: bool) {
        self.announcements.with_label_values(&[if taken { "yes" } else { "no" }]).inc();
    }

    pub(crate) fn websocket(&self) {
        self.websockets.inc();
    }

    /// Brings gauges up to date.
    pub(crate) fn refresh(&self, sidecar: &Sidecar) {
        let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        for builder in &sidecar.builders {
            let name = [&*builder.name];
            let synced = builder.sync() == Sync::Synced;
            self.synced.with_label_values(&name).set(synced.into());
            self.breaker.with_label_values(&name).set(builder.breaker_open().into());
            self.dropped.with_label_values(&name).set(number(builder.dropped()));
            self.pool_dropped.with_label_values(&name).set(number(builder.pool.dropped()));
        }
        for mode in [Mode::Enabled, Mode::DryRun, Mode::Disabled] {
            let on = sidecar.mode() == mode;
            self.mode.with_label_values(&[mode.to_string()]).set(on.into());
        }
        self.lost_lines.set(number(sidecar.journal.lost()));
    }
}

/// Milliseconds, to the microsecond.
pub(crate) fn millis(span: Duration) -> f64 {
    (span.as_secs_f64() * 1e6).round() / 1e3
}
