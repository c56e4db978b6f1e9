//! Ports: how modules talk to each other and to the kernel. `spec/messages.md` is the chapter.
//!
//! A *channel* is a pair of bounded queues between the module that owns it and whoever holds a token of it. A *port* is a
//! number in a module's own table for one of the two ends. A *token* is a number in another table of the module: rights on a
//! channel's far end. Both tables are here, in the kernel; a number means nothing to anybody else.

pub(crate) mod arena;
mod host;
mod names;
pub(crate) mod queue;
pub(crate) mod request;
mod state;

use std::collections::BTreeMap;

use cartwheel_hostabi::Status;
use cartwheel_hostabi::cbor::MAX_MESSAGE_BYTES;

use crate::quotas::Quotas;
use arena::{Arena, ArenaKey};
use names::Names;
use queue::{Bounds, KERNEL, Message, Queue};
use request::Flight;

/// Number of the port that requests go to and input comes from.
pub const STDIN: i32 = 0;
/// Number of the port that answers come from and output goes to.
pub const STDOUT: i32 = 1;
/// Number of the port that errors come from and go to.
pub const STDERR: i32 = 2;
/// The token that every module has from load: a right to ports of its own.
pub const OWN_PORTS: i32 = 1;

/// Right to send.
pub const RIGHT_SEND: i32 = 1;
/// Right to receive.
pub const RIGHT_RECEIVE: i32 = 2;
/// Right to derive tokens.
pub const RIGHT_MANAGE: i32 = 4;
const ALL_RIGHTS: i32 = RIGHT_SEND | RIGHT_RECEIVE | RIGHT_MANAGE;

/// A message that left the machine, because no module reads the output that it was sent to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutwardMessage {
    /// Number of the module that sent it.
    pub module: u32,
    /// [`STDOUT`] or [`STDERR`].
    pub port: i32,
    /// Deterministic CBOR.
    pub bytes: Box<[u8]>,
}

/// A message that was sent, for those who watch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortEvent {
    /// Frame in which it was sent.
    pub frame: u64,
    /// Number of the module that sent it; `None` for the kernel and the host.
    pub sender: Option<u32>,
    /// Number of the module whose port it went through.
    pub owner: u32,
    /// Number of the port in that module's table; `None` if the module has released it.
    pub port: Option<i32>,
    /// True if it went to that module, false if it came from it.
    pub inward: bool,
    /// Deterministic CBOR.
    pub bytes: Box<[u8]>,
}

/// Which of the two ends of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Owner,
    Far,
}

/// A number in a module's table of ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Port {
    channel: ArenaKey,
    side: Side,
    rights: i32,
    /// The token that it was opened with, for a far end.
    token: Option<ArenaKey>,
    /// False for a far end whose token was revoked, given away or dropped.
    alive: bool,
}

#[derive(Debug)]
struct Channel {
    owner: u32,
    /// Number of the owner's port; `None` if it was released or its module ended.
    port: Option<i32>,
    /// To the owner.
    inward: Queue,
    /// From the owner.
    outward: Queue,
    /// What the owner's quotas allow in each of them. No part of the state.
    bounds: Bounds,
    /// Tokens that name it.
    tokens: u32,
    /// Open far ends with the right to receive.
    readers: u32,
    /// True once there was a token: without one, the other end has not gone but not come yet.
    known: bool,
    /// True if it is among those that are looked at next.
    dirty: bool,
}

/// Who has a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holder {
    Module(u32),
    /// A message that has not been taken.
    Message,
    /// The directory of names.
    Names,
}

#[derive(Debug)]
struct Token {
    /// `None` for the right to ports of one's own.
    channel: Option<ArenaKey>,
    rights: i32,
    parent: Option<ArenaKey>,
    children: Vec<ArenaKey>,
    holder: Holder,
}

