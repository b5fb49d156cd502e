//! A station: the one task of a host. It runs the device, and it brings about at its time what the
//! network decided, through real sockets.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;

use faxproof_devices::core::{Conn, Device, Duration, Event, Outbox, StreamEvent, Time};
use faxproof_reports::What;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::Instant;

use super::net::{Net, Udp};
use super::pump::{self, Post, PumpId, READ_ROOM};
use crate::plan::{PlannedAction, PlannedWhat};
use crate::world::consequence::{Consequence, Due, Load};
use crate::world::network::Network;
use crate::world::presence::Left;
use crate::world::queue::{Happening, Queue, Rank};

/// What all stations of a run share.
pub(crate) struct Ground<S> {
    pub(super) network: Network,
    pub(super) inboxes: BTreeMap<usize, UnboundedSender<Post<S>>>,
    pub(super) events: u64,
    pub(super) ended_at: Time,
}

/// The task of one host.
pub(super) struct Station<N: Net> {
    pub(super) host: usize,
    pub(super) net: N,
    pub(super) ground: Rc<RefCell<Ground<N::Stream>>>,
    /// As it came from the factory: what a power failure makes of it again.
    pristine: Box<dyn Device>,
    device: Box<dyn Device>,
    actions: Arc<[PlannedAction]>,
    until: Time,
    room: usize,
    pub(super) queue: Queue,
    start: Option<Instant>,
    inbox: UnboundedReceiver<Post<N::Stream>>,
    udp: Option<Rc<N::Udp>>,
    listeners: BTreeMap<u16, AbortHandle>,
    pub(super) pumps: BTreeMap<PumpId, UnboundedSender<Load>>,
    /// Accepted from virtual hosts and not yet known by their connection, and the other way round.
    pub(super) unpaired: Vec<(SocketAddr, N::Stream)>,
    pub(super) expected: BTreeMap<SocketAddr, u32>,
    tasks: JoinSet<io::Result<()>>,
}

/// What a station is made from.
pub(super) struct Setup {
    pub(super) host: usize,
    pub(super) device: Box<dyn Device>,
    pub(super) power_on: Option<Time>,
    /// All actions of the plan, and the indices of this host's.
    pub(super) actions: Arc<[PlannedAction]>,
    pub(super) own_actions: Vec<usize>,
    pub(super) until: Time,
    pub(super) chunk_bytes: Option<usize>,
}

impl<N: Net> Station<N> {
    pub(super) fn new(
        setup: Setup,
        net: N,
        ground: Rc<RefCell<Ground<N::Stream>>>,
        inbox: UnboundedReceiver<Post<N::Stream>>,
    ) -> Self {
        let host = setup.host;
        let mut queue = Queue::for_hosts(1);
        if let Some(at) = setup.power_on {
            queue.push(at, 0, 0, Rank::Power, Happening::PowerOn(host));
        }
        for index in setup.own_actions {
            queue.push(setup.actions[index].at, 0, 0, Rank::Arrival, Happening::Action { host, index });
        }
        Station {
            host,
            net,
            ground,
            pristine: setup.device.fork(),
            device: setup.device,
            actions: setup.actions,
            until: setup.until,
            room: setup.chunk_bytes.unwrap_or(READ_ROOM),
            queue,
            start: None,
            inbox,
            udp: None,
            listeners: BTreeMap::new(),
            pumps: BTreeMap::new(),
            unpaired: Vec::new(),
            expected: BTreeMap::new(),
            tasks: JoinSet::new(),
        }
    }

