//! From the octets of a document to the sheets of the printer. Everything is decoded from what arrived.

use std::sync::Arc;

use bytes::Bytes;
use faxproof_wire::features::Ability;
use faxproof_wire::http as html;
use faxproof_wire::mime::read;
use faxproof_wire::page::{Coding, Form, Page, tiff};

use crate::core::{Durable, Outbox, Print};
use crate::http::Unprintable;

const TIFF: &str = "image/tiff";

/// Prints sheets.
pub(crate) fn print(sheets: Vec<Print>, out: &mut Outbox) {
    for sheet in sheets {
        out.durable(Durable::Print(sheet));
    }
}

/// The sheets of a document of HTTP, and the name that it gets where it can be read.
///
/// # Errors
/// Why nothing of it can be printed.
pub(crate) fn of_document(
    kind: &str,
    document: &Bytes,
    name: impl FnOnce() -> String,
) -> Result<(String, Vec<Print>), Unprintable> {
    let (pages, text) = content(kind, document)?;
    let name = name();
    let sheets = sheets_of(&name, pages, text.into_iter()).map_err(Unprintable::Damaged)?;
    Ok((name, sheets))
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

/// All sheets of a mail. One attachment that cannot be decoded fails all of it (RFC 3249 §4.4.5).
///
/// # Errors
/// Why nothing of it can be printed. `prints`: what the printer can do; anything without it.
pub(crate) fn of_mail(message: &Bytes, prints: Option<&Ability>) -> Result<Vec<Print>, String> {
    let mail = read(message).map_err(|error| error.to_string())?;
    if let Some(problem) = mail.problems.first() {
        return Err(problem.to_string());
    }
    if let Some(other) = mail.other.first() {
        return Err(format!("cannot print {other}"));
    }
    let mut pages: Vec<Page> = Vec::new();
    for file in &mail.tiffs {
        let read = tiff::read(file).map_err(|error| error.to_string())?;
        if let Some(form) = prints.and_then(|prints| too_much(prints, file, &read)) {
            return Err(format!("this fax does not print {form}"));
        }
        pages.extend(read);
    }
    sheets_of(&mail.message_id.unwrap_or_default(), pages, mail.text.into_iter())
}

/// The first form among these pages that a printer cannot do.
fn too_much(prints: &Ability, file: &[u8], pages: &[Page]) -> Option<Form> {
    let mut codings = tiff::codings(file).unwrap_or_default();
    if codings.is_empty() {
        // The simplest coding stands for a file without any.
        codings.insert(Coding::default());
    }
    let forms =
        pages.iter().flat_map(|page| codings.iter().map(|coding| Form { coding: *coding, ..page.form() }));
    forms.into_iter().find(|form| !prints.has(*form))
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
