//! The receiving half of an HTTP/1.1 connection: heads and bodies cut out of a byte stream.

use std::io::{self, Read};
use std::net::TcpStream;

/// Header fields in the order received, duplicates kept, values as raw bytes.
pub type Fields = Vec<(String, Vec<u8>)>;

/// How the end of a body is found (RFC 9112 §6.3).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum BodyLength {
    Known(usize),
    Chunked,
    UntilClose,
}

/// Bytes that arrived on a connection and were not consumed yet.
pub struct Incoming {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Incoming {
    pub fn new(stream: TcpStream) -> Self {
        Self { stream, buffer: Vec::new() }
    }

    pub fn stream(&mut self) -> &mut TcpStream {
        &mut self.stream
    }

    /// Reads until `parse` recognises a head; `None` when the peer closes before the first byte.
    ///
    /// # Errors
    /// `InvalidData` for a malformed head, `UnexpectedEof` for half a head, else the socket's own.
    pub fn head<T>(
        &mut self,
        parse: impl Fn(&[u8]) -> Result<Option<(usize, T)>, httparse::Error>,
    ) -> io::Result<Option<T>> {
        loop {
            match parse(&self.buffer)
                .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?
            {
                Some((length, head)) => {
                    self.buffer.drain(..length.min(self.buffer.len()));
                    return Ok(Some(head));
                }
                None if self.fill()? => {}
                None if self.buffer.is_empty() => return Ok(None),
                None => return Err(io::ErrorKind::UnexpectedEof.into()),
            }
        }
    }

    /// Reads one whole body.
    ///
    /// # Errors
    /// `UnexpectedEof` if the peer closes early, `InvalidData` for a malformed chunk, else the socket's own.
    pub fn body(&mut self, length: BodyLength) -> io::Result<Vec<u8>> {
        match length {
            BodyLength::Known(length) => self.take(length),
            BodyLength::Chunked => self.chunks(),
            BodyLength::UntilClose => {
                while self.fill()? {}
                Ok(std::mem::take(&mut self.buffer))
            }
        }
    }

    fn chunks(&mut self) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let size = self.chunk_size()?;
            body.extend(self.take(size)?);
            self.take(2)?;
            if size == 0 {
                return Ok(body);
            }
        }
    }

    fn chunk_size(&mut self) -> io::Result<usize> {
        loop {
            match httparse::parse_chunk_size(&self.buffer) {
                Ok(httparse::Status::Complete((consumed, size))) => {
                    self.take(consumed)?;
                    return usize::try_from(size).map_err(|_| io::ErrorKind::InvalidData.into());
                }
                Ok(httparse::Status::Partial) if self.fill()? => {}
                Ok(httparse::Status::Partial) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Err(_) => {
                    return Err(io::Error::new(io::ErrorKind::InvalidData, "malformed chunk size"));
                }
            }
        }
    }

    fn take(&mut self, length: usize) -> io::Result<Vec<u8>> {
        while self.buffer.len() < length {
            if !self.fill()? {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(self.buffer.drain(..length).collect())
    }

    /// Waits for more bytes; false at the end of the stream.
    fn fill(&mut self) -> io::Result<bool> {
        let mut piece = [0; 16 * 1024];
        let count = self.stream.read(&mut piece)?;
        self.buffer.extend(piece.iter().take(count));
        Ok(count > 0)
    }
}

/// Copies what httparse found.
pub fn owned_fields(fields: &[httparse::Header<'_>]) -> Fields {
    fields.iter().map(|field| (field.name.to_owned(), field.value.to_vec())).collect()
}

/// The body's length as the fields state it; `otherwise` when they are silent.
pub fn body_length(fields: &Fields, otherwise: BodyLength) -> BodyLength {
    if first(fields, "transfer-encoding")
        .is_some_and(|coding| coding.eq_ignore_ascii_case(b"chunked"))
    {
        return BodyLength::Chunked;
    }
    first(fields, "content-length")
        .and_then(|length| std::str::from_utf8(length).ok()?.parse().ok())
        .map_or(otherwise, BodyLength::Known)
}

/// The first value of a field, whatever the case of its name.
pub fn first<'a>(fields: &'a Fields, name: &str) -> Option<&'a [u8]> {
    fields
        .iter()
        .find(|(field, _)| field.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.as_slice())
}

/// How many fields one message may have; a test that sends more than this is wrong about what it tests.
pub const MAX_FIELDS: usize = 256;
