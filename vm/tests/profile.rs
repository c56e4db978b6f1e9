//! A profiled instance is a tier like the others, and what it attributes adds up.

mod common;

use std::collections::BTreeMap;
use std::sync::Arc;

use cartwheel_bytecode::generate;
use cartwheel_hostabi::{Guest, NoRoom, Object, ObjectKind, RootId, SyscallTrap};
use cartwheel_vm::{CallNode, Callee, Counts, FrameInput, Instance, Limits, Program, Reference, State, Stop};
use common::lockstep::{MAX_CYCLES, compare, input, limits, mutated, program};
use common::noise;
use common::tier::Tier;
use proptest::prelude::*;

/// An instance that is profiled and checks its account at every stop.
struct Counted {
    instance: Instance,
    /// Cycles of the slice that were compared already.
    checked: u64,
}

impl Counted {
    fn profiled(mut instance: Instance) -> Counted {
        instance.set_profiled(true);
        Counted { instance, checked: 0 }
    }

    fn check(&mut self) {
        let used = self.instance.used() - self.checked;
        self.checked = self.instance.used();
        let mut counts = Counts::default();
        assert!(self.instance.take_counts(&mut counts));
        assert_account(self.instance.program(), &counts, &self.instance.call_tree(0), used);
    }
}

/// Cycles by function, and of syscalls by import.
type Account = (BTreeMap<u32, u64>, BTreeMap<u32, u64>);

/// What blocks and instructions came to.
fn by_code(program: &Program, counts: &Counts) -> Account {
    let (mut functions, mut syscalls) = Account::default();
    for function in counts.functions() {
        let blocks = &program.analysis(function.func).blocks;
        let cycles = functions.entry(function.func).or_default();
        for &(block, times) in function.blocks {
            *cycles += u64::from(blocks[block as usize].cost) * times;
        }
        for (offset, site) in function.sites {
            match import_at(program, function.func, *offset) {
                Some(import) => *syscalls.entry(import).or_default() += site.cycles,
                None => *cycles += site.cycles,
            }
            assert!(site.collector_cycles <= site.cycles);
        }
    }
    (functions, syscalls)
}

fn import_at(program: &Program, func: u32, offset: u32) -> Option<u32> {
    use cartwheel_bytecode::{Instr, codec::Reader};
    let code = &program.function(func).code;
    match Instr::decode(&mut Reader::at(code, offset as usize)).expect("an instruction") {
        Instr::Syscall { import, .. } => Some(import.0),
        _ => None,
    }
}

/// What stacks of calls came to.
fn by_stack(counts: &Counts, tree: &[CallNode]) -> Account {
    let (mut functions, mut syscalls) = Account::default();
    for &(node, _, cycles) in &counts.nodes {
        match tree[node as usize].callee {
            Callee::Function(func) => *functions.entry(func).or_default() += cycles,
            Callee::Syscall(import) => *syscalls.entry(import).or_default() += cycles,
            Callee::Module => assert_eq!(cycles, 0, "the module spends nothing outside its functions"),
        }
    }
    (functions, syscalls)
}

fn assert_account(program: &Program, counts: &Counts, tree: &[CallNode], used: u64) {
    let code = by_code(program, counts);
    let sum = code.0.values().sum::<u64>() + code.1.values().sum::<u64>();
    assert_eq!(sum, used, "blocks and instructions");
    let mut stacks = by_stack(counts, tree);
    let mut code = code;
    for account in [&mut code.0, &mut code.1, &mut stacks.0, &mut stacks.1] {
        account.retain(|_, &mut cycles| cycles > 0);
    }
    assert_eq!(code, stacks, "blocks and instructions against stacks of calls");
    let mut calls: BTreeMap<u32, u64> = BTreeMap::new();
    for &(node, times, _) in &counts.nodes {
        if let Callee::Function(func) = tree[node as usize].callee {
            *calls.entry(func).or_default() += times;
        }
    }
    for function in counts.functions() {
        assert_eq!(function.calls, calls.get(&function.func).copied().unwrap_or(0), "calls");
    }
}

