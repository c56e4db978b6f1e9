//! What a syscall costs.

use std::fmt;

/// What the amount of work of a syscall is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unit {
    /// Pixels of the surface that the call looked at after clipping.
    Pixel,
    /// Rows of the surface in which clipping leaves something of the shape and what it encloses.
    Row,
    /// Bytes read or written.
    Byte,
    /// Rounds of the shape's scan.
    Round,
}

/// Cost formula of a syscall: `base + ceil(amount * cycles / units)`.
///
/// `base` is charged by every call, a trapping one too; the rest when the work has been done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Cost {
    /// Cycles of any call.
    pub base: u32,
    /// Cycles per number of units, if the cost depends on the amount of work.
    pub rate: Option<(u32, u32, Unit)>,
}

impl Cost {
    /// Cycles of a call that did `amount` units of work.
    #[inline]
    pub const fn cycles(self, amount: u64) -> u64 {
        match self.rate {
            None => self.base as u64,
            Some((cycles, units, _)) => {
                (self.base as u64).saturating_add(amount.saturating_mul(cycles as u64).div_ceil(units as u64))
            }
        }
    }
}

/// Writes `20 + pixels/16`.
impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.base)?;
        let Some((cycles, units, unit)) = self.rate else { return Ok(()) };
        let unit = match unit {
            Unit::Pixel => "pixels",
            Unit::Row => "rows",
            Unit::Byte => "bytes",
            Unit::Round => "rounds",
        };
        f.write_str(" + ")?;
        if cycles != 1 {
            write!(f, "{cycles}·")?;
        }
        f.write_str(unit)?;
        if units != 1 { write!(f, "/{units}") } else { Ok(()) }
    }
}

/// When a syscall's effect is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// When the call returns.
    Immediate,
    /// The call issues a request; its result is published at a later frame boundary.
    Staged,
}

impl Mode {
    /// Name in the chapter on syscalls.
    pub const fn name(self) -> &'static str {
        match self {
            Mode::Immediate => "immediate",
            Mode::Staged => "staged",
        }
    }
}
