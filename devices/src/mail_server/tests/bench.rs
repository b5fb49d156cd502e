//! A mail server that forwards, and by hand all that is around it: a client, the SIP server, the peer of its calls, other
//! mail servers, the name server.

use std::collections::BTreeSet;

use faxproof_wire::sip::{Message, Name};

use super::*;
use crate::config::ForwardConfig;
use crate::core::Question;
use crate::order::Ta3Action;
use crate::testing::{Table, answer, forwards, sent};

const SIP_SERVER: &str = "10.0.0.5:5060";
/// The number of c.example and d.example in table Ta3.
pub(super) const NUMBER: &str = "050-1234-5678";

/// The server and everything that it asked for so far.
pub(super) struct Bench {
    pub(super) table: Table<MailServer>,
    pub(super) seen: Vec<Effect>,
    clients: u64,
}

/// A call that stands, with the connection in it.
pub(super) struct Call {
    invite: Message,
    pub(super) conn: Conn,
}

/// As the server of the other tests, and it forwards: c.example and d.example are of one number.
pub(super) fn forwarding() -> MailServerConfig {
    let row =
        |destination: &str, number: &str| Row { destination: destination.into(), number: number.into() };
    // The same number, written otherwise.
    let ta3 =
        vec![row("c.example", NUMBER), row("d.example", "05012345678"), row("e.example", "050-2222-2222")];
    MailServerConfig { forwards: Some(ForwardConfig { ta3, ..forwards() }), ..config() }
}

/// The same with another set-up of forwarding.
pub(super) fn forwarding_by(change: impl FnOnce(&mut ForwardConfig)) -> MailServerConfig {
    let usual = forwarding();
    let mut forwards = usual.forwards.expect("it forwards");
    change(&mut forwards);
    MailServerConfig { forwards: Some(forwards), ..forwarding() }
}

impl Bench {
    pub(super) fn new(config: MailServerConfig) -> Bench {
        Bench { table: Table::new(MailServer::new(config)), seen: Vec::new(), clients: 0 }
    }

    /// Something happens; what follows from it.
    pub(super) fn step(&mut self, event: Event) -> Vec<Effect> {
        let effects = self.table.step(event);
        self.seen.extend(effects.iter().cloned());
        effects
    }

    pub(super) fn wait_ms(&mut self, ms: u64) -> Vec<Effect> {
        let effects = self.table.wait_ms(ms);
        self.seen.extend(effects.iter().cloned());
        effects
    }

    pub(super) fn ta3(&mut self, change: Ta3Action) {
        let action = crate::order::Action::Ta3(change);
        self.step(Event::Order(crate::order::Order { key: 1, action }));
    }

    /// Power fails and comes back.
    pub(super) fn restart(&mut self) -> Vec<Effect> {
        let committed = Arc::new(self.durable());
        self.step(Event::PowerOn { boots: 2, committed })
    }

    /// A client hands a mail in, and the server takes it; what follows.
    pub(super) fn mail(&mut self, from: &str, to: &[&str]) -> Vec<Effect> {
        self.clients += 1;
        let conn = Conn(Conn::ACCEPTED | self.clients);
        let peer = SocketAddr::from(([10, 0, 0, 7], 40_000));
        self.step(Event::Stream(conn, StreamEvent::Accepted { port: SMTP_PORT, peer }));
        let to: String = to.iter().map(|to| format!("RCPT TO:<{to}>\r\n")).collect();
        let script =
            format!("EHLO a\r\nMAIL FROM:<{from}>\r\n{to}DATA\r\nSubject: x\r\n\r\nhi\r\n.\r\nQUIT\r\n");
        let effects = self.step(Event::Stream(conn, StreamEvent::Bytes(Bytes::from(script))));
        assert!(said(&effects).contains("250 2.0.0 accepted"), "{}", said(&effects));
        effects
    }

    /// All calls that it ever began.
    pub(super) fn calls(&self) -> Vec<Message> {
        let mut known = BTreeSet::new();
        let invites = sent(&self.seen).into_iter().map(|(_, message)| message);
        let invites = invites.filter(|message| message.label() == "INVITE" && message.to_tag().is_none());
        invites.filter(|invite| known.insert(invite.call_id().unwrap_or_default().to_string())).collect()
    }

