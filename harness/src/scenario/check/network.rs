//! Links and rules.

use super::super::grammar::{ActSpec, Behaviour, MatchSpec, PartitionSpec};
use super::super::labels::CONNECT;
use super::super::value::{At, Place, Span};
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
            for cut in link.cut.0.iter().chain(&link.unreachable.0) {
                self.span(&cut.from, cut.to);
            }
            self.behaviour(&link.behaviour());
        }
        self.behaviour(&self.script.network.behaviour());
        for partition in self.script.network.partition.0.iter().take(MAX_RULES) {
            self.partition(partition);
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

    fn span(&mut self, from: &At<Span>, to: Span) {
        if from.value >= to {
            self.refuse_saying(from.place, "this cut ends before it begins", "write an earlier `from`");
        }
    }

    fn partition(&mut self, partition: &PartitionSpec) {
        for host in &partition.apart {
            self.host(host);
        }
        self.span(&partition.from, partition.to);
        if partition.apart.is_empty() {
            self.refuse_saying(
                partition.from.place,
                "this partition keeps nobody apart",
                "name hosts: `apart: [alice]`",
            );
        }
    }

    /// The numbers that a link can have.
    fn behaviour(&mut self, link: &Behaviour) {
        if let Some(mtu) = link.mtu.filter(|mtu| !(68..=65_535).contains(&mtu.value)) {
            // RFC 791 §3.2: every link takes 68 bytes, and no packet has more than 65,535.
            self.refuse_saying(
                mtu.place,
                format!("no link has an MTU of {}", mtu.value),
                "write 68 to 65535",
            );
        }
        let zero = |n: Option<At<u64>>| n.filter(|n| n.value == 0).map(|n| n.place);
        let chunks = link.chunks.map(|chunks| At { value: u64::from(chunks.value), place: chunks.place });
        let joins = link.joins.map(|joins| At { value: joins.value.us, place: joins.place });
        for (key, place) in [
            ("queue", zero(link.queue)),
            ("reads", zero(link.reads)),
            ("chunks", zero(chunks)),
            ("joins", zero(joins)),
        ] {
            if let Some(place) = place {
                self.refuse_saying(place, format!("`{key}: 0` lets nothing pass"), "write 1 or more");
            }
        }
        if let (Some(by), None) = (link.cut_by, link.cut_after) {
            self.refuse_saying(by.place, "`cut_by` says how, but not when", "add `cut_after: BYTES`");
        }
        if let (Some(queue), None, None) = (link.queue, link.rate, self.script.network.rate) {
            self.refuse_saying(queue.place, "nothing waits where there is no rate", "add `rate: 64kbps`");
        }
    }

    fn matching(&mut self, on: &MatchSpec) {
        if let Some(label) = on.message.as_ref().filter(|label| label.value != CONNECT) {
            self.label(label);
        }
        for host in [&on.from, &on.to].into_iter().flatten() {
            self.host(host);
        }
    }

    fn act(&mut self, act: &At<ActSpec>, on: &MatchSpec) {
        let place = act.place;
        self.act_on_connect(act, on);
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
                for (name, value) in headers.iter() {
                    self.header(&name.value, name.place);
                    self.template(value, name.place, true);
                }
            }
            ActSpec::SetBody(body) => self.template(&body.body, place, true),
            ActSpec::Replace(replace) => self.template(&replace.text, place, true),
            ActSpec::Inject(inject) => self.inject(inject, place, true),
            ActSpec::RemoveHeader(name) => self.header(name, place),
            ActSpec::Crash(crash) => drop(self.host(&crash.host)),
            _ => {}
        }
    }

    /// A connect has no bytes, and one of a real device has been made when the harness sees it.
    fn act_on_connect(&mut self, act: &At<ActSpec>, on: &MatchSpec) {
        let connect = on.message.as_ref().filter(|label| label.value == CONNECT);
        let acts = "write `drop`, `delay`, `refuse`, `unreachable` or `crash`";
        match (&act.value, connect) {
            (ActSpec::Refuse, None) => {
                self.refuse_saying(
                    act.place,
                    "only a connect is refused",
                    "write `on: { message: connect }`",
                );
            }
            (
                ActSpec::Drop
                | ActSpec::Delay(_)
                | ActSpec::Refuse
                | ActSpec::Unreachable
                | ActSpec::Crash(_),
                _,
            )
            | (_, None) => {}
            (_, Some(_)) => {
                self.refuse_saying(act.place, "a connect has no bytes to which this could be done", acts);
            }
        }
        let asks_outside = connect.is_some() || matches!(act.value, ActSpec::Unreachable);
        if let Some(from) = on.from.as_ref().filter(|_| asks_outside)
            && self.script.hosts.value.value(&from.value).is_some_and(|host| host.external.is_some())
        {
            let message = format!(
                "`{}` is a real device: the program cannot come between it and its kernel",
                from.value
            );
            self.refuse_saying(from.place, message, "name a message that it sends");
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
