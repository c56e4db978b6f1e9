//! A kernel with some modules that import everything, and their guests.
#![allow(dead_code)] // every test file uses its own part

#[path = "../common/mod.rs"]
pub mod common;

use cartwheel_hostabi::cbor::{decode, encode, from_json, to_json};
use cartwheel_hostabi::mock::{MockGuest, Slot};
use cartwheel_hostabi::{Fault, Status, resolve};
use cartwheel_kernel::{
    FrameFigures, Kernel, ModuleConfig, ModuleId, OWN_PORTS, Quotas, RIGHT_MANAGE, RIGHT_RECEIVE, RIGHT_SEND,
    STDIN, StagedConfig, Storage, StoragePath,
};

pub const ALL: i32 = RIGHT_SEND | RIGHT_RECEIVE | RIGHT_MANAGE;

/// Some modules that import everything.
pub struct World {
    pub kernel: Kernel,
    pub guests: Vec<MockGuest>,
    pub frame: u64,
}

impl World {
    pub fn new(modules: u32) -> World {
        let mut world = World { kernel: Kernel::new(), guests: Vec::new(), frame: 0 };
        (0..modules).for_each(|module| world.load(module));
        world.kernel.open_frame(0);
        world
    }

    pub fn load(&mut self, module: u32) {
        self.load_with(module, None);
    }

    pub fn load_with(&mut self, module: u32, quotas: Option<Quotas>) {
        let mut storage = Storage::new(1 << 20);
        let path = |path: &[u8]| StoragePath::parse(path).expect("a path");
        storage.write(&path(b"there"), cartwheel_kernel::Blob::new(b"content".to_vec())).expect("room");
        let staged = StagedConfig { storage, ..StagedConfig::default() };
        let config = ModuleConfig { staged, quotas, ..common::config(8, 8, Vec::new()) };
        self.kernel.load(ModuleId(module), config).expect("a good configuration");
        self.guests.resize(self.guests.len().max(module as usize + 1), MockGuest::default());
        let guest = &mut self.guests[module as usize];
        *guest = MockGuest::new(vec![0; 256 * 1024]);
        guest.module = module;
    }

    pub fn try_call(&mut self, module: u32, id: &str, args: &[Slot]) -> Result<Option<Status>, Fault> {
        let row = resolve(id).expect("a syscall");
        let guest = &mut self.guests[module as usize];
        guest.prepare(args.iter().copied());
        self.kernel.call(ModuleId(module), row.syscall as u32, guest)
    }

    pub fn call(&mut self, module: u32, id: &str, args: &[i32]) -> Vec<i32> {
        let args: Vec<Slot> = args.iter().map(|arg| Slot::from(*arg)).collect();
        self.try_call(module, id, &args).unwrap_or_else(|fault| panic!("{id}: {fault}"));
        let guest = &self.guests[module as usize];
        (0..guest.results.len()).map(|slot| guest.result(slot) as i32).collect()
    }

    pub fn ok(&mut self, module: u32, id: &str, args: &[i32]) -> Vec<i32> {
        let mut results = self.call(module, id, args);
        assert_eq!(results.remove(0), 0, "{id}{args:?}");
        results
    }

    /// Puts bytes where a call has them.
    pub fn put(&mut self, module: u32, bytes: &[u8]) -> [i32; 2] {
        self.guests[module as usize].memory[..bytes.len()].copy_from_slice(bytes);
        [0, bytes.len() as i32]
    }

    pub fn send_raw(&mut self, module: u32, port: i32, bytes: &[u8]) -> i32 {
        let [at, len] = self.put(module, bytes);
        self.call(module, "port.send", &[port, at, len])[0]
    }

    pub fn send(&mut self, module: u32, port: i32, message: &str) -> i32 {
        let message = encode(&from_json(message).expect("a message"));
        self.send_raw(module, port, &message)
    }

    /// A request with this hash (a byte repeated), and what it asks for.
    pub fn request(&mut self, module: u32, hash: u8, syscall_type: &str, params: &str) -> i32 {
        let hash = format!("{hash:02x}").repeat(32);
        let message = format!(
            "{{\"syscall_type\":\"{syscall_type}\",\"params\":{params},\"promise_hash\":{{\"$bytes\":\"{hash}\"}}}}"
        );
        self.send(module, STDIN, &message)
    }

    /// The next message on a port, as JSON, with sender and token; or the status.
    pub fn receive(&mut self, module: u32, port: i32) -> Result<(String, i32, i32), i32> {
        let results = self.call(module, "port.receive", &[port, 0, 128 * 1024]);
        match results[..] {
            [0, len, sender, token] => {
                let bytes = &self.guests[module as usize].memory[..len as usize];
                let item = decode(bytes).expect("messages are CBOR");
                assert_eq!(encode(&item), bytes, "messages are deterministic");
                Ok((to_json(&item), sender, token))
            }
            [status, 0, 0, 0] => Err(status),
            _ => panic!("{results:?}"),
        }
    }

    pub fn text(&mut self, module: u32, port: i32) -> String {
        self.receive(module, port).map_or_else(|status| format!("status {status}"), |(text, ..)| text)
    }

    pub fn next_frame(&mut self) {
        for module in 0..self.guests.len() as u32 {
            self.kernel.end_frame(ModuleId(module), FrameFigures::default());
        }
        self.kernel.close_frame();
        self.frame += 1;
        self.kernel.open_frame(self.frame);
        for module in 0..self.guests.len() as u32 {
            self.kernel.begin_frame(ModuleId(module));
        }
    }

    /// Tokens for the far end of a new port of a module's own: the port, and the token.
    pub fn port_of(&mut self, module: u32, rights: i32) -> (i32, i32) {
        let port = self.ok(module, "port.open", &[OWN_PORTS])[0];
        (port, self.ok(module, "port.token", &[port, rights])[0])
    }

    /// Hands a token to another module under a name; gives its number there.
    pub fn hand(&mut self, from: u32, token: i32, to: u32) -> i32 {
        let name = format!("from-{from}-to-{to}-{token}");
        self.hand_as(from, token, to, name.as_bytes())
    }
}

impl World {
    pub fn hand_as(&mut self, from: u32, token: i32, to: u32, name: &[u8]) -> i32 {
        let [at, len] = self.put(from, name);
        self.ok(from, "port.publish", &[at, len, token]);
        let [at, len] = self.put(to, name);
        self.ok(to, "port.find", &[at, len])[0]
    }
}
