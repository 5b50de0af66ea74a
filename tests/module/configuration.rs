//! The configuration as hosts hand it over.

use serde_json::{Value, json};

use crate::host::{Host, NOT_FOUND};
use crate::provider::user;
use crate::requests::get;
use crate::scene::{configuration, profile, ready};
use crate::vm::Vm;

#[test]
fn a_good_configuration_costs_a_self_test_and_a_few_calls_once() {
    assert_eq!(
        ready().calls(),
        [
            "1: get_buffer_bytes plugin-configuration",
            "1: get_property plugin_vm_id",
            "1: get_shared_data tenantgate/2/*",
            "1: call_foreign_function verify_signature",
            "1: call_foreign_function verify_signature",
            "1: call_foreign_function verify_signature",
            "1: call_foreign_function verify_signature",
            "1: call_foreign_function verify_signature",
            "1: call_foreign_function verify_signature",
            "1: call_foreign_function verify_signature",
            "1: call_foreign_function verify_signature",
            "1: call_foreign_function verify_signature",
            "1: call_foreign_function verify_signature",
            "1: log configured; signatures by the host's verify_signature",
            "1: register_shared_queue tenantgate/wake/*",
            "1: set_tick_period_milliseconds 20",
        ]
    );
}

#[test]
fn a_struct_is_read_in_its_wire_form_too() {
    let mut vm = Vm::start(Host::default());
    assert!(vm.configure(&wire_struct(&configuration())), "{:?}", vm.host().log);
    assert!(vm.request(2, profile(&user("ann"))));
}

#[test]
fn an_invalid_configuration_is_refused_with_every_error_and_its_path() {
    let mut document = configuration();
    document["deployment"] = json!("sideways");
    document["issuers"][0]["algorithms"] = json!(["none"]);
    document["routes"][1]["upstream"]["inject"][0]["credential"] = json!("exchanges");
    document["surplus"] = json!(1);
    for bytes in [document.to_string().into_bytes(), wire_struct(&document)] {
        let mut vm = Vm::start(Host::default());
        assert!(!vm.configure(&bytes));
        let [(level, text)] = &vm.host().log[..] else { panic!("{:?}", vm.host().log) };
        assert_eq!(*level, 4);
        assert!(text.starts_with("the configuration is not valid:\n"), "{text}");
        for path in [
            "deployment: ",
            "issuers[0].algorithms[0]: ",
            "routes[1].upstream.inject[0].credential: ",
            "surplus: ",
        ] {
            let lines = text.lines().filter(|line| line.starts_with(path)).count();
            assert_eq!(lines, 1, "{path} in {text}");
        }
    }
}

#[test]
fn a_secret_comes_from_the_environment_or_the_configuration_is_refused() {
    let mut vm =
        Vm::start(Host { environment: [("CLIENT_ID", "gateway")].into(), ..Host::default() });
    assert!(!vm.configure(configuration().to_string().as_bytes()));
    let text = &vm.host().log[0].1;
    assert!(text.contains("credentials[0].oauth2.client_secret_env: "), "{text}");
}

#[test]
fn what_is_no_document_is_refused() {
    for bytes in [&b""[..], b"{", b"\xff\xfe", b"[]", b"null"] {
        let mut vm = Vm::start(Host::default());
        assert!(!vm.configure(bytes), "{bytes:?}");
        assert_eq!(vm.host().log.len(), 1);
    }
}

#[test]
fn a_configuration_that_the_host_does_not_give_is_refused() {
    let host = Host { faults: [("get_buffer_bytes", NOT_FOUND)].into(), ..Host::default() };
    let mut vm = Vm::start(host);
    assert!(!vm.configure(configuration().to_string().as_bytes()));
    let line = "the configuration could not be read: host status 1".to_owned();
    assert_eq!(vm.host().log, [(4, line)]);
}

/// Hosts do not send requests there; if one does, nothing passes.
#[test]
fn without_a_configuration_everything_is_refused() {
    let mut vm = Vm::start(Host::default());
    for (stream, path) in [(2, "/profile"), (3, "/"), (4, "/nowhere")] {
        assert!(!vm.request(stream, get(path, &[])));
        assert_eq!(vm.stream(stream).refusal(), (500, "host_failed"));
    }
    vm.tick();
    assert_eq!(vm.calls(), [""; 0]);
}

#[test]
fn a_bad_update_leaves_the_configuration_at_work_alone() {
    let mut vm = ready();
    assert!(!vm.configure_another(9000, b"{}"));
    assert!(vm.request(2, profile(&user("ann"))));
    assert!(!vm.request(3, get("/profile", &[])));
}

/// The wire form of a `google.protobuf.Struct`.
fn wire_struct(value: &Value) -> Vec<u8> {
    let entry = |(name, value): (&String, &Value)| {
        bytes_field(1, &[bytes_field(1, name.as_bytes()), bytes_field(2, &wire(value))].concat())
    };
    value.as_object().unwrap().iter().flat_map(entry).collect()
}

/// That of a `google.protobuf.Value`.
fn wire(value: &Value) -> Vec<u8> {
    match value {
        Value::Null => vec![0x08, 0],
        Value::Number(number) => [&[0x11][..], &number.as_f64().unwrap().to_le_bytes()].concat(),
        Value::String(text) => bytes_field(3, text.as_bytes()),
        Value::Bool(truth) => vec![0x20, u8::from(*truth)],
        Value::Object(_) => bytes_field(5, &wire_struct(value)),
        Value::Array(items) => {
            let items: Vec<u8> =
                items.iter().flat_map(|item| bytes_field(1, &wire(item))).collect();
            bytes_field(6, &items)
        }
    }
}

fn bytes_field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let mut field = vec![number << 3 | 2];
    let mut length = bytes.len();
    while length >= 0x80 {
        field.push((length & 0x7f) as u8 | 0x80);
        length >>= 7;
    }
    field.push(length as u8);
    field.extend_from_slice(bytes);
    field
}
