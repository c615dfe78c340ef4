//! Asks a signer as kona-node's does, and checks what comes as its peers would. kona-node sends the
//! parameters of `opsigner_signBlockPayload` as an object with hex in it, and expects an object.
//!
//! Usage: `opsign-kona-client URL FOLDER`, the folder made by `scripts/signer-folder.sh`.

use std::error::Error;
use std::path::Path;

use alloy_primitives::{Address, B256, Bytes, Signature, U256, address, keccak256};
use alloy_rpc_client::RpcClient;
use alloy_transport_http::Http;
use reqwest::{Certificate, Client, Identity};
use serde::{Deserialize, Serialize};

/// The address of the key that everybody knows.
const SENDER: Address = address!("7e5f4552091a69125d5dfcb7b8c2659029395bdf");
const CHAIN_ID: u64 = 10;

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Params {
    domain: B256,
    chain_id: u64,
    payload_hash: B256,
    sender_address: Address,
}

#[derive(Debug, Deserialize)]
struct Signed {
    signature: Bytes,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let (Some(url), Some(folder)) = (std::env::args().nth(1), std::env::args().nth(2)) else {
        return Err("usage: opsign-kona-client URL FOLDER".into());
    };
    // The only way to fail is a second call.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    for client in ["localhost", "localhost-ecdsa"] {
        ask(&connect(&url, Path::new(&folder), client)?)
            .await
            .map_err(|e| format!("{client}: {e}"))?;
    }
    Ok(())
}

fn connect(url: &str, folder: &Path, client: &str) -> Result<RpcClient, Box<dyn Error>> {
    let file = |kind| std::fs::read(folder.join("client").join(client).with_extension(kind));
    let mut pem = file("crt")?;
    pem.extend(file("key")?);
    let authority = Certificate::from_pem(&std::fs::read(folder.join("ca.crt"))?)?;
    let http = Client::builder()
        .identity(Identity::from_pem(&pem)?)
        .tls_certs_only([authority])
        .build()?;
    Ok(RpcClient::new(Http::with_client(http, url.parse()?), true))
}

async fn ask(client: &RpcClient) -> Result<(), Box<dyn Error>> {
    let version: String = client.request_noparams("health_status").await?;
    if version.is_empty() {
        return Err("health_status told no version".into());
    }
    let payload_hash = keccak256("a payload of kona");
    let params =
        |domain, chain_id| Params { domain, chain_id, payload_hash, sender_address: SENDER };
    let sign = async |params| client.request("opsigner_signBlockPayload", params).await;
    let signed: Signed = sign(params(B256::ZERO, CHAIN_ID)).await?;
    let chain_id = B256::from(U256::from(CHAIN_ID));
    let message = keccak256([B256::ZERO, chain_id, payload_hash].concat());
    let signer = Signature::from_raw(&signed.signature)?.recover_address_from_prehash(&message)?;
    if signer != SENDER {
        return Err(format!("signed by {signer}").into());
    }
    for (what, bad) in [
        ("another chain", params(B256::ZERO, CHAIN_ID + 1)),
        ("another domain", params(B256::with_last_byte(1), CHAIN_ID)),
    ] {
        match sign(bad).await {
            Err(error) if error.as_error_resp().is_some_and(|error| error.code == -32013) => {}
            other => return Err(format!("{what}: {other:?}").into()),
        }
    }
    Ok(())
}
