//! A key in a header of its own beside the bearer token, from a file that is replaced.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::development::caller::Caller;
use crate::development::http_client::Received;
use crate::development::scratch::Scratch;
use crate::development::upstream::seen;
use crate::lab::{Setup, eventually};

#[test]
fn a_key_goes_out_beside_the_token_and_one_that_is_replaced_in_its_file_takes_its_place() {
    let scratch = Scratch::new().expect("a directory");
    let keys = scratch.path().join("keys");
    fs::create_dir(&keys).expect("a directory");
    publish(&keys, "first-k3y:%41+&,~\n");
    let mut setup = Setup::new();
    setup.workers = 1;
    let credentials = setup.filter["credentials"].as_array_mut().unwrap();
    credentials
        .push(json!({"name": "stated", "callers": ["acme"], "api_key": {"key_env": "STATED_KEY"}}));
    credentials.push(json!({"name": "read", "callers": ["acme"], "api_key": {"secret": {
        "cluster": "secret_files", "uri": "http://secrets/key", "allow_plaintext": true, "refresh": "4s",
    }}}));
    setup.environment.push(("STATED_KEY".to_owned(), "stated-k3y".to_owned()));
    let inject = setup.filter["routes"][1]["upstream"]["inject"].as_array_mut().unwrap();
    inject.push(json!({"credential": "stated", "header": "x-stated", "prefix": "Key "}));
    inject.push(json!({"credential": "read", "header": "x-api-key"}));
    let directory = keys.clone();
    setup.edit = Some(Box::new(move |document, _| serve(document, &directory)));
    let lab = setup.start();
    let user = Caller::of_tenant("acme");
    let ask = || lab.get("/api/reports/1", &user);

    let (token, key) = sent(&ask());
    assert!(token.starts_with("Bearer eyJ"), "{token}");
    assert_eq!(key, "first-k3y:%41+&,~");
    assert_eq!(lab.idp.calls("token"), 1);

    // Nobody waits for the next one, or goes without.
    publish(&keys, "second-k3y");
    eventually("the new key", || (sent(&ask()).1 == "second-k3y").then_some(()));

    // The upstream is ahead of what the worker believes.
    publish(&keys, "third-k3y");
    lab.upstream.set_status(401);
    assert_eq!(ask().status, 401);
    lab.upstream.set_status(200);
    eventually("the third key", || (sent(&ask()).1 == "third-k3y").then_some(()));

    // All or nothing: the token is good, and the key is none.
    publish(&keys, "two words");
    eventually("a refusal", || (ask().code() == "token_unavailable").then_some(()));
    eventually("a line about it", || {
        lab.envoy.log().contains("fetched_token_unsendable").then_some(())
    });
    publish(&keys, "fourth-k3y");
    eventually("the fourth key", || {
        let answer = ask();
        (answer.status == 200 && sent(&answer).1 == "fourth-k3y").then_some(())
    });
    for key in ["first-k3y", "second-k3y", "third-k3y", "fourth-k3y", "stated-k3y", "two words"] {
        assert!(!lab.logs().contains(key), "a key is in the log");
    }
    lab.assert_unharmed();
}

/// The bearer token and the key that is read on a forwarded request, which has the stated one, too.
fn sent(answer: &Received) -> (String, String) {
    assert_eq!(answer.status, 200, "{}", answer.text());
    let echo = answer.json();
    assert_eq!(seen(&echo, "x-stated"), ["Key stated-k3y"]);
    (seen(&echo, "authorization")[0].clone(), seen(&echo, "x-api-key")[0].clone())
}

/// Replaces the file as the proxy notices it: by renaming.
fn publish(directory: &Path, key: &str) {
    let next = directory.join("next");
    fs::write(&next, key).expect("a file");
    fs::rename(next, directory.join("key")).expect("a file in place");
}

/// Adds the listener without a port that serves the file, as `envoy/rotating-secret.yaml` has it.
fn serve(document: &mut Value, directory: &Path) {
    let directory = directory.display();
    let content = format!("%FILE_CONTENT({directory}/key:{directory})%");
    document["bootstrap_extensions"] = json!([{
        "name": "envoy.bootstrap.internal_listener",
        "typed_config": {"@type": "type.googleapis.com/envoy.extensions.bootstrap.internal_listener.v3.InternalListener"},
    }]);
    let manager = json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "secret_files",
        "route_config": {"virtual_hosts": [{"name": "secrets", "domains": ["secrets"], "routes": [{
            "match": {"path": "/key"},
            "direct_response": {"status": 200, "body_format": {
                "text_format_source": {"inline_string": content},
                "formatters": [{
                    "name": "envoy.formatter.file_content",
                    "typed_config": {"@type": "type.googleapis.com/envoy.extensions.formatter.file_content.v3.FileContent"},
                }],
            }},
        }]}]},
        "http_filters": [{
            "name": "envoy.filters.http.router",
            "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"},
        }],
    });
    document["static_resources"]["listeners"].as_array_mut().unwrap().push(json!({
        "name": "secret_files", "internal_listener": {},
        "filter_chains": [{"filters": [{
            "name": "envoy.filters.network.http_connection_manager", "typed_config": manager,
        }]}],
    }));
    document["static_resources"]["clusters"].as_array_mut().unwrap().push(json!({
        "name": "secret_files", "type": "STATIC",
        "load_assignment": {"cluster_name": "secret_files", "endpoints": [{"lb_endpoints": [{
            "endpoint": {"address": {"envoy_internal_address": {"server_listener_name": "secret_files"}}},
        }]}]},
        "transport_socket": {
            "name": "envoy.transport_sockets.internal_upstream",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.transport_sockets.internal_upstream.v3.InternalUpstreamTransport",
                "transport_socket": {
                    "name": "envoy.transport_sockets.raw_buffer",
                    "typed_config": {"@type": "type.googleapis.com/envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer"},
                },
            },
        },
    }));
}
