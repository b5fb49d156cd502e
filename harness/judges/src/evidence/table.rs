//! Table Ta1 as it stood at some instant: the declared rows, and every committed change since.

use std::sync::Arc;

use faxproof_reports::{Ta1Row, What, commit_row};

use super::{Call, Case, Opening, Step};

/// What Ta1 says of a number (the three outcomes of S5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Registered {
    /// This protocol is registered, in lower case.
    Protocol(String),
    /// The number is there, its protocol is not.
    ProtocolUnknown,
    /// The number is not there.
    NumberUnknown,
}

impl<'a> Case<'a> {
    /// The rows of this host's Ta1 just before this position of the trace.
    pub fn ta1_before(&self, host: &str, at: usize) -> Vec<Ta1Row> {
        let mut rows = self.declaration.host(host).map(|host| host.ta1.clone()).unwrap_or_default();
        for entry in self.trace.entries.iter().take(at) {
            let What::Row { host: owner, table, change, position, row } = &entry.what else { continue };
            if &**owner == host && &**table == "Ta1" {
                commit_row(&mut rows, change, *position, ta1_row(row));
            }
        }
        rows
    }

    /// What Ta1 said of the number called when the answer was acknowledged (S5). `None` where the
    /// caller never came so far.
    pub fn registered(&self, call: &Call<'_>) -> Option<Registered> {
        let (_, ack) = call.acknowledged()?;
        // An INVITE that announces was written when S5 had been decided.
        let decided = if call.opening() == Opening::Announcement { call.span.0 } else { ack.seen.at };
        let rows = self.ta1_before(&call.caller.name, decided);
        let Some(row) = rows.iter().find(|row| call.went_to(&row.number)) else {
            return Some(Registered::NumberUnknown);
        };
        let protocol = row.protocol.as_deref().map(str::trim).filter(|protocol| !protocol.is_empty());
        Some(
            protocol
                .map_or(Registered::ProtocolUnknown, |name| Registered::Protocol(name.to_ascii_lowercase())),
        )
    }

    /// Where the caller learned what the destination supports: T3, or R2 where that presents and no
    /// protocol was registered.
    pub fn learned_at<'c>(&self, call: &'c Call<'a>) -> Option<(usize, &'c Step<'a>)> {
        let registered = || matches!(self.registered(call), Some(Registered::Protocol(_)));
        let rides = || call.answered().filter(|_| call.presents_in_answer() && !registered());
        call.presentation_request().or_else(rides)
    }

    /// Whether only the device itself knows what its Ta1 said at this call: it stands outside the
    /// simulation and has learned or been edited since the start.
    pub fn ta1_is_claim(&self, call: &Call<'_>) -> bool {
        let host = &call.caller.name;
        let edited =
            self.declaration.orders.iter().any(|order| order.host == *host && order.kind.starts_with("ta1-"));
        let earlier = self.calls.iter().any(|other| {
            let learns = other.presentation_request().is_some() || other.presents_in_answer();
            other.caller.name == *host && other.span.0 < call.span.0 && learns
        });
        self.is_external(host) && (edited || earlier)
    }

    /// The rows that the caller committed from this call on until its next, as position, change and
    /// row, without those that an operator's order explains.
    pub fn ta1_changes(&self, call: &Call<'_>) -> Vec<(usize, &str, Ta1Row)> {
        let host = &call.caller.name;
        let next = self.calls.iter().find(|next| next.caller.name == *host && next.span.0 > call.span.0);
        let until = next.map_or(usize::MAX, |next| next.span.0);
        // What an operator changes is the very next thing that the device does.
        let mut edits = false;
        let mut changes = Vec::new();
        for (at, entry) in self.trace.entries.iter().enumerate().take(until).skip(call.span.0) {
            if self.order_of(entry).is_some_and(|order| order.host == *host && order.kind.starts_with("ta1-"))
            {
                edits = true;
                continue;
            }
            match &entry.what {
                What::Row { host: owner, table, change, row, .. } if owner == host => {
                    let is_edit = std::mem::take(&mut edits);
                    if !is_edit && &**table == "Ta1" {
                        changes.push((at, &**change, ta1_row(row)));
                    }
                }
                What::Message { from: actor, .. }
                | What::Mark { host: actor, .. }
                | What::Notice { host: actor, .. }
                    if actor == host =>
                {
                    edits = false;
                }
                _ => {}
            }
        }
        changes
    }
}

/// A row of the trace under the names of Figure 2 or of the declaration.
pub fn ta1_row(columns: &[(Arc<str>, Arc<str>)]) -> Ta1Row {
    let column = |names: &[&str]| {
        let named =
            |(name, _): &&(Arc<str>, Arc<str>)| names.iter().any(|known| name.eq_ignore_ascii_case(known));
        columns.iter().find(named).map(|(_, value)| value.to_string())
    };
    Ta1Row {
        destination: column(&["destination"]).unwrap_or_default(),
        number: column(&["number", "ip tel no.", "ip tel no", "ip_tel_no"]).unwrap_or_default(),
        protocol: column(&["protocol", "communication protocol", "communication_protocol"]),
    }
}
