//! The files of Ravi's mails: fetched where the mail says that they are, or named with why they are missing.

use super::account::{Account, Seat, number, text};
use crate::http::Failure;
use serde_json::Value;

/// How many files of a mail are fetched, how large each may be and all of them, in bytes.
const FILES_MAX: usize = 20;
const FILE_MAX: usize = 10 * 1024 * 1024;
const ALL_MAX: usize = 24 * 1024 * 1024;
/// The longest name and type, in characters.
const NAME_MAX: usize = 255;

/// A file of a mail.
pub struct Fetched {
    /// Its name, as the mail says.
    pub name: String,
    /// Its type, as the mail says.
    pub content_type: String,
    /// What is in it, or why it is missing.
    pub content: Result<Vec<u8>, Missing>,
}

/// Why a file is missing.
pub struct Missing {
    /// In words.
    pub why: String,
    /// Whether another try may help.
    pub again: bool,
}

impl Account {
    /// Fetches the files of a mail.
    pub async fn files(&self, seat: &Seat, message: &Value) -> Vec<Fetched> {
        let Value::Array(all) = &message["attachments"] else { return Vec::new() };
        let (mut files, mut size) = (Vec::new(), 0);
        for (at, one) in all.iter().filter(|one| one.is_object()).enumerate() {
            let content = match at < FILES_MAX {
                true => self.content(seat, one, ALL_MAX.saturating_sub(size)).await,
                false => Err(missing(format!("only {FILES_MAX} files of a mail are fetched"), false)),
            };
            size += content.as_ref().map_or(0, Vec::len);
            let field = |name: &str| text(one, name).chars().take(NAME_MAX).collect::<String>();
            files.push(Fetched { name: field("filename"), content_type: field("content_type"), content });
            if at >= FILES_MAX * 10 {
                break;
            }
        }
        files
    }

    async fn content(&self, seat: &Seat, file: &Value, left: usize) -> Result<Vec<u8>, Missing> {
        let address = text(file, "download_url");
        if address.is_empty() {
            return Err(missing("Ravi says no address of it".into(), false));
        }
        // Two versions of Ravi name it otherwise.
        let said = number(file, "size").max(number(file, "size_bytes"));
        let most = FILE_MAX.min(left);
        if usize::try_from(said).is_ok_and(|said| said > most) {
            let why =
                format!("it is larger than {} MiB, or all files together are too large", FILE_MAX >> 20);
            return Err(missing(why, false));
        }
        self.file(seat, &address, most).await.map_err(|failure| {
            // What is of no use as an address, or too large, is so the next time as well.
            let again = !matches!(failure, Failure::Invalid(_));
            missing(failure.to_string(), again)
        })
    }
}

fn missing(why: String, again: bool) -> Missing {
    Missing { why, again }
}
