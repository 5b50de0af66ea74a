//! What `tenantgate check --envoy` says of single settings of a proxy, on both sides of each rule.
#![cfg(not(target_arch = "wasm32"))]

use std::collections::BTreeSet;

use tenantgate::config::platform_variables;
use tenantgate::tool::{Check, Severity, check_envoy};

/// A proxy of which there is nothing to say, with places for settings.
#[derive(Default)]
struct Proxy<'a> {
    /// Members of the HttpConnectionManager.
    manager: &'a str,
    /// Instead of the route table.
    routes: Option<&'a str>,
    /// Members of the route table.
    table: &'a str,
    /// Members of the virtual host.
    host: &'a str,
    /// Members of the route.
    route: &'a str,
    /// Instead of the route's `route: …`.
    action: Option<&'a str>,
    /// Filters behind ours.
    behind: &'a str,
    /// Members of the router.
    router: &'a str,
    /// Members of the cluster to which requests go.
    upstream: &'a str,
    /// Members of the cluster that fetches keys.
    keys: Option<&'a str>,
    /// Where the keys are.
    uri: Option<&'a str>,
    /// Members of the filter's configuration.
    configuration: &'a str,
    /// Members of the filter's VM.
    vm: &'a str,
    /// Members of the document.
    document: &'a str,
}

