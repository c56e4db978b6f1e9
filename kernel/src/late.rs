//! Late-bound calls: an id and values instead of an import and slots. They go the way of every call.

use cartwheel_hostabi::{
    Completed, Fault, Guest, NoRoom, Object, ObjectKind, RootId, SlotType, Status, Syscall, SyscallInfo,
    SyscallTrap, Verdict, bytes_object_size, dispatch, resolve,
};
use smallvec::SmallVec;

use crate::batch::Note;
use crate::caller::Caller;
use crate::record::{Outcome, Transport};
use crate::services::Context;
use crate::usage::Usage;
use crate::value::Value;

/// What a late-bound call came to.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// It was done (with status OK or PENDING, if the row has one): its results, without the status.
    Resolved(Vec<Value>),
    /// It came back with another status.
    Status(Status),
    /// It trapped.
    Trap(SyscallTrap, String),
}

impl Answer {
    /// Appends the encoded answer: a byte (0 resolved, 1 status, 2 trap), then the results, or the status's code as
    /// `i32` and its name, or the message.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Answer::Resolved(results) => {
                out.push(0);
                results.iter().for_each(|value| value.encode(out));
            }
            Answer::Status(status) => {
                out.push(1);
                out.extend(status.code().to_le_bytes());
                out.extend(status.name().as_bytes());
            }
            Answer::Trap(_, message) => {
                out.push(2);
                out.extend(message.as_bytes());
            }
        }
    }
}

/// A late-bound call that has returned.
#[derive(Clone, Debug, PartialEq)]
pub struct Answered {
    /// What it came to.
    pub answer: Answer,
    /// The status that it returned, if it came back and its row has one.
    pub status: Option<Status>,
    /// Cycles that it was charged.
    pub cycles: u64,
}

/// Makes a call by id for the module of the context. Only a panic is a fault of the transport.
pub(crate) fn call(
    context: &mut Context<'_>,
    transport: Transport,
    id: &str,
    values: &[Value],
    guest: &mut dyn Guest,
) -> Result<Answered, Fault> {
    call_in(context, transport, id, values, None, guest)
}

/// As [`call`], with other memory than the guest's for spans, if there is some.
pub(crate) fn call_in(
    context: &mut Context<'_>,
    transport: Transport,
    id: &str,
    values: &[Value],
    scratch: Option<&mut Vec<u8>>,
    guest: &mut dyn Guest,
) -> Result<Answered, Fault> {
    let Some(row) = resolve(id) else {
        return Ok(rejected(context, transport, None, values, SyscallTrap::UnknownSyscall, id));
    };
    let reject = |context: &mut Context<'_>, trap, what| {
        Ok(rejected(context, transport, Some(row.syscall), values, trap, what))
    };
    if !context.caller.can_call(row) {
        return reject(context, SyscallTrap::NotDeclared, row.id);
    }
    if values.len() != row.param_slots.len()
        || values.iter().zip(row.param_slots).any(|(value, slot)| value.slot_type() != *slot)
    {
        return reject(context, SyscallTrap::WrongSlots, &format!("{} takes {}", row.id, row.signature()));
    }
    // It would let a guest nest calls without bound.
    if row.syscall == Syscall::KernelExec {
        return reject(context, SyscallTrap::BadArgument, "kernel.exec cannot call itself");
    }
    run(context, transport, row, values, scratch, guest)
}