    /// Runs until the plan's end.
    ///
    /// # Errors
    /// A socket that could not be had. A panic of any of its tasks goes on here.
    pub(super) async fn run(mut self) -> io::Result<()> {
        let start = *self.start.insert(self.net.start());
        let at = self.ground.borrow().network.roster.sip(self.host);
        let udp = Rc::new(self.net.udp(at).await?);
        self.tasks.spawn_local(pump::datagrams(udp.clone(), self.post()));
        self.udp = Some(udp);
        while self.now() < self.until {
            let next = self.queue.next_at().map_or(self.until, |at| at.min(self.until));
            let tick_us = self.net.tick_us();
            let due = start + std::time::Duration::from_micros(next.0.div_ceil(tick_us) * tick_us);
            tokio::select! {
                biased;
                Some(post) = self.inbox.recv() => {
                    // What came out of a stream was sent behind what was due before it: the first bytes of a
                    // server must not overtake the news that the connection is open.
                    if matches!(post, Post::Received { .. }) {
                        self.happen_all().await?;
                    }
                    self.receive(post);
                }
                () = tokio::time::sleep_until(due) => self.happen_all().await?,
                Some(ended) = self.tasks.join_next() => surface(ended)?,
            }
        }
        self.tasks.abort_all();
        while let Some(ended) = self.tasks.join_next().await {
            surface(ended)?;
        }
        Ok(())
    }

    /// The time of the run, in whole ticks of the network's clock.
    pub(super) fn now(&self) -> Time {
        let elapsed_us = self.start.map_or(0, |start| start.elapsed().as_micros() as u64);
        Time(elapsed_us - elapsed_us % self.net.tick_us())
    }

    /// Lets everything happen whose time has come.
    async fn happen_all(&mut self) -> io::Result<()> {
        while self.queue.next_at().is_some_and(|at| at <= self.now().min(self.until)) {
            let Some((_, happening)) = self.queue.pop() else { return Ok(()) };
            match happening {
                Happening::PowerOn(_) => self.power_on(),
                Happening::Action { index, .. } => self.act(index),
                Happening::Timer { timer, .. } => self.step(Event::Timer(timer)),
                Happening::Network(consequence) => {
                    if let Some(datagram) = self.bring_about(consequence) {
                        self.send(datagram).await?;
                    }
                }
            }
        }
        Ok(())
    }

    async fn send(&self, (bytes, to): (bytes::Bytes, SocketAddr)) -> io::Result<()> {
        // The kernel may refuse an address; that is as if the datagram were lost.
        if let Some(udp) = &self.udp {
            let _ = udp.send(&bytes, to).await;
        }
        Ok(())
    }

    fn act(&mut self, index: usize) {
        let PlannedAction { step, text, what, .. } = self.actions[index].clone();
        let now = self.now();
        {
            let network = &mut self.ground.borrow_mut().network;
            let host = network.roster.name(self.host).clone();
            network.ledger.enter(now, What::Order { host, step, text });
        }
        match what {
            PlannedWhat::Order(order) => self.step(Event::Order(order)),
            PlannedWhat::PowerOff => self.power_off(self.host, None),
            PlannedWhat::PowerOn => self.power_on(),
        }
    }

    fn power_on(&mut self) {
        let event = self.ground.borrow_mut().network.power_on(self.now(), self.host);
        if let Some(event) = event {
            self.device = self.pristine.fork();
            self.step(event);
        }
    }

    /// The power of a host fails: of this one, or of one that a message is to find without power.
    pub(super) fn power_off(&mut self, host: usize, back_after_us: Option<u64>) {
        if !self.ground.borrow_mut().network.power_off(self.now(), host) {
            return;
        }
        if host == self.host {
            return self.lose_power(back_after_us);
        }
        if let Some(inbox) = self.ground.borrow().inboxes.get(&host) {
            let _ = inbox.send(Post::PowerLost { back_after_us });
        }
    }

    /// The sockets stay open, so that the peers see silence; nobody listens to them any more.
    pub(super) fn lose_power(&mut self, back_after_us: Option<u64>) {
        let now = self.now();
        self.queue.disarm_all(0);
        for (_, listener) in std::mem::take(&mut self.listeners) {
            listener.abort();
        }
        if let Some(after_us) = back_after_us {
            let happening = Happening::PowerOn(self.host);
            self.queue.push(now + Duration(after_us), 0, 0, Rank::Power, happening);
        }
    }

