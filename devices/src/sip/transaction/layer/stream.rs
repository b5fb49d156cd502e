//! SIP on TCP: what connections bring, and what becomes of transactions when one goes (RFC 3261 §18).

use bytes::Bytes;
use faxproof_wire::sip::{Frame, ParseError};

use super::{Layer, Up};
use crate::core::{Conn, Effect, Outbox, StreamEvent, Time};
use crate::sip::intake::{self, Refusal};
use crate::sip::transport::{Transport, Waiting, with_transport};

impl Layer {
    /// Whether this connection carries SIP: then [`Layer::stream`] takes what happens on it.
    pub fn has(&self, conn: Conn) -> bool {
        self.connections.has(conn)
    }

    /// Takes what happens on a connection of SIP, its acceptance included.
    pub fn stream(&mut self, now: Time, conn: Conn, event: StreamEvent, out: &mut Outbox) -> Vec<Up> {
        match event {
            StreamEvent::Accepted { peer, .. } => self.connections.accept(now, conn, peer, out),
            StreamEvent::Opened => self.opened(now, conn, out),
            StreamEvent::Bytes(bytes) => return self.bytes(now, conn, &bytes, out),
            StreamEvent::Refused | StreamEvent::Unreachable => return self.lost(now, conn, true, out),
            StreamEvent::TimedOut | StreamEvent::Reset => return self.lost(now, conn, false, out),
            // Whoever still owes us a response sends it on a new connection (§18.2.2).
            StreamEvent::Fin => {
                drop(self.connections.gone(conn, out));
                out.push(Effect::Close(conn));
            }
            StreamEvent::Writable | StreamEvent::Secured => {}
        }
        Vec::new()
    }

    fn opened(&mut self, now: Time, conn: Conn, out: &mut Outbox) {
        for Waiting { tx, message, .. } in self.connections.opened(now, conn, out) {
            let in_vain = message.is_request() && tx.is_some_and(|tx| !self.owns(tx));
            if !in_vain {
                self.connections.put(now, conn, message.raw().clone(), out);
            }
        }
    }

    fn bytes(&mut self, now: Time, conn: Conn, bytes: &Bytes, out: &mut Outbox) -> Vec<Up> {
        let Some(from) = self.connections.remote(conn) else { return Vec::new() };
        let mut told = Vec::new();
        for frame in self.connections.bytes(now, conn, bytes, out) {
            match frame {
                Frame::LineEnd => {}
                Frame::Message(bytes) => match intake::complete(bytes) {
                    Ok(message) => told.extend(self.take(now, (from, Some(conn)), message, out)),
                    Err(refusal) => self.refuse(now, conn, refusal, out),
                },
                Frame::Lost { octets, head, fault } => {
                    // §18.3 answers 400 and leaves open what follows; nothing that follows can be read.
                    self.refuse(now, conn, Refusal::of(octets.slice(..head), fault), out);
                    self.connections.close(conn, out);
                }
            }
        }
        told
    }

    fn refuse(&mut self, now: Time, conn: Conn, refusal: Refusal, out: &mut Outbox) {
        let fault: &ParseError = &refusal.fault;
        out.unexpected(format!("what is no SIP message on a stream: {fault}"), "a SIP message");
        if let Some(answer) = refusal.answer {
            self.connections.put(now, conn, answer, out);
        }
    }

    /// A connection is gone, or did not come about: what waited for it, and who awaits a response on it,
    /// has failed (§18.4). A request that its size alone had sent there goes in a datagram after all, if
    /// TCP was refused (§18.1.1).
    fn lost(&mut self, now: Time, conn: Conn, refused: bool, out: &mut Outbox) -> Vec<Up> {
        let Some((to, waiting)) = self.connections.gone(conn, out) else { return Vec::new() };
        for Waiting { message, for_size, .. } in
            waiting.iter().filter(|sent| sent.tx.is_none_or(|tx| !self.owns(tx)))
        {
            if *for_size && refused {
                tell_fallback(message.raw().len(), out);
                out.datagram(to, with_transport(message.clone(), Transport::Udp).raw().clone());
            } else {
                out.unexpected(format!("no connection for {}", message.label()), "a connection");
            }
        }
        let awaited = |tx: u64| waiting.iter().any(|sent| sent.tx == Some(tx));
        let failed = self.running.iter().filter(|(tx, transaction)| {
            let on_it = transaction.way.conn == Some(conn) && transaction.can_fail();
            on_it && (transaction.is_client() || awaited(**tx))
        });
        let (again, failed): (Vec<u64>, Vec<u64>) = failed
            .map(|(tx, _)| *tx)
            .partition(|tx| refused && awaited(*tx) && self.running.get(tx).is_some_and(|t| t.for_size));
        for tx in again {
            if let Some(transaction) = self.running.get_mut(&tx) {
                tell_fallback(transaction.request.raw().len(), out);
                transaction.begin_over_udp(now, tx, &mut self.connections, out);
            }
        }
        self.fail(now, failed, out)
    }
}

fn tell_fallback(octets: usize, out: &mut Outbox) {
    let what = format!("TCP refused to a request of {octets} octets, which goes in a datagram");
    out.unexpected(what, "a connection (RFC 3261 §18.1.1)");
}
