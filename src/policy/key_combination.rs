//! What becomes of a request that presents an application key and something else.

use crate::credential::Decisive;

/// How application keys go together with other credentials of one request.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct KeyCombination {
    /// Beside a bearer token.
    pub when_both: WhenBoth,
    /// Beside a user and a password in `authorization` (RFC 7617).
    pub basic: BasicWithKey,
}

/// What becomes of a request that presents an application key and a bearer token.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum WhenBoth {
    /// The key alone counts.
    Key,
    /// Both must be valid and of the same user, tenant and subtenant.
    #[default]
    MustAgree,
    /// It is refused.
    Reject,
    /// The token alone counts.
    Token,
}

/// What becomes of a request that presents an application key beside a user and a password.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum BasicWithKey {
    /// The key counts, and `authorization` is removed.
    Drop,
    /// The key counts, and `authorization` goes on.
    Forward,
    /// It is refused.
    #[default]
    Reject,
}

impl WhenBoth {
    /// What is looked at.
    pub const fn decisive(self) -> Decisive {
        match self {
            Self::Key => Decisive::Key,
            Self::MustAgree | Self::Reject => Decisive::Both,
            Self::Token => Decisive::Token,
        }
    }
}
