//! Mails, codes and the mail server survive whatever comes: inputs are made of the corpus by chance.
//!
//! There are three targets: mails, codes and links in text, and conversations with the mail server. Each takes a second,
//! and the chance is always the same, unless `LANYARD_FUZZ_SECONDS` and `LANYARD_FUZZ_SEED` say otherwise: `cargo xtask
//! soak fuzz`. Each input is written to `target/fuzz/TARGET-last` before it is tried, so that one which ends the whole
//! process or never ends can be found; one that breaks a promise is kept beside it.

use backend::inbox::finding::find;
use backend::inbox::mail::read_mail;
use backend::sources::smtp::session::{Ask, Kept, Recipient, Session};
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long one input may take, in a debug build on a busy machine.
const SLOW: Duration = Duration::from_secs(20);
/// The most memory that all of it may take, in MiB.
const MEMORY: u64 = 512;
/// The longest input.
const LONGEST: usize = 256 * 1024;

/// What breaks parsers.
const PIECES: &[&[u8]] = &[
    b"\r\n",
    b"\n\n",
    b"\r",
    b"\0",
    b"\xff\xfe",
    b"=",
    b"=\n",
    b"=?utf-8?B?",
    b"?=",
    b"--",
    b"\t",
    b";",
    b"\"",
    b"Content-Type: message/rfc822\n\n",
    b"Content-Type: multipart/mixed; boundary=b\n\n--b\n",
    b"\n--b--\n",
    b"Content-Type: text/html; charset=iso-2022-jp\n",
    b"Content-Transfer-Encoding: base64\n",
    b"filename*0*=utf-8''%2e%2e%2f",
    b"boundary*=x'y'z",
    b"\x1b$B",
    b"<b>",
    b"<p>",
    b"</b>",
    b"<table><tr><td>",
    b"<a href=\"https://a.example/verify?t=x\">",
    b"<!--",
    b"-->",
    b"<script>",
    b"<![CDATA[",
    b"&#x110000;",
    b"&amp",
    b"https://a.example/",
    b"code: 482913",
    b"482 913",
    b"@a.example #123456",
    "码：٤٨２९".as_bytes(),
    "\u{202e}\u{200b}ﬀİ".as_bytes(),
    b"\r\n.\r\n",
    b"DATA\r\n",
    b"RSET\r\n",
    b"BDAT 5 LAST\r\n",
    b"STARTTLS\r\n",
    b"EHLO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@here>\r\nDATA\r\nSubject: x\r\n\r\ny\r\n.\r\nQUIT\r\n",
];

/// Numbers that are random enough for this: xorshift.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end.max(1) as u64).unwrap_or(0)
    }

    /// A part of it, not too long.
    fn range(&mut self, length: usize) -> std::ops::Range<usize> {
        let start = self.below(length + 1);
        let most = [8, 64, 1024][self.below(3)];
        start..(start + self.below(most)).min(length)
    }

    fn change(&mut self, input: &mut Vec<u8>, seeds: &[Vec<u8>]) {
        let range = self.range(input.len());
        let piece = PIECES[self.below(PIECES.len())];
        match self.below(8) {
            0 => range.for_each(|at| input[at] ^= 1 << (at % 8)),
            1 => drop(input.drain(range)),
            2 => input.truncate(range.start),
            3 => {
                let again = input[range.clone()].repeat(1 + self.below(200));
                input.splice(range.start..range.start, again);
            }
            4 => {
                let other = &seeds[self.below(seeds.len())];
                let part = self.range(other.len());
                input.splice(range, other[part].iter().copied());
            }
            5 => drop(input.splice(range.start..range.start, piece.repeat(1 + self.below(300)))),
            _ => drop(input.splice(range, piece.iter().copied())),
        }
        input.truncate(LONGEST);
    }
}

fn seeds() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../tests/corpus");
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder).expect("the corpus is there").flatten().map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension != "json"));
    paths.sort();
    let mails = paths.iter().map(|path| fs::read(path).expect("a message of the corpus is read"));
    mails.chain(PIECES.iter().map(|piece| piece.to_vec())).collect()
}

fn as_mail(input: &[u8]) {
    let mail = read_mail(input);
    let sure = mail.found.codes.iter().map(|code| code.confidence);
    let links = mail.found.links.iter().map(|link| link.confidence);
    assert!(sure.chain(links).all(|confidence| (0.5..=1.0).contains(&confidence)));
    assert!(mail.found.codes.iter().all(|code| !code.value.contains(char::is_whitespace)));
    assert!(mail.found.links.iter().all(|link| link.url.to_ascii_lowercase().starts_with("http")));
    assert!(mail.files.iter().all(|file| !file.name.contains(['/', '\\', '\0', '\u{202e}'])));
    assert!(!mail.subject.contains(['\n', '\r', '\u{1b}']));
    let html = mail.html.unwrap_or_default().to_ascii_lowercase();
    assert!(["<script", "<img", "<form", "<iframe", "<style"].iter().all(|bad| !html.contains(bad)));
    // A promise that the library broke is kept by us, and is told all the same.
    assert!(!mail.cut.iter().any(|cut| cut.contains("could not")), "{:?}", mail.cut);
}

