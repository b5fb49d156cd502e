use super::*;

const ADDRESS_A: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 10));
const ADDRESS_B: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 20));

const ZERO: &str = "v=0\r\no=- 20021119001 1 IN IP4 192.0.2.10\r\ns=-\r\nc=IN IP4 192.0.2.10\r\nt=0 0\r\n";

fn offer() -> Description {
    Description::offer_one(ADDRESS_A, "20021119001", 2, "smtp", Setup::Active)
}

fn answer() -> Description {
    Description::offer_one(ADDRESS_B, "20031117001", 2, "smtp", Setup::Passive).with_port(40125)
}

fn golden(description: &Description, text: &str, content_length: usize) {
    assert_eq!(description.to_bytes(), text.as_bytes());
    assert_eq!(text.len(), content_length);
    assert_eq!(parse(text.as_bytes()).as_ref(), Ok(description));
}

#[test]
fn an_offer_without_media_is_written_to_the_octet() {
    golden(&Description::zero_media(ADDRESS_A, "20021119001", 1), ZERO, 75);
}

#[test]
fn a_capability_description_is_written_to_the_octet() {
    let text = "v=0\r\no=- 20031117900 1 IN IP4 192.0.2.20\r\ns=-\r\nc=IN IP4 192.0.2.20\r\nt=0 0\r\n\
                m=application 0 TCP smtp http\r\n";
    golden(&Description::capabilities(ADDRESS_B, "20031117900", 1, &["smtp", "http"]), text, 106);
}

#[test]
fn an_offer_of_one_connection_is_written_to_the_octet() {
    let text = "v=0\r\no=- 20021119001 2 IN IP4 192.0.2.10\r\ns=-\r\nc=IN IP4 192.0.2.10\r\nt=0 0\r\n\
                m=application 9 TCP smtp\r\na=setup:active\r\na=connection:new\r\n";
    golden(&offer(), text, 135);
}

#[test]
fn an_answer_with_a_port_is_written_to_the_octet() {
    let text = "v=0\r\no=- 20031117001 2 IN IP4 192.0.2.20\r\ns=-\r\nc=IN IP4 192.0.2.20\r\nt=0 0\r\n\
                m=application 40125 TCP smtp\r\na=setup:passive\r\na=connection:new\r\n";
    golden(&answer(), text, 140);
}

#[test]
fn a_simple_capability_declaration_is_written_to_the_octet() {
    let description = Description::zero_media(ADDRESS_A, "20021119001", 1).declaring(&["smtp", "http"]);
    let text = format!("{ZERO}a=sqn: 0\r\na=cdsc: 1 application TCP smtp http\r\n");
    golden(&description, &text, 122);
    assert_eq!(description.declared_protocols(), Some(vec!["smtp".into(), "http".into()]));
    assert!(description.presented().is_empty(), "a declaration offers nothing");
}

#[test]
fn a_declaration_that_lacks_a_part_declares_nothing() {
    for broken in ["", " 1", " x application TCP smtp", " 1 application TCP"] {
        let text = format!("{ZERO}a=cdsc:{broken}\r\n");
        assert_eq!(parse(text.as_bytes()).unwrap().declared_protocols(), None, "{broken:?}");
    }
}

#[test]
fn a_refused_line_is_ready_for_nothing() {
    let mut description = offer();
    assert_eq!(description.ready_for(), ["smtp"]);
    description.media[0].port = 0;
    assert!(description.ready_for().is_empty());
}

#[test]
fn the_description_in_a_refusal_is_written_to_the_octet() {
    let text = "v=0\r\no=- 20031117901 1 IN IP4 192.0.2.20\r\ns=-\r\nc=IN IP4 192.0.2.20\r\nt=0 0\r\n\
                m=application 0 TCP smtp\r\n";
    golden(&Description::capabilities(ADDRESS_B, "20031117901", 1, &["smtp"]), text, 101);
}

#[test]
fn an_offer_in_the_first_request_is_written_to_the_octet() {
    let text = "v=0\r\no=- 20021119002 1 IN IP4 192.0.2.10\r\ns=-\r\nc=IN IP4 192.0.2.10\r\nt=0 0\r\n\
                m=application 9 TCP smtp\r\na=setup:active\r\na=connection:new\r\n";
    golden(&Description::offer_one(ADDRESS_A, "20021119002", 1, "smtp", Setup::Active), text, 135);
}

#[test]
fn version_6_addresses_have_their_own_type() {
    let address: IpAddr = "2001:db8::10".parse().unwrap();
    let mut description = Description::offer_one(address, "1", 1, "smtp", Setup::Active);
    description.media[0].address = Some("2001:db8::11".parse().unwrap());
    let text = "v=0\r\no=- 1 1 IN IP6 2001:db8::10\r\ns=-\r\nc=IN IP6 2001:db8::10\r\nt=0 0\r\n\
                m=application 9 TCP smtp\r\nc=IN IP6 2001:db8::11\r\na=setup:active\r\na=connection:new\r\n";
    golden(&description, text, text.len());
    assert_eq!(description.address_of(0), description.media[0].address);
}

#[test]
fn presented_formats_are_the_union_in_lower_case() {
    let text = format!(
        "{ZERO}m=audio 5004 RTP/AVP 0\r\nm=application 0 TCP SMTP\r\nm=application 9 TCP/TLS http smtp\r\n\
         m=message 0 TCP/MSRP *\r\n"
    );
    assert_eq!(parse(text.as_bytes()).unwrap().presented(), ["smtp", "http"]);
}

