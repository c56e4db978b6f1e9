//! Runs a test script.

use std::collections::BTreeMap;

use cartwheel_assembler::wasm::{
    CARTWHEEL, ErrorKind, HostGlobal, HostMemory, HostTable, Options, Profile, translate,
};
use cartwheel_assembler::{Catalogue, SyscallInfo};
use cartwheel_bytecode::cartridge::{ExportItem, MemoryDef, TableDef};
use cartwheel_bytecode::{Signature, ValType};
use wast::core::{NanPattern, WastArgCore, WastRetCore};
use wast::parser::{self, ParseBuffer};
use wast::{QuoteWat, Wast, WastArg, WastDirective, WastExecute, WastInvoke, WastRet, Wat};

use crate::instance::{HOST_OBJECTS, Pair, is_trap};

/// What a script came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Assertions and other commands that did what they should.
    pub passed: usize,
    /// Those that need something shared between live instances.
    pub shared: usize,
}

/// Runs a script; the error lists everything that is not as it should be.
pub fn run(text: &str) -> (Counts, Vec<String>) {
    let mut lexer = wast::lexer::Lexer::new(text);
    lexer.allow_confusing_unicode(true);
    let buffer = ParseBuffer::new_with_lexer(lexer).expect("a script of the test suite");
    let script = parser::parse::<Wast<'_>>(&buffer).expect("a script of the test suite");
    let mut runner = Runner::default();
    let mut failures = Vec::new();
    for directive in script.directives {
        let (line, column) = directive.span().linecol_in(text);
        match runner.directive(directive) {
            Ok(Verdict::Passed) => runner.counts.passed += 1,
            Ok(Verdict::Shared) => runner.counts.shared += 1,
            Ok(Verdict::NotOurs) => {}
            Err(message) => failures.push(format!("{}:{}: {message}", line + 1, column + 1)),
        }
    }
    runner.instances.iter().flatten().for_each(|pair| _ = pair.compare());
    (runner.counts, failures)
}

enum Verdict {
    Passed,
    /// It needs functions, tables, memories or mutable globals of another instance.
    Shared,
    /// It says nothing about the translator: text that is no WebAssembly text.
    NotOurs,
}

#[derive(Default)]
struct Runner {
    counts: Counts,
    /// Instances; those that would share something with another are missing.
    instances: Vec<Option<Pair>>,
    last: Option<usize>,
    named: BTreeMap<String, usize>,
    registered: BTreeMap<String, usize>,
}

type Verdicts = Result<Verdict, String>;

impl Runner {
    fn directive(&mut self, directive: WastDirective<'_>) -> Verdicts {
        match directive {
            WastDirective::Module(mut module) => {
                let name = module.name().map(|id| id.name().to_owned());
                let bytes = module.encode().map_err(|e| e.to_string())?;
                let made = self.instantiate(&bytes)?;
                let shared = made.is_none();
                let pair = match made {
                    Some((pair, Ok(()))) => Some(pair),
                    Some((_, Err(trap))) => return Err(format!("traps at its start: {trap:?}")),
                    None => None,
                };
                self.instances.push(pair);
                self.last = Some(self.instances.len() - 1);
                if let Some(name) = name {
                    self.named.insert(name, self.instances.len() - 1);
                }
                Ok(if shared { Verdict::Shared } else { Verdict::Passed })
            }
            WastDirective::Register { name, module, .. } => {
                let index = self.index(module.map(|id| id.name()))?;
                self.registered.insert(name.to_owned(), index);
                Ok(Verdict::NotOurs)
            }
            WastDirective::AssertMalformed { module, .. } | WastDirective::AssertInvalid { module, .. } => {
                self.refused(module)
            }
            WastDirective::AssertUnlinkable { mut module, .. } => {
                let bytes = module.encode().map_err(|e| e.to_string())?;
                match self.translate(&bytes) {
                    Err(e) if e.kind == ErrorKind::Import => Ok(Verdict::Passed),
                    Err(e) => Err(format!("should not link, but: {e}")),
                    Ok(_) => Err("links, but should not".into()),
                }
            }
            WastDirective::Invoke(invoke) => match self.invoke(&invoke)? {
                None => Ok(Verdict::Shared),
                Some(Ok(_)) => Ok(Verdict::Passed),
                Some(Err(trap)) => Err(format!("traps: {trap:?}")),
            },
            WastDirective::AssertReturn { exec, results, .. } => self.returns(exec, &results),
            WastDirective::AssertTrap { exec, message, .. } => self.traps(exec, message),
            WastDirective::AssertExhaustion { call, message, .. } => {
                self.traps(WastExecute::Invoke(call), message)
            }
            other => Err(format!("unknown command {other:?}")),
        }
    }

