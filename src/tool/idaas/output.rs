//! What is printed.

use std::fmt;

use super::Order;
use super::probe::Found;
use crate::config::CHAIN_VARIABLES;
use crate::message::Endpoint;
use crate::technical_token::idaas::{AccessKeySource, Authn};
use crate::tool::render::{Cluster, ServerName, block, envoy_cluster, of_authority, text, word};
use crate::tool::tree::Tree;

/// The credential, its clusters and its variables.
pub(super) struct Output<'o> {
    pub(super) order: &'o Order<'o>,
    pub(super) document: &'o Tree,
    pub(super) found: &'o Found,
}

impl Output<'_> {
    fn cluster_name(&self, key: &str) -> String {
        format!("{}-{}", self.order.name, key.replace('_', "-"))
    }

    fn clusters(&self) -> String {
        let own = self.found.clusters.iter().map(|(key, endpoint)| {
            let cluster = cluster(self.cluster_name(key), endpoint)?;
            Some(envoy_cluster(&cluster, self.found.config.connect_timeout))
        });
        let own: String = own.flatten().collect();
        let token = match self.found.has_service_account {
            true => internal_cluster(&word(&self.cluster_name(FILES))),
            false => String::new(),
        };
        own + &token
    }

    fn service_account_token(&self) -> String {
        if !self.found.has_service_account {
            return String::new();
        }
        format!(
            "  # Read again so often, and when the server refuses it.\n  service_account_token: {{ cluster: {}, uri: \"http://files/token\", allow_plaintext: true, refresh: 1m }}\n",
            word(&self.cluster_name(FILES))
        )
    }

    /// The file of the service account's token.
    fn token_file(&self) -> &str {
        let authn = self.document.field("authn_configuration");
        let path = authn.and_then(|authn| authn.field("oidc_token_file_path"));
        // Other letters have a meaning where the path is written.
        let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"/._-".contains(&b);
        let path = path.and_then(Tree::text).filter(|path| path.bytes().all(is_plain));
        path.filter(|path| path.starts_with('/')).unwrap_or(DEFAULT_TOKEN_FILE)
    }

    fn callers(&self) -> String {
        let callers: Vec<_> = self.order.callers.iter().map(|tenant| word(tenant)).collect();
        match callers.as_slice() {
            [] => {
                "  # Nobody is of this tenant. Write those whose callers it may serve, or `any`.\n  callers: [your-tenant]\n".to_owned()
            }
            [any] if any == "any" => "  callers: any\n".to_owned(),
            listed => format!("  callers: [{}]\n", listed.join(", ")),
        }
    }

    /// What the reader must know and the rest does not say.
    fn notes(&self) -> Vec<String> {
        let config = &self.found.config;
        let mut notes = self.found.warnings.clone();
        let times = (config.timeout.as_millis(), config.connect_timeout.as_millis());
        notes.push(format!(
            "Times: `readTimeout` ({} ms) bounds each call, `connectTimeout` ({} ms) stands in the clusters.",
            times.0, times.1
        ));
        if !self.found.variables.is_empty() {
            notes.push(
                "Variables are read when the filter starts: a new value needs a new start."
                    .to_owned(),
            );
        }
        match &config.authn {
            Authn::ClientSecretBasic { .. }
            | Authn::ClientSecretJwt { .. }
            | Authn::ClientSecretPost { .. } => {}
            Authn::PrivateKeyJwt { .. } | Authn::Pca { .. } => notes.push(
                "The key may be PEM on one line. `algorithm: RS256` beside `clusters` states another algorithm than the vendor's client would take (RS384 from 2049 bits on, RS512 from 3073 bits on).".to_owned(),
            ),
            Authn::Oidc { .. } => notes.extend(self.file_notes()),
            Authn::Pkcs7 { .. } => notes.push(METADATA.to_owned()),
            Authn::Plugin { sources } => notes.extend(self.plugin_notes(sources)),
        }
        notes
    }

    fn plugin_notes(&self, sources: &[AccessKeySource]) -> Vec<String> {
        let mut notes = vec![
            "Files of profiles (`config.json` of the command line, `credentials.ini`), process commands and sign-ins cannot be used in the filter: hand it an access key by variables, or use one of the other ways.".to_owned(),
        ];
        let is_set = |name: &str| (self.order.environment)(name).is_some_and(|it| !it.is_empty());
        if !CHAIN_VARIABLES.iter().any(|name| is_set(name)) {
            notes.push(
                "No variable of the vendor's credential chain is set here, so the role of an ECS instance is assumed. With an access key in the environment of the proxy it goes first, and `clusters.metadata` can be left out; for RRSA or a credentials URI import where their variables are set.".to_owned(),
            );
        }
        for source in sources {
            match source {
                AccessKeySource::EcsRole { .. } => notes.push(METADATA.to_owned()),
                AccessKeySource::Environment(_) => {}
                AccessKeySource::Rrsa { .. } => notes.extend(self.file_notes()),
                AccessKeySource::Uri(endpoint) if endpoint.scheme == "http" => notes.push(
                    "`ALIBABA_CLOUD_CREDENTIALS_URI` is plain http, which `allow_plaintext` lets pass: whoever sits on the way reads the credential.".to_owned(),
                ),
                AccessKeySource::Uri(_) => {}
            }
        }
        notes
    }

    fn file_notes(&self) -> [String; 2] {
        [
            format!(
                "The filter reads no files. The listener `{}` above serves `{}` inside Envoy (1.38 or later) and reads it again when its folder changes; mount the volume of the service account there, or write the path that `oidcTokenFilePathEnvVarName` or `ALIBABA_CLOUD_OIDC_TOKEN_FILE` names.",
                self.cluster_name(FILES),
                self.token_file()
            ),
            "`bootstrap_extensions` and `listeners` are for the bootstrap of Envoy, beside and in `static_resources`.".to_owned(),
        ]
    }

    fn uses_plain_uri(&self) -> bool {
        let is_plain = |(key, endpoint): &(&str, Endpoint)| {
            *key == "credentials_uri" && endpoint.scheme == "http"
        };
        self.found.clusters.iter().any(is_plain)
    }
}