fn run(
    context: &mut Context<'_>,
    transport: Transport,
    row: &'static SyscallInfo,
    values: &[Value],
    scratch: Option<&mut Vec<u8>>,
    guest: &mut dyn Guest,
) -> Result<Answered, Fault> {
    let compiled = context.policy.compile(context.caller.who(), row);
    let scripted = context.caller.scripted(row.syscall);
    let mut guest = LateGuest::new(guest, values, scratch, row);
    let (mut done, mut verdict) = (Completed::default(), None);
    let result = dispatch(row.syscall, context, &mut guest, &mut done, |guest| {
        let (decided, effective) = compiled.judge(guest);
        verdict = Some(decided);
        if effective == Verdict::Allow { scripted } else { effective.into() }
    });
    let result = result.map_err(|fault| *fault);
    // What the call made for itself was counted as if a heap had it.
    done.bytes = done.bytes.saturating_sub(guest.made_heap_bytes);
    done.objects = done.objects.saturating_sub(guest.made_objects);
    let caller = &mut *context.caller;
    if caller.host_calls {
        caller.hosted.add(&done);
    } else {
        count(caller, row.syscall, &done);
    }
    if caller.watched {
        let note = Note::new(caller.id, caller.origin_id, Some(row.syscall), transport);
        let note = note.done(verdict, Outcome::new(&done, result.as_ref().err()), &done).stopped_by(&guest);
        caller.records.note(note, |slots| slots.extend_from_slice(&guest.args));
    }
    // What the host calls is not the module's doing.
    if let (Some(verdict), true) = (verdict, transport != Transport::Host) {
        context.caller.violate(verdict, context.policy);
    }
    let status = if row.has_status() { done.status } else { None };
    let answer = match (result, done.status) {
        (Err(fault @ Fault::Panic(_)), _) => return Err(fault),
        (Err(Fault::Trap(trap)), _) => Answer::Trap(trap, trap.message().to_owned()),
        (Ok(()), Some(status)) if ![Status::Ok, Status::Pending].contains(&status) => Answer::Status(status),
        (Ok(()), _) => Answer::Resolved(guest.results(row)),
    };
    Ok(Answered { answer, status, cycles: done.cycles })
}

/// Adds a call to the frame's figures of late-bound ones.
fn count(caller: &mut Caller, syscall: Syscall, done: &Completed) {
    let place = caller.late.iter().position(|(known, _)| *known == syscall);
    let place = place.unwrap_or_else(|| {
        caller.late.push((syscall, Usage::default()));
        caller.late.len() - 1
    });
    caller.late[place].1.add(done);
}

/// An answer to a call that cannot be made because its arguments are none.
pub(crate) fn reject(
    context: &mut Context<'_>,
    transport: Transport,
    syscall: Option<Syscall>,
    trap: SyscallTrap,
    what: &str,
) -> Answer {
    rejected(context, transport, syscall, &[], trap, what).answer
}

/// An answer to a call that cannot be made.
fn rejected(
    context: &mut Context<'_>,
    transport: Transport,
    syscall: Option<Syscall>,
    values: &[Value],
    trap: SyscallTrap,
    what: &str,
) -> Answered {
    let caller = &mut *context.caller;
    if caller.watched {
        let note = Note::new(caller.id, caller.origin_id, syscall, transport);
        let note = note.done(None, Outcome::Trap(trap), &Completed::default());
        caller.records.note(note, |slots| slots.extend(values.iter().map(|value| cell(value).unwrap_or(0))));
    }
    let what: String = what.chars().take(100).collect();
    let answer = Answer::Trap(trap, format!("{trap}: {what}"));
    Answered { answer, status: None, cycles: 0 }
}

/// The cell of a scalar.
fn cell(value: &Value) -> Option<u64> {
    match *value {
        Value::I32(value) => Some(u64::from(value as u32)),
        Value::I64(value) => Some(value as u64),
        Value::F32(bits) => Some(bits.into()),
        Value::F64(bits) => Some(bits),
        Value::Bytes(_) | Value::Null => None,
    }
}

/// Handles from here on name byte strings of the call and not objects of the guest.
const FIRST_VIRTUAL: u32 = 1 << 31;

/// Most bytes of the byte strings that a handler makes during a call: there is no heap whose quota would bound them.
const MAX_MADE_BYTES: usize = 64 * 1024;

