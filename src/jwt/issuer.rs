//! Whose tokens are accepted, and what each issuer's tokens must look like.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::kept::KeptNames;
use super::keyring::KeySetId;
use super::names::ClaimNames;
use crate::crypto::Algorithm;
use crate::sorted::Sorted;
use crate::tenancy::TenantId;
use crate::time::Leeway;

/// The rules for the tokens of one issuer. Every value is valid: see [`IssuerRules::new`].
#[derive(Clone, Debug)]
pub struct IssuerRules(IssuerParts);

/// What [`IssuerRules`] are made of.
#[derive(Clone, Debug)]
pub struct IssuerParts {
    /// The name in the configuration, for logs and metrics.
    pub name: Arc<str>,
    /// The `iss` of its tokens, compared by exact bytes.
    pub issuer: Arc<str>,
    /// The algorithms that it may sign with.
    pub algorithms: Arc<[Algorithm]>,
    /// Where its keys are in the [`super::KeyRing`].
    pub keys: KeySetId,
    /// The tenants that its tokens may speak for.
    pub tenants: Tenants,
    /// Who must be named in `aud`; `None`: nothing is stated, then `clients` must be.
    pub audiences: Option<Expected>,
    /// Which OAuth client must have obtained the token; `None`: nothing is stated, then `audiences`
    /// must be.
    pub clients: Option<Expected>,
    /// The names of its claims.
    pub claims: Arc<ClaimNames>,
    /// The claims that are kept besides.
    pub kept: KeptNames,
    /// How far its clock and ours may be apart.
    pub leeway: Leeway,
    /// How long its tokens may live, from `iat` to `exp`; then `iat` is required. `None`: as long as
    /// they say.
    pub max_lifetime: Option<Duration>,
    /// The values of `typ` that its tokens may have, in lower case and without `application/`; then
    /// `typ` is required. `None`: as `access_tokens` says.
    pub token_types: Option<Arc<[Box<str>]>>,
    /// How its access tokens are told from its other tokens.
    pub access_tokens: AccessTokenRules,
    /// The OAuth clients of our own credentials.
    pub own_clients: Arc<Sorted<Arc<str>>>,
    /// What happens to a token that one of our own credentials obtained and a caller presents.
    pub own_tokens: OwnTokens,
}

/// The tenants that an issuer's tokens may speak for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Tenants {
    /// Any tenant, or none.
    Any,
    /// One of these; a token without a tenant is refused.
    Only(Arc<Sorted<TenantId>>),
}

/// Which values of a claim are accepted.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Expected {
    /// Any value, or none.
    Any,
    /// One of these, compared by exact bytes; an absent claim is refused.
    OneOf(Arc<Sorted<Arc<str>>>),
}

/// How access tokens are told from the other tokens that an issuer signs with the same keys.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AccessTokenRules {
    /// UAA's tokens as MindSphere issues them: `typ` is absent or `JWT`; `iat`, tenant and scopes are
    /// required; what marks a refresh token (`jti` ending in `-r`, `granted_scopes`) or an ID token
    /// (`at_hash`, `c_hash`, `nonce`) is refused.
    MindSphere,
    /// RFC 7519 and RFC 9068: `typ` is absent, `JWT` or `at+jwt`.
    Plain,
    /// The profile of RFC 9068 §4: `typ` is `at+jwt`; `iat`, `sub`, `aud`, `jti` and the client are
    /// required.
    Rfc9068,
}

/// What happens to a token of a program (not of a user) that one of our own credentials obtained.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OwnTokens {
    /// It is accepted like any other.
    Accepted,
    /// It is refused.
    Refused,
}

/// Parts that make no rules.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum IssuerRulesError {
    /// No algorithm is allowed.
    AlgorithmsEmpty,
    /// Algorithms of a shared secret stand beside those of public keys.
    AlgorithmsMixed,
    /// A list of audiences, clients or tenants is empty: no token would ever be accepted.
    ListEmpty,
    /// The issuer is empty.
    IssuerEmpty,
    /// Neither audiences nor clients are stated.
    RecipientUnstated,
    /// MindSphere's rules are chosen, but no claim holds the subtenant: every subtenant's token would
    /// pass for its whole tenant.
    SubtenantClaimUnnamed,
    /// Tenants are listed (or a subtenant or MindSphere's rules are), but no claim holds the tenant.
    TenantClaimUnnamed,
}

