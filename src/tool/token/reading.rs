//! What is read before a token can be asked for, or is itself the key, where only the proxy reaches it.
//!
//! As a rule that is a file behind a listener without a port. A local file takes its place: it is the
//! body of an answer with status 200, and the filter's own code bounds, trims and checks it.

use std::cell::Cell;
use std::fmt;

use super::{Inquiry, TokenError, Unanswered, request};
use crate::config::Quoted;
use crate::message::{CallResponse, HttpCall};
use crate::secret::Secret;
use crate::tool::explain::Trace;
use crate::tool::explain::words::shown;
use crate::tool::render::of_authority;

/// A local file that takes the place of what is read from a server.
pub struct Substitute {
    /// The cluster that the filter reads it by, or the whole URI where one cluster has several files.
    name: String,
    content: Secret<Vec<u8>>,
    is_used: Cell<bool>,
}

/// Something that is not read from here.
#[derive(Debug)]
pub struct NotReached {
    credential: Quoted,
    cluster: String,
    address: String,
    is_metadata: bool,
}

impl Substitute {
    /// What a file holds, for the cluster or the URI of this name.
    pub fn new(name: &str, content: Vec<u8>) -> Self {
        Self { name: name.to_owned(), content: Secret::new(content), is_used: Cell::new(false) }
    }

    fn answer(&self, call: &HttpCall) -> Result<CallResponse, Unanswered> {
        self.is_used.set(true);
        if self.content.expose().len() > call.body_limit {
            return Err(Unanswered::TooLarge(call.body_limit));
        }
        Ok(CallResponse {
            status: 200,
            content_type: None,
            retry_after: None,
            fresh_for: None,
            etag: None,
            body: self.content.clone(),
        })
    }
}

/// What a call that reads something is answered: by a file that was given for it, else by the host.
pub(super) fn read(
    inquiry: &Inquiry<'_>,
    call: &HttpCall,
    trace: &mut Trace,
) -> Result<Result<CallResponse, Unanswered>, TokenError> {
    let Some(file) = substitute(inquiry, call) else {
        super::check_transport(inquiry, call).map_err(|_| {
            TokenError::NotReached(Box::new(NotReached::new(inquiry.credential, call)))
        })?;
        trace.fact("reads", request::line(call));
        return Ok((inquiry.perform)(call));
    };
    trace.fact("reads", format!("the given file, in place of {}", request::line(call)));
    Ok(file.answer(call))
}

/// The file for a call. The one that is named by the URI goes before the one of its cluster.
fn substitute<'i>(inquiry: &Inquiry<'i>, call: &HttpCall) -> Option<&'i Substitute> {
    let is_plain = call.method == "GET" && call.headers.is_empty();
    let files = || inquiry.files.iter().filter(|_| is_plain);
    let endpoint = &call.endpoint;
    let uri = format!("{}://{}{}", endpoint.scheme, endpoint.authority, endpoint.path);
    let of_uri = files().find(|file| file.name == uri);
    of_uri.or_else(|| files().find(|file| *file.name == *endpoint.cluster))
}

/// Tells of files that nothing was read from.
pub(super) fn tell_unused(inquiry: &Inquiry<'_>, trace: &mut Trace) {
    for file in inquiry.files.iter().filter(|file| !file.is_used.get()) {
        let name = shown(file.name.as_bytes());
        trace.unknown("file", format!("`{name}`: nothing was read by that cluster or URI"));
    }
}

/// What may help where there was no answer.
pub(super) fn advice(call: &HttpCall) -> String {
    if is_metadata(call) {
        return ALONE.to_owned();
    }
    let cluster = shown(call.endpoint.cluster.as_bytes());
    format!("`--file {cluster}=PATH` gives what is read there")
}

/// The metadata service of Alibaba Cloud, at the address that every machine has it at.
fn is_metadata(call: &HttpCall) -> bool {
    let endpoint = &call.endpoint;
    of_authority(endpoint.scheme, &endpoint.authority).is_some_and(|(host, _)| host == METADATA)
}

impl NotReached {
    fn new(credential: &str, call: &HttpCall) -> Self {
        Self {
            credential: Quoted::from(credential),
            cluster: shown(call.endpoint.cluster.as_bytes()),
            address: request::address(call),
            is_metadata: is_metadata(call),
        }
    }
}

impl fmt::Display for NotReached {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { credential, cluster, address, is_metadata } = self;
        write!(formatter, "credential {credential} reads `{address}` by cluster `{cluster}`, ")?;
        if *is_metadata {
            return write!(formatter, "and {ALONE}: run the tool there, with `--allow-plaintext`");
        }
        write!(
            formatter,
            "in the clear and perhaps within the proxy alone; `--file {cluster}=PATH` gives what is read there, `--allow-plaintext` asks that host"
        )
    }
}

const METADATA: &str = "100.100.100.200";

const ALONE: &str = "a metadata service answers nobody but its own machine";
