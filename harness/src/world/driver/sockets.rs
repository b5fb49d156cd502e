//! The kernel's sockets.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use faxproof_devices::core::Entropy;
use tokio::net::{TcpListener, TcpSocket, TcpStream, UdpSocket};
use tokio::time::Instant;

use super::net::{Listener, Net, Udp};

/// Ports below this one need privileges; the sockets world moves them up by [`PORT_SHIFT`].
const FIRST_FREE_PORT: u16 = 1024;
/// By how much.
const PORT_SHIFT: u16 = 20_000;
/// Connections that may wait for `accept`.
const BACKLOG: u32 = 256;

/// The kernel's network stack.
#[derive(Clone, Debug)]
pub(crate) struct Kernel {
    /// When the run began.
    pub(crate) start: Instant,
}

/// The address in 127.0.0.0/8 that stands for a planned address in the sockets world, so that a
/// run needs no privileges and leaves the machine's network alone. A loopback address stays as it is.
pub fn socket_address(planned: IpAddr) -> IpAddr {
    let [second, third, fourth] = match planned {
        address if address.is_loopback() && address.is_ipv4() => return address,
        // Private and documentation networks differ in their first two octets.
        IpAddr::V4(address) => {
            let [a, b, c, d] = address.octets();
            [if a == b { 255 } else { a ^ b }, c, d]
        }
        IpAddr::V6(address) => {
            let key = Entropy::of_seed(0).key(address.octets().as_slice());
            [1 + key.below(254) as u8, key.1 as u8, 1 + (key.1 >> 8) as u8 % 254]
        }
    };
    IpAddr::V4(Ipv4Addr::new(127, second, third, fourth))
}

/// The real port that stands for a logical port of a virtual host.
pub(crate) fn socket_port(logical: SocketAddr) -> SocketAddr {
    let port = logical.port();
    let shift = if port < FIRST_FREE_PORT { PORT_SHIFT } else { 0 };
    SocketAddr::new(logical.ip(), port + shift)
}

impl Net for Kernel {
    type Udp = UdpSocket;
    type Listener = TcpListener;
    type Stream = TcpStream;
    const OPEN: bool = true;

    fn start(&self) -> Instant {
        self.start
    }

    fn tick_us(&self) -> u64 {
        1
    }

    async fn udp(&self, at: SocketAddr) -> io::Result<UdpSocket> {
        UdpSocket::bind(at).await
    }

    async fn listen(&self, at: SocketAddr) -> io::Result<TcpListener> {
        let socket = new_socket(at)?;
        socket.set_reuseaddr(true)?;
        socket.bind(socket_port(at))?;
        socket.listen(BACKLOG)
    }

    async fn connect(
        &self,
        from: SocketAddr,
        to: SocketAddr,
        ours: bool,
    ) -> io::Result<(TcpStream, SocketAddr)> {
        let socket = new_socket(to)?;
        socket.bind(SocketAddr::new(from.ip(), 0))?;
        let stream = socket.connect(if ours { socket_port(to) } else { to }).await?;
        stream.set_nodelay(true)?;
        let local = stream.local_addr()?;
        Ok((stream, local))
    }

    fn reset(&self, stream: TcpStream) {
        // Without it the connection ends with FIN; the peer learns of the end all the same.
        let _ = stream.set_zero_linger();
    }
}

fn new_socket(address: SocketAddr) -> io::Result<TcpSocket> {
    if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }
}

impl Udp for UdpSocket {
    async fn send(&self, bytes: &[u8], to: SocketAddr) -> io::Result<()> {
        self.send_to(bytes, to).await.map(drop)
    }

    async fn receive(&self, room: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.recv_from(room).await
    }
}

impl Listener for TcpListener {
    type Stream = TcpStream;

    async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        TcpListener::accept(self).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn planned_addresses_become_loopback_addresses_of_their_own() {
        let planned =
            ["10.0.0.1", "10.0.0.2", "192.0.2.1", "198.51.100.1", "203.0.113.1", "127.0.0.9", "2001:db8::1"];
        let mut mapped: Vec<IpAddr> = planned.map(|text| socket_address(text.parse().unwrap())).into();
        assert!(mapped.iter().all(|address| address.is_loopback() && address.is_ipv4()));
        mapped.sort();
        mapped.dedup();
        assert_eq!(mapped.len(), planned.len());
    }

    #[test]
    fn only_privileged_ports_move() {
        let port = |logical| socket_port(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), logical)).port();
        assert_eq!((port(25), port(1023), port(1024), port(5060)), (20_025, 21_023, 1024, 5060));
    }
}
