//! Cases for the rows of `module` and `proc`.

use cartwheel_hostabi::mock::Slot;
use cartwheel_hostabi::{Loader, Refusal, Status, SyscallTrap};
use cartwheel_kernel::{
    Ending, Kernel, MAX_COMMANDS, ModuleConfig, ModuleHost, ModuleId, Quotas, StagedConfig, Transition,
    end_of_frame,
};

use crate::common::*;
use crate::{Case, status, trap};

pub const CASES: &[Case] = &[
    status(Status::Ok, "module.info@1", ready),
    status(Status::Ok, "module.info@1", loading),
    status(Status::ModuleUnknown, "module.info@1", |_| ints([1])),
    status(Status::ModuleUnknown, "module.info@1", |_| ints([-1])),
    status(Status::ModuleNotYours, "module.info@1", |_| ints([0])),
    status(Status::ModuleNotYours, "module.info@1", foreign),
    status(Status::Ok, "module.list@1", |rig| {
        loading(rig);
        ints([0])
    }),
    status(Status::ModuleUnknown, "module.list@1", |_| ints([0])),
    status(Status::ModuleUnknown, "module.list@1", |_| ints([-1])),
    status(Status::Ok, "module.load@1", |rig| text(rig, "child", &[], &[])),
    status(Status::ModuleBadName, "module.load@1", |rig| text(rig, "", &[], &[])),
    status(Status::ModuleBadName, "module.load@1", |rig| text(rig, &"x".repeat(65), &[], &[])),
    status(Status::Quota, "module.load@1", |rig| {
        *rig = staged_rig(StagedConfig { max_modules: 2, ..StagedConfig::default() });
        ready(rig);
        loading(rig);
        text(rig, "child", &[], &[])
    }),
    trap(SyscallTrap::OutOfBoundsSpan, "module.load@1", |rig| beyond(rig, &[], &[])),
    status(Status::Ok, "module.pause@1", running),
    status(Status::ModuleUnknown, "module.pause@1", |_| ints([5])),
    status(Status::ModuleNotYours, "module.pause@1", foreign),
    status(Status::ModuleBadState, "module.pause@1", ready),
    status(Status::ModuleBadState, "module.pause@1", |rig| twice(rig, "module.pause")),
    status(Status::Quota, "module.pause@1", |rig| out_of_commands(rig, running)),
    status(Status::Ok, "module.poll@1", ready),
    status(Status::Pending, "module.poll@1", loading),
    status(Status::ModuleUnknown, "module.poll@1", |_| ints([1])),
    status(Status::ModuleUnknown, "module.poll@1", |rig| {
        let args = loaded(rig, "nothing");
        assert_eq!(rig.try_call("module.poll", &args), Ok(Some(Status::ModuleNotFound)));
        args
    }),
    status(Status::ModuleNotYours, "module.poll@1", foreign),
    status(Status::ModuleNotFound, "module.poll@1", |rig| loaded(rig, "nothing")),
    status(Status::ModuleRefused, "module.poll@1", |rig| loaded(rig, "bad")),
    status(Status::Ok, "module.port@1", |rig| port_of(rig, ready, 0)),
    status(Status::Ok, "module.port@1", |rig| port_of(rig, running, 2)),
    status(Status::ModuleUnknown, "module.port@1", |_| ints([1, 0])),
    status(Status::ModuleNotYours, "module.port@1", |rig| port_of(rig, foreign, 1)),
    status(Status::ModuleBadState, "module.port@1", |rig| port_of(rig, loading, 1)),
    status(Status::ModuleBadState, "module.port@1", |rig| port_of(rig, |rig| loaded(rig, "bad"), 1)),
    status(Status::Quota, "module.port@1", |rig| {
        for _ in 1..Quotas::DEFAULT.tokens {
            assert_eq!(rig.call("port.token", &[0, 1])[0], 0);
        }
        port_of(rig, ready, 0)
    }),
    status(Status::Unavailable, "module.port@1", |rig| {
        let config =
            ModuleConfig { capabilities: Vec::new(), imports: Vec::new(), ..config(8, 8, Vec::new()) };
        rig.kernel.load(ModuleId(9), config).expect("the configuration is good");
        assert!(rig.kernel.set_supervisor(ModuleId(9), MODULE));
        ints([9, 0])
    }),
    trap(SyscallTrap::BadArgument, "module.port@1", |rig| port_of(rig, ready, 3)),
    trap(SyscallTrap::BadArgument, "module.port@1", |rig| port_of(rig, ready, -1)),
    status(Status::Ok, "module.quarantine@1", running),
    status(Status::ModuleUnknown, "module.quarantine@1", |_| ints([1])),
    status(Status::ModuleNotYours, "module.quarantine@1", foreign),
    status(Status::ModuleBadState, "module.quarantine@1", ready),
    status(Status::Quota, "module.quarantine@1", |rig| out_of_commands(rig, running)),
    status(Status::Ok, "module.replace@1", |rig| named(rig, ready)),
    status(Status::ModuleUnknown, "module.replace@1", |rig| named(rig, |_| ints([1]))),
    status(Status::ModuleNotYours, "module.replace@1", |rig| named(rig, foreign)),
    status(Status::ModuleBadState, "module.replace@1", |rig| named(rig, loading)),
    status(Status::ModuleBadName, "module.replace@1", |rig| [ready(rig), ints([0, 0])].concat()),
    status(Status::Quota, "module.replace@1", |rig| named(rig, |rig| out_of_commands(rig, running))),
    trap(SyscallTrap::OutOfBoundsSpan, "module.replace@1", |rig| beyond(rig, &[0], &[])),
    status(Status::Ok, "module.resume@1", |rig| after(rig, Transition::Pause)),
    status(Status::ModuleUnknown, "module.resume@1", |_| ints([1])),
    status(Status::ModuleNotYours, "module.resume@1", foreign),
    status(Status::ModuleBadState, "module.resume@1", running),
    status(Status::Quota, "module.resume@1", |rig| out_of_commands(rig, |rig| after(rig, Transition::Pause))),
    status(Status::Ok, "module.start@1", ready),
    status(Status::ModuleUnknown, "module.start@1", |_| ints([1])),
    status(Status::ModuleNotYours, "module.start@1", foreign),
    status(Status::ModuleBadState, "module.start@1", running),
    status(Status::ModuleBadState, "module.start@1", loading),
    status(Status::Quota, "module.start@1", |rig| out_of_commands(rig, ready)),
    status(Status::Ok, "module.stop@1", |rig| with_frames(running(rig))),
    status(Status::Ok, "module.stop@1", |rig| with_frames(ready(rig))),
    status(Status::ModuleUnknown, "module.stop@1", |_| ints([1, 0])),
    status(Status::ModuleNotYours, "module.stop@1", |rig| with_frames(foreign(rig))),
    status(Status::ModuleBadState, "module.stop@1", |rig| with_frames(loading(rig))),
    status(Status::ModuleBadState, "module.stop@1", |rig| with_frames(after(rig, Transition::Stop))),
    status(Status::ModuleBadState, "module.stop@1", |rig| with_frames(ended(rig, Ending::Trapped))),
    status(Status::Quota, "module.stop@1", |rig| with_frames(out_of_commands(rig, running))),
    status(Status::Ok, "module.unload@1", |rig| ended(rig, Ending::Halted(1))),
    status(Status::Ok, "module.unload@1", loading),
    status(Status::ModuleUnknown, "module.unload@1", |_| ints([1])),
    status(Status::ModuleNotYours, "module.unload@1", foreign),
    status(Status::ModuleBadState, "module.unload@1", running),
    status(Status::ModuleBadState, "module.unload@1", |rig| after(rig, Transition::Quarantine)),
    status(Status::Quota, "module.unload@1", |rig| out_of_commands(rig, ready)),
    status(Status::Ok, "proc.parent@1", supervised),
    status(Status::ProcNoSupervisor, "proc.parent@1", |_| ints([])),
    status(Status::Ok, "proc.pause@1", supervised),
    status(Status::ProcNoSupervisor, "proc.pause@1", |_| ints([])),
    status(Status::ProcBadState, "proc.pause@1", |rig| {
        rig.kernel.change(MODULE, Transition::Stop, 2);
        supervised(rig)
    }),
    status(Status::ProcBadState, "proc.pause@1", |rig| {
        let args = supervised(rig);
        assert_eq!(rig.try_call("proc.pause", &args), Ok(Some(Status::Ok)));
        args
    }),
    status(Status::Quota, "proc.pause@1", |rig| {
        out_of_commands(rig, ready);
        supervised(rig)
    }),
    trap(SyscallTrap::BadArgument, "proc.quota@1", |_| ints([3])),
    status(Status::Ok, "proc.stop@1", |_| ints([0])),
    status(Status::ProcBadState, "proc.stop@1", |rig| {
        rig.kernel.change(MODULE, Transition::Stop, 2);
        ints([0])
    }),
    status(Status::Quota, "proc.stop@1", |rig| {
        out_of_commands(rig, ready);
        ints([0])
    }),
];

