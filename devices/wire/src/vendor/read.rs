//! A profile from its words, and all that can be wrong with it.

use std::collections::BTreeMap;

use super::form::{Form, INFO_PACKAGE};
use super::template::{Hole, Stands, Template, Values, separates};
use super::{Asking, Declining, Flaw, Profile};
use crate::sip::{Builder, Message, Method, Name};

type Words<'w> = BTreeMap<&'w str, &'w str>;

/// Between protocols in a list, unless the profile says otherwise.
const SEPARATOR: &str = ",";
/// The most header fields of a form.
const MOST_HEADERS: usize = 16;

pub(super) fn profile(words: &Words<'_>) -> Result<Profile, Vec<Flaw>> {
    let separator = words.get("separator").copied().unwrap_or(SEPARATOR);
    let mut reader = Reader { words, separator, flaws: Vec::new() };
    if !separates(separator) {
        let message = "this does not keep names of protocols apart";
        reader.flaw(
            "separator",
            0,
            message,
            "write such as `,` or ` `: no letter, digit, `-`, `.`, `+`, `_` or `/`",
        );
        reader.separator = SEPARATOR;
    }
    let profile = Profile {
        request: reader.asking("request", &[], &[]),
        presentation: reader.form("presentation", &[Hole::Protocols], &[]),
        announcement: reader.asking("announcement", &[Hole::Protocol], &[]),
        readiness: reader.form("readiness", &[Hole::Port], &[Hole::Address]),
        refusal: reader.refusal(),
    };
    if reader.flaws.is_empty() {
        reader.answers(&profile);
        reader.told_apart(&profile);
    }
    if reader.flaws.is_empty() { Ok(profile) } else { Err(reader.flaws) }
}

struct Reader<'w> {
    words: &'w Words<'w>,
    separator: &'w str,
    flaws: Vec<Flaw>,
}

