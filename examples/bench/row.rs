//! What is measured: one row for each combination of filters and token.

/// One line of the table.
pub struct Row {
    /// The name in `results.json`; later issues compare by it.
    pub name: &'static str,
    pub listener: Listener,
    pub target: &'static str,
    pub token: Token,
    pub outcome: Outcome,
}

/// The listeners of the one Envoy process, each with its own filters.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Listener {
    /// `jwt_authn` alone.
    JwtAuthn,
    /// `jwt_authn` alone, with its cache of verified tokens.
    JwtAuthnCached,
    /// The four native filters that do the whole job.
    NativeChain,
    /// The same, with the cache of `jwt_authn`.
    NativeChainCached,
    /// No filter, and an answer by Envoy itself.
    NoFilterLocalReply,
    /// No filter.
    NoFilter,
    Tenantgate,
    /// The same with 10,000 issuers in its configuration.
    TenantgateManyIssuers,
}

impl Listener {
    pub const ALL: [Self; 8] = [
        Self::JwtAuthn,
        Self::JwtAuthnCached,
        Self::NativeChain,
        Self::NativeChainCached,
        Self::NoFilterLocalReply,
        Self::NoFilter,
        Self::Tenantgate,
        Self::TenantgateManyIssuers,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::JwtAuthn => "jwt-authn",
            Self::JwtAuthnCached => "jwt-authn-cached",
            Self::NativeChain => "native-chain",
            Self::NativeChainCached => "native-chain-cached",
            Self::NoFilterLocalReply => "no-filter-local-reply",
            Self::NoFilter => "no-filter",
            Self::Tenantgate => "tenantgate",
            Self::TenantgateManyIssuers => "tenantgate-10000-issuers",
        }
    }
}

/// The token that the requests of a row bring.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Token {
    /// The same expired one every time.
    Expired,
    /// An expired one that no cache holds.
    ExpiredFirstSeen,
    /// A valid one that no cache holds.
    FirstSeen,
    /// The same valid one every time.
    Repeated,
}

/// What becomes of the requests of a row.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// The upstream gets the caller's token, and is not told who that is.
    Forwarded,
    /// The upstream gets the caller's token and three identity headers.
    ForwardedWithIdentity,
    /// The client gets a 401 from Envoy.
    Refused,
    /// The upstream gets a technical token and three identity headers.
    TechnicalToken,
}

impl Outcome {
    pub const fn status(self) -> u16 {
        match self {
            Self::Refused => 401,
            Self::Forwarded | Self::ForwardedWithIdentity | Self::TechnicalToken => 200,
        }
    }

    /// The row that costs what Envoy itself needs for the same outcome.
    pub const fn baseline(self) -> &'static str {
        match self {
            Self::Refused => LOCAL_REPLY,
            Self::Forwarded | Self::ForwardedWithIdentity | Self::TechnicalToken => NO_FILTER,
        }
    }
}

