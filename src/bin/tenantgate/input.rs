//! Reading files, and the input in the place of one.

use std::fs::File;
use std::io::{self, Read};

use crate::failure::Failure;

/// Reads what the arguments name. The input can be read once.
#[derive(Default)]
pub struct Input {
    is_taken: bool,
}

impl Input {
    /// The name of a file in findings, and what it holds; `-` is the input. Of a file that is too long to
    /// be used, a little more than can be.
    pub fn read(&mut self, file: &str) -> Result<(String, Vec<u8>), Failure> {
        let failure = |error| Failure::Read { file: file.to_owned(), error };
        let mut bytes = Vec::new();
        if file == "-" {
            self.take()?;
            read(io::stdin(), &mut bytes).map_err(failure)?;
            return Ok(("<stdin>".to_owned(), bytes));
        }
        read(File::open(file).map_err(failure)?, &mut bytes).map_err(failure)?;
        Ok((file.to_owned(), bytes))
    }

    fn take(&mut self) -> Result<(), Failure> {
        if self.is_taken {
            let words = "`-` stands in several places, and the input can be read once";
            return Err(Failure::Argument(words.to_owned()));
        }
        self.is_taken = true;
        Ok(())
    }
}

fn read(from: impl Read, bytes: &mut Vec<u8>) -> io::Result<()> {
    from.take(tenantgate::tool::SIZE_LIMIT.saturating_add(1)).read_to_end(bytes)?;
    Ok(())
}
