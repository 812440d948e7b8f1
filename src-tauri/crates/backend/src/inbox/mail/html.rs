//! HTML in one pass: a tokenizer that takes anything, and never looks back.

use mail_parser::decoders::html::add_html_token;

/// The longest entity that is looked for, in bytes.
const ENTITY_MAX: usize = 34;
/// The most attributes of a tag that are read.
const ATTRIBUTES_MAX: usize = 40;
/// What holds no markup: it goes on to its own closing tag.
const RAW: [&str; 9] =
    ["script", "style", "title", "textarea", "xmp", "iframe", "noembed", "noframes", "template"];

/// A piece of HTML.
#[derive(Debug, PartialEq)]
pub enum Token<'a> {
    /// Text between tags, entities not yet decoded.
    Text(&'a str),
    /// An opening tag.
    Open(Tag<'a>),
    /// A closing tag's name, in small letters.
    Close(String),
}

/// An opening tag.
#[derive(Debug, PartialEq)]
pub struct Tag<'a> {
    /// Its name, in small letters.
    pub name: String,
    attributes: Vec<(&'a str, &'a str)>,
}

impl Tag<'_> {
    /// An attribute's value, decoded.
    pub fn get(&self, name: &str) -> Option<String> {
        let found = self.attributes.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| decode(value))
    }

    /// Whether a person does not see what is in it.
    pub fn is_hidden(&self) -> bool {
        let style = self.get("style").unwrap_or_default().to_ascii_lowercase().replace(' ', "");
        style.contains("display:none") || style.contains("visibility:hidden") || self.get("hidden").is_some()
    }

    /// Whether it has no content, and no closing tag.
    pub fn is_void(&self) -> bool {
        is_void(&self.name)
    }
}

/// Whether a tag of this name has no content.
fn is_void(name: &str) -> bool {
    ["br", "hr", "img", "input", "meta", "link", "col", "wbr", "area", "base", "source", "embed", "param"]
        .contains(&name)
}

/// Whether a tag of this name begins a new line.
pub fn is_block(name: &str) -> bool {
    const BLOCKS: [&str; 37] = [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "br",
        "caption",
        "center",
        "dd",
        "div",
        "dl",
        "dt",
        "fieldset",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "html",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "tbody",
        "td",
        "th",
        "tr",
        "ul",
    ];
    BLOCKS.contains(&name)
}

/// The text of HTML's text: entities decoded.
pub fn decode(text: &str) -> String {
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        decoded.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest.bytes().take(ENTITY_MAX).position(|byte| byte == b';');
        match end.filter(|end| rest[1..*end].bytes().all(|b| b.is_ascii_alphanumeric() || b == b'#')) {
            Some(end) if end > 1 => {
                add_html_token(&mut decoded, &rest.as_bytes()[..=end], false);
                rest = &rest[end + 1..];
            }
            _ => {
                decoded.push('&');
                rest = &rest[1..];
            }
        }
    }
    decoded.push_str(rest);
    decoded
}

/// The pieces of HTML, in order. What scripts, styles and comments hold is left out.
pub struct Tokens<'a> {
    rest: &'a str,
    /// The tag whose raw content comes next.
    raw: Option<&'static str>,
}

impl<'a> Tokens<'a> {
    /// Those of this HTML.
    pub fn of(html: &'a str) -> Self {
        Self { rest: html, raw: None }
    }

    /// Goes past the closing tag of what holds no markup.
    fn skip_raw(&mut self, name: &str) {
        let bytes = self.rest.as_bytes();
        let closes = |at: &usize| {
            let tail = &bytes[*at..];
            tail.starts_with(b"</")
                && tail.get(2..2 + name.len()).is_some_and(|n| n.eq_ignore_ascii_case(name.as_bytes()))
        };
        let end = memchr::memchr_iter(b'<', bytes).find(closes).unwrap_or(bytes.len());
        self.rest = &self.rest[end..];
    }

    /// Goes past a comment, a declaration or an instruction.
    fn skip_declaration(&mut self) {
        let end = match self.rest.strip_prefix("<!--") {
            // `<!--[if !mso]><!-->` ends at once, and what comes after it is meant for everybody.
            Some(comment) => comment.find("-->").map(|end| end + 7),
            None => self.rest.find('>').map(|end| end + 1),
        };
        self.rest = &self.rest[end.unwrap_or(self.rest.len())..];
    }

