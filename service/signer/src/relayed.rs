//! What comes in through proxies that the signer dials: the same service, and the proof of its keys.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use opsign_core::Address;
use opsign_proxy::{Offer, Offering, Registration, VERSION, proof_hash};
use opsign_wire::{Call, Client, Handler, RpcError, SignedCalls};
use serde_json::value::RawValue;
use tokio::time::Instant;

use crate::service::Service;

pub(crate) struct Relayed {
    pub(crate) service: Arc<Service>,
    pub(crate) signed: SignedCalls,
    pub(crate) deadline: Duration,
    /// A random name of this run of the program.
    pub(crate) instance: String,
}

impl Handler for Relayed {
    async fn call<'a>(&'a self, call: Call<'a>) -> Result<String, RpcError> {
        self.service.call(call).await
    }

    fn ready(&self) -> bool {
        self.service.ready()
    }
}

impl Offering for Relayed {
    /// The keys of the entries of these clients: an offer for each key and chain, because an entry
    /// without a chain must not make its other kinds of signature free of chains.
    fn registration(&self, clients: &[String]) -> Registration {
        let grants = self.service.grants.load();
        let mut offers: BTreeMap<(String, Option<String>), Offer> = BTreeMap::new();
        for grant in grants.grants.iter().filter(|grant| clients.contains(&grant.name)) {
            let address = grant.key.address().to_string();
            let chain = grant.policy.chain_id.map(|chain| chain.to_string());
            let offer = offers.entry((address.clone(), chain.clone())).or_insert_with(|| Offer {
                address,
                chain_ids: chain.into_iter().collect(),
                kinds: Vec::new(),
            });
            for method in &grant.policy.methods {
                if !offer.kinds.iter().any(|kind| kind == method.name()) {
                    offer.kinds.push(method.name().to_owned());
                }
            }
        }
        Registration {
            version: VERSION,
            instance: self.instance.clone(),
            record: (self.service.protection.as_ref())
                .and_then(|it| it.guard().shared_record())
                .map(|name| name.to_string()),
            offers: offers.into_values().collect(),
        }
    }

    async fn prove(
        &self,
        address: &str,
        challenge: &str,
        binding: &[u8; 32],
        deadline: Instant,
    ) -> Result<String, String> {
        let address: Address = address.parse().map_err(|error| format!("{address}: {error}"))?;
        let key = {
            let grants = self.service.grants.load();
            let grant = grants.grants.iter().find(|grant| grant.key.address() == address);
            Arc::clone(&grant.ok_or_else(|| format!("{address} is no key of ours any more"))?.key)
        };
        let hash = proof_hash(&address, challenge, binding);
        let signature = key.sign(&hash, deadline).await.map_err(|error| error.to_string())?;
        Ok(signature.signature().to_string())
    }

    fn client(
        &self,
        method: &str,
        params: Option<&RawValue>,
        signed: Option<&RawValue>,
    ) -> Result<Client, RpcError> {
        self.signed.client(method, params, signed)
    }

    fn deadline(&self) -> Duration {
        self.deadline
    }
}
