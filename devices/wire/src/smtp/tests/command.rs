use smtp_proto::Request;

use crate::smtp::{Command, CommandError, CommandReader, MAX_COMMAND_LINE, Param};

fn samples() -> Vec<(Command, &'static str)> {
    let mail = |path: &str, params| Command::MailFrom { path: path.into(), params };
    let rcpt = |path: &str, params| Command::RcptTo { path: path.into(), params };
    vec![
        (Command::Ehlo("fax-a.example.com".into()), "EHLO fax-a.example.com\r\n"),
        (Command::Ehlo("[192.0.2.10]".into()), "EHLO [192.0.2.10]\r\n"),
        (Command::Helo("fax-a.example.com".into()), "HELO fax-a.example.com\r\n"),
        (
            mail("fax-a@example.com", vec![Param::new("SIZE", "48213"), Param::new("RET", "HDRS")]),
            "MAIL FROM:<fax-a@example.com> SIZE=48213 RET=HDRS\r\n",
        ),
        (mail("", vec![]), "MAIL FROM:<>\r\n"),
        (
            rcpt("FAX=+815012345678@example.net", vec![Param::new("NOTIFY", "SUCCESS,FAILURE")]),
            "RCPT TO:<FAX=+815012345678@example.net> NOTIFY=SUCCESS,FAILURE\r\n",
        ),
        (Command::Data, "DATA\r\n"),
        (Command::Bdat { size: 86, last: false }, "BDAT 86\r\n"),
        (Command::Bdat { size: 0, last: true }, "BDAT 0 LAST\r\n"),
        (Command::Rset, "RSET\r\n"),
        (Command::Noop, "NOOP\r\n"),
        (Command::Vrfy("fax-b".into()), "VRFY fax-b\r\n"),
        (Command::Quit, "QUIT\r\n"),
    ]
}

fn code(line: &str) -> Option<u16> {
    Command::parse(line.as_bytes()).err().map(|error| error.code)
}

fn path(line: &str) -> String {
    match Command::parse(line.as_bytes()).unwrap() {
        Command::MailFrom { path, .. } | Command::RcptTo { path, .. } => path,
        other => panic!("{other:?} has no path"),
    }
}

#[test]
fn commands_are_written_to_the_octet() {
    for (command, line) in samples() {
        assert_eq!(command.to_line(), line.as_bytes());
    }
}

#[test]
fn what_is_written_reads_back() {
    for (command, line) in samples() {
        assert_eq!(Command::parse(line.as_bytes()), Ok(command));
    }
}

#[test]
fn an_independent_reader_reads_the_same() {
    for (command, line) in samples() {
        let read = Request::parse(&mut line.as_bytes().iter()).unwrap();
        assert_eq!(read.name(), command.verb());
        let same = match (&command, &read) {
            (Command::Ehlo(ours), Request::Ehlo { host }) => ours == host,
            (Command::Helo(ours), Request::Helo { host }) => ours == host,
            (Command::MailFrom { path, params }, Request::Mail { from }) => {
                let size = params.iter().find(|param| param.keyword == "SIZE");
                let size = size.and_then(|size| size.value.as_deref()).unwrap_or("0");
                *path == from.address && size == from.size.to_string()
            }
            (Command::RcptTo { path, .. }, Request::Rcpt { to }) => *path == to.address,
            (Command::Bdat { size, last }, Request::Bdat { chunk_size, is_last }) => {
                *size == *chunk_size as u64 && last == is_last
            }
            (Command::Vrfy(ours), Request::Vrfy { value }) => ours == value,
            _ => true,
        };
        assert!(same, "{line}");
    }
}

#[test]
fn verbs_and_keywords_are_read_in_any_case() {
    let expected = Command::MailFrom { path: "a@b".into(), params: vec![Param::new("SIZE", "1")] };
    assert_eq!(Command::parse(b"mail from:<a@b> size=1  \r\n"), Ok(expected));
}

#[test]
fn the_size_of_a_chunk_is_any_number_of_64_bits() {
    let parsed = |line: &str| Command::parse(line.as_bytes());
    assert_eq!(parsed("bdat 007 last "), Ok(Command::Bdat { size: 7, last: true }));
    assert_eq!(parsed("BDAT 18446744073709551615"), Ok(Command::Bdat { size: u64::MAX, last: false }));
    assert_eq!(code("BDAT 18446744073709551616"), Some(501));
    assert_eq!(code(&format!("BDAT {}", "9".repeat(1000))), Some(501));
}

#[test]
fn an_unknown_verb_is_told_apart_from_no_command() {
    assert_eq!(Command::parse(b"xfoo bar"), Ok(Command::Unknown { verb: "XFOO".into() }));
    assert_eq!(code("<html>"), Some(500));
    assert_eq!(code(""), Some(500));
}

