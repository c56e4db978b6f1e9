//! The rows of the domain `wasm4`.

use cartwheel_hostabi::{Call, Fault, Span, SpanMut, SyscallTrap, handlers};

use super::Wasm4;
use super::memory::{DrawColours, Memory};
use super::screen::Screen;
use super::sprite::Blit;
use super::text::Text;
use super::{disk, shapes, trace};
use crate::services::Context;
use crate::services::log::{LOG_BYTES_PER_FRAME, LogLevel};

impl Context<'_> {
    fn wasm4(&mut self) -> Result<&mut Wasm4, Fault> {
        let missing = || Fault::Panic("a WASM-4 call without its host, which loading rules out".to_owned());
        self.services.wasm4.as_mut().ok_or_else(missing)
    }

    /// Logs a line. What does not fit in the frame's quota is dropped: the original has no way to tell.
    fn trace(&mut self, text: &[u8]) {
        let _ = self.services.log.write(LogLevel::Info as i32, text);
    }
}

fn memory<'c>(call: &'c mut Call<'_>) -> Result<Memory<'c>, SyscallTrap> {
    Memory::new(call.memory_mut()).ok_or(SyscallTrap::OutOfBoundsSpan)
}

/// Draws, and counts as work what the drawing gives.
fn draw(call: &mut Call<'_>, shape: impl FnOnce(&mut Screen<'_>, DrawColours) -> u64) -> Result<(), Fault> {
    let mut memory = memory(call)?;
    let colours = memory.draw_colours();
    let work = shape(&mut Screen(memory.framebuffer()), colours);
    call.work(work);
    Ok(())
}

impl handlers::Wasm4 for Context<'_> {
    fn blit(
        &mut self,
        call: &mut Call<'_>,
        sprite: i32,
        x: i32,
        y: i32,
        width: i32,
        height: i32,
        flags: i32,
    ) -> Result<(), Fault> {
        self.blit_sub(call, sprite, x, y, width, height, 0, 0, width, flags)
    }

    fn blit_sub(
        &mut self,
        call: &mut Call<'_>,
        sprite: i32,
        x: i32,
        y: i32,
        width: i32,
        height: i32,
        src_x: i32,
        src_y: i32,
        stride: i32,
        flags: i32,
    ) -> Result<(), Fault> {
        let blit = Blit { sprite: sprite as u32, x, y, width, height, src_x, src_y, stride, flags };
        let pixels = blit.draw(&mut memory(call)?)?;
        call.work(pixels);
        Ok(())
    }

    fn diskr(&mut self, call: &mut Call<'_>, to: SpanMut) -> Result<i32, Fault> {
        let len = disk::read(self.root()?, call.span_mut(to)?);
        call.work(len as u64);
        Ok(len as i32)
    }

    fn diskw(&mut self, call: &mut Call<'_>, from: Span) -> Result<i32, Fault> {
        let len = disk::replace(self.root()?, call.span(from)?);
        call.work(len as u64);
        Ok(len as i32)
    }

    fn hline(&mut self, call: &mut Call<'_>, x: i32, y: i32, len: i32) -> Result<(), Fault> {
        draw(call, |screen, colours| shapes::hline(screen, colours, x, y, len))
    }

    fn line(&mut self, call: &mut Call<'_>, x1: i32, y1: i32, x2: i32, y2: i32) -> Result<(), Fault> {
        draw(call, |screen, colours| shapes::line(screen, colours, (x1, y1), (x2, y2)))
    }

    fn oval(&mut self, call: &mut Call<'_>, x: i32, y: i32, width: i32, height: i32) -> Result<(), Fault> {
        draw(call, |screen, colours| shapes::oval(screen, colours, (x, y), (width, height)))
    }

    fn rect(&mut self, call: &mut Call<'_>, x: i32, y: i32, width: i32, height: i32) -> Result<(), Fault> {
        draw(call, |screen, colours| shapes::rect(screen, colours, (x, y), (width, height)))
    }

    fn text(&mut self, call: &mut Call<'_>, text: i32, x: i32, y: i32) -> Result<(), Fault> {
        let start = text as u32;
        let units = trace::zero_terminated(call.memory(), start)?.len();
        let text = Text { start: start as usize, units, unit_bytes: 1 };
        text.draw(&mut memory(call)?, &self.wasm4()?.font, x, y);
        call.work(units as u64);
        Ok(())
    }

    fn text_utf16(&mut self, call: &mut Call<'_>, text: Span, x: i32, y: i32) -> Result<(), Fault> {
        let units = Text { start: text.ptr as usize, units: text.len as usize / 2, unit_bytes: 2 };
        units.draw(&mut memory(call)?, &self.wasm4()?.font, x, y);
        call.work(text.len.into());
        Ok(())
    }

    fn text_utf8(&mut self, call: &mut Call<'_>, text: Span, x: i32, y: i32) -> Result<(), Fault> {
        let units = Text { start: text.ptr as usize, units: text.len as usize, unit_bytes: 1 };
        units.draw(&mut memory(call)?, &self.wasm4()?.font, x, y);
        call.work(text.len.into());
        Ok(())
    }

    fn tone(
        &mut self,
        _: &mut Call<'_>,
        frequency: i32,
        duration: i32,
        volume: i32,
        flags: i32,
    ) -> Result<(), Fault> {
        self.wasm4()?.apu.tone(frequency as u32, duration as u32, volume as u32, flags as u32);
        Ok(())
    }

    fn trace(&mut self, call: &mut Call<'_>, text: i32) -> Result<(), Fault> {
        let text = trace::zero_terminated(call.memory(), text as u32)?;
        Context::trace(self, text);
        let len = text.len() as u64;
        call.work(len);
        Ok(())
    }

    fn trace_utf16(&mut self, call: &mut Call<'_>, text: Span) -> Result<(), Fault> {
        Context::trace(self, trace::from_utf16(call.span(text)?).as_bytes());
        call.work(text.len.into());
        Ok(())
    }

    fn trace_utf8(&mut self, call: &mut Call<'_>, text: Span) -> Result<(), Fault> {
        Context::trace(self, call.span(text)?);
        call.work(text.len.into());
        Ok(())
    }

    fn tracef(&mut self, call: &mut Call<'_>, format: i32, args: i32) -> Result<(), Fault> {
        let max = LOG_BYTES_PER_FRAME as usize;
        let text = trace::format(call.memory(), format as u32, args as u32, max)?;
        Context::trace(self, &text);
        call.work(text.len() as u64);
        Ok(())
    }

    fn vline(&mut self, call: &mut Call<'_>, x: i32, y: i32, len: i32) -> Result<(), Fault> {
        draw(call, |screen, colours| shapes::vline(screen, colours, x, y, len))
    }
}
