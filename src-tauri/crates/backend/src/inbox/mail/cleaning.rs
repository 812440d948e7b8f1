//! HTML that nothing runs in, asks by, or is fetched by.
//!
//! First it is written anew, balanced and bounded: trees that explode are known, and they are made of tags that are
//! not closed, or closed in a wrong order. Then ammonia takes away what may harm; safety is its work alone.

use super::html::{Tag, Token, Tokens, is_block};
use ammonia::{Builder, UrlRelative};
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

/// How deep tags may stand in tags, how many there may be, and how long what is written may grow.
const DEPTH_MAX: usize = 120;
const TAGS_MAX: usize = 30_000;
const LENGTH_MAX: usize = 1024 * 1024;

const TAGS: [&str; 44] = [
    "a",
    "abbr",
    "b",
    "blockquote",
    "br",
    "caption",
    "center",
    "cite",
    "code",
    "col",
    "colgroup",
    "dd",
    "del",
    "div",
    "dl",
    "dt",
    "em",
    "font",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "kbd",
    "li",
    "ol",
    "p",
    "pre",
    "s",
    "small",
    "span",
    "strong",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "th",
    "tr",
    "u",
    "ul",
];
const STYLES: [&str; 17] = [
    "background-color",
    "border-radius",
    "color",
    "font-family",
    "font-size",
    "font-style",
    "font-weight",
    "letter-spacing",
    "line-height",
    "padding",
    "text-align",
    "text-decoration",
    "text-transform",
    "vertical-align",
    "white-space",
    "word-break",
    "direction",
];
/// Attributes that any tag keeps.
const ATTRIBUTES: [&str; 9] =
    ["style", "title", "dir", "lang", "align", "valign", "colspan", "rowspan", "bgcolor"];

static CLEANER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut cleaner = Builder::empty();
    cleaner
        .tags(HashSet::from(TAGS))
        .clean_content_tags(HashSet::from(["script", "style", "title", "template", "noembed", "iframe"]))
        .generic_attributes(HashSet::from(ATTRIBUTES))
        .tag_attributes(HashMap::from([
            ("a", HashSet::from(["href"])),
            ("font", HashSet::from(["color", "size"])),
        ]))
        .url_schemes(HashSet::from(["http", "https", "mailto", "tel"]))
        .url_relative(UrlRelative::Deny)
        .link_rel(Some("noopener noreferrer nofollow"))
        .set_tag_attribute_value("a", "target", "_blank")
        .filter_style_properties(HashSet::from(STYLES))
        .attribute_filter(|_, attribute, value| {
            let value_is_plain = || {
                let value = value.to_ascii_lowercase();
                !["url", "image", "expression", "import", "@", "\\", "/*", "javascript", "var("]
                    .iter()
                    .any(|word| value.contains(word))
            };
            (attribute != "style" || value_is_plain()).then_some(Cow::Borrowed(value))
        });
    cleaner
});

/// The cleaned HTML, and whether nothing was cut for its length or depth.
pub fn clean(html: &str) -> (String, bool) {
    let (balanced, whole) = balanced(html);
    (CLEANER.clean(&balanced).to_string(), whole)
}

/// The same HTML with every tag closed in its order.
struct Balanced {
    html: String,
    open: Vec<String>,
    /// The tag that hides what is in it, and how deep in tags of its name we are.
    hidden: Option<(String, usize)>,
    tags: usize,
    whole: bool,
}

fn balanced(html: &str) -> (String, bool) {
    let mut balanced = Balanced { html: String::new(), open: Vec::new(), hidden: None, tags: 0, whole: true };
    for token in Tokens::of(html) {
        if balanced.tags > TAGS_MAX || balanced.html.len() > LENGTH_MAX {
            balanced.whole = false;
            break;
        }
        match token {
            // A `<` that begins nothing, and an entity, are text to whoever reads this next as well.
            Token::Text(_) if balanced.hidden.is_some() => {}
            Token::Text(text) => balanced.html.push_str(&text.replace('<', "&lt;")),
            Token::Open(tag) => balanced.opened(&tag),
            Token::Close(name) => balanced.closed(&name),
        }
    }
    while let Some(name) = balanced.open.pop() {
        balanced.html.push_str(&format!("</{name}>"));
    }
    (balanced.html, balanced.whole)
}

