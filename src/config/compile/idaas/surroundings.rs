//! What stands around the vendor's document: clusters, and what takes the place of files.

use std::sync::Arc;
use std::time::Duration;

use super::super::super::error::Place;
use super::super::super::raw::Section;
use super::super::super::report::Report;
use super::super::super::uri::Uri;
use super::super::client::Secrets;
use super::super::values::endpoint;
use super::problem::{IdaasProblem, Missing};
use crate::crypto::Algorithm;
use crate::message::Endpoint;
use crate::technical_token::idaas::RotatingFile;

/// The keys beside the document, and the environment.
pub(super) struct Surroundings<'a, 'd> {
    credential: &'a Section<'d>,
    clusters: Option<Section<'d>>,
    pub(super) secrets: &'a Secrets<'a>,
}

impl<'a, 'd> Surroundings<'a, 'd> {
    pub(super) fn new(credential: &'a Section<'d>, secrets: &'a Secrets<'a>) -> Self {
        Self { credential, clusters: credential.section("clusters"), secrets }
    }

    /// The place of a key beside the document.
    pub(super) fn place(&self, key: &str) -> Place {
        self.credential.place_of(key)
    }

    /// Whether a key beside the document is stated.
    pub(super) fn states(&self, key: &str) -> bool {
        self.credential.states(key)
    }

    /// Whether a cluster is stated.
    pub(super) fn states_cluster(&self, key: &str) -> bool {
        self.clusters.as_ref().is_some_and(|clusters| clusters.states(key))
    }

    /// Where a call by one of `clusters` goes. `None` when the cluster is not stated, which has been
    /// reported.
    pub(super) fn endpoint(
        &self,
        key: &'static str,
        uri: &Uri,
        report: &mut Report,
    ) -> Option<Endpoint> {
        let clusters = self.clusters.as_ref();
        let Some(cluster) = clusters.and_then(|clusters| clusters.text(key)) else {
            // An empty or odd name has been reported.
            if let Some(clusters) = clusters.filter(|clusters| !clusters.states(key)) {
                let missing = Missing { host: uri.authority().as_ref().into() };
                report.error(&clusters.place_of(key), IdaasProblem::Cluster(missing));
            }
            return None;
        };
        Some(Endpoint {
            cluster: Arc::from(cluster),
            scheme: uri.scheme().as_str(),
            authority: Arc::clone(uri.authority()),
            path: Arc::clone(uri.path()),
        })
    }

    /// Where the token of the service account is read. `None` when that is not clear, which has been
    /// reported.
    pub(super) fn service_account_token(&self, report: &mut Report) -> Option<RotatingFile> {
        let Some(section) = self.credential.section("service_account_token") else {
            if !self.states("service_account_token") {
                let place = self.place("service_account_token");
                report.error(&place, IdaasProblem::ServiceAccountToken);
            }
            return None;
        };
        let place = section.place_of("uri");
        let endpoint = endpoint(&section, &place, section.text("uri")?, report);
        Some(RotatingFile {
            endpoint: endpoint?,
            refresh: section.duration("refresh").unwrap_or(REFRESH),
            timeout: section.duration("timeout").unwrap_or(TIMEOUT),
        })
    }

    /// The algorithm that a private key is told to sign by. Another word has been reported.
    pub(super) fn algorithm(&self) -> Option<Algorithm> {
        let name = self.credential.text("algorithm")?;
        let is_known = name.starts_with("ES") || name.starts_with("RS");
        Algorithm::ALL.into_iter().find(|algorithm| is_known && algorithm.name() == name)
    }

    /// Whether plain `http` is allowed where the environment states a URL.
    pub(super) fn allows_plaintext(&self) -> bool {
        self.credential.boolean("allow_plaintext") == Some(true)
    }
}

/// How long a worker goes on with a file that it has read.
const REFRESH: Duration = Duration::from_secs(60);

/// How long reading a file may take.
const TIMEOUT: Duration = Duration::from_secs(2);
