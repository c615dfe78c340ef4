//! What a client may have signed.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use opsign_core::tx::{Authorization, Transaction};
use opsign_core::{Address, ChainId, U256};
use time::OffsetDateTime;

/// What an entry's client may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Transaction,
    BlockPayload,
}

impl Method {
    pub(crate) const ALL: [Self; 2] = [Self::Transaction, Self::BlockPayload];

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.name() == name)
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Transaction => "transaction",
            Self::BlockPayload => "block_payload",
        }
    }
}

/// One signature per interval on average, `burst` at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rate {
    pub(crate) interval: Duration,
    pub(crate) burst: u32,
}

/// An entry's rules. `None` is no rule.
#[derive(Clone, Debug)]
pub(crate) struct Policy {
    pub(crate) methods: Vec<Method>,
    pub(crate) chain_id: Option<ChainId>,
    pub(crate) to_addresses: Vec<Address>,
    pub(crate) max_value: Option<U256>,
    pub(crate) transaction_types: Vec<u8>,
    /// Which calls: a selector, or `None` for no call data.
    pub(crate) selectors: Option<Vec<Option<[u8; 4]>>>,
    pub(crate) max_fee_per_gas: Option<U256>,
    pub(crate) max_fee_per_blob_gas: Option<U256>,
    pub(crate) max_gas: Option<u64>,
    pub(crate) max_blobs: Option<usize>,
    pub(crate) contract_creation: bool,
    /// To whom an EIP-7702 authorisation may delegate.
    pub(crate) delegates: Option<Vec<Address>>,
    pub(crate) domains: Vec<[u8; 32]>,
    pub(crate) rate: Option<Rate>,
    pub(crate) valid_from: Option<OffsetDateTime>,
    pub(crate) valid_until: Option<OffsetDateTime>,
}

/// A refusal: a short name for metrics, a sentence for the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) reason: &'static str,
    pub(crate) message: &'static str,
}

const fn refuse(reason: &'static str, message: &'static str) -> Result<(), Refusal> {
    Err(Refusal { reason, message })
}

impl Policy {
    /// Whether the method may be used, now.
    pub(crate) fn allows(&self, method: Method, now: OffsetDateTime) -> Result<(), Refusal> {
        if !self.methods.contains(&method) {
            return refuse("method", "method not authorized");
        }
        if self.valid_from.is_some_and(|from| now < from)
            || self.valid_until.is_some_and(|until| now > until)
        {
            return refuse("time", "not authorized at this time");
        }
        Ok(())
    }

    /// Whether a block payload of this chain and domain may be signed.
    pub(crate) fn allows_payload(
        &self,
        chain_id: &ChainId,
        domain: &[u8; 32],
    ) -> Result<(), Refusal> {
        // A key without a chain signs no blocks: what op-signer comes to, too.
        if self.chain_id != Some(*chain_id) {
            return refuse("chain_id", "unexpected chainId");
        }
        if !self.domains.contains(domain) {
            return refuse("domain", "domain not authorized");
        }
        Ok(())
    }

