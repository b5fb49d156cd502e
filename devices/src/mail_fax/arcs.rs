//! The names of the arcs: machine 101 walks Figures 8 and 9, machine 118 Figures 10 to 13. What they do is
//! the same but where a name is missing here.

use crate::config::Machine;

/// The arcs of the transmitter.
#[derive(Debug)]
pub(super) struct Transmitter {
    pub(super) typed_number: &'static str,
    pub(super) speed_dial: &'static str,
    pub(super) speed_dial_without_number: &'static str,
    pub(super) speed_dial_unknown: &'static str,
    pub(super) address_in_table: &'static str,
    pub(super) address_without_number: &'static str,
    pub(super) address_unknown: &'static str,
    pub(super) call: Call,
    pub(super) table_address: Option<&'static str>,
    pub(super) typed_address: Option<&'static str>,
    pub(super) no_address: &'static str,
}

/// The arcs of a call that hands a mail over.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) established: Option<&'static str>,
    pub(super) no_call: &'static str,
    pub(super) refused: &'static str,
    pub(super) silent: &'static str,
    /// With a peer that knows EHLO, and with one that does not.
    pub(super) extended: Session,
    pub(super) plain: Session,
}

/// The arcs of a session that the peer accepted.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) accepted: Option<&'static str>,
    pub(super) sent: Option<&'static str>,
    pub(super) rejected: &'static str,
    pub(super) lost_before_dot: &'static str,
    pub(super) lost_after_dot: &'static str,
}

/// What is told of the confirmation of a mail.
#[derive(Clone, Copy, Debug)]
pub(super) struct Awaiting {
    /// M2 came by a call, or by mail.
    pub(super) by_call: Option<&'static str>,
    pub(super) by_mail: Option<&'static str>,
    /// It came, whatever it says.
    pub(super) confirmed: Option<&'static str>,
    /// It never came.
    pub(super) never: Option<&'static str>,
    /// It says what its sender can print, or it does not.
    pub(super) capable: Option<&'static str>,
    pub(super) incapable: Option<&'static str>,
    /// S311.
    pub(super) learns: Option<Learns>,
}

impl Awaiting {
    /// The arc of how M2 came.
    pub(super) fn came(&self, by_call: bool) -> Option<&'static str> {
        if by_call { self.by_call } else { self.by_mail }
    }
}

/// What M2 taught.
#[derive(Clone, Copy, Debug)]
pub(super) struct Learns {
    pub(super) learned: &'static str,
    pub(super) nothing_to_learn: &'static str,
}

/// The arc of S311 for what answers no mail of ours.
pub(super) const UNCORRELATED: &str = "8.S311.uncorrelated";

/// The arcs of the recipient; one that a figure does not name is `None`.
#[derive(Debug)]
pub(super) struct Recipient {
    pub(super) new_record: Option<&'static str>,
    pub(super) updated_record: Option<&'static str>,
    pub(super) no_number: Option<&'static str>,
    pub(super) confirmed: Option<&'static str>,
    pub(super) call_back_failed: Option<&'static str>,
    pub(super) not_asked: Option<&'static str>,
    pub(super) number_unknown: Option<&'static str>,
    /// M2 came in the same way.
    pub(super) by_call: bool,
}

pub(super) fn transmitter(machine: Machine) -> &'static Transmitter {
    match machine {
        Machine::Fax101 => &FIGURE_8,
        Machine::Fax118 => &FIGURE_10,
    }
}

/// What may follow a mail that was handed over in a call, or to the outgoing server.
pub(super) fn awaiting(machine: Machine, in_call: bool) -> &'static Awaiting {
    match (machine, in_call) {
        (Machine::Fax101, _) => &CONFIRMED_8,
        (Machine::Fax118, true) => &CONFIRMED_13,
        (Machine::Fax118, false) => &CONFIRMED_10,
    }
}

/// The recipient of a mail that came in a call, from a client that greeted by EHLO or not.
pub(super) fn called(machine: Machine, extended: bool) -> &'static Recipient {
    match (machine, extended) {
        (Machine::Fax101, _) => &CALLED_8,
        (Machine::Fax118, true) => &CALLED_11,
        (Machine::Fax118, false) => &CALLED_12,
    }
}

/// The recipient of a mail that no call brought.
pub(super) fn mailed(machine: Machine) -> &'static Recipient {
    match machine {
        Machine::Fax101 => &MAILED_8,
        Machine::Fax118 => &MAILED_10,
    }
}

const FIGURE_8: Transmitter = Transmitter {
    typed_number: "8.S301.typed-number",
    speed_dial: "8.S301.speed-dial",
    speed_dial_without_number: "8.S301.speed-dial-without-number",
    speed_dial_unknown: "8.S301.speed-dial-unknown",
    address_in_table: "8.S301.address-in-table",
    address_without_number: "8.S301.address-without-number",
    address_unknown: "8.S301.address-unknown",
    call: Call {
        established: Some("8.S303.established"),
        no_call: "8.S303.failed",
        refused: "8.S305.refused",
        silent: "8.S305.silent",
        extended: SESSION_8,
        plain: SESSION_8,
    },
    table_address: Some("8.S309.table-address"),
    typed_address: Some("8.S309.typed-address"),
    no_address: "8.S309.no-address",
};

const SESSION_8: Session = Session {
    accepted: Some("8.S305.accepted"),
    sent: Some("8.S306.sent"),
    rejected: "8.S306.rejected",
    lost_before_dot: "8.S306.lost-before-dot",
    lost_after_dot: "8.S306.lost-after-dot",
};

