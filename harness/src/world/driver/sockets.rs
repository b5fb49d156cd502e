//! The kernel's sockets.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use faxproof_devices::core::Entropy;
use tokio::net::{TcpListener, TcpSocket, TcpStream, UdpSocket};

use super::net::{Listener, Net, Udp};

/// Ports below this one need privileges; the sockets world moves them up by [`PORT_SHIFT`].
const FIRST_FREE_PORT: u16 = 1024;
/// By how much.
const PORT_SHIFT: u16 = 20_000;
/// Connections that may wait for `accept`.
const BACKLOG: u32 = 256;

/// The kernel's network stack.
#[derive(Clone, Debug)]
pub(crate) struct Kernel;

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
