//! Calls about completion. What they work on is in `kernel/src/completion/`.

use cartwheel_hostabi::{Call, Fault, Span, SpanMut, Status, handlers};

use super::Context;
use crate::completion::{Completions, MAX_COMPLETION_BYTES};
use crate::shared::Shared;

impl Context<'_> {
    fn completions(&mut self) -> (&mut Completions, u32) {
        (&mut self.shared.completions, self.caller.id.0)
    }
}

fn done(result: Result<(), Status>) -> Status {
    result.err().unwrap_or(Status::Ok)
}

impl handlers::Completion for Context<'_> {
    fn answer(&mut self, call: &mut Call<'_>, request: i32, completion: Span) -> Result<Status, Fault> {
        let (completions, module) = self.completions();
        let status = done(completions.answer(module, request, Some(call.span(completion)?)));
        if completion.len as usize <= MAX_COMPLETION_BYTES {
            call.work(completion.len.into());
        }
        Ok(status)
    }

    fn close(&mut self, _: &mut Call<'_>, completion: i32) -> Result<Status, Fault> {
        let (completions, module) = self.completions();
        Ok(done(completions.close(module, completion)))
    }

    fn open(&mut self, _: &mut Call<'_>) -> Result<(Status, i32), Fault> {
        let (module, Shared { completions, quotas, .. }) = (self.caller.id.0, &mut *self.shared);
        Ok(completions
            .open(module, quotas.of(module))
            .map_or_else(|status| (status, 0), |number| (Status::Ok, number)))
    }

    fn provide(&mut self, call: &mut Call<'_>, prefix: Span) -> Result<Status, Fault> {
        let (module, Shared { completions, quotas, .. }) = (self.caller.id.0, &mut *self.shared);
        Ok(done(completions.provide(module, call.span(prefix)?, quotas.of(module))))
    }

    fn read(
        &mut self,
        call: &mut Call<'_>,
        completion: i32,
        buffer: SpanMut,
    ) -> Result<(Status, i32), Fault> {
        let (completions, module) = self.completions();
        let bytes = match completions.read(module, completion) {
            Ok(bytes) => bytes,
            Err(status) => return Ok((status, 0)),
        };
        let Some(place) = call.span_mut(buffer)?.get_mut(..bytes.len()) else {
            return Ok((Status::CompletionTooSmall, 0));
        };
        place.copy_from_slice(bytes);
        call.work(bytes.len() as u64);
        Ok((Status::Ok, bytes.len() as i32))
    }

    fn refuse(&mut self, _: &mut Call<'_>, request: i32) -> Result<Status, Fault> {
        let (completions, module) = self.completions();
        Ok(done(completions.answer(module, request, None)))
    }

    fn submit(&mut self, call: &mut Call<'_>, completion: i32) -> Result<Status, Fault> {
        let (completions, module) = self.completions();
        Ok(match completions.submit(module, completion) {
            Ok(len) => {
                call.work(len as u64);
                Status::Ok
            }
            Err(status) => status,
        })
    }

    fn take(&mut self, call: &mut Call<'_>, buffer: SpanMut) -> Result<(Status, i32, i32), Fault> {
        let (completions, module) = self.completions();
        let (asked, bytes) = match completions.waiting(module) {
            Ok(waiting) => waiting,
            Err(status) => return Ok((status, 0, 0)),
        };
        let len = bytes.len();
        let Some(place) = call.span_mut(buffer)?.get_mut(..len) else {
            return Ok((Status::CompletionTooSmall, 0, 0));
        };
        place.copy_from_slice(bytes);
        completions.take(&asked);
        call.work(len as u64);
        Ok((Status::Ok, asked.number, len as i32))
    }

    fn withdraw(&mut self, call: &mut Call<'_>, prefix: Span) -> Result<Status, Fault> {
        let (completions, module) = self.completions();
        Ok(done(completions.withdraw(module, call.span(prefix)?)))
    }

    fn write(&mut self, call: &mut Call<'_>, completion: i32, bytes: Span) -> Result<Status, Fault> {
        let (completions, module) = self.completions();
        let status = done(completions.write(module, completion, call.span(bytes)?));
        call.work(if status == Status::Ok { bytes.len.into() } else { 0 });
        Ok(status)
    }
}