#[test]
fn setup_answers_are_those_of_the_table() {
    use Setup::*;
    assert_eq!(Active.answers(), [Passive, HoldConn]);
    assert_eq!(Passive.answers(), [Active, HoldConn]);
    assert_eq!(ActPass.answers(), [Active, Passive, HoldConn]);
    assert_eq!(HoldConn.answers(), [HoldConn]);
}

#[test]
fn setup_values_read_back() {
    for setup in [Setup::Active, Setup::Passive, Setup::ActPass, Setup::HoldConn] {
        assert_eq!(Setup::from_token(setup.as_str()), Some(setup));
    }
}

#[test]
fn a_fitting_answer_has_no_problem() {
    assert_eq!(answer_problem(&offer(), &answer()), None);
}

#[test]
fn an_answer_must_keep_the_number_of_media_lines() {
    let zero = Description::zero_media(ADDRESS_B, "1", 2);
    let problem = AnswerProblem::MediaCount { offered: 1, answered: 0 };
    assert_eq!(answer_problem(&offer(), &zero), Some(problem));
}

#[test]
fn an_answer_must_keep_the_transport() {
    let mut wrong = answer();
    wrong.media[0].proto = "TCP/TLS".into();
    assert!(matches!(answer_problem(&offer(), &wrong), Some(AnswerProblem::MediaKind { line: 0, .. })));
}

#[test]
fn an_answer_must_not_name_a_foreign_format() {
    let mut wrong = answer();
    wrong.media[0].formats = vec!["SMTP".into(), "http".into()];
    let problem = AnswerProblem::FormatNotOffered { line: 0, format: "http".into() };
    assert_eq!(answer_problem(&offer(), &wrong), Some(problem));
}

#[test]
fn two_active_sides_do_not_fit() {
    let mut wrong = answer();
    wrong.media[0].setup = Some(Setup::Active);
    let problem = AnswerProblem::Setup { line: 0, offered: Setup::Active, answered: Setup::Active };
    assert_eq!(answer_problem(&offer(), &wrong), Some(problem));
}

#[test]
fn an_absent_setup_is_active_in_the_offer_and_passive_in_the_answer() {
    let (mut offer, mut answer) = (offer(), answer());
    (offer.media[0].setup, answer.media[0].setup) = (None, None);
    assert_eq!(answer_problem(&offer, &answer), None);
}

#[test]
fn a_new_connection_cannot_be_an_existing_one() {
    let mut wrong = answer();
    wrong.media[0].connection = Some(Reuse::Existing);
    assert_eq!(answer_problem(&offer(), &wrong), Some(AnswerProblem::Connection { line: 0 }));
}

#[test]
fn a_refused_line_fits_whatever_its_formats() {
    let mut refusal = answer().with_port(0);
    refusal.media[0].formats = vec!["http".into()];
    assert_eq!(answer_problem(&offer(), &refusal), None);
    assert!(refusal.is_refusal());
}

#[test]
fn a_description_without_media_is_no_refusal() {
    assert!(!Description::zero_media(ADDRESS_A, "1", 1).is_refusal());
}

#[test]
fn an_unknown_line_type_is_refused() {
    let text = ZERO.replace("s=-", "s=-\r\nx=1");
    assert_eq!(parse(text.as_bytes()), Err(SdpError::UnknownType { line: 4, letter: 'x' }));
}

#[test]
fn each_mandatory_line_is_missed() {
    for (line, name) in
        [("v=0", "v="), ("o=- 20021119001 1 IN IP4 192.0.2.10", "o="), ("s=-", "s="), ("t=0 0", "t=")]
    {
        let text = ZERO.replace(&format!("{line}\r\n"), "");
        assert_eq!(parse(text.as_bytes()), Err(SdpError::Missing(name)));
    }
}

#[test]
fn an_unknown_setup_is_refused() {
    let text = format!("{ZERO}m=application 9 TCP smtp\r\na=setup:both\r\n");
    assert!(matches!(parse(text.as_bytes()), Err(SdpError::UnknownValue { attribute: "setup", .. })));
}

#[test]
fn a_thousand_media_lines_are_read() {
    let text = format!("{ZERO}{}", "m=application 9 TCP smtp\r\n".repeat(1000));
    assert_eq!(parse(text.as_bytes()).unwrap().media.len(), 1000);
}

#[test]
fn more_than_64_kibioctets_are_refused() {
    let text = format!("{ZERO}{}", "a=x\r\n".repeat(14_000));
    assert_eq!(parse(text.as_bytes()), Err(SdpError::TooLong { octets: text.len() }));
}

#[test]
fn a_value_cannot_bring_a_line_of_its_own() {
    let mut description = offer();
    description.media[0].formats = vec!["smtp\r\na=setup:passive".into()];
    description.id = "1\n2".into();
    let read = parse(&description.to_bytes()).unwrap();
    assert_eq!((read.media.len(), read.media[0].setup), (1, Some(Setup::Active)));
}

#[test]
fn a_word_holds_no_blank_and_no_control_character() {
    for (word, other) in
        [("IP4 192.0.2.10", "IP4 192\t.0.2.10"), ("o=- ", "o=a\u{a0}b "), (" 1 IN", "\u{1} 1 IN")]
    {
        let text = ZERO.replacen(word, other, 1);
        assert!(matches!(parse(text.as_bytes()), Err(SdpError::NoWord { .. })), "{text:?}");
    }
    let text = format!("{ZERO}m=application 9 TCP sm\u{b}tp\r\n");
    assert!(matches!(parse(text.as_bytes()), Err(SdpError::NoWord { what: "format", .. })));
}
