//! The public codes of refusals that the tour and the tests expect; `src/problem.rs` decides them.

pub const APP_KEY_INVALID: &str = "app_key_invalid";
pub const APP_KEY_MISSING: &str = "app_key_missing";
pub const CREDENTIAL_CONFLICT: &str = "credential_conflict";
pub const KEYS_UNAVAILABLE: &str = "keys_unavailable";
pub const METHOD_NOT_ALLOWED: &str = "method_not_allowed";
pub const OVERLOADED: &str = "overloaded";
pub const PATH_AMBIGUOUS: &str = "path_ambiguous";
pub const REQUEST_MALFORMED: &str = "request_malformed";
pub const ROUTE_UNKNOWN: &str = "route_unknown";
pub const SCOPE_INSUFFICIENT: &str = "scope_insufficient";
pub const SUBTENANCY_REFUSED: &str = "subtenancy_refused";
pub const TENANT_MISMATCH: &str = "tenant_mismatch";
pub const TOKEN_EXPIRED: &str = "token_expired";
pub const TOKEN_INVALID: &str = "token_invalid";
pub const TOKEN_MISSING: &str = "token_missing";
pub const TOKEN_UNAVAILABLE: &str = "token_unavailable";
