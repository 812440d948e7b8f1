//! A mail's parts, told apart in one pass, so that neither depth nor number nor a missing end costs more than that.

use mail_parser::MimeHeaders;
use mail_parser::decoders::base64::base64_decode;
use mail_parser::decoders::quoted_printable::quoted_printable_decode;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// How deep parts are looked for in parts, and how many there may be.
const DEPTH_MAX: usize = 20;
const PARTS_MAX: usize = 1_000;
/// The longest header of a part, in bytes, and the longest boundary.
const HEADER_MAX: usize = 16 * 1024;
const BOUNDARY_MAX: usize = 200;

/// How a part is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Encoding {
    #[default]
    None,
    Base64,
    QuotedPrintable,
}

/// A part that holds no others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Part<'a> {
    main: String,
    sub: String,
    /// The charset that it names.
    pub charset: Option<String>,
    /// The file's name that it gives.
    pub name: Option<String>,
    /// Whether it is a file, and not to be read in its place.
    pub attached: bool,
    encoding: Encoding,
    body: &'a [u8],
}

/// What a part's header says.
#[derive(Default)]
struct Said<'a> {
    part: Part<'a>,
    boundary: Option<Vec<u8>>,
}

impl Part<'_> {
    /// Whether it is of this type.
    pub fn is(&self, main: &str, sub: &str) -> bool {
        self.main == main && self.sub == sub
    }

    /// Its type.
    pub fn kind(&self) -> String {
        format!("{}/{}", self.main, self.sub)
    }

    /// What is in it; of a text a little more than is kept, so that what is cut can be told.
    pub fn decoded(&self, is_text: bool, kept: usize) -> Vec<u8> {
        let most = if is_text { kept.saturating_mul(4) } else { usize::MAX };
        let body = &self.body[..self.body.len().min(most)];
        match self.encoding {
            Encoding::None => body.to_vec(),
            Encoding::Base64 => base64_decode(body).unwrap_or_else(|| base64_of_what_is_left(body)),
            Encoding::QuotedPrintable => {
                quoted_printable_decode(body).unwrap_or_else(|| quoted_printable_as_it_is(body))
            }
        }
    }
}

/// Broken base64: what is no letter of it is left out, and it ends with the last whole group.
fn base64_of_what_is_left(body: &[u8]) -> Vec<u8> {
    let letter = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    let mut letters: Vec<u8> = body.iter().copied().filter(letter).collect();
    letters.truncate(letters.len() / 4 * 4);
    base64_decode(&letters).unwrap_or_default()
}

/// Broken quoted-printable: what is no escape stays as it is.
fn quoted_printable_as_it_is(body: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(body.len());
    let mut at = 0;
    let hex = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
    while let Some(&byte) = body.get(at) {
        let rest = &body[at + 1..];
        match (byte, hex(rest.first()), hex(rest.get(1))) {
            (b'=', Some(high), Some(low)) => {
                decoded.push(u8::try_from(high * 16 + low).unwrap_or(b'?'));
                at += 3;
            }
            (b'=', ..) if rest.starts_with(b"\r\n") => at += 3,
            (b'=', ..) if rest.starts_with(b"\n") => at += 2,
            _ => {
                decoded.push(byte);
                at += 1;
            }
        }
    }
    decoded
}

/// A mail or a part as its header and its body.
pub fn split(raw: &[u8]) -> (&[u8], &[u8]) {
    let mut at = 0;
    for line in raw.split_inclusive(|byte| *byte == b'\n') {
        let start = at;
        at += line.len();
        if line.iter().all(|byte| matches!(byte, b'\r' | b'\n')) {
            return (&raw[..start], &raw[at..]);
        }
    }
    (raw, &[])
}

/// The parts of a mail that hold no others, in order, and what was left out.
pub fn parts(raw: &[u8]) -> (Vec<Part<'_>>, Vec<String>) {
    let mut walk = Walk { raw, open: Vec::new(), parts: Vec::new(), cut: Vec::new() };
    let body = walk.begin(0);
    walk.go(body);
    (walk.parts, walk.cut)
}

/// The way through a mail: one look at each line.
struct Walk<'a> {
    raw: &'a [u8],
    /// The boundaries that are looked for, the innermost last.
    open: Vec<Vec<u8>>,
    parts: Vec<Part<'a>>,
    cut: Vec<String>,
}

impl<'a> Walk<'a> {
    /// Reads the header that begins here. A part with parts opens its boundary; any other is one of ours, its end yet
    /// unknown. Tells where the body begins.
    fn begin(&mut self, start: usize) -> usize {
        let raw = self.raw;
        let (header, body) = split(&raw[start..]);
        let at = raw.len() - body.len();
        let said = said(&header[..header.len().min(HEADER_MAX)]);
        match said.boundary {
            Some(boundary) if self.open.len() < DEPTH_MAX => self.open.push(boundary),
            Some(_) => self.note(format!("parts deeper than {DEPTH_MAX}")),
            None if self.parts.len() < PARTS_MAX => {
                // It ends at once, until its end is found.
                self.parts.push(Part { body: &raw[at..at], ..said.part });
            }
            None => self.note(format!("parts beyond {PARTS_MAX}")),
        }
        at
    }

