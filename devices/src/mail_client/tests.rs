//! A mail client by itself: what it says to its server, what its user reads, and what a power failure leaves.

mod collecting;
mod outbox;

use faxproof_wire::smtp::Notify;

use super::*;
use crate::config::CollectionConfig;
use crate::core::{Duration, Effect};
use crate::testing::{Table, address};

const SMTP: &str = "10.0.0.8:25";
const POP3: &str = "10.0.0.8:110";
const EVERY: Duration = Duration::secs(60);

fn config() -> MailClientConfig {
    MailClientConfig {
        mail: "pc@a.example".to_owned(),
        mail_server: Some(address(SMTP)),
        mailbox: Some(CollectionConfig {
            server: address(POP3),
            user: "pc".to_owned(),
            password: "sesame".to_owned(),
            every: EVERY,
        }),
        epoch_s: 0,
        entropy: Entropy::of_seed(1),
    }
}

fn client() -> Table<MailClient> {
    Table::new(MailClient::new(config()))
}

fn writing(to: &[&str]) -> Writing {
    Writing {
        from: None,
        to: to.iter().map(|to| (*to).to_owned()).collect(),
        header: vec![("Subject".to_owned(), "Ten".to_owned())],
        text: "Meeting moved to ten.".to_owned(),
        notify: None,
    }
}

/// Its user writes this mail; what follows, and the connection that is opened for it.
fn written(client: &mut Table<MailClient>, key: u64, writing: Writing) -> (Vec<Effect>, Conn) {
    let effects = client.step(Event::Order(Order { key, action: Action::Write(writing.into()) }));
    let conn = connected(&effects, SMTP).expect("a connect");
    (effects, conn)
}

/// The connection that was opened to this server.
fn connected(effects: &[Effect], to: &str) -> Option<Conn> {
    effects.iter().find_map(|effect| match effect {
        Effect::Connect { conn, to: there } if *there == address(to) => Some(*conn),
        _ => None,
    })
}

/// A connection opens, and its server says this, line by line; all that follows.
fn talk(client: &mut Table<MailClient>, conn: Conn, replies: &[&str]) -> Vec<Effect> {
    let mut effects = client.stream(conn, StreamEvent::Opened);
    for reply in replies {
        effects.extend(say(client, conn, &format!("{reply}\r\n")));
    }
    effects
}

fn say(client: &mut Table<MailClient>, conn: Conn, text: &str) -> Vec<Effect> {
    client.stream(conn, StreamEvent::Bytes(Bytes::from(text.to_owned())))
}

/// What it said on its connections.
fn said(effects: &[Effect]) -> String {
    let sent = effects.iter().filter_map(|effect| match effect {
        Effect::Send { bytes, .. } => Some(String::from_utf8_lossy(bytes).into_owned()),
        _ => None,
    });
    sent.collect()
}

/// What its user reads.
fn shown(effects: &[Effect]) -> Vec<&str> {
    let notices = effects.iter().filter_map(|effect| match effect {
        Effect::Notice(notice) => Some(notice.text.as_str()),
        _ => None,
    });
    notices.collect()
}

/// What outlives a power failure.
fn durable(effects: &[Effect]) -> Vec<Durable> {
    let changes = effects.iter().filter_map(|effect| match effect {
        Effect::Durable(change) => Some(change.clone()),
        _ => None,
    });
    changes.collect()
}

/// The replies of a server that takes a mail for one recipient, up to the one to the final dot.
const TAKES: [&str; 6] = ["220 a", "250 a", "250 a", "250 a", "354 a", "250 a"];

