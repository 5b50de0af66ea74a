//! Values of environment variables that are not set here and were made up.

use std::cell::RefCell;
use std::collections::BTreeSet;

use super::check;
use super::explain::Trace;
use crate::config::{self, Environment, Quoted, looks_like_variable, platform_variables};

/// The variable that says which tenant a credential of the platform is of.
const TENANT: &str = "MINDSPHERE_TENANT";

/// What was made up.
pub(super) struct MadeUp {
    /// The variables whose value is in use.
    variables: BTreeSet<String>,
    /// The names of the credentials whose tenant it is.
    credentials: BTreeSet<String>,
}

impl MadeUp {
    /// What has to be made up for a configuration.
    pub(super) fn find(document: &str, environment: Environment<'_>) -> Self {
        let asked = RefCell::new(BTreeSet::new());
        let recording = |name: &str| {
            let own = environment(name).filter(|value| !value.is_empty());
            own.or_else(|| {
                let value = check::value_of(name, environment)?;
                asked.borrow_mut().insert(name.to_owned());
                Some(value)
            })
        };
        config::inspect(document.as_bytes(), &recording);
        let mut variables = asked.into_inner();
        // Those of the platform are looked for, and most are not needed.
        for name in platform_variables().filter(|name| *name != TENANT) {
            if variables.contains(name) && lacking(document, environment, name).is_empty() {
                variables.remove(name);
            }
        }
        let mut credentials = BTreeSet::new();
        if variables.contains(TENANT) {
            credentials = lacking(document, environment, TENANT);
            if credentials.is_empty() {
                variables.remove(TENANT);
            }
        }
        Self { variables, credentials }
    }

    /// Whether the tenant of that credential was made up.
    pub(super) fn has_tenant_of(&self, credential: &str) -> bool {
        self.credentials.contains(credential)
    }

    /// Says what was made up. A name that could be a secret in the wrong place is not shown.
    pub(super) fn tell(&self, trace: &mut Trace) {
        for name in &self.variables {
            let name = match looks_like_variable(name) {
                true => Quoted::from(name.as_str()).to_string(),
                false => "a variable whose name has lower-case letters".to_owned(),
            };
            trace.unknown("environment", format!("{name} is not set here, a value was made up"));
        }
    }
}

/// The names of the credentials that cannot do without a variable.
fn lacking(document: &str, environment: Environment<'_>, variable: &str) -> BTreeSet<String> {
    let without = |name: &str| match name == variable {
        true => None,
        false => check::value_of(name, environment),
    };
    let found = config::inspect(document.as_bytes(), &without);
    let parsed: serde_json::Value = serde_json::from_str(document).unwrap_or_default();
    let errors = found.errors.iter().filter(|error| check::is_unset(error));
    let names = errors.filter_map(|error| {
        let (index, _) = error.path().strip_prefix("credentials[")?.split_once(']')?;
        let credential = parsed.get("credentials")?.get(index.parse::<usize>().ok()?)?;
        Some(credential.get("name")?.as_str()?.to_owned())
    });
    names.collect()
}
