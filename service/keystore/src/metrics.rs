//! What is counted.

use opsign_guard::Guard;
use opsign_publish::Figures;
use prometheus::{Histogram, HistogramOpts, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry};

/// What `observe` may let pass: the rules of session keys, and what is looked at before them.
const ALARMS: [&str; 8] = [
    "below_floor",
    "slot_taken",
    "behind_tip",
    "contradiction",
    "too_many_statements",
    "out_of_range",
    "ahead_of_clock",
    "waiting",
];

/// The keystore's metrics.
pub(crate) struct Metrics {
    /// By method and outcome: `done`, `observed`, or why not.
    pub(crate) requests: IntCounterVec,
    /// By key type and what the message says.
    pub(crate) signed: IntCounterVec,
    /// In `observe`, what was signed against a rule, by the rule.
    pub(crate) alarms: IntCounterVec,
    pub(crate) seconds: Histogram,
    pub(crate) connections: IntGauge,
    /// Whether a token's last trial signature was right, by key.
    pub(crate) token_up: IntGaugeVec,
    keys: IntGauge,
    guard_closed: IntGauge,
    guard_records: IntGauge,
    guard_syncs: IntGauge,
    published: IntGauge,
    unpublished: IntGauge,
    publish_failing: IntGauge,
}

impl Metrics {
    pub(crate) fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let counters = |name: &str, help: &str, labels: &[&str]| {
            let counters = IntCounterVec::new(Opts::new(name, help), labels)?;
            registry.register(Box::new(counters.clone()))?;
            Ok::<_, prometheus::Error>(counters)
        };
        let gauge = |name: &str, help: &str| {
            let gauge = IntGauge::new(name, help)?;
            registry.register(Box::new(gauge.clone()))?;
            Ok::<_, prometheus::Error>(gauge)
        };
        let alarms = counters(
            "opsign_guard_alarms_total",
            "Signatures that observe let against a rule",
            &["rule"],
        )?;
        for rule in ALARMS {
            // There from the start, so that the first one is an increase.
            alarms.with_label_values(&[rule]).inc_by(0);
        }
        let seconds = Histogram::with_opts(
            HistogramOpts::new("opsign_keystore_seconds", "Seconds to the answer")
                .buckets(vec![1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 2.5e-2, 0.1, 0.5, 1.0]),
        )?;
        registry.register(Box::new(seconds.clone()))?;
        let token_up = IntGaugeVec::new(
            Opts::new("opsign_keystore_token_up", "1 if the key's token signs"),
            &["key"],
        )?;
        registry.register(Box::new(token_up.clone()))?;
        Ok(Self {
            requests: counters(
                "opsign_keystore_requests_total",
                "Calls by what came of them",
                &["method", "outcome"],
            )?,
            signed: counters(
                "opsign_keystore_signed_total",
                "Signatures given out",
                &["key_type", "claim"],
            )?,
            alarms,
            seconds,
            token_up,
            connections: gauge("opsign_connections", "Open connections")?,
            keys: gauge("opsign_keystore_keys", "Keys that can sign")?,
            guard_closed: gauge("opsign_guard_closed", "1 if nothing new is recorded any more")?,
            guard_records: gauge("opsign_guard_records", "Events recorded since the start")?,
            guard_syncs: gauge("opsign_guard_syncs", "Syncs of the record since the start")?,
            published: gauge(
                "opsign_keystore_published_lines",
                "Lines of the audit log that Kafka has taken since the start",
            )?,
            unpublished: gauge(
                "opsign_keystore_unpublished_bytes",
                "Bytes of the audit log that wait for Kafka",
            )?,
            publish_failing: gauge(
                "opsign_keystore_publish_failing",
                "1 while Kafka takes nothing",
            )?,
        })
    }

    /// Brings gauges up to date.
    pub(crate) fn refresh(&self, guard: &Guard, keys: usize) {
        let figures = guard.figures();
        let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        self.keys.set(number(keys as u64));
        self.guard_closed.set(i64::from(figures.closed));
        self.guard_records.set(number(figures.records));
        self.guard_syncs.set(number(figures.syncs));
    }

    /// The same for what goes to Kafka.
    pub(crate) fn published(&self, figures: Figures) {
        let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        self.published.set(number(figures.published));
        self.unpublished.set(number(figures.waiting));
        self.publish_failing.set(i64::from(figures.failing));
    }
}
