//! Mail clients of other people deliver on a connection that SIP negotiated: swaks, and smtplib of
//! Python.

use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::process::Command;

use faxproof_reports::{Trace, What};
use faxproof_wire::mime;

use super::delivery::{BROKEN, Delivered, OURS, delivered};
use super::program::{beside, folder, run};
use super::stage::{breaches, pages, printed};

/// The mailbox of bob's number.
const MAILBOX: &str = "FAX=+05012345678@sip.example.net";
/// One that he does not have.
const NO_MAILBOX: &str = "FAX=+05000000000@sip.example.net";
/// With all as it should be, to a mailbox that is not there, with a broken TIFF.
const TRIES: [(&str, &str); 3] = [(MAILBOX, OURS), (NO_MAILBOX, OURS), (MAILBOX, BROKEN)];

#[test]
fn swaks_delivers_and_is_told_what_is_refused() {
    let place = folder("swaks");
    let swaks = |server: SocketAddr, own: IpAddr, mailbox: &str, file: &str| {
        let mut swaks = Command::new("swaks");
        swaks.current_dir(&place).args(["--server", &server.to_string(), "--timeout", "5"]);
        swaks.args(["--local-interface", &own.to_string(), "--helo", "peer.example.net"]);
        swaks.args(["--from", "swaks@peer.example.net", "--to", mailbox, "--body", "Two pages"]);
        swaks.args(["--attach-type", "image/tiff", "--attach-name", file, "--attach", &format!("@{file}")]);
        run("swaks", "swaks", &place, &mut swaks)
    };
    let Delivered { plan, trace, ended } = delivered("127.94.1", &place, "smtp", TRIES, swaks);

    // Its codes: no recipient was accepted, the mail was not accepted behind DATA.
    assert_eq!(ended.each_ref().map(|ended| ended.exit_code), [Some(0), Some(24), Some(26)], "{ended:?}");
    let [_, mailbox, broken] = &ended;
    assert!(mailbox.said.contains("<** 550 5.1.1 ") && broken.said.contains("<** 554 5.6.1 "), "{ended:?}");
    let ours = fs::read(place.join(OURS)).unwrap();
    assert_eq!(mime::read(&mails(&trace)[0]).unwrap().tiffs, [ours]);
    assert_eq!(printed(&trace, "bob"), pages());
    assert_eq!(breaches(&plan.declaration, &trace, &["bob"]), []);
}

#[test]
fn smtplib_delivers_and_is_told_what_is_refused() {
    let place = folder("smtplib");
    let smtplib = |server: SocketAddr, own: IpAddr, mailbox: &str, file: &str| {
        let mut python = Command::new("python3");
        python.current_dir(&place).arg(beside("deliver.py"));
        python.args([&server.ip().to_string(), &server.port().to_string(), &own.to_string(), mailbox, file]);
        run("python3", "python3", &place, &mut python)
    };
    let Delivered { plan, trace, ended } = delivered("127.94.2", &place, "smtp", TRIES, smtplib);

    assert_eq!(ended.each_ref().map(|ended| ended.exit_code), [Some(0), Some(1), Some(1)], "{ended:?}");
    let [_, mailbox, broken] = &ended;
    assert!(
        mailbox.said.contains("SMTPRecipientsRefused") && mailbox.said.contains("(550, b'5.1.1 "),
        "{ended:?}"
    );
    assert!(broken.said.contains("SMTPDataError: (554, b'5.6.1 "), "{ended:?}");
    // What it handed to smtplib, and the end of the mail.
    let sent = fs::read(place.join(format!("{MAILBOX}-ours.tif.eml"))).unwrap();
    assert_eq!(mails(&trace)[0], [&sent[..], b".\r\n"].concat());
    assert_eq!(printed(&trace, "bob"), pages());
    assert_eq!(breaches(&plan.declaration, &trace, &["bob"]), []);
}

/// The mails that came behind DATA, with what ends them.
fn mails(trace: &Trace) -> Vec<Vec<u8>> {
    let mail = |what: &What| match what {
        What::Message { to, label, bytes, .. } if &**to == "bob" && &**label == "message" => {
            Some(bytes.to_vec())
        }
        _ => None,
    };
    trace.entries.iter().filter_map(|entry| mail(&entry.what)).collect()
}
