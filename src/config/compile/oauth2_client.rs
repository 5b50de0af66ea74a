//! `credentials[].oauth2.client_auth`: how the client proves who it is, and the keys that this takes.

use std::sync::Arc;
use std::time::Duration;

use super::super::raw::Section;
use super::super::report::Report;
use super::certificate;
use super::client::{self, Secrets, basic_client, client_id, secret, secret_source};
use super::credential_problem::CredentialProblem;
use super::signing_key::signing_key;
use super::variables::{Content, check_name, named};
use crate::crypto::digest::sha256;
use crate::crypto::{Algorithm, SharedSecret};
use crate::technical_token::{
    AssertionKey, BasicEncoding, Client, KeyPlace, SecretForm, SecretPlace, SignedAssertion,
};

/// The keys that only some ways of client authentication have, with these ways.
const KEYS: [(&[&str], &[&str]); 4] = [
    (
        &["client_secret", "client_secret_env", "secret"],
        &["client_secret_basic", "client_secret_basic_raw", "client_secret_post", SECRET_JWT],
    ),
    (&["private_key", "private_key_env", "certificate_env"], &[KEY_JWT]),
    (&["algorithm", "kid", "assertion_audience", "assertion_life"], &[SECRET_JWT, KEY_JWT]),
    (&["assertion"], &[FEDERATED]),
];

const SECRET_JWT: &str = "client_secret_jwt";
const KEY_JWT: &str = "private_key_jwt";
const FEDERATED: &str = "federated_jwt";

/// Reads it. `None` when it cannot be used, which has been reported.
pub(super) fn read(
    section: &Section<'_>,
    secrets: &Secrets<'_>,
    report: &mut Report,
) -> Option<Client> {
    let is_stated = section.states("client_auth");
    let way = if is_stated { section.text("client_auth")? } else { "client_secret_basic" };
    for (keys, ways) in KEYS {
        for key in keys.iter().filter(|key| !ways.contains(&way) && section.states(key)) {
            report.error(&section.place_of(key), CredentialProblem::ClientAuthUnneeded);
        }
    }
    let by = |client, place| Some(Client::Secret(client, place));
    match way {
        "client_secret_basic" => {
            let place = SecretPlace::Basic(BasicEncoding::FormEncoded);
            by(client::client(section, secrets, report)?, place)
        }
        "client_secret_basic_raw" => {
            by(basic_client(section, secrets, report)?, SecretPlace::Basic(BasicEncoding::Raw))
        }
        "client_secret_post" => by(client::client(section, secrets, report)?, SecretPlace::Post),
        SECRET_JWT | KEY_JWT => {
            let id = client_id(section, secrets, report);
            let (key, x5t_s256) = if way == KEY_JWT {
                let key = private_key(section, secrets, report);
                let x5t_s256 = thumbprint(section, key.as_ref(), secrets, report);
                (key, x5t_s256)
            } else {
                (shared_key(section, secrets, report), Some(None))
            };
            let audience = section.text("assertion_audience");
            let assertion = SignedAssertion {
                audience: audience.or_else(|| section.text("token_endpoint"))?.into(),
                life: section.duration("assertion_life").unwrap_or(LIFE),
                kid: section.text("kid").map(Into::into),
                x5t_s256: x5t_s256?,
                key: key?,
            };
            Some(Client::Signing { id: Arc::from(id?), assertion })
        }
        FEDERATED => {
            let id = client_id(section, secrets, report);
            let Some(file) = section.section("assertion") else {
                if !section.states("assertion") {
                    let place = section.place_of("assertion");
                    report.error(&place, CredentialProblem::AssertionUnstated);
                }
                return None;
            };
            let assertion = secret_source(&file, SecretForm::Assertion, report);
            Some(Client::Federated { id: Arc::from(id?), assertion: assertion? })
        }
        "tls_client_auth" | "self_signed_tls_client_auth" => {
            Some(Client::Certificate(Arc::from(client_id(section, secrets, report)?)))
        }
        _ => None,
    }
}

/// The algorithm that is stated.
fn algorithm(section: &Section<'_>) -> Option<Algorithm> {
    Algorithm::from_name(section.text("algorithm")?)
}

/// What signs by the client's secret.
fn shared_key(
    section: &Section<'_>,
    secrets: &Secrets<'_>,
    report: &mut Report,
) -> Option<KeyPlace> {
    let algorithm = algorithm(section);
    if algorithm.is_some_and(|algorithm| !algorithm.is_symmetric()) {
        report.error(&section.place_of("algorithm"), CredentialProblem::AlgorithmUnfit);
        return None;
    }
    Some(match secret(section, ("client_secret", "client_secret_env"), secrets, report)? {
        client::SecretPlace::Known(secret) => {
            let secret = SharedSecret::new(secret.expose().as_bytes().to_vec());
            KeyPlace::Known(AssertionKey::secret(secret, algorithm).ok()?)
        }
        client::SecretPlace::Read(source) => KeyPlace::Read(source, algorithm),
    })
}

/// What signs by the client's private key.
fn private_key(
    section: &Section<'_>,
    secrets: &Secrets<'_>,
    report: &mut Report,
) -> Option<KeyPlace> {
    let algorithm = algorithm(section);
    let algorithm_place = section.place_of("algorithm");
    if let Some(file) = section.section("private_key") {
        for beside in ["private_key_env", "certificate_env"] {
            if section.states(beside) {
                report.error(&section.place_of(beside), CredentialProblem::PrivateKeyTwice);
            }
        }
        if algorithm.is_some_and(Algorithm::is_symmetric) {
            report.error(&algorithm_place, CredentialProblem::AlgorithmUnfit);
        }
        let source = secret_source(&file, SecretForm::PrivateKey, report)?;
        return Some(KeyPlace::Read(source, algorithm));
    }
    let place = section.place_of("private_key_env");
    let Some(name) = section.text("private_key_env") else {
        if !section.states("private_key_env") && !section.states("private_key") {
            report.error(&place, CredentialProblem::VariableUnnamed);
        }
        return None;
    };
    check_name(&place, name, report);
    let algorithm = (&algorithm_place, algorithm);
    signing_key((&place, name), algorithm, secrets, report)?.1.map(KeyPlace::Known)
}

/// The SHA-256 of the certificate that is stated: `Some(None)` without one, `None` when it cannot be used,
/// which has been reported.
fn thumbprint(
    section: &Section<'_>,
    key: Option<&KeyPlace>,
    secrets: &Secrets<'_>,
    report: &mut Report,
) -> Option<Option<[u8; 32]>> {
    let Some(name) = section.text("certificate_env") else { return Some(None) };
    let place = section.place_of("certificate_env");
    check_name(&place, name, report);
    let text = named(&place, name, Content::Lines, secrets, report)?;
    let Some(der) = certificate::first(&text.expose().replace("\\n", "\n")) else {
        report.error(&place, CredentialProblem::Certificate);
        return None;
    };
    if let Some(KeyPlace::Known(key)) = key
        && !key.is_certified_by(&der)
    {
        report.error(&place, CredentialProblem::CertificateOther);
        return None;
    }
    Some(Some(sha256(&der)))
}

/// From the making of an assertion to its end.
const LIFE: Duration = Duration::from_secs(60);
