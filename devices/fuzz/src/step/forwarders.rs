//! Two mail servers that forward over SIP, and their mail clients: mail server 201 with table Ta3 and a search for
//! numbers, mail server 201A with table Ta3'. What their users write, what their operators do, and what must go on
//! behind all that.

use std::net::{IpAddr, SocketAddr};

use faxproof_devices::config::{
    CollectionConfig, ForwardConfig, LineConfig, MailClientConfig, MailServerConfig, MailboxConfig,
    OnFailure, Place, Protocol, Replies, Search, Spot,
};
use faxproof_devices::core::{Device, Duration, Entropy, Event, Exchange, NameAnswer, NameKind, Question};
use faxproof_devices::mail_client::MailClient;
use faxproof_devices::mail_server::MailServer;
use faxproof_devices::order::{Action, Order, Ta3Action, TableChange, Writing};
use faxproof_devices::pop3::POP3_PORT;
use faxproof_devices::smtp::SMTP_PORT;
use faxproof_devices::ta3::{Key, Row, SpecificRow};
use faxproof_wire::smtp::Notify;

use super::hosts::{ADDRESSES, ALICE, BOB, DOMAIN, FAR, NEAR, NUMBERS, SERVER, address, mail_server};
use super::lab::Lab;
use super::script::Script;

/// A number that leads nowhere.
const DEAD: &str = "050-7777-7777";
/// Specific information of Ta3' that leads to mail server 201.
const KEYWORD: &str = "KYOTO";
/// A mail written behind everything: two collections of the mailbox, and a call.
const ARRIVES_WITHIN: Duration = Duration::secs(60);

/// Mail server 201, mail server 201A, and the mail client of each.
pub(super) fn devices(
    [near, far]: [LineConfig; 2],
    entropy: Entropy,
    script: &mut Script<'_>,
) -> [Box<dyn Device>; 4] {
    let near = MailServerConfig {
        forwards: Some(forwards(LineConfig { address: address(NEAR), ..near }, by_numbers(script), script)),
        relays_for: vec![address(ALICE)],
        ..mail_server(entropy.part("near"))
    };
    let far = MailServerConfig {
        address: address(FAR),
        name: "mx.b.example".to_owned(),
        names: vec!["mx.b.example".to_owned()],
        domains: vec!["b.example".to_owned(), "c.example".to_owned()],
        mailboxes: vec![MailboxConfig {
            user: "bob".to_owned(),
            password: "sesame".to_owned(),
            addresses: vec!["bob".to_owned()],
        }],
        forwards: Some(forwards(LineConfig { address: address(FAR), ..far }, by_information(), script)),
        relays_for: vec![address(BOB)],
        ..mail_server(entropy.part("far"))
    };
    [
        Box::new(MailServer::new(near)),
        Box::new(MailServer::new(far)),
        Box::new(MailClient::new(client(ALICE, NEAR, entropy.part("pc")))),
        Box::new(MailClient::new(client(BOB, FAR, entropy.part("bob")))),
    ]
}

fn client(seat: usize, server: usize, entropy: Entropy) -> MailClientConfig {
    MailClientConfig {
        mail: ADDRESSES[seat].to_owned(),
        mail_server: Some(SocketAddr::new(address(server), SMTP_PORT)),
        mailbox: Some(CollectionConfig {
            server: SocketAddr::new(address(server), POP3_PORT),
            user: ["alice", "bob"][seat].to_owned(),
            password: "sesame".to_owned(),
            every: Duration::secs(20),
        }),
        epoch_s: 1_069_117_200,
        entropy,
    }
}

fn forwards(line: LineConfig, search: Search, script: &mut Script<'_>) -> ForwardConfig {
    let row =
        |destination: &str, number: &str| Row { destination: destination.into(), number: number.into() };
    let specific = |information: &str, number: &str| SpecificRow {
        information: information.to_owned(),
        number: number.to_owned(),
    };
    ForwardConfig {
        line: LineConfig { protocols: vec![Protocol::Smtp], ..line },
        search,
        // The same number in two ways, and one that leads nowhere.
        ta3: vec![
            row("b.example", NUMBERS[1]),
            row("c.example", "05012345678"),
            row("nowhere.example", DEAD),
        ],
        ta3_prime: vec![specific(KEYWORD, NUMBERS[0]), specific("OSAKA", DEAD), specific("SELF", NUMBERS[1])],
        asks: !script.chance(4),
        on_failure: [OnFailure::Relay, OnFailure::Retry, OnFailure::Bounce][script.below(3)],
        most_calls: [1, 2, 100][script.below(3)],
        decodes: script.chance(2),
        replies: [Replies::AtOnce, Replies::WithResult][script.below(2)],
    }
}

fn by_numbers(script: &mut Script<'_>) -> Search {
    let mut places = vec![Place::BeforeAt, Place::AfterAt, Place::Address, Place::Domain];
    if script.chance(4) {
        places.extend([Place::Header, Place::Body]);
    }
    Search::Numbers { places, systematic: vec!["050-".to_owned()], digits: 8 }
}

fn by_information() -> Search {
    Search::Specific { places: vec![Spot::Rcpt, Spot::Header, Spot::Body] }
}

