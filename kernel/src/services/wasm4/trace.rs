//! The text of `tracef`.

use cartwheel_hostabi::{Span, SyscallTrap};

/// The bytes from an address up to the next 0. Traps if there is none before the end of memory.
pub(super) fn zero_terminated(memory: &[u8], address: u32) -> Result<&[u8], SyscallTrap> {
    let rest = memory.get(address as usize..).ok_or(SyscallTrap::OutOfBoundsSpan)?;
    let end = rest.iter().position(|&byte| byte == 0).ok_or(SyscallTrap::OutOfBoundsSpan)?;
    Ok(&rest[..end])
}

/// UTF-16 as UTF-8. Half a unit at the end is dropped, and what is no text becomes replacement characters.
pub(super) fn from_utf16(bytes: &[u8]) -> String {
    let units = bytes.as_chunks().0.iter().map(|&unit| u16::from_le_bytes(unit));
    char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

/// The text of a format and its arguments. It ends when it is longer than `max_bytes`, and what would follow is not looked at.
pub(super) fn format(
    memory: &[u8],
    format: u32,
    args: u32,
    max_bytes: usize,
) -> Result<Vec<u8>, SyscallTrap> {
    let mut args = Args { memory, next: args };
    let mut out = Vec::new();
    let mut format = zero_terminated(memory, format)?.iter();
    while let Some(&byte) = format.next() {
        if byte != b'%' {
            out.push(byte);
        } else {
            match format.next() {
                Some(b'c') => {
                    let character = char::from_u32(args.u32()?).unwrap_or(char::REPLACEMENT_CHARACTER);
                    out.extend(character.to_string().as_bytes());
                }
                Some(b'd') => out.extend((args.u32()? as i32).to_string().as_bytes()),
                Some(b'x') => out.extend(format!("{:x}", args.u32()?).as_bytes()),
                Some(b'f') => out.extend(f64::from_le_bytes(args.take()?).to_string().as_bytes()),
                Some(b's') => out.extend(zero_terminated(memory, args.u32()?)?),
                Some(b'%') => out.push(b'%'),
                // What is no conversion stays as it is written.
                Some(&other) => out.extend([b'%', other]),
                None => out.push(b'%'),
            }
        }
        if out.len() > max_bytes {
            break;
        }
    }
    Ok(out)
}

/// The arguments of a format, one behind the other.
struct Args<'m> {
    memory: &'m [u8],
    next: u32,
}

impl Args<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], SyscallTrap> {
        let bytes = Span { ptr: self.next, len: N as u32 }.of(self.memory)?;
        // The span is inside of memory, which ends at 4 GiB or before.
        self.next = self.next.wrapping_add(N as u32);
        Ok(bytes.try_into().expect("the span has that length"))
    }

    fn u32(&mut self) -> Result<u32, SyscallTrap> {
        self.take().map(u32::from_le_bytes)
    }
}
