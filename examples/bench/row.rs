//! What is measured: one row for each combination of filters and token.

use crate::signers::Algorithm;

/// One line of the table.
pub struct Row {
    /// The name in `results.json`; later issues compare by it.
    pub name: &'static str,
    pub listener: Listener,
    pub target: &'static str,
    pub token: Token,
    pub outcome: Outcome,
}

impl Row {
    /// The row of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        ROWS.iter().find(|row| row.name == name)
    }

    /// Those of these names.
    pub fn all_named(names: &[&str]) -> Vec<&'static Self> {
        names.iter().filter_map(|name| Self::named(name)).collect()
    }

    /// Whether its requests fill tenantgate's cache of verified tokens, so that one turn in
    /// [`tokens::FILLING`](crate::tokens::FILLING) also pays for what that forgets.
    pub fn fills_cache(&self) -> bool {
        match self.token {
            Token::FirstSeen | Token::FirstSeenBy(_) => self.listener.is_tenantgate(),
            Token::Expired
            | Token::ExpiredFirstSeen
            | Token::KeyOfFew
            | Token::KeyOfMany
            | Token::KeyUnknown
            | Token::OfSubtenant
            | Token::Repeated
            | Token::RepeatedBy(_) => false,
        }
    }
}

/// The listeners of an Envoy process, each with its own filters.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Listener {
    /// A Wasm filter that does nothing.
    FloorNothing,
    /// A Wasm filter that reads the header with the token.
    FloorOneHeader,
    /// `jwt_authn` alone.
    JwtAuthn,
    /// `jwt_authn` alone, with its cache of verified tokens.
    JwtAuthnCached,
    /// `jwt_authn`, and a Lua script that does the rest of the job.
    Lua,
    /// The same, with the cache of `jwt_authn`.
    LuaCached,
    /// The four native filters that do the whole job.
    NativeChain,
    /// The same, with the cache of `jwt_authn`.
    NativeChainCached,
    /// No filter, and an answer by Envoy itself.
    NoFilterLocalReply,
    /// No filter.
    NoFilter,
    Tenantgate,
    /// The same with a second issuer, which signs by other algorithms.
    TenantgateAlgorithms,
    /// tenantgate with 10 application keys of a store.
    TenantgateFewKeys,
    /// tenantgate with 10 routes in its configuration.
    TenantgateFewRoutes,
    /// tenantgate again, with caches of its own: two rows that fill one cache could leave one of them all it costs to forget.
    TenantgateFirstSeen,
    /// tenantgate without its callback for the answers of upstreams.
    TenantgateLean,
    /// tenantgate with 10,000 issuers in its configuration.
    TenantgateManyIssuers,
    /// tenantgate that lets more requests wait than it does by default.
    TenantgateManyWaiters,
    /// tenantgate with 100,000 application keys of a store.
    TenantgateManyKeys,
    /// The same, and the store is asked every two seconds.
    TenantgateManyKeysPolled,
    /// tenantgate with 10,000 routes in its configuration.
    TenantgateManyRoutes,
}

impl Listener {
    pub const fn name(self) -> &'static str {
        match self {
            Self::FloorNothing => "floor-nothing",
            Self::FloorOneHeader => "floor-one-header",
            Self::JwtAuthn => "jwt-authn",
            Self::JwtAuthnCached => "jwt-authn-cached",
            Self::Lua => "lua",
            Self::LuaCached => "lua-cached",
            Self::NativeChain => "native-chain",
            Self::NativeChainCached => "native-chain-cached",
            Self::NoFilterLocalReply => "no-filter-local-reply",
            Self::NoFilter => "no-filter",
            Self::Tenantgate => "tenantgate",
            Self::TenantgateAlgorithms => "tenantgate-algorithms",
            Self::TenantgateFewKeys => "tenantgate-10-keys",
            Self::TenantgateFewRoutes => "tenantgate-10-routes",
            Self::TenantgateFirstSeen => "tenantgate-first-seen",
            Self::TenantgateLean => "tenantgate-lean",
            Self::TenantgateManyIssuers => "tenantgate-10000-issuers",
            Self::TenantgateManyKeys => "tenantgate-100000-keys",
            Self::TenantgateManyKeysPolled => "tenantgate-100000-keys-polled",
            Self::TenantgateManyWaiters => "tenantgate-many-waiters",
            Self::TenantgateManyRoutes => "tenantgate-10000-routes",
        }
    }

    const fn is_tenantgate(self) -> bool {
        match self {
            Self::FloorNothing
            | Self::FloorOneHeader
            | Self::JwtAuthn
            | Self::JwtAuthnCached
            | Self::Lua
            | Self::LuaCached
            | Self::NativeChain
            | Self::NativeChainCached
            | Self::NoFilterLocalReply
            | Self::NoFilter => false,
            Self::Tenantgate
            | Self::TenantgateAlgorithms
            | Self::TenantgateFewKeys
            | Self::TenantgateFewRoutes
            | Self::TenantgateFirstSeen
            | Self::TenantgateLean
            | Self::TenantgateManyIssuers
            | Self::TenantgateManyKeys
            | Self::TenantgateManyKeysPolled
            | Self::TenantgateManyWaiters
            | Self::TenantgateManyRoutes => true,
        }
    }
}

