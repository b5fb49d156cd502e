use bytes::Bytes;

use super::*;

mod alternative;
mod origin;
mod reports;

fn tiff() -> Bytes {
    (0..3000_u32).map(|at| (at * 7 % 251) as u8).collect()
}

fn mail<'a>(text: Option<&'a str>, tiff: Option<&'a Bytes>) -> Mail<'a> {
    Mail {
        from: "Fax A <fax-a@example.com>",
        to: "FAX=+815012345678@example.net",
        subject: "Fax, 1 page",
        date_unix_s: 1_037_750_400,
        message_id: "a1b2@fax-a.example.com",
        boundary: "fax-0001",
        text,
        tiff,
        file_name: "fax.tif",
    }
}

fn with_both() -> Bytes {
    mail(Some("One page follows.\n"), Some(&tiff())).to_bytes()
}

fn text_of(bytes: &Bytes) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// A message with one part for each pair of content type and body.
fn multipart(parts: &[(&str, &str)]) -> String {
    let mut out = "From: a@b.example\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n".to_owned();
    for (headers, body) in parts {
        out += &format!("--x\r\nContent-Type: {headers}\r\n\r\n{body}\r\n");
    }
    out + "--x--\r\n"
}

const BASE64_TIFF: &str = "image/tiff\r\nContent-Transfer-Encoding: base64";

#[test]
fn a_fax_reads_back() {
    let received = read(&with_both()).unwrap();
    let expected = Received {
        from: Some("fax-a@example.com".into()),
        message_id: Some("a1b2@fax-a.example.com".into()),
        subject: Some("Fax, 1 page".into()),
        text: vec!["One page follows.\r\n".into()],
        tiffs: vec![tiff()],
        ..Received::default()
    };
    assert_eq!(received, expected);
}

#[test]
fn documents_of_every_length_read_back() {
    for length in 0..200 {
        let tiff = tiff().slice(..length + 1);
        assert_eq!(read(&mail(None, Some(&tiff)).to_bytes()).unwrap().tiffs, [tiff]);
    }
}

#[test]
fn a_text_alone_is_plain_text() {
    let bytes = mail(Some("Not delivered.\nSorry."), None).to_bytes();
    assert!(text_of(&bytes).contains("Content-Type: text/plain; charset=\"utf-8\"\r\n"));
    assert_eq!(read(&bytes).unwrap().text, ["Not delivered.\r\nSorry.\r\n"]);
}

#[test]
fn the_same_mail_is_the_same_octets() {
    assert_eq!(with_both(), with_both());
}

#[test]
fn the_date_is_in_utc() {
    assert!(text_of(&with_both()).contains("Date: Wed, 20 Nov 2002 00:00:00 +0000\r\n"));
}

#[test]
fn lines_end_on_crlf_and_are_short() {
    let long = "word ".repeat(1000) + "\rand\na \u{fc}mlaut\r\n.";
    let bytes = mail(Some(&long), Some(&tiff())).to_bytes();
    let text = text_of(&bytes);
    assert!(text.ends_with("\r\n"));
    assert!(text.split("\r\n").all(|line| line.len() <= 78 && !line.contains(['\r', '\n'])));
}

#[test]
fn no_value_brings_a_header_of_its_own() {
    let evil = "x\r\nBcc: <evil@example.org>\r\n\r\nbody";
    let tiff = tiff();
    let values = Mail {
        from: evil,
        to: evil,
        subject: evil,
        message_id: evil,
        boundary: evil,
        ..mail(None, Some(&tiff))
    };
    let bytes = Mail { file_name: evil, ..values }.to_bytes();
    assert!(!text_of(&bytes).lines().any(|line| line.starts_with("Bcc") || line.starts_with("body")));
    assert_eq!(read(&bytes).unwrap().tiffs, [tiff]);
}

#[test]
fn a_text_cannot_end_its_part() {
    let text = "--fax-0001--\r\n--fax-00011\r\nContent-Type: image/tiff\r\n\r\nx";
    let received = read(&mail(Some(text), Some(&tiff())).to_bytes()).unwrap();
    assert_eq!((received.text, received.tiffs), (vec![format!("{text}\r\n")], vec![tiff()]));
}

