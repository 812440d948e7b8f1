//! JSON that may hold a secret: written into one buffer that is wiped when dropped.

use anyhow::Result;
use serde::Serialize;
use zeroize::Zeroizing;

/// Bytes that are wiped when dropped.
pub type Body = Zeroizing<Vec<u8>>;

/// The value as JSON, in one buffer that is large enough: a growing one would leave pieces of a secret behind.
pub fn json<T: Serialize>(value: &T) -> Result<Body> {
    let mut counter = Counter(0);
    serde_json::to_writer(&mut counter, value)?;
    let mut body = Zeroizing::new(Vec::with_capacity(counter.0));
    serde_json::to_writer(&mut *body, value)?;
    Ok(body)
}

struct Counter(usize);

impl std::io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
