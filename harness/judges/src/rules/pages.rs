//! What is on the pages that came out: as they were sent, and as good as they could be.

use faxproof_reports::{Host, HostDeclaration, OrderDeclaration, Weight, What};
use faxproof_wire::features::{Ability, choose_as_told};
use faxproof_wire::mime::Mdn;
use faxproof_wire::page::{Coding, Form, Page, Paper, Resolution, compare, reform};
use faxproof_wire::smtp::Reply;

use crate::evidence::{Case, Kind, Passage, bare_id};
use crate::truth::{Travelled, travelled};
use crate::{Evidence, Report, Rule};

pub(super) const AS_SENT: Rule = Rule {
    id: "paper.as-sent",
    source: "patent 0066, 0074, 0126; RFC 3249 §4.4.5",
    weight: Weight::Must,
    evidence: &[Evidence::Inputs, Evidence::Paper],
    about: "What comes out of the printer is dot for dot what lay in the scanner, formed for the paper and the resolution that it \
            came out in. A page that is blank, inverted, cut off or out of shape and prints without a word is worse than none.",
    check: as_sent,
};

pub(super) const BEST: Rule = Rule {
    id: "paper.best",
    source: "patent 0126; RFC 4141 §5.2; RFC 3297 §3.3",
    weight: Weight::Should,
    evidence: &[Evidence::Wire, Evidence::Inputs, Evidence::Paper],
    about: "Where the sender had been told what the recipient prints, the page comes out at the best that the recipient prints, \
            the sender can send and the original has in it. Less wastes what the negotiation was for.",
    check: best,
};

/// A page that came out, and what it was in the scanner.
struct Pair<'c> {
    at: usize,
    host: &'c Host,
    number: u32,
    printed: &'c Page,
    original: &'c Page,
    order: &'c OrderDeclaration,
    /// Message-ID of the mail that brought it, or its Location.
    document: &'c str,
}

/// Every page that came out of a printer and of whose original is known.
fn pairs<'c>(case: &'c Case<'_>, travelled: &'c [Travelled<'c>]) -> Vec<Pair<'c>> {
    let entries = case.trace.entries.iter().enumerate();
    let pairs = entries.filter_map(|(at, entry)| {
        let What::Printed { host, document, number, page: Some(printed), .. } = &entry.what else {
            return None;
        };
        let document = bare_id(document);
        let sent = travelled.iter().find(|sent| sent.ids.iter().any(|id| id == document))?;
        let original = sent.order.originals.get(number.saturating_sub(1) as usize)?;
        Some(Pair { at, host, number: *number, printed, original, order: sent.order, document })
    });
    pairs.collect()
}

/// The form that a page has on paper; its coding does not show.
fn form(page: &Page) -> Form {
    let paper = Paper::of_width(page.bitmap.width, page.resolution).unwrap_or(page.form().paper);
    Form { paper, resolution: page.resolution, coding: Coding::Mh }
}

fn as_sent(case: &Case<'_>, report: &mut Report) {
    for pair in pairs(case, &travelled(case)) {
        report.applies();
        let due = reform(pair.original, form(pair.printed));
        if due == *pair.printed {
            continue;
        }
        let differences: Vec<String> = compare(&due, pair.printed).iter().map(ToString::to_string).collect();
        let what =
            if differences.is_empty() { "single dots differ".to_owned() } else { differences.join("; ") };
        let text = format!("page {} came out otherwise than it was sent: {what}", pair.number);
        report.breach(pair.host, text, &[pair.at]);
    }
}

fn best(case: &Case<'_>, report: &mut Report) {
    for pair in pairs(case, &travelled(case)) {
        let Some(sender) = case.declaration.host(&pair.order.host) else { continue };
        let Some((heard, told)) = told(case, sender, pair.document) else { continue };
        report.applies();
        let choice = choose_as_told(&sends(sender), pair.original.form(), Some(&told));
        let (best, found) = (choice.form, form(pair.printed));
        if (found.paper, found.resolution) < (best.paper, best.resolution) {
            let text = format!(
                "page {} came out as {} at {}, and {} at {} could have: {}",
                pair.number,
                found.paper.name(),
                found.resolution,
                best.paper.name(),
                best.resolution,
                choice.sentence(pair.host),
            );
            report.breach(&sender.name, text, &[pair.at, heard]);
        }
    }
}

/// What the sender of this mail had been told that the recipient prints, and where: in the reply to RCPT (RFC
/// 4141), or in an MDN about the mail that this one takes the place of (RFC 3297).
fn told(case: &Case<'_>, sender: &HostDeclaration, document: &str) -> Option<(usize, String)> {
    let sent: Vec<&Passage<'_>> = case
        .mails
        .iter()
        .filter(|mail| *mail.from == sender.name && mail.id.as_deref() == Some(document))
        .collect();
    let first = sent.first()?;
    let stream = case.streams.iter().find(|stream| stream.units.iter().any(|unit| unit.at == first.at))?;
    let replies = stream.units.iter().take_while(|unit| unit.at < first.at);
    let said = replies.filter(|unit| matches!(unit.kind, Kind::Reply(250)) && unit.delivered_us.is_some());
    let in_session =
        said.filter_map(|unit| Some((unit.at, Reply::parse(unit.bytes).ok()?.told_features()?))).last();
    let original = faxproof_wire::mime::read(&first.message).ok()?.original_message_id;
    let by_mdn = || {
        let reports = case.mails.iter().filter(|mail| *mail.to == sender.name && mail.at < first.at);
        let about = |mdn: &Mdn| original.is_some() && mdn.original_message_id == original;
        let told = |mail: &Passage<'_>| {
            let mdn = Mdn::read(&mail.message).ok().filter(about)?;
            Some((mail.at, mdn.media_accept_features?))
        };
        reports.rev().find_map(told)
    };
    in_session.or_else(by_mdn)
}

