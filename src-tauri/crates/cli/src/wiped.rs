//! A growing buffer that leaves nothing behind: what it held is wiped when it grows and when it is dropped.

use std::io;
use zeroize::{Zeroize, Zeroizing};

/// Bytes that may hold a secret. An ordinary vector would leave old copies in freed memory as it grows.
pub struct Wiped {
    bytes: Zeroizing<Vec<u8>>,
}

impl Wiped {
    /// An empty buffer with room for `capacity` bytes.
    pub fn new(capacity: usize) -> Self {
        Self { bytes: Zeroizing::new(Vec::with_capacity(capacity)) }
    }

    /// What it holds.
    pub fn as_slice(&self) -> &[u8] {
        &self.bytes
    }

    /// Makes room for `more` bytes, by moving to a new place and wiping the old one.
    fn reserve(&mut self, more: usize) {
        let needed = self.bytes.len() + more;
        if needed > self.bytes.capacity() {
            let mut grown = Vec::with_capacity(needed.next_power_of_two());
            grown.extend_from_slice(&self.bytes);
            self.bytes = Zeroizing::new(grown);
        }
    }

    /// Appends `bytes`.
    pub fn push(&mut self, bytes: &[u8]) {
        self.reserve(bytes.len());
        self.bytes.extend_from_slice(bytes);
    }

    /// Appends what one read of at most `most` bytes gives, and says how much that was.
    pub fn fill(&mut self, source: &mut impl io::Read, most: usize) -> io::Result<usize> {
        self.reserve(most);
        let start = self.bytes.len();
        self.bytes.resize(start + most, 0);
        let read = source.read(&mut self.bytes[start..]);
        self.bytes.truncate(start + *read.as_ref().unwrap_or(&0));
        read
    }

    /// Takes the first `count` bytes away.
    pub fn consume(&mut self, count: usize) {
        let left = self.bytes.len() - count;
        self.bytes.copy_within(count.., 0);
        self.bytes[left..].zeroize();
        self.bytes.truncate(left);
    }

    /// Takes the last character away.
    pub fn pop(&mut self) {
        let last = self.bytes.iter().rposition(|byte| byte & 0xC0 != 0x80).unwrap_or(0);
        self.bytes[last..].zeroize();
        self.bytes.truncate(last);
    }
}

impl io::Write for Wiped {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.push(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_keeps_what_it_held_as_it_grows() {
        let mut buffer = Wiped::new(2);
        buffer.push(b"abc");
        buffer.fill(&mut &b"defgh"[..], 4).unwrap();
        assert_eq!(buffer.as_slice(), b"abcdefg");
        buffer.consume(3);
        assert_eq!(buffer.as_slice(), b"defg");
    }

    #[test]
    fn taking_the_last_character_away_takes_all_its_bytes() {
        let mut buffer = Wiped::new(8);
        buffer.push("aé".as_bytes());
        buffer.pop();
        assert_eq!(buffer.as_slice(), b"a");
        buffer.pop();
        buffer.pop();
        assert_eq!(buffer.as_slice(), b"");
    }
}
