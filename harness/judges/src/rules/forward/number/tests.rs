use faxproof_reports::{Answer, Carrier, Fate, OrderDeclaration, Ta3Row, Verdict, What};
use faxproof_wire::sdp::{Description, Setup};

use super::super::super::mail::tests::Post;

const RULE: &str = "forward.declared-number";
const BOB: &str = "bob@b.example";
const BOBS: &str = "050-1234-5678";
const OTHER: &str = "080-2222-2222";
const PORT: u16 = 40_125;

/// A run in which `server` forwards by this search, and knows bob's number for his address.
fn searching(by: &str, searches: &str) -> Post {
    let mut run = Post::new();
    let server = &mut run.declaration.hosts[1];
    server.number = Some("050-0000-0201".into());
    for (name, word) in [
        ("domains", "a.example"),
        ("forwards.by", by),
        ("forwards.searches", searches),
        ("forwards.systematic", "050- 080-"),
        ("forwards.digits", "8"),
    ] {
        server.habits.insert(name.into(), word.into());
    }
    server.ta3.destinations.push(Ta3Row { key: BOB.into(), number: BOBS.into() });
    run
}

fn usual() -> Post {
    searching("numbers", "before-at after-at address domain")
}

fn written(id: &str, subject: &str, text: &str) -> Vec<u8> {
    format!("Message-ID: <{id}@a.example>\r\nSubject: {subject}\r\n\r\n{text}\r\n").into_bytes()
}

fn mail() -> Vec<u8> {
    written("m1", "x", "hi")
}

impl Post {
    /// Alice hands a mail to the server; its position.
    fn takes(&mut self, recipient: &str, mail: &[u8]) -> usize {
        self.smtp("alice", "server", ("alice@a.example", recipient), mail).0
    }

    /// The server passes a mail on; its position.
    fn passes_on(&mut self, recipient: &str, mail: &[u8]) -> usize {
        let mail = [b"Received: by server\r\n", mail].concat();
        self.smtp("server", "bob", ("alice@a.example", recipient), &mail).0
    }

    /// The server calls a number; the position of INVITE.
    fn calls(&mut self, number: &str) -> usize {
        let offer = Description::offer_one([192, 0, 2, 1].into(), "1", 1, "smtp", Setup::Active);
        let number = number.replace('-', "");
        self.sip("server", "bob", &format!("INVITE sip:{number}@x SIP/2.0"), &number, "", &offer.to_bytes())
    }

    /// Bob takes the call, and this mail in it; the position of the mail.
    fn hands_over(&mut self, number: &str, recipient: &str, mail: &[u8]) -> usize {
        self.calls(number);
        let answer = Description::offer_one([192, 0, 2, 1].into(), "2", 1, "smtp", Setup::Passive);
        let answer = answer.with_port(PORT).to_bytes();
        let number = number.replace('-', "");
        self.sip("bob", "server", "SIP/2.0 200 OK", &number, ";tag=b", &answer);
        self.port = PORT;
        let at = self.passes_on(recipient, mail);
        self.port = 25;
        at
    }

    fn sip(&mut self, from: &str, to: &str, start: &str, number: &str, tag: &str, body: &[u8]) -> usize {
        let head = format!(
            "{start}\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK-{number}\r\nFrom: <sip:05000000201@x>;tag=a\r\n\
             To: <sip:{number}@x>{tag}\r\nCall-ID: {}{number}@x\r\nCSeq: 1 INVITE\r\nContent-Type: application/sdp\r\n\
             Content-Length: {}\r\n\r\n",
            self.call_id,
            body.len()
        );
        let at = ([192, 0, 2, 1], 5060).into();
        let fate = Fate::Delivered { at_us: self.now_us + 5 };
        let carrier = Carrier::Datagram { from: at, to: at };
        let bytes = [head.as_bytes(), body].concat().into();
        let (from, to, label) = (from.into(), to.into(), "any".into());
        let entered = self.enter(What::Message { from, to, carrier, label, bytes, fate });
        self.now_us += 5;
        entered
    }

    /// The operator of the server changes the first row of Ta3.
    fn changes_row(&mut self, number: &str) {
        let (host, table, change) = ("server".into(), "Ta3".into(), "change".into());
        let row = vec![("destination".into(), BOB.into()), ("number".into(), number.into())];
        self.enter(What::Row { host, table, change, position: 0, row });
        self.now_us += 5;
    }

    fn fails_at(&self, at: usize) {
        let (verdict, _, first) = self.judged(RULE);
        assert_eq!((verdict, first), (Verdict::Fail, Some(at)), "{:?}", self.result(RULE).findings);
    }

