//! What carries a document: written by the caller, printed by the callee.

use std::net::SocketAddr;

use bytes::Bytes;
use faxproof_wire::http as html;
use faxproof_wire::mime::Mail;
use faxproof_wire::smtp::Reply;

use crate::config::{FaxConfig, TextType};
use crate::core::{Entropy, Outbox, Time};
use crate::http::{Posting, Tray, Unprintable};
use crate::order::Document;
use crate::smtp::{Envelope, Greeting, PostOffice, no_such_mailbox};
use crate::{number, paper};

const TIFF: &str = "image/tiff";
const PLAIN: &str = "text/plain; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";

/// Step S7 or S15: the document in the format of SMTP.
pub(super) fn compose(
    config: &FaxConfig,
    entropy: &Entropy,
    now: Time,
    call: u64,
    to: &str,
    document: &Document,
) -> Envelope {
    let to = format!("FAX=+{}@{}", number::digits(to), config.line.domain);
    let token = entropy.key(("message", call)).token();
    let subject = format!("Fax from {}", config.line.number);
    let (text, tiff) = match document {
        Document::Image { tiff, .. } => (None, Some(tiff)),
        Document::Text(text) => (Some(text.as_ref()), None),
    };
    let mail = Mail {
        from: &config.mail,
        to: &to,
        subject: &subject,
        date_unix_s: config.epoch_s.saturating_add_unsigned(now.whole_seconds()),
        message_id: &format!("{token}@{}", config.mail_domain()),
        boundary: &format!("fax-{token}"),
        text,
        tiff,
        file_name: "fax.tif",
    };
    Envelope::new(&config.mail, &to, mail.to_bytes())
}

/// Step S7 or S15: the document in the format of HTTP. The target is on the passive side (RFC 9112 §3.2).
pub(super) fn posting(config: &FaxConfig, to: SocketAddr, document: &Document) -> Posting {
    let habits = &config.line.habits.http;
    let (kind, body) = match (document, habits.text_type) {
        (Document::Image { tiff, .. }, _) => (TIFF, tiff.clone()),
        (Document::Text(text), TextType::Plain) => (PLAIN, Bytes::copy_from_slice(text.as_bytes())),
        (Document::Text(text), TextType::Html) => {
            (HTML, html::from_text(&format!("Fax from {}", config.line.number), text).into())
        }
    };
    Posting {
        method: habits.method.as_str().to_owned(),
        target: habits.target.clone(),
        host: to.to_string(),
        kind: kind.to_owned(),
        body,
        expect_continue: habits.expect_continue,
    }
}

/// The called fax as what stands behind its servers: what it takes comes out of the printer.
pub(super) struct Mailbox<'a> {
    pub(super) config: &'a FaxConfig,
    /// Draws the names of documents that come without one.
    pub(super) name: &'a mut dyn FnMut() -> String,
    pub(super) out: &'a mut Outbox,
}

impl PostOffice for Mailbox<'_> {
    fn admits(&self, _: &str, to: &str) -> Result<(), Reply> {
        if self.config.is_own_address(to) { Ok(()) } else { Err(no_such_mailbox()) }
    }

    /// Prints the whole mail or refuses the whole mail: one attachment that cannot be decoded fails all
    /// of it (RFC 3249 §4.4.5), before responsibility is taken (554 5.6.1, §4.4.3.3).
    fn take(&mut self, envelope: Envelope, _: &Greeting) -> Reply {
        match paper::of_mail(&envelope.message, None) {
            Ok(sheets) => {
                paper::print(sheets, self.out);
                Reply::new(250, "accepted").with_enhanced(2, 0, 0)
            }
            Err(why) => Reply::new(554, why).with_enhanced(5, 6, 1),
        }
    }
}

impl Tray for Mailbox<'_> {
    /// Prints the whole document or refuses it. A document of HTTP has no name of its own: it gets one,
    /// which the response tells as its Location (RFC 9110 §9.3.3).
    fn take(&mut self, kind: &str, document: &Bytes) -> Result<String, Unprintable> {
        let (name, sheets) = paper::of_document(kind, document, || (self.name)())?;
        paper::print(sheets, self.out);
        Ok(name)
    }
}
