//! How much a module can have of what it shares with others. The table below is the only place that names them: machine files,
//! traces and the chapter on modules have them from here.

use std::collections::BTreeMap;
use std::fmt;

use crate::codec::{Reader, RestoreError, hash_of};
use crate::load::ModuleId;
use crate::pipeline::Kernel;

/// A quota of a module.
pub struct QuotaInfo {
    /// Name in machine files, and with `quota.` in front in traces.
    pub name: &'static str,
    /// What it is unless somebody sets it.
    pub default: u32,
    /// Least that it can be.
    pub min: u32,
    /// Most that it can be.
    pub max: u32,
    /// One line of meaning.
    pub doc: &'static str,
    get: fn(&Quotas) -> u32,
    place: fn(&mut Quotas) -> &mut u32,
}

macro_rules! quotas {
    ($($doc:literal, $name:ident: $default:literal, $min:literal to $max:literal;)*) => {
        /// Quotas of a module for what it shares with others.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct Quotas {
            $(#[doc = $doc] pub $name: u32,)*
        }

        /// All quotas, in the order in which they are saved.
        pub static QUOTAS: &[QuotaInfo] = &[$(QuotaInfo {
            name: stringify!($name),
            default: $default,
            min: $min,
            max: $max,
            doc: $doc,
            get: |quotas| quotas.$name,
            place: |quotas| &mut quotas.$name,
        },)*];

        impl Quotas {
            /// What they are unless somebody sets others.
            pub const DEFAULT: Quotas = Quotas { $($name: $default,)* };
        }
    };
}

// The widths of numbers in saved states, and how much is looked through in a call, bound what a quota can be.
quotas! {
    "Ports, the three from load included.", ports: 64, 3 to 255;
    "Tokens, the right to ports of its own included.", tokens: 256, 1 to 4_096;
    "Messages that wait in one direction of one of its ports.", queue_messages: 64, 1 to 4_096;
    "Bytes of those messages.", queue_bytes: 262_144, 65_536 to 16_777_216;
    "Requests by message that are not answered.", message_requests: 64, 1 to 255;
    "Names of ports in the directory.", names: 16, 0 to 256;
    "Requests for completion that are open.", completions: 16, 0 to 4_096;
    "Prefixes that it completes.", prefixes: 16, 0 to 256;
    "Network addresses.", addresses: 16, 0 to 256;
    "Datagrams that wait at one of its addresses.", datagrams: 64, 1 to 255;
}

impl Default for Quotas {
    fn default() -> Quotas {
        Quotas::DEFAULT
    }
}

/// Why a quota cannot be set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QuotaError {
    /// No quota has this name.
    Unknown(String),
    /// It cannot be that much, or that little.
    Range(&'static str, u32, u32),
}

impl fmt::Display for QuotaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            QuotaError::Unknown(name) => {
                let names: Vec<&str> = QUOTAS.iter().map(|info| info.name).collect();
                write!(f, "no quota is called `{name}`; there are {}", names.join(", "))
            }
            QuotaError::Range(name, min, max) => write!(f, "`{name}` is a number from {min} to {max}"),
        }
    }
}

impl std::error::Error for QuotaError {}

impl Quotas {
    /// Sets a quota by its name.
    ///
    /// # Errors
    ///
    /// If there is none of this name, or it cannot be that much.
    pub fn set(&mut self, name: &str, value: u64) -> Result<(), QuotaError> {
        let info = QUOTAS.iter().find(|info| info.name == name);
        let info = info.ok_or_else(|| QuotaError::Unknown(name.to_owned()))?;
        let value = u32::try_from(value).ok().filter(|value| (info.min..=info.max).contains(value));
        *(info.place)(self) = value.ok_or(QuotaError::Range(info.name, info.min, info.max))?;
        Ok(())
    }

    /// All quotas by name.
    pub fn iter(&self) -> impl Iterator<Item = (&'static QuotaInfo, u32)> {
        QUOTAS.iter().map(|info| (info, (info.get)(self)))
    }

