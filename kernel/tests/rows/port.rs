//! Cases for the rows of `port`.

use cartwheel_hostabi::cbor::{Item, encode};
use cartwheel_hostabi::mock::Slot;
use cartwheel_hostabi::{Status, SyscallTrap};
use cartwheel_kernel::{OWN_PORTS, Quotas, RIGHT_MANAGE, RIGHT_RECEIVE, RIGHT_SEND, STDERR, STDIN, STDOUT};

use crate::common::*;
use crate::{Case, status, trap};

const PORTS: usize = Quotas::DEFAULT.ports as usize;
const TOKENS: usize = Quotas::DEFAULT.tokens as usize;
const MESSAGES: usize = Quotas::DEFAULT.queue_messages as usize;
const ALL: i32 = RIGHT_SEND | RIGHT_RECEIVE | RIGHT_MANAGE;

pub const CASES: &[Case] = &[
    status(Status::Ok, "port.derive@1", |rig| ints([token(rig, STDOUT, ALL), RIGHT_SEND])),
    status(Status::PortBadToken, "port.derive@1", |_| ints([2, RIGHT_SEND])),
    status(Status::PortBadToken, "port.derive@1", |_| ints([-1, RIGHT_SEND])),
    // Never widened, and only by who may manage.
    status(Status::PortNoRight, "port.derive@1", |rig| {
        ints([token(rig, STDOUT, RIGHT_SEND | RIGHT_MANAGE), ALL])
    }),
    status(Status::PortNoRight, "port.derive@1", |rig| ints([token(rig, STDOUT, RIGHT_SEND), RIGHT_SEND])),
    status(Status::PortNoRight, "port.derive@1", |rig| ints([token(rig, STDOUT, ALL), 0])),
    status(Status::PortNoRight, "port.derive@1", |rig| ints([token(rig, STDOUT, ALL), 8])),
    status(Status::PortNoRight, "port.derive@1", |_| ints([OWN_PORTS, RIGHT_MANAGE])),
    status(Status::Quota, "port.derive@1", |rig| {
        let first = token(rig, STDOUT, ALL);
        fill_tokens(rig, TOKENS - 2);
        ints([first, ALL])
    }),
    status(Status::Ok, "port.drop@1", |_| ints([OWN_PORTS])),
    status(Status::PortBadToken, "port.drop@1", |_| ints([2])),
    status(Status::Ok, "port.find@1", |rig| {
        publish(rig, "name");
        text(rig, "name", &[], &[])
    }),
    status(Status::PortNotFound, "port.find@1", |rig| text(rig, "name", &[], &[])),
    status(Status::Quota, "port.find@1", |rig| {
        publish(rig, "name");
        fill_tokens(rig, TOKENS - 1);
        text(rig, "name", &[], &[])
    }),
    trap(SyscallTrap::OutOfBoundsSpan, "port.find@1", |rig| beyond(rig, &[], &[])),
    status(Status::Ok, "port.open@1", |_| ints([OWN_PORTS])),
    status(Status::PortBadToken, "port.open@1", |_| ints([2])),
    status(Status::PortNoRight, "port.open@1", |rig| ints([token(rig, STDOUT, RIGHT_MANAGE)])),
    status(Status::PortClosed, "port.open@1", |rig| {
        let own = open(rig, OWN_PORTS);
        let token = token(rig, own, ALL);
        assert_eq!(rig.call("port.release", &[own]), [0]);
        ints([token])
    }),
    status(Status::Quota, "port.open@1", |rig| {
        for _ in 3..PORTS {
            open(rig, OWN_PORTS);
        }
        ints([OWN_PORTS])
    }),
    status(Status::Ok, "port.poll@1", |rig| ints([fed(rig)])),
    status(Status::PortBadPort, "port.poll@1", |_| ints([3])),
    status(Status::PortNoRight, "port.poll@1", |rig| ints([far(rig, RIGHT_SEND)])),
    status(Status::PortEmpty, "port.poll@1", |_| ints([STDIN])),
    status(Status::PortClosed, "port.poll@1", |rig| ints([closed(rig)])),
    status(Status::Ok, "port.publish@1", |rig| named(rig, "name", ALL)),
    status(Status::PortBadToken, "port.publish@1", |rig| text(rig, "name", &[], &[2])),
    status(Status::PortBadName, "port.publish@1", |rig| named(rig, "a b", ALL)),
    status(Status::PortBadName, "port.publish@1", |rig| named(rig, "", ALL)),
    status(Status::PortBadName, "port.publish@1", |rig| named(rig, &"n".repeat(65), ALL)),
    status(Status::PortTaken, "port.publish@1", |rig| {
        publish(rig, "name");
        named(rig, "name", ALL)
    }),
    status(Status::PortNoRight, "port.publish@1", |rig| text(rig, "name", &[], &[OWN_PORTS])),
    status(Status::Quota, "port.publish@1", |rig| {
        (0..16).for_each(|i| publish(rig, &format!("name{i}")));
        named(rig, "name", ALL)
    }),
    trap(SyscallTrap::OutOfBoundsSpan, "port.publish@1", |rig| beyond(rig, &[], &[1])),
    status(Status::Ok, "port.receive@1", |rig| ints([fed(rig), 0, 1])),
    status(Status::PortBadPort, "port.receive@1", |_| ints([-1, 0, 8])),
    status(Status::PortNoRight, "port.receive@1", |rig| ints([far(rig, RIGHT_SEND), 0, 8])),
    status(Status::PortEmpty, "port.receive@1", |_| ints([STDIN, 0, 8])),
    status(Status::PortClosed, "port.receive@1", |rig| ints([closed(rig), 0, 8])),
    status(Status::PortTooSmall, "port.receive@1", |rig| ints([fed(rig), 0, 0])),
    status(Status::Quota, "port.receive@1", |rig| ints([token_waits(rig), 0, 8])),
    trap(SyscallTrap::OutOfBoundsSpan, "port.receive@1", |rig| beyond(rig, &[0], &[])),
    status(Status::Ok, "port.receive_bytes@1", |rig| ints([fed(rig)])),
    status(Status::PortBadPort, "port.receive_bytes@1", |_| ints([3])),
    status(Status::PortNoRight, "port.receive_bytes@1", |rig| ints([far(rig, RIGHT_SEND)])),
    status(Status::PortEmpty, "port.receive_bytes@1", |_| ints([STDERR])),
    status(Status::PortClosed, "port.receive_bytes@1", |rig| ints([closed(rig)])),
    status(Status::Quota, "port.receive_bytes@1", |rig| {
        rig.guest.room = Some(0);
        ints([fed(rig)])
    }),
    status(Status::Quota, "port.receive_bytes@1", |rig| ints([token_waits(rig)])),
    status(Status::Ok, "port.release@1", |rig| ints([open(rig, OWN_PORTS)])),
    status(Status::PortBadPort, "port.release@1", |_| ints([3])),
    status(Status::PortNoRight, "port.release@1", |_| ints([STDERR])),
    status(Status::Ok, "port.revoke@1", |rig| ints([token(rig, STDOUT, ALL)])),
    status(Status::PortBadToken, "port.revoke@1", |rig| {
        let parent = token(rig, STDOUT, ALL);
        let derived = rig.call("port.derive", &[parent, RIGHT_SEND])[1];
        assert_eq!(rig.call("port.revoke", &[parent]), [0, 1]);
        ints([derived])
    }),
    status(Status::Ok, "port.rights@1", |_| ints([OWN_PORTS])),
    status(Status::PortBadToken, "port.rights@1", |_| ints([0])),
    status(Status::Ok, "port.send@1", |rig| message(rig, STDOUT)),
    status(Status::Ok, "port.send@1", |rig| message(rig, STDIN)),
    status(Status::Ok, "port.send@1", |rig| {
        rig.guest.memory[0] = 0xff;
        ints([STDOUT, 0, 1])
    }),
    status(Status::PortBadPort, "port.send@1", |rig| message(rig, 3)),
    status(Status::PortNoRight, "port.send@1", |rig| message_to(rig, |rig| far(rig, RIGHT_RECEIVE))),
    status(Status::PortFull, "port.send@1", |rig| {
        fill(rig, STDOUT);
        message(rig, STDOUT)
    }),
    status(Status::PortFull, "port.send@1", |rig| {
        fill(rig, STDIN);
        message(rig, STDIN)
    }),
    status(Status::PortFull, "port.send@1", |rig| {
        // Where its answer would wait, there is no room.
        fill(rig, STDIN);
        rig.guest.memory[0] = 0xff;
        ints([STDOUT, 0, 1])
    }),
    status(Status::PortClosed, "port.send@1", |rig| message_to(rig, closed)),
    status(Status::PortTooLarge, "port.send@1", |_| ints([STDOUT, 0, 64 * 1024 + 1])),
    trap(SyscallTrap::OutOfBoundsSpan, "port.send@1", |rig| beyond(rig, &[1], &[])),
    status(Status::Ok, "port.send_bytes@1", |rig| object(rig, STDOUT, &[0])),
    status(Status::PortBadPort, "port.send_bytes@1", |rig| object(rig, 3, &[0])),
    status(Status::PortNoRight, "port.send_bytes@1", |rig| {
        let far = far(rig, RIGHT_RECEIVE);
        object(rig, far, &[0])
    }),
    status(Status::PortFull, "port.send_bytes@1", |rig| {
        fill(rig, STDOUT);
        object(rig, STDOUT, &[0])
    }),
    status(Status::PortClosed, "port.send_bytes@1", |rig| {
        let closed = closed(rig);
        object(rig, closed, &[0])
    }),
    status(Status::PortTooLarge, "port.send_bytes@1", |rig| object(rig, STDOUT, &[0; 64 * 1024 + 1])),
    trap(SyscallTrap::NullHandle, "port.send_bytes@1", |_| {
        vec![1.into(), cartwheel_hostabi::Object::NULL.into()]
    }),
    trap(SyscallTrap::WrongKind, "port.send_bytes@1", |rig| vec![1.into(), other(rig).into()]),
    status(Status::Ok, "port.token@1", |_| ints([STDIN, RIGHT_SEND])),
    status(Status::PortBadPort, "port.token@1", |_| ints([3, RIGHT_SEND])),
    status(Status::PortNoRight, "port.token@1", |_| ints([STDIN, 0])),
    status(Status::PortNoRight, "port.token@1", |rig| ints([far(rig, ALL), RIGHT_SEND])),
    status(Status::Quota, "port.token@1", |rig| {
        fill_tokens(rig, TOKENS - 1);
        ints([STDIN, RIGHT_SEND])
    }),
    status(Status::Ok, "port.transfer@1", |rig| transfer(rig, STDOUT)),
    status(Status::PortBadPort, "port.transfer@1", |rig| transfer(rig, 3)),
    status(Status::PortBadToken, "port.transfer@1", |_| ints([STDOUT, 2, 0, 1])),
    status(Status::PortNoRight, "port.transfer@1", |_| ints([STDOUT, OWN_PORTS, 0, 1])),
    status(Status::PortNoRight, "port.transfer@1", |rig| transfer(rig, STDIN)),
    status(Status::PortFull, "port.transfer@1", |rig| {
        fill(rig, STDOUT);
        transfer(rig, STDOUT)
    }),
    status(Status::PortClosed, "port.transfer@1", |rig| {
        let closed = closed(rig);
        transfer(rig, closed)
    }),
    status(Status::PortTooLarge, "port.transfer@1", |rig| {
        ints([STDOUT, token(rig, STDOUT, ALL), 0, 64 * 1024 + 1])
    }),
    trap(SyscallTrap::OutOfBoundsSpan, "port.transfer@1", |rig| beyond(rig, &[1, 1], &[])),
    status(Status::Ok, "port.withdraw@1", |rig| {
        publish(rig, "name");
        text(rig, "name", &[], &[])
    }),
    status(Status::PortNotFound, "port.withdraw@1", |rig| text(rig, "name", &[], &[])),
    trap(SyscallTrap::OutOfBoundsSpan, "port.withdraw@1", |rig| beyond(rig, &[], &[])),
];

