//! Values of environment variables that are not set here and are made up, and what depends on them.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use super::check;
use super::explain::Trace;
use super::made_up_key::{certificate, private_key};
use super::named::{self, Held};
use super::tree::Tree;
use crate::config::{
    self, CHAIN_VARIABLES, Environment, Quoted, looks_like_variable, platform_sets,
    platform_variables,
};

/// The variable that says which tenant a credential of the platform is of.
const TENANT: &str = "MINDSPHERE_TENANT";

/// The variable that says which subtenant of it.
const SUBTENANT: &str = "MINDSPHERE_SUB_TENANT";

/// The variable that says which client a credential of the platform is.
const CLIENT: &str = "MINDSPHERE_CLIENT_ID";

/// An environment in which a value is made up for whatever a configuration cannot do without.
pub(super) struct Supposed<'e> {
    own: Environment<'e>,
    /// The variables that the configuration names, that of a subtenant where it requires one.
    named: BTreeSet<String>,
    /// Those that hold a private key or a certificate, with a value that fits.
    keys: BTreeMap<String, String>,
    /// Whether the vendor's credential chain of IDaaS needs a variable, and none of it is set.
    is_chain_unset: bool,
}

impl<'e> Supposed<'e> {
    /// The environment of a configuration.
    pub(super) fn new(tree: &Tree, own: Environment<'e>) -> Self {
        let mut named: BTreeSet<_> =
            named::variables(tree).into_iter().map(str::to_owned).collect();
        if named::requires_subtenant(tree) {
            named.insert(SUBTENANT.to_owned());
        }
        let chain = named::chain_variables(tree);
        let is_unset = |name: &&str| own(name).is_none_or(|value| value.is_empty());
        Self {
            own,
            named,
            keys: named::keys(tree)
                .into_iter()
                .map(|(name, held)| (name.to_owned(), key(held, own)))
                .collect(),
            is_chain_unset: named::requires_access_key(tree) && chain.iter().all(is_unset),
        }
    }

    /// The value of a variable that is set, or one that fits wherever a variable is named: long enough
    /// for every hash, and base64url. It is another for each variable.
    ///
    /// Of those that a credential finds by itself, only the three of a tenant have one: that is the set
    /// that leaves most to a configuration; and that of a subtenant, where it is required. With one made up for a part of an application's, the
    /// application's would go before a tenant's that is there.
    pub(super) fn value(&self, name: &str) -> Option<String> {
        let [_, of_tenant] = platform_sets();
        let is_optional = platform_variables().any(|variable| variable == name)
            && !of_tenant.contains(&name)
            && !self.named.contains(name);
        // Of the vendor's credential chain only an access key, where nothing else is set.
        let is_optional = is_optional
            || CHAIN_VARIABLES.contains(&name)
                && !(self.is_chain_unset && CHAIN_VARIABLES.iter().take(2).any(|own| *own == name));
        // A subtenant that is set to nothing is an error, and stays one.
        let own = (self.own)(name).filter(|value| name == SUBTENANT || !value.is_empty());
        own.or_else(|| match name {
            TENANT => Some("tenant".to_owned()),
            _ if is_optional => None,
            _ => self.keys.get(name).cloned().or_else(|| {
                let width = name.len().next_multiple_of(4).max(96);
                Some(format!("{name:A<width$}"))
            }),
        })
    }
}

/// A private key, or a certificate of the one that is set or made up.
fn key(held: Held<'_>, own: Environment<'_>) -> String {
    match held {
        Held::Certificate(key, algorithm) => {
            let key = own(key).filter(|key| !key.is_empty());
            certificate(key.as_deref().unwrap_or_else(|| private_key(algorithm)))
        }
        Held::PrivateKey(algorithm) => private_key(algorithm).to_owned(),
    }
}

/// What was made up.
pub(super) struct MadeUp {
    /// The variables whose value is in use.
    variables: BTreeSet<String>,
    /// The names of the credentials whose tenant or subtenant it is.
    credentials: BTreeSet<String>,
    /// Whether it is the client of a credential.
    has_client: bool,
}

impl MadeUp {
    /// What has to be made up for a configuration: a tree, and the same as the filter is handed it.
    pub(super) fn find(tree: &Tree, document: &str, supposed: &Supposed<'_>) -> Self {
        let asked = RefCell::new(BTreeSet::new());
        let recording = |name: &str| {
            let own = (supposed.own)(name).filter(|value| !value.is_empty());
            own.or_else(|| {
                let value = supposed.value(name)?;
                asked.borrow_mut().insert(name.to_owned());
                Some(value)
            })
        };
        config::inspect(document.as_bytes(), &recording);
        let mut variables = asked.into_inner();
        let mut credentials = BTreeSet::new();
        // Those of the platform are looked for, and most are not needed.
        for name in platform_variables() {
            if !variables.contains(name) {
                continue;
            }
            let lacking = lacking(document, supposed, name);
            if lacking.is_empty() {
                variables.remove(name);
            } else if [TENANT, SUBTENANT].contains(&name) {
                credentials.extend(lacking);
            }
        }
        let mut clients = named::texts(tree, "client_id_env");
        clients.insert(CLIENT);
        let has_client = clients.iter().any(|name| variables.contains(*name));
        Self { variables, credentials, has_client }
    }

    /// Whether the client of some credential was made up.
    pub(super) const fn has_client(&self) -> bool {
        self.has_client
    }

    /// Whether the tenant or the subtenant of that credential was made up.
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
fn lacking(document: &str, supposed: &Supposed<'_>, variable: &str) -> BTreeSet<String> {
    let without = |name: &str| match name == variable {
        true => None,
        false => supposed.value(name),
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

#[cfg(test)]
mod tests {
    use super::super::made_up_key::MADE_UP_KEY;
    use super::super::source;
    use super::*;

    #[test]
    fn a_private_key_is_made_up_as_one_and_an_access_key_where_nothing_of_the_chain_is_set() {
        let text = "credentials: [{ idaas: { authnConfiguration: { authnMethod: PCA, privateKeyEnvVarName: KEY } } }, { idaas: { authnConfiguration: { authnMethod: PLUGIN } } }]";
        let tree = source::read("x.yaml", text.as_bytes()).unwrap().remove(0);
        let [id, secret, token, ..] = CHAIN_VARIABLES;
        let nothing = |_: &str| None;
        let supposed = Supposed::new(&tree, &nothing);
        assert_eq!(supposed.value("KEY").as_deref(), Some(MADE_UP_KEY));
        assert!(supposed.value(id).is_some() && supposed.value(secret).is_some());
        assert_eq!(supposed.value(token), None);
        let own = |name: &str| (name == "ALIBABA_CLOUD_ROLE_ARN").then(|| "role".to_owned());
        let supposed = Supposed::new(&tree, &own);
        assert_eq!((supposed.value(id), supposed.value(secret)), (None, None));
        assert_eq!(supposed.value("ALIBABA_CLOUD_ROLE_ARN").as_deref(), Some("role"));
    }
}
