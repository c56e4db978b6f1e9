//! Control of other modules, and of the module itself as one among others.

use cartwheel_hostabi::{Call, Fault, Span, Status, SyscallTrap, handlers};

use super::Context;
use crate::lifecycle::{ModuleState, Transition};
use crate::ports::{STDERR, STDIN};
use crate::shared::Shared;
use crate::supervision::{MAX_PROGRAM_NAME_BYTES, MAX_STOP_FRAMES};

/// Frames of a stop, as near as there can be to those that were asked for.
fn frames(asked: i32) -> u16 {
    asked.clamp(0, MAX_STOP_FRAMES.into()) as u16
}

impl Context<'_> {
    fn command(&mut self, module: i32, what: Transition) -> Result<Status, Fault> {
        Ok(self.shared.supervision.ask(self.caller.id, module, what, 0, ""))
    }
}

/// The name of a program, if it can be one.
fn program_name<'c>(call: &'c mut Call<'_>, name: Span) -> Result<Option<&'c str>, Fault> {
    let bytes = call.span(name)?;
    let fits = (1..=MAX_PROGRAM_NAME_BYTES).contains(&bytes.len());
    Ok(if fits { str::from_utf8(bytes).ok() } else { None })
}

impl handlers::Module for Context<'_> {
    fn info(&mut self, _: &mut Call<'_>, module: i32) -> Result<(Status, i32, i32), Fault> {
        Ok(match self.shared.supervision.info(self.caller.id, module) {
            Ok((state, code)) => (Status::Ok, state as i32, code),
            Err(status) => (status, 0, 0),
        })
    }

    fn list(&mut self, _: &mut Call<'_>, index: i32) -> Result<(Status, i32), Fault> {
        let below = self.shared.supervision.below(self.caller.id);
        let found = usize::try_from(index).ok().and_then(|index| below.get(index));
        Ok(found.map_or((Status::ModuleUnknown, 0), |id| (Status::Ok, id.0 as i32)))
    }

    fn load(&mut self, call: &mut Call<'_>, name: Span) -> Result<(Status, i32), Fault> {
        let Some(program) = program_name(call, name)?.map(str::to_owned) else {
            return Ok((Status::ModuleBadName, 0));
        };
        if !self.shared.supervision.has_room(self.caller.id) {
            return Ok((Status::Quota, 0));
        }
        call.work(name.len.into());
        let latency = self.services.requests.latency();
        Ok(match self.shared.supervision.load(self.caller.id, &program, latency) {
            Ok(id) => (Status::Ok, id.0 as i32),
            Err(status) => (status, 0),
        })
    }

    fn pause(&mut self, _: &mut Call<'_>, module: i32) -> Result<Status, Fault> {
        self.command(module, Transition::Pause)
    }

    fn poll(&mut self, _: &mut Call<'_>, module: i32) -> Result<Status, Fault> {
        Ok(self.shared.supervision.poll(self.caller.id, module))
    }

    fn port(&mut self, _: &mut Call<'_>, module: i32, port: i32) -> Result<(Status, i32), Fault> {
        if !(STDIN..=STDERR).contains(&port) {
            return Err(SyscallTrap::BadArgument.into());
        }
        let Shared { supervision, ports, .. } = &mut *self.shared;
        let token = supervision
            .there(self.caller.id, module)
            .and_then(|child| ports.token_of(self.caller.id.0, child.0, port));
        Ok(token.map_or_else(|status| (status, 0), |token| (Status::Ok, token)))
    }

    fn quarantine(&mut self, _: &mut Call<'_>, module: i32) -> Result<Status, Fault> {
        self.command(module, Transition::Quarantine)
    }

    fn replace(&mut self, call: &mut Call<'_>, module: i32, name: Span) -> Result<Status, Fault> {
        let Some(program) = program_name(call, name)?.map(str::to_owned) else {
            return Ok(Status::ModuleBadName);
        };
        let what = Transition::Replace;
        let status = self.shared.supervision.ask(self.caller.id, module, what, 0, &program);
        call.work(if status == Status::Ok { name.len.into() } else { 0 });
        Ok(status)
    }

    fn resume(&mut self, _: &mut Call<'_>, module: i32) -> Result<Status, Fault> {
        self.command(module, Transition::Resume)
    }

    fn start(&mut self, _: &mut Call<'_>, module: i32) -> Result<Status, Fault> {
        self.command(module, Transition::Start)
    }

    fn stop(&mut self, _: &mut Call<'_>, module: i32, asked: i32) -> Result<Status, Fault> {
        let what = Transition::Stop;
        Ok(self.shared.supervision.ask(self.caller.id, module, what, frames(asked), ""))
    }

    fn unload(&mut self, _: &mut Call<'_>, module: i32) -> Result<Status, Fault> {
        self.command(module, Transition::Unload)
    }
}

impl handlers::Proc for Context<'_> {
    fn id(&mut self, _: &mut Call<'_>) -> Result<i32, Fault> {
        Ok(self.caller.id.0 as i32)
    }

    fn parent(&mut self, _: &mut Call<'_>) -> Result<(Status, i32), Fault> {
        let parent = self.shared.supervision.parent(self.caller.id);
        Ok(parent.map_or((Status::ProcNoSupervisor, 0), |id| (Status::Ok, id.0 as i32)))
    }

    fn pause(&mut self, _: &mut Call<'_>) -> Result<Status, Fault> {
        if self.shared.supervision.parent(self.caller.id).is_none() {
            return Ok(Status::ProcNoSupervisor);
        }
        if self.caller.state() == ModuleState::Stopping {
            return Ok(Status::ProcBadState);
        }
        let asked = self.shared.supervision.ask_for_itself(self.caller.id, Transition::Pause, 0);
        Ok(asked.unwrap_or(Status::ProcBadState))
    }

    fn quota(&mut self, _: &mut Call<'_>, kind: i32) -> Result<(i64, i64), Fault> {
        let (used, limit) = match kind {
            0 => {
                let supervision = &self.shared.supervision;
                let used = supervision.below(self.caller.id).len() as u64;
                (used, supervision.most(self.caller.id).into())
            }
            1 => self.services.requests.quota(),
            2 => self.services.root.as_ref().map_or((0, 0), |root| {
                let storage = root.storage();
                (storage.used_bytes(), storage.quota_bytes())
            }),
            _ => return Err(SyscallTrap::BadArgument.into()),
        };
        Ok((used as i64, limit as i64))
    }

    fn stop(&mut self, _: &mut Call<'_>, asked: i32) -> Result<Status, Fault> {
        if self.caller.state() == ModuleState::Stopping {
            return Ok(Status::ProcBadState);
        }
        let asked = self.shared.supervision.ask_for_itself(self.caller.id, Transition::Stop, frames(asked));
        Ok(asked.unwrap_or(Status::ProcBadState))
    }

    fn stopping(&mut self, _: &mut Call<'_>) -> Result<i32, Fault> {
        let stopping = self.caller.state() == ModuleState::Stopping;
        Ok(if stopping { self.caller.grace.into() } else { 0 })
    }
}
