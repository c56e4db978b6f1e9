//! Files and requests of real modules: the collector, saved states, forks, and what the host tells of its disk.

use std::sync::Arc;

use cartwheel_runtime::host::Host;
use cartwheel_runtime::{
    Action, ActionError, Config, InputFrame, Machine, ModuleId, ModuleSetup, Program, SliceEnd, Storage,
};

/// Reads a file into a byte string that only the host knows, makes garbage until the collector has been round, and then
/// looks at what it got.
const READER: &str = r#"
.capability fs
.memory 1
.data path: text "notes"
.data text: bytes "written before it is read"
.data seen: i32 0
.data status: i32 0
.data disk: i32 0
.shape kept { content: handle }

.func main()
  .local id, wrote, state, n: i32, bytes: handle
  syscall fs.write(path, sizeof(path), text, sizeof(text)) -> state, wrote
  call ask() -> id
waiting:
  loop
  frame.sync
  syscall fs.disk() -> state
  i32.store [disk], state
  ; Garbage, so that the collector runs again and again.
  i32.const n, 200
garbage:
  loop
  bytes.new bytes, 1000
  i32.sub n, n, 1
  br_if n, garbage
  syscall fs.poll(id) -> state, n
  br.i32.eq state, 1, waiting
  i32.store [status], state
  i32.store [seen], n
  br waiting
.end

; The byte string is in no register of anybody when this has returned.
.func ask() -> i32
  .local state, id: i32, buffer: handle
  bytes.new buffer, 64
  syscall fs.read_bytes(path, sizeof(path), buffer) -> state, id
  return id
.end
"#;

fn program(source: &str) -> Arc<Program> {
    let cart = cartwheel_assembler::assemble("test.asm", source, &cartwheel_assembler::NoFiles)
        .unwrap_or_else(|e| panic!("{}", e.render()));
    Program::new(cart).expect("a good program")
}

fn machine(latency: u32, host: Host) -> (Machine, ModuleId) {
    let mut machine = Machine::new(Config { latency, ..Config::default() });
    machine.set_host(host);
    let module = machine.load(program(READER)).expect("it can be loaded");
    (machine, module)
}

fn step(machine: &mut Machine) -> u128 {
    let report = machine.step(&InputFrame::default()).expect("no panic");
    assert_ne!(report.modules[0].end, SliceEnd::Trapped);
    machine.hash().expect("no panic").root
}

fn steps(machine: &mut Machine, frames: usize) {
    for _ in 0..frames {
        step(machine);
    }
}

/// `seen`, `status` and `disk`, which stand behind the texts.
fn figures(machine: &Machine, module: ModuleId) -> [i32; 3] {
    let cart = machine.instance(module).program().cartridge();
    let symbols = &cart.debug.as_ref().expect("debug information").symbols;
    ["seen", "status", "disk"].map(|name| {
        let at = symbols.iter().find(|symbol| symbol.name == name).expect(name).address as usize;
        let bytes = machine.instance(module).memory()[at..at + 4].try_into().expect("four bytes");
        i32::from_le_bytes(bytes)
    })
}

// covers POL-18, POL-19
#[test]
fn a_buffer_that_only_the_host_knows_survives_collection_and_restoring() {
    const LATENCY: u32 = 12;
    let (mut whole, module) = machine(LATENCY, Host::default());
    let hashes: Vec<u128> = (0..30).map(|_| step(&mut whole)).collect();
    // Delivered once; afterwards the request is unknown.
    assert_eq!(figures(&whole, module), [0, 22, 0]);
    for at in [0, 1, 2, 6, 11, 12, 13, 20] {
        let (mut before, _) = machine(LATENCY, Host::default());
        steps(&mut before, at);
        let (mut after, _) = machine(1, Host::with_threads(2).expect("threads"));
        after.restore(&before.save().expect("no panic")).expect("it was saved so");
        let rest: Vec<u128> = (at..30).map(|_| step(&mut after)).collect();
        assert_eq!(rest, hashes[at..], "{at}");
        let mut fork = before.fork().expect("no panic");
        assert_eq!((at..30).map(|_| step(&mut fork)).collect::<Vec<_>>(), hashes[at..], "{at}");
    }
    let (mut machine, module) = machine(LATENCY, Host::default());
    steps(&mut machine, LATENCY as usize + 1);
    assert_eq!(figures(&machine, module), [25, 0, 0]);
}

// covers POL-20
#[test]
fn what_the_disk_does_is_an_input() {
    let (mut told, module) = machine(1, Host::default());
    let (mut alone, _) = machine(1, Host::default());
    assert_eq!(step(&mut told), step(&mut alone));
    told.queue(Action::Disk { module: 0, fault: Some("full".to_owned()) }).expect("there is such a fault");
    assert_ne!(step(&mut told), step(&mut alone));
    assert_eq!(figures(&told, module)[2], 19);
    told.queue(Action::Disk { module: 0, fault: None }).expect("it works again");
    step(&mut told);
    assert_eq!(figures(&told, module)[2], 0);
    let bad = Action::Disk { module: 0, fault: Some("wet".to_owned()) };
    assert_eq!(told.queue(bad), Err(ActionError::NoSuchFault("wet".to_owned())));
    let nobody = Action::Disk { module: 1, fault: None };
    assert_eq!(told.queue(nobody), Err(ActionError::NoSuchModule(1)));
}

#[test]
fn a_module_starts_with_the_files_it_is_given() {
    let mut files = Storage::new(5_000);
    let path = cartwheel_kernel::StoragePath::parse(b"old").expect("a path");
    files.write(&path, cartwheel_kernel::Blob::new(*b"content")).expect("it fits");
    let mut machine = Machine::new(Config::default());
    let module = machine
        .load_with(program(READER), ModuleSetup { storage: Some(files.clone()), ..Default::default() })
        .expect("it can be loaded");
    assert_eq!(machine.storage(module), Some(&files));
    steps(&mut machine, 3);
    let names = machine.storage(module).expect("it has files").files().map(|(path, _)| path.as_str());
    assert_eq!(names.collect::<Vec<_>>(), ["notes", "old"]);
    let fork = machine.fork().expect("no panic");
    assert_eq!(fork.storage(module), machine.storage(module));
}
