//! Lines and names of files that a mail gives: nothing that paints, turns the line round, or leaves a folder.

/// The longest name of a file, in characters.
const FILE_NAME_MAX: usize = 150;

/// Whether a character changes how what is around it is shown, or is none that is shown.
fn is_sly(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{61c}' | '\u{2028}' | '\u{2029}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// A text as one line, without what paints; spaces run together.
pub fn line(text: &str, longest: usize) -> String {
    let shown = text.chars().map(|c| if c.is_whitespace() { ' ' } else { c });
    let kept: String = shown.filter(|c| !is_sly(*c)).collect();
    let words: Vec<&str> = kept.split(' ').filter(|word| !word.is_empty()).collect();
    words.join(" ").chars().take(longest).collect()
}

/// A text of many lines: each ends with a line feed alone, and nothing in it moves a cursor.
pub fn text(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    text.chars().filter(|c| matches!(c, '\n' | '\t') || !c.is_control()).collect()
}

/// A file's name: no folders, nothing hidden, nothing that a system takes for something else.
pub fn file(given: Option<&str>, number: usize, content_type: &str) -> String {
    let given = given.unwrap_or_default();
    let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let safe: String =
        line(last, usize::MAX).chars().map(|c| if "<>:\"|?*".contains(c) { '_' } else { c }).collect();
    let safe = safe.trim_matches(|c: char| c == '.' || c == ' ');
    if safe.is_empty() {
        return format!("file-{number}{}", ending(content_type));
    }
    if safe.chars().count() <= FILE_NAME_MAX {
        return safe.to_string();
    }
    // What it is called at its end says what opens it.
    let ending = safe.rfind('.').map_or("", |at| &safe[at..]);
    let ending = if ending.chars().count() <= 16 { ending } else { "" };
    let start: String = safe.chars().take(FILE_NAME_MAX - ending.chars().count()).collect();
    format!("{start}{ending}")
}

fn ending(content_type: &str) -> &'static str {
    match content_type {
        "text/plain" => ".txt",
        "text/html" => ".html",
        "text/calendar" | "application/ics" => ".ics",
        "message/rfc822" | "message/global" => ".eml",
        "application/pdf" => ".pdf",
        "image/png" => ".png",
        "image/jpeg" => ".jpg",
        "image/gif" => ".gif",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_files_name_leaves_no_folder_and_turns_no_line_round() {
        assert_eq!(file(Some("../../etc/passwd"), 1, ""), "passwd");
        assert_eq!(file(Some("..\\..\\a\u{202e}gpj.exe\n"), 1, ""), "agpj.exe");
        assert_eq!(file(Some("C:\\x\\.."), 2, "text/plain"), "file-2.txt");
        assert_eq!(file(Some(".bashrc"), 1, ""), "bashrc");
        assert_eq!(file(None, 3, "application/pdf"), "file-3.pdf");
        let long = file(Some(&format!("{}.pdf", "ä".repeat(400))), 1, "");
        assert!(long.ends_with(".pdf") && long.chars().count() == 150);
    }

    #[test]
    fn a_line_is_one_line() {
        assert_eq!(line(" a\r\n b\t\u{1b}[2Jc\u{202e} ", 100), "a b [2Jc");
        assert_eq!(text("a\r\nb\rc\u{1b}\0"), "a\nb\nc");
    }
}