    /// A module that has to be refused.
    fn refused(&self, mut module: QuoteWat<'_>) -> Verdicts {
        let Ok(bytes) = module.encode() else { return Ok(Verdict::NotOurs) };
        match self.translate(&bytes) {
            Err(e) if e.kind == ErrorKind::Module => Ok(Verdict::Passed),
            Err(e) => Err(format!("is refused, but for another reason: {e}")),
            Ok(_) => Err("is accepted".into()),
        }
    }

    fn returns(&mut self, exec: WastExecute<'_>, expected: &[WastRet<'_>]) -> Verdicts {
        let found = match exec {
            WastExecute::Invoke(invoke) => match self.invoke(&invoke)? {
                None => return Ok(Verdict::Shared),
                Some(Ok(results)) => results,
                Some(Err(trap)) => return Err(format!("traps: {trap:?}")),
            },
            WastExecute::Get { module, global, .. } => {
                let index = self.index(module.map(|id| id.name()))?;
                let Some(pair) = &self.instances[index] else { return Ok(Verdict::Shared) };
                let (_, _, cell) = pair.global(global).ok_or("no such global")?;
                vec![cell]
            }
            WastExecute::Wat(_) => return Err("a module returns nothing".into()),
        };
        let fits =
            found.len() == expected.len() && found.iter().zip(expected).all(|(&cell, ret)| is(cell, ret));
        if fits { Ok(Verdict::Passed) } else { Err(format!("{expected:?} expected, found {found:x?}")) }
    }

    fn traps(&mut self, exec: WastExecute<'_>, message: &str) -> Verdicts {
        let trap = match exec {
            WastExecute::Invoke(invoke) => match self.invoke(&invoke)? {
                None => return Ok(Verdict::Shared),
                Some(Ok(results)) => {
                    return Err(format!("returns {results:x?} instead of a trap: {message}"));
                }
                Some(Err(trap)) => trap,
            },
            WastExecute::Wat(mut module) => match self.instantiate(&encode(&mut module)?)? {
                None => return Ok(Verdict::Shared),
                Some((_, Ok(()))) => return Err(format!("starts instead of a trap: {message}")),
                Some((_, Err(trap))) => trap,
            },
            WastExecute::Get { .. } => return Err("a global does not trap".into()),
        };
        if is_trap(trap, message) {
            Ok(Verdict::Passed)
        } else {
            Err(format!("`{message}` expected, found {trap:?}"))
        }
    }

    fn index(&self, name: Option<&str>) -> Result<usize, String> {
        match name {
            Some(name) => self.named.get(name).copied().ok_or_else(|| format!("no module ${name}")),
            None => self.last.ok_or_else(|| "no module".into()),
        }
    }

    /// Calls an export. `None` if the instance is missing.
    fn invoke(&mut self, invoke: &WastInvoke<'_>) -> Result<Option<crate::instance::Outcome>, String> {
        let index = self.index(invoke.module.map(|id| id.name()))?;
        let Some(pair) = &mut self.instances[index] else { return Ok(None) };
        let func = pair.cart().exported_function(invoke.name).ok_or("no such export")?;
        let args: Vec<u64> = invoke.args.iter().map(argument).collect();
        Ok(Some(pair.call(func, &args)))
    }

    /// `None` if the module would share something with other instances; those are given up as well then.
    fn instantiate(&mut self, bytes: &[u8]) -> Result<Option<Started>, String> {
        match self.translate(bytes) {
            Ok(cart) => Pair::new(cart).map(Some),
            Err(e) if e.kind == ErrorKind::Import => {
                let partners = self.partners(bytes);
                partners.iter().for_each(|&index| self.instances[index] = None);
                if partners.is_empty() { Err(e.to_string()) } else { Ok(None) }
            }
            Err(e) => Err(e.to_string()),
        }
    }

    /// The instances that a module imports something of.
    fn partners(&self, bytes: &[u8]) -> Vec<usize> {
        let mut partners = Vec::new();
        for payload in wasmparser::Parser::new(0).parse_all(bytes).flatten() {
            if let wasmparser::Payload::ImportSection(section) = payload {
                let modules = section.into_imports().flatten().map(|import| import.module);
                partners.extend(modules.filter_map(|module| self.registered.get(module)));
            }
        }
        partners
    }

    fn translate(
        &self,
        bytes: &[u8],
    ) -> Result<cartwheel_bytecode::Cartridge, cartwheel_assembler::wasm::Error> {
        let mut globals = SPECTEST_GLOBALS.to_vec();
        // Immutable numbers of other instances are no more than values.
        for (module, &index) in &self.registered {
            let Some(pair) = &self.instances[index] else { continue };
            for export in &pair.cart().exports {
                if let (ExportItem::Global(_), Some((ty, false, cell))) =
                    (export.item, pair.global(&export.name))
                    && !matches!(ty, ValType::Func | ValType::Handle)
                {
                    globals.push(HostGlobal { module, field: &export.name, ty, mutable: false, cell });
                }
            }
        }
        let table = TableDef { handles: false, min: 10, max: Some(20) };
        let memory = MemoryDef { min: 1, max: Some(2) };
        let profile = Profile {
            globals: &globals,
            tables: &[HostTable { module: "spectest", field: "table", def: table }],
            memory: Some(HostMemory { module: "spectest", field: "memory", def: memory }),
            starts: &[],
            ..CARTWHEEL
        };
        translate(bytes, &Options { profile: Some(&profile), catalogue: &Spectest, ..Options::default() })
    }
}

