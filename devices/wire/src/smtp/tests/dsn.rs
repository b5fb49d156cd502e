use proptest::prelude::*;

use crate::smtp::{
    Command, MAX_ENVID, MAX_ORCPT, MailDsn, Notify, Orcpt, Param, RcptDsn, Ret, from_xtext, to_xtext,
};

fn params(line: &str) -> Vec<Param> {
    match Command::parse(line.as_bytes()).unwrap() {
        Command::MailFrom { params, .. } | Command::RcptTo { params, .. } => params,
        other => panic!("{other:?} has no parameters"),
    }
}

fn mail(line: &str) -> Result<MailDsn, u16> {
    MailDsn::from_params(&params(&format!("MAIL FROM:<a@b> {line}"))).map_err(|error| error.code)
}

fn rcpt(line: &str) -> Result<RcptDsn, u16> {
    RcptDsn::from_params(&params(&format!("RCPT TO:<a@b> {line}"))).map_err(|error| error.code)
}

#[test]
fn commands_with_parameters_are_written_to_the_octet_and_read_back() {
    let dsn = MailDsn { ret: Some(Ret::Hdrs), envid: Some("a=1+2 x".into()) };
    let command = Command::MailFrom { path: "a@b".into(), params: dsn.to_params() };
    assert_eq!(command.to_line(), b"MAIL FROM:<a@b> RET=HDRS ENVID=a+3D1+2B2+20x\r\n");
    assert_eq!(MailDsn::from_params(&dsn.to_params()), Ok(dsn));
    let notify = Notify { success: true, failure: true, delay: false };
    let orcpt = Orcpt::rfc822("FAX=+815012345678@example.net");
    let dsn = RcptDsn { notify: Some(notify), orcpt: Some(orcpt) };
    let command = Command::RcptTo { path: "a@b".into(), params: dsn.to_params() };
    let line = "RCPT TO:<a@b> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;FAX+3D+2B815012345678@example.net\r\n";
    assert_eq!(command.to_line(), line.as_bytes());
    assert_eq!(RcptDsn::from_params(&dsn.to_params()), Ok(dsn));
}

#[test]
fn words_are_read_in_any_case_and_other_parameters_are_passed_over() {
    assert_eq!(mail("SIZE=1 ret=full").unwrap().ret, Some(Ret::Full));
    let never = rcpt("notify=never CONNEG").unwrap().notify;
    assert_eq!(never, Some(Notify::default()));
    assert_eq!(Notify::default().to_string(), "NEVER");
    assert_eq!(rcpt("X=1"), Ok(RcptDsn::default()));
}

#[test]
fn a_word_of_notify_may_come_again_and_one_may_be_missing() {
    let notify = Notify { success: true, failure: false, delay: true };
    for value in ["SUCCESS,DELAY", "SUCCESS,DELAY,SUCCESS", ",SUCCESS,,DELAY,"] {
        assert_eq!(rcpt(&format!("NOTIFY={value}")).unwrap().notify, Some(notify), "{value}");
    }
}

#[test]
fn an_original_recipient_is_passed_on_in_the_letters_in_which_it_came() {
    let param = Param::new("ORCPT", "RFC822;Fax@Example.NET");
    let read = RcptDsn::from_params(std::slice::from_ref(&param)).unwrap();
    assert_eq!(read.to_params(), [param]);
}

#[test]
fn wrong_values_are_501() {
    for line in [
        "RET=ALL",
        "RET",
        "RET=FULL RET=FULL",
        "ENVID=a=b",
        "ENVID=+2b",
        "ENVID=+2",
        "ENVID=+0D",
        "ENVID=a ENVID=a",
    ] {
        assert_eq!(mail(line), Err(501), "{line}");
    }
    for line in [
        "NOTIFY=NEVER,SUCCESS",
        "NOTIFY=SUCCESS,NEVER",
        "NOTIFY=,",
        "NOTIFY=ALWAYS",
        "NOTIFY",
        "ORCPT=rfc822;",
        "ORCPT=;a@b",
        "ORCPT=rfc822;FAX=+81@b",
        "ORCPT=rfc 822;a@b",
        "ORCPT=rfc822;a+00@b",
        "ORCPT=rfc822;a ORCPT=rfc822;a",
    ] {
        let result = Command::parse(format!("RCPT TO:<a@b> {line}").as_bytes()).map_err(|error| error.code);
        let result = result.and_then(|_| rcpt(line).map(|_| ()));
        assert_eq!(result, Err(501), "{line}");
    }
}

#[test]
fn the_lengths_of_the_rfc_are_kept() {
    assert!(mail(&format!("ENVID={}", "x".repeat(MAX_ENVID))).is_ok());
    assert_eq!(mail(&format!("ENVID={}", "x".repeat(MAX_ENVID + 1))), Err(501));
    assert!(rcpt(&format!("ORCPT=rfc822;{}", "x".repeat(MAX_ORCPT - 7))).is_ok());
    assert_eq!(rcpt(&format!("ORCPT=rfc822;{}", "x".repeat(MAX_ORCPT - 6))), Err(501));
    let envid = |length: usize| MailDsn { ret: None, envid: Some("=".repeat(length)) }.to_params().len();
    assert_eq!((envid(33), envid(34), envid(0)), (1, 0, 0), "the encoding counts");
    let orcpt =
        |address: &str| RcptDsn { notify: None, orcpt: Some(Orcpt::rfc822(address)) }.to_params().len();
    assert_eq!((orcpt(&"+".repeat(164)), orcpt(&"+".repeat(165)), orcpt("a\r\nb")), (1, 0, 0));
}

#[test]
fn an_orcpt_without_its_type_is_wrong_but_can_be_understood() {
    let value = "FAX+3D+2B815012345678@example.net";
    assert_eq!(rcpt(&format!("ORCPT={value}")), Err(501));
    assert_eq!(Orcpt::tolerant(value), Ok(Orcpt::rfc822("FAX=+815012345678@example.net")));
    assert_eq!(Orcpt::tolerant("X-Tel;1"), Ok(Orcpt { kind: "X-Tel".into(), address: "1".into() }));
    assert!(Orcpt::tolerant(&"x".repeat(MAX_ORCPT + 1)).is_err());
}

proptest! {
    #[test]
    fn xtext_reads_back(text in "\\PC{0,40}") {
        let xtext = to_xtext(&text);
        prop_assert!(xtext.bytes().all(|octet| octet.is_ascii_graphic() && octet != b'='));
        prop_assert_eq!(from_xtext(&xtext), Some(text));
    }

    #[test]
    fn any_value_is_read_or_refused(value in "[ -~]{1,30}") {
        let param = |keyword: &str| vec![Param::new(keyword, value.clone())];
        let _ = MailDsn::from_params(&param("ENVID"));
        if let Ok(dsn) = RcptDsn::from_params(&param("ORCPT")) {
            prop_assert_eq!(RcptDsn::from_params(&dsn.to_params()), Ok(dsn));
        }
    }
}
