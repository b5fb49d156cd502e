//! Labels of messages: how rules and expectations name what passes on the wire.

/// SIP methods (RFC 3261 §7.1 and its extensions).
const METHODS: &[&str] = &[
    "INVITE",
    "ACK",
    "BYE",
    "CANCEL",
    "OPTIONS",
    "REGISTER",
    "UPDATE",
    "INFO",
    "MESSAGE",
    "PRACK",
    "SUBSCRIBE",
    "NOTIFY",
    "REFER",
    "PUBLISH",
];

/// SMTP commands (RFC 5321 §4.1), the mail itself and chunks of it (RFC 3030 §2), POP3 commands, replies and lists
/// (RFC 1939), heads (RFC 9110 §9) and bodies of HTTP requests, the line ends between messages of SIP (RFC 5626
/// §4.4.1), and what is none of these.
const STREAM_UNITS: &[&str] = &[
    "EHLO", "HELO", "MAIL", "RCPT", "DATA", "RSET", "NOOP", "VRFY", "QUIT", "STARTTLS", "message", "BDAT",
    "chunk", "POST", "PUT", "body", "ping", "pong", "raw", "USER", "PASS", "APOP", "STAT", "LIST", "UIDL",
    "RETR", "DELE", "TOP", "CAPA", "+OK", "-ERR", "list",
];

/// How a rule names a TCP connect.
pub(super) const CONNECT: &str = "connect";

/// Whether a message can have this label: a SIP method (of `vendors` too), a status code and a method, an SMTP
/// command or reply code, a POP3 command or status, an HTTP method or status code, `message`, `chunk`, `body`, or
/// `raw`.
pub(super) fn is_label(text: &str, vendors: &[&str]) -> bool {
    let is_method = |text: &str| METHODS.contains(&text) || vendors.contains(&text);
    match text.split_once(' ') {
        Some((code, method)) => is_code(code, 100, 699) && is_method(method),
        None => is_method(text) || STREAM_UNITS.contains(&text) || is_code(text, 100, 599),
    }
}

/// Labels that a writer may have meant.
pub(super) fn like(text: &str) -> Vec<String> {
    match text.split_once(' ') {
        Some((code, _)) => METHODS.iter().map(|method| format!("{code} {method}")).collect(),
        None => METHODS.iter().chain(STREAM_UNITS).map(|label| (*label).to_owned()).collect(),
    }
}

fn is_code(text: &str, from: u16, to: u16) -> bool {
    text.len() == 3 && text.parse::<u16>().is_ok_and(|code| (from..=to).contains(&code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_of_a_vendor_is_one_where_there_is_that_vendor() {
        assert!(is_label("ACME", &["ACME"]) && is_label("200 ACME", &["ACME"]));
        assert!(!is_label("ACME", &[]) && !is_label("ACMES", &["ACME"]));
    }

    #[test]
    fn methods_codes_commands_and_mails_have_labels() {
        for label in [
            "INVITE",
            "200 INVITE",
            "100 INVITE",
            "EHLO",
            "354",
            "message",
            "BDAT",
            "chunk",
            "raw",
            "POST",
            "body",
            "100",
        ] {
            assert!(is_label(label, &[]), "{label}");
        }
        for label in
            ["invite", "200", "20 INVITE", "700 INVITE", "200 EHLO", "99", "600", "", "+20", "INVITE "]
        {
            assert_eq!(is_label(label, &[]), label == "200", "{label}");
        }
    }
}
