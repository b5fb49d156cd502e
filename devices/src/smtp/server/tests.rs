use super::*;

#[derive(Default)]
struct Office {
    mails: Vec<Envelope>,
    /// Its replies to mails come later.
    later: bool,
}

impl PostOffice for Office {
    fn admits(&self, _: &str, to: &str) -> Result<(), Reply> {
        if to.ends_with("@b.example") { Ok(()) } else { Err(no_such_mailbox()) }
    }

    fn take(&mut self, envelope: Envelope, _: &Greeting) -> Reply {
        self.mails.push(envelope);
        Reply::new(250, "accepted").with_enhanced(2, 0, 0)
    }

    fn replies_later(&self) -> bool {
        self.later
    }

    fn prints(&self) -> Option<Filter> {
        Filter::parse("(& (paper-size=A4) (image-coding=MH))").ok()
    }
}

fn codes(script: &str) -> (Vec<String>, Office, bool) {
    codes_of(Offers::default(), script)
}

fn codes_of(offers: Offers, script: &str) -> (Vec<String>, Office, bool) {
    codes_from(&mut Server::new("b.example", 100).offering(offers), &[script])
}

/// What a server with all abilities answers.
fn codes_of_all(script: &str) -> (Vec<String>, Office, bool) {
    codes_of(Offers::of_a_mail_server(), script)
}

fn codes_from(server: &mut Server, pieces: &[&str]) -> (Vec<String>, Office, bool) {
    let (mut office, mut said, mut close) = (Office::default(), Vec::new(), false);
    for piece in pieces {
        let turn = server.bytes(piece.as_bytes(), &mut office);
        said.extend_from_slice(&turn.send);
        close |= turn.close;
    }
    let text = String::from_utf8(said).expect("ASCII");
    let last_lines = text.lines().filter(|line| line.as_bytes()[3] == b' ');
    (last_lines.map(|line| line[..3].to_owned()).collect(), office, close)
}

/// The commands before a message, and how often they are answered.
const MAIL: &str = "EHLO a\r\nMAIL FROM:<a@a>\r\nRCPT TO:<b@b.example>\r\n";
const MAILED: usize = 3;

/// What is answered behind the commands before a message.
fn behind_mail(script: &str) -> (Vec<String>, Office) {
    let (codes, office, _) = codes_of_all(&format!("{MAIL}{script}"));
    (codes[MAILED..].to_vec(), office)
}

#[test]
fn what_is_printed_is_told_to_who_asks_for_it_and_only_where_it_is_offered() {
    let script = "EHLO a\r\nMAIL FROM:<a@a.example>\r\nRCPT TO:<b@b.example> CONNEG\r\n\
                  RCPT TO:<b@b.example> CONNEG=1\r\nRCPT TO:<b@b.example>\r\n";
    let offers = |conneg| Offers { conneg, ..Offers::default() };
    let talk = |conneg| {
        let mut server = Server::new("b.example", 1000).offering(offers(conneg));
        let turn = server.bytes(script.as_bytes(), &mut Office::default());
        String::from_utf8(turn.send.to_vec()).unwrap()
    };
    let (with, without) = (talk(true), talk(false));
    assert!(with.contains("250 CONNEG\r\n"), "{with}");
    assert!(with.contains("250 2.1.5 CONNEG (& (paper-size=A4) (image-coding=MH))\r\n501 "), "{with}");
    assert!(with.ends_with("250 2.1.5 recipient ok\r\n"), "{with}");
    assert!(without.contains("504 5.5.4") && !without.contains("CONNEG\r\n"), "{without}");
}

#[test]
fn a_pipelined_session_delivers_its_mail() {
    let (codes, office, close) =
        codes("EHLO a\r\nMAIL FROM:<a@a>\r\nRCPT TO:<b@b.example>\r\nDATA\r\nhi\r\n..\r\n.\r\nQUIT\r\n");
    assert_eq!(codes, ["250", "250", "250", "354", "250", "221"]);
    let message = Bytes::from_static(b"hi\r\n.\r\n");
    assert_eq!(office.mails, [Envelope::new("a@a", "b@b.example", message)]);
    assert!(close);
}

