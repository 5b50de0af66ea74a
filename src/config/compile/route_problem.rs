//! What is wrong with a route.

use std::fmt;

use super::super::error::Quoted;
use crate::message::HostError;
use crate::policy::{MethodError, PatternError, PolicyProblem};
use crate::tenancy::IdError;

/// What is wrong with a route, alone or together with what it names.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum RouteProblem {
    /// A host that cannot be matched.
    Host {
        /// The host.
        host: Quoted,
        /// Why.
        error: HostError,
    },
    /// `subtenant: impersonate` where callers with a subtenant are refused.
    ImpersonationOnUnawareRoute,
    /// A part, or a signature, of what is no access key.
    KeyPartUnneeded,
    /// A part of an access key without a header.
    KeyPartUnplaced,
    /// An access key of which neither a part nor a signature is asked for.
    KeyPartUnstated,
    /// The methods.
    Method(MethodError),
    /// Callers must authenticate, and there is no issuer.
    NobodyAuthenticates,
    /// The route serves subtenants alone and refuses its token to each of them.
    NobodyServed,
    /// A path that cannot be matched.
    Path {
        /// The path pattern.
        path: Quoted,
        /// Why.
        error: PatternError,
    },
    /// What this and other settings mean together.
    Policy(PolicyProblem),
    /// A prefix that no header can carry.
    Prefix,
    /// The route serves tokens of subtenants alone, and `subtenant` is about programs without one.
    ProgramsUnserved,
    /// A scope that holds a blank, or is longer than any that a token may have.
    Scope(Quoted),
    /// `scopes` is an object with both `any` and `all`, or neither.
    ScopesUnclear,
    /// A header or prefix beside `sign`.
    SignaturePlaced,
    /// `sign` beside `part`.
    SignedPart,
    /// `subtenancy` on a route that looks at no credential.
    SubtenancyUnused,
    /// `subtenant` by a header on a route that does not see whether a token is presented.
    SubtenantBesideToken,
    /// A text that is no id of a subtenant.
    SubtenantId(IdError),
    /// `subtenant` is an object with neither `id` alone nor `header` and `values`.
    SubtenantUnclear,
    /// `subtenant` on a route that injects nothing.
    SubtenantUnused,
    /// `subtenancy: aware` or `catalogue` where each caller with a subtenant is refused its token.
    SubtenantUnserved,
    /// `on_upstream_401` on a route that injects nothing.
    Upstream401Unused,
    /// A user's token in the place of a caller's.
    UserTokenAlways,
    /// A user's token of a subtenant, on a route that is not aware of it.
    UserTokenSubtenant,
}

impl fmt::Display for RouteProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::Host { host, error } => {
                return write!(formatter, "{host} is no host to match: {error}");
            }
            Self::Method(error) => return error.fmt(formatter),
            Self::Path { path, error } => {
                return write!(formatter, "{path} is no path to match: {error}");
            }
            Self::Policy(problem) => return problem.fmt(formatter),
            Self::Scope(scope) => {
                return write!(
                    formatter,
                    "{scope} is no scope; one item is one scope, without blanks, of at most 256 bytes"
                );
            }
            Self::SubtenantId(error) => {
                return write!(formatter, "is no id of a subtenant: it {error}");
            }
            Self::SubtenantUnclear => {
                "must state `id` alone, or `header` and `values`: the subtenants that it may name, or `any`"
            }
            Self::ImpersonationOnUnawareRoute => {
                "`subtenant: impersonate` needs `subtenancy: aware`, `catalogue` or `only`: this route refuses callers with a subtenant"
            }
            Self::KeyPartUnneeded => {
                "is for credentials with `sts` alone, which obtain an access key; leave it out"
            }
            Self::KeyPartUnplaced => {
                "is required with `part`: no header is the usual one for a part of an access key"
            }
            Self::KeyPartUnstated => {
                "is an access key of three parts: write `sign: acs3`, or `part` and `header`"
            }
            Self::SignaturePlaced => {
                "cannot go with `sign`, which sets `authorization` and its own `x-acs-*` fields; leave it out"
            }
            Self::SignedPart => "cannot go with `part`; make an entry for each",
            Self::NobodyAuthenticates => {
                "needs callers to authenticate, but `issuers` and `application_keys` are missing; add the issuers whose tokens they present, or their keys"
            }
            Self::NobodyServed => {
                "`subtenancy: only` with an injected token and `subtenant: refuse` serves nobody; write `subtenant: impersonate`"
            }
            Self::Prefix => "must be visible ASCII and blanks, at most 64 bytes",
            Self::ProgramsUnserved => {
                "`subtenancy: only` refuses every request without a caller's token, and `subtenant` as an object is about these alone; leave `subtenancy` out"
            }
            Self::ScopesUnclear => {
                "must state exactly one of `any` and `all`; write `not_needed` if none is needed"
            }
            Self::SubtenancyUnused => {
                "has no effect with `authentication: none`: no caller has a subtenant there; leave it out"
            }
            Self::SubtenantBesideToken => {
                "`header` is for requests without a caller's token, and with `authentication: none` nobody sees whether there is one; write `authentication: optional`"
            }
            Self::SubtenantUnused => {
                "has no effect: it is about injected tokens, and nothing is injected; `subtenancy` decides who may pass"
            }
            Self::Upstream401Unused => {
                "has no effect: it is about injected tokens, and nothing is injected"
            }
            Self::SubtenantUnserved => {
                "`subtenancy: aware` or `catalogue` with `subtenant: refuse` refuses every caller with a subtenant; write `subtenant: impersonate`, or leave `subtenancy` out"
            }
            Self::UserTokenAlways => {
                "injects a user's token in the place of a caller's, which goes first; write `caller_token: forward` and `when: no_caller_token`"
            }
            Self::UserTokenSubtenant => {
                "does not let in users with a subtenant, and the injected user's token has one; write `subtenancy: aware`, or use another credential"
            }
        };
        formatter.write_str(text)
    }
}
