//! What the audit log says of every grant, every refusal and every operator's call. No secrets, no
//! whole transactions.

use serde::Serialize;
use serde_json::Value;

/// A line about a call for a signature.
#[derive(Serialize)]
pub(crate) struct Entry<'a> {
    pub(crate) client: &'a str,
    pub(crate) method: &'a str,
    pub(crate) key: Option<String>,
    pub(crate) chain_id: Option<String>,
    /// What was to be signed.
    pub(crate) signing_hash: Option<String>,
    /// `signed`, or why not.
    pub(crate) outcome: &'a str,
    pub(crate) trace: Option<&'a str>,
}

/// A line about an operator's call.
#[derive(Serialize)]
pub(crate) struct AdminEntry<'a> {
    pub(crate) client: &'a str,
    pub(crate) method: &'a str,
    pub(crate) params: &'a Value,
    /// `done`, or why not.
    pub(crate) outcome: &'a str,
    pub(crate) trace: Option<&'a str>,
}
