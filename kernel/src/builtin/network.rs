//! The network, by message.

use super::{Builtin, Shape, kind};

pub(super) const NETWORK: Builtin = Builtin {
    name: "Network",
    doc: "Datagrams on the virtual network; the capability `net` has to be declared.",
    types: &[
        kind("net_bind", "net.bind@1", Shape::Nothing, "Gives the module an address."),
        kind("net_close", "net.close@1", Shape::Nothing, "Gives it back."),
        kind("net_recv", "net.recv@1", Shape::All, "Takes the first datagram that came to an address."),
        kind("net_send", "net.send@1", Shape::Nothing, "Sends a datagram."),
    ],
};
