//! What is taken out of a request because keys stand there, whatever becomes of the request: the
//! address, the `referer` and the headers of refused requests are logged as well.

use super::key_places::KeyPlaces;
use crate::message::{CookiesLeft, HeaderEdit, HeaderEdits, Reduced, RequestHead};

/// The removals and reductions after which `head` shows no key, no token in its query, and no session
/// of ours. Other bytes of query and cookies stay as they are.
pub fn strip(head: &RequestHead<'_>, places: &KeyPlaces) -> HeaderEdits {
    let mut edits = HeaderEdits::new();
    for (name, _) in head.fields() {
        if places.headers().any(|header| header.is_alike(name)) {
            remove(name, &mut edits);
        }
    }
    if places.is_in_authorization(head) {
        remove_all(head, b"authorization", &mut edits);
    }
    let names = places.parameters();
    let path = head.path().and_then(|target| Reduced::without_parameters(target, names));
    edits.extend(path.map(HeaderEdit::Reduce));
    strip_addresses(head, places, &mut edits);
    strip_cookie(head, places, &mut edits);
    edits
}

/// Cuts keys out of the other fields that may have an address with a query of ours.
pub(crate) fn strip_addresses(head: &RequestHead<'_>, places: &KeyPlaces, edits: &mut HeaderEdits) {
    strip_referer(head, places, edits);
    // A proxy before this one sets it where it rewrites paths. Logs of Envoy prefer it to the path.
    let reduce = |target| Reduced::without_parameters(target, places.parameters());
    if head.values(ORIGINAL_PATH).any(|target| reduce(target).is_some()) {
        remove_all(head, ORIGINAL_PATH, edits);
    }
}

/// Cuts keys out of the `referer`. Several are no referer (RFC 9110 §10.1.3): if one of them has a
/// key, all go.
fn strip_referer(head: &RequestHead<'_>, places: &KeyPlaces, edits: &mut HeaderEdits) {
    let reduce = |url| Reduced::referer_without_parameters(url, places.parameters());
    let Some(reduced) = head.values(REFERER).find_map(reduce) else { return };
    match head.values(REFERER).nth(1).is_some() || reduced.expose().is_empty() {
        true => remove_all(head, REFERER, edits),
        false => edits.push(HeaderEdit::Reduce(reduced)),
    }
}

/// Cuts the cookie of our sessions out; several fields become one.
fn strip_cookie(head: &RequestHead<'_>, places: &KeyPlaces, edits: &mut HeaderEdits) {
    let Some(name) = places.session_cookie() else { return };
    let Some(left) = Reduced::without_cookies(head, std::slice::from_ref(name)) else { return };
    match left {
        CookiesLeft::None => remove_all(head, COOKIE, edits),
        CookiesLeft::Some(reduced) => {
            if head.values(COOKIE).nth(1).is_some() {
                remove_all(head, COOKIE, edits);
            }
            edits.push(HeaderEdit::Reduce(reduced));
        }
    }
}

/// Adds a removal for each spelling of `name` (lower case) that is present.
fn remove_all(head: &RequestHead<'_>, name: &[u8], edits: &mut HeaderEdits) {
    for (field, _) in head.fields().filter(|(field, _)| field.eq_ignore_ascii_case(name)) {
        remove(field, edits);
    }
}

fn remove(field: &[u8], edits: &mut HeaderEdits) {
    let is_removed = |edit: &HeaderEdit| match edit {
        HeaderEdit::Remove(name) => **name == *field,
        HeaderEdit::Add(..) | HeaderEdit::Reduce(_) | HeaderEdit::Set(..) => false,
    };
    if !edits.iter().any(is_removed) {
        edits.push(HeaderEdit::Remove(field.into()));
    }
}

const COOKIE: &[u8] = b"cookie";
const ORIGINAL_PATH: &[u8] = b"x-envoy-original-path";
const REFERER: &[u8] = b"referer";

#[cfg(test)]
mod tests;
