//! An Envoy with the filter that tells what it makes of signatures (`examples/judge`).

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::development::envoy::{Envoy, Launch};
use crate::development::http_client::{exchange, request};
use crate::development::scratch::Scratch;
use crate::lab::{envoy_binary, eventually, variable};
use crate::vectors::question::{Answer, Duration, Measurement, Question};

/// A running Envoy with that filter.
pub struct Judge {
    envoy: Envoy,
    address: SocketAddr,
    _scratch: Scratch,
}

impl Judge {
    pub fn start() -> Self {
        let module = PathBuf::from(variable("JUDGE").expect(
            "`JUDGE` does not name the filter for tests: run the end-to-end tests with `make e2e`",
        ));
        let scratch = Scratch::new().expect("a directory");
        let config = scratch.path().join("envoy.json");
        fs::write(&config, document(&module).to_string()).expect("a configuration file");
        let envoy = Envoy::start(&Launch {
            binary: &envoy_binary(),
            config: &config,
            directory: scratch.path(),
            workers: 2,
            environment: &[],
        })
        .unwrap_or_else(|error| panic!("{error}"));
        let address = eventually("listener", || envoy.listener("judge").ok());
        Self { envoy, address, _scratch: scratch }
    }

    /// An answer to each question, in their order.
    pub fn ask(&self, questions: &[Question]) -> Vec<Answer> {
        let chunks = questions.chunks(QUESTIONS_AT_ONCE);
        let answers: Vec<Answer> =
            chunks.flat_map(|chunk| self.post::<Vec<Answer>>("/judge", &chunk)).collect();
        assert_eq!(answers.len(), questions.len());
        answers
    }

    pub fn measure(&self, measurement: &Measurement) -> Duration {
        self.post("/measure", measurement)
    }

    /// The algorithms that the host passes the self-test of.
    pub fn reliable(&self) -> Vec<String> {
        self.post("/reliable", &Value::Null)
    }

    /// As Envoy names itself.
    pub fn version(&self) -> String {
        let info = self.envoy.admin("GET", "/server_info").expect("an answer").json();
        info["version"].as_str().unwrap().to_owned()
    }

    fn post<T: DeserializeOwned>(&self, target: &str, body: &impl Serialize) -> T {
        let body = serde_json::to_string(body).unwrap();
        let answer = exchange(self.address, &request("POST", target, &[], &body)).unwrap();
        assert_eq!(answer.status, 200, "{}\n{}", answer.text(), self.envoy.log());
        serde_json::from_slice(&answer.body).unwrap()
    }
}

fn document(module: &PathBuf) -> Value {
    let address = json!({"socket_address": {"address": "127.0.0.1", "port_value": 0}});
    json!({
        "static_resources": {"listeners": [{
            "name": "judge",
            "address": address,
            "connection_balance_config": {"exact_balance": {}},
            "filter_chains": [{"filters": [{
                "name": "envoy.filters.network.http_connection_manager",
                "typed_config": {
                    "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
                    "stat_prefix": "judge",
                    "route_config": {"virtual_hosts": [{
                        "name": "all", "domains": ["*"],
                        "routes": [{"match": {"prefix": "/"}, "direct_response": {"status": 500}}],
                    }]},
                    "http_filters": [
                        {"name": "judge", "typed_config": {
                            "@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
                            "config": {
                                "name": "judge",
                                // Else the filter that stops at the head never gets the body.
                                "allow_on_headers_stop_iteration": true,
                                "vm_config": {
                                    "vm_id": "judge",
                                    "runtime": "envoy.wasm.runtime.v8",
                                    "code": {"local": {"filename": module}},
                                },
                            },
                        }},
                        {"name": "envoy.filters.http.router", "typed_config": {
                            "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router",
                        }},
                    ],
                },
            }]}],
        }]},
        "admin": {"address": address},
    })
}

/// Few enough for Envoy to hold them in a buffer, and to be answered long before the caller gives up.
const QUESTIONS_AT_ONCE: usize = 40;
