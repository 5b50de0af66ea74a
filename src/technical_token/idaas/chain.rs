//! The credential chain of `PLUGIN`: where the access key comes from.

use super::readings::Mark;
use super::{AccessKey, TemporaryKey};
use crate::message::{CallFailure, CallResponse, HttpCall};
use crate::technical_token::preparation::{Moment, Preparation, PreparationError, Reading};
use crate::time::Timestamp;

/// Where the access key comes from.
#[derive(Debug)]
pub enum Keys {
    /// It is read.
    Read(CredentialChain),
    /// It was stated with the configuration.
    Stated(AccessKey),
}

/// Places of which the first that gives an access key gives it.
///
/// A place that gives none is left for this fetch alone, so what a later one gives is for this fetch alone
/// as well: the next fetch begins with the first again. When none gives one, the error is that of the last.
#[derive(Debug)]
pub struct CredentialChain {
    links: Vec<Box<dyn Preparation>>,
}

impl Keys {
    /// The key, stated or read.
    pub fn key(&self, read: &[Reading]) -> Option<AccessKey> {
        match self {
            Self::Read(_) => TemporaryKey::among(read),
            Self::Stated(key) => Some(key.clone()),
        }
    }

    /// What must be read before.
    pub fn preparation(&self) -> Option<&dyn Preparation> {
        match self {
            Self::Read(chain) => Some(chain),
            Self::Stated(_) => None,
        }
    }
}

impl CredentialChain {
    /// The chain of these places, each at most once of its kind. `None` without any.
    pub fn new(links: Vec<Box<dyn Preparation>>) -> Option<Self> {
        (!links.is_empty()).then_some(Self { links })
    }

    /// The link that is asked now, and its number.
    fn current(&self, read: &[Reading]) -> Option<(u8, &dyn Preparation)> {
        let left: Vec<u8> = Mark::Failed.all(read).flatten().copied().collect();
        (0..)
            .zip(&self.links)
            .find(|(number, _)| !left.contains(number))
            .map(|(number, link)| (number, &**link))
    }
}

impl Preparation for CredentialChain {
    fn next(&self, read: &[Reading], moment: &Moment<'_>) -> Option<HttpCall> {
        self.current(read)?.1.next(read, moment)
    }

    fn read(
        &self,
        read: &[Reading],
        answer: Result<&CallResponse, CallFailure>,
        now: Timestamp,
    ) -> Result<Reading, PreparationError> {
        let (number, link) =
            self.current(read).ok_or(super::readings::unusable("credential_chain"))?;
        let is_last = usize::from(number) + 1 == self.links.len();
        match link.read(read, answer, now) {
            Err(_) if !is_last => Ok(Mark::Failed.on(&[number], Timestamp::default())),
            // The machine's own role must not stand in for that of the pod any longer than it has to.
            Ok(reading) if number > 0 => Ok(Reading { until: Timestamp::default(), ..reading }),
            result => result,
        }
    }
}