/// The token or application key that the requests of a row bring.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Token {
    /// The same expired one every time.
    Expired,
    /// An expired one that no cache holds.
    ExpiredFirstSeen,
    /// A valid one that no cache holds.
    FirstSeen,
    /// The same of the second issuer, signed by this algorithm.
    FirstSeenBy(Algorithm),
    /// The application keys of the small store in turn, which the large one has as well.
    KeyOfFew,
    /// The application keys of the large store in turn.
    KeyOfMany,
    /// Application keys that nobody knows.
    KeyUnknown,
    /// The same valid one every time, of a caller who acts for a subtenant.
    OfSubtenant,
    /// The same valid one every time.
    Repeated,
    /// The same of the second issuer, signed by this algorithm.
    RepeatedBy(Algorithm),
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
    /// The client gets a 403 from Envoy.
    SubtenantRefused,
    /// The upstream gets a technical token and three identity headers.
    TechnicalToken,
}

impl Outcome {
    pub const fn status(self) -> u16 {
        match self {
            Self::KeyRefused | Self::Refused => 401,
            Self::SubtenantRefused => 403,
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
            Self::Refused | Self::SubtenantRefused => LOCAL_REPLY,
            Self::Forwarded | Self::ForwardedWithIdentity | Self::TechnicalToken => NO_FILTER,
        }
    }
}