/// A guest whose slots are values. Its memory is the guest's behind it; byte strings are the call's own.
struct LateGuest<'g> {
    inner: &'g mut dyn Guest,
    /// Memory in place of the guest's.
    scratch: Option<&'g mut Vec<u8>>,
    args: SmallVec<[u64; 12]>,
    results: SmallVec<[u64; 4]>,
    strings: Vec<Vec<u8>>,
    /// Byte strings that the handler made: their contents, and what a heap would have needed.
    made_bytes: usize,
    made_heap_bytes: u64,
    made_objects: u64,
}

impl<'g> LateGuest<'g> {
    fn new(
        inner: &'g mut dyn Guest,
        values: &[Value],
        scratch: Option<&'g mut Vec<u8>>,
        row: &SyscallInfo,
    ) -> LateGuest<'g> {
        let mut strings = Vec::new();
        let args = values.iter().map(|value| match value {
            Value::Bytes(bytes) => {
                strings.push(bytes.clone());
                u64::from(FIRST_VIRTUAL) + strings.len() as u64 - 1
            }
            scalar => cell(scalar).unwrap_or(0),
        });
        let args = args.collect();
        LateGuest {
            inner,
            scratch,
            args,
            results: SmallVec::from_elem(0, row.result_slots.len()),
            strings,
            made_bytes: 0,
            made_heap_bytes: 0,
            made_objects: 0,
        }
    }

    fn string(&self, object: Object) -> Option<&Vec<u8>> {
        self.strings.get(object.0.checked_sub(FIRST_VIRTUAL)? as usize)
    }

    /// The results without the status.
    fn results(&self, row: &SyscallInfo) -> Vec<Value> {
        let skipped = usize::from(row.has_status());
        let slots = row.result_slots.iter().zip(&self.results).skip(skipped);
        let value = |(slot, &cell): (&SlotType, &u64)| match slot {
            SlotType::I32 => Value::I32(cell as i32),
            SlotType::I64 => Value::I64(cell as i64),
            SlotType::F32 => Value::F32(cell as u32),
            SlotType::F64 => Value::F64(cell),
            SlotType::Handle => {
                self.bytes(Object(cell as u32)).map_or(Value::Null, |bytes| Value::Bytes(bytes.to_vec()))
            }
        };
        slots.map(value).collect()
    }
}

impl Guest for LateGuest<'_> {
    fn cycles_used(&self) -> u64 {
        self.inner.cycles_used()
    }

    fn arg(&self, slot: usize) -> u64 {
        self.args[slot]
    }

    fn arg_object(&self, slot: usize) -> Object {
        Object(self.args[slot] as u32)
    }

    fn set_result(&mut self, slot: usize, cell: u64) {
        self.results[slot] = cell;
    }

    fn set_result_object(&mut self, slot: usize, object: Object) {
        self.results[slot] = object.0.into();
    }

    fn memory(&self) -> &[u8] {
        match &self.scratch {
            Some(scratch) => scratch,
            None => self.inner.memory(),
        }
    }

    fn memory_mut(&mut self) -> &mut [u8] {
        match &mut self.scratch {
            Some(scratch) => scratch,
            None => self.inner.memory_mut(),
        }
    }

    fn charge(&mut self, cycles: u64) {
        self.inner.charge(cycles);
    }

    fn object_kind(&self, object: Object) -> Result<ObjectKind, SyscallTrap> {
        match self.string(object) {
            Some(_) => Ok(ObjectKind::Bytes),
            None => self.inner.object_kind(object),
        }
    }

    fn bytes(&self, object: Object) -> Result<&[u8], SyscallTrap> {
        match self.string(object) {
            Some(bytes) => Ok(bytes),
            None => self.inner.bytes(object),
        }
    }

    fn bytes_mut(&mut self, object: Object) -> Result<&mut [u8], SyscallTrap> {
        if self.string(object).is_none() {
            return self.inner.bytes_mut(object);
        }
        Ok(&mut self.strings[(object.0 - FIRST_VIRTUAL) as usize])
    }

    fn new_bytes(&mut self, len: u32) -> Result<Object, NoRoom> {
        self.made_bytes += len as usize;
        if self.made_bytes > MAX_MADE_BYTES {
            return Err(NoRoom);
        }
        self.made_heap_bytes += bytes_object_size(len);
        self.made_objects += 1;
        self.strings.push(vec![0; len as usize]);
        Ok(Object(FIRST_VIRTUAL + self.strings.len() as u32 - 1))
    }

    fn own(&mut self, object: Object) -> Result<Object, NoRoom> {
        let Some(bytes) = self.string(object) else { return self.inner.own(object) };
        let own = self.inner.new_bytes(u32::try_from(bytes.len()).map_err(|_| NoRoom)?)?;
        // Not through `string`, which would borrow the guest behind it too.
        let bytes = &self.strings[(object.0 - FIRST_VIRTUAL) as usize];
        self.inner.bytes_mut(own).map_err(|_| NoRoom)?.copy_from_slice(bytes);
        Ok(own)
    }

    fn root(&mut self, object: Object) -> Result<RootId, SyscallTrap> {
        // What only the call has is gone after it.
        if self.string(object).is_some() { Err(SyscallTrap::DeadHandle) } else { self.inner.root(object) }
    }

    fn unroot(&mut self, root: RootId) -> Result<(), SyscallTrap> {
        self.inner.unroot(root)
    }

    fn rooted(&self, root: RootId) -> Result<Object, SyscallTrap> {
        self.inner.rooted(root)
    }
}

