//! A message's label without reading it all: for a tap that names everything that passes.

use memchr::memmem;

/// The label of a message that looks whole: `INVITE`, `200 INVITE`, as
/// [`Message::label`](super::Message::label) gives it. `None` where it takes more than a glance: no
/// header end, another version, a CSeq in an unusual spelling.
pub fn glance(raw: &[u8]) -> Option<String> {
    let head = raw.get(..memmem::find(raw, b"\r\n\r\n")?)?;
    let line = head.get(..memmem::find(head, b"\r\n")?)?;
    let Some(status) = line.strip_prefix(b"SIP/2.0 ") else {
        line.strip_suffix(b" SIP/2.0")?;
        return word(line.split(|byte| *byte == b' ').next()?).map(str::to_owned);
    };
    let code = status.get(..3).filter(|code| code.iter().all(u8::is_ascii_digit))?;
    Some(format!("{} {}", std::str::from_utf8(code).ok()?, cseq_method(head)?))
}

/// The method of the first CSeq, where that is spelled as everybody does.
fn cseq_method(head: &[u8]) -> Option<&str> {
    let mut lines = head.split(|byte| *byte == b'\n');
    let line = lines.find(|line| line.get(..4).is_some_and(|name| name.eq_ignore_ascii_case(b"CSeq")))?;
    let folded = matches!(lines.next(), Some([b' ' | b'\t', ..]));
    let mut words = line.strip_prefix(b"CSeq: ")?.trim_ascii_end().split(|byte| *byte == b' ');
    let number = words.next()?;
    let method = word(words.next()?)?;
    let usual = (1..10).contains(&number.len()) && number.iter().all(u8::is_ascii_digit);
    (usual && !folded && words.next().is_none()).then_some(method)
}

/// A method of the usual kind: capital letters only.
fn word(method: &[u8]) -> Option<&str> {
    let usual = !method.is_empty() && method.len() < 16 && method.iter().all(u8::is_ascii_uppercase);
    std::str::from_utf8(method).ok().filter(|_| usual)
}

#[cfg(test)]
mod tests {
    use super::super::{Builder, Message, Method, Name};
    use super::*;

    #[test]
    fn a_glance_says_what_reading_says() {
        let invite = Builder::request(Method::Invite, "sip:b@d").header(Name::CSeq, "1 INVITE").finish();
        let ok = Builder::reply_to(&invite, 200, "OK").finish();
        for message in [invite, ok] {
            assert_eq!(glance(message.raw()), Some(message.label()));
        }
    }

    #[test]
    fn what_is_unusual_takes_more_than_a_glance() {
        for raw in [
            "",
            "INVITE sip:b SIP/2.0\r\n",
            "INVITE sip:b SIP/3.0\r\nA: b\r\n\r\n",
            "SIP/2.0 200 OK\r\nCSEQ: 1 BYE\r\n\r\n",
            "SIP/2.0 200 OK\r\nCSEQ: 1 BYE\r\nCSeq: 1 INVITE\r\n\r\n",
            "SIP/2.0 200 OK\r\nCSeq: 1. BYE\r\n\r\n",
            "SIP/2.0 200 OK\r\nCSeq: 1 BYE\r\n x\r\n\r\n",
            "SIP/2.0 200 OK\r\nCSeq: 1 BYE x\r\n\r\n",
        ] {
            assert_eq!(glance(raw.as_bytes()), None, "{raw:?}");
        }
        assert!(Message::parse(bytes::Bytes::from_static(b"SIP/2.0 200 OK\r\nCSEQ: 1 BYE\r\n\r\n")).is_ok());
    }
}