/// What a module has.
#[derive(Debug, Default)]
struct Table {
    /// No part of the state of ports.
    quotas: Quotas,
    ports: Vec<Option<Port>>,
    /// Tokens by number - 1.
    tokens: Vec<Option<ArenaKey>>,
    /// Requests that are not answered, or whose answers are not delivered.
    flights: Vec<Flight>,
    /// Requests so far.
    sequence: u64,
}

/// How much there is in a kernel of what modules share: what is left when modules are gone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PortCensus {
    /// Modules that have ports.
    pub modules: usize,
    /// Channels between modules, or of modules with the kernel.
    pub channels: usize,
    /// Tokens, wherever they are.
    pub tokens: usize,
    /// Requests in flight.
    pub requests: usize,
    /// Names that are published.
    pub names: usize,
    /// Messages that wait to be received.
    pub messages: usize,
    /// Requests for completion.
    pub completions: usize,
    /// Prefixes that modules complete.
    pub prefixes: usize,
    /// Network addresses.
    pub addresses: usize,
    /// Datagrams that wait at them.
    pub datagrams: usize,
}

/// The ports of all modules.
#[derive(Debug, Default)]
pub(crate) struct Ports {
    tables: BTreeMap<u32, Table>,
    channels: Arena<Channel>,
    tokens: Arena<Token>,
    names: Names,
    /// Channels with something to deliver, or nobody any more to take what was, in no order that matters.
    dirty: Vec<ArenaKey>,
    /// Modules with answers that are not delivered.
    answered: Vec<u32>,
    /// What left the machine. No part of the state.
    outward: Vec<OutwardMessage>,
    /// What was sent, if somebody watches. No part of the state.
    events: Option<Vec<PortEvent>>,
    /// Number of the frame, for those who watch.
    frame: u64,
}

/// What the other end of a port says.
pub(crate) struct Received {
    pub(crate) message: Message,
    /// Number of the token that came with it, or 0.
    pub(crate) token: i32,
}

impl Ports {
    pub(crate) fn census(&self) -> PortCensus {
        PortCensus {
            modules: self.tables.len(),
            channels: self.channels.len(),
            tokens: self.tokens.len(),
            requests: self.tables.values().map(|table| table.flights.len()).sum(),
            names: self.names.len(),
            messages: self
                .channels
                .iter()
                .map(|(_, channel)| channel.inward.len() + channel.outward.len())
                .sum(),
            ..PortCensus::default()
        }
    }

    pub(crate) fn has(&self, module: u32) -> bool {
        self.tables.contains_key(&module)
    }

    /// Numbers of the modules that have ports, ascending.
    pub(crate) fn modules(&self) -> impl Iterator<Item = u32> {
        self.tables.keys().copied()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.tables.is_empty()
    }

    /// Gives a module its three ports and its first token, unless it has them.
    pub(crate) fn load(&mut self, module: u32, quotas: Quotas) {
        if self.tables.contains_key(&module) {
            return;
        }
        let mut table = Table { quotas, ..Table::default() };
        for port in [STDIN, STDOUT, STDERR] {
            let channel = self.channels.insert(Channel::new(module, port, Bounds::of(&quotas)));
            table.ports.push(Some(Port::own(channel)));
        }
        let own = Token {
            channel: None,
            rights: RIGHT_MANAGE,
            parent: None,
            children: Vec::new(),
            holder: Holder::Module(module),
        };
        table.tokens.push(Some(self.tokens.insert(own)));
        self.tables.insert(module, table);
    }

    /// Takes back everything that a module has. Those at the other ends find them closed.
    pub(crate) fn unload(&mut self, module: u32) {
        // Its last words, too.
        self.drain();
        let Some(table) = self.tables.remove(&module) else { return };
        for name in self.names.of(module) {
            if let Some(token) = self.names.remove(&name) {
                self.remove_token(token);
            }
        }
        for port in table.ports.into_iter().flatten() {
            self.close(port);
        }
        for token in table.tokens.into_iter().flatten() {
            self.remove_token(token);
        }
    }

