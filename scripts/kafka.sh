#!/usr/bin/env bash
# What is published to Kafka, on a real broker: its jars come from Maven once per machine.
source "$(dirname "$0")/env.sh"

for tool in java mvn; do
  command -v "$tool" > /dev/null || die "$tool is missing: run scripts/setup.sh"
done
jars=$CACHE/kafka-$(sha256sum scripts/kafka/pom.xml | cut -c1-16)
fetch() {
  rm -rf "$jars.new"
  mvn --batch-mode --quiet --file scripts/kafka/pom.xml \
    org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies -DoutputDirectory="$jars.new"
  compgen -G "$jars.new/kafka_*.jar" > /dev/null || { say "Maven copied no broker"; return 1; }
  mv "$jars.new" "$jars"
}
[[ -d $jars ]] || step "Kafka's jars" fetch
export OPSIGN_KAFKA=$jars
cargo test --quiet --locked --package opsign-publish
# The program: a keystore whose audit log goes there.
cargo test --quiet --locked --package opsign --features kafka-tests --test published
