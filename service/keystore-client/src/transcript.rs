//! A VRF's transcript in parts, which can be sent, and the one state that a node has of it.

use sp_consensus_babe::{BABE_ENGINE_ID, Randomness, Slot};
use sp_core::sr25519::vrf::VrfTranscript;

use crate::proto::sr25519_vrf_sign_request as request;

/// One item's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Bytes.
    Bytes(Vec<u8>),
    /// A number, which enters the transcript as 8 bytes, little-endian.
    U64(u64),
}

/// A label and labelled items.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transcript {
    /// The transcript's label; that of BABE is `BABE`.
    pub label: &'static str,
    /// The items in their order.
    pub items: Vec<(&'static str, Value)>,
}

impl Transcript {
    /// What sp_consensus_babe::make_vrf_transcript makes, in parts.
    pub fn babe(randomness: &Randomness, slot: Slot, epoch: u64) -> Self {
        Self {
            label: std::str::from_utf8(&BABE_ENGINE_ID).unwrap_or_default(),
            items: vec![
                ("slot number", Value::U64(slot.into())),
                ("current epoch", Value::U64(epoch)),
                ("chain randomness", Value::Bytes(randomness.to_vec())),
            ],
        }
    }

    /// What sp_core signs.
    pub fn build(&self) -> VrfTranscript {
        let numbers = |value: &Value| match value {
            Value::Bytes(bytes) => bytes.clone(),
            Value::U64(number) => number.to_le_bytes().to_vec(),
        };
        let values = self.items.iter().map(|(_, value)| numbers(value)).collect::<Vec<_>>();
        let items = self.items.iter().zip(&values);
        let items = items.map(|((label, _), value)| (label.as_bytes(), &value[..]));
        VrfTranscript::new(self.label.as_bytes(), &items.collect::<Vec<_>>())
    }

    /// What is sent.
    pub(crate) fn message(&self) -> request::VrfTranscriptData {
        let value = |value: &Value| match value {
            Value::Bytes(bytes) => request::vrf_transcript_value::Value::BytesValue(bytes.clone()),
            Value::U64(number) => request::vrf_transcript_value::Value::Uint64Value(*number),
        };
        let values = self.items.iter().map(|(label, item)| request::VrfTranscriptValue {
            label: (*label).into(),
            value: Some(value(item)),
        });
        request::VrfTranscriptData { label: self.label.into(), values: values.collect() }
    }
}

/// 32 bytes that name a transcript: equal states give equal ones. The state itself can be neither
/// compared nor read.
pub(crate) fn fingerprint(transcript: &VrfTranscript) -> [u8; 32] {
    let mut bytes = [0; 32];
    transcript.0.clone().challenge_bytes(b"opsign-keystore-client", &mut bytes);
    bytes
}

#[cfg(test)]
mod tests {
    use sp_consensus_babe::make_vrf_transcript;

    use super::*;

    #[test]
    fn babe_is_what_the_node_signs() {
        for (slot, epoch, randomness) in
            [(0, 0, [0; 32]), (288_450_123, 7, [9; 32]), (u64::MAX, u64::MAX, [255; 32])]
        {
            let ours = Transcript::babe(&randomness, slot.into(), epoch).build();
            let theirs = make_vrf_transcript(&randomness, slot.into(), epoch);
            assert_eq!(fingerprint(&ours), fingerprint(&theirs));
            let other = make_vrf_transcript(&randomness, (slot ^ 1).into(), epoch);
            assert_ne!(fingerprint(&ours), fingerprint(&other));
        }
    }

    #[test]
    fn labels_count() {
        let ours = Transcript { label: "a", items: vec![("b", Value::U64(1))] };
        let other = Transcript { label: "a", items: vec![("c", Value::U64(1))] };
        assert_ne!(fingerprint(&ours.build()), fingerprint(&other.build()));
    }
}
