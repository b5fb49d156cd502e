//! A mail server of ours on real sockets, and the programs of other people that visit it.

use std::fs;
use std::path::Path;
use std::process::Command;

use faxproof::plan::Plan;
use faxproof::world::World;
use faxproof_reports::Trace;
use serde_json::Value;

use super::program::{Ended, beside, run};
use super::stage::{Performance, plan};

/// Its ports: on sockets those below 1024 stand so much higher.
pub(crate) const SMTP: &str = "20025";
pub(crate) const POP3: &str = "20110";
/// The largest mail that it takes.
pub(crate) const MOST: usize = 100_000;

/// A run in which programs visit the server, and what came of the visit.
pub(crate) fn visited<T>(net: &str, place: &Path, visit: impl FnOnce(&Visit) -> T) -> (Plan, Trace, T) {
    let scenario = SCENARIO.replace("NET", net).replace("MOST", &MOST.to_string());
    let plan = plan(&scenario, place, World::Sockets);
    let mut performance = Performance::begin(&plan);
    performance.await_message("200 REGISTER", "server");
    let found = visit(&Visit { place, server: format!("{net}.1"), own: format!("{net}.9") });
    (plan, performance.end(), found)
}

/// Where the server is, and from where it is visited.
pub(crate) struct Visit<'a> {
    pub(crate) place: &'a Path,
    pub(crate) server: String,
    pub(crate) own: String,
}

impl Visit<'_> {
    /// swaks with these words besides.
    pub(crate) fn swaks(&self, words: &[&str]) -> Ended {
        let mut swaks = Command::new("swaks");
        swaks.current_dir(self.place).args(["--server", &self.server, "--port", SMTP, "--timeout", "5"]);
        swaks.args(["--local-interface", &self.own, "--helo", "peer.example.net"]);
        swaks.args(["--from", "swaks@peer.example.net"]).args(words);
        run("swaks", "swaks", self.place, &mut swaks)
    }

    /// A session of smtplib with these options of MAIL and RCPT.
    pub(crate) fn smtplib(&self, to: &str, mail_options: &str, rcpt_options: &str, message: &[u8]) -> Ended {
        self.smtplib_from("python@peer.example.net", to, mail_options, rcpt_options, message)
    }

    /// The same by another sender.
    pub(crate) fn smtplib_from(
        &self,
        from: &str,
        to: &str,
        mail_options: &str,
        rcpt_options: &str,
        message: &[u8],
    ) -> Ended {
        fs::write(self.place.join("submitted.eml"), message).unwrap();
        let words = [&self.server, SMTP, &self.own, from, to, mail_options, rcpt_options, "submitted.eml"];
        self.python("submit.py", &words)
    }

    /// A session on a bare socket: one reply is awaited behind each piece. The replies.
    pub(crate) fn talk(&self, pieces: &[impl AsRef<[u8]>]) -> Vec<String> {
        let server = (&*self.server, SMTP);
        talk(self.place, server, &self.own, pieces)
    }

    /// A session of poplib.
    pub(crate) fn poplib(&self, user: &str, password: &str, end: &str) -> Ended {
        self.python("collect.py", &[&self.server, POP3, user, password, end])
    }

    /// What poplib found in Bob's mailbox.
    pub(crate) fn collected(&self, end: &str) -> Value {
        self.collected_by("bob", "secret", end)
    }

    /// What poplib found in somebody's mailbox.
    pub(crate) fn collected_by(&self, user: &str, password: &str, end: &str) -> Value {
        let ended = self.poplib(user, password, end);
        assert_eq!(ended.exit_code, Some(0), "{}", ended.said);
        serde_json::from_str(&ended.said).unwrap()
    }

    fn python(&self, script: &str, words: &[&str]) -> Ended {
        let mut python = Command::new("python3");
        python.current_dir(self.place).arg(beside(script)).args(words);
        run("python3", "python3", self.place, &mut python)
    }
}

/// A session on a bare socket with any server, from an address.
pub(crate) fn talk(
    place: &Path,
    (server, port): (&str, &str),
    own: &str,
    pieces: &[impl AsRef<[u8]>],
) -> Vec<String> {
    let pieces: Vec<String> = pieces.iter().map(|piece| latin_1(piece.as_ref())).collect();
    fs::write(place.join("pieces.json"), serde_json::to_vec(&pieces).unwrap()).unwrap();
    let mut python = Command::new("python3");
    python.current_dir(place).arg(beside("talk.py"));
    python.args([server, port, own, "pieces.json"]);
    let ended = run("python3", "python3", place, &mut python);
    assert_eq!(ended.exit_code, Some(0), "{}", ended.said);
    ended.said.lines().map(str::to_owned).collect()
}

/// The mails that poplib found.
pub(crate) fn texts(found: &Value) -> Vec<Vec<u8>> {
    let octets = |text: &Value| text.as_str().unwrap().chars().map(|octet| octet as u32 as u8).collect();
    found["mails"].as_array().unwrap().iter().map(octets).collect()
}

/// A text with a character for each octet.
pub(crate) fn latin_1(octets: &[u8]) -> String {
    octets.iter().copied().map(char::from).collect()
}

const SCENARIO: &str = "\
version: 1
title: Programs visit a mail server
hosts:
  server:
    mail-server:
      domains: [b.example]
      mailboxes: { bob: { password: secret }, python: { password: sesame } }
      size_limit: MOST
      forwards: {}
    number: 050-1234-5678
    address: NET.1
  sip: { sip-server: {}, address: NET.2 }
ends_at: 8s
worlds: [sockets]
worlds_because: the programs are on real sockets
";
