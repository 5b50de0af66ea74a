//! What a configuration may do, and what its author should have thought about.

use std::fmt;

use super::error::{Place, Quoted};
use super::report::in_order;
use crate::jwt::{SkippedKeys, TokenError};
use crate::policy::{Finding, VoidScopes};

/// One thing worth a second thought. The configuration is used all the same.
#[derive(Clone, Debug)]
pub struct Warning {
    place: Place,
    notice: Notice,
}

/// What is worth a second thought.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Notice {
    /// Tokens issued for whatever recipient are accepted: `audiences` and `clients` are both open.
    AnyRecipient,
    /// A credential serves callers of every tenant.
    AnyCaller,
    /// Tokens of this issuer may speak for every tenant.
    AnyTenant,
    /// No route asks callers for application keys.
    ApplicationKeysUnused,
    /// A route asks the catalogue, which covers none of its requests.
    CatalogueMeetsNothing,
    /// A rule of the catalogue demands scopes that another rule makes void.
    CatalogueScopesVoid(VoidScopes),
    /// No route asks the catalogue.
    CatalogueUnused,
    /// A credential that no route injects.
    CredentialUnused(Quoted),
    /// A secret stands in the configuration, where everyone who may read that sees it.
    InlineSecret,
    /// No route is for the callers of this issuer.
    IssuerUnserved,
    /// A private key is shorter than RFC 7518 §3.3 allows.
    KeyShort,
    /// Application keys in URLs.
    KeysInUrls,
    /// Keys that cannot be used (another type, too small, malformed); the others are.
    KeysSkipped(SkippedKeys),
    /// Inline keys of which none is for an allowed algorithm.
    KeysUnfit,
    /// Of an application key and a token, one is not looked at.
    OneOfBothUnverified,
    /// Technical tokens that callers present are accepted.
    OwnTokensAccepted,
    /// What is fetched can be read and changed on the way.
    Plaintext,
    /// A role is disabled that is off anyway.
    RoleOffAlready(Quoted),
    /// A role is enabled that is on anyway.
    RoleOnAlready(Quoted),
    /// Scopes are stated for a role that is off.
    RoleScopesUnused(Quoted),
    /// A role is enabled of which no path is known.
    RoleWithoutPath(Quoted),
    /// An old set of application keys may take the place of a new one.
    RollbackAllowed,
    /// Requests that are not permitted go on.
    ReportOnly,
    /// What routes leave to others.
    Route(Finding),
    /// Sessions on plain HTTP.
    SessionsInsecure,
    /// Application keys go on to be used, however long their store is silent.
    StaleKeysKept,
    /// A route is for a tenant that no issuer and no application key may speak for.
    TenantUnspoken(Quoted),
    /// Several issuers may speak for a tenant, and for that many more.
    TenantsShared {
        /// The first of these tenants.
        tenant: Quoted,
        /// How many others there are.
        more: usize,
    },
    /// Fetched tokens are used whoever signed them.
    SignaturesUnchecked,
    /// The variable of a subtenant is set, and the application's token acts for the whole tenant.
    SubtenantVariableUnused,
    /// Tokens in URLs.
    TokenInQuery,
    /// A route lets credentials through that nobody has verified.
    UnverifiedPassed,
    /// The token of a user that the environment holds can never be used.
    UserTokenUnusable(TokenError),
    /// Variables of an application are set, but not these; so the tenant's are used.
    VariablesIncomplete(Vec<&'static str>),
    /// Callers with a subtenant get a token for the whole tenant.
    TenantWide,
    /// A header may name any subtenant.
    AnySubtenant,
    /// Something in a vendor's own document has no effect.
    VendorIgnored(Ignored),
}

/// What has no effect in a vendor's own document.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Ignored {
    /// A type of identity that the vendor does not have; its client takes it for `CLIENT`.
    IdentityType(Quoted),
    /// A key that the vendor does not have.
    Key {
        /// The key that was probably meant.
        meant: Option<&'static str>,
    },
}

impl Warning {
    pub(super) const fn new(place: Place, notice: Notice) -> Self {
        Self { place, notice }
    }

