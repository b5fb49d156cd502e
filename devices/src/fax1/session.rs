//! The announced protocol as the call sees it: one session of a client, one of a server, whichever
//! protocol it is (paragraphs 0080 and 0083).

use std::net::SocketAddr;

use super::phone::Phone;
use super::post::{self, Mailbox};
use crate::config::{FaxConfig, Protocol};
use crate::core::{Duration, Time};
use crate::http::{self, ServerHabits};
use crate::order::Document;
use crate::smtp;
use crate::turn::{ServerTurn, Turn};

/// What a session says of its failure is for the operator.
type Told = Turn<String>;

/// The sending side.
#[derive(Clone, Debug)]
pub(super) enum Session {
    Smtp(smtp::Client),
    Http(http::Client),
}

impl Session {
    /// Converts the document and prepares its transmission (S7, S15) to the passive side at `to`.
    pub(super) fn of(
        protocol: Protocol,
        phone: &Phone,
        now: Time,
        call: u64,
        number: &str,
        to: SocketAddr,
        document: &Document,
    ) -> Session {
        let config: &FaxConfig = &phone.config;
        match protocol {
            Protocol::Smtp => {
                let envelope = post::compose(config, &phone.entropy, now, call, number, document);
                Session::Smtp(smtp::Client::new(post::mail_domain(config), envelope))
            }
            Protocol::Http => Session::Http(http::Client::new(post::posting(config, to, document))),
        }
    }

    /// The connection stands. In SMTP the server speaks first, in HTTP the client.
    pub(super) fn opened(&mut self) -> Told {
        match self {
            Session::Smtp(client) => Turn { patience: Some(client.stage().patience()), ..Turn::default() },
            Session::Http(client) => client.opened().map(|failure| failure.to_string()),
        }
    }

    /// Bytes came from the server.
    pub(super) fn bytes(&mut self, bytes: &[u8]) -> Told {
        match self {
            Session::Smtp(client) => client.bytes(bytes).map(|failure| failure.to_string()),
            Session::Http(client) => client.bytes(bytes).map(|failure| failure.to_string()),
        }
    }

    /// The connection ended, by FIN (`in_order`) or otherwise. What came of the session.
    pub(super) fn closed(&mut self, in_order: bool) -> Result<(), String> {
        match self {
            Session::Smtp(client) => client.closed().map_err(|failure| failure.to_string()),
            Session::Http(client) => client.closed(in_order).map_err(|failure| failure.to_string()),
        }
    }

    /// What was awaited did not come in time.
    pub(super) fn timed_out(&mut self) -> Told {
        match self {
            Session::Smtp(client) => Turn::over(client.timed_out().map_err(|failure| failure.to_string())),
            Session::Http(client) => client.timed_out().map(|failure| failure.to_string()),
        }
    }
}

/// The receiving side.
#[derive(Clone, Debug)]
pub(super) enum Serving {
    Smtp(smtp::Server),
    Http(http::Server),
}

impl Serving {
    /// A server at this port of ours.
    pub(super) fn of(protocol: Protocol, config: &FaxConfig, port: u16) -> Serving {
        let size_limit = config.habits.size_limit;
        match protocol {
            Protocol::Smtp => Serving::Smtp(smtp::Server::new(post::mail_domain(config), size_limit)),
            Protocol::Http => Serving::Http(http::Server::new(ServerHabits {
                method: config.habits.http.method.as_str().to_owned(),
                target: config.habits.http.target.clone(),
                authority: SocketAddr::new(config.address, port).to_string(),
                size_limit,
                answers_with: config.habits.http.answers_with,
            })),
        }
    }

    /// What it says as soon as the connection stands: nothing in HTTP.
    pub(super) fn greeting(&self) -> bytes::Bytes {
        match self {
            Serving::Smtp(server) => server.greeting(),
            Serving::Http(_) => bytes::Bytes::new(),
        }
    }

    /// Bytes came from the client.
    pub(super) fn bytes(&mut self, bytes: &[u8], mailbox: &mut Mailbox<'_>) -> ServerTurn {
        match self {
            Serving::Smtp(server) => server.bytes(bytes, mailbox),
            Serving::Http(server) => server.bytes(bytes, mailbox),
        }
    }

    /// A document has begun and is not complete.
    pub(super) fn in_document(&self) -> bool {
        match self {
            Serving::Smtp(server) => server.in_mail(),
            Serving::Http(server) => server.in_document(),
        }
    }

    /// The client let too much time pass: what is to be said before the connection closes.
    pub(super) fn timed_out(&mut self) -> bytes::Bytes {
        match self {
            Serving::Smtp(_) => bytes::Bytes::new(),
            Serving::Http(server) => server.timed_out(),
        }
    }

    /// Whether it closes its own direction first and goes on listening: of HTTP the client may still
    /// be sending, and would lose the response to a reset (RFC 9112 §9.6).
    pub(super) fn lingers(&self) -> bool {
        matches!(self, Serving::Http(_))
    }
}

/// The port of an authority that names none (RFC 9110 §4.2.1).
pub(super) const HTTP_PORT: u16 = 80;

/// How long a client may take for its next step. No wait of SMTP is cut short by it (RFC 5321
/// §4.5.3.2.7 gives a client 5 minutes between commands, and 10 to the end of a message).
pub(super) const IDLE: Duration = Duration::secs(600);
