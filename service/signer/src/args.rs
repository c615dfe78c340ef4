//! The arguments of the RPC methods, read and checked as op-signer reads and checks them
//! (op-service's `signer` package).

use opsign_core::tx::{
    AccessItem, AccessList, Authorization, AuthorizationList, Blob, BlobHashes, DynamicFee,
    SetCode, SignatureFields, SignedAuthorization, StorageKeys, Transaction,
};
use opsign_core::{Address, ChainId, PayloadHash, U256};
use serde_json::value::RawValue;

use crate::go_json::{self, Members, Place, pointer};

/// Arguments of `eth_signTransaction`.
#[derive(Default)]
pub(crate) struct TransactionArgs {
    pub(crate) from: Option<Address>,
    to: Option<Address>,
    gas: Option<u64>,
    gas_price: Option<U256>,
    max_fee_per_gas: Option<U256>,
    max_priority_fee_per_gas: Option<U256>,
    value: Option<U256>,
    nonce: Option<u64>,
    data: Option<Vec<u8>>,
    input: Option<Vec<u8>>,
    access_list: Option<Vec<Access>>,
    chain_id: Option<U256>,
    blob_versioned_hashes: Option<Vec<[u8; 32]>>,
    max_fee_per_blob_gas: Option<U256>,
    authorization_list: Option<Vec<SignedAuthorization>>,
}

impl TransactionArgs {
    /// Reads the one positional argument.
    pub(crate) fn read(json: &RawValue) -> Result<Self, String> {
        let mut args = Self::default();
        let place = |field| Place { structure: "TransactionArgs", field };
        let members =
            Members::read(json, |kind| go_json::wrong_argument(kind, "signer.TransactionArgs"))?;
        for (name, value) in members.iter() {
            let is = |field: &str| name.eq_ignore_ascii_case(field);
            if is("from") {
                args.from = pointer(value, place("from"), go_json::address)?;
            } else if is("to") {
                args.to = pointer(value, place("to"), go_json::address)?;
            } else if is("gas") {
                args.gas = pointer(value, place("gas"), go_json::uint64)?;
            } else if is("gasPrice") {
                args.gas_price = pointer(value, place("gasPrice"), go_json::uint256)?;
            } else if is("maxFeePerGas") {
                args.max_fee_per_gas = pointer(value, place("maxFeePerGas"), go_json::uint256)?;
            } else if is("maxPriorityFeePerGas") {
                args.max_priority_fee_per_gas =
                    pointer(value, place("maxPriorityFeePerGas"), go_json::uint256)?;
            } else if is("value") {
                args.value = pointer(value, place("value"), go_json::uint256)?;
            } else if is("nonce") {
                args.nonce = pointer(value, place("nonce"), go_json::uint64)?;
            } else if is("data") {
                args.data = pointer(value, place("data"), go_json::bytes)?;
            } else if is("input") {
                args.input = pointer(value, place("input"), go_json::bytes)?;
            } else if is("accessList") {
                args.access_list = pointer(value, place("accessList"), access_list)?;
            } else if is("chainId") {
                args.chain_id = pointer(value, place("chainId"), go_json::uint256)?;
            } else if is("blobVersionedHashes") {
                args.blob_versioned_hashes = pointer(value, place("blobVersionedHashes"), hashes)?;
            } else if is("maxFeePerBlobGas") {
                args.max_fee_per_blob_gas =
                    pointer(value, place("maxFeePerBlobGas"), go_json::uint256)?;
            } else if is("authorizationList") {
                args.authorization_list =
                    pointer(value, place("authorizationList"), authorizations)?;
            }
        }
        Ok(args)
    }

