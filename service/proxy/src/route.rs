//! Which signer a call goes to: by the key's address, the chain and the kind of signature.

use opsign_core::{Address, ChainId};
use opsign_wire::Call;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::protocol::Offer;

/// What a call wants signed, as far as it says so. A guess is harmless: the signer reads the call
/// itself, and refuses what is not its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) address: Address,
    pub(crate) chain: Option<ChainId>,
    kind: &'static str,
}

impl Wanted {
    /// Reads a call of a client with these keys, of which the first is its default.
    pub(crate) fn read(call: &Call<'_>, kind: &'static str, keys: &[Address]) -> Option<Self> {
        let says = Says::read(call.params);
        // The signer refuses a sender that is not the key's, in op-signer's words.
        let known = says.sender().filter(|sender| keys.contains(sender));
        let address = known.or_else(|| keys.first().copied())?;
        Some(Self { address, chain: says.chain(), kind })
    }
}

/// The kind of signature that a method makes; none if it makes none.
pub(crate) fn kind(method: &str) -> Option<&'static str> {
    match method {
        "eth_signTransaction" => Some("transaction"),
        "opsigner_signBlockPayload" | "opsigner_signBlockPayloadV2" => Some("block_payload"),
        _ => None,
    }
}

/// Chains that somebody signs for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Chains {
    Any,
    These(Vec<ChainId>),
}

impl Chains {
    /// Reads decimal or hex numbers; none at all is any chain.
    pub(crate) fn read(texts: &[String]) -> Result<Self, String> {
        if texts.is_empty() {
            return Ok(Self::Any);
        }
        let parse = |text: &String| text.parse().map_err(|error| format!("chain {text}: {error}"));
        texts.iter().map(parse).collect::<Result<_, _>>().map(Self::These)
    }

    fn has(&self, chain: &ChainId) -> bool {
        match self {
            Self::Any => true,
            Self::These(chains) => chains.contains(chain),
        }
    }

    /// What is in both; `None` is nothing.
    fn common(&self, other: &Self) -> Option<Self> {
        match (self, other) {
            (Self::Any, chains) | (chains, Self::Any) => Some(chains.clone()),
            (Self::These(ours), theirs) => {
                let both: Vec<_> = ours.iter().filter(|chain| theirs.has(chain)).copied().collect();
                (!both.is_empty()).then_some(Self::These(both))
            }
        }
    }

    pub(crate) fn texts(&self) -> Vec<String> {
        match self {
            Self::Any => Vec::new(),
            Self::These(chains) => chains.iter().map(ChainId::to_string).collect(),
        }
    }
}

/// What the config lets a signer serve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Allowed {
    pub(crate) addresses: Vec<Address>,
    pub(crate) chains: Chains,
}

impl Allowed {
    /// What is let through of a route.
    pub(crate) fn of(&self, route: &Route) -> Option<Route> {
        if !self.addresses.contains(&route.address) {
            return None;
        }
        let chains = self.chains.common(&route.chains)?;
        Some(Route { chains, ..route.clone() })
    }

    pub(crate) fn may_serve(&self, wanted: &Wanted) -> bool {
        self.addresses.contains(&wanted.address)
            && wanted.chain.is_none_or(|chain| self.chains.has(&chain))
    }
}

/// An offer of a signer, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Route {
    pub(crate) address: Address,
    pub(crate) chains: Chains,
    kinds: Vec<String>,
}

impl Route {
    pub(crate) fn read(offer: &Offer) -> Result<Self, String> {
        let address = (offer.address.parse())
            .map_err(|error| format!("offered address {}: {error}", offer.address))?;
        let chains = Chains::read(&offer.chain_ids)
            .map_err(|error| format!("offered with {address}: {error}"))?;
        Ok(Self { address, chains, kinds: offer.kinds.clone() })
    }

    pub(crate) fn offer(&self) -> Offer {
        Offer {
            address: self.address.to_string(),
            chain_ids: self.chains.texts(),
            kinds: self.kinds.clone(),
        }
    }

    pub(crate) fn serves(&self, wanted: &Wanted) -> bool {
        self.address == wanted.address
            && wanted.chain.is_none_or(|chain| self.chains.has(&chain))
            && self.kinds.iter().any(|kind| kind == wanted.kind)
    }