/// A machine whose store has one program and one that cannot be served.
struct Store<'r>(&'r mut Kernel);

impl Loader for Store<'_> {
    fn load(&mut self, module: u32, name: &str) -> Result<(), Refusal> {
        match name {
            "child" => {
                self.0.load(ModuleId(module), config(8, 8, Vec::new())).expect("the configuration is good");
                Ok(())
            }
            "bad" => Err(Refusal::Refused("it is bad".to_owned())),
            _ => Err(Refusal::NotFound),
        }
    }

    fn replace(&mut self, _: u32, _: &[u8; 32]) -> Result<(), Refusal> {
        Ok(())
    }

    fn unload(&mut self, module: u32) {
        self.0.unload(ModuleId(module));
    }
}

impl ModuleHost for Store<'_> {
    fn kernel(&mut self) -> &mut Kernel {
        self.0
    }

    fn find(&self, name: &str) -> Option<[u8; 32]> {
        (name == "child").then_some([0; 32])
    }
}

fn boundary(rig: &mut Rig) {
    end_of_frame(&mut Store(&mut rig.kernel));
}

/// A load that was asked for in this frame.
fn asked(rig: &mut Rig, name: &str) -> Vec<Slot> {
    let args = text(rig, name, &[], &[]);
    assert_eq!(rig.try_call("module.load", &args), Ok(Some(Status::Ok)));
    rig.guest.memory[..name.len()].fill(0);
    ints([rig.guest.result(1) as i32])
}

