//! Tiny devices and plans for the tests of the worlds.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use bytes::Bytes;
use faxproof_devices::core::{
    Conn, Device, Duration, Event, Holdings, Medium, Notice, Outbox, StreamEvent, Time, Timer,
};
use faxproof_reports::{Declaration, Entry, Trace, What};

use super::{Outcome, World, run};
use crate::plan::{NetworkPlan, Plan, PlannedBox, PlannedHost, Rule, Zone};

/// What an actor remembers.
#[derive(Clone, Debug)]
pub(super) struct Memory {
    pub(super) me: &'static str,
    pub(super) peer: SocketAddr,
    pub(super) count: u32,
    pub(super) boots: u32,
    pub(super) line: Vec<u8>,
}

/// What an actor does with an event.
pub(super) type Part = fn(&mut Memory, Time, &Event, &mut Outbox);

/// A device that plays a part and tells everything it learns as a notice.
#[derive(Clone, Debug)]
pub(super) struct Actor {
    memory: Memory,
    part: Part,
}

impl Device for Actor {
    fn step(&mut self, now: Time, event: Event, out: &mut Outbox) {
        if let Event::PowerOn { boots, .. } = event {
            self.memory.boots = boots;
        }
        out.notice(Notice { call: 0, medium: Medium::Display, text: word(&event) });
        (self.part)(&mut self.memory, now, &event, out);
    }

    fn holds(&self) -> Holdings {
        Holdings::default()
    }

    fn fork(&self) -> Box<dyn Device> {
        Box::new(self.clone())
    }
}

fn word(event: &Event) -> String {
    match event {
        Event::PowerOn { boots, committed } => format!("power on {boots}, {} committed", committed.len()),
        Event::Datagram { bytes, .. } => format!("datagram {}", first_line(bytes)),
        Event::Stream(_, StreamEvent::Bytes(bytes)) => format!("bytes {}", first_line(bytes)),
        Event::Stream(_, StreamEvent::Accepted { port, .. }) => format!("accepted on {port}"),
        Event::Stream(_, event) => format!("{event:?}").to_lowercase(),
        Event::Unreachable { .. } => "no such address".to_owned(),
        Event::Resolved { answer, .. } => format!("resolved {answer:?}"),
        Event::Timer(timer) => format!("timer {}", timer.name),
        Event::Order(_) => "order".to_owned(),
    }
}

fn first_line(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes.split(|&b| b == b'\r').next().unwrap_or_default()).into_owned()
}

/// Answers every request with 200.
pub(super) fn echo(_: &mut Memory, _: Time, event: &Event, out: &mut Outbox) {
    let Event::Datagram { from, bytes } = event else { return };
    let text = String::from_utf8_lossy(bytes);
    if let Some((_, headers)) = text.split_once("\r\n").filter(|(start, _)| !start.starts_with("SIP/2.0")) {
        out.datagram(*from, Bytes::from(format!("SIP/2.0 200 OK\r\n{headers}")));
    }
}

/// Sends ten requests, one a second.
pub(super) fn ping(memory: &mut Memory, now: Time, event: &Event, out: &mut Outbox) {
    match event {
        Event::PowerOn { .. } => tick(now, out, Duration::secs(1)),
        Event::Timer(_) => {
            memory.count += 1;
            out.datagram(memory.peer, request(memory.me, memory.boots, memory.count));
            if memory.count < 10 {
                tick(now, out, Duration::secs(1));
            }
        }
        _ => {}
    }
}

/// Connects after a second and speaks SMTP: one mail, then QUIT.
pub(super) fn client(memory: &mut Memory, now: Time, event: &Event, out: &mut Outbox) {
    match event {
        Event::PowerOn { .. } => tick(now, out, Duration::secs(1)),
        Event::Timer(_) => {
            let conn = Conn(u64::from(memory.boots));
            out.push(faxproof_devices::core::Effect::Connect { conn, to: memory.peer });
        }
        Event::Stream(conn, StreamEvent::Bytes(bytes)) => {
            memory.line.extend_from_slice(bytes);
            while let Some(end) = memory.line.iter().position(|&b| b == b'\n') {
                memory.line.drain(..=end);
                let say = ["EHLO a", "DATA", "one\r\n..\r\n.", "QUIT"].get(memory.count as usize);
                memory.count += 1;
                match say {
                    Some(line) => out.send(*conn, format!("{line}\r\n")),
                    None => out.push(faxproof_devices::core::Effect::Close(*conn)),
                }
            }
        }
        _ => {}
    }
}

