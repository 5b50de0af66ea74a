//! What policy knows of a technical token: whose it is, whom it serves, where it goes.

use std::sync::Arc;

use crate::message::{HeaderName, HeaderValue};
use crate::sorted::Sorted;
pub use crate::technical_token::SourceId;
use crate::technical_token::idaas::KeyPart;
#[cfg(doc)]
use crate::technical_token::idaas::Signing;
use crate::tenancy::{SubtenantId, TenantId};

/// A configured credential, as far as policy must know it.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its number; unique in a policy.
    pub id: SourceId,
    /// Its name in the configuration.
    pub name: Arc<str>,
    /// The tenant that its tokens act for, checked on every token; `None` when its kind has none.
    pub tenant: Option<TenantId>,
    /// The callers it serves besides those of its own tenant; required when `tenant` is `None`.
    pub callers: Option<Callers>,
    /// The subtenants that its tokens can act for.
    pub subtenants: Subtenants,
}

/// The subtenants that the tokens of a credential can act for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Subtenants {
    /// Each that is asked for; or none, and then they act for the whole tenant.
    Any,
    /// None: they act for the whole tenant.
    None,
    /// This one, and never for the whole tenant.
    One(SubtenantId),
    /// Exactly the caller's own tenant and subtenant: each is exchanged for a caller's token.
    Own,
}

/// Whom a credential serves besides callers of its own tenant.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Callers {
    /// Every verified caller, with or without a tenant.
    Any,
    /// No verified caller: its token is for a program that brings none along. The credential has no
    /// tenant.
    Nobody,
    /// Callers of these tenants; never empty.
    Only(Sorted<TenantId>),
}

/// A technical token put on the request.
#[derive(Clone, Debug)]
pub struct Injection {
    /// The credential whose token it is.
    pub source: SourceId,
    /// The header that carries it.
    pub header: HeaderName,
    /// What stands before the token, with its blank (`Bearer `); may be empty.
    pub prefix: Arc<str>,
    /// When it is put on.
    pub when: When,
    /// What of the token is put on.
    pub form: Form,
}

/// What of a token is put on a request.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Form {
    /// A part of an access key.
    Part(KeyPart),
    /// A signature by an access key, in fields of its own ([`Signing::FIELDS`]).
    Signature,
    /// All of it.
    Token,
}

impl Injection {
    /// The complete header value for `token`: prefix and token. For a signature it is what signs, and never
    /// sent.
    ///
    /// `None` when a byte of it lies outside 0x20-0x7E, or it is not of three parts where one is asked for.
    pub fn value(&self, token: &[u8]) -> Option<HeaderValue> {
        let token = match self.form {
            Form::Part(part) => part.of(token)?,
            Form::Signature | Form::Token => token,
        };
        HeaderValue::from_visible_ascii([self.prefix.as_bytes(), token].concat())
    }
}

/// When a technical token is put on a request.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum When {
    /// On every request; only together with `caller_token: remove`.
    Always,
    /// On requests whose caller presented no bearer token; only with `caller_token: forward`.
    NoCallerToken,
}