#[test]
fn notifications_are_asked_for_as_its_user_wants_them() {
    for (notify, value) in [
        (Notify { success: true, delay: true, ..Notify::default() }, "SUCCESS,DELAY"),
        (Notify { failure: true, ..Notify::default() }, "FAILURE"),
        (Notify::default(), "NEVER"),
    ] {
        let mut client = client();
        let mail = Writing { notify: Some(notify), ..writing(&["bob@b.example"]) };
        let (effects, conn) = written(&mut client, 1, mail);
        let [Durable::PutMail { envelope, .. }] = &durable(&effects)[..] else { panic!("{effects:?}") };
        let envid = envelope.dsn.envid.clone().expect("an envelope ID");
        let said = said(&talk(&mut client, conn, &["220 a", "250-a\r\n250 DSN", "250 a", "250 a"]));
        let expected = format!(
            "EHLO a.example\r\nMAIL FROM:<pc@a.example> ENVID={envid}\r\nRCPT TO:<bob@b.example> \
             NOTIFY={value}\r\nDATA\r\n"
        );
        assert_eq!(said, expected);
    }
}

#[test]
fn nothing_is_asked_for_where_its_user_said_nothing_or_the_server_knows_nothing_of_it() {
    let wanting = Some(Notify { success: true, ..Notify::default() });
    for (notify, ehlo) in [(None, "250-a\r\n250 DSN"), (wanting, "250 a")] {
        let mut client = client();
        let (_, conn) = written(&mut client, 1, Writing { notify, ..writing(&["bob@b.example"]) });
        let said = said(&talk(&mut client, conn, &["220 a", ehlo, "250 a", "250 a"]));
        assert!(said.contains("MAIL FROM:<pc@a.example>\r\nRCPT TO:<bob@b.example>\r\nDATA\r\n"), "{said}");
    }
}

#[test]
fn a_mail_without_sender_has_the_null_path() {
    let mut client = client();
    let mail = Writing { from: Some(String::new()), ..writing(&["bob@b.example"]) };
    let (_, conn) = written(&mut client, 1, mail);
    let said = said(&talk(&mut client, conn, &["220 a", "250 a"]));
    assert!(said.ends_with("MAIL FROM:<>\r\n"), "{said}");
}

#[test]
fn header_fields_that_its_user_wrote_stand_in_place_of_the_usual() {
    let mut client = client();
    let header = vec![("message-id".to_owned(), "<own@a.example>".to_owned())];
    let (_, conn) = written(&mut client, 1, Writing { header, ..writing(&["bob@b.example"]) });
    let said = said(&talk(&mut client, conn, &TAKES));
    assert_eq!(said.to_ascii_lowercase().matches("message-id:").count(), 1, "{said}");
    assert!(said.contains("\r\nmessage-id: <own@a.example>\r\n\r\nMeeting moved to ten.\r\n.\r\n"), "{said}");
}

#[test]
fn a_mail_of_eight_bits_says_so() {
    let mut client = client();
    let mail = Writing { text: "gr\u{fc}n".to_owned(), ..writing(&["bob@b.example"]) };
    let (_, conn) = written(&mut client, 1, mail);
    let said = said(&talk(&mut client, conn, &["220 a", "250-a\r\n250 8BITMIME", "250 a", "250 a", "354 a"]));
    assert!(said.contains("MAIL FROM:<pc@a.example> BODY=8BITMIME\r\n"), "{said}");
    assert!(said.ends_with("\r\n\r\ngr\u{fc}n\r\n.\r\n"), "{said}");
}

#[test]
fn a_mail_of_seven_bits_says_nothing_of_it() {
    let mut client = client();
    let (_, conn) = written(&mut client, 1, writing(&["bob@b.example"]));
    let said = said(&talk(&mut client, conn, &["220 a", "250-a\r\n250 8BITMIME"]));
    assert!(said.ends_with("MAIL FROM:<pc@a.example>\r\n"), "{said}");
}

#[test]
fn a_server_of_seven_bits_gets_no_eight_and_its_user_hears_of_it() {
    let mut client = client();
    let mail = Writing { text: "gr\u{fc}n".to_owned(), ..writing(&["bob@b.example"]) };
    let (_, conn) = written(&mut client, 1, mail);
    let effects = talk(&mut client, conn, &["220 a", "250 a", "221 a"]);
    assert!(!said(&effects).contains("MAIL"), "{}", said(&effects));
    assert_eq!(shown(&effects), ["The mail was not sent: the server takes mails of seven bits only"]);
}