    fn passes(&self, applied: u32) {
        assert_eq!(self.judged(RULE), (Verdict::Pass, applied, None), "{:?}", self.result(RULE).findings);
    }
}

#[test]
fn who_is_called_by_the_table_passes() {
    let mut run = usual();
    run.takes(BOB, &mail());
    run.hands_over(BOBS, BOB, &mail());
    run.passes(1);
}

#[test]
fn another_number_than_that_of_the_table_is_a_breach() {
    let mut run = usual();
    run.takes(BOB, &mail());
    let at = run.calls(OTHER);
    run.fails_at(at);
}

#[test]
fn a_call_without_any_number_is_a_breach() {
    let mut run = usual();
    run.takes("carol@c.example", &mail());
    let at = run.calls(BOBS);
    run.fails_at(at);
}

#[test]
fn a_call_for_a_mail_that_has_not_come_yet_is_a_breach() {
    let mut run = usual();
    let at = run.calls(BOBS);
    run.now_us += 100;
    run.takes(BOB, &mail());
    run.fails_at(at);
}

#[test]
fn a_second_call_for_what_was_taken_is_a_breach() {
    let mut run = usual();
    run.takes(BOB, &mail());
    run.hands_over(BOBS, BOB, &mail());
    run.passes(1);
    run.now_us += 100;
    // Under a Call-ID of its own.
    run.call_id = "again";
    let at = run.calls(BOBS);
    run.fails_at(at);
}

#[test]
fn a_call_for_the_servers_own_domain_is_a_breach() {
    let mut run = usual();
    run.takes("050-1234-5678@a.example", &mail());
    let at = run.calls(BOBS);
    run.fails_at(at);
}

#[test]
fn what_has_a_number_and_goes_by_normal_smtp_without_a_call_is_a_breach() {
    let mut run = usual();
    run.takes(BOB, &mail());
    let at = run.passes_on(BOB, &mail());
    run.fails_at(at);
}

#[test]
fn what_has_a_number_goes_by_normal_smtp_behind_a_call_that_failed() {
    let mut run = usual();
    run.takes(BOB, &mail());
    run.calls(BOBS);
    run.passes_on(BOB, &mail());
    run.passes(2);
}

#[test]
fn a_call_for_another_mail_is_no_call_for_this_one() {
    let mut run = usual();
    let second = written("m2", "x", "hi");
    run.takes(BOB, &mail());
    run.takes(BOB, &second);
    run.hands_over(BOBS, BOB, &mail());
    let at = run.passes_on(BOB, &second);
    run.fails_at(at);
}

#[test]
fn what_has_no_number_goes_by_normal_smtp() {
    let mut run = usual();
    run.takes("carol@c.example", &mail());
    run.passes_on("carol@c.example", &mail());
    run.passes(1);
}

#[test]
fn what_has_the_servers_own_number_goes_by_normal_smtp() {
    let mut run = usual();
    run.takes("050-0000-0201@c.example", &mail());
    run.passes_on("050-0000-0201@c.example", &mail());
    run.passes(1);
}

#[test]
fn a_server_that_cannot_find_its_sip_server_has_tried() {
    let mut run = usual();
    run.takes(BOB, &mail());
    let (kind, name, answer) = ("SRV".into(), "_sip._udp.x".into(), Answer::TimedOut);
    run.enter(What::Resolved { host: "server".into(), kind, name, answer });
    run.passes_on(BOB, &mail());
    run.passes(1);
}

#[test]
fn a_mail_in_the_call_for_another_is_a_breach() {
    let mut run = usual();
    let second = written("m2", "x", "hi");
    run.takes(BOB, &mail());
    run.takes("080-2222-2222@c.example", &second);
    let at = run.hands_over(BOBS, "080-2222-2222@c.example", &second);
    run.fails_at(at);
}

#[test]
fn of_two_numbers_the_declared_order_decides() {
    let number = |searches: &str, number: &str| {
        let mut run = searching("numbers", searches);
        let recipient = "080-2222-2222@b.example";
        run.declaration.hosts[1].ta3.destinations[0].key = recipient.into();
        run.takes(recipient, &mail());
        (run.calls(number), run)
    };
    number("before-at address", OTHER).1.passes(1);
    number("address before-at", BOBS).1.passes(1);
    let (at, run) = number("before-at address", BOBS);
    run.fails_at(at);
    let (at, run) = number("address before-at", OTHER);
    run.fails_at(at);
}

