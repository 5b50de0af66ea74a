//! A directory for one run's files, removed with the run.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A directory that is deleted when dropped.
pub struct Scratch {
    path: PathBuf,
}

impl Scratch {
    /// Makes a directory that nobody else uses.
    ///
    /// # Errors
    /// The file system's own.
    pub fn new() -> io::Result<Self> {
        let number = NEXT.fetch_add(1, Ordering::SeqCst);
        let path = std::env::temp_dir().join(format!("tenantgate-{}-{number}", process::id()));
        fs::create_dir(&path)?;
        Ok(Self { path })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // A directory left behind in the system's temporary place harms nobody.
        drop(fs::remove_dir_all(&self.path));
    }
}

static NEXT: AtomicUsize = AtomicUsize::new(0);
