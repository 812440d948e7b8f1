//! A mailbox at servers that hang, each in its way, and how numbers and names are written.

use super::*;
use async_imap::Client;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream, duplex};

#[test]
fn numbers_are_told_in_ranges_and_dates_are_read() {
    assert_eq!(list(&[1, 2, 3, 7, u32::MAX]), "1:3,7,4294967295");
    assert_eq!(read_date("21-Nov-2026 19:21:56 +0100"), Some(1_795_285_316_000));
    assert_eq!(read_date(" 1-Jan-1970 00:00:01 +0000"), Some(1000));
    assert_eq!(read_date("soon"), None);
}

#[test]
fn a_name_of_a_folder_is_one_word() {
    assert_eq!(quoted(r#"a" b\"#), r#""a\" b\\""#);
}

const SHORT: Duration = Duration::from_millis(50);
/// Longer than a test may take.
const LONG: Duration = Duration::from_secs(60);

/// A mailbox that is logged in, and its server's side.
async fn opened(patience: Patience) -> (Mailbox, BufReader<DuplexStream>) {
    let (ours, theirs) = duplex(64 * 1024);
    let mut theirs = BufReader::new(theirs);
    let login =
        async { Client::new(Link::to(ours)).login("me", "secret").await.map_err(|(e, _)| e).unwrap() };
    let (session, ()) = tokio::join!(login, says(&mut theirs, "LOGIN", "A0001 OK in\r\n"));
    (Mailbox { session, patience, tells: true, grown: false }, theirs)
}

/// Hears a command, and says something to it.
async fn says(server: &mut BufReader<DuplexStream>, command: &str, words: &str) {
    let mut heard = String::new();
    server.read_line(&mut heard).await.unwrap();
    assert!(heard.contains(command), "{heard}");
    server.write_all(words.as_bytes()).await.unwrap();
}

fn in_vain(answer: Result<(), Failure>) {
    assert_eq!(answer, Err(Failure::passing("nothing came in time")));
}

#[tokio::test]
async fn a_server_that_is_gone_without_a_word_while_we_wait_is_found_out() {
    let (mut mailbox, mut server) = opened(Patience { answering: SHORT, reading: LONG, idling: SHORT }).await;
    let waiting = mailbox.wait(std::future::pending(), LONG);
    let silent = async {
        says(&mut server, "IDLE", "+ idling\r\n").await;
        says(&mut server, "DONE", "").await;
    };
    let (waited, ()) = tokio::join!(waiting, silent);
    in_vain(waited);
    // One that never lets us wait is found out as well.
    let (mut mailbox, _server) = opened(Patience { answering: SHORT, reading: LONG, idling: SHORT }).await;
    in_vain(mailbox.wait(std::future::pending(), LONG).await);
}

#[tokio::test]
async fn a_server_that_has_nothing_to_tell_is_asked_anew() {
    let (mut mailbox, mut server) = opened(Patience { answering: LONG, reading: LONG, idling: SHORT }).await;
    let waiting = mailbox.wait(std::future::pending(), LONG);
    let alive = async {
        says(&mut server, "IDLE", "+ idling\r\n* OK still here\r\n").await;
        says(&mut server, "DONE", "A0002 OK\r\n").await;
    };
    let (waited, ()) = tokio::join!(waiting, alive);
    assert_eq!(waited, Ok(()));
    let (waited, ()) = tokio::join!(
        mailbox.wait(std::future::pending(), LONG),
        says(&mut server, "IDLE", "A0003 OK that was it\r\n")
    );
    assert!(waited.unwrap_err().said.contains("although it said that it can"));
}

#[tokio::test]
async fn a_server_that_hangs_in_the_middle_of_an_answer_is_left() {
    let patience = Patience { answering: SHORT, reading: SHORT, idling: LONG };
    let (mut mailbox, mut server) = opened(patience).await;
    let half = "* 1 FETCH (UID 1 BODY[] {1000}\r\nSubject: half a letter\r\n";
    let (read, ()) = tokio::join!(mailbox.letters(&[1], false), says(&mut server, "FETCH", half));
    in_vain(read.map(drop));
    let (mut mailbox, mut server) = opened(patience).await;
    let (found, ()) = tokio::join!(mailbox.search("ALL"), says(&mut server, "SEARCH", "* SEARCH 1 2"));
    in_vain(found.map(drop));
    // It talks and talks, and never answers.
    let (mut mailbox, mut server) = opened(patience).await;
    let talks = async {
        says(&mut server, "EXAMINE", "").await;
        while server.write_all(b"* OK still thinking\r\n").await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        opened = mailbox.examine("INBOX") => in_vain(opened.map(drop)),
        () = talks => unreachable!("it hears us to the end"),
    }
}
