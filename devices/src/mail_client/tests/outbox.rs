//! What its user wrote survives a power failure, until the server has it or the user knows better.

use super::*;

/// Power comes back; what had been committed is there.
fn power_on(client: &mut Table<MailClient>, committed: Vec<Durable>) -> Vec<Effect> {
    client.step(Event::PowerOn { boots: 2, committed: Arc::new(committed) })
}

/// The names of mails that were put into the outbox and taken out of it, in order.
fn outbox(effects: &[Effect]) -> Vec<(&'static str, String)> {
    let changes = durable(effects).into_iter().map(|change| match change {
        Durable::PutMail { folder, name, .. } if &*folder == "outbox" => ("put", name.to_string()),
        Durable::TakeMail { folder, name } if &*folder == "outbox" => ("take", name.to_string()),
        other => panic!("{other:?}"),
    });
    changes.collect()
}

fn place(effects: &[Effect], is: impl Fn(&Effect) -> bool) -> usize {
    effects.iter().position(is).expect("such an effect")
}

fn told_before_it_is_gone(effects: &[Effect]) -> bool {
    let told = place(effects, |effect| matches!(effect, Effect::Notice(_)));
    told < place(effects, |effect| matches!(effect, Effect::Durable(Durable::TakeMail { .. })))
}

#[test]
fn a_mail_is_safe_before_its_connection_is_opened() {
    let mut client = client();
    let (effects, _) = written(&mut client, 1, writing(&["bob@b.example"]));
    let kept = place(&effects, |effect| matches!(effect, Effect::Durable(Durable::PutMail { .. })));
    assert!(kept < place(&effects, |effect| matches!(effect, Effect::Connect { .. })));
}

#[test]
fn a_mail_is_kept_until_the_server_has_it_and_no_longer() {
    let mut client = client();
    let (effects, conn) = written(&mut client, 0xab, writing(&["bob@b.example"]));
    let name = "00000000000000ab".to_owned();
    assert_eq!(outbox(&effects), [("put", name.clone())]);
    let (last, before) = TAKES.split_last().expect("replies");
    assert_eq!(outbox(&talk(&mut client, conn, before)), []);
    assert_eq!(outbox(&say(&mut client, conn, &format!("{last}\r\n"))), [("take", name)]);
    assert_eq!(outbox(&say(&mut client, conn, "221 a\r\n")), []);
}

#[test]
fn a_mail_leaves_the_outbox_once_when_all_replies_come_at_once() {
    let mut client = client();
    let (_, conn) = written(&mut client, 1, writing(&["bob@b.example"]));
    talk(&mut client, conn, &TAKES[..5]);
    assert_eq!(outbox(&say(&mut client, conn, "250 a\r\n221 a\r\n")).len(), 1);
}

#[test]
fn a_mail_that_is_not_sent_leaves_the_outbox_when_its_user_knows() {
    let mut client = client();
    let (_, conn) = written(&mut client, 1, writing(&["bob@b.example"]));
    assert!(told_before_it_is_gone(&client.stream(conn, StreamEvent::Refused)));
}

#[test]
fn a_recipient_that_was_refused_is_told_before_the_mail_leaves_the_outbox() {
    let mut client = client();
    let (_, conn) = written(&mut client, 1, writing(&["nobody@b.example", "bob@b.example"]));
    talk(&mut client, conn, &["220 a", "250 a", "250 a", "550 nobody", "250 a", "354 a"]);
    assert!(told_before_it_is_gone(&say(&mut client, conn, "250 a\r\n")));
}

#[test]
fn a_recipient_that_was_refused_is_told_when_all_replies_come_at_once() {
    let mut client = client();
    let (_, conn) = written(&mut client, 1, writing(&["nobody@b.example", "bob@b.example"]));
    talk(&mut client, conn, &["220 a", "250 a", "250 a", "550 nobody", "250 a", "354 a"]);
    let effects = say(&mut client, conn, "250 a\r\n221 a\r\n");
    assert_eq!(shown(&effects), ["The mail was not sent to nobody@b.example: 550 nobody"]);
}

#[test]
fn what_a_power_failure_left_is_sent_again_as_it_was() {
    let up_to_the_dot = ["220 a", "250-a\r\n250 DSN", "250 a", "250 a", "354 a"];
    let mut client = client();
    let mail = Writing { notify: Some(Notify::default()), ..writing(&["bob@b.example"]) };
    let (effects, conn) = written(&mut client, 1, mail);
    let before = said(&talk(&mut client, conn, &up_to_the_dot));
    let effects = power_on(&mut client, durable(&effects));
    let again = connected(&effects, SMTP).expect("a connect");
    assert_ne!(again, conn, "what is still under way of the old connection is not of the new one");
    let after = said(&talk(&mut client, again, &up_to_the_dot));
    assert!(after.contains(" ENVID=") && after.contains("\r\nMessage-ID: <"), "{after}");
    assert_eq!(before, after);
}

#[test]
fn what_the_server_had_is_not_sent_again() {
    let mut client = client();
    let (mut effects, conn) = written(&mut client, 1, writing(&["bob@b.example"]));
    effects.extend(talk(&mut client, conn, &TAKES));
    let effects = power_on(&mut client, durable(&effects));
    assert_eq!(connected(&effects, SMTP), None);
    assert_eq!(client.device.holds(), Holdings::default());
}

#[test]
fn of_three_mails_the_two_that_are_left_are_sent_in_the_order_in_which_they_were_written() {
    let mut client = client();
    let mut committed = Vec::new();
    // Their names stand in another order.
    for key in [9, 5, 1] {
        let (effects, conn) = written(&mut client, key, writing(&["bob@b.example"]));
        committed.extend(durable(&effects));
        if key == 5 {
            committed.extend(durable(&talk(&mut client, conn, &TAKES)));
        }
    }
    let mut told = Vec::new();
    for effect in power_on(&mut client, committed) {
        let Effect::Connect { conn, .. } = effect else { continue };
        told.extend(client.stream(conn, StreamEvent::Refused).into_iter().filter_map(
            |effect| match effect {
                Effect::Notice(notice) => Some(notice.call),
                _ => None,
            },
        ));
    }
    assert_eq!(told, [9, 1]);
}

#[test]
fn a_mail_that_is_sent_again_leaves_the_outbox_under_its_name() {
    let mut client = client();
    let (effects, _) = written(&mut client, 0xab, writing(&["bob@b.example"]));
    let effects = power_on(&mut client, durable(&effects));
    let again = connected(&effects, SMTP).expect("a connect");
    let effects = talk(&mut client, again, &TAKES);
    assert_eq!(outbox(&effects), [("take", "00000000000000ab".to_owned())]);
}

#[test]
fn what_cannot_even_begin_is_told_and_not_kept() {
    let mut client = Table::new(MailClient::new(MailClientConfig { mail_server: None, ..config() }));
    let order = Order { key: 1, action: Action::Write(writing(&["bob@b.example"]).into()) };
    let effects = client.step(Event::Order(order));
    assert_eq!(shown(&effects), ["The mail was not sent: no outgoing mail server is set up"]);
    assert_eq!(outbox(&effects), []);
}
