use faxproof_reports::{Carrier, Entry, What};

use super::*;
use crate::testing::Bench;

/// What `look` finds in the only call of this run.
fn in_call<T>(run: &Bench, look: impl Fn(&Case<'_>, &Call<'_>) -> T) -> T {
    let messages = read(&run.trace);
    let case = Case::new(&run.declaration, &run.trace, &messages);
    assert_eq!(case.calls.len(), 1);
    look(&case, &case.calls[0])
}

/// Puts the server `sip` on the way of every datagram: each becomes two messages.
fn through_a_server(mut run: Bench) -> Bench {
    let entries = std::mem::take(&mut run.trace.entries);
    for entry in entries {
        let What::Message { from, to, carrier: carrier @ Carrier::Datagram { .. }, label, bytes, fate } =
            entry.what
        else {
            run.trace.entries.push(entry);
            continue;
        };
        let server: Host = "sip".into();
        for (from, to) in [(from, server.clone()), (server, to)] {
            let (label, bytes, fate) = (label.clone(), bytes.clone(), fate.clone());
            let what = What::Message { from, to, carrier, label, bytes, fate };
            run.trace.entries.push(Entry { at_us: entry.at_us, what });
        }
    }
    run
}

#[test]
fn a_server_between_makes_no_second_call() {
    let run = through_a_server(Bench::new().learning_call());
    let (caller, callee, steps) =
        in_call(&run, |_, call| (call.caller.name.clone(), call.callee.cloned(), call.view.len()));
    assert_eq!((&*caller, callee.as_deref()), ("alice", Some("bob")));
    assert_eq!(steps, in_call(&Bench::new().learning_call(), |_, call| call.view.len()));
}

#[test]
fn what_was_lost_is_not_in_the_callers_view() {
    let mut run = Bench::new();
    run.dial();
    run.lost_answer();
    assert!(in_call(&run, |_, call| call.answered().is_none()));
}

#[test]
fn a_call_belongs_to_the_order_that_dialled_it() {
    let run = Bench::new().learning_call();
    assert_eq!(in_call(&run, |_, call| call.order.map(|(at, order)| (at, order.step))), Some((0, 1)));
}

#[test]
fn a_connection_belongs_to_its_call() {
    let run = Bench::new().learning_call();
    assert_eq!(in_call(&run, |_, call| call.streams.clone()), [0]);
}

#[test]
fn the_document_is_delivered_when_its_250_arrives() {
    let run = Bench::new().learning_call();
    assert_eq!(in_call(&run, |case, call| case.delivered(call)), Some(run.acknowledgement()));
}

#[test]
fn a_mail_that_was_cut_off_is_no_document() {
    let mut run = Bench::new();
    run.connect_call();
    run.agree(2, "smtp");
    run.open();
    run.reply("220 bob");
    run.command("DATA");
    run.reply("354 go");
    run.command("Message-ID: <a1@alice>\r\n\r\nhalf");
    assert!(in_call(&run, |case, _| case.streams[0].document().is_none()));
}

#[test]
fn an_edited_row_replaces_the_old_one() {
    let mut run = Bench::new().registered("smtp");
    run.row("change", "http");
    run.connect_call();
    let registered = in_call(&run, |case, call| case.registered(call));
    assert_eq!(registered, Some(Registered::Protocol("http".into())));
}

#[test]
fn a_row_with_an_empty_protocol_knows_only_the_number() {
    let run = {
        let mut run = Bench::new().registered(" ");
        run.connect_call();
        run
    };
    assert_eq!(in_call(&run, |case, call| case.registered(call)), Some(Registered::ProtocolUnknown));
}

#[test]
fn a_country_code_leaves_the_number_the_same() {
    assert!(same_number("050-1234-5678", "+81 50 1234 5678"));
    assert!(!same_number("050-1234-5678", "050-1234-5679"));
    assert!(!same_number("", "050-1234-5679"));
}

#[test]
fn what_is_presented_behind_a_bye_does_not_count() {
    let mut run = Bench::new();
    run.connect_call();
    run.request("OPTIONS", 2);
    run.request("BYE", 3);
    run.present(2, &["smtp"]);
    assert_eq!(in_call(&run, |_, call| call.presentation()), Some(Presentation::Silence));
}

#[test]
fn a_mail_in_chunks_is_one_mail_and_nothing_in_it_is_a_command() {
    let in_one: &[(&str, &str)] = &[("BDAT 26 LAST", ""), ("Message-ID: <a1@alice>\r\n", "250 ok")];
    let in_two: &[(&str, &str)] =
        &[("BDAT 24", ""), ("Message-ID: <a1@alice>", "250 ok"), ("BDAT 6 LAST", ""), ("QUIT", "250 ok")];
    let ended_by_none: &[(&str, &str)] =
        &[("BDAT 24", ""), ("Message-ID: <a1@alice>", "250 ok"), ("BDAT 0 LAST", "250 ok")];
    let mails = [
        "Message-ID: <a1@alice>\r\n\r\n",
        "Message-ID: <a1@alice>\r\nQUIT\r\n",
        "Message-ID: <a1@alice>\r\n",
    ];
    for (chunks, mail) in [in_one, in_two, ended_by_none].into_iter().zip(mails) {
        let mut run = Bench::new();
        run.connect_call();
        run.agree(2, "smtp");
        run.open();
        run.reply("220 bob");
        for (says, reply) in [("MAIL FROM:<a@a>", "250 ok"), ("RCPT TO:<b@b>", "250 ok")].iter().chain(chunks)
        {
            run.command(says);
            if !reply.is_empty() {
                run.reply(reply);
            }
        }
        let messages = read(&run.trace);
        let case = Case::new(&run.declaration, &run.trace, &messages);
        let [passage] = &case.mails[..] else { panic!("{:?}", case.mails) };
        assert_eq!(passage.message, mail.as_bytes());
        assert_eq!((passage.id.as_deref(), passage.sender.as_deref()), (Some("a1@alice"), Some("a@a")));
        assert_eq!(passage.recipients, ["b@b"]);
        assert!(passage.acknowledged.is_some());
        assert!(case.streams[0].units.iter().all(|unit| unit.kind != Kind::Command("QUIT".into())));
    }
}