impl Proxy<'_> {
    fn text(&self) -> String {
        let Self { manager, table, host, route, behind, router, upstream, document, .. } = self;
        let Self { configuration, vm, .. } = self;
        let action = self.action.unwrap_or("route: { cluster: app }");
        let table = format!(
            "route_config: {{ {table} virtual_hosts: [{{ name: all, domains: ['*'], {host} routes: [{{ match: {{ prefix: / }}, {route} {action} }}] }}] }}"
        );
        let table = self.routes.unwrap_or(&table);
        let keys = self.keys.unwrap_or(SECURE);
        let uri = self.uri.unwrap_or("uri: https://id.example/keys");
        let filters = "type.googleapis.com/envoy.extensions.filters";
        format!(
            "static_resources:
  listeners:
  - filter_chains:
    - filters:
      - typed_config:
          '@type': {filters}.network.http_connection_manager.v3.HttpConnectionManager
          use_remote_address: true
          common_http_protocol_options: {{}}
          {manager}
          {table}
          http_filters:
          - name: tenantgate
            typed_config:
              '@type': {filters}.http.wasm.v3.Wasm
              config:
                failure_policy: FAIL_RELOAD
                vm_config: {{ vm_id: gate, {vm} }}
                configuration:
                  '@type': type.googleapis.com/google.protobuf.Struct
                  value:
                    deployment: ingress
                    issuers:
                    - name: own
                      issuer: https://id.example
                      tenants: [acme]
                      audiences: [api]
                      algorithms: [ES256]
                      claims: {{ tenant: tenant, subtenant: none }}
                      jwks: {{ cluster: keys, {uri} }}
                    {configuration}
                    identity_headers: {{ tenant: x-tenant }}
                    routes:
                    - name: all
                      match: {{ hosts: ['*'], path: /**, methods: [GET] }}
                      scopes: not_needed
                      upstream: {{ caller_token: remove }}
          {behind}
          - name: router
            typed_config: {{ '@type': {filters}.http.router.v3.Router, {router} }}
  clusters:
  - {{ name: app, {upstream} }}
  - {{ name: keys, {keys} }}
{document}
"
        )
    }

    /// The kinds of what is found and where, in the order of the file.
    fn found(&self) -> Vec<String> {
        let text = self.text();
        let how = Check { environment: &|_| None, requires_environment: false };
        let found = check_envoy("proxy.yaml", text.as_bytes(), &[], &how);
        let last = |path: &str| path.rsplit('.').next().unwrap_or_default().to_owned();
        found.iter().map(|finding| format!("{} {}", finding.rule, last(&finding.path))).collect()
    }

    #[track_caller]
    fn expect(&self, expected: &[&str]) {
        let defaults = "stream_idle_timeout: 30s";
        let manager = if self.manager.is_empty() { defaults } else { self.manager };
        let proxy = Proxy { manager, ..*self };
        assert_eq!(proxy.found(), expected, "{}", proxy.text());
    }
}

const SECURE: &str = "transport_socket: { typed_config: { '@type': x.UpstreamTlsContext, sni: id.example, common_tls_context: { validation_context: { trusted_ca: { filename: ca.pem }, match_typed_subject_alt_names: [{ san_type: DNS, matcher: { exact: id.example } }] } } } }";

#[test]
fn there_is_nothing_to_say_of_a_proxy_as_it_should_be() {
    Proxy::default().expect(&[]);
}

#[test]
fn a_statement_about_clients_addresses_must_be_true() {
    const TRUSTED: &str = "use_remote_address: true";
    let stated = "client_address: use_remote_address";
    let detected = "original_ip_detection_extensions: [{ name: x }]";
    let rows = [
        ("", TRUSTED, None),
        (stated, TRUSTED, None),
        (stated, "use_remote_address: true\n          xff_num_trusted_hops: 1", None),
        (stated, detected, None),
        ("", "use_remote_address: false", Some(Severity::Warning)),
        (stated, "use_remote_address: false", Some(Severity::Error)),
        (stated, "xff_num_trusted_hops: 1", Some(Severity::Error)),
        (stated, "skip_xff_append: true", Some(Severity::Error)),
    ];
    for (configuration, manager, expected) in rows {
        let defaults = "stream_idle_timeout: 30s";
        let proxy = Proxy { configuration, manager: defaults, ..Proxy::default() };
        let text = proxy.text().replace(TRUSTED, manager);
        let how = Check { environment: &|_| None, requires_environment: false };
        let found = check_envoy("proxy.yaml", text.as_bytes(), &[], &how);
        let found: Vec<_> = found.iter().map(|one| (one.rule, one.severity)).collect();
        let expected = expected.map(|severity| ("envoy-client-address", severity));
        assert_eq!(found, expected.into_iter().collect::<Vec<_>>(), "{text}");
    }
}

#[test]
fn what_makes_the_upstream_see_something_else_is_found() {
    let handled = "envoy-internal-redirect internal_redirect_action";
    let rows: [(&str, &[&str]); 22] = [
        ("cluster: app, internal_redirect_action: HANDLE_INTERNAL_REDIRECT", &[handled]),
        ("cluster: app, internal_redirect_action: 1", &[handled]),
        ("cluster: app, internal_redirect_action: PASS_THROUGH_INTERNAL_REDIRECT", &[]),
        ("cluster: app, internal_redirect_action: 0", &[]),
        ("cluster: app, prefix_rewrite: /", &["envoy-rewrite prefix_rewrite"]),
        ("cluster: app, prefix_rewrite: ''", &[]),
        ("cluster: app, path_rewrite: /x", &["envoy-rewrite path_rewrite"]),
        ("cluster: app, regex_rewrite: {}", &["envoy-rewrite regex_rewrite"]),
        ("cluster: app, path_rewrite_policy: {}", &["envoy-rewrite path_rewrite_policy"]),
        ("cluster: app, hostRewriteLiteral: a", &["envoy-rewrite hostRewriteLiteral"]),
        ("cluster: app, host_rewrite: a", &["envoy-rewrite host_rewrite"]),
        ("cluster: app, host_rewrite_header: x-h", &["envoy-rewrite host_rewrite_header"]),
        ("cluster: app, host_rewrite_path_regex: {}", &["envoy-rewrite host_rewrite_path_regex"]),
        ("cluster: app, auto_host_rewrite: true", &["envoy-rewrite auto_host_rewrite"]),
        ("cluster: app, auto_host_rewrite: false", &[]),
        ("cluster: app, request_mirror_policies: []", &[]),
        (
            "cluster: app, request_mirror_policies: [{ cluster: b }]",
            &["envoy-mirror request_mirror_policies"],
        ),
        ("cluster: app, internal_redirect_policy: ", &[]),
        (
            "cluster: app, internal_redirect_policy: {}",
            &["envoy-internal-redirect internal_redirect_policy"],
        ),
        (
            "weighted_clusters: { clusters: [{ name: app, host_rewrite_literal: a }] }",
            &["envoy-rewrite host_rewrite_literal"],
        ),
        ("cluster: app, retry_policy: { retry_on: 5xx }", &[]),
        ("cluster: app, append_x_forwarded_host: true", &[]),
    ];
    for (action, expected) in rows {
        let action = format!("route: {{ {action} }}");
        Proxy { action: Some(&action), ..Proxy::default() }.expect(expected);
    }
    let redirect = "redirect: { prefix_rewrite: /x }";
    Proxy { action: Some(redirect), ..Proxy::default() }.expect(&[]);
    Proxy { table: "request_mirror_policies: [{ cluster: b }],", ..Proxy::default() }
        .expect(&["envoy-mirror request_mirror_policies"]);
}

#[test]
fn a_choice_of_the_upstream_by_the_caller_is_found() {
    let rows: [(&str, &[&str]); 7] = [
        ("cluster_header: x-to", &["envoy-upstream-choice cluster_header"]),
        ("clusterHeader: ':authority'", &["envoy-upstream-choice clusterHeader"]),
        // No caller gets it past the filter.
        ("cluster_header: x-tenant", &[]),
        ("cluster_header: ''", &[]),
        (
            "weighted_clusters: { clusters: [{ cluster_header: x-to }] }",
            &["envoy-upstream-choice cluster_header"],
        ),
        ("cluster_specifier_plugin: p", &["envoy-upstream-choice cluster_specifier_plugin"]),
        (
            "inline_cluster_specifier_plugin: {}",
            &["envoy-upstream-choice inline_cluster_specifier_plugin"],
        ),
    ];
    for (action, expected) in rows {
        let action = format!("route: {{ {action} }}");
        Proxy { action: Some(&action), ..Proxy::default() }.expect(expected);
    }
    let rows: [(&str, &[&str]); 4] = [
        ("use_http_header: true", &["envoy-upstream-choice original_dst_lb_config"]),
        ("use_http_header: true, http_header_name: X_Tenant", &[]),
        ("use_http_header: false", &[]),
        ("http_header_name: x-to", &[]),
    ];
    for (settings, expected) in rows {
        let upstream = format!("original_dst_lb_config: {{ {settings} }}");
        Proxy { upstream: &upstream, ..Proxy::default() }.expect(expected);
    }
}

#[test]
fn headers_that_are_ours_are_not_for_routes() {
    for (name, is_ours) in [
        ("x-tenant", true),
        ("X_Tenant", true),
        ("Authorization", true),
        ("appkey", true),
        ("x-rewrite-url", true),
        ("x-tenants", false),
        ("x-other", false),
    ] {
        let added = format!("request_headers_to_add: [{{ header: {{ key: {name}, value: a }} }}],");
        let removed = format!("request_headers_to_remove: [x-a, {name}],");
        for (settings, expected) in [
            (&added, "envoy-header request_headers_to_add[0]"),
            (&removed, "envoy-header request_headers_to_remove[1]"),
        ] {
            let expected: &[&str] = if is_ours { &[expected] } else { &[] };
            Proxy { table: settings, ..Proxy::default() }.expect(expected);
            Proxy { host: settings, ..Proxy::default() }.expect(expected);
            Proxy { route: settings, ..Proxy::default() }.expect(expected);
            let action = format!(
                "route: {{ weighted_clusters: {{ clusters: [{{ {settings} name: app }}] }} }}"
            );
            Proxy { action: Some(&action), ..Proxy::default() }.expect(expected);
        }
    }
    let responses = "response_headers_to_remove: [x-tenant],";
    Proxy { table: responses, ..Proxy::default() }.expect(&[]);
}

#[test]
fn a_route_without_a_limit_for_its_streams_is_found() {
    let off = "envoy-idle-timeout idle_timeout";
    let none = "envoy-idle-timeout timeout";
    let limited = "stream_idle_timeout: 30s";
    let manager = "envoy-idle-timeout typed_config";
    let ever = "stream_idle_timeout: 0s";
    let rows: [(&str, &str, &[&str]); 12] = [
        (limited, "idle_timeout: 0s", &[off]),
        (limited, "idle_timeout: 0.000s", &[off]),
        (limited, "idle_timeout: 5s", &[off]),
        (limited, "idle_timeout: 5.001s", &[]),
        (limited, "timeout: 0s", &[]),
        (limited, "idle_timeout: 0s, timeout: 0s", &[off, none]),
        (limited, "idle_timeout: 0s, timeout: 1s", &[off]),
        (ever, "timeout: 0s", &[manager, none]),
        (ever, "timeout: 0s, idle_timeout: 60s", &[manager]),
        (ever, "timeout: 0s, max_stream_duration: { max_stream_duration: 9s }", &[manager]),
        (ever, "timeout: 0s, max_stream_duration: { max_stream_duration: 0s }", &[manager, none]),
        ("normalize_path: false", "timeout: 0s", &[manager]),
    ];
    for (manager, settings, expected) in rows {
        let action = format!("route: {{ cluster: app, {settings} }}");
        Proxy { manager, action: Some(&action), ..Proxy::default() }.expect(expected);
    }
}

#[test]
fn what_is_not_known_to_be_harmless_behind_the_filter_is_named() {
    let filter = |kind: &str| {
        format!(
            "- {{ name: f, typed_config: {{ '@type': x/envoy.extensions.filters.http.{kind} }} }}"
        )
    };
    for (kind, is_harmless) in [
        ("rbac.v3.RBAC", true),
        ("ratelimit.v3.RateLimit", true),
        ("cors.v3.Cors", true),
        ("header_to_metadata.v3.Config, request_rules: [{ header: a, remove: false }]", true),
        ("header_to_metadata.v3.Config, request_rules: [{ header: a, remove: true }]", false),
        ("lua.v3.Lua", false),
        ("jwt_authn.v3.JwtAuthentication", false),
        ("cache.v3.CacheConfig", false),
        ("made_up.v9.RBAC", false),
    ] {
        let expected: &[&str] =
            if is_harmless { &[] } else { &["envoy-filter-behind http_filters[1]"] };
        Proxy { behind: &filter(kind), ..Proxy::default() }.expect(expected);
    }
    let inner = filter("lua.v3.Lua").replacen("- ", "upstream_http_filters: [", 1) + "]";
    Proxy { router: &inner, ..Proxy::default() }
        .expect(&["envoy-filter-behind upstream_http_filters[0]"]);
    let codec = inner.replace("lua.v3.Lua", "upstream_codec.v3.UpstreamCodec");
    Proxy { router: &codec, ..Proxy::default() }.expect(&[]);
    let options = |inner: &str| {
        let filters = inner.replace("upstream_http_filters", "http_filters");
        format!(
            "typed_extension_protocol_options: {{ o: {{ '@type': x.HttpProtocolOptions, {filters} }} }}"
        )
    };
    Proxy { upstream: &options(&inner), ..Proxy::default() }
        .expect(&["envoy-filter-behind http_filters[0]"]);
    Proxy { upstream: &options(&codec), ..Proxy::default() }.expect(&[]);
    // No request goes there that the filter has judged.
    let keys = format!("{SECURE}, {}", options(&inner));
    Proxy { keys: Some(&keys), ..Proxy::default() }.expect(&[]);
}

#[test]
fn a_manager_inside_a_typed_struct_is_looked_at_too() {
    let wrapped = |timeout: &str| {
        let text = Proxy { manager: timeout, ..Proxy::default() }.text();
        let (head, rest) = text.split_once("          '@type': ").unwrap();
        let (kind, rest) = rest.split_once('\n').unwrap();
        let (inside, rest) = rest.split_once("  clusters:\n").unwrap();
        let inside: String = inside.lines().map(|line| format!("  {line}\n")).collect();
        format!(
            "{head}          '@type': x.TypedStruct\n          type_url: {kind}\n          value:\n{inside}  clusters:\n{rest}"
        )
    };
    let how = Check { environment: &|_| None, requires_environment: false };
    let rules = |text: &str| {
        let found = check_envoy("proxy.yaml", text.as_bytes(), &[], &how).into_iter();
        found.map(|finding| finding.rule).collect::<Vec<_>>()
    };
    assert_eq!(rules(&wrapped("stream_idle_timeout: 30s")), [""; 0]);
    assert_eq!(rules(&wrapped("stream_idle_timeout: 0s")), ["envoy-idle-timeout"]);
}

#[test]
fn what_stands_elsewhere_is_named_and_what_stands_in_a_scope_is_read() {
    let route = |action: &str| {
        format!(
            "{{ virtual_hosts: [{{ domains: ['*'], routes: [{{ match: {{ prefix: / }}, route: {{ {action} }} }}] }}] }}"
        )
    };
    let scope = |table: &str| {
        format!(
            "scoped_routes: {{ scoped_route_configurations_list: {{ scoped_route_configurations: [{{ {table} }}] }} }}"
        )
    };
    let plain = scope(&format!("route_configuration: {}", route("cluster: app")));
    let rewriting =
        scope(&format!("route_configuration: {}", route("cluster: app, prefix_rewrite: /x")));
    let named = scope("route_configuration_name: other");
    let rows: [(&str, &[&str]); 7] = [
        ("rds: { route_config_name: a }", &["envoy-not-inline rds"]),
        ("scoped_routes: { scoped_rds: {} }", &["envoy-not-inline scoped_rds"]),
        (&plain, &[]),
        (&rewriting, &["envoy-rewrite prefix_rewrite"]),
        (&named, &["envoy-not-inline route_configuration_name"]),
        ("route_config: { vhds: {} }", &["envoy-not-inline vhds"]),
        ("route_config: {}", &[]),
    ];
    for (routes, expected) in rows {
        Proxy { routes: Some(routes), ..Proxy::default() }.expect(expected);
    }
    let discovered = "- { name: f, config_discovery: {} }";
    Proxy { behind: discovered, ..Proxy::default() }.expect(&["envoy-not-inline http_filters[1]"]);
    let document = "dynamic_resources: { lds_config: {}, cds_config: {} }";
    Proxy { document, ..Proxy::default() }
        .expect(&["envoy-not-inline lds_config", "envoy-not-inline cds_config"]);
    Proxy { document: "dynamic_resources: {}", ..Proxy::default() }.expect(&[]);
}

#[test]
fn settings_that_change_the_path_before_the_filter_are_found() {
    let action = "path_with_escaped_slashes_action";
    let rows: [(&str, &[&str]); 7] = [
        ("KEEP_UNCHANGED", &[]),
        ("REJECT_REQUEST", &[]),
        ("IMPLEMENTATION_SPECIFIC_DEFAULT", &[]),
        ("UNESCAPE_AND_FORWARD", &["envoy-path path_with_escaped_slashes_action"]),
        ("UNESCAPE_AND_REDIRECT", &["envoy-path path_with_escaped_slashes_action"]),
        ("KEEP_UNCHANGED, path_normalization_options: ", &[]),
        (
            "KEEP_UNCHANGED, path_normalization_options: {}",
            &["envoy-path path_normalization_options"],
        ),
    ];
    for (value, expected) in rows {
        let settings = format!("{action}: {value}").replace(", ", "\n          ");
        let manager = format!("stream_idle_timeout: 30s\n          {settings}");
        Proxy { manager: &manager, ..Proxy::default() }.expect(expected);
    }
}

#[test]
fn a_second_document_is_one_that_envoy_does_not_read() {
    Proxy { document: "---\nadmin: {}", ..Proxy::default() }.expect(&["envoy-document document"]);
    Proxy { document: "---\n", ..Proxy::default() }.expect(&[]);
}

#[test]
fn a_cluster_for_https_proves_who_answers() {
    let tls = |settings: &str| {
        format!(
            "transport_socket: {{ typed_config: {{ '@type': x.UpstreamTlsContext, {settings} }} }}"
        )
    };
    let validated = |validation: &str| {
        tls(&format!(
            "sni: id.example, common_tls_context: {{ validation_context: {{ {validation} }} }}"
        ))
    };
    let ca = "trusted_ca: { filename: ca.pem }";
    let name = "match_typed_subject_alt_names: [{ san_type: DNS, matcher: { exact: id.example } }]";
    let address = name.replace("DNS", "IP_ADDRESS");
    let both = format!("common_tls_context: {{ validation_context: {{ {ca}, {name} }} }}");
    let option = |option: &str| {
        format!(
            "typed_extension_protocol_options: {{ o: {{ '@type': x.HttpProtocolOptions, upstream_http_protocol_options: {{ {option} }} }} }}"
        )
    };
    let combined = |default: &str, rest: &str| {
        tls(&format!(
            "sni: a, common_tls_context: {{ combined_validation_context: {{ default_validation_context: {{ {default} }}, {rest} }} }}"
        ))
    };
    let sds = |config: &str| {
        tls(&format!(
            "sni: a, common_tls_context: {{ validation_context_sds_secret_config: {{ name: ca {config} }} }}"
        ))
    };
    let absent = "envoy-cluster-tls clusters[1]";
    let raw = "envoy-cluster-tls transport_socket";
    let bad = "envoy-cluster-tls typed_config";
    let rows: [(String, &[&str]); 30] = [
        (String::new(), &[absent]),
        ("transport_socket: { typed_config: { '@type': x.RawBuffer } }".into(), &[raw]),
        (tls(""), &[bad, bad]),
        (tls("sni: id.example"), &[bad]),
        (tls(&both), &[bad]),
        (tls(&format!("sni: id.example, {both}")), &[]),
        (tls(&format!("sni: '', {both}")), &[bad]),
        (tls(&format!("auto_host_sni: true, {both}")), &[]),
        (format!("{}, {}", tls(&both), option("auto_sni: true")), &[]),
        (tls(&format!("common_tls_context: {{ validation_context: {{ {ca}, {address} }} }}")), &[]),
        (validated(ca), &[bad]),
        (validated(name), &[bad]),
        (validated(&format!("system_root_certs: {{}}, {name}")), &[bad]),
        (validated(&format!("{ca}, match_typed_subject_alt_names: []")), &[bad]),
        (validated(&format!("{ca}, match_subject_alt_names: [{{ exact: a }}]")), &[]),
        (validated(&format!("{ca}, {name}, trust_chain_verification: ACCEPT_UNTRUSTED")), &[bad]),
        (validated(&format!("{ca}, {name}, trust_chain_verification: VERIFY_TRUST_CHAIN")), &[]),
        (validated("verify_certificate_spki: [abc]"), &[]),
        (validated("verify_certificate_hash: [abc]"), &[]),
        (validated("verify_certificate_hash: []"), &[bad]),
        (validated("custom_validator_config: { name: spiffe }"), &[]),
        (
            tls(&format!("auto_host_sni: true, auto_sni_san_validation: true, common_tls_context: {{ validation_context: {{ {ca} }} }}")),
            &[],
        ),
        (format!("{}, {}", validated(ca), option("auto_san_validation: true")), &[]),
        (combined(&format!("{ca}, {name}"), ""), &[]),
        (combined(name, "validation_context_sds_secret_config: { name: ca, sds_config: {} }"), &[]),
        (combined(name, ""), &[bad]),
        (sds(", sds_config: {}"), &[]),
        (
            format!("transport_socket: {{ typed_config: {{ '@type': x.Http11ProxyUpstreamTransport, {} }} }}", tls(&format!("sni: a, {both}"))),
            &[],
        ),
        (
            format!("transport_socket: {{ typed_config: {{ '@type': x.QuicUpstreamTransport, upstream_tls_context: {{ sni: a, {both} }} }} }}"),
            &[],
        ),
        (
            "transport_socket: { typed_config: { '@type': x.QuicUpstreamTransport, upstream_tls_context: { sni: a } } }".into(),
            &["envoy-cluster-tls upstream_tls_context"],
        ),
    ];
    for (keys, expected) in rows {
        Proxy { keys: Some(&keys), ..Proxy::default() }.expect(expected);
    }
    for (secret, expected) in [
        (format!("{ca}, {name}"), [].as_slice()),
        (ca.to_owned(), &[bad]),
        (name.to_owned(), &[bad]),
    ] {
        let document = format!("  secrets: [{{ name: ca, validation_context: {{ {secret} }} }}]");
        let keys = sds("");
        Proxy { keys: Some(&keys), document: &document, ..Proxy::default() }.expect(expected);
    }
}

#[test]
fn every_socket_that_a_cluster_may_choose_is_looked_at() {
    let raw = "{ typed_config: { '@type': x.RawBuffer } }";
    let secure = SECURE.strip_prefix("transport_socket: ").unwrap();
    let rest = |socket: &str| {
        format!("transport_socket_matches: [{{ match: {{}}, transport_socket: {socket} }}]")
    };
    let some = |socket: &str| rest(socket).replace("match: {}", "match: { a: b }");
    let wrong = "envoy-cluster-tls transport_socket";
    let rows: [(String, &[&str]); 5] = [
        (rest(secure), &[]),
        (some(secure), &["envoy-cluster-tls clusters[1]"]),
        (rest(raw), &[wrong]),
        (format!("{SECURE}, {}", some(secure)), &[]),
        (format!("{SECURE}, {}", some(raw)), &[wrong]),
    ];
    for (keys, expected) in rows {
        Proxy { keys: Some(&keys), ..Proxy::default() }.expect(expected);
    }
}

#[test]
fn the_guide_for_a_first_service_shows_a_provider_of_whom_there_is_nothing_to_say() {
    // The example, with the issuer and the cluster that the guide's fourth step shows.
    let read = |path: &str| {
        let root = env!("CARGO_MANIFEST_DIR");
        std::fs::read_to_string(format!("{root}/{path}")).unwrap()
    };
    let guide = read("docs/first-service.md");
    let (_, step) = guide.split_once("## 4. ").unwrap();
    let mut blocks = step.split("   ```yaml\n").skip(1);
    let mut block = |indent: &str| {
        let (block, _) = blocks.next().unwrap().split_once("   ```\n").unwrap();
        let lines = block.lines().map(|line| line.strip_prefix("   ").unwrap());
        lines.map(|line| format!("{indent}{line}\n")).collect::<String>()
    };
    let (issuer, cluster) = (block(&" ".repeat(22)), block("  "));
    let mut proxy = String::new();
    for line in read("envoy/first-service.yaml").lines() {
        match line.trim_start().split(':').next() {
            Some("issuer") => proxy.push_str(&issuer),
            Some("audiences" | "algorithms" | "secret_env") => {}
            Some("admin") => proxy.push_str(&format!("{cluster}{line}\n")),
            Some(_) | None => proxy.push_str(&format!("{line}\n")),
        }
    }

    let environment = |name: &str| (name == "TOKEN_SECRET").then(|| "x".repeat(32));
    let how = Check { environment: &environment, requires_environment: true };
    let found = check_envoy("guide.yaml", proxy.as_bytes(), &[], &how);
    assert_eq!(found, [], "{proxy}");
    let without = proxy.replace("trusted_ca", "system_root_certs");
    let found = check_envoy("guide.yaml", without.as_bytes(), &[], &how);
    assert_eq!(found.iter().map(|finding| finding.rule).collect::<Vec<_>>(), ["envoy-cluster-tls"]);
}

#[test]
fn tls_is_not_asked_for_where_nothing_leaves_the_machine_or_plain_text_is_allowed() {
    let at = |address: &str| {
        format!(
            "load_assignment: {{ endpoints: [{{ lb_endpoints: [{{ endpoint: {{ address: {{ {address} }} }} }}] }}] }}"
        )
    };
    let host = |host: &str| at(&format!("socket_address: {{ address: {host}, port_value: 443 }}"));
    for (keys, is_here) in [
        (host("127.0.0.1"), true),
        (host("127.9.9.9"), true),
        (host("'::1'"), true),
        (at("pipe: { path: a }"), true),
        (at("envoy_internal_address: { server_listener_name: a }"), true),
        (host("128.0.0.1"), false),
        (host("localhost"), false),
        (host("id.example"), false),
        ("load_assignment: { endpoints: [] }".into(), false),
    ] {
        let expected: &[&str] = if is_here { &[] } else { &["envoy-cluster-tls clusters[1]"] };
        Proxy { keys: Some(&keys), ..Proxy::default() }.expect(expected);
    }
    let plain = "uri: http://id.example/keys, allow_plaintext: true";
    let proxy = Proxy { keys: Some(""), uri: Some(plain), ..Proxy::default() };
    let found = proxy.found();
    assert!(!found.iter().any(|found| found.starts_with("envoy-cluster-tls")), "{found:?}");
    let discovered = "discovery: openid";
    let proxy = Proxy { keys: Some(""), uri: Some(discovered), ..Proxy::default() };
    proxy.expect(&["envoy-cluster-tls clusters[1]"]);
}

#[test]
fn only_a_plain_url_that_is_called_takes_the_question_for_tls_away() {
    let absent: &[&str] = &["envoy-cluster-tls clusters[1]"];
    for (endpoint, names, expected) in [
        ("https://id.example/token", "", absent),
        ("https://id.example/token", "audience: 'http://api.example'", absent),
        ("https://id.example/token", "resource: 'http://api.example'", absent),
        ("https://id.example/token", "issuer: 'http://id.example'", absent),
        ("http://id.example/token", "audience: 'http://api.example'", &[]),
        ("http://id.example/token", "audience: 'https://api.example'", &[]),
    ] {
        let configuration = format!(
            "credentials: [{{ name: c, oauth2: {{ token_endpoint: '{endpoint}', {names}{comma} client_id_env: ID, client_secret_env: SECRET, cluster: keys, allow_plaintext: true }} }}]",
            comma = if names.is_empty() { "" } else { "," },
        );
        // The keys of callers are fetched elsewhere.
        let uri = Some("uri: 'http://id.example/keys', allow_plaintext: true");
        let vm = "environment_variables: { host_env_keys: [ID, SECRET] }";
        let proxy =
            Proxy { keys: Some(""), uri, configuration: &configuration, vm, ..Proxy::default() };
        let proxy = Proxy { manager: "stream_idle_timeout: 30s", ..proxy };
        let found = proxy.found();
        let about: Vec<_> = found.iter().filter(|found| found.starts_with("envoy-")).collect();
        assert_eq!(about, expected, "{}", proxy.text());
    }
}

#[test]
fn a_credential_of_one_subtenant_is_handed_the_variable_that_says_so() {
    let tenant = "MINDSPHERE_CLIENT_ID, MINDSPHERE_CLIENT_SECRET, MINDSPHERE_TENANT";
    let app = "MDSP_KEY_STORE_CLIENT_ID, MDSP_KEY_STORE_CLIENT_SECRET, MDSP_OS_VM_APP_NAME, MDSP_OS_VM_APP_VERSION, MDSP_HOST_TENANT, MDSP_USER_TENANT";
    let both = format!("{app}, {tenant}");
    let error: &[_] = &[(Severity::Error, "envoy-variable")];
    let warning: &[_] = &[(Severity::Warning, "envoy-variable")];
    let auto = |settings: &str| format!("mindsphere_auto: {{ cluster: keys {settings} }}");
    let (optional, required) = (auto(""), auto(", subtenant: required"));
    let stated = auto(", subtenant: optional");
    let other = "oauth2: { token_endpoint: 'https://id.example/t', client_id_env: MINDSPHERE_CLIENT_ID, client_secret_env: MINDSPHERE_CLIENT_SECRET, cluster: keys }";
    for (credential, handed, expected) in [
        (optional.as_str(), tenant, warning),
        (&stated, tenant, warning),
        (&required, tenant, error),
        (&optional, &both, warning),
        (&required, &both, error),
        // What an application gets is never of one subtenant.
        (&optional, app, &[]),
        (&required, app, error),
        (other, tenant, &[]),
    ] {
        let found = |handed: &str| {
            let configuration = format!("credentials: [{{ name: c, {credential} }}]");
            let vm = format!("environment_variables: {handed}");
            let manager = "stream_idle_timeout: 30s";
            let proxy =
                Proxy { manager, configuration: &configuration, vm: &vm, ..Proxy::default() };
            let how = Check { environment: &|_| None, requires_environment: false };
            let found = check_envoy("proxy.yaml", proxy.text().as_bytes(), &[], &how).into_iter();
            let about = found.filter(|finding| finding.rule.starts_with("envoy-"));
            about.map(|finding| (finding.severity, finding.rule)).collect::<Vec<_>>()
        };
        let without = format!("{{ host_env_keys: [{handed}] }}");
        assert_eq!(found(&without), expected, "{credential} {handed}");
        let listed = format!("{{ host_env_keys: [{handed}, MINDSPHERE_SUB_TENANT] }}");
        assert_eq!(found(&listed), [], "{credential} {handed}");
        let valued =
            format!("{{ host_env_keys: [{handed}], key_values: {{ MINDSPHERE_SUB_TENANT: a }} }}");
        assert_eq!(found(&valued), [], "{credential} {handed}");
    }
}

#[test]
fn the_egress_file_that_is_shipped_hands_over_all_that_the_platform_may_set() {
    let root = env!("CARGO_MANIFEST_DIR");
    let text = std::fs::read_to_string(format!("{root}/envoy/egress.yaml")).unwrap();
    let how = Check { environment: &|_| None, requires_environment: false };
    let rules = |text: &str| {
        let found = check_envoy("egress.yaml", text.as_bytes(), &[], &how).into_iter();
        let about = found.filter(|finding| finding.rule.starts_with("envoy-"));
        about.map(|finding| finding.rule).collect::<Vec<_>>()
    };
    assert_eq!(rules(&text), [""; 0]);
    let (_, keys) = text.split_once("host_env_keys:\n").unwrap();
    let keys = keys.lines().map_while(|line| line.trim_start().strip_prefix("- "));
    let keys: BTreeSet<_> = keys.collect();
    assert_eq!(keys, platform_variables().collect());
    let without = text.replace("                    - MINDSPHERE_SUB_TENANT\n", "");
    assert_eq!(rules(&without), ["envoy-variable"]);
}

#[test]
fn filters_of_upgrades_are_looked_at_like_those_of_the_chain() {
    let guard = "failure_policy: FAIL_RELOAD, vm_config: { vm_id: upgrades }, configuration: { deployment: egress }";
    let ours = format!("typed_config: {{ config: {{ name: tenantgate, {guard} }} }}");
    let inside = format!("typed_config: {{ inner: {{ {ours} }} }}");
    let filters = "x/envoy.extensions.filters.http";
    let lua = format!("{{ typed_config: {{ '@type': {filters}.lua.v3.Lua }} }}");
    let router = format!("{{ typed_config: {{ '@type': {filters}.router.v3.Router }} }}");
    let list = |filters: &[&str]| filters.join(", ");
    let plain = format!("{{ {ours} }}");
    let rows: [(String, &[&str]); 8] = [
        (String::new(), &[]),
        (list(&[&plain, &router]), &[]),
        (list(&[&lua, &plain, &router]), &[]),
        (list(&[&plain, &lua, &router]), &["envoy-filter-behind filters[1]"]),
        (
            list(&[&format!("{{ disabled: true, {ours} }}"), &router]),
            &["envoy-disabled filters[0]"],
        ),
        (list(&[&format!("{{ disabled: false, {ours} }}"), &router]), &[]),
        (list(&[&format!("{{ {inside} }}"), &router]), &["envoy-disabled filters[0]"]),
        (list(&[&lua, &router]), &["envoy-upgrade upgrade_configs[0]"]),
    ];
    for (filters, expected) in rows {
        let manager = format!(
            "stream_idle_timeout: 30s\n          upgrade_configs: [{{ upgrade_type: websocket, filters: [{filters}] }}]"
        );
        let proxy = Proxy { manager: &manager, ..Proxy::default() };
        let found = proxy.found();
        let about: Vec<_> = found.iter().filter(|found| found.starts_with("envoy-")).collect();
        assert_eq!(about, expected, "{}", proxy.text());
    }
}

#[test]
fn routes_may_speak_of_a_filter_by_the_name_that_it_has_for_upgrades() {
    let guard = "failure_policy: FAIL_RELOAD, vm_config: { vm_id: upgrades }, configuration: { deployment: egress }";
    let ours = format!("typed_config: {{ config: {{ name: tenantgate, {guard} }} }}");
    let manager = format!(
        "stream_idle_timeout: 30s\n          upgrade_configs: [{{ upgrade_type: websocket, filters: [{{ name: second, {ours} }}] }}]"
    );
    let disabled: &[&str] = &["envoy-disabled typed_per_filter_config"];
    let rows: [(&str, &str, &[&str]); 4] = [
        ("second", "disabled: true", disabled),
        ("second", "disabled: false", &[]),
        ("third", "disabled: true", &[]),
        ("tenantgate", "disabled: true", disabled),
    ];
    for (name, config, expected) in rows {
        let route = format!("typed_per_filter_config: {{ {name}: {{ {config} }} }},");
        let proxy = Proxy { manager: &manager, route: &route, ..Proxy::default() };
        let found = proxy.found();
        let about: Vec<_> = found.iter().filter(|found| found.starts_with("envoy-")).collect();
        assert_eq!(about, expected, "{}", proxy.text());
    }
}

#[test]
fn a_matcher_that_takes_every_name_compares_none() {
    let absent: &[&str] = &["envoy-cluster-tls typed_config"];
    let exact = "{ exact: id.example }";
    let rows: [(&[&str], &[&str]); 13] = [
        (&[exact], &[]),
        (&["{ safe_regex: { regex: '.*' } }"], absent),
        (&["{ safe_regex: { regex: '^.+$' } }"], absent),
        (&["{ safe_regex: { regex: '.*\\.id\\.example' } }"], &[]),
        (&["{ prefix: '' }"], absent),
        (&["{ suffix: '' }"], absent),
        (&["{ contains: '' }"], absent),
        (&["{ prefix: id. }"], &[]),
        (&["{ suffix: .example }"], &[]),
        (&["{ contains: id }"], &[]),
        // Any of them is enough.
        (&[exact, "{ prefix: '' }"], absent),
        (&["{ prefix: '' }", exact], absent),
        (&[exact, exact], &[]),
    ];
    for (matchers, expected) in rows {
        let typed = matchers.iter().map(|one| format!("{{ san_type: DNS, matcher: {one} }}"));
        let typed = typed.collect::<Vec<_>>().join(", ");
        for names in [
            format!("match_typed_subject_alt_names: [{typed}]"),
            format!("match_subject_alt_names: [{}]", matchers.join(", ")),
        ] {
            let keys = format!(
                "transport_socket: {{ typed_config: {{ '@type': x.UpstreamTlsContext, sni: a, common_tls_context: {{ validation_context: {{ trusted_ca: {{ filename: a }}, {names} }} }} }} }}"
            );
            Proxy { keys: Some(&keys), ..Proxy::default() }.expect(expected);
        }
    }
}

#[test]
fn a_cluster_stays_on_the_machine_with_all_its_addresses_or_not_at_all() {
    let here = "address: { socket_address: { address: 127.0.0.1, port_value: 1 } }";
    let there = "address: { socket_address: { address: 192.0.2.1, port_value: 1 } }";
    for (more, locality, is_here) in [
        (String::new(), "", true),
        (", additional_addresses: []".into(), "", true),
        (format!(", additional_addresses: [{{ {here} }}]"), "", true),
        (format!(", additional_addresses: [{{ {here} }}, {{ {there} }}]"), "", false),
        (String::new(), "leds_cluster_locality_config: {},", false),
    ] {
        let keys = format!(
            "load_assignment: {{ endpoints: [{{ {locality} lb_endpoints: [{{ endpoint: {{ {here} {more} }} }}] }}] }}"
        );
        let expected: &[&str] = if is_here { &[] } else { &["envoy-cluster-tls clusters[1]"] };
        Proxy { keys: Some(&keys), ..Proxy::default() }.expect(expected);
    }
}

#[test]
fn a_matcher_of_a_virtual_host_chooses_by_path_like_its_routes() {
    let by_path: &[&str] = &["envoy-route-by-path route_config"];
    let header = |name: &str| {
        format!(
            "input: {{ typed_config: {{ '@type': x.HttpRequestHeaderMatchInput, header_name: '{name}' }} }}"
        )
    };
    let route =
        |at: &str| format!("action: {{ typed_config: {{ '@type': x.Route, match: {{ {at} }} }} }}");
    let rows: [(String, &[&str]); 7] = [
        (header(":path"), by_path),
        (header(":Path"), by_path),
        (header("x-tenant"), &[]),
        ("input: { typed_config: { '@type': x.HttpAttributesCelMatchInput } }".into(), by_path),
        (route("path: /a"), by_path),
        (route("prefix: /a"), by_path),
        (route("prefix: /"), &[]),
    ];
    for (inside, expected) in rows {
        let host = format!("matcher: {{ matcher_tree: {{ {inside} }} }},");
        Proxy { host: &host, ..Proxy::default() }.expect(expected);
        let manager = "stream_idle_timeout: 30s\n          normalize_path: true";
        let changed: &[&str] =
            if expected.is_empty() { &["envoy-path normalize_path"] } else { &[] };
        Proxy { host: &host, manager, ..Proxy::default() }.expect(changed);
    }
}

#[test]
fn settings_of_harmless_filters_that_touch_our_headers_are_found() {
    let limit = |header: &str| {
        format!(
            "'@type': x/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit, request_headers_to_add_when_not_enforced: [{{ header: {{ key: {header}, value: a }} }}]"
        )
    };
    let copy = |remove: bool| {
        format!(
            "'@type': x/envoy.extensions.filters.http.header_to_metadata.v3.Config, request_rules: [{{ header: authorization, remove: {remove} }}]"
        )
    };
    let wrapped = |config: &str| {
        format!("'@type': x/envoy.config.route.v3.FilterConfig, config: {{ {config} }}")
    };
    let added = "envoy-header request_headers_to_add_when_not_enforced[0]";
    for (config, in_chain, of_route) in [
        (limit("x-tenant"), vec![added], vec![added]),
        (limit("x-other"), vec![], vec![]),
        (wrapped(&limit("x-tenant")), vec!["envoy-filter-behind http_filters[1]"], vec![added]),
        (copy(true), vec!["envoy-filter-behind http_filters[1]"], vec!["envoy-filter-behind f"]),
        (copy(false), vec![], vec![]),
    ] {
        let behind = format!("- {{ name: f, typed_config: {{ {config} }} }}");
        Proxy { behind: &behind, ..Proxy::default() }.expect(&in_chain);

        let behind = "- { name: f, typed_config: { '@type': x/envoy.extensions.filters.http.cors.v3.Cors } }";
        let route = format!("typed_per_filter_config: {{ f: {{ {config} }} }},");
        Proxy { behind, route: &route, ..Proxy::default() }.expect(&of_route);
        // Of a filter that is not behind ours.
        let route = route.replace("{ f:", "{ g:");
        Proxy { behind, route: &route, ..Proxy::default() }.expect(&[]);
    }
    let route = format!("typed_per_filter_config: {{ f: {{ {} }} }},", wrapped(&copy(true)));
    let behind =
        "- { name: f, typed_config: { '@type': x/envoy.extensions.filters.http.cors.v3.Cors } }";
    Proxy { behind, route: &route, ..Proxy::default() }.expect(&["envoy-filter-behind config"]);
}

#[test]
fn a_cluster_whose_certificate_proves_a_client_has_one() {
    let context = |common: &str| {
        format!(
            "transport_socket: {{ typed_config: {{ '@type': x.UpstreamTlsContext, sni: id.example, common_tls_context: {{ {common} validation_context: {{ trusted_ca: {{ filename: ca.pem }}, match_typed_subject_alt_names: [{{ san_type: DNS, matcher: {{ exact: id.example }} }}] }} }} }} }}"
        )
    };
    let here = "load_assignment: { endpoints: [{ lb_endpoints: [{ endpoint: { address: { socket_address: { address: 127.0.0.1 } } } }] }] }";
    let absent = "envoy-client-certificate clusters[1]";
    let rows: [(&str, &str, &[&str]); 8] = [
        ("tls_client_auth", &context("tls_certificates: [{}],"), &[]),
        ("tls_client_auth", &context("tls_certificate_sds_secret_configs: [{ name: a }],"), &[]),
        ("tls_client_auth", &context("tls_certificate_provider_instance: {},"), &[]),
        ("tls_client_auth", &context("tls_certificates: [],"), &[absent]),
        ("self_signed_tls_client_auth", &context(""), &[absent]),
        ("self_signed_tls_client_auth", here, &[]),
        ("tls_client_auth", "connect_timeout: 1s", &["envoy-cluster-tls clusters[1]", absent]),
        ("client_secret_post", &context(""), &[]),
    ];
    for (way, keys, expected) in rows {
        let secret = if way == "client_secret_post" { ", client_secret_env: SECRET" } else { "" };
        let configuration = format!(
            "credentials: [{{ name: a, callers: [acme], oauth2: {{ token_endpoint: 'https://id.example/t', cluster: keys, client_id: a, client_auth: {way}{secret} }} }}]"
        );
        let vm = "environment_variables: { host_env_keys: [SECRET] }";
        let proxy =
            Proxy { keys: Some(keys), configuration: &configuration, vm, ..Proxy::default() };
        // No route injects it here, and its variable is not set.
        let unset = ["variable-unset client_secret_env"];
        let unset = if secret.is_empty() { &[][..] } else { &unset };
        proxy.expect(&[&["credential-unused credentials[0]"], unset, expected].concat());
    }
}
