//! Mistakes of a scenario's author, and what is said of them.

use super::{CALL, parse};

/// What was done wrong: a piece of the small scenario and what stands in its place.
const MISTAKES: &[(&str, &str, &str)] = &[
    ("an unknown key", "title: A call", "titel: A call"),
    ("an unknown key inside a host", "{ sip-server: {} }", "{ sip-server: {}, adress: 10.1.2.3 }"),
    ("a missing key", "title: A call\n", ""),
    ("a key twice", "title: A call", "title: A call\ntitle: Another"),
    ("a host twice", "  bob:", "  alice:"),
    ("another version", "version: 1", "version: 2"),
    ("an unknown host in a step", "host: alice", "host: alcie"),
    ("an unknown document", "send: page", "send: pgae"),
    ("an unknown arc", "title: A call", "title: A call\ncovers: [4.S13.selectd]"),
    ("an unknown row of the catalogue", "title: A call", "title: A call\nshows: [G93]"),
    ("a number that YAML would spoil", "number: 050-1234-5678 }", "number: 05012345678 }"),
    ("a number that cannot be dialled", "number: 050-1234-5678 }", "number: 050 1234 5678 }"),
    (
        "habits of a mail fax at a mail server",
        "  sip: { sip-server: {} }",
        "  sip: { sip-server: {} }\n  mail:\n    mail-server: { forwards: {} }\n    number: 050-0000-0201\n    \
         habits: { mail: { greets_by: helo } }",
    ),
    (
        "replies that no server gives",
        "  sip: { sip-server: {} }",
        "  sip: { sip-server: {} }\n  mail: { mail-server: { forwards: { replies: later } }, number: 050-0000-0201 }",
    ),
    ("a variant that does not exist", "0000-9999", "0000-9999, habits: { variant: X }"),
    ("a fax that understands no call", "0000-9999", "0000-9999, habits: { accepts: [] }"),
    ("a variant twice", "0000-9999", "0000-9999, habits: { accepts: [B, E, B] }"),
    ("two places of a presentation, and not H", "0000-9999", "0000-9999, habits: { presentation: answer }"),
    ("variant V without a profile", "0000-9999", "0000-9999, habits: { variant: V }"),
    ("variant V accepted without a profile", "0000-9999", "0000-9999, habits: { accepts: [B, V] }"),
    ("half a profile", "0000-9999", "0000-9999, vendor: { request: { method: INFO, type: a/b, body: ask } }"),
    ("a profile at a server", "{ sip-server: {} }", "{ sip-server: {}, vendor: {} }"),
    (
        "a profile with flaws",
        "{ fax: 1, number: 050-0000-9999 }",
        "\n    fax: 1\n    number: 050-0000-9999\n    vendor:\n      separator: x\n      request: { method: BYE, headers: { Via: \"a\" } }\n      \
         presentation:\n        type: a/b\n        body: |\n          We can do\n          {protocols},thanks\n      \
         announcement: { method: INFO, headers: { X-Acme: \"use\\r\\n{protocol}\" } }\n      \
         readiness: { type: acme, body: \"at \\t{adress}:{port}\" }",
    ),
    (
        "a number that is none",
        "fax: 1, number: 050-0000-9999",
        "fax: 101, number: 050-0000-9999, habits: { mail: { never_calls: [\"*\"] } }",
    ),
    ("a class that is not there", "fax: 1, number: 050-0000-9999", "class: no-spi, number: 050-0000-9999"),
    ("a mail server at a plain fax", "0000-9999", "0000-9999, mail_server: sip"),
    (
        "an outgoing server that is none",
        "alice: { fax: 1, number: 050-0000-9999",
        "alice: { fax: 101, number: 050-0000-9999, mail_server: sip",
    ),
    (
        "a mailbox that does not exist",
        "alice: { fax: 1, number: 050-0000-9999",
        "mx: { mail-server: { domains: [a.example], mailboxes: { alice: { password: x } } } }\n  \
         alice: { fax: 101, number: 050-0000-9999, mailbox: { server: mx, user: alcie }",
    ),
    (
        "mailboxes without a domain",
        "  bob:",
        "  mx: { mail-server: { mailboxes: { a: { password: x } } } }\n  bob:",
    ),
    (
        "a mailbox of another domain",
        "  bob:",
        "  mx: { mail-server: { domains: [a.example], mailboxes: { a: { password: x, addresses: [a@b.example] } } } }\n  bob:",
    ),
    (
        "a server that knows what is printed",
        "  bob:",
        "  mx: { mail-server: { offers: [ehlo, conneg] } }\n  bob:",
    ),
    ("a server that never tries again", "  bob:", "  mx: { mail-server: { retries: [] } }\n  bob:"),
    (
        "a null MX among others",
        "documents:",
        "zone:\n  a.example: { mx: [ { host: . }, { host: sip } ] }\ndocuments:",
    ),
    ("no number", "alice: { fax: 1, number: 050-0000-9999 }", "alice: { fax: 1 }"),
    ("a time without a unit", "at: 1s", "at: 1"),
    ("a time with a wrong unit", "at: 1s", "at: 1 sec"),
    ("no SIP server", "  sip: { sip-server: {} }\n", ""),
    ("two SIP servers and no choice", "documents:", "  proxy: { sip-server: {} }\ndocuments:"),
    ("a SIP server that is none", "050-0000-9999 }", "050-0000-9999, sip_server: bob }"),
    ("a SIP server that leads nowhere", "050-0000-9999 }", "050-0000-9999, sip_server: sip.example.net }"),
    ("a name with capitals", "documents:", "zone:\n  Sip.Example.Net: { a: sip }\ndocuments:"),
    ("a name without a dot", "documents:", "zone:\n  proxy: { a: sip }\ndocuments:"),
    ("an unknown kind of record", "documents:", "zone:\n  a.example: { aaa: sip }\ndocuments:"),
    (
        "an address of the other family",
        "documents:",
        "zone:\n  a.example: { aaaa: [sip, 10.1.2.3] }\ndocuments:",
    ),
    ("an address of nobody", "documents:", "zone:\n  a.example: { a: sipp }\ndocuments:"),
    ("a record of a silent name", "documents:", "zone:\n  a.example: { a: sip, silent: true }\ndocuments:"),
    (
        "a target that leads nowhere",
        "documents:",
        "zone:\n  _sip._udp.example: { srv: [ { target: a.exmaple } ] }\n  a.example: { a: sip }\ndocuments:",
    ),
    (
        "a service that is none",
        "documents:",
        "zone:\n  a.example: { naptr: [ { service: sip udp, replacement: sip } ] }\ndocuments:",
    ),
    (
        "the same address twice",
        "{ sip-server: {} }",
        "{ sip-server: {}, address: 10.1.2.3 }\n  loc: { location-server: {}, address: 10.1.2.3 }",
    ),
    (
        "a location server that is none",
        "sip-server: {}",
        "sip-server: { location_server: bob, location: own-host }",
    ),
    ("a fax key at a server", "{ sip-server: {} }", "{ sip-server: {}, number: 050-111 }"),
    ("a host of no kind", "{ sip-server: {} }", "{ power: on }"),
    ("an unknown fax", "fax: 1, number: 050-0", "fax: 4, number: 050-0"),
    ("an unknown value", "{ sip-server: {} }", "{ sip-server: {}, power: of }"),
    ("a step that does two things", "to: 050-1234-5678 }", "to: 050-1234-5678, hang_up: true }"),
    ("a send without a number", ", to: 050-1234-5678 }", " }"),
    ("a step after the end", "steps:", "ends_at: 1s\nsteps:"),
    ("a server with a panel", "host: alice, send", "host: sip, send"),
    ("a share without a percent sign", "steps:", "network: { loss: 0.2 }\nsteps:"),
    ("a share in words", "steps:", "network: { loss: 120% }\nsteps:"),
    (
        "a message that does not exist",
        "steps:",
        "rules:\n  - { on: { message: 200 INVTIE }, do: drop }\nsteps:",
    ),
    ("an act that does not exist", "steps:", "rules:\n  - { on: { message: BYE }, do: dorp }\nsteps:"),
    ("two acts", "steps:", "rules:\n  - { on: {}, do: { set_code: 486, delay: 1s } }\nsteps:"),
    (
        "a code for a request",
        "steps:",
        "rules:\n  - { on: { message: INVITE }, do: { set_code: 486 } }\nsteps:",
    ),
    (
        "an act that changes nothing",
        "steps:",
        "rules:\n  - { on: {}, do: { corrupt: { at: 0, xor: 0 } } }\nsteps:",
    ),
    ("the zeroth message", "steps:", "rules:\n  - { on: { nth: 0 }, do: drop }\nsteps:"),
    (
        "a cut that ends first",
        "steps:",
        "network: { links: [ { from: alice, to: bob, cut: { from: 2s, to: 1s } } ] }\nsteps:",
    ),
    (
        "the second cut ends first",
        "steps:",
        "network: { links: [ { from: alice, to: bob, cut: [ { from: 1s, to: 2s }, { from: 4s, to: 3s } ] } ] }\nsteps:",
    ),
    (
        "a cut that nobody knows",
        "steps:",
        "network: { links: [ { from: alice, to: bob, cut: [ { form: 1s, to: 2s } ] } ] }\nsteps:",
    ),
    ("an impossible MTU", "steps:", "network: { mtu: 20 }\nsteps:"),
    ("a rate without a unit", "steps:", "network: { rate: 9600 }\nsteps:"),
    ("a queue without a rate", "steps:", "network: { queue: 1000 }\nsteps:"),
    ("chunks of nothing", "steps:", "network: { links: [ { from: alice, to: bob, chunks: 0 } ] }\nsteps:"),
    ("a way to end without a place", "steps:", "network: { cut_by: stall }\nsteps:"),
    ("an unknown way to end", "steps:", "network: { cut_after: 9, cut_by: rest }\nsteps:"),
    (
        "a partition of strangers",
        "steps:",
        "network: { partition: { apart: [alcie], from: 1s, to: 2s } }\nsteps:",
    ),
    ("a partition of nobody", "steps:", "network: { partition: { apart: [], from: 1s, to: 2s } }\nsteps:"),
    ("a message that is refused", "steps:", "rules:\n  - { on: { message: INVITE }, do: refuse }\nsteps:"),
    (
        "a connect that is changed",
        "steps:",
        "rules:\n  - { on: { message: connect }, do: { corrupt: { at: 0, xor: 1 } } }\nsteps:",
    ),
    (
        "a connect of a real device",
        "number: 050-1234-5678 }\n  sip: { sip-server: {} }\n",
        "number: 050-1234-5678, external: { sip: 192.0.2.7:5060 } }\n  sip: { sip-server: {} }\nworlds: [sockets]\n\
         rules: [ { on: { message: connect, from: bob }, do: drop } ]\n",
    ),
    (
        "a placeholder that does not exist",
        "steps:",
        "rules:\n  - { on: { message: BYE }, do: { set_header: { Call-ID: \"{callid}\" } } }\nsteps:",
    ),
    (
        "a brace that is left open",
        "steps:",
        "rules:\n  - { on: { message: BYE }, do: { set_header: { X: \"a{b\" } } }\nsteps:",
    ),
    (
        "the address of nobody in a text",
        "steps:",
        "rules:\n  - { on: { message: BYE }, do: { replace: { text: \"{ip bop}\" } } }\nsteps:",
    ),
    (
        "somebody who injects and is no tester",
        "steps:",
        "rules:\n  - { on: { message: BYE }, do: { inject: { from: bob, to: alice, sip: x } } }\nsteps:",
    ),
    (
        "a rule that does not say who injects",
        "steps:",
        "rules:\n  - { on: { message: BYE }, do: { inject: { to: alice, sip: x } } }\nsteps:",
    ),
    (
        "a step without a message to fill in from",
        "steps:",
        "steps:\n  - { at: 1s, host: eve, inject: { to: bob, sip: \"BYE {uri} SIP/2.0\" } }",
    ),
    (
        "an injection of nothing",
        "documents:",
        "  eve: { tester: {} }\nrules: [ { on: { message: BYE }, do: { inject: { from: eve, to: bob } } } ]\ndocuments:",
    ),
    ("a tester with a number", "documents:", "  eve: { tester: {}, number: 050-111 }\ndocuments:"),
    ("a document of two kinds", "{ chart: {} }", "{ chart: {}, text: Hello }"),
    ("a file that is not there", "{ chart: {} }", "{ tiff: page.tif }"),
    ("a chart that is too long", "{ chart: {} }", "{ chart: { pages: 51 } }"),
    (
        "an impossible call",
        "steps:",
        "expect: { calls: { alice: [[4.S2.answered, 4.S13.selected, 4.S2.refused]] } }\nsteps:",
    ),
    ("a count of unclear messages", "steps:", "expect: { messages: { INVITE from alice: 1 } }\nsteps:"),
    ("an expectation of a stranger", "steps:", "expect: { printed: { bop: 1 } }\nsteps:"),
    (
        "a real box in a simulation",
        "{ sip-server: {} }",
        "{ sip-server: {}, external: { sip: 192.0.2.7:5060 } }\nworlds: [virtual, sockets]",
    ),
    (
        "a real mail server that is reached by SIP",
        "documents:",
        "  mail: { mail-server: {}, external: { sip: 192.0.2.7:5060 } }\ndocuments:",
    ),
    (
        "a real SIP server that is reached by SMTP",
        "{ sip-server: {} }",
        "{ sip-server: {}, external: { smtp: 192.0.2.7:25 } }",
    ),
    (
        "a real box that is nowhere",
        "{ sip-server: {} }",
        "{ sip-server: {}, external: { operate: by hand } }",
    ),
    (
        "a real mail server at two addresses",
        "documents:",
        "  mail: { mail-server: {}, external: { smtp: 192.0.2.7:25, pop3: 192.0.2.8:110 } }\ndocuments:",
    ),
    (
        "a real mail server without SMTP that is to send",
        "documents:",
        "  mail: { mail-server: {}, external: { pop3: 192.0.2.7:110 } }\n  eve: { fax: 101, number: 050-111, mail_server: mail }\ndocuments:",
    ),
    (
        "a mailbox at a real server without POP3",
        "documents:",
        "  mail: { mail-server: { mailboxes: { eve: { password: a } } }, external: { smtp: 192.0.2.7:25 } }\n  eve: { fax: 101, number: 050-111, mailbox: { server: mail, user: eve } }\ndocuments:",
    ),
    (
        "a real mail server that other servers cannot find",
        "documents:",
        "  mail: { mail-server: {}, external: { smtp: 192.0.2.7:2525 } }\nzone: { a.example: { mx: [ { host: mail } ] } }\ndocuments:",
    ),
    ("a world left out without a reason", "title: A call", "title: A call\nworlds: [virtual]"),
    ("a contrast without words", "title: A call", "title: A call\ncontrast: ''"),
    (
        "a contrast of nothing",
        "send: page, to: 050-1234-5678 }",
        "ta1: list }\ncontrast: Ways to send a page",
    ),
    ("a reason without a list", "title: A call", "title: A call\nworlds_because: time"),
    ("an impossible date", "title: A call", "title: A call\nepoch: 2003-02-30T00:00:00Z"),
    ("a merge key", "title: A call", "title: A call\n<<: { seed: 1 }"),
    ("two mistakes at once", "host: alice, send: page", "host: alcie, send: pgae"),
    ("a bracket that is left open", "fax: 1, number: 050-0000-9999 }", "fax: 1, number: 050-0000-9999"),
    ("a second document", "steps:", "---\nsteps:"),
];