    /// op-signer's checks, in its order and words; then calls `sign` with the transaction that the
    /// arguments stand for.
    pub(crate) fn checked(&self) -> Result<Checked<'_>, String> {
        let text = |what: &str| Err(what.to_owned());
        let Some(gas) = self.gas else {
            return text("gas not specified");
        };
        if self.gas_price.is_some() {
            return text("only accepts maxFeePerGas/maxPriorityFeePerGas params");
        }
        let (Some(fee), Some(tip)) = (self.max_fee_per_gas, self.max_priority_fee_per_gas) else {
            return text("missing maxFeePerGas or maxPriorityFeePerGas");
        };
        if fee < tip {
            return Err(format!(
                "maxFeePerGas ({}) < maxPriorityFeePerGas ({})",
                quantity(&fee),
                quantity(&tip)
            ));
        }
        let Some(nonce) = self.nonce else {
            return text("nonce not specified");
        };
        if let (Some(data), Some(input)) = (&self.data, &self.input)
            && data != input
        {
            return text(
                "both \"data\" and \"input\" are set and not equal. Please use \"input\" to pass \
                 transaction call data",
            );
        }
        let input = self.input.as_deref().or(self.data.as_deref()).unwrap_or_default();
        if self.to.is_none() && input.is_empty() {
            return text("contract creation without any data provided");
        }
        let Some(chain_id) = self.chain_id else {
            return text("chain id not specified");
        };
        match (&self.blob_versioned_hashes, self.max_fee_per_blob_gas) {
            (Some(hashes), _) if hashes.is_empty() => {
                return text("non-null blob versioned hashes should not be empty");
            }
            (Some(_), None) => return text("when including blobs a blob-fee-cap is required"),
            (None, Some(_)) => {
                return text("unexpected blob-fee-cap, transaction does not include blobs");
            }
            _ => {}
        }
        if self.authorization_list.as_ref().is_some_and(Vec::is_empty) {
            return text("non-null auth list should not be empty");
        }
        // op-signer's handler crashes here, and drops blobs from a set-code transaction.
        if self.to.is_none()
            && (self.blob_versioned_hashes.is_some() || self.authorization_list.is_some())
        {
            return text("a blob or set-code transaction needs a to address");
        }
        if self.blob_versioned_hashes.is_some() && self.authorization_list.is_some() {
            return text("a transaction has blobs or authorizations, not both");
        }
        Ok(Checked {
            args: self,
            chain_id: ChainId::from_be_bytes(*chain_id.as_be_bytes()),
            gas,
            fee,
            tip,
            nonce,
            input,
            access_list: self
                .access_list
                .iter()
                .flatten()
                .map(|(address, keys)| AccessItem {
                    address: *address,
                    storage_keys: StorageKeys::new(keys),
                })
                .collect(),
        })
    }
}

/// Arguments that stand for a transaction.
pub(crate) struct Checked<'a> {
    args: &'a TransactionArgs,
    chain_id: ChainId,
    gas: u64,
    fee: U256,
    tip: U256,
    nonce: u64,
    input: &'a [u8],
    access_list: Vec<AccessItem<'a>>,
}

impl Checked<'_> {
    /// The transaction: type 4 with authorisations, 3 with blobs, else 2.
    pub(crate) fn transaction(&self) -> Transaction<'_> {
        let Self { args, chain_id, gas, fee, tip, nonce, input, .. } = *self;
        let access_list = AccessList::new(&self.access_list);
        let value = args.value.unwrap_or(U256::from(0));
        // Checked to be there where it is used.
        let to = args.to.unwrap_or(Address::from_bytes([0; 20]));
        if let Some(list) = &args.authorization_list {
            return Transaction::SetCode(SetCode {
                chain_id,
                nonce,
                max_priority_fee_per_gas: tip,
                max_fee_per_gas: fee,
                gas,
                to,
                value,
                input,
                access_list,
                authorization_list: AuthorizationList::new(list),
            });
        }
        if let Some(hashes) = &args.blob_versioned_hashes {
            return Transaction::Blob(Blob {
                chain_id,
                nonce,
                max_priority_fee_per_gas: tip,
                max_fee_per_gas: fee,
                gas,
                to,
                value,
                input,
                access_list,
                max_fee_per_blob_gas: args.max_fee_per_blob_gas.unwrap_or(U256::from(0)),
                blob_versioned_hashes: BlobHashes::new(hashes),
            });
        }
        Transaction::DynamicFee(DynamicFee {
            chain_id,
            nonce,
            max_priority_fee_per_gas: tip,
            max_fee_per_gas: fee,
            gas,
            to: args.to,
            value,
            input,
            access_list,
        })
    }
}

/// An address and storage keys of it.
type Access = (Address, Vec<[u8; 32]>);

