//! A letter that is too large to be taken: what is told of it.

/// A letter in the place of one that is too large: its head, and a text that says where the rest is.
pub fn in_place_of(head: &[u8], size: usize) -> Vec<u8> {
    let mut letter = Vec::with_capacity(head.len() + 256);
    let mut kept = true;
    for line in head.split_inclusive(|byte| *byte == b'\n') {
        if line.trim_ascii().is_empty() {
            break;
        }
        // A line that begins with a space goes on with the one before.
        if !line.starts_with(b" ") && !line.starts_with(b"\t") {
            let name = line.split(|byte| *byte == b':').next().unwrap_or_default().to_ascii_lowercase();
            kept = !name.starts_with(b"content-") && name != b"mime-version";
        }
        if kept {
            letter.extend_from_slice(line);
        }
    }
    if !letter.ends_with(b"\n") && !letter.is_empty() {
        letter.extend_from_slice(b"\r\n");
    }
    let megabytes = size / 1_000_000;
    let text = format!(
        "Content-Type: text/plain; charset=utf-8\r\n\r\nThis mail has {megabytes} MB, which is more than Lanyard takes. It is \
         in the mailbox that it came to.\r\n"
    );
    letter.extend_from_slice(text.as_bytes());
    letter
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_that_is_too_large_is_told_of() {
        let head = b"Subject: A film\r\nContent-Type: multipart/mixed;\r\n boundary=x\r\nMIME-Version: 1.0\r\nMessage-ID: <1@x>\r\n\r\n";
        let letter = String::from_utf8(in_place_of(head, 48_000_000)).unwrap();
        assert!(
            letter.starts_with("Subject: A film\r\nMessage-ID: <1@x>\r\nContent-Type: text/plain"),
            "{letter}"
        );
        assert!(letter.contains("\r\n\r\nThis mail has 48 MB") && !letter.contains("boundary"), "{letter}");
        assert!(in_place_of(b"", 1).starts_with(b"Content-Type"));
    }
}
