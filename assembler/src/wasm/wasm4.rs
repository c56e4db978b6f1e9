//! WASM-4 games: `spec/wasm4.md` says what they find.

use cartwheel_bytecode::cartridge::MemoryDef;
use wasmparser::{Import, TypeRef};

use super::profile::{HostFunction, HostMemory, Profile};

/// The module that a game imports everything from.
const ENV: &str = "env";
/// The one page that a game has.
const MEMORY: MemoryDef = MemoryDef { min: 1, max: Some(1) };
/// Title screens of heavy games need up to 90 million operations for a frame.
const CYCLES_PER_FRAME: u64 = 120_000_000;

const fn function(field: &'static str, id: &'static str) -> HostFunction<'static> {
    HostFunction { module: ENV, field, id }
}

const FUNCTIONS: &[HostFunction<'static>] = &[
    function("blit", "wasm4.blit@1"),
    function("blitSub", "wasm4.blit_sub@1"),
    function("diskr", "wasm4.diskr@1"),
    function("diskw", "wasm4.diskw@1"),
    function("hline", "wasm4.hline@1"),
    function("line", "wasm4.line@1"),
    function("oval", "wasm4.oval@1"),
    function("rect", "wasm4.rect@1"),
    function("text", "wasm4.text@1"),
    function("textUtf16", "wasm4.text_utf16@1"),
    function("textUtf8", "wasm4.text_utf8@1"),
    function("tone", "wasm4.tone@1"),
    function("trace", "wasm4.trace@1"),
    function("traceUtf16", "wasm4.trace_utf16@1"),
    function("traceUtf8", "wasm4.trace_utf8@1"),
    function("tracef", "wasm4.tracef@1"),
    function("vline", "wasm4.vline@1"),
];

/// What WASM-4 games expect of their host.
pub static WASM4: Profile<'static> = Profile {
    name: "WASM-4",
    max_bytes: Some(65_536),
    capability: Some("wasm4"),
    functions: FUNCTIONS,
    fewer_params: true,
    globals: &[],
    tables: &[],
    memory: Some(HostMemory { module: ENV, field: "memory", def: MEMORY }),
    fixed_memory: Some(MEMORY),
    data: &[],
    starts: &["_start", "_initialize", "start"],
    mains: &[],
    video: None,
    cycles_per_frame: CYCLES_PER_FRAME,
};

/// True if a module with these imports is a game: it imports a function of WASM-4, or nothing but a memory of the
/// right name and size.
pub(super) fn is_game(imports: &[Import<'_>]) -> bool {
    let known = |import: &Import<'_>| {
        FUNCTIONS.iter().any(|function| (function.module, function.field) == (import.module, import.name))
    };
    imports.iter().any(known)
        || matches!(
            imports,
            [Import { module: ENV, name: "memory", ty: TypeRef::Memory(ty) }] if ty.initial <= MEMORY.min.into()
        )
}
