//! Tokens of Alibaba Cloud IDaaS: the requests of its eight client authentication methods, what
//! they read before, and the answers.
//!
//! Seven methods post a form to the instance's token endpoint ([`FormClient`]), each by a proof of its
//! own ([`Proof`]); `PLUGIN` calls an action of the cloud's OpenAPI, signed by an access key
//! ([`OpenApiClient`]). [`Client`] is whichever of them a configuration states.
//!
//! Ours differs from the vendor's own client in this:
//! - white space around tokens, and within identity documents, is not sent;
//! - an answer without a token, or with a token of another type than `Bearer`, is an error;
//! - an end of a token may be written as a text of digits, and one end of two is enough;
//! - status, code and request id of a refusal are kept, whatever its body lacks ([`super::Refusal`]);
//! - of the headers that it signs ours has those that no proxy changes: `host` and `x-acs-*`, without
//!   `x-acs-credentials-provider`, which only informs;
//! - an access key or document that was read is kept until 15 or 10 minutes before its end, where the
//!   vendor's reads access keys for each token, and keeps documents past their end.

mod access_key;
mod acs3;
mod answer;
mod chain;
mod client;
mod client_config;
mod client_secret_basic;
mod client_secret_jwt;
mod client_secret_post;
mod credential;
mod credentials_uri;
#[cfg(not(target_arch = "wasm32"))]
mod destinations;
mod ecs_role;
mod encoding;
mod exchange;
mod form;
mod held;
mod metadata;
mod oidc;
mod pam;
mod pca;
mod pkcs7;
mod plugin;
mod private_key_jwt;
mod readings;
mod rrsa;
mod scope;
mod service_account;
mod signed_request;

pub use access_key::{KeyPart, TemporaryKey};
pub use acs3::Acs3Request;
pub use answer::{openapi_grant, token_grant};
pub use chain::{CredentialChain, Keys};
pub use client::Client;
pub use client_config::{AccessKey, AccessKeySource, Authn, ClientConfig, RotatingFile};
pub use client_secret_basic::ClientSecretBasic;
pub use client_secret_jwt::ClientSecretJwt;
pub use client_secret_post::ClientSecretPost;
pub use credential::Idaas;
pub use credentials_uri::CredentialsUri;
pub use ecs_role::EcsRole;
pub use exchange::{Exchange, ExchangeError, SubjectToken};
pub use form::{Evidence, FormClient, Proof, Wish};
pub use held::{Held, What};
pub use metadata::{IdentityDocument, MetadataService, WithoutToken};
pub use oidc::Oidc;
pub use pam::Pam;
pub use pca::Pca;
pub use pkcs7::Pkcs7;
pub use plugin::OpenApiClient;
pub use private_key_jwt::PrivateKeyJwt;
pub use rrsa::Rrsa;
pub use scope::{Scope, ScopeError};
pub use signed_request::{Signing, Unsignable};

use crate::time::utc;

#[cfg(test)]
mod tests;
