//! One direction of a port.

use std::collections::VecDeque;

use super::arena::ArenaKey;
use crate::codec::{Reader, RestoreError};
use crate::quotas::Quotas;

/// Who sends what no module sent.
pub(crate) const KERNEL: u32 = u32::MAX;

/// A message on its way. Nothing of it is an object of a guest: it was copied when it was sent.
#[derive(Debug)]
pub(crate) struct Message {
    /// Deterministic CBOR.
    pub(crate) bytes: Box<[u8]>,
    /// Number of the module that sent it, or [`KERNEL`].
    pub(crate) sender: u32,
    /// The token that goes with it.
    pub(crate) token: Option<ArenaKey>,
}

/// What a queue has room for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) messages: usize,
    bytes: usize,
}

impl Bounds {
    pub(super) fn of(quotas: &Quotas) -> Bounds {
        Bounds { messages: quotas.queue_messages as usize, bytes: quotas.queue_bytes as usize }
    }
}

/// Messages in the order in which they were sent. What was sent in a frame is delivered at its end.
#[derive(Debug, Default)]
pub(super) struct Queue {
    messages: VecDeque<Message>,
    /// How many of them are delivered.
    delivered: usize,
    bytes: usize,
}

impl Queue {
    pub(super) fn len(&self) -> usize {
        self.messages.len()
    }

    pub(super) fn has_room(&self, bounds: Bounds, bytes: usize) -> bool {
        self.messages.len() < bounds.messages && self.bytes + bytes <= bounds.bytes
    }

    pub(super) fn push(&mut self, message: Message) {
        self.bytes += message.bytes.len();
        self.messages.push_back(message);
    }

    pub(super) fn deliver(&mut self) {
        self.delivered = self.messages.len();
    }

    /// The message whose turn it is, and how many are delivered.
    pub(super) fn first(&self) -> Option<(&Message, usize)> {
        if self.delivered == 0 {
            None
        } else {
            self.messages.front().map(|message| (message, self.delivered))
        }
    }

    pub(super) fn pop(&mut self) -> Option<Message> {
        self.delivered = self.delivered.checked_sub(1)?;
        let message = self.messages.pop_front()?;
        self.bytes -= message.bytes.len();
        Some(message)
    }

    /// Takes everything, delivered or not.
    pub(super) fn drain(&mut self) -> VecDeque<Message> {
        (self.delivered, self.bytes) = (0, 0);
        std::mem::take(&mut self.messages)
    }

    /// Takes the tokens out of all messages.
    pub(super) fn take_tokens(&mut self) -> Vec<ArenaKey> {
        self.messages.iter_mut().filter_map(|message| message.token.take()).collect()
    }

    pub(super) fn is_delivered(&self) -> bool {
        self.delivered == self.messages.len()
    }

    pub(super) fn save(&self, out: &mut Vec<u8>) {
        out.extend((self.messages.len() as u32).to_le_bytes());
        out.extend((self.delivered as u32).to_le_bytes());
        for message in &self.messages {
            out.extend(message.sender.to_le_bytes());
            out.push(message.token.is_some().into());
            if let Some(token) = message.token {
                token.save(out);
            }
            out.extend((message.bytes.len() as u32).to_le_bytes());
            out.extend(&message.bytes);
        }
    }

    pub(super) fn read(input: &mut Reader<'_>) -> Result<Queue, RestoreError> {
        let (len, delivered) = (input.u32()?, input.u32()? as usize);
        let mut queue = Queue::default();
        for _ in 0..len {
            let sender = input.u32()?;
            let token = if input.flag()? { Some(ArenaKey::read(input)?) } else { None };
            let len = input.u32()? as usize;
            queue.push(Message { bytes: input.bytes(len)?.into(), sender, token });
        }
        if delivered > queue.messages.len() {
            return Err(RestoreError::Value);
        }
        queue.delivered = delivered;
        Ok(queue)
    }
}
