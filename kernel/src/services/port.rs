//! Calls on ports and tokens. What they work on is in `kernel/src/ports/`.

use cartwheel_hostabi::cbor::canonical;
use cartwheel_hostabi::{Bytes, Call, Fault, Object, Span, SpanMut, Status, handlers};

use super::Context;
use crate::builtin;
use crate::ports::{Ports, STDIN};

impl Context<'_> {
    fn ports(&mut self) -> (&mut Ports, u32) {
        (&mut self.shared.ports, self.caller.id.0)
    }

    /// Sends a message, and a token with it if one is named.
    fn send_message(
        &mut self,
        call: &mut Call<'_>,
        port: i32,
        message: Source,
        token: Option<i32>,
    ) -> Result<Status, Fault> {
        let module = self.caller.id.0;
        let bytes = message.of(call)?;
        let len = bytes.len();
        let target = match self.shared.ports.sendable(module, port, len) {
            Ok(target) => target,
            Err(status) => return Ok(status),
        };
        if port == STDIN {
            return self.request(call, message, token);
        }
        let status = match canonical(bytes) {
            Ok(bytes) => match token {
                None => {
                    self.shared.ports.post(module, target, &bytes);
                    Status::Ok
                }
                Some(token) => done(self.shared.ports.post_with(module, target, &bytes, token)),
            },
            Err(_) if !self.shared.ports.can_request(module) => return Ok(Status::PortFull),
            Err(error) => {
                self.shared.ports.answer_malformed(module, bytes, error);
                Status::Ok
            }
        };
        call.work(len as u64);
        Ok(status)
    }

    /// Takes a request to the kernel.
    fn request(&mut self, call: &mut Call<'_>, message: Source, token: Option<i32>) -> Result<Status, Fault> {
        let module = self.caller.id.0;
        if token.is_some() {
            // The kernel holds no tokens; what asks for one names it in its parameters.
            return Ok(Status::PortNoRight);
        }
        if !self.shared.ports.can_request(module) {
            return Ok(Status::PortFull);
        }
        let bytes = message.of(call)?.to_vec();
        call.work(bytes.len() as u64);
        match self.shared.ports.take_request(module, &bytes) {
            None => Ok(Status::Ok),
            Some((hash, request)) => builtin::perform(self, hash, &request, call.guest()),
        }
    }
}

/// Where a message is.
#[derive(Clone, Copy)]
enum Source {
    Memory(Span),
    Object(Bytes),
}

impl Source {
    fn of<'c>(self, call: &'c Call<'_>) -> Result<&'c [u8], Fault> {
        Ok(match self {
            Source::Memory(span) => call.span(span)?,
            Source::Object(bytes) => call.bytes(bytes)?,
        })
    }
}

fn done(result: Result<(), Status>) -> Status {
    result.err().unwrap_or(Status::Ok)
}

fn number(result: Result<i32, Status>) -> (Status, i32) {
    match result {
        Ok(number) => (Status::Ok, number),
        Err(status) => (status, 0),
    }
}

/// As much of a name as tells whether it is one: looking at more would cost more than the call is charged.
fn name<'c>(call: &'c Call<'_>, name: Span) -> Result<&'c [u8], Fault> {
    const ENOUGH: usize = 80;
    let name = call.span(name)?;
    Ok(&name[..name.len().min(ENOUGH)])
}

