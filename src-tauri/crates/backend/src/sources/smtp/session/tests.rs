//! Conversations with the mail server, without a socket.

use super::*;

/// What a conversation comes to: the replies, the mails that were kept, and whether it ended.
struct Came {
    replies: String,
    kept: Vec<Letter<String>>,
    ended: bool,
}

/// Says all of it, in pieces of this size, to a server that knows everybody at `here`.
fn said(all: &[u8], piece: usize) -> Came {
    let mut session = Session::new("here", true);
    let mut came = Came { replies: String::new(), kept: Vec::new(), ended: false };
    for chunk in all.chunks(piece) {
        session.hear(chunk);
        while let Some(ask) = session.go_on() {
            match ask {
                Ask::Recipient(address) => session.recipient(match address.ends_with("@here") {
                    true => Recipient::Known(address),
                    false => Recipient::Unknown,
                }),
                Ask::Keep(letter) => {
                    came.kept.push(letter);
                    session.kept(Kept::Yes);
                }
                Ask::StartTls => session.secured(),
                Ask::End => came.ended = true,
            }
            came.replies.push_str(&session.replies());
            if came.ended {
                return came;
            }
        }
        came.replies.push_str(&session.replies());
    }
    came
}

fn codes(replies: &str) -> String {
    let last = replies.lines().filter(|line| line.as_bytes().get(3) == Some(&b' '));
    last.map(|line| &line[..3]).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_mail_is_taken_for_those_who_are_here_however_its_bytes_come() {
    let all =
        b"EHLO me\r\nMAIL FROM:<a@b> SIZE=100 BODY=8BITMIME\r\nRCPT TO:<ada@here>\r\nrcpt to:<eve@there>\r\n\
        RCPT TO:<bob+x@here>\r\nDATA\r\nSubject: hi\r\n\r\n..dot\r\n.\r\nQUIT\r\n";
    for piece in [1, 2, 3, 7, 64, 1000] {
        let came = said(all, piece);
        assert_eq!(codes(&came.replies), "220 250 250 250 550 250 354 250 221", "{}", came.replies);
        let [letter] = &came.kept[..] else { panic!("{} mails", came.kept.len()) };
        assert_eq!(letter.recipients, ["ada@here", "bob+x@here"]);
        assert_eq!((letter.client.as_str(), letter.sender.as_str()), ("me", "a@b"));
        assert_eq!(letter.text, b"Subject: hi\r\n\r\n.dot\r\n");
        assert!(came.ended && came.replies.contains("SIZE 35000000"));
    }
}

#[test]
fn words_out_of_their_order_are_refused_and_change_nothing() {
    let came = said(
        b"MAIL FROM:<a@b>\r\nEHLO x\r\nRCPT TO:<a@here>\r\nDATA\r\nMAIL FROM:<>\r\nDATA\r\n\
        MAIL FROM:<c@d>\r\nRSET\r\nRCPT TO:<a@here>\r\nVRFY ada\r\nAUTH PLAIN x\r\nBDAT 5 LAST\r\n",
        9,
    );
    assert_eq!(codes(&came.replies), "220 503 250 503 503 250 554 503 250 503 252 502 502");
    assert!(came.kept.is_empty() && !came.ended);
}

#[test]
fn a_smuggled_mail_is_neither_taken_nor_is_anything_behind_it() {
    let ends: [&[u8]; 6] = [b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r\n.\r", b"\r\n.\r\r\n"];
    for end in ends {
        let first = b"EHLO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<ada@here>\r\nDATA\r\nFrom: a\r\n\r\nfirst";
        let second = b"MAIL FROM:<boss@here>\r\nRCPT TO:<ada@here>\r\nDATA\r\nFrom: boss\r\n\r\nsecond\r\n.\r\nQUIT\r\n";
        for piece in [1, 5, 1000] {
            let came = said(&[&first[..], end, second].concat(), piece);
            assert!(came.kept.is_empty(), "{}", end.escape_ascii());
            assert!(came.replies.contains("521 ") && came.ended, "{}", came.replies);
        }
    }
}

#[test]
fn a_command_ends_with_cr_lf_and_has_none_inside() {
    for bad in [&b"EHLO x\nMAIL FROM:<a@b>\r\n"[..], b"EHLO x\r\nMAIL FROM:<a@b>\n"] {
        let came = said(bad, 100);
        assert!(came.ended && came.replies.contains("500 5.5.2"), "{}", came.replies);
    }
    let came = said(b"EHLO x\rMAIL FROM:<a@b>\r\n\r\nNO\0OP\r\nNOOP\r\n", 100);
    assert_eq!(codes(&came.replies), "220 500 500 500 250");
}

#[test]
fn what_is_said_behind_starttls_was_not_said_in_safety() {
    let came = said(b"EHLO x\r\nSTARTTLS\r\nMAIL FROM:<a@b>\r\n", 1000);
    assert!(came.ended && codes(&came.replies) == "220 250 421", "{}", came.replies);
    let came = said(b"EHLO x\r\nSTARTTLS\r\nMAIL FROM:<a@b>\r\nEHLO x\r\nSTARTTLS\r\n", 1);
    assert_eq!(codes(&came.replies), "220 250 220 503 250 502");
    assert_eq!(came.replies.matches("STARTTLS").count(), 1);
}

#[test]
fn whoever_makes_nothing_but_mistakes_or_noise_is_sent_away() {
    assert!(said(&b"WHAT\r\n".repeat(11), 50).ended);
    assert!(said(&b"NOOP\r\n".repeat(501), 50).ended);
    assert!(said(&[b'x'; 3000], 50).ended);
    let recipients = b"RCPT TO:<a@here>\r\n".repeat(101);
    let came = said(&[b"EHLO x\r\nMAIL FROM:<>\r\n", &recipients[..]].concat(), 500);
    assert!(came.replies.ends_with("452 4.5.3 Too many recipients\r\n"));
    assert!(!said(&b"EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<a@here>\r\nDATA\r\n.\r\n".repeat(200), 999).ended);
}

#[test]
fn a_size_that_is_announced_too_large_is_refused_at_once() {
    let came = said(b"EHLO x\r\nMAIL FROM:<a@b> SIZE=35000001\r\nMAIL FROM:<a@b> BODY=BINARYMIME\r\n", 99);
    assert_eq!(codes(&came.replies), "220 250 552 555");
}

/// Numbers that look like chance and are the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % sides as u64) as usize
    }
}

