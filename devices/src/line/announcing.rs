//! Learning what the peer supports (T3, R3), and announcing a protocol (T4).

use faxproof_wire::sdp::{self, Description, Media, Reuse, Setup};
use faxproof_wire::sip::{Message, Method, Name};

use super::caller::{Outgoing, Stage, said};
use super::phone::SDP;
use super::variant::{Announcement, Presented};
use super::{Line, What};
use crate::config::Protocol;
use crate::core::{Duration, Outbox, Time};

/// How often T4 is sent again after 491, or after 500 with Retry-After.
const MOST_PUT_OFF: u32 = 3;
/// The longest wait that a Retry-After may ask for; RFC 3261 §14.2 has it below 11 seconds.
const LONGEST_RETRY_AFTER_S: u64 = 10;

impl Line {
    /// T3: requests the presentation, unless the answer to T1 held it.
    pub(crate) fn ask(&mut self, now: Time, key: u64, out: &mut Outbox) {
        let Some(mut call) = self.outgoing.remove(&key) else { return };
        let answer = call.answer.as_ref().and_then(|answer| sdp::parse(&answer.body()).ok());
        if let Some(presented) = call.shape.presented_in(answer.as_ref()) {
            self.tell(key, What::Presented(presented, "its answer lists none".to_owned()));
        } else if call.shape.presentation == Presented::Vendor {
            call = self.ask_vendor(now, call, out);
        } else if let Some(dialog) = &mut call.dialog {
            let request =
                self.phone.in_dialog(dialog, Method::Options, key).header(Name::Accept, SDP).finish();
            let to = self.phone.hop_in(dialog);
            call.stage = Stage::Asking { tx: self.phone.send(now, request, &to, out) };
        }
        self.keep(Some(call));
    }

    /// T4: announces a protocol. What rode in T1, or rides in T2, needs no message of its own.
    pub(crate) fn announce(&mut self, now: Time, key: u64, protocol: Protocol, out: &mut Outbox) {
        let Some(call) = self.outgoing.remove(&key) else { return };
        let next = self.announced(now, call, protocol, out);
        self.keep(next);
    }

    /// The answer to T3 arrived (R3).
    pub(super) fn presented_with(
        &mut self,
        mut call: Outgoing,
        response: &Message,
        out: &mut Outbox,
    ) -> Outgoing {
        call.stage = Stage::Deciding;
        if call.shape.presentation == Presented::Vendor {
            let (presented, said) = self.presented_by_vendor(response, out);
            self.tell(call.key, What::Presented(presented, said));
            return call;
        }
        let success = response.code().is_some_and(|code| code < 300);
        let body = if success { response.body() } else { bytes::Bytes::new() };
        let presented = sdp::parse(&body).map(|described| described.presented()).unwrap_or_default();
        self.tell(call.key, What::Presented(presented, said(response)));
        call
    }

    pub(super) fn announced(
        &mut self,
        now: Time,
        mut call: Outgoing,
        protocol: Protocol,
        out: &mut Outbox,
    ) -> Option<Outgoing> {
        if call.early.take() == Some(protocol) && call.shape.announces_early() {
            // Variant E: T1 was the announcement, and R2 is its answer.
            let (offer, response) = (call.session.clone()?, call.answer.clone()?);
            return Some(self.agreed(now, call, &offer, sdp::parse(&response.body()), out));
        }
        if call.owes_answer.is_some() {
            return self.choose(now, call, protocol, out);
        }
        if call.shape.announcement == Announcement::Vendor {
            return self.announce_to_vendor(now, call, protocol, out);
        }
        let before = call.session.clone()?;
        let next = Description {
            version: before.version + 1,
            media: Vec::new(),
            declared: Vec::new(),
            ..before.clone()
        };
        let offer = match call.stage {
            // Nothing has changed since it was put off: the same description, the same version (RFC 3264 §8).
            Stage::PutOff { .. } => before,
            _ => self.offer(&mut call, next, protocol, out),
        };
        let updates = call.shape.announcement == Announcement::Update && allows_update(call.answer.as_ref()?);
        let method = if updates { Method::Update } else { Method::Invite };
        let request = self.phone.in_dialog(call.dialog.as_mut()?, method, call.key);
        let request = self.phone.with_abilities(request).body(SDP, offer.to_bytes()).finish();
        let to = self.phone.hop_in(call.dialog.as_ref()?);
        let tx = self.phone.send(now, request, &to, out);
        if !updates {
            // A peer may answer 1xx and never more: the transaction of an INVITE then waits for ever (RFC 3261 §17.1.1.2).
            out.arm(now, self.phone.config.habits.no_answer, call.timer("no-answer"));
        }
        call.session = Some(offer.clone());
        call.stage = Stage::Announcing { tx, protocol, offer: Some(offer) };
        Some(call)
    }

    /// The offer of one protocol: `next` with its media line.
    pub(super) fn offer(
        &mut self,
        call: &mut Outgoing,
        next: Description,
        protocol: Protocol,
        out: &mut Outbox,
    ) -> Description {
        let setup = self.phone.config.habits.setup_offer;
        let offer = next.adding(&[protocol.token()], setup);
        match setup {
            Setup::Passive | Setup::ActPass => offer.with_port(self.open_door(call, out)),
            Setup::Active | Setup::HoldConn => offer,
        }
    }

