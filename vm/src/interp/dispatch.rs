//! How one handler gives way to the next.
//!
//! All handlers have one signature whose arguments live in machine registers: the core, the instruction
//! pointer, the frame pointer, a free register (shifts want `rcx`), the cycle counter, an integer and a float
//! accumulator. With `threaded_dispatch` a handler ends by calling the next, whose address stands in the code;
//! the compiler makes a jump of it. Otherwise it leaves its registers in the core and returns [`GO_ON`] to the
//! loop in [`run`]. `build.rs` decides; a test runs a long loop on a small stack to notice when jumps are lost.

use std::mem::MaybeUninit;

use super::core::Core;

/// The register that no handler uses; uninitialised, so that passing it on costs nothing.
pub(crate) type Free = MaybeUninit<u64>;

/// A handler. Returns why it stopped: see [`super::exit`].
#[cfg(target_arch = "x86_64")]
pub(crate) type Handler =
    unsafe extern "sysv64" fn(*mut Core, *const u64, *mut u64, Free, i64, u64, f64) -> u64;
/// A handler. Returns why it stopped: see [`super::exit`].
#[cfg(not(target_arch = "x86_64"))]
pub(crate) type Handler = unsafe extern "C" fn(*mut Core, *const u64, *mut u64, Free, i64, u64, f64) -> u64;

/// Result of a handler that wants the loop to call the next one.
pub(crate) const GO_ON: u64 = 0;

/// Defines a handler: `handler!(name [generics] (core, ip, fp, cycles, acc, facc) { body })`.
#[cfg(target_arch = "x86_64")]
macro_rules! handler {
    ($(#[$meta:meta])* $name:ident [$($generics:tt)*]
        ($core:ident, $ip:ident, $fp:ident, $cycles:ident, $acc:ident, $facc:ident) $body:block) => {
        $(#[$meta])*
        #[allow(unused_mut, unused_variables, unused_assignments)]
        pub(crate) unsafe extern "sysv64" fn $name<$($generics)*>(
            $core: *mut $crate::interp::core::Core,
            $ip: *const u64,
            mut $fp: *mut u64,
            _: $crate::interp::dispatch::Free,
            mut $cycles: i64,
            mut $acc: u64,
            mut $facc: f64,
        ) -> u64 {
            // SAFETY: handlers run only on code that `prepare` made of a verified function, with a frame of that
            // function at `fp`; see the invariants in `interp/mod.rs`.
            unsafe { $body }
        }
    };
}
#[cfg(not(target_arch = "x86_64"))]
macro_rules! handler {
    ($(#[$meta:meta])* $name:ident [$($generics:tt)*]
        ($core:ident, $ip:ident, $fp:ident, $cycles:ident, $acc:ident, $facc:ident) $body:block) => {
        $(#[$meta])*
        #[allow(unused_mut, unused_variables, unused_assignments)]
        pub(crate) unsafe extern "C" fn $name<$($generics)*>(
            $core: *mut $crate::interp::core::Core,
            $ip: *const u64,
            mut $fp: *mut u64,
            _: $crate::interp::dispatch::Free,
            mut $cycles: i64,
            mut $acc: u64,
            mut $facc: f64,
        ) -> u64 {
            // SAFETY: as above.
            unsafe { $body }
        }
    };
}

/// Goes on with the handler at `$ip`.
#[cfg(threaded_dispatch)]
macro_rules! go {
    ($core:ident, $ip:expr, $fp:expr, $cycles:expr, $acc:expr, $facc:expr) => {{
        let ip: *const u64 = $ip;
        let next = std::mem::transmute::<u64, $crate::interp::dispatch::Handler>(*ip);
        return next($core, ip, $fp, std::mem::MaybeUninit::uninit(), $cycles, $acc, $facc);
    }};
}
#[cfg(not(threaded_dispatch))]
macro_rules! go {
    ($core:ident, $ip:expr, $fp:expr, $cycles:expr, $acc:expr, $facc:expr) => {{
        (*$core).ip = $ip;
        (*$core).fp = $fp;
        (*$core).cycles = $cycles;
        (*$core).acc = $acc;
        (*$core).facc = $facc;
        return $crate::interp::dispatch::GO_ON;
    }};
}

/// Goes on as another handler, at the same place.
macro_rules! jump {
    ($handler:expr, $core:ident, $ip:expr, $fp:expr, $cycles:expr, $acc:expr, $facc:expr) => {
        return $handler($core, $ip, $fp, std::mem::MaybeUninit::uninit(), $cycles, $acc, $facc)
    };
}

/// Leaves the machine with a reason, at `$ip`.
macro_rules! exit {
    ($core:ident, $ip:expr, $fp:expr, $cycles:expr, $why:expr) => {{
        (*$core).ip = $ip;
        (*$core).fp = $fp;
        (*$core).cycles = $cycles;
        return $why;
    }};
}

pub(crate) use {exit, go, handler, jump};

/// Runs from the registers in `core` until a handler stops, and says why.
///
/// # Safety
///
/// The core's `ip` and `fp` are those of a prepared function and its frame.
pub(crate) unsafe fn run(core: *mut Core) -> u64 {
    // SAFETY: the caller's promise; handlers keep it.
    unsafe {
        loop {
            let Core { ip, fp, cycles, acc, facc, .. } = &*core;
            let (ip, fp, cycles, acc, facc) = (*ip, *fp, *cycles, *acc, *facc);
            let handler = std::mem::transmute::<u64, Handler>(*ip);
            let why = handler(core, ip, fp, MaybeUninit::uninit(), cycles, acc, facc);
            if why != GO_ON {
                return why;
            }
        }
    }
}
