//! Making a password: random characters, each as likely as any other, and at least one of each class.

use anyhow::{Result, bail};
use api::passwords::{GeneratePassword, LENGTH, LENGTH_MAX, LENGTH_MIN};
use api::{Error, SecretText};
use zeroize::Zeroizing;

/// The classes. Of the signs those are left out that forms, shells and addresses stumble over.
const CLASSES: [&str; 4] =
    ["abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789", "!#$%*+-.:=?@_~"];

/// The fewest characters that a password is drawn from.
const ALPHABET_MIN: usize = 10;

/// A new password of this length.
pub fn password(length: u32) -> Result<SecretText> {
    of(&GeneratePassword { length: Some(length), special: true, digits: true, exclude: String::new() })
}

/// A new password as it is wanted.
pub fn of(wanted: &GeneratePassword) -> Result<SecretText> {
    let length = wanted.length.unwrap_or(LENGTH);
    if !(LENGTH_MIN..=LENGTH_MAX).contains(&length) {
        bail!(
            Error::invalid(format!("a password of {length} characters is not generated"))
                .hint(format!("choose a length from {LENGTH_MIN} to {LENGTH_MAX}"))
        );
    }
    let taken = [true, true, wanted.digits, wanted.special];
    let left = |class: &str| class.chars().filter(|c| !wanted.exclude.contains(*c)).collect::<String>();
    let classes = CLASSES.into_iter().zip(taken).filter(|(_, taken)| *taken).map(|(class, _)| left(class));
    let classes: Vec<String> = classes.filter(|class| !class.is_empty()).collect();
    let alphabet = classes.concat();
    if alphabet.len() < ALPHABET_MIN {
        bail!(
            Error::invalid("too few characters are left to make a password of")
                .hint(format!("leave at least {ALPHABET_MIN} of them in"))
        );
    }
    loop {
        let password = characters(&alphabet, length as usize)?;
        // Drawing again, where a class is missing, leaves all that have each class equally likely.
        // EXPOSE: its classes are looked at.
        let has = |class: &String| password.expose().contains(|c| class.contains(c));
        if classes.iter().all(has) {
            return Ok(password);
        }
    }
}

fn characters(alphabet: &str, length: usize) -> Result<SecretText> {
    let mut text = Zeroizing::new(String::with_capacity(length));
    let mut random = Zeroizing::new([0; 64]);
    while text.len() < length {
        getrandom::fill(&mut *random)?;
        // Bytes beyond the last whole multiple would favour the first characters: they are left out.
        let fair = 256 - 256 % alphabet.len();
        let drawn = random.iter().map(|byte| usize::from(*byte)).filter(|byte| *byte < fair);
        for byte in drawn.take(length - text.len()) {
            text.push(char::from(alphabet.as_bytes()[byte % alphabet.len()]));
        }
    }
    Ok(SecretText::new(std::mem::take(&mut *text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_has_its_length_and_each_class() {
        for length in [LENGTH_MIN, 24, LENGTH_MAX] {
            for _ in 0..200 {
                let password = password(length).unwrap();
                let password = password.expose();
                assert_eq!(password.len(), length as usize);
                assert!(CLASSES.iter().all(|class| password.contains(|c| class.contains(c))), "{password}");
            }
        }
    }

    #[test]
    fn what_is_not_wanted_is_not_in_it() {
        let wanted = GeneratePassword { length: None, special: false, digits: true, exclude: "0O1lI".into() };
        for _ in 0..200 {
            let password = of(&wanted).unwrap();
            let good = |c: char| c.is_ascii_alphanumeric() && !"0O1lI".contains(c);
            assert!(password.expose().chars().all(good) && password.expose().len() == LENGTH as usize);
        }
        let letters: String = ('a'..='z').chain('A'..='Z').collect();
        let none = GeneratePassword { length: None, special: false, digits: false, exclude: letters };
        assert!(of(&none).is_err());
    }

    #[test]
    fn lengths_that_make_no_sense_are_refused() {
        for length in [0, 1, LENGTH_MIN - 1, LENGTH_MAX + 1, 10_000, u32::MAX] {
            assert!(password(length).is_err(), "{length}");
        }
    }

    #[test]
    fn every_character_is_as_likely_as_any_other() {
        let alphabet = CLASSES.concat();
        let mut seen = [0_u32; 128];
        let drawn = 76 * 2000;
        for byte in characters(&alphabet, drawn).unwrap().expose().bytes() {
            seen[usize::from(byte)] += 1;
        }
        // 2000 of each are expected with a deviation of 45; reducing bytes modulo 76 would give the first 28
        // characters a third more than the others.
        for c in alphabet.bytes() {
            assert!(
                (1700..2300).contains(&seen[usize::from(c)]),
                "{}: {}",
                char::from(c),
                seen[usize::from(c)]
            );
        }
    }
}