    /// Whether T4 is to be sent again later: another request was in the way (RFC 3261 §14.1), or the
    /// peer asked for patience (§14.2). Bounded, since a peer may ask for ever.
    pub(super) fn puts_off(
        &mut self,
        now: Time,
        call: &mut Outgoing,
        response: &Message,
        out: &mut Outbox,
    ) -> bool {
        let retry_after = response.header(Name::RetryAfter).and_then(|value| {
            let digits: String = value.trim().chars().take_while(char::is_ascii_digit).collect();
            digits.parse::<u64>().ok()
        });
        let wait = match (response.code(), retry_after) {
            // We own the Call-ID: 2.1 to 4 seconds in units of 10 ms.
            (Some(491), _) => {
                let units = self.phone.entropy.key(("glare", call.key, call.put_off)).below(191);
                Duration::millis(2_100 + 10 * units)
            }
            (Some(500), Some(seconds)) if seconds <= LONGEST_RETRY_AFTER_S => Duration::secs(seconds),
            _ => return false,
        };
        if call.put_off >= MOST_PUT_OFF {
            return false;
        }
        let Stage::Announcing { protocol, .. } = call.stage else { return false };
        call.put_off += 1;
        call.stage = Stage::PutOff { protocol };
        out.arm(now, wait, call.timer("put-off"));
        true
    }

    /// Variant D: the peer has offered, and the ACK says which line is wanted.
    fn choose(
        &mut self,
        now: Time,
        mut call: Outgoing,
        protocol: Protocol,
        out: &mut Outbox,
    ) -> Option<Outgoing> {
        let answer = self.answer_in_ack(now, &mut call, Some(protocol), out)?;
        let offer = sdp::parse(&call.answer.as_ref()?.body()).unwrap_or_else(|_| answer.clone());
        let chosen = answer.media.iter().position(|media| !media.is_refused());
        let line = chosen.and_then(|line| Some((offer.media.get(line)?, offer.address_of(line)?)));
        match line {
            Some((media, ip)) => Some(self.connect(call, (ip, media.port).into(), out)),
            None => Some(self.declined(call, "it is not among its offers")),
        }
    }

    /// The ACK that owes an answer: one line is taken, or none (every port 0; RFC 3264 §6 wants as many
    /// lines as the offer has). Nothing where no answer is owed.
    pub(super) fn answer_in_ack(
        &mut self,
        now: Time,
        call: &mut Outgoing,
        chosen: Option<Protocol>,
        out: &mut Outbox,
    ) -> Option<Description> {
        let tx = call.owes_answer.take()?;
        let answer = self.answer_of(call.key, call.answer.as_ref()?, chosen);
        let number = call.invite_cseq();
        self.acknowledge(now, (tx, number), call.key, call.dialog.as_ref()?, answer.as_ref(), out); // S3
        call.session.clone_from(&answer);
        // Without an offer there is nothing to answer, and nothing to choose from.
        let (address, id) = (self.phone.config.address, self.phone.session_id(call.key));
        Some(answer.unwrap_or_else(|| Description::zero_media(address, id, 1)))
    }

    /// Our answer to the offer in a 200; `None` where it holds none that can be read.
    pub(super) fn answer_of(
        &self,
        key: u64,
        response: &Message,
        chosen: Option<Protocol>,
    ) -> Option<Description> {
        let offer = sdp::parse(&response.body()).ok()?;
        let peer = response.contact().map(|contact| contact.uri.to_string()).unwrap_or_default();
        let fits = |(line, media): &(usize, &Media)| {
            let named = |format: &String| chosen.is_some_and(|own| own.token().eq_ignore_ascii_case(format));
            media.is_application_over_tcp()
                && !media.is_refused()
                && matches!(media.offered_setup(), Setup::Passive | Setup::ActPass)
                && media.formats.iter().any(named)
                && self.phone.media_address(&peer, offer.address_of(*line)).is_ok()
        };
        let taken = offer.media.iter().enumerate().find(fits).map(|(line, _)| line);
        let answered = offer.media.iter().enumerate().map(|(line, media)| {
            let wanted = chosen.filter(|_| taken == Some(line));
            let formats = match wanted {
                Some(protocol) => vec![protocol.token().to_owned()],
                None => media.formats.iter().take(1).cloned().collect(),
            };
            Media {
                port: wanted.map_or(0, |_| sdp::DISCARD_PORT),
                formats,
                setup: wanted.map(|_| Setup::Active),
                connection: wanted.map(|_| Reuse::New),
                address: None,
                ..media.clone()
            }
        });
        let own = Description::zero_media(self.phone.config.address, self.phone.session_id(key), 1);
        Some(Description { media: answered.collect(), ..own })
    }
}

/// Whether the peer takes UPDATE (RFC 3311 §5.1).
fn allows_update(answer: &Message) -> bool {
    answer.values(Name::Allow).any(|method| method.trim() == "UPDATE")
}