impl IssuerRules {
    /// Rules from their parts.
    ///
    /// # Errors
    /// [`IssuerRulesError`] if something that must be stated is not.
    pub fn new(parts: IssuerParts) -> Result<Self, IssuerRulesError> {
        let needs_tenant = match (&parts.tenants, parts.access_tokens) {
            (Tenants::Only(_), _) | (_, AccessTokenRules::MindSphere) => true,
            (Tenants::Any, AccessTokenRules::Plain | AccessTokenRules::Rfc9068) => {
                parts.claims.subtenant.is_some()
            }
        };
        let lists = [&parts.audiences, &parts.clients];
        let is_empty_list = lists.into_iter().flatten().any(Expected::is_empty)
            || matches!(&parts.tenants, Tenants::Only(tenants) if tenants.is_empty());
        if parts.issuer.is_empty() {
            Err(IssuerRulesError::IssuerEmpty)
        } else if parts.algorithms.is_empty() {
            Err(IssuerRulesError::AlgorithmsEmpty)
        } else if parts.algorithms.iter().any(|one| one.is_symmetric())
            && !parts.algorithms.iter().all(|one| one.is_symmetric())
        {
            Err(IssuerRulesError::AlgorithmsMixed)
        } else if parts.audiences.is_none() && parts.clients.is_none() {
            Err(IssuerRulesError::RecipientUnstated)
        } else if is_empty_list {
            Err(IssuerRulesError::ListEmpty)
        } else if needs_tenant && parts.claims.tenant.is_none() {
            Err(IssuerRulesError::TenantClaimUnnamed)
        } else if parts.access_tokens == AccessTokenRules::MindSphere
            && parts.claims.subtenant.is_none()
        {
            Err(IssuerRulesError::SubtenantClaimUnnamed)
        } else {
            Ok(Self(parts))
        }
    }

    /// The name in the configuration.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The `iss` of its tokens.
    pub fn issuer(&self) -> &str {
        &self.0.issuer
    }

    /// Where its keys are.
    pub const fn keys(&self) -> KeySetId {
        self.0.keys
    }

    /// Everything else, for the checks and for those who show a configuration.
    pub const fn parts(&self) -> &IssuerParts {
        &self.0
    }
}

impl Expected {
    /// Whether one of `values` is accepted.
    pub(super) fn admits<'v>(&self, values: impl IntoIterator<Item = &'v str>) -> bool {
        match self {
            Self::Any => true,
            Self::OneOf(expected) => values.into_iter().any(|value| expected.contains(value)),
        }
    }

    fn is_empty(&self) -> bool {
        match self {
            Self::Any => false,
            Self::OneOf(values) => values.is_empty(),
        }
    }
}

/// All issuers. Finding one is a single look-up by the exact bytes of `iss`, however many there are.
#[derive(Clone, Debug, Default)]
pub struct Issuers(HashMap<Arc<str>, Arc<IssuerRules>>);

/// Two issuers have the same `iss`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct IssuerRepeated {
    /// The name of the first one in the configuration.
    pub first: Arc<str>,
    /// The name of the second one.
    pub second: Arc<str>,
}

impl Issuers {
    /// A table of these issuers.
    ///
    /// # Errors
    /// [`IssuerRepeated`] if two of them have the same `iss`.
    pub fn new(
        issuers: impl IntoIterator<Item = Arc<IssuerRules>>,
    ) -> Result<Self, IssuerRepeated> {
        let mut table = HashMap::new();
        for rules in issuers {
            let second = Arc::clone(&rules.0.name);
            if let Some(first) = table.insert(Arc::clone(&rules.0.issuer), rules) {
                let first: Arc<IssuerRules> = first;
                return Err(IssuerRepeated { first: Arc::clone(&first.0.name), second });
            }
        }
        Ok(Self(table))
    }

    /// The rules of the issuer whose tokens carry this very `iss`.
    pub fn find(&self, issuer: &str) -> Option<&Arc<IssuerRules>> {
        self.0.get(issuer)
    }

    /// All issuers, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<IssuerRules>> {
        self.0.values()
    }
}

