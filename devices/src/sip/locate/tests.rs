//! The rows of RFC 3263 §4.1 and §4.2, and the order of RFC 2782.

use std::collections::BTreeMap;

use super::*;

/// A client of both transports at an IPv4 address.
fn means() -> Means {
    let address = "10.0.0.1".parse().expect("an address");
    Means { address, transports: &[Transport::Udp, Transport::Tcp] }
}

/// What is asked and tried, in order, until nothing is left: `? SRV _sip._udp.d`, `udp 10.0.0.5:5060`.
fn walk_of(uri: &str, zone: &[(&str, NameAnswer)], means: &Means, seed: u64) -> (Vec<String>, Unlocated) {
    let zone: BTreeMap<&str, &NameAnswer> = zone.iter().map(|(name, answer)| (*name, answer)).collect();
    let mut search = Search::of(&Uri::parse(uri).expect("a URI"), means, Entropy::of_seed(seed));
    let mut walk = Vec::new();
    loop {
        match search.proceed() {
            Next::Ask(question) => {
                let asked = format!("{} {}", question.kind.as_str(), question.name);
                let answer = zone.get(asked.as_str()).copied().unwrap_or(&NameAnswer::NoSuchName);
                search.learn(answer);
                walk.push(format!("? {asked}"));
            }
            Next::Try(hop) => walk.push(format!("{} {}", hop.transport.token(), hop.address)),
            Next::Exhausted => return (walk, search.why()),
        }
        assert!(walk.len() < 100, "it does not end");
    }
}

fn walk(uri: &str, zone: &[(&str, NameAnswer)]) -> Vec<String> {
    walk_of(uri, zone, &means(), 1).0
}

fn addresses(list: &[&str]) -> NameAnswer {
    NameAnswer::Addresses(list.iter().map(|ip| ip.parse().expect("an address")).collect())
}

fn services(list: &[(u16, u16, u16, &str)]) -> NameAnswer {
    let service = |&(priority, weight, port, target): &(u16, u16, u16, &str)| Service {
        priority,
        weight,
        port,
        target: target.to_owned(),
    };
    NameAnswer::Services(list.iter().map(service).collect())
}

fn pointers(list: &[(u16, u16, &str, &str, &str)]) -> NameAnswer {
    let pointer =
        |&(order, preference, flags, service, replacement): &(u16, u16, &str, &str, &str)| Pointer {
            order,
            preference,
            flags: flags.to_owned(),
            service: service.to_owned(),
            replacement: replacement.to_owned(),
        };
    NameAnswer::Pointers(list.iter().map(pointer).collect())
}

/// What a row of §4.1 and §4.2 is about, the URI, the records that there are, and what comes of it.
type Row<'a> = (&'a str, &'a str, Vec<(&'a str, NameAnswer)>, &'a [&'a str]);

fn check(rows: Vec<Row<'_>>) {
    for (row, uri, zone, expected) in rows {
        assert_eq!(walk(uri, &zone), expected, "{row}");
    }
}

fn a() -> (&'static str, NameAnswer) {
    ("A/AAAA d", addresses(&["10.0.0.5"]))
}

fn s1() -> (&'static str, NameAnswer) {
    ("A/AAAA s1", addresses(&["10.0.0.6"]))
}

fn udp() -> (&'static str, NameAnswer) {
    ("SRV _sip._udp.d", services(&[(1, 1, 5070, "s1")]))
}

fn tcp() -> (&'static str, NameAnswer) {
    ("SRV _sip._tcp.d", services(&[(1, 1, 5080, "s1")]))
}

fn naptr(list: &[(u16, u16, &str, &str, &str)]) -> (&'static str, NameAnswer) {
    ("NAPTR d", pointers(list))
}

#[test]
fn what_the_uri_says_is_done() {
    check(vec![
        ("numeric: UDP, default port", "sip:x@10.0.0.5", vec![], &["UDP 10.0.0.5:5060"]),
        ("numeric with port", "sip:x@10.0.0.5:5090", vec![], &["UDP 10.0.0.5:5090"]),
        ("numeric with transport", "sip:10.0.0.5;transport=tcp", vec![], &["TCP 10.0.0.5:5060"]),
        ("numeric IPv6", "sip:x@[2001:db8::5]", vec![], &["UDP [2001:db8::5]:5060"]),
        ("maddr is the target", "sip:d;maddr=10.0.0.9", vec![], &["UDP 10.0.0.9:5060"]),
        ("port: addresses only, UDP", "sip:d:5060", vec![udp(), a()], &["? A/AAAA d", "UDP 10.0.0.5:5060"]),
        ("port and transport", "sip:d:99;transport=TCP", vec![a()], &["? A/AAAA d", "TCP 10.0.0.5:99"]),
        (
            "transport: its SRV records, no NAPTR",
            "sip:d;transport=tcp",
            vec![naptr(&[(1, 1, "s", "SIP+D2U", "_sip._udp.d")]), tcp(), s1()],
            &["? SRV _sip._tcp.d", "? A/AAAA s1", "TCP 10.0.0.6:5080"],
        ),
        (
            "transport without SRV: addresses at the default port",
            "sip:d;transport=tcp",
            vec![a()],
            &["? SRV _sip._tcp.d", "? A/AAAA d", "TCP 10.0.0.5:5060"],
        ),
    ]);
}

