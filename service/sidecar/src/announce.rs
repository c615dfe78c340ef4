//! Tells the signer of each block that op-node gets, before op-node gets it: op-node has it signed
//! before its own engine has seen it.

use std::time::Duration;

use opsign_wire::{Caller, TlsFiles};

use crate::envelope::Envelope;

/// For the signer to answer. It could not sign the block any sooner.
const PATIENCE: Duration = Duration::from_secs(1);

/// A signer.
pub(crate) struct Announcer(Caller);

impl Announcer {
    /// Takes an `https://` address; nothing is opened yet.
    ///
    /// # Errors
    /// One sentence about what is wrong with the address or a file.
    pub(crate) fn new(url: &str, files: &TlsFiles) -> Result<Self, String> {
        Caller::with_tls(url, files, PATIENCE).map(Self)
    }

    /// Announces a block. False if the signer has not taken it: what it does without is its config's
    /// affair.
    pub(crate) async fn announce(&self, block: &Envelope) -> bool {
        let Ok(envelope) = std::str::from_utf8(block.text(&block.result)) else { return false };
        match self.0.call("opsign_announceBlock", &format!("[{envelope}]")).await {
            Ok(_) => true,
            Err(error) => {
                let number = block.number;
                tracing::warn!(number, %error, "the signer was not told of a block");
                false
            }
        }
    }
}
