//! CORS preflight requests (Fetch Standard, "CORS-preflight request"): a browser asks whether a page
//! may send another request, and presents nothing. Where a route lets them pass, they pass as nothing
//! but that question.

use std::sync::Arc;

use super::decision::Denial;
use super::edits::{bare_edits, remove_cookies};
use super::guarded::GuardedRoute;
use super::identity::OwnedHeaders;
use super::route::CallerToken;
use crate::message::{HeaderEdit, HeaderEdits, RequestHead, RequestTarget};

/// A preflight request for a route that lets them pass. Only `Policy::preflight` makes one.
#[derive(Debug)]
pub struct Preflight {
    route: Arc<GuardedRoute>,
}

impl Preflight {
    /// A preflight request about requests of `route`.
    pub(super) fn new(route: &Arc<GuardedRoute>) -> Self {
        Self { route: Arc::clone(route) }
    }

    /// The route that it asks about.
    pub const fn route(&self) -> &Arc<GuardedRoute> {
        &self.route
    }

    /// The changes that it needs: no credential of any kind goes on, no cookie, and nothing about a
    /// caller.
    ///
    /// # Errors
    /// [`Denial::PreflightWithBody`] unless the request ends with its header.
    pub fn into_edits(
        self,
        head: &RequestHead<'_>,
        owned: &OwnedHeaders,
    ) -> Result<HeaderEdits, Denial> {
        if has_body(head) {
            return Err(Denial::PreflightWithBody);
        }
        let mut edits = bare_edits(head, owned, CallerToken::Remove);
        edits.retain(|edit| !is_about_cookies(edit));
        remove_cookies(head, &mut edits);
        Ok(edits)
    }
}

/// What routes can see of the request that a preflight request asks about; `None` for any other
/// request. What states the origin or the method twice, or a method that no request may have, is an
/// ordinary OPTIONS.
///
/// A field that it names in `access-control-request-headers` is present there, like its own; nobody
/// knows its value yet.
pub(super) fn requested<'a>(
    target: &RequestTarget<'a>,
    head: &RequestHead<'a>,
) -> Option<(RequestTarget<'a>, RequestHead<'a>)> {
    if target.method() != "OPTIONS" {
        return None;
    }
    single(head, b"origin")?;
    let target = target.asking_for(single(head, b"access-control-request-method")?).ok()?;
    let lists = head.values(b"access-control-request-headers");
    let named = lists.flat_map(|list| list.split(|&b| b == b',')).map(<[u8]>::trim_ascii);
    let named = named.filter(|name| !name.is_empty()).take(ANNOUNCED);
    let fields = head.fields().chain(named.map(|name| (name, ANNOUNCED_VALUE)));
    Some((target, RequestHead::new(fields.collect())))
}

/// What stands for the value of an announced field. No condition looks at more than whether it is empty.
const ANNOUNCED_VALUE: &[u8] = b"announced";

/// How many announced fields are looked at; no route asks for a fraction of that.
const ANNOUNCED: usize = 64;

fn single<'a>(head: &RequestHead<'a>, name: &[u8]) -> Option<&'a [u8]> {
    let mut values = head.values(name);
    let value = values.next().filter(|value| !value.is_empty())?;
    values.next().is_none().then_some(value)
}

fn has_body(head: &RequestHead<'_>) -> bool {
    let announces = |name: &[u8], harmless: &[u8]| head.values(name).any(|value| value != harmless);
    !head.is_whole() || announces(b"content-length", b"0") || announces(b"transfer-encoding", b"")
}

fn is_about_cookies(edit: &HeaderEdit) -> bool {
    match edit {
        HeaderEdit::Reduce(reduced) => reduced.name() == "cookie",
        HeaderEdit::Remove(name) => name.eq_ignore_ascii_case(b"cookie"),
        HeaderEdit::Add(..) | HeaderEdit::Set(..) => false,
    }
}
