//! Links and rules.

use super::super::grammar::{ActSpec, MatchSpec};
use super::super::value::{At, Place};
use super::Checker;

/// The most rules, and the most links, of a scenario.
const MAX_RULES: usize = 1000;

impl Checker<'_> {
    pub(super) fn network(&mut self) {
        let mut known: Vec<(&str, &str)> = Vec::new();
        for link in self.script.network.links.iter().take(MAX_RULES) {
            self.host(&link.from);
            self.host(&link.to);
            let (from, to) = (link.from.value.as_str(), link.to.value.as_str());
            if from == to {
                self.refuse(link.to.place, "a link leads from one host to another");
            }
            let reverse = link.both && known.contains(&(to, from));
            if known.contains(&(from, to)) || reverse {
                self.refuse_saying(
                    link.from.place,
                    format!("the link from `{from}` to `{to}` is described a second time"),
                    "put both into one",
                );
            }
            known.push((from, to));
            if link.both {
                known.push((to, from));
            }
            if let Some(cut) = link.cut.as_ref().filter(|cut| cut.value.from >= cut.value.to) {
                self.refuse_saying(cut.place, "this cut ends before it begins", "write an earlier `from`");
            }
        }
        for rule in self.script.rules.iter().take(MAX_RULES) {
            self.matching(&rule.on);
            self.act(&rule.act, &rule.on);
        }
        if self.script.rules.len().max(self.script.network.links.len()) > MAX_RULES {
            self.refuse(
                Place::default(),
                format!("a scenario has at most {MAX_RULES} rules and as many links"),
            );
        }
    }

    fn matching(&mut self, on: &MatchSpec) {
        if let Some(label) = &on.message {
            self.label(label);
        }
        for host in [&on.from, &on.to].into_iter().flatten() {
            self.host(host);
        }
    }

    fn act(&mut self, act: &At<ActSpec>, on: &MatchSpec) {
        let place = act.place;
        match &act.value {
            ActSpec::Corrupt(corrupt) if corrupt.xor == 0 => {
                self.refuse_saying(place, "`xor: 0` changes nothing", "write 1 to 255");
            }
            ActSpec::SetCode(code) if !(100..=699).contains(code) => {
                self.refuse_saying(place, format!("{code} is no SIP status code"), "write 100 to 699");
            }
            ActSpec::SetCode(_) => {
                let request = |label: &&At<String>| !label.value.starts_with(|c: char| c.is_ascii_digit());
                if let Some(label) = on.message.as_ref().filter(request) {
                    let message = format!("`{}` is no response: it has no status code", label.value);
                    self.refuse_saying(label.place, message, "name a response, such as `200 INVITE`");
                }
            }
            ActSpec::SetHeader(headers) => {
                if headers.0.is_empty() {
                    self.refuse_saying(place, "no header is named", "write `set_header: { NAME: VALUE }`");
                }
                for (name, _) in headers.iter() {
                    self.header(&name.value, name.place);
                }
            }
            ActSpec::RemoveHeader(name) => self.header(name, place),
            ActSpec::Crash(crash) => drop(self.host(&crash.host)),
            _ => {}
        }
    }

    /// A name of a SIP header.
    pub(super) fn header(&mut self, name: &str, place: Place) {
        let legal = |c: char| c.is_ascii_alphanumeric() || "-.!%*_+`'~".contains(c);
        if name.is_empty() || !name.chars().all(legal) {
            self.refuse(place, format!("`{name}` is no name of a header"));
        }
    }
}
