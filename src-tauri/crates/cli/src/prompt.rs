//! Asks the person at the terminal: for a word that must not be seen, or for a yes.

use crate::failure::{Failure, Result};
use crate::terminal::Mode;
use crate::wiped::Wiped;
use api::{Code, Error, SecretText};
use rustix::termios::{LocalModes, SpecialCodeIndex};
use std::io::{self, Read, Write};

/// What a typed byte means while nothing is echoed.
const CTRL_C: u8 = 3;
const CTRL_D: u8 = 4;
const CTRL_U: u8 = 21;
const BACKSPACE: [u8; 2] = [8, 127];

/// Asks on standard error, and reads one line from the terminal without showing it.
pub fn hidden(question: &str) -> Result<SecretText> {
    // The mode comes first: whatever is typed from the first letter of the question on stays unseen. Keys
    // are read one by one, since the kernel would cut a line at 4095 bytes.
    let mode = Mode::enter(
        |settings| {
            settings.local_modes -= LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG;
            settings.special_codes[SpecialCodeIndex::VMIN] = 1;
            settings.special_codes[SpecialCodeIndex::VTIME] = 0;
        },
        b"",
    )?;
    say(question)?;
    let typed = typed_line(&mut io::stdin().lock());
    drop(mode);
    say("\n")?;
    text(typed?)
}

/// Asks a question that only a yes lets pass.
pub fn confirm(question: &str) -> Result<()> {
    say(&format!("{question} [y/N] "))?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer).map_err(|e| Failure::system("reading your answer", e))?;
    match answer.trim().to_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(Error::new(Code::Unconfirmed, "nothing was done").into()),
    }
}

/// Shows text on standard error, where it is seen although the output goes elsewhere.
pub fn say(text: &str) -> Result<()> {
    let mut err = io::stderr().lock();
    err.write_all(text.as_bytes()).and_then(|()| err.flush()).map_err(|e| Failure::system("asking you", e))
}

/// Reads all of standard input up to `most` bytes, without one newline at its end.
pub fn piped(most: usize) -> Result<SecretText> {
    read_text(&mut io::stdin().lock(), "standard input", most)
}

/// Reads all of a file, or of what else `called` is, in the same way.
pub fn read_text(input: &mut impl Read, called: &str, most: usize) -> Result<SecretText> {
    let mut read = Wiped::new(4096);
    // One byte too many is enough for the daemon to say that it is too long.
    while read.as_slice().len() < most + 2 {
        let room = (most + 2 - read.as_slice().len()).min(16 * 1024);
        match read.fill(input, room) {
            Ok(0) => break,
            Ok(_) => {}
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(Failure::system(&format!("reading {called}"), e)),
        }
    }
    if read.as_slice().ends_with(b"\n") {
        read.pop();
    }
    text(read)
}

fn typed_line(input: &mut impl Read) -> Result<Wiped> {
    let mut line = Wiped::new(256);
    let mut byte = [0];
    loop {
        let read = input.read(&mut byte).map_err(|e| Failure::system("reading what you type", e))?;
        match byte[0] {
            _ if read == 0 => break,
            b'\n' | b'\r' => break,
            CTRL_D if line.as_slice().is_empty() => break,
            CTRL_C => return Err(Error::new(Code::Unconfirmed, "nothing was done").into()),
            CTRL_U => line.consume(line.as_slice().len()),
            typed if BACKSPACE.contains(&typed) => line.pop(),
            typed => line.push(&[typed]),
        }
    }
    Ok(line)
}

fn text(bytes: Wiped) -> Result<SecretText> {
    // EXPOSE: what was read becomes the type that cannot be printed.
    std::str::from_utf8(bytes.as_slice()).map(|text| SecretText::new(text.to_string())).map_err(|_| {
        Error::invalid("the value is not UTF-8 text")
            .hint("encode binary data, for example with base64")
            .into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(keys: &[u8]) -> Result<String> {
        typed_line(&mut &keys[..]).and_then(text).map(|t| t.expose().to_string())
    }

    #[test]
    fn a_hidden_line_can_be_corrected_and_given_up() {
        assert_eq!(typed(b"abx\x7fc\nrest").unwrap(), "abc");
        assert_eq!(typed("é\x7fok\r".as_bytes()).unwrap(), "ok");
        assert_eq!(typed(b"wrong\x15right\n").unwrap(), "right");
        assert_eq!(typed(b"\x04").unwrap(), "");
        assert_eq!(typed(b"abc\x03").unwrap_err().told(false).unwrap(), "lanyard: nothing was done");
    }

    #[test]
    fn piped_text_loses_one_newline_and_no_more() {
        let read =
            |bytes: &[u8], most| read_text(&mut &bytes[..], "it", most).map(|t| t.expose().to_string());
        assert_eq!(read(b"ghp_1\n", 100).unwrap(), "ghp_1");
        assert_eq!(read(b"ghp_1\n\n", 100).unwrap(), "ghp_1\n");
        assert_eq!(read(&[b'x'; 1000], 10).unwrap().len(), 12, "an endless input is not read to its end");
        assert!(read(b"\xff", 10).is_err());
    }
}
