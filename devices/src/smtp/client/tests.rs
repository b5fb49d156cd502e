use faxproof_wire::smtp::{MailDsn, Notify, RcptDsn};

use super::super::Recipient;
use super::*;

fn client() -> Client {
    let message = Bytes::from_static(b"Subject: x\r\n\r\n.dot\r\n");
    Client::new("a.example", Envelope::new("a@a.example", "b@b.example", message))
}

/// The same mail to two recipients, with a notification wanted of each.
fn to_two() -> Client {
    let mut client = client();
    let notify = Notify { success: true, ..Notify::default() };
    let dsn = RcptDsn { notify: Some(notify), orcpt: None };
    client.envelope.dsn = MailDsn { ret: None, envid: Some("e1".into()) };
    client.envelope.recipients =
        ["b@b.example", "c@b.example"].map(|path| Recipient { path: path.into(), dsn: dsn.clone() }).into();
    client
}

/// Feeds the replies one by one and returns all that the client said, and the outcome.
fn talk(replies: &[&str]) -> (String, Option<Result<(), Failure>>) {
    talk_of(&mut client(), replies)
}

fn talk_of(client: &mut Client, replies: &[&str]) -> (String, Option<Result<(), Failure>>) {
    let (mut said, mut done) = (Vec::new(), None);
    for reply in replies {
        let turn = client.bytes(reply.as_bytes());
        turn.send.iter().for_each(|line| said.extend_from_slice(line));
        done = turn.done.or(done);
    }
    (String::from_utf8(said).expect("ASCII"), done)
}

#[test]
fn a_mail_is_handed_over() {
    let replies = [
        "220 hi\r\n",
        "250-hi\r\n250 SIZE 9\r\n",
        "250 ok\r\n",
        "250 ok\r\n",
        "354 go\r\n",
        "250 ok\r\n",
        "221 bye\r\n",
    ];
    let (said, done) = talk(&replies);
    assert_eq!(
        said,
        "EHLO a.example\r\nMAIL FROM:<a@a.example> SIZE=20\r\nRCPT TO:<b@b.example>\r\nDATA\r\n\
         Subject: x\r\n\r\n..dot\r\n.\r\nQUIT\r\n"
    );
    assert_eq!(done, Some(Ok(())));
}

#[test]
fn nonsense_behind_quit_changes_nothing() {
    let replies = ["220 a\r\n", "250 a\r\n", "250 a\r\n", "250 a\r\n", "354 a\r\n", "250 a\r\n", "bye\r\n"];
    assert_eq!(talk(&replies).1, Some(Ok(())));
}

#[test]
fn the_size_is_that_of_the_message_as_it_is_sent() {
    for (message, size) in [("", 0), (".a", 4), ("a\r\n", 3), ("a\n", 4)] {
        let envelope = Envelope::new("a@a.example", "b@b.example", Bytes::from_static(message.as_bytes()));
        let mut client = Client::new("a.example", envelope);
        let (said, _) = talk_of(&mut client, &["220 a\r\n", "250-a\r\n250 SIZE\r\n"]);
        assert!(said.ends_with(&format!(" SIZE={size}\r\n")), "{message:?}: {said}");
    }
}

#[test]
fn a_server_without_ehlo_gets_helo() {
    let (said, _) = talk(&["220 hi\r\n", "502 what\r\n", "250 ok\r\n"]);
    assert_eq!(said, "EHLO a.example\r\nHELO a.example\r\nMAIL FROM:<a@a.example>\r\n");
}

#[test]
fn a_server_without_extensions_gets_the_plain_mail() {
    let plain = Envelope::new("plain@a.example", "b@b.example", Bytes::new());
    let mut client = client().with_plain_mail(plain.clone(), None);
    let (said, _) = talk_of(&mut client, &["220 hi\r\n", "502 what\r\n", "250 ok\r\n"]);
    assert!(said.ends_with("MAIL FROM:<plain@a.example>\r\n") && !client.is_extended(), "{said}");
    let mut client = self::client().with_plain_mail(plain.clone(), None);
    let (said, _) = talk_of(&mut client, &["220 hi\r\n", "250 ok\r\n"]);
    assert!(said.ends_with("MAIL FROM:<a@a.example>\r\n") && client.is_extended(), "{said}");
    let mut client = self::client().with_plain_mail(plain, Some("DSN"));
    let (said, _) = talk_of(&mut client, &["220 hi\r\n", "250 ok\r\n"]);
    assert!(said.ends_with("MAIL FROM:<plain@a.example>\r\n") && !client.is_extended(), "{said}");
}