impl handlers::Port for Context<'_> {
    fn derive(&mut self, _: &mut Call<'_>, token: i32, rights: i32) -> Result<(Status, i32), Fault> {
        let (ports, module) = self.ports();
        Ok(number(ports.derive(module, token, rights)))
    }

    fn drop_token(&mut self, _: &mut Call<'_>, token: i32) -> Result<Status, Fault> {
        let (ports, module) = self.ports();
        Ok(done(ports.drop_token(module, token)))
    }

    fn find(&mut self, call: &mut Call<'_>, text: Span) -> Result<(Status, i32), Fault> {
        let (ports, module) = self.ports();
        Ok(number(ports.find(module, name(call, text)?)))
    }

    fn open(&mut self, _: &mut Call<'_>, token: i32) -> Result<(Status, i32), Fault> {
        let (ports, module) = self.ports();
        Ok(number(ports.open(module, token)))
    }

    fn poll(&mut self, _: &mut Call<'_>, port: i32) -> Result<(Status, i32, i32), Fault> {
        let (ports, module) = self.ports();
        Ok(match ports.peek(module, port) {
            Ok((message, waiting)) => (Status::Ok, waiting as i32, message.bytes.len() as i32),
            Err(status) => (status, 0, 0),
        })
    }

    fn publish(&mut self, call: &mut Call<'_>, text: Span, token: i32) -> Result<Status, Fault> {
        let (ports, module) = self.ports();
        Ok(done(ports.publish(module, name(call, text)?, token)))
    }

    fn receive(
        &mut self,
        call: &mut Call<'_>,
        port: i32,
        buffer: SpanMut,
    ) -> Result<(Status, i32, i32, i32), Fault> {
        let (ports, module) = self.ports();
        let len = match ports.peek(module, port) {
            Ok((message, _)) => message.bytes.len(),
            Err(status) => return Ok((status, 0, 0, 0)),
        };
        if len > buffer.len as usize {
            return Ok((Status::PortTooSmall, 0, 0, 0));
        }
        let received = match ports.receive(module, port) {
            Ok(received) => received,
            Err(status) => return Ok((status, 0, 0, 0)),
        };
        call.span_mut(buffer)?[..len].copy_from_slice(&received.message.bytes);
        call.work(len as u64);
        Ok((Status::Ok, len as i32, received.message.sender as i32, received.token))
    }

    fn receive_bytes(&mut self, call: &mut Call<'_>, port: i32) -> Result<(Status, Object, i32, i32), Fault> {
        const NOTHING: (Object, i32, i32) = (Object::NULL, 0, 0);
        let nothing = |status| Ok((status, NOTHING.0, NOTHING.1, NOTHING.2));
        let (ports, module) = self.ports();
        let object = match ports.peek(module, port) {
            Ok((message, _)) => match call.new_bytes(&message.bytes) {
                Ok(object) => object,
                Err(_) => return nothing(Status::Quota),
            },
            Err(status) => return nothing(status),
        };
        match ports.receive(module, port) {
            Ok(received) => {
                call.work(received.message.bytes.len() as u64);
                Ok((Status::Ok, object, received.message.sender as i32, received.token))
            }
            Err(status) => nothing(status),
        }
    }

    fn release(&mut self, _: &mut Call<'_>, port: i32) -> Result<Status, Fault> {
        let (ports, module) = self.ports();
        Ok(done(ports.release(module, port)))
    }

    fn revoke(&mut self, call: &mut Call<'_>, token: i32) -> Result<(Status, i32), Fault> {
        let (ports, module) = self.ports();
        let (status, revoked) = number(ports.revoke(module, token));
        call.work(revoked as u64);
        Ok((status, revoked))
    }

    fn rights(&mut self, _: &mut Call<'_>, token: i32) -> Result<(Status, i32), Fault> {
        let (ports, module) = self.ports();
        Ok(number(ports.rights(module, token)))
    }

    fn send(&mut self, call: &mut Call<'_>, port: i32, message: Span) -> Result<Status, Fault> {
        self.send_message(call, port, Source::Memory(message), None)
    }

    fn send_bytes(&mut self, call: &mut Call<'_>, port: i32, message: Bytes) -> Result<Status, Fault> {
        self.send_message(call, port, Source::Object(message), None)
    }

    fn token(&mut self, _: &mut Call<'_>, port: i32, rights: i32) -> Result<(Status, i32), Fault> {
        let (ports, module) = self.ports();
        Ok(number(ports.token(module, port, rights)))
    }

    fn transfer(
        &mut self,
        call: &mut Call<'_>,
        port: i32,
        token: i32,
        message: Span,
    ) -> Result<Status, Fault> {
        let (ports, module) = self.ports();
        if let Err(status) = ports.rights(module, token) {
            return Ok(status);
        }
        self.send_message(call, port, Source::Memory(message), Some(token))
    }

    fn withdraw(&mut self, call: &mut Call<'_>, text: Span) -> Result<Status, Fault> {
        let (ports, module) = self.ports();
        Ok(done(ports.withdraw(module, name(call, text)?)))
    }
}
