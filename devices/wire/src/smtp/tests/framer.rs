use crate::smtp::{Framer, Unit};

const S: bool = true;
const C: bool = false;

const SESSION: [(bool, &str); 13] = [
    (S, "220 fax-b.example.net ESMTP ready\r\n"),
    (C, "EHLO fax-a.example.com\r\n"),
    (S, "250-fax-b.example.net\r\n250-DSN\r\n250 SIZE 20000000\r\n"),
    (C, "MAIL FROM:<fax-a@example.com> SIZE=48213\r\n"),
    (S, "250 2.1.0 ok\r\n"),
    (C, "RCPT TO:<fax-b@example.net>\r\n"),
    (S, "250 2.1.5 ok\r\n"),
    (C, "DATA\r\n"),
    (S, "354 go\r\n"),
    (C, "Subject: x\r\n\r\nQUIT\r\n..\r\na\n.\r\n.\r\n"),
    (S, "250 2.0.0 accepted\r\n"),
    (C, "QUIT\r\n"),
    (S, "221 2.0.0 bye\r\n"),
];

fn run<'a>(framer: &mut Framer, session: impl IntoIterator<Item = (bool, &'a [u8])>) -> Vec<Unit> {
    session.into_iter().flat_map(|(from_server, bytes)| framer.push(from_server, bytes)).collect()
}

fn labels(session: &[(bool, &str)]) -> Vec<String> {
    let mut framer = Framer::new();
    let units = run(&mut framer, session.iter().map(|(side, text)| (*side, text.as_bytes())));
    units.into_iter().map(|unit| unit.label).collect()
}

#[test]
fn a_session_is_cut_into_its_units() {
    let expected =
        ["220", "EHLO", "250", "MAIL", "250", "RCPT", "250", "DATA", "354", "message", "250", "QUIT", "221"];
    assert_eq!(labels(&SESSION), expected);
}

#[test]
fn each_unit_holds_its_octets_unchanged() {
    let units = run(&mut Framer::new(), SESSION.iter().map(|(side, text)| (*side, text.as_bytes())));
    let seen: Vec<_> = units.iter().map(|unit| (unit.from_server, &unit.bytes[..])).collect();
    assert_eq!(seen, SESSION.map(|(side, text)| (side, text.as_bytes())));
}

#[test]
fn every_chunking_gives_the_same_units() {
    let whole = run(&mut Framer::new(), SESSION.iter().map(|(side, text)| (*side, text.as_bytes())));
    for (line, (side, text)) in SESSION.iter().enumerate() {
        for at in 0..=text.len() {
            let mut framer = Framer::new();
            let (first, second) = text.as_bytes().split_at(at);
            let before = SESSION[..line].iter().map(|(side, text)| (*side, text.as_bytes()));
            let after = SESSION[line + 1..].iter().map(|(side, text)| (*side, text.as_bytes()));
            assert_eq!(run(&mut framer, before.chain([(*side, first), (*side, second)]).chain(after)), whole);
        }
    }
}

#[test]
fn octet_by_octet_gives_the_same_units() {
    let whole = run(&mut Framer::new(), SESSION.iter().map(|(side, text)| (*side, text.as_bytes())));
    let octets =
        SESSION.iter().flat_map(|(side, text)| text.as_bytes().chunks(1).map(|octet| (*side, octet)));
    assert_eq!(run(&mut Framer::new(), octets), whole);
}

#[test]
fn commands_sent_together_are_told_apart() {
    let session = [
        (S, "220 a\r\n"),
        (C, "MAIL FROM:<>\r\nRCPT TO:<a@b>\r\nDATA\r\n"),
        (S, "250 a\r\n250 b\r\n354 c\r\n"),
        (C, "x\r\n.\r\nQUIT\r\n"),
    ];
    let expected = ["220", "MAIL", "RCPT", "DATA", "250", "250", "354", "message", "QUIT"];
    assert_eq!(labels(&session), expected);
}

#[test]
fn after_a_refused_data_commands_go_on() {
    let session = [(S, "220 a\r\n"), (C, "DATA\r\n"), (S, "503 b\r\n"), (C, "RSET\r\nQUIT\r\n")];
    assert_eq!(labels(&session), ["220", "DATA", "503", "RSET", "QUIT"]);
}

#[test]
fn octets_behind_data_wait_for_the_reply() {
    let hasty = (C, "DATA\r\nQUIT\r\n.\r\n");
    assert_eq!(labels(&[(S, "220 a\r\n"), hasty, (S, "354 b\r\n")]), ["220", "DATA", "354", "message"]);
    assert_eq!(labels(&[(S, "220 a\r\n"), hasty, (S, "503 b\r\n")]), ["220", "DATA", "503", "QUIT", "raw"]);
}