    /// Whether this transaction may be signed. The first two rules are op-signer's, in its words.
    pub(crate) fn allows_transaction(&self, transaction: &Transaction<'_>) -> Result<(), Refusal> {
        let parts = Parts::of(transaction);
        if !self.to_addresses.is_empty()
            && !parts.to.is_some_and(|to| self.to_addresses.contains(&to))
        {
            return refuse("to_address", "to address not authorized");
        }
        if self.max_value.is_some_and(|most| parts.value > most) {
            return refuse("value", "value exceeds maximum");
        }
        if self.chain_id.is_some_and(|chain_id| parts.chain_id != chain_id) {
            return refuse("chain_id", "unexpected chainId");
        }
        if parts.to.is_none() && !self.contract_creation {
            return refuse("contract_creation", "contract creation not authorized");
        }
        if !self.transaction_types.contains(&transaction.kind()) {
            return refuse("transaction_type", "transaction type not authorized");
        }
        if let Some(selectors) = &self.selectors {
            // Creation code has no selector.
            let called = parts.input.first_chunk::<4>().copied();
            let known = parts.input.is_empty() || called.is_some();
            if parts.to.is_some() && !(known && selectors.contains(&called)) {
                return refuse("selector", "function selector not authorized");
            }
        }
        if self.max_fee_per_gas.is_some_and(|most| parts.max_fee_per_gas > most) {
            return refuse("fee", "maxFeePerGas exceeds maximum");
        }
        if self.max_gas.is_some_and(|most| parts.gas > most) {
            return refuse("gas", "gas exceeds maximum");
        }
        if self.max_fee_per_blob_gas.is_some_and(|most| parts.max_fee_per_blob_gas > most) {
            return refuse("blob_fee", "maxFeePerBlobGas exceeds maximum");
        }
        if self.max_blobs.is_some_and(|most| parts.blobs > most) {
            return refuse("blobs", "too many blobs");
        }
        if let Some(delegates) = &self.delegates
            && !parts.authorizations.iter().all(|tuple| delegates.contains(&tuple.address))
        {
            return refuse("delegate", "delegation not authorized");
        }
        Ok(())
    }
}

/// What the rules look at, whatever the type.
struct Parts<'a> {
    chain_id: ChainId,
    to: Option<Address>,
    value: U256,
    input: &'a [u8],
    gas: u64,
    max_fee_per_gas: U256,
    max_fee_per_blob_gas: U256,
    blobs: usize,
    authorizations: Vec<Authorization>,
}

impl<'a> Parts<'a> {
    fn of(transaction: &Transaction<'a>) -> Self {
        let zero = U256::from(0);
        let parts = |chain_id, to, value, input, gas, max_fee_per_gas| Self {
            chain_id,
            to,
            value,
            input,
            gas,
            max_fee_per_gas,
            max_fee_per_blob_gas: zero,
            blobs: 0,
            authorizations: Vec::new(),
        };
        match transaction {
            Transaction::DynamicFee(tx) => {
                parts(tx.chain_id, tx.to, tx.value, tx.input, tx.gas, tx.max_fee_per_gas)
            }
            Transaction::Blob(tx) => Self {
                max_fee_per_blob_gas: tx.max_fee_per_blob_gas,
                blobs: tx.blob_versioned_hashes.iter().count(),
                ..parts(tx.chain_id, Some(tx.to), tx.value, tx.input, tx.gas, tx.max_fee_per_gas)
            },
            Transaction::SetCode(tx) => Self {
                authorizations: tx
                    .authorization_list
                    .iter()
                    .map(|tuple| tuple.authorization)
                    .collect(),
                ..parts(tx.chain_id, Some(tx.to), tx.value, tx.input, tx.gas, tx.max_fee_per_gas)
            },
            // The protocol makes no others; a type of which nothing is known passes no type rule.
            _ => parts(ChainId::from(0), None, zero, &[], 0, zero),
        }
    }
}

/// Counts signatures against a [`Rate`] (a token bucket).
pub(crate) struct Meter {
    rate: Rate,
    state: Mutex<(f64, Instant)>,
}

impl Meter {
    pub(crate) fn new(rate: Rate) -> Self {
        Self { rate, state: Mutex::new((f64::from(rate.burst), Instant::now())) }
    }

    /// Takes one, if there is one to take.
    pub(crate) fn take(&self) -> Result<(), Refusal> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let gained = now.duration_since(state.1).as_secs_f64() / self.rate.interval.as_secs_f64();
        let tokens = (state.0 + gained).min(f64::from(self.rate.burst));
        if tokens < 1.0 {
            *state = (tokens, now);
            return refuse("rate", "rate limit exceeded");
        }
        *state = (tokens - 1.0, now);
        Ok(())
    }
}
