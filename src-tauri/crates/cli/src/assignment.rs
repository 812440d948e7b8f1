//! What an agent shall do: as text on the command line, from a file, or from standard input.

use crate::failure::{Failure, Result};
use api::sessions::PROMPT_MAX;
use std::io::{self, Read};
use std::path::PathBuf;

/// The two ways to say it.
#[derive(Debug, Default, clap::Args)]
pub struct Assignment {
    /// What the agent shall do
    #[arg(long, value_name = "TEXT", conflicts_with_all = ["prompt_file", "command"])]
    prompt: Option<String>,
    /// The file that says what the agent shall do; - is standard input
    #[arg(long, value_name = "FILE", conflicts_with = "command")]
    prompt_file: Option<PathBuf>,
}

impl Assignment {
    /// The text, if there is one.
    pub fn text(self) -> Result<Option<String>> {
        let Some(file) = self.prompt_file else { return Ok(self.prompt) };
        let read = match file.as_os_str() == "-" {
            true => read(io::stdin().lock()),
            false => std::fs::File::open(&file).and_then(read),
        };
        read.map(Some).map_err(|e| Failure::system(&format!("reading {}", file.display()), e))
    }
}

/// Reads a text without its last line's end. One byte too many is enough for the daemon to say that it is too long.
fn read(from: impl Read) -> io::Result<String> {
    let mut text = String::new();
    from.take(PROMPT_MAX as u64 + 2).read_to_string(&mut text)?;
    Ok(text.trim_end_matches(['\r', '\n']).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_as_far_as_a_prompt_may_be_long() {
        assert_eq!(read(&b"Fix it.\nAll of it.\n\n"[..]).unwrap(), "Fix it.\nAll of it.");
        assert!(read(&vec![b'x'; PROMPT_MAX * 2][..]).unwrap().len() > PROMPT_MAX);
    }
}
