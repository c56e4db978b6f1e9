//! What a profile consists of; `spec/profile.md` describes its JSON form, which these types derive.

use serde::{Deserialize, Serialize};

/// What [`Profile::format`] says.
pub const FORMAT: &str = "cartwheel-profile";
/// Version of the JSON form.
pub const VERSION: u32 = 1;

/// What the frames of a run cost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// [`FORMAT`].
    pub format: String,
    /// [`VERSION`].
    pub version: u32,
    /// Version of the machine's semantics: profiles of different ones cannot be compared.
    pub semantics: u16,
    /// Seed of the run.
    pub seed: u64,
    /// The modules, in order.
    pub modules: Vec<ModuleProfile>,
}

/// What the frames of a module cost. Rows of frames name things by their place in the lists here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModuleProfile {
    /// Number of the module.
    pub module: u32,
    /// Name that it was set up with, or else the title of the cartridge; may be empty.
    pub name: String,
    /// Content hash of the cartridge, in hexadecimal digits.
    pub cartridge: String,
    /// Cycles per frame.
    pub budget: u64,
    /// Capabilities that it declares.
    pub capabilities: Vec<String>,
    /// Names of functions, by index.
    pub functions: Vec<String>,
    /// Lines, in the order in which they were first executed.
    pub lines: Vec<LineName>,
    /// Imports, by index; behind them others that were called by their ids and whose results came later.
    pub syscalls: Vec<SyscallName>,
    /// Stacks of calls; the first is the module itself.
    pub stacks: Vec<StackName>,
    /// Zones that the guest marked, each with those around it, outermost first.
    pub zones: Vec<Vec<String>>,
    /// The frames, in order.
    pub frames: Vec<FrameProfile>,
}

/// A line of source; without debug information a basic block.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LineName {
    /// Function that its code belongs to.
    pub function: u32,
    /// File; none without debug information.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub file: Option<String>,
    /// Line, from 1; without debug information the offset of a block in the function's code, in bytes.
    pub line: u32,
}

/// A syscall that a module imports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyscallName {
    /// Canonical id.
    pub id: String,
    /// Capability that it needs.
    pub capability: String,
    /// Statuses that it can return.
    pub statuses: Vec<StatusName>,
}

/// A status that a syscall can return.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusName {
    /// Its number.
    pub code: i32,
    /// Its name.
    pub name: String,
}

/// What the innermost call of a stack is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StackKind {
    /// The module itself.
    Module,
    /// A function, by its index.
    Function,
    /// A syscall, by the index of its import.
    Syscall,
}

/// A stack of calls. A function that calls itself is in it once; calls too deep for the tree count for the stack below.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StackName {
    /// Place of the stack without its innermost call, which is an earlier one; its own for the first.
    pub parent: u32,
    /// What the innermost call is.
    pub kind: StackKind,
    /// Index of the innermost call; 0 for the module.
    pub index: u32,
}

/// What a frame of a module came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrameProfile {
    /// Number of the frame.
    pub frame: u64,
    /// Why its slice ended.
    pub end: String,
    /// Cycles granted: the budget less what earlier frames overdrew.
    pub granted: u64,
    /// Cycles used.
    pub cycles: u64,
    /// Syscalls made.
    pub calls: u64,
    /// Calls that the host made itself in the module's name, and cycles, bytes and objects of them. The other figures are of
    /// what the module did.
    #[serde(skip_serializing_if = "is_nothing", default)]
    pub host: [u64; 4],
    /// Cycles of the collector, which are part of those used.
    pub collector_cycles: u64,
    /// Bytes allocated on the heap.
    pub bytes: u64,
    /// Objects allocated on the heap.
    pub objects: u64,
    /// Updates that did not finish in this frame.
    pub overruns: u64,
    /// Bytes of linear memory after the frame.
    pub memory_bytes: u64,
    /// Bytes in use on the heap after the frame.
    pub heap_bytes: u64,
    /// Objects on the heap after the frame.
    pub heap_objects: u64,
    /// Wall time of the frame in nanoseconds, where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub wall_nanos: Option<u64>,
    /// Functions, by ascending index.
    pub functions: Vec<FunctionRow>,
    /// Lines, ascending.
    pub lines: Vec<LineRow>,
    /// Syscalls, by ascending index.
    pub syscalls: Vec<SyscallRow>,
    /// Stacks, ascending.
    pub stacks: Vec<StackRow>,
    /// Zones, ascending.
    pub zones: Vec<ZoneRow>,
    /// Numbers that the guest reported.
    pub counters: Vec<(String, i64)>,
    /// Staged calls whose results came with this frame, by ascending index and frames.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub latencies: Vec<LatencyRow>,
}