impl fmt::Display for Output<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let found = self.found;
        let method = found.config.authn.name();
        writeln!(
            out,
            "# A client of Alibaba Cloud IDaaS ({method}), made by `tenantgate idaas import`."
        )?;
        writeln!(
            out,
            "# The credential, for the configuration of tenantgate. The vendor's document is as it was."
        )?;
        writeln!(out, "credentials:\n- name: {}", word(self.order.name))?;
        write!(out, "{}", self.callers())?;
        write!(out, "  idaas:\n{}", block(self.document, 4))?;
        writeln!(out, "  clusters:")?;
        for (key, _) in &found.clusters {
            writeln!(out, "    {key}: {}", word(&self.cluster_name(key)))?;
        }
        write!(out, "{}", self.service_account_token())?;
        if self.uses_plain_uri() {
            writeln!(out, "  allow_plaintext: true")?;
        }
        writeln!(
            out,
            "\n# For `static_resources` of Envoy. In a mesh name its own clusters instead."
        )?;
        write!(out, "clusters:\n{}", self.clusters())?;
        if found.has_service_account {
            let name = word(&self.cluster_name(FILES));
            write!(out, "{}", listener(&name, self.token_file()))?;
        }
        let names: Vec<_> = found.variables.iter().map(|name| word(name)).collect();
        writeln!(
            out,
            "\n# For `vm_config` of the filter: what the proxy must have and hand over, if it is set."
        )?;
        writeln!(out, "environment_variables: {{ host_env_keys: [{}] }}", names.join(", "))?;
        writeln!(out, "\n# Notes")?;
        for note in self.notes() {
            // A note may quote a key of the document, which has no line breaks by then.
            writeln!(out, "# - {note}")?;
        }
        Ok(())
    }
}

fn cluster(name: String, endpoint: &Endpoint) -> Option<Cluster> {
    let (host, port) = of_authority(endpoint.scheme, &endpoint.authority)?;
    let proof = (endpoint.scheme == "https").then(|| ServerName::One(host.clone()));
    Some(Cluster { name, host, port, proof })
}

/// A cluster that leads to a listener of the same proxy.
fn internal_cluster(name: &str) -> String {
    format!(
        r#"  - name: {name}
    type: STATIC
    load_assignment:
      cluster_name: {name}
      endpoints:
      - lb_endpoints:
        - endpoint: {{ address: {{ envoy_internal_address: {{ server_listener_name: {name} }} }} }}
    transport_socket:
      name: envoy.transport_sockets.internal_upstream
      typed_config:
        "@type": type.googleapis.com/envoy.extensions.transport_sockets.internal_upstream.v3.InternalUpstreamTransport
        transport_socket:
          name: envoy.transport_sockets.raw_buffer
          typed_config:
            "@type": type.googleapis.com/envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer
"#
    )
}

/// A listener without a port, which serves a file inside the proxy.
fn listener(name: &str, file: &str) -> String {
    let folder = match file.rsplit_once('/') {
        Some(("", _)) | None => "/",
        Some((folder, _)) => folder,
    };
    let content = text(&format!("%FILE_CONTENT({file}:{folder})%"));
    format!(
        r#"listeners:
  - name: {name}
    internal_listener: {{}}
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: {name}
          route_config:
            virtual_hosts:
            - name: files
              domains: [files]
              routes:
              - match: {{ path: /token }}
                direct_response:
                  status: 200
                  body_format:
                    text_format_source: {{ inline_string: {content} }}
                    formatters:
                    - name: envoy.formatter.file_content
                      typed_config:
                        "@type": type.googleapis.com/envoy.extensions.formatter.file_content.v3.FileContent
          http_filters:
          - name: envoy.filters.http.router
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router
bootstrap_extensions:
  - name: envoy.bootstrap.internal_listener
    typed_config:
      "@type": type.googleapis.com/envoy.extensions.bootstrap.internal_listener.v3.InternalListener
"#
    )
}

/// What the cluster that serves the file is called, after the name of the credential.
const FILES: &str = "files";

/// Where the vendor's client looks for the token if nothing says it.
const DEFAULT_TOKEN_FILE: &str = "/var/run/secrets/kubernetes.io/serviceaccount/token";

const METADATA: &str = "The metadata service is plain http on the machine's own network, and only there. It is asked with a token of its own (the hardened mode).";
