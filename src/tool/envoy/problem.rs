//! What is wrong with a proxy's own configuration.

use std::fmt;

use crate::config::Quoted;
use crate::tool::finding::Severity;

/// What is wrong with a proxy's own configuration.
pub(super) enum EnvoyProblem {
    /// The same, and the filter is told otherwise by `client_address`.
    AddressMisstated,
    /// The address of the client is taken from what it says itself.
    AddressUntrusted,
    /// A cluster whose certificate shall prove a client has none. Its name.
    CertificateAbsent(Quoted),
    /// No cluster of that name.
    ClusterUnknown(Quoted),
    /// The filter is inside another one, which decides whether it runs.
    Conditional,
    /// A route, or the chain, goes without the filter.
    Disabled,
    /// A trap of the filter opens the gate.
    FailOpen,
    /// A trap of the filter closes the gate until the proxy gets a new configuration.
    FailClosed,
    /// A filter behind ours that can change what was judged. Its type.
    FilterBehind(Quoted),
    /// A route sets a header that is ours to set. Its name.
    HeaderAdded(Quoted),
    /// A route removes a header that is ours to set. Its name.
    HeaderRemoved(Quoted),
    /// Virtual hosts are told apart by names that the filter takes for one.
    HostsAsWritten,
    /// A stream that the filter can no longer answer ends late or never.
    IdleTimeout,
    /// A route on which no idle stream ends.
    IdleTimeoutOff,
    /// It ends before the filter itself answers.
    IdleTimeoutShort,
    /// Redirects are followed with what the filter has put on the request.
    InternalRedirect,
    /// Copies of requests, tokens included, go elsewhere.
    Mirror,
    /// No plugin is ours.
    NoPlugin,
    /// What decides stands elsewhere.
    NotInline,
    /// The path is changed before the filter sees it.
    PathChanged,
    /// The upstream sees another path or host than was judged.
    Rewrite,
    /// Routes are chosen by path, as it was received.
    RouteByPath,
    /// A document that Envoy does not read.
    SecondDocument,
    /// A credential that may be of one subtenant is not handed the variable that says so.
    SubtenantHidden,
    /// A credential that must be of one subtenant is not handed the variable that says so.
    SubtenantUnavailable,
    /// A route on which nothing ends a stream.
    TimeoutOff,
    /// A cluster for `https` without TLS. Its name.
    TlsAbsent(Quoted),
    /// A certificate of any name is accepted.
    TlsAnyName,
    /// The server is not told which name is asked for.
    TlsNameUnsent,
    /// A certificate of anybody is accepted.
    TlsUnverified,
    /// Requests reach a cluster here without the filter that guards it elsewhere.
    Unguarded(Quoted),
    /// Upgrades have a chain of filters without ours.
    UpgradeChain,
    /// A header that callers can set chooses the upstream. Its name.
    UpstreamByHeader(Quoted),
    /// Something else than the table chooses the upstream.
    UpstreamByPlugin,
    /// The filter asks for a variable that it is not handed. Its name, if it may be shown.
    VariableHidden(Option<Quoted>),
    /// A credential looks for the variables of the platform, and no set of them is handed as a whole.
    VariableSetHidden,
    /// No space of shared data.
    VmIdEmpty,
    /// A space of shared data that another plugin has too.
    VmIdShared(Quoted),
}

