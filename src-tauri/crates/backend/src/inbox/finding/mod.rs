//! The finder: one-time codes and verification links in a message, by rules alone; pure, and linear in its length.
//!
//! A message is laid out as lines ([`page`]); numbers that look like codes ([`shapes`]) are weighed by the words that
//! name them ([`words`], [`codes`]), links by what they say, where they lead ([`deeds`], [`links`]).

mod codes;
mod deeds;
mod links;
#[cfg(test)]
mod measured;
mod page;
mod pattern;
mod plain;
mod shapes;
mod urls;
mod words;

use api::inbox::{Found, Medium};
use page::Page;

/// Finds codes and links: from the subject, the text, and the HTML as it came.
pub fn find(subject: &str, text: &str, html: Option<&str>, medium: Medium) -> Found {
    // A text message has no subject, and whoever gives one means its first line.
    let subject = if medium == Medium::Sms { "" } else { subject };
    let page = Page::of(subject, text, html);
    let codes = codes::codes(&page);
    let links = links::links(&page, &codes);
    Found { codes, links }
}
