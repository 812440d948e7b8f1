//! What a person reads of HTML: its lines, and its links with their words.

use super::html::{Tag, Token, Tokens, decode, is_block};

/// The most lines, links and bytes of text that are made of one HTML.
const LINES_MAX: usize = 20_000;
const LINKS_MAX: usize = 2_000;
const TEXT_MAX: usize = 1024 * 1024;

/// A link of HTML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anchor {
    /// Where it leads.
    pub href: String,
    /// Its words.
    pub text: String,
    /// The number of the line that it ends in.
    pub line: usize,
}

/// The lines and links of HTML.
#[derive(Debug, Default)]
pub struct Layout {
    /// The lines, none of them empty; a cell of a table is one. What is quoted begins with `> `, as in text.
    pub lines: Vec<String>,
    /// The links, in order.
    pub anchors: Vec<Anchor>,
    line: String,
    bytes: usize,
    open: Option<(String, String)>,
    quotes: usize,
    hidden: Option<(String, usize)>,
}

/// The lines and links of HTML. What is hidden from a reader is left out.
pub fn layout(html: &str) -> Layout {
    laid_out(html, false)
}

/// The text of HTML, with the addresses of links behind their words.
pub fn text_of(html: &str) -> String {
    laid_out(html, true).lines.join("\n")
}

fn laid_out(html: &str, with_addresses: bool) -> Layout {
    let mut layout = Layout::default();
    for token in Tokens::of(html) {
        if layout.lines.len() >= LINES_MAX || layout.bytes >= TEXT_MAX {
            break;
        }
        match token {
            Token::Text(text) if layout.hidden.is_none() => layout.write(&decode(text)),
            Token::Text(_) => {}
            Token::Open(tag) => layout.opened(&tag, with_addresses),
            Token::Close(name) => layout.closed(&name, with_addresses),
        }
    }
    layout.end_link(with_addresses);
    layout.end_line();
    layout
}

impl Layout {
    fn opened(&mut self, tag: &Tag, with_addresses: bool) {
        if let Some((name, depth)) = &mut self.hidden {
            *depth += usize::from(*name == tag.name);
            return;
        }
        if !tag.is_void() && tag.is_hidden() {
            self.hidden = Some((tag.name.clone(), 1));
            return;
        }
        if is_block(&tag.name) {
            self.end_line();
        }
        match tag.name.as_str() {
            "a" | "area" => {
                self.end_link(with_addresses);
                self.open = tag.get("href").map(|href| (href.trim().to_string(), String::new()));
            }
            // A button may be a picture, and so may a code: its other words are its words.
            "img" => {
                let words = tag.get("alt").filter(|words| words.len() < 200).unwrap_or_default();
                if let Some((_, text)) = self.open.as_mut() {
                    text.push_str(&words);
                } else if words.chars().any(char::is_numeric) {
                    self.write(&words);
                }
            }
            "blockquote" => self.quotes += 1,
            _ => {}
        }
    }

    fn closed(&mut self, name: &str, with_addresses: bool) {
        if let Some((hidden, depth)) = &mut self.hidden {
            *depth -= usize::from(hidden == name);
            if *depth == 0 {
                self.hidden = None;
            }
            return;
        }
        if name == "a" {
            self.end_link(with_addresses);
        }
        if is_block(name) {
            self.end_line();
        }
        if name == "blockquote" {
            self.quotes = self.quotes.saturating_sub(1);
        }
    }

    fn write(&mut self, text: &str) {
        for (index, word) in text.split(char::is_whitespace).enumerate() {
            if index > 0 && !self.line.is_empty() && !self.line.ends_with(' ') {
                self.line.push(' ');
            }
            self.line.push_str(word);
        }
        self.bytes += text.len();
        if let Some((_, words)) = &mut self.open {
            words.push_str(text);
        }
    }

    fn end_link(&mut self, with_addresses: bool) {
        let Some((href, text)) = self.open.take() else { return };
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let leads = ["http://", "https://", "mailto:"].iter().any(|scheme| href.starts_with(scheme));
        if with_addresses && leads && !text.is_empty() && text != href && self.bytes < TEXT_MAX {
            self.bytes += href.len();
            self.line = format!("{} <{href}>", self.line.trim_end());
        }
        if self.anchors.len() < LINKS_MAX {
            let line = self.lines.len().saturating_sub(usize::from(self.line.trim().is_empty()));
            self.anchors.push(Anchor { href, text, line });
        }
    }

    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        let line = line.trim();
        if !line.is_empty() {
            self.lines.push(if self.quotes > 0 { format!("> {line}") } else { line.to_string() });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_and_cells_are_lines_and_what_is_hidden_is_none() {
        let html = "<table><tr><td>Code</td><td><b>12</b>34</td></tr></table>\
                    <div style='display: none'>no<div>no</div></div><p>a\n b<br>c";
        assert_eq!(layout(html).lines, ["Code", "1234", "a b", "c"]);
    }

    #[test]
    fn quotes_are_marked_and_pictures_of_numbers_are_read() {
        let html = "New: 1<blockquote>Old: 2<p>older</blockquote>3 <img alt='482 913'><img alt='Logo'>";
        assert_eq!(layout(html).lines, ["New: 1", "> Old: 2", "> older", "3 482 913"]);
    }

    #[test]
    fn links_have_their_words_and_their_line() {
        let html = "<p>Hello</p><a href='https://a.example/?x=1&amp;y=2'><span>\n Verify\n</span></a> <a name=x>n</a>";
        let layout = layout(html);
        let href = "https://a.example/?x=1&y=2".to_string();
        assert_eq!(layout.anchors, [Anchor { href, text: "Verify".into(), line: 1 }]);
        assert_eq!(text_of("<a href='https://a.example/'>Go</a>"), "Go <https://a.example/>");
    }
}
