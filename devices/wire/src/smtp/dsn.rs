//! The parameters by which a client asks for delivery status notifications (RFC 3461): RET and ENVID of
//! MAIL, NOTIFY and ORCPT of RCPT. Only for a server that lists DSN.

use super::command::{CommandError, Param};

/// The most octets of an ENVID, before and after its encoding (RFC 3461 §4.4).
pub const MAX_ENVID: usize = 100;

/// The most octets of an ORCPT, its type and encoding included (RFC 3461 §4.2).
pub const MAX_ORCPT: usize = 500;

/// The parameters of MAIL.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MailDsn {
    /// How much of the mail comes back with a failure.
    pub ret: Option<Ret>,
    /// The client's name for this transaction, decoded; it comes back as Original-Envelope-Id.
    pub envid: Option<String>,
}

/// How much of the mail comes back with a failure (§4.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ret {
    /// All of it.
    Full,
    /// Its header.
    Hdrs,
}

/// The parameters of RCPT.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RcptDsn {
    /// When a DSN is wanted; `None` leaves it to the server, which then reports failures (§4.1).
    pub notify: Option<Notify>,
    /// The address as the sender wrote it; it comes back as Original-Recipient.
    pub orcpt: Option<Orcpt>,
}

/// When a DSN is wanted (§4.1). With all three `false` it is NEVER.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Notify {
    /// When the mail is in the mailbox.
    pub success: bool,
    /// When it was given up.
    pub failure: bool,
    /// When it takes long.
    pub delay: bool,
}

/// An original recipient (§4.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Orcpt {
    /// Type of the address as it was written, since it is passed on as it is (§5.2.1): `rfc822` in any case.
    pub kind: String,
    /// The address, decoded.
    pub address: String,
}

impl MailDsn {
    /// Reads the parameters of a MAIL command; others are passed over.
    ///
    /// # Errors
    /// [`CommandError`] 501: a value is malformed, too long, or there twice.
    pub fn from_params(params: &[Param]) -> Result<MailDsn, CommandError> {
        let ret = match Param::value_of(params, "RET")? {
            None => None,
            Some(word) if word.eq_ignore_ascii_case("FULL") => Some(Ret::Full),
            Some(word) if word.eq_ignore_ascii_case("HDRS") => Some(Ret::Hdrs),
            Some(_) => return Err(wrong("RET is FULL or HDRS")),
        };
        let envid = Param::value_of(params, "ENVID")?.map(|value| {
            let envid = Some(value).filter(|value| value.len() <= MAX_ENVID).and_then(from_xtext);
            envid.filter(|text| is_printable(text)).ok_or(wrong("ENVID is at most 100 characters of xtext"))
        });
        Ok(MailDsn { ret, envid: envid.transpose()? })
    }

    /// The parameters as they are sent. An ENVID that is too long or not printable is left out.
    pub fn to_params(&self) -> Vec<Param> {
        let ret = self.ret.map(|ret| Param::new("RET", if ret == Ret::Full { "FULL" } else { "HDRS" }));
        let envid = self.envid.as_deref().filter(|text| is_printable(text)).map(to_xtext);
        let envid = envid.filter(|value| (1..=MAX_ENVID).contains(&value.len()));
        ret.into_iter().chain(envid.map(|value| Param::new("ENVID", value))).collect()
    }
}

impl RcptDsn {
    /// Reads the parameters of a RCPT command; others are passed over.
    ///
    /// # Errors
    /// [`CommandError`] 501: a value is malformed, too long, or there twice. An ORCPT without a type is
    /// malformed; [`Orcpt::tolerant`] understands it.
    pub fn from_params(params: &[Param]) -> Result<RcptDsn, CommandError> {
        let notify = Param::value_of(params, "NOTIFY")?.map(Notify::parse).transpose()?;
        let orcpt = Param::value_of(params, "ORCPT")?.map(Orcpt::parse).transpose()?;
        Ok(RcptDsn { notify, orcpt })
    }

    /// The parameters as they are sent. An ORCPT that is too long or not printable is left out.
    pub fn to_params(&self) -> Vec<Param> {
        let notify = self.notify.map(|notify| Param::new("NOTIFY", notify.to_string()));
        let orcpt = self.orcpt.as_ref().and_then(Orcpt::to_value).map(|value| Param::new("ORCPT", value));
        notify.into_iter().chain(orcpt).collect()
    }
}

