//! The document as it was written, with the place of each value; no meaning yet.
//!
//! [`keys`] is the mirror of the language: one table per object, each key with its shape. A derived
//! serde mirror with `deny_unknown_fields` would do the same and stop at the first wrong key; this
//! one reports *every* unknown key (with the key that was probably meant), every wrong type and
//! every missing key in one run, keeps the path of each value for the errors of `compile`, and is
//! data, so that the documentation is tested against it and a JSON Schema can be written from it.
//!
//! `compile` reads a document through [`Section`] and [`Entry`], whose getters answer `None` for
//! what is absent or has a wrong shape. The latter has been reported by then, once.

mod application_keys;
mod check;
mod entry;
mod envoy_struct;
mod foreign;
mod idaas_keys;
mod keys;
mod node;
mod path;
mod shape;
mod subtenancy_keys;
mod written;

pub use check::ShapeProblem;
pub(super) use check::TEXT_LIMIT;
pub(super) use entry::{Entry, Section};
pub(super) use foreign::Foreign;
pub use keys::DOCUMENT;
pub use node::DocumentError;
pub(super) use node::Node;
use path::Path;
pub use shape::{Key, Shape};

use super::error::{Place, Problem};
use super::report::Report;

/// The longest document, in bytes.
pub(super) const DOCUMENT_LIMIT: usize = 8 * 1024 * 1024;

/// Reads a document, in JSON or as Envoy's `Struct`, and reports every place where it departs from the
/// language's shape. `None` when it is neither, or no object.
pub(super) fn read(document: &[u8], report: &mut Report) -> Option<Node> {
    let parsed = Node::parse(document).or_else(|error| match error {
        DocumentError::Syntax { .. } => envoy_struct::read(document).ok_or(error),
        DocumentError::TooLarge => Err(error),
    });
    let node = match parsed {
        Ok(node) => node,
        Err(error) => {
            report.error(&Place::root(), Problem::Document(error));
            return None;
        }
    };
    check::check(&node, &Shape::Object(DOCUMENT), &Path::root(), report);
    node.members().is_some().then_some(node)
}

/// Reads an entry of `credentials` with the kind `idaas`, as [`read`] does a document.
pub(super) fn read_idaas(credential: &[u8], report: &mut Report) -> Option<Node> {
    let node = match Node::parse(credential) {
        Ok(node) => node,
        Err(error) => {
            report.error(&Place::root(), Problem::Document(error));
            return None;
        }
    };
    check::check(&node, &Shape::Object(idaas_keys::IDAAS_CREDENTIAL), &Path::root(), report);
    Some(node)
}