/// The rows in the order in which they are measured within a round.
#[rustfmt::skip]
pub const ROWS: [Row; 14] = [
    Row { name: NO_FILTER, listener: Listener::NoFilter, target: PROFILE, token: Token::Repeated, outcome: Outcome::Forwarded },
    Row { name: LOCAL_REPLY, listener: Listener::NoFilterLocalReply, target: PROFILE, token: Token::Expired, outcome: Outcome::Refused },
    Row { name: JWT_AUTHN_FIRST_SEEN, listener: Listener::JwtAuthn, target: PROFILE, token: Token::FirstSeen, outcome: Outcome::Forwarded },
    Row { name: JWT_AUTHN_CACHED, listener: Listener::JwtAuthnCached, target: PROFILE, token: Token::Repeated, outcome: Outcome::Forwarded },
    Row { name: CHAIN_FIRST_SEEN, listener: Listener::NativeChain, target: REPORTS, token: Token::FirstSeen, outcome: Outcome::TechnicalToken },
    Row { name: CHAIN_REPEATED, listener: Listener::NativeChainCached, target: REPORTS, token: Token::Repeated, outcome: Outcome::TechnicalToken },
    Row { name: FIRST_SEEN_USER, listener: Listener::Tenantgate, target: PROFILE, token: Token::FirstSeen, outcome: Outcome::ForwardedWithIdentity },
    Row { name: FIRST_SEEN_ISSUERS, listener: Listener::TenantgateManyIssuers, target: PROFILE, token: Token::FirstSeen, outcome: Outcome::ForwardedWithIdentity },
    Row { name: FIRST_SEEN_TECHNICAL, listener: Listener::Tenantgate, target: REPORTS, token: Token::FirstSeen, outcome: Outcome::TechnicalToken },
    Row { name: REPEATED_USER, listener: Listener::Tenantgate, target: PROFILE, token: Token::Repeated, outcome: Outcome::ForwardedWithIdentity },
    Row { name: REPEATED_ISSUERS, listener: Listener::TenantgateManyIssuers, target: PROFILE, token: Token::Repeated, outcome: Outcome::ForwardedWithIdentity },
    Row { name: REPEATED_TECHNICAL, listener: Listener::Tenantgate, target: REPORTS, token: Token::Repeated, outcome: Outcome::TechnicalToken },
    Row { name: "tenantgate_expired_repeated", listener: Listener::Tenantgate, target: PROFILE, token: Token::Expired, outcome: Outcome::Refused },
    Row { name: "tenantgate_expired_first_seen", listener: Listener::Tenantgate, target: PROFILE, token: Token::ExpiredFirstSeen, outcome: Outcome::Refused },
];

/// Names of ratios in `results.json`: the first row's added time divided by the second's.
pub const RATIOS: [(&str, &str, &str); 6] = [
    ("repeated_technical_default_vs_native_chain", REPEATED_TECHNICAL, CHAIN_REPEATED),
    ("first_seen_rs256_vs_native_chain", FIRST_SEEN_TECHNICAL, CHAIN_FIRST_SEEN),
    ("first_seen_rs256_vs_jwt_authn", FIRST_SEEN_USER, JWT_AUTHN_FIRST_SEEN),
    ("repeated_vs_jwt_authn_cached", REPEATED_USER, JWT_AUTHN_CACHED),
    ("first_seen_10000_issuers_vs_1", FIRST_SEEN_ISSUERS, FIRST_SEEN_USER),
    ("repeated_10000_issuers_vs_1", REPEATED_ISSUERS, REPEATED_USER),
];

const NO_FILTER: &str = "no_filter";
const LOCAL_REPLY: &str = "no_filter_local_reply";
const JWT_AUTHN_FIRST_SEEN: &str = "jwt_authn_first_seen_rs256";
const JWT_AUTHN_CACHED: &str = "jwt_authn_cached_rs256";
const CHAIN_FIRST_SEEN: &str = "native_chain_first_seen_rs256";
const CHAIN_REPEATED: &str = "native_chain_repeated_rs256";
const FIRST_SEEN_USER: &str = "tenantgate_first_seen_rs256_user_token";
const FIRST_SEEN_TECHNICAL: &str = "tenantgate_first_seen_rs256_technical_token";
const FIRST_SEEN_ISSUERS: &str = "tenantgate_first_seen_rs256_10000_issuers";
const REPEATED_ISSUERS: &str = "tenantgate_repeated_rs256_10000_issuers";
const REPEATED_USER: &str = "tenantgate_repeated_rs256_user_token";
const REPEATED_TECHNICAL: &str = "tenantgate_repeated_rs256_technical_token";

/// A route on which the caller's token goes on.
const PROFILE: &str = "/api/profile/me";
/// A route on which a technical token goes on; subtenants are refused there.
pub const REPORTS: &str = "/api/reports/monthly";
