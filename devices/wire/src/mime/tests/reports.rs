//! MDNs and DSNs, and whether one may be sent.

use proptest::prelude::*;

use super::super::*;

const FEATURES: &str = "(& (type=\"image/tiff\") (color=Binary) (image-file-structure=TIFF) (image-coding=[MH,MR,MMR]) (MRC-mode=0))";

fn report<'a>(text: &'a str, header: &'a [u8]) -> Report<'a> {
    Report {
        from: "IPTELNUM-05012345678 <fax-b@example.net>",
        to: "fax-a@example.com",
        subject: "Fax printed (MDN)",
        date_unix_s: 1_037_750_400,
        message_id: "m2@fax-b.example.net",
        boundary: "b1",
        text,
        original: Original::Header(header),
    }
}

fn mdn() -> Mdn {
    Mdn {
        reporting_ua: Some("fax-b.example.net; SimFax".into()),
        original_recipient: Some(Typed::rfc822("fax-b@example.net")),
        original_message_id: Some("m1@fax-a.example.com".into()),
        media_accept_features: Some(FEATURES.into()),
        errors: vec!["paper".into()],
        extensions: vec![("X-Tray".into(), "2".into())],
        ..Mdn::automatic("fax-b@example.net", DispositionType::Dispatched)
    }
}

fn dsn() -> Dsn {
    let second = DsnRecipient {
        original_recipient: Some(Typed::rfc822("FAX=+815012345678@example.net")),
        remote_mta: Some(Typed { kind: "dns".into(), value: "fax-b.example.net".into() }),
        diagnostic_code: Some(Typed { kind: "smtp".into(), value: "451 4.4.1 busy".into() }),
        will_retry_until: Some("Thu, 21 Nov 2002 00:00:00 +0000".into()),
        media_accept_features: Some(FEATURES.into()),
        ..DsnRecipient::new("fax-c@example.net", Action::Delayed, (4, 4, 1))
    };
    Dsn {
        envelope_id: Some("a1+b2".into()),
        reporting_mta: Typed { kind: "dns".into(), value: "mx.example.net".into() },
        extensions: vec![("Arrival-Date".into(), "Wed, 20 Nov 2002 00:00:00 +0000".into())],
        recipients: vec![DsnRecipient::new("fax-b@example.net", Action::Failed, (5, 6, 1)), second],
        has_missing_line: false,
    }
}

/// A report of this type with these facts.
fn with_facts(kind: &str, facts: &str) -> String {
    format!(
        "From: a@b.example\r\nContent-Type: multipart/report; report-type={kind}; boundary=x\r\n\r\n\
         --x\r\n\r\ntext\r\n--x\r\nContent-Type: message/{kind}\r\n\r\n{facts}\r\n--x--\r\n"
    )
}

fn with_disposition(value: &str) -> Result<Mdn, ReportError> {
    let facts = format!("Final-Recipient: rfc822;b@c.example\r\nDisposition: {value}\r\n");
    Mdn::read(with_facts("disposition-notification", &facts).as_bytes())
}

#[test]
fn an_mdn_reads_back() {
    let mail = report("Printed.", b"Subject: F\xc3\xbcx\r\nX: y\r\n\r\nbody").mdn(&mdn());
    assert_eq!(Mdn::read(&mail), Ok(mdn()));
    assert!(is_report(&mail));
    let received = read(&mail).unwrap();
    assert_eq!(received.text, ["Printed.\r\n"], "{}", super::text_of(&mail));
    assert_eq!(received.other, ["message/disposition-notification", "text/rfc822-headers"]);
    assert_eq!(received.problems, []);
    let text = super::text_of(&mail);
    assert!(text.contains("\r\nDisposition: automatic-action/MDN-sent-automatically; dispatched\r\n"));
    assert!(text.contains("From: IPTELNUM-05012345678 <fax-b@example.net>\r\n"));
    assert!(
        text.is_ascii() && text.split("\r\n").all(|line| line.len() <= 78 && !line.contains(['\r', '\n']))
    );
    assert!(!text.contains("body"));
}

