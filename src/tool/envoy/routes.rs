//! The routes that Envoy chooses by after the filter has judged a request.

use super::behind;
use super::plugin::Plugin;
use super::problem::EnvoyProblem;
use super::spot::Spot;
use crate::config::Quoted;
use crate::tool::tree::Value;

/// What stands around a route table.
pub(super) struct Around<'a, 't> {
    pub(super) manager: &'a Spot<'t>,
    /// The names by which routes speak of filters.
    pub(super) names: &'a Names<'t>,
    /// Our plugins in the chain.
    pub(super) plugins: &'a [&'a Plugin<'t>],
    /// For how many seconds requests may wait in the filter.
    pub(super) longest_wait: f64,
}

/// The names of filters, in the chain of the manager and in those of its upgrades.
pub(super) struct Names<'t> {
    /// Our own.
    pub(super) ours: Vec<&'t str>,
    /// Those behind it.
    pub(super) behind: Vec<&'t str>,
}

impl Names<'_> {
    /// Adds those of another chain.
    pub(super) fn append(&mut self, mut other: Self) {
        self.ours.append(&mut other.ours);
        self.behind.append(&mut other.behind);
    }
}

/// Where what is wrong is noted.
type Note<'n> = &'n mut dyn FnMut(&Spot<'_>, EnvoyProblem);

impl Around<'_, '_> {
    /// What is wrong with a route table.
    pub(super) fn lint(&self, table: &Spot<'_>, note: Note<'_>) {
        self.choice(table, note);
        self.part(table, note);
    }

    /// By what routes are chosen.
    fn choice(&self, table: &Spot<'_>, note: Note<'_>) {
        let hosts = table.list("virtual_hosts");
        let is_every = |host: &Spot<'_>| {
            host.list("domains").iter().all(|domain| domain.tree().text() == Some("*"))
        };
        let is_stripped = self.manager.is_true("strip_any_host_port")
            && self.manager.is_true("strip_trailing_host_dot");
        if !is_stripped && !hosts.iter().all(is_every) {
            note(table, EnvoyProblem::HostsAsWritten);
        }
        let routes: Vec<_> = hosts.iter().flat_map(|host| host.list("routes")).collect();
        let mut matchers = hosts.iter().filter_map(|host| host.field("matcher"));
        let is_by_path = routes.iter().any(is_route_by_path)
            || matchers.any(|tree| tree.all().iter().any(is_choice_by_path));
        let normalizes = self.manager.is_true("normalize_path");
        match self.manager.field("normalize_path").filter(|_| normalizes) {
            // It resolves `..`, which the filter would have refused; routes by path are safer with it.
            Some(setting) if !is_by_path => note(&setting, EnvoyProblem::PathChanged),
            None if is_by_path => note(table, EnvoyProblem::RouteByPath),
            Some(_) | None => {}
        }
    }

    /// What a part of a table does, and all inside it.
    fn part(&self, part: &Spot<'_>, note: Note<'_>) {
        for (name, spot) in part.members() {
            let name = field_name(name);
            match name.as_str() {
                // These do nothing to a request; a redirect is the client's to follow.
                "match" | "metadata" | "redirect" => continue,
                "typed_per_filter_config" => {
                    for (name, config) in spot.members() {
                        if self.names.ours.contains(&name) && config.is_true("disabled") {
                            note(&spot, EnvoyProblem::Disabled);
                        }
                        if self.names.behind.contains(&name) {
                            behind::lint_of_route(&config, &|header| self.owns(header), note);
                        }
                    }
                    continue;
                }
                "request_headers_to_add" => self.added(&spot, note),
                "request_headers_to_remove" => self.removed(&spot, note),
                "route" => self.limits(&spot, note),
                _ => {}
            }
            if let Some(problem) = self.problem(&name, &spot) {
                note(&spot, problem);
            }
            self.part(&spot, note);
        }
        for item in part.items() {
            self.part(&item, note);
        }
    }

    fn problem(&self, name: &str, spot: &Spot<'_>) -> Option<EnvoyProblem> {
        let text = spot.tree().text().filter(|text| !text.is_empty());
        match name {
            "request_mirror_policies" => (!spot.items().is_empty()).then_some(EnvoyProblem::Mirror),
            "internal_redirect_policy" => Some(EnvoyProblem::InternalRedirect),
            "internal_redirect_action" => {
                follows_redirects(spot).then_some(EnvoyProblem::InternalRedirect)
            }
            "host_rewrite"
            | "host_rewrite_header"
            | "host_rewrite_literal"
            | "path_rewrite"
            | "prefix_rewrite" => text.map(|_| EnvoyProblem::Rewrite),
            "auto_host_rewrite" => spot.says_true().then_some(EnvoyProblem::Rewrite),
            "host_rewrite_path_regex" | "path_rewrite_policy" | "regex_rewrite" => {
                Some(EnvoyProblem::Rewrite)
            }
            "cluster_header" => text
                .filter(|header| !self.owns(header))
                .map(|header| EnvoyProblem::UpstreamByHeader(Quoted::from(header))),
            "cluster_specifier_plugin" | "inline_cluster_specifier_plugin" => {
                Some(EnvoyProblem::UpstreamByPlugin)
            }
            _ => None,
        }
    }

    fn added(&self, list: &Spot<'_>, note: Note<'_>) {
        for item in list.items() {
            let header = item.field("header").and_then(|header| header.text("key"));
            if let Some(header) = header.filter(|header| self.owns(header)) {
                note(&item, EnvoyProblem::HeaderAdded(Quoted::from(header)));
            }
        }
    }

    fn removed(&self, list: &Spot<'_>, note: Note<'_>) {
        for item in list.items() {
            if let Some(header) = item.tree().text().filter(|header| self.owns(header)) {
                note(&item, EnvoyProblem::HeaderRemoved(Quoted::from(header)));
            }
        }
    }

    /// For how long a stream may last on a route.
    fn limits(&self, action: &Spot<'_>, note: Note<'_>) {
        let own = action.field("idle_timeout");
        let idle = own.as_ref().and_then(Spot::seconds);
        match own.filter(|_| idle.is_some_and(|seconds| seconds <= self.longest_wait)) {
            Some(own) if idle > Some(0.0) => note(&own, EnvoyProblem::IdleTimeoutShort),
            Some(own) => note(&own, EnvoyProblem::IdleTimeoutOff),
            None => {}
        }
        let of_manager = || self.manager.field("stream_idle_timeout")?.seconds();
        let is_idle_limited = idle.or_else(of_manager) != Some(0.0);
        let of_any = self.manager.field("common_http_protocol_options");
        let is_limited = is_idle_limited
            || is_duration_limited(of_any.as_ref())
            || is_duration_limited(action.field("max_stream_duration").as_ref());
        let timeout = action.field("timeout").filter(|spot| spot.seconds() == Some(0.0));
        if let Some(timeout) = timeout.filter(|_| !is_limited) {
            note(&timeout, EnvoyProblem::TimeoutOff);
        }
    }

    fn owns(&self, header: &str) -> bool {
        self.plugins.iter().any(|plugin| plugin.owns(header))
    }
}

