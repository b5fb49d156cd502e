//! The HTTP client of one document.

use bytes::Bytes;
use faxproof_wire::http::{self, Response, ResponseReader};

use crate::core::Duration;

/// Responses 1xx that are taken before the final one (RFC 9110 §15.2 sets no bound, and a client needs one).
const MAX_INTERIM: u32 = 32;
/// The most characters of a response's text that an operator is shown.
const MAX_TEXT: usize = 200;

/// What is handed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posting {
    /// POST or PUT.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// Host: the authority of the passive side.
    pub host: String,
    /// Content-Type.
    pub kind: String,
    /// The document.
    pub body: Bytes,
    /// Whether to ask for a 100 before the body is sent.
    pub expect_continue: bool,
}

/// What the client waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// 100, with the body held back.
    Continue,
    /// The final response.
    Response,
}

impl Stage {
    /// How long the client waits. For a 100 it must not wait for ever (RFC 9110 §10.1.1); for the final
    /// response HTTP names no time, and two minutes are what SMTP gives for DATA.
    pub fn patience(self) -> Duration {
        match self {
            Stage::Continue => Duration::secs(3),
            Stage::Response => Duration::secs(120),
        }
    }
}

/// Why a document was not handed over.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The server said no, or sent us elsewhere, where this connection does not lead.
    #[error("{code} to {method}{text}")]
    Refused {
        /// The status code.
        code: u16,
        /// The method.
        method: String,
        /// What else it said, behind a colon.
        text: String,
    },
    /// The connection went away. A POST is never repeated then: nobody knows whether it was processed
    /// (RFC 9110 §9.2.2).
    #[error("the connection was lost before the response was complete")]
    Lost,
    /// No response in time.
    #[error("no response in time")]
    TimedOut,
    /// What came was no response, or one that makes no sense.
    #[error("no usable response: {0}")]
    Nonsense(String),
}

/// What follows from one event.
pub type Turn = crate::turn::Turn<Failure>;

/// A session.
#[derive(Clone, Debug)]
pub struct Client {
    posting: Posting,
    stage: Stage,
    responses: ResponseReader,
    interim: u32,
}

impl Client {
    /// A client that will send this when the connection stands.
    pub fn new(posting: Posting) -> Self {
        let stage = if posting.expect_continue { Stage::Continue } else { Stage::Response };
        Client { posting, stage, responses: ResponseReader::default(), interim: 0 }
    }

    /// What it waits for.
    pub fn stage(&self) -> Stage {
        self.stage
    }

    /// The connection stands: the client speaks first.
    pub fn opened(&mut self) -> Turn {
        let mut turn = Turn { send: vec![self.head()], ..Turn::default() };
        match self.stage {
            Stage::Continue => turn.patience = Some(Stage::Continue.patience()),
            Stage::Response => self.send_body(&mut turn),
        }
        turn
    }

    /// Bytes came from the server.
    pub fn bytes(&mut self, bytes: &[u8]) -> Turn {
        self.responses.feed(bytes);
        let mut turn = Turn::default();
        while turn.done.is_none() {
            match self.responses.next_response() {
                Ok(None) => break,
                Ok(Some(response)) => self.response(&response, &mut turn),
                Err(error) => turn.done = Some(Err(Failure::Nonsense(error.to_string()))),
            }
        }
        turn
    }

    /// The connection ended, by FIN (`in_order`) or by a reset. What came of the session.
    pub fn closed(&mut self, in_order: bool) -> Result<(), Failure> {
        let last = self.responses.at_end().filter(|_| in_order);
        let mut turn = Turn::default();
        if let Some(response) = last {
            self.response(&response, &mut turn);
        }
        turn.done.unwrap_or(Err(Failure::Lost))
    }

    /// Nothing came in time. No 100: the body goes out without it (RFC 9110 §10.1.1).
    pub fn timed_out(&mut self) -> Turn {
        match self.stage {
            Stage::Continue => {
                let mut turn = Turn::default();
                self.send_body(&mut turn);
                turn
            }
            Stage::Response => Turn::over(Err(Failure::TimedOut)),
        }
    }

