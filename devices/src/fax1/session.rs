//! The announced protocol as the caller sees it: one session of a client, whichever protocol it is
//! (paragraphs 0080 and 0083).

use std::net::SocketAddr;

use super::post;
use crate::config::{FaxConfig, Protocol};
use crate::core::{Entropy, Time};
use crate::order::Document;
use crate::turn::Turn;
use crate::{http, smtp};

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
        (config, entropy): (&FaxConfig, &Entropy),
        now: Time,
        call: u64,
        number: &str,
        to: SocketAddr,
        document: &Document,
    ) -> Session {
        match protocol {
            Protocol::Smtp => {
                let envelope = post::compose(config, entropy, now, call, number, document);
                Session::Smtp(smtp::Client::new(config.mail_domain(), envelope))
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
