//! What carries a document: written by the caller, printed by the callee.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use faxproof_wire::http as html;
use faxproof_wire::mime::{Mail, read};
use faxproof_wire::page::{Page, tiff};
use faxproof_wire::smtp::Reply;

use crate::config::{FaxConfig, TextType};
use crate::core::{Durable, Entropy, Outbox, Print, Time};
use crate::http::{Posting, Tray, Unprintable};
use crate::number;
use crate::order::Document;
use crate::smtp::{Envelope, PostOffice};

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
        message_id: &format!("{token}@{}", config.mail_domain()),
        boundary: &format!("fax-{token}"),
        text,
        tiff,
        file_name: "fax.tif",
    };
    Envelope { from: config.mail.clone(), to: to.clone(), message: mail.to_bytes() }
}

/// Step S7 or S15: the document in the format of HTTP. The target is on the passive side (RFC 9112 §3.2).
pub(super) fn posting(config: &FaxConfig, to: SocketAddr, document: &Document) -> Posting {
    let habits = &config.habits.http;
    let (kind, body) = match (document, habits.text_type) {
        (Document::Image { tiff, .. }, _) => (TIFF, tiff.clone()),
        (Document::Text(text), TextType::Plain) => (PLAIN, Bytes::copy_from_slice(text.as_bytes())),
        (Document::Text(text), TextType::Html) => {
            (HTML, html::from_text(&format!("Fax from {}", config.number), text).into())
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

impl Mailbox<'_> {
    fn print(&mut self, sheets: Vec<Print>) {
        for sheet in sheets {
            self.out.durable(Durable::Print(sheet));
        }
    }
}

impl PostOffice for Mailbox<'_> {
    /// Our own mail address, our number as a fax address (RFC 3192 §2), and postmaster (RFC 5321 §4.5.1).
    fn knows(&self, path: &str) -> bool {
        let own = path.eq_ignore_ascii_case(&self.config.mail);
        let Some((local, domain)) = path.split_once('@') else {
            return own || path.eq_ignore_ascii_case("postmaster");
        };
        let here = [self.config.mail_domain(), &self.config.domain];
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
                self.print(sheets);
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
        let (pages, text) = content(kind, document)?;
        let name = (self.name)();
        let sheets = sheets_of(&name, pages, text.into_iter()).map_err(Unprintable::Damaged)?;
        self.print(sheets);
        Ok(name)
    }
}

/// Pages or text of a document that came by HTTP.
fn content(kind: &str, document: &Bytes) -> Result<(Vec<Page>, Option<String>), Unprintable> {
    let mut parts = kind.split(';').map(str::trim);
    let media_type = parts.next().unwrap_or_default().to_ascii_lowercase();
    if media_type == TIFF {
        let pages = tiff::read(document).map_err(|error| Unprintable::Damaged(error.to_string()))?;
        return Ok((pages, None));
    }
    let charset =
        parts.find_map(|part| part.split_once('=').filter(|(name, _)| name.eq_ignore_ascii_case("charset")));
    let charset = charset.map_or("utf-8", |(_, value)| value.trim_matches('"'));
    if !["utf-8", "us-ascii"].iter().any(|known| known.eq_ignore_ascii_case(charset)) {
        return Err(Unprintable::Kind);
    }
    let text = std::str::from_utf8(document)
        .map_err(|_| Unprintable::Damaged(format!("the text is not in {charset}")))?;
    match media_type.as_str() {
        "text/plain" => Ok((Vec::new(), Some(text.to_owned()))),
        "text/html" => Ok((Vec::new(), Some(html::to_text(text)))),
        _ => Err(Unprintable::Kind),
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
    sheets_of(&mail.message_id.unwrap_or_default(), pages, mail.text.into_iter())
}

/// The sheets of a document: its pages, then its texts.
fn sheets_of(
    name: &str,
    pages: Vec<Page>,
    texts: impl Iterator<Item = String>,
) -> Result<Vec<Print>, String> {
    let texts = texts.map(|text| text.trim_end().to_owned()).filter(|text| !text.is_empty());
    let texts: Vec<Arc<str>> = texts.map(Arc::from).collect();
    if pages.is_empty() && texts.is_empty() {
        return Err("there is nothing to print".to_owned());
    }
    let document: Arc<str> = name.into();
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