#[test]
fn a_server_that_lists_conneg_is_asked_and_the_message_waits_for_its_answer() {
    let told = "250-ok\r\n250-CONNEG (& (paper-size=A4)\r\n250 CONNEG (image-coding=MH))\r\n";
    let mut client = client().forming();
    let (said, _) =
        talk_of(&mut client, &["220 a\r\n", "250-a\r\n250-SIZE 9\r\n250 CONNEG\r\n", "250 a\r\n", told]);
    assert!(said.ends_with("MAIL FROM:<a@a.example>\r\nRCPT TO:<b@b.example> CONNEG\r\n"), "{said}");
    let told = client.question().and_then(|question| question.told.clone());
    assert_eq!(told.as_deref(), Some("(& (paper-size=A4) (image-coding=MH))"));
    let turn = client.give(Bytes::from_static(b"formed\r\n"));
    assert_eq!(turn.send, [&b"DATA\r\n"[..]]);
    assert_eq!(client.question(), None);
    let (said, _) = talk_of(&mut client, &["354 go\r\n"]);
    assert_eq!(said, "formed\r\n.\r\n");
}

#[test]
fn what_comes_before_the_message_was_due_is_heard_behind_it() {
    for (early, ends) in [("550 no\r\n", "DATA\r\nQUIT\r\n"), ("garbage\r\n", "DATA\r\n")] {
        let mut client = client().forming();
        let replies = ["220 a\r\n", "250-a\r\n250 CONNEG\r\n", "250 a\r\n"];
        talk_of(&mut client, &replies);
        let (said, done) = talk_of(&mut client, &[&format!("250 ok\r\n{early}")]);
        assert_eq!((said.as_str(), done), ("", None), "nothing before the message is given");
        assert_eq!(client.question(), Some(&Question { told: None }));
        let turn = client.give(Bytes::new());
        assert_eq!(turn.send.concat(), ends.as_bytes());
        assert_eq!(turn.done.is_some(), early.starts_with('g'));
    }
}

#[test]
fn a_peer_that_the_rule_makes_plain_is_not_asked() {
    let plain = Envelope::new("plain@a.example", "b@b.example", Bytes::new());
    let mut client = client().with_plain_mail(plain, Some("DSN")).forming();
    let (said, _) = talk_of(&mut client, &["220 a\r\n", "250-a\r\n250 CONNEG\r\n", "250 a\r\n"]);
    assert!(said.ends_with("RCPT TO:<b@b.example>\r\n"), "{said}");
}

#[test]
fn who_does_not_list_conneg_is_not_asked() {
    let mut client = client().forming();
    let (said, _) = talk_of(&mut client, &["220 a\r\n", "250 a\r\n", "250 a\r\n", "250 a\r\n"]);
    assert!(said.ends_with("RCPT TO:<b@b.example>\r\nDATA\r\n"), "{said}");
}

#[test]
fn a_refusal_at_any_stage_ends_with_quit_and_the_code() {
    let path = ["220 a\r\n", "250 a\r\n", "250 a\r\n", "250 a\r\n", "354 a\r\n"];
    let stages = [Stage::Greeting, Stage::Ehlo, Stage::Mail, Stage::Rcpt, Stage::Data, Stage::Message];
    for (at, stage) in stages.into_iter().enumerate() {
        let mut replies = path[..at].to_vec();
        replies.extend(["451 later\r\n", "221 bye\r\n"]);
        let (said, done) = talk(&replies);
        assert!(said.ends_with("QUIT\r\n"), "{said}");
        assert_eq!(done, Some(Err(Failure::Refused { stage, no: later() })));
    }
}

fn later() -> No {
    No { code: 451, status: None, text: "later".into() }
}

#[test]
fn one_recipient_that_is_refused_does_not_keep_the_other_from_the_mail() {
    let mut client = to_two();
    let replies = ["220 a\r\n", "250 a\r\n", "250 a\r\n", "451 later\r\n", "250 a\r\n", "354 a\r\n"];
    let (said, _) = talk_of(&mut client, &replies);
    assert!(said.contains("RCPT TO:<c@b.example>\r\nDATA\r\n"), "{said}");
    assert_eq!(client.refused(), [(0, later())]);
}

#[test]
fn what_is_asked_of_notifications_is_said_only_to_a_server_that_lists_them() {
    let (said, _) = talk_of(&mut to_two(), &["220 a\r\n", "250-a\r\n250 DSN\r\n", "250 a\r\n"]);
    assert!(said.ends_with("ENVID=e1\r\nRCPT TO:<b@b.example> NOTIFY=SUCCESS\r\n"), "{said}");
    let (said, _) = talk_of(&mut to_two(), &["220 a\r\n", "250 a\r\n", "250 a\r\n"]);
    assert!(said.ends_with("MAIL FROM:<a@a.example>\r\nRCPT TO:<b@b.example>\r\n"), "{said}");
}