    /// One step of the device, if it has power, and the effects in their order.
    pub(super) fn step(&mut self, event: Event) {
        let now = self.now();
        if !self.ground.borrow().network.hosts[self.host].on {
            return;
        }
        let (mut outbox, mut due) = (Outbox::new(), Due::new());
        self.device.step(now, event, &mut outbox);
        let mut failure = None;
        for effect in outbox.drain() {
            let left = self.ground.borrow_mut().network.apply(now, self.host, effect, &mut due);
            match left {
                Left::Arm { timer, at } => self.queue.arm(0, timer, at.max(now)),
                Left::Disarm(timer) => self.queue.disarm(0, timer),
                Left::Listen(port) => self.listen(port),
                Left::Unlisten(port) => {
                    if let Some(listener) = self.listeners.remove(&port) {
                        listener.abort();
                    }
                }
                Left::PowerFails { back_after_us } => {
                    failure = Some(back_after_us);
                    break;
                }
                Left::Nothing => {}
            }
        }
        self.dispatch(due);
        if let Some(back_after_us) = failure {
            self.power_off(self.host, back_after_us);
        }
        let mut ground = self.ground.borrow_mut();
        ground.events += 1;
        ground.ended_at = ground.ended_at.max(now);
    }

    fn listen(&mut self, port: u16) {
        let at = SocketAddr::new(self.ground.borrow().network.roster.sip(self.host).ip(), port);
        let (net, inbox) = (self.net.clone(), self.post());
        let listening = async move { pump::accepts(net.listen(at).await?, port, inbox).await };
        let replaced = self.listeners.insert(port, self.tasks.spawn_local(listening));
        if let Some(replaced) = replaced {
            replaced.abort();
        }
    }

    /// Gives each consequence to the station that brings it about.
    pub(super) fn dispatch(&mut self, due: Due) {
        let ground = self.ground.borrow();
        for (at, consequence) in due {
            let is_power = matches!(consequence, Consequence::PowerOff { .. });
            let rank = if is_power { Rank::Power } else { Rank::Arrival };
            let station = ground.network.station(&consequence).unwrap_or(self.host);
            if station == self.host {
                self.queue.push(at, 0, 0, rank, Happening::Network(consequence));
            } else if let Some(inbox) = ground.inboxes.get(&station) {
                // A station that has ended needs nothing any more.
                let _ = inbox.send(Post::Due(at, consequence));
            }
        }
    }

    /// Begins to serve a stream.
    pub(super) fn serve(&mut self, pump: PumpId, stream: N::Stream) {
        let (commands, commanded) = unbounded_channel();
        self.pumps.insert(pump, commands);
        let room = self.room.min(self.ground.borrow().network.read_room(pump.connection, pump.client));
        let serving = pump::stream(self.net.clone(), stream, pump, room, commanded, self.post());
        self.tasks.spawn_local(serving);
    }

    /// Begins to connect; the result is posted.
    pub(super) fn begin_connect(&mut self, connection: u32, tries: u32, to: SocketAddr, ours: bool) {
        let from = self.ground.borrow().network.roster.sip(self.host);
        let (net, inbox) = (self.net.clone(), self.post());
        self.tasks.spawn_local(async move {
            let result = net.connect(from, to, ours).await;
            let _ = inbox.send(Post::Connected { connection, tries, result });
            Ok(())
        });
    }

    /// Tells the device something about a connection.
    pub(super) fn tell(&mut self, conn: Conn, event: StreamEvent) {
        self.step(Event::Stream(conn, event));
    }

    fn post(&self) -> UnboundedSender<Post<N::Stream>> {
        let ground = self.ground.borrow();
        ground.inboxes.get(&self.host).cloned().unwrap_or_else(|| unbounded_channel().0)
    }
}

/// Passes on what a task ended with; a panic goes on in the station.
pub(super) fn surface(ended: Result<io::Result<()>, tokio::task::JoinError>) -> io::Result<()> {
    match ended {
        Ok(result) => result,
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        Err(_) => Ok(()),
    }
}
