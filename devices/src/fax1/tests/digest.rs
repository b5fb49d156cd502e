//! Challenges to the fax, and how far it goes to answer them.

use faxproof_wire::sip::digest::{Algorithm, Credentials};

use super::*;

const CONTACT: &str = "Contact: <sip:b@10.0.0.2>\n";

fn with_password() -> Table<Fax1> {
    let password = Some("secret".to_owned());
    let usual = config(Habits::default());
    let line = LineConfig { password, ..usual.line };
    Table::new(Fax1::new(FaxConfig { line, ..usual }))
}

fn asks(realm: &str, nonce: &str, more: &str) -> String {
    format!("Proxy-Authenticate: Digest realm=\"{realm}\", nonce=\"{nonce}\", qop=\"auth\"{more}\n")
}

/// Calls; returns the INVITE.
fn invite(fax: &mut Table<Fax1>) -> Message {
    sent(&fax.step(send_order()))[0].1.clone()
}

/// The request that follows the ACK for a challenge.
fn retry(fax: &mut Table<Fax1>, challenged: &Message, lines: &str) -> Option<Message> {
    let effects = fax.sip(SERVER, &answer(challenged, 407, "s", lines));
    sent(&effects).into_iter().map(|(_, message)| message).find(|m| m.method() == challenged.method())
}

fn credentials(message: &Message) -> Option<Credentials> {
    message.header(Name::ProxyAuthorization).map(|value| Credentials::parse(&value).expect("credentials"))
}

#[test]
fn a_challenge_is_answered_by_the_same_call_with_the_next_number_and_another_branch() {
    let mut fax = with_password();
    let first = invite(&mut fax);
    assert_eq!(credentials(&first), None);
    let lines = format!(
        "Proxy-Authenticate: Basic realm=\"d.example\"\n{}{}{}",
        asks("d.example", "x", ", algorithm=SHA-512-256"),
        asks("d.example", "n", ", algorithm=SHA-256"),
        asks("d.example", "n", ", algorithm=MD5")
    );
    let again = retry(&mut fax, &first, &lines).expect("a retry");
    let given = credentials(&again).expect("credentials");
    assert!(given.are_right("INVITE", "secret"));
    assert_eq!((given.algorithm, given.nc, given.nonce.as_str()), (Some(Algorithm::Sha256), 1, "n"));
    assert_eq!(again.call_id(), first.call_id());
    assert_eq!((again.from_tag(), again.to_tag()), (first.from_tag(), None));
    assert_eq!((first.cseq().map(|c| c.0), again.cseq().map(|c| c.0)), (Some(1), Some(2)));
    assert_ne!(again.branch(), first.branch());
}

#[test]
fn the_ack_repeats_the_credentials_and_later_requests_count_on() {
    let mut fax = with_password();
    let first = invite(&mut fax);
    let again = retry(&mut fax, &first, &asks("d.example", "n", "")).expect("a retry");
    let sent = sent(&fax.sip(SERVER, &answer(&again, 200, "t", CONTACT)));
    let (ack, options) = (&sent[0].1, &sent[1].1);
    assert_eq!((ack.label(), ack.cseq().map(|c| c.0)), ("ACK".into(), Some(2)));
    assert_eq!(credentials(ack), credentials(&again));
    let given = credentials(options).expect("credentials");
    assert!(given.are_right("OPTIONS", "secret"));
    assert_eq!((given.nc, options.cseq().map(|c| c.0)), (2, Some(3)));
    // Challenged within the dialog: the numbers go on from there.
    let options = retry(&mut fax, options, &asks("d.example", "m", ", stale=true")).expect("a retry");
    assert_eq!(
        (credentials(&options).map(|given| given.nc), options.cseq().map(|c| c.0)),
        (Some(1), Some(4))
    );
    let bye = &super::sent(&fax.sip(SERVER, &answer(&options, 404, "t", "")))[0].1.clone();
    assert_eq!((bye.label(), bye.cseq().map(|c| c.0)), ("BYE".into(), Some(5)));
}

#[test]
fn a_password_that_was_refused_is_not_sent_again() {
    let mut fax = with_password();
    let first = invite(&mut fax);
    let again = retry(&mut fax, &first, &asks("d.example", "n", "")).expect("a retry");
    assert_eq!(retry(&mut fax, &again, &asks("d.example", "m", "")), None);
    assert_eq!(fax.device.holds().calls, 0);
}

#[test]
fn a_stale_nonce_is_replaced_once() {
    let mut fax = with_password();
    let first = invite(&mut fax);
    let second = retry(&mut fax, &first, &asks("d.example", "n", "")).expect("a retry");
    let third = retry(&mut fax, &second, &asks("d.example", "m", ", stale=true")).expect("another");
    assert_eq!(credentials(&third).map(|given| given.nonce), Some("m".to_owned()));
    assert_eq!(retry(&mut fax, &third, &asks("d.example", "o", ", stale=true")), None);
}

#[test]
fn what_it_cannot_or_must_not_answer_ends_the_call() {
    for lines in [
        "Proxy-Authenticate: Basic realm=\"d.example\"\n".to_owned(),
        asks("elsewhere.example", "n", ""),
        asks("d.example", "n", ", algorithm=MD5-sess"),
        "Proxy-Authenticate: Digest realm=\"d.example\", nonce=\"n\"\n".to_owned(),
        String::new(),
    ] {
        let mut fax = with_password();
        let first = invite(&mut fax);
        assert_eq!(retry(&mut fax, &first, &lines), None, "{lines}");
        assert_eq!(fax.device.holds().calls, 0, "{lines}");
    }
}