fn token(rig: &mut Rig, port: i32, rights: i32) -> i32 {
    let results = rig.call("port.token", &[port, rights]);
    assert_eq!(results[0], 0);
    results[1]
}

fn open(rig: &mut Rig, token: i32) -> i32 {
    let results = rig.call("port.open", &[token]);
    assert_eq!(results[0], 0);
    results[1]
}

/// The far end of a port of the module's own.
fn far(rig: &mut Rig, rights: i32) -> i32 {
    let own = open(rig, OWN_PORTS);
    let token = token(rig, own, rights);
    open(rig, token)
}

/// A far end whose port was released.
fn closed(rig: &mut Rig) -> i32 {
    let own = open(rig, OWN_PORTS);
    let token = token(rig, own, ALL);
    let far = open(rig, token);
    assert_eq!(rig.call("port.release", &[own]), [0]);
    far
}

fn fed(rig: &mut Rig) -> i32 {
    assert_eq!(rig.kernel.feed(MODULE, &[0]), Ok(true));
    STDIN
}

/// A port with a message that brings a token, for which there is no place.
fn token_waits(rig: &mut Rig) -> i32 {
    let own = open(rig, OWN_PORTS);
    let far_token = token(rig, own, ALL);
    let far = open(rig, far_token);
    let sent = token(rig, STDOUT, ALL);
    assert_eq!(rig.call("port.transfer", &[far, sent, 0, 1]), [0]);
    fill_tokens(rig, TOKENS - 2);
    rig.kernel.open_frame(1);
    own
}