    /// Whether a call could go to either. These are the scopes of a guard, which are by key, chain
    /// and kind as well.
    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        self.address == other.address
            && self.chains.common(&other.chains).is_some()
            && self.kinds.iter().any(|kind| other.kinds.contains(kind))
    }
}

/// What a call's argument says, whatever else is in it.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Says<'a> {
    from: Option<String>,
    sender_address: Option<String>,
    #[serde(borrow)]
    chain_id: Option<&'a RawValue>,
}

impl<'a> Says<'a> {
    fn read(params: Option<&'a RawValue>) -> Self {
        let Some(params) = params else { return Self::default() };
        let text = params.get();
        // kona-node sends the object itself.
        match serde_json::from_str::<(Self,)>(text) {
            Ok((says,)) => says,
            Err(_) => serde_json::from_str(text).unwrap_or_default(),
        }
    }

    fn sender(&self) -> Option<Address> {
        self.from.as_ref().or(self.sender_address.as_ref())?.parse().ok()
    }

    /// A number, or text of one.
    fn chain(&self) -> Option<ChainId> {
        self.chain_id?.get().trim_matches('"').parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(chains: &[&str], kinds: &[&str]) -> Route {
        let texts = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
        let address = format!("0x{:040x}", 1);
        Route::read(&Offer { address, chain_ids: texts(chains), kinds: texts(kinds) }).unwrap()
    }

    #[test]
    fn calls_say_what_they_want_in_many_ways() {
        let one = format!("0x{:040x}", 1);
        for (params, sender, chain) in [
            (format!(r#"[{{"from":"{one}","chainId":"0xa"}}]"#), true, Some(10)),
            (format!(r#"[{{"senderAddress":"{one}","chainId":10}}]"#), true, Some(10)),
            (r#"{"chainId":"10"}"#.to_owned(), false, Some(10)),
            (r#"[{"chainId":"ten","from":"me"}]"#.to_owned(), false, None),
            (r#"[{"chainId":{}}]"#.to_owned(), false, None),
            ("[1]".to_owned(), false, None),
        ] {
            let params = RawValue::from_string(params).unwrap();
            let says = Says::read(Some(&params));
            assert_eq!(says.sender().is_some(), sender, "{params}");
            assert_eq!(says.chain(), chain.map(ChainId::from), "{params}");
        }
    }

    #[test]
    fn routes_meet_by_chain_and_kind() {
        let (block, both) = (&["block_payload"][..], &["block_payload", "transaction"][..]);
        for (ours, theirs, overlap) in [
            (route(&["10"], block), route(&["10", "11"], block), true),
            (route(&["10"], block), route(&["11"], block), false),
            (route(&[], block), route(&["11"], block), true),
            (route(&["10"], block), route(&["10"], &["transaction"]), false),
            (route(&["10"], both), route(&["10"], &["transaction"]), true),
        ] {
            assert_eq!(ours.overlaps(&theirs), overlap, "{ours:?} {theirs:?}");
            assert_eq!(theirs.overlaps(&ours), overlap);
        }
        let wanted = |chain: Option<u64>, kind| Wanted {
            address: route(&[], &[]).address,
            chain: chain.map(ChainId::from),
            kind,
        };
        assert!(route(&["10"], block).serves(&wanted(Some(10), "block_payload")));
        assert!(route(&["10"], block).serves(&wanted(None, "block_payload")));
        assert!(route(&[], block).serves(&wanted(Some(11), "block_payload")));
        assert!(!route(&["10"], block).serves(&wanted(Some(11), "block_payload")));
        assert!(!route(&["10"], block).serves(&wanted(Some(10), "transaction")));
    }

    #[test]
    fn a_config_lets_a_part_of_an_offer_through() {
        let block = &["block_payload"][..];
        let allowed = |chains: &[&str]| {
            let Route { address, chains, .. } = route(chains, &[]);
            Allowed { addresses: vec![address], chains }
        };
        assert_eq!(allowed(&["10"]).of(&route(&[], block)), Some(route(&["10"], block)));
        assert_eq!(allowed(&[]).of(&route(&["10"], block)), Some(route(&["10"], block)));
        let both = route(&["11", "10"], block);
        assert_eq!(allowed(&["10", "12"]).of(&both), Some(route(&["10"], block)));
        assert_eq!(allowed(&["12"]).of(&both), None);
    }
}