#[test]
fn every_mistake_is_shown_with_its_place_and_a_remedy() {
    let mut told = String::new();
    for (mistake, right, wrong) in MISTAKES {
        assert!(CALL.contains(right), "{mistake}");
        let text = CALL.replacen(right, wrong, 1);
        let error = match parse(&text) {
            Ok(_) => panic!("{mistake} is taken"),
            Err(error) => error.to_string(),
        };
        told.push_str(&format!("## {mistake}\n\n{error}\n\n"));
    }
    insta::assert_snapshot!("mistakes", told);
}

#[test]
fn a_bad_number_may_be_typed_at_a_panel() {
    assert!(parse(&CALL.replace("to: 050-1234-5678", "to: 050 12@evil")).is_ok());
}

#[test]
fn a_long_line_is_shown_around_the_place() {
    let text =
        CALL.replace("title: A call", &format!("about: {}\ntitle: ~ # {}", "x".repeat(90), "y".repeat(400)));
    let text = text.replace(
        "fax: 1, number: 050-1234-5678 }",
        &format!("mail: a@b{}, fax: 1, nmber: 0 }}", "b".repeat(300)),
    );
    let error = parse(&text).expect_err("`nmber`").to_string();
    assert!(error.lines().all(|line| line.chars().count() < 200), "{error}");
}
