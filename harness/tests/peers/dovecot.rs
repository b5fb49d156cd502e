//! Dovecot as the server of a mailbox that a fax collects.

use std::fs;
use std::path::Path;
use std::process::Command;

use faxproof::world::{self, World};
use faxproof_reports::Trace;
use faxproof_wire::page::tiff;

use super::daemon::{Daemon, foreign_folder, set_up};
use super::program::as_root;
use super::stage::{Performance, breaches, bytes_of, mails, notices, pages, plan, printed};

#[test]
fn a_fax_collects_its_mailbox_from_dovecot() {
    let net = "127.96.1";
    let place = foreign_folder("dovecot");
    let mail = mail_of_ours(&place);
    let dovecot = dovecot_with(net, &place, &mail);
    let plan = plan(&COLLECTS.replace("NET", net), &place, World::Sockets);
    let trace = Performance::begin(&plan).end();

    assert_eq!((printed(&trace, "bob"), notices(&trace, "bob")), (pages(), vec![]));
    assert_eq!(mails(&trace, "mail", "bob"), [mail]);
    assert_eq!(bytes_of(&trace, "DELE", "bob", "mail").len(), 1);
    assert_eq!(breaches(&plan.declaration, &trace, &["bob", "sip"]), []);
    // What Dovecot logs of each session. Bob looks again every second, and finds nothing more.
    let log = dovecot.log();
    let sessions: Vec<&str> = log.lines().filter(|line| line.contains("Logged out")).collect();
    let (first, further) = sessions.split_first().unwrap();
    assert!(first.contains(" retr=1/") && first.contains(" del=1/1,"), "{log}");
    assert!(further.len() >= 2, "{log}");
    assert!(further.iter().all(|line| line.contains(" retr=0/0, del=0/0, size=0")), "{log}");
    assert_eq!(in_maildir(&place), Vec::<String>::new());
}

const COLLECTS: &str = "\
version: 1
title: A real mailbox
hosts:
  bob:
    fax: 101
    number: 050-1234-5678
    address: NET.3
    mail: bob@b.example
    mailbox: { server: mail, user: bob, every: 1s }
  sip: { sip-server: {}, address: NET.4 }
  mail:
    mail-server: { mailboxes: { bob: { password: secret } } }
    external: { pop3: 'NET.2:1110' }
ends_at: 5s
worlds: [sockets]
";

const SENDS: &str = "\
version: 1
title: A fax hands in a mail
hosts:
  alice:
    fax: 101
    number: 050-0000-9999
    mail: alice@a.example
    mail_server: mail
    habits: { mail: { asks_confirmation: false } }
  sip: { sip-server: {} }
  mail: { mail-server: { relays_for: [alice] } }
documents:
  file: { tiff: ours.tif }
steps:
  - { at: 1s, host: alice, send: file, to: bob@b.example }
ends_at: 3s
";

/// A mail as one of our faxes writes it.
fn mail_of_ours(place: &Path) -> Vec<u8> {
    fs::write(place.join("ours.tif"), tiff::write(&pages())).unwrap();
    let mut trace = Trace::default();
    world::run(&plan(SENDS, place, World::Virtual), World::Virtual, &mut trace).unwrap();
    mails(&trace, "alice", "mail").swap_remove(0)
}

/// Dovecot with this mail in the mailbox.
fn dovecot_with(net: &str, place: &Path, mail: &[u8]) -> Daemon {
    let new = place.join("mail/Maildir/new");
    fs::create_dir_all(&new).unwrap();
    fs::write(new.join("1.ours"), mail).unwrap();
    let dovecot = dovecot(net, place);
    assert_eq!(in_maildir(place), ["1.ours"]);
    dovecot
}

/// Dovecot with what lies in the maildir.
pub(crate) fn dovecot(net: &str, place: &Path) -> Daemon {
    for folder in ["run", "state", "mail/Maildir/new", "mail/Maildir/cur", "mail/Maildir/tmp"] {
        fs::create_dir_all(place.join(folder)).unwrap();
    }
    done(as_root("chown").args(["-R", "mail:mail"]).arg(place.join("mail")));
    set_up(place, net, "dovecot.conf", "dovecot.conf");
    Daemon::start("dovecot", "dovecot-pop3d", place.to_path_buf(), "dovecot.conf", &[])
}

/// The files of the mails that are there.
pub(crate) fn in_maildir(place: &Path) -> Vec<String> {
    let maildir = place.join("mail/Maildir");
    let listed = as_root("find")
        .args([maildir.join("new"), maildir.join("cur")])
        .args(["-type", "f", "-printf", "%f\\n"])
        .output()
        .unwrap();
    String::from_utf8(listed.stdout).unwrap().lines().map(str::to_owned).collect()
}

fn done(command: &mut Command) {
    assert!(command.status().unwrap().success(), "{command:?}");
}
