//! What the driver needs of a network stack, so that the same driver runs over two of them.

use std::future::Future;
use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;

/// A network stack as seen from one host.
pub(crate) trait Net: Clone + 'static {
    /// A UDP socket.
    type Udp: Udp;
    /// A TCP socket that listens.
    type Listener: Listener<Stream = Self::Stream>;
    /// A TCP connection.
    type Stream: AsyncRead + AsyncWrite + Unpin + 'static;
    /// Whether addresses outside the plan can be reached.
    const OPEN: bool;
    /// When the run began, on its clock.
    fn start(&self) -> Instant;
    /// How coarse its clock is, in microseconds.
    fn tick_us(&self) -> u64;
    /// Takes datagrams at a host's address.
    fn udp(&self, at: SocketAddr) -> impl Future<Output = io::Result<Self::Udp>>;
    /// Takes connections at a host's address and a logical port.
    fn listen(&self, at: SocketAddr) -> impl Future<Output = io::Result<Self::Listener>>;
    /// Connects from a host's address to a logical port of another (`ours`), or to a real port.
    fn connect(
        &self,
        from: SocketAddr,
        to: SocketAddr,
        ours: bool,
    ) -> impl Future<Output = io::Result<(Self::Stream, SocketAddr)>>;
    /// Ends a connection with RST, where the stack can.
    fn reset(&self, stream: Self::Stream);
}

/// A UDP socket.
pub(crate) trait Udp: 'static {
    /// Sends one datagram.
    fn send(&self, bytes: &[u8], to: SocketAddr) -> impl Future<Output = io::Result<()>>;
    /// Waits for one datagram.
    fn receive(&self, room: &mut [u8]) -> impl Future<Output = io::Result<(usize, SocketAddr)>>;
}

/// A TCP socket that listens.
pub(crate) trait Listener: 'static {
    /// What it accepts.
    type Stream;
    /// Waits for a connection.
    fn accept(&self) -> impl Future<Output = io::Result<(Self::Stream, SocketAddr)>>;
}