    /// A frame boundary: what was sent in the frame before is delivered.
    pub(crate) fn deliver(&mut self, frame: u64) {
        self.frame = frame;
        self.land();
        for key in std::mem::take(&mut self.dirty) {
            if let Some(channel) = self.channels.get_mut(key) {
                channel.inward.deliver();
                channel.outward.deliver();
                // Its last reader has gone since the end of the frame before.
                channel.dirty = channel.drains();
                self.dirty.extend(channel.dirty.then_some(key));
            }
        }
    }

    /// The end of a frame: output that no module reads leaves the machine, in the order of the modules.
    pub(crate) fn drain(&mut self) {
        let outputs = self.dirty.iter().filter_map(|&key| {
            let channel = self.channels.get(key)?;
            channel.drains().then_some((channel.owner, channel.port?, key))
        });
        let mut outputs: Vec<(u32, i32, ArenaKey)> = outputs.collect();
        outputs.sort_unstable();
        let mut lost = Vec::new();
        for (module, port, key) in outputs {
            let Some(channel) = self.channels.get_mut(key) else { continue };
            for message in channel.outward.drain() {
                lost.extend(message.token);
                self.outward.push(OutwardMessage { module, port, bytes: message.bytes });
            }
        }
        // Nobody is out there to hold them.
        lost.into_iter().for_each(|token| self.remove_token(token));
    }

    pub(crate) fn take_outward(&mut self) -> Vec<OutwardMessage> {
        std::mem::take(&mut self.outward)
    }

    pub(crate) fn watch(&mut self, watch: bool) {
        self.events = watch.then(Vec::new);
    }

    pub(crate) fn take_events(&mut self) -> Vec<PortEvent> {
        self.events.as_mut().map(std::mem::take).unwrap_or_default()
    }

    fn table(&mut self, module: u32) -> Result<&mut Table, Status> {
        self.tables.get_mut(&module).ok_or(Status::PortBadPort)
    }

    /// Puts a message into the queue of a port that was found sendable.
    pub(crate) fn post(&mut self, module: u32, port: Port, bytes: &[u8]) {
        self.push(port.channel, port.side, Message { bytes: bytes.into(), sender: module, token: None });
    }

    fn port(&self, module: u32, port: i32) -> Result<Port, Status> {
        let table = self.tables.get(&module).ok_or(Status::PortBadPort)?;
        let port = usize::try_from(port).ok().and_then(|port| *table.ports.get(port)?);
        port.ok_or(Status::PortBadPort)
    }

    fn token_key(&self, module: u32, token: i32) -> Result<ArenaKey, Status> {
        let table = self.tables.get(&module).ok_or(Status::PortBadToken)?;
        let place = usize::try_from(token).ok().and_then(|token| token.checked_sub(1));
        let key = place.and_then(|place| *table.tokens.get(place)?).ok_or(Status::PortBadToken)?;
        // The place of a revoked token stays until it is dropped.
        self.tokens.get(key).map(|_| key).ok_or(Status::PortBadToken)
    }

    /// As [`Ports::post`], with a token that the receiver gets.
    pub(crate) fn post_with(
        &mut self,
        module: u32,
        port: Port,
        bytes: &[u8],
        token: i32,
    ) -> Result<(), Status> {
        let key = self.token_key(module, token)?;
        // The right to ports of one's own is nobody else's.
        if self.tokens.get(key).is_none_or(|token| token.channel.is_none()) {
            return Err(Status::PortNoRight);
        }
        self.close_ports_of(key);
        self.hold(key, Holder::Message);
        self.table(module)?.tokens[token as usize - 1] = None;
        self.push(port.channel, port.side, Message { bytes: bytes.into(), sender: module, token: Some(key) });
        Ok(())
    }

