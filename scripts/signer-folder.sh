#!/usr/bin/env bash
# signer-folder.sh FOLDER: all that a signer needs to be judged. Keys that everybody knows (the
# numbers one and two), the configuration of vectors/opsigner, and certificates good and bad:
#   ca.crt                        the authority, RSA; ca.key beside it
#   server/{rsa,ecdsa}.{crt,key}  for localhost and 127.0.0.1
#   client/NAME.{crt,key}         one a client; their table stands below
source "$(dirname "$0")/env.sh"

[[ $# -eq 1 ]] || die "usage: signer-folder.sh FOLDER"
umask 077
mkdir -p "$1"/{client,server,keys}
cp vectors/opsigner/config.yaml "$1"
cd "$1"
log=openssl.log
: > "$log"
quiet() { "$@" 2>> "$log" || { tail -5 "$log" >&2; die "$* failed"; }; }

# secret_key NAME BYTE: SEC1 in PEM, without the public key, as op-signer's LOCAL provider reads it
secret_key() {
  { echo "-----BEGIN EC PRIVATE KEY-----"
    printf '302e0201010420%062d%sa00706052b8104000a' 0 "$2" | xxd -r -p | base64 -w 64
    echo "-----END EC PRIVATE KEY-----"; } > "keys/$1.pem"
}
secret_key one 01
secret_key two 02

# private_key rsa|ecdsa FILE
private_key() {
  case $1 in
    rsa) quiet openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$2" ;;
    ecdsa) quiet openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$2" ;;
  esac
}

# authority NAME
authority() {
  private_key rsa "$1.key"
  quiet openssl req -x509 -new -key "$1.key" -days 365 -subj "/CN=opsign test $1" -out "$1.crt" \
    -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign
}
authority ca
authority other-ca

# leaf FILE KIND AUTHORITY DAYS EXTENSIONS: `none` for the extensions makes an X.509 v1 certificate
leaf() {
  local file=$1 kind=$2 authority=$3 days=$4 extensions=$5
  private_key "$kind" "$file.key"
  quiet openssl req -new -key "$file.key" -subj "/CN=${file##*/}" -out "$file.csr"
  local made=(openssl x509 -req -in "$file.csr" -CA "$authority.crt" -CAkey "$authority.key"
    -CAcreateserial -days "$days" -out "$file.crt")
  if [[ $extensions != none ]]; then
    printf '%b\n' "basicConstraints=CA:FALSE\n$extensions" > "$file.ext"
    made+=(-extfile "$file.ext")
  fi
  quiet "${made[@]}"
  rm -f "$file.csr" "$file.ext"
}

for kind in rsa ecdsa; do
  leaf "server/$kind" "$kind" ca 365 'subjectAltName=DNS:localhost,IP:127.0.0.1'
done

# file, key, authority, days of life, extensions
while read -r file kind authority days extensions; do
  leaf "client/$file" "$kind" "$authority" "$days" "$extensions"
done <<'CLIENTS'
localhost          rsa   ca       365 subjectAltName=DNS:localhost
localhost-ecdsa    ecdsa ca       365 subjectAltName=DNS:localhost\nextendedKeyUsage=clientAuth
two-keys           ecdsa ca       365 subjectAltName=DNS:two-keys.local
capped             ecdsa ca       365 subjectAltName=DNS:capped.local
no-chain           ecdsa ca       365 subjectAltName=DNS:no-chain.local
no-from            ecdsa ca       365 subjectAltName=DNS:no-from.local
second             ecdsa ca       365 subjectAltName=DNS:second.local
operator           ecdsa ca       365 subjectAltName=DNS:operator.local
creator            ecdsa ca       365 subjectAltName=DNS:creator.local
unknown            ecdsa ca       365 subjectAltName=DNS:unknown.local
upper-case         ecdsa ca       365 subjectAltName=DNS:LOCALHOST
wildcard           ecdsa ca       365 subjectAltName=DNS:*.local
first-known        ecdsa ca       365 subjectAltName=DNS:localhost,DNS:unknown.local
second-known       ecdsa ca       365 subjectAltName=DNS:unknown.local,DNS:localhost
after-ip           ecdsa ca       365 subjectAltName=IP:127.0.0.1,DNS:localhost
ip-only            ecdsa ca       365 subjectAltName=IP:127.0.0.1
no-san             ecdsa ca       365 keyUsage=digitalSignature
v1                 ecdsa ca       365 none
server-use         ecdsa ca       365 subjectAltName=DNS:localhost\nextendedKeyUsage=serverAuth
expired            ecdsa ca         0 subjectAltName=DNS:localhost
wrong-ca           ecdsa other-ca 365 subjectAltName=DNS:localhost
CLIENTS
