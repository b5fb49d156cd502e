//! The wire profile of a vendor: T3, R3 and T4 of Figure 3 as the literal messages that its boxes exchange
//! within the dialog.
//!
//! A profile is written as words: what stands under `request.method`, `readiness.body` and so on. So a scenario,
//! the declaration of a run and a judge read the same text with the same reader.

mod form;
mod read;
mod template;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::sip::{Message, Method};

pub use form::Form;
pub use template::{Hole, Stands, Template, Values};

/// The header field that lists the Info Packages that one takes (RFC 6086 §5.2).
pub const RECV_INFO: &str = "Recv-Info";

/// What is wrong with a word of a profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    /// Under which key it stands.
    pub key: String,
    /// How many characters of the value are right before it.
    pub at: usize,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub remedy: String,
}

impl Flaw {
    fn new(at: usize, message: impl Into<String>, remedy: impl Into<String>) -> Flaw {
        Flaw { key: String::new(), at, message: message.into(), remedy: remedy.into() }
    }

    fn under(self, key: &str) -> Flaw {
        Flaw { key: key.to_owned(), ..self }
    }
}

/// A request of the vendor's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asking {
    /// Its method: INFO, MESSAGE, or one of the vendor's own.
    pub method: Method,
    /// What it carries.
    pub form: Form,
}

/// A final response that declines a protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declining {
    /// Its status code.
    pub code: u16,
    /// What it carries.
    pub form: Form,
}

/// A vendor's wire profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// T3: asks which protocols there are.
    pub request: Asking,
    /// R3, the 200 to it: lists them in `{protocols}`.
    pub presentation: Form,
    /// T4: announces a `{protocol}`.
    pub announcement: Asking,
    /// The 200 to it: prepared for reception at `{port}`, and at `{address}` where it has one. Port 0 declines.
    pub readiness: Form,
    /// How a protocol is declined, where the vendor has a form of its own for that.
    pub refusal: Option<Declining>,
}

/// What a request of the vendor's is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// T3.
    Presentation,
    /// T4, of this protocol.
    Announcement(String),
}

/// What the peer says to T4.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answered {
    /// It is prepared for reception there; without an address where its dialog leads.
    Ready(Values),
    /// It declines by port 0.
    PortZero,
    /// It declines by another code than 2xx, or in the form of a refusal.
    Declined,
}

impl Profile {
    /// Reads a profile from its words.
    ///
    /// # Errors
    /// All that is wrong with it, in the order of the keys.
    pub fn parse<'w>(words: impl IntoIterator<Item = (&'w str, &'w str)>) -> Result<Profile, Vec<Flaw>> {
        read::profile(&words.into_iter().collect::<BTreeMap<_, _>>())
    }

    /// Its methods: what a box that takes it lists in Allow besides the usual ones.
    pub fn methods(&self) -> Vec<&Method> {
        let mut methods = vec![&self.request.method, &self.announcement.method];
        methods.dedup();
        methods
    }

    /// The Info Packages of its requests (RFC 6086 §5).
    pub fn packages(&self) -> Vec<String> {
        let mut packages: Vec<String> = self.askings().filter_map(|asking| asking.form.package()).collect();
        packages.dedup();
        packages
    }

    /// Whether the peer that answered our INVITE so takes all its packages: INFO of another goes to nobody
    /// (RFC 6086 §4.2.1).
    pub fn is_taken_by(&self, answer: &Message) -> bool {
        let listed = answer.header_named(RECV_INFO).unwrap_or_default();
        let taken = |package: &String| listed.split(',').any(|name| name.trim() == package);
        self.packages().iter().all(taken)
    }

    /// The media types that its requests of this method have.
    pub fn types_of(&self, method: &Method) -> Vec<&str> {
        let of_method = self.askings().filter(|asking| asking.method == *method);
        let mut types: Vec<&str> = of_method.filter_map(|asking| asking.form.content_type()).collect();
        types.dedup();
        types
    }

    /// What a request is, if it is one of these, letter for letter.
    pub fn asked(&self, request: &Message) -> Option<Asked> {
        let read = |asking: &Asking| {
            let fits = request.method() == Some(&asking.method);
            fits.then(|| asking.form.read(request)).flatten()
        };
        if read(&self.request).is_some() {
            return Some(Asked::Presentation);
        }
        Some(Asked::Announcement(read(&self.announcement)?.protocols.into_iter().next()?))
    }

    /// The protocols that a 2xx to T3 presents; `None` if it is no presentation.
    pub fn presented(&self, response: &Message) -> Option<Vec<String>> {
        let success = response.code().is_some_and(|code| (200..300).contains(&code));
        success.then(|| self.presentation.read(response)).flatten().map(|values| values.protocols)
    }

    /// What a final response to T4 says; `None` for a 2xx that is neither.
    pub fn answered(&self, response: &Message) -> Option<Answered> {
        let code = response.code().unwrap_or_default();
        let declines = |refusal: &Declining| refusal.code == code && refusal.form.read(response).is_some();
        if code >= 300 || self.refusal.as_ref().is_some_and(declines) {
            return Some(Answered::Declined);
        }
        let values = self.readiness.read(response)?;
        Some(if values.port == Some(0) { Answered::PortZero } else { Answered::Ready(values) })
    }

    fn askings(&self) -> impl Iterator<Item = &Asking> {
        [&self.request, &self.announcement].into_iter()
    }
}