const CONFIRMED_8: Awaiting = Awaiting {
    by_call: Some("8.S310.by-call"),
    by_mail: Some("8.S310.by-mail"),
    confirmed: None,
    never: Some("8.S310.never"),
    capable: None,
    incapable: None,
    learns: Some(Learns { learned: "8.S311.learned", nothing_to_learn: "8.S311.nothing-to-learn" }),
};

const CALLED_8: Recipient = Recipient {
    new_record: Some("8.S353.new-record"),
    updated_record: Some("8.S353.updated-record"),
    no_number: Some("8.S353.no-number"),
    confirmed: Some("8.S355.confirmed"),
    call_back_failed: Some("8.S355.call-back-failed"),
    not_asked: Some("8.S355.not-asked"),
    number_unknown: Some("8.S355.number-unknown"),
    by_call: true,
};

const MAILED_8: Recipient = Recipient {
    new_record: Some("8.S361.new-record"),
    updated_record: Some("8.S361.updated-record"),
    no_number: Some("8.S361.no-number"),
    confirmed: Some("8.S362.confirmed"),
    call_back_failed: Some("8.S362.call-back-failed"),
    not_asked: Some("8.S362.not-asked"),
    number_unknown: Some("8.S362.number-unknown"),
    by_call: false,
};

const FIGURE_10: Transmitter = Transmitter {
    typed_number: "10.S101.typed-number",
    speed_dial: "10.S101.speed-dial",
    speed_dial_without_number: "10.S101.speed-dial-without-number",
    speed_dial_unknown: "10.S101.speed-dial-unknown",
    address_in_table: "10.S101.address-in-table",
    address_without_number: "10.S101.address-without-number",
    address_unknown: "10.S101.address-unknown",
    call: Call {
        established: Some("10.S103.established"),
        no_call: "10.S103.failed",
        refused: "10.S105.failed",
        silent: "10.S105.failed",
        extended: Session {
            accepted: Some("10.S105.extension-smtp"),
            sent: None,
            rejected: "11.S108.rejected",
            lost_before_dot: "11.S108.rejected",
            lost_after_dot: "11.S108.rejected",
        },
        plain: Session {
            accepted: Some("10.S105.smtp"),
            sent: None,
            rejected: "12.S110.rejected",
            lost_before_dot: "12.S110.rejected",
            lost_after_dot: "12.S110.rejected",
        },
    },
    table_address: None,
    typed_address: None,
    no_address: "10.S107.no-address",
};

const CONFIRMED_10: Awaiting = Awaiting {
    by_call: None,
    by_mail: None,
    confirmed: None,
    never: Some("10.S107.simple-no-mdn"),
    capable: Some("10.S107.full-mode"),
    incapable: Some("10.S107.simple-mdn-without-capabilities"),
    learns: None,
};

const CONFIRMED_13: Awaiting = Awaiting {
    by_call: None,
    by_mail: None,
    confirmed: None,
    never: Some("13.S201.never-called"),
    capable: Some("13.S203.capabilities-received"),
    incapable: Some("13.S203.no-capabilities"),
    learns: None,
};

/// S113: how the pages were formed anew.
pub(super) const REFORMED_SMALLER: &str = "12.S113.reformed-smaller";
pub(super) const SENT_AS_IS: &str = "12.S113.sent-as-is";
pub(super) const CAPABILITIES_UNKNOWN: &str = "12.S113.capabilities-unknown";

/// The second call, S113 and S158.
pub(super) const AGAIN: Call = Call {
    established: None,
    no_call: "12.S113.call-failed",
    refused: SMTP_FAILED,
    silent: SMTP_FAILED,
    extended: SESSION_12,
    plain: SESSION_12,
};

const SMTP_FAILED: &str = "12.S113.smtp-failed";

const SESSION_12: Session = Session {
    accepted: None,
    sent: None,
    rejected: SMTP_FAILED,
    lost_before_dot: SMTP_FAILED,
    lost_after_dot: SMTP_FAILED,
};

/// S114: the confirmation of the mail of S113.
pub(super) const CONFIRMED_12: Awaiting = Awaiting {
    by_call: None,
    by_mail: None,
    confirmed: Some("12.S114.confirmed"),
    never: Some("12.S114.never-confirmed"),
    capable: None,
    incapable: None,
    learns: None,
};

/// The confirmation of a second mail that answers one of S107: no figure names it.
pub(super) const CONFIRMED_UNNAMED: Awaiting = Awaiting { confirmed: None, never: None, ..CONFIRMED_12 };

const CALLED_11: Recipient = Recipient {
    new_record: Some("11.S153.new-record"),
    updated_record: Some("11.S153.updated-record"),
    no_number: Some("11.S153.no-number"),
    // The 250 behind the dot is receipt enough, and the mail of S108 asks for no other.
    confirmed: None,
    call_back_failed: None,
    not_asked: None,
    number_unknown: None,
    by_call: true,
};

const CALLED_12: Recipient = Recipient {
    new_record: Some("12.S155.new-record"),
    updated_record: Some("12.S155.updated-record"),
    no_number: Some("12.S155.no-number"),
    confirmed: None,
    call_back_failed: Some("13.S251.call-back-failed"),
    not_asked: None,
    number_unknown: None,
    by_call: true,
};

const MAILED_10: Recipient = Recipient {
    new_record: None,
    updated_record: None,
    no_number: None,
    confirmed: None,
    call_back_failed: None,
    not_asked: None,
    number_unknown: None,
    by_call: false,
};
