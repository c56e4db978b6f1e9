//! The client and its mock.

use cartwheel_hostabi::client::domains::{Asset, Gfx, Log, Telemetry};
use cartwheel_hostabi::client::{Backend, Client, HostGuest, Mock};
use cartwheel_hostabi::{CATALOGUE, Fault, Guest, Status, Syscall, SyscallTrap};

/// Code that is tested against a mock: looks for an asset, draws it or writes its name.
fn show<B: Backend>(client: &mut Client<B>, name: &str) -> Result<bool, Fault> {
    let (status, asset) = Asset(client).find(name.as_bytes())?;
    if status != Status::Ok || Gfx(client).image(asset, 1, -1, -1, 0)? != Status::Ok {
        Gfx(client).text(name.as_bytes(), 0, 0, 3)?;
        return Ok(false);
    }
    Ok(true)
}

// covers SEC-1
#[test]
fn a_mock_says_what_it_is_told_to_and_keeps_what_it_was_asked() {
    let mut mock = Mock::new();
    mock.answer_with(Syscall::AssetFind, Status::Ok, &[7]).expect("the row lists it");
    mock.answer(Syscall::GfxImage, Status::GfxNotLoaded).expect("the row lists it");
    let mut client = Client::new(&mut mock);
    assert_eq!(show(&mut client, "tree"), Ok(false));
    assert_eq!(show(&mut client, "rock"), Ok(true));
    let base = |id: &str| u64::from(cartwheel_hostabi::resolve(id).expect("a row").cost.base);
    assert_eq!(client.cycles(), 2 * base("asset.find") + 2 * base("gfx.image") + base("gfx.text"));
    let asked: Vec<Syscall> = mock.calls().iter().map(|call| call.syscall).collect();
    use Syscall::{AssetFind, GfxImage, GfxText};
    assert_eq!(asked, [AssetFind, GfxImage, GfxText, AssetFind, GfxImage]);
    assert_eq!(mock.calls()[1].args, [7, 1, u64::from(u32::MAX), u64::from(u32::MAX), 0]);
    assert_eq!((mock.calls()[2].span(0), mock.calls()[3].span(0)), (&b"tree"[..], &b"rock"[..]));
}

#[test]
fn a_mock_keeps_to_the_table() {
    let mut mock = Mock::new();
    for (syscall, status) in [
        (Syscall::GfxClear, Status::Ok),
        (Syscall::LogWrite, Status::GfxOutside),
        (Syscall::AssetFind, Status::GfxNotFound),
    ] {
        let error = mock.answer(syscall, status).expect_err("not listed");
        assert_eq!(error.to_string(), format!("`{syscall}` cannot end in {status}"));
    }
    assert!(mock.answer_with(Syscall::AssetFind, Status::Ok, &[1, 2]).is_err());
    assert!(mock.trap(Syscall::GfxClear, SyscallTrap::OutOfBoundsSpan).is_err());
    mock.trap(Syscall::GfxClear, SyscallTrap::Denied).expect("a row without a status traps");
    mock.answer(Syscall::LogWrite, Status::Denied).expect("any row with a status");
    let mut client = Client::new(mock);
    assert_eq!(Gfx(&mut client).clear(1), Err(Fault::Trap(SyscallTrap::Denied)));
    assert_eq!(Gfx(&mut client).clear(1), Ok(()));
    assert_eq!(Log(&mut client).write_bytes(1, b"x"), Ok(Status::Ok));
    assert_eq!(Log(&mut client).write(1, b"x"), Ok(Status::Denied));
    assert_eq!(client.backend().calls()[2].bytes(1), Some(&b"x"[..]));
}

/// Fills what it is given to write to with ones.
struct Ones;

impl Backend for Ones {
    fn issue(&mut self, _: Syscall, guest: &mut HostGuest) -> Result<Option<Status>, Fault> {
        guest.memory_mut().fill(1);
        Ok(Some(Status::Ok))
    }
}

#[test]
fn what_a_call_writes_comes_back() {
    let mut record = [0; 64];
    assert_eq!(Telemetry(&mut Client::new(Ones)).frame(&mut record), Ok(Status::Ok));
    assert_eq!(record, [1; 64]);
}

#[test]
fn the_slots_of_every_row_fit() {
    for row in CATALOGUE {
        assert!(row.param_slots.len() <= 16 && row.result_slots.len() <= 16, "{}", row.id);
    }
}
