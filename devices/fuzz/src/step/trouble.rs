//! One thing that happens: usually what was to come, sometimes what nobody foresaw.

use std::net::SocketAddr;

use bytes::Bytes;
use faxproof_devices::core::{
    Conn, Duration, Event, Exchange, NameAnswer, NameKind, Pointer, Question, Service, StreamEvent, Timer,
};
use faxproof_devices::order::{Action, Order, Ta2Action};
use faxproof_devices::sip::SIP_PORT;
use faxproof_devices::ta1::Row;
use faxproof_devices::ta2;

use super::forwarders;
use super::hosts::{ADDRESSES, ALICE, BOB, Cast, DOMAIN, NUMBERS, address};
use super::lab::{Lab, Place};
use super::script::Script;
use crate::Mutator;

/// What means something to a box.
const WORDS: &[&str] = &[
    "INVITE",
    "ACK",
    "BYE",
    "CANCEL",
    "OPTIONS",
    "UPDATE",
    "REGISTER",
    "PRACK",
    "SIP/2.0 100 ",
    "SIP/2.0 180 ",
    "SIP/2.0 200 ",
    "SIP/2.0 302 ",
    "SIP/2.0 401 ",
    "SIP/2.0 481 ",
    "SIP/2.0 488 ",
    "SIP/2.0 503 ",
    "SIP/2.0 603 ",
    "10.0.0.1",
    "10.0.0.2",
    "10.0.0.3",
    "10.0.0.9",
    "sip.example.net",
    "tcp",
    "udp",
    ";lr",
    ";tag=",
    ";transport=tcp",
    "Retry-After: ",
    "Require: ",
    "Contact: *\r\n",
    "Expires: ",
    "Max-Forwards: ",
    "Proxy-Require: ",
    "Route: ",
    "active",
    "passive",
    "actpass",
    "holdconn",
    "smtp",
    "http",
    "m=application 9 TCP smtp\r\n",
    "a=setup:",
    "0",
    "9",
    "220 ",
    "250 ",
    "354 ",
    "421 ",
    "503 ",
    "550 ",
    "DATA\r\n",
    "\r\n.\r\n",
    "QUIT\r\n",
    "HTTP/1.1 100 \r\n\r\n",
    "HTTP/1.1 201 \r\n\r\n",
    "POST / HTTP/1.1\r\n",
    "Transfer-Encoding: chunked\r\n",
    "Content-Length: ",
    "EHLO x\r\n",
    "HELO x\r\n",
    "MAIL FROM:<>\r\n",
    "RCPT TO:<alice@a.example>\r\n",
    "RCPT TO:<bob@b.example>\r\n",
    "RCPT TO:<eve@nowhere.example>\r\n",
    "NOTIFY=SUCCESS,FAILURE,DELAY",
    "USER alice\r\n",
    "PASS sesame\r\n",
    "UIDL\r\n",
    "RETR 1\r\n",
    "DELE 1\r\n",
    "+OK\r\n",
    "-ERR\r\n",
    "Received: by x\r\n",
    "BDAT 4\r\nhi\r\n",
    "BDAT 0 LAST\r\n",
    "BODY=8BITMIME",
    "KYOTO",
    "050-1234-5678",
    "RCPT TO:<050-1234-5678@x.example>\r\n",
    "RCPT TO:<bob@c.example>\r\n",
    "250-8BITMIME\r\n",
    "gr\u{fc}n",
    "Disposition-Notification-To: ",
    "Content-Type: multipart/report; report-type=disposition-notification; boundary=b\r\n",
];

/// Names of timers that some part of a device uses.
const TIMERS: &[&str] = &[
    "100",
    "A",
    "B",
    "C",
    "D",
    "E",
    "F",
    "G",
    "H",
    "I",
    "J",
    "K",
    "L",
    "M",
    "2xx",
    "abandoned",
    "answer",
    "cancelled",
    "collect",
    "collect reply",
    "confirmation",
    "door",
    "doorstep",
    "idle",
    "idle connection",
    "keep-alive",
    "mail",
    "no-answer",
    "put-off",
    "register",
    "reply",
    "retry",
    "ring",
    "session",
    "unanswered",
];

/// How long everybody goes on undisturbed now and then.
const PAUSE: Duration = Duration::millis(500);

/// Lets something happen, to the target above all.
pub(super) fn one(lab: &mut Lab, target: usize, orders: &mut u64, script: &mut Script<'_>) {
    let Some(next) = lab.pending.keys().next().copied() else { return made_up(lab, target, orders, script) };
    match script.byte() % 32 {
        0..=17 => lab.happen(next),
        18..=20 => damaged(lab, target, next, script),
        21 => lost(lab, next),
        22 => doubled(lab, next),
        23 => {
            let which = script.below(lab.pending.len());
            let place = lab.pending.keys().nth(which).copied().unwrap_or(next);
            lab.happen(place);
        }
        24 => lab.wait(Duration(1 << (script.byte() % 31))),
        _ => made_up(lab, target, orders, script),
    }
}