#[test]
fn commands_out_of_order_get_503() {
    assert_eq!(codes("MAIL FROM:<a@a>\r\n").0, ["503"]);
    assert_eq!(codes("HELO a\r\nRCPT TO:<b@b.example>\r\n").0, ["250", "503"]);
    assert_eq!(codes("HELO a\r\nMAIL FROM:<a@a>\r\nDATA\r\n").0, ["250", "250", "503"]);
}

#[test]
fn the_server_is_no_open_relay() {
    assert_eq!(codes("HELO a\r\nMAIL FROM:<a@a>\r\nRCPT TO:<c@c.example>\r\n").0[2], "550");
}

#[test]
fn what_is_too_big_is_refused_by_its_announcement_and_by_its_size() {
    assert_eq!(codes("EHLO a\r\nMAIL FROM:<a@a> SIZE=101\r\n").0[1], "552");
    let big = "x".repeat(101);
    let script = format!("EHLO a\r\nMAIL FROM:<a@a>\r\nRCPT TO:<b@b.example>\r\nDATA\r\n{big}\r\n.\r\n");
    let (codes, office, _) = codes(&script);
    assert_eq!(codes[4], "552");
    assert!(office.mails.is_empty());
}

#[test]
fn a_size_has_up_to_20_digits() {
    let code = |size: &str| codes(&format!("EHLO a\r\nMAIL FROM:<a@a> SIZE={size}\r\n")).0[1].clone();
    for (size, expected) in [
        ("100", "250"),
        ("0", "250"),
        ("00000000000000000100", "250"),
        ("99999999999999999999", "552"),
        ("000000000000000000100", "501"),
        ("+5", "501"),
        ("5k", "501"),
        ("1 SIZE=1", "501"),
    ] {
        assert_eq!(code(size), expected, "{size}");
    }
}

#[test]
fn a_size_without_a_number_is_501() {
    assert_eq!(codes("EHLO a\r\nMAIL FROM:<a@a> SIZE\r\n").0[1], "501");
}

#[test]
fn a_size_is_an_unknown_parameter_where_nothing_is_listed() {
    let offers = Offers { ehlo: false, ..Offers::default() };
    assert_eq!(codes_of(offers, "HELO a\r\nMAIL FROM:<a@a> SIZE=1\r\n").0[1], "555");
}

#[test]
fn a_server_that_takes_no_octet_does_not_say_that_it_takes_any_number() {
    let turn = Server::new("b.example", 0).bytes(b"EHLO a\r\n", &mut Office::default());
    let reply = Reply::parse(&turn.send).unwrap();
    assert!(reply.lines.iter().any(|line| line == "SIZE"), "{reply:?}");
}

#[test]
fn an_unknown_parameter_gets_555() {
    assert_eq!(codes("EHLO a\r\nMAIL FROM:<a@a> XIPTELNUM=1\r\n").0[1], "555");
}

#[test]
fn what_is_asked_of_notifications_is_taken_where_it_is_offered() {
    let script = "EHLO a\r\nMAIL FROM:<a@a> ENVID=e+2B1\r\nRCPT TO:<b@b.example> NOTIFY=NEVER\r\n\
                  RCPT TO:<c@b.example> NOTIFY=OFTEN\r\nDATA\r\nhi\r\n.\r\n";
    let (taken, office, _) = codes_of(Offers { dsn: true, ..Offers::default() }, script);
    assert_eq!(taken, ["250", "250", "250", "501", "354", "250"]);
    assert_eq!(office.mails[0].dsn.envid.as_deref(), Some("e+1"));
    assert_eq!(office.mails[0].recipients[0].dsn.notify, Some(Default::default()));
    assert_eq!(codes(script).0[1], "555");
}

#[test]
fn a_server_that_knows_no_ehlo_takes_mail_by_helo() {
    let script = "EHLO a\r\nHELO a\r\nMAIL FROM:<a@a>\r\nRCPT TO:<b@b.example>\r\n";
    let (codes, _, _) = codes_of(Offers { ehlo: false, ..Offers::default() }, script);
    assert_eq!(codes, ["502", "250", "250", "250"]);
}

#[test]
fn a_client_that_talks_nonsense_is_sent_away() {
    let (codes, _, close) = codes(&"XYZZY\r\n".repeat(30));
    assert_eq!(codes.len(), 22);
    assert_eq!(codes.last().map(String::as_str), Some("421"));
    assert!(close);
}

