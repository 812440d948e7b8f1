//! What a caller is told of a failure: the expected ones in words, the rest as "something broke".

use api::{Code, Error};

/// SQLite's primary result code for a full disk (sqlite.org/rescode.html).
const SQLITE_FULL: i32 = 13;
/// SQLite's primary result code for a failed read or write.
const SQLITE_IOERR: i32 = 10;

/// Turns a failure into what the caller sees, and logs what the caller does not see.
pub fn told(error: &anyhow::Error) -> Error {
    if let Some(expected) = error.chain().find_map(|cause| cause.downcast_ref::<Error>()) {
        return expected.clone();
    }
    if error.chain().any(no_space) {
        tracing::error!("no space left: {error:#}");
        return Error::new(Code::DiskFull, "no space is left where Lanyard keeps its data")
            .hint("make room and try again; nothing was changed");
    }
    if error.chain().any(is_taken) {
        return Error::conflict("somebody else has just taken that name")
            .hint("list what there is now, and choose another one");
    }
    tracing::error!("unexpected: {error:#}");
    Error::internal()
}

fn no_space(cause: &(dyn std::error::Error + 'static)) -> bool {
    if let Some(io) = cause.downcast_ref::<std::io::Error>() {
        use std::io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
        return matches!(io.kind(), StorageFull | QuotaExceeded | FileTooLarge);
    }
    let Some(sqlx::Error::Database(database)) = cause.downcast_ref::<sqlx::Error>() else { return false };
    let code: i32 = database.code().and_then(|code| code.parse().ok()).unwrap_or(0);
    matches!(code & 0xff, SQLITE_FULL | SQLITE_IOERR)
}

/// Two callers passed the check for a name at the same time, and the database let one of them in.
fn is_taken(cause: &(dyn std::error::Error + 'static)) -> bool {
    let Some(sqlx::Error::Database(database)) = cause.downcast_ref::<sqlx::Error>() else { return false };
    database.is_unique_violation()
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Context;

    #[test]
    fn an_expected_failure_is_told_through_its_context() {
        let error = Err::<(), _>(Error::conflict("no")).context("reading the grant").unwrap_err();
        assert_eq!(told(&error), Error::conflict("no"));
    }

    #[test]
    fn the_details_of_an_unexpected_failure_stay_inside() {
        assert_eq!(told(&anyhow::anyhow!("password=hunter2")), Error::internal());
    }

    #[test]
    fn a_full_disk_is_told_as_such() {
        let error =
            anyhow::Error::from(std::io::Error::from(std::io::ErrorKind::StorageFull)).context("writing");
        assert_eq!(told(&error).code, Code::DiskFull);
    }
}