fn publish(rig: &mut Rig, name: &str) {
    let args = named(rig, name, ALL);
    assert_eq!(rig.try_call("port.publish", &args), Ok(Some(Status::Ok)));
}

fn named(rig: &mut Rig, name: &str, rights: i32) -> Vec<Slot> {
    let token = token(rig, STDIN, rights);
    text(rig, name, &[], &[token])
}

fn request() -> Vec<u8> {
    encode(&Item::map([("syscall_type", Item::text("kernel.ping"))]))
}

fn message(rig: &mut Rig, port: i32) -> Vec<Slot> {
    message_to(rig, |_| port)
}

fn message_to(rig: &mut Rig, port: impl FnOnce(&mut Rig) -> i32) -> Vec<Slot> {
    let port = port(rig);
    let request = request();
    rig.guest.memory[..request.len()].copy_from_slice(&request);
    ints([port, 0, request.len() as i32])
}

fn object(rig: &mut Rig, port: i32, contents: &[u8]) -> Vec<Slot> {
    vec![port.into(), bytes(rig, contents)]
}

fn transfer(rig: &mut Rig, port: i32) -> Vec<Slot> {
    ints([port, token(rig, STDERR, ALL), 0, 1])
}

fn fill(rig: &mut Rig, port: i32) {
    for _ in 0..MESSAGES {
        let args = message(rig, port);
        assert_eq!(rig.try_call("port.send", &args), Ok(Some(Status::Ok)));
    }
    rig.guest.memory[..64].fill(0);
}

fn fill_tokens(rig: &mut Rig, count: usize) {
    for _ in 0..count {
        token(rig, STDOUT, ALL);
    }
}
