//! Which keys were used, as gateways report it: kept in memory, and in a file beside that of the keys.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::super::error::KeyError;
use super::super::file::{self, LockedFile};
use super::super::usage::{KeyUse, add_usage, read_usage, usage_file, usage_text};
use super::published::Published;
use super::service::Token;
use crate::time::Timestamp;

/// What gateways have reported.
pub struct UsageBook {
    /// What those must present who report.
    pub(super) token: Token,
    keys: PathBuf,
    state: Mutex<State>,
    /// Why the file could not be written. Who writes it holds this lock: an older text never replaces a newer one.
    fault: Mutex<Option<String>>,
}

struct State {
    report: KeyUse,
    /// Whether the file lacks something.
    is_dirty: bool,
}

impl UsageBook {
    /// The book of a key file. What its file says is read, if there is one. One that cannot be read is moved aside,
    /// which is told: whether keys are served does not depend on it.
    pub fn open(token: Token, keys: &Path) -> (Self, Option<String>) {
        let path = usage_file(keys);
        let known =
            file::read(&path).and_then(|text| text.map(|text| read_usage(&text)).transpose());
        let note = known.as_ref().err().map(|error| move_aside(&path, error));
        let report = known.ok().flatten().unwrap_or_default();
        let state = Mutex::new(State { report, is_dirty: false });
        (Self { token, keys: keys.to_owned(), state, fault: Mutex::default() }, note)
    }

    /// Takes a report, and tells what somebody should know. Names that no record has are left out: so the book is no
    /// larger than the key file.
    pub(super) fn take(
        &self,
        report: &[u8],
        published: &Published,
        now: Timestamp,
    ) -> Result<Vec<String>, KeyError> {
        let report = read_usage(report)?;
        let mut state = self.state();
        let mut first = Vec::new();
        for (name, usage) in report.keys {
            if !published.has_record(&name) {
                continue;
            }
            if !state.report.keys.contains_key(&name) {
                first.push(name.clone());
            }
            add_usage(state.report.keys.entry(name).or_default(), &usage, now);
            state.is_dirty = true;
        }
        let more = first.len().saturating_sub(LINES);
        let lines = first.iter().take(LINES);
        let mut lines: Vec<_> =
            lines.map(|name| format!("first use of `{name}` is reported")).collect();
        if more > 0 {
            lines.push(format!("first use of {more} more keys is reported"));
        }
        let before = state.report.dropped;
        state.report.dropped = before.saturating_add(report.dropped);
        state.is_dirty |= report.dropped > 0;
        // Told as often as the sum needs one binary digit more, not with each report of each worker.
        if before.leading_zeros() != state.report.dropped.leading_zeros()
            && let Some(caution) = state.report.caution()
        {
            lines.push(caution);
        }
        Ok(lines)
    }

    /// Writes the file if it lacks something, without records that are gone. Tells what has changed about that.
    pub(super) fn keep(&self, published: &Published) -> Option<String> {
        let mut known = self.fault.lock().unwrap_or_else(PoisonError::into_inner);
        let text = self.unwritten(published)?;
        let file = usage_file(&self.keys);
        let written =
            LockedFile::lock(&file).and_then(|lock| lock.replace_like(text.as_bytes(), &self.keys));
        if written.is_err() {
            self.state().is_dirty = true;
        }
        let fault = written.err().map(|error| error.to_string());
        // Said once, not at each try.
        let is_new = fault != *known;
        known.clone_from(&fault);
        match fault {
            Some(fault) => is_new.then(|| format!("the report of use is not written: {fault}")),
            None => is_new.then(|| "the report of use is written again".to_owned()),
        }
    }

    /// What the file lacks, as a whole. Reports go on being taken while it is written.
    fn unwritten(&self, published: &Published) -> Option<String> {
        let mut state = self.state();
        if !std::mem::take(&mut state.is_dirty) {
            return None;
        }
        state.report.keys.retain(|name, _| published.has_record(name));
        Some(usage_text(&state.report))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Keeps a file for people that cannot be read, and tells so.
fn move_aside(file: &Path, error: &KeyError) -> String {
    let mut aside = OsString::from(file);
    aside.push(".unreadable");
    let (place, aside) = (file.display(), PathBuf::from(aside));
    match fs::rename(file, &aside) {
        Ok(()) => {
            format!("`{place}`: {error}; it is `{}` now, and use is counted anew", aside.display())
        }
        Err(other) => {
            format!("`{place}`: {error}, nor move it aside: {other}; use is counted anew")
        }
    }
}

/// How many first uses of one report are told by name.
const LINES: usize = 20;