fn loading(rig: &mut Rig) -> Vec<Slot> {
    asked(rig, "child")
}

/// A load of which something has become.
fn loaded(rig: &mut Rig, name: &str) -> Vec<Slot> {
    let args = asked(rig, name);
    boundary(rig);
    args
}

fn ready(rig: &mut Rig) -> Vec<Slot> {
    loaded(rig, "child")
}

fn running(rig: &mut Rig) -> Vec<Slot> {
    let args = ready(rig);
    assert_eq!(rig.try_call("module.start", &args), Ok(Some(Status::Ok)));
    boundary(rig);
    args
}

fn port_of(rig: &mut Rig, module: fn(&mut Rig) -> Vec<Slot>, port: i32) -> Vec<Slot> {
    let mut args = module(rig);
    args.push(port.into());
    args
}

fn number(args: &[Slot]) -> ModuleId {
    match args[0] {
        Slot::Cell(number) => ModuleId(number as u32),
        Slot::Object(_) => unreachable!("a number"),
    }
}

/// A module that runs, behind a transition.
fn after(rig: &mut Rig, what: Transition) -> Vec<Slot> {
    let args = running(rig);
    assert!(rig.kernel.change(number(&args), what, 9));
    boundary(rig);
    args
}

fn ended(rig: &mut Rig, ending: Ending) -> Vec<Slot> {
    let args = running(rig);
    rig.kernel.note_ending(number(&args), Some(ending));
    boundary(rig);
    args
}

/// A module that the host loaded.
fn foreign(rig: &mut Rig) -> Vec<Slot> {
    rig.kernel.load(ModuleId(9), config(8, 8, Vec::new())).expect("the configuration is good");
    ints([9])
}

/// The module itself is below another one.
fn supervised(rig: &mut Rig) -> Vec<Slot> {
    foreign(rig);
    assert!(rig.kernel.set_supervisor(MODULE, ModuleId(9)));
    ints([])
}

fn twice(rig: &mut Rig, id: &str) -> Vec<Slot> {
    let args = running(rig);
    assert_eq!(rig.try_call(id, &args), Ok(Some(Status::Ok)));
    args
}

fn named(rig: &mut Rig, prepare: fn(&mut Rig) -> Vec<Slot>) -> Vec<Slot> {
    let args = prepare(rig);
    [args, text(rig, "child", &[], &[])].concat()
}

fn with_frames(args: Vec<Slot>) -> Vec<Slot> {
    [args, ints([3])].concat()
}

/// The module has given all commands that it can give in a frame.
fn out_of_commands(rig: &mut Rig, prepare: fn(&mut Rig) -> Vec<Slot>) -> Vec<Slot> {
    let args = prepare(rig);
    let other = running(rig);
    for command in (0..MAX_COMMANDS).map(|i| ["module.pause", "module.resume"][i % 2]) {
        assert_eq!(rig.try_call(command, &other), Ok(Some(Status::Ok)));
    }
    args
}
