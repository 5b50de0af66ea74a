//! Conditions on what a verified token says: small pure predicates, which all must hold.

use std::sync::Arc;

use super::decision::Denial;
use super::route::Route;
use crate::json::Number;
use crate::jwt::{Claim, ClaimName};
use crate::message::CanonicalPath;
use crate::principal::Principal;

/// One thing that must be true of a caller.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Condition {
    /// What it is about.
    pub subject: Subject,
    /// What must be true of it.
    pub test: Test,
}

/// What a [`Condition`] is about.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Subject {
    /// A claim of the token, which the configuration must have kept.
    Claim(ClaimName),
    /// The OAuth client.
    Client,
    /// The verified subtenant.
    Subtenant,
    /// The verified tenant.
    Tenant,
    /// The user.
    User,
}

/// What must be true of a [`Subject`]. Something of an odd shape passes none of them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Test {
    /// It is not there.
    Absent,
    /// It is the text that the path of the request has in the place of this name, or a list with that
    /// text in it. Never to be cached: it depends on the request.
    EqualsCapture(Arc<str>),
    /// It is one of these, or a list with one of these in it; never empty.
    OneOf(Box<[Scalar]>),
    /// It is there.
    Present,
}

/// A value that a claim is compared with, type and all: the text `7` is not the number 7.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Scalar {
    /// `true` or `false`.
    Boolean(bool),
    /// A text, compared by exact bytes.
    Text(Arc<str>),
    /// A whole number from zero; a claim may write it `7` or `7.0`.
    Whole(u64),
}

/// Tests the conditions of `route` for a request of `path`; the first that fails is the denial.
pub(super) fn test(
    route: &Route,
    path: &CanonicalPath<'_>,
    principal: &Principal,
) -> Result<(), Denial> {
    route.claims.iter().try_for_each(|condition| test_one(condition, route, path, principal))
}

/// Tests one condition of `route`.
pub(super) fn test_one(
    condition: &Condition,
    route: &Route,
    path: &CanonicalPath<'_>,
    principal: &Principal,
) -> Result<(), Denial> {
    let said = Said::of(&condition.subject, principal);
    let captured = |name: &str| route.path.capture(name, path);
    if condition.test.is_met(&said, captured) { Ok(()) } else { Err(Denial::ClaimMismatch) }
}

/// What a token says of a subject.
enum Said<'p> {
    Absent,
    Boolean(bool),
    Number(Number),
    Odd,
    Text(&'p str),
    Texts(&'p [Box<str>]),
}

impl<'p> Said<'p> {
    fn of(subject: &Subject, principal: &'p Principal) -> Self {
        let tenancy = principal.tenancy();
        let fact = match subject {
            // Who has no token has no claims, which does not mean that they are absent from one.
            Subject::Claim(_) | Subject::Client if principal.token().is_none() => {
                return Self::Odd;
            }
            Subject::Claim(name) => return Self::claim(principal.claim(name)),
            Subject::Client => principal.client(),
            Subject::Subtenant => tenancy.subtenant().map(|subtenant| subtenant.as_str()),
            Subject::Tenant => tenancy.tenant().map(|tenant| tenant.as_str()),
            Subject::User => principal.user(),
        };
        fact.map_or(Self::Absent, Self::Text)
    }

    const fn claim(claim: &'p Claim) -> Self {
        match claim {
            Claim::Absent => Self::Absent,
            Claim::Boolean(value) => Self::Boolean(*value),
            Claim::Number(number) => Self::Number(*number),
            Claim::Odd => Self::Odd,
            Claim::Text(text) => Self::Text(text),
            Claim::Texts(texts) => Self::Texts(texts),
        }
    }

    fn is(&self, expected: &Scalar) -> bool {
        match (self, expected) {
            (Self::Boolean(value), Scalar::Boolean(expected)) => value == expected,
            (Self::Number(number), Scalar::Whole(expected)) => number.as_u64() == Some(*expected),
            (Self::Text(_) | Self::Texts(_), Scalar::Text(expected)) => self.says(expected),
            (
                Self::Absent
                | Self::Boolean(_)
                | Self::Number(_)
                | Self::Odd
                | Self::Text(_)
                | Self::Texts(_),
                Scalar::Boolean(_) | Scalar::Text(_) | Scalar::Whole(_),
            ) => false,
        }
    }

    fn says(&self, expected: &str) -> bool {
        match self {
            Self::Text(text) => *text == expected,
            Self::Texts(texts) => texts.iter().any(|text| **text == *expected),
            Self::Absent | Self::Boolean(_) | Self::Number(_) | Self::Odd => false,
        }
    }
}

impl Test {
    fn is_met<'p>(&self, said: &Said<'_>, captured: impl Fn(&str) -> Option<&'p str>) -> bool {
        match (self, said) {
            (Self::Absent, Said::Absent) => true,
            (Self::EqualsCapture(name), _) => captured(name).is_some_and(|text| said.says(text)),
            (Self::OneOf(values), _) => values.iter().any(|value| said.is(value)),
            (Self::Present, Said::Absent | Said::Odd) => false,
            (Self::Present, _) => true,
            (Self::Absent, _) => false,
        }
    }
}