    /// The first quota that is out of its range, if one is.
    ///
    /// # Errors
    ///
    /// Says which.
    pub fn check(&self) -> Result<(), QuotaError> {
        let mut scratch = Quotas::DEFAULT;
        self.iter().try_for_each(|(info, value)| scratch.set(info.name, value.into()))
    }

    pub(crate) fn save(&self, out: &mut Vec<u8>) {
        self.iter().for_each(|(_, value)| out.extend(value.to_le_bytes()));
    }

    pub(crate) fn read(input: &mut Reader<'_>) -> Result<Quotas, RestoreError> {
        let mut quotas = Quotas::default();
        for info in QUOTAS {
            quotas.set(info.name, input.u32()?.into()).map_err(|_| RestoreError::Value)?;
        }
        Ok(quotas)
    }
}

/// In front of quotas in a saved state: what follows them when there are none begins with a flag.
const THERE: u8 = 2;

/// The quotas of all modules: those of the machine, and those of modules for which others were set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct QuotaTable {
    machine: Quotas,
    own: BTreeMap<u32, Quotas>,
}

impl QuotaTable {
    pub(crate) fn of(&self, module: u32) -> &Quotas {
        self.own.get(&module).unwrap_or(&self.machine)
    }

    pub(crate) fn has(&self, module: u32) -> bool {
        self.own.contains_key(&module)
    }

    /// Sets a module's own, or with `None` those of the machine.
    pub(crate) fn set(&mut self, module: u32, own: Option<Quotas>) {
        match own.filter(|own| *own != self.machine) {
            Some(own) => self.own.insert(module, own),
            None => self.own.remove(&module),
        };
    }

    /// Nothing if nobody set any quota: then a state is as if there were none.
    pub(crate) fn save(&self, out: &mut Vec<u8>) {
        if *self == QuotaTable::default() {
            return;
        }
        out.push(THERE);
        self.machine.save(out);
        out.extend((self.own.len() as u32).to_le_bytes());
        for (module, own) in &self.own {
            out.extend(module.to_le_bytes());
            own.save(out);
        }
    }

    pub(crate) fn read(input: &mut Reader<'_>) -> Result<QuotaTable, RestoreError> {
        let Some(rest) = input.0.strip_prefix(&[THERE]) else { return Ok(QuotaTable::default()) };
        input.0 = rest;
        let mut table = QuotaTable { machine: Quotas::read(input)?, own: BTreeMap::new() };
        for _ in 0..input.u32()? {
            let (module, own) = (input.u32()?, Quotas::read(input)?);
            if own == table.machine || table.own.insert(module, own).is_some() {
                return Err(RestoreError::Value);
            }
        }
        if table == QuotaTable::default() { Err(RestoreError::Value) } else { Ok(table) }
    }

    /// Numbers of the modules for which others than the machine's were set, ascending.
    pub(crate) fn named(&self) -> impl Iterator<Item = ModuleId> {
        self.own.keys().copied().map(ModuleId)
    }

    /// `None` if nobody set any.
    pub(crate) fn hash(&self) -> Option<u128> {
        (*self != QuotaTable::default()).then(|| hash_of(|out| self.save(out)))
    }
}

impl Kernel {
    /// Sets the quotas of modules for which no others are set. There are no modules yet.
    pub fn set_machine_quotas(&mut self, quotas: Quotas) {
        self.shared.quotas.machine = quotas;
    }

    /// The quotas of modules for which no others are set.
    pub fn machine_quotas(&self) -> Quotas {
        self.shared.quotas.machine
    }

    /// The quotas of a module.
    pub fn quotas(&self, id: ModuleId) -> Quotas {
        *self.shared.quotas.of(id.0)
    }

    /// True if there are modules for which other quotas were set than the machine's.
    pub fn has_own_quotas(&self) -> bool {
        !self.shared.quotas.own.is_empty()
    }
}

/// The table of quotas in the chapter on modules.
pub fn quota_rows() -> String {
    let row = |info: &QuotaInfo| {
        format!("| `{}` | {} | {} to {} | {} |\n", info.name, info.default, info.min, info.max, info.doc)
    };
    QUOTAS.iter().map(row).collect()
}
