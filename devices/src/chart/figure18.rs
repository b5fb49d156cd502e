//! Figure 18: mail server 201 forwards a mail over SIP, or by normal SMTP (paragraphs 0139 to 0151). Each recipient of
//! a mail has a walk of its own, as far as the ways part.

use super::{Arc, Chart, END, Step};

/// Figure 18. The server's own notices begin at S402; a mail that waited in its queue goes on at S405 or S408.
pub const FIGURE_18: Chart = Chart {
    figure: "18",
    title: "A mail server forwards directly to a number that it finds, and by normal SMTP where it finds none",
    starts: &["S401", "S402", "S405", "S408"],
    steps: &[
        Step { name: "S401", text: "receive a mail by SMTP", next: &[] },
        Step { name: "S402", text: "is it to be forwarded? Its domain is not the server's own", next: &[] },
        Step { name: "S403", text: "store it in the POP mailbox", next: &[] },
        Step {
            name: "S404",
            text: "does the server have the IP telephone number of the destination?",
            next: &[],
        },
        Step { name: "S405", text: "start call control session (T201, R201, R202, T202)", next: &[] },
        Step { name: "S406", text: "T203, R203, T204, then the mail by SMTP (T205, T206)", next: &[] },
        Step { name: "S407", text: "end call control session (T207, R204): the result is known", next: &[] },
        Step { name: "S408", text: "normal SMTP, server by server", next: &[] },
    ],
    arcs: &[
        Arc { name: "18.S401.from-client", from: "S401", to: &["S402"], text: "nobody took it before" },
        Arc { name: "18.S401.from-server", from: "S401", to: &["S402"], text: "another server passed it on" },
        Arc {
            name: "18.S402.split",
            from: "S402",
            to: &["S402"],
            text: "it has several recipients: each goes its own way",
        },
        Arc {
            name: "18.S402.own",
            from: "S402",
            to: &["S403", END],
            text: "the domain is the server's own; it may have no such mailbox",
        },
        Arc { name: "18.S402.forward", from: "S402", to: &["S404"], text: "the domain is another" },
        Arc {
            name: "18.S403.stored-and-popped",
            from: "S403",
            to: &["S403", END],
            text: "its user collected it by POP3",
        },
        Arc {
            name: "18.S404.number-before-at",
            from: "S404",
            to: &["S405"],
            text: "a number stands in front of the @ of the recipient",
        },
        Arc {
            name: "18.S404.number-after-at",
            from: "S404",
            to: &["S405"],
            text: "a number stands behind it, in the domain",
        },
        Arc {
            name: "18.S404.number-in-header",
            from: "S404",
            to: &["S405"],
            text: "a number stands in the header",
        },
        Arc {
            name: "18.S404.number-in-body",
            from: "S404",
            to: &["S405"],
            text: "a number stands in the text",
        },
        Arc { name: "18.S404.table-address", from: "S404", to: &["S405"], text: "Ta3 has the address" },
        Arc { name: "18.S404.table-domain", from: "S404", to: &["S405"], text: "Ta3 has the domain" },
        Arc {
            name: "18.S404.specific-in-rcpt",
            from: "S404",
            to: &["S405"],
            text: "specific information of Ta3' stands in the recipient",
        },
        Arc {
            name: "18.S404.specific-in-header",
            from: "S404",
            to: &["S405"],
            text: "specific information of Ta3' stands in the header",
        },
        Arc {
            name: "18.S404.specific-in-body",
            from: "S404",
            to: &["S405"],
            text: "specific information of Ta3' stands in the text",
        },
        Arc { name: "18.S404.none", from: "S404", to: &["S408"], text: "it has no number" },
        Arc {
            name: "18.S404.own-number",
            from: "S404",
            to: &["S408"],
            text: "the number is its own: it never calls itself",
        },
        Arc { name: "18.S405.established", from: "S405", to: &["S406"], text: "ACK was sent" },
        Arc {
            name: "18.S405.failed",
            from: "S405",
            to: &["S408", "S405", END],
            text: "no call came about: S408, another call later, or the sender is told, as it is declared",
        },
        Arc { name: "18.S406.delivered", from: "S406", to: &["S407", END], text: "250 behind the final dot" },
        Arc {
            name: "18.S406.smtp-not-presented",
            from: "S406",
            to: &["S407", "S408", "S405", END],
            text: "the peer does not support SMTP, or declines it",
        },
        Arc {
            name: "18.S406.rejected",
            from: "S406",
            to: &["S407", END],
            text: "5yz: the sender is told at once",
        },
        Arc {
            name: "18.S406.deferred",
            from: "S406",
            to: &["S407", "S405", END],
            text: "4yz: it is tried again later, until the server gives up",
        },
        Arc {
            name: "18.S406.lost-before-dot",
            from: "S406",
            to: &["S407", "S408", "S405", END],
            text: "the session broke before the final dot: the peer has no mail",
        },
        Arc {
            name: "18.S406.lost-after-dot",
            from: "S406",
            to: &["S407", "S405", END],
            text: "it broke behind it: nobody knows, and it is tried again under the same Message-ID",
        },
        Arc { name: "18.S408.relayed", from: "S408", to: &[END], text: "the next server has it" },
        Arc {
            name: "18.S408.deferred",
            from: "S408",
            to: &["S408", "S405", END],
            text: "it is tried again later",
        },
        Arc {
            name: "18.S408.bounced",
            from: "S408",
            to: &[END],
            text: "it failed, and its sender is told (DSN)",
        },
    ],
};
