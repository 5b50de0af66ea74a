//! The token endpoint: six proofs in a form and one in a header, each verified.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::super::fault::json_response;
use super::super::http_server::{Request, Response};
use super::super::incoming::first;
use super::account::{
    CERTIFICATE_NAME, CLIENT, INSTANCE, OIDC_CREDENTIAL, PCA_CREDENTIAL, PKCS7_CREDENTIAL,
    TOKEN_ENDPOINT, TOKEN_PATH,
};
use super::assertion::{Assertion, AssertionError};
use super::certificate;
use super::machine_tokens::Proven;
use super::method::Method;
use super::parameters::Parameters;
use super::public_key::Algorithm;
use super::record::Verified;
use super::refusal::{FieldError, Refusal};
use super::scope::Scope;
use super::service_account;
use super::state::State;

/// Answers a request to the token endpoint.
///
/// # Errors
/// [`Refusal`] for the first thing that is wrong with it.
pub fn answer(
    state: &mut State,
    request: &Request,
    now: u64,
) -> Result<(Response, Verified), Refusal> {
    if (request.method.as_str(), request.target.as_str()) != ("POST", TOKEN_PATH) {
        return Err(Refusal::Path);
    }
    if first(&request.fields, "content-type") != Some(FORM.as_bytes()) {
        return Err(FieldError::Wrong("content-type").into());
    }
    let form = Parameters::parse(&request.body)?;
    let way = Way::of(request, &form)?;
    let is_exchange = match form.required("grant_type")? {
        "client_credentials" => false,
        EXCHANGE => true,
        _ => return Err(Refusal::GrantType),
    };
    form.only(|name| {
        COMMON.contains(&name)
            || way.fields().contains(&name)
            || is_exchange && EXCHANGED.contains(&name)
    })?;
    if form.required("client_id")? != CLIENT {
        return Err(Refusal::Client);
    }
    let by = way.prove(state, &form, now)?;
    let subject = if is_exchange { Some(subject_token(state, &form, now)?) } else { None };
    let scope = Scope::parse(form.required("scope")?).ok_or(Refusal::Scope)?;

    let grant = state.tokens.issue(by, &scope, subject, now);
    let mut body = json!({
        "access_token": grant.token, "token_type": "Bearer", "expires_in": state.tokens.lifetime,
        "expires_at": grant.expires,
    });
    if let (true, Some(members)) = (is_exchange, body.as_object_mut()) {
        members.insert("issued_token_type".to_owned(), json!(ACCESS_TOKEN));
    }
    Ok((json_body(&body), Verified::Token(grant)))
}

