//! A client secret in a file that a platform replaces: `envoy/rotating-secret.yaml` as it is shipped.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::thread;
use std::time::Duration;

use crate::development::envoy::{Envoy, Launch, example};
use crate::development::http_client::{Received, exchange, request};
use crate::development::scratch::Scratch;
use crate::development::signing_key::claims_of;
use crate::development::upstream::seen;
use crate::lab::{Setup, envoy_binary, eventually, module};

/// Where the example has its secrets.
pub const SECRETS: &str = "/var/run/secrets/tenantgate";

#[test]
fn a_secret_that_is_replaced_in_its_file_and_at_the_provider_is_noticed_by_no_request() {
    let setup = Setup::new();
    // Tokens are fetched anew every two seconds or so.
    setup.idp.set_lifetime(2);
    let scratch = Scratch::new().expect("a directory");
    let secrets = scratch.path().join("secrets");
    fs::create_dir(&secrets).expect("a directory");
    let publish = |version: &str, secret: &str| publish(&secrets, version, secret);
    publish("1", "first: p%41+&= \u{fc}\n");
    symlink("..data/client-secret", secrets.join("client-secret")).expect("a link");
    setup.idp.replace_secret("first: p%41+&= \u{fc}");

    let config = scratch.path().join("envoy.yaml");
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("envoy/rotating-secret.yaml");
    let port = |address: std::net::SocketAddr| format!("port_value: {}", address.port());
    let text = example(&shipped, Path::new(module()))
        .expect("the example")
        .replace(SECRETS, secrets.to_str().unwrap())
        .replace("port_value: 18010", "port_value: 0")
        .replace("port_value: 18019", "port_value: 0")
        .replace("port_value: 18001", &port(setup.idp.address()))
        .replace("port_value: 18002", &port(setup.upstream.address()));
    fs::write(&config, text).expect("a configuration");
    let envoy = Envoy::start(&Launch {
        binary: &envoy_binary(),
        config: &config,
        directory: scratch.path(),
        // One worker, so that it is known what it has read.
        workers: 1,
        environment: &setup.environment[..1],
    });
    let envoy = envoy.unwrap_or_else(|error| panic!("{error}"));
    let gateway = eventually("listener", || envoy.listener("egress").ok());
    let ask = || -> Received {
        let answer = exchange(gateway, &request("GET", "/api/things", &[], ""));
        answer.expect("an answer")
    };
    let assert_served = |when: &str| {
        let answer = ask();
        assert_eq!(answer.status, 200, "{when}: {}\n{}", answer.text(), envoy.log());
        let value = seen(&answer.json(), "authorization")[0].to_owned();
        assert_eq!(claims_of(value.strip_prefix("Bearer ").unwrap())["ten"], "acme", "{when}");
    };
    let until_the_token_ends = || thread::sleep(Duration::from_millis(2_100));

    assert_served("at first");
    assert_eq!(setup.idp.calls("token"), 1);

    // The worker believes what it has read for a minute, but asks the file when the provider does not.
    publish("2", "second");
    setup.idp.replace_secret("second");
    until_the_token_ends();
    assert_served("after both were replaced");
    assert_eq!(setup.idp.calls("token"), 3, "once with the first secret, which is refused");
    assert!(!envoy.log().contains("fetching"), "{}", envoy.log());

    // The provider is ahead of the file.
    setup.idp.replace_secret("third");
    until_the_token_ends();
    let answer = ask();
    assert_eq!((answer.status, answer.code().as_str()), (503, "token_unavailable"));
    publish("3", "third\n");
    eventually("a token for the third secret", || (ask().status == 200).then_some(()));

    // The file is not what it should be, then it is.
    publish("4", "third\nand more\n");
    setup.idp.replace_secret("fourth");
    until_the_token_ends();
    eventually("a line about the file", || {
        ask();
        let line = "fetching secret of credential `acme-service` from cluster `secret_files` failed: reading_unusable";
        envoy.log().contains(line).then_some(())
    });
    publish("5", "fourth");
    eventually("a token for the fourth secret", || (ask().status == 200).then_some(()));
    for secret in ["first: p%41", "second", "third", "fourth"] {
        assert!(!envoy.log().contains(secret), "a secret is in the log");
    }
}

/// Replaces the content as Kubernetes does: `..data` is a link to a directory, replaced by renaming.
fn publish(secrets: &Path, version: &str, secret: &str) {
    let directory = secrets.join(format!("..{version}"));
    fs::create_dir(&directory).expect("a directory");
    fs::write(directory.join("client-secret"), secret).expect("a file");
    let link = secrets.join("..data_tmp");
    symlink(format!("..{version}"), &link).expect("a link");
    fs::rename(link, secrets.join("..data")).expect("a link in place");
}