impl Tier for Counted {
    fn new(program: Arc<Program>, limits: Limits, seed: u64) -> Self {
        Counted::profiled(<Instance as Tier>::new(program, limits, seed))
    }
    fn from_state(program: Arc<Program>, limits: Limits, state: State) -> Self {
        Counted::profiled(<Instance as Tier>::from_state(program, limits, state))
    }
    fn state(&self) -> State {
        self.instance.state()
    }
    fn call(&mut self, func: u32, args: &[u64]) {
        self.instance.call(func, args);
    }
    fn grant(&mut self, budget: u64) {
        self.instance.grant(budget);
        self.checked = 0;
    }
    fn run(&mut self, input: &FrameInput) -> Stop {
        let stop = self.instance.run(input);
        if !matches!(stop, Stop::Syscall(_)) {
            self.check();
        }
        stop
    }
    fn used(&self) -> u64 {
        self.instance.used()
    }
    fn take_results(&mut self) -> Vec<u64> {
        self.instance.take_results()
    }
    fn trap_syscall(&mut self, trap: SyscallTrap) {
        self.instance.trap_syscall(trap);
        self.check();
    }
}

impl Guest for Counted {
    fn arg(&self, slot: usize) -> u64 {
        self.instance.arg(slot)
    }
    fn arg_object(&self, slot: usize) -> Object {
        self.instance.arg_object(slot)
    }
    fn set_result(&mut self, slot: usize, cell: u64) {
        self.instance.set_result(slot, cell);
    }
    fn set_result_object(&mut self, slot: usize, object: Object) {
        self.instance.set_result_object(slot, object);
    }
    fn memory(&self) -> &[u8] {
        self.instance.memory()
    }
    fn memory_mut(&mut self) -> &mut [u8] {
        self.instance.memory_mut()
    }
    fn charge(&mut self, cycles: u64) {
        self.instance.charge(cycles);
    }
    fn object_kind(&self, object: Object) -> Result<ObjectKind, SyscallTrap> {
        self.instance.object_kind(object)
    }
    fn bytes(&self, object: Object) -> Result<&[u8], SyscallTrap> {
        self.instance.bytes(object)
    }
    fn bytes_mut(&mut self, object: Object) -> Result<&mut [u8], SyscallTrap> {
        self.instance.bytes_mut(object)
    }
    fn new_bytes(&mut self, len: u32) -> Result<Object, NoRoom> {
        self.instance.new_bytes(len)
    }
    fn root(&mut self, object: Object) -> Result<RootId, SyscallTrap> {
        self.instance.root(object)
    }
    fn unroot(&mut self, root: RootId) -> Result<(), SyscallTrap> {
        self.instance.unroot(root)
    }
    fn rooted(&self, root: RootId) -> Result<Object, SyscallTrap> {
        self.instance.rooted(root)
    }
}

fn budgets() -> impl Strategy<Value = Vec<u16>> {
    proptest::collection::vec(prop_oneof![0..4_u16, 0..300_u16, any::<u16>()], 1..8)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn profiled_tier_equals_reference_and_adds_up(
        entropy in proptest::collection::vec(any::<u8>(), 0..6_000),
        budgets in budgets(),
        tight: bool,
    ) {
        compare::<Reference, Counted>(&program(&entropy), &budgets, tight);
    }

    #[test]
    fn profiled_tier_equals_reference_on_whatever_the_verifier_accepts(
        entropy in proptest::collection::vec(any::<u8>(), 0..6_000),
        mutations in proptest::collection::vec((any::<u8>(), any::<u16>(), any::<u8>()), 1..4),
        budgets in budgets(),
        tight: bool,
    ) {
        if let Some(program) = mutated(&entropy, &mutations) {
            compare::<Reference, Counted>(&program, &budgets, tight);
        }
    }
}

/// The same over fixed programs, so that a plain run of the tests covers the whole table.
#[test]
fn profiled_tier_agrees_on_fixed_programs() {
    for seed in 0..60 {
        let budgets = noise(seed, 6).into_iter().map(|b| u16::from(b) * 9).collect::<Vec<_>>();
        compare::<Reference, Counted>(&program(&noise(seed, 12_000)), &budgets, seed % 3 == 0);
    }
}

