//! Ports in saved states. What can be counted is not saved but counted again.

use std::collections::BTreeMap;

use super::arena::{Arena, ArenaKey};
use super::names::Names;
use super::queue::{Bounds, Queue};
use super::request::Flight;
use super::{Channel, Holder, Port, Ports, RIGHT_RECEIVE, Side, Table, Token, is_rights};
use crate::codec::{Reader, RestoreError, hash_of};
use crate::quotas::{QuotaTable, Quotas};

fn put<T>(value: Option<T>, out: &mut Vec<u8>, write: impl FnOnce(T, &mut Vec<u8>)) {
    out.push(value.is_some().into());
    if let Some(value) = value {
        write(value, out);
    }
}

fn get<'a, T>(
    input: &mut Reader<'a>,
    read: impl FnOnce(&mut Reader<'a>) -> Result<T, RestoreError>,
) -> Result<Option<T>, RestoreError> {
    if input.flag()? { read(input).map(Some) } else { Ok(None) }
}

fn key(key: ArenaKey, out: &mut Vec<u8>) {
    key.save(out);
}

impl Port {
    fn save(self, out: &mut Vec<u8>) {
        self.channel.save(out);
        out.push(self.rights as u8);
        out.push(self.alive.into());
        put(self.token, out, key);
    }

    fn read(input: &mut Reader<'_>) -> Result<Port, RestoreError> {
        let channel = ArenaKey::read(input)?;
        let rights = read_rights(input)?;
        let alive = input.flag()?;
        let token = get(input, ArenaKey::read)?;
        let side = if token.is_some() { Side::Far } else { Side::Owner };
        Ok(Port { channel, side, rights, token, alive })
    }
}

fn read_rights(input: &mut Reader<'_>) -> Result<i32, RestoreError> {
    let rights = i32::from(input.u8()?);
    if is_rights(rights) { Ok(rights) } else { Err(RestoreError::Value) }
}

