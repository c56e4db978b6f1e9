//! The mock guest keeps the rules that handlers rely on.

use cartwheel_hostabi::mock::{MockGuest, MockKind, MockObject};
use cartwheel_hostabi::{Bytes, Guest, NoRoom, Object, ParamKind, SyscallTrap};

#[test]
fn a_released_root_is_dead_even_when_its_place_is_taken_again() {
    let mut guest = MockGuest::new(Vec::new());
    let (a, b) = (guest.add(MockObject::Bytes(vec![1])), guest.add(MockObject::Bytes(vec![2])));
    let first = guest.root(a).expect("an object");
    assert_eq!(guest.rooted(first), Ok(a));
    guest.unroot(first).expect("a live root");
    let second = guest.root(b).expect("an object");
    assert_eq!((second.index, second.generation), (first.index, first.generation + 1));
    assert_eq!(guest.rooted(first), Err(SyscallTrap::DeadHandle));
    assert_eq!(guest.unroot(first), Err(SyscallTrap::DeadHandle));
    assert_eq!(guest.roots().collect::<Vec<_>>(), [b]);
    let mut other = guest.clone();
    other.module = 1;
    assert_eq!(other.rooted(second), Err(SyscallTrap::ForeignHandle));
    assert_eq!(guest.root(Object::NULL), Err(SyscallTrap::NullHandle));
}

#[test]
fn objects_are_checked_for_null_and_kind() {
    let mut guest = MockGuest::new(Vec::new());
    let bytes = guest.add(MockObject::Bytes(vec![7]));
    for kind in [MockKind::Array, MockKind::Refs, MockKind::Record] {
        let object = guest.add(MockObject::Other(kind));
        guest.prepare([object]);
        assert_eq!(Bytes::read(&guest, 0), Err(SyscallTrap::WrongKind));
        assert_eq!(guest.bytes_mut(object), Err(SyscallTrap::WrongKind));
    }
    guest.prepare([bytes, Object::NULL]);
    assert_eq!(Bytes::read(&guest, 0), Ok(Bytes(bytes)));
    assert_eq!(Bytes::read(&guest, 1), Err(SyscallTrap::NullHandle));
    assert_eq!(Object::read(&guest, 1), Ok(Object::NULL));
    assert_eq!(guest.bytes(bytes), Ok(&[7][..]));
}

#[test]
fn room_is_limited_when_a_test_says_so() {
    let mut guest = MockGuest::new(Vec::new());
    guest.room = Some(10);
    let object = guest.new_bytes(6).expect("there is room");
    assert_eq!(guest.bytes(object), Ok(&[0; 6][..]));
    assert_eq!(guest.new_bytes(5), Err(NoRoom));
    assert!(guest.new_bytes(4).is_ok());
}