#[cfg(test)]
mod tests {
    use cartwheel_hostabi::cbor::{encode, from_json};
    use cartwheel_hostabi::mock::{MockGuest, Slot};
    use cartwheel_hostabi::{Fault, Status, resolve};

    use crate::{Import, Kernel, ModuleConfig, ModuleId};

    const MODULE: ModuleId = ModuleId(0);
    const REQUEST: &str = r#"{"syscall_type":"fs.space"}"#;

    fn import(id: &'static str) -> Import<'static> {
        let row = resolve(id).expect("a row");
        Import { id, params: row.param_slots, results: row.result_slots }
    }

    /// What no guest can bring about: here the files of a module are gone that declares them.
    // covers ABI-6
    #[test]
    fn a_panic_is_never_answered() {
        let config = ModuleConfig {
            capabilities: vec!["fs", "kernel", "port"],
            imports: ["fs.space@1", "kernel.exec@1", "kernel.poll@1", "port.send@1"].map(import).to_vec(),
            ..ModuleConfig::default()
        };
        let mut kernel = Kernel::new();
        kernel.load(MODULE, config).expect("a good configuration");
        kernel.watch_ports(true);
        let message = encode(&from_json(REQUEST).expect("a message"));
        let mut guest = MockGuest::new([b"fs.space", &message[..]].concat());
        let transports: [(u32, &[i32]); 3] =
            [(0, &[]), (1, &[0, 8, 0, 0]), (3, &[0, 8, message.len() as i32])];
        for broken in [false, true] {
            if broken {
                kernel.module_mut(MODULE).expect("a module").services.root = None;
            }
            for (import, args) in transports {
                guest.prepare(args.iter().map(|&arg| Slot::from(arg)));
                let result = kernel.call(MODULE, import, &mut guest);
                if broken {
                    assert!(matches!(result, Err(Fault::Panic(_))), "{import}: {result:?}");
                } else {
                    assert!(result.is_ok(), "{import}: {result:?}");
                }
            }
            let by_host = kernel.call_by_id(MODULE, "fs.space", &[], &mut guest);
            assert_eq!(matches!(by_host, Err(Fault::Panic(_))), broken, "{by_host:?}");
            assert_eq!(kernel.take_port_events().is_empty(), broken);
            // The promise of the call that was answered is there, and none of the one that was not.
            guest.prepare([1 + i32::from(broken), 0, 0].map(Slot::from));
            let expected = if broken { Status::KernelNotFound } else { Status::Pending };
            assert_eq!(kernel.call(MODULE, 2, &mut guest), Ok(Some(expected)));
        }
    }
}