    fn note(&mut self, what: String) {
        if !self.cut.contains(&what) {
            self.cut.push(what);
        }
    }

    fn go(&mut self, body: usize) {
        let raw = self.raw;
        let mut at = body;
        // The part whose body this is, if it is one of ours, and where that began.
        let mut current = (!self.parts.is_empty()).then_some(body);
        while at < raw.len() {
            let end = memchr::memchr(b'\n', &raw[at..]).map_or(raw.len(), |end| at + end + 1);
            let line = raw[at..end].trim_ascii_end();
            let start = std::mem::replace(&mut at, end);
            let Some((depth, closes)) = self.boundary(line) else { continue };
            self.end(current.take(), start);
            self.open.truncate(depth + usize::from(!closes));
            if closes {
                continue;
            }
            let (known, opened) = (self.parts.len(), self.open.len());
            at = self.begin(end).max(end);
            current = (self.parts.len() > known).then_some(at);
            // What is too deep or too much is passed over, up to the next boundary.
            debug_assert!(self.open.len() <= opened + 1);
        }
        self.end(current, raw.len());
    }

    /// Gives the last part its body: the line break before a boundary belongs to the boundary.
    fn end(&mut self, began: Option<usize>, end: usize) {
        let raw = self.raw;
        if let (Some(began), Some(part)) = (began, self.parts.last_mut()) {
            let body = &raw[began..end.max(began)];
            let body = if end < raw.len() { body.strip_suffix(b"\n").unwrap_or(body) } else { body };
            part.body = body.strip_suffix(b"\r").unwrap_or(body);
        }
    }

    /// Whether a line is a boundary that is looked for: how deep it is, and whether it is the last of its own.
    fn boundary(&self, line: &[u8]) -> Option<(usize, bool)> {
        let line = line.strip_prefix(b"--")?;
        let fits = |boundary: &Vec<u8>| -> Option<bool> {
            let rest = line.strip_prefix(boundary.as_slice())?;
            let ends = rest.strip_prefix(b"--").is_some_and(|rest| rest.trim_ascii().is_empty());
            (ends || rest.trim_ascii().is_empty()).then_some(ends)
        };
        self.open.iter().enumerate().rev().find_map(|(depth, boundary)| Some((depth, fits(boundary)?)))
    }
}

/// What a header says of its part. One that cannot be read says nothing, and its part is text.
fn said<'a>(header: &[u8]) -> Said<'a> {
    let mut said =
        Said { part: Part { main: "text".into(), sub: "plain".into(), ..Part::default() }, boundary: None };
    // The library promises not to panic; if it does, what was read by then is what there is.
    let _unread = catch_unwind(AssertUnwindSafe(|| super::headers(header, |message| said.read(message))));
    said
}

impl Said<'_> {
    fn read(&mut self, message: &mail_parser::Message) {
        let part = &mut self.part;
        if let Some(kind) = message.content_type() {
            part.main = word(kind.ctype());
            part.sub =
                word(kind.subtype().unwrap_or(if part.main == "text" { "plain" } else { "octet-stream" }));
            part.charset = kind.attribute("charset").map(str::to_string);
            let boundary = kind.attribute("boundary").map(|b| b.trim_end().as_bytes().to_vec());
            let boundary = boundary.filter(|b| !b.is_empty() && b.len() <= BOUNDARY_MAX);
            self.boundary = boundary.filter(|_| part.main == "multipart");
            if part.main == "multipart" && self.boundary.is_none() {
                (part.main, part.sub) = ("text".into(), "plain".into());
            }
        }
        part.name = message.attachment_name().map(str::to_string);
        let disposed = message.content_disposition().is_some_and(|d| d.is_attachment());
        let readable = part.is("text", "plain") || part.is("text", "html");
        part.attached = disposed || !readable || part.name.is_some();
        let encoding = message.content_transfer_encoding().unwrap_or_default().trim().to_ascii_lowercase();
        part.encoding = match encoding.as_str() {
            "base64" => Encoding::Base64,
            "quoted-printable" => Encoding::QuotedPrintable,
            _ => Encoding::None,
        };
    }
}

/// A word of a type: what is none is not passed on.
fn word(text: &str) -> String {
    let text = text.trim().to_ascii_lowercase();
    let plain = |c: char| c.is_ascii_alphanumeric() || "-+._".contains(c);
    if !text.is_empty() && text.len() <= 80 && text.chars().all(plain) { text } else { "octet-stream".into() }
}