    /// The port, if so many bytes can be sent to it now.
    pub(crate) fn sendable(&self, module: u32, port: i32, bytes: usize) -> Result<Port, Status> {
        let port = self.port(module, port)?;
        if bytes > MAX_MESSAGE_BYTES {
            return Err(Status::PortTooLarge);
        }
        if !port.alive {
            return Err(Status::PortClosed);
        }
        if port.rights & RIGHT_SEND == 0 {
            return Err(Status::PortNoRight);
        }
        let channel = self.channels.get(port.channel).ok_or(Status::PortClosed)?;
        let (queue, gone) = match port.side {
            Side::Owner => (&channel.outward, channel.known && channel.tokens == 0 && !channel.is_standard()),
            Side::Far => (&channel.inward, channel.port.is_none()),
        };
        if gone {
            return Err(Status::PortClosed);
        }
        if queue.has_room(channel.bounds, bytes) { Ok(port) } else { Err(Status::PortFull) }
    }

    /// Puts a message into a queue: the one behind the end that it is sent from.
    fn push(&mut self, key: ArenaKey, from: Side, message: Message) {
        let Some(channel) = self.channels.get_mut(key) else { return };
        if let Some(events) = &mut self.events {
            events.push(PortEvent {
                frame: self.frame,
                sender: (message.sender != KERNEL).then_some(message.sender),
                owner: channel.owner,
                port: channel.port,
                inward: from == Side::Far,
                bytes: message.bytes.clone(),
            });
        }
        match from {
            Side::Owner => channel.outward.push(message),
            Side::Far => channel.inward.push(message),
        }
        if !std::mem::replace(&mut channel.dirty, true) {
            self.dirty.push(key);
        }
    }

    /// What the kernel or the host sends to one of a module's own ports.
    fn push_from_kernel(&mut self, module: u32, port: i32, bytes: Vec<u8>) -> Option<ArenaKey> {
        let key = self.port(module, port).ok()?.channel;
        self.push(key, Side::Far, Message { bytes: bytes.into(), sender: KERNEL, token: None });
        Some(key)
    }

    /// Feeds a module's stdin: the message is there in the frame that begins. False if it has none, or no room in it.
    pub(crate) fn feed(&mut self, module: u32, bytes: &[u8]) -> bool {
        let room = |ports: &Ports| {
            let channel = ports.channels.get(ports.port(module, STDIN).ok()?.channel)?;
            Some(channel.inward.has_room(channel.bounds, bytes.len()))
        };
        if room(self) != Some(true) {
            return false;
        }
        let Some(key) = self.push_from_kernel(module, STDIN, bytes.to_vec()) else { return false };
        if let Some(channel) = self.channels.get_mut(key) {
            channel.inward.deliver();
        }
        true
    }

    /// Messages that a module's stdin has room for.
    pub(crate) fn stdin_room(&self, module: u32) -> usize {
        let channel = self.port(module, STDIN).ok().and_then(|port| self.channels.get(port.channel));
        channel.map_or(0, |channel| channel.bounds.messages.saturating_sub(channel.inward.len()))
    }

    /// Whether an answer would find room on both outputs of a module, besides so many others that are to come.
    fn has_room_for_answers(&self, module: u32, others: usize) -> bool {
        [STDOUT, STDERR].into_iter().all(|port| {
            let channel = self.port(module, port).ok().and_then(|port| self.channels.get(port.channel));
            channel.is_some_and(|channel| {
                let Channel { inward, bounds, .. } = channel;
                inward.has_room(*bounds, 0) && inward.len() + others < bounds.messages
            })
        })
    }

    fn receivable(&self, module: u32, port: i32) -> Result<(Port, &Channel), Status> {
        let port = self.port(module, port)?;
        if !port.alive {
            return Err(Status::PortClosed);
        }
        if port.rights & RIGHT_RECEIVE == 0 {
            return Err(Status::PortNoRight);
        }
        self.channels.get(port.channel).map(|channel| (port, channel)).ok_or(Status::PortClosed)
    }

