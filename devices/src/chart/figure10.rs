//! Figures 10 to 13: internet facsimile machine 118, of full mode (paragraphs 0114 to 0127). Figure 10 is the
//! beginning; Figure 11 goes on with a peer of extension SMTP, Figure 12 with one without, and Figure 13 is the
//! call by which that one tells what it can print.

use super::{Arc, Chart, END, Step};

/// Figure 10.
pub const FIGURE_10: Chart = Chart {
    figure: "10",
    title: "A fax of full mode tells peers of extension SMTP from others",
    starts: &["S101"],
    steps: &[
        Step { name: "S101", text: "does the fax have the number of the destination?", next: &[] },
        Step { name: "S102", text: "start call control session", next: &["S103"] },
        Step { name: "S103", text: "did the SIP connection come up?", next: &[] },
        Step { name: "S104", text: "EHLO; HELO where it is not answered 250", next: &["S105"] },
        Step { name: "S105", text: "what kind of recipient is it?", next: &[] },
        Step { name: "S106", text: "end call control session", next: &["S107"] },
        Step { name: "S107", text: "normal SMTP to the address, in full mode", next: &[] },
        Step { name: "S108", text: "Figure 11: the mail, our number in MAIL FROM", next: &["S106"] },
        Step { name: "S110", text: "Figure 12: mail M3 with our number", next: &["S106"] },
    ],
    arcs: &[
        Arc { name: "10.S101.typed-number", from: "S101", to: &["S102"], text: "a number was typed" },
        Arc {
            name: "10.S101.speed-dial",
            from: "S101",
            to: &["S102"],
            text: "the speed dial number has an IP telephone number in Ta2",
        },
        Arc {
            name: "10.S101.address-in-table",
            from: "S101",
            to: &["S102"],
            text: "the address has an IP telephone number in Ta2",
        },
        Arc {
            name: "10.S101.address-unknown",
            from: "S101",
            to: &["S107"],
            text: "the address is not in Ta2",
        },
        Arc {
            name: "10.S101.address-without-number",
            from: "S101",
            to: &["S107"],
            text: "its row has no IP telephone number",
        },
        Arc {
            name: "10.S101.speed-dial-without-number",
            from: "S101",
            to: &["S107"],
            text: "its row has no IP telephone number",
        },
        Arc { name: "10.S101.speed-dial-unknown", from: "S101", to: &[END], text: "the panel refuses it" },
        Arc { name: "10.S103.established", from: "S103", to: &["S104"], text: "ACK was sent" },
        Arc { name: "10.S103.failed", from: "S103", to: &["S107"], text: "no call came about" },
        Arc {
            name: "10.S105.extension-smtp",
            from: "S105",
            to: &["S108"],
            text: "250 to EHLO: the first recipient",
        },
        Arc {
            name: "10.S105.smtp",
            from: "S105",
            to: &["S110"],
            text: "EHLO refused, 250 to HELO: the second recipient",
        },
        Arc {
            name: "10.S105.failed",
            from: "S105",
            to: &["S106"],
            text: "neither, or no reply, or SMTP was declined",
        },
        Arc {
            name: "10.S107.full-mode",
            from: "S107",
            to: &[END],
            text: "an MDN came back that says what the recipient can print",
        },
        Arc { name: "10.S107.simple-no-mdn", from: "S107", to: &[END], text: "no MDN came back" },
        Arc {
            name: "10.S107.simple-mdn-without-capabilities",
            from: "S107",
            to: &[END],
            text: "an MDN came back that does not say it",
        },
        Arc {
            name: "10.S107.no-address",
            from: "S107",
            to: &[END],
            text: "no address is known: failure told",
        },
    ],
};

/// Figure 11.
pub const FIGURE_11: Chart = Chart {
    figure: "11",
    title: "With a peer of extension SMTP the number rides in MAIL FROM",
    starts: &["S108", "S153"],
    steps: &[
        Step { name: "S108", text: "send the mail, our number in MAIL FROM", next: &["S109"] },
        Step { name: "S109", text: "end call control session", next: &[END] },
        Step { name: "S153", text: "store the number with the address from From", next: &[] },
        Step { name: "S154", text: "end call control session", next: &[END] },
    ],
    arcs: &[
        Arc {
            name: "11.S108.rejected",
            from: "S108",
            to: &["S109"],
            text: "the peer refused the mail, or the session broke",
        },
        Arc { name: "11.S153.new-record", from: "S153", to: &["S153", "S154"], text: "in a new row" },
        Arc {
            name: "11.S153.updated-record",
            from: "S153",
            to: &["S153", "S154"],
            text: "in the row of the address",
        },
        Arc {
            name: "11.S153.no-number",
            from: "S153",
            to: &["S153", "S154"],
            text: "MAIL FROM gives no number",
        },
    ],
};

