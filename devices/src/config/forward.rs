//! What is set up of a mail server that forwards over SIP (mail servers 201 and 201A of the patent).

use crate::config::LineConfig;
use crate::ta3::{Row, SpecificRow};

/// Set-up of its forwarding.
#[derive(Clone, Debug)]
pub struct ForwardConfig {
    /// Its line.
    pub line: LineConfig,
    /// How it finds the number of a destination (S404).
    pub search: Search,
    /// Whether it decodes the text of a mail (base64, quoted-printable) before it looks there.
    pub decodes: bool,
    /// Table Ta3 as delivered.
    pub ta3: Vec<Row>,
    /// Table Ta3' as delivered.
    pub ta3_prime: Vec<SpecificRow>,
    /// Whether it asks which protocols the peer supports (T203), as Figure 17 has it.
    pub asks: bool,
    /// What follows when no call comes about or the peer cannot do SMTP (S405, S406).
    pub on_failure: OnFailure,
    /// When it answers a client that gave it a mail.
    pub replies: Replies,
    /// Calls that it makes at one time; a further mail waits until one of them is over.
    pub most_calls: usize,
}

/// How S404 finds a number. The two are ways of different machines (paragraphs 0142, 0149) and never mixed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Search {
    /// Mail server 201: a number of the IP telephone network, or a row of table Ta3.
    Numbers {
        /// Where it looks, in this order.
        places: Vec<Place>,
        /// How such a number begins (paragraph 0132): `050-`.
        systematic: Vec<String>,
        /// How many digits follow that.
        digits: usize,
    },
    /// Mail server 201A: specific information of table Ta3'.
    Specific {
        /// Where it may stand, in this order.
        places: Vec<Spot>,
    },
}

/// Where mail server 201 finds a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In front of the `@` of a recipient.
    BeforeAt,
    /// Behind it: as a label of the domain.
    AfterAt,
    /// In the header of the mail.
    Header,
    /// In its text.
    Body,
    /// In the row of table Ta3 that has the recipient's address.
    Address,
    /// In the row of table Ta3 that has the recipient's domain.
    Domain,
}

/// Where mail server 201A finds specific information.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spot {
    /// In a recipient.
    Rcpt,
    /// In the header of the mail.
    Header,
    /// In its text.
    Body,
}

/// What follows when a mail cannot be handed over in a call. The patent does not say; no mail may be lost (RFC 5321
/// §6.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnFailure {
    /// It goes by normal SMTP at once (S408).
    #[default]
    Relay,
    /// It is called again when the queue tries again.
    Retry,
    /// Its sender is told that it failed.
    Bounce,
}

impl Default for Search {
    /// Mail server 201. What anybody writes into a mail diverts it only where that is set up: a number in its text may
    /// be no more than a signature.
    fn default() -> Self {
        Search::Numbers {
            places: vec![Place::BeforeAt, Place::AfterAt, Place::Address, Place::Domain],
            systematic: vec!["050-".to_owned(), "080-".to_owned()],
            digits: 8,
        }
    }
}

/// When a client hears of its mail (paragraph 0145: the result is known at the same time).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replies {
    /// As soon as the server has it. What becomes of it is told by mail.
    AtOnce,
    /// With the result of the first try, where the mail goes one way and no other: 250 says that the destination has
    /// it, and a refusal is the destination's own. What takes longer than a client waits is answered before.
    WithResult,
}
