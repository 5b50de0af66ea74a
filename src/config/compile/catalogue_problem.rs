//! What is wrong with the catalogue of subtenancy-aware services.

use std::fmt;

use super::super::error::Quoted;
use crate::policy::{MethodError, RulePathError};

/// What is wrong with the catalogue, alone or together with its preset.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum CatalogueProblem {
    /// A role is both enabled and disabled.
    BothEnabledAndDisabled(Quoted),
    /// A role is disabled, and has rules of its own all the same.
    DisabledWithRules(Quoted),
    /// No role is on that covers anything.
    Empty,
    /// The methods of a rule.
    Method(MethodError),
    /// Without a preset the key has no meaning.
    NeedsPreset,
    /// A role of the preset is named, and nothing is said about it.
    NothingStated(Quoted),
    /// The path of a rule.
    Path {
        /// The path.
        path: Quoted,
        /// Why.
        error: RulePathError,
    },
    /// The name of a role.
    RoleForm,
    /// A role that is not of the preset, or without one, states no rules.
    RulesMissing {
        /// The role.
        role: Quoted,
        /// The role of the preset that was probably meant.
        meant: Option<Quoted>,
    },
    /// Two rules of a role say the same of one method.
    RuleRepeated {
        /// The method.
        method: Quoted,
        /// The place of the first one.
        first: String,
    },
    /// Neither the rule nor its role states scopes.
    ScopesMissing,
}

impl fmt::Display for CatalogueProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BothEnabledAndDisabled(role) => {
                write!(formatter, "{role} is enabled as well; keep one")
            }
            Self::DisabledWithRules(role) => write!(
                formatter,
                "{role} has rules under `roles`, which puts it on; leave one of them out"
            ),
            Self::Empty => formatter.write_str(
                "no role is on that covers anything, so no caller with a subtenant could pass; enable a role, or leave the catalogue out",
            ),
            Self::Method(error) => error.fmt(formatter),
            Self::NeedsPreset => formatter.write_str(
                "is about the roles of a preset, and `preset` is missing; write `preset: mindsphere`, or state all under `roles`",
            ),
            Self::NothingStated(role) => write!(
                formatter,
                "{role} is of the preset, and nothing is said about it; state `scopes` or `rules`, or name it under `enable` or `disable`"
            ),
            Self::Path { path, error } => {
                write!(formatter, "{path} is no path of a rule: {error}")
            }
            Self::RoleForm => formatter.write_str(
                "is no name of a role; use 1 to 128 visible ASCII characters without blanks",
            ),
            Self::RulesMissing { role, meant: Some(meant) } => write!(
                formatter,
                "{role} is no role of the preset; did you mean {meant}? A role of your own states its `rules`"
            ),
            Self::RulesMissing { role, meant: None } => {
                write!(formatter, "{role} is no role of a preset, so it must state its `rules`")
            }
            Self::RuleRepeated { method, first } => write!(
                formatter,
                "{method} of this path has a rule at `{first}` already; the scopes of either would do, so keep one"
            ),
            Self::ScopesMissing => formatter.write_str(
                "must be stated here or for the role: an object with `any` or `all`, `not_needed`, or `unknown` if only the caller's own token may go with such requests",
            ),
        }
    }
}
