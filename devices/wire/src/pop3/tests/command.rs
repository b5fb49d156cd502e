use proptest::prelude::*;

use crate::pop3::{Command, CommandError, CommandReader, MAX_COMMAND_LINE};

const DIGEST: &str = "c4c9334bac560ecc979e58001b3e22fb";

fn samples() -> Vec<(Command, String)> {
    vec![
        (Command::User("fax-b".into()), "USER fax-b\r\n".into()),
        (Command::Pass(" two words ".into()), "PASS  two words \r\n".into()),
        (Command::Apop { name: "fax-b".into(), digest: DIGEST.into() }, format!("APOP fax-b {DIGEST}\r\n")),
        (Command::Stat, "STAT\r\n".into()),
        (Command::List(None), "LIST\r\n".into()),
        (Command::List(Some(2)), "LIST 2\r\n".into()),
        (Command::Retr(1), "RETR 1\r\n".into()),
        (Command::Dele(4_294_967_295), "DELE 4294967295\r\n".into()),
        (Command::Noop, "NOOP\r\n".into()),
        (Command::Rset, "RSET\r\n".into()),
        (Command::Quit, "QUIT\r\n".into()),
        (Command::Top { message: 1, lines: 0 }, "TOP 1 0\r\n".into()),
        (Command::Uidl(None), "UIDL\r\n".into()),
        (Command::Uidl(Some(7)), "UIDL 7\r\n".into()),
        (Command::Capa, "CAPA\r\n".into()),
        (Command::Unknown { verb: "STLS".into() }, "STLS\r\n".into()),
    ]
}

#[test]
fn commands_are_written_to_the_octet_and_read_back() {
    for (command, line) in samples() {
        assert_eq!(command.to_line(), line.as_bytes());
        assert_eq!(Command::parse(line.as_bytes()), Ok(command));
    }
}

#[test]
fn verbs_are_read_in_any_case_and_a_space_behind_them_is_nothing() {
    assert_eq!(Command::parse(b"rEtR 3"), Ok(Command::Retr(3)));
    assert_eq!(Command::parse(b"quit "), Ok(Command::Quit));
    assert_eq!(Command::parse(b"list "), Ok(Command::List(None)));
}

#[test]
fn wrong_arguments_are_refused() {
    for line in [
        "RETR",
        "RETR 0",
        "RETR -1",
        "RETR +1",
        "RETR x",
        "RETR 4294967296",
        "RETR 1 2",
        "DELE",
        "LIST 0",
        "LIST 1 2",
        "TOP 1",
        "TOP 1 x",
        "TOP 0 1",
        "TOP 1 99999999999999999999",
        "UIDL x",
        "USER",
        "USER a b",
        "PASS",
        "APOP",
        "APOP a",
        "APOP a 0123",
        "STAT 1",
        "QUIT now",
        "NOOP x",
        "RSET 1",
        "CAPA x",
        "",
        " ",
        "1ST",
        "AB",
        "caf\u{e9}",
        "RETR\t1",
        "RETR 1\n",
    ] {
        assert!(Command::parse(line.as_bytes()).is_err(), "{line:?}");
    }
}

#[test]
fn a_body_follows_where_the_rfc_says_so() {
    let with_body: Vec<String> =
        samples().into_iter().filter(|(command, _)| command.has_body()).map(|(_, line)| line).collect();
    assert_eq!(with_body, ["LIST\r\n", "RETR 1\r\n", "TOP 1 0\r\n", "UIDL\r\n", "CAPA\r\n"]);
}

#[test]
fn a_line_that_is_too_long_is_one_error() {
    let mut reader = CommandReader::new();
    let fits = format!("PASS {}\r\n", "x".repeat(MAX_COMMAND_LINE - 7));
    reader.feed(fits.as_bytes());
    assert!(matches!(reader.next(), Some(Ok(Command::Pass(_)))));
    reader.feed(format!("PASS x{}STAT\r\n", &fits[5..]).as_bytes());
    assert_eq!(reader.next(), Some(Err(CommandError("the line is too long"))));
    assert_eq!(reader.next(), Some(Ok(Command::Stat)));
}

#[test]
fn no_value_brings_a_line_of_its_own() {
    let evil = "x\r\nDELE 1\r\n\0\u{e9}";
    for command in [
        Command::User(evil.into()),
        Command::Pass(evil.into()),
        Command::Apop { name: evil.into(), digest: evil.into() },
        Command::Unknown { verb: evil.into() },
    ] {
        let line = command.to_line();
        assert_eq!(line.iter().filter(|octet| **octet == b'\n').count(), 1, "{command:?}");
        assert!(line.ends_with(b"\r\n") && line.is_ascii());
    }
}

proptest! {
    #[test]
    fn any_line_is_read_or_refused_and_reads_back(line in proptest::collection::vec(any::<u8>(), 0..80)) {
        if let Ok(command) = Command::parse(&line) {
            prop_assert_eq!(Command::parse(&command.to_line()), Ok(command));
        }
    }

    #[test]
    fn whatever_looks_like_a_command_reads_back(line in "(?i)(user|pass|apop|list|retr|top|uidl|dele|stat)( [0-9a-f ]{0,36})?") {
        if let Ok(command) = Command::parse(line.as_bytes()) {
            prop_assert_eq!(Command::parse(&command.to_line()), Ok(command));
        }
    }
}
