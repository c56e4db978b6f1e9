//! Quotas of a module: each is walked to its edge, and is the module's again when something is given back.

mod world;

use cartwheel_hostabi::Status;
use cartwheel_hostabi::cbor::{Item, encode};
use cartwheel_kernel::{ModuleId, OWN_PORTS, QUOTAS, Quotas, RIGHT_SEND, RestoreError, STDOUT, quota_rows};
use world::{ALL, World};

/// How a quota is spent by module 0, with what module 1 does to it.
struct Walk {
    name: &'static str,
    /// What is taken of it before the first step.
    taken: u32,
    /// How much of it a step takes.
    unit: u32,
    setup: fn(&mut World),
    /// Takes one more, the `n`th from 0. Gives the status.
    step: fn(&mut World, i32) -> i32,
    /// Status when it is spent.
    spent: Status,
    /// Gives back what the first step took, or more.
    release: fn(&mut World),
}

const WALKS: &[Walk] = &[
    Walk {
        name: "ports",
        taken: 3,
        unit: 1,
        setup: |_| {},
        step: |world, _| world.call(0, "port.open", &[OWN_PORTS])[0],
        spent: Status::Quota,
        release: |world| drop(world.ok(0, "port.release", &[3])),
    },
    Walk {
        name: "tokens",
        taken: 1,
        unit: 1,
        setup: |_| {},
        step: |world, _| world.call(0, "port.token", &[STDOUT, RIGHT_SEND])[0],
        spent: Status::Quota,
        release: |world| drop(world.ok(0, "port.drop", &[2])),
    },
    Walk {
        name: "queue_messages",
        taken: 0,
        unit: 1,
        setup: to_the_first,
        step: |world, n| world.send(1, 3, &n.to_string()),
        spent: Status::PortFull,
        release: |world| {
            world.next_frame();
            assert_eq!(world.text(0, 3), "0");
        },
    },
    Walk {
        name: "queue_bytes",
        taken: 0,
        unit: 16_384,
        setup: to_the_first,
        // Three bytes say what it is and how long.
        step: |world, _| world.send_raw(1, 3, &encode(&Item::Bytes(vec![0; 16_381]))),
        spent: Status::PortFull,
        release: |world| {
            world.next_frame();
            world.text(0, 3);
        },
    },
    Walk {
        name: "message_requests",
        taken: 0,
        unit: 1,
        setup: |_| {},
        step: |world, n| world.request(0, n as u8 + 1, "kernel.ping", "[1]"),
        spent: Status::PortFull,
        release: World::next_frame,
    },
    Walk {
        name: "names",
        taken: 0,
        unit: 1,
        setup: |_| {},
        step: |world, n| {
            let token = world.ok(0, "port.token", &[STDOUT, RIGHT_SEND])[0];
            let [at, len] = world.put(0, format!("name-{n}").as_bytes());
            world.call(0, "port.publish", &[at, len, token])[0]
        },
        spent: Status::Quota,
        release: |world| {
            let [at, len] = world.put(0, b"name-0");
            world.ok(0, "port.withdraw", &[at, len]);
        },
    },
    Walk {
        name: "completions",
        taken: 0,
        unit: 1,
        setup: |_| {},
        step: |world, _| world.call(0, "completion.open", &[])[0],
        spent: Status::Quota,
        release: |world| drop(world.ok(0, "completion.close", &[1])),
    },
    Walk {
        name: "prefixes",
        taken: 0,
        unit: 1,
        setup: |_| {},
        step: |world, n| {
            let [at, len] = world.put(0, format!("own-{n}:").as_bytes());
            world.call(0, "completion.provide", &[at, len])[0]
        },
        spent: Status::Quota,
        release: |world| {
            let [at, len] = world.put(0, b"own-0:");
            world.ok(0, "completion.withdraw", &[at, len]);
        },
    },
    Walk {
        name: "addresses",
        taken: 0,
        unit: 1,
        setup: |_| {},
        step: |world, n| world.call(0, "net.bind", &[n + 1])[0],
        spent: Status::Quota,
        release: |world| drop(world.ok(0, "net.close", &[1])),
    },
    Walk {
        name: "datagrams",
        taken: 0,
        unit: 1,
        setup: |world| {
            world.ok(0, "net.bind", &[5]);
            world.ok(1, "net.bind", &[6]);
        },
        step: |world, n| {
            let [at, len] = world.put(1, &[n as u8]);
            world.call(1, "net.send", &[6, 0, 5, at, len])[0]
        },
        spent: Status::NetFull,
        release: |world| {
            world.next_frame();
            world.ok(0, "net.recv", &[5, 0, 1_200]);
        },
    },
];

/// Opens port 3 of both modules: two ends of a channel of module 0's.
fn to_the_first(world: &mut World) {
    let (_, token) = world.port_of(0, ALL);
    let far = world.hand(0, token, 1);
    assert_eq!(world.ok(1, "port.open", &[far]), [3]);
}

fn world_with(quotas: Option<Quotas>) -> World {
    let mut world = World::new(0);
    world.load_with(0, quotas);
    world.load(1);
    world
}