/// Whether the deprecated setting, by name or number, stands for a policy.
fn follows_redirects(action: &Spot<'_>) -> bool {
    match &action.tree().value {
        Value::Text(name) => name == "HANDLE_INTERNAL_REDIRECT",
        Value::Number(number) => number.total_cmp(&1.0).is_eq(),
        Value::Boolean(_) | Value::List(_) | Value::Null | Value::Object(_) => false,
    }
}

fn is_duration_limited(at: Option<&Spot<'_>>) -> bool {
    let seconds = at.and_then(|at| at.field("max_stream_duration")?.seconds());
    seconds.is_some_and(|seconds| seconds > 0.0)
}

/// Whether a match tells apart what is below `/`.
fn by_path(at: &Spot<'_>) -> bool {
    match at.text("prefix") {
        Some(prefix) => prefix != "/",
        None => ["path", "safe_regex", "path_separated_prefix", "path_match_policy"]
            .iter()
            .any(|name| at.field(name).is_some()),
    }
}

fn is_route_by_path(route: &Spot<'_>) -> bool {
    route.field("match").is_some_and(|at| by_path(&at))
}

/// Whether a part of a host's `matcher` looks at the path: an input, or a route to which it leads.
fn is_choice_by_path(part: &Spot<'_>) -> bool {
    let is_path = |name: &str| name.eq_ignore_ascii_case(":path");
    part.is_of(".HttpRequestHeaderMatchInput") && part.text("header_name").is_some_and(is_path)
        || part.is_of(".HttpAttributesCelMatchInput")
        || is_route_by_path(part)
}

/// `vmConfig` as `vm_config`, the name in Envoy's definition.
fn field_name(name: &str) -> String {
    let mut field = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            field.push('_');
        }
        field.push(letter.to_ascii_lowercase());
    }
    field
}
