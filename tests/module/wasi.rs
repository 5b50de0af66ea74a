//! What Rust's standard library needs of a host: randomness for its hashes, and the environment.

use wasmi::errors::LinkerError;
use wasmi::{Caller, Linker};

use crate::guest::act;
use crate::host::Host;

/// Defines the functions.
pub fn define(linker: &mut Linker<Host>) -> Result<(), LinkerError> {
    linker.func_wrap(WASI, "random_get", |caller: Caller<'_, Host>, at: u32, size: u32| {
        act(caller, |guest| {
            let mut number = guest.host().seed;
            let next = || {
                number = number.wrapping_mul(37).wrapping_add(11);
                number
            };
            let random: Vec<u8> = std::iter::repeat_with(next).take(size as usize).collect();
            guest.put(at, &random);
            Ok(())
        })
    })?;
    linker.func_wrap(
        WASI,
        "environ_sizes_get",
        |caller: Caller<'_, Host>, count: u32, size: u32| {
            act(caller, |guest| {
                let variables = variables(guest.host());
                guest.put_number(count, u32::try_from(variables.len()).unwrap());
                guest.put_number(size, u32::try_from(variables.concat().len()).unwrap());
                Ok(())
            })
        },
    )?;
    linker.func_wrap(
        WASI,
        "environ_get",
        |caller: Caller<'_, Host>, mut pointers: u32, mut texts: u32| {
            act(caller, |guest| {
                for variable in variables(guest.host()) {
                    guest.put_number(pointers, texts);
                    guest.put(texts, &variable);
                    pointers += 4;
                    texts += u32::try_from(variable.len()).unwrap();
                }
                Ok(())
            })
        },
    )?;
    Ok(())
}

/// The environment as `NAME=value`, each with a zero behind it.
fn variables(host: &Host) -> Vec<Vec<u8>> {
    let variables = host.environment.iter();
    variables.map(|(name, value)| format!("{name}={value}\0").into_bytes()).collect()
}

const WASI: &str = "wasi_snapshot_preview1";
