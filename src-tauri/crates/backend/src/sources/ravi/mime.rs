//! A mail of Ravi's as MIME, which is what the room of messages takes: Ravi gives its fields, and not the mail itself.

use super::account::text;
use super::files::Fetched;
use api::Millis;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;
use std::time::{Duration, UNIX_EPOCH};

/// How many bytes of text one coded word of a header holds; the word must not be longer than 75 signs.
const WORD: usize = 42;
/// How many bytes one line of a coded part holds: 76 signs.
const LINE: usize = 57;
const BOUNDARY: &str = "lanyard-of-ravi";
const FILES: &str = "lanyard-files-of-ravi";

/// The mail that these fields tell of, with its files; one that is missing is empty.
pub fn mail(message: &Value, at: Millis, files: &[Fetched]) -> Vec<u8> {
    let since = Duration::from_millis(u64::try_from(at).unwrap_or(0));
    let name = text(message, "from_display_name");
    let from = plain(&text(message, "from_email"));
    let from = if name.is_empty() { from } else { format!("{} <{from}>", coded(&name)) };
    let id = plain(&text(message, "message_id"));
    let mut mail = format!(
        "From: {from}\r\nTo: {}\r\nSubject: {}\r\nDate: {}\r\nMIME-Version: 1.0\r\n",
        plain(&text(message, "to_email")),
        coded(&text(message, "subject")),
        httpdate::fmt_http_date(UNIX_EPOCH + since),
    );
    for (name, value) in [("Cc", plain(&text(message, "cc"))), ("Message-ID", id)] {
        if !value.is_empty() {
            mail.push_str(&format!("{name}: {value}\r\n"));
        }
    }
    if !files.is_empty() {
        mail.push_str(&format!("Content-Type: multipart/mixed; boundary=\"{FILES}\"\r\n\r\n--{FILES}\r\n"));
    }
    mail.push_str(&format!("Content-Type: multipart/alternative; boundary=\"{BOUNDARY}\"\r\n\r\n"));
    for (kind, content) in [("plain", text(message, "text_content")), ("html", text(message, "html_content"))]
    {
        if kind == "html" && content.is_empty() {
            continue;
        }
        mail.push_str(&format!(
            "--{BOUNDARY}\r\nContent-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        ));
        push_base64(&mut mail, content.as_bytes());
    }
    mail.push_str(&format!("--{BOUNDARY}--\r\n"));
    for file in files {
        push_file(&mut mail, file);
    }
    if !files.is_empty() {
        mail.push_str(&format!("--{FILES}--\r\n"));
    }
    mail.into_bytes()
}

fn push_file(mail: &mut String, file: &Fetched) {
    let token = |part: &str| {
        !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || "-.+_".contains(c))
    };
    let kind = file.content_type.split(';').next().unwrap_or_default().trim();
    let is_kind = kind.split_once('/').is_some_and(|(main, sub)| token(main) && token(sub));
    let kind = if is_kind { kind } else { "application/octet-stream" };
    let name: String = file.name.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let name = if name.is_empty() { name } else { format!("; filename*=utf-8''{name}") };
    mail.push_str(&format!(
        "--{FILES}\r\nContent-Type: {kind}\r\nContent-Disposition: attachment{name}\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    ));
    push_base64(mail, file.content.as_deref().unwrap_or_default());
}

fn push_base64(mail: &mut String, bytes: &[u8]) {
    for line in bytes.chunks(LINE) {
        mail.push_str(&BASE64_STANDARD.encode(line));
        mail.push_str("\r\n");
    }
}

/// What stands in a header as it is: nothing in it can end the line.
fn plain(value: &str) -> String {
    value.chars().filter(|c| !c.is_control()).collect()
}

/// Any text as coded words, which can hold everything and end no line.
fn coded(value: &str) -> String {
    let mut words: Vec<String> = vec![String::new()];
    for c in value.chars() {
        if words.last().is_some_and(|word| word.len() + c.len_utf8() > WORD) {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.push(c);
        }
    }
    let coded = words.iter().map(|word| format!("=?utf-8?B?{}?=", BASE64_STANDARD.encode(word)));
    coded.collect::<Vec<_>>().join("\r\n ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inbox::mail::read_mail;
    use serde_json::json;

    #[test]
    fn what_is_written_reads_back_and_no_field_ends_its_line() {
        let subject = "Grüße, your code\r\nBcc: evil@x.test ".repeat(5);
        let message = json!({
            "from_email": "shop@x.test\r\nX-Evil: yes", "from_display_name": "Der Läden", "to_email": "ada@x.test",
            "subject": subject, "text_content": "Your code is 551234.\nBye", "html_content": "<p>Your <b>code</b></p>",
            "message_id": "<a@b>",
        });
        let raw = mail(&message, 1_795_249_805_000, &[]);
        assert!(!String::from_utf8_lossy(&raw).contains("\r\nX-Evil") && raw.is_ascii());
        let read = read_mail(&raw);
        assert_eq!((read.message_id.as_deref(), read.date), (Some("a@b"), Some(1_795_249_805_000)));
        assert_eq!(read.text.trim_end(), "Your code is 551234.\nBye");
        assert!(read.subject.starts_with("Grüße, your code") && read.html.is_some());
    }

    #[test]
    fn files_read_back_whatever_they_are_called_and_one_that_is_missing_is_named() {
        let file = |name: &str, content_type: &str, content| Fetched {
            name: name.into(),
            content_type: content_type.into(),
            content,
        };
        let missing = super::super::files::Missing { why: "no".into(), again: false };
        let files = [
            file("Grüße; \"x\".txt", "text/plain", Ok(b"one\r\n--lanyard-files-of-ravi--\r\n".to_vec())),
            file("gone.pdf", "application/pdf\r\nX-Evil: yes", Err(missing)),
            file("", "", Ok(vec![0, 255, 10])),
        ];
        let read = read_mail(&mail(&json!({ "text_content": "Hello" }), 1_795_249_805_000, &files));
        assert_eq!(read.text.trim_end(), "Hello");
        let seen: Vec<_> = read.files.iter().map(|file| (file.name.as_str(), file.bytes.len())).collect();
        assert_eq!((seen.len(), seen[1], seen[2].1), (3, ("gone.pdf", 0), 3), "{seen:?}");
        assert!(seen[0].0.starts_with("Grüße") && read.files[0].bytes.starts_with(b"one"), "{seen:?}");
        assert_eq!(read.files[1].content_type, "application/octet-stream");
    }
}
