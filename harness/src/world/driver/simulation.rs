//! turmoil's simulated network: no latency of its own, no faults of its own.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::time::Instant;
use turmoil::net::{TcpListener, TcpStream, UdpSocket};

use super::net::{Listener, Net, Udp};

/// turmoil's network stack as seen from the host that runs.
#[derive(Clone, Debug)]
pub(crate) struct Simulation {
    /// The simulation's tick.
    pub(crate) tick_us: u64,
}

impl Net for Simulation {
    type Udp = UdpSocket;
    type Listener = TcpListener;
    type Stream = TcpStream;
    const OPEN: bool = false;

    /// Every host has a clock of its own; all begin with the simulation.
    fn start(&self) -> Instant {
        Instant::now()
    }

    fn tick_us(&self) -> u64 {
        self.tick_us
    }

    async fn udp(&self, at: SocketAddr) -> io::Result<UdpSocket> {
        UdpSocket::bind(unspecified(at)).await
    }

    async fn listen(&self, at: SocketAddr) -> io::Result<TcpListener> {
        TcpListener::bind(unspecified(at)).await
    }

    async fn connect(
        &self,
        _from: SocketAddr,
        to: SocketAddr,
        _ours: bool,
    ) -> io::Result<(TcpStream, SocketAddr)> {
        let stream = TcpStream::connect(to).await?;
        let local = stream.local_addr()?;
        Ok((stream, local))
    }

    /// turmoil sends RST or FIN by itself when a stream is dropped.
    fn reset(&self, stream: TcpStream) {
        drop(stream);
    }
}

/// turmoil binds to the unspecified address only.
fn unspecified(at: SocketAddr) -> SocketAddr {
    let any =
        if at.is_ipv4() { IpAddr::V4(Ipv4Addr::UNSPECIFIED) } else { IpAddr::V6(Ipv6Addr::UNSPECIFIED) };
    SocketAddr::new(any, at.port())
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
