//! Whole policies: every combination of settings and callers, look-up, edits.

mod acting;
mod captures;
mod catalogue;
mod catalogue_rules;
mod conditions;
mod edits;
mod errors;
mod explanation;
mod grid;
mod identity;
mod keys;
mod lookup;
mod mode;
mod preflight;
mod review;
pub(super) mod support;