    /// RFC 9110 §15: the class decides, and an unknown code is the x00 of its class.
    fn response(&mut self, response: &Response, turn: &mut Turn) {
        let code = response.head.code;
        match (code, self.stage) {
            (100..=199, _) if self.interim >= MAX_INTERIM => {
                turn.done = Some(Err(Failure::Nonsense("there is no end of 1xx responses".to_owned())));
            }
            (101, _) => turn.done = Some(Err(Failure::Nonsense("101 without Upgrade".to_owned()))),
            (100, Stage::Continue) => {
                self.interim += 1;
                self.send_body(turn);
            }
            (100..=199, _) => self.interim += 1,
            (200..=299, Stage::Response) => turn.done = Some(Ok(())),
            (200..=299, Stage::Continue) => {
                turn.done = Some(Err(Failure::Nonsense(format!("{code} before the document was sent"))));
            }
            // The request without the expectation, as long as nothing of the body went out.
            (417, Stage::Continue) if response.head.persists() => {
                self.posting.expect_continue = false;
                turn.send.push(self.head());
                self.send_body(turn);
            }
            _ => {
                let (method, text) = (self.posting.method.clone(), text_of(response));
                turn.done = Some(Err(Failure::Refused { code, method, text }));
            }
        }
    }

    fn head(&self) -> Bytes {
        let Posting { method, target, host, kind, body, expect_continue } = &self.posting;
        let length = body.len().to_string();
        let mut fields =
            vec![("Host", host.as_str()), ("Content-Type", kind.as_str()), ("Content-Length", &length)];
        if *expect_continue {
            fields.push(("Expect", "100-continue"));
        }
        http::request(method, target, &fields).into()
    }

    fn send_body(&mut self, turn: &mut Turn) {
        turn.send.push(self.posting.body.clone());
        self.stage = Stage::Response;
        turn.patience = Some(Stage::Response.patience());
    }
}

