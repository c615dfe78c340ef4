//! What a VRF signature is over: a label, and items with labels of their own.

use std::collections::HashMap;

use merlin::Transcript;

/// A VRF's output, and the two halves of its proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VrfSignature {
    /// The output (schnorrkel's pre-output).
    pub output: [u8; 32],
    /// The proof's challenge.
    pub challenge: [u8; 32],
    /// The proof's scalar.
    pub proof: [u8; 32],
}

/// A value in a transcript.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VrfValue {
    /// As it is.
    Bytes(Vec<u8>),
    /// As eight bytes, little-endian.
    Number(u64),
}

/// An item of a transcript.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VrfItem {
    /// Its label; none where the client's proto file has no field for it.
    pub label: String,
    /// Its value.
    pub value: VrfValue,
}

/// Why there is no transcript.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoTranscript {
    /// The label is not among those that this server signs.
    UnknownLabel,
    /// The items are not those of the transcript's label, or not in its order.
    OtherItems,
    /// BABE's randomness does not have 32 bytes, or a number is where bytes should be.
    WrongValue,
}

impl std::fmt::Display for NoTranscript {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::UnknownLabel => "this server signs no VRF transcript with this label",
            Self::OtherItems => "the transcript's items are not those that go with its label",
            Self::WrongValue => "an item of the transcript has the wrong kind or length",
        })
    }
}

impl std::error::Error for NoTranscript {}

/// Which transcripts may be signed. A transcript's label decides what its items are: without that,
/// somebody else's protocol could be spoken with a validator's key.
///
/// merlin takes only labels that live as long as the program, so each configured one is leaked,
/// once, at the start.
#[derive(Default)]
pub struct Transcripts(HashMap<&'static str, Vec<&'static str>>);

/// The labels of what BABE signs (sp-consensus-babe `make_vrf_transcript`).
const BABE: (&str, [&str; 3]) = ("BABE", ["slot number", "current epoch", "chain randomness"]);

impl Transcripts {
    /// BABE's alone.
    pub fn babe() -> Self {
        Self(HashMap::from([(BABE.0, BABE.1.to_vec())]))
    }

    /// Adds a transcript.
    #[must_use]
    pub fn with(mut self, label: &str, items: &[String]) -> Self {
        let leak = |text: &str| -> &'static str { Box::leak(text.to_owned().into_boxed_str()) };
        self.0.insert(leak(label), items.iter().map(|item| leak(item)).collect());
        self
    }

    /// The transcript of a label and items. Items without labels get those of the label in order,
    /// which an old client needs; otherwise every label has to be the right one.
    ///
    /// # Errors
    /// [`NoTranscript`].
    pub fn build(&self, label: &str, items: &[VrfItem]) -> Result<Transcript, NoTranscript> {
        let (label, labels) = self.0.get_key_value(label).ok_or(NoTranscript::UnknownLabel)?;
        let labelled = items.iter().any(|item| !item.label.is_empty());
        let right = |(item, label): (&VrfItem, &&str)| !labelled || item.label == **label;
        if items.len() != labels.len() || !items.iter().zip(labels).all(right) {
            return Err(NoTranscript::OtherItems);
        }
        if *label == BABE.0 && !is_babe(items) {
            return Err(NoTranscript::WrongValue);
        }
        let mut transcript = Transcript::new(label.as_bytes());
        for (item, label) in items.iter().zip(labels) {
            match &item.value {
                VrfValue::Bytes(bytes) => transcript.append_message(label.as_bytes(), bytes),
                VrfValue::Number(number) => transcript.append_u64(label.as_bytes(), *number),
            }
        }
        Ok(transcript)
    }
}

/// Numbers may come as their eight bytes: older nodes have them so.
fn is_babe(items: &[VrfItem]) -> bool {
    let number = |value: &VrfValue| match value {
        VrfValue::Number(_) => true,
        VrfValue::Bytes(bytes) => bytes.len() == 8,
    };
    let [slot, epoch, randomness] = items else { return false };
    number(&slot.value)
        && number(&epoch.value)
        && matches!(&randomness.value, VrfValue::Bytes(bytes) if bytes.len() == 32)
}
