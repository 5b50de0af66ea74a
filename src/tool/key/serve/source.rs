//! A key file that is looked at whenever somebody asks.

use std::fmt;
use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use super::super::error::KeyError;
use super::super::file;
use super::published::{LeftOut, PublishError, Published};
use crate::crypto::digest::sha256;
use crate::time::Timestamp;

/// A key file and the last good state of it. A broken file, or none, never takes the place of a good one; when it has
/// been so for a while, nothing is served, so that those who poll know how old their keys are.
pub struct Source {
    file: PathBuf,
    shards: usize,
    stale_after: Duration,
    state: Mutex<State>,
}

/// What somebody should know about the file.
#[derive(Debug)]
pub enum Note {
    /// It has changed, and cannot be served: what was served goes on.
    Broken(PublishError),
    /// It is served now.
    Loaded {
        /// Its serial.
        serial: u64,
        /// How many of its records are served.
        records: usize,
        /// In how many shards; 0 for one document.
        shards: usize,
    },
    /// A record lets nobody in, and is not served.
    LeftOut(LeftOut),
    /// It was broken for so long that it is served no more.
    Withheld,
}

/// Whether the file as it is now is served.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FileState {
    /// It is.
    Current,
    /// It cannot be: what was served goes on.
    Stale,
    /// It cannot be, and has been so for too long.
    Withheld,
}

/// What is served now.
pub struct Current {
    /// The last good state of the file.
    pub published: Arc<Published>,
    /// How the file was when somebody looked last.
    pub state: FileState,
    /// What is new.
    pub notes: Vec<Note>,
}

struct State {
    published: Arc<Published>,
    /// How it looked when it was read last; `None` if it could not be.
    looked: Option<Look>,
    /// The digest of what was read last.
    content: [u8; 32],
    /// Why that is not served.
    fault: Option<Fault>,
}

/// Why a file is not served.
struct Fault {
    /// What was said of it.
    words: String,
    /// When it was seen first that the file cannot be served, for whatever reason.
    since: Timestamp,
    /// Whether it was said that nothing is served.
    is_withheld: bool,
}

/// What tells, without reading it, that a file is as it was.
#[derive(Clone, Copy, Eq, PartialEq)]
struct Look {
    modified: Option<SystemTime>,
    length: u64,
    place: (u64, u64),
}

impl Source {
    /// Reads the file, which must be there and good. Once it has been broken for `stale_after`, nothing is served.
    ///
    /// # Errors
    /// [`PublishError`].
    pub fn open(
        file: &Path,
        shards: usize,
        stale_after: Duration,
    ) -> Result<(Self, Vec<Note>), PublishError> {
        let looked = Look::at(file).map_err(read_failure)?;
        let text = read(file)?;
        let published = Published::of(&text, shards, None)?;
        let notes = notes(&published);
        let state = State {
            published: Arc::new(published),
            looked: Some(looked),
            content: sha256(&text),
            fault: None,
        };
        Ok((Self { file: file.to_owned(), shards, stale_after, state: Mutex::new(state) }, notes))
    }

    /// The file itself.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The last good state of the file, which is looked at now: whoever asks after a change gets what was changed.
    pub fn current(&self, now: Timestamp) -> Current {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let mut notes = match self.refresh(&mut state, now) {
            Ok(notes) => notes,
            Err(error) => {
                let words = error.to_string();
                let fault = state.fault.get_or_insert(Fault {
                    words: String::new(),
                    since: now,
                    is_withheld: false,
                });
                // Said once, not at each look.
                let is_said = fault.words == words;
                fault.words = words;
                if is_said { Vec::new() } else { vec![Note::Broken(error)] }
            }
        };
        if let Some(fault) = &mut state.fault {
            // A clock that goes back serves nothing for longer.
            fault.since = fault.since.min(now);
            if self.is_over(fault, now) && !std::mem::replace(&mut fault.is_withheld, true) {
                notes.push(Note::Withheld);
            }
        }
        let published = Arc::clone(&state.published);
        Current { published, state: self.state(&state, now), notes }
    }

    /// What was found when somebody looked last. The file is not touched.
    pub fn last(&self, now: Timestamp) -> Current {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (published, found) = (Arc::clone(&state.published), self.state(&state, now));
        Current { published, state: found, notes: Vec::new() }
    }

    fn state(&self, state: &State, now: Timestamp) -> FileState {
        match &state.fault {
            None => FileState::Current,
            Some(fault) if self.is_over(fault, now) => FileState::Withheld,
            Some(_) => FileState::Stale,
        }
    }

    /// Whether the last good state has been served for as long as it may be.
    fn is_over(&self, fault: &Fault, now: Timestamp) -> bool {
        now.since(fault.since) >= self.stale_after
    }

    fn refresh(&self, state: &mut State, now: Timestamp) -> Result<Vec<Note>, PublishError> {
        let before = state.looked.take();
        let looked = Look::at(&self.file).map_err(read_failure)?;
        if before == Some(looked) && looked.is_settled(now) {
            state.looked = before;
            return Ok(Vec::new());
        }
        let text = read(&self.file)?;
        state.looked = Some(looked);
        let content = sha256(&text);
        if content == state.content && state.fault.is_none() {
            return Ok(Vec::new());
        }
        state.content = content;
        let published = Published::of(&text, self.shards, Some(&state.published))?;
        let notes = notes(&published);
        state.published = Arc::new(published);
        state.fault = None;
        Ok(notes)
    }
}

impl Look {
    fn at(file: &Path) -> io::Result<Self> {
        let found = fs::metadata(file)?;
        Ok(Self { modified: found.modified().ok(), length: found.len(), place: place(&found) })
    }

    /// Whether the next change will have another time: file systems tell times apart that are milliseconds, or two seconds,
    /// from each other.
    fn is_settled(&self, now: Timestamp) -> bool {
        let modified =
            self.modified.and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok());
        modified.is_some_and(|since| Timestamp::from_seconds(since.as_secs()) + SETTLING < now)
    }
}

#[cfg(unix)]
fn place(found: &Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt as _;
    (found.dev(), found.ino())
}

#[cfg(not(unix))]
fn place(_: &Metadata) -> (u64, u64) {
    (0, 0)
}

fn notes(published: &Published) -> Vec<Note> {
    let loaded = Note::Loaded {
        serial: published.serial(),
        records: published.records(),
        shards: published.shard_count(),
    };
    let left_out = published.left_out().iter().cloned().map(Note::LeftOut);
    std::iter::once(loaded).chain(left_out).collect()
}

fn read(file: &Path) -> Result<Vec<u8>, PublishError> {
    let text = file::read(file).map_err(PublishError::File)?;
    text.ok_or_else(|| read_failure(io::ErrorKind::NotFound.into()))
}

fn read_failure(error: io::Error) -> PublishError {
    PublishError::File(KeyError::Io("read the file", error))
}

impl fmt::Display for Note {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Broken(error) => {
                write!(formatter, "the file is not served, the one before it is: {error}")
            }
            Self::Loaded { serial, records, shards: 0 } => {
                write!(formatter, "serves serial {serial}: {records} keys")
            }
            Self::Loaded { serial, records, shards } => {
                write!(formatter, "serves serial {serial}: {records} keys in {shards} shards")
            }
            Self::Withheld => {
                formatter.write_str("nothing is served, for the file was broken for too long")
            }
            Self::LeftOut(LeftOut { name, error }) => {
                let name = name.as_deref().unwrap_or("a record without a name");
                write!(formatter, "`{name}` is not served: {error}")
            }
        }
    }
}

const SETTLING: Duration = Duration::from_secs(3);