/// What a response says in words, for the operator; nothing of it decides anything.
fn text_of(response: &Response) -> String {
    let is_text =
        response.head.fields.first("Content-Type").is_some_and(|kind| kind.starts_with("text/plain"));
    let text = String::from_utf8_lossy(if is_text { &response.body } else { b"" });
    let line: String = text.trim().chars().filter(|c| !c.is_control()).take(MAX_TEXT).collect();
    if line.is_empty() { line } else { format!(": {line}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "POST / HTTP/1.1\r\nHost: b:1\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n";

    fn client(expect_continue: bool) -> Client {
        let text = |text: &str| text.to_owned();
        let (method, target, host, kind) = (text("POST"), text("/"), text("b:1"), text("text/plain"));
        Client::new(Posting { method, target, host, kind, body: Bytes::from_static(b"hi"), expect_continue })
    }

    fn said(turn: &Turn) -> String {
        String::from_utf8(turn.send.concat()).expect("ASCII")
    }

    /// What comes of these bytes in answer to a document that was sent at once.
    fn outcome(bytes: &str) -> Option<Result<(), Failure>> {
        let mut client = client(false);
        client.opened();
        client.bytes(bytes.as_bytes()).done
    }

    #[test]
    fn the_document_follows_its_head_at_once() {
        let mut client = client(false);
        assert_eq!(said(&client.opened()), format!("{HEAD}\r\nhi"));
        let turn = client.bytes(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n");
        assert_eq!(turn.done, Some(Ok(())));
    }

    #[test]
    fn every_2xx_is_a_success_and_every_other_final_code_a_failure() {
        for code in [200, 201, 202, 204, 299] {
            let answer = format!("HTTP/1.1 {code} x\r\nContent-Length: 0\r\n\r\n");
            assert_eq!(outcome(&answer), Some(Ok(())), "{code}");
        }
        for code in [300, 302, 400, 404, 417, 499, 500, 503, 599] {
            let answer = format!("HTTP/1.1 {code} x\r\nContent-Length: 0\r\n\r\n");
            let refused =
                matches!(outcome(&answer), Some(Err(Failure::Refused { code: c, .. })) if c == code);
            assert!(refused, "{code}");
        }
    }

    #[test]
    fn the_words_of_a_refusal_are_kept() {
        let answer = "HTTP/1.1 422 x\r\nContent-Type: text/plain\r\nContent-Length: 7\r\n\r\nno page";
        let failure = outcome(answer).and_then(Result::err).expect("a failure");
        assert_eq!(failure.to_string(), "422 to POST: no page");
    }

    #[test]
    fn the_body_waits_for_100() {
        let mut client = client(true);
        assert_eq!(said(&client.opened()), format!("{HEAD}Expect: 100-continue\r\n\r\n"));
        assert_eq!(said(&client.bytes(b"HTTP/1.1 100 Continue\r\n\r\n")), "hi");
    }

    #[test]
    fn without_100_the_body_goes_out_when_patience_ends() {
        let mut client = client(true);
        client.opened();
        assert_eq!(said(&client.timed_out()), "hi");
        assert_eq!(client.timed_out().done, Some(Err(Failure::TimedOut)));
    }

    #[test]
    fn a_refused_expectation_is_dropped_and_the_request_repeated() {
        let mut client = client(true);
        client.opened();
        let turn = client.bytes(b"HTTP/1.1 417 x\r\nContent-Length: 0\r\n\r\n");
        assert_eq!(said(&turn), format!("{HEAD}\r\nhi"));
        let turn = client.bytes(b"HTTP/1.1 417 x\r\nContent-Length: 0\r\n\r\n");
        assert!(matches!(turn.done, Some(Err(Failure::Refused { code: 417, .. }))), "once only");
    }

    #[test]
    fn a_success_for_a_body_that_was_never_sent_is_none() {
        let mut client = client(true);
        client.opened();
        let turn = client.bytes(b"HTTP/1.1 200 x\r\nContent-Length: 0\r\n\r\n");
        assert!(matches!(turn.done, Some(Err(Failure::Nonsense(_)))));
    }

    #[test]
    fn endless_1xx_end() {
        assert_eq!(outcome(&"HTTP/1.1 102 x\r\n\r\n".repeat(32)), None);
        assert!(matches!(outcome(&"HTTP/1.1 102 x\r\n\r\n".repeat(33)), Some(Err(Failure::Nonsense(_)))));
    }

    #[test]
    fn interim_responses_win_no_time() {
        let mut client = client(false);
        client.opened();
        assert_eq!(client.bytes(b"HTTP/1.1 102 x\r\n\r\n").patience, None);
    }

    #[test]
    fn a_response_cut_off_is_no_success() {
        let mut client = client(false);
        client.opened();
        client.bytes(b"HTTP/1.1 200 x\r\nContent-Length: 5\r\n\r\nab");
        assert_eq!(client.closed(true), Err(Failure::Lost));
    }

    #[test]
    fn a_response_whose_body_ends_with_the_connection_needs_an_orderly_end() {
        for (in_order, outcome) in [(true, Ok(())), (false, Err(Failure::Lost))] {
            let mut client = client(false);
            client.opened();
            assert_eq!(client.bytes(b"HTTP/1.1 200 x\r\n\r\nab").done, None);
            assert_eq!(client.closed(in_order), outcome);
        }
    }

    #[test]
    fn what_is_no_response_is_a_failure() {
        for nonsense in ["220 fax ESMTP\r\n\r\n", "HTTP/1.1 200 x\nA: b\n\n", "HTTP/2.0 200 x\r\n\r\n"] {
            assert!(matches!(outcome(nonsense), Some(Err(Failure::Nonsense(_)))), "{nonsense:?}");
        }
    }
}