#[test]
fn a_dsn_reads_back() {
    let mail = report("No.", b"").dsn(&dsn());
    assert_eq!(Dsn::read(&mail), Ok(dsn()), "{}", super::text_of(&mail));
    assert_eq!(read(&mail).unwrap().other, ["message/delivery-status"]);
    assert_eq!(report("No.", b"").dsn(&dsn()), mail, "the same values are the same octets");
}

#[test]
fn one_report_is_not_the_other() {
    let (mdn, dsn) = (report("x", b"").mdn(&mdn()), report("x", b"").dsn(&dsn()));
    assert!(matches!(Mdn::read(&dsn), Err(ReportError::NoFacts(_))));
    assert!(matches!(Dsn::read(&mdn), Err(ReportError::NoFacts(_))));
    assert!(matches!(Mdn::read(&super::with_both()), Err(ReportError::NoReport(_))));
}

#[test]
fn the_dispositions_of_all_three_rfcs_are_read() {
    for kind in DispositionType::ALL {
        let text = format!("Manual-Action/mdn-sent-MANUALLY ;\t{}", kind.name().to_uppercase());
        let disposition = with_disposition(&text).unwrap().disposition;
        assert_eq!(disposition.kind, kind);
        assert!(!disposition.is_automatic_action && !disposition.is_sent_automatically);
        assert_eq!(disposition.is_failure(), kind == DispositionType::Failed);
        let doubtful = [DispositionType::Deleted, DispositionType::Denied].contains(&kind);
        assert_eq!(disposition.is_doubtful(), doubtful);
    }
    let text = "automatic-action/MDN-sent-automatically; processed/Error,X-Odd, warning";
    let disposition = with_disposition(text).unwrap().disposition;
    assert_eq!(disposition.modifiers, ["error", "x-odd", "warning"]);
    assert!(disposition.is_failure() && disposition.is_doubtful() && !disposition.has_comma_slip);
}

#[test]
fn the_comma_of_rfc_3297_is_understood_and_told() {
    let slip = with_disposition("automatic-action/MDN-sent-automatically, deleted/alternative-preferred");
    let disposition = slip.unwrap().disposition;
    assert!(disposition.has_comma_slip && disposition.has("alternative-preferred"));
    assert_eq!(
        disposition.to_string(),
        "automatic-action/MDN-sent-automatically; deleted/alternative-preferred"
    );
}

#[test]
fn a_disposition_that_tells_nothing_is_refused() {
    for value in [
        "",
        "dispatched",
        "automatic-action; dispatched",
        "automatic-action/MDN-sent-automatically",
        "a/b; dispatched",
        "automatic-action/MDN-sent-automatically; eaten",
    ] {
        let read = with_disposition(value);
        assert!(matches!(read, Err(ReportError::Field { field: "Disposition", .. })), "{value}: {read:?}");
    }
}

#[test]
fn a_dsn_of_old_servers_is_read() {
    let facts = "Reporting-MTA: DNS;mx.example.net\nReceived-From-MTA: dns; a\n\n\
        Final-Recipient: b@c.example\nAction: FAILED (no such)\nStatus: 5.0.0 (undefined)\nDiagnostic-Code: X-Local; 500 (x)\n";
    let dsn = Dsn::read(with_facts("delivery-status", facts).as_bytes()).unwrap();
    let [recipient] = &dsn.recipients[..] else { panic!("{dsn:?}") };
    assert_eq!((recipient.action, recipient.status), (Action::Failed, (5, 0, 0)));
    assert_eq!(recipient.final_recipient, Typed::rfc822("b@c.example"));
    assert_eq!(dsn.reporting_mta.kind, "dns");
    assert!(!dsn.has_missing_line);
}

#[test]
fn a_missing_empty_line_is_understood_and_told() {
    let facts = "Original-Envelope-Id: 1\r\nReporting-MTA: dns; m\r\nFinal-Recipient: rfc822; b@c.example\r\n\
        Action: failed\r\nStatus: 5.6.1\r\n";
    let dsn = Dsn::read(with_facts("delivery-status", facts).as_bytes()).unwrap();
    assert!(dsn.has_missing_line);
    assert_eq!((dsn.envelope_id.as_deref(), dsn.recipients.len()), (Some("1"), 1));
}

