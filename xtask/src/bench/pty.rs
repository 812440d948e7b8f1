//! A bare PTY, and waiting for a word in what a terminal shows.

use anyhow::Result;
use api::sessions::Size;
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use std::io::{Read, Write};

/// A program in a PTY with nobody between.
pub struct Bare {
    reader: Box<dyn Read + Send>,
    writer: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    buffer: Vec<u8>,
    // The PTY lives as long as its master.
    _master: Box<dyn MasterPty + Send>,
}

impl Bare {
    /// Starts a program in a PTY of the usual size.
    pub fn start(command: CommandBuilder) -> Result<Self> {
        let Size { rows, cols } = Size::DEFAULT;
        let pair = native_pty_system().openpty(PtySize { rows, cols, pixel_width: 0, pixel_height: 0 })?;
        let child = pair.slave.spawn_command(command)?;
        let reader = pair.master.try_clone_reader()?;
        let writer = pair.master.take_writer()?;
        Ok(Self { reader, writer, child, buffer: vec![0; 64 * 1024], _master: pair.master })
    }
}

impl Shows for Bare {
    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        Ok(self.writer.write_all(bytes)?)
    }

    fn read(&mut self) -> Result<&[u8]> {
        match self.reader.read(&mut self.buffer)? {
            0 => anyhow::bail!("the program in the PTY ended"),
            read => Ok(&self.buffer[..read]),
        }
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Something that shows what a program writes, and passes on what is typed.
pub trait Shows {
    /// Types.
    fn write(&mut self, bytes: &[u8]) -> Result<()>;
    /// The next bytes that it shows.
    fn read(&mut self) -> Result<&[u8]>;
}

/// Reads until the word has been shown; returns how many bytes came.
pub fn wait_for(word: &[u8], shows: &mut dyn Shows) -> Result<usize> {
    let mut sought = Sought::new(word);
    let mut count = 0;
    loop {
        let bytes = shows.read()?;
        count += bytes.len();
        if sought.is_in(bytes) {
            return Ok(count);
        }
    }
}

/// A word that may be cut by the border between two reads.
struct Sought<'a> {
    word: &'a [u8],
    tail: Vec<u8>,
}

impl<'a> Sought<'a> {
    fn new(word: &'a [u8]) -> Self {
        Self { word, tail: Vec::new() }
    }

    /// Whether the word stands in the bytes read so far. Only the end of long reads is searched: what
    /// we wait for is the last thing that a program writes before it waits for us.
    fn is_in(&mut self, bytes: &[u8]) -> bool {
        const END: usize = 1024;
        self.tail.extend_from_slice(&bytes[bytes.len().saturating_sub(END)..]);
        let found = self.tail.windows(self.word.len()).any(|window| window == self.word);
        self.tail.drain(..self.tail.len().saturating_sub(self.word.len()));
        found
    }
}

#[cfg(test)]
mod tests {
    use super::Sought;

    #[test]
    fn a_word_is_found_across_two_reads() {
        let mut sought = Sought::new(b"ready");
        assert!(!sought.is_in(b"xx re"));
        assert!(sought.is_in(b"ady yy"));
    }
}
