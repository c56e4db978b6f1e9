//! Calls on the virtual network, which is in `kernel/src/net/`.

use cartwheel_hostabi::{Call, Fault, Span, SpanMut, Status, handlers};

use super::Context;
use crate::net::{Datagram, MAX_DATAGRAM_BYTES};
use crate::shared::Shared;

fn done(result: Result<(), Status>) -> Status {
    result.err().unwrap_or(Status::Ok)
}

impl handlers::Net for Context<'_> {
    fn bind(&mut self, _: &mut Call<'_>, address: i32) -> Result<Status, Fault> {
        let Shared { net, quotas, .. } = &mut *self.shared;
        let module = self.caller.id.0;
        Ok(done(net.bind(module, address, quotas.of(module))))
    }

    fn close(&mut self, _: &mut Call<'_>, address: i32) -> Result<Status, Fault> {
        Ok(done(self.shared.net.close(self.caller.id.0, address)))
    }

    fn recv(
        &mut self,
        call: &mut Call<'_>,
        address: i32,
        buffer: SpanMut,
    ) -> Result<(Status, i32, i32, i32), Fault> {
        let module = self.caller.id.0;
        let datagram = match self.shared.net.peek(module, address) {
            Ok(datagram) => datagram,
            Err(status) => return Ok((status, 0, 0, 0)),
        };
        let (len, machine, from) = (datagram.payload.len(), datagram.machine, datagram.from);
        let Some(place) = call.span_mut(buffer)?.get_mut(..len) else {
            return Ok((Status::NetTooSmall, 0, 0, 0));
        };
        place.copy_from_slice(&datagram.payload);
        self.shared.net.pop(module, address);
        call.work(len as u64);
        Ok((Status::Ok, len as i32, machine, from))
    }

    fn send(
        &mut self,
        call: &mut Call<'_>,
        from: i32,
        machine: i32,
        to: i32,
        payload: Span,
    ) -> Result<Status, Fault> {
        // Looking at more would cost more than the call is charged.
        let len = (payload.len as usize).min(MAX_DATAGRAM_BYTES + 1);
        let payload = call.span(payload)?[..len].to_vec();
        call.work(len as u64);
        let Shared { net, quotas, .. } = &mut *self.shared;
        Ok(done(net.send(self.caller.id.0, Datagram { machine, from, to, payload }, quotas)))
    }
}
