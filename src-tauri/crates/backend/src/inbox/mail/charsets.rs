//! Bytes to text: by the charset that a mail names, or by looking at them where it names a wrong one.

use mail_parser::decoders::charsets::map::charset_decoder;

/// The text of a part. A charset that is unknown or does not fit is replaced by UTF-8, or by Latin-1's superset.
pub fn text(bytes: &[u8], charset: Option<&str>) -> String {
    let named = charset.map(|name| name.trim_matches(['"', '\'', ' ']).to_ascii_lowercase());
    let plain = named
        .as_deref()
        .is_none_or(|n| n.is_empty() || n.contains("ascii") || n.starts_with("utf-8") || n == "utf8");
    // Most of what is valid UTF-8 by chance is ASCII, whatever it is called.
    if let (true, Ok(text)) =
        (plain || bytes.is_ascii() && !shifts(bytes, named.as_deref()), std::str::from_utf8(bytes))
    {
        return text.trim_start_matches('\u{feff}').to_string();
    }
    let decoder = named.as_deref().filter(|_| !plain).and_then(|name| charset_decoder(name.as_bytes()));
    match decoder {
        Some(decode) => {
            let decoded = decode(bytes);
            // UTF-8 under a wrong name decodes to rubbish, and rubbish is seldom valid UTF-8.
            let fits = !decoded.contains('\u{fffd}');
            match std::str::from_utf8(bytes) {
                Ok(text) if !fits => text.to_string(),
                _ => decoded,
            }
        }
        None => match std::str::from_utf8(bytes) {
            Ok(text) => text.to_string(),
            // A text that was cut in the middle of a letter is UTF-8 all the same.
            Err(e) if plain && (e.valid_up_to() > 64 || e.error_len().is_none()) => {
                String::from_utf8_lossy(bytes).into_owned()
            }
            Err(_) => charset_decoder(b"windows-1252")
                .map_or_else(|| String::from_utf8_lossy(bytes).into_owned(), |decode| decode(bytes)),
        },
    }
}

/// Charsets that write other letters with ASCII bytes.
fn shifts(bytes: &[u8], charset: Option<&str>) -> bool {
    charset.is_some_and(|name| {
        name.starts_with("iso-2022") || name.starts_with("utf-7") || name.starts_with("utf-16")
    }) || bytes.contains(&0x1b)
}

/// The same for HTML, which may name its charset itself where the mail does not.
pub fn html(bytes: &[u8], charset: Option<&str>) -> String {
    if charset.is_some() {
        return text(bytes, charset);
    }
    let start = String::from_utf8_lossy(&bytes[..bytes.len().min(2048)]).to_ascii_lowercase();
    let named = start.split_once("charset=").map(|(_, rest)| {
        let rest = rest.trim_start_matches(['"', '\'']);
        rest.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c)).collect::<String>()
    });
    text(bytes, named.as_deref())
}