fn as_text(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let (subject, rest) = text.split_once('\n').unwrap_or((&text, ""));
    find(subject, rest, Some(rest), api::inbox::Medium::Email);
    find("", &text, None, api::inbox::Medium::Sms);
}

/// What came of a conversation: all replies, all letters, and whether it may be compared with another.
#[derive(Debug, Default, PartialEq, Eq)]
struct Said {
    replies: String,
    letters: Vec<(Vec<String>, Vec<u8>)>,
    ended: bool,
    secured: bool,
}

fn said(input: &[u8], piece: usize) -> Said {
    let mut session: Session<String> = Session::new("here", true);
    let mut said = Said::default();
    for chunk in input.chunks(piece) {
        session.hear(chunk);
        while let Some(ask) = session.go_on() {
            match ask {
                Ask::Recipient(address) => session.recipient(Recipient::Known(address)),
                Ask::Keep(letter) => {
                    assert!(!letter.recipients.is_empty());
                    said.letters.push((letter.recipients, letter.text));
                    session.kept(Kept::Yes);
                }
                Ask::StartTls => {
                    said.secured = true;
                    session.secured();
                }
                Ask::End => {
                    said.ended = true;
                    said.replies += &session.replies();
                    return said;
                }
            }
            let replies = session.replies();
            assert!(replies.split_inclusive("\r\n").all(|line| line.ends_with("\r\n") && line.len() <= 512));
            said.replies += &replies;
        }
        said.replies += &session.replies();
    }
    said
}

/// A conversation comes to the same however its bytes come. Not one with STARTTLS, which means another thing when more
/// is said in the same breath.
fn as_conversation(input: &[u8], piece: usize) {
    let (parts, whole) = (said(input, piece), said(input, input.len().max(1)));
    assert!(parts.secured || whole.secured || parts == whole, "in pieces of {piece}");
}

/// The most memory that this process has had, in MiB.
fn most_memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) / 1024
}

/// Tries inputs until the time is up, and tells what it did.
fn tried(target: &str, attempt: impl Fn(&[u8], usize)) {
    let number = |name: &str| std::env::var(name).ok().map(|value| value.parse::<u64>().expect("a number"));
    let time = Duration::from_secs(number("LANYARD_FUZZ_SECONDS").unwrap_or(1));
    let seed = number("LANYARD_FUZZ_SEED").unwrap_or(1) | 1;
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../fuzz");
    fs::create_dir_all(&folder).expect("a folder for inputs");
    let (seeds, mut chance, began) = (seeds(), Chance(seed), Instant::now());
    let (mut tries, mut bytes, mut slowest) = (0_u64, 0_usize, Duration::ZERO);
    while began.elapsed() < time {
        let mut input = seeds[chance.below(seeds.len())].clone();
        for _ in 0..=chance.below(6) {
            chance.change(&mut input, &seeds);
        }
        let piece = 1 + chance.below(300);
        fs::write(folder.join(format!("{target}-last")), &input).expect("an input is kept");
        let start = Instant::now();
        let survived = catch_unwind(AssertUnwindSafe(|| attempt(&input, piece)));
        slowest = slowest.max(start.elapsed());
        if survived.is_err() || start.elapsed() > SLOW || most_memory() > MEMORY {
            let kept = folder.join(format!("{target}-broken-{seed}-{tries}"));
            fs::write(&kept, &input).expect("an input is kept");
            let (took, memory) = (start.elapsed(), most_memory());
            panic!("{target}, seed {seed}, try {tries}, {took:?}, {memory} MiB: kept as {}", kept.display());
        }
        (tries, bytes) = (tries + 1, bytes + input.len());
    }
    assert!(tries > 0, "{target}: nothing was tried");
    let (seconds, memory, megabytes) = (time.as_secs(), most_memory(), bytes / 1_000_000);
    println!(
        "{target}: {tries} inputs ({megabytes} MB) survived in {seconds} s, the slowest took {slowest:?}; \
         at most {memory} MiB of memory; seed {seed}"
    );
}

#[test]
fn mails_are_survived() {
    tried("mails", |input, _| as_mail(input));
}

#[test]
fn texts_with_codes_and_links_are_survived() {
    tried("codes", |input, _| as_text(input));
}

#[test]
fn conversations_with_the_mail_server_are_survived() {
    tried("conversations", as_conversation);
}
