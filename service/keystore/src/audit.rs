//! What the audit log says of every grant and refusal. No secrets.

use serde::Serialize;

/// A line.
#[derive(Serialize)]
pub(crate) struct Entry<'a> {
    pub(crate) client: &'a str,
    pub(crate) method: &'a str,
    pub(crate) key_type: &'a str,
    pub(crate) public_key: Option<String>,
    /// What the message says, where it was understood.
    pub(crate) claim: Option<&'a str>,
    /// blake2b-256 of the message.
    pub(crate) message: Option<String>,
    /// `done`, or why not; `observed` if it was done and would not have been but in `observe`.
    pub(crate) outcome: &'a str,
    /// Of what was observed: why it would not have been done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) against: Option<&'a str>,
}
