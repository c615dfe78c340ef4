#!/usr/bin/env bash
# Builds the Debian package of the program, with its service, in target/package, and prints its
# path. The same sources give the same bytes.
source "$(dirname "$0")/env.sh"

for tool in dpkg-deb dpkg-shlibdeps strip; do
  command -v "$tool" > /dev/null || die "$tool is needed: install dpkg-dev and binutils"
done
cargo build --quiet --release --locked --package opsign >&2
source=service/opsign/package
out=target/package
tree=$out/tree
version=$(target/release/opsign --version | cut -d ' ' -f 2)
arch=$(dpkg --print-architecture)
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH
umask 022
rm -rf "$out"
doc=$tree/usr/share/doc/opsign
install -d "$tree/DEBIAN" "$doc" "$out/debian"

# put MODE FROM TO
put() { install -D -m "$1" "$2" "$tree/$3"; }
# packed TO: standard input, without the time at which it was packed
packed() { install -d "$tree/${1%/*}"; gzip -9n > "$tree/$1"; }
put 755 target/release/opsign usr/bin/opsign
strip --strip-unneeded "$tree/usr/bin/opsign"
put 644 $source/opsign.service usr/lib/systemd/system/opsign.service
put 644 $source/sysusers.conf usr/lib/sysusers.d/opsign.conf
put 644 $source/tmpfiles.conf usr/lib/tmpfiles.d/opsign.conf
put 644 $source/config.yaml etc/opsign/config.yaml
put 644 $source/default etc/default/opsign
put 644 service/signer/config.sample.yaml usr/share/doc/opsign/config.sample.yaml
put 644 service/opsign/hsm.sample.yaml usr/share/doc/opsign/hsm.sample.yaml
put 644 docs/operate.md usr/share/doc/opsign/operate.md
put 644 docs/grafana/opsign.json usr/share/doc/opsign/grafana.json
put 644 docs/prometheus/opsign.rules.yml usr/share/doc/opsign/prometheus.rules.yml
packed usr/share/man/man1/opsign.1.gz < $source/opsign.1
packed usr/share/doc/opsign/NEWS.md.gz < CHANGELOG.md
maintainer='The opsign developers <opsign@users.noreply.github.com>'
packed usr/share/doc/opsign/changelog.gz <<CHANGELOG
opsign ($version) stable; urgency=medium

  * What has changed is in NEWS.md.gz.

 -- $maintainer  $(date -uRd "@$SOURCE_DATE_EPOCH")
CHANGELOG
{ cat $source/copyright; sed -e '/^MIT License$/,/^$/d' -e 's/^$/./' -e 's/^/ /' LICENSE-MIT; } > "$doc/copyright"
cargo tree --locked --package opsign --edges normal --prefix none --no-dedupe \
  --format '{p}, {l}, {r}' | grep -v "($ROOT" | sort -u > "$out/dependencies.txt"
[[ $(wc -l < "$out/dependencies.txt") -gt 50 ]] || die "the program has more libraries than that"
packed usr/share/doc/opsign/dependencies.txt.gz < "$out/dependencies.txt"

# What the program is linked against, from the system's own tables.
printf 'Source: opsign\n\nPackage: opsign\nArchitecture: %s\n' "$arch" > "$out/debian/control"
libraries=$(cd "$out" && dpkg-shlibdeps -O -e tree/usr/bin/opsign | sed -n 's/^shlibs:Depends=//p')
[[ -n $libraries ]] || die "dpkg-shlibdeps found no libraries"
cat > "$tree/DEBIAN/control" <<CONTROL
Package: opsign
Version: $version
Architecture: $arch
Maintainer: $maintainer
Installed-Size: $(du -sk --apparent-size --exclude=DEBIAN "$tree" | cut -f 1)
Depends: $libraries, passwd, systemd | systemd-sysusers, systemd | systemd-tmpfiles
Suggests: softhsm2
Section: net
Priority: optional
Homepage: https://github.com/opsign/opsign
Description: signer for OP Stack chains
 Signs the blocks that a sequencer gossips, and the transactions of batcher,
 proposer and challenger, with keys in files or in PKCS#11 tokens. A drop-in for
 op-signer: the same protocol, flags and config file, with rules for each
 client, an audit log, and every signature checked before it leaves.
CONTROL
printf '/etc/default/opsign\n/etc/opsign/config.yaml\n' > "$tree/DEBIAN/conffiles"
for script in postinst prerm postrm; do install -m 755 "$source/$script" "$tree/DEBIAN/"; done
(cd "$tree" && find etc usr -type f -print0 | LC_ALL=C sort -z | xargs -0 md5sum) > "$tree/DEBIAN/md5sums"

dpkg-deb --root-owner-group -Zxz --build "$tree" "$out" >&2
ls "$out"/*.deb
