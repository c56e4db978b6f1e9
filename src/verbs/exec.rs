//! `cartwheel exec`.

use std::fmt::Write;

use cartwheel_hostabi::cbor::{self, Item, MAX_MESSAGE_BYTES};
use cartwheel_hostabi::{ParamInfo, Status, SyscallInfo, Verdict, resolve, retired};
use cartwheel_runtime::policy::{Policy, Trust, TrustLevel};
use cartwheel_runtime::{Answer, HOST_CALLER_NAME, HostCaller, NotSent, Value};
use serde_json::{Map, json};

use crate::cli::ExecArgs;
use crate::failure::{Exit, Failure};
use crate::{messages, policies, print};

/// Largest span that can be asked for.
const MAX_SPAN_BYTES: u32 = 16 * 1024 * 1024;

/// Arguments of a call, and the memory that their spans are in.
#[derive(Default)]
struct Prepared {
    values: Vec<Value>,
    memory: Vec<u8>,
    /// Spans that the call may write: name, place, length.
    written: Vec<(&'static str, usize, usize)>,
}

/// Calls a syscall on a machine without a guest, or sends messages to its kernel.
pub fn run(args: &ExecArgs) -> Result<Exit, Failure> {
    let rules = args.policy.as_deref().map(policies::read).transpose()?.unwrap_or_else(Policy::built_in);
    match &args.id {
        Some(id) => call(id, args, &rules),
        None => send(&requests(args)?, args, &rules),
    }
}

/// The messages that are to be sent.
fn requests(args: &ExecArgs) -> Result<Vec<Vec<u8>>, Failure> {
    if let Some(path) = &args.messages {
        let requests = messages::lines(path, true)?;
        if requests.is_empty() {
            return Err(messages::failure(path, "there is no message in it"));
        }
        return Ok(requests);
    }
    let request = |(i, text): (usize, &String)| match text.as_str() {
        "-" => Err(Failure::new("--message takes a message; --messages - reads them from standard input")),
        text => messages::of_json(text).map_err(|e| {
            let which = if args.message.len() > 1 { format!(" {}", i + 1) } else { String::new() };
            Failure::new(format!("--message{which}: {e}"))
        }),
    };
    args.message.iter().enumerate().map(request).collect()
}

/// Sends messages to the kernel one after the other and prints the answers.
fn send(requests: &[Vec<u8>], args: &ExecArgs, policy: &Policy) -> Result<Exit, Failure> {
    let mut caller = host_caller(policy.clone(), MAX_MESSAGE_BYTES)?;
    let mut exit = Exit::Fine;
    for request in requests {
        let answer = caller.exchange(request).map_err(|why| not_sent(why, args, policy))?;
        let answer = cbor::decode(&answer).unwrap_or(Item::NULL);
        exit = match answer.get("class").and_then(Item::as_text) {
            Some("trap") => Exit::Trapped,
            Some("message") => Exit::Usage,
            _ => exit,
        };
        print::stdout(&format!("{}\n", cbor::to_json(&answer)))?;
    }
    Ok(exit)
}

fn not_sent(why: NotSent, args: &ExecArgs, policy: &Policy) -> Failure {
    match why {
        NotSent::Status(status) => {
            let verdict = match status {
                Status::Denied => Some(Verdict::Deny),
                Status::Quarantined => Some(Verdict::Quarantine),
                _ => None,
            };
            let by = verdict
                .zip(resolve("port.send"))
                .map(|(verdict, row)| format!(" That is {}.", refused_by(args, policy, row, verdict)));
            Failure::new(format!(
                "`port.send` by module `{HOST_CALLER_NAME}` came back with {}: {}{}",
                status.name(),
                status.doc(),
                by.unwrap_or_default()
            ))
        }
        NotSent::Trap(message) => Failure { message: format!("`port.send`: {message}"), exit: Exit::Trapped },
        NotSent::Fault(fault) => Failure { message: fault.to_string(), exit: Exit::Panicked },
    }
}

/// The policy and the rule in it that refused a call of a syscall. A rule is named if only one can have been it.
fn refused_by(args: &ExecArgs, policy: &Policy, row: &SyscallInfo, verdict: Verdict) -> String {
    let file = match &args.policy {
        Some(path) => path.display().to_string(),
        None => "the built-in policy".to_owned(),
    };
    let trust = Trust::new(TrustLevel::Unverified);
    let explained = policy.explain(HOST_CALLER_NAME, HOST_CALLER_NAME, &trust, row);
    let mut reasons: Vec<_> = explained.cases.iter().filter(|case| case.1 == verdict).collect();
    match (reasons.pop(), reasons.is_empty()) {
        (Some((_, _, reason)), true) => format!("{file}: {}", policy.describe(*reason)),
        _ => file,
    }
}

fn host_caller(policy: Policy, memory_bytes: usize) -> Result<HostCaller, Failure> {
    HostCaller::new(policy, memory_bytes)
        .map_err(|errors| Failure { message: format!("{errors:?}"), exit: Exit::Panicked })
}

fn call(id: &str, args: &ExecArgs, policy: &Policy) -> Result<Exit, Failure> {
    let row = resolve(id).ok_or_else(|| match retired(id) {
        Some(entry) => Failure::new(format!("`{id}` is retired: {}", entry.note)),
        None => Failure::new(format!("no syscall is called `{id}`")),
    })?;
    if args.args.len() != row.params.len() {
        return Err(Failure::new(format!("{} takes {}; {} given", row.id, usage(row), args.args.len())));
    }
    let mut prepared = Prepared::default();
    for (param, arg) in row.params.iter().zip(&args.args) {
        prepared.add(param, arg).map_err(|e| Failure::new(format!("`{}` of {}: {e}", param.name, row.id)))?;
    }
    let mut caller = host_caller(policy.clone(), prepared.memory.len())?;
    caller.memory_mut().copy_from_slice(&prepared.memory);
    let answered = caller
        .call(row.id, &prepared.values)
        .map_err(|fault| Failure { message: fault.to_string(), exit: Exit::Panicked })?;
    let record = caller.take_records().pop();
    let names = row.results.iter().skip(usize::from(row.has_status())).map(|result| result.name);
    let results: Vec<(&str, &Value)> = match &answered.answer {
        Answer::Resolved(values) => names.zip(values).collect(),
        Answer::Status(_) | Answer::Trap(..) => Vec::new(),
    };
    let trap = match &answered.answer {
        Answer::Trap(_, message) => Some(message.as_str()),
        Answer::Resolved(_) | Answer::Status(_) => None,
    };
    let verdict = record.and_then(|record| record.verdict);
    let refused = verdict.filter(|verdict| *verdict != Verdict::Allow);
    let refused = refused.map(|verdict| refused_by(args, policy, row, verdict));
    let verdict = verdict.map(|verdict| verdict.name());
    let status = answered.status.map(|status| status.name());
    let spans = prepared.written.iter().map(|&(name, at, len)| (name, &caller.memory()[at..at + len]));
    if args.json {
        let value = json!({
            "syscall": row.id,
            "transport": "host",
            "verdict": verdict,
            "refused_by": refused,
            "status": status,
            "trap": trap,
            "results": results.iter().map(|(name, value)| ((*name).to_owned(), as_json(value))).collect::<Map<_, _>>(),
            "spans": spans.map(|(name, bytes)| (name.to_owned(), json!(hex(bytes)))).collect::<Map<_, _>>(),
            "cycles": answered.cycles,
        });
        print::stdout(&format!("{value:#}\n"))?;
    } else {
        let mut out = String::new();
        let mut line = |name: &str, value: &str| {
            let _ = writeln!(out, "{name:<10}{value}");
        };
        line("syscall", row.id);
        line("verdict", verdict.unwrap_or("none: the arguments are not valid"));
        if let Some(refused) = &refused {
            line("refused", &format!("by {refused}"));
        }
        if let Some(status) = status {
            line("status", status);
        }
        if let Some(trap) = trap {
            line("trap", trap);
        }
        results.iter().for_each(|(name, value)| line(name, &as_text(value)));
        spans.for_each(|(name, bytes)| line(name, &readable(bytes)));
        line("cycles", &answered.cycles.to_string());
        print::stdout(&out)?;
    }
    Ok(if trap.is_some() { Exit::Trapped } else { Exit::Fine })
}

/// Parameters as they are given on the command line.
fn usage(row: &SyscallInfo) -> String {
    if row.params.is_empty() {
        return "no arguments".to_owned();
    }
    let param = |param: &ParamInfo| match param.kind {
        "span" | "bytes" => format!("{}: text, or hex:DIGITS", param.name),
        "span_mut" => format!("{}: length in bytes", param.name),
        "handle" => format!("{}: text, hex:DIGITS or null", param.name),
        kind => format!("{}: {kind}", param.name),
    };
    row.params.iter().map(param).collect::<Vec<_>>().join(", ")
}

impl Prepared {
    fn add(&mut self, param: &ParamInfo, arg: &str) -> Result<(), String> {
        let value = match param.kind {
            "i32" => Value::I32(integer(arg, i32::MIN.into(), u32::MAX.into())? as i32),
            "i64" => Value::I64(integer(arg, i64::MIN.into(), u64::MAX.into())? as i64),
            "f32" => Value::F32(arg.parse::<f32>().map_err(|e| e.to_string())?.to_bits()),
            "f64" => Value::F64(arg.parse::<f64>().map_err(|e| e.to_string())?.to_bits()),
            "span" => {
                let bytes = contents(arg)?;
                self.span(&bytes);
                return Ok(());
            }
            "span_mut" => {
                let len = integer(arg, 0, MAX_SPAN_BYTES.into())? as usize;
                self.written.push((param.name, self.memory.len(), len));
                self.span(&vec![0; len]);
                return Ok(());
            }
            "handle" if arg == "null" => Value::Null,
            _ => Value::Bytes(contents(arg)?),
        };
        self.values.push(value);
        Ok(())
    }