#[test]
fn the_reply_to_an_earlier_command_is_not_that_to_data() {
    let session =
        [(S, "220 a\r\n"), (C, "RCPT TO:<a@b>\r\nDATA\r\nx\r\n.\r\n"), (S, "550 a\r\n"), (S, "354 b\r\n")];
    assert_eq!(labels(&session), ["220", "RCPT", "DATA", "550", "354", "message"]);
}

#[test]
fn a_line_that_is_no_reply_is_raw() {
    assert_eq!(labels(&[(S, "hello\r\n250-a\r\nwhat\r\n250 b\r\n")]), ["raw", "raw", "raw", "250"]);
}

#[test]
fn a_reply_whose_code_changes_is_raw_up_to_the_change() {
    assert_eq!(labels(&[(S, "250-a\r\n550-b\r\n550 c\r\n")]), ["raw", "550"]);
}

#[test]
fn behind_starttls_everything_is_raw() {
    let session =
        [(S, "220 a\r\n"), (C, "STARTTLS\r\n"), (S, "220 go\r\n"), (C, "\x16\x03QUIT\r\n"), (S, "250 a\r\n")];
    assert_eq!(labels(&session), ["220", "STARTTLS", "220", "raw", "raw"]);
}

/// A mail in two chunks that look like commands, another one behind it, and no waiting.
const CHUNKS: [(bool, &str); 7] = [
    (S, "220 fax-b.example.net ESMTP ready\r\n"),
    (C, "EHLO fax-a.example.com\r\n"),
    (S, "250-fax-b.example.net\r\n250-PIPELINING\r\n250 CHUNKING\r\n"),
    (
        C,
        "MAIL FROM:<a@b>\r\nBDAT 10\r\nDATA\r\n.\r\n\rBDAT 7 LAST\r\n\nBDAT 9RSET\r\nBDAT 0 LAST\r\nDATA\r\n",
    ),
    (S, "250 a\r\n250 b\r\n250 c\r\n250 d\r\n503 e\r\n354 f\r\n"),
    (C, "x\r\n.\r\nQUIT\r\n"),
    (S, "250 a\r\n221 b\r\n"),
];

const CHUNKED: [&str; 21] = [
    "220", "EHLO", "250", "MAIL", "BDAT", "chunk", "BDAT", "chunk", "RSET", "BDAT", "DATA", "250", "250",
    "250", "250", "503", "354", "message", "QUIT", "250", "221",
];

#[test]
fn the_octets_behind_bdat_are_a_unit_whatever_they_are() {
    let units = run(&mut Framer::new(), CHUNKS.iter().map(|(side, text)| (*side, text.as_bytes())));
    let labels: Vec<_> = units.iter().map(|unit| unit.label.as_str()).collect();
    assert_eq!(labels, CHUNKED);
    let chunks = units.iter().filter(|unit| unit.label == "chunk").map(|unit| &unit.bytes[..]);
    assert_eq!(chunks.collect::<Vec<_>>(), [&b"DATA\r\n.\r\n\r"[..], b"\nBDAT 9"]);
}

#[test]
fn chunks_in_any_pieces_give_the_same_units() {
    let turns = CHUNKS.map(|(side, text)| (side, text.as_bytes()));
    let whole = run(&mut Framer::new(), turns);
    for (turn, (side, text)) in turns.iter().enumerate() {
        for at in 0..=text.len() {
            let (first, second) = text.split_at(at);
            let before = turns[..turn].iter().copied();
            let after = turns[turn + 1..].iter().copied();
            let session = before.chain([(*side, first), (*side, second)]).chain(after);
            assert_eq!(run(&mut Framer::new(), session), whole, "{turn} {at}");
        }
    }
    let octets = turns.iter().flat_map(|(side, text)| text.chunks(1).map(|octet| (*side, octet)));
    assert_eq!(run(&mut Framer::new(), octets), whole);
}

#[test]
fn the_reply_to_bdat_follows_its_chunk() {
    // With one reply too many the framer would take the 250 for that to STARTTLS, with one too few the 220.
    let client = "BDAT 3\r\nabcSTARTTLS\r\n";
    let session = [(S, "220 a\r\n"), (C, client), (S, "250 b\r\n220 c\r\n"), (C, "QUIT\r\n")];
    assert_eq!(labels(&session), ["220", "BDAT", "chunk", "STARTTLS", "250", "220", "raw"]);
    let early = [(S, "220 a\r\n"), (C, "RSET\r\nBDAT 3\r\nab"), (S, "250 b\r\n"), (C, "cSTARTTLS\r\n")];
    let late = [(S, "250 c\r\n220 d\r\n"), (C, "QUIT\r\n")];
    let expected = ["220", "RSET", "BDAT", "250", "chunk", "STARTTLS", "250", "220", "raw"];
    assert_eq!(labels(&[&early[..], &late].concat()), expected);
}

