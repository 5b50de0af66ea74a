//! The TLS of clusters by which the filter fetches keys and tokens: whoever can answer in their place
//! makes keys, and reads secrets.

use std::net::IpAddr;

use super::clusters::http_options;
use super::problem::EnvoyProblem;
use super::spot::Spot;
use crate::config::Quoted;
use crate::tool::tree::Value;

/// What is wrong with a cluster of that name to which `https` goes.
pub(super) fn lint(
    name: &str,
    cluster: &Spot<'_>,
    roots: &[Spot<'_>],
    note: &mut dyn FnMut(&Spot<'_>, EnvoyProblem),
) {
    if is_local(cluster) {
        return;
    }
    let matches = cluster.list("transport_socket_matches");
    let is_rest = |item: &Spot<'_>| item.tree().field("match").is_none_or(is_empty);
    let own = cluster.field("transport_socket");
    if own.is_none() && !matches.iter().any(is_rest) {
        note(cluster, EnvoyProblem::TlsAbsent(Quoted::from(name)));
    }
    let others = matches.iter().filter_map(|item| item.field("transport_socket"));
    let options = http_options(cluster);
    for socket in own.into_iter().chain(others) {
        match context(&socket) {
            Some(context) => Context::new(context, options.as_ref(), roots).lint(note),
            None => note(&socket, EnvoyProblem::TlsAbsent(Quoted::from(name))),
        }
    }
}

/// Whether a cluster shows a certificate of its own to whomever it connects, or leads to somebody on this
/// machine who may.
pub(super) fn is_certified(cluster: &Spot<'_>) -> bool {
    let matches = cluster.list("transport_socket_matches");
    let others = matches.iter().filter_map(|item| item.field("transport_socket"));
    let mut sockets = cluster.field("transport_socket").into_iter().chain(others).peekable();
    let has_certificate = |socket: Spot<'_>| {
        let common = context(&socket).and_then(|context| context.field("common_tls_context"));
        common.is_some_and(|common| {
            let lists = ["tls_certificates", "tls_certificate_sds_secret_configs"];
            let providers =
                ["tls_certificate_provider_instance", "custom_tls_certificate_selector"];
            lists.iter().any(|name| !common.list(name).is_empty())
                || providers.iter().any(|name| common.field(name).is_some())
        })
    };
    is_local(cluster) || sockets.peek().is_some() && sockets.all(has_certificate)
}

/// Whether all that is sent there stays on this machine.
fn is_local(cluster: &Spot<'_>) -> bool {
    let assignment = cluster.field("load_assignment");
    let localities = assignment.map(|assignment| assignment.list("endpoints")).unwrap_or_default();
    // What a discovery service puts into a locality is not known.
    let is_known = |locality: &Spot<'_>| locality.field("leds_cluster_locality_config").is_none();
    let endpoints: Vec<_> =
        localities.iter().flat_map(|locality| locality.list("lb_endpoints")).collect();
    let is_here = |item: &Spot<'_>| {
        let Some(endpoint) = item.field("endpoint") else { return false };
        let others = endpoint.list("additional_addresses");
        endpoint.field("address").is_some_and(|address| is_local_address(&address))
            && others.iter().all(|other| {
                other.field("address").is_some_and(|address| is_local_address(&address))
            })
    };
    !endpoints.is_empty() && localities.iter().all(is_known) && endpoints.iter().all(is_here)
}

fn is_local_address(address: &Spot<'_>) -> bool {
    let socket = address.field("socket_address");
    let host = socket.and_then(|socket| socket.text("address")?.parse::<IpAddr>().ok());
    host.is_some_and(|host| host.is_loopback())
        || address.field("pipe").is_some()
        || address.field("envoy_internal_address").is_some()
}

/// The message about TLS in a socket, which may be wrapped in others.
fn context<'t>(socket: &Spot<'t>) -> Option<Spot<'t>> {
    let is_one = |spot: &&Spot<'t>| spot.is_of(".UpstreamTlsContext");
    let is_quic = |spot: &&Spot<'t>| spot.is_of(".QuicUpstreamTransport");
    let all = socket.all();
    let quic = || all.iter().find(is_quic)?.message().field("upstream_tls_context");
    all.iter().find(is_one).map(Spot::message).or_else(quic)
}

fn is_empty(tree: &crate::tool::Tree) -> bool {
    tree.members().is_empty()
}

/// A TLS context, and what decides whom it trusts.
struct Context<'t> {
    spot: Spot<'t>,
    /// The settings that are put together, as far as they stand in the file.
    validations: Vec<Spot<'t>>,
    /// Whether there are some that do not.
    is_partial: bool,
    /// Of the cluster's options for HTTP.
    options: Option<Spot<'t>>,
}