/// A conversation of pieces that belong into one, with some of them broken. Not STARTTLS, which means another thing
/// when more is said in the same breath.
fn conversation(dice: &mut Dice) -> Vec<u8> {
    const PIECES: [&[u8]; 25] = [
        b"EHLO x\r\n",
        b"HELO x\r\n",
        b"MAIL FROM:<a@b>\r\n",
        b"MAIL FROM:<> SIZE=9 BODY=8BITMIME SMTPUTF8\r\n",
        b"RCPT TO:<ada@here>\r\n",
        b"RCPT TO:<eve@there>\r\n",
        b"RCPT TO:<\"a b\\\"c\"@here> NOTIFY=NEVER\r\n",
        b"DATA\r\n",
        b"Subject: x\r\n\r\nhello\r\n",
        b".\r\n",
        b"..\r\n",
        b"\r\n.\r\n",
        b"\n.\n",
        b"\r.\r\n",
        b".\r\r\n",
        b"RSET\r\n",
        b"NOOP\r\n",
        b"QUIT\r\n",
        b"BDAT 9\r\n",
        b"VRFY x\r\n",
        b"\xff\xfe\x00",
        b"\r",
        b"\n",
        b".",
        b"MAIL FROM:<b@c>\r\nRCPT TO:<ada@here>\r\nDATA\r\nhi\r\n.\r\n",
    ];
    let mut all = Vec::new();
    if dice.below(4) > 0 {
        all.extend_from_slice(b"EHLO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<ada@here>\r\nDATA\r\n");
    }
    for _ in 0..dice.below(30) {
        let piece = PIECES[dice.below(PIECES.len())];
        let at = all.len();
        all.extend_from_slice(piece);
        if dice.below(12) == 0 {
            let at = at + dice.below(piece.len());
            all[at] = dice.below(256) as u8;
        }
    }
    all
}

/// `cargo xtask soak fuzz` goes on with this for as long as one likes, with pieces of all sorts.
#[test]
fn any_conversation_comes_to_the_same_however_its_bytes_come_and_lets_nothing_slip_in() {
    let mut dice = Dice(0x9e37_79b9_7f4a_7c14);
    for _ in 0..2_000 {
        let all = conversation(&mut dice);
        let shown = || all.escape_ascii().to_string();
        let whole = said(&all, all.len().max(1));
        let dots = memchr::memmem::find_iter(&all, b".\r\n").count();
        assert!(whole.kept.len() <= dots, "{}", shown());
        for letter in &whole.kept {
            let text = String::from_utf8_lossy(&letter.text).replace("\r\n", "");
            assert!(!text.contains(['\r', '\n']) && !letter.recipients.is_empty(), "{}", shown());
        }
        let piece = 1 + dice.below(9);
        let parts = said(&all, piece);
        assert_eq!(parts.replies, whole.replies, "by {piece}: {}", shown());
        assert_eq!((parts.kept, parts.ended), (whole.kept, whole.ended), "by {piece}: {}", shown());
    }
}
