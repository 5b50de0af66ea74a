//! Keys whose address the issuer's metadata tells.

use serde_json::{Value, json};

use crate::development::caller::Caller;
use crate::development::codes;
use crate::lab::{Lab, Setup};

#[test]
fn keys_are_found_by_the_issuers_metadata() {
    let lab = start(&json!({"keys.partner.example": "piam"}));
    let token = lab.idp.sign_as_partner(&Caller::of_partner("beta"));
    let answer = lab.get_with_token("/api/profile/me", &token);
    assert_eq!(answer.status, 200, "{}", answer.text());
    // Each worker may have met the other's lease as lapsed once, never more.
    for endpoint in ["metadata", "partner_keys"] {
        assert!((1..=2).contains(&lab.idp.calls(endpoint)), "{endpoint}");
    }
    lab.assert_unharmed();
}

#[test]
fn keys_on_a_host_that_is_not_listed_are_not_fetched() {
    let lab = start(&json!({"other.partner.example": "piam"}));
    let token = lab.idp.sign_as_partner(&Caller::of_partner("beta"));
    let answer = lab.get_with_token("/api/profile/me", &token);
    assert_eq!((answer.status, answer.code().as_str()), (503, codes::KEYS_UNAVAILABLE));
    assert!(lab.logs().contains("metadata_jwks_uri_refused"), "{}", lab.logs());
    assert_eq!(lab.idp.calls("partner_keys"), 0);
    let other = lab.get("/api/profile/me", &Caller::of_tenant("acme"));
    assert_eq!(other.status, 200, "another issuer is not concerned");
}

fn start(hosts: &Value) -> Lab {
    let mut setup = Setup::new();
    setup.filter["issuers"][1]["jwks"] =
        json!({"discovery": "openid", "cluster": "piam", "hosts": hosts, "timeout": "2s"});
    setup.start()
}
