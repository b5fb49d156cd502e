//! The server of a protocol at our end of a connection: one of SMTP, one of HTTP (paragraph 0074).

use std::net::SocketAddr;

use crate::config::{LineConfig, Protocol};
use crate::core::Duration;
use crate::http::{self, ServerHabits, Tray};
use crate::smtp::{self, PostOffice};
use crate::turn::ServerTurn;

/// The receiving side.
#[derive(Clone, Debug)]
pub(crate) enum Serving {
    Smtp(smtp::Server),
    Http(http::Server),
}

impl Serving {
    /// A server at this port of ours.
    pub(super) fn of(protocol: Protocol, config: &LineConfig, port: u16) -> Serving {
        let size_limit = config.habits.size_limit;
        match protocol {
            Protocol::Smtp => {
                let server = smtp::Server::new(config.smtp_name.clone(), size_limit);
                let server = server.offering(config.habits.offers);
                let strict = config.habits.refuses_bare_line_ends;
                Serving::Smtp(if strict { server.refusing_bare_line_ends() } else { server })
            }
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
    pub(crate) fn bytes(&mut self, bytes: &[u8], desk: &mut (impl PostOffice + Tray)) -> ServerTurn {
        match self {
            Serving::Smtp(server) => server.bytes(bytes, desk),
            Serving::Http(server) => server.bytes(bytes, desk),
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
