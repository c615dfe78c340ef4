//! Why there is no connection.

/// What keeps a keystore from being used at all.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// A thread for the connection could not be started.
    #[error("the connection's thread cannot be started: {0}")]
    Thread(#[from] std::io::Error),
    /// The address is none, or a certificate or key is no PEM.
    #[error("the address or the certificates are not usable: {0}")]
    Config(#[from] tonic::transport::Error),
    /// The address is no URI.
    #[error("the address is no URI: {0}")]
    Address(#[from] tonic::codegen::http::uri::InvalidUri),
}