impl<'t> Context<'t> {
    fn new(spot: Spot<'t>, http: Option<&Spot<'t>>, roots: &[Spot<'t>]) -> Self {
        let common = spot.field("common_tls_context");
        let combined = common.as_ref().and_then(|at| at.field("combined_validation_context"));
        let field = |at: &Option<Spot<'t>>, name| at.as_ref().and_then(|at| at.field(name));
        let own = field(&common, "validation_context");
        let default = field(&combined, "default_validation_context");
        let mut validations: Vec<_> = own.into_iter().chain(default).collect();
        let name = "validation_context_sds_secret_config";
        let named = field(&common, name).or_else(|| field(&combined, name));
        let secret = named.as_ref().and_then(|named| secret(named, roots));
        let is_partial = named.is_some() && secret.is_none();
        validations.extend(secret);
        let options = http.and_then(|options| options.field("upstream_http_protocol_options"));
        Self { spot, validations, is_partial, options }
    }

    fn lint(&self, note: &mut dyn FnMut(&Spot<'_>, EnvoyProblem)) {
        if !self.names_server() {
            note(&self.spot, EnvoyProblem::TlsNameUnsent);
        }
        let accepts_all = self.validations.iter().any(|validation| {
            validation.text("trust_chain_verification") == Some("ACCEPT_UNTRUSTED")
        });
        // A certificate that is known by its digest needs neither authority nor name.
        let is_pinned = self.has("verify_certificate_spki") || self.has("verify_certificate_hash");
        let is_elsewhere = self.is_partial || self.has("custom_validator_config");
        if accepts_all || !is_pinned && !is_elsewhere && !self.has("trusted_ca") {
            note(&self.spot, EnvoyProblem::TlsUnverified);
        } else if !is_pinned && !is_elsewhere && !self.compares_name() {
            note(&self.spot, EnvoyProblem::TlsAnyName);
        }
    }

    fn names_server(&self) -> bool {
        let is_stated = self.spot.text("sni").is_some_and(|sni| !sni.is_empty());
        // An address is no name that could be sent.
        let mut matchers = self.names().into_iter().peekable();
        let is_address = matchers.peek().is_some()
            && matchers.all(|matcher| matcher.text("san_type") == Some("IP_ADDRESS"));
        is_stated || is_address || self.spot.is_true("auto_host_sni") || self.option("auto_sni")
    }

    fn compares_name(&self) -> bool {
        let typed = self.names().into_iter().filter_map(|name| name.field("matcher"));
        let lists = self.validations.iter();
        let untyped = lists.flat_map(|validation| validation.list("match_subject_alt_names"));
        let mut matchers = typed.chain(untyped).peekable();
        // One that fits is enough.
        matchers.peek().is_some() && !matchers.any(|matcher| fits_all(&matcher))
            || self.spot.is_true("auto_sni_san_validation")
            || self.option("auto_san_validation")
    }

    fn names(&self) -> Vec<Spot<'t>> {
        let lists = self.validations.iter();
        lists.flat_map(|validation| validation.list("match_typed_subject_alt_names")).collect()
    }

    /// Whether a setting has a value that is no empty list.
    fn has(&self, name: &str) -> bool {
        let mut values = self.validations.iter().filter_map(|validation| validation.field(name));
        values.any(|value| !matches!(&value.tree().value, Value::List(items) if items.is_empty()))
    }

    fn option(&self, name: &str) -> bool {
        self.options.as_ref().is_some_and(|options| options.is_true(name))
    }
}

/// Whether a matcher of texts takes every name.
fn fits_all(matcher: &Spot<'_>) -> bool {
    let regex = matcher.field("safe_regex").and_then(|regex| regex.text("regex"));
    let regex = regex.map(|regex| regex.trim_start_matches('^').trim_end_matches('$'));
    regex.is_some_and(|regex| [".*", ".+", ".*?", ".+?"].contains(&regex))
        || ["prefix", "suffix", "contains"].iter().any(|name| matcher.text(name) == Some(""))
}

/// The settings of a secret that stands in the file.
fn secret<'t>(named: &Spot<'t>, roots: &[Spot<'t>]) -> Option<Spot<'t>> {
    if named.field("sds_config").is_some() {
        return None;
    }
    let name = named.text("name")?;
    let resources = roots.iter().filter_map(|root| root.field("static_resources"));
    let mut secrets = resources.flat_map(|resources| resources.list("secrets"));
    secrets.find(|secret| secret.text("name") == Some(name))?.field("validation_context")
}
