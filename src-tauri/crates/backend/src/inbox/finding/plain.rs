//! Text made comparable: one sort of digits and spaces, nothing invisible; and folded for looking up words.

/// The first digit of each script whose digits are read.
const ZEROS: [u32; 15] = [
    0x0660, 0x06F0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0BE6, 0x0C66, 0x0CE6, 0x0D66, 0x0E50, 0x0ED0, 0x1040,
    0x17E0, 0xFF10,
];

/// Letters with marks, and the letter that each group stands for.
const MARKED: [(char, &str); 32] = [
    ('a', "àáâãäåāăąǎæạảấầẩẫậắằẳẵặ"),
    ('c', "çćčĉċ"),
    ('d', "ďđð"),
    ('e', "èéêëēėęěẹẻẽếềểễệ"),
    ('g', "ğģĝġ"),
    ('h', "ħĥ"),
    ('i', "ìíîïīįıĩǐịỉ"),
    ('j', "ĵ"),
    ('k', "ķ"),
    ('l', "łľļĺ"),
    ('n', "ñńňņ"),
    ('o', "òóôõöøōőœơǒọỏốồổỗộớờởỡợ"),
    ('r', "řŕŗ"),
    ('s', "śšşșŝß"),
    ('t', "ťțţþ"),
    ('u', "ùúûüūůűųưũǔụủứừửữự"),
    ('w', "ŵ"),
    ('y', "ýÿŷỳỵỷỹ"),
    ('z', "źžż"),
    ('α', "άἀἁ"),
    ('ε', "έ"),
    ('η', "ή"),
    ('ι', "ίϊΐ"),
    ('ο', "ό"),
    ('υ', "ύϋΰ"),
    ('ω', "ώ"),
    ('е', "ё"),
    ('ا', "أإآٱ"),
    ('ي', "ىی"),
    ('ك', "ک"),
    ('\'', "’‘ʼ`´"),
    ('"', "“”„«»"),
];

/// The same text with ASCII digits, plain spaces and hyphens, and without what nobody sees.
pub fn plain(text: &str) -> String {
    text.chars().filter_map(plain_char).collect()
}

fn plain_char(c: char) -> Option<char> {
    let code = c as u32;
    if code < 0xA0 {
        return (!c.is_control() || c == '\n' || c == '\t').then_some(if c == '\t' { ' ' } else { c });
    }
    if let Some(zero) = ZEROS.iter().find(|zero| (**zero..**zero + 10).contains(&code)) {
        return char::from_digit(code - zero, 10);
    }
    match code {
        // Digits for mathematics, in several sorts of ten.
        0x1D7CE..=0x1D7FF => char::from_digit((code - 0x1D7CE) % 10, 10),
        0xFF01..=0xFF5E => char::from_u32(code - 0xFEE0),
        0xA0 | 0x2000..=0x200A | 0x202F | 0x205F | 0x3000 => Some(' '),
        0x2010..=0x2013 | 0x2212 | 0xFE63 => Some('-'),
        0x2028 | 0x2029 => Some('\n'),
        0xAD | 0x34F | 0x61C | 0x180E | 0x200B..=0x200F | 0x202A..=0x202E | 0x2060..=0x206F => None,
        // Marks that stand by themselves, and variants of what came before.
        0x300..=0x36F | 0xFE00..=0xFE0F | 0xFEFF | 0xE0000..=0xE0FFF => None,
        _ => Some(c),
    }
}

/// The same text in small letters without marks: as many characters as before.
pub fn folded(text: &str) -> String {
    text.chars().map(folded_char).collect()
}

fn folded_char(c: char) -> char {
    if c.is_ascii() {
        return c.to_ascii_lowercase();
    }
    let lower = c.to_lowercase().next().unwrap_or(c);
    // What has no marks in any script above is not looked up.
    if lower as u32 > 0x6FF && !(0x1E00..0x2020).contains(&(lower as u32)) {
        return lower;
    }
    MARKED.iter().find(|(_, marked)| marked.contains(lower)).map_or(lower, |(letter, _)| *letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_of_all_scripts_are_the_same_digits() {
        for digits in ["٤٨٢٩١٣", "４８２９１３", "४८२९१३", "๔๘๒๙๑๓", "۴۸۲۹۱۳", "4\u{200b}8\u{ad}2913"]
        {
            assert_eq!(plain(digits), "482913");
        }
        assert_eq!(plain("123\u{a0}456\u{2011}７"), "123 456-7");
    }

    #[test]
    fn letters_are_compared_without_their_marks() {
        assert_eq!(folded("Bestätigungscode ŞİFRE Mã xác thực"), "bestatigungscode sifre ma xac thuc");
        assert_eq!(folded("Κωδικός Ещё").chars().count(), "Κωδικός Ещё".chars().count());
    }
}