fn access_list(json: &str, place: Place) -> Result<Vec<Access>, String> {
    let mut list = Vec::new();
    for item in go_json::items(json, place, "types.AccessList")? {
        let inner = |field| Place { field, ..place };
        let (mut address, mut keys) = (None, None);
        let members = Members::read(item, |kind| place.wrong(kind, "types.AccessTuple"))?;
        for (name, value) in members.iter() {
            if name.eq_ignore_ascii_case("address") {
                address = pointer(value, inner("accessList.address"), go_json::address)?;
            } else if name.eq_ignore_ascii_case("storageKeys") {
                keys = pointer(value, inner("accessList.storageKeys"), hashes)?;
            }
        }
        let missing = |field| format!("missing required field '{field}' for AccessTuple");
        let address = address.ok_or_else(|| missing("address"))?;
        list.push((address, keys.ok_or_else(|| missing("storageKeys"))?));
    }
    Ok(list)
}

fn hashes(json: &str, place: Place) -> Result<Vec<[u8; 32]>, String> {
    go_json::items(json, place, "[]common.Hash")?
        .iter()
        .map(|item| go_json::fixed(item.get(), place, "common.Hash"))
        .collect()
}

fn authorizations(json: &str, place: Place) -> Result<Vec<SignedAuthorization>, String> {
    let mut list = Vec::new();
    for item in go_json::items(json, place, "[]types.SetCodeAuthorization")? {
        let inner = |field| Place { field, ..place };
        let (mut chain_id, mut address, mut nonce) = (None, None, None);
        let (mut v, mut r, mut s) = (None, None, None);
        let members = Members::read(item, |kind| place.wrong(kind, "types.SetCodeAuthorization"))?;
        for (name, value) in members.iter() {
            let is = |field: &str| name.eq_ignore_ascii_case(field);
            if is("chainId") {
                chain_id = pointer(value, inner("authorizationList.chainId"), go_json::uint256)?;
            } else if is("address") {
                address = pointer(value, inner("authorizationList.address"), go_json::address)?;
            } else if is("nonce") {
                nonce = pointer(value, inner("authorizationList.nonce"), go_json::uint64)?;
            } else if is("yParity") {
                v = pointer(value, inner("authorizationList.yParity"), go_json::uint64)?;
            } else if is("r") {
                r = pointer(value, inner("authorizationList.r"), go_json::uint256)?;
            } else if is("s") {
                s = pointer(value, inner("authorizationList.s"), go_json::uint256)?;
            }
        }
        let missing = |field| format!("missing required field '{field}' for SetCodeAuthorization");
        let chain_id = chain_id.ok_or_else(|| missing("chainId"))?;
        let v = v.ok_or_else(|| missing("yParity"))?;
        if v > 255 {
            // Go cuts it to a byte and signs another number.
            return Err("yParity of an authorization must fit a byte".into());
        }
        list.push(SignedAuthorization {
            authorization: Authorization {
                chain_id: ChainId::from_be_bytes(*chain_id.as_be_bytes()),
                address: address.ok_or_else(|| missing("address"))?,
                nonce: nonce.ok_or_else(|| missing("nonce"))?,
            },
            fields: SignatureFields {
                v: U256::from(v),
                r: r.ok_or_else(|| missing("r"))?,
                s: s.ok_or_else(|| missing("s"))?,
            },
        });
    }
    Ok(list)
}

/// `0x` and hex digits without leading zeroes.
fn quantity(number: &U256) -> String {
    let digits = base16ct::lower::encode_string(number.as_be_bytes());
    let digits = digits.trim_start_matches('0');
    format!("0x{}", if digits.is_empty() { "0" } else { digits })
}

/// Which method's reading a block payload's arguments get.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum PayloadForm {
    /// `opsigner_signBlockPayload`: an array of numbers, a number, base64.
    V1,
    /// `opsigner_signBlockPayloadV2`: strings.
    V2,
    /// Either, told apart by what is there: kona-node sends V1 with an object of strings.
    Named,
}

/// Arguments of the block payload methods.
pub(crate) struct PayloadArgs {
    pub(crate) domain: [u8; 32],
    pub(crate) chain_id: ChainId,
    pub(crate) payload_hash: PayloadHash,
    /// The payload itself, if it came along; it has been hashed.
    pub(crate) payload: Option<Vec<u8>>,
}