    /// The numbers that it called, in order.
    pub(super) fn called(&self) -> Vec<String> {
        let uri = |invite: &Message| invite.header(Name::To).expect("To").into_owned();
        let user = |uri: String| uri.split(['<', ':', '@', '>']).nth(2).unwrap_or_default().to_owned();
        self.calls().iter().map(uri).map(user).collect()
    }

    /// The SIP server says this of a request.
    pub(super) fn answers(&mut self, request: &Message, code: u16, more: &str) -> Vec<Effect> {
        let effects = self.table.sip(SIP_SERVER, &answer(request, code, "t", more));
        self.seen.extend(effects.iter().cloned());
        effects
    }

    /// The peer takes the call, and is ready for SMTP: the connection opens.
    pub(super) fn opens(&mut self, invite: &Message) -> Call {
        let announcement = self.picks_up(invite);
        let media = "m=application 5000 TCP smtp\na=setup:passive\na=connection:new\n";
        let effects = self.describes(&announcement, media);
        let conn = connected(&effects).expect("a connect").0;
        self.step(Event::Stream(conn, StreamEvent::Opened));
        Call { invite: invite.clone(), conn }
    }

    /// The peer takes the call; the announcement of SMTP that follows.
    pub(super) fn picks_up(&mut self, invite: &Message) -> Message {
        let effects = self.describes(invite, "");
        requested(&effects, "INVITE").expect("an announcement")
    }

    fn describes(&mut self, request: &Message, media: &str) -> Vec<Effect> {
        let body = format!("v=0\no=- 1 1 IN IP4 10.0.0.2\ns=-\nc=IN IP4 10.0.0.2\nt=0 0\n{media}");
        let length = body.len() + body.matches('\n').count();
        let more = "Contact: <sip:b@10.0.0.2>\nContent-Type: application/sdp\n";
        let text = answer(request, 200, "t", more);
        let text = text.replace("Content-Length: 0\n\n", &format!("Content-Length: {length}\n\n{body}"));
        let effects = self.table.sip(SIP_SERVER, &text);
        self.seen.extend(effects.iter().cloned());
        effects
    }

    /// The other server says this on a connection, line by line; what follows.
    pub(super) fn says(&mut self, conn: Conn, replies: &[&str]) -> Vec<Effect> {
        let say = |reply: &&str| {
            let bytes = Bytes::from(format!("{reply}\r\n"));
            self.step(Event::Stream(conn, StreamEvent::Bytes(bytes)))
        };
        replies.iter().flat_map(say).collect()
    }

    /// The peer hangs up.
    pub(super) fn is_hung_up_on(&mut self, call: &Call) -> Vec<Effect> {
        let header = |name: Name| call.invite.header(name).expect("a header").into_owned();
        let text = format!(
            "BYE sip:05000009999@10.0.0.1 SIP/2.0\nVia: SIP/2.0/UDP 10.0.0.5:5060;branch=z9hG4bKbye\n\
             Max-Forwards: 70\nFrom: {};tag=t\nTo: {}\nCall-ID: {}\nCSeq: 7 BYE\nContent-Length: 0\n\n",
            header(Name::To),
            header(Name::From),
            header(Name::CallId),
        );
        let effects = self.table.sip(SIP_SERVER, &text);
        assert!(crate::testing::labels(&effects).contains(&"200 BYE".to_owned()), "{effects:?}");
        self.seen.extend(effects.iter().cloned());
        effects
    }

    /// The name server has this answer to a question.
    pub(super) fn resolves(&mut self, question: &Question, answer: NameAnswer) -> Vec<Effect> {
        self.step(Event::Resolved { question: question.clone(), answer })
    }

