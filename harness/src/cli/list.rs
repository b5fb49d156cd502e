//! `faxproof list`.

use std::io::Write;

use clap::ValueEnum;
use faxproof_devices::chart;
use serde::Serialize;

use super::print;
use crate::catalogue::{ABUSE, FACTS};
use crate::run::OWN_RULES;
use crate::scenario::{self, set};

/// What can be listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum What {
    /// The built-in scenarios.
    #[default]
    Scenarios,
    /// The arcs of the flowcharts.
    Arcs,
    /// The rules of the judges.
    Rules,
    /// The kinds of devices, and the classes of faxes: habits under one name.
    Classes,
    /// The catalogue of abuse: what hostile peers do.
    Abuse,
    /// The catalogue of facts: what the implementers' guide tells, and where the RFCs contradict each other.
    Facts,
}

/// One thing, with its explanation in a line.
#[derive(Debug, Serialize)]
pub(super) struct Item {
    pub(super) id: String,
    pub(super) about: String,
    /// Of a scenario with a matrix: how many cells of it run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cells: Option<usize>,
}

/// Kinds of devices that scenarios can name, and what they are.
pub(super) const KINDS: [(&str, &str); 8] = [
    ("fax1", "facsimile machine 1: calls by IP telephone number and learns the peer's protocol (Figure 4)"),
    (
        "fax101",
        "internet facsimile machine 101: a mail fax that calls where it knows the number, and learns (Figures 8, 9)",
    ),
    (
        "fax118",
        "internet facsimile machine 118: a mail fax of full mode that tells peers of extension SMTP from others (Figures 10 to 13)",
    ),
    ("sip-server", "SIP server 17: a transaction-stateful proxy that record-routes"),
    ("location-server", "location server: registrar and redirect server on a host of its own"),
    (
        "mail-server",
        "mail server: takes mail by SMTP, keeps it for POP3, passes it on by MX with a queue and notifications; mail servers 201 and 201A with `forwards`, by a call where they find a number (Figure 18)",
    ),
    (
        "mail-client",
        "mail client 210, or 213a: hands in what its user writes, and shows what lies in its mailbox",
    ),
    ("tester", "tester: says what a scenario writes, right or wrong, and is judged by nobody"),
];

pub(super) fn list(what: What, json: bool, out: &mut impl Write) -> u8 {
    let items = items(what);
    if json {
        let text = serde_json::to_string_pretty(&items).unwrap_or_else(|error| error.to_string());
        return print(out, &format!("{text}\n"));
    }
    let width = items.iter().map(|item| item.id.len()).max().unwrap_or(0);
    let lines: Vec<String> =
        items.iter().map(|item| format!("{:width$}  {}{}\n", item.id, item.about, cells(item))).collect();
    print(out, &lines.concat())
}

fn cells(item: &Item) -> String {
    item.cells.map(|cells| format!(" ({cells} cells)")).unwrap_or_default()
}

/// Scenarios by their files: the cells of a matrix are one of them.
fn scenarios() -> Vec<Item> {
    let mut items: Vec<Item> = Vec::new();
    for found in set::built_in().scenarios {
        if let Some(last) = items.last_mut().filter(|last| last.id == found.file_name()) {
            last.cells = last.cells.map(|cells| cells + 1);
            continue;
        }
        let about = match found.scenario() {
            Ok(scenario) => scenario.script.title.value,
            Err(error) => error.to_string(),
        };
        let cells = found.cell.as_ref().map(|_| 1);
        items.push(Item { id: found.file_name().to_owned(), about: about.trim().to_owned(), cells });
    }
    items
}

/// Everything of that kind.
pub(super) fn items(what: What) -> Vec<Item> {
    let item =
        |id: &str, about: &str| Item { id: id.to_owned(), about: about.trim().to_owned(), cells: None };
    match what {
        What::Scenarios => scenarios(),
        What::Arcs => chart::arcs().map(|arc| item(arc.name, arc.text)).collect(),
        What::Rules => {
            let judges = faxproof_judges::rules().iter().map(|rule| item(rule.id, rule.about));
            judges.chain(OWN_RULES.iter().map(|(id, _, about)| item(id, about))).collect()
        }
        What::Abuse => ABUSE.iter().map(|(id, about)| item(id, about)).collect(),
        What::Facts => FACTS.iter().map(|(id, about)| item(id, about)).collect(),
        What::Classes => {
            let kinds = KINDS.iter().map(|(id, about)| item(id, about));
            kinds.chain(scenario::classes().iter().map(|(id, about, _)| item(id, about))).collect()
        }
    }
}
