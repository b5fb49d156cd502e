//! Steps S6 and S11 to S14: learning what the peer supports (T3, R3), and announcing a protocol (T4).

use faxproof_wire::sdp::{self, Description, Media, Reuse, Setup};
use faxproof_wire::sip::{Message, Method, Name};

use super::Fax1;
use super::caller::{Outgoing, Stage, said};
use super::phone::SDP;
use super::variant::Announcement;
use crate::config::Protocol;
use crate::core::{Duration, Outbox, Time};

/// How often T4 is sent again after 491, or after 500 with Retry-After.
const MOST_PUT_OFF: u32 = 3;
/// The longest wait that a Retry-After may ask for; RFC 3261 §14.2 has it below 11 seconds.
const LONGEST_RETRY_AFTER_S: u64 = 10;

impl Fax1 {
    /// Step S11: request the presentation (T3), unless the answer to T1 held it.
    pub(super) fn ask(&mut self, now: Time, mut call: Outgoing, out: &mut Outbox) -> Option<Outgoing> {
        let answer = call.answer.as_ref().and_then(|answer| sdp::parse(&answer.body()).ok());
        if let Some(presented) = call.shape.presented_in(answer.as_ref()) {
            return self.select(now, call, &presented, "its answer lists none", out); // S12
        }
        let dialog = call.dialog.as_mut()?;
        let request =
            self.phone.in_dialog(dialog, Method::Options, call.key).header(Name::Accept, SDP).finish();
        let tx = self.send_in_dialog(now, call.dialog.as_ref()?, request, out); // S11
        call.stage = Stage::Asking { tx };
        Some(call)
    }

    /// The answer to OPTIONS arrived (R3).
    pub(super) fn presented_with(
        &mut self,
        now: Time,
        call: Outgoing,
        response: &Message,
        out: &mut Outbox,
    ) -> Option<Outgoing> {
        let success = response.code().is_some_and(|code| code < 300);
        let body = if success { response.body() } else { bytes::Bytes::new() };
        let presented = sdp::parse(&body).map(|described| described.presented()).unwrap_or_default(); // S12
        self.select(now, call, &presented, &said(response), out)
    }

    /// S13: is one of the presented protocols ours?
    fn select(
        &mut self,
        now: Time,
        call: Outgoing,
        presented: &[String],
        said: &str,
        out: &mut Outbox,
    ) -> Option<Outgoing> {
        if presented.is_empty() {
            return self.nothing_presented(now, call, said, out);
        }
        let own = &self.phone.config.protocols;
        match own.iter().find(|protocol| presented.iter().any(|token| token == protocol.token())).copied() {
            Some(protocol) => {
                out.mark(call.key, "4.S13.selected"); // S13
                self.announce(now, call, protocol, out) // S14
            }
            None => {
                out.mark(call.key, "4.S13.none-in-common"); // S13
                let why = format!("the peer only supports {}", presented.join(", "));
                self.tell_failure(call.key, &call.document, &why, out); // S9
                self.hang_up(now, call, out)
            }
        }
    }

    pub(super) fn nothing_presented(
        &mut self,
        now: Time,
        call: Outgoing,
        why: &str,
        out: &mut Outbox,
    ) -> Option<Outgoing> {
        let why = format!("the peer presented no protocol ({why})");
        self.tell_nothing_presented(&call, &why, out);
        self.hang_up(now, call, out)
    }

    /// S13: there was no presentation. Step S9.
    pub(super) fn tell_nothing_presented(&mut self, call: &Outgoing, why: &str, out: &mut Outbox) {
        out.mark(call.key, "4.S13.nothing-presented"); // S13
        self.tell_failure(call.key, &call.document, why, out); // S9
    }

    /// Step S6 or S14: announce the protocol (T4). What rides in T1 or T2 needs no message of its own.
    pub(super) fn announce(
        &mut self,
        now: Time,
        mut call: Outgoing,
        protocol: Protocol,
        out: &mut Outbox,
    ) -> Option<Outgoing> {
        call.protocol = protocol;
        if call.decided.take().is_some() {
            // Variant E: T1 was the announcement, and R2 is its answer.
            let (offer, response) = (call.session.clone()?, call.answer.clone()?);
            return self.agreed(now, call, &offer, sdp::parse(&response.body()), out);
        }
        if call.owes_answer.is_some() {
            return self.choose(now, call, protocol, out);
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
        let tx = self.send_in_dialog(now, call.dialog.as_ref()?, request, out);
        call.session = Some(offer.clone());
        call.stage = Stage::Announcing { tx, offer };
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
        call.put_off += 1;
        call.stage = Stage::PutOff { protocol: call.protocol };
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
            None => self.declined(now, call, "it is not among its offers", out),
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
        let fits = |(line, media): &(usize, &Media)| {
            let named = |format: &String| chosen.is_some_and(|own| own.token().eq_ignore_ascii_case(format));
            media.is_application_over_tcp()
                && !media.is_refused()
                && matches!(media.offered_setup(), Setup::Passive | Setup::ActPass)
                && media.formats.iter().any(named)
                && offer.address_of(*line).is_some_and(|ip| !ip.is_unspecified())
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
