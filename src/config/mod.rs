//! The configuration: one JSON document, compiled once into read-only values.
//!
//! `docs/configuration.md` is the authority on the language. [`compile`] reads a document in three
//! steps: `raw` takes it as it is written and compares it with the shape of the language,
//! `compile` gives each part its meaning and checks what parts say about each other, and [`Config`]
//! holds the result, in which every value is valid. All errors of all steps come in one list, each
//! with its path and what to do.

mod application_keys;
mod compile;
mod duration;
mod error;
mod nearest;
mod noting;
mod raw;
mod report;
mod uri;
mod warning;

pub use self::application_keys::{
    ApplicationKeys, KeyStore, RemoteStore, SessionSettings, UsageReports,
};
pub use self::compile::{
    AddressProblem, ApplicationKeyProblem, BadSignatures, CHAIN_VARIABLES, CatalogueProblem,
    ConditionProblem, CredentialProblem, Demand, HeaderProblem, IdaasProblem, IssuerProblem,
    KeyAddress, KeyDiscovery, KeyLocation, KeyOwner, KeySource, Limits, ListProblem, NameProblem,
    PlaceProblem, RouteProblem, Upkeep, is_variable, looks_like_variable, platform_sets,
    platform_variables, subtenant_variable,
};
pub use self::duration::{DurationError, parse as parse_duration};
pub use self::error::{ConfigError, ConfigErrors, Place, Problem, Quoted};
pub use self::noting::Noting;
pub use self::raw::{DOCUMENT, DocumentError, Key, Shape, ShapeProblem};
pub use self::uri::UriError;
pub use self::warning::{Ignored, Notice, Warning};

use self::raw::Section;
use self::report::Report;
use crate::credential::TokenPlaces;
use crate::jwt::Issuers;
use crate::policy::{Deployment, IdentityHeaders, OwnedHeaders, Policy};
use crate::technical_token;
use crate::technical_token::idaas::ClientConfig;

/// Reads an environment variable; `None` when it is not set.
pub type Environment<'e> = &'e dyn Fn(&str) -> Option<String>;

/// A compiled configuration. It never changes; requests only borrow it.
#[derive(Debug)]
pub struct Config {
    deployment: Deployment,
    issuers: Issuers,
    key_sources: Vec<KeySource>,
    sources: Vec<technical_token::Source>,
    policy: Policy,
    application_keys: Option<ApplicationKeys>,
    trusts_client_address: bool,
    limits: Limits,
    noting: Noting,
}

/// A configuration, and what its author should have thought about.
#[derive(Debug)]
pub struct Compiled {
    /// The configuration.
    pub config: Config,
    /// What is worth a second thought, in the order of the document.
    pub warnings: Vec<Warning>,
}

/// What was found in a document, each list in the document's order.
#[derive(Debug)]
pub struct Findings {
    /// What makes it unusable.
    pub errors: Vec<ConfigError>,
    /// What is worth a second thought.
    pub warnings: Vec<Warning>,
}

/// Compiles a JSON document, or one that Envoy hands over as a serialized `Struct`. Secrets come
/// from `environment`.
///
/// # Errors
/// [`ConfigErrors`] with everything that is wrong with the document, in its order. A host keeps the
/// configuration that it has, and refuses to start without one.
pub fn compile(document: &[u8], environment: Environment<'_>) -> Result<Compiled, ConfigErrors> {
    let (config, report) = read(document, environment);
    report.finish(config).map(|(config, warnings)| Compiled { config, warnings })
}

/// Finds all that [`compile`] does, and the warnings also where there are errors.
pub fn inspect(document: &[u8], environment: Environment<'_>) -> Findings {
    let (_, report) = read(document, environment);
    report.into_findings()
}

/// Compiles an entry of `credentials` with the kind `idaas`, in JSON: the vendor's document with what
/// stands around it. Paths begin at the entry.
///
/// # Errors
/// [`ConfigErrors`] with everything that is wrong with it.
pub fn compile_idaas(
    credential: &[u8],
    environment: Environment<'_>,
) -> Result<(ClientConfig, Vec<Warning>), ConfigErrors> {
    let mut report = Report::default();
    let node = raw::read_idaas(credential, &mut report);
    let section = node.as_ref().and_then(Section::root);
    let compiled = section.and_then(|section| compile::idaas(&section, environment, &mut report));
    report.finish(compiled)
}

fn read(document: &[u8], environment: Environment<'_>) -> (Option<Config>, Report) {
    let mut report = Report::default();
    let node = raw::read(document, &mut report);
    let root = node.as_ref().and_then(Section::root);
    let config = root.and_then(|root| compile::compile(&root, environment, &mut report));
    (config, report)
}

impl Config {
    /// Which way the traffic goes.
    pub const fn deployment(&self) -> Deployment {
        self.deployment
    }

    /// Whose tokens are accepted.
    pub const fn issuers(&self) -> &Issuers {
        &self.issuers
    }

    /// Where keys come from; each source stands at the position that its `KeySetId` says.
    pub fn key_sources(&self) -> &[KeySource] {
        &self.key_sources
    }

    /// The credentials; each stands at the position that its `SourceId` says.
    pub fn sources(&self) -> &[technical_token::Source] {
        &self.sources
    }

    /// Whether a credential exchanges callers' tokens.
    pub fn exchanges(&self, id: technical_token::SourceId) -> bool {
        let source = usize::try_from(id.0).ok().and_then(|at| self.sources.get(at));
        source.is_some_and(|source| source.exchange().is_some())
    }

    /// Who may go where.
    pub const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// How application keys are taken; `None` if none are known.
    pub const fn application_keys(&self) -> Option<&ApplicationKeys> {
        self.application_keys.as_ref()
    }

    /// Whether the operator states that the address of a request is the client's own: then application keys
    /// may be for some addresses alone.
    pub const fn trusts_client_address(&self) -> bool {
        self.trusts_client_address
    }

    /// The headers that clients can never bring in.
    pub const fn owned_headers(&self) -> &OwnedHeaders {
        self.policy.owned()
    }

    /// Where callers' tokens may stand besides `authorization`.
    pub const fn places(&self) -> &TokenPlaces {
        self.policy.owned().places()
    }

    /// The headers that tell upstreams who the caller is.
    pub const fn identity(&self) -> &IdentityHeaders {
        self.policy.identity()
    }

    /// What requests leave in filter state.
    pub const fn noting(&self) -> Noting {
        self.noting
    }

    /// How much is held, and for how long anything waits.
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }
}
