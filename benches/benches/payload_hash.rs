//! How long does Keccak take over a payload? It is most of what checking a large block costs.
#![allow(missing_docs, reason = "a measurement")]

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use opsign_core::PayloadHash;

fn payload_hash(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("payload_hash");
    for size in [96, 1 << 10, 100 << 10, 1 << 20] {
        let payload = vec![0x5a; size];
        group.throughput(Throughput::Bytes(size as u64));
        group.bench_with_input(BenchmarkId::from_parameter(size), &payload, |bench, payload| {
            bench.iter(|| PayloadHash::of(black_box(payload)));
        });
    }
    group.finish();
}

criterion_group!(benches, payload_hash);
criterion_main!(benches);