    /// The message that would be received, and how many wait.
    pub(crate) fn peek(&self, module: u32, port: i32) -> Result<(&Message, usize), Status> {
        let (port, channel) = self.receivable(module, port)?;
        let (queue, gone) = match port.side {
            Side::Owner => (&channel.inward, channel.known && channel.tokens == 0 && !channel.is_standard()),
            Side::Far => (&channel.outward, channel.port.is_none()),
        };
        match queue.first() {
            Some(first) => Ok(first),
            // What was sent and is not delivered is still to come.
            None if gone && queue.len() == 0 => Err(Status::PortClosed),
            None => Err(Status::PortEmpty),
        }
    }

    /// Takes the message that [`Ports::peek`] shows.
    pub(crate) fn receive(&mut self, module: u32, port: i32) -> Result<Received, Status> {
        let (first, _) = self.peek(module, port)?;
        let token = first.token.filter(|key| self.tokens.get(*key).is_some());
        if token.is_some() && self.free_token(module).is_none() {
            return Err(Status::Quota);
        }
        let port = self.port(module, port)?;
        let channel = self.channels.get_mut(port.channel).ok_or(Status::PortClosed)?;
        let queue = if port.side == Side::Owner { &mut channel.inward } else { &mut channel.outward };
        let message = queue.pop().ok_or(Status::PortEmpty)?;
        let token = token.and_then(|key| {
            self.hold(key, Holder::Module(module));
            self.keep(module, key)
        });
        Ok(Received { message, token: token.unwrap_or(0) })
    }

    fn hold(&mut self, key: ArenaKey, holder: Holder) {
        if let Some(token) = self.tokens.get_mut(key) {
            token.holder = holder;
        }
    }

    fn free_token(&self, module: u32) -> Option<usize> {
        let Table { tokens, quotas, .. } = self.tables.get(&module)?;
        let place = tokens.iter().position(Option::is_none).unwrap_or(tokens.len());
        (place < quotas.tokens as usize).then_some(place)
    }

    /// Puts a token into a module's table.
    fn keep(&mut self, module: u32, key: ArenaKey) -> Option<i32> {
        let place = self.free_token(module)?;
        let tokens = &mut self.tables.get_mut(&module)?.tokens;
        if place == tokens.len() {
            tokens.push(None);
        }
        tokens[place] = Some(key);
        Some(place as i32 + 1)
    }

    fn new_token(&mut self, module: u32, token: Token) -> Result<i32, Status> {
        if self.free_token(module).is_none() {
            return Err(Status::Quota);
        }
        let (channel, parent) = (token.channel, token.parent);
        let key = self.tokens.insert(token);
        if let Some(channel) = channel.and_then(|key| self.channels.get_mut(key)) {
            channel.tokens += 1;
            channel.known = true;
        }
        if let Some(parent) = parent.and_then(|key| self.tokens.get_mut(key)) {
            parent.children.push(key);
        }
        self.keep(module, key).ok_or(Status::Quota)
    }

    /// Opens a port: a new one with the right to ports of one's own, else the far end of the channel that the token
    /// names.
    pub(crate) fn open(&mut self, module: u32, token: i32) -> Result<i32, Status> {
        let key = self.token_key(module, token)?;
        let table = self.tables.get(&module).ok_or(Status::PortBadToken)?;
        let place = table.ports.iter().position(Option::is_none).unwrap_or(table.ports.len());
        let token = self.tokens.get(key).ok_or(Status::PortBadToken)?;
        if token.rights & if token.channel.is_none() { RIGHT_MANAGE } else { RIGHT_SEND | RIGHT_RECEIVE } == 0
        {
            return Err(Status::PortNoRight);
        }
        if place >= table.quotas.ports as usize {
            return Err(Status::Quota);
        }
        let bounds = Bounds::of(&table.quotas);
        let number = place as i32;
        let port = match token.channel {
            None => Port::own(self.channels.insert(Channel::new(module, number, bounds))),
            Some(channel) => {
                let rights = token.rights;
                let open = self.channels.get_mut(channel).filter(|channel| channel.port.is_some());
                let open = open.ok_or(Status::PortClosed)?;
                open.readers += u32::from(rights & RIGHT_RECEIVE != 0);
                Port { channel, side: Side::Far, rights, token: Some(key), alive: true }
            }
        };
        let ports = &mut self.table(module)?.ports;
        if place == ports.len() {
            ports.push(None);
        }
        ports[place] = Some(port);
        Ok(number)
    }