    /// The warnings in the order of the document.
    pub(super) fn sorted(warnings: Vec<Self>) -> Vec<Self> {
        in_order(warnings, Self::order)
    }

    /// Where it is.
    pub fn path(&self) -> &str {
        self.place.path()
    }

    /// How many values begin in the document before the one that it is about.
    pub const fn order(&self) -> u32 {
        self.place.order()
    }

    /// What it is.
    pub const fn notice(&self) -> &Notice {
        &self.notice
    }
}

impl Notice {
    /// The name of its kind, which stays the same from version to version.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::AnyRecipient => "any-recipient",
            Self::AnyCaller => "any-caller",
            Self::AnyTenant => "any-tenant",
            Self::ApplicationKeysUnused => "application-keys-unused",
            Self::CatalogueMeetsNothing => "catalogue-meets-nothing",
            Self::CatalogueScopesVoid(_) => "catalogue-scopes-void",
            Self::CatalogueUnused => "catalogue-unused",
            Self::CredentialUnused(_) => "credential-unused",
            Self::InlineSecret => "inline-secret",
            Self::IssuerUnserved => "issuer-unserved",
            Self::KeyShort => "key-short",
            Self::KeysInUrls => "keys-in-urls",
            Self::KeysSkipped(_) => "keys-skipped",
            Self::KeysUnfit => "keys-unfit",
            Self::OneOfBothUnverified => "one-of-both-unverified",
            Self::OwnTokensAccepted => "own-tokens-accepted",
            Self::Plaintext => "plaintext",
            Self::RoleOffAlready(_) => "role-off-already",
            Self::RoleOnAlready(_) => "role-on-already",
            Self::RoleScopesUnused(_) => "role-scopes-unused",
            Self::RoleWithoutPath(_) => "role-without-path",
            Self::RollbackAllowed => "rollback-allowed",
            Self::ReportOnly => "report-only",
            Self::Route(Finding::Laxer { .. }) => "route-laxer",
            Self::Route(Finding::Unreachable) => "route-unreachable",
            Self::SessionsInsecure => "sessions-insecure",
            Self::SignaturesUnchecked => "signatures-unchecked",
            Self::StaleKeysKept => "stale-keys-kept",
            Self::SubtenantVariableUnused => "subtenant-variable-unused",
            Self::TenantUnspoken(_) => "tenant-unspoken",
            Self::TenantsShared { .. } => "tenants-shared",
            Self::TokenInQuery => "token-in-query",
            Self::UnverifiedPassed => "unverified-passed",
            Self::UserTokenUnusable(_) => "user-token-unusable",
            Self::VariablesIncomplete(_) => "variables-incomplete",
            Self::TenantWide => "tenant-wide",
            Self::AnySubtenant => "any-subtenant",
            Self::VendorIgnored(_) => "vendor-ignored",
        }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.path(), self.notice)
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AnyRecipient => formatter.write_str(
                "accepts tokens that were issued for anybody; list the `audiences` or the `clients` that are meant",
            ),
            Self::AnyCaller => formatter.write_str(
                "serves verified callers of every tenant; list the tenants that are meant",
            ),
            Self::AnyTenant => formatter.write_str(
                "lets this issuer speak for every tenant; list the tenants that are meant",
            ),
            Self::ApplicationKeysUnused => formatter.write_str(
                "has no effect: every route says `authentication: none`, and looks at nobody",
            ),
            Self::CatalogueMeetsNothing => formatter.write_str(
                "refuses every caller with a subtenant: no role that is on covers a request of this route",
            ),
            Self::CatalogueScopesVoid(void) => void.fmt(formatter),
            Self::CatalogueUnused => formatter.write_str(
                "is asked by no route; write `subtenancy: catalogue` where it is meant",
            ),
            Self::CredentialUnused(name) => {
                write!(formatter, "credential {name} is used by no route")
            }
            Self::InlineSecret => formatter.write_str(
                "is a secret in the configuration; name an environment variable instead",
            ),
            Self::IssuerUnserved => formatter.write_str(
                "lets nobody in: each route lists other `tenants`, or looks at no token; leave the issuer out, or correct one of them",
            ),
            Self::KeyShort => formatter.write_str(
                "names a variable with an RSA key of less than 2,048 bits, which may be broken; make a new one",
            ),
            Self::KeysInUrls => formatter.write_str(
                "lets application keys stand in URLs, which are logged and kept in histories; use the header where the client can",
            ),
            Self::KeysSkipped(skipped) => skipped.fmt(formatter),
            Self::KeysUnfit => formatter.write_str(
                "refuses every token: no key of it is for one of the `algorithms`",
            ),
            Self::OneOfBothUnverified => formatter.write_str(
                "looks at one of two credentials, and removes the other unverified; write `must_agree` or `reject` unless a client cannot do otherwise",
            ),
            Self::OwnTokensAccepted => formatter.write_str(
                "lets callers present the technical tokens of this gateway's own credentials",
            ),
            Self::Plaintext => formatter.write_str(
                "is fetched over plain `http`: whoever sits on the way can read and replace it",
            ),
            Self::RoleOffAlready(role) => {
                write!(formatter, "{role} is off without this")
            }
            Self::RoleOnAlready(role) => write!(formatter, "{role} is on without this"),
            Self::RoleScopesUnused(role) => write!(
                formatter,
                "{role} is off, so its scopes have no effect; name it under `enable` if it is meant"
            ),
            Self::RoleWithoutPath(role) => write!(
                formatter,
                "{role} covers nothing: no path of it is known; state its `rules` under `roles`"
            ),
            Self::RollbackAllowed => formatter.write_str(
                "lets an old set of keys take the place of a newer one: deleted keys can come back",
            ),
            Self::ReportOnly => formatter.write_str(
                "lets every request pass, whatever is decided: it reports, and protects nothing",
            ),
            Self::Route(finding) => finding.fmt(formatter),
            Self::UserTokenUnusable(error) => write!(
                formatter,
                "names a variable whose value is no token that can be used: {error}; requests that need it get 503"
            ),
            Self::SessionsInsecure => formatter.write_str(
                "lets sessions go over plain HTTP, where whoever sits on the way can take them over; for trials alone",
            ),
            Self::StaleKeysKept => formatter.write_str(
                "goes on with the last keys while the store does not answer: until it does, no key can be withdrawn",
            ),
            Self::SignaturesUnchecked => {
                formatter.write_str("uses fetched tokens whoever signed them")
            }
            Self::SubtenantVariableUnused => formatter.write_str(
                "ignores `MINDSPHERE_SUB_TENANT`: the variables of an application go first, and its tokens act for the whole tenant",
            ),
            Self::TenantUnspoken(tenant) => {
                write!(formatter, "is for tenant {tenant}, whom no issuer and no application key may speak for")
            }
            Self::TenantsShared { tenant, more } => {
                write!(formatter, "lets more than one issuer speak for tenant {tenant}")?;
                if *more > 0 {
                    write!(formatter, " and {more} more")?;
                }
                formatter.write_str("; whoever can sign for one of them can act for the tenant")
            }
            Self::TokenInQuery => formatter.write_str(
                "lets tokens stand in URLs, which are logged and kept in histories; use a header where the client can",
            ),
            Self::UnverifiedPassed => formatter.write_str(
                "lets credentials through to the upstream that nobody has verified",
            ),
            Self::VariablesIncomplete(missing) => write!(
                formatter,
                "uses the variables of the tenant: those of an application lack `{}`",
                missing.join("`, `")
            ),
            Self::AnySubtenant => formatter.write_str(
                "lets the program act for every subtenant of the tenant; list those that are meant",
            ),
            Self::TenantWide => formatter.write_str(
                "gives callers with a subtenant a token for the whole tenant; the upstream must filter by the subtenant's identity header",
            ),
            Self::VendorIgnored(ignored) => ignored.fmt(formatter),
        }
    }
}

impl fmt::Display for Ignored {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::IdentityType(word) => write!(
                formatter,
                "{word} is no type of identity; like the vendor's client, this takes it for `CLIENT`"
            ),
            Self::Key { meant: Some(meant) } => {
                write!(
                    formatter,
                    "is no key of the vendor's and has no effect; did you mean `{meant}`?"
                )
            }
            Self::Key { meant: None } => {
                formatter.write_str("is no key of the vendor's and has no effect")
            }
        }
    }
}