fn is_nothing(host: &[u64; 4]) -> bool {
    *host == [0; 4]
}

/// Defines rows: in JSON an array of the fields in their order.
macro_rules! rows {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $ty:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct $name {
            $($(#[$field_doc])* pub $field: $ty,)*
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                ($(&self.$field,)*).serialize(serializer)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let ($($field,)*) = <($($ty,)*)>::deserialize(deserializer)?;
                Ok($name { $($field,)* })
            }
        }
    )*};
}

rows! {
    /// What a function came to in a frame.
    FunctionRow {
        /// Index of the function.
        function: u32,
        /// Times that it was called.
        calls: u64,
        /// Cycles in its own code, those of the collector among them.
        cycles: u64,
        /// Cycles in syscalls that it made.
        syscall_cycles: u64,
        /// Cycles of the collector in its own code and in its syscalls.
        collector_cycles: u64,
        /// Bytes allocated.
        bytes: u64,
        /// Objects allocated.
        objects: u64,
    }

    /// What a line came to in a frame.
    LineRow {
        /// Place of the line in the module's list.
        line: u32,
        /// Cycles in the guest's code, those of the collector among them.
        cycles: u64,
        /// Cycles in syscalls that it made.
        syscall_cycles: u64,
        /// Cycles of the collector in its code and in its syscalls.
        collector_cycles: u64,
        /// Bytes allocated.
        bytes: u64,
        /// Objects allocated.
        objects: u64,
    }

    /// What a syscall came to in a frame. Calls, cycles, bytes and objects are those that telemetry has.
    SyscallRow {
        /// Index of the import.
        syscall: u32,
        /// Calls, also those that trapped.
        calls: u64,
        /// Cycles charged by the calls.
        cycles: u64,
        /// Cycles of the collector for what the calls allocated, on top.
        collector_cycles: u64,
        /// Bytes allocated.
        bytes: u64,
        /// Objects allocated.
        objects: u64,
        /// Statuses returned: number and times, ascending.
        statuses: Vec<(i32, u64)>,
    }

    /// Staged calls whose results came with a frame.
    LatencyRow {
        /// Index of the import.
        syscall: u32,
        /// Frames from the call to the result.
        frames: u64,
        /// How many calls had to wait that long.
        times: u64,
    }

    /// What a stack came to in a frame, without the calls that it made.
    StackRow {
        /// Place of the stack in the module's list.
        stack: u32,
        /// Times that its innermost function was called from the others.
        calls: u64,
        /// Cycles.
        cycles: u64,
    }

    /// What a zone came to in a frame.
    ZoneRow {
        /// Place of the zone in the module's list.
        zone: u32,
        /// Times that it was opened.
        opened: u64,
        /// Cycles between its beginning and its end, with everything inside.
        cycles: u64,
    }
}

impl ModuleProfile {
    /// How a line is called in output: `file:line`, or `function+offset`.
    pub fn line_name(&self, line: u32) -> String {
        let Some(name) = self.lines.get(line as usize) else { return format!("line {line}") };
        match &name.file {
            Some(file) => format!("{file}:{}", name.line),
            None => format!("{}+{}", self.function_name(name.function), name.line),
        }
    }

    /// Name of a function.
    pub fn function_name(&self, function: u32) -> &str {
        self.functions.get(function as usize).map_or("?", String::as_str)
    }

    /// Id of a syscall.
    pub fn syscall_id(&self, syscall: u32) -> &str {
        self.syscalls.get(syscall as usize).map_or("?", |syscall| syscall.id.as_str())
    }

