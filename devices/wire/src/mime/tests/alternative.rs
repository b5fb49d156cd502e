//! A mail asked for again in a better form (RFC 3297), as its §8.1 has it.

use super::super::*;
use crate::features::{Filter, FilterError};

const FINE: &str = "(& (type=\"image/tiff\") (color=Binary) (image-file-structure=TIFF) \
    (| (& (dpi=200) (dpi-xyratio=200/100)) (& (dpi=200) (dpi-xyratio=1)) (& (dpi=400) (dpi-xyratio=1))) \
    (| (image-coding=[MH,MR,MMR]) (& (image-coding=JBIG) (image-coding-constraint=JBIG-T85) \
    (JBIG-stripe-size=128))) (MRC-mode=0) (paper-size=[A4,B4]) (ua-media=stationery))";

fn filter(text: &str) -> Filter {
    Filter::parse(text).unwrap()
}

fn report<'a>(text: &'a str) -> Report<'a> {
    Report {
        from: "Tom Recipient <Tom_Recipient@example.org>",
        to: "Jane Sender <Jane_Sender@example.com>",
        subject: "Fax: a better form is wanted",
        date_unix_s: 811_570_740,
        message_id: "199509200020.12345@example.org",
        boundary: "b1",
        text,
        original: Original::Nothing,
    }
}

#[test]
fn a_first_mail_offers_what_else_there_is() {
    let tiff = super::tiff();
    let (features, alternatives) =
        (filter("(& (dpi=200) (image-coding=MH))"), [filter(FINE), filter("(type=\"application/pdf\")")]);
    let offer = Alternative::Available(Lifetime::Permanent).to_string();
    let extras = Extras {
        confirm_to: Some("Jane_Sender@example.com"),
        confirm_options: Some(&offer),
        features: Some(&features),
        alternatives: &alternatives,
        ..Extras::default()
    };
    let bytes = super::mail(Some("One page."), Some(&tiff)).to_bytes_with(&extras);
    let received = read(&bytes).unwrap();
    let read_back = |texts: &[String]| texts.iter().map(|text| filter(text)).collect::<Vec<_>>();
    assert_eq!(read_back(&received.features), [features]);
    assert_eq!(read_back(&received.alternatives), alternatives);
    assert_eq!(received.tiffs, [tiff]);
    let text = String::from_utf8_lossy(&bytes);
    let part = text.split("Content-Type: image/tiff").nth(1).unwrap();
    assert!(part.contains("\r\nContent-features: (& (dpi=200)"), "it is a field of the part: {text}");
    assert!(text.split("\r\n").all(|line| line.len() <= 78), "{text}");
    let options = mdn_options(&Fields::read(&bytes).unwrap()).unwrap();
    assert_eq!(Alternative::of(&options), Some(Alternative::Available(Lifetime::Permanent)));
}

#[test]
fn an_mdn_asks_for_another_form() {
    let mdn = Mdn::alternative_preferred("Tom_Recipient@example.org", "1@example.com", &filter(FINE));
    let mail = report("Please send it again.").mdn(&mdn);
    let text = String::from_utf8_lossy(&mail);
    assert!(text.contains(
        "\r\nOriginal-Message-ID: <1@example.com>\r\nDisposition: automatic-action/MDN-sent-automatically;\r\n \
         deleted/alternative-preferred\r\nMedia-Accept-Features: (& (type=\"image/tiff\")"
    ), "{text}");
    let read_back = Mdn::read(&mail).unwrap();
    assert_eq!(read_back, mdn);
    assert_eq!(read_back.accepts(), Some(Ok(filter(FINE))));
    assert!(read_back.disposition.prefers_alternative() && !read_back.disposition.is_failure());
}

#[test]
fn an_mdn_tells_that_the_original_is_lost() {
    let mdn = Mdn::original_lost("Tom_Recipient@example.org", "1@example.com");
    let read_back = Mdn::read(&report("Lost.").mdn(&mdn)).unwrap();
    assert_eq!(read_back, mdn);
    assert!(read_back.disposition.has_lost_original() && !read_back.disposition.prefers_alternative());
    assert_eq!(read_back.accepts(), None);
}

#[test]
fn another_disposition_asks_for_nothing() {
    for text in [
        "automatic-action/MDN-sent-automatically; processed/alternative-preferred",
        "automatic-action/MDN-sent-automatically; deleted",
    ] {
        let disposition = Disposition::parse(text).unwrap();
        assert!(!disposition.prefers_alternative() && !disposition.has_lost_original(), "{text}");
    }
}