#[test]
fn where_the_uri_says_nothing_the_domain_decides() {
    check(vec![
        (
            "NAPTR decides",
            "sip:d",
            vec![
                naptr(&[(20, 1, "s", "SIP+D2U", "_sip._udp.d"), (10, 9, "s", "SIP+D2T", "_sip._tcp.d.")]),
                udp(),
                tcp(),
                s1(),
            ],
            &["? NAPTR d", "? SRV _sip._tcp.d", "? A/AAAA s1", "TCP 10.0.0.6:5080"],
        ),
        (
            "within an order the preference decides",
            "sip:d",
            vec![
                naptr(&[(10, 9, "s", "SIP+D2T", "_sip._tcp.d"), (10, 1, "S", "sip+d2u", "_sip._udp.d")]),
                udp(),
                s1(),
            ],
            &["? NAPTR d", "? SRV _sip._udp.d", "? A/AAAA s1", "UDP 10.0.0.6:5070"],
        ),
        (
            "NAPTR to SRV that are not there: the target by that transport",
            "sip:d",
            vec![naptr(&[(10, 1, "s", "SIP+D2T", "_sip._tcp.d")]), a()],
            &["? NAPTR d", "? SRV _sip._tcp.d", "? A/AAAA d", "TCP 10.0.0.5:5060"],
        ),
        (
            "NAPTR that are not for us: as if there were none",
            "sip:d",
            vec![naptr(&[(1, 1, "s", "SIPS+D2T", "_sips._tcp.d"), (2, 1, "a", "SIP+D2U", "h")]), udp(), s1()],
            &["? NAPTR d", "? SRV _sip._udp.d", "? A/AAAA s1", "UDP 10.0.0.6:5070"],
        ),
        (
            "no NAPTR: SRV of each transport in turn",
            "sip:d",
            vec![tcp(), s1()],
            &["? NAPTR d", "? SRV _sip._udp.d", "? SRV _sip._tcp.d", "? A/AAAA s1", "TCP 10.0.0.6:5080"],
        ),
        (
            "nothing but addresses: UDP, default port",
            "sip:d",
            vec![a()],
            &["? NAPTR d", "? SRV _sip._udp.d", "? SRV _sip._tcp.d", "? A/AAAA d", "UDP 10.0.0.5:5060"],
        ),
    ]);
}

#[test]
fn a_transport_that_is_not_at_hand_is_no_way() {
    let none: Vec<String> = Vec::new();
    for uri in ["sips:x@10.0.0.5", "sips:d", "sip:d;transport=tls", "sip:d;transport=sctp"] {
        assert_eq!(walk_of(uri, &[], &means(), 1), (none.clone(), Unlocated::Transport), "{uri}");
    }
    let udp_only = Means { transports: &[Transport::Udp], ..means() };
    let by_tcp = walk_of("sip:10.0.0.5;transport=tcp", &[], &udp_only, 1);
    assert_eq!(by_tcp, (none, Unlocated::Transport));
}

#[test]
fn priorities_are_tried_in_their_order_whatever_the_answer_says() {
    let list = [(20, 0, 3, "10.0.0.3"), (10, 0, 1, "10.0.0.1"), (15, 9, 2, "10.0.0.2")];
    let zone = [("SRV _sip._udp.d", services(&list))];
    let tried: Vec<String> = walk("sip:d;transport=udp", &zone).split_off(1);
    assert_eq!(tried, ["UDP 10.0.0.1:1", "UDP 10.0.0.2:2", "UDP 10.0.0.3:3"]);
}

