//! The operator steps of a plan.

use std::collections::BTreeMap;
use std::sync::Arc;

use faxproof_devices::core::{Entropy, Time};
use faxproof_devices::order::{Action, Destination, Document, Order, Ta2Action};
use faxproof_reports::OrderDeclaration;
use faxproof_wire::page::Page;

use super::Setting;
use super::fax::row;
use super::forward::{ta3_order, ta3_prime_order, writing};
use super::inject::injected;
use super::mail::ta2_key;
use super::ta2_row;
use crate::plan::{PlannedAction, PlannedWhat};
use crate::scenario::grammar::{Power, Step, Ta2Step, TableStep};
use crate::template::Context;

impl Setting<'_> {
    /// The steps in order of time, to do and to declare. A step keeps the number that it has in the file.
    pub(super) fn steps(&self) -> (Vec<PlannedAction>, Vec<OrderDeclaration>) {
        let script = &self.scenario.script;
        let mut steps: Vec<(u32, &Step)> = (1..).zip(script.steps.iter().map(|step| &step.value)).collect();
        steps.sort_by_key(|(_, step)| step.at.value);
        let mut before: BTreeMap<(&str, String), u32> = BTreeMap::new();
        let mut planned = Vec::new();
        let mut declared = Vec::new();
        for (number, step) in steps {
            let Some(host) = script.hosts.value.keys().position(|name| name == step.host.value) else {
                continue;
            };
            let Some((kind, what, text)) = self.doing(step) else { continue };
            // Only equal steps at the same host are numbered, so that no other step changes this one.
            let count = before.entry((&step.host.value, text.clone())).or_insert(0);
            let key = Entropy::of_seed(0).key(("order", &step.host.value, &text, *count)).0;
            *count += 1;
            let what = match what {
                Doing::Panel(action) => PlannedWhat::Order(Order { key, action }),
                Doing::Power(Power::On) => PlannedWhat::PowerOn,
                Doing::Power(Power::Off) => PlannedWhat::PowerOff,
            };
            declared.push(self.declared_order(number, step, kind, &what));
            let at = Time(step.at.value.us);
            planned.push(PlannedAction { at, host, step: number, text: text.into(), what });
        }
        (planned, declared)
    }

    fn declared_order(&self, number: u32, step: &Step, kind: &str, what: &PlannedWhat) -> OrderDeclaration {
        let none: Arc<[Page]> = Arc::default();
        let (document, pages, originals) = match what {
            PlannedWhat::Order(Order { action: Action::Send { document, .. }, .. }) => match document {
                Document::Image { original, .. } => {
                    (Some("image"), u32::try_from(original.len()).unwrap_or(u32::MAX), original.clone())
                }
                Document::Text(_) => (Some("text"), 1, none),
            },
            _ => (None, 0, none),
        };
        OrderDeclaration {
            step: number,
            at_us: step.at.value.us,
            host: step.host.value.as_str().into(),
            kind: kind.to_owned(),
            to: dialled(step).map(str::to_owned),
            document: document.map(str::to_owned),
            pages,
            originals,
        }
    }

    /// Kind, action and words of a step.
    fn doing(&self, step: &Step) -> Option<(&'static str, Doing, String)> {
        if let Some(name) = &step.send {
            let document = self.scenario.documents.get(&name.value)?.clone();
            let (to, words) = match (&step.to, &step.speed_dial) {
                (Some(to), _) => (Destination::Typed(to.value.clone()), to.value.clone()),
                (None, Some(dial)) => {
                    (Destination::SpeedDial(dial.value.clone()), format!("speed dial {}", dial.value))
                }
                (None, None) => return None,
            };
            let text = format!("send {} to {words}", name.value);
            return Some(("send", Doing::Panel(Action::Send { to, document }), text));
        }
        if let Some(action) = &step.ta2 {
            let (kind, action, text) = ta2_order(&action.value);
            return Some((kind, Doing::Panel(Action::Ta2(action)), text.to_owned()));
        }
        if let Some(action) = &step.ta3 {
            let (kind, action, text) = ta3_order(&action.value);
            return Some((kind, Doing::Panel(Action::Ta3(action)), text));
        }
        if let Some(action) = &step.ta3_prime {
            let (kind, action, text) = ta3_prime_order(&action.value);
            return Some((kind, Doing::Panel(Action::Ta3(action)), text));
        }
        if let Some(written) = &step.write {
            let written = writing(&written.value);
            let text = format!("write to {}", written.to.join(", "));
            return Some(("write", Doing::Panel(Action::Write(written.into())), text));
        }
        if let Some(power) = &step.power {
            return Some(match power.value {
                Power::On => ("power-on", Doing::Power(Power::On), "power on".to_owned()),
                Power::Off => ("power-off", Doing::Power(Power::Off), "power off".to_owned()),
            });
        }
        if let Some(inject) = &step.inject {
            let address = |name: &str| Some(self.address(name));
            let context = Context { message: None, address: &address, copy: 1 };
            let host = step.host.value.as_str().into();
            let (text, order) = injected(&inject.value).order(0, &host, &context).ok()?;
            return Some(("inject", Doing::Panel(order.action), text.to_string()));
        }
        if step.hang_up.is_some() {
            return Some(("hang-up", Doing::Panel(Action::HangUp), "hang up".to_owned()));
        }
        let (kind, action, text) = match &step.ta1.as_ref()?.value {
            TableStep::List => ("ta1-list", Action::ListTable, "list Ta1".to_owned()),
            TableStep::Add(spec) => {
                let text = format!("add {} to Ta1", spec.number.value);
                ("ta1-add", Action::AddRow(row(spec)), text)
            }
            TableStep::Edit(edit) => {
                let number = edit.number.value.clone();
                let text = format!("edit {number} in Ta1");
                ("ta1-edit", Action::EditRow { number, row: row(&edit.row) }, text)
            }
            TableStep::Delete(number) => {
                let text = format!("delete {} from Ta1", number.value);
                ("ta1-delete", Action::DeleteRow { number: number.value.clone() }, text)
            }
        };
        Some((kind, Doing::Panel(action), text))
    }
}

/// Kind, action and words of something done to table Ta2.
fn ta2_order(step: &Ta2Step) -> (&'static str, Ta2Action, &'static str) {
    match step {
        Ta2Step::List => ("ta2-list", Ta2Action::List, "list Ta2"),
        Ta2Step::Add(row) => ("ta2-add", Ta2Action::Add(ta2_row(row)), "add a row to Ta2"),
        Ta2Step::Edit(edit) => {
            let action = Ta2Action::Edit(ta2_key(&edit.which), ta2_row(&edit.row));
            ("ta2-edit", action, "edit a row of Ta2")
        }
        Ta2Step::Delete(which) => ("ta2-delete", Ta2Action::Delete(ta2_key(which)), "delete a row of Ta2"),
    }
}

/// What a step does.
enum Doing {
    Panel(Action),
    Power(Power),
}

fn dialled(step: &Step) -> Option<&str> {
    step.to.as_ref().map(|to| to.value.as_str())
}