/// What the sender declares that it can make of a document.
fn sends(sender: &HostDeclaration) -> Ability {
    let mut ability = Ability::default();
    let words = sender.habits.get("mail.sends").map(String::as_str).unwrap_or_default();
    for word in words.split(' ') {
        ability.papers.extend(Paper::ALL.into_iter().find(|paper| paper.name() == word));
        ability.resolutions.extend(Resolution::of_name(word));
        ability.codings.extend(Coding::ALL.into_iter().find(|coding| coding.name() == word));
    }
    ability
}

#[cfg(test)]
mod tests {
    use faxproof_reports::{Class, Verdict};
    use faxproof_wire::page::{Bitmap, Chart, chart};

    use super::*;
    use crate::testing::{Bench, Picture};

    #[test]
    fn pages_as_they_were_sent_pass() {
        let mut run = Bench::new().learning_call();
        run.printed("a1@alice", 1, 2);
        run.printed("a1@alice", 2, 2);
        assert_eq!(run.judged("paper.as-sent"), Picture::passed(2));
    }

    /// An A3 page at 408x391 on its way to bob, who said in the session what he prints.
    fn told(filter: &str) -> Bench {
        let mut run = Bench::new();
        run.declaration.hosts[0].class = Class::Fax118;
        run.declaration.hosts[0].habits.insert("mail.sends".into(), "B4 A3 superfine 300 400 MR MMR".into());
        run.declaration.orders[0].originals = [original()].into();
        run.order();
        run.connect_call();
        run.agree(2, "smtp");
        run.open();
        for (command, reply) in [
            ("", "220 bob ESMTP"),
            ("EHLO alice.example.net", "250-bob.example.net\r\n250 CONNEG"),
            ("MAIL FROM:<fax-a@example.com>", "250 2.1.0 ok"),
            ("RCPT TO:<fax-b@example.com> CONNEG", &format!("250-2.1.5 ok\r\n250 CONNEG {filter}")),
            ("DATA", "354 go"),
            ("Message-ID: <a1@alice>\r\n\r\ntext\r\n.", "250 2.0.0 accepted"),
        ] {
            if !command.is_empty() {
                run.command(command);
            }
            run.reply(reply);
        }
        run.quit();
        run
    }