#[test]
fn arguments_that_do_not_fit_are_501() {
    let lines = [
        "EHLO",
        "EHLO a b",
        "HELO ",
        "MAIL",
        "MAIL FROM:",
        "MAIL FROM: <a@b>",
        "MAIL FROM :<a@b>",
        "MAIL FROM:a@b",
        "MAIL FROM:<a@b",
        "MAIL FROM:<a@b>SIZE=1",
        "MAIL FROM:<a@b> =1",
        "MAIL FROM:<a@b> SIZE=",
        "MAIL TO:<a@b>",
        "MAIL FROM:<a b@c>",
        "MAIL FROM:<@c>",
        "MAIL FROM:<a@>",
        "RCPT TO:<>",
        "RCPT TO:<fax>",
        "DATA now",
        "BDAT",
        "BDAT LAST",
        "BDAT +5",
        "BDAT -5",
        "BDAT 0x5",
        "BDAT  5",
        "BDAT 5  LAST",
        "BDAT 5 FIRST",
        "BDAT 5 LAST LAST",
        "RSET x",
        "QUIT x",
        "VRFY",
    ];
    for line in lines {
        assert_eq!(code(line), Some(501), "{line}");
    }
}

#[test]
fn bare_line_ends_and_eight_bit_octets_are_no_command() {
    for line in ["NOOP\nQUIT", "NOOP\rQUIT", "NOOP\0", "EHLO f\u{e4}x"] {
        assert_eq!(code(line), Some(500), "{line:?}");
    }
}

#[test]
fn lengths_of_paths_are_bounded() {
    let (local, domain) = ("l".repeat(64), "d".repeat(189));
    assert_eq!(path(&format!("RCPT TO:<{local}@{domain}>")).len(), 254);
    assert_eq!(code(&format!("RCPT TO:<l{local}@example.com>")), Some(501));
    assert_eq!(code(&format!("RCPT TO:<{local}@d{domain}>")), Some(501));
}

#[test]
fn a_quoted_local_part_may_hold_anything() {
    assert_eq!(path(r#"MAIL FROM:<"a> <\"b@"@c> SIZE=1"#), r#""a> <\"b@"@c"#);
}

#[test]
fn a_source_route_is_dropped() {
    assert_eq!(path("RCPT TO:<@a.example,@b.example:fax@c.example>"), "fax@c.example");
}

#[test]
fn the_postmaster_needs_no_domain() {
    assert_eq!(path("RCPT TO:<Postmaster>"), "Postmaster");
}

#[test]
fn values_cannot_bring_a_command_of_their_own() {
    let line = Command::Ehlo("a\r\nQUIT\r\n\0".into()).to_line();
    assert_eq!(line, b"EHLO aQUIT\r\n");
    let mail = Command::MailFrom {
        path: "a@b> SIZE=1\r\nDATA".into(),
        params: vec![Param::new("ENVID", "x\r\n y")],
    };
    assert_eq!(mail.to_line(), b"MAIL FROM:<a@b__SIZE=1DATA> ENVID=xy\r\n");
}

#[test]
fn every_chunking_reads_the_same() {
    let stream: String = samples().into_iter().map(|(_, line)| line).collect();
    for at in 0..=stream.len() {
        let mut reader = CommandReader::new();
        let mut read = Vec::new();
        for chunk in [&stream[..at], &stream[at..]] {
            reader.feed(chunk.as_bytes());
            read.extend(reader.by_ref().map(Result::unwrap));
        }
        assert_eq!(read, samples().into_iter().map(|(command, _)| command).collect::<Vec<_>>());
    }
}

#[test]
fn a_line_that_is_too_long_is_500_and_the_next_is_read() {
    let mut reader = CommandReader::new();
    reader.feed(format!("NOOP {}\r\nQUIT\r\n", "x".repeat(MAX_COMMAND_LINE)).as_bytes());
    assert!(matches!(reader.next(), Some(Err(CommandError { code: 500, .. }))));
    assert_eq!(reader.next(), Some(Ok(Command::Quit)));
}

#[test]
fn what_follows_data_is_left_for_the_message() {
    let mut reader = CommandReader::new();
    reader.feed(b"DATA\r\nSubject: x\r\n");
    assert_eq!(reader.next(), Some(Ok(Command::Data)));
    assert_eq!(reader.waiting(), b"Subject: x\r\n");
}

#[test]
fn what_follows_bdat_is_its_chunk_and_commands_go_on_behind_it() {
    let mut reader = CommandReader::new();
    reader.feed(b"BDAT 6\r\nQUIT\r\nNOOP\r\n");
    assert_eq!(reader.next(), Some(Ok(Command::Bdat { size: 6, last: false })));
    assert_eq!(&reader.waiting()[..6], b"QUIT\r\n");
    reader.pass_over(6);
    assert_eq!(reader.next(), Some(Ok(Command::Noop)));
    assert_eq!(reader.waiting(), b"");
}

#[test]
fn a_parameter_has_one_value() {
    let params = [Param::new("BODY", "7BIT"), Param { keyword: "X".into(), value: None }];
    assert_eq!(Param::value_of(&params, "body"), Ok(Some("7BIT")));
    assert_eq!(Param::value_of(&params, "SIZE"), Ok(None));
    let code = |params: &[Param], keyword| Param::value_of(params, keyword).err().map(|error| error.code);
    assert_eq!(code(&params, "X"), Some(501));
    assert_eq!(code(&[params[0].clone(), params[0].clone()], "BODY"), Some(501));
}

#[test]
fn a_path_has_one_at_sign_that_is_not_quoted() {
    assert_eq!(code("RCPT TO:<a@b@example.com>"), Some(501));
    // Without its route this would be one that begins with another route.
    assert_eq!(code("RCPT TO:<@r:@a=b@example.com>"), Some(501));
    assert_eq!(path("RCPT TO:<\"a@b\"@example.com>"), "\"a@b\"@example.com");
}