/// The next message to the target comes otherwise than it was sent.
fn damaged(lab: &mut Lab, target: usize, next: Place, script: &mut Script<'_>) {
    let to_target =
        lab.pending.iter().find(|(_, (seat, event))| *seat == target && bytes_of(event).is_some());
    let Some(place) = to_target.map(|(place, _)| *place) else { return lab.happen(next) };
    let Some((seat, event)) = lab.take(place) else { return };
    lab.now = lab.now.max(place.0);
    let mutate = |bytes: Bytes, script: &mut Script<'_>| mutated(&bytes, lab, script);
    let event = match event {
        Event::Datagram { from, bytes } => Event::Datagram { from, bytes: mutate(bytes, script) },
        Event::Stream(conn, StreamEvent::Bytes(bytes)) => {
            Event::Stream(conn, StreamEvent::Bytes(mutate(bytes, script)))
        }
        other => other,
    };
    lab.step(seat, event);
}

fn mutated(bytes: &[u8], lab: &Lab, script: &mut Script<'_>) -> Bytes {
    let mut bytes = bytes.to_vec();
    let mut mutator = Mutator::new(u64::from(script.number()), &lab.history, WORDS);
    for _ in 0..=script.below(3) {
        mutator.mutate(&mut bytes);
    }
    bytes.into()
}

fn bytes_of(event: &Event) -> Option<&Bytes> {
    match event {
        Event::Datagram { bytes, .. } | Event::Stream(_, StreamEvent::Bytes(bytes)) => Some(bytes),
        _ => None,
    }
}

/// Datagrams get lost, and answers of the name server; all else comes.
fn lost(lab: &mut Lab, next: Place) {
    match lab.pending.get(&next) {
        Some((_, Event::Datagram { .. } | Event::Resolved { .. })) => drop(lab.take(next)),
        _ => lab.happen(next),
    }
}

fn doubled(lab: &mut Lab, next: Place) {
    if let Some((seat, event @ Event::Datagram { .. })) = lab.pending.get(&next).cloned() {
        lab.later(seat, event);
    }
    lab.happen(next);
}

/// Something that nobody sent, armed, asked or dialled.
fn made_up(lab: &mut Lab, target: usize, orders: &mut u64, script: &mut Script<'_>) {
    let event = match script.byte() % 8 {
        0 => Event::Datagram { from: somewhere(lab, script), bytes: some_bytes(lab, script) },
        1 => Event::Unreachable { to: somewhere(lab, script) },
        2 => Event::Timer(some_timer(lab, target, script)),
        3 => resolved(lab, script),
        4 | 5 => Event::Stream(some_conn(lab, target, script), on_a_stream(lab, script)),
        6 => {
            *orders += 1;
            if script.chance(2) {
                let seat = if target == BOB || script.chance(2) { BOB } else { ALICE };
                return super::send(lab, seat, *orders, script);
            }
            // A server has no panel: what happens there then is an order for nobody.
            let action = match lab.cast {
                Cast::Calls => some_action(script),
                Cast::Mail => some_mail_action(script),
                Cast::Forwarding => forwarders::some_action(script),
            };
            Event::Order(Order { key: *orders, action })
        }
        _ if script.chance(4) => return lab.power_on(script.below(lab.seats.len())),
        _ => return lab.wait(PAUSE),
    };
    lab.step(target, event);
}

fn somewhere(lab: &Lab, script: &mut Script<'_>) -> SocketAddr {
    let port = if script.chance(8) { script.number() } else { SIP_PORT };
    SocketAddr::new(address(script.below(lab.seats.len() + 1)), port)
}

/// Something that was sent before, perhaps damaged; or what the script holds.
fn some_bytes(lab: &Lab, script: &mut Script<'_>) -> Bytes {
    let which = script.below(lab.history.len() + 1);
    match lab.history.iter().nth_back(which) {
        Some(sent) if script.chance(2) => Bytes::copy_from_slice(sent),
        Some(sent) => mutated(sent, lab, script),
        None => Bytes::copy_from_slice(script.octets()),
    }
}

/// One that runs, or one that nobody armed.
fn some_timer(lab: &Lab, target: usize, script: &mut Script<'_>) -> Timer {
    let known: Vec<Timer> = lab.seats[target].timers.keys().copied().collect();
    let known = known.get(script.below(known.len())).copied();
    let name = TIMERS[script.below(TIMERS.len())];
    match (known, script.byte() % 4) {
        (Some(timer), 0) => timer,
        (Some(timer), 1) => timer,
        (Some(timer), 2) => Timer { owner: u64::from(script.number()), ..timer },
        _ => Timer { owner: u64::from(script.byte()), name },
    }
}

