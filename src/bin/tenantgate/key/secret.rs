//! Random bytes in, and a new key out: once.

use std::io::{self, Write as _};

use tenantgate::secret::Secret;
use tenantgate::tool::key::{KeyError, NewSecret, key_of};

use super::arguments::about;
use crate::command::warn;
use crate::failure::Failure;
use crate::input::Input;

/// 32 bytes of the operating system's generator.
pub fn random() -> Result<Secret<[u8; 32]>, Failure> {
    let mut bytes = [0; 32];
    getrandom::getrandom(&mut bytes).map_err(|error| {
        Failure::Argument(format!("the operating system has no random bytes: {error}"))
    })?;
    Ok(Secret::new(bytes))
}

/// Prints a key that is in the file by now. Unlike other output it must arrive: nobody can ask for it again.
pub fn hand_over(name: &str, secret: &NewSecret, is_json: bool) -> Result<(), Failure> {
    let line = Secret::new(if is_json {
        let ends = secret.ends();
        format!(
            "{{\"name\": \"{name}\", \"key\": \"{}\", \"expires_at\": \"{ends}\"}}\n",
            secret.key.expose()
        )
    } else {
        format!("{}\n", secret.key.expose())
    });
    let mut output = io::stdout().lock();
    output.write_all(line.expose().as_bytes()).and_then(|()| output.flush()).map_err(|error| {
        warn(&format!("`{name}` has a key that nobody has seen; rotate it with `--now`"));
        Failure::Write(error)
    })
}

/// The key that a file holds, or the input.
pub fn presented(file: &str, input: &mut Input) -> Result<Secret<Vec<u8>>, Failure> {
    let (name, content) = input.read(file)?;
    key_of(content).map_err(|error: KeyError| about(&name, &error))
}