/// Listens on port 25 and answers every line with a reply, a mail with one.
pub(super) fn server(memory: &mut Memory, _: Time, event: &Event, out: &mut Outbox) {
    match event {
        Event::PowerOn { .. } => out.push(faxproof_devices::core::Effect::Listen { port: 25 }),
        Event::Stream(conn, StreamEvent::Accepted { .. }) => out.send(*conn, "220 b\r\n"),
        Event::Stream(conn, StreamEvent::Fin) => out.push(faxproof_devices::core::Effect::Close(*conn)),
        Event::Stream(conn, StreamEvent::Bytes(bytes)) => {
            memory.line.extend_from_slice(bytes);
            while let Some(end) = memory.line.iter().position(|&b| b == b'\n') {
                let line: Vec<u8> = memory.line.drain(..=end).collect();
                match (&line[..], memory.count) {
                    (b"DATA\r\n", 0) => {
                        memory.count = 1;
                        out.send(*conn, "354 go\r\n");
                    }
                    (b".\r\n", 1) => {
                        memory.count = 0;
                        out.send(*conn, "250 taken\r\n");
                    }
                    (_, 1) => {}
                    _ => out.send(*conn, "250 ok\r\n"),
                }
            }
        }
        _ => {}
    }
}

pub(super) fn tick(now: Time, out: &mut Outbox, after: Duration) {
    out.arm(now, after, Timer { owner: 0, name: "tick" });
}

/// An OPTIONS request.
pub(super) fn request(me: &str, boots: u32, n: u32) -> Bytes {
    Bytes::from(format!(
        "OPTIONS sip:b@example.net SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK{me}{boots}.{n}\r\n\
         From: <sip:{me}@example.net>;tag=1\r\nTo: <sip:b@example.net>\r\nCall-ID: {me}{boots}.{n}\r\n\
         CSeq: {n} OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
    ))
}

pub(super) fn address(last: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(10, 0, 0, last))
}

/// A host with power from the start, at `10.0.0.<last>`, that talks to `10.0.0.<peer>`.
pub(super) fn host(name: &'static str, last: u8, peer: (u8, u16), part: Part) -> PlannedHost {
    host_at(name, address(last), SocketAddr::new(address(peer.0), peer.1), part)
}

/// A host with power from the start.
pub(super) fn host_at(name: &'static str, address: IpAddr, peer: SocketAddr, part: Part) -> PlannedHost {
    let memory = Memory { me: name, peer, count: 0, boots: 0, line: Vec::new() };
    PlannedHost {
        name: name.into(),
        address,
        box_: PlannedBox::Virtual(Box::new(Actor { memory, part })),
        power_on: Some(Time(0)),
    }
}

pub(super) fn plan(hosts: Vec<PlannedHost>) -> Plan {
    Plan {
        declaration: Declaration {
            scenario: "test".into(),
            title: "test".into(),
            seed: 1,
            world: "virtual".into(),
            epoch_s: 0,
            hosts: Vec::new(),
            orders: Vec::new(),
            disturbed: false,
            contrast: None,
        },
        hosts,
        network: NetworkPlan::default(),
        zone: Zone::default(),
        rules: Vec::new(),
        actions: Arc::default(),
        until: Time(300_000_000),
    }
}

/// `ping` sends ten requests to `echo`.
pub(super) fn pings() -> Plan {
    plan(vec![host("ping", 1, (2, 5060), ping), host("echo", 2, (1, 5060), echo)])
}

/// `a` sends a mail to `b`.
pub(super) fn mail() -> Plan {
    plan(vec![host("a", 1, (2, 25), client), host("b", 2, (1, 5060), server)])
}

pub(super) fn with_rule(mut plan: Plan, rule: Rule) -> Plan {
    plan.rules.push(rule);
    plan
}

pub(super) fn run_virtual(plan: &Plan) -> (Trace, Outcome) {
    let mut trace = Trace::default();
    let outcome = run(plan, World::Virtual, &mut trace).unwrap();
    (trace, outcome)
}

/// One line for each entry.
pub(super) fn lines(trace: &Trace) -> Vec<String> {
    trace.entries.iter().map(line).collect()
}

/// The lines in which this host has a part.
pub(super) fn lines_of(trace: &Trace, host: &str) -> Vec<String> {
    let of_host = |entry: &&Entry| match &entry.what {
        What::Message { from, to, .. } => &**from == host || &**to == host,
        What::Connection { client, server, .. } => &**client == host || &**server == host,
        What::Mark { host: h, .. }
        | What::Notice { host: h, .. }
        | What::Printed { host: h, .. }
        | What::Row { host: h, .. }
        | What::Mail { host: h, .. }
        | What::Order { host: h, .. }
        | What::Remark { host: h, .. }
        | What::Unexpected { host: h, .. }
        | What::Resolved { host: h, .. }
        | What::Fault { host: h, .. }
        | What::Power { host: h, .. } => &**h == host,
    };
    trace.entries.iter().filter(of_host).map(line).collect()
}

/// What the device of this host told that it learnt, without times.
pub(super) fn learnt(trace: &Trace, name: &str) -> Vec<Arc<str>> {
    let notice = |entry: &Entry| match &entry.what {
        What::Notice { host, text, .. } if &**host == name => Some(text.clone()),
        _ => None,
    };
    trace.entries.iter().filter_map(notice).collect()
}

fn line(entry: &Entry) -> String {
    format!("{} {:?}", entry.at_us, entry.what)
}