    /// A token for the other end of one of the module's own ports.
    pub(crate) fn token(&mut self, module: u32, port: i32, rights: i32) -> Result<i32, Status> {
        let port = self.port(module, port)?;
        if port.side != Side::Owner || !is_rights(rights) {
            return Err(Status::PortNoRight);
        }
        self.first_token(module, port.channel, rights)
    }

    /// A token for the far end of a standard port of a module that the holder supervises. What comes on its stdout and stderr
    /// are answers of the kernel, so nobody else can send there.
    pub(crate) fn token_of(&mut self, holder: u32, module: u32, port: i32) -> Result<i32, Status> {
        let rights = RIGHT_MANAGE | if port == STDIN { RIGHT_SEND } else { RIGHT_RECEIVE };
        let port = self.port(module, port).ok().filter(|_| self.has(holder));
        let channel = port.ok_or(Status::Unavailable)?.channel;
        self.first_token(holder, channel, rights)
    }

    /// A token that is derived from no other.
    fn first_token(&mut self, module: u32, channel: ArenaKey, rights: i32) -> Result<i32, Status> {
        let (channel, holder) = (Some(channel), Holder::Module(module));
        self.new_token(module, Token { channel, rights, parent: None, children: Vec::new(), holder })
    }

    /// A token with no more rights than another.
    pub(crate) fn derive(&mut self, module: u32, token: i32, rights: i32) -> Result<i32, Status> {
        let parent = self.token_key(module, token)?;
        let from = self.tokens.get(parent).ok_or(Status::PortBadToken)?;
        let allowed = from.rights & RIGHT_MANAGE != 0 && is_rights(rights) && rights & !from.rights == 0;
        let Some(channel) = from.channel.filter(|_| allowed) else { return Err(Status::PortNoRight) };
        let holder = Holder::Module(module);
        let parent = Some(parent);
        self.new_token(module, Token { channel: Some(channel), rights, parent, children: Vec::new(), holder })
    }

    pub(crate) fn rights(&self, module: u32, token: i32) -> Result<i32, Status> {
        let key = self.token_key(module, token)?;
        self.tokens.get(key).map(|token| token.rights).ok_or(Status::PortBadToken)
    }

    /// Ends everything that was derived from a token. Gives their number.
    pub(crate) fn revoke(&mut self, module: u32, token: i32) -> Result<i32, Status> {
        let key = self.token_key(module, token)?;
        let mut doomed = self.tokens.get(key).map(|token| token.children.clone()).unwrap_or_default();
        let mut revoked = 0;
        while let Some(key) = doomed.pop() {
            if let Some(token) = self.tokens.get(key) {
                doomed.extend(&token.children);
                revoked += 1;
            }
            self.remove_token(key);
        }
        Ok(revoked)
    }

    /// Lets go of a token; what was derived from it is now derived from what it was derived from itself.
    pub(crate) fn drop_token(&mut self, module: u32, token: i32) -> Result<(), Status> {
        let place = usize::try_from(token).ok().and_then(|token| token.checked_sub(1));
        let slot = self.table(module).ok().and_then(|table| table.tokens.get_mut(place?));
        let key = slot.and_then(Option::take).ok_or(Status::PortBadToken)?;
        self.remove_token(key);
        Ok(())
    }

    /// Releases a port. The three from load stay.
    pub(crate) fn release(&mut self, module: u32, port: i32) -> Result<(), Status> {
        let found = self.port(module, port)?;
        if (STDIN..=STDERR).contains(&port) {
            return Err(Status::PortNoRight);
        }
        self.table(module)?.ports[port as usize] = None;
        self.close(found);
        Ok(())
    }

