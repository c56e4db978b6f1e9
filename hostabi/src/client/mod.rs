//! The client: how host code makes syscalls.
//!
//! Host code is written against [`Client`] with a method per row of the table, by domain. What is behind it is a
//! [`Backend`], chosen at compile time: the engine (in the kernel), or [`Mock`], which says what it is told to and keeps what it
//! was asked. There is no dynamic call in between, so the choice costs nothing at run time.
//!
//! ```
//! use cartwheel_hostabi::client::domains::Log;
//! use cartwheel_hostabi::client::{Backend, Client, Mock};
//! use cartwheel_hostabi::{Fault, Status, Syscall};
//!
//! /// Code under test: says something once, and gives up if there is no room.
//! fn greet<B: Backend>(client: &mut Client<B>) -> Result<bool, Fault> {
//!     Ok(Log(client).write(1, b"hello")? == Status::Ok)
//! }
//!
//! let mut mock = Mock::new();
//! mock.answer(Syscall::LogWrite, Status::Quota)?;
//! let mut client = Client::new(&mut mock);
//! assert_eq!(greet(&mut client), Ok(false));
//! assert_eq!(greet(&mut client), Ok(true));
//! assert_eq!(mock.calls()[0].span(1), b"hello");
//! # Ok::<(), cartwheel_hostabi::client::NotListed>(())
//! ```

mod guest;
mod mock;

pub use guest::HostGuest;
pub use mock::{Mock, MockCall, NotListed};

use crate::catalogue::Syscall;
use crate::fault::Fault;
use crate::for_each_syscall;
use crate::guest::Object;
use crate::kind::*;
use crate::status::Status;

/// What makes the calls of a client.
pub trait Backend {
    /// Makes a call: arguments are in the guest, results go there. Gives the status, if the row has one.
    ///
    /// # Errors
    ///
    /// If the call does not come back.
    fn issue(&mut self, syscall: Syscall, guest: &mut HostGuest) -> Result<Option<Status>, Fault>;
}

impl<B: Backend> Backend for &mut B {
    #[inline]
    fn issue(&mut self, syscall: Syscall, guest: &mut HostGuest) -> Result<Option<Status>, Fault> {
        (**self).issue(syscall, guest)
    }
}

/// Makes syscalls for host code.
#[derive(Debug)]
pub struct Client<B> {
    backend: B,
    guest: HostGuest,
}

impl<B: Backend> Client<B> {
    /// A client of a backend.
    pub fn new(backend: B) -> Client<B> {
        Client { backend, guest: HostGuest::default() }
    }

    /// The backend.
    pub fn backend(&mut self) -> &mut B {
        &mut self.backend
    }

    /// The contents of a byte string that the last call gave. Empty for null and for other objects.
    pub fn bytes(&self, object: Object) -> &[u8] {
        self.guest.contents(object)
    }

    /// Cycles that all calls came to.
    pub fn cycles(&self) -> u64 {
        self.guest.cycles()
    }
}

/// A kind of parameter as host code gives it.
pub trait HostParam {
    /// What is given.
    type Given<'a>;
    /// What is kept of it until the call has returned.
    type Kept<'a>;
    /// Puts it into the guest.
    fn put<'a>(guest: &mut HostGuest, given: Self::Given<'a>) -> Self::Kept<'a>;
    /// Takes back what the call has written.
    fn take(_: &HostGuest, _: Self::Kept<'_>) {}
}

macro_rules! scalars {
    ($($ty:ty, $value:ident => $cell:expr;)*) => {$(
        impl HostParam for $ty {
            type Given<'a> = $ty;
            type Kept<'a> = ();
            #[inline]
            fn put<'a>(guest: &mut HostGuest, $value: Self::Given<'a>) -> Self::Kept<'a> {
                guest.push($cell);
            }
        }
    )*};
}

scalars! {
    i32, value => u64::from(value as u32);
    i64, value => value as u64;
    f32, value => u64::from(value.to_bits());
    f64, value => value.to_bits();
}