/// The rows in the order in which they are measured within a round.
#[rustfmt::skip]
pub const ROWS: [Row; 33] = [
    Row { name: NO_FILTER, listener: Listener::NoFilter, target: PROFILE, token: Token::Repeated, outcome: Outcome::Forwarded },
    Row { name: LOCAL_REPLY, listener: Listener::NoFilterLocalReply, target: PROFILE, token: Token::Expired, outcome: Outcome::Refused },
    Row { name: "floor_nothing", listener: Listener::FloorNothing, target: PROFILE, token: Token::Repeated, outcome: Outcome::Forwarded },
    Row { name: FLOOR, listener: Listener::FloorOneHeader, target: PROFILE, token: Token::Repeated, outcome: Outcome::Forwarded },
    Row { name: JWT_AUTHN_FIRST_SEEN, listener: Listener::JwtAuthn, target: PROFILE, token: Token::FirstSeen, outcome: Outcome::Forwarded },
    Row { name: JWT_AUTHN_CACHED, listener: Listener::JwtAuthnCached, target: PROFILE, token: Token::Repeated, outcome: Outcome::Forwarded },
    Row { name: CHAIN_FIRST_SEEN, listener: Listener::NativeChain, target: REPORTS, token: Token::FirstSeen, outcome: Outcome::TechnicalToken },
    Row { name: CHAIN_REPEATED, listener: Listener::NativeChainCached, target: REPORTS, token: Token::Repeated, outcome: Outcome::TechnicalToken },
    Row { name: "jwt_authn_lua_first_seen_rs256", listener: Listener::Lua, target: REPORTS, token: Token::FirstSeen, outcome: Outcome::TechnicalToken },
    Row { name: LUA_REPEATED, listener: Listener::LuaCached, target: REPORTS, token: Token::Repeated, outcome: Outcome::TechnicalToken },
    Row { name: FIRST_SEEN_USER, listener: Listener::Tenantgate, target: PROFILE, token: Token::FirstSeen, outcome: Outcome::ForwardedWithIdentity },
    Row { name: FIRST_SEEN_ISSUERS, listener: Listener::TenantgateManyIssuers, target: PROFILE, token: Token::FirstSeen, outcome: Outcome::ForwardedWithIdentity },
    Row { name: FIRST_SEEN_TECHNICAL, listener: Listener::TenantgateFirstSeen, target: REPORTS, token: Token::FirstSeen, outcome: Outcome::TechnicalToken },
    Row { name: REPEATED_USER, listener: Listener::Tenantgate, target: PROFILE, token: Token::Repeated, outcome: Outcome::ForwardedWithIdentity },
    Row { name: REPEATED_ISSUERS, listener: Listener::TenantgateManyIssuers, target: PROFILE, token: Token::Repeated, outcome: Outcome::ForwardedWithIdentity },
    Row { name: REPEATED_TECHNICAL, listener: Listener::Tenantgate, target: REPORTS, token: Token::Repeated, outcome: Outcome::TechnicalToken },
    Row { name: REPEATED_LEAN, listener: Listener::TenantgateLean, target: REPORTS, token: Token::Repeated, outcome: Outcome::TechnicalToken },
    Row { name: "tenantgate_first_seen_es256_user_token", listener: Listener::TenantgateAlgorithms, target: PROFILE, token: Token::FirstSeenBy(Algorithm::Es256), outcome: Outcome::ForwardedWithIdentity },
    Row { name: "tenantgate_repeated_es256_user_token", listener: Listener::TenantgateAlgorithms, target: PROFILE, token: Token::RepeatedBy(Algorithm::Es256), outcome: Outcome::ForwardedWithIdentity },
    Row { name: "tenantgate_first_seen_ps256_user_token", listener: Listener::TenantgateAlgorithms, target: PROFILE, token: Token::FirstSeenBy(Algorithm::Ps256), outcome: Outcome::ForwardedWithIdentity },
    Row { name: "tenantgate_repeated_ps256_user_token", listener: Listener::TenantgateAlgorithms, target: PROFILE, token: Token::RepeatedBy(Algorithm::Ps256), outcome: Outcome::ForwardedWithIdentity },
    Row { name: "tenantgate_first_seen_eddsa_user_token", listener: Listener::TenantgateAlgorithms, target: PROFILE, token: Token::FirstSeenBy(Algorithm::EdDsa), outcome: Outcome::ForwardedWithIdentity },
    Row { name: "tenantgate_repeated_eddsa_user_token", listener: Listener::TenantgateAlgorithms, target: PROFILE, token: Token::RepeatedBy(Algorithm::EdDsa), outcome: Outcome::ForwardedWithIdentity },
    Row { name: FEW_ROUTES, listener: Listener::TenantgateFewRoutes, target: SERVICE, token: Token::Repeated, outcome: Outcome::ForwardedWithIdentity },
    Row { name: MANY_ROUTES, listener: Listener::TenantgateManyRoutes, target: SERVICE, token: Token::Repeated, outcome: Outcome::ForwardedWithIdentity },
    Row { name: "tenantgate_subtenant_refused", listener: Listener::Tenantgate, target: PROFILE, token: Token::OfSubtenant, outcome: Outcome::SubtenantRefused },
    Row { name: EXPIRED, listener: Listener::Tenantgate, target: PROFILE, token: Token::Expired, outcome: Outcome::Refused },
    Row { name: EXPIRED_FIRST_SEEN, listener: Listener::Tenantgate, target: PROFILE, token: Token::ExpiredFirstSeen, outcome: Outcome::Refused },
    Row { name: NO_FILTER_KEY, listener: Listener::NoFilter, target: THINGS, token: Token::KeyOfFew, outcome: Outcome::KeyForwarded },
    Row { name: LOCAL_REPLY_KEY, listener: Listener::NoFilterLocalReply, target: THINGS, token: Token::KeyUnknown, outcome: Outcome::KeyRefused },
    Row { name: FEW_KEYS, listener: Listener::TenantgateFewKeys, target: THINGS, token: Token::KeyOfFew, outcome: Outcome::KeyRemoved },
    Row { name: MANY_KEYS, listener: Listener::TenantgateManyKeys, target: THINGS, token: Token::KeyOfMany, outcome: Outcome::KeyRemoved },
    Row { name: "tenantgate_application_key_unknown", listener: Listener::TenantgateManyKeys, target: THINGS, token: Token::KeyUnknown, outcome: Outcome::KeyRefused },
];

