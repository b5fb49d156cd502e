//! The mailbox of a mail client.

use super::*;

/// The mailbox is due; the connection to it.
fn looks(client: &mut Table<MailClient>) -> Conn {
    let effects = client.wait_ms(60_000);
    connected(&effects, POP3).expect("a look into the mailbox")
}

/// The mailbox has these mails; what follows up to the listing.
fn finds(client: &mut Table<MailClient>, names: &[&str]) -> (Conn, Vec<Effect>) {
    let conn = looks(client);
    let entries = names.iter().enumerate().map(|(at, name)| format!("{} {name}\r\n", at + 1));
    let listing = format!("+OK\r\n{}.", entries.collect::<String>());
    let effects = talk(client, conn, &["+OK", "+OK", "+OK", &listing]);
    (conn, effects)
}

const MAIL: &str = "+OK\r\nFrom: <bob@b.example>\r\nSubject: Ten\r\n\r\nhi\r\n.\r\n";

#[test]
fn a_mail_is_shown_by_its_author_and_subject() {
    let mut client = client();
    let (conn, effects) = finds(&mut client, &["one"]);
    assert!(said(&effects).ends_with("USER pc\r\nPASS sesame\r\nUIDL\r\nRETR 1\r\n"), "{}", said(&effects));
    assert_eq!(shown(&say(&mut client, conn, MAIL)), ["Mail from <bob@b.example>: Ten"]);
}

#[test]
fn of_a_report_its_user_reads_what_became_of_the_mail_for_each() {
    let report = "+OK\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n\
                  --b\r\n\r\nwords\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n\
                  Reporting-MTA: dns; mx.b.example\r\n\r\n\
                  Final-Recipient: rfc822; bob@b.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n\
                  Final-Recipient: rfc822; carol@b.example\r\nAction: delayed\r\nStatus: 4.4.1\r\n\r\n\
                  --b--\r\n.\r\n";
    let mut client = client();
    let (conn, _) = finds(&mut client, &["one"]);
    let told = "Report: bob@b.example: failed (5.1.1), carol@b.example: delayed (4.4.1)";
    assert_eq!(shown(&say(&mut client, conn, report)), [told]);
}

#[test]
fn what_cannot_be_read_as_a_mail_is_shown_all_the_same() {
    let mut client = client();
    let (conn, _) = finds(&mut client, &["one"]);
    assert_eq!(shown(&say(&mut client, conn, "+OK\r\nno header\r\n.\r\n")), ["Mail from : "]);
}

#[test]
fn a_mail_is_deleted_on_the_server_once_its_user_saw_it() {
    let mut client = client();
    let (conn, _) = finds(&mut client, &["one"]);
    assert_eq!(said(&say(&mut client, conn, MAIL)), "DELE 1\r\n");
}

#[test]
fn a_mail_that_the_server_still_has_is_not_collected_twice() {
    let mut client = client();
    let (conn, _) = finds(&mut client, &["one"]);
    say(&mut client, conn, MAIL);
    // The session breaks before its QUIT: nothing is deleted (RFC 1939 §6).
    client.stream(conn, StreamEvent::Reset);
    let (conn, effects) = finds(&mut client, &["one", "two"]);
    assert!(said(&effects).ends_with("UIDL\r\nDELE 1\r\n"), "{}", said(&effects));
    assert_eq!(said(&say(&mut client, conn, "+OK\r\n")), "RETR 2\r\n");
}

#[test]
fn a_look_that_is_still_going_on_is_the_only_one() {
    let mut client = client();
    looks(&mut client);
    assert_eq!(connected(&client.wait_ms(60_000), POP3), None);
}

#[test]
fn a_mailbox_that_cannot_be_opened_is_told_once_until_it_can() {
    let mut client = client();
    let mut told = |replies: &[&str]| {
        let conn = looks(&mut client);
        shown(&talk(&mut client, conn, replies)).len()
    };
    let refused = ["+OK", "+OK", "-ERR no", "+OK"];
    let empty = ["+OK", "+OK", "+OK", "+OK\r\n.", "+OK"];
    assert_eq!([told(&refused), told(&refused), told(&empty), told(&refused)], [1, 0, 0, 1]);
}