impl HostParam for Span {
    type Given<'a> = &'a [u8];
    type Kept<'a> = ();
    #[inline]
    fn put<'a>(guest: &mut HostGuest, given: Self::Given<'a>) -> Self::Kept<'a> {
        guest.push_span(given);
    }
}

impl HostParam for SpanMut {
    type Given<'a> = &'a mut [u8];
    type Kept<'a> = (usize, &'a mut [u8]);
    #[inline]
    fn put<'a>(guest: &mut HostGuest, given: Self::Given<'a>) -> Self::Kept<'a> {
        (guest.push_span(given), given)
    }
    #[inline]
    fn take(guest: &HostGuest, (place, given): (usize, &mut [u8])) {
        guest.copy_out(place, given);
    }
}

impl HostParam for Bytes {
    type Given<'a> = &'a [u8];
    type Kept<'a> = ();
    #[inline]
    fn put<'a>(guest: &mut HostGuest, given: Self::Given<'a>) -> Self::Kept<'a> {
        guest.push_bytes(Some(given));
    }
}

impl HostParam for Object {
    type Given<'a> = Option<&'a [u8]>;
    type Kept<'a> = ();
    #[inline]
    fn put<'a>(guest: &mut HostGuest, given: Self::Given<'a>) -> Self::Kept<'a> {
        guest.push_bytes(given);
    }
}

/// A kind of result as host code gets it.
pub trait HostResult: Sized {
    /// Takes it out of the guest.
    fn get(guest: &HostGuest, slot: usize, status: Option<Status>) -> Self;
}

macro_rules! results {
    ($($ty:ty, $cell:ident => $value:expr;)*) => {$(
        impl HostResult for $ty {
            #[inline]
            fn get(guest: &HostGuest, slot: usize, _: Option<Status>) -> $ty {
                let $cell = guest.result(slot);
                $value
            }
        }
    )*};
}

results! {
    i32, cell => cell as i32;
    i64, cell => cell as i64;
    f32, cell => f32::from_bits(cell as u32);
    f64, cell => f64::from_bits(cell);
    Object, cell => Object(cell as u32);
}

impl HostResult for Status {
    #[inline]
    fn get(_: &HostGuest, _: usize, status: Option<Status>) -> Status {
        status.unwrap_or(Status::Ok)
    }
}

macro_rules! returns {
    () => { () };
    ($kind:ty) => { $kind };
    ($($kind:ty),+) => { ($($kind),+) };
}

macro_rules! define {
    ($(domain $Domain:ident $domain:literal $domain_doc:literal {
        $($variant:ident $method:ident $id:literal ($($param:ident: $kind:ty),*) -> ($($result:ident: $result_kind:ty),*)
            $capability:ident [$($status:ident),*] [$($trap:ident),*]
            $base:literal $(+ ($cycles:literal / $units:literal $unit:ident))? $mode:ident $doc:literal;)*
    })*) => {
        /// The calls of each domain.
        pub mod domains {
            use super::*;
            $(
                #[doc = $domain_doc]
                #[derive(Debug)]
                pub struct $Domain<'c, B>(pub &'c mut Client<B>);

                #[allow(clippy::too_many_arguments)] // as many as the row has
                impl<B: Backend> $Domain<'_, B> {
                    $(
                        #[doc = $doc]
                        ///
                        /// # Errors
                        ///
                        /// If the call does not come back.
                        #[inline]
                        pub fn $method(&mut self, $($param: <$kind as HostParam>::Given<'_>),*)
                            -> Result<returns!($($result_kind),*), Fault>
                        {
                            let Client { backend, guest } = &mut *self.0;
                            guest.begin();
                            $(let $param = <$kind as HostParam>::put(guest, $param);)*
                            #[allow(unused_variables)]
                            let status = backend.issue(Syscall::$variant, guest)?;
                            $(<$kind as HostParam>::take(guest, $param);)*
                            #[allow(unused_mut, unused_variables)]
                            let mut slot = 0..;
                            Ok(($(<$result_kind as HostResult>::get(guest, slot.next().unwrap_or(0), status)),*))
                        }
                    )*
                }
            )*
        }
    };
}

for_each_syscall!(define);