    /// The question that was asked leads to a host at this address; the connection to it, which is open.
    pub(super) fn routed(&mut self, question: &Question, last: u8) -> Conn {
        let host = format!("mx.{}", question.name);
        let exchange = Exchange { preference: 1, host };
        let effects = self.resolves(question, NameAnswer::Exchanges(vec![exchange]));
        let [address] = &asked(&effects)[..] else { panic!("{effects:?}") };
        let effects = self.resolves(address, NameAnswer::Addresses(vec![IpAddr::from([10, 0, 0, last])]));
        let (conn, to) = connected(&effects).expect("a connect");
        assert_eq!(to, SocketAddr::from(([10, 0, 0, last], 25)));
        self.step(Event::Stream(conn, StreamEvent::Opened));
        conn
    }

    /// All that it committed, each change by itself.
    pub(super) fn durable(&self) -> Vec<Durable> {
        changes(&self.seen)
    }

    /// The arcs that it took.
    pub(super) fn arcs(&self) -> Vec<&'static str> {
        let arcs = self.seen.iter().filter_map(|effect| match effect {
            Effect::Mark { arc, .. } => Some(*arc),
            _ => None,
        });
        arcs.collect()
    }

    /// The notifications in bob's mailbox.
    pub(super) fn told(&self) -> Vec<Dsn> {
        let mails = self.durable().into_iter().filter_map(|change| match change {
            Durable::PutMail { folder, envelope, .. } if &*folder == "mailbox bob" => Some(envelope),
            _ => None,
        });
        mails.filter_map(|mail| Dsn::read(&mail.message).ok()).collect()
    }

    /// What is in the queue: its folder, and the recipients, by its name.
    pub(super) fn queued(&self) -> BTreeMap<String, (String, Vec<String>)> {
        let mut queue = BTreeMap::new();
        for change in self.durable() {
            match change {
                Durable::PutMail { folder, name, envelope, .. } if folder.starts_with("queue") => {
                    let to = envelope.recipients.iter().map(|to| to.path.clone()).collect();
                    queue.insert(name.to_string(), (folder.to_string(), to));
                }
                Durable::TakeMail { folder, name } if folder.starts_with("queue") => {
                    queue.remove(&*name).expect("a mail that was there");
                }
                _ => {}
            }
        }
        queue
    }

    /// What it did not foresee.
    pub(super) fn unexpected(&self) -> Vec<&str> {
        let what = self.seen.iter().filter_map(|effect| match effect {
            Effect::Unexpected { what, .. } => Some(what.as_str()),
            _ => None,
        });
        what.collect()
    }

    /// Which mail waits for its next try.
    pub(super) fn key_of(&self, nth: usize) -> u64 {
        let began = self.seen.iter().filter_map(|effect| match effect {
            Effect::Mark { call, arc } if arc.starts_with("18.S404") => Some(*call),
            _ => None,
        });
        began.collect::<Vec<u64>>()[nth]
    }
}

/// The request of this method that was sent.
pub(super) fn requested(effects: &[Effect], method: &str) -> Option<Message> {
    sent(effects).into_iter().map(|(_, message)| message).find(|message| message.label() == method)
}

/// The connection that was asked for, and where to.
pub(super) fn connected(effects: &[Effect]) -> Option<(Conn, SocketAddr)> {
    effects.iter().find_map(|effect| match effect {
        Effect::Connect { conn, to } => Some((*conn, *to)),
        _ => None,
    })
}

/// The questions that were asked.
pub(super) fn asked(effects: &[Effect]) -> Vec<Question> {
    let questions = effects.iter().filter_map(|effect| match effect {
        Effect::Resolve(question) => Some(question.clone()),
        _ => None,
    });
    questions.collect()
}

/// What was said on connections.
pub(super) fn said(effects: &[Effect]) -> String {
    let sent = effects.iter().filter_map(|effect| match effect {
        Effect::Send { bytes, .. } => Some(String::from_utf8_lossy(bytes).into_owned()),
        _ => None,
    });
    sent.collect()
}

/// What was committed, each change by itself.
pub(super) fn changes(effects: &[Effect]) -> Vec<Durable> {
    let durable = effects.iter().filter_map(|effect| match effect {
        Effect::Durable(durable) => Some(durable.clone().each()),
        _ => None,
    });
    durable.flatten().collect()
}