#[test]
fn a_lone_linefeed_around_a_dot_ends_nothing() {
    let (codes, office, _) = codes(
        "EHLO a\r\nMAIL FROM:<a@a>\r\nRCPT TO:<b@b.example>\r\nDATA\r\nx\n.\nMAIL FROM:<evil@a>\r\n.\r\n",
    );
    assert_eq!(codes, ["250", "250", "250", "354", "250"]);
    assert_eq!(office.mails.len(), 1);
}

#[test]
fn all_that_is_offered_is_listed() {
    let listed = |offers| {
        let mut server = Server::new("b.example", 100).offering(offers);
        let turn = server.bytes(b"EHLO a\r\n", &mut Office::default());
        let reply = Reply::parse(&turn.send).unwrap();
        ["PIPELINING", "SIZE", "DSN", "CONNEG", "8BITMIME", "CHUNKING"].map(|keyword| reply.lists(keyword))
    };
    assert_eq!(listed(Offers::default()), [true, true, false, false, false, false]);
    assert_eq!(listed(Offers::of_a_mail_server()), [true, true, true, false, true, true]);
}

#[test]
fn what_the_octets_of_a_message_are_is_asked_and_remembered() {
    for (param, body) in
        [("", Body::SevenBit), (" BODY=7bit", Body::SevenBit), (" body=8bitmime", Body::EightBit)]
    {
        let mail = MAIL.replace("<a@a>", &format!("<a@a>{param}"));
        let (codes, office, _) = codes_of_all(&format!("{mail}DATA\r\nhi\r\n.\r\n"));
        assert_eq!(codes, ["250", "250", "250", "354", "250"], "{param}");
        assert_eq!(office.mails[0].body, body, "{param}");
    }
}

#[test]
fn another_body_is_501() {
    for param in ["BODY=BINARYMIME", "BODY", "BODY=7BIT BODY=7BIT"] {
        assert_eq!(codes_of_all(&format!("EHLO a\r\nMAIL FROM:<a@a> {param}\r\n")).0[1], "501", "{param}");
    }
}

#[test]
fn a_body_is_an_unknown_parameter_where_it_is_not_offered() {
    assert_eq!(codes("EHLO a\r\nMAIL FROM:<a@a> BODY=7BIT\r\n").0[1], "555");
}

#[test]
fn a_message_of_eight_bits_is_taken_for_one_whatever_was_said_of_it() {
    for script in ["DATA\r\ngr\u{fc}n\r\n.\r\n", "BDAT 7 LAST\r\ngr\u{fc}n\r\n"] {
        let (_, office) = behind_mail(script);
        assert_eq!(office.mails[0].body, Body::EightBit, "{script}");
        assert_eq!(office.mails[0].message[2..4], *"\u{fc}".as_bytes());
    }
}

/// Two mails in chunks, one of which looks like commands, and one by DATA behind them.
const CHUNKED: &str = "EHLO a\r\nMAIL FROM:<a@a>\r\nRCPT TO:<b@b.example>\r\nBDAT 11\r\n.\r\nQUIT\r\n..\
                       BDAT 0\r\nBDAT 3\r\n\r\n\rBDAT 1 LAST\r\n\nMAIL FROM:<c@a>\r\n\
                       RCPT TO:<b@b.example>\r\nBDAT 4\r\nhi\r\nBDAT 0 LAST\r\nMAIL FROM:<d@a>\r\n\
                       RCPT TO:<b@b.example>\r\nDATA\r\nho\r\n.\r\nQUIT\r\n";

#[test]
fn chunks_are_put_together_and_each_is_answered() {
    let (codes, office, close) = codes_of_all(CHUNKED);
    let mut expected = vec!["250"; 15];
    expected.splice(13.., ["354", "250", "221"]);
    assert_eq!(codes, expected);
    let mails = [("a@a", ".\r\nQUIT\r\n..\r\n\r\n"), ("c@a", "hi\r\n"), ("d@a", "ho\r\n")];
    assert_eq!(office.mails, mails.map(|(from, mail)| Envelope::new(from, "b@b.example", mail.into())));
    assert!(close);
}