#[test]
fn a_display_name_may_hold_anything() {
    let mail = Mail { from: "\"F\u{fc}x, \\ A\" <fax-a@example.com>", ..mail(Some(""), None) };
    assert_eq!(read(&mail.to_bytes()).unwrap().from.as_deref(), Some("fax-a@example.com"));
}

#[test]
fn all_documents_are_found_in_their_order() {
    let raw = multipart(&[
        (BASE64_TIFF, "AAAA"),
        ("text/plain", "and"),
        (BASE64_TIFF, "AQEB"),
        ("image/tiff", "raw"),
    ]);
    let received = read(raw.as_bytes()).unwrap();
    assert_eq!(received.tiffs, [&[0, 0, 0][..], &[1, 1, 1], b"raw"]);
    assert_eq!(received.problems, []);
}

#[test]
fn a_multipart_inside_a_multipart_is_whole() {
    let inner = "--y\r\nContent-Type: image/tiff\r\n\r\nin\r\n--y--";
    let raw = multipart(&[("multipart/mixed; boundary=y", inner), ("image/tiff", "out")]);
    let received = read(raw.as_bytes()).unwrap();
    assert_eq!((received.tiffs, received.problems), (vec![Bytes::from("in"), Bytes::from("out")], vec![]));
}

#[test]
fn of_alternatives_the_last_that_a_fax_can_print_counts() {
    let read = |parts: &[(&str, &str)]| {
        let raw = multipart(parts).replacen("multipart/mixed", "multipart/alternative", 1);
        let Received { text, tiffs, other, problems, .. } = read(raw.as_bytes()).unwrap();
        (text, tiffs.len(), other, problems.len())
    };
    let (text, tiff) = (("text/plain", "a"), (BASE64_TIFF, "AAAA"));
    let (page, damaged) = (("text/html", "<p>"), (BASE64_TIFF, "AAA"));
    assert_eq!(read(&[text, tiff]), (vec![], 1, vec![], 0));
    assert_eq!(read(&[tiff, text, page]), (vec!["a".to_owned()], 0, vec![], 0));
    assert_eq!(read(&[page, tiff]), (vec![], 1, vec![], 0));
    assert_eq!(read(&[("application/pdf", ""), page]), (vec![], 0, vec!["text/html".to_owned()], 0));
    // What is damaged could have been printed: nothing else takes its place in silence.
    assert_eq!(read(&[text, damaged]), (vec![], 0, vec![], 1));
    assert_eq!(read(&[]), (vec![], 0, vec![], 1));
}

#[test]
fn what_a_fax_cannot_print_is_listed() {
    let raw = multipart(&[("Application/PDF", "%PDF"), ("text/html", "<p>"), ("text/plain", "x")]);
    assert_eq!(read(raw.as_bytes()).unwrap().other, ["application/pdf", "text/html"]);
}

#[test]
fn a_mail_inside_a_mail_gives_neither_sender_nor_document() {
    let inner = format!("From: evil@example.org\r\nContent-Type: {BASE64_TIFF}\r\n\r\nAAAA");
    let raw = multipart(&[("message/rfc822", &inner)]);
    let received = read(raw.as_bytes()).unwrap();
    assert_eq!(received.from.as_deref(), Some("a@b.example"));
    assert_eq!((received.tiffs, received.other), (vec![], vec!["message/rfc822".to_owned()]));
}

#[test]
fn damaged_base64_is_a_problem() {
    for body in ["AA*A", "AAAAA", "AAA", "AA=A", "AA==AAAA", "AAAA\u{e4}", "A", ""] {
        let received = read(multipart(&[(BASE64_TIFF, body), (BASE64_TIFF, "AQEB")]).as_bytes()).unwrap();
        assert!(matches!(received.problems[..], [Problem::Base64 { part: 1, .. }]), "{body}: {received:?}");
        assert_eq!(received.tiffs, [&[1, 1, 1][..]], "{body}");
    }
}

#[test]
fn damaged_base64_in_the_only_part_is_a_problem() {
    let raw = format!("From: a@b.example\r\nContent-Type: {BASE64_TIFF}\r\n\r\nAA*A\r\n");
    let received = read(raw.as_bytes()).unwrap();
    assert!(matches!(received.problems[..], [Problem::Base64 { part: 0, .. }]));
}

