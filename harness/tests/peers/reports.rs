//! Our notifications are read by Python's `email` package, which knows nothing of us: MDNs (RFC 8098) and
//! DSNs (RFC 3464) as they pass between the hosts of built-in scenarios.

use std::fs;
use std::process::Command;

use faxproof::scenario::set;
use faxproof::world::{self, World};
use faxproof_reports::Trace;
use serde_json::{Value, json};

use super::program::{beside, folder, run};
use super::stage::{bytes_of, mails};

/// The parts of an MDN: ours bring nothing of the mail back.
const MDN: [&str; 2] = ["text/plain", "message/disposition-notification"];
/// The parts of a DSN: ours bring the headers of the mail back.
const DSN: [&str; 3] = ["text/plain", "message/delivery-status", "text/rfc822-headers"];

#[test]
fn python_reads_an_mdn_that_goes_by_mail() {
    let trace = of("fig08/call-back-busy-mailed");
    // To Bob's server, from it to Alice's, and out of her mailbox.
    let hops = [("bob", "mail-b"), ("mail-b", "mail-a"), ("mail-a", "alice")];
    let original = message_id(&mails(&trace, "alice", "mail-a")[0]);
    let fields = json!({
        "Reporting-UA": "b.example; faxproof",
        "Final-Recipient": "rfc822; bob@b.example",
        "Original-Message-ID": original,
        "Disposition": "automatic-action/MDN-sent-automatically; dispatched",
    });
    for (from, to) in hops {
        let [mdn] = &mails(&trace, from, to)[..] else { panic!("{from}>{to}") };
        assert_eq!(read_by_python("mdn-by-mail", mdn), report("disposition-notification", &MDN, &[&fields]));
    }
}

#[test]
fn python_reads_an_mdn_of_a_file_that_cannot_be_printed() {
    let cells = set::built_in().scenarios;
    let cells = cells.iter().filter(|found| found.file_name() == "hostile/xf8-tiff");
    let mut read = 0;
    for name in cells.map(|found| &found.name) {
        let trace = of(name);
        let [mdn] = &mails(&trace, "bob", "mail-b")[..] else { panic!("{name}") };
        let found = read_by_python("mdn-of-an-error", mdn);
        // Why it was not printed stands in a long line that is folded.
        let why = found["blocks"][0]["Error"].as_str().unwrap_or_else(|| panic!("{found}"));
        let fields = json!({
            "Reporting-UA": "b.example; faxproof",
            "Final-Recipient": "rfc822; bob@b.example",
            "Original-Message-ID": "<1@x>",
            "Disposition": "automatic-action/MDN-sent-automatically; processed/error",
            "Error": why,
        });
        assert!(!why.is_empty(), "{found}");
        assert_eq!(found, report("disposition-notification", &MDN, &[&fields]));
        read += 1;
    }
    assert_eq!(read, 7);
}

#[test]
fn python_reads_a_dsn_of_a_mail_that_was_refused() {
    let trace = of("mail/no-such-mailbox");
    let recipient = json!({
        "Final-Recipient": "rfc822; carol@b.example",
        "Action": "failed",
        "Status": "5.1.1",
        "Remote-MTA": "dns; mail-b",
        "Diagnostic-Code": "smtp; 550 5.1.1 no such mailbox here",
    });
    python_reads_a_dsn(&trace, &recipient);
}

#[test]
fn python_reads_a_dsn_of_a_mail_that_was_given_up() {
    let trace = of("mail/given-up");
    let recipient =
        json!({ "Final-Recipient": "rfc822; bob@b.example", "Action": "failed", "Status": "4.4.1" });
    python_reads_a_dsn(&trace, &recipient);
}

/// The one DSN that alice collects names the envelope of her mail and says this of its recipient.
fn python_reads_a_dsn(trace: &Trace, recipient: &Value) {
    let envelope = bytes_of(trace, "MAIL", "alice", "mail-a");
    let [dsn] = &mails(trace, "mail-a", "alice")[..] else { panic!("one DSN") };
    let mail =
        json!({ "Original-Envelope-Id": envid(&envelope[0]), "Reporting-MTA": "dns; mail-a.a.example" });
    let test = format!("dsn-{}", recipient["Status"].as_str().unwrap());
    assert_eq!(read_by_python(&test, dsn), report("delivery-status", &DSN, &[&mail, recipient]));
}

/// What Python is to find.
fn report(kind: &str, parts: &[&str], blocks: &[&Value]) -> Value {
    json!({
        "type": "multipart/report",
        "report_type": kind,
        "parts": parts,
        "blocks": blocks,
        "defects": [],
    })
}

/// What Python's `email` finds in a mail.
fn read_by_python(test: &str, mail: &[u8]) -> Value {
    let place = folder(test);
    fs::write(place.join("report.eml"), mail).unwrap();
    let mut python = Command::new("python3");
    python.current_dir(&place).arg(beside("report.py")).arg("report.eml");
    let ended = run("python3", "python3", &place, &mut python);
    assert_eq!(ended.exit_code, Some(0), "{}", ended.said);
    serde_json::from_str(&ended.said).unwrap()
}

/// The trace of a built-in scenario, in the virtual world.
fn of(name: &str) -> Trace {
    let found = set::built_in().scenarios.into_iter().find(|found| found.name == name).unwrap();
    let scenario = found.scenario().unwrap_or_else(|error| panic!("{error}"));
    let plan = scenario.compile(name, World::Virtual, None).unwrap_or_else(|error| panic!("{error}"));
    let mut trace = Trace::default();
    world::run(&plan, World::Virtual, &mut trace).unwrap();
    trace
}

/// The Message-ID of a mail.
pub(crate) fn message_id(mail: &[u8]) -> String {
    let text = String::from_utf8_lossy(mail);
    text.lines().find_map(|line| line.strip_prefix("Message-ID: ")).unwrap().to_owned()
}

/// The name that MAIL FROM gives to the envelope (RFC 3461 §4.4).
pub(crate) fn envid(mail_from: &[u8]) -> String {
    let (_, id) = std::str::from_utf8(mail_from).unwrap().split_once(" ENVID=").unwrap();
    id.split_whitespace().next().unwrap().to_owned()
}
