#!/usr/bin/env bash
# The alerts and the dashboard, asked of Prometheus's own promtool: each alert fires on its trouble
# and on nothing else, and every expression of the dashboard is one that it reads.
source "$(dirname "$0")/env.sh"

command -v promtool > /dev/null || die "promtool is missing: run scripts/setup.sh"
promtool check rules docs/prometheus/opsign.rules.yml > target/promtool.log || { cat target/promtool.log; die "the rules are wrong"; }
promtool test rules docs/prometheus/opsign.test.yml > target/promtool.log || { cat target/promtool.log; die "an alert is wrong"; }
alerts=$(grep -c '^ *- alert: ' docs/prometheus/opsign.rules.yml)
while read -r alert; do
  grep -q "alertname=\"$alert\"" docs/prometheus/opsign.test.yml || die "nothing makes $alert fire"
done < <(sed -nE 's/^ *- alert: //p' docs/prometheus/opsign.rules.yml)

# Grafana fills in its variables; each expression becomes a rule.
node > target/dashboard.rules.yml <<'NODE'
const fs = require('node:fs');
const dashboard = JSON.parse(fs.readFileSync('docs/grafana/opsign.json', 'utf8'));
const rules = dashboard.panels.flatMap((panel) => panel.targets ?? []).map((target, number) => ({
  record: `panel:${number}`,
  expr: target.expr.replaceAll('$__rate_interval', '5m').replaceAll(/\$\w+/g, '.+'),
}));
console.log(JSON.stringify({ groups: [{ name: 'dashboard', rules }] }));
NODE
promtool check rules target/dashboard.rules.yml > target/promtool.log || { cat target/promtool.log; die "an expression of the dashboard is wrong"; }
panels=$(grep -oE '[0-9]+ rules found' target/promtool.log | cut -d ' ' -f 1)
[[ $alerts -ge 7 && $panels -ge 25 ]] || die "$alerts alerts, $panels expressions"
say "monitoring: $alerts alerts fire when they should, $panels expressions of the dashboard are sound"
