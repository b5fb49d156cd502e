//! The four transaction machines of RFC 3261 §17 with the corrections of RFC 6026, as data.

use super::{Action, Action::*, Input, Input::*, State, State::*};

/// One machine.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// Its state diagram in the standards.
    pub source: &'static str,
    /// What it does in each state on each input; an input that is not listed is unexpected.
    pub rows: &'static [Row],
}

/// One transition: in this state, on this input, go to that state and do these things.
pub type Row = (State, Input, State, &'static [Action]);

impl Table {
    /// The transition for this input.
    pub fn row(&self, state: State, input: Input) -> Option<&'static Row> {
        self.rows.iter().find(|row| row.0 == state && row.1 == input)
    }
}

/// The INVITE client transaction.
pub const INVITE_CLIENT: Table = Table {
    name: "INVITE client transaction",
    source: "RFC 3261 figure 5, RFC 6026 §7.2",
    rows: &[
        (Start, Begin, Calling, &[SendRequest, Arm("A"), Arm("B")]),
        (Calling, Fires("A"), Calling, &[SendRequest, ArmDoubled("A")]),
        (Calling, Fires("B"), Terminated, &[TellTimeout]),
        (Calling, Unreachable, Terminated, &[TellUnreachable]),
        (Calling, Provisional, Proceeding, &[Disarm("A"), Disarm("B"), PassUp]),
        (Calling, Success, Accepted, &[Disarm("A"), Disarm("B"), Arm("M"), PassUp]),
        (Calling, Failure, Completed, &[Disarm("A"), Disarm("B"), Arm("D"), SendAck, PassUp]),
        (Proceeding, Provisional, Proceeding, &[PassUp]),
        (Proceeding, Success, Accepted, &[Arm("M"), PassUp]),
        (Proceeding, Failure, Completed, &[Arm("D"), SendAck, PassUp]),
        (Completed, Failure, Completed, &[SendAck]),
        (Completed, Unreachable, Terminated, &[Disarm("D"), TellUnreachable]),
        (Completed, Fires("D"), Terminated, &[]),
        (Accepted, Success, Accepted, &[PassUp]),
        (Accepted, Fires("M"), Terminated, &[]),
    ],
};

/// The client transaction of every other request.
pub const NON_INVITE_CLIENT: Table = Table {
    name: "non-INVITE client transaction",
    source: "RFC 3261 figure 6",
    rows: &[
        (Start, Begin, Trying, &[SendRequest, Arm("E"), Arm("F")]),
        (Trying, Fires("E"), Trying, &[SendRequest, ArmDoubled("E")]),
        (Trying, Fires("F"), Terminated, &[Disarm("E"), TellTimeout]),
        (Trying, Unreachable, Terminated, &[Disarm("E"), Disarm("F"), TellUnreachable]),
        (Trying, Provisional, Proceeding, &[PassUp]),
        (Trying, Success, Completed, &[Disarm("E"), Disarm("F"), Arm("K"), PassUp]),
        (Trying, Failure, Completed, &[Disarm("E"), Disarm("F"), Arm("K"), PassUp]),
        (Proceeding, Fires("E"), Proceeding, &[SendRequest, ArmSlow("E")]),
        (Proceeding, Fires("F"), Terminated, &[Disarm("E"), TellTimeout]),
        (Proceeding, Unreachable, Terminated, &[Disarm("E"), Disarm("F"), TellUnreachable]),
        (Proceeding, Provisional, Proceeding, &[PassUp]),
        (Proceeding, Success, Completed, &[Disarm("E"), Disarm("F"), Arm("K"), PassUp]),
        (Proceeding, Failure, Completed, &[Disarm("E"), Disarm("F"), Arm("K"), PassUp]),
        (Completed, Provisional, Completed, &[]),
        (Completed, Success, Completed, &[]),
        (Completed, Failure, Completed, &[]),
        (Completed, Fires("K"), Terminated, &[]),
    ],
};

/// The INVITE server transaction.
pub const INVITE_SERVER: Table = Table {
    name: "INVITE server transaction",
    source: "RFC 3261 figure 7, RFC 6026 §7.1",
    rows: &[
        (Start, Begin, Proceeding, &[Arm("100"), PassUp]),
        (Proceeding, Copy, Proceeding, &[SendResponse]),
        (Proceeding, Fires("100"), Proceeding, &[SendTrying]),
        (Proceeding, OwnProvisional, Proceeding, &[Disarm("100"), SendResponse]),
        (Proceeding, OwnSuccess, Accepted, &[Disarm("100"), SendResponse, Arm("L")]),
        (Proceeding, OwnFailure, Completed, &[Disarm("100"), SendResponse, Arm("G"), Arm("H")]),
        (Proceeding, Unreachable, Terminated, &[Disarm("100"), TellUnreachable]),
        (Completed, Copy, Completed, &[SendResponse]),
        (Completed, Fires("G"), Completed, &[SendResponse, ArmDoubled("G")]),
        (Completed, Fires("H"), Terminated, &[Disarm("G"), TellTimeout]),
        (Completed, Ack, Confirmed, &[Disarm("G"), Disarm("H"), Arm("I")]),
        (Completed, Unreachable, Terminated, &[Disarm("G"), Disarm("H"), TellUnreachable]),
        (Confirmed, Ack, Confirmed, &[]),
        (Confirmed, Copy, Confirmed, &[]),
        (Confirmed, Fires("I"), Terminated, &[]),
        (Accepted, Copy, Accepted, &[]),
        (Accepted, OwnSuccess, Accepted, &[SendResponse]),
        (Accepted, Ack, Accepted, &[PassUp]),
        (Accepted, Unreachable, Accepted, &[TellUnreachable]),
        (Accepted, Fires("L"), Terminated, &[]),
    ],
};

/// The server transaction of every other request.
pub const NON_INVITE_SERVER: Table = Table {
    name: "non-INVITE server transaction",
    source: "RFC 3261 figure 8",
    rows: &[
        (Start, Begin, Trying, &[PassUp]),
        (Trying, Copy, Trying, &[]),
        (Trying, OwnProvisional, Proceeding, &[SendResponse]),
        (Trying, OwnSuccess, Completed, &[SendResponse, Arm("J")]),
        (Trying, OwnFailure, Completed, &[SendResponse, Arm("J")]),
        (Proceeding, Copy, Proceeding, &[SendResponse]),
        (Proceeding, OwnProvisional, Proceeding, &[SendResponse]),
        (Proceeding, OwnSuccess, Completed, &[SendResponse, Arm("J")]),
        (Proceeding, OwnFailure, Completed, &[SendResponse, Arm("J")]),
        (Proceeding, Unreachable, Terminated, &[TellUnreachable]),
        (Completed, Copy, Completed, &[SendResponse]),
        (Completed, Unreachable, Terminated, &[Disarm("J"), TellUnreachable]),
        (Completed, Fires("J"), Terminated, &[]),
    ],
};

/// All four.
pub const TABLES: [&Table; 4] = [&INVITE_CLIENT, &NON_INVITE_CLIENT, &INVITE_SERVER, &NON_INVITE_SERVER];