impl Walk {
    /// Takes as much as there is, and sees that there is no more.
    fn to_the_edge(&self, world: &mut World, quota: u32) -> i32 {
        (self.setup)(world);
        let fits = ((quota - self.taken) / self.unit) as i32;
        for n in 0..fits {
            assert_eq!((self.step)(world, n), 0, "{}: {n} of {fits}", self.name);
        }
        assert_eq!((self.step)(world, fits), self.spent.code(), "{}: one more than {fits}", self.name);
        fits
    }
}

// covers SEC-14 PORT-7
#[test]
fn every_quota_is_walked_to_its_edge() {
    for info in QUOTAS {
        let walk = WALKS.iter().find(|walk| walk.name == info.name);
        let walk = walk.unwrap_or_else(|| panic!("nobody walks to the edge of {}", info.name));
        let few = info.min.max(7).max(4 * walk.unit);
        for quota in [few, info.default, info.default + 2 * walk.unit] {
            let mut quotas = Quotas::DEFAULT;
            // Others that would be spent before.
            for wide in ["ports", "tokens", "queue_messages", "queue_bytes", "message_requests"] {
                let most = QUOTAS.iter().find(|info| info.name == wide).expect("a quota").max;
                quotas.set(wide, most.into()).expect("it can be that much");
            }
            quotas.set(info.name, quota.into()).expect("it can be that much");
            let mut world = world_with(Some(quotas));
            let fits = walk.to_the_edge(&mut world, quota);
            (walk.release)(&mut world);
            assert_eq!((walk.step)(&mut world, fits + 1), 0, "{}: what was given back", info.name);
        }
    }
}

/// A module's quotas are its own: they are in its state, and the other module's are not spent with them.
// covers SEC-14 VM-3
#[test]
fn quotas_are_part_of_the_state() {
    for walk in WALKS {
        let info = QUOTAS.iter().find(|info| info.name == walk.name).expect("a quota");
        let few = info.min.max(5).max(4 * walk.unit);
        let mut quotas = Quotas::DEFAULT;
        quotas.set(info.name, few.into()).expect("it can be that much");
        let mut world = world_with(Some(quotas));
        let fits = walk.to_the_edge(&mut world, few);
        let mut saved = Vec::new();
        world.kernel.save_shared(&mut saved);
        let hash = |world: &World| world.kernel.shared_hashes().last().expect("quotas are hashed");
        // A machine in which nobody set any goes on with those of the state.
        let mut other = world_with(None);
        other.kernel.restore_shared(&saved).unwrap_or_else(|e| panic!("{}: {e}", walk.name));
        assert_eq!(other.kernel.quotas(ModuleId(0)), quotas);
        assert_eq!(other.kernel.quotas(ModuleId(1)), Quotas::DEFAULT);
        assert_eq!((hash(&other).0, hash(&other)), ("quotas", hash(&world)));
        assert_eq!((walk.step)(&mut other, fits), walk.spent.code(), "{}", walk.name);
        // And is unharmed by those of a state that is none.
        let own = saved.len() - 4 * QUOTAS.len();
        let place = own + 4 * QUOTAS.iter().position(|other| other.name == info.name).expect("a quota");
        for wrong in [info.max + 1, u32::MAX] {
            saved[place..place + 4].copy_from_slice(&wrong.to_le_bytes());
            assert_eq!(other.kernel.restore_shared(&saved), Err(RestoreError::Value));
        }
        if ["ports", "tokens", "addresses", "datagrams", "message_requests"].contains(&info.name) {
            saved[place..place + 4].copy_from_slice(&info.min.to_le_bytes());
            assert_eq!(other.kernel.restore_shared(&saved), Err(RestoreError::Limits), "{}", walk.name);
        }
        assert_eq!(other.kernel.quotas(ModuleId(0)), quotas);
        // Whose number it is next has the machine's.
        other.kernel.unload(ModuleId(0));
        assert_eq!(other.kernel.quotas(ModuleId(0)), Quotas::DEFAULT);
        assert!(other.kernel.shared_hashes().all(|(name, _)| name != "quotas"));
    }
}

#[test]
fn a_quota_is_set_by_its_name_within_its_range() {
    let mut quotas = Quotas::DEFAULT;
    assert_eq!(quotas.set("ports", 3), Ok(()));
    let said =
        |result: Result<(), cartwheel_kernel::QuotaError>| result.expect_err("it is wrong").to_string();
    assert_eq!(said(quotas.set("ports", 2)), "`ports` is a number from 3 to 255");
    assert_eq!(said(quotas.set("ports", u64::MAX)), "`ports` is a number from 3 to 255");
    assert!(
        said(quotas.set("harbours", 3))
            .starts_with("no quota is called `harbours`; there are ports, tokens, ")
    );
    assert_eq!(quotas, Quotas { ports: 3, ..Quotas::DEFAULT });
    assert_eq!(quotas.check(), Ok(()));
    assert!(Quotas { names: 300, ..quotas }.check().is_err());
}

#[test]
fn the_chapter_on_modules_lists_the_quotas() {
    let rows = quota_rows();
    let chapter = include_str!("../../spec/modules.md");
    assert!(chapter.contains(&rows), "spec/modules.md does not have these lines:\n{rows}");
}
