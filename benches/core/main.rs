//! The core alone, natively: one whole pass per kind of request, one signature, one compilation.
//!
//! ```text
//! cargo bench [-- WORD]        all rows, or those whose name contains the word
//! ```
//!
//! Keys, tokens and times are fixed. What counts for users is `make bench`; these rows show which part
//! of the core a change made faster or slower.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a benchmark that cannot go on has failed"
)]

mod configuration;
mod lookup;
mod measure;
mod request;
mod signature;
mod token;
#[allow(dead_code, missing_docs, reason = "the tests use the rest")]
#[path = "../../tests/vectors/mod.rs"]
mod vectors;

use std::io::{self, Write};

use measure::Row;

fn main() -> io::Result<()> {
    // Cargo adds `--bench`.
    let word = std::env::args().skip(1).find(|argument| !argument.starts_with("--"));
    let word = word.unwrap_or_default();
    let rows: Vec<Row> = request::rows()
        .into_iter()
        .chain(signature::rows())
        .chain(lookup::rows())
        .chain(configuration::rows())
        .filter(|row| row.name.contains(&word))
        .collect();
    let mut output = io::stdout().lock();
    for mut row in rows {
        let nanoseconds = measure::least(&mut row.pass).as_secs_f64() * 1e9;
        writeln!(output, "{:40} {nanoseconds:12.0} ns", row.name)?;
    }
    Ok(())
}