/// Figure 12.
pub const FIGURE_12: Chart = Chart {
    figure: "12",
    title: "With a peer without extensions mail M3 asks what it can print, and the page is formed for it",
    starts: &["S110", "S155"],
    steps: &[
        Step { name: "S110", text: "send mail M3 with our number", next: &["S111"] },
        Step { name: "S111", text: "end SMTP and SIP", next: &["S112"] },
        Step { name: "S112", text: "the recipient calls: Figure 13", next: &["S113", END] },
        Step { name: "S113", text: "form the page for the recipient, call and send it", next: &[] },
        Step { name: "S114", text: "the recipient calls: a reception confirmation", next: &[] },
        Step { name: "S155", text: "store the number of the transmitter", next: &[] },
        Step { name: "S156", text: "end SMTP and SIP", next: &["S157"] },
        Step { name: "S157", text: "call the transmitter: Figure 13", next: &["S158", END] },
        Step { name: "S158", text: "receive the page", next: &["S155", "S159"] },
        Step { name: "S159", text: "call the transmitter: a reception confirmation", next: &[END] },
    ],
    arcs: &[
        Arc {
            name: "12.S110.rejected",
            from: "S110",
            to: &["S111"],
            text: "the peer refused the mail, or the session broke",
        },
        Arc {
            name: "12.S113.reformed-smaller",
            from: "S113",
            to: &["S113", "S114"],
            text: "the recipient prints less than the original has: made smaller",
        },
        Arc {
            name: "12.S113.sent-as-is",
            from: "S113",
            to: &["S113", "S114"],
            text: "the recipient prints all that the original has",
        },
        Arc {
            name: "12.S113.capabilities-unknown",
            from: "S113",
            to: &["S113", "S114"],
            text: "what the recipient prints is not known: profile S",
        },
        Arc {
            name: "12.S113.call-failed",
            from: "S113",
            to: &["S114"],
            text: "no call came about: the page goes by normal SMTP",
        },
        Arc {
            name: "12.S113.smtp-failed",
            from: "S113",
            to: &["S114"],
            text: "SMTP could not be done, or broke: the page goes by normal SMTP",
        },
        Arc { name: "12.S114.confirmed", from: "S114", to: &[END], text: "the confirmation came" },
        Arc {
            name: "12.S114.never-confirmed",
            from: "S114",
            to: &[END],
            text: "it did not come in the fax's own time",
        },
        Arc { name: "12.S155.new-record", from: "S155", to: &["S155", "S156"], text: "in a new row" },
        Arc {
            name: "12.S155.updated-record",
            from: "S155",
            to: &["S155", "S156"],
            text: "in the row of the address",
        },
        Arc {
            name: "12.S155.no-number",
            from: "S155",
            to: &["S155", "S156"],
            text: "the mail gives no number",
        },
    ],
};

/// Figure 13.
pub const FIGURE_13: Chart = Chart {
    figure: "13",
    title: "The recipient calls back and tells what it can print",
    starts: &["S201", "S251"],
    steps: &[
        Step { name: "S201", text: "a call from the recipient", next: &["S202"] },
        Step { name: "S202", text: "SMTP session", next: &["S203"] },
        Step { name: "S203", text: "receive the MDN", next: &[] },
        Step { name: "S204", text: "end SMTP and SIP", next: &[END] },
        Step { name: "S251", text: "call the transmitter", next: &[] },
    ],
    arcs: &[
        Arc {
            name: "13.S201.never-called",
            from: "S201",
            to: &[END],
            text: "nobody called in the fax's own time",
        },
        Arc {
            name: "13.S203.capabilities-received",
            from: "S203",
            to: &["S204"],
            text: "the MDN says what the recipient can print",
        },
        Arc { name: "13.S203.no-capabilities", from: "S203", to: &["S204"], text: "it does not say it" },
        Arc {
            name: "13.S251.call-back-failed",
            from: "S251",
            to: &["S251", END],
            text: "no call came about: the MDN goes by mail",
        },
    ],
};
