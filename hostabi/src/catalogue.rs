//! The catalogue: the table's rows as data.

use std::fmt;

use crate::capability::Capability;
use crate::cost::{Cost, Mode, Unit};
use crate::fault::SyscallTrap;
use crate::for_each_syscall;
use crate::guest::Guest;
use crate::kind::*;
use crate::status::Status;

/// Name and kind of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParamInfo {
    /// Name.
    pub name: &'static str,
    /// Name of its kind.
    pub kind: &'static str,
    /// Slots that it occupies.
    pub slots: &'static [SlotType],
    /// Traps of its validation.
    pub traps: &'static [SyscallTrap],
}

/// Name and kind of a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResultInfo {
    /// Name.
    pub name: &'static str,
    /// Name of its kind.
    pub kind: &'static str,
    /// Slot that it occupies.
    pub slot: SlotType,
}

/// Domains that are the imports of another console, and its name. Their rows keep the shape that programs for it
/// expect; the rule that a row which can fail has a status first does not hold for them.
const FOREIGN_PROFILES: &[(&str, &str)] = &[("wasm4", "WASM-4")];

/// A row of the syscall table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SyscallInfo {
    /// The syscall.
    pub syscall: Syscall,
    /// Canonical id, `domain.name@version`.
    pub id: &'static str,
    /// Domain.
    pub domain: &'static str,
    /// Parameters in order.
    pub params: &'static [ParamInfo],
    /// Results in order.
    pub results: &'static [ResultInfo],
    /// Types of the parameters' slots.
    pub param_slots: &'static [SlotType],
    /// Types of the results' slots.
    pub result_slots: &'static [SlotType],
    /// The capability that it belongs to.
    pub capability: Capability,
    /// What it can return besides OK, and besides what the policy makes of any call with a status.
    pub statuses: &'static [Status],
    /// Traps of its handler; those of the parameters are theirs.
    pub handler_traps: &'static [SyscallTrap],
    /// Cost formula.
    pub cost: Cost,
    /// When its effect is there.
    pub mode: Mode,
    /// One line of meaning.
    pub doc: &'static str,
}

/// A domain of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DomainInfo {
    /// Name.
    pub name: &'static str,
    /// What its syscalls share.
    pub doc: &'static str,
}

impl SyscallInfo {
    /// The name without domain and version.
    pub fn name(&self) -> &'static str {
        let rest =
            self.id.strip_prefix(self.domain).and_then(|rest| rest.strip_prefix('.')).unwrap_or(self.id);
        rest.split_once('@').map_or(rest, |(name, _)| name)
    }

    /// The console whose shape the row keeps, if it belongs to a foreign profile.
    pub fn foreign_profile(&self) -> Option<&'static str> {
        foreign_profile(self.domain)
    }

    /// The version.
    pub fn version(&self) -> u32 {
        self.id.split_once('@').and_then(|(_, version)| version.parse().ok()).unwrap_or(1)
    }

    /// The id as text without `@`: `domain.name.vN`.
    pub fn alias(&self) -> String {
        self.id.replace('@', ".v")
    }

    /// True if the first result is a status.
    pub fn has_status(&self) -> bool {
        self.results.first().is_some_and(|result| result.kind == <Status as ResultKind>::NAME)
    }

    /// Everything that a call can trap with, without repetition.
    pub fn traps(&self) -> Vec<SyscallTrap> {
        let mut traps = Vec::new();
        for &trap in self.params.iter().flat_map(|param| param.traps).chain(self.handler_traps) {
            if !traps.contains(&trap) {
                traps.push(trap);
            }
        }
        traps
    }

    /// The first parameter whose argument does not pass its validation, as the guest that waits in the call has it.
    pub fn invalid_param(&self, guest: &dyn Guest) -> Option<&'static ParamInfo> {
        let mut slot = 0;
        self.params.iter().find(|param| {
            let valid = match param.kind {
                Span::NAME | SpanMut::NAME => Span::read(guest, slot).is_ok(),
                Bytes::NAME => Bytes::read(guest, slot).is_ok(),
                _ => true,
            };
            slot += param.slots.len();
            !valid
        })
    }

    /// Compares the signature with which a program imports the syscall.
    pub fn check_signature(&self, params: &[SlotType], results: &[SlotType]) -> Result<(), SignatureError> {
        if params == self.param_slots && results == self.result_slots {
            return Ok(());
        }
        Err(SignatureError { id: self.id, expected: self.signature(), found: signature(params, results) })
    }

    /// The signature as in assembly, `(i32, i32) -> i32`.
    pub fn signature(&self) -> String {
        signature(self.param_slots, self.result_slots)
    }
}

/// The console that a domain's rows are the imports of, if they are foreign.
pub(crate) fn foreign_profile(domain: &str) -> Option<&'static str> {
    FOREIGN_PROFILES.iter().find(|(name, _)| *name == domain).map(|&(_, console)| console)
}

fn signature(params: &[SlotType], results: &[SlotType]) -> String {
    let names = |slots: &[SlotType]| slots.iter().map(|slot| slot.name()).collect::<Vec<_>>().join(", ");
    let arrow = if results.is_empty() { "" } else { " -> " };
    format!("({}){arrow}{}", names(params), names(results))
}

