//! Mails as they should be, and as they should not.

use super::*;
use std::time::{Duration, Instant};

/// How long any mail may take here: a debug build on a busy machine, and still not for ever.
const SLOW: Duration = Duration::from_secs(30);

fn read(raw: &[u8]) -> Mail {
    let began = Instant::now();
    let mail = read_mail(raw);
    assert!(began.elapsed() < SLOW, "{} bytes took {:?}", raw.len(), began.elapsed());
    mail
}

#[test]
fn a_usual_mail_is_understood() {
    let raw = b"Message-ID: <1@a>\r\nIn-Reply-To: <0@a>\r\nReferences: <z@a> <0@a>\r\n\
        From: =?utf-8?Q?R=C3=B3sa?= <rosa@a.example>\r\nReply-To: Desk <desk@a.example>\r\n\
        To: Ada <ada@b.example>, bob@b.example\r\nCc: c@b.example\r\nDate: Sat, 14 Mar 2026 10:44:31 +0100\r\n\
        Subject: =?utf-8?B?w4RuZGVydW5n?=\r\n =?utf-8?Q?_=E2=9C=93?=\r\nMIME-Version: 1.0\r\n\
        Content-Type: multipart/mixed; boundary=\"b 1\"\r\n\r\npreamble\r\n--b 1\r\n\
        Content-Type: multipart/alternative; boundary=b2\r\n\r\n--b2\r\n\
        Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
        caf=E9 =\r\nau lait\r\n--b2\r\nContent-Type: text/html; charset=utf-8\r\n\
        Content-Transfer-Encoding: base64\r\n\r\nPHA+Y2Fmw6k8L3A+\r\n--b2--\r\n--b 1\r\n\
        Content-Type: application/pdf\r\nContent-Disposition: attachment; filename*=utf-8''..%2F%C3%A4.pdf\r\n\r\n%PDF\r\n\
        --b 1--\r\nepilogue\r\n";
    let mail = read(raw);
    assert_eq!(mail.message_id.as_deref(), Some("1@a"));
    assert_eq!(mail.references, ["z@a", "0@a"]);
    let from = Party { name: Some("Rósa".into()), address: "rosa@a.example".into() };
    assert_eq!((mail.from, mail.reply_to.as_deref()), (Some(from), Some("desk@a.example")));
    assert_eq!(mail.to, ["ada@b.example", "bob@b.example"]);
    assert_eq!(mail.cc, ["c@b.example"]);
    assert_eq!(mail.subject, "Änderung ✓");
    assert_eq!(mail.text, "café au lait");
    assert_eq!(mail.html.as_deref(), Some("<p>café</p>"));
    let file =
        File { name: "ä.pdf".into(), content_type: "application/pdf".into(), bytes: b"%PDF".to_vec() };
    assert_eq!(mail.files, [file]);
    assert_eq!((mail.date, mail.auto, mail.cut.len()), (Some(1_773_481_471_000), false, 0));
}

#[test]
fn text_is_made_of_html_where_there_is_none() {
    let mail = read(b"Content-Type: text/html\n\n<p>Hi<br>you</p><a href='https://a.example/'>Go</a>");
    assert_eq!(mail.text, "Hi\nyou\nGo <https://a.example/>");
}

#[test]
fn charsets_that_are_wrong_or_unknown_still_give_text() {
    let text = |charset: &str, bytes: &[u8]| {
        read(&[b"Content-Type: text/plain; charset=", charset.as_bytes(), b"\n\n", bytes].concat()).text
    };
    assert_eq!(text("iso-2022-jp", b"\x1b$BG'>Z\x1b(B 12"), "認証 12");
    assert_eq!(text("windows-1251", b"\xca\xee\xe4"), "Код");
    assert_eq!(text("gb2312", b"\xd1\xe9\xd6\xa4\xc2\xeb"), "验证码");
    assert_eq!(text("x-no-such", "Käse".as_bytes()), "Käse");
    assert_eq!(text("utf-8", b"K\xe4se"), "Käse");
    assert_eq!(text("us-ascii", "Käse".as_bytes()), "Käse");
    // Half a letter is none, and no harm.
    assert!(text("utf-16", b"\xff").chars().count() <= 1);
}

#[test]
fn broken_encodings_give_what_can_be_had() {
    let body = |encoding: &str, body: &str| {
        read(format!("Content-Transfer-Encoding: {encoding}\n\n{body}").as_bytes()).text
    };
    assert_eq!(body("base64", "SGVs*bG8-gd29ybG"), "Hello wor");
    assert_eq!(body("quoted-printable", "a=ZZb=3Dc=\nd="), "a=ZZb=cd=");
    assert_eq!(body("x-none", "a=3D"), "a=3D");
}

