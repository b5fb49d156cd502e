use std::io::{BufRead, BufReader, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::thread;
use std::time::Duration;

use faxproof_devices::core::Time;
use faxproof_reports::{Trace, What};

use super::{broken, passed};
use crate::plan::{Plan, PlannedBox};
use crate::world::testing::*;
use crate::world::{Options, World, WorldError, run, run_with};

/// The tests run side by side: each has a network of its own.
fn at(network: u8, last: u8) -> IpAddr {
    Ipv4Addr::new(127, 77, network, last).into()
}

fn pair(network: u8, port: u16, parts: [(&'static str, Part); 2]) -> Plan {
    let [(a, first), (b, second)] = parts;
    let mut plan = plan(vec![
        host_at(a, at(network, 1), SocketAddr::new(at(network, 2), port), first),
        host_at(b, at(network, 2), SocketAddr::new(at(network, 1), port), second),
    ]);
    plan.until = Time(1_500_000);
    plan
}

fn run_sockets(plan: &Plan) -> Trace {
    let mut trace = Trace::default();
    run(plan, World::Sockets, &mut trace).unwrap();
    trace
}

#[test]
fn datagrams_pass_as_in_the_virtual_world() {
    let plan = pair(1, 5060, [("ping", ping), ("echo", echo)]);
    let (sockets, virtual_) = (run_sockets(&plan), run_virtual(&plan).0);
    assert_eq!(passed(&sockets), passed(&virtual_));
    assert_eq!(learnt(&sockets, "ping"), learnt(&virtual_, "ping"));
}

#[test]
fn a_mail_passes_as_in_the_virtual_world() {
    let plan = pair(2, 25, [("a", client), ("b", server)]);
    let (sockets, virtual_) = (run_sockets(&plan), run_virtual(&plan).0);
    assert_eq!(passed(&sockets), passed(&virtual_));
}

#[test]
fn an_outside_client_gets_an_answer() {
    let plan = pair(3, 5060, [("echo", echo), ("other", echo)]);
    let outside = thread::spawn(move || {
        let socket = UdpSocket::bind((at(3, 99), 0)).unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
        let mut room = [0; 1500];
        // The world may not have begun yet.
        for n in 1..10 {
            socket.send_to(&request("outside", 1, n), (at(3, 1), 5060)).unwrap();
            if let Ok((len, _)) = socket.recv_from(&mut room) {
                return String::from_utf8_lossy(&room[..len]).into_owned();
            }
        }
        String::new()
    });
    let trace = run_sockets(&plan);
    assert!(outside.join().unwrap().starts_with("SIP/2.0 200 OK"));
    let seen = |what: &What| matches!(what, What::Message { from, .. } if &**from == "127.77.3.99");
    assert!(trace.entries.iter().any(|entry| seen(&entry.what)));
}

#[test]
fn an_outside_client_connects_to_the_shifted_port() {
    let plan = pair(4, 25, [("b", server), ("other", echo)]);
    let outside = thread::spawn(move || {
        thread::sleep(Duration::from_millis(400));
        let mut stream = TcpStream::connect((at(4, 1), 20_025)).unwrap();
        stream.write_all(b"EHLO outside\r\n").unwrap();
        let replies = BufReader::new(stream.try_clone().unwrap()).lines().take(2);
        replies.map(Result::unwrap).collect::<Vec<_>>()
    });
    let trace = run_sockets(&plan);
    assert_eq!(outside.join().unwrap(), ["220 b", "250 ok"]);
    let units = ["127.0.0.1 b opened", "b -> 127.0.0.1 220", "127.0.0.1 -> b EHLO", "b -> 127.0.0.1 250"];
    assert_eq!(passed(&trace)[..4], units);
}

#[test]
fn a_real_device_is_reached_and_heard() {
    let mut plan = pair(5, 5060, [("ping", ping), ("real", echo)]);
    let device = UdpSocket::bind((at(5, 2), 0)).unwrap();
    let sip = device.local_addr().unwrap();
    plan.hosts[0] = host_at("ping", at(5, 1), sip, ping);
    plan.hosts[1].box_ = PlannedBox::External { sip: Some(sip) };
    let real = thread::spawn(move || {
        let mut room = [0; 1500];
        let (len, from) = device.recv_from(&mut room).unwrap();
        let request = String::from_utf8_lossy(&room[..len]).into_owned();
        let (_, headers) = request.split_once("\r\n").unwrap();
        device.send_to(format!("SIP/2.0 200 OK\r\n{headers}").as_bytes(), from).unwrap();
    });
    let trace = run_sockets(&plan);
    real.join().unwrap();
    assert_eq!(passed(&trace)[..2], ["ping -> real OPTIONS", "real -> ping 200 OPTIONS"]);
    assert!(learnt(&trace, "ping").iter().any(|text| text.contains("200 OK")));
}

#[test]
fn an_address_in_use_is_an_error() {
    let _taken = UdpSocket::bind((at(6, 1), 5060)).unwrap();
    let plan = pair(6, 5060, [("ping", ping), ("echo", echo)]);
    let options = Options { wait_for_addresses: Duration::ZERO, ..Options::default() };
    let refused = run_with(&plan, World::Sockets, &options, &mut Trace::default());
    assert!(
        matches!(refused, Err(WorldError::Sockets(error)) if error.to_string().contains("127.77.6.1:5060"))
    );
}

#[test]
fn a_run_waits_for_one_that_holds_its_addresses() {
    let plan = pair(8, 5060, [("ping", ping), ("echo", echo)]);
    let other = thread::spawn({
        let plan = plan.clone();
        move || passed(&run_sockets(&plan))
    });
    assert_eq!(passed(&run_sockets(&plan)), other.join().unwrap());
}

#[test]
#[should_panic(expected = "a device is broken")]
fn a_panic_of_a_device_surfaces() {
    run_sockets(&pair(7, 5060, [("broken", broken), ("echo", echo)]));
}
