//! Mail faxes: internet facsimile machines 101 (paragraphs 0091 to 0113) and 118 (paragraphs 0114 to 0127). A
//! mail fax calls by SIP where it knows the number and mails where it does not or cannot, puts its own number
//! into every mail, learns numbers from the mail that it gets, and calls back to confirm. Machine 118 tells peers of
//! extension SMTP from others besides.
//!
//! `transmitter.rs` walks one side of the figures and `confirmed.rs` what follows its mail, `recipient.rs` the other
//! side, by the names of `arcs.rs`; `reforming.rs` forms the pages for who prints them; `arrival.rs` is where mail
//! comes in that no call brings.

mod arcs;
mod arrival;
mod confirmed;
mod letters;
mod panel;
mod recipient;
mod reforming;
mod transmitter;

use std::collections::BTreeMap;
use std::sync::Arc;

use self::arrival::Doorstep;
use self::recipient::{CallBack, Due};
use self::transmitter::{Awaited, Walk};
use crate::collector::Collector;
use crate::config::FaxConfig;
use crate::core::{Device, Event, Holdings, Outbox, Time};
use crate::line::{Line, What};
use crate::mailer::{Done, Mailer};
use crate::order::{Action, Order};
use crate::ta2::Ta2;

/// The mail fax.
#[derive(Clone, Debug)]
pub struct MailFax {
    config: Arc<FaxConfig>,
    line: Line,
    mailer: Mailer,
    collector: Collector,
    doorstep: Doorstep,
    ta2: Ta2,
    /// Where each order to send stands in Figure 8, by its key.
    walks: BTreeMap<u64, Walk>,
    /// Mails M1 whose confirmation M2 may still come, by their order, oldest first.
    awaited: Vec<Awaited>,
    /// What is to be confirmed when the call is over on which it came, by that call.
    due: BTreeMap<u64, Vec<Due>>,
    /// Second mails that wait for the end of the call by which they were wished: the first one, and what its recipient
    /// said that it prints.
    wishes: BTreeMap<u64, Vec<(Walk, Option<String>)>>,
    /// What recipients said that they print, by their address or else their number.
    capabilities: BTreeMap<String, String>,
    /// Confirmations M2 on their way, by the key of their own call.
    call_backs: BTreeMap<u64, CallBack>,
}

impl MailFax {
    /// A fax before its first power-on.
    pub fn new(config: FaxConfig) -> Self {
        let ta2 = Ta2::new(config.ta2.clone());
        MailFax::booted(Arc::new(config), 0, ta2)
    }

    fn booted(config: Arc<FaxConfig>, boots: u32, ta2: Ta2) -> Self {
        let line = Line::new(Arc::new(config.line.clone()), boots);
        let mailer = Mailer::new(config.mail_server, config.mail_domain(), line.entropy());
        let collector = Collector::new(config.mailbox.clone(), line.entropy());
        MailFax {
            config,
            line,
            mailer,
            collector,
            doorstep: Doorstep::default(),
            ta2,
            walks: BTreeMap::new(),
            awaited: Vec::new(),
            due: BTreeMap::new(),
            wishes: BTreeMap::new(),
            capabilities: BTreeMap::new(),
            call_backs: BTreeMap::new(),
        }
    }

    fn order(&mut self, now: Time, order: Order, out: &mut Outbox) {
        match order.action {
            Action::Send { to, document } => self.send(now, order.key, to, document, out),
            Action::HangUp => self.line.stop(now, out),
            other => self.table_order(other, out),
        }
    }

    /// Goes on wherever the line has something to tell.
    fn go_on(&mut self, now: Time, out: &mut Outbox) {
        while let Some(news) = self.line.hear() {
            match news.what {
                What::Received(conn, bytes) => self.serve(now, news.call, conn, &bytes, out),
                What::CallOver => {
                    self.confirm_all(now, news.call, out);
                    self.grant_wishes(now, news.call, out);
                }
                what if self.walks.contains_key(&news.call) => self.walk_on(now, news.call, what, out),
                what => self.call_back_on(now, news.call, what, out),
            }
        }
    }

    /// The outgoing server has a mail, or will not get it.
    fn mailed(&mut self, now: Time, done: Option<Done>, out: &mut Outbox) {
        let Some(Done { key, outcome, .. }) = done else { return };
        if self.walks.contains_key(&key) {
            self.m1_mailed(now, key, outcome, out);
        } else if let Err(why) = outcome {
            self.display(key, format!("A confirmation could not be mailed: {why}"), out);
        }
    }
}

impl Device for MailFax {
    fn step(&mut self, now: Time, event: Event, out: &mut Outbox) {
        match event {
            Event::PowerOn { boots, committed } => {
                let ta2 = Ta2::restored(&self.config.ta2, &committed);
                *self = MailFax::booted(self.config.clone(), boots, ta2);
                self.line.power_on(now, out);
                self.collector.power_on(now, out);
                self.open_doorstep(out);
            }
            Event::Order(order) => self.order(now, order, out),
            Event::Stream(conn, event) if self.mailer.has(conn) => {
                let done = self.mailer.stream(now, conn, event, out);
                self.mailed(now, done, out);
            }
            Event::Timer(timer) if self.mailer.owns(timer) => {
                let done = self.mailer.fires(timer, out);
                self.mailed(now, done, out);
            }
            Event::Stream(conn, event) if self.collector.has(conn) => {
                let collected = self.collector.stream(now, event, out);
                self.collected(now, collected, out);
            }
            Event::Stream(conn, event) if self.doorstep.wants(conn, &event) => {
                self.at_doorstep(now, conn, event, out);
            }
            Event::Timer(timer) if self.collector.owns(timer) => {
                let collected = self.collector.fires(now, timer, out);
                self.collected(now, collected, out);
            }
            Event::Timer(timer) if self.doorstep.owns(timer) => self.doorstep.idle(timer, out),
            Event::Timer(timer) if timer.name == transmitter::AWAITED => {
                self.never_confirmed(now, timer.owner, out)
            }
            event => self.line.step(now, event, out),
        }
        self.go_on(now, out);
    }

    fn holds(&self) -> Holdings {
        let line = self.line.holds();
        let ours = self.mailer.len() + self.collector.len() + self.doorstep.len();
        Holdings { connections: line.connections + ours, ..line }
    }

    fn fork(&self) -> Box<dyn Device> {
        Box::new(self.clone())
    }
}