#[test]
fn one_wrong_octet_in_the_base64_is_never_overlooked() {
    let mail = with_both();
    let start = text_of(&mail).find("base64\r\n\r\n").unwrap() + 10;
    let end = text_of(&mail).rfind("\r\n--fax").unwrap();
    for at in (start..end).filter(|at| !mail[*at].is_ascii_whitespace()) {
        let mut bytes = mail.to_vec();
        bytes[at] = b'*';
        assert!(!read(&bytes).unwrap().problems.is_empty(), "{at}");
    }
}

#[test]
fn a_message_cut_off_anywhere_has_a_problem_or_no_document() {
    let mail = with_both();
    for end in 1..mail.len() - b"--\r\n".len() {
        let Ok(received) = read(&mail[..end]) else { continue };
        assert!(received.tiffs.is_empty() || !received.problems.is_empty(), "{end}");
    }
}

#[test]
fn an_unknown_transfer_encoding_is_a_problem() {
    let raw = multipart(&[("image/tiff\r\nContent-Transfer-Encoding: uuencode", "x")]);
    let problem = Problem::TransferEncoding { part: 1, encoding: "uuencode".into() };
    assert_eq!(read(raw.as_bytes()).unwrap().problems, [problem]);
}

/// Multiparts inside each other, each with a boundary of its own.
fn nested(depth: usize) -> String {
    let inner = (1..depth).fold("\r\n".to_owned(), |inner, level| {
        format!("Content-Type: multipart/mixed; boundary=x{level}\r\n\r\n--x{level}\r\n{inner}\r\n--x{level}--\r\n")
    });
    format!("Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n{inner}\r\n--x--\r\n")
}

#[test]
fn the_deepest_nesting_that_is_read_is_read() {
    assert_eq!(read(nested(MAX_DEPTH).as_bytes()).unwrap().problems, []);
}

#[test]
fn deeper_nesting_is_refused() {
    assert_eq!(read(nested(MAX_DEPTH + 1).as_bytes()), Err(MimeError::TooDeep));
}

#[test]
fn mails_inside_mails_are_not_descended_into() {
    let raw = "Content-Type: message/rfc822\r\n\r\n".repeat(100_000);
    assert_eq!(read(raw.as_bytes()).unwrap().other, ["message/rfc822"]);
}

#[test]
fn a_part_of_a_digest_is_a_mail() {
    let raw = multipart(&[("multipart/digest; boundary=y", "--y\r\n\r\nSubject: z\r\n\r\n\r\n--y--")]);
    assert_eq!(read(raw.as_bytes()).unwrap().other, ["message/rfc822"]);
}

#[test]
fn the_number_of_parts_is_bounded() {
    let parts = |count| vec![("text/plain", "x"); count];
    assert_eq!(read(multipart(&parts(MAX_PARTS - 1)).as_bytes()).unwrap().text.len(), MAX_PARTS - 1);
    assert_eq!(read(multipart(&parts(MAX_PARTS)).as_bytes()), Err(MimeError::TooManyParts));
}

#[test]
fn a_multipart_without_parts_is_damaged() {
    for body in ["", "text", "--x--"] {
        let raw = format!("Content-Type: multipart/mixed; boundary=x\r\n\r\n{body}");
        assert_eq!(read(raw.as_bytes()).unwrap().problems, [Problem::NoEnd { part: 0 }], "{body}");
    }
}

#[test]
fn a_quoted_printable_text_in_latin_1_is_decoded() {
    let raw = multipart(&[(
        "text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable",
        "F=E4x",
    )]);
    assert_eq!(read(raw.as_bytes()).unwrap().text, ["F\u{e4}x"]);
}

#[test]
fn what_is_no_message_is_refused() {
    assert_eq!(read(b""), Err(MimeError::NoHeader));
    assert_eq!(read(b"\r\nbody"), Err(MimeError::NoHeader));
}

#[test]
fn a_mailbox_that_is_longer_than_any_fits_on_its_line() {
    let long = format!("{}@example.com", "a".repeat(1200));
    let mail = Mail { from: &long, message_id: &long, ..mail(Some("x"), None) };
    assert!(text_of(&mail.to_bytes()).lines().all(|line| line.len() <= 998));
}