    fn span(&mut self, bytes: &[u8]) {
        self.values.push(Value::I32(self.memory.len() as i32));
        self.values.push(Value::I32(bytes.len() as i32));
        self.memory.extend(bytes);
    }
}

fn integer(arg: &str, min: i128, max: i128) -> Result<i128, String> {
    let (negative, digits) = arg.strip_prefix('-').map_or((false, arg), |digits| (true, digits));
    let parsed = match digits.strip_prefix("0x") {
        Some(hex) => i128::from_str_radix(hex, 16),
        None => digits.parse(),
    };
    let value = parsed.ok().filter(|value| *value >= 0).map(|value| if negative { -value } else { value });
    value
        .filter(|value| (min..=max).contains(value))
        .ok_or_else(|| format!("`{arg}` is no whole number from {min} to {max}"))
}

fn contents(arg: &str) -> Result<Vec<u8>, String> {
    let Some(digits) = arg.strip_prefix("hex:") else { return Ok(arg.as_bytes().to_vec()) };
    let wrong = || format!("`{arg}` has no pairs of hexadecimal digits behind `hex:`");
    let pairs = digits.as_bytes().chunks(2).map(|pair| {
        let pair = std::str::from_utf8(pair).ok().filter(|p| p.len() == 2 && !p.starts_with('+'));
        pair.and_then(|pair| u8::from_str_radix(pair, 16).ok())
    });
    pairs.collect::<Option<_>>().ok_or_else(wrong)
}

fn as_json(value: &Value) -> serde_json::Value {
    match value {
        Value::I32(value) => json!(value),
        Value::I64(value) => json!(value),
        Value::F32(bits) => json!(f32::from_bits(*bits)),
        Value::F64(bits) => json!(f64::from_bits(*bits)),
        Value::Bytes(bytes) => json!(hex(bytes)),
        Value::Null => json!(null),
    }
}

fn as_text(value: &Value) -> String {
    match value {
        Value::I32(value) => value.to_string(),
        Value::I64(value) => value.to_string(),
        Value::F32(bits) => f32::from_bits(*bits).to_string(),
        Value::F64(bits) => f64::from_bits(*bits).to_string(),
        Value::Bytes(bytes) => readable(bytes),
        Value::Null => "null".to_owned(),
    }
}

/// Text in quotes up to the zeros behind it, if it is text, or else hexadecimal digits.
fn readable(bytes: &[u8]) -> String {
    let end = bytes.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
    match std::str::from_utf8(&bytes[..end]) {
        Ok(text) if !text.chars().any(char::is_control) => format!("{text:?}"),
        _ => format!("hex:{}", hex(bytes)),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
