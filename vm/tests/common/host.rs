//! A small deterministic host: what it answers follows from the arguments, the signature and its own state.

use cartwheel_bytecode::{Bank, Signature};
use cartwheel_hostabi::{Guest, Object, ObjectKind, RootId, SyscallTrap};

/// The host. Hosts of two tiers stay equal if the tiers do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Host {
    /// Mixed from everything that guests have told.
    pub memory: u64,
    roots: Vec<RootId>,
}

impl Host {
    fn mix(&mut self, value: u64) -> u64 {
        self.memory = (self.memory ^ value).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(23);
        self.memory
    }

    /// Answers the pending syscall.
    pub fn answer(&mut self, sig: &Signature, guest: &mut impl Guest) -> Result<(), SyscallTrap> {
        self.mix(1);
        let mut objects = Vec::new();
        for (slot, ty) in sig.params.iter().enumerate() {
            match ty.bank() {
                Bank::Scalar => _ = self.mix(guest.arg(slot)),
                Bank::Handle => objects.push(guest.arg_object(slot)),
            }
        }
        for &object in &objects {
            self.look_at(object, guest)?;
        }
        self.scribble(guest);
        self.hold_and_release(&objects, guest)?;
        for (slot, ty) in sig.results.iter().enumerate() {
            let value = self.mix(slot as u64);
            match ty.bank() {
                Bank::Scalar => guest.set_result(slot, value),
                Bank::Handle => {
                    let object = self.some_object(value, &objects, guest)?;
                    guest.set_result_object(slot, object);
                }
            }
        }
        guest.charge(self.memory % 40);
        Ok(())
    }

    /// Reads an object, and now and then traps on null.
    fn look_at(&mut self, object: Object, guest: &impl Guest) -> Result<(), SyscallTrap> {
        if object.is_null() && !self.memory.is_multiple_of(512) {
            return Ok(());
        }
        match guest.object_kind(object)? {
            ObjectKind::Bytes => {
                let sum = guest.bytes(object)?.iter().map(|&byte| u64::from(byte)).sum();
                self.mix(sum);
            }
            kind @ (ObjectKind::Array | ObjectKind::Refs | ObjectKind::Record) => _ = self.mix(kind as u64),
        }
        Ok(())
    }

    /// Reads and writes a place in linear memory.
    fn scribble(&mut self, guest: &mut impl Guest) {
        let at = (self.memory >> 20) as usize % 0x8000;
        if let Some(&byte) = guest.memory().get(at) {
            let value = self.mix(byte.into());
            guest.memory_mut()[at] = value as u8;
        }
    }

    fn hold_and_release(&mut self, objects: &[Object], guest: &mut impl Guest) -> Result<(), SyscallTrap> {
        for &object in objects.iter().filter(|object| !object.is_null()) {
            let root = guest.root(object)?;
            self.mix(u64::from(root.index) << 32 | u64::from(root.generation));
            self.roots.push(root);
        }
        if self.roots.len() > 6 {
            let root = self.roots.remove(self.memory as usize % self.roots.len());
            guest.unroot(root)?;
            assert_eq!(guest.unroot(root), Err(SyscallTrap::DeadHandle));
            assert_eq!(guest.rooted(root), Err(SyscallTrap::DeadHandle));
        }
        Ok(())
    }

    /// An object to return: an argument, one that is held, a new one, or null.
    fn some_object(
        &mut self,
        value: u64,
        args: &[Object],
        guest: &mut impl Guest,
    ) -> Result<Object, SyscallTrap> {
        match value % 8 {
            0 => Ok(Object::NULL),
            1 | 2 if !args.is_empty() => Ok(args[value as usize / 8 % args.len()]),
            3 if !self.roots.is_empty() => guest.rooted(self.roots[value as usize / 8 % self.roots.len()]),
            _ => {
                let Ok(object) = guest.new_bytes((value >> 32) as u32 % 9_000) else {
                    return Ok(Object::NULL);
                };
                let bytes = guest.bytes_mut(object)?;
                if let Some(byte) = bytes.first_mut() {
                    *byte = value as u8;
                }
                Ok(object)
            }
        }
    }
}