#[test]
fn a_dsn_without_what_must_be_there_is_refused() {
    let whole = [
        "Reporting-MTA: dns; m\r\n\r\n",
        "Final-Recipient: rfc822; b@c\r\n",
        "Action: failed\r\n",
        "Status: 5.6.1\r\n",
    ];
    assert!(Dsn::read(with_facts("delivery-status", &whole.concat()).as_bytes()).is_ok());
    for left_out in 0..whole.len() {
        let mut lines = whole.to_vec();
        lines.remove(left_out);
        assert!(Dsn::read(with_facts("delivery-status", &lines.concat()).as_bytes()).is_err(), "{left_out}");
    }
    for status in ["3.0.0", "5.6", "5.6.1.1", "5.6.1000", "x"] {
        let facts = whole.concat().replace("5.6.1", status);
        assert!(Dsn::read(with_facts("delivery-status", &facts).as_bytes()).is_err(), "{status}");
    }
}

#[test]
fn no_value_brings_a_field_or_a_part_of_its_own() {
    let evil = "x\r\nDisposition: y\r\n\r\n--b1--\r\n";
    let mdn = Mdn {
        reporting_ua: Some(evil.into()),
        original_message_id: Some(evil.into()),
        extensions: vec![("A\r\nB".into(), "x".into()), ("C:".into(), "x".into())],
        ..mdn()
    };
    let mail = report(evil, evil.as_bytes()).mdn(&mdn);
    let read_back = Mdn::read(&mail).unwrap();
    assert_eq!((read_back.disposition, read_back.extensions), (mdn.disposition, vec![]));
}

fn may(header: &str, path: Option<&str>) -> Result<String, NoMdn> {
    may_confirm(format!("{header}\r\n\r\nbody").as_bytes(), path, &["alternative-available"])
}

#[test]
fn an_mdn_goes_only_to_where_the_mail_came_from() {
    let dnt = "Disposition-Notification-To: Fax A <fax-a@example.com>";
    let ok = Ok("fax-a@example.com".to_owned());
    assert_eq!(may(dnt, Some("fax-a@example.com")), ok);
    assert_eq!(may(dnt, Some("fax-a@EXAMPLE.com")), ok);
    assert_eq!(may(&format!("Return-Path: <fax-a@example.com>\r\n{dnt}"), None), ok);
    assert!(matches!(may(dnt, Some("Fax-A@example.com")), Err(NoMdn::OtherReturnPath { .. })));
    assert!(matches!(may(dnt, Some("FAX=+815000009999@example.com")), Err(NoMdn::OtherReturnPath { .. })));
    assert_eq!(may(dnt, Some("")), Err(NoMdn::NullReturnPath));
    assert_eq!(may(dnt, None), Err(NoMdn::NoReturnPath));
    assert_eq!(may(&format!("Return-Path: <>\r\n{dnt}"), None), Err(NoMdn::NullReturnPath));
    let two = format!("Return-Path: <fax-a@example.com>\r\n{dnt}\r\nReturn-Path: <x@y.example>");
    assert_eq!(may(&two, None), Err(NoMdn::DoubtfulReturnPath));
    // What the envelope says is known; a field in the mail is only claimed.
    assert!(
        may(&two.replace("fax-a@example.com>\r\nD", "e@f.example>\r\nD"), Some("fax-a@example.com")).is_ok()
    );
}

#[test]
fn a_request_is_one_field_with_one_address() {
    let path = Some("a@b.example");
    assert_eq!(may("From: a@b.example", path), Err(NoMdn::NotAsked));
    let dnt = "Disposition-Notification-To: a@b.example";
    assert_eq!(may(&format!("{dnt}\r\n{dnt}"), path), Err(NoMdn::SeveralRequests));
    assert_eq!(may(&format!("{dnt}, a@b.example"), path), Err(NoMdn::SeveralAddresses));
    assert_eq!(may("Disposition-Notification-To: g: a@b.example;", path), Err(NoMdn::SeveralAddresses));
    for value in ["", "a", "<>", "a@b.example\n x", "\u{e9}@b.example"] {
        assert_eq!(
            may(&format!("Disposition-Notification-To: {value}"), path),
            Err(NoMdn::NoAddress),
            "{value:?}"
        );
    }
}

