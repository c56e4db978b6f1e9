//! From a guest's slots to a handler and back.

use crate::catalogue::Syscall;
use crate::fault::{Fault, SyscallTrap};
use crate::for_each_syscall;
use crate::guest::{Guest, NoRoom, RootId, bytes_object_size};
use crate::kind::*;
use crate::status::Status;

/// What a handler has of the guest. Only [`dispatch`] makes one, so nothing else can call a handler.
pub struct Call<'g> {
    guest: &'g mut dyn Guest,
    units: u64,
    bytes: u64,
    objects: u64,
}

// covers ABI-2
/// ```compile_fail,E0451
/// # use cartwheel_hostabi::{Call, mock::MockGuest};
/// let call = Call { guest: &mut MockGuest::default(), units: 0, bytes: 0, objects: 0 };
/// ```
#[cfg(doctest)]
fn only_the_dispatcher_can_reach_a_handler() {}

impl Call<'_> {
    /// Counts units of work for the row's cost formula.
    #[inline]
    pub fn work(&mut self, units: u64) {
        self.units += units;
    }

    /// Cycles of the running slice before this call is charged, for those who watch; see [`Guest::cycles_used`].
    pub fn cycles_used(&self) -> u64 {
        self.guest.cycles_used()
    }

    /// The bytes of a span.
    #[inline]
    pub fn span(&self, span: Span) -> Result<&[u8], SyscallTrap> {
        span.of(self.guest.memory())
    }

    /// The bytes of a span, to write to.
    #[inline]
    pub fn span_mut(&mut self, span: SpanMut) -> Result<&mut [u8], SyscallTrap> {
        span.of(self.guest.memory_mut())
    }

    /// Linear memory; empty if the module has none.
    #[inline]
    pub fn memory(&self) -> &[u8] {
        self.guest.memory()
    }

    /// Linear memory, to write to.
    #[inline]
    pub fn memory_mut(&mut self) -> &mut [u8] {
        self.guest.memory_mut()
    }

    /// The contents of a byte string.
    pub fn bytes(&self, bytes: Bytes) -> Result<&[u8], SyscallTrap> {
        self.guest.bytes(bytes.0)
    }

    /// The contents of a byte string, to write to.
    pub fn bytes_mut(&mut self, bytes: Bytes) -> Result<&mut [u8], SyscallTrap> {
        self.guest.bytes_mut(bytes.0)
    }

    /// Makes a byte string with these contents on the guest's heap.
    pub fn new_bytes(&mut self, contents: &[u8]) -> Result<Object, NoRoom> {
        let len = u32::try_from(contents.len()).map_err(|_| NoRoom)?;
        let object = self.guest.new_bytes(len)?;
        self.guest.bytes_mut(object).map_err(|_| NoRoom)?.copy_from_slice(contents);
        self.bytes += bytes_object_size(len);
        self.objects += 1;
        Ok(object)
    }

    /// The guest itself, for a call that brings another one.
    pub fn guest(&mut self) -> &mut dyn Guest {
        self.guest
    }

    /// Keeps a byte string alive beyond the call; `None` if it has to be put on the heap for that and there is no room.
    pub fn keep(&mut self, bytes: Bytes) -> Result<Option<RootId>, SyscallTrap> {
        let Ok(own) = self.guest.own(bytes.0) else { return Ok(None) };
        if own != bytes.0 {
            self.bytes += bytes_object_size(self.guest.bytes(own)?.len() as u32);
            self.objects += 1;
        }
        self.guest.root(own).map(Some)
    }

    /// Keeps an object of the guest alive beyond the call.
    pub fn root(&mut self, object: Object) -> Result<RootId, SyscallTrap> {
        self.guest.root(object)
    }

    /// Lets go of an object.
    pub fn unroot(&mut self, root: RootId) -> Result<(), SyscallTrap> {
        self.guest.unroot(root)
    }

    /// The object that a root keeps.
    pub fn rooted(&self, root: RootId) -> Result<Object, SyscallTrap> {
        self.guest.rooted(root)
    }
}