#[test]
fn a_second_mail_names_the_first() {
    let tiff = super::tiff();
    let extras = Extras { original_message_id: Some("1@example.com"), ..Extras::default() };
    let received = read(&super::mail(None, Some(&tiff)).to_bytes_with(&extras)).unwrap();
    assert_eq!(received.original_message_id.as_deref(), Some("1@example.com"));
    assert_eq!(received.message_id.as_deref(), Some("a1b2@fax-a.example.com"), "it has an id of its own");
    assert_eq!(read(&super::with_both()).unwrap().original_message_id, None);
}

#[test]
fn offers_are_written_and_read() {
    let all = [
        (Alternative::Available(Lifetime::Permanent), "Alternative-available=optional,permanent"),
        (Alternative::Available(Lifetime::Transient), "Alternative-available=optional,transient"),
        (Alternative::NotAvailable, "Alternative-not-available=required,(TRUE)"),
    ];
    let of = |text: &str| {
        let header = format!("Disposition-Notification-Options:\r\n {text}\r\n\r\n");
        Alternative::of(&mdn_options(&Fields::read(header.as_bytes()).unwrap()).unwrap())
    };
    for (offer, text) in all {
        assert_eq!(offer.to_string(), text);
        assert_eq!(of(text), Some(offer));
        assert_eq!(of(&format!("x=optional,1; {}", text.to_uppercase())), Some(offer));
    }
    for doubtful in ["Alternative-available=optional", "Alternative-available=optional,for-ever"] {
        assert_eq!(of(doubtful), Some(Alternative::Available(Lifetime::Transient)), "{doubtful}");
    }
    assert_eq!(of("x=optional,permanent"), None);
}

#[test]
fn only_who_is_named_may_ask() {
    let header = "To: Tom <tom@example.org>, ann@example.org\r\nCC: fax@EXAMPLE.net\r\n\
        Bcc: g: hidden@example.org;\r\nFrom: jane@example.com\r\n\r\n";
    let fields = Fields::read(header.as_bytes()).unwrap();
    let is_named =
        |address: &str| is_addressed_to(&fields, |named| named.is_same(&Mailbox::parse(address).unwrap()));
    assert_eq!(["tom@example.org", "ann@example.org", "fax@example.net"].map(is_named), [true; 3]);
    assert_eq!(["Tom@example.org", "hidden@example.org", "jane@example.com"].map(is_named), [false; 3]);
}

#[test]
fn each_recipient_of_a_dsn_has_its_own_features() {
    let mut recipients = ["a@b.example", "c@d.example", "e@f.example"]
        .map(|address| DsnRecipient::new(address, Action::Delivered, (2, 1, 5)));
    recipients[0].media_accept_features = Some(FINE.to_owned());
    recipients[1].media_accept_features = Some("(& (dpi=".to_owned());
    let dsn = Dsn {
        envelope_id: None,
        reporting_mta: Typed { kind: "dns".into(), value: "mx.example.net".into() },
        extensions: Vec::new(),
        recipients: recipients.to_vec(),
        has_missing_line: false,
    };
    let read_back = Dsn::read(&report("Delivered.").dsn(&dsn)).unwrap();
    let accepts: Vec<_> = read_back.recipients.iter().map(DsnRecipient::accepts).collect();
    let error = FilterError { at: 8, reason: "a value is missing" };
    assert_eq!(accepts, [Some(Ok(filter(FINE))), Some(Err(error)), None]);
}

#[test]
fn features_stand_on_the_mail_or_on_any_part() {
    let mail = "From: a@b.example\r\nContent-Features:\r\n (& (color=Binary)\r\n\t(dpi=200) )\r\n\
        Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\ncontent-features: (dpi=400)\r\n\r\ntext\r\n--x--\r\n";
    let received = read(mail.as_bytes()).unwrap();
    assert_eq!(received.features, ["(& (color=Binary) (dpi=200) )", "(dpi=400)"]);
    let many = format!("From: a@b.example\r\n{}\r\nx", "Content-alternative: (a=1)\r\n".repeat(100));
    assert_eq!(read(many.as_bytes()).unwrap().alternatives.len(), MAX_FILTERS);
}
