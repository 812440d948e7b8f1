//! A mail of Ravi's as MIME, which is what the room of messages takes: Ravi gives its fields, and not the mail itself.

use super::account::text;
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

/// The mail that these fields tell of.
pub fn mail(message: &Value, at: Millis) -> Vec<u8> {
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
    mail.push_str(&format!("Content-Type: multipart/alternative; boundary=\"{BOUNDARY}\"\r\n\r\n"));
    for (kind, content) in [("plain", text(message, "text_content")), ("html", text(message, "html_content"))]
    {
        if kind == "html" && content.is_empty() {
            continue;
        }
        mail.push_str(&format!(
            "--{BOUNDARY}\r\nContent-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        ));
        for line in content.as_bytes().chunks(LINE) {
            mail.push_str(&BASE64_STANDARD.encode(line));
            mail.push_str("\r\n");
        }
    }
    mail.push_str(&format!("--{BOUNDARY}--\r\n"));
    mail.into_bytes()
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
        let raw = mail(&message, 1_795_249_805_000);
        assert!(!String::from_utf8_lossy(&raw).contains("\r\nX-Evil") && raw.is_ascii());
        let read = read_mail(&raw);
        assert_eq!((read.message_id.as_deref(), read.date), (Some("a@b"), Some(1_795_249_805_000)));
        assert_eq!(read.text.trim_end(), "Your code is 551234.\nBye");
        assert!(read.subject.starts_with("Grüße, your code") && read.html.is_some());
    }
}
