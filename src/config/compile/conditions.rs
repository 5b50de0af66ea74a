//! `routes[].claims`: what must be true of what a caller's token says.

use std::fmt;
use std::sync::Arc;

use super::super::error::Quoted;
use super::super::raw::{Entry, Section};
use super::super::report::Report;
use crate::jwt::{ClaimName, ClaimNameError, KEPT_CLAIMS_LIMIT};
use crate::policy::{Condition, Scalar, Subject, Test};

/// What is wrong with a condition.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ConditionProblem {
    /// It names no claim.
    Claim(ClaimNameError),
    /// A value that is listed twice.
    Repeated(Quoted),
    /// Not exactly one of `claim` and `fact`.
    Subject,
    /// Not exactly one of the tests.
    Test,
    /// The document asks about more claims than are kept.
    TooManyClaims,
}

/// Reads the conditions of a route. `None` when one is wrong, which has been reported.
pub(super) fn conditions(route: &Section<'_>, report: &mut Report) -> Option<Vec<Condition>> {
    let sections = route.sections("claims");
    let conditions: Vec<_> = sections.iter().map(|section| condition(section, report)).collect();
    conditions.into_iter().collect()
}

/// The claim that a condition is about, wherever the whole document is searched for them.
pub(super) fn claim_of(condition: &Section<'_>) -> Option<ClaimName> {
    ClaimName::parse(condition.text("claim")?).ok()
}

fn condition(section: &Section<'_>, report: &mut Report) -> Option<Condition> {
    let (subject, test) = (subject(section, report), test(section, report));
    Some(Condition { subject: subject?, test: test? })
}

fn subject(section: &Section<'_>, report: &mut Report) -> Option<Subject> {
    match (section.states("claim"), section.states("fact")) {
        (true, false) => {
            let name = ClaimName::parse(section.text("claim")?).map_err(ConditionProblem::Claim);
            report.ok(&section.place_of("claim"), name).map(Subject::Claim)
        }
        (false, true) => match section.text("fact")? {
            "client" => Some(Subject::Client),
            "subtenant" => Some(Subject::Subtenant),
            "tenant" => Some(Subject::Tenant),
            "user" => Some(Subject::User),
            _ => None,
        },
        (true, true) | (false, false) => {
            report.error(section.place(), ConditionProblem::Subject);
            None
        }
    }
}

fn test(section: &Section<'_>, report: &mut Report) -> Option<Test> {
    let mut stated = TESTS.iter().filter(|key| section.states(key));
    let (Some(key), None) = (stated.next(), stated.next()) else {
        report.error(section.place(), ConditionProblem::Test);
        return None;
    };
    match *key {
        "equals" => Some(Test::OneOf([scalar(&section.entry("equals")?)?].into())),
        "equals_path" => section.text("equals_path").map(|name| Test::EqualsCapture(name.into())),
        "is" => match section.text("is")? {
            "absent" => Some(Test::Absent),
            "present" => Some(Test::Present),
            _ => None,
        },
        _ => one_of(&section.list("one_of"), report),
    }
}

fn one_of(items: &[Entry<'_>], report: &mut Report) -> Option<Test> {
    let mut values = Vec::new();
    for item in items {
        let value = scalar(item)?;
        if values.contains(&value) {
            report.error(item.place(), ConditionProblem::Repeated(quoted(&value)));
        }
        values.push(value);
    }
    (!values.is_empty()).then(|| Test::OneOf(values.into()))
}

fn scalar(entry: &Entry<'_>) -> Option<Scalar> {
    let text = entry.text().map(|text| Scalar::Text(Arc::from(text)));
    let text = text.or_else(|| entry.boolean().map(Scalar::Boolean));
    text.or_else(|| entry.whole().map(Scalar::Whole))
}

fn quoted(value: &Scalar) -> Quoted {
    match value {
        Scalar::Boolean(value) => Quoted::from(value.to_string().as_str()),
        Scalar::Text(text) => Quoted::from(text.as_ref()),
        Scalar::Whole(number) => Quoted::from(number.to_string().as_str()),
    }
}

/// The keys of which a condition has exactly one.
const TESTS: [&str; 4] = ["is", "equals", "one_of", "equals_path"];

impl fmt::Display for ConditionProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Claim(error) => write!(formatter, "{error}; it must name a claim"),
            Self::Repeated(value) => write!(formatter, "{value} is listed twice"),
            Self::Subject => formatter.write_str("must state exactly one of `claim` and `fact`"),
            Self::Test => formatter
                .write_str("must state exactly one of `is`, `equals`, `one_of` and `equals_path`"),
            Self::TooManyClaims => write!(
                formatter,
                "is one claim more than can be asked about: routes and identity headers together \
                 may name {KEPT_CLAIMS_LIMIT}"
            ),
        }
    }
}