/// The proof that a request bears: exactly one.
enum Way<'a> {
    Basic(&'a [u8]),
    Certificate(&'a str),
    Document(&'a str),
    Post(&'a str),
    ServiceAccount(&'a str),
    /// By the secret or by a private key, as its header says.
    Signed(&'a str),
}

impl<'a> Way<'a> {
    fn of(request: &'a Request, form: &'a Parameters) -> Result<Self, Refusal> {
        let header = first(&request.fields, "authorization");
        match (header, form.get("client_secret"), form.get("client_assertion_type")) {
            (Some(header), None, None) => Ok(Self::Basic(header)),
            (None, Some(secret), None) => Ok(Self::Post(secret)),
            (None, None, Some(kind)) => {
                let assertion = form.required("client_assertion")?;
                match kind {
                    JWT_BEARER => Ok(Self::Signed(assertion)),
                    PKCS7_BEARER => Ok(Self::Document(assertion)),
                    ID_TOKEN_BEARER => Ok(Self::ServiceAccount(assertion)),
                    X509_BEARER => Ok(Self::Certificate(assertion)),
                    _ => Err(FieldError::Wrong("client_assertion_type").into()),
                }
            }
            (None, None, None) => Err(FieldError::Missing("client_assertion_type").into()),
            // RFC 6749 §2.3: one method per request.
            _ => Err(FieldError::Unexpected("client_secret".to_owned()).into()),
        }
    }

    /// The fields of the form that this proof brings.
    fn fields(&self) -> &'static [&'static str] {
        match self {
            Self::Basic(_) => &[],
            Self::Post(_) => &["client_secret"],
            Self::Signed(_) => &["client_assertion_type", "client_assertion"],
            Self::Document(_) | Self::ServiceAccount(_) => {
                &["client_assertion_type", "client_assertion", FEDERATED]
            }
            Self::Certificate(_) => &[
                "client_assertion_type",
                "client_assertion",
                FEDERATED,
                "client_x509",
                "client_x509_chain",
            ],
        }
    }

    fn prove(&self, state: &mut State, form: &Parameters, now: u64) -> Result<Proven, Refusal> {
        let proven = |method, proof: &str| Proven { method, proof: proof.to_owned() };
        let federated = |name: &str| {
            if form.required(FEDERATED)? == name {
                Ok(())
            } else {
                Err(Refusal::FederatedCredential)
            }
        };
        match self {
            Self::Basic(header) => {
                let pair =
                    header.strip_prefix(b"Basic ").and_then(|pair| STANDARD.decode(pair).ok());
                let expected = format!("{CLIENT}:{}", state.account.secret);
                if pair.as_deref() != Some(expected.as_bytes()) {
                    return Err(Refusal::Secret);
                }
                Ok(proven(Method::ClientSecretBasic, "secret"))
            }
            Self::Post(secret) => {
                if *secret != state.account.secret {
                    return Err(Refusal::Secret);
                }
                Ok(proven(Method::ClientSecretPost, "secret"))
            }
            Self::Signed(text) => {
                let assertion = Assertion::parse(text)?;
                let proven = if assertion.algorithm() == Algorithm::Hs256 {
                    assertion.verify_by_secret(&state.account.secret)?;
                    proven(Method::ClientSecretJwt, "secret")
                } else {
                    let mut keys = state.account.keys.iter();
                    let (name, _) = keys
                        .find(|(_, key)| assertion.is_by(key))
                        .ok_or(AssertionError::Signature)?;
                    proven(Method::PrivateKeyJwt, name)
                };
                assertion.check(CLIENT, TOKEN_ENDPOINT, &mut state.assertions, now)?;
                Ok(proven)
            }
            Self::Document(document) => {
                federated(PKCS7_CREDENTIAL)?;
                state.metadata.verify_document(document, INSTANCE, now)?;
                Ok(proven(Method::Pkcs7, "document"))
            }
            Self::ServiceAccount(token) => {
                federated(OIDC_CREDENTIAL)?;
                let id = state
                    .service_account
                    .verify(token, service_account::AUDIENCE, now)
                    .map_err(Refusal::ServiceAccount)?;
                Ok(proven(Method::Oidc, &id))
            }
            Self::Certificate(text) => {
                federated(PCA_CREDENTIAL)?;
                let assertion = Assertion::parse(text)?;
                let leaf = form.required("client_x509")?;
                let chain = form.get("client_x509_chain").unwrap_or_default();
                let roots = &state.account.roots;
                let key = certificate::verify(leaf, chain, CERTIFICATE_NAME, roots, now)?;
                if !assertion.is_by(&key) {
                    return Err(AssertionError::Signature.into());
                }
                assertion.check(CLIENT, TOKEN_ENDPOINT, &mut state.assertions, now)?;
                Ok(proven(Method::Pca, CERTIFICATE_NAME))
            }
        }
    }
}

/// The token that is exchanged (RFC 8693 §2.1); an actor's token is verified alike.
fn subject_token<'a>(state: &State, form: &'a Parameters, now: u64) -> Result<&'a str, Refusal> {
    let is_known = |token: &str| {
        state.tokens.valid(token, now).is_some()
            || state.account.subject_tokens.iter().any(|known| known == token)
    };
    let subject = form.required("subject_token")?;
    if !form.required("subject_token_type")?.starts_with(TOKEN_TYPES) {
        return Err(FieldError::Wrong("subject_token_type").into());
    }
    form.expect("requested_token_type", ACCESS_TOKEN)?;
    if form.get("actor_token").is_some() || form.get("actor_token_type").is_some() {
        if !form.required("actor_token_type")?.starts_with(TOKEN_TYPES) {
            return Err(FieldError::Wrong("actor_token_type").into());
        }
        if !is_known(form.required("actor_token")?) {
            return Err(Refusal::SubjectToken);
        }
    }
    if is_known(subject) { Ok(subject) } else { Err(Refusal::SubjectToken) }
}

/// A JSON response with status 200.
pub fn json_body(body: &Value) -> Response {
    json_response(200, body.to_string().into_bytes())
}

const FORM: &str = "application/x-www-form-urlencoded";
const COMMON: [&str; 3] = ["client_id", "grant_type", "scope"];
const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const EXCHANGED: [&str; 5] = [
    "subject_token",
    "subject_token_type",
    "requested_token_type",
    "actor_token",
    "actor_token_type",
];
const TOKEN_TYPES: &str = "urn:ietf:params:oauth:token-type:";
const FEDERATED: &str = "application_federated_credential_name";
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const PKCS7_BEARER: &str = "urn:cloud:idaas:params:oauth:client-assertion-type:pkcs7-bearer";
const ID_TOKEN_BEARER: &str = "urn:cloud:idaas:params:oauth:client-assertion-type:id-token-bearer";
const X509_BEARER: &str = "urn:cloud:idaas:params:oauth:client-assertion-type:x509-jwt-bearer";
/// The type of what is handed out.
pub const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
