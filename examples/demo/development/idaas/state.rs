//! Everything the servers share.

use std::collections::BTreeMap;

use super::access_keys::{AccessKey, AccessKeys};
use super::account::{ACCESS_KEY_ID, ACCESS_KEY_SECRET, Account, ROLE, SECURITY_TOKEN};
use super::authority::Authority;
use super::captures::Captures;
use super::certificate;
use super::control::Control;
use super::endpoint::Endpoint;
use super::machine_tokens::MachineTokens;
use super::metadata::MetadataService;
use super::method::Source;
use super::once::Once;
use super::public_key::PublicKey;
use super::record::Record;
use super::service_account::ServiceAccount;
use super::start_error::StartError;

/// The state of the provider.
pub struct State {
    pub account: Account,
    pub access_keys: AccessKeys,
    pub control: Control,
    pub metadata: MetadataService,
    pub service_account: ServiceAccount,
    pub tokens: MachineTokens,
    /// Ids of assertions.
    pub assertions: Once,
    /// Nonces of signed requests.
    pub nonces: Once,
    pub calls: BTreeMap<Endpoint, usize>,
    pub records: Vec<Record>,
}

impl State {
    /// A provider that knows the client of the recorded requests, and trusts one more authority.
    ///
    /// # Errors
    /// [`StartError`] if the records lack something.
    pub fn new(captures: &Captures, authority: &Authority) -> Result<Self, StartError> {
        let control = Control::default();
        let root = captures.certificate("root").map_err(StartError::Captures)?;
        let mut roots = certificate::read(root).map_err(StartError::Certificate)?;
        roots.push(authority.der().map_err(StartError::Authority)?.into());
        // Those that no client can sign with are left out: the vendor's client refuses them as well.
        let keys = captures.keys.iter().filter_map(|(name, key)| {
            Some((name.clone(), PublicKey::parse_pem(&key.public).ok()?))
        });
        let account = Account {
            secret: SECRET.to_owned(),
            keys: keys.collect(),
            roots,
            subject_tokens: Vec::new(),
        };
        let mut access_keys = AccessKeys::default();
        let key = AccessKey {
            id: ACCESS_KEY_ID.to_owned(),
            secret: ACCESS_KEY_SECRET.to_owned(),
            token: None,
            expires: None,
            source: Source::Environment,
        };
        let token = Some(SECURITY_TOKEN.to_owned());
        access_keys.add(AccessKey { token, source: Source::EnvironmentSts, ..key.clone() });
        access_keys.add(key);
        Ok(Self {
            account,
            access_keys,
            metadata: MetadataService::new(ROLE),
            service_account: ServiceAccount::new(control.clock.now()),
            control,
            tokens: MachineTokens::new(1200),
            assertions: Once::default(),
            nonces: Once::default(),
            calls: BTreeMap::new(),
            records: Vec::new(),
        })
    }
}

/// The secret of the recorded requests.
pub const SECRET: &str = "CSmadeup+secret/with=special&chars%~*";