impl Reader<'_> {
    fn flaw(&mut self, key: &str, at: usize, message: impl Into<String>, remedy: impl Into<String>) {
        self.flaws.push(Flaw::new(at, message, remedy).under(key));
    }

    /// A form is named by its section where no word of it is at fault.
    fn asking(&mut self, section: &str, needs: &[Hole], may: &[Hole]) -> Asking {
        let key = format!("{section}.method");
        let method = match self.words.get(key.as_str()) {
            Some(word) => Method::parse(word.as_bytes()).filter(is_vendors),
            None => None,
        };
        if method.is_none() {
            let message = match self.words.get(key.as_str()) {
                Some(word) => format!("`{word}` is no method that a vendor may give a meaning"),
                None => format!("`{section}` has no method"),
            };
            let key = if self.words.contains_key(key.as_str()) { key.as_str() } else { section };
            self.flaw(key, 0, message, "write `INFO`, `MESSAGE` or a method of your own");
        }
        let form = self.form(section, needs, may);
        let asking = Asking { method: method.unwrap_or(Method::Info), form };
        self.info_package(section, &asking);
        asking
    }

    fn refusal(&mut self) -> Option<Declining> {
        const KEY: &str = "refusal.code";
        if !self.words.keys().any(|key| key.starts_with("refusal.")) {
            return None;
        }
        let code = match self.words.get(KEY) {
            Some(word) => word.parse().ok().filter(|code| (200..=699).contains(code)),
            None => Some(488),
        };
        if code.is_none() {
            self.flaw(KEY, 0, "this is no final response", "write one from 200 to 699, such as 488");
        }
        Some(Declining { code: code.unwrap_or(488), form: self.form("refusal", &[], &[]) })
    }

    fn form(&mut self, section: &str, needs: &[Hole], may: &[Hole]) -> Form {
        let prefix = format!("{section}.headers.");
        let words = self.words;
        let named = words.iter().filter_map(|(key, text)| Some((*key, key.strip_prefix(&prefix)?, *text)));
        let mut headers = Vec::new();
        for (key, name, text) in named {
            if Method::parse(name.as_bytes()).is_none() || is_sips(name) {
                let message = format!("`{name}` is no header field that a vendor may write");
                self.flaw(key, 0, message, "write one of your own, such as `X-Acme`");
            }
            headers.extend(self.template(key, text, Stands::InHeader).map(|text| (name.to_owned(), text)));
        }
        if headers.len() > MOST_HEADERS {
            self.flaw(section, 0, format!("more than {MOST_HEADERS} header fields"), "write fewer");
        }
        let content = self.content(section);
        let form = Form { headers, content };
        self.holes(section, &form, needs, may);
        form
    }

    fn content(&mut self, section: &str) -> Option<(String, Template)> {
        let (type_key, body_key) = (format!("{section}.type"), format!("{section}.body"));
        let (kind, text) = (self.words.get(type_key.as_str()), self.words.get(body_key.as_str()));
        match (kind, text) {
            (Some(kind), Some(text)) => {
                if !is_media_type(kind) {
                    let message = format!("`{kind}` is no media type");
                    self.flaw(&type_key, 0, message, "write one such as `application/x-acme`");
                }
                Some(((*kind).to_owned(), self.template(&body_key, text, Stands::InBody)?))
            }
            (None, Some(_)) => {
                self.flaw(&body_key, 0, "a body without a `type`", "add `type: application/x-acme`");
                None
            }
            (Some(_), None) => {
                self.flaw(&type_key, 0, "a type of a body that is not there", "add `body`, or take it out");
                None
            }
            (None, None) => None,
        }
    }

    fn template(&mut self, key: &str, text: &str, stands: Stands) -> Option<Template> {
        match Template::parse(text, self.separator, stands) {
            Ok(template) => Some(template),
            Err(flaws) => {
                self.flaws.extend(flaws.into_iter().map(|flaw| flaw.under(key)));
                None
            }
        }
    }

    /// Each hole that is needed stands there once, and none that nobody would fill.
    fn holes(&mut self, section: &str, form: &Form, needs: &[Hole], may: &[Hole]) {
        let whole = self.flaws.iter().all(|flaw| !flaw.key.starts_with(&format!("{section}.")));
        let holes = form.holes();
        for hole in Hole::ALL {
            let name = hole.name();
            match holes.iter().filter(|other| **other == hole).count() {
                0 if needs.contains(&hole) && whole => {
                    let message = format!("`{section}` does not say `{{{name}}}`");
                    self.flaw(section, 0, message, format!("write `{{{name}}}` in its body or a header"));
                }
                0 => {}
                _ if !needs.contains(&hole) && !may.contains(&hole) => {
                    let (key, at) = self.place_of(section, hole);
                    let message = format!("`{{{name}}}` means nothing in `{section}`");
                    self.flaw(&key, at, message, "take it out");
                }
                1 => {}
                _ => {
                    let (key, at) = self.place_of(section, hole);
                    let message = format!("`{{{name}}}` stands twice in `{section}`");
                    self.flaw(&key, at, message, "say it once: two of them could differ");
                }
            }
        }
    }

    /// Where a hole stands last: key, and characters before it.
    fn place_of(&self, section: &str, hole: Hole) -> (String, usize) {
        let written = format!("{{{}}}", hole.name());
        let prefix = format!("{section}.");
        let texts = self.words.iter().filter(|(key, _)| key.starts_with(&prefix));
        let mut found =
            texts.filter_map(|(key, text)| Some((*key, text[..text.rfind(&written)?].chars().count())));
        found.next_back().map_or((section.to_owned(), 0), |(key, at)| (key.to_owned(), at))
    }

    /// Only INFO has packages, and a body that belongs to one says so (RFC 6086 §4.3.1).
    fn info_package(&mut self, section: &str, asking: &Asking) {
        if asking.form.package().is_none() {
            return;
        }
        let key = format!("{section}.headers.{INFO_PACKAGE}");
        if asking.method != Method::Info {
            let message = format!("{} has no Info Package", asking.method);
            self.flaw(&key, 0, message, "write `method: INFO`, or take it out");
        }
        let says = |(name, text): &(String, Template)| {
            name.eq_ignore_ascii_case(Name::ContentDisposition.as_str())
                && text.source().eq_ignore_ascii_case(INFO_PACKAGE)
        };
        if asking.form.content.is_some() && !asking.form.headers.iter().any(says) {
            let message = "the body of an Info Package says that it belongs to it (RFC 6086 §4.3.1)";
            self.flaw(section, 0, message, "add the header `Content-Disposition: Info-Package`");
        }
    }

    /// What a 2xx may carry depends on the method that it answers.
    fn answers(&mut self, profile: &Profile) {
        let refusal = profile.refusal.as_ref().filter(|refusal| refusal.code < 300);
        let pairs = [
            ("presentation", &profile.request, Some(&profile.presentation)),
            ("readiness", &profile.announcement, Some(&profile.readiness)),
            ("refusal", &profile.announcement, refusal.map(|refusal| &refusal.form)),
        ];
        for (section, asking, answer) in pairs {
            if answer.is_none_or(|answer| answer.content.is_none()) {
                continue;
            }
            let why = match asking.form.package() {
                _ if asking.method == Method::Message => "a 2xx to MESSAGE has no body (RFC 3428 §7)",
                Some(_) => "a response to INFO of a package has no body of it (RFC 6086 §4.3.2)",
                None => continue,
            };
            self.flaw(&format!("{section}.body"), 0, why, "say it in `headers`");
        }
    }

    /// No two messages that mean different things are alike.
    fn told_apart(&mut self, profile: &Profile) {
        let Profile { request, announcement, readiness, refusal, .. } = profile;
        let sample = Values { port: Some(9), ..Values::default() };
        let written = |form: &Form| form.write(Builder::request(Method::Info, "sip:x"), &sample).finish();
        let alike = |form: &Form, message: &Message| form.read(message).is_some();
        if request.method == announcement.method && alike(&announcement.form, &written(&request.form)) {
            let message = "the request for a presentation reads as an announcement";
            self.flaw("request", 0, message, "write them so that they can be told apart");
        }
        let Some(refusal) = refusal.as_ref().filter(|refusal| refusal.code < 300) else { return };
        if alike(readiness, &written(&refusal.form)) {
            self.flaw(
                "refusal",
                0,
                "the refusal reads as a readiness",
                "write them so that they can be told apart",
            );
        }
    }
}

/// Whether a vendor may give this method a meaning: the others have one in every call.
fn is_vendors(method: &Method) -> bool {
    matches!(method, Method::Info | Method::Message | Method::Other(_))
}

/// Header fields by which SIP itself works.
fn is_sips(name: &str) -> bool {
    !matches!(
        Name::parse(name.as_bytes()),
        Name::Other
            | Name::ContentDisposition
            | Name::ContentLanguage
            | Name::Subject
            | Name::UserAgent
            | Name::Server
            | Name::Organization
            | Name::Priority
            | Name::Warning
            | Name::MimeVersion
    )
}

/// `type/subtype` and parameters (RFC 3261 §25.1), on one line.
fn is_media_type(text: &str) -> bool {
    let token = |part: &str| Method::parse(part.as_bytes()).is_some();
    let head = text.split(';').next().unwrap_or_default().trim_end();
    let visible = |c: char| c == ' ' || c.is_ascii_graphic();
    text.chars().all(visible)
        && text.trim() == text
        && head.split_once('/').is_some_and(|(kind, sub)| token(kind) && token(sub))
}