impl EnvoyProblem {
    /// The name of its kind, which stays the same from version to version.
    pub(super) const fn kind(&self) -> &'static str {
        match self {
            Self::AddressMisstated | Self::AddressUntrusted => "envoy-client-address",
            Self::CertificateAbsent(_) => "envoy-client-certificate",
            Self::ClusterUnknown(_) => "envoy-cluster",
            Self::Conditional | Self::Disabled => "envoy-disabled",
            Self::FailClosed | Self::FailOpen => "envoy-failure-policy",
            Self::FilterBehind(_) => "envoy-filter-behind",
            Self::HeaderAdded(_) | Self::HeaderRemoved(_) => "envoy-header",
            Self::HostsAsWritten => "envoy-hosts",
            Self::IdleTimeout
            | Self::IdleTimeoutOff
            | Self::IdleTimeoutShort
            | Self::TimeoutOff => "envoy-idle-timeout",
            Self::InternalRedirect => "envoy-internal-redirect",
            Self::Mirror => "envoy-mirror",
            Self::NoPlugin => "envoy-no-plugin",
            Self::NotInline => "envoy-not-inline",
            Self::PathChanged => "envoy-path",
            Self::Rewrite => "envoy-rewrite",
            Self::RouteByPath => "envoy-route-by-path",
            Self::SecondDocument => "envoy-document",
            Self::TlsAbsent(_) | Self::TlsAnyName | Self::TlsNameUnsent | Self::TlsUnverified => {
                "envoy-cluster-tls"
            }
            Self::Unguarded(_) => "envoy-unguarded",
            Self::UpgradeChain => "envoy-upgrade",
            Self::UpstreamByHeader(_) | Self::UpstreamByPlugin => "envoy-upstream-choice",
            Self::SubtenantHidden
            | Self::SubtenantUnavailable
            | Self::VariableHidden(_)
            | Self::VariableSetHidden => "envoy-variable",
            Self::VmIdEmpty | Self::VmIdShared(_) => "envoy-vm-id",
        }
    }

    /// An error where requests get past the filter, or the filter cannot do what it is asked to.
    pub(super) const fn severity(&self) -> Severity {
        match self {
            Self::AddressMisstated
            | Self::CertificateAbsent(_)
            | Self::ClusterUnknown(_)
            | Self::Conditional
            | Self::Disabled
            | Self::FailOpen
            | Self::NoPlugin
            | Self::SecondDocument
            | Self::SubtenantUnavailable
            | Self::TlsAbsent(_)
            | Self::TlsAnyName
            | Self::TlsUnverified
            | Self::UpgradeChain
            | Self::VariableHidden(_)
            | Self::VariableSetHidden => Severity::Error,
            Self::AddressUntrusted
            | Self::FailClosed
            | Self::FilterBehind(_)
            | Self::HeaderAdded(_)
            | Self::HeaderRemoved(_)
            | Self::HostsAsWritten
            | Self::IdleTimeout
            | Self::IdleTimeoutOff
            | Self::IdleTimeoutShort
            | Self::InternalRedirect
            | Self::Mirror
            | Self::NotInline
            | Self::PathChanged
            | Self::Rewrite
            | Self::RouteByPath
            | Self::SubtenantHidden
            | Self::TimeoutOff
            | Self::TlsNameUnsent
            | Self::Unguarded(_)
            | Self::UpstreamByHeader(_)
            | Self::UpstreamByPlugin
            | Self::VmIdEmpty
            | Self::VmIdShared(_) => Severity::Warning,
        }
    }
}