    fn original() -> Page {
        chart(Chart { height: 640, resolution: Resolution::Dpi400, paper: Paper::A3, ..Chart::default() })
    }

    const PRINTS_B4: &str = "(& (type=\"image/tiff\") (color=Binary) (image-file-structure=TIFF) (image-coding=MMR) \
                             (paper-size=[A4,B4]) (dpi=204) (dpi-xyratio=204/196))";

    /// Prints this page of the document.
    fn printed(run: &mut Bench, page: Page) -> usize {
        let at = run.printed("a1@alice", 1, 1);
        if let Some(What::Printed { page: on_paper, .. }) =
            run.trace.entries.last_mut().map(|entry| &mut entry.what)
        {
            *on_paper = Some(page);
        }
        at
    }

    fn on(paper: Paper, resolution: Resolution) -> Page {
        reform(&original(), Form { paper, resolution, coding: Coding::Mh })
    }

    #[test]
    fn a_page_that_is_formed_for_its_paper_is_as_it_was_sent() {
        for (paper, resolution) in [(Paper::A4, Resolution::Standard), (Paper::B4, Resolution::Fine)] {
            let mut run = told(PRINTS_B4);
            printed(&mut run, on(paper, resolution));
            assert_eq!(run.judged("paper.as-sent"), Picture::passed(1));
        }
    }

    #[test]
    fn what_is_wrong_with_a_page_is_named() {
        let good = on(Paper::B4, Resolution::Fine);
        let Bitmap { width, height, .. } = good.bitmap;
        let bent = |black: &dyn Fn(u32, u32) -> bool, rows: u32| Page {
            bitmap: Bitmap::from_fn(width, rows, black),
            ..good.clone()
        };
        let dot = |x, y| good.bitmap.is_black(x, y);
        let cases = [
            ("the page is blank", bent(&|_, _| false, height)),
            ("black and white are exchanged", bent(&|x, y| !dot(x, y), height)),
            ("lost from row", bent(&dot, height / 2)),
            ("wrong aspect", bent(&|x, y| dot(x, y / 2), height * 2)),
            ("single dots differ", bent(&|x, y| dot(x, y) != ((x, y) == (9, 9)), height)),
        ];
        for (named, page) in cases {
            let mut run = told(PRINTS_B4);
            let at = printed(&mut run, page);
            assert_eq!(run.judged("paper.as-sent"), Picture::breach("bob", at), "{named}");
            let result = run.result("paper.as-sent");
            let said: Vec<&str> = result.findings.iter().map(|finding| &*finding.text).collect();
            let dots = named == "single dots differ" && said[0].contains("other dots in 1 row");
            assert!(said[0].contains(named) || dots, "{named}: {said:?}");
        }
    }

    #[test]
    fn the_best_that_the_recipient_prints_passes_and_less_is_told() {
        let mut run = told(PRINTS_B4);
        printed(&mut run, on(Paper::B4, Resolution::Fine));
        assert_eq!(run.judged("paper.best"), Picture::passed(1));
        let mut run = told(PRINTS_B4);
        let at = printed(&mut run, on(Paper::A4, Resolution::Fine));
        assert_eq!(run.judged("paper.best"), Picture::told("alice", at));
        let findings = run.result("paper.best").findings;
        assert!(findings[0].text.contains("A4 at 204x196, and B4 at 204x196 could have"), "{findings:?}");
    }

    #[test]
    fn who_was_told_nothing_of_use_owes_no_more_than_profile_s() {
        let mut run = told("((((");
        printed(&mut run, on(Paper::A4, Resolution::Fine));
        assert_eq!(run.judged("paper.best"), Picture::passed(1));
    }

    #[test]
    fn nothing_is_owed_where_nobody_asked() {
        let mut run = Bench::new().learning_call();
        run.printed("a1@alice", 1, 2);
        assert_eq!(run.judged("paper.best").verdict, Verdict::Pass);
        assert_eq!(run.judged("paper.best"), Picture::passed(0));
    }
}