/// A program imports a syscall with other slots than it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureError {
    /// Canonical id.
    pub id: &'static str,
    /// The syscall's signature.
    pub expected: String,
    /// The import's signature.
    pub found: String,
}

impl fmt::Display for SignatureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is {} and not {}", self.id, self.expected, self.found)
    }
}

impl std::error::Error for SignatureError {}

macro_rules! cost {
    ($base:literal) => {
        Cost { base: $base, rate: None }
    };
    ($base:literal $cycles:literal $units:literal $unit:ident) => {
        Cost { base: $base, rate: Some(($cycles, $units, Unit::$unit)) }
    };
}

macro_rules! define {
    ($(domain $Domain:ident $domain:literal $domain_doc:literal {
        $($variant:ident $method:ident $id:literal ($($param:ident: $kind:ty),*) -> ($($result:ident: $result_kind:ty),*)
            $capability:ident [$($status:ident),*] [$($trap:ident),*]
            $base:literal $(+ ($cycles:literal / $units:literal $unit:ident))? $mode:ident $doc:literal;)*
    })*) => {
        /// A syscall. Its number is its place in the catalogue and means nothing outside a running host.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u16)]
        pub enum Syscall {
            $($(#[doc = $doc] $variant,)*)*
        }

        /// All syscalls, sorted by id.
        pub static CATALOGUE: &[SyscallInfo] = &[$($(SyscallInfo {
            syscall: Syscall::$variant,
            id: $id,
            domain: $domain,
            params: &[$(ParamInfo {
                name: stringify!($param),
                kind: <$kind as ParamKind>::NAME,
                slots: <$kind as ParamKind>::SLOTS,
                traps: <$kind as ParamKind>::TRAPS,
            }),*],
            results: &[$(ResultInfo {
                name: stringify!($result),
                kind: <$result_kind as ResultKind>::NAME,
                slot: <$result_kind as ResultKind>::SLOT,
            }),*],
            param_slots: {
                const KINDS: &[&[SlotType]] = &[$(<$kind as ParamKind>::SLOTS),*];
                const SLOTS: [SlotType; slot_count(KINDS)] = slots(KINDS);
                &SLOTS
            },
            result_slots: &[$(<$result_kind as ResultKind>::SLOT),*],
            capability: Capability::$capability,
            statuses: &[$(Status::$status),*],
            handler_traps: &[$(SyscallTrap::$trap),*],
            cost: Syscall::$variant.cost(),
            mode: Mode::$mode,
            doc: $doc,
        },)*)*];

        /// All domains, sorted by name.
        pub static DOMAINS: &[DomainInfo] = &[$(DomainInfo { name: $domain, doc: $domain_doc }),*];

        impl Syscall {
            /// Cost formula.
            #[inline]
            pub const fn cost(self) -> Cost {
                match self {
                    $($(Syscall::$variant => cost!($base $($cycles $units $unit)?),)*)*
                }
            }
        }

        const _: () = assert!(is_sorted(&[$($($id),*),*]), "the rows of the syscall table are not sorted by id");
    };
}

for_each_syscall!(define);

impl Syscall {
    /// The row of the syscall.
    #[inline]
    pub fn info(self) -> &'static SyscallInfo {
        &CATALOGUE[self as usize]
    }
}

impl fmt::Display for Syscall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.info().id)
    }
}

const fn slot_count(kinds: &[&[SlotType]]) -> usize {
    let (mut count, mut i) = (0, 0);
    while i < kinds.len() {
        count += kinds[i].len();
        i += 1;
    }
    count
}

const fn slots<const N: usize>(kinds: &[&[SlotType]]) -> [SlotType; N] {
    let mut slots = [SlotType::I32; N];
    let (mut next, mut i) = (0, 0);
    while i < kinds.len() {
        let mut j = 0;
        while j < kinds[i].len() {
            slots[next] = kinds[i][j];
            next += 1;
            j += 1;
        }
        i += 1;
    }
    slots
}

const fn is_sorted(ids: &[&str]) -> bool {
    let mut i = 1;
    while i < ids.len() {
        if !less(ids[i - 1].as_bytes(), ids[i].as_bytes()) {
            return false;
        }
        i += 1;
    }
    true
}

const fn less(a: &[u8], b: &[u8]) -> bool {
    let mut i = 0;
    while i < a.len() && i < b.len() {
        if a[i] != b[i] {
            return a[i] < b[i];
        }
        i += 1;
    }
    a.len() < b.len()
}

/// An id that was in use once and never names anything again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetiredId {
    /// Canonical id.
    pub id: &'static str,
    /// What to use instead, or why it went.
    pub note: &'static str,
}

/// Ids that were taken out of the table. They stay here for good.
pub static RETIRED: &[RetiredId] = &[];

/// Retired ids that rows use all the same; must be empty.
pub fn reused_ids(catalogue: &[SyscallInfo], retired: &[RetiredId]) -> Vec<&'static str> {
    let reused = |id: &&'static str| catalogue.iter().any(|row| row.id == *id);
    retired.iter().map(|entry| entry.id).filter(reused).collect()
}
