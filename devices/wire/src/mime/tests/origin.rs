//! One table of mails: what each says about its sender, and why most of them say nothing.

use super::super::*;
use crate::smtp::Param;

const NUMBER: &str = "05000009999";

/// The header of a mail, MAIL FROM, and what must come out: the number, or the start of the reason.
type Row = (&'static str, &'static str, &'static str);

const MAIL: &str = "fax-a@example.com";

/// Read with the forms of From only.
const FROM_ROWS: [Row; 55] = [
    ("From: IPTELNUM-05000009999 <fax-a@example.com>", MAIL, NUMBER),
    ("From: iptelnum-050-0000-9999 <fax-a@example.com>", MAIL, NUMBER),
    ("from:IPTELNUM-05000009999<fax-a@example.com>", MAIL, NUMBER),
    ("From: IPTELNUM-+815000009999 <fax-a@example.com>", MAIL, "+815000009999"),
    // Quotes are no part of the content (RFC 5322 §3.2.4).
    ("From: \"IPTELNUM-05000009999\" <fax-a@example.com>", MAIL, NUMBER),
    ("From:\r\n IPTELNUM-05000009999\r\n\t<fax-a@example.com>", MAIL, NUMBER),
    // Folding inside of the token makes two words of it.
    ("From: IPTELNUM-0500\r\n 0009999 <fax-a@example.com>", MAIL, "OtherWords"),
    ("From: IPTELNUM-05000009999@example.com", MAIL, NUMBER),
    ("From: <IPTELNUM-05000009999@example.com>", MAIL, NUMBER),
    ("From: FAX=+815000009999@example.com", MAIL, "+815000009999"),
    ("From: Fax A <fax=+81-50.0000-9999@example.com>", MAIL, "+815000009999"),
    ("From: /FAX=+815000009999/T33S=1387/@example.com", MAIL, "+815000009999"),
    ("From: FAX=815000009999@example.com", MAIL, "Number"),
    ("From: FAX=+815000009999/X=1@example.com", MAIL, "Number"),
    ("From: FAX=+8150 00009999@example.com", MAIL, "Address"),
    // Declared places that agree, and that do not.
    ("From: IPTELNUM-05000009999 <FAX=+815000009999@example.com>", MAIL, "+815000009999"),
    ("From: IPTELNUM-05000009999 <IPTELNUM-05000008888@example.com>", MAIL, "Conflict"),
    ("From: IPTELNUM-05000009998 <FAX=+815000009999@example.com>", MAIL, "Conflict"),
    // Nothing there.
    ("From: fax-a@example.com", MAIL, "Absent"),
    ("From: Fax A <fax-a@example.com>", MAIL, "Absent"),
    ("From: 05000009999 <fax-a@example.com>", MAIL, "Absent"),
    ("From: XIPTELNUM-05000009999 <fax-a@example.com>", MAIL, "Absent"),
    ("Subject: IPTELNUM-05000009999", MAIL, "NoField"),
    // Other places never count.
    ("From: Fax A <fax-a@example.com>\r\nSender: IPTELNUM-05000009999 <a@b.example>", MAIL, "Absent"),
    ("From: Fax A <fax-a@example.com>\r\nReply-To: IPTELNUM-05000009999 <a@b.example>", MAIL, "Absent"),
    ("From: Fax A <fax-a@example.com>\r\nResent-From: IPTELNUM-05000009999 <a@b.example>", MAIL, "Absent"),
    ("From: Fax A <fax-a@example.com>\r\nX-From: IPTELNUM-05000009999 <a@b.example>", MAIL, "Absent"),
    ("From: Fax A (IPTELNUM-05000009999) <fax-a@example.com>", MAIL, "Absent"),
    ("From: fax-a@example.com (IPTELNUM-05000009999)", MAIL, "Absent"),
    ("From: IPTELNUM-05000009999 (IPTELNUM-1110 (x \\) y)) <fax-a@example.com>", MAIL, NUMBER),
    (
        "From: Fax A <fax-a@example.com>\r\nSubject: x\r\n\r\nFrom: IPTELNUM-05000009999 <a@b.example>",
        MAIL,
        "Absent",
    ),
    // Beside other words: which is the name?
    ("From: IPTELNUM-05000009999 Fax A <fax-a@example.com>", MAIL, "OtherWords"),
    ("From: \"Fax A\" IPTELNUM-05000009999 <fax-a@example.com>", MAIL, "OtherWords"),
    ("From: \"IPTELNUM-05000009999 \" <fax-a@example.com>", MAIL, "Number"),
    // Encoded words are for eyes (RFC 2047 §5).
    ("From: =?us-ascii?Q?IPTELNUM-05000009999?= <fax-a@example.com>", MAIL, "EncodedWord"),
    ("From: =?utf-8?B?SVBURUxOVU0tMDUwMDAwMDk5OTk=?= <fax-a@example.com>", MAIL, "EncodedWord"),
    // Several senders.
    ("From: IPTELNUM-05000009999 <a@b.example>\r\nFrom: Fax A <c@d.example>", MAIL, "SeveralFields"),
    ("From: Fax A <a@b.example>\r\nFrom : IPTELNUM-05000009999 <c@d.example>", MAIL, "SeveralFields"),
    ("From: IPTELNUM-05000009999 <a@b.example>, c@d.example", MAIL, "SeveralMailboxes"),
    ("From: a@b.example, IPTELNUM-05000009999 <c@d.example>", MAIL, "SeveralMailboxes"),
    ("From: IPTELNUM-05000009999: a@b.example;", MAIL, "Group"),
    ("From: IPTELNUM-05000009999:;", MAIL, "Group"),
    // No number.
    ("From: IPTELNUM-1234567890123456 <fax-a@example.com>", MAIL, "Number"),
    ("From: IPTELNUM-12 <fax-a@example.com>", MAIL, "Number"),
    ("From: IPTELNUM- <fax-a@example.com>", MAIL, "Number"),
    ("From: IPTELNUM-0500000999A <fax-a@example.com>", MAIL, "Number"),
    ("From: IPTELNUM-++815000009999 <fax-a@example.com>", MAIL, "Number"),
    ("From: IPTELNUM-050*0000 <fax-a@example.com>", MAIL, "Number"),
    // Octets that readers disagree about.
    ("From: IPTELNUM-\u{ff10}5000009999 <fax-a@example.com>", MAIL, "NotPlain"),
    ("From: IPTELNUM-05000009999\0 <fax-a@example.com>", MAIL, "NotPlain"),
    ("From: IPTELNUM-05000009999 <fax-a@example.com>\n x", MAIL, "NotPlain"),
    ("From: Fax\rFrom: IPTELNUM-05000009999 <fax-a@example.com>", MAIL, "NotPlain"),
    ("no field\r\nFrom: IPTELNUM-05000009999 <fax-a@example.com>", MAIL, "StrayLine"),
    // As the patent prints it: no address.
    ("From: IPTELNUM-050999999", MAIL, "Address"),
    ("From: IPTELNUM-05000009999 <fax-a@example.com>", "", "NullSender"),
];

fn outcome(number: &Result<IpTelNumber, NoNumber>) -> String {
    match number {
        Ok(number) => number.to_string(),
        Err(reason) => format!("{reason:?}"),
    }
}

fn is_outcome(number: &Result<IpTelNumber, NoNumber>, expected: &str) -> bool {
    if number.is_ok() { outcome(number) == expected } else { outcome(number).starts_with(expected) }
}

fn read_with(header: &str, path: &str, forms: &[Form]) -> Origin {
    let raw = format!("{header}\r\nTo: fax-b@example.net\r\n\r\nbody\r\n");
    Origin::read(raw.as_bytes(), &super::super::Envelope { path, params: &[] }, forms)
}

#[test]
fn a_from_gives_the_number_that_it_holds_in_a_declared_place() {
    for (header, path, expected) in FROM_ROWS {
        let origin = read_with(header, path, &[Form::DisplayName, Form::LocalPart, Form::FaxAddress]);
        assert!(is_outcome(&origin.number, expected), "{header:?}: {origin:?}, not {expected}");
    }
}

#[test]
fn a_place_that_is_not_declared_does_not_count() {
    let rows = [
        ("From: IPTELNUM-05000009999 <fax-a@example.com>", Form::LocalPart),
        ("From: IPTELNUM-05000009999@example.com", Form::FaxAddress),
        ("From: FAX=+815000009999@example.com", Form::DisplayName),
        ("From: a@b.example\r\nX-Number: IPTELNUM-05000009999", Form::Field("X-Other".into())),
    ];
    for (header, form) in rows {
        assert_eq!(read_with(header, MAIL, &[form]).number, Err(NoNumber::Absent), "{header}");
    }
    assert_eq!(
        read_with("From: IPTELNUM-05000009999 <a@b.example>", MAIL, &[]).number,
        Err(NoNumber::Absent)
    );
}

#[test]
fn a_private_field_counts_once_and_whole() {
    let form = [Form::Field("X-Number".into())];
    for (field, expected) in [
        ("X-Number: IPTELNUM-05000009999", NUMBER),
        ("x-number: 050-0000-9999", NUMBER),
        ("X-Number: +81 50", "Number"),
        ("X-Number:", "Number"),
        ("X-Number: 05000009999\r\nX-Number: 05000009999", "SeveralFields"),
        ("X-Number: 0500000999\0", "NotPlain"),
    ] {
        let number = read_with(&format!("From: a@b.example\r\n{field}"), MAIL, &form).number;
        assert!(is_outcome(&number, expected), "{field:?}: {number:?}");
    }
}

#[test]
fn the_literal_of_the_patent_counts_only_where_it_is_declared() {
    let literal = [Form::PatentLiteral, Form::DisplayName];
    let origin = read_with("From: IPTELNUM-050999999", MAIL, &literal);
    assert_eq!((outcome(&origin.number), origin.address.as_deref()), ("050999999".into(), Some(MAIL)));
    let full = read_with("From: IPTELNUM-05000009999 <fax-b@example.com>", MAIL, &literal);
    assert_eq!(outcome(&full.number), NUMBER);
    assert!(is_outcome(&read_with("From: IPTELNUM-1", MAIL, &literal).number, "Number"));
    assert!(is_outcome(&read_with("From: IPTELNUM-050999999 x", MAIL, &literal).number, "Address"));
}

#[test]
fn the_envelope_counts_where_it_is_declared() {
    let envelope = [Form::EnvelopeLocalPart, Form::EnvelopeFaxAddress, Form::EnvelopeParam];
    let header = "From: IPTELNUM-1110 <fax-a@example.com>";
    for (path, expected) in [
        ("IPTELNUM-05000009999@example.com", NUMBER),
        ("FAX=+815000009999@example.com", "+815000009999"),
        ("FAX=+8150@x@example.com", "Number"),
        (MAIL, "Absent"),
        ("", "NullSender"),
    ] {
        let number = read_with(header, path, &envelope).number;
        assert!(is_outcome(&number, expected), "{path:?}: {number:?}");
    }
    let with = |params: &[Param]| {
        let envelope_said = super::super::Envelope { path: MAIL, params };
        outcome(&Origin::read(header.as_bytes(), &envelope_said, &envelope).number)
    };
    let param = Param::new("XIPTELNUM", "+815000009999");
    assert_eq!(with(std::slice::from_ref(&param)), "+815000009999");
    assert!(with(&[param.clone(), param]).starts_with("SeveralFields"));
}

#[test]
fn the_address_is_mail_from_when_plain_and_else_from() {
    for (from, path, expected) in [
        ("From: Fax <from@example.com>", "path@example.com", Some("path@example.com")),
        ("From: Fax <from@example.com>", "FAX=+815000009999@example.com", Some("from@example.com")),
        ("From: Fax <from@example.com>", "IPTELNUM-05000009999@example.com", Some("from@example.com")),
        ("From: Fax <from@example.com>", "", Some("from@example.com")),
        ("From: Fax <from@example.com>\r\nReply-To: r@example.com", "postmaster", Some("from@example.com")),
        ("From: \"a b\"@example.com", "", Some("\"a b\"@example.com")),
        ("From: a@b.example, c@d.example", "", None),
        ("Subject: x", "", None),
    ] {
        assert_eq!(read_with(from, path, &[Form::DisplayName]).address.as_deref(), expected, "{from} {path}");
    }
}

#[test]
fn a_report_without_sender_gives_its_number() {
    let head = "From: IPTELNUM-05000009999 <fax-b@example.net>\r\nContent-Type: multipart/";
    for (kind, expected) in [
        ("report; report-type=disposition-notification; boundary=x", NUMBER),
        ("REPORT; boundary=x; report-type=\"Delivery-Status\"", NUMBER),
        ("report; boundary=x", "NullSender"),
        ("mixed; report-type=disposition-notification; boundary=x", "NullSender"),
    ] {
        let number = read_with(&format!("{head}{kind}"), "", &[Form::DisplayName]).number;
        assert!(is_outcome(&number, expected), "{kind}: {number:?}");
    }
}

#[test]
fn a_mail_inside_the_mail_gives_no_number() {
    let raw = "From: a@b.example\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\
        Content-Type: message/rfc822\r\n\r\nFrom: IPTELNUM-05000009999 <e@f.example>\r\n\r\n\r\n--x--\r\n";
    let envelope = super::super::Envelope { path: MAIL, params: &[] };
    assert_eq!(Origin::read(raw.as_bytes(), &envelope, &[Form::DisplayName]).number, Err(NoNumber::Absent));
}

#[test]
fn overlong_and_endless_headers_give_no_number() {
    let from = "From: IPTELNUM-05000009999 <fax-a@example.com>";
    let forms = [Form::DisplayName];
    let long = format!("{from} ({})", "x".repeat(MAX_HEADER_LINE));
    assert!(is_outcome(&read_with(&long, MAIL, &forms).number, "NotPlain"));
    let many = format!("{from}\r\n{}", "A: b\r\n".repeat(MAX_FIELDS));
    assert_eq!(read_with(&many, MAIL, &forms).number, Err(NoNumber::Header(FieldsError::TooMany)));
    let folded = format!("{from}\r\n{}", format!(" {}\r\n", "x".repeat(900)).repeat(300));
    assert_eq!(read_with(&folded, MAIL, &forms).number, Err(NoNumber::Header(FieldsError::TooLarge)));
    let deep = format!("From: {}{} a@b.example", "(".repeat(200), ")".repeat(200));
    assert!(is_outcome(&read_with(&deep, MAIL, &forms).number, "Address(TooDeep"));
}

#[test]
fn every_form_that_is_written_is_read() {
    let number = IpTelNumber::parse("+815000009999").unwrap();
    for form in [Form::DisplayName, Form::LocalPart, Form::FaxAddress, Form::PatentLiteral] {
        let from = form.write_from(&number, MAIL).unwrap();
        let mail = Mail { from: &from, ..super::mail(Some("x"), None) }.to_bytes();
        let envelope = super::super::Envelope { path: MAIL, params: &[] };
        assert_eq!(
            Origin::read(&mail, &envelope, std::slice::from_ref(&form)).number,
            Ok(number.clone()),
            "{form:?}"
        );
    }
    for form in [Form::EnvelopeLocalPart, Form::EnvelopeFaxAddress] {
        let path = form.write_path(&number, MAIL).unwrap();
        assert_eq!(read_with("From: a@b.example", &path, &[form]).number, Ok(number.clone()));
    }
    let national = IpTelNumber::parse(NUMBER).unwrap();
    assert_eq!(Form::FaxAddress.write_from(&national, MAIL), None);
    let canonical = Form::DisplayName.write_from(&national, MAIL).unwrap();
    let mail = Mail { from: &canonical, ..super::mail(Some("x"), None) }.to_bytes();
    assert!(super::text_of(&mail).contains("From: IPTELNUM-05000009999 <fax-a@example.com>\r\n"));
}

#[test]
fn a_fax_address_is_bounded_and_reads_back() {
    let local = |digits: usize| format!("FAX=+815000009999/T33S={}", "1".repeat(digits));
    let longest = FaxLocalPart::parse(&local(41)).unwrap().unwrap();
    assert_eq!(longest.to_local_part(), Ok(local(41)));
    assert_eq!(local(41).len(), MAX_LOCAL_PART);
    assert_eq!(FaxLocalPart::parse(&local(42)), Some(Err(NumberError::TooLong)));
    assert_eq!(FaxLocalPart::parse("fax-a"), None);
    for text in
        ["FAX=", "FAX=+", "FAX=+815000009999/T33S=", "FAX=+815000009999/T33S=1a", "FAX=+81/5000009999"]
    {
        assert!(FaxLocalPart::parse(text).unwrap().is_err(), "{text}");
    }
}
