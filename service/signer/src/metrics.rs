//! What the signer counts, under op-signer's names where it has them.

use std::sync::Arc;
use std::time::Duration;

use opsign_core::CheckedSignature;
use prometheus::{
    HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
};

use crate::backend::{Backend, KeyError};

const SECONDS: &[f64] =
    &[20e-6, 50e-6, 100e-6, 200e-6, 500e-6, 1e-3, 2e-3, 5e-3, 10e-3, 50e-3, 0.2, 1.0];

/// The rules by which alarms are counted, besides the names of what the guard would refuse.
const ALARMS: [&str; 8] = [
    "two_clients",
    "double_rate",
    "slot_taken",
    "behind_tip",
    "parent_mismatch",
    "not_on_record",
    "l1_reorg",
    "missed",
];

/// Counters of the signing methods and the keys.
pub(crate) struct Metrics {
    /// `eth_signTransaction` by client, status and kind of error.
    pub(crate) transactions: IntCounterVec,
    /// The block payload methods likewise.
    pub(crate) payloads: IntCounterVec,
    /// Seconds per call, by method, client and key.
    pub(crate) latency: HistogramVec,
    /// Seconds per signature, check included, by backend.
    backend: HistogramVec,
    /// Seconds that k256 took to check a signature as well, by backend.
    pub(crate) second_opinion: HistogramVec,
    /// Signatures by backend and outcome.
    answers: IntCounterVec,
    /// Jobs waiting, by backend.
    pub(crate) queue: IntGaugeVec,
    /// Whether the last trial signature was right, by backend.
    pub(crate) up: IntGaugeVec,
    /// Refusals by reason.
    pub(crate) refusals: IntCounterVec,
    /// Seconds until a certificate ends, by role and subject.
    pub(crate) certificates: IntGaugeVec,
    /// What the guard has counted since the start, by event.
    pub(crate) guard: IntGaugeVec,
    /// What was signed or seen that should not have been, by rule.
    pub(crate) alarms: IntCounterVec,
    /// Reloads by outcome.
    pub(crate) reloads: IntCounterVec,
    /// 1 when ready.
    pub(crate) ready: IntGauge,
    /// Audit lines that could not be written.
    pub(crate) audit_failures: IntCounter,
}

impl Metrics {
    pub(crate) fn new(registry: &Registry) -> Result<Arc<Self>, prometheus::Error> {
        let counters = |name: &str, help: &str, labels: &[&str]| {
            let made = IntCounterVec::new(Opts::new(name, help), labels)?;
            registry.register(Box::new(made.clone()))?;
            Ok::<_, prometheus::Error>(made)
        };
        let counter = |name: &str, help: &str| {
            let made = IntCounter::new(name, help)?;
            registry.register(Box::new(made.clone()))?;
            Ok::<_, prometheus::Error>(made)
        };
        let gauges = |name: &str, help: &str, labels: &[&str]| {
            let made = IntGaugeVec::new(Opts::new(name, help), labels)?;
            registry.register(Box::new(made.clone()))?;
            Ok::<_, prometheus::Error>(made)
        };
        let gauge = |name: &str, help: &str| {
            let made = IntGauge::new(name, help)?;
            registry.register(Box::new(made.clone()))?;
            Ok::<_, prometheus::Error>(made)
        };
        let histograms = |name: &str, help: &str, labels: &[&str]| {
            let options = HistogramOpts::new(name, help).buckets(SECONDS.to_vec());
            let made = HistogramVec::new(options, labels)?;
            registry.register(Box::new(made.clone()))?;
            Ok::<_, prometheus::Error>(made)
        };
        let outcome = ["client", "status", "error"];
        let alarms = counters("opsign_guard_alarms_total", "Alarms of the guard", &["rule"])?;
        for rule in ALARMS {
            // There from the start, so that the first one is an increase.
            alarms.with_label_values(&[rule]).inc_by(0);
        }
        Ok(Arc::new(Self {
            transactions: counters(
                "signer_signtransaction_total",
                "eth_signTransaction",
                &outcome,
            )?,
            payloads: counters("signer_signblockpayload_total", "Block payloads", &outcome)?,
            latency: histograms(
                "opsign_request_seconds",
                "Seconds per signing call",
                &["method", "client", "key"],
            )?,
            backend: histograms(
                "opsign_backend_seconds",
                "Seconds per signature of a backend, its check included",
                &["backend"],
            )?,
            second_opinion: histograms(
                "opsign_second_opinion_seconds",
                "Seconds per check of a signature by k256 as well",
                &["backend"],
            )?,
            answers: counters(
                "opsign_backend_answers_total",
                "Answers of backends",
                &["backend", "outcome"],
            )?,
            queue: gauges("opsign_queue_depth", "Jobs waiting for a backend", &["backend"])?,
            up: gauges("opsign_backend_up", "Last trial signature was right", &["backend"])?,
            refusals: counters("opsign_refusals_total", "Refusals", &["reason"])?,
            certificates: gauges(
                "opsign_certificate_expiry_seconds",
                "Seconds until a certificate ends",
                &["role", "subject"],
            )?,
            guard: gauges(
                "opsign_guard_events",
                "Events of the guard since the start",
                &["event"],
            )?,
            alarms,
            reloads: counters("opsign_reloads_total", "Reloads", &["outcome"])?,
            ready: gauge("opsign_ready", "1 when every key signs")?,
            audit_failures: counter("opsign_audit_failures_total", "Audit lines not written")?,
        }))
    }

    pub(crate) fn count_backend(
        &self,
        backend: &Backend,
        took: Duration,
        result: &Result<CheckedSignature, KeyError>,
    ) {
        let outcome = match result {
            Ok(_) => "signed",
            Err(KeyError::Unavailable(_)) => "unavailable",
            Err(KeyError::Wrong(_)) => "wrong",
        };
        self.answers.with_label_values(&[backend.name(), outcome]).inc();
        self.backend.with_label_values(&[backend.name()]).observe(took.as_secs_f64());
    }
}