#[test]
fn a_refusal_is_told_in_the_words_of_the_server() {
    for (replies, told) in [
        (&["220 a", "250 a", "550 no", "221 a"][..], "550 at MAIL: no"),
        (&["220 a", "250 a", "250 a", "550 nobody", "221 a"], "550 at RCPT: nobody"),
        (&["220 a", "250 a", "250 a", "250 a", "354 a", "554 spam", "221 a"], "554 at the message: spam"),
        (&["220 a", "250 a", "250 a", "250 a", "452 full", "221 a"], "452 at DATA: full"),
    ] {
        let mut client = client();
        let (_, conn) = written(&mut client, 1, writing(&["bob@b.example"]));
        assert_eq!(shown(&talk(&mut client, conn, replies)), [format!("The mail was not sent: {told}")]);
    }
}

#[test]
fn a_recipient_that_is_refused_is_named_where_others_are_taken() {
    let mut client = client();
    let (_, conn) = written(&mut client, 1, writing(&["nobody@b.example", "bob@b.example"]));
    let replies = ["220 a", "250 a", "250 a", "550 no such mailbox", "250 a", "354 a", "250 a", "221 a"];
    let effects = talk(&mut client, conn, &replies);
    assert_eq!(shown(&effects), ["The mail was not sent to nobody@b.example: 550 no such mailbox"]);
}

#[test]
fn a_mail_that_is_taken_is_told_by_nothing() {
    let mut client = client();
    let (_, conn) = written(&mut client, 1, writing(&["bob@b.example"]));
    let effects = talk(&mut client, conn, &[&TAKES[..], &["221 a"]].concat());
    assert_eq!(shown(&effects), [""; 0]);
    assert_eq!(client.device.holds(), Holdings::default());
}

#[test]
fn a_server_that_cannot_be_reached_is_told() {
    for (event, why) in [
        (StreamEvent::Refused, "the mail server refused the connection"),
        (StreamEvent::Unreachable, "the mail server cannot be reached"),
        (StreamEvent::TimedOut, "the mail server does not answer"),
    ] {
        let mut client = client();
        let (_, conn) = written(&mut client, 1, writing(&["bob@b.example"]));
        assert_eq!(shown(&client.stream(conn, event)), [format!("The mail was not sent: {why}")]);
    }
}

#[test]
fn a_server_that_falls_silent_is_told() {
    let mut client = client();
    let (_, conn) = written(&mut client, 1, writing(&["bob@b.example"]));
    talk(&mut client, conn, &["220 a"]);
    client.wait_ms(200_000);
    // Each reply has its own time.
    say(&mut client, conn, "250 a\r\n");
    client.wait_ms(299_999);
    assert_eq!(client.device.holds().mails, 1);
    let told = client.wait_ms(1);
    assert_eq!(shown(&told), ["The mail was not sent: no reply in time at MAIL"]);
}

#[test]
fn behind_the_final_dot_nobody_knows_whether_a_mail_was_sent() {
    let in_message = ["220 a", "250 a", "250 a", "250 a", "354 a"];
    for (event, why) in [
        (Some(StreamEvent::Reset), "the connection was lost at the message"),
        (None, "no reply in time at the message"),
    ] {
        let mut client = client();
        let (_, conn) = written(&mut client, 1, writing(&["bob@b.example"]));
        talk(&mut client, conn, &in_message);
        let told = match event {
            Some(event) => client.stream(conn, event),
            None => client.wait_ms(600_000),
        };
        assert_eq!(shown(&told), [format!("Nobody knows whether the mail was sent: {why}")]);
        assert_eq!(client.device.holds().mails, 0);
    }
}