fn some_conn(lab: &Lab, target: usize, script: &mut Script<'_>) -> Conn {
    let own = lab.wires.iter().flatten().filter(|end| end.0 == target).map(|end| end.1);
    let own: Vec<Conn> = own.collect();
    match own.get(script.below(own.len() + 1)) {
        Some(conn) => *conn,
        None => Conn(u64::from(script.byte()) | if script.chance(2) { Conn::ACCEPTED } else { 0 }),
    }
}

fn on_a_stream(lab: &Lab, script: &mut Script<'_>) -> StreamEvent {
    match script.byte() % 14 {
        0 => StreamEvent::Opened,
        1 => StreamEvent::Refused,
        2 => StreamEvent::Unreachable,
        3 => StreamEvent::TimedOut,
        4 => {
            let port = match script.below(4) {
                0 => SIP_PORT,
                1 => script.number(),
                2 => 110,
                _ => 25,
            };
            StreamEvent::Accepted { port, peer: somewhere(lab, script) }
        }
        5 => StreamEvent::Writable,
        6 => StreamEvent::Fin,
        7 => StreamEvent::Reset,
        8 => StreamEvent::Secured,
        _ => StreamEvent::Bytes(some_bytes(lab, script)),
    }
}

fn resolved(lab: &Lab, script: &mut Script<'_>) -> Event {
    let kind = [NameKind::Address, NameKind::Srv, NameKind::Naptr, NameKind::Mx][script.below(4)];
    let made_up = Question { kind, name: DOMAIN.to_owned() };
    let question = lab.questions.iter().nth_back(script.below(4)).cloned().unwrap_or(made_up);
    let named = [DOMAIN, ".", "", "_sip._udp.sip.example.net", "10.0.0.3"][script.below(5)];
    let answer = match script.byte() % 6 {
        5 => {
            let exchange = |n: usize| Exchange {
                preference: (n % 3) as u16,
                host: if n % 7 == 6 { ".".to_owned() } else { named.to_owned() },
            };
            NameAnswer::Exchanges((0..=script.below(40)).map(exchange).collect())
        }
        0 => NameAnswer::NoSuchName,
        1 => NameAnswer::TimedOut,
        2 => NameAnswer::Addresses((0..=script.below(40)).map(|_| address(script.below(6))).collect()),
        3 => {
            let service = |n: usize| Service {
                priority: (n % 3) as u16,
                weight: (n % 5) as u16,
                port: SIP_PORT,
                target: if n % 7 == 6 { ".".to_owned() } else { format!("s{n}.{DOMAIN}") },
            };
            NameAnswer::Services((0..=script.below(40)).map(service).collect())
        }
        _ => {
            let pointer = |n: usize| Pointer {
                order: (n % 3) as u16,
                preference: (n % 5) as u16,
                flags: ["s", "a", "u", ""][n % 4].to_owned(),
                service: ["SIP+D2U", "SIP+D2T", "SIPS+D2T", "x"][n % 4].to_owned(),
                replacement: named.to_owned(),
            };
            NameAnswer::Pointers((0..=script.below(40)).map(pointer).collect())
        }
    };
    Event::Resolved { question, answer }
}

fn some_action(script: &mut Script<'_>) -> Action {
    let number = NUMBERS[script.below(2)].to_owned();
    let protocol =
        [None, Some("smtp"), Some("http"), Some("x"), Some("")][script.below(5)].map(str::to_owned);
    let row = Row { destination: "efg CO.".to_owned(), number: number.clone(), protocol };
    match script.byte() % 5 {
        0 => Action::HangUp,
        1 => Action::ListTable,
        2 => Action::AddRow(row),
        3 => Action::EditRow { number, row },
        _ => Action::DeleteRow { number },
    }
}

fn some_mail_action(script: &mut Script<'_>) -> Action {
    let which = script.below(2);
    let row = ta2::Row {
        speed_dial: script.chance(2).then(|| "1".to_owned()),
        number: script.chance(2).then(|| NUMBERS[which].to_owned()),
        address: script.chance(2).then(|| ADDRESSES[which].to_owned()),
        ..ta2::Row::default()
    };
    let key = ta2::Key::Address(ADDRESSES[which].to_owned());
    match script.byte() % 5 {
        0 => Action::HangUp,
        1 => Action::Ta2(Ta2Action::List),
        2 => Action::Ta2(Ta2Action::Add(row)),
        3 => Action::Ta2(Ta2Action::Edit(key, row)),
        _ => Action::Ta2(Ta2Action::Delete(key)),
    }
}