/// What a call came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Completed {
    /// The status in the first slot, if the row has one. Quarantined, whether it has one or not, if the module is to
    /// be suspended.
    pub status: Option<Status>,
    /// Cycles that were charged.
    pub cycles: u64,
    /// Bytes allocated on the guest's heap.
    pub bytes: u64,
    /// Objects allocated on the guest's heap.
    pub objects: u64,
}

/// What the policy says of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Verdict {
    /// It runs.
    Allow,
    /// It does not run: its status is DENIED, or it traps if its row has none.
    Deny,
    /// It does not run, its status is QUARANTINED, and its module is suspended.
    Quarantine,
}

impl Verdict {
    /// All verdicts, from the mildest.
    pub const ALL: &[Verdict] = &[Verdict::Allow, Verdict::Deny, Verdict::Quarantine];

    /// Name in policies and logs.
    pub const fn name(self) -> &'static str {
        match self {
            Verdict::Allow => "allow",
            Verdict::Deny => "deny",
            Verdict::Quarantine => "quarantine",
        }
    }
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// What becomes of a call whose arguments are good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ruling {
    /// Its handler runs.
    Run,
    /// It does not run: its status is DENIED, or it traps if its row has none.
    Deny,
    /// It does not run, its status is QUARANTINED, and its module is suspended.
    Quarantine,
    /// It does not run, and returns this status. Only for rows with a status.
    Answer(Status),
}

impl From<Verdict> for Ruling {
    fn from(verdict: Verdict) -> Ruling {
        match verdict {
            Verdict::Allow => Ruling::Run,
            Verdict::Deny => Ruling::Deny,
            Verdict::Quarantine => Ruling::Quarantine,
        }
    }
}

macro_rules! returns {
    () => { () };
    ($kind:ty) => { $kind };
    ($($kind:ty),+) => { ($($kind),+) };
}

