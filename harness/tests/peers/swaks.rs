//! swaks brings mail to port 25 of our mail server.

use super::program::folder;
use super::stage::{breaches, mails, passed, under_traces};
use super::visited::{MOST, texts, visited};

/// Lines that a server could mangle, and no line of it is too long.
const MAIL: &str = "Subject: Ten\r\n\r\nAt ten.\r\n.\r\n..two\r\n.QUIT\r\nblanks  \r\n\r\nEnd\r\n";

#[test]
fn swaks_pipelines_a_mail_and_it_lies_in_the_mailbox_unchanged() {
    let place = folder("swaks-pipelines");
    let (plan, trace, (swaks, found)) = visited("127.97.1", &place, |visit| {
        // swaks ends the last line itself.
        let data = MAIL.strip_suffix("\r\n").unwrap();
        let swaks = visit.swaks(&["--to", "bob@b.example", "--pipeline", "--data", data]);
        (swaks, visit.collected("quit"))
    });

    assert_eq!(swaks.exit_code, Some(0), "{}", swaks.said);
    assert!(swaks.said.contains("250-PIPELINING"), "{}", swaks.said);
    // It said three commands before it read the reply to the first (RFC 2920 §3.1).
    let said: Vec<&str> = swaks.said.lines().map(str::trim_start).collect();
    let at = |begin: &str| said.iter().position(|line| line.contains(begin)).unwrap();
    assert!(at("MAIL FROM:") < at("RCPT TO:") && at("RCPT TO:") < at("DATA"), "{}", swaks.said);
    assert!(at("DATA") < at("250 2.1.0 sender ok"), "it waited: {}", swaks.said);
    assert!(passed(&trace, "127.97.1.9", "server").contains(&"DATA"));
    let [collected] = &texts(&found)[..] else { panic!("one mail: {found}") };
    let (traces, text) = under_traces(collected);
    assert_eq!(traces, ["Return-Path", "Received"]);
    assert_eq!(String::from_utf8_lossy(text), MAIL);
    assert_eq!(breaches(&plan.declaration, &trace, &["server"]), []);
}

#[test]
fn every_reply_that_swaks_gets_has_an_enhanced_code() {
    let place = folder("swaks-enhanced");
    let (plan, trace, [taken, refused]) = visited("127.97.2", &place, |visit| {
        ["bob@b.example", "nobody@b.example"].map(|to| visit.swaks(&["--to", to, "--data", MAIL]))
    });

    assert_eq!((taken.exit_code, refused.exit_code), (Some(0), Some(24)), "{taken:?} {refused:?}");
    assert!(taken.said.contains("250-ENHANCEDSTATUSCODES"), "{}", taken.said);
    // RFC 2034 §3: all but the greeting and the replies to EHLO have one, and 354 is of no class that has codes.
    let expected = ["250 2.1.0", "250 2.1.5", "354 go", "250 2.0.0", "221 2.0.0"];
    assert_eq!(behind_ehlo(&taken.said), expected, "{}", taken.said);
    let expected = ["250 2.1.0", "550 5.1.1", "221 2.0.0"];
    assert_eq!(behind_ehlo(&refused.said), expected, "{}", refused.said);
    assert_eq!(breaches(&plan.declaration, &trace, &["server"]), []);
}

#[test]
fn swaks_may_not_relay_as_a_stranger() {
    let place = folder("swaks-relays");
    // Ways to write a foreign place that have fooled servers before.
    let foreign = ["carol@c.example", "carol%c.example@[127.97.3.3]", "@b.example:carol@c.example"];
    let (plan, trace, swaks) =
        visited("127.97.3", &place, |visit| foreign.map(|to| visit.swaks(&["--to", to, "--data", MAIL])));

    for swaks in &swaks {
        assert_eq!(swaks.exit_code, Some(24), "{}", swaks.said);
        assert!(swaks.said.contains("<** 550 5.7.1 relaying denied"), "{}", swaks.said);
    }
    assert_eq!(mails(&trace, "127.97.3.9", "server"), Vec::<Vec<u8>>::new());
    assert_eq!(passed(&trace, "server", "sip"), ["REGISTER"], "nobody was called");
    assert_eq!(breaches(&plan.declaration, &trace, &["server"]), []);
}

#[test]
fn what_swaks_sends_above_the_limit_is_refused_behind_its_end() {
    let place = folder("swaks-too-big");
    let line = "x".repeat(70) + "\r\n";
    let big = format!("Subject: Big\r\n\r\n{}", line.repeat(MOST / line.len() + 1));
    let (plan, trace, (swaks, found)) = visited("127.97.4", &place, |visit| {
        std::fs::write(place.join("big.eml"), &big).unwrap();
        (visit.swaks(&["--to", "bob@b.example", "--data", "@big.eml"]), visit.collected("quit"))
    });

    assert_eq!(swaks.exit_code, Some(26), "{}", swaks.said);
    assert!(swaks.said.contains(&format!("250-SIZE {MOST}")), "{}", swaks.said);
    assert!(swaks.said.contains("<** 552 5.3.4 "), "{}", swaks.said);
    assert_eq!(texts(&found), Vec::<Vec<u8>>::new());
    assert_eq!(breaches(&plan.declaration, &trace, &["server"]), []);
}

/// The codes of the replies behind that to EHLO, as swaks shows them.
fn behind_ehlo(said: &str) -> Vec<String> {
    let replies = said.lines().filter_map(|line| line.strip_prefix("<-  ").or(line.strip_prefix("<** ")));
    let behind = replies.skip_while(|reply| !reply.starts_with("250 ")).skip(1);
    behind.map(|reply| reply.split(' ').take(2).collect::<Vec<_>>().join(" ")).collect()
}