impl Balanced {
    fn opened(&mut self, tag: &Tag) {
        let name = tag.name.as_str();
        if let Some((hidden, depth)) = &mut self.hidden {
            *depth += usize::from(hidden == name);
            return;
        }
        // What hides it are styles that are not kept: it would come to light.
        if tag.is_hidden() && !tag.is_void() {
            self.hidden = Some((name.to_string(), 1));
            return;
        }
        // Whoever sent a picture can see when it is fetched: its words stand for it.
        if name == "img" {
            let words = tag.get("alt").filter(|words| words.len() < 500).unwrap_or_default();
            return self.html.push_str(&escaped(&words));
        }
        if !TAGS.contains(&name) {
            if is_block(name) {
                self.html.push(' ');
            }
            return;
        }
        if self.open.len() >= DEPTH_MAX {
            self.whole = false;
            return;
        }
        // These end the one before them where nobody closed it.
        if ["p", "li", "td", "th", "tr", "a", "dd", "dt"].contains(&name) {
            let since = if name == "li" { "ul" } else { "table" };
            let near = self.open.iter().rposition(|open| open == name);
            let inside = self.open.iter().rposition(|open| open == since || open == "ol" && name == "li");
            if near.is_some_and(|near| inside.is_none_or(|inside| near > inside)) {
                self.closed(name);
            }
        }
        self.tags += 1;
        self.html.push('<');
        self.html.push_str(name);
        for attribute in ATTRIBUTES.iter().chain(&["href", "color", "size"]) {
            if let Some(value) = tag.get(attribute).filter(|value| value.len() <= 8192) {
                self.html.push_str(&format!(" {attribute}=\"{}\"", escaped(&value)));
            }
        }
        self.html.push('>');
        if !tag.is_void() {
            self.open.push(name.to_string());
        }
    }

    fn closed(&mut self, name: &str) {
        if let Some((hidden, depth)) = &mut self.hidden {
            *depth -= usize::from(hidden == name);
            if *depth == 0 {
                self.hidden = None;
            }
            return;
        }
        let Some(at) = self.open.iter().rposition(|open| open == name) else { return };
        // A cell's content closes no cell: that is what tables in mails rely on.
        if name != "table" && self.open[at..].iter().any(|open| open == "table") {
            return;
        }
        for name in self.open.drain(at..).rev() {
            self.html.push_str(&format!("</{name}>"));
        }
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleaned(html: &str) -> String {
        clean(html).0
    }

    #[test]
    fn nothing_that_runs_asks_or_is_fetched_is_left() {
        let sly = [
            "<script>x()</script>",
            "<img src='https://t.example/p.gif' onerror=x()>",
            "<a href='javascript:x()'>a</a>",
            "<a href=' java\nscript:x()'>a</a>",
            "<p style='background:url(https://t.example/p)'>a",
            "<p style='background-color:url(https://t.example/p)'>a",
            "<p style='color:u\\72l(https://t.example)'>a",
            "<form action='https://t.example'><input name=p><button>x</button></form>",
            "<iframe src='https://t.example'></iframe><object data='https://t.example'></object>",
            "<svg><a xlink:href='javascript:x()'><image href='https://t.example/p'/></a></svg>",
            "<link rel=stylesheet href='https://t.example/c'><style>@import 'https://t.example'</style>",
            "<base href='https://t.example/'><meta http-equiv=refresh content='0;url=https://t.example'>",
            "<table background='https://t.example/p'><tr><td>x",
            "<video src='https://t.example/v' autoplay></video><audio src=x></audio>",
            "<math><mtext><style><img src=x onerror=x()></style></mtext></math>",
            "<a href='//t.example/x'>a</a>",
            "<input type=image src='https://t.example/p'>",
            "<p style='position:fixed;top:0'>a",
        ];
        for html in sly {
            let cleaned = cleaned(html);
            let low = cleaned.to_ascii_lowercase();
            for bad in
                ["t.example", "<script", "<img", "<form", "<input", "<iframe", "<style", "position", "url("]
            {
                assert!(!low.contains(bad), "{html}: {cleaned}");
            }
            let tags = low.split('<').filter_map(|rest| rest.split('>').next());
            assert!(
                tags.clone().all(|tag| !tag.contains("javascript:") && !tag.contains("onerror")),
                "{cleaned}"
            );
        }
    }

    #[test]
    fn what_is_harmless_stays_readable() {
        assert_eq!(
            cleaned(
                "<p style=\"color:red;position:fixed\">Hi <b>you</b> &amp; me<br><a href='https://a.example/?a=1&amp;b=2'>go</a>"
            ),
            "<p style=\"color:red\">Hi <b>you</b> &amp; me<br>\
             <a href=\"https://a.example/?a=1&amp;b=2\" target=\"_blank\" rel=\"noopener noreferrer nofollow\">go</a></p>"
        );
        assert_eq!(cleaned("<img alt='Verify'>"), "Verify");
        assert_eq!(cleaned("1 < 2"), "1 &lt; 2");
        assert_eq!(cleaned("<div style='display:none'>no<div>no</div></div>yes"), "yes");
    }

    #[test]
    fn trees_that_explode_stay_small() {
        let formatting: String = (0..20_000).map(|i| format!("<b id={i}><p>")).collect();
        let tables = "<table><tr><td>".repeat(50_000);
        let links = "<a href=x><div>".repeat(50_000);
        for html in [formatting, tables, links, "<".repeat(500_000), "</b><i>".repeat(50_000)] {
            let began = std::time::Instant::now();
            assert!(cleaned(&html).len() < 4 * 1024 * 1024);
            assert!(began.elapsed().as_secs() < 20, "{} took {:?}", &html[..20], began.elapsed());
        }
    }
}
