//! Catalogues of subtenancy-aware services: which roles of a platform open what, as data.

use std::fmt;

use super::{MINDSPHERE_CATALOGUE, Origin};
use crate::policy::RuleReach;

/// What is known of a platform's subtenancy-aware services.
#[derive(Clone, Copy, Debug)]
pub struct CataloguePreset {
    /// The value of `preset` that selects it.
    pub name: &'static str,
    /// What every role begins with; a configuration may leave it out.
    pub role_prefix: &'static str,
    /// All roles, in the order of the vendor.
    pub rows: &'static [CatalogueRow],
}

/// A role: what the vendor says of it, and the requests that we take that for.
#[derive(Clone, Copy, Debug)]
pub struct CatalogueRow {
    /// Its full name.
    pub role: &'static str,
    /// Where the name is known from.
    pub role_origin: Origin,
    /// What it grants, in our words.
    pub grants: &'static str,
    /// Whether it is on unless a configuration says otherwise.
    pub is_on: bool,
    /// How sure the paths are.
    pub paths: Certainty,
    /// How sure the methods are.
    pub methods: Certainty,
    /// The rules of both variants.
    pub strict: &'static [CatalogueEntry],
    /// What the lenient variant has besides.
    pub lenient: &'static [CatalogueEntry],
    /// Why the row is as it is.
    pub note: &'static str,
}

/// A rule of a role.
#[derive(Clone, Copy, Debug)]
pub struct CatalogueEntry {
    /// The path; `*` is one segment.
    pub path: &'static str,
    /// Whether the path stands for itself or for what lies below it as well.
    pub reach: RuleReach,
    /// The methods; `GET` brings `HEAD` and `OPTIONS`.
    pub methods: &'static [&'static str],
    /// The scope that these methods need; `None` where nothing public says.
    pub scope: Option<&'static str>,
    /// Where the path is known from.
    pub origins: &'static [Origin],
}

/// Which reading of a preset is taken where the vendor's words leave room.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Variant {
    /// What the vendor's words surely mean, and no more.
    #[default]
    Strict,
    /// What they may mean as well.
    Lenient,
}

/// How sure a part of a row is. That the role exists is certain for each.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Certainty {
    /// Public documentation or code says so.
    High,
    /// The best reading of what is public.
    Medium,
    /// Nothing public says.
    Unknown,
}

/// The catalogue of this name.
pub fn catalogue_preset(name: &str) -> Option<&'static CataloguePreset> {
    [&MINDSPHERE_CATALOGUE].into_iter().find(|preset| preset.name == name)
}

impl CataloguePreset {
    /// The row of a role, which may be named with or without [`Self::role_prefix`].
    pub fn row(&self, role: &str) -> Option<&'static CatalogueRow> {
        self.rows.iter().find(|row| row.role == role || self.short(row) == role)
    }

    /// The role's name without [`Self::role_prefix`].
    pub fn short(&self, row: &CatalogueRow) -> &'static str {
        row.role.strip_prefix(self.role_prefix).unwrap_or(row.role)
    }
}

impl CatalogueRow {
    /// The rules of a variant: the lenient one has all of the strict one.
    pub fn entries(&self, variant: Variant) -> impl Iterator<Item = &'static CatalogueEntry> {
        let more = match variant {
            Variant::Lenient => self.lenient,
            Variant::Strict => &[],
        };
        self.strict.iter().chain(more)
    }
}

impl fmt::Display for Certainty {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::High => "high",
            Self::Medium => "medium",
            Self::Unknown => "unknown",
        })
    }
}
