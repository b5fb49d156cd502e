//! What testers say.

use faxproof_devices::order::Ending;

use crate::plan::{Injected, InjectedPort};
use crate::scenario::grammar::{EndingSpec, InjectSpec, PortSpec};
use crate::template::Template;

/// A text with placeholders; the check has refused one that cannot be read.
pub(super) fn filled(text: &str) -> Template {
    Template::parse(text).unwrap_or_else(|_| Template::plain(text))
}

pub(super) fn injected(spec: &InjectSpec) -> Injected {
    let text = match (&spec.sip, &spec.bytes) {
        (Some(sip), _) => filled(&with_crlf(&sip.value)),
        (None, Some(bytes)) => filled(&bytes.value),
        (None, None) => Template::default(),
    };
    Injected {
        to: spec.to.value.as_str().into(),
        connect: spec.connect.map(|port| match port.value {
            PortSpec::Number(port) => InjectedPort::Number(port),
            PortSpec::Media => InjectedPort::Media,
        }),
        text,
        times: spec.times.map_or(1, |times| times.value),
        every_us: spec.every.map_or(0, |every| every.us),
        ending: spec.then.map_or(Ending::Keep, |then| match then.value {
            EndingSpec::Keep => Ending::Keep,
            EndingSpec::Close => Ending::Close,
            EndingSpec::Reset => Ending::Reset,
        }),
    }
}

/// A SIP message as a person writes it, as it stands on the wire.
fn with_crlf(text: &str) -> String {
    let lines: Vec<&str> = text.trim_end_matches('\n').split('\n').collect();
    let mut message = lines.join("\r\n");
    message.push_str("\r\n");
    if !message.contains("\r\n\r\n") {
        message.push_str("\r\n");
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_gets_its_line_ends_and_its_empty_line() {
        assert_eq!(with_crlf("BYE x\nTo: y\n"), "BYE x\r\nTo: y\r\n\r\n");
        assert_eq!(with_crlf("BYE x\n\nbody\n"), "BYE x\r\n\r\nbody\r\n");
    }
}