#[test]
fn weights_share_the_first_place_and_every_host_is_tried_once() {
    let list = [(1, 75, 1, "10.0.0.1"), (1, 25, 2, "10.0.0.2"), (1, 0, 3, "10.0.0.3")];
    let zone = [("SRV _sip._udp.d", services(&list))];
    let mut first = [0; 3];
    for seed in 0..1000 {
        let (walk, _) = walk_of("sip:d;transport=udp", &zone, &means(), seed);
        assert_eq!(walk.len(), 4);
        let mut tried = walk[1..].to_vec();
        first[usize::from(tried[0].as_bytes()[11] - b'1')] += 1;
        tried.sort();
        tried.dedup();
        assert_eq!(tried.len(), 3, "{walk:?}");
    }
    assert!((700..800).contains(&first[0]) && (200..300).contains(&first[1]), "{first:?}");
    assert!((1..40).contains(&first[2]), "weight 0 has a small chance: {first:?}");
}

#[test]
fn the_choice_among_equals_does_not_depend_on_the_order_of_the_answer() {
    let list = [(1, 50, 1, "10.0.0.1"), (1, 50, 2, "10.0.0.2"), (1, 50, 3, "10.0.0.3")];
    let mut turned = list;
    turned.reverse();
    let walk =
        |list: &[(u16, u16, u16, &str)]| walk("sip:d;transport=udp", &[("SRV _sip._udp.d", services(list))]);
    assert_eq!(walk(&list), walk(&turned));
}

#[test]
fn a_host_without_address_makes_room_for_the_next() {
    let zone = [
        ("SRV _sip._udp.d", services(&[(1, 0, 1, "s1"), (2, 0, 2, "s2"), (3, 0, 3, "s3")])),
        ("A/AAAA s2", NameAnswer::TimedOut),
        ("A/AAAA s3", addresses(&["10.0.0.3"])),
    ];
    let expected = ["? SRV _sip._udp.d", "? A/AAAA s1", "? A/AAAA s2", "? A/AAAA s3", "UDP 10.0.0.3:3"];
    assert_eq!(walk("sip:d;transport=udp", &zone), expected);
}

#[test]
fn addresses_of_our_own_family_come_first() {
    let zone = [("A/AAAA d", addresses(&["2001:db8::1", "10.0.0.1", "2001:db8::2"]))];
    let tried = |address: &str| {
        let means = Means { address: address.parse().expect("an address"), ..means() };
        walk_of("sip:d:1", &zone, &means, 1).0.split_off(1)
    };
    assert_eq!(tried("10.0.0.9"), ["UDP 10.0.0.1:1", "UDP [2001:db8::1]:1", "UDP [2001:db8::2]:1"]);
    assert_eq!(tried("2001:db8::9"), ["UDP [2001:db8::1]:1", "UDP [2001:db8::2]:1", "UDP 10.0.0.1:1"]);
}

#[test]
fn a_search_says_why_it_found_nothing() {
    let silent = |asked: &'static str| (asked, NameAnswer::TimedOut);
    let name = |name: &str| name.to_owned();
    let srv = ("SRV _sip._udp.d", services(&[(1, 0, 1, "s1")]));
    let cases = [
        (vec![], Unlocated::NoSuchName(name("d"))),
        (vec![silent("NAPTR d")], Unlocated::Silent(name("d"))),
        (vec![silent("SRV _sip._udp.d")], Unlocated::Silent(name("d"))),
        (vec![silent("A/AAAA d")], Unlocated::Silent(name("d"))),
        (vec![srv.clone()], Unlocated::NoSuchName(name("s1"))),
        (vec![srv, silent("A/AAAA s1")], Unlocated::Silent(name("s1"))),
        (vec![("SRV _sip._udp.d", services(&[(0, 0, 0, ".")]))], Unlocated::NotOffered(name("d"))),
    ];
    for (zone, why) in cases {
        assert_eq!(walk_of("sip:d", &zone, &means(), 1).1, why);
    }
}

#[test]
fn records_without_end_are_tried_to_a_bound() {
    let many: Vec<(u16, u16, u16, &str)> = (0..60_000).map(|n| (n, 0, 1, "s1")).collect();
    let ips = vec!["10.0.0.1"; 10_000];
    let zone = [("SRV _sip._udp.d", services(&many)), ("A/AAAA s1", addresses(&ips))];
    let mut search =
        Search::of(&Uri::parse("sip:d;transport=udp").expect("a URI"), &means(), Entropy::of_seed(1));
    let (mut asked, mut tried) = (0, 0);
    loop {
        match search.proceed() {
            Next::Ask(_) => {
                search.learn(&zone[usize::from(asked > 0)].1);
                asked += 1;
            }
            Next::Try(_) => tried += 1,
            Next::Exhausted => break,
        }
    }
    assert_eq!((asked, tried), (1 + MAX_SERVICES, MAX_SERVICES * MAX_ADDRESSES));
}
