//! Properties over many generated messages.

use proptest::prelude::*;

use super::*;

const NAMES: [Name; 8] = [
    Name::Via,
    Name::From,
    Name::To,
    Name::CallId,
    Name::Contact,
    Name::Supported,
    Name::Subject,
    Name::UserAgent,
];

fn lines() -> impl Strategy<Value = Vec<(Name, String)>> {
    let name = (0..NAMES.len()).prop_map(|place| NAMES[place]);
    proptest::collection::vec((name, "[ -~\u{a1}-\u{ff}\r\n\t\0]{0,40}"), 0..12)
}

fn build(lines: &[(Name, String)], body: &[u8]) -> Message {
    let builder = Builder::request(Method::Invite, "sip:fax@example.net");
    let with_lines = lines.iter().fold(builder, |builder, (name, value)| builder.header(*name, value));
    with_lines.body("application/octet-stream", body.to_vec()).finish()
}

proptest! {
    #[test]
    fn built_messages_read_as_built(lines in lines(), body in proptest::collection::vec(any::<u8>(), 0..200)) {
        let message = build(&lines, &body);
        assert_index_matches_bytes(&message);
        prop_assert_eq!(message.headers().count(), lines.len() + 2);
        for (header, (name, value)) in message.headers().zip(&lines) {
            let sent = value.replace(['\r', '\n', '\0'], " ");
            prop_assert_eq!(header.name, *name);
            prop_assert_eq!(header.text(), sent.trim_matches([' ', '\t']));
        }
        prop_assert_eq!(&message.body()[..], &body[..]);
    }

    #[test]
    fn unchanged_edits_are_identical(lines in lines(), body in "[a-z]{0,20}") {
        let message = build(&lines, body.as_bytes());
        let edited = message.edit().finish();
        prop_assert_eq!(edited.raw(), message.raw());
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let bytes = Bytes::from(bytes);
        if let Ok(message) = Message::parse(bytes.clone()) {
            prop_assert_eq!(message.raw(), &bytes);
        }
    }

    #[test]
    fn uris_write_as_read(user in "[a-z0-9+&=;/.-]{1,12}", host in "[a-z0-9]{1,9}", port in any::<u16>(), value in "[a-z0-9:/.]{1,9}") {
        let text = format!("sips:{user}@{host}:{port};lr;x={value}?to={value}");
        prop_assert_eq!(Uri::parse(&text).unwrap().to_string(), text);
    }
}