impl fmt::Display for EnvoyProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::CertificateAbsent(name) => {
                return write!(
                    formatter,
                    "has no certificate of its own, and the filter's configuration proves a client by that of cluster {name} (`client_auth`); write `tls_certificates`, or `tls_certificate_sds_secret_configs`, into the `common_tls_context` of its TLS"
                );
            }
            Self::ClusterUnknown(name) => {
                return write!(formatter, "names cluster {name}, which the proxy does not have");
            }
            Self::FilterBehind(name) => {
                return write!(
                    formatter,
                    "{name} runs after tenantgate and may change the path, the headers or the route of a request that was judged; put it before, if that is possible"
                );
            }
            Self::HeaderAdded(name) => {
                return write!(
                    formatter,
                    "sets {name} after tenantgate, which sets or removes it itself; the upstream sees something else than tenantgate has made of the request"
                );
            }
            Self::HeaderRemoved(name) => {
                return write!(
                    formatter,
                    "removes {name} after tenantgate, which sets or removes it itself; the upstream may see something else than tenantgate has made of the request"
                );
            }
            Self::TlsAbsent(name) => {
                return write!(
                    formatter,
                    "has no TLS, and the filter's configuration sends `https` by cluster {name}; write an `UpstreamTlsContext` as its `transport_socket`"
                );
            }
            Self::Unguarded(name) => {
                return write!(
                    formatter,
                    "leads to cluster {name} without tenantgate, which guards another way to it"
                );
            }
            Self::UpstreamByHeader(name) => {
                return write!(
                    formatter,
                    "chooses the upstream by header {name}, which callers can set: they choose where a request goes that was judged"
                );
            }
            Self::VariableHidden(Some(name)) => {
                return write!(
                    formatter,
                    "does not list {name} under `environment_variables.host_env_keys`, which the filter's configuration names"
                );
            }
            Self::VmIdShared(name) => {
                return write!(
                    formatter,
                    "{name} is also the `vm_id` of another plugin; it could read and overwrite the tokens and keys that are cached"
                );
            }
            Self::AddressMisstated => {
                "does not say `use_remote_address: true`, as `client_address` of the filter states; then clients say themselves by `x-forwarded-for` where they are, and get past every list of addresses"
            }
            Self::AddressUntrusted => {
                "does not say `use_remote_address: true`; then clients say themselves by `x-forwarded-for` where they are"
            }
            Self::Conditional => {
                "is conditional: tenantgate lies inside another filter, and requests for which that does not run it get past"
            }
            Self::Disabled => "switches tenantgate off",
            Self::FailClosed => {
                "does not say `failure_policy: FAIL_RELOAD`; after one trap a worker answers everything with 503 until the proxy gets a new configuration"
            }
            Self::FailOpen => "lets everybody in after a trap; write `failure_policy: FAIL_RELOAD`",
            Self::HostsAsWritten => {
                "chooses by host and does not say both `strip_any_host_port: true` and `strip_trailing_host_dot: true`; tenantgate takes such spellings for one host"
            }
            Self::IdleTimeout => {
                "does not say a `stream_idle_timeout` above 0; 30s ends requests that a filter cannot answer any more"
            }
            Self::IdleTimeoutOff => {
                "switches the idle timeout of streams off on this route; requests that a filter cannot answer any more never end there"
            }
            Self::IdleTimeoutShort => {
                "is not longer than the time for which tenantgate lets requests wait (`limits.waiting_deadline`)"
            }
            Self::InternalRedirect => {
                "follows redirects inside the proxy, with the tokens that tenantgate has put on the request"
            }
            Self::Mirror => {
                "sends copies of requests elsewhere, with the tokens that tenantgate has put on them"
            }
            Self::NoPlugin => "holds no Wasm plugin of tenantgate",
            Self::NotInline => "comes from elsewhere, so what it does was not checked",
            Self::PathChanged => {
                "changes the path before tenantgate sees what the client sent, and so hides what it would refuse"
            }
            Self::Rewrite => {
                "lets the upstream see another path or host than tenantgate has judged"
            }
            Self::RouteByPath => {
                "chooses by path as it was received, where tenantgate compares paths decoded; see \"How paths are compared\" in docs/configuration.md"
            }
            Self::SecondDocument => {
                "is not the first document of the file, the only one that Envoy reads"
            }
            Self::SubtenantHidden => {
                "does not list `MINDSPHERE_SUB_TENANT` under `environment_variables.host_env_keys`; where it is set, `mindsphere_auto` gets tokens of the whole tenant nevertheless"
            }
            Self::SubtenantUnavailable => {
                "does not list `MINDSPHERE_SUB_TENANT` under `environment_variables.host_env_keys`, and `subtenant: required` asks for it"
            }
            Self::TimeoutOff => {
                "switches the timeout off on this route, where streams have no idle timeout either; nothing ends them"
            }
            Self::TlsAnyName => {
                "accepts a certificate of any name that `trusted_ca` vouches for; state the host under `match_typed_subject_alt_names`"
            }
            Self::TlsNameUnsent => {
                "has no `sni`; a server of several names may answer with the certificate of another"
            }
            Self::TlsUnverified => {
                "accepts every certificate, for it has no `validation_context.trusted_ca` (Envoy does not look at `system_root_certs`) or says `ACCEPT_UNTRUSTED`; whoever is in between can make keys and read secrets"
            }
            Self::UpstreamByPlugin => {
                "lets a plugin choose the upstream, perhaps by what callers can set"
            }
            Self::UpgradeChain => {
                "has filters of its own for upgrades, and tenantgate is none of them"
            }
            Self::VariableHidden(None) => {
                "does not list a variable under `environment_variables.host_env_keys`, which the filter's configuration names; its name has lower-case letters and is not shown, for it could be a secret"
            }
            Self::VariableSetHidden => {
                "lists neither all variables of an application nor all of a tenant under `environment_variables.host_env_keys`; `mindsphere_auto` needs one set"
            }
            Self::VmIdEmpty => {
                "has no `vm_id`; write one of its own for each plugin, else every worker fetches tokens for itself"
            }
        };
        formatter.write_str(text)
    }
}