#[test]
fn a_connection_lost_after_the_dot_is_no_success() {
    let mut client = client();
    for reply in ["220 a\r\n", "250 a\r\n", "250 a\r\n", "250 a\r\n", "354 a\r\n"] {
        client.bytes(reply.as_bytes());
    }
    assert_eq!(client.closed(), Err(Failure::Lost { stage: Stage::Message }));
}

#[test]
fn a_connection_closed_instead_of_221_is_a_success() {
    let mut client = client();
    for reply in ["220 a\r\n", "250 a\r\n", "250 a\r\n", "250 a\r\n", "354 a\r\n", "250 a\r\n"] {
        client.bytes(reply.as_bytes());
    }
    assert_eq!(client.closed(), Ok(()));
}

#[test]
fn bytes_may_come_one_by_one() {
    let mut client = client();
    let turns: Vec<_> = b"220 hi\r\n".iter().map(|byte| client.bytes(&[*byte])).collect();
    assert_eq!(turns.iter().map(|turn| turn.send.len()).sum::<usize>(), 1);
    assert_eq!(client.stage(), Stage::Ehlo);
}

/// The mail has eight bits, or was said to.
fn of_eight_bits(text: &'static str) -> Client {
    let envelope = Envelope::new("a@a.example", "b@b.example", Bytes::from_static(text.as_bytes()));
    Client::new("a.example", Envelope { body: Body::EightBit, ..envelope })
}

#[test]
fn a_mail_of_eight_bits_is_announced_where_they_are_taken() {
    let mut client = of_eight_bits("gr\u{fc}n\r\n");
    let replies = ["220 a\r\n", "250-a\r\n250-SIZE 9\r\n250-DSN\r\n250 8BITMIME\r\n"];
    client.envelope.dsn.envid = Some("e1".into());
    let (said, _) = talk_of(&mut client, &replies);
    assert!(said.ends_with("MAIL FROM:<a@a.example> SIZE=7 BODY=8BITMIME ENVID=e1\r\n"), "{said}");
    let (said, _) = talk_of(&mut client, &["250 a\r\n", "250 a\r\n", "354 a\r\n"]);
    assert!(said.ends_with("gr\u{fc}n\r\n.\r\n"), "{said}");
}

#[test]
fn a_mail_of_eight_bits_is_not_sent_where_they_are_not_taken() {
    let with_ehlo = &["220 a\r\n", "250-a\r\n250 SIZE 9\r\n"][..];
    let with_helo = &["220 a\r\n", "502 a\r\n", "250 a\r\n"][..];
    for replies in [with_ehlo, with_helo] {
        let mut client = of_eight_bits("gr\u{fc}n\r\n");
        let (said, done) = talk_of(&mut client, replies);
        assert!(said.ends_with("LO a.example\r\nQUIT\r\n"), "{said}");
        assert_eq!((done, client.stage()), (None, Stage::Quit));
        let (_, done) = talk_of(&mut client, &["221 a\r\n"]);
        assert_eq!(done, Some(Err(Failure::SevenBitsOnly)));
    }
}

#[test]
fn a_mail_that_only_might_have_had_eight_bits_goes_everywhere() {
    let replies = ["220 a\r\n", "250 a\r\n"];
    let (said, _) = talk_of(&mut of_eight_bits("green\r\n"), &replies);
    assert!(said.ends_with("MAIL FROM:<a@a.example>\r\n"), "{said}");
}

#[test]
fn of_a_mail_of_seven_bits_nothing_is_said() {
    let (said, _) = talk(&["220 a\r\n", "250-a\r\n250 8BITMIME\r\n"]);
    assert!(said.ends_with("MAIL FROM:<a@a.example>\r\n"), "{said}");
}

#[test]
fn a_plain_mail_is_of_as_many_bits_as_it_has_itself() {
    let plain = Envelope::new("plain@a.example", "b@b.example", Bytes::from_static(b"green\r\n"));
    let mut client = of_eight_bits("gr\u{fc}n\r\n").with_plain_mail(plain, None);
    let (said, _) = talk_of(&mut client, &["220 a\r\n", "502 a\r\n", "250 a\r\n"]);
    assert!(said.ends_with("MAIL FROM:<plain@a.example>\r\n"), "{said}");
}