type Started = (Pair, Result<(), cartwheel_vm::TrapKind>);

fn encode(module: &mut Wat<'_>) -> Result<Vec<u8>, String> {
    module.encode().map_err(|e| e.to_string())
}

fn argument(arg: &WastArg<'_>) -> u64 {
    let WastArg::Core(arg) = arg else { panic!("an argument of a component") };
    match arg {
        WastArgCore::I32(value) => u64::from(*value as u32),
        WastArgCore::I64(value) => *value as u64,
        WastArgCore::F32(value) => value.bits.into(),
        WastArgCore::F64(value) => value.bits,
        WastArgCore::RefNull(_) => 0,
        WastArgCore::RefExtern(number) => {
            assert!(*number < HOST_OBJECTS, "more references of the host than there are");
            u64::from(*number) + 1
        }
        other => panic!("unknown argument {other:?}"),
    }
}

fn is(cell: u64, expected: &WastRet<'_>) -> bool {
    let WastRet::Core(expected) = expected else { panic!("a result of a component") };
    match expected {
        WastRetCore::I32(value) => cell == u64::from(*value as u32),
        WastRetCore::I64(value) => cell == *value as u64,
        // Arithmetic NaNs are those with the quiet bit; canonical ones have no other bit.
        WastRetCore::F32(NanPattern::CanonicalNan) => cell & 0x7fff_ffff == 0x7fc0_0000 && cell >> 32 == 0,
        WastRetCore::F32(NanPattern::ArithmeticNan) => cell & 0x7fc0_0000 == 0x7fc0_0000 && cell >> 32 == 0,
        WastRetCore::F32(NanPattern::Value(value)) => cell == u64::from(value.bits),
        WastRetCore::F64(NanPattern::CanonicalNan) => cell & (u64::MAX >> 1) == 0x7ff8 << 48,
        WastRetCore::F64(NanPattern::ArithmeticNan) => cell & 0x7ff8 << 48 == 0x7ff8 << 48,
        WastRetCore::F64(NanPattern::Value(value)) => cell == value.bits,
        WastRetCore::RefNull(_) => cell == 0,
        WastRetCore::RefExtern(Some(number)) => cell == u64::from(*number) + 1,
        WastRetCore::RefExtern(None) | WastRetCore::RefFunc(_) => cell != 0,
        other => panic!("unknown result {other:?}"),
    }
}

const SPECTEST_GLOBALS: [HostGlobal<'static>; 4] = [
    HostGlobal { module: "spectest", field: "global_i32", ty: ValType::I32, mutable: false, cell: 666 },
    HostGlobal { module: "spectest", field: "global_i64", ty: ValType::I64, mutable: false, cell: 666 },
    HostGlobal {
        module: "spectest",
        field: "global_f32",
        ty: ValType::F32,
        mutable: false,
        cell: 0x4426_a666,
    },
    HostGlobal {
        module: "spectest",
        field: "global_f64",
        ty: ValType::F64,
        mutable: false,
        cell: 0x4084_d4cc_cccc_cccd,
    },
];

/// The functions of `spectest`.
struct Spectest;

impl Catalogue for Spectest {
    fn syscall(&self, id: &str) -> Option<SyscallInfo> {
        use ValType::{F32, F64, I32, I64};
        let params: &[ValType] = match id.strip_prefix("spectest.print")? {
            "" => &[],
            "_i32" => &[I32],
            "_i64" => &[I64],
            "_f32" => &[F32],
            "_f64" => &[F64],
            "_i32_f32" => &[I32, F32],
            "_f64_f64" => &[F64, F64],
            _ => return None,
        };
        let signature = Signature { params: params.to_vec(), results: Vec::new() };
        Some(SyscallInfo { id: id.to_owned(), signature, capability: None })
    }

    fn ids(&self) -> Vec<String> {
        Vec::new()
    }

    fn capabilities(&self) -> Vec<String> {
        Vec::new()
    }
}
