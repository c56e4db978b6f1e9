//! The command `cartwheel`: one file per verb in `verbs/`, what they share beside it.

mod audit_log;
mod cli;
mod crowd;
mod divergence;
mod failure;
mod files;
mod keys;
mod live;
mod machine_file;
mod messages;
mod mounts;
mod outputs;
mod picture;
mod policies;
mod print;
mod project;
mod realtime;
mod reel;
mod session;
mod setup;
mod shrink;
mod signatures;
mod sound;
mod storage;
mod suggest;
mod summary;
mod tape;
mod traces;
mod verbs;
mod wasm4;
mod watch;
mod wishes;

use std::process::ExitCode;

use crate::cli::Verb;
use crate::failure::{Exit, Failure};

fn main() -> ExitCode {
    // Whatever panics here is a broken invariant of the host, like a panic of the machine.
    let outcome = std::panic::catch_unwind(run).unwrap_or(Ok(Exit::Panicked));
    match outcome {
        Ok(exit) => exit.into(),
        Err(failure) => {
            print::error(&failure.message);
            failure.exit.into()
        }
    }
}

fn run() -> Result<Exit, Failure> {
    let cli = match cli::parse() {
        Ok(cli) => cli,
        Err(e) if e.use_stderr() => {
            print::stderr(&e.render().to_string());
            return Ok(Exit::Usage);
        }
        // Help and version.
        Err(e) => {
            print::stdout(&e.render().to_string())?;
            return Ok(Exit::Fine);
        }
    };
    match cli.verb {
        Verb::New(args) => verbs::new::run(&args),
        Verb::Asm(args) => verbs::asm::run(&args),
        Verb::Disasm(args) => verbs::disasm::run(&args),
        Verb::Info(args) => verbs::info::run(&args),
        Verb::Run(args) => outputs::check_run(&args).and_then(|()| verbs::run::run(&args)),
        Verb::Audit(args) => verbs::audit::run(&args),
        Verb::Syscalls(args) => verbs::syscalls::run(&args),
        Verb::Policy { verb } => verbs::policy::run(&verb),
        Verb::Exec(args) => verbs::exec::run(&args),
        Verb::Call(args) => verbs::call::run(&args),
        Verb::Replay(args) => outputs::check_replay(&args).and_then(|()| verbs::replay::run(&args)),
        Verb::Trace(verb) => verbs::trace::run(&verb),
        Verb::Verify(args) => verbs::verify::run(&args),
        Verb::Keygen(args) => verbs::keygen::run(&args),
        Verb::Sign(args) => verbs::sign::run(&args),
        Verb::Ingest(args) => verbs::ingest::run(&args),
        Verb::Profile(args) => verbs::profile::run(&args),
        Verb::Certify(args) => verbs::certify::run(&args),
        Verb::Completions(args) => verbs::completions::run(&args),
    }
}