#[test]
fn nested_bombs_end() {
    let messages = "Content-Type: message/rfc822\n\n".repeat(200_000);
    assert_eq!(read(messages.as_bytes()).files.len(), 1);
    let digests: String =
        (0..50_000).map(|i| format!("Content-Type: multipart/digest; boundary=b{i}\n\n--b{i}\n\n")).collect();
    assert!(!read(digests.as_bytes()).cut.is_empty());
    let deep: String =
        (0..50_000).map(|i| format!("Content-Type: multipart/mixed; boundary=b{i}\n\n--b{i}\n")).collect();
    assert!(read(format!("{deep}\n\nhello").as_bytes()).cut.iter().any(|cut| cut.contains("deeper")));
    let many = "--b\nContent-Type: multipart/mixed; boundary=none\n\n".repeat(100_000);
    read(format!("Content-Type: multipart/mixed; boundary=b\n\n{many}").as_bytes());
    let parts = "--b\nContent-Type: text/plain; name=a\n\nx\n".repeat(100_000);
    let mail = read(format!("Content-Type: multipart/mixed; boundary=b\n\n{parts}--b--").as_bytes());
    assert_eq!((mail.files.len(), mail.cut.len()), (FILES_MAX, 2), "{:?}", mail.cut);
}

#[test]
fn headers_without_end_end() {
    for line in [
        "X: y\n",
        "Subject: a\n",
        "To: a@b,\n c@d,\n",
        "Received: from a by b; x\n",
        ":\n",
        "\r",
        "\0",
        "References: <a@b>\n",
    ] {
        let mail = read(line.repeat(3_000_000 / line.len()).as_bytes());
        assert!(mail.to.len() <= ADDRESSES_MAX && mail.subject.chars().count() <= LINE_MAX);
    }
    let long = read(format!("Subject: {}\n\nx", "=?utf-8?Q?a?= ".repeat(100_000)).as_bytes());
    assert!(long.subject.starts_with("aaa"));
}

#[test]
fn a_mail_of_thirty_megabytes_keeps_its_file() {
    let line = format!("{}\r\n", "QUJD".repeat(19));
    let body = line.repeat(30 * 1024 * 1024 / line.len());
    let raw = format!(
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nYour code is 482913\r\n--b\r\n\
         Content-Type: application/zip\r\nContent-Transfer-Encoding: base64\r\n\r\n{body}--b--\r\n"
    );
    let mail = read(raw.as_bytes());
    assert_eq!(mail.found.codes[0].value, "482913");
    assert_eq!(mail.files[0].bytes.len(), body.lines().count() * 57);
    let text = read(format!("\n\n{}", "word ".repeat(6 * 1024 * 1024)).as_bytes());
    assert!(text.text.len() <= TEXT_MAX && !text.cut.is_empty());
    let html = read(format!("Content-Type: text/html\n\n{}", "<p>word ".repeat(4 * 1024 * 1024)).as_bytes());
    assert!(html.html.is_some_and(|html| html.len() < 3 * TEXT_MAX) && !html.cut.is_empty());
}

#[test]
fn what_is_hardly_a_mail_is_one() {
    for raw in [&b""[..], b"\0", b"\n\n", b"\r", b"a", b"\xff\xfe", b"Content-Type:", b"Subject", b"--\n--\n"]
    {
        read(raw);
    }
    assert_eq!(read(b"Subject: x\r\rlone carriage returns\rhere").files.len(), 0);
    assert_eq!(read(b"Content-Type: multipart/mixed\n\nno boundary").text, "no boundary");
    assert_eq!(read(b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nno end").text, "no end");
    assert!(read(b"Auto-Submitted: auto-replied\n\nx").auto && read(b"Precedence: bulk\n\nx").auto);
    assert!(!read(b"Auto-Submitted: no\n\nx").auto);
}

#[test]
fn forged_headers_stay_words() {
    let mail = read(
        b"From: \"a\\\r\n b\" <a@b>\nSubject: =?utf-8?Q?x=0D=0ABcc:_e@f?=\nMessage-ID: <a\x1b[2J@b>\n\nx",
    );
    assert_eq!(mail.subject, "x Bcc: e@f");
    assert!(!mail.message_id.unwrap_or_default().contains('\u{1b}'));
}
