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
    /// tenantgate with 10 application keys of a store.
    TenantgateFewKeys,
    /// The same with 10,000 issuers in its configuration.
    TenantgateManyIssuers,
    /// tenantgate with 100,000 application keys of a store.
    TenantgateManyKeys,
    /// The same, and the store is asked every two seconds.
    TenantgateManyKeysPolled,
}

impl Listener {
    /// Those that rows are measured at.
    pub const ALL: [Self; 10] = [
        Self::JwtAuthn,
        Self::JwtAuthnCached,
        Self::NativeChain,
        Self::NativeChainCached,
        Self::NoFilterLocalReply,
        Self::NoFilter,
        Self::Tenantgate,
        Self::TenantgateFewKeys,
        Self::TenantgateManyIssuers,
        Self::TenantgateManyKeys,
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
            Self::TenantgateFewKeys => "tenantgate-10-keys",
            Self::TenantgateManyIssuers => "tenantgate-10000-issuers",
            Self::TenantgateManyKeys => "tenantgate-100000-keys",
            Self::TenantgateManyKeysPolled => "tenantgate-100000-keys-polled",
        }
    }
}

/// The token or application key that the requests of a row bring.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Token {
    /// The same expired one every time.
    Expired,
    /// An expired one that no cache holds.
    ExpiredFirstSeen,
    /// A valid one that no cache holds.
    FirstSeen,
    /// The application keys of the small store in turn, which the large one has as well.
    KeyOfFew,
    /// The application keys of the large store in turn.
    KeyOfMany,
    /// Application keys that nobody knows.
    KeyUnknown,
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
    /// The upstream gets the caller's application key, and is not told who that is.
    KeyForwarded,
    /// The client gets a 401 from Envoy for its application key.
    KeyRefused,
    /// The upstream gets three identity headers in the place of the application key.
    KeyRemoved,
    /// The client gets a 401 from Envoy.
    Refused,
    /// The upstream gets a technical token and three identity headers.
    TechnicalToken,
}

impl Outcome {
    pub const fn status(self) -> u16 {
        match self {
            Self::KeyRefused | Self::Refused => 401,
            Self::Forwarded
            | Self::ForwardedWithIdentity
            | Self::KeyForwarded
            | Self::KeyRemoved
            | Self::TechnicalToken => 200,
        }
    }

    /// The row that costs what Envoy itself needs for the same requests and the same outcome.
    pub const fn baseline(self) -> &'static str {
        match self {
            Self::KeyForwarded | Self::KeyRemoved => NO_FILTER_KEY,
            Self::KeyRefused => LOCAL_REPLY_KEY,
            Self::Refused => LOCAL_REPLY,
            Self::Forwarded | Self::ForwardedWithIdentity | Self::TechnicalToken => NO_FILTER,
        }
    }
}

/// The rows in the order in which they are measured within a round.
#[rustfmt::skip]
pub const ROWS: [Row; 19] = [
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
    Row { name: NO_FILTER_KEY, listener: Listener::NoFilter, target: THINGS, token: Token::KeyOfFew, outcome: Outcome::KeyForwarded },
    Row { name: LOCAL_REPLY_KEY, listener: Listener::NoFilterLocalReply, target: THINGS, token: Token::KeyUnknown, outcome: Outcome::KeyRefused },
    Row { name: FEW_KEYS, listener: Listener::TenantgateFewKeys, target: THINGS, token: Token::KeyOfFew, outcome: Outcome::KeyRemoved },
    Row { name: MANY_KEYS, listener: Listener::TenantgateManyKeys, target: THINGS, token: Token::KeyOfMany, outcome: Outcome::KeyRemoved },
    Row { name: "tenantgate_application_key_unknown", listener: Listener::TenantgateManyKeys, target: THINGS, token: Token::KeyUnknown, outcome: Outcome::KeyRefused },
];

/// Names of ratios in `results.json`: the first row's added time divided by the second's.
pub const RATIOS: [(&str, &str, &str); 7] = [
    ("repeated_technical_default_vs_native_chain", REPEATED_TECHNICAL, CHAIN_REPEATED),
    ("first_seen_rs256_vs_native_chain", FIRST_SEEN_TECHNICAL, CHAIN_FIRST_SEEN),
    ("first_seen_rs256_vs_jwt_authn", FIRST_SEEN_USER, JWT_AUTHN_FIRST_SEEN),
    ("repeated_vs_jwt_authn_cached", REPEATED_USER, JWT_AUTHN_CACHED),
    ("first_seen_10000_issuers_vs_1", FIRST_SEEN_ISSUERS, FIRST_SEEN_USER),
    ("repeated_10000_issuers_vs_1", REPEATED_ISSUERS, REPEATED_USER),
    ("keys_100000_vs_10", MANY_KEYS, FEW_KEYS),
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
const NO_FILTER_KEY: &str = "no_filter_application_key";
const LOCAL_REPLY_KEY: &str = "no_filter_local_reply_application_key";
const FEW_KEYS: &str = "tenantgate_application_key_10_keys";
const MANY_KEYS: &str = "tenantgate_application_key_100000_keys";

/// A route on which the caller's token goes on.
const PROFILE: &str = "/api/profile/me";
/// A route on which a technical token goes on; subtenants are refused there.
pub const REPORTS: &str = "/api/reports/monthly";
/// A route on which the caller's application key is removed and nothing takes its place.
pub const THINGS: &str = "/api/things/pump-17";