impl fmt::Display for IssuerRulesError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::AlgorithmsEmpty => "no algorithm is allowed",
            Self::AlgorithmsMixed => {
                "algorithms of a shared secret stand beside those of public keys"
            }
            Self::IssuerEmpty => "the issuer is empty",
            Self::ListEmpty => "a list of audiences, clients or tenants is empty",
            Self::RecipientUnstated => "neither audiences nor clients are stated",
            Self::SubtenantClaimUnnamed => "no claim holds the subtenant",
            Self::TenantClaimUnnamed => "no claim holds the tenant",
        })
    }
}

impl std::error::Error for IssuerRulesError {}

impl fmt::Display for IssuerRepeated {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "`{}` and `{}` have the same issuer", self.first, self.second)
    }
}

impl std::error::Error for IssuerRepeated {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jwt::testing::{ISSUER, one_of, rules};

    fn error(parts: IssuerParts) -> Option<IssuerRulesError> {
        IssuerRules::new(parts).err()
    }

    #[test]
    fn rules_that_leave_something_open_do_not_exist() {
        use IssuerRulesError::{
            AlgorithmsEmpty, AlgorithmsMixed, IssuerEmpty, ListEmpty, RecipientUnstated,
            SubtenantClaimUnnamed, TenantClaimUnnamed,
        };
        let nobody = || Expected::OneOf(Arc::default());
        let nameless = |names: &ClaimNames| {
            Arc::new(ClaimNames { tenant: None, subtenant: None, ..names.clone() })
        };
        let rows = [
            (rules(), None),
            (IssuerParts { issuer: "".into(), ..rules() }, Some(IssuerEmpty)),
            (IssuerParts { algorithms: [].into(), ..rules() }, Some(AlgorithmsEmpty)),
            (
                IssuerParts { algorithms: [Algorithm::Hs256, Algorithm::Rs256].into(), ..rules() },
                Some(AlgorithmsMixed),
            ),
            (IssuerParts { algorithms: [Algorithm::Hs256].into(), ..rules() }, None),
            (IssuerParts { clients: None, ..rules() }, Some(RecipientUnstated)),
            (IssuerParts { clients: Some(nobody()), ..rules() }, Some(ListEmpty)),
            (IssuerParts { audiences: Some(nobody()), ..rules() }, Some(ListEmpty)),
            (IssuerParts { tenants: Tenants::Only(Arc::default()), ..rules() }, Some(ListEmpty)),
            (
                IssuerParts { claims: nameless(&rules().claims), ..rules() },
                Some(TenantClaimUnnamed),
            ),
        ];
        for (parts, expected) in rows {
            assert_eq!(error(parts.clone()), expected, "{parts:?}");
        }
        let plain = IssuerParts {
            tenants: Tenants::Any,
            access_tokens: AccessTokenRules::Plain,
            audiences: Some(Expected::Any),
            ..rules()
        };
        assert_eq!(error(IssuerParts { claims: nameless(&plain.claims), ..plain.clone() }), None);
        let subtenant_alone = ClaimNames { tenant: None, ..ClaimNames::clone(&plain.claims) };
        let parts = IssuerParts { claims: Arc::new(subtenant_alone), ..plain };
        assert_eq!(error(parts), Some(TenantClaimUnnamed));
        let tenant_alone = ClaimNames { subtenant: None, ..ClaimNames::clone(&rules().claims) };
        let parts = IssuerParts { claims: Arc::new(tenant_alone), ..rules() };
        assert_eq!(error(parts), Some(SubtenantClaimUnnamed));
    }

    #[test]
    fn an_issuer_stands_in_the_table_once() {
        let named = |name: &str, issuer: &str| {
            let parts = IssuerParts { name: name.into(), issuer: issuer.into(), ..rules() };
            Arc::new(IssuerRules::new(parts).unwrap())
        };
        let table = Issuers::new([named("a", ISSUER), named("b", "other")]).unwrap();
        assert_eq!(table.find(ISSUER).map(|rules| rules.name()), Some("a"));
        assert!(table.find("OTHER").is_none());
        assert_eq!(table.iter().count(), 2);
        let repeated = Issuers::new([named("a", ISSUER), named("b", ISSUER)]).err();
        let expected = IssuerRepeated { first: "a".into(), second: "b".into() };
        assert_eq!(repeated, Some(expected));
    }

    #[test]
    fn a_list_admits_only_its_values_and_never_an_absent_one() {
        let list = one_of("a");
        assert!(list.admits(["b", "a"]));
        assert!(!list.admits(["A"]));
        assert!(!list.admits([]));
        assert!(Expected::Any.admits([]));
    }
}