#[test]
fn where_the_server_does_not_list_chunking_bdat_is_an_unknown_command_and_commands_follow_it() {
    let bdat = (C, "BDAT 6\r\nQUIT\r\n");
    let session = [(S, "220 a\r\n"), (C, "EHLO a\r\n"), (S, "250-a\r\n250 DSN\r\n"), bdat];
    assert_eq!(labels(&session), ["220", "EHLO", "250", "BDAT", "QUIT"]);
    let session = [(S, "220 a\r\n"), (C, "EHLO a\r\n"), (S, "502 CHUNKING\r\n"), bdat];
    assert_eq!(labels(&session), ["220", "EHLO", "502", "BDAT", "QUIT"]);
}

#[test]
fn the_reply_to_another_command_says_nothing_of_chunking() {
    let session = [
        (S, "220 a\r\n"),
        (C, "NOOP\r\nEHLO a\r\n"),
        (S, "250 a\r\n250-a\r\n250 CHUNKING\r\n"),
        (C, "RSET\r\n"),
        (S, "250 a\r\n"),
        (C, "BDAT 6\r\nQUIT\r\n"),
    ];
    assert_eq!(labels(&session), ["220", "NOOP", "EHLO", "250", "250", "RSET", "250", "BDAT", "chunk"]);
}

#[test]
fn a_bdat_with_wrong_arguments_has_no_chunk() {
    let session = [(S, "220 a\r\n"), (C, "BDAT x\r\nQUIT\r\n")];
    assert_eq!(labels(&session), ["220", "BDAT", "QUIT"]);
}

#[test]
fn a_chunk_without_end_is_not_kept() {
    let mut framer = Framer::new();
    framer.push(S, b"220 a\r\n");
    assert_eq!(framer.push(C, b"BDAT 18446744073709551615 LAST\r\n").len(), 1);
    let piece = vec![b'x'; 1024 * 1024];
    let passed: usize = (0..70).flat_map(|_| framer.push(C, &piece)).map(|unit| unit.bytes.len()).sum();
    assert_eq!(passed, 70 * piece.len());
}

#[test]
fn an_incomplete_rest_is_handed_out_as_raw() {
    let mut framer = Framer::new();
    framer.push(S, b"250-a\r\n250");
    framer.push(C, b"QUI");
    let rest = framer.pending(S).unwrap();
    assert_eq!((rest.from_server, &rest.bytes[..], rest.label.as_str()), (S, &b"250-a\r\n250"[..], "raw"));
    assert_eq!(framer.pending(C).unwrap().bytes, "QUI");
    assert_eq!(framer.pending(C), None);
}

#[test]
fn a_line_without_end_is_not_kept() {
    let mut framer = Framer::new();
    let (mut kept, mut passed) = (0_usize, 0_usize);
    for _ in 0..100 {
        kept += 4096;
        passed += framer.push(C, &[b'x'; 4096]).iter().map(|unit| unit.bytes.len()).sum::<usize>();
        assert!(kept - passed <= 64 * 1024);
    }
}

#[test]
fn a_server_that_connected_itself_is_known_by_its_greeting() {
    let mut framer = Framer::new();
    let units = framer.push(false, b"220 bob ESMTP\r\n");
    assert!(units.iter().all(|unit| !unit.from_server), "the side that connected sent it");
    assert_eq!(units[0].label, "220");
    let units = framer.push(true, b"EHLO alice\r\n");
    assert_eq!((units[0].label.as_str(), units[0].from_server), ("EHLO", true));
}

#[test]
fn a_reply_lets_commands_go_on_before_the_next_one_whether_they_come_together_or_not() {
    // The 354 answers no DATA: that one has its 250 already.
    let client = (C, "MAIL FROM:<>\r\nDATA\r\nRCPT TO:<a@b>\r\nDATA\r\n");
    let together = [(S, "220 a\r\n"), client, (S, "250 a\r\n250 b\r\n354 c\r\n"), (C, "x\r\n.\r\n")];
    let apart = [together[0], client, (S, "250 a\r\n"), (S, "250 b\r\n"), (S, "354 c\r\n"), together[3]];
    assert_eq!(labels(&together), labels(&apart));
}
