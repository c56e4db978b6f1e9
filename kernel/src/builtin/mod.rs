//! The modules that ship with the kernel and are reached by messages. Each is a list of message types that stand for calls,
//! and what their answers look like; so what they do goes through the pipeline like any call.
//!
//! A request whose `syscall_type` is the id of a syscall stands for that call.

mod arguments;
mod completion;
mod files;
mod lifecycle;
mod memory;
mod names;
mod network;

use cartwheel_hostabi::cbor::Item;
use cartwheel_hostabi::{Fault, Guest, Mode, Status, Syscall, SyscallInfo, SyscallTrap, resolve};

use crate::late::{self, Answer};
use crate::ports::request::{Failure, PromiseHash, Request};
use crate::record::Transport;
use crate::services::{Context, Services};
use crate::value::Value;

/// What a request can ask for, besides a syscall by its id.
#[derive(Debug)]
pub(crate) struct MessageType {
    /// As in `syscall_type`.
    pub(crate) name: &'static str,
    /// Id of the syscall that it stands for; its parameters are those of the message.
    pub(crate) id: &'static str,
    /// Parameters that can be left out, and what they are then.
    pub(crate) defaults: &'static [(&'static str, &'static str)],
    /// What is the `data` of the answer.
    pub(crate) shape: Shape,
    /// What to say of statuses, where that is not their name and meaning.
    pub(crate) errors: &'static [(Status, &'static str)],
    /// One line of meaning.
    pub(crate) doc: &'static str,
}

/// A message type whose parameters all have to be given, and whose statuses say enough.
const fn kind(name: &'static str, id: &'static str, shape: Shape, doc: &'static str) -> MessageType {
    MessageType { name, id, defaults: &[], shape, errors: &[], doc }
}

/// What the `data` of an answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// A map of all results but the status, and of all buffers.
    All,
    /// One of them.
    One(&'static str),
    /// One of them, as a text.
    Text(&'static str),
    /// The bytes of a file.
    File,
    /// Nothing.
    Nothing,
    /// The names in a folder.
    Names,
    /// Kind and size.
    Stat,
}

/// A built-in module.
pub(crate) struct Builtin {
    pub(crate) name: &'static str,
    pub(crate) doc: &'static str,
    pub(crate) types: &'static [MessageType],
}

/// All of them.
pub(crate) static BUILTINS: &[Builtin] = &[
    completion::COMPLETION,
    files::FILES,
    lifecycle::LIFECYCLE,
    memory::MEMORY,
    names::NAMES,
    network::NETWORK,
];

/// The message type of a name.
pub(crate) fn find(name: &str) -> Option<&'static MessageType> {
    BUILTINS.iter().flat_map(|builtin| builtin.types).find(|kind| kind.name == name)
}

/// Built-in modules and their message types, as a part of the chapter on messages.
pub fn message_types() -> String {
    use std::fmt::Write;
    let mut out = String::new();
    for builtin in BUILTINS {
        let _ = writeln!(out, "\n### {}\n\n{}\n", builtin.name, builtin.doc);
        out.push_str("| `syscall_type` | stands for | `data` | meaning |\n|---|---|---|---|\n");
        for kind in builtin.types {
            let data = match kind.shape {
                Shape::All => "a map of all results".to_owned(),
                Shape::One(name) => format!("`{name}`"),
                Shape::Text(name) => format!("`{name}`, a text"),
                Shape::File => "the bytes".to_owned(),
                Shape::Nothing => "null".to_owned(),
                Shape::Names => "an array of texts".to_owned(),
                Shape::Stat => "`kind` and `size`".to_owned(),
            };
            let _ = writeln!(out, "| `{}` | `{}` | {data} | {} |", kind.name, kind.id, kind.doc);
        }
    }
    out
}

/// Does what a request asks for, and answers it now or leaves it open. Gives the status of the call that sent it.
pub(crate) fn perform(
    context: &mut Context<'_>,
    hash: PromiseHash,
    request: &Request,
    guest: &mut dyn Guest,
) -> Result<Status, Fault> {
    let module = context.caller.id.0;
    context.caller.unsettled = true;
    let kind = find(&request.syscall_type);
    let id = kind.map_or(request.syscall_type.as_str(), |kind| kind.id);
    let Some(row) = resolve(id) else {
        let answered = late::reject(context, Transport::Port, None, SyscallTrap::UnknownSyscall, id);
        context.shared.ports.answer(module, hash, result_of(answered, |_| Item::NULL, kind));
        return Ok(Status::Ok);
    };
    // A staged call of files is answered with what it comes to.
    let kind = kind.or_else(|| files::staged(row));
    let arguments = arguments::read(row, request.params.as_ref(), kind.map_or(&[], |kind| kind.defaults));
    let mut arguments = match arguments {
        Ok(arguments) if !nests(row) => arguments,
        Ok(_) => {
            let what = "this call cannot be asked for by a message";
            let answered =
                late::reject(context, Transport::Port, Some(row.syscall), SyscallTrap::BadArgument, what);
            context.shared.ports.answer(module, hash, result_of(answered, |_| Item::NULL, kind));
            return Ok(Status::Ok);
        }
        Err(what) => {
            let answered =
                late::reject(context, Transport::Port, Some(row.syscall), SyscallTrap::WrongSlots, &what);
            context.shared.ports.answer(module, hash, result_of(answered, |_| Item::NULL, kind));
            return Ok(Status::Ok);
        }
    };
    let scratch = Some(&mut arguments.scratch);
    let answer = late::call_in(context, Transport::Port, row.id, &arguments.values, scratch, guest)?.answer;
    let quarantined = answer == Answer::Status(Status::Quarantined);
    if let (Answer::Resolved(results), Some(kind), true) = (&answer, kind, is_file_request(row))
        && let Some(&Value::I32(request)) = results.first()
    {
        context.shared.ports.wait(module, hash, request, kind);
        return Ok(Status::Ok);
    }
    let shape = kind.map_or(Shape::All, |kind| kind.shape);
    let result = result_of(answer, |values| arguments.data(row, values, shape), kind);
    context.shared.ports.answer(module, hash, result);
    Ok(if quarantined { Status::Quarantined } else { Status::Ok })
}

/// True for calls that would let messages nest in each other, or keep an object that a message cannot name.
fn nests(row: &SyscallInfo) -> bool {
    matches!(
        row.syscall,
        Syscall::KernelExec
            | Syscall::PortSend
            | Syscall::PortSendBytes
            | Syscall::PortTransfer
            | Syscall::FsReadBytes
    )
}

fn is_file_request(row: &SyscallInfo) -> bool {
    row.mode == Mode::Staged && row.domain == "fs"
}

fn result_of(
    answer: Answer,
    data: impl FnOnce(&[Value]) -> Item,
    kind: Option<&MessageType>,
) -> Result<Item, Failure> {
    match answer {
        Answer::Resolved(values) => Ok(data(&values)),
        Answer::Status(status) => Err(failure(status, kind)),
        Answer::Trap(trap, message) => Err(Failure::Trap(trap, message)),
    }
}

fn failure(status: Status, kind: Option<&MessageType>) -> Failure {
    let said = kind.and_then(|kind| kind.errors.iter().find(|(known, _)| *known == status));
    said.map_or_else(|| Failure::status(status), |(_, text)| Failure::Status(status, (*text).into()))
}

/// What a staged request of a module came to, for the message that waits for it; `None` while it is open.
pub(crate) fn settled(
    services: &mut Services,
    request: i32,
    kind: &'static MessageType,
) -> Option<Result<Item, Failure>> {
    files::settled(services, request, kind)
}
