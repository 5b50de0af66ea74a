//! A key file: one writer at a time, and readers that see the old file or the new one, never a part.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use super::SIZE_LIMIT;
use super::error::KeyError;

/// A key file that nobody else changes as long as this value lives.
///
/// The lock is one of the operating system on `.NAME.lock` beside the file: it ends with its process, and the file
/// of the lock stays.
pub struct LockedFile {
    file: PathBuf,
    _lock: File,
}

/// What a key file holds; `None` if there is none. No lock is needed to read.
///
/// # Errors
/// [`KeyError::Io`] and [`KeyError::TooLarge`].
pub fn read(file: &Path) -> Result<Option<Vec<u8>>, KeyError> {
    let opened = match File::open(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(read_failure)?,
    };
    let mut bytes = Vec::new();
    opened.take(SIZE_LIMIT + 1).read_to_end(&mut bytes).map_err(read_failure)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > SIZE_LIMIT) {
        return Err(KeyError::TooLarge);
    }
    Ok(Some(bytes))
}

impl LockedFile {
    /// Waits up to 10 s for the lock. A link is followed: what it leads to is replaced, not the link.
    ///
    /// # Errors
    /// [`KeyError::Io`] and [`KeyError::Busy`].
    pub fn lock(file: &Path) -> Result<Self, KeyError> {
        let file = match fs::canonicalize(file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => file.to_owned(),
            found => found.map_err(read_failure)?,
        };
        let failure = |error| KeyError::Io("lock the file", error);
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).write(true);
        owner_alone(&mut options);
        let lock = options.open(beside(&file, ".lock")).map_err(failure)?;
        for _ in 0..ATTEMPTS {
            match lock.try_lock() {
                Ok(()) => return Ok(Self { file, _lock: lock }),
                Err(TryLockError::WouldBlock) => thread::sleep(PAUSE),
                Err(TryLockError::Error(error)) => return Err(failure(error)),
            }
        }
        Err(KeyError::Busy)
    }

    /// What the file holds; `None` if there is none.
    ///
    /// # Errors
    /// [`KeyError::Io`] and [`KeyError::TooLarge`].
    pub fn read(&self) -> Result<Option<Vec<u8>>, KeyError> {
        read(&self.file)
    }

    /// Puts these bytes in the place of what the file holds, at once: they are written to `.NAME.tmp` beside it, to the
    /// disk, and get its name then. Owner and mode stay; a new file is its owner's alone.
    ///
    /// # Errors
    /// [`KeyError::Io`]: the file is as it was.
    pub fn replace(&self, bytes: &[u8]) -> Result<(), KeyError> {
        self.put(bytes, None)
    }

    /// The same, but that a new file gets the mode of `model`.
    ///
    /// # Errors
    /// [`KeyError::Io`]: the file is as it was.
    pub fn replace_like(&self, bytes: &[u8], model: &Path) -> Result<(), KeyError> {
        self.put(bytes, Some(model))
    }

    fn put(&self, bytes: &[u8], model: Option<&Path>) -> Result<(), KeyError> {
        let failure = |error| KeyError::Io("write the file", error);
        let temporary = beside(&self.file, ".tmp");
        // One that an interrupted write has left; nobody else writes.
        match fs::remove_file(&temporary) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failure(error)),
            Err(_) | Ok(()) => {}
        }
        let written = self.write(&temporary, bytes, model);
        if written.is_err() {
            let _ = fs::remove_file(&temporary);
        }
        written.map_err(failure)
    }

    fn write(&self, temporary: &Path, bytes: &[u8], model: Option<&Path>) -> io::Result<()> {
        let mut options = OpenOptions::new();
        options.create_new(true).write(true);
        owner_alone(&mut options);
        let mut new = options.open(temporary)?;
        match fs::metadata(&self.file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if let Some(model) = model {
                    new.set_permissions(fs::metadata(model)?.permissions())?;
                }
            }
            found => keep(&found?, &new)?,
        }
        new.write_all(bytes)?;
        new.sync_all()?;
        fs::rename(temporary, &self.file)?;
        // The new name is on the disk with its folder.
        folder(&self.file).map_or(Ok(()), |folder| File::open(folder)?.sync_all())
    }
}

fn read_failure(error: io::Error) -> KeyError {
    KeyError::Io("read the file", error)
}

/// A hidden file beside `file`, so that both are in one file system.
fn beside(file: &Path, end: &str) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(file.file_name().unwrap_or_default());
    name.push(end);
    file.with_file_name(name)
}

#[cfg(unix)]
fn folder(file: &Path) -> Option<&Path> {
    let folder = file.parent()?;
    Some(if folder.as_os_str().is_empty() { Path::new(".") } else { folder })
}

#[cfg(not(unix))]
fn folder(_: &Path) -> Option<&Path> {
    None
}

#[cfg(unix)]
fn owner_alone(options: &mut OpenOptions) {
    use std::os::unix::fs::OpenOptionsExt as _;
    options.mode(0o600);
}

#[cfg(not(unix))]
fn owner_alone(_: &mut OpenOptions) {}

/// Gives the new file the owner and the mode of the old one.
#[cfg(unix)]
fn keep(old: &fs::Metadata, new: &File) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, fchown};
    let ours = new.metadata()?;
    if (old.uid(), old.gid()) != (ours.uid(), ours.gid()) {
        fchown(new, Some(old.uid()), Some(old.gid()))?;
    }
    new.set_permissions(old.permissions())
}

#[cfg(not(unix))]
fn keep(_: &fs::Metadata, _: &File) -> io::Result<()> {
    Ok(())
}

const PAUSE: Duration = Duration::from_millis(20);
/// 10 s of them.
const ATTEMPTS: u32 = 500;
