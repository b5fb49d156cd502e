//! Tests of URIs; the examples of equivalence are those of RFC 3261 §19.1.4.

use super::*;

fn uri(text: &str) -> Uri {
    Uri::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn writes_what_it_read() {
    for text in [
        "sip:+815012345678@sip.example.net;user=phone",
        "sips:a:secret@[2001:db8::1]:5061;transport=tcp;lr?subject=x&priority=urgent",
        "sip:example.com",
        "sip:user;par=u%40example.net@example.com",
        "tel:+81-50-1234-5678",
        "tel:7042;phone-context=example.com",
        "mailto:fax@example.net?subject=a",
        "sip:host:5060",
    ] {
        assert_eq!(uri(text).to_string(), text);
    }
}

#[test]
fn user_part_may_hold_semicolons_and_escaped_at() {
    let uri = uri("sip:user;par=u%40example.net@example.com");
    assert_eq!(uri.user.as_deref(), Some("user;par=u%40example.net"));
    assert_eq!(uri.host, "example.com");
    assert!(uri.params.is_empty());
}

#[test]
fn refuses_what_the_grammar_does_not_have() {
    for bad in [
        "",
        "sip",
        "sip:",
        "sip:@host",
        "sip:a@",
        "sip:a@b@c",
        "sip:a@h:",
        "sip:a@h:65536",
        "sip:a@h::5060",
        "sip:a@[::1",
        "sip:a@[fe80::zz]",
        "sip:a@h;",
        "sip:a@h; lr",
        "sip:a@h?",
        "sip:a@h?x",
        "sip:a b@h",
        "sip:%4@h",
        "<sip:a@h>",
        "tel:",
        "tel:+",
        "tel:05 01",
        "mailto:",
        "1sip:a@h",
    ] {
        assert!(Uri::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn error_offset_counts_from_the_scheme() {
    let error = Uri::parse("sip:user@example.com;lr;b=\"").unwrap_err();
    assert_eq!(error, ParseError::Syntax { expected: "characters allowed in a URI parameter", offset: 26 });
}

#[test]
fn equivalent_uris() {
    for (one, other) in [
        ("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"),
        ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;newparam=5"),
        (
            "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
            "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com",
        ),
        (
            "sip:alice@atlanta.com?subject=project%20x&priority=urgent",
            "sip:alice@atlanta.com?priority=urgent&subject=project%20x",
        ),
        ("sip:a@[2001:db8::1]", "sip:a@[2001:DB8:0::1]"),
        ("tel:+81-50-1234", "TEL:+81(50)1234"),
    ] {
        assert!(uri(one).equivalent(&uri(other)), "{one} {other}");
    }
}

#[test]
fn uris_that_differ() {
    for (one, other) in [
        ("SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting"),
        ("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"),
        ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off"),
        ("sip:bob@biloxi.com", "sips:bob@biloxi.com"),
        ("sip:bob@biloxi.com", "sip:biloxi.com"),
        ("sip:a@h;n%61me=v%2541", "sip:a@h;name=vA"),
        ("tel:7042;phone-context=a.example", "tel:7042"),
    ] {
        assert!(!uri(one).equivalent(&uri(other)), "{one} {other}");
    }
}

#[test]
fn aor_drops_parameters_and_escapes() {
    assert_eq!(uri("sip:%75se%72@Example.COM;user=phone?a=b").aor(), "sip:user@example.com");
    assert_eq!(uri("sip:null-%00-null@example.com").aor(), "sip:null-\0-null@example.com");
}

#[test]
fn aor_keeps_different_users_apart() {
    assert_ne!(uri("sip:%ff@h").aor(), uri("sip:%25ff@h").aor());
    assert_ne!(uri("sip:%fe@h").aor(), uri("sip:%ff@h").aor());
    assert_ne!(uri("sip:%2541@h").aor(), uri("sip:A@h").aor());
}

#[test]
fn number_digits_of_every_form() {
    for (text, digits) in [
        ("tel:+81-50-1234-5678", Some("+815012345678")),
        ("tel:050.1234;phone-context=+81", Some("0501234")),
        ("sip:+815012345678@d;user=phone", Some("+815012345678")),
        ("sip:05012345678;phone-context=+81@d;user=phone", Some("05012345678")),
        ("sip:%2b8150@d", Some("+8150")),
        ("sip:050-1234-5678@d", Some("05012345678")),
        ("sip:alice@d", None),
        ("sip:+@d", None),
        ("sip:5060", None),
        ("tel:*72", None),
        ("mailto:123@d", None),
    ] {
        assert_eq!(uri(text).number_digits().as_deref(), digits, "{text}");
    }
}
