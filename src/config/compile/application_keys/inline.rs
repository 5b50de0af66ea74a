//! `application_keys.inline`: records that stand in the configuration.
//!
//! A store may have records that are wrong, and they let nobody in. Here somebody is there to mend them.

use std::sync::Arc;

use super::super::super::error::Quoted;
use super::super::super::raw::{Entry, Section};
use super::super::super::report::Report;
use super::ApplicationKeyProblem;
use crate::application_key::{
    Block, Document, DocumentError, Entry as Stated, KeySet, Peppers, ReadRules, Record, Sharding,
    StatedDigest,
};

/// What inline records are compared with.
pub(super) struct Expected<'e> {
    pub(super) rules: ReadRules,
    /// `None` where they are wrong.
    pub(super) peppers: Option<&'e Peppers>,
    pub(super) trusts_address: bool,
}

/// The keys of a document that stands in the configuration. `None` when something is wrong, which has been
/// reported.
pub(super) fn inline(
    entry: &Entry<'_>,
    expected: Expected<'_>,
    report: &mut Report,
) -> Option<Arc<KeySet>> {
    let section = entry.section()?;
    let text = entry.node().to_json();
    let document = Document::read(text, expected.rules).map_err(ApplicationKeyProblem::Document);
    let document = report.ok(entry.place(), document)?;
    let mut is_good = true;
    for (at, stated) in document.entries().iter().enumerate() {
        let Some(problem) = problem(stated, expected.peppers, expected.trusts_address) else {
            continue;
        };
        is_good = false;
        if let Some(record) = item(&section, at) {
            report.error(record.place(), problem);
        }
    }
    let block = Sharding::ONE.shard(0).map(|shard| Block::of(&document, shard))?;
    let too_many = |_| ApplicationKeyProblem::Document(DocumentError::TooManyRecords);
    let block = report.ok(entry.place(), block.map_err(too_many))?;
    let set = KeySet::new(Sharding::ONE, vec![Arc::new(block)]).ok()?;
    is_good.then(|| Arc::new(set))
}

/// What is wrong with a record.
fn problem(
    stated: &Stated,
    peppers: Option<&Peppers>,
    trusts_address: bool,
) -> Option<ApplicationKeyProblem> {
    let record = match stated {
        Stated::Invalid(invalid) => {
            let name = invalid.name.as_deref().map(Quoted::from);
            let error = invalid.error.clone();
            return Some(ApplicationKeyProblem::Record { name, error });
        }
        Stated::Valid(record) => record,
    };
    let name = || Quoted::from(&*record.name);
    if !trusts_address && !record.addresses.is_empty() {
        return Some(ApplicationKeyProblem::RecordAddressUntrusted(name()));
    }
    let pepper = peppers.and_then(|peppers| unknown_pepper(record, peppers))?;
    Some(ApplicationKeyProblem::PepperUnknown { name: name(), pepper })
}

/// The pepper of a digest that nobody could compute.
fn unknown_pepper(record: &Record, peppers: &Peppers) -> Option<Quoted> {
    record.secrets.iter().find_map(|secret| match &secret.digest {
        StatedDigest::HmacSha256(id, _) => {
            peppers.get(id).is_none().then(|| Quoted::from(id.as_str()))
        }
        StatedDigest::Sha256(_) => None,
    })
}

fn item<'d>(document: &Section<'d>, at: usize) -> Option<Entry<'d>> {
    document.list("keys").into_iter().nth(at)
}
