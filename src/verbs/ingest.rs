//! `cartwheel ingest`.

use std::path::Path;
use std::sync::Arc;

use cartwheel_runtime::host::{MAX_FETCH_BYTES, Store, os::Folder};
use cartwheel_runtime::ingest::{KeyRing, Known, Refused, Vouched};
use cartwheel_runtime::{Config, Machine, ModuleSetup, Program};
use serde_json::json;

use crate::cli::IngestArgs;
use crate::failure::{Exit, Failure};
use crate::keys::hex;
use crate::project::{self, Loaded};
use crate::summary::grouped;
use crate::verbs::verify::vouched_line;
use crate::{files, policies, print, signatures};

/// Brings a cartridge into a store, phase by phase.
pub fn run(args: &IngestArgs) -> Result<Exit, Failure> {
    let failed =
        |phase: &str, why: &dyn std::fmt::Display| Failure::file(&args.cartridge, format!("{phase}: {why}"));
    // The keys and the store first: without them there is nothing to begin with.
    let ring = signatures::ring(&args.ring)?;
    let policy = args.policy.as_deref().map(policies::read).transpose()?;
    let mut store = open(&args.store)?;
    let mut report = Report { quiet: args.quiet || args.json };

    if !args.cartridge.is_dir() {
        files::read(&args.cartridge).map_err(|e| in_phase("fetch", e))?;
    }
    let mut loaded = project::load_declaring(&args.cartridge, args.declare.as_deref())
        .map_err(|e| in_phase("validate", e))?;
    signatures::attach(&mut loaded)?;
    let bytes = loaded.cart.to_bytes();
    if bytes.len() as u64 > MAX_FETCH_BYTES {
        let most = grouped(MAX_FETCH_BYTES);
        return Err(failed("fetch", &format!("the cartridge has more than {most} bytes")));
    }
    report
        .phase("fetch", &format!("{} bytes from {}", grouped(bytes.len() as u64), loaded.path.display()))?;

    let content = loaded.cart.content_hash();
    let vouched =
        decide(&loaded, args.hash, ring.as_ref(), &mut store).map_err(|e| failed("validate", &e))?;
    report.phase("validate", &vouched_line(&vouched))?;

    let program = load(loaded, &vouched, policy).map_err(|e| failed("load", &e.message))?;
    let capabilities = program.cartridge().manifest.capabilities.join(", ");
    let needs = if capabilities.is_empty() { "nothing".to_owned() } else { capabilities };
    report.phase("load", &format!("it can run here, and needs {needs}"))?;

    let new = adopt(&mut store, &program, &vouched).map_err(|e| failed("adopt", &e))?;
    let place = args.store.join("carts").join(format!("{}.cart", hex(&content)));
    let there = if new { "" } else { ", where it was already" };
    report.phase("adopt", &format!("{}{there}", place.display()))?;
    if args.json {
        let release = vouched.release.as_ref();
        let shown = json!({
            "content_hash": hex(&content),
            "level": vouched.level.name(),
            "origin": vouched.origin,
            "key": vouched.key,
            "release": release.map(|release| json!({ "name": release.name, "version": release.version })),
            "file": place,
            "new": new,
        });
        print::stdout(&format!("{shown:#}\n"))?;
    }
    Ok(Exit::Fine)
}

/// The failure of a phase, which its message begins with.
fn in_phase(phase: &str, failure: Failure) -> Failure {
    Failure { message: format!("{phase}: {}", failure.message), ..failure }
}

/// Opens a store, which is made if it is not there.
pub fn open(path: &Path) -> Result<Store, Failure> {
    let store = Folder::open(path).and_then(|folder| Store::open(Box::new(folder)));
    store.map_err(|e| Failure::file(path, format!("not a store of cartridges: {e}")))
}

fn decide(
    loaded: &Loaded,
    pinned: Option<[u8; 32]>,
    ring: Option<&KeyRing>,
    store: &mut Store,
) -> Result<Vouched, String> {
    let content = loaded.cart.content_hash();
    if let Some(pinned) = pinned.filter(|pinned| *pinned != content) {
        return Err(Refused::OtherThanPinned { pinned, content }.to_string());
    }
    let known: Vec<Known> = store.releases().map_err(|e| format!("the store: {e}"))?;
    signatures::vouch(&loaded.cart, ring, &known).map_err(|e| e.to_string())
}

/// Everything that loading it into a machine would find.
fn load(
    loaded: Loaded,
    vouched: &Vouched,
    policy: Option<cartwheel_runtime::policy::Policy>,
) -> Result<Arc<Program>, Failure> {
    let program = loaded.verify()?;
    let mut machine = Machine::new(Config::default());
    if let Some(policy) = policy {
        machine.set_policy(policy);
    }
    let loaded = machine.load_vouched(program.clone(), vouched.clone(), ModuleSetup::default());
    loaded.map_err(|e| Failure::new(e.to_string()))?;
    Ok(program)
}

fn adopt(store: &mut Store, program: &Program, vouched: &Vouched) -> std::io::Result<bool> {
    let content = program.content_hash();
    // One that nobody vouches for does not take the place of the same one with a signature.
    let there = vouched.release.is_none() && store.get(&content, MAX_FETCH_BYTES).is_ok();
    let new = !there && store.put(&content, &program.cartridge().to_bytes())?;
    if let Some(release) = &vouched.release {
        store.set_latest(release)?;
    }
    Ok(new)
}

struct Report {
    quiet: bool,
}

impl Report {
    fn phase(&mut self, name: &str, said: &str) -> Result<(), Failure> {
        if self.quiet { Ok(()) } else { print::stdout(&format!("{name:<10}{said}\n")) }
    }
}