/// Arguments before op-signer's checks.
pub(crate) struct RawPayloadArgs {
    form: PayloadForm,
    domain: [u8; 32],
    /// The outer `None` is missing, the inner one too large or negative.
    chain_id: Option<Option<U256>>,
    payload_hash: Option<Vec<u8>>,
    payload: Option<Vec<u8>>,
    pub(crate) sender: Option<Address>,
}

impl RawPayloadArgs {
    pub(crate) fn read(json: &RawValue, form: PayloadForm) -> Result<Self, String> {
        let structure = match form {
            PayloadForm::V1 | PayloadForm::Named => "BlockPayloadArgs",
            PayloadForm::V2 => "BlockPayloadArgsV2",
        };
        let go_type = match form {
            PayloadForm::V1 | PayloadForm::Named => "signer.BlockPayloadArgs",
            PayloadForm::V2 => "signer.BlockPayloadArgsV2",
        };
        let place = |field| Place { structure, field };
        let mut args = Self {
            form,
            domain: [0; 32],
            chain_id: None,
            payload_hash: None,
            payload: None,
            sender: None,
        };
        let members = Members::read(json, |kind| go_json::wrong_argument(kind, go_type))?;
        for (name, value) in members.iter() {
            let is = |field: &str| name.eq_ignore_ascii_case(field);
            let strings = match form {
                PayloadForm::V1 => false,
                PayloadForm::V2 => true,
                PayloadForm::Named => value.starts_with('"'),
            };
            if is("domain") {
                args.domain = if value == "null" && !strings {
                    args.domain
                } else if strings {
                    go_json::fixed(value, place("domain"), "*eth.Bytes32")?
                } else {
                    go_json::byte_array32(value, place("domain"))?
                };
            } else if is("chainId") {
                args.chain_id = match value {
                    // A text is left as it is, a pointer taken away.
                    "null" if strings => args.chain_id,
                    "null" => None,
                    _ if strings => Some(Some(chain_id_text(value, place("chainId"))?)),
                    _ => Some(go_json::big_int(value)?),
                };
            } else if is("payloadHash") {
                let hex = go_json::quoted(value).is_some_and(|text| text.starts_with("0x"));
                args.payload_hash =
                    (value != "null" || strings).then_some(if value == "null" && !strings {
                        Vec::new()
                    } else if strings && (form == PayloadForm::V2 || hex) {
                        go_json::fixed::<32>(value, place("payloadHash"), "common.Hash")?.to_vec()
                    } else {
                        go_json::byte_slice(value, place("payloadHash"))?
                    });
            } else if is("senderAddress") {
                args.sender = pointer(value, place("senderAddress"), go_json::address)?;
            } else if is("PayloadBytes") && form != PayloadForm::V2 {
                args.payload = pointer(value, place("PayloadBytes"), go_json::byte_slice)?;
            }
        }
        Ok(args)
    }

    /// op-signer's checks, in its order and words, and that a payload sent along is the hashed one.
    pub(crate) fn check(self) -> Result<PayloadArgs, &'static str> {
        let chain_id = self.chain_id.ok_or("chainId not specified")?;
        let zero_is_missing = self.form == PayloadForm::V2;
        if zero_is_missing && chain_id == Some(U256::from(0)) {
            return Err("chainId not specified");
        }
        let chain_id = chain_id.ok_or("chain_id is too large")?;
        let hash = self.payload_hash.filter(|hash| !hash.is_empty());
        let hash = hash.ok_or("payloadHash not specified")?;
        let hash = <[u8; 32]>::try_from(hash).map_err(|_| "payloadHash has unexpected length")?;
        if zero_is_missing && hash == [0; 32] {
            return Err("payloadHash not specified");
        }
        if let Some(payload) = &self.payload
            && *PayloadHash::of(payload).as_bytes() != hash
        {
            return Err("PayloadBytes do not hash to payloadHash");
        }
        Ok(PayloadArgs {
            domain: self.domain,
            chain_id: ChainId::from_be_bytes(*chain_id.as_be_bytes()),
            payload_hash: PayloadHash::from_bytes(hash),
            payload: self.payload,
        })
    }
}

/// `eth.ChainID`: a string, decimal or hex.
fn chain_id_text(json: &str, place: Place) -> Result<U256, String> {
    if json.starts_with('"') {
        go_json::uint256_text(&go_json::text(json)?)
    } else {
        Err(place.wrong(go_json::kind_of(json), "eth.ChainID"))
    }
}
