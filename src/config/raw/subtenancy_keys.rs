//! The keys of `subtenancy`.

use super::keys::{SCOPES, TEXTS};
use super::shape::Shape::{Either, List, Object, OneOf, Text};
use super::shape::{Key, Shape};

/// `subtenancy`.
pub(super) const SUBTENANCY: &[Key] = &[Key::required("catalogue", Object(CATALOGUE))];

/// `subtenancy.catalogue`.
const CATALOGUE: &[Key] = &[
    Key::optional("preset", OneOf(&["mindsphere"])),
    Key::optional("variant", OneOf(&["strict", "lenient"])),
    Key::optional("enable", TEXTS),
    Key::optional("disable", TEXTS),
    Key::optional("roles", List(&Object(ROLE))),
];

/// `subtenancy.catalogue.roles[]`.
const ROLE: &[Key] = &[
    Key::required("role", Text),
    Key::optional("scopes", ROLE_SCOPES),
    Key::optional("rules", List(&Object(RULE))),
];

/// `subtenancy.catalogue.roles[].rules[]`.
const RULE: &[Key] = &[
    Key::required("path", Text),
    Key::required("match", OneOf(&["exact", "prefix"])),
    Key::required("methods", TEXTS),
    Key::optional("scopes", ROLE_SCOPES),
];

const ROLE_SCOPES: Shape = Either(&[OneOf(&["not_needed", "unknown"]), Object(SCOPES)]);