impl Notify {
    fn parse(value: &str) -> Result<Notify, CommandError> {
        let mut notify = Notify::default();
        if value.eq_ignore_ascii_case("NEVER") {
            return Ok(notify);
        }
        // The list of RFC 822 §2.7: empty elements count for nothing, and no word is forbidden to come again.
        for word in value.split(',').filter(|word| !word.is_empty()) {
            match word.to_ascii_uppercase().as_str() {
                "SUCCESS" => notify.success = true,
                "FAILURE" => notify.failure = true,
                "DELAY" => notify.delay = true,
                _ => return Err(wrong("NOTIFY is NEVER, or some of SUCCESS, FAILURE and DELAY")),
            }
        }
        if notify == Notify::default() {
            return Err(wrong("NOTIFY says no word"));
        }
        Ok(notify)
    }
}

impl std::fmt::Display for Notify {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let words = [(self.success, "SUCCESS"), (self.failure, "FAILURE"), (self.delay, "DELAY")];
        let wanted: Vec<&str> =
            words.iter().filter(|(is_wanted, _)| *is_wanted).map(|(_, word)| *word).collect();
        out.write_str(if wanted.is_empty() { "NEVER".to_owned() } else { wanted.join(",") }.as_str())
    }
}

impl Orcpt {
    /// The address of a mailbox.
    pub fn rfc822(address: &str) -> Orcpt {
        Orcpt { kind: "rfc822".to_owned(), address: address.to_owned() }
    }

    /// Reads `rfc822;FAX+3D+2B815012345678@example.net`.
    ///
    /// # Errors
    /// [`CommandError`] 501: no type, no xtext, or longer than [`MAX_ORCPT`].
    pub fn parse(value: &str) -> Result<Orcpt, CommandError> {
        let (kind, _) = value.split_once(';').ok_or(wrong("ORCPT starts with a type, as in rfc822;"))?;
        let is_type = |octet: u8| octet.is_ascii_alphanumeric() || octet == b'-';
        if kind.is_empty() || !kind.bytes().all(is_type) {
            return Err(wrong("the type of ORCPT is no atom"));
        }
        Orcpt::decode(kind, &value[kind.len() + 1..], value.len())
    }

    /// Reads it also without its type, as a mailbox. The example of RFC 3249 §6 has lost the `rfc822;`, so
    /// devices in the field send it like that.
    ///
    /// # Errors
    /// [`CommandError`] 501, as [`parse`](Orcpt::parse).
    pub fn tolerant(value: &str) -> Result<Orcpt, CommandError> {
        if value.contains(';') { Orcpt::parse(value) } else { Orcpt::decode("rfc822", value, value.len()) }
    }

    fn decode(kind: &str, xtext: &str, whole: usize) -> Result<Orcpt, CommandError> {
        let address = Some(xtext).filter(|text| !text.is_empty() && whole <= MAX_ORCPT).and_then(from_xtext);
        let address = address.filter(|text| is_printable(text));
        let address = address.ok_or(wrong("ORCPT is at most 500 characters: a type and xtext"))?;
        Ok(Orcpt { kind: kind.to_owned(), address })
    }

    fn to_value(&self) -> Option<String> {
        let value = format!("{};{}", self.kind, to_xtext(&self.address));
        // What would not be read back is not sent.
        (Orcpt::parse(&value).as_ref() == Ok(self)).then_some(value)
    }
}

/// Encodes octets as xtext (RFC 3461 §4): whatever is not printable, `+` and `=` become `+` and two digits.
pub fn to_xtext(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for octet in text.bytes() {
        match octet {
            b'+' | b'=' => out += &format!("+{octet:02X}"),
            b'!'..=b'~' => out.push(char::from(octet)),
            _ => out += &format!("+{octet:02X}"),
        }
    }
    out
}

/// Decodes xtext; `None` when it is none, or no UTF-8. The digits are upper case (RFC 3461 §4).
pub fn from_xtext(xtext: &str) -> Option<String> {
    let digit = |octet: u8| match octet {
        b'0'..=b'9' => Some(octet - b'0'),
        b'A'..=b'F' => Some(octet - b'A' + 10),
        _ => None,
    };
    let mut out = Vec::with_capacity(xtext.len());
    let mut octets = xtext.bytes();
    while let Some(octet) = octets.next() {
        out.push(match octet {
            b'+' => digit(octets.next()?)? * 16 + digit(octets.next()?)?,
            b'=' => return None,
            b'!'..=b'~' => octet,
            _ => return None,
        });
    }
    String::from_utf8(out).ok()
}

/// What ENVID and ORCPT may hold once they are decoded (RFC 3461 §4.2, §4.4).
fn is_printable(text: &str) -> bool {
    text.bytes().all(|octet| (b' '..=b'~').contains(&octet))
}

fn wrong(reason: &'static str) -> CommandError {
    CommandError { code: 501, reason }
}