/// What the name server knows.
pub(super) fn answer_about(question: &Question) -> NameAnswer {
    let literal = question.name.parse::<IpAddr>().ok();
    let named = |name: &str| question.name.eq_ignore_ascii_case(name);
    let known = [(DOMAIN, SERVER), ("mx.a.example", NEAR), ("mx.b.example", FAR)];
    let known = known.iter().find(|(name, _)| named(name)).map(|(_, seat)| address(*seat));
    let exchange =
        |host: &str| NameAnswer::Exchanges(vec![Exchange { preference: 10, host: host.to_owned() }]);
    match (question.kind, literal.or(known)) {
        (NameKind::Mx, _) if named("a.example") => exchange("mx.a.example"),
        (NameKind::Mx, _) if named("b.example") || named("c.example") => exchange("mx.b.example"),
        (NameKind::Address, Some(found)) => NameAnswer::Addresses(vec![found]),
        _ => NameAnswer::NoSuchName,
    }
}

/// The user of a mail client writes to the other, to both, to nobody, or to a number.
pub(super) fn write(lab: &mut Lab, seat: usize, key: u64, script: &mut Script<'_>) {
    const TO: [&str; 9] = [
        "bob@b.example",
        "alice@a.example",
        "bob@c.example",
        "nobody@b.example",
        "nobody@a.example",
        "050-1234-5678@x.example",
        "050-7777-7777@x.example",
        "KYOTO@x.example",
        "eve@nowhere.example",
    ];
    let first = ADDRESSES[1 - seat];
    let others = (0..script.below(3)).map(|_| TO[script.below(TO.len())]).collect::<Vec<&str>>();
    let some = |script: &mut Script<'_>| Notify {
        success: script.chance(2),
        failure: script.chance(2),
        delay: script.chance(2),
    };
    let writing = Writing {
        from: script.chance(8).then(String::new),
        to: std::iter::once(first).chain(others).map(str::to_owned).collect(),
        header: vec![("Subject".to_owned(), ["Ten", KEYWORD, "OSAKA", "SELF"][script.below(4)].to_owned())],
        text: ["Moved to ten.", "gr\u{fc}n", NUMBERS[1], KEYWORD][script.below(4)].to_owned(),
        notify: script.chance(2).then(|| some(script)),
    };
    lab.step(seat, order(key, Action::Write(writing.into())));
}

fn order(key: u64, action: Action) -> Event {
    Event::Order(Order { key, action })
}

/// What the operator of a mail server does.
pub(super) fn some_action(script: &mut Script<'_>) -> Action {
    let number = [NUMBERS[0], NUMBERS[1], DEAD, "x"][script.below(4)].to_owned();
    let specific = script.chance(2);
    let names = if specific {
        [KEYWORD, "OSAKA", "SELF", ""]
    } else {
        ["b.example", "bob@b.example", "nowhere.example", "a.example"]
    };
    let first = names[script.below(4)].to_owned();
    let key = if script.chance(4) { Key::Number(number.clone()) } else { Key::First(first.clone()) };
    let which = script.byte() % 5;
    if which == 0 {
        return Action::HangUp;
    }
    Action::Ta3(if specific {
        Ta3Action::Specific(change(which, key, SpecificRow { information: first, number }))
    } else {
        Ta3Action::Destinations(change(which, key, Row { destination: first, number }))
    })
}

fn change<R>(which: u8, key: Key, row: R) -> TableChange<Key, R> {
    match which {
        1 => TableChange::List,
        2 => TableChange::Add(row),
        3 => TableChange::Edit(key, row),
        _ => TableChange::Delete(key),
    }
}

/// Nothing that happened before keeps a mail from being forwarded, in either direction and once, when the operators have
/// put the tables in order.
pub(super) fn mail_after_power_on(lab: &mut Lab, orders: u64) {
    for seat in [SERVER, NEAR, FAR, ALICE, BOB] {
        lab.power_on(seat);
    }
    lab.wait(Duration::secs(5));
    let mut put_in_order = Vec::new();
    // As many rows as were added, and those that were delivered.
    for _ in 0..orders + 2 {
        for first in ["b.example", "bob@b.example"] {
            let key = Key::First(first.to_owned());
            put_in_order.push((NEAR, Ta3Action::Destinations(TableChange::Delete(key))));
        }
        let key = Key::First(KEYWORD.to_owned());
        put_in_order.push((FAR, Ta3Action::Specific(TableChange::Delete(key))));
    }
    let row = Row { destination: "b.example".to_owned(), number: NUMBERS[1].to_owned() };
    put_in_order.push((NEAR, Ta3Action::Destinations(TableChange::Add(row))));
    let row = SpecificRow { information: KEYWORD.to_owned(), number: NUMBERS[0].to_owned() };
    put_in_order.push((FAR, Ta3Action::Specific(TableChange::Add(row))));
    for (seat, change) in put_in_order {
        lab.step(seat, order(u64::MAX, Action::Ta3(change)));
    }
    // One behind the other: a server with one line is busy while it calls.
    for seat in [ALICE, BOB] {
        let reader = ALICE + BOB - seat;
        let before = lab.seats[reader].told.len();
        let writing = Writing {
            from: None,
            to: vec![ADDRESSES[reader].to_owned()],
            header: vec![("Subject".to_owned(), format!("After all {}", ["", KEYWORD][seat]))],
            text: String::new(),
            notify: None,
        };
        lab.step(seat, order(u64::MAX, Action::Write(writing.into())));
        lab.wait(ARRIVES_WITHIN);
        let told = &lab.seats[reader].told[before..];
        let mails = told.iter().filter(|text| text.contains(": After all")).count();
        assert_eq!(mails, 1, "what is written after power-on arrives once: {told:?}");
    }
}
