//! Why a skill is not served.

/// Why a skill is not served, although it is asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unserved {
    /// A bootstrap skill with other bytes has its name.
    #[error("a bootstrap skill has its name, and is served in its place")]
    Bootstrap,
    /// Another skill has its name: another program wrote one of them.
    #[error("another skill has its name, and is served in its place")]
    Namesake,
    /// No version is approved.
    #[error("no version of it is approved")]
    NotApproved,
    /// The pinned version is not approved.
    #[error("version {0} is pinned, and it is not approved")]
    Pinned(String),
    /// Its bytes are missing, or not the approved ones.
    #[error("{0}")]
    Bytes(String),
}