#[test]
fn chunks_in_any_pieces_are_the_same() {
    let server = || Server::new("b.example", 100).offering(Offers::of_a_mail_server());
    let whole = codes_from(&mut server(), &[CHUNKED]);
    for at in 0..=CHUNKED.len() {
        let (first, second) = CHUNKED.split_at(at);
        let (codes, office, close) = codes_from(&mut server(), &[first, second]);
        assert_eq!((codes, office.mails, close), (whole.0.clone(), whole.1.mails.clone(), whole.2), "{at}");
    }
}

#[test]
fn a_chunk_waits_for_its_octets() {
    let mut server = Server::new("b.example", 100).offering(Offers::of_a_mail_server());
    let pieces = [MAIL, "BDAT 6 LAST\r\nQU"];
    assert_eq!(codes_from(&mut server, &pieces).0.len(), MAILED);
    assert_eq!(codes_from(&mut server, &["IT\r\n"]).0, ["250"]);
}

#[test]
fn a_chunk_without_recipients_is_taken_and_refused() {
    let script = "EHLO a\r\nBDAT 6\r\nQUIT\r\nMAIL FROM:<a@a>\r\nBDAT 6 LAST\r\nQUIT\r\nNOOP\r\n";
    let (codes, office, close) = codes_of_all(script);
    assert_eq!(codes, ["250", "503", "250", "503", "250"]);
    assert!(office.mails.is_empty() && !close);
}

#[test]
fn between_chunks_there_is_no_other_way_to_go_on() {
    for command in ["DATA", "MAIL FROM:<c@a>", "RCPT TO:<c@b.example>"] {
        let (codes, office) = behind_mail(&format!("BDAT 2\r\nhi{command}\r\nNOOP\r\nBDAT 2 LAST\r\n\r\n"));
        assert_eq!(codes, ["250", "503", "250", "250"], "{command}");
        assert_eq!(office.mails, [Envelope::new("a@a", "b@b.example", "hi\r\n".into())]);
    }
}

#[test]
fn behind_the_last_chunk_there_is_none() {
    let (codes, office) = behind_mail("BDAT 4 LAST\r\nhi\r\nBDAT 6\r\nQUIT\r\nNOOP\r\n");
    assert_eq!(codes, ["250", "503", "250"]);
    assert_eq!(office.mails.len(), 1);
}

#[test]
fn a_reset_drops_the_chunks() {
    for reset in ["RSET", "EHLO a"] {
        let again = "MAIL FROM:<a@a>\r\nRCPT TO:<b@b.example>\r\nBDAT 2 LAST\r\nho";
        let (codes, office) = behind_mail(&format!("BDAT 2\r\nhi{reset}\r\n{again}"));
        assert_eq!(codes, ["250", "250", "250", "250", "250"], "{reset}");
        assert_eq!(office.mails, [Envelope::new("a@a", "b@b.example", "ho".into())]);
    }
}

#[test]
fn chunks_that_are_too_big_together_are_taken_and_refused() {
    let big = "x".repeat(60);
    let further = format!("BDAT 60\r\n{big}BDAT 6\r\nQUIT\r\nBDAT 0 LAST\r\nNOOP\r\n");
    let (codes, office) = behind_mail(&format!("BDAT 60\r\n{big}{further}"));
    assert_eq!(codes, ["250", "552", "552", "552", "250"]);
    assert!(office.mails.is_empty());
    let again = "RSET\r\nMAIL FROM:<a@a>\r\nRCPT TO:<b@b.example>\r\nBDAT 2 LAST\r\nho";
    let (codes, office) = behind_mail(&format!("BDAT 60\r\n{big}BDAT 41\r\n{}{again}", &big[..41]));
    assert_eq!(codes, ["250", "552", "250", "250", "250", "250"]);
    assert_eq!(office.mails.len(), 1);
}

#[test]
fn chunks_of_just_the_limit_are_taken() {
    let big = "x".repeat(50);
    let (codes, office) = behind_mail(&format!("BDAT 50\r\n{big}BDAT 50 LAST\r\n{big}"));
    assert_eq!(codes, ["250", "250"]);
    assert_eq!(office.mails[0].message.len(), 100);
}

#[test]
fn where_chunks_are_not_offered_bdat_is_unknown_and_commands_follow_it() {
    let (codes, office, close) = codes(&format!("{MAIL}BDAT 6 LAST\r\nQUIT\r\n"));
    assert_eq!(codes[MAILED..], ["500", "221"]);
    assert!(office.mails.is_empty() && close);
}

