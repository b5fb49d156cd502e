//! What of a document goes into a mail: what every fax prints, what this recipient prints best, or only a cover.

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;
use faxproof_wire::features::{Ability, Choice, Filter, Why, choose_as_told, described};
use faxproof_wire::page::{Form, Page, reform, tiff};

use super::arcs;
use crate::config::{FirstMail, MailHabits};
use crate::core::Outbox;
use crate::order::Document;

/// What a mail carries.
#[derive(Clone, Debug, Default)]
pub(super) struct Enclosure {
    pub(super) text: Option<Arc<str>>,
    pub(super) tiff: Option<Bytes>,
    /// What it takes to print the file (Content-features).
    pub(super) features: Option<Filter>,
    /// What could be sent in its place (Content-alternative).
    pub(super) alternative: Option<Filter>,
    /// Message-ID of the mail that this one takes the place of.
    pub(super) original: Option<String>,
}

/// What of the document is still to come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Pending {
    /// Nothing: all of it is in the mail.
    #[default]
    Nothing,
    /// Better pages, if the recipient wants them.
    Offered,
    /// The pages.
    Pages,
}

/// The document as every fax prints it.
pub(super) fn plain(document: &Document) -> Enclosure {
    match document {
        Document::Image { tiff, .. } => Enclosure { tiff: Some(tiff.clone()), ..Enclosure::default() },
        Document::Text(text) => Enclosure { text: Some(text.clone()), ..Enclosure::default() },
    }
}

/// What machine 118 sends before it has heard of the recipient, and what it will send then. Where the document is
/// nothing better than what every fax prints, that is all there is.
pub(super) fn first(document: &Document, habits: &MailHabits) -> (Enclosure, Pending) {
    match (document, offered(document, habits)) {
        (Document::Image { original, .. }, (_, Pending::Offered))
            if habits.first_mail == FirstMail::Cover =>
        {
            let pages = original.len();
            let text = format!("A fax of {pages} pages follows in the best form that you say you can print.");
            (Enclosure { text: Some(text.into()), ..Enclosure::default() }, Pending::Pages)
        }
        (_, offered) => offered,
    }
}

/// The document as every fax prints it, with the offer of better pages where there are any (RFC 3297 §3.1).
pub(super) fn offered(document: &Document, habits: &MailHabits) -> (Enclosure, Pending) {
    let simple = plain(document);
    let Document::Image { original, .. } = document else { return (simple, Pending::Nothing) };
    match best_of(original) {
        Some(best) if !(Form { coding: Form::PROFILE_S.coding, ..best }).is_profile_s() => {
            let alternative = Some(within(&habits.sends, best).filter());
            let features = Some(described(Form::PROFILE_S));
            (Enclosure { features, alternative, ..simple }, Pending::Offered)
        }
        _ => (simple, Pending::Nothing),
    }
}

/// The pages in the form in which this recipient prints them best.
pub(super) struct Reformed {
    pub(super) enclosure: Enclosure,
    /// The arc of S113.
    pub(super) arc: &'static str,
}

/// S113: the pages of a document for a recipient that has told what it prints, or has not. A remark says why in this
/// form, page by page as far as they differ.
pub(super) fn reformed(
    original: &[Page],
    own: &Ability,
    told: Option<&str>,
    recipient: &str,
    out: &mut Outbox,
) -> Reformed {
    let mut choices: Vec<(Form, Choice)> = Vec::new();
    let (mut pages, mut codings) = (Vec::new(), BTreeSet::new());
    for page in original {
        let from = page.form();
        let known = choices.iter().find(|(form, _)| *form == from).map(|(_, choice)| choice.form);
        let to = known.unwrap_or_else(|| {
            let choice = choose_as_told(own, from, told);
            let form = choice.form;
            out.remark(choice.sentence(recipient));
            choices.push((from, choice));
            form
        });
        pages.push(reform(page, to));
        codings.insert(to.coding);
    }
    let is_smaller = |(from, choice): &(Form, Choice)| {
        (choice.form.paper, choice.form.resolution) != (from.paper, from.resolution)
    };
    let arc = match choices.iter().all(|(_, choice)| matches!(choice.why, Why::Printed { .. })) {
        false => arcs::CAPABILITIES_UNKNOWN,
        true if choices.iter().any(is_smaller) => arcs::REFORMED_SMALLER,
        true => arcs::SENT_AS_IS,
    };
    // A file has one coding, and MH is read by everybody.
    let coding = if codings.len() == 1 { codings.first().copied() } else { None }.unwrap_or_default();
    let best = choices.iter().map(|(_, choice)| choice.form).max().unwrap_or_default();
    let best = Form { coding, ..best };
    Reformed {
        enclosure: Enclosure {
            tiff: Some(tiff::write_as(&pages, coding)),
            features: Some(described(best)),
            ..Enclosure::default()
        },
        arc,
    }
}

/// The best form of the pages.
fn best_of(pages: &[Page]) -> Option<Form> {
    pages.iter().map(Page::form).reduce(|one, other| Form {
        paper: one.paper.max(other.paper),
        resolution: one.resolution.max(other.resolution),
        coding: one.coding.max(other.coding),
    })
}

/// What of an ability is no better than this form.
fn within(ability: &Ability, best: Form) -> Ability {
    Ability {
        papers: ability.papers.iter().copied().filter(|paper| *paper <= best.paper).collect(),
        resolutions: ability.resolutions.iter().copied().filter(|it| *it <= best.resolution).collect(),
        codings: ability.codings.clone(),
    }
}

/// Whether a recipient of this ability would rather have what is offered than what came.
pub(super) fn is_better(ability: &Ability, offered: &[Filter], came: Form) -> bool {
    let best = Form::all().next_back().unwrap_or_default();
    let choices = offered.iter().map(|filter| faxproof_wire::features::choose(ability, best, filter));
    let mut printed = choices.filter(|choice| matches!(choice.why, Why::Printed { .. }));
    printed.any(|choice| (choice.form.paper, choice.form.resolution) > (came.paper, came.resolution))
}