/// Names of ratios in `results.json`: the first row's added time divided by the second's.
pub const RATIOS: [(&str, &str, &str); 15] = [
    ("repeated_technical_vs_native_chain", REPEATED_LEAN, CHAIN_REPEATED),
    ("repeated_technical_default_vs_native_chain", REPEATED_TECHNICAL, CHAIN_REPEATED),
    ("first_seen_rs256_vs_native_chain", FIRST_SEEN_TECHNICAL, CHAIN_FIRST_SEEN),
    ("first_seen_rs256_vs_jwt_authn", FIRST_SEEN_USER, JWT_AUTHN_FIRST_SEEN),
    ("repeated_vs_jwt_authn_cached", REPEATED_USER, JWT_AUTHN_CACHED),
    ("first_seen_10000_issuers_vs_1", FIRST_SEEN_ISSUERS, FIRST_SEEN_USER),
    ("repeated_10000_issuers_vs_1", REPEATED_ISSUERS, REPEATED_USER),
    ("issuers_10000_vs_1", REPEATED_ISSUERS, REPEATED_USER),
    ("routes_10000_vs_10", MANY_ROUTES, FEW_ROUTES),
    ("keys_100000_vs_10", MANY_KEYS, FEW_KEYS),
    ("repeated_technical_vs_floor", REPEATED_LEAN, FLOOR),
    ("application_key_vs_floor", FEW_KEYS, FLOOR),
    ("refusal_vs_floor", EXPIRED, FLOOR),
    ("first_seen_refusal_vs_floor", EXPIRED_FIRST_SEEN, FLOOR),
    ("repeated_technical_default_vs_lua", REPEATED_TECHNICAL, LUA_REPEATED),
];

/// Rows whose throughput and latency are measured.
pub const CAPACITY: [&str; 3] = [NO_FILTER, CHAIN_REPEATED, REPEATED_TECHNICAL];

/// Rows beside which it is measured how long a worker stands still.
pub const STALLS: [&str; 3] = [NO_FILTER, REPEATED_TECHNICAL, FIRST_SEEN_TECHNICAL];

pub const NO_FILTER: &str = "no_filter";
pub const LOCAL_REPLY: &str = "no_filter_local_reply";
pub const FLOOR: &str = "floor_one_header";
pub const JWT_AUTHN_FIRST_SEEN: &str = "jwt_authn_first_seen_rs256";
pub const JWT_AUTHN_CACHED: &str = "jwt_authn_cached_rs256";
pub const CHAIN_FIRST_SEEN: &str = "native_chain_first_seen_rs256";
pub const CHAIN_REPEATED: &str = "native_chain_repeated_rs256";
pub const LUA_REPEATED: &str = "jwt_authn_lua_repeated_rs256";
pub const FIRST_SEEN_USER: &str = "tenantgate_first_seen_rs256_user_token";
pub const FIRST_SEEN_TECHNICAL: &str = "tenantgate_first_seen_rs256_technical_token";
pub const FIRST_SEEN_ISSUERS: &str = "tenantgate_first_seen_rs256_10000_issuers";
pub const REPEATED_ISSUERS: &str = "tenantgate_repeated_rs256_10000_issuers";
pub const REPEATED_USER: &str = "tenantgate_repeated_rs256_user_token";
pub const REPEATED_TECHNICAL: &str = "tenantgate_repeated_rs256_technical_token";
pub const REPEATED_LEAN: &str = "tenantgate_repeated_rs256_technical_token_lean";
pub const FEW_ROUTES: &str = "tenantgate_repeated_rs256_10_routes";
pub const MANY_ROUTES: &str = "tenantgate_repeated_rs256_10000_routes";
pub const EXPIRED: &str = "tenantgate_expired_repeated";
pub const EXPIRED_FIRST_SEEN: &str = "tenantgate_expired_first_seen";
pub const NO_FILTER_KEY: &str = "no_filter_application_key";
pub const LOCAL_REPLY_KEY: &str = "no_filter_local_reply_application_key";
pub const FEW_KEYS: &str = "tenantgate_application_key_10_keys";
pub const MANY_KEYS: &str = "tenantgate_application_key_100000_keys";

/// A route on which the caller's token goes on.
pub const PROFILE: &str = "/api/profile/me";
/// One of many routes on which the caller's token goes on.
pub const SERVICE: &str = "/api/service-0/v1/pump-17";
/// A route on which a technical token goes on; subtenants are refused there.
pub const REPORTS: &str = "/api/reports/monthly";
/// A route on which the caller's application key is removed and nothing takes its place.
pub const THINGS: &str = "/api/things/pump-17";