#[test]
fn a_client_that_sends_nothing_but_chunks_out_of_order_is_sent_away() {
    let (codes, _, close) = codes_of_all(&"BDAT 1\r\nx".repeat(30));
    assert_eq!(codes.len(), 22);
    assert_eq!(codes.last().map(String::as_str), Some("421"));
    assert!(close);
}

/// Messages with a CR or LF that stands alone; the first would be another mail's to a server that takes LF for a
/// line end.
const SMUGGLING: [&str; 5] = [
    "DATA\r\nx\n.\nMAIL FROM:<evil@a>\r\n.\r\n",
    "DATA\r\nx\r.\r\n.\r\n",
    "DATA\r\n\r\r\n.\r\n",
    "BDAT 2\r\nx\rBDAT 2 LAST\r\n\r\n",
    "BDAT 3\r\nx\nyBDAT 2 LAST\r\n\r\n",
];

#[test]
fn a_bare_line_end_is_refused_behind_the_message_where_that_is_wanted() {
    for script in SMUGGLING {
        let server = Server::new("b.example", 100).offering(Offers::of_a_mail_server());
        let again = "MAIL FROM:<a@a>\r\nRCPT TO:<b@b.example>\r\nDATA\r\nhi\r\n.\r\n";
        let pieces = [MAIL, script, again];
        let (codes, office, close) = codes_from(&mut server.refusing_bare_line_ends(), &pieces);
        let begun = if script.starts_with("DATA") { "354" } else { "250" };
        assert_eq!(codes[MAILED..], [begun, "554", "250", "250", "354", "250"], "{script:?}");
        assert_eq!(office.mails, [Envelope::new("a@a", "b@b.example", "hi\r\n".into())]);
        assert!(!close);
    }
}

#[test]
fn a_bare_line_end_is_taken_where_nothing_is_said_of_it() {
    for script in SMUGGLING {
        assert_eq!(behind_mail(script).1.mails.len(), 1, "{script:?}");
    }
}

/// The codes that a server says whose office answers later: to this script, and with the answer to the mail in it. Whether it
/// closes at last.
fn decided(script: &str) -> (String, String, bool) {
    let mut server = Server::new("b.example", 100_000).offering(Offers::of_a_mail_server());
    let mut office = Office { later: true, ..Office::default() };
    let codes = |turn: &ServerTurn| {
        let text = String::from_utf8_lossy(&turn.send).into_owned();
        let last_lines = text.lines().filter(|line| line.as_bytes()[3] == b' ').map(|line| &line[..3]);
        last_lines.collect::<Vec<_>>().join(" ")
    };
    let first = server.bytes(script.as_bytes(), &mut office);
    let second = server.decided(Reply::new(550, "no"), &mut office);
    (codes(&first), codes(&second), first.close || second.close)
}

#[test]
fn a_reply_that_comes_later_comes_before_the_replies_to_what_was_sent_ahead() {
    let ahead = format!("{MAIL}DATA\r\nhi\r\n.\r\nMAIL FROM:<c@a>\r\nQUIT\r\n");
    assert_eq!(decided(&ahead), ("250 250 250 354".into(), "550 250 221".into(), true));
    let chunked = format!("{MAIL}BDAT 4 LAST\r\nhi\r\nNOOP\r\n");
    assert_eq!(decided(&chunked), ("250 250 250".into(), "550 250".into(), false));
}

#[test]
fn a_second_mail_that_was_sent_ahead_waits_for_its_own_reply() {
    let mail = "MAIL FROM:<c@a>\r\nRCPT TO:<b@b.example>\r\nDATA\r\nho\r\n.\r\n";
    let ahead = format!("{MAIL}DATA\r\nhi\r\n.\r\n{mail}");
    assert_eq!(decided(&ahead), ("250 250 250 354".into(), "550 250 250 354".into(), false));
}

#[test]
fn who_sends_too_much_ahead_of_a_reply_is_sent_away() {
    let ahead = format!("{MAIL}DATA\r\nhi\r\n.\r\n{}", "NOOP\r\n".repeat(20_000));
    let (first, _, closes) = decided(&ahead);
    assert_eq!((first.as_str(), closes), ("250 250 250 354 421", true));
}

#[test]
fn a_reply_that_nobody_waits_for_says_nothing() {
    assert_eq!(decided("NOOP\r\n"), ("250".into(), String::new(), false));
}
