//! Mails.

use faxproof_wire::mime::{
    Dsn, DsnRecipient, Envelope, Form, MAX_PARTS, Mail, Mdn, Origin, Received, may_confirm, read,
};

/// A mail: what is read is no larger than what came, and documents and texts in a mail of ours arrive.
pub fn mime(bytes: &[u8]) -> bool {
    asked(bytes);
    let Ok(received) = read(bytes) else { return false };
    let parts = received.text.len() + received.tiffs.len() + received.other.len();
    assert!(parts + received.problems.len() <= 2 * MAX_PARTS);
    let octets: usize = received.tiffs.iter().map(bytes::Bytes::len).sum();
    assert!(octets <= bytes.len());
    // An octet of some charset may become four of UTF-8.
    let letters: usize = received.text.iter().map(String::len).sum();
    assert!(letters <= 4 * bytes.len(), "{letters} octets of text from {}", bytes.len());
    sent_on(&received);
    true
}

/// What a mail fax asks of a mail: is it a report, may it be confirmed, who sent it? A number that is found is
/// one that could be dialled.
fn asked(bytes: &[u8]) {
    let _ = may_confirm(bytes, None, &[]);
    let _ = Mdn::read(bytes).map(|mdn| mdn.accepts());
    let recipients = Dsn::read(bytes).map(|dsn| dsn.recipients).unwrap_or_default();
    let _ = recipients.iter().filter_map(DsnRecipient::accepts).count();
    let places = [Form::DisplayName, Form::LocalPart, Form::FaxAddress, Form::Field("X-Number".to_owned())];
    for place in places {
        let origin = Origin::read(bytes, &Envelope { path: "a@b.example", params: &[] }, &[place]);
        if let Ok(number) = origin.number {
            assert!((3..=15).contains(&number.digits().len()), "{number}");
        }
    }
}

fn sent_on(received: &Received) {
    let text = received.text.first().map(String::as_str);
    let tiff = received.tiffs.first().filter(|tiff| !tiff.is_empty());
    let mail = Mail {
        from: received.from.as_deref().unwrap_or("fax@example.net"),
        to: "FAX=+815012345678@example.net",
        subject: received.subject.as_deref().unwrap_or_default(),
        date_unix_s: 1_037_750_400,
        message_id: received.message_id.as_deref().unwrap_or("a@b"),
        boundary: text.unwrap_or("b"),
        text,
        tiff,
        file_name: received.subject.as_deref().unwrap_or("fax.tif"),
    };
    let written = mail.to_bytes();
    let longest = written.split(|byte| *byte == b'\n').map(<[u8]>::len).max();
    assert!(longest <= Some(999), "a line of {longest:?} octets");
    let again = read(&written);
    let read_back = again.as_ref().map(|again| (&again.tiffs[..], &again.problems[..]));
    assert_eq!(read_back, Ok((tiff.map_or(&[][..], std::slice::from_ref), &[][..])));
    let lines = |text: &str| text.replace("\r\n", "\n").replace('\r', "\n");
    let arrived = again.map(|again| again.text.first().map(|text| lines(text)));
    let sent =
        if text.is_none() && tiff.is_some() { None } else { Some(ended(&lines(text.unwrap_or_default()))) };
    assert_eq!(arrived, Ok(sent));
}

fn ended(text: &str) -> String {
    format!("{}\n", text.strip_suffix('\n').unwrap_or(text))
}
