//! What an operator can do at the panel.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use faxproof_wire::page::{self, Form, Page};
use faxproof_wire::smtp::Notify;

use crate::core::Duration;
use crate::ta1::Row;
use crate::{ta2, ta3};

/// An action at the operation unit 8.
#[derive(Clone, Debug)]
pub struct Order {
    /// A number that stands for this order, stable when unrelated orders are added to a scenario.
    pub key: u64,
    /// What is done.
    pub action: Action,
}

/// The actions.
#[derive(Clone, Debug)]
pub enum Action {
    /// Put a document in, say where to, press start.
    Send {
        /// Where to.
        to: Destination,
        /// What to send.
        document: Document,
    },
    /// Show table Ta1 on the display.
    ListTable,
    /// Add a row to Ta1.
    AddRow(Row),
    /// Replace the first row with this number.
    EditRow {
        /// The number of the row to change.
        number: String,
        /// The new row.
        row: Row,
    },
    /// Delete the first row with this number.
    DeleteRow {
        /// Its number.
        number: String,
    },
    /// Look at or change table Ta2.
    Ta2(Ta2Action),
    /// Look at or change table Ta3 or Ta3'.
    Ta3(Ta3Action),
    /// Write a mail and send it: only a mail client takes this.
    Write(Arc<Writing>),
    /// End the call that runs.
    HangUp,
    /// Say something that no device says: only a tester takes this.
    Inject(Injection),
}

/// A mail as its user wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Writing {
    /// MAIL FROM; the user's own address unless given.
    pub from: Option<String>,
    /// RCPT TO, in order.
    pub to: Vec<String>,
    /// Header fields; what is missing of From, To, Date and Message-ID is added.
    pub header: Vec<(String, String)>,
    /// The text.
    pub text: String,
    /// Of what the sender wants to hear (RFC 3461).
    pub notify: Option<Notify>,
}

/// Something that a tester says.
#[derive(Clone, Debug)]
pub struct Injection {
    /// To whom.
    pub to: SocketAddr,
    /// Each a datagram, or each a connection on which this is said.
    pub copies: Vec<Bytes>,
    /// How long between two of them.
    pub every: Duration,
    /// How each connection ends; `None`: in datagrams.
    pub stream: Option<Ending>,
}

/// What a tester does with a connection when it has said all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ending {
    /// It lets it stand.
    #[default]
    Keep,
    /// It sends FIN.
    Close,
    /// It sends RST.
    Reset,
}

/// Where a document is to go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// A number or a mail address, as it was typed: it may be wrong.
    Typed(String),
    /// A speed dial number of table Ta2.
    SpeedDial(String),
}

/// What is done with table Ta2.
#[derive(Clone, Debug)]
pub enum Ta2Action {
    /// Show it on the display.
    List,
    /// Add a row.
    Add(ta2::Row),
    /// Replace the first row that fits.
    Edit(ta2::Key, ta2::Row),
    /// Delete the first row that fits.
    Delete(ta2::Key),
}

/// What is done with one of the tables of a mail server.
#[derive(Clone, Debug)]
pub enum Ta3Action {
    /// Table Ta3.
    Destinations(TableChange<ta3::Key, ta3::Row>),
    /// Table Ta3'.
    Specific(TableChange<ta3::Key, ta3::SpecificRow>),
}

/// What is done with a table.
#[derive(Clone, Debug)]
pub enum TableChange<K, R> {
    /// Show it on the display.
    List,
    /// Add a row.
    Add(R),
    /// Replace the first row that fits.
    Edit(K, R),
    /// Delete the first row that fits.
    Delete(K),
}

/// What lies in the scanning unit, or was typed.
#[derive(Clone, Debug)]
pub enum Document {
    /// Scanned pages: as the scanner gave them, and as every fax can print them.
    Image {
        /// The pages at the best that the scanner can do, kept until nobody can ask for a better copy.
        original: Arc<[Page]>,
        /// The same as a TIFF file of profile S: encoded once, shared by all calls.
        tiff: Bytes,
    },
    /// Typed text.
    Text(Arc<str>),
}

impl Document {
    /// A document of these pages.
    pub fn of_pages(original: Vec<Page>) -> Self {
        let simple = |page: &Page| {
            let resolution = page.resolution.min(Form::PROFILE_S.resolution);
            page::reform(page, Form { resolution, ..Form::PROFILE_S })
        };
        let tiff = page::tiff::write(&original.iter().map(simple).collect::<Vec<Page>>());
        Document::Image { original: original.into(), tiff }
    }
}