impl Channel {
    fn save(&self, out: &mut Vec<u8>) {
        out.extend(self.owner.to_le_bytes());
        put(self.port, out, |port, out| out.extend(port.to_le_bytes()));
        out.push(self.known.into());
        self.inward.save(out);
        self.outward.save(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Channel, RestoreError> {
        let owner = input.u32()?;
        let port = get(input, Reader::i32)?;
        let known = input.flag()?;
        let (inward, outward) = (Queue::read(input)?, Queue::read(input)?);
        let dirty = !inward.is_delivered() || !outward.is_delivered();
        Ok(Channel {
            owner,
            port,
            inward,
            outward,
            bounds: Bounds::of(&Quotas::default()),
            tokens: 0,
            readers: 0,
            known,
            dirty,
        })
    }
}

impl Token {
    fn save(&self, out: &mut Vec<u8>) {
        put(self.channel, out, key);
        out.push(self.rights as u8);
        put(self.parent, out, key);
        out.extend((self.children.len() as u32).to_le_bytes());
        self.children.iter().for_each(|child| child.save(out));
        match self.holder {
            Holder::Message => out.push(0),
            Holder::Names => out.push(1),
            Holder::Module(module) => {
                out.push(2);
                out.extend(module.to_le_bytes());
            }
        }
    }

    fn read(input: &mut Reader<'_>) -> Result<Token, RestoreError> {
        let channel = get(input, ArenaKey::read)?;
        let rights = read_rights(input)?;
        let parent = get(input, ArenaKey::read)?;
        let count = input.u32()?;
        let children = (0..count).map(|_| ArenaKey::read(input)).collect::<Result<_, _>>()?;
        let holder = match input.u8()? {
            0 => Holder::Message,
            1 => Holder::Names,
            2 => Holder::Module(input.u32()?),
            _ => return Err(RestoreError::Value),
        };
        Ok(Token { channel, rights, parent, children, holder })
    }
}

impl Table {
    fn save(&self, out: &mut Vec<u8>) {
        out.push(self.ports.len() as u8);
        self.ports.iter().for_each(|port| put(*port, out, Port::save));
        out.extend((self.tokens.len() as u16).to_le_bytes());
        self.tokens.iter().for_each(|token| put(*token, out, key));
        out.push(self.flights.len() as u8);
        self.flights.iter().for_each(|flight| flight.save(out));
        out.extend(self.sequence.to_le_bytes());
    }

    fn read(input: &mut Reader<'_>) -> Result<Table, RestoreError> {
        let ports = (0..input.u8()?).map(|_| get(input, Port::read)).collect::<Result<Vec<_>, _>>()?;
        let count = input.u16()?;
        let tokens = (0..count).map(|_| get(input, ArenaKey::read)).collect::<Result<Vec<_>, _>>()?;
        let flights = (0..input.u8()?).map(|_| Flight::read(input)).collect::<Result<Vec<_>, _>>()?;
        Ok(Table { quotas: Quotas::default(), ports, tokens, flights, sequence: input.u64()? })
    }
}

impl Ports {
    pub(crate) fn save(&self, out: &mut Vec<u8>) {
        out.extend((self.tables.len() as u32).to_le_bytes());
        for (module, table) in &self.tables {
            out.extend(module.to_le_bytes());
            table.save(out);
        }
        self.channels.save(out, Channel::save);
        self.tokens.save(out, Token::save);
        self.names.save(out);
    }

    pub(crate) fn read(input: &mut Reader<'_>) -> Result<Ports, RestoreError> {
        let mut tables = BTreeMap::new();
        for _ in 0..input.u32()? {
            let module = input.u32()?;
            if tables.last_key_value().is_some_and(|(last, _)| *last >= module) {
                return Err(RestoreError::Value);
            }
            tables.insert(module, Table::read(input)?);
        }
        let channels = Arena::read(input, Channel::read)?;
        let tokens = Arena::read(input, Token::read)?;
        let names = Names::read(input)?;
        let mut ports = Ports { tables, channels, tokens, names, ..Ports::default() };
        ports.check()?;
        ports.count();
        Ok(ports)
    }

    /// Everything that has to hold between the parts.
    fn check(&self) -> Result<(), RestoreError> {
        let there = |channel: ArenaKey| self.channels.get(channel).is_some();
        let leads = |module: u32, channel: ArenaKey, token: ArenaKey| {
            self.tokens
                .get(token)
                .is_some_and(|token| token.channel == Some(channel) && token.holder == Holder::Module(module))
        };
        let own = |module: u32, port: Option<&Port>| {
            port.is_none_or(|port| {
                let far = port.token.is_some();
                let token = port.token.is_none_or(|token| leads(module, port.channel, token));
                // A port whose token has gone can outlive its channel.
                (!port.alive || there(port.channel) && token)
                    && (far || self.channels.get(port.channel).is_some_and(|channel| channel.owner == module))
            })
        };
        for (module, table) in &self.tables {
            let standard =
                table.ports.iter().take(3).filter(|port| port.is_some_and(|port| port.side == Side::Owner));
            if standard.count() != 3 || !table.ports.iter().all(|port| own(*module, port.as_ref())) {
                return Err(RestoreError::Value);
            }
        }
        for (key, token) in self.tokens.iter() {
            let parent = token.parent.is_none_or(|parent| {
                self.tokens.get(parent).is_some_and(|parent| parent.children.contains(&key))
            });
            let children = token
                .children
                .iter()
                .all(|child| self.tokens.get(*child).is_some_and(|child| child.parent == Some(key)));
            if !parent || !children || !token.channel.is_none_or(there) {
                return Err(RestoreError::Value);
            }
        }
        let found = self.names.tokens().all(|key| self.tokens.get(key).is_some());
        if found { Ok(()) } else { Err(RestoreError::Value) }
    }

    /// Takes note of the quotas of all modules. False if one has more than it may.
    pub(crate) fn set_quotas(&mut self, quotas: &QuotaTable) -> bool {
        for (module, table) in &mut self.tables {
            table.quotas = *quotas.of(*module);
        }
        for channel in self.channels.iter_mut() {
            channel.bounds = Bounds::of(quotas.of(channel.owner));
        }
        self.tables.values().all(|Table { ports, tokens, flights, quotas, .. }| {
            ports.len() <= quotas.ports as usize
                && tokens.len() <= quotas.tokens as usize
                && flights.len() <= quotas.message_requests as usize
        })
    }

    /// Counts what is not saved.
    fn count(&mut self) {
        for (_, token) in self.tokens.iter() {
            if let Some(channel) = token.channel.and_then(|key| self.channels.get_mut(key)) {
                channel.tokens += 1;
            }
        }
        for port in self.tables.values().flat_map(|table| &table.ports).flatten() {
            if port.side == Side::Far
                && port.alive
                && port.rights & RIGHT_RECEIVE != 0
                && let Some(channel) = self.channels.get_mut(port.channel)
            {
                channel.readers += 1;
            }
        }
        self.channels.iter_mut().for_each(|channel| channel.dirty |= channel.drains());
        self.dirty = self.channels.iter().filter(|(_, channel)| channel.dirty).map(|(key, _)| key).collect();
        let answered = self.tables.iter().filter(|(_, table)| table.flights.iter().any(Flight::is_answered));
        self.answered = answered.map(|(module, _)| *module).collect();
    }

    /// Puts a saved state in the place of this one. Who watches goes on watching.
    pub(crate) fn restore(&mut self, saved: Ports) {
        let events = self.events.take().map(|_| Vec::new());
        *self = Ports { events, ..saved };
    }

    /// `None` if there is nothing to hash.
    pub(crate) fn hash(&self) -> Option<u128> {
        (!self.is_empty()).then(|| hash_of(|out| self.save(out)))
    }
}
