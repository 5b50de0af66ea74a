//! The filters that run after ours.

use super::problem::EnvoyProblem;
use super::spot::Spot;
use crate::config::Quoted;

/// What is wrong with a filter behind ours. It may be one of the router's own, which run last.
pub(super) fn lint(
    filter: &Spot<'_>,
    owns: &dyn Fn(&str) -> bool,
    note: &mut dyn FnMut(&Spot<'_>, EnvoyProblem),
) {
    if filter.field("config_discovery").is_some() {
        note(filter, EnvoyProblem::NotInline);
        return;
    }
    // Envoy refuses a filter without a type.
    let Some(config) = filter.field("typed_config") else { return };
    let Some(kind) = config.kind() else { return };
    if removes(&config) || !HARMLESS.contains(&kind) {
        note(filter, EnvoyProblem::FilterBehind(Quoted::from(kind)));
    }
    added(&config, owns, note);
    for inner in config.message().list("upstream_http_filters") {
        lint(&inner, owns, note);
    }
}

/// What is wrong with what a route says to a filter behind ours, of whose type the chain tells.
pub(super) fn lint_of_route(
    config: &Spot<'_>,
    owns: &dyn Fn(&str) -> bool,
    note: &mut dyn FnMut(&Spot<'_>, EnvoyProblem),
) {
    let is_wrapper = config.kind() == Some("route.v3.FilterConfig");
    let inner = config.message().field("config").filter(|_| is_wrapper);
    let config = inner.as_ref().unwrap_or(config);
    if let Some(kind) = config.kind().filter(|_| removes(config)) {
        note(config, EnvoyProblem::FilterBehind(Quoted::from(kind)));
    }
    added(config, owns, note);
}

/// Whether a filter that only copies headers is told to take them away.
fn removes(config: &Spot<'_>) -> bool {
    config.message().list("request_rules").iter().any(|rule| rule.is_true("remove"))
}

/// Headers of ours that a limit of rates sets on requests that it lets pass.
fn added(
    config: &Spot<'_>,
    owns: &dyn Fn(&str) -> bool,
    note: &mut dyn FnMut(&Spot<'_>, EnvoyProblem),
) {
    for item in config.message().list("request_headers_to_add_when_not_enforced") {
        let header = item.field("header").and_then(|header| header.text("key"));
        if let Some(header) = header.filter(|header| owns(header)) {
            note(&item, EnvoyProblem::HeaderAdded(Quoted::from(header)));
        }
    }
}

/// The types of filters that leave path, host and route of a request as they are, and the headers that
/// tell who the caller is. Others are named, also those that nobody has looked at.
const HARMLESS: [&str; 23] = [
    "adaptive_concurrency.v3.AdaptiveConcurrency",
    "admission_control.v3.AdmissionControl",
    "alternate_protocols_cache.v3.FilterConfig",
    "bandwidth_limit.v3.BandwidthLimit",
    "buffer.v3.Buffer",
    "cdn_loop.v3.CdnLoopConfig",
    "compressor.v3.Compressor",
    "cors.v3.Cors",
    "csrf.v3.CsrfPolicy",
    "decompressor.v3.Decompressor",
    "fault.v3.HTTPFault",
    "file_system_buffer.v3.FileSystemBufferFilterConfig",
    "grpc_stats.v3.FilterConfig",
    "grpc_web.v3.GrpcWeb",
    "header_to_metadata.v3.Config",
    "health_check.v3.HealthCheck",
    "local_ratelimit.v3.LocalRateLimit",
    "rate_limit_quota.v3.RateLimitQuotaFilterConfig",
    "ratelimit.v3.RateLimit",
    "rbac.v3.RBAC",
    "router.v3.Router",
    "set_metadata.v3.Config",
    "upstream_codec.v3.UpstreamCodec",
];
