//! The metadata service of an ECS instance: tokens of the hardened mode, documents that prove which
//! instance asks, and the credential of its RAM role.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Value, json};

use super::super::fault::json_response;
use super::super::http_server::{Request, Response};
use super::super::incoming::first;
use super::super::signing_key::random_hex;
use super::access_keys::AccessKeys;
use super::endpoint::{path, query};
use super::method::Source;
use super::record::Verified;
use super::refusal::DocumentError;
use super::timestamp;

/// The service and all that it gave out.
pub struct MetadataService {
    pub mode: MetadataMode,
    /// The name of the instance's RAM role.
    pub role: String,
    /// How long the credential of the role lives, in seconds.
    pub credential_life: u64,
    /// The metadata tokens, and when they end.
    tokens: BTreeMap<String, u64>,
    /// The documents without white space, with their audience and signing time.
    documents: BTreeMap<String, (String, u64)>,
}

/// What the service wants to see.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum MetadataMode {
    /// A metadata token with every question.
    Hardened,
    /// No metadata token: there are none.
    Plain,
}

impl MetadataService {
    pub fn new(role: &str) -> Self {
        Self {
            mode: MetadataMode::Hardened,
            role: role.to_owned(),
            credential_life: 21_600,
            tokens: BTreeMap::new(),
            documents: BTreeMap::new(),
        }
    }

    /// Forgets the metadata tokens, as a restart does.
    pub fn forget_tokens(&mut self) {
        self.tokens.clear();
    }

    /// # Errors
    /// [`MetadataError`] if the question is none, or lacks its token.
    pub fn answer(
        &mut self,
        request: &Request,
        keys: &mut AccessKeys,
        now: u64,
    ) -> Result<(Response, Verified), MetadataError> {
        match (request.method.as_str(), path(request)) {
            ("PUT", "/latest/api/token") => self.token(request, now),
            ("GET", "/latest/dynamic/instance-identity/pkcs7") => {
                self.authorize(request, now)?;
                self.document(request)
            }
            ("GET", path) => {
                let role = path.strip_prefix(ROLES).ok_or(MetadataError::Path)?;
                self.authorize(request, now)?;
                self.role(role, keys, now)
            }
            _ => Err(MetadataError::Path),
        }
    }

    /// Whether a document is one that this service gave out for this audience not long ago.
    ///
    /// # Errors
    /// [`DocumentError`] if it is not.
    pub fn verify_document(
        &self,
        document: &str,
        audience: &str,
        now: u64,
    ) -> Result<(), DocumentError> {
        let stripped: String = document.split_ascii_whitespace().collect();
        let (stated, signed) = self.documents.get(&stripped).ok_or(DocumentError::Unknown)?;
        if stated != audience {
            return Err(DocumentError::Audience);
        }
        if *signed > now.saturating_add(DOCUMENT_LEEWAY) {
            return Err(DocumentError::Future);
        }
        if signed.saturating_add(DOCUMENT_LIFE) <= now {
            return Err(DocumentError::Expired);
        }
        Ok(())
    }

    fn token(
        &mut self,
        request: &Request,
        now: u64,
    ) -> Result<(Response, Verified), MetadataError> {
        if self.mode == MetadataMode::Plain {
            return Err(MetadataError::Path);
        }
        let seconds = text(request, TTL)
            .and_then(|seconds| seconds.parse().ok())
            .filter(|seconds| (1..=LONGEST_TTL).contains(seconds))
            .ok_or(MetadataError::Ttl)?;
        let token = format!("{}==", random_hex());
        self.tokens.insert(token.clone(), now.saturating_add(seconds));
        Ok((plain(token), Verified::MetadataToken))
    }

    fn authorize(&self, request: &Request, now: u64) -> Result<(), MetadataError> {
        if self.mode == MetadataMode::Plain {
            return Ok(());
        }
        let token = text(request, TOKEN).ok_or(MetadataError::TokenMissing)?;
        let until = self.tokens.get(token).ok_or(MetadataError::TokenUnknown)?;
        if *until <= now { Err(MetadataError::TokenExpired) } else { Ok(()) }
    }

    fn document(&mut self, request: &Request) -> Result<(Response, Verified), MetadataError> {
        let audience = form_urlencoded::parse(query(request).as_bytes())
            .find_map(|(name, value)| (name == "audience").then(|| value.into_owned()))
            .ok_or(MetadataError::Audience)?;
        let audience: Value =
            serde_json::from_str(&audience).map_err(|_| MetadataError::Audience)?;
        let name = audience.get("aud").and_then(Value::as_str).ok_or(MetadataError::Audience)?;
        let signed =
            audience.get("signingTime").and_then(Value::as_u64).ok_or(MetadataError::Audience)?;
        // Text over several lines with the characters of base64 that forms must encode.
        let lines: Vec<_> =
            (0..4).map(|_| format!("MII+/{}{}", random_hex(), random_hex())).collect();
        let document = format!("{}==\n", lines.join("\n"));
        let stripped = document.split_ascii_whitespace().collect();
        self.documents.insert(stripped, (name.to_owned(), signed));
        Ok((plain(document), Verified::Document))
    }

    fn role(
        &self,
        role: &str,
        keys: &mut AccessKeys,
        now: u64,
    ) -> Result<(Response, Verified), MetadataError> {
        if role.is_empty() {
            return Ok((plain(self.role.clone()), Verified::Role));
        }
        if role != self.role {
            return Err(MetadataError::Path);
        }
        let key = keys.issue(Source::EcsRole, now.saturating_add(self.credential_life));
        let mut body = key.members();
        if let Some(members) = body.as_object_mut() {
            members.insert("Code".to_owned(), json!("Success"));
            members.insert("LastUpdated".to_owned(), json!(timestamp::text(now)));
        }
        Ok((json_response(200, body.to_string().into_bytes()), Verified::AccessKey(key.id)))
    }
}

/// Why the metadata service does not answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum MetadataError {
    /// `audience` is not JSON with `aud` and `signingTime`.
    Audience,
    Path,
    TokenExpired,
    TokenMissing,
    TokenUnknown,
    Ttl,
}

impl MetadataError {
    pub fn status(self) -> u16 {
        match self {
            Self::Audience | Self::Ttl => 400,
            Self::Path => 404,
            Self::TokenExpired | Self::TokenMissing | Self::TokenUnknown => 403,
        }
    }
}

impl fmt::Display for MetadataError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Audience => "`audience` is none",
            Self::Path => "there is nothing at this path",
            Self::TokenExpired => "the metadata token has expired",
            Self::TokenMissing => "the metadata token is missing",
            Self::TokenUnknown => "the metadata token is unknown",
            Self::Ttl => "the life of the metadata token is none",
        })
    }
}

fn text<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    std::str::from_utf8(first(&request.fields, name)?).ok()
}

fn plain(body: String) -> Response {
    Response {
        status: 200,
        fields: vec![("content-type", "text/plain".to_owned())],
        body: body.into_bytes(),
    }
}

const ROLES: &str = "/latest/meta-data/ram/security-credentials/";
const TTL: &str = "x-aliyun-ecs-metadata-token-ttl-seconds";
const TOKEN: &str = "x-aliyun-ecs-metadata-token";
/// Six hours, in seconds.
const LONGEST_TTL: u64 = 21_600;
/// How far ahead a signing time may lie, in seconds.
const DOCUMENT_LEEWAY: u64 = 60;
/// How long the vendor's client uses a document at the longest, in seconds: an hour, and then some.
const DOCUMENT_LIFE: u64 = 4_200;
