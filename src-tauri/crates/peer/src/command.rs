//! The command line of a process, as it tells it itself.

use std::fs::File;
use std::io::{self, Read};

/// How much of a command line is read, in bytes.
const BYTES_MAX: u64 = 4096;
/// How many arguments are told.
const ARGUMENTS_MAX: usize = 64;

/// The beginning of a process's command line. A process can write there what it likes.
pub(crate) fn command_line(pid: u32) -> io::Result<Vec<String>> {
    let mut bytes = Vec::new();
    File::open(format!("/proc/{pid}/cmdline"))?.take(BYTES_MAX).read_to_end(&mut bytes)?;
    let text = bytes.strip_suffix(b"\0").unwrap_or(&bytes);
    let arguments = text.split(|byte| *byte == 0).take(ARGUMENTS_MAX);
    Ok(arguments.map(|argument| String::from_utf8_lossy(argument).into_owned()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::process::{Command, Stdio};

    #[test]
    fn a_command_line_is_read_up_to_its_bounds() {
        let long = "x".repeat(10_000);
        let mut cat = Command::new("cat");
        let mut child = cat.args(["-", &long]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        // A program has no command line yet in the moment that it begins: one that answers has.
        child.stdin.as_mut().unwrap().write_all(b"x").unwrap();
        child.stdout.as_mut().unwrap().read_exact(&mut [0]).unwrap();
        let line = command_line(child.id()).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(line[..2], ["cat", "-"]);
        assert_eq!(line.iter().map(String::len).sum::<usize>() + 2, 4096);
    }
}