    /// Name of a status that a syscall returned.
    pub fn status_name(&self, syscall: u32, code: i32) -> String {
        let statuses = self.syscalls.get(syscall as usize).map_or(&[][..], |syscall| &syscall.statuses);
        statuses
            .iter()
            .find(|status| status.code == code)
            .map_or_else(|| code.to_string(), |status| status.name.clone())
    }

    /// What the innermost call of a stack is called.
    pub fn stack_label(&self, stack: u32) -> &str {
        match self.stacks.get(stack as usize) {
            Some(&StackName { kind: StackKind::Function, index, .. }) => self.function_name(index),
            Some(&StackName { kind: StackKind::Syscall, index, .. }) => self.syscall_id(index),
            _ if self.name.is_empty() => "module",
            _ => &self.name,
        }
    }

    /// Places of the calls of a stack, outermost first.
    pub fn stack_path(&self, stack: u32) -> Vec<u32> {
        let mut path = vec![stack];
        let mut at = stack;
        // Parents are earlier, so this ends also where a file was made by hand.
        while let Some(name) = self.stacks.get(at as usize).filter(|name| name.parent < at) {
            at = name.parent;
            path.push(at);
        }
        path.reverse();
        path
    }
}

impl Profile {
    /// What a module is called in output, so that no two are called the same: those of one number are programs that it has
    /// had one after the other.
    pub fn label(&self, place: usize) -> String {
        let Some(module) = self.modules.get(place) else { return format!("module at {place}") };
        let others = || self.modules.iter().enumerate().filter(move |&(other, _)| other != place);
        let mut label = match module.name.as_str() {
            "" => format!("module {}", module.module),
            name => name.to_owned(),
        };
        if others().any(|(_, other)| other.module != module.module && other.name == module.name)
            && !module.name.is_empty()
        {
            label += &format!(" ({})", module.module);
        }
        if others().any(|(other, another)| other < place && another.module == module.module) {
            label += &format!(" from frame {}", module.frames.first().map_or(0, |frame| frame.frame));
        }
        label
    }

    /// Says what makes a profile that was read unusable: another format or version, or rows that name what is not there.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong.
    pub fn check(&self) -> Result<(), String> {
        if self.format != FORMAT {
            return Err(format!("not a profile: its format is {:?}, not {FORMAT:?}", self.format));
        }
        if self.version != VERSION {
            return Err(format!("profile of version {}; this build reads version {VERSION}", self.version));
        }
        self.modules.iter().try_for_each(ModuleProfile::check)
    }
}

impl ModuleProfile {
    fn check(&self) -> Result<(), String> {
        let inside = |what: &str, index: u32, len: usize| {
            if (index as usize) < len {
                return Ok(());
            }
            Err(format!("module {}: there is no {what} {index}", self.module))
        };
        for line in &self.lines {
            inside("function", line.function, self.functions.len())?;
        }
        for (place, stack) in self.stacks.iter().enumerate() {
            match stack.kind {
                StackKind::Module => {}
                StackKind::Function => inside("function", stack.index, self.functions.len())?,
                StackKind::Syscall => inside("syscall", stack.index, self.syscalls.len())?,
            }
            if stack.parent as usize > place || place > 0 && stack.parent as usize == place {
                return Err(format!("module {}: stack {place} has no earlier parent", self.module));
            }
        }
        for frame in &self.frames {
            frame
                .functions
                .iter()
                .try_for_each(|row| inside("function", row.function, self.functions.len()))?;
            frame.lines.iter().try_for_each(|row| inside("line", row.line, self.lines.len()))?;
            frame.syscalls.iter().try_for_each(|row| inside("syscall", row.syscall, self.syscalls.len()))?;
            frame.stacks.iter().try_for_each(|row| inside("stack", row.stack, self.stacks.len()))?;
            frame.latencies.iter().try_for_each(|row| inside("syscall", row.syscall, self.syscalls.len()))?;
            frame.zones.iter().try_for_each(|row| inside("zone", row.zone, self.zones.len()))?;
        }
        Ok(())
    }
}
