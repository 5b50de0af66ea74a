//! Tokens that are bound to a certificate (RFC 8705), on listeners with TLS and without.

use std::net::SocketAddr;
use std::path::Path;

use serde_json::{Value, json};

use crate::bootstrap::address;
use crate::certificates::Identity;
use crate::development::caller::Caller;
use crate::development::codes;
use crate::development::http_client::{exchange, request};
use crate::lab::{Lab, Setup, eventually};

#[test]
fn a_bound_token_is_good_with_its_certificate_on_the_connection_alone() {
    let authority = Identity::authority();
    let [server, holder, other] = ["gateway", "holder", "other"].map(|name| authority.sign(name));
    let stranger = Identity::authority().sign("holder");
    let clients = [
        ("holder", Some(&holder)),
        ("other", Some(&other)),
        ("nobody", None),
        ("stranger", Some(&stranger)),
    ];
    let lab = lab(&authority, &server, &clients);
    let caller = Caller::of_tenant("acme");
    let free = lab.idp.sign(&caller);
    let bound = lab.idp.sign(&caller.with("cnf", json!({"x5t#S256": holder.thumbprint()})));
    let forwarded = format!("Hash={};Subject=\"CN=holder\"", holder.hash());
    let mut cases = 0;
    // Twice, because a verified token is remembered, and its holder is not.
    for round in 0..2 {
        for (listener, is_good) in
            [("holder", true), ("other", false), ("nobody", false), ("ingress", false)]
        {
            let at = address_of(&lab, listener);
            for (how, more) in [("", None), ("-spoofed", Some(forwarded.as_str()))] {
                let case = format!("{listener}{how}-{round}");
                let (status, code) = send(at, &free, &case, more);
                assert_eq!((status, code.as_str()), (200, ""), "{case}");
                let (status, code) = send(at, &bound, &format!("{case}-bound"), more);
                let expected = if is_good { (200, "") } else { (401, codes::TOKEN_INVALID) };
                assert_eq!((status, code.as_str()), expected, "{case}");
                if !is_good {
                    let reason = lab.reason(&format!("{case}-bound"));
                    assert!(reason.contains("confirmation_mismatch"), "{case}: {reason}");
                }
                cases += 1;
            }
        }
    }
    assert_eq!((cases, lab.upstream.requests()), (16, 16 + 4));
    // Whom the authority does not know does not come as far as the filter.
    let request = request("GET", "/api/profile/me", &[], "");
    assert!(exchange(address_of(&lab, "stranger"), &request).is_err());
    lab.assert_unharmed();
}

/// A gateway that also listens with TLS on a socket of its own. Before that stands a listener for each
/// client, which puts the bytes that it gets into a connection with the client's certificate.
fn lab(authority: &Identity, server: &Identity, clients: &[(&str, Option<&Identity>)]) -> Lab {
    let tls = json!({
        "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
        "common_tls_context": {
            "tls_certificates": [server.tls_certificate()],
            "validation_context": {"trusted_ca": authority.pem()},
        },
    });
    let clients: Vec<(String, Value)> = clients
        .iter()
        .map(|(name, identity)| {
            let certificates: Vec<Value> =
                identity.iter().map(|identity| identity.tls_certificate()).collect();
            ((*name).to_owned(), json!(certificates))
        })
        .collect();
    let mut setup = Setup::new();
    setup.edit = Some(Box::new(move |document: &mut Value, directory: &Path| {
        let socket = json!({"pipe": {"path": directory.join("tls.sock")}});
        let resources = &mut document["static_resources"];
        let plain = &mut resources["listeners"][0];
        // Else Envoy removes the field, whoever sends it.
        plain["filter_chains"][0]["filters"][0]["typed_config"]["forward_client_cert_details"] =
            json!("ALWAYS_FORWARD_ONLY");
        let mut listener = plain.clone();
        listener["name"] = json!("tls");
        listener["address"] = socket.clone();
        listener["filter_chains"][0]["transport_socket"] =
            json!({"name": "tls", "typed_config": tls});
        push(&mut resources["listeners"], listener);
        for (name, certificates) in &clients {
            push(&mut resources["listeners"], way_in(name));
            push(&mut resources["clusters"], way_out(name, certificates, &socket));
        }
    }));
    setup.start()
}

fn way_in(name: &str) -> Value {
    json!({
        "name": name,
        "address": address(SocketAddr::from(([127, 0, 0, 1], 0))),
        "filter_chains": [{"filters": [{"name": "tcp", "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy",
            "stat_prefix": name, "cluster": name,
        }}]}],
    })
}

fn way_out(name: &str, certificates: &Value, socket: &Value) -> Value {
    json!({
        "name": name, "type": "STATIC",
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": [{"endpoint": {"address": socket}}]}]},
        "transport_socket": {"name": "tls", "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
            "common_tls_context": {"tls_certificates": certificates},
        }},
    })
}

fn push(list: &mut Value, item: Value) {
    list.as_array_mut().unwrap().push(item);
}

fn address_of(lab: &Lab, listener: &str) -> SocketAddr {
    eventually("listener", || lab.envoy.listener(listener).ok())
}

fn send(at: SocketAddr, token: &str, case: &str, forwarded: Option<&str>) -> (u16, String) {
    let bearer = format!("Bearer {token}");
    let mut fields = vec![("authorization", bearer.as_str()), ("x-case", case)];
    fields.extend(forwarded.map(|forwarded| ("x-forwarded-client-cert", forwarded)));
    let answer = exchange(at, &request("GET", "/api/profile/me", &fields, "")).unwrap();
    (answer.status, answer.code())
}
