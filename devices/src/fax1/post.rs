//! The mail that carries a document: written by the caller, printed by the callee.

use std::sync::Arc;

use bytes::Bytes;
use faxproof_wire::mime::{Mail, read};
use faxproof_wire::page::{Page, tiff};
use faxproof_wire::smtp::Reply;

use crate::config::FaxConfig;
use crate::core::{Durable, Entropy, Outbox, Print, Time};
use crate::number;
use crate::order::Document;
use crate::smtp::{Envelope, PostOffice};

/// Step S7 or S15: the document in the format of SMTP.
pub(super) fn compose(
    config: &FaxConfig,
    entropy: &Entropy,
    now: Time,
    call: u64,
    to: &str,
    document: &Document,
) -> Envelope {
    let to = format!("FAX=+{}@{}", number::digits(to), config.domain);
    let token = entropy.key(("message", call)).token();
    let subject = format!("Fax from {}", config.number);
    let (text, tiff) = match document {
        Document::Image { tiff, .. } => (None, Some(tiff)),
        Document::Text(text) => (Some(text.as_ref()), None),
    };
    let mail = Mail {
        from: &config.mail,
        to: &to,
        subject: &subject,
        date_unix_s: config.epoch_s.saturating_add_unsigned(now.whole_seconds()),
        message_id: &format!("{token}@{}", mail_domain(config)),
        boundary: &format!("fax-{token}"),
        text,
        tiff,
        file_name: "fax.tif",
    };
    Envelope { from: config.mail.clone(), to: to.clone(), message: mail.to_bytes() }
}

/// The name by which the fax greets in SMTP.
pub(super) fn mail_domain(config: &FaxConfig) -> &str {
    config.mail.split_once('@').map_or("localhost", |(_, domain)| domain)
}

/// The called fax as a mailbox: what it takes comes out of the printer.
pub(super) struct Mailbox<'a> {
    pub(super) config: &'a FaxConfig,
    pub(super) out: &'a mut Outbox,
}

impl PostOffice for Mailbox<'_> {
    /// Our own mail address, our number as a fax address (RFC 3192 §2), and postmaster (RFC 5321 §4.5.1).
    fn knows(&self, path: &str) -> bool {
        let own = path.eq_ignore_ascii_case(&self.config.mail);
        let Some((local, domain)) = path.split_once('@') else {
            return own || path.eq_ignore_ascii_case("postmaster");
        };
        let here = [mail_domain(self.config), &self.config.domain];
        let is_here = here.iter().any(|name| name.eq_ignore_ascii_case(domain));
        let fax = local.get(..4).filter(|head| head.eq_ignore_ascii_case("FAX=")).map(|_| &local[4..]);
        let dialled = fax.is_some_and(|fax| number::digits(fax) == number::digits(&self.config.number));
        own || is_here && (dialled || local.eq_ignore_ascii_case("postmaster"))
    }

    /// Prints the whole mail or refuses the whole mail: one attachment that cannot be decoded fails all
    /// of it (RFC 3249 §4.4.5), before responsibility is taken (554 5.6.1, §4.4.3.3).
    fn take(&mut self, _from: &str, message: &Bytes) -> Reply {
        match sheets(message) {
            Ok(sheets) => {
                for sheet in sheets {
                    self.out.durable(Durable::Print(sheet));
                }
                Reply::new(250, "accepted").with_enhanced(2, 0, 0)
            }
            Err(why) => Reply::new(554, why).with_enhanced(5, 6, 1),
        }
    }
}

/// All sheets of a mail, decoded from the bytes that arrived.
fn sheets(message: &Bytes) -> Result<Vec<Print>, String> {
    let mail = read(message).map_err(|error| error.to_string())?;
    if let Some(problem) = mail.problems.first() {
        return Err(problem.to_string());
    }
    if let Some(other) = mail.other.first() {
        return Err(format!("cannot print {other}"));
    }
    let mut pages: Vec<Page> = Vec::new();
    for file in &mail.tiffs {
        pages.extend(tiff::read(file).map_err(|error| error.to_string())?);
    }
    let texts = mail.text.iter().map(|text| text.trim_end()).filter(|text| !text.is_empty());
    let texts: Vec<Arc<str>> = texts.map(Arc::from).collect();
    if pages.is_empty() && texts.is_empty() {
        return Err("there is nothing to print".to_owned());
    }
    let document: Arc<str> = mail.message_id.unwrap_or_default().into();
    let of = u32::try_from(pages.len() + texts.len()).unwrap_or(u32::MAX);
    let sheet = |(at, page, text): (usize, Option<Page>, Option<Arc<str>>)| Print {
        document: document.clone(),
        number: u32::try_from(at + 1).unwrap_or(u32::MAX),
        of,
        page,
        text,
    };
    let texts = texts.into_iter().map(|text| (None, Some(text)));
    let all = pages.into_iter().map(|page| (Some(page), None)).chain(texts);
    Ok(all.enumerate().map(|(at, (page, text))| sheet((at, page, text))).collect())
}