    /// What follows when a port is in no table any more.
    fn close(&mut self, port: Port) {
        let Some(channel) = self.channels.get_mut(port.channel) else { return };
        match port.side {
            Side::Owner => {
                channel.port = None;
                // Nobody can take what was sent to the owner. What it sent can be taken, but for tokens: two channels
                // without owners that wait in each other would never be let go of.
                let mut lost: Vec<ArenaKey> =
                    channel.inward.drain().iter().filter_map(|message| message.token).collect();
                lost.extend(channel.outward.take_tokens());
                lost.into_iter().for_each(|token| self.remove_token(token));
            }
            Side::Far if port.alive && port.rights & RIGHT_RECEIVE != 0 => {
                lose_reader(channel, port.channel, &mut self.dirty);
            }
            Side::Far => {}
        }
        self.reclaim(port.channel);
    }

    /// Lets go of a channel that neither end can reach.
    fn reclaim(&mut self, key: ArenaKey) {
        if self.channels.get(key).is_none_or(|channel| channel.port.is_some() || channel.tokens > 0) {
            return;
        }
        self.channels.remove(key);
    }

    /// Closes the ports that were opened with a token.
    fn close_ports_of(&mut self, key: ArenaKey) {
        let Some(Token { holder: Holder::Module(module), channel: Some(channel), .. }) = self.tokens.get(key)
        else {
            return;
        };
        let Some(table) = self.tables.get_mut(module) else { return };
        for port in table.ports.iter_mut().flatten().filter(|port| port.token == Some(key) && port.alive) {
            port.alive = false;
            if port.rights & RIGHT_RECEIVE != 0
                && let Some(open) = self.channels.get_mut(*channel)
            {
                lose_reader(open, *channel, &mut self.dirty);
            }
        }
    }

    /// Ends a token, wherever it is.
    fn remove_token(&mut self, key: ArenaKey) {
        self.close_ports_of(key);
        if let Some(channel) = drop_token(&mut self.tokens, &mut self.channels, key) {
            self.reclaim(channel);
        }
    }
}

/// Takes a token out of the tree of what is derived from what, and out of its channel's count. Gives the channel.
fn drop_token(tokens: &mut Arena<Token>, channels: &mut Arena<Channel>, key: ArenaKey) -> Option<ArenaKey> {
    let token = tokens.remove(key)?;
    if let Some(parent) = token.parent.and_then(|parent| tokens.get_mut(parent)) {
        parent.children.retain(|child| *child != key);
        parent.children.extend(&token.children);
    }
    for child in &token.children {
        if let Some(child) = tokens.get_mut(*child) {
            child.parent = token.parent;
        }
    }
    let channel = token.channel?;
    if let Some(channel) = channels.get_mut(channel) {
        channel.tokens -= 1;
    }
    Some(channel)
}

/// One reader less. What the last one leaves behind is looked at when output is.
fn lose_reader(channel: &mut Channel, key: ArenaKey, dirty: &mut Vec<ArenaKey>) {
    channel.readers -= 1;
    if channel.drains() && !std::mem::replace(&mut channel.dirty, true) {
        dirty.push(key);
    }
}

fn is_rights(rights: i32) -> bool {
    rights != 0 && rights & !ALL_RIGHTS == 0
}

impl Port {
    fn own(channel: ArenaKey) -> Port {
        Port { channel, side: Side::Owner, rights: ALL_RIGHTS, token: None, alive: true }
    }
}

impl Channel {
    fn new(owner: u32, port: i32, bounds: Bounds) -> Channel {
        Channel {
            owner,
            port: Some(port),
            inward: Queue::default(),
            outward: Queue::default(),
            bounds,
            tokens: 0,
            readers: 0,
            known: false,
            dirty: false,
        }
    }

    /// True if it has output that no module reads.
    fn drains(&self) -> bool {
        matches!(self.port, Some(STDOUT | STDERR)) && self.readers == 0 && self.outward.len() > 0
    }

    /// True for the three ports from load, which the kernel is behind even if no module is.
    fn is_standard(&self) -> bool {
        self.port.is_some_and(|port| port <= STDERR)
    }
}
