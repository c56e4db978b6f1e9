//! `cartwheel call`.

use std::time::Instant;

use cartwheel_bytecode::cartridge::ExportItem;
use cartwheel_bytecode::{Cartridge, ValType};
use cartwheel_runtime::{CallEnd, CallReport, Caller, Config};
use serde_json::{Value, json};

use crate::cli::CallArgs;
use crate::failure::{Exit, Failure};
use crate::summary::grouped;
use crate::{print, project};

/// Calls an exported function.
pub fn run(args: &CallArgs) -> Result<Exit, Failure> {
    let loaded = project::load(&args.program)?;
    let path = loaded.path.clone();
    let failed = |message: String| Failure::file(&path, message);
    let program = loaded.verify()?;
    let cart = program.cartridge();
    let func = exported(cart, &args.export).map_err(failed)?;
    let signature = &cart.types[cart.functions[func as usize].sig as usize];
    let cells = arguments(&signature.params, &args.args)
        .map_err(|message| failed(format!("`{}` {signature}: {message}", args.export)))?;
    let slice = args.slice.unwrap_or(cart.manifest.cycles_per_frame);

    let config = Config { seed: args.seed, ..Config::default() };
    let mut caller = Caller::new(program.clone(), &config).map_err(|e| Failure::file(&path, e))?;
    for &start in cart.manifest.entry.starts.iter().take_while(|&&start| start != func) {
        let report = caller.call(start, &[], slice)?;
        if !matches!(report.end, CallEnd::Returned(_)) {
            return Ok(ended(&cart.function_name(start), &report.end));
        }
    }
    #[expect(clippy::disallowed_methods, reason = "the clock is for the wall time only")]
    let started = Instant::now();
    let report = caller.call(func, &cells, slice)?;
    let nanoseconds = u64::try_from(started.elapsed().as_nanos()).unwrap_or(u64::MAX);
    let CallEnd::Returned(results) = &report.end else { return Ok(ended(&args.export, &report.end)) };
    show(args, &signature.results, results, &report, nanoseconds)?;
    Ok(Exit::Fine)
}

fn show(
    args: &CallArgs,
    types: &[ValType],
    cells: &[u64],
    report: &CallReport,
    nanoseconds: u64,
) -> Result<(), Failure> {
    let results: Vec<Value> = types.iter().zip(cells).map(|(&ty, &cell)| value(ty, cell)).collect();
    if args.json {
        let CallReport { cycles, slices, .. } = report;
        let all =
            json!({ "results": results, "cycles": cycles, "slices": slices, "nanoseconds": nanoseconds });
        return print::stdout(&format!("{all:#}\n"));
    }
    let texts: Vec<String> = types.iter().zip(cells).map(|(&ty, &cell)| text(ty, cell)).collect();
    print::stdout(&format!(
        "results      {}\ncycles       {}\nslices       {}\nwall time    {}.{:03} ms\n",
        if texts.is_empty() { "none".to_owned() } else { texts.join(" ") },
        grouped(report.cycles),
        grouped(report.slices),
        grouped(nanoseconds / 1_000_000),
        nanoseconds / 1_000 % 1_000,
    ))
}

/// Says on standard error how else than by returning a function ended.
fn ended(name: &str, end: &CallEnd) -> Exit {
    match end {
        CallEnd::Trapped(trap) => {
            print::error(&format!("`{name}`: {trap}"));
            Exit::Trapped
        }
        CallEnd::Halted(code) => {
            print::stderr(&format!("`{name}` halted with code {code}\n"));
            Exit::Halted(*code)
        }
        CallEnd::Returned(_) => Exit::Fine,
    }
}

fn exported(cart: &Cartridge, name: &str) -> Result<u32, String> {
    if let Some(func) = cart.exported_function(name) {
        return Ok(func);
    }
    let functions = cart.exports.iter().filter(|export| matches!(export.item, ExportItem::Func(_)));
    let names: Vec<&str> = functions.map(|export| export.name.as_str()).collect();
    Err(match names.as_slice() {
        [] => format!("there is no exported function `{name}`, nor any other"),
        _ => format!("there is no exported function `{name}`; there are: {}", names.join(", ")),
    })
}

/// The cells of arguments given as text.
fn arguments(types: &[ValType], args: &[String]) -> Result<Vec<u64>, String> {
    if types.len() != args.len() {
        return Err(format!("{} arguments are needed, {} are given", types.len(), args.len()));
    }
    let cells = types.iter().zip(args).map(|(&ty, arg)| {
        cell(ty, arg).ok_or_else(|| format!("`{arg}` is no argument of type {}", ty.name()))
    });
    cells.collect()
}

fn cell(ty: ValType, arg: &str) -> Option<u64> {
    match ty {
        ValType::I32 => {
            let value = integer(arg)?;
            let signed = i32::try_from(value).map(|value| value as u32);
            signed.or_else(|_| u32::try_from(value)).ok().map(u64::from)
        }
        ValType::I64 => {
            let value = integer(arg)?;
            i64::try_from(value).map(|value| value as u64).or_else(|_| u64::try_from(value)).ok()
        }
        ValType::F32 => arg.parse().ok().map(|value: f32| value.to_bits().into()),
        ValType::F64 => arg.parse().ok().map(|value: f64| value.to_bits()),
        ValType::Func | ValType::Handle => (arg == "null").then_some(0),
    }
}

/// A decimal number, or one in base 16 behind `0x`.
fn integer(arg: &str) -> Option<i128> {
    let (negative, digits) = arg.strip_prefix('-').map_or((false, arg), |digits| (true, digits));
    let value = match digits.strip_prefix("0x") {
        Some(digits) => i128::from(u64::from_str_radix(digits, 16).ok()?),
        None => i128::from(digits.parse::<u64>().ok()?),
    };
    Some(if negative { -value } else { value })
}

fn text(ty: ValType, cell: u64) -> String {
    match ty {
        ValType::I32 => (cell as i32).to_string(),
        ValType::I64 => (cell as i64).to_string(),
        ValType::F32 => f32::from_bits(cell as u32).to_string(),
        ValType::F64 => f64::from_bits(cell).to_string(),
        ValType::Func | ValType::Handle if cell == 0 => "null".to_owned(),
        ValType::Func => format!("func {}", cell - 1),
        ValType::Handle => format!("handle {cell}"),
    }
}

/// A number where JSON has one for it, else its text.
fn value(ty: ValType, cell: u64) -> Value {
    let text = text(ty, cell);
    match ty {
        ValType::I32 => json!(cell as i32),
        ValType::I64 => json!(cell as i64),
        // The shortest text that means the same float, also for the narrow ones.
        ValType::F32 | ValType::F64 => match text.parse::<f64>() {
            Ok(value) if value.is_finite() => json!(value),
            _ => json!(text),
        },
        ValType::Func | ValType::Handle => {
            if cell == 0 {
                Value::Null
            } else {
                json!(text)
            }
        }
    }
}