#[test]
fn a_row_counts_from_when_the_operator_wrote_it() {
    let after_the_change = |number: &str| {
        let mut run = usual();
        run.changes_row(OTHER);
        run.takes(BOB, &mail());
        (run.calls(number), run)
    };
    after_the_change(OTHER).1.passes(1);
    let (at, run) = after_the_change(BOBS);
    run.fails_at(at);
    let mut run = usual();
    run.takes(BOB, &mail());
    run.calls(BOBS);
    run.now_us += 100;
    run.changes_row(OTHER);
    run.passes(1);
}

#[test]
fn tables_of_a_real_server_that_its_operator_edits_are_left_open() {
    let mut run = usual();
    run.declaration.hosts[1].external = true;
    let order = |kind: &str| OrderDeclaration {
        step: 1,
        at_us: 0,
        host: "server".into(),
        kind: kind.into(),
        to: None,
        document: None,
        pages: 0,
        originals: Default::default(),
    };
    run.takes(BOB, &mail());
    let at = run.calls(OTHER);
    run.declaration.orders = vec![order("ta3-list")];
    run.fails_at(at);
    run.declaration.orders = vec![order("ta3-add")];
    assert_eq!(run.verdict(RULE), Verdict::Inconclusive);
}

#[test]
fn a_server_calls_for_a_notice_of_its_own() {
    let mut run = usual();
    let dsn = written("dsn", "Undelivered", "x");
    run.smtp("alice", "server", (BOB, "carol@c.example"), &mail());
    run.calls(BOBS);
    // Nobody has seen any notice so far.
    assert_eq!(run.verdict(RULE), Verdict::Fail);
    run.smtp("server", "bob", ("", BOB), &dsn);
    run.passes(2);
}

#[test]
fn a_notice_that_nobody_saw_goes_to_a_sender() {
    let run = |sender: &str| {
        let mut run = usual();
        run.smtp("alice", "server", (sender, "carol@c.example"), &mail());
        let (host, folder, name) = ("server".into(), "queue".into(), "n".into());
        let message_id = Some("dsn@server".into());
        run.enter(What::Mail { host, folder, name, put: true, message_id });
        (run.calls(BOBS), run)
    };
    run(BOB).1.passes(1);
    let (at, run) = run("dave@d.example");
    run.fails_at(at);
}

#[test]
fn a_mail_that_was_changed_on_its_way_proves_nothing() {
    let mut run = usual();
    let at = run.takes("carol@c.example", &mail());
    run.tamper(at);
    run.calls(OTHER);
    run.passes(0);
}

#[test]
fn who_reads_header_or_text_is_noted_where_that_decided() {
    let note = |searches: &str, subject: &str, text: &str, number: &str| {
        let mut run = searching("numbers", searches);
        let mail = written("m1", subject, text);
        let came = run.takes("carol@c.example", &mail);
        let called = run.calls(number);
        let result = run.result(RULE);
        assert_eq!(result.verdict, Verdict::Pass, "{:?}", result.findings);
        let notes: Vec<_> = result.findings.into_iter().filter(|finding| finding.note).collect();
        assert!(notes.iter().all(|note| note.evidence == [called, came]));
        notes.into_iter().map(|note| note.text).collect::<Vec<_>>()
    };
    let header = note("header body", "call 050-1234-5678", "x", BOBS);
    assert!(matches!(&header[..], [text] if text.starts_with("the header of a mail decided")), "{header:?}");
    let body = note("header body", "x", "-- \r\nBob, 050-1234-5678", BOBS);
    assert!(matches!(&body[..], [text] if text.starts_with("the body of a mail decided")), "{body:?}");
}

#[test]
fn who_reads_header_and_text_and_finds_the_number_elsewhere_is_not_noted() {
    let mut run = searching("numbers", "address header body");
    run.takes(BOB, &written("m1", "call 080-2222-2222", "x"));
    run.calls(BOBS);
    run.passes(1);
}

#[test]
fn specific_information_names_whom_to_call() {
    let called = |number: &str| {
        let mut run = searching("specific-information", "rcpt header");
        let rows = &mut run.declaration.hosts[1].ta3.specific;
        rows.push(Ta3Row { key: "KYOTOBRANCHOFFICE".into(), number: BOBS.into() });
        rows.push(Ta3Row { key: "OSAKA".into(), number: OTHER.into() });
        // Which row decides is the order of the table, not that of the places.
        run.takes("OSAKA@c.example", &written("m1", "to KYOTOBRANCHOFFICE", "x"));
        (run.calls(number), run)
    };
    assert_eq!(called(BOBS).1.verdict(RULE), Verdict::Pass);
    let (at, run) = called(OTHER);
    run.fails_at(at);
}
