//! Facsimile machine 1 (paragraphs 0063 to 0087): calls by IP telephone number, asks the peer for its
//! protocols unless table Ta1 knows them, transmits, and remembers.
//!
//! `figure4.rs` walks the flowchart over a line (`line/`), which makes and takes the calls.

mod figure4;
mod panel;
mod post;
mod session;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;

use self::figure4::Walk;
use crate::config::FaxConfig;
use crate::core::{Conn, Device, Event, Holdings, Outbox, Time};
use crate::line::{Line, What};
use crate::order::{Action, Destination, Order};
use crate::ta1::Ta1;

/// The fax.
#[derive(Clone, Debug)]
pub struct Fax1 {
    config: Arc<FaxConfig>,
    line: Line,
    ta1: Ta1,
    /// Where each call that we make stands in Figure 4, by the key of its order.
    walks: BTreeMap<u64, Walk>,
}

impl Fax1 {
    /// A fax before its first power-on.
    pub fn new(config: FaxConfig) -> Self {
        let ta1 = Ta1::new(config.ta1.clone());
        Fax1::booted(Arc::new(config), 0, ta1)
    }

    fn booted(config: Arc<FaxConfig>, boots: u32, ta1: Ta1) -> Self {
        let line = Line::new(Arc::new(config.line.clone()), boots);
        Fax1 { config, line, ta1, walks: BTreeMap::new() }
    }

    /// Table Ta1 as it stands.
    pub fn ta1(&self) -> &Ta1 {
        &self.ta1
    }

    fn order(&mut self, now: Time, order: Order, out: &mut Outbox) {
        match order.action {
            Action::Send { to: Destination::Typed(number), document } => {
                self.send(now, order.key, number, document, out);
            }
            Action::HangUp => self.line.stop(now, out),
            Action::Inject(_) => out.unexpected("something to inject", "an order for a fax"),
            table => self.table_order(&table, out),
        }
    }

    /// Goes on wherever the line has something to tell.
    fn go_on(&mut self, now: Time, out: &mut Outbox) {
        while let Some(news) = self.line.hear() {
            match news.what {
                What::Received(conn, bytes) => self.serve(now, news.call, conn, &bytes, out),
                what => self.walk_on(now, news.call, what, out),
            }
        }
    }

    /// As destination device 15: what the client of the protocol sends is printed, or refused.
    fn serve(&mut self, now: Time, call: u64, conn: Conn, bytes: &Bytes, out: &mut Outbox) {
        let (config, entropy) = (self.config.clone(), self.line.entropy());
        let Some((server, documents)) = self.line.server(call, conn) else { return };
        let mut name = || {
            *documents += 1;
            format!("/documents/{}", entropy.key(("document", call, *documents)).token())
        };
        let turn = server.bytes(bytes, &mut post::Mailbox { config: &config, name: &mut name, out });
        self.line.served(now, call, conn, turn, out);
    }
}

impl Device for Fax1 {
    fn step(&mut self, now: Time, event: Event, out: &mut Outbox) {
        match event {
            Event::PowerOn { boots, committed } => {
                let ta1 = Ta1::restored(&self.config.ta1, &committed);
                *self = Fax1::booted(self.config.clone(), boots, ta1);
                self.line.power_on(now, out);
            }
            Event::Order(order) => self.order(now, order, out),
            event => self.line.step(now, event, out),
        }
        self.go_on(now, out);
    }

    fn holds(&self) -> Holdings {
        self.line.holds()
    }

    fn fork(&self) -> Box<dyn Device> {
        Box::new(self.clone())
    }
}
