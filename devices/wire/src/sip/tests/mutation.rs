//! Damaged messages: whatever arrives, reading it ends in a message or an error, never in a panic.

use super::*;

const MUTATIONS: usize = 200_000;

/// xorshift64*: small, and the same on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(number).unwrap() % limit.max(1)
    }
}

/// Bytes that mean something to a reader of SIP.
const TELLING: &[u8] = b"\r\n \t:;,<>\"\\@=%[]/?*0\0\xff";

fn mutate(bytes: &mut Vec<u8>, random: &mut Random) {
    for _ in 0..=random.below(3) {
        let at = random.below(bytes.len());
        let to = (at + random.below(40)).min(bytes.len());
        match random.below(5) {
            0 => bytes.insert(at, TELLING[random.below(TELLING.len())]),
            1 if at < bytes.len() => bytes[at] = TELLING[random.below(TELLING.len())],
            2 => drop(bytes.drain(at..to)),
            3 => {
                let copy = bytes[at..to].to_vec();
                let place = random.below(bytes.len());
                bytes.splice(place..place, copy);
            }
            _ => bytes.truncate(bytes.len() - random.below(20).min(bytes.len())),
        }
    }
}

/// Calls everything there is to call.
fn read_all(message: &Message) {
    let _ = (message.label(), message.cseq(), message.call_id(), message.reason(), message.branch());
    let _ = (message.from_tag(), message.to_tag(), message.max_forwards(), message.expires(), message.body());
    let _ = (message.contact(), message.addresses(Name::Route), message.validate());
    for header in message.headers() {
        let _ = (header.text(), header.values().count());
    }
    for name in [Name::Via, Name::Contact, Name::From, Name::Other] {
        let _ = message.values(name).count();
    }
    let parsed = [message.from_(), message.to(), message.contact()];
    for address in parsed.into_iter().flatten() {
        let uri = &address.uri;
        assert!(uri.equivalent(uri));
        assert_eq!(Uri::parse(&uri.to_string()).as_ref(), Ok(uri));
        let _ = (uri.aor(), uri.number_digits(), address.to_string());
    }
    if let Ok(via) = message.via() {
        assert_eq!(Via::parse(&via.to_string()), Ok(via));
    }
}

fn edit_all(message: &Message) {
    let reply = Builder::reply_with_tag(message, 200, "OK", "t").finish();
    assert_index_matches_bytes(&reply);
    let mut edit = message.edit();
    edit.remove_first_value(Name::Via).replace_first_value(Name::Via, "SIP/2.0/UDP x");
    edit.set(Name::To, "sip:a@b").append(Name::Route, "<sip:r>").set_body("a/b", "c");
    assert_index_matches_bytes(&edit.finish());
}

#[test]
fn damaged_messages_do_not_panic() {
    let mut samples: Vec<Bytes> = torture::all().iter().map(|message| message.raw().clone()).collect();
    samples.push(invite().raw().clone());
    let mut random = Random(0x5eed_0000_fa00_0001);
    let mut read = 0;
    for round in 0..MUTATIONS {
        let mut bytes = samples[round % samples.len()].to_vec();
        mutate(&mut bytes, &mut random);
        let bytes = Bytes::from(bytes);
        let _ = Message::salvage(bytes.clone());
        if let Ok(message) = Message::parse(bytes) {
            read += 1;
            read_all(&message);
            if round % 8 == 0 {
                edit_all(&message);
            }
        }
    }
    assert!(read > MUTATIONS / 4, "only {read} were read at all: the mutations are too rough to test much");
}
