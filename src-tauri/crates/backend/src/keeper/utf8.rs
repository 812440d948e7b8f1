//! Characters of several bytes that a piece of output cuts in two.

/// How many bytes at the end of `bytes` begin a character that is not complete.
pub(super) fn unfinished(bytes: &[u8]) -> usize {
    let tail = &bytes[bytes.len().saturating_sub(3)..];
    match tail.iter().rposition(|byte| *byte >= 0xc0) {
        Some(start) if tail.len() - start < length(tail[start]) && continues(&tail[start + 1..]) => {
            tail.len() - start
        }
        _ => 0,
    }
}

/// How many of the first of `bytes` belong to the character that `begun` is the beginning of.
pub(super) fn rest_of(begun: &[u8], bytes: &[u8]) -> usize {
    let Some(first) = begun.first() else { return 0 };
    let missing = length(*first).saturating_sub(begun.len());
    bytes.iter().take(missing).take_while(|byte| continues(&[**byte])).count()
}

fn continues(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| (0x80..0xc0).contains(byte))
}

/// How many bytes a character has that starts with this one.
fn length(first: u8) -> usize {
    match first {
        0xf0.. => 4,
        0xe0.. => 3,
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_of_a_character_is_found_at_the_end_only() {
        let crab = "🦀".as_bytes();
        for count in 1..4 {
            assert_eq!(unfinished(&[b"a", &crab[..count]].concat()), count);
            assert_eq!(rest_of(&crab[..count], &crab[count..]), 4 - count);
        }
        assert_eq!(unfinished("aé".as_bytes()), 0);
        assert_eq!(unfinished(b"\xe6A"), 0);
        assert_eq!(unfinished(b""), 0);
        assert_eq!(rest_of(b"\xe6", b"Ab"), 0);
    }
}
