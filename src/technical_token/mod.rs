//! Technical tokens: access tokens that the gateway obtains for itself.
//!
//! A *source* is one configured credential. It knows the call that obtains a token, and how to
//! tell whether the token received is the token asked for; it performs nothing. The same check
//! runs on an answer, and on a record read from shared data: a wrong-tenant token in a cache is the
//! worst thing this product could do. On an answer the signature is checked as well ([`Signatures`]).
//! `docs/decisions/` has the reasons (0009).
//!
//! A new kind of credential is one file that implements [`Kind`], and one line in the
//! configuration's table of kinds.

pub mod exchange;
pub mod idaas;
pub mod mindsphere;
pub mod oauth2;

mod api_key;
mod assertion;
mod client;
mod client_authentication;
mod form;
mod platform_token;
mod preparation;
mod refusal;
mod response;
mod secret_source;
mod signatures;
mod signing_key;
mod source;
mod token;

pub use api_key::ApiKey;
pub use assertion::{AlgorithmUnfit, Assertion, AssertionKey};
pub use client::{Client, KeyPlace, SecretPlace, SignedAssertion};
pub use client_authentication::{BasicEncoding, ClientCredentials};
pub use preparation::{
    MOST_CALLS, Moment, Preparation, PreparationError, Reading, ReadingFault, TOKEN_READING,
};
pub use refusal::{Refusal, Word};
pub use response::{AnswerError, Grant};
pub use secret_source::{SecretForm, SecretSource};
pub use signatures::{IssuerKeys, Signatures};
pub use signing_key::{SigningKey, SigningKeyError};
#[cfg(not(target_arch = "wasm32"))]
pub use source::Destination;
pub use source::{CallError, Kind, Source, SourceId};
pub use token::{TechnicalToken, TokenRejected, Validity};