/// Beginning and ending in the middle of a run changes nothing, and the first counts are those from there on.
#[test]
fn counting_begins_and_ends_at_any_slice() {
    for seed in 0..60 {
        let program = Program::new(generate(&noise(seed, 9_000))).expect("generated programs verify");
        let mut plain = <Instance as Tier>::new(program.clone(), limits(false), 7);
        let mut switched = <Instance as Tier>::new(program.clone(), limits(false), 7);
        if plain.ended().is_some() {
            continue;
        }
        common::lockstep::call(&mut plain, &program, 0);
        common::lockstep::call(&mut switched, &program, 0);
        let mut total = 0;
        for slice in 0.. {
            let on = slice % 3 != 0;
            switched.set_profiled(on);
            assert_eq!(switched.is_profiled(), on);
            let budget = 1 + (seed + slice * 37) % 400;
            plain.grant(budget);
            switched.grant(budget);
            let (mut stop, mut other) = (plain.run(&input(slice)), switched.run(&input(slice)));
            while let (Stop::Syscall(import), true) = (&stop, stop == other) {
                for guest in [&mut plain, &mut switched] {
                    guest.charge(u64::from(*import) * 3);
                }
                (stop, other) = (plain.run(&input(slice)), switched.run(&input(slice)));
            }
            assert_eq!((&stop, plain.used()), (&other, switched.used()));
            common::diff::assert_same(&plain.state(), &switched.state(), || format!("slice {slice}"));
            let mut counts = Counts::default();
            assert_eq!(switched.take_counts(&mut counts), on);
            if on {
                assert_account(&program, &counts, &switched.call_tree(0), switched.used());
            }
            total += plain.used();
            if plain.is_idle() || total > MAX_CYCLES {
                break;
            }
        }
    }
}

/// Counts of a call of function 0 with an argument that returns.
fn counts_of(asm: common::asm::Asm, arg: u64) -> (Counts, Vec<CallNode>) {
    let program = asm.program();
    let mut instance = <Instance as Tier>::new(program.clone(), Limits::default(), 0);
    instance.set_profiled(true);
    instance.call(0, &[arg]);
    instance.grant(u64::MAX);
    assert_eq!(instance.run(&FrameInput::default()), Stop::Returned);
    let mut counts = Counts::default();
    assert!(instance.take_counts(&mut counts));
    let tree = instance.call_tree(0);
    assert_account(&program, &counts, &tree, instance.used());
    (counts, tree)
}

#[test]
fn a_function_that_calls_itself_stays_in_its_node() {
    let mut asm = common::asm::Asm::new();
    asm.func("i32 ->", "br_unless r0, end\ni32.sub r0, r0, 1\ncall 0, (r0), ()\nend:\nreturn ()");
    let (counts, tree) = counts_of(asm, 5_000);
    assert_eq!(tree.len(), 2);
    assert_eq!(counts.nodes.iter().map(|&(_, calls, _)| calls).sum::<u64>(), 5_001);
}

#[test]
fn stacks_that_are_too_deep_count_for_the_deepest_node() {
    let mut asm = common::asm::Asm::new();
    asm.func("i32 ->", "br_unless r0, end\ni32.sub r0, r0, 1\ncall 1, (r0), ()\nend:\nreturn ()");
    asm.func("i32 ->", "br_unless r0, end\ni32.sub r0, r0, 1\ncall 0, (r0), ()\nend:\nreturn ()");
    let program = asm.program();
    let mut instance = <Instance as Tier>::new(program.clone(), Limits::default(), 0);
    instance.set_profiled(true);
    let mut counts = Counts::default();
    for _ in 0..2 {
        instance.call(0, &[5_000]);
        instance.grant(u64::MAX);
        assert_eq!(instance.run(&FrameInput::default()), Stop::Returned);
        assert!(instance.take_counts(&mut counts));
        let code = by_code(&program, &counts).0;
        assert_eq!(code.values().sum::<u64>(), instance.used());
        assert_eq!(counts.nodes.iter().map(|&(_, _, cycles)| cycles).sum::<u64>(), instance.used());
        assert_eq!(counts.functions().map(|f| f.calls).sum::<u64>(), 5_001);
        assert_eq!(instance.call_tree(0).len(), 1 + usize::from(cartwheel_vm::MAX_DEPTH));
    }
}

/// If the jumps between handlers are lost, this overflows the stack.
#[test]
fn counting_handlers_jump() {
    let run = || {
        let mut asm = common::asm::Asm::new();
        asm.func("i32 ->", "again:\nloop\ncall 1, (r0), (r1)\ni32.sub r0, r0, 1\nmemory.fill 0, 0, r1\nbr_if r0, again\nreturn ()");
        asm.func("i32 -> i32", "return (r0)");
        asm.memory(2, None);
        counts_of(asm, 100_000)
    };
    let small = std::thread::Builder::new().stack_size(256 << 10).spawn(run);
    let (counts, _) = small.expect("a thread").join().expect("it does not overflow");
    assert_eq!(counts.functions().map(|function| function.calls).collect::<Vec<_>>(), [1, 100_000]);
}