#[test]
fn reports_are_never_confirmed() {
    for raw in [report("x", b"").mdn(&mdn()), report("x", b"").dsn(&dsn())] {
        let asking = [b"Disposition-Notification-To: a@b.example\r\n", &raw[..]].concat();
        assert_eq!(may_confirm(&asking, Some("a@b.example"), &[]), Err(NoMdn::IsReport));
    }
}

#[test]
fn an_option_that_is_required_must_be_understood() {
    let with = |options: &str| {
        let head = "Disposition-Notification-To: a@b.example\r\nDisposition-Notification-Options:";
        may(&format!("{head} {options}"), Some("a@b.example"))
    };
    assert!(with("Alternative-available=REQUIRED,permanent; x=optional,\"a;b=,c\"").is_ok());
    assert_eq!(with("x=optional,1; Y = required , (TRUE)"), Err(NoMdn::OptionRequired("y".into())));
    for doubtful in ["x", "x=", "x=maybe,1", "=required,1", "x=optional\0"] {
        assert_eq!(with(doubtful), Err(NoMdn::DoubtfulOptions), "{doubtful}");
    }
    assert_eq!(with(&"x=optional,1;".repeat(1_000)), Err(NoMdn::DoubtfulOptions));
}

#[test]
fn a_mail_asks_for_what_its_extras_say() {
    let extras = Extras {
        confirm_to: Some("fax-a@example.com"),
        confirm_options: Some("Alternative-available=optional,permanent"),
        original_message_id: Some("m1@fax-a.example.com"),
        fields: &[("X-Number", "IPTELNUM-05000009999\r\nBcc: e@f.example"), ("Bad name", "x")],
        ..Extras::default()
    };
    let tiff = super::tiff();
    let bytes = super::mail(None, Some(&tiff)).to_bytes_with(&extras);
    assert_eq!(may_confirm(&bytes, Some("fax-a@example.com"), &[]), Ok("fax-a@example.com".to_owned()));
    let fields = Fields::read(&bytes).unwrap();
    assert_eq!(fields.text("Original-Message-ID").as_deref(), Some("<m1@fax-a.example.com>"));
    assert_eq!(mdn_options(&fields).unwrap()[0].attribute, "alternative-available");
    assert_eq!(fields.text("X-Number").as_deref(), Some("IPTELNUM-05000009999Bcc: e@f.example"));
    assert_eq!((fields.text("Bcc"), fields.strays), (None, 0));
    assert_eq!(read(&bytes).unwrap().tiffs, [tiff]);
}

proptest! {
    #[test]
    fn any_list_of_addresses_is_read_or_refused(text in "[ -~\t\u{e9}]{0,60}") {
        let _ = addresses(&text);
    }

    #[test]
    fn an_address_that_was_read_reads_back(text in "[a-z\"\\\\ .<>@()]{1,24}@[a-z.]{1,8}") {
        if let Ok(mailbox) = Mailbox::parse(&text) {
            let again = Mailbox::parse(&mailbox.address());
            prop_assert!(again.is_ok_and(|again| again.is_same(&mailbox)), "{}", mailbox.address());
        }
    }

    #[test]
    fn any_header_is_read_or_refused(raw in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(fields) = Fields::read(&raw) {
            prop_assert!(fields.iter().count() <= raw.len());
        }
    }
}

#[test]
fn a_mail_comes_back_whole_and_a_large_one_or_one_of_eight_bits_by_its_header() {
    let back = |original| {
        let raw = Report { original, ..report("sorry", b"") }.dsn(&dsn());
        assert_eq!(Dsn::read(&raw).unwrap(), dsn());
        String::from_utf8_lossy(&raw).into_owned()
    };
    let mail = b"Subject: x\r\n\r\n--b1\r\ngreen\r\n";
    let raw = back(Original::Mail(mail));
    let whole = format!("Content-Type: message/rfc822\r\n\r\n{}", String::from_utf8_lossy(mail));
    assert!(raw.contains(&whole), "{raw}");
    let large = [&b"Subject: x\r\n\r\n"[..], &vec![b'a'; 300_000]].concat();
    for mail in [&large[..], b"Subject: x\r\n\r\ngr\xc3\xbcn\r\n"] {
        let raw = back(Original::Mail(mail));
        assert!(raw.contains("Content-Type: text/rfc822-headers\r\n") && raw.len() < 3_000);
        assert!(raw.is_ascii());
    }
}