    fn open(&mut self) -> Token<'a> {
        let inside = &self.rest[1..];
        let end = inside.find(|c: char| c.is_whitespace() || c == '>' || c == '/').unwrap_or(inside.len());
        let name: String = inside[..end].chars().take(64).collect();
        self.rest = &inside[end..];
        let attributes = self.attributes();
        let name = name.to_ascii_lowercase();
        self.raw = RAW.into_iter().find(|raw| *raw == name);
        Token::Open(Tag { name, attributes })
    }

    fn attributes(&mut self) -> Vec<(&'a str, &'a str)> {
        let mut found = Vec::new();
        loop {
            self.rest = self.rest.trim_start_matches(|c: char| c.is_whitespace() || c == '/');
            if self.rest.is_empty() {
                return found;
            }
            if let Some(rest) = self.rest.strip_prefix('>') {
                self.rest = rest;
                return found;
            }
            let stops = |c: char| c.is_whitespace() || c == '=' || c == '>' || c == '/';
            // A name may begin with `=`: that is how browsers read it, and it makes sure that we get on.
            let first = self.rest.chars().next().map_or(0, char::len_utf8);
            let end = self.rest[first..].find(stops).map_or(self.rest.len(), |end| end + first);
            let name = &self.rest[..end];
            self.rest = self.rest[end..].trim_start();
            let value = match self.rest.strip_prefix('=') {
                Some(rest) => {
                    self.rest = rest.trim_start();
                    self.value()
                }
                None => "",
            };
            if found.len() < ATTRIBUTES_MAX {
                found.push((name, value));
            }
        }
    }

    fn value(&mut self) -> &'a str {
        for quote in ['"', '\''] {
            if let Some(rest) = self.rest.strip_prefix(quote) {
                let (value, rest) = rest.split_once(quote).unwrap_or((rest, ""));
                self.rest = rest;
                return value;
            }
        }
        let end = self.rest.find(|c: char| c.is_whitespace() || c == '>').unwrap_or(self.rest.len());
        let (value, rest) = self.rest.split_at(end);
        self.rest = rest;
        value
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        if let Some(name) = self.raw.take() {
            self.skip_raw(name);
        }
        loop {
            let after = self.rest.as_bytes().get(1).copied().unwrap_or(b' ');
            if self.rest.is_empty() {
                return None;
            }
            if !self.rest.starts_with('<') || !(after.is_ascii_alphabetic() || b"!?/".contains(&after)) {
                // At least one character, so that a `<` that begins nothing is text.
                let end =
                    memchr::memchr(b'<', &self.rest.as_bytes()[1..]).map_or(self.rest.len(), |at| at + 1);
                // The first character may be a long one: a `<` is never inside of it.
                let (text, rest) = self.rest.split_at(end);
                self.rest = rest;
                return Some(Token::Text(text));
            }
            if after == b'/' {
                let inside = &self.rest[2..];
                let end = inside.find('>').unwrap_or(inside.len());
                let name = inside[..end].split(|c: char| c.is_whitespace() || c == '/').next();
                let name: String = name.unwrap_or_default().chars().take(64).collect();
                self.rest = inside.get(end + 1..).unwrap_or_default();
                return Some(Token::Close(name.to_ascii_lowercase()));
            }
            if after.is_ascii_alphabetic() {
                return Some(self.open());
            }
            self.skip_declaration();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(html: &str) -> String {
        let told = |token: Token| match token {
            Token::Text(text) => decode(text),
            Token::Open(tag) => format!("[{}{}]", tag.name, tag.get("href").unwrap_or_default()),
            Token::Close(name) => format!("[/{name}]"),
        };
        Tokens::of(html).map(told).collect()
    }

    #[test]
    fn tags_text_and_entities_are_told_apart() {
        assert_eq!(told("<P>a &amp; b&nbsp;&#x41;</P>"), "[p]a & b\u{a0}A[/p]");
        assert_eq!(told("<a href='x?a=1&amp;b=2' B>t</a>"), "[ax?a=1&b=2]t[/a]");
        assert_eq!(told("<a href=x>t"), "[ax]t");
    }

    #[test]
    fn what_is_no_markup_is_text_or_left_out() {
        assert_eq!(told("1 < 2 &c; &"), "1 < 2 &c; &");
        assert_eq!(told("a<!-- <b> -->c<style>d{}</STYLE>e<script>f"), "ac[style][/style]e[script]");
        assert_eq!(told("<!--[if mso]><i>no</i><![endif]--><!--[if !mso]><!-->yes<!--<![endif]-->"), "yes");
        assert_eq!(told("a<"), "a<");
        assert_eq!(told("a<b"), "a[b]");
        assert_eq!(told("é<é>"), "é<é>");
    }
}
