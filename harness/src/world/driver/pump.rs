//! Tasks that wait on sockets and post what comes to their host's station.

use std::future::pending;
use std::io;
use std::net::SocketAddr;

use bytes::Bytes;
use faxproof_devices::core::{Conn, StreamEvent, Time};
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf, split};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};

use super::net::{Listener, Net, Udp};
use crate::world::consequence::{Consequence, Load};

/// The largest datagram (RFC 768: 16 bits of length).
const LARGEST_DATAGRAM: usize = 65_535;
/// How much is read from a stream at a time.
pub(super) const READ_ROOM: usize = 16 * 1024;

/// What a station is told by other stations and by its own sockets.
pub(super) enum Post<S> {
    /// Something is to be brought about at that time.
    Due(Time, Consequence),
    /// A datagram came out of the socket.
    Datagram { from: SocketAddr, bytes: Bytes },
    /// A connect that was begun came to its end.
    Connected { connection: u32, tries: u32, result: io::Result<(S, SocketAddr)> },
    /// A connection was accepted.
    Accepted { stream: S, peer: SocketAddr, port: u16 },
    /// The connection that comes from this address of a virtual host is this one.
    Paired { peer: SocketAddr, connection: u32 },
    /// Something came out of a stream; `Reset` for an error.
    Received { connection: u32, from_client: bool, load: Load },
    /// The power failed, by the decision of another station.
    PowerLost { back_after_us: Option<u64> },
    /// The device learns this of a connection that the network has already closed.
    Tell { conn: Conn, event: StreamEvent },
}

/// Which end of which connection a pump serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PumpId {
    pub(super) connection: u32,
    /// Whether it is the client's end.
    pub(super) client: bool,
}

/// Posts every datagram.
pub(super) async fn datagrams<U: Udp, S>(
    socket: std::rc::Rc<U>,
    inbox: UnboundedSender<Post<S>>,
) -> io::Result<()> {
    let mut room = vec![0; LARGEST_DATAGRAM];
    loop {
        match socket.receive(&mut room).await {
            Ok((len, from)) => {
                let bytes = Bytes::copy_from_slice(&room[..len]);
                if inbox.send(Post::Datagram { from, bytes }).is_err() {
                    return Ok(());
                }
            }
            // Some kernels report an earlier datagram's ICMP here: nothing of ours is broken.
            Err(error) if is_about_the_peer(&error) => {}
            Err(error) => return Err(error),
        }
    }
}

/// Posts every connection that is accepted.
pub(super) async fn accepts<L: Listener>(
    listener: L,
    port: u16,
    inbox: UnboundedSender<Post<L::Stream>>,
) -> io::Result<()> {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                if inbox.send(Post::Accepted { stream, peer, port }).is_err() {
                    return Ok(());
                }
            }
            Err(error) if is_about_the_peer(&error) => {}
            Err(error) => return Err(error),
        }
    }
}

/// Serves one end of a connection: writes what is commanded, posts what is read. It ends when
/// nobody can command any more, and the connection with it.
pub(super) async fn stream<N: Net>(
    net: N,
    mut stream: N::Stream,
    pump: PumpId,
    room: usize,
    commands: UnboundedReceiver<Load>,
    inbox: UnboundedSender<Post<N::Stream>>,
) -> io::Result<()> {
    let reset = {
        let (from, to) = split(&mut stream);
        let reading = async {
            read(from, pump, room, &inbox).await;
            pending::<bool>().await
        };
        tokio::select! {
            biased;
            reset = write(to, commands) => reset,
            never = reading => never,
        }
    };
    if reset {
        net.reset(stream);
    }
    Ok(())
}

/// Writes until a reset is commanded (`true`) or nobody commands any more.
async fn write<S: AsyncWriteExt>(mut to: WriteHalf<S>, mut commands: UnboundedReceiver<Load>) -> bool {
    while let Some(load) = commands.recv().await {
        // A failure to write shows to the reading side, which posts it.
        let _ = match load {
            Load::Bytes(bytes) => to.write_all(&bytes).await,
            Load::Fin => to.shutdown().await,
            Load::Reset => return true,
        };
    }
    false
}

async fn read<S: AsyncReadExt, T>(
    mut from: ReadHalf<S>,
    pump: PumpId,
    room: usize,
    inbox: &UnboundedSender<Post<T>>,
) {
    let mut room = vec![0; room.clamp(1, READ_ROOM)];
    loop {
        let load = match from.read(&mut room).await {
            Ok(0) => Load::Fin,
            Ok(len) => Load::Bytes(Bytes::copy_from_slice(&room[..len])),
            Err(_) => Load::Reset,
        };
        let last = !matches!(load, Load::Bytes(_));
        let PumpId { connection, client } = pump;
        if inbox.send(Post::Received { connection, from_client: !client, load }).is_err() || last {
            return;
        }
    }
}

fn is_about_the_peer(error: &io::Error) -> bool {
    use io::ErrorKind::{
        ConnectionAborted, ConnectionRefused, ConnectionReset, HostUnreachable, Interrupted,
    };
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset | HostUnreachable | Interrupted
    )
}
