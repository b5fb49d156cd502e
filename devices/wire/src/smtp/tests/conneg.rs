use super::super::*;
use crate::features::{Filter, FilterError, MAX_OCTETS};

/// The session of RFC 4141 §9.2, up to the reply to RCPT.
const EHLO: &[u8] = b"250- example.com\r\n250-DSN\r\n250 CONNEG\r\n";
const RCPT: &[u8] = b"RCPT TO:<June@ifax1.jp> CONNEG\r\n";
const TAKEN: &[u8] = b"250-<June@some.example.com> recipient ok\r\n\
    250-CONNEG (&(image-file-structure=TIFF-minimal)\r\n\
    250-CONNEG   (MRC-mode=0)\r\n\
    250-CONNEG   (color=Binary)\r\n\
    250-CONNEG   (|(&(dpi=204)\r\n\
    250-CONNEG       (dpi-xyratio=[204/98,204/196]) )\r\n\
    250-CONNEG     (&(dpi=200)\r\n\
    250-CONNEG       (dpi-xyratio=[200/100,1]) ) )\r\n\
    250-CONNEG   (image-coding=[MH,MR,MMR])\r\n\
    250-CONNEG   (size-x<=2150/254)\r\n\
    250-CONNEG   (paper-size=[letter,A4])\r\n\
    250 CONNEG   (ua-media=stationery) )\r\n";

fn filter(text: &str) -> Filter {
    Filter::parse(text).unwrap()
}

fn june() -> Filter {
    filter(
        "(& (image-file-structure=TIFF-minimal) (MRC-mode=0) (color=Binary) \
         (| (& (dpi=204) (dpi-xyratio=[204/98,204/196])) (& (dpi=200) (dpi-xyratio=[200/100,1]))) \
         (image-coding=[MH,MR,MMR]) (size-x<=2150/254) (paper-size=[letter,A4]) (ua-media=stationery))",
    )
}

fn ok() -> Reply {
    Reply::new(250, "<June@ifax1.jp> recipient ok")
}

#[test]
fn the_session_of_rfc_4141_is_understood() {
    // Its space before the host's name is one of its slips (§9): a server may have copied it.
    assert!(Reply::parse(EHLO).unwrap().lists(CONNEG));
    let Ok(Command::RcptTo { path, params }) = Command::parse(RCPT) else { panic!("{RCPT:?}") };
    assert_eq!((&path[..], &params[..]), ("June@ifax1.jp", &[Param::conneg()][..]));
    assert_eq!(Param::asks_conneg(&params), Ok(true));
    assert_eq!(Reply::parse(TAKEN).unwrap().features(), Some(Ok(june())));
}

#[test]
fn the_other_slips_of_its_examples_are_none_of_ours() {
    // §9.1: a path without brackets, and a reply whose last line says that more follows.
    assert_eq!(Command::parse(b"MAIL FROM:May@some.example.com CONPERM").unwrap_err().code, 501);
    let mut reader = ReplyReader::new();
    reader.feed(b"250-<June@some.example.com> recipient ok\r\n");
    assert_eq!(reader.next(), None);
    assert!(!reader.is_idle());
}

#[test]
fn a_rcpt_asks_and_its_reply_tells() {
    let command = Command::RcptTo { path: "June@ifax1.jp".into(), params: vec![Param::conneg()] };
    assert_eq!(command.to_line(), RCPT);
    let reply = ok().with_features(&june());
    assert_eq!(
        String::from_utf8(reply.to_bytes()).unwrap(),
        "250-<June@ifax1.jp> recipient ok\r\n\
         250-CONNEG (& (image-file-structure=TIFF-minimal) (MRC-mode=0)\r\n\
         250-CONNEG (color=Binary) (| (& (dpi=204)\r\n\
         250-CONNEG (dpi-xyratio=[204/98,204/196])) (& (dpi=200)\r\n\
         250-CONNEG (dpi-xyratio=[200/100,1]))) (image-coding=[MH,MR,MMR])\r\n\
         250-CONNEG (size-x<=2150/254) (paper-size=[letter,A4])\r\n\
         250 CONNEG (ua-media=stationery))\r\n"
    );
    let enhanced = reply.clone().with_enhanced(2, 1, 5);
    for reply in [reply, enhanced] {
        let read_back = Reply::parse(&reply.to_bytes()).unwrap();
        assert_eq!(read_back, reply);
        assert_eq!(read_back.features(), Some(Ok(june())));
    }
}

#[test]
fn a_parameter_with_a_value_is_refused() {
    let asks = |text: &str| {
        let line = format!("RCPT TO:<a@b.example>{text}");
        let Ok(Command::RcptTo { params, .. }) = Command::parse(line.as_bytes()) else { panic!("{line}") };
        Param::asks_conneg(&params).map_err(|error| error.code)
    };
    assert_eq!(asks(""), Ok(false));
    assert_eq!(asks(" NOTIFY=NEVER conneg"), Ok(true));
    assert_eq!(asks(" CONNEG=1"), Err(501));
    assert_eq!(asks(" CONNEG CONNEG"), Err(501));
}

#[test]
fn a_reply_that_tells_nothing_has_no_features() {
    for reply in [
        "250 ok\r\n",
        "250 CONNEG (a=1)\r\n",
        "250-ok\r\n250 CONNEGX (a=1)\r\n",
        "504-no\r\n504 CONNEG (a=1)\r\n",
    ] {
        assert_eq!(Reply::parse(reply.as_bytes()).unwrap().features(), None, "{reply}");
    }
    let broken = Reply::parse(b"250-ok\r\n250-CONNEG (& (a=1)\r\n250 CONNEG\r\n").unwrap();
    let error = FilterError { at: 9, reason: "a filter ends with )" };
    assert_eq!(broken.features(), Some(Err(error)));
}

#[test]
fn the_longest_filter_fits_into_a_reply() {
    for words in ["x", "x  ", " x   y"] {
        let term = |n: usize| format!("(t{n}=\"{}\")", words.repeat(1 + n % 34));
        let mut text = "(&".to_owned();
        for n in 0.. {
            if text.len() + term(n).len() > MAX_OCTETS - 600 || n == 500 {
                break;
            }
            text += &term(n);
        }
        let long = filter(&(text + ")"));
        let reply = ok().with_features(&long);
        let bytes = reply.to_bytes();
        assert!(reply.lines.len() <= 101, "{}", reply.lines.len());
        assert!(bytes.split(|octet| *octet == b'\n').all(|line| line.len() <= 512));
        assert_eq!(Reply::parse(&bytes).unwrap().features(), Some(Ok(long)));
    }
}