macro_rules! define {
    ($(domain $Domain:ident $domain:literal $domain_doc:literal {
        $($variant:ident $method:ident $id:literal ($($param:ident: $kind:ty),*) -> ($($result:ident: $result_kind:ty),*)
            $capability:ident [$($status:ident),*] [$($trap:ident),*]
            $base:literal $(+ ($cycles:literal / $units:literal $unit:ident))? $mode:ident $doc:literal;)*
    })*) => {
        /// The handlers of each domain: a trait per domain with a method per row, so that a row without a
        /// handler does not compile.
        pub mod handlers {
            use super::*;
            $(
                #[doc = $domain_doc]
                #[allow(clippy::too_many_arguments)] // as many as the row has
                pub trait $Domain {
                    $(
                        #[doc = $doc]
                        fn $method(&mut self, call: &mut Call<'_>, $($param: $kind),*)
                            -> Result<returns!($($result_kind),*), Fault>;
                    )*
                }
            )*
        }

        /// The handlers of all domains.
        pub trait Handlers: $(handlers::$Domain +)* {}

        impl<T: $(handlers::$Domain +)*> Handlers for T {}

        /// Validates the arguments of a call, asks `judge` what becomes of the call, runs the handler if the call may run,
        /// charges the cost and writes the results.
        ///
        /// A refused call is charged the base of its cost. Its results are 0 and null but for the status; without a
        /// place for a status, denial is a trap.
        ///
        /// `done` is set in either case: a call that traps has written nothing and is charged the base of its cost.
        /// (Returned beside a fault it would be copied about, which costs more than the rest of a small call; a fault in a box fits
        /// a register.)
        #[inline]
        pub fn dispatch<H: Handlers, G: Guest>(
            syscall: Syscall,
            handlers: &mut H,
            guest: &mut G,
            done: &mut Completed,
            judge: impl FnOnce(&mut G) -> Ruling,
        ) -> Result<(), Box<Fault>> {
            match syscall {
                $($(Syscall::$variant => {
                    // A function per row, so that a small one needs no more registers and stack than it uses.
                    #[allow(unused_mut, unused_variables)]
                    fn row<H: Handlers, G: Guest>(
                        handlers: &mut H,
                        guest: &mut G,
                        done: &mut Completed,
                        judge: impl FnOnce(&mut G) -> Ruling,
                    ) -> Result<(), Box<Fault>> {
                        let mut slot = 0;
                        $(
                            let $param = match <$kind as ParamKind>::read(guest, slot) {
                                Ok(value) => value,
                                Err(trap) => return trapped(Syscall::$variant, guest, done, trap.into()),
                            };
                            #[allow(unused_assignments)]
                            { slot += <$kind as ParamKind>::SLOTS.len(); }
                        )*
                        let ruling = judge(guest);
                        if ruling != Ruling::Run {
                            return refuse(Syscall::$variant, ruling, guest, done);
                        }
                        let mut call = Call { guest, units: 0, bytes: 0, objects: 0 };
                        match handlers::$Domain::$method(handlers, &mut call, $($param),*) {
                            Ok(results) => {
                                let (units, bytes, objects) = (call.units, call.bytes, call.objects);
                                let cycles = Syscall::$variant.cost().cycles(units);
                                *done = Completed { status: None, cycles, bytes, objects };
                                returned(Syscall::$variant, results, guest, done);
                                Ok(())
                            }
                            Err(fault) => trapped(Syscall::$variant, guest, done, fault),
                        }
                    }
                    row(handlers, guest, done, judge)
                })*)*
            }
        }
    };
}

for_each_syscall!(define);

/// A call whose handler has come back: the cost is charged and the results are written.
#[inline]
fn returned<G: Guest, R: Results>(syscall: Syscall, results: R, guest: &mut G, done: &mut Completed) {
    done.status = results.status();
    debug_assert!(
        done.status.is_none_or(|status| {
            // A call that makes calls is quarantined with them.
            [Status::Ok, Status::Quarantined].contains(&status) || syscall.info().statuses.contains(&status)
        }),
        "{syscall} returned {:?}, which its row does not list",
        done.status
    );
    guest.charge(done.cycles);
    results.write(guest);
}

/// A call that does not come back is charged the base of its cost.
#[cold]
fn trapped(
    syscall: Syscall,
    guest: &mut dyn Guest,
    done: &mut Completed,
    fault: Fault,
) -> Result<(), Box<Fault>> {
    *done = Completed { cycles: syscall.cost().base.into(), ..Completed::default() };
    guest.charge(done.cycles);
    Err(fault.into())
}

/// A call that does not run, because of the policy or of a script.
#[cold]
fn refuse(
    syscall: Syscall,
    ruling: Ruling,
    guest: &mut dyn Guest,
    done: &mut Completed,
) -> Result<(), Box<Fault>> {
    let row = syscall.info();
    let status = match ruling {
        Ruling::Deny if !row.has_status() => {
            return trapped(syscall, guest, done, SyscallTrap::Denied.into());
        }
        Ruling::Deny => Status::Denied,
        Ruling::Quarantine => Status::Quarantined,
        Ruling::Answer(status) => status,
        Ruling::Run => Status::Ok,
    };
    *done = Completed { status: Some(status), cycles: row.cost.base.into(), ..Completed::default() };
    guest.charge(done.cycles);
    for (slot, ty) in row.result_slots.iter().enumerate() {
        match ty {
            SlotType::Handle => guest.set_result_object(slot, Object::NULL),
            SlotType::I32 | SlotType::I64 | SlotType::F32 | SlotType::F64 => guest.set_result(slot, 0),
        }
    }
    if row.has_status() {
        guest.set_result(0, status.code() as u64);
    }
    Ok(())
}
