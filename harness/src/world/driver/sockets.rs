//! The kernel's sockets.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream, UdpSocket};
use tokio::time::Instant;

use super::net::{Listener, Net, Udp};

/// Ports below this one need privileges; the sockets world moves them up by [`PORT_SHIFT`].
const FIRST_FREE_PORT: u16 = 1024;
/// By how much.
const PORT_SHIFT: u16 = 20_000;
/// Connections that may wait for `accept`.
const BACKLOG: u32 = 256;

/// How often an address that another run holds is tried again.
const TRY_EVERY: Duration = Duration::from_millis(20);

/// The kernel's network stack.
#[derive(Clone, Debug)]
pub(crate) struct Kernel {
    start: Instant,
    /// The SIP sockets, bound before the clock starts; each station takes its own.
    bound: Rc<RefCell<BTreeMap<SocketAddr, std::net::UdpSocket>>>,
}

impl Kernel {
    /// Binds the SIP sockets at these addresses, and starts the clock. A run that holds one of them,
    /// in this process or another, is waited for.
    ///
    /// # Errors
    /// The address that could not be had.
    pub(crate) fn at(addresses: impl Iterator<Item = SocketAddr>, wait: Duration) -> io::Result<Kernel> {
        let until = std::time::Instant::now() + wait;
        let mut bound = BTreeMap::new();
        // In one order everywhere, so that no two runs wait for each other.
        for address in addresses.collect::<BTreeSet<_>>() {
            bound.insert(address, bind(address, until)?);
        }
        Ok(Kernel { start: Instant::now(), bound: Rc::new(RefCell::new(bound)) })
    }
}

fn bind(address: SocketAddr, until: std::time::Instant) -> io::Result<std::net::UdpSocket> {
    loop {
        match std::net::UdpSocket::bind(address) {
            Ok(socket) => {
                socket.set_nonblocking(true)?;
                return Ok(socket);
            }
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && std::time::Instant::now() < until => {
                std::thread::sleep(TRY_EVERY);
            }
            Err(error) => return Err(io::Error::new(error.kind(), format!("{address}: {error}"))),
        }
    }
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
        let bound = self.bound.borrow_mut().remove(&at);
        let nobody = || io::Error::new(io::ErrorKind::AddrNotAvailable, format!("{at} was not bound"));
        UdpSocket::from_std(bound.ok_or_else(nobody)?)
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
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn only_privileged_ports_move() {
        let port = |logical| socket_port(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), logical)).port();
        assert_eq!((port(25), port(1023), port(1024), port(5060)), (20_025, 21_023, 1024, 5060));
    }
}
