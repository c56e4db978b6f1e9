//! A growable array of plain cells at a stable address between growths, zeroed by the allocator.
//!
//! Handlers address registers, frames and linear memory by raw pointers. A `Vec` would do, but it promises
//! nothing about pointers taken before it is borrowed again; this type has only its pointer. Zeroing by the
//! allocator means that untouched pages of a large memory cost nothing.

use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::ptr::NonNull;

use bytemuck::Zeroable;

/// An array of `len` cells that all began as zero.
#[derive(Debug)]
pub(crate) struct Buffer<T: Zeroable + Copy> {
    ptr: NonNull<T>,
    len: usize,
}

// SAFETY: a buffer owns its cells like a `Vec` does; nothing else points to them while it is not running.
unsafe impl<T: Zeroable + Copy + Send> Send for Buffer<T> {}
// SAFETY: shared access only reads.
unsafe impl<T: Zeroable + Copy + Sync> Sync for Buffer<T> {}

impl<T: Zeroable + Copy> Buffer<T> {
    /// A buffer of zeros.
    pub(crate) fn new(len: usize) -> Self {
        const { assert!(size_of::<T>() > 0) };
        if len == 0 {
            return Buffer { ptr: NonNull::dangling(), len };
        }
        let layout = Self::layout(len);
        // SAFETY: the layout is not empty, for `T` and `len` are not.
        let ptr = unsafe { alloc_zeroed(layout) };
        match NonNull::new(ptr.cast()) {
            Some(ptr) => Buffer { ptr, len },
            // Running out of host memory is a panic by design, never a guest-visible result.
            None => handle_alloc_error(layout),
        }
    }

    fn layout(len: usize) -> Layout {
        Layout::array::<T>(len).expect("limits keep buffers far below the address space")
    }

    /// Makes the buffer longer; new cells are zero. The address may change.
    pub(crate) fn grow(&mut self, len: usize) {
        assert!(len >= self.len);
        let mut larger = Buffer::new(len);
        larger.as_mut_slice()[..self.len].copy_from_slice(self.as_slice());
        *self = larger;
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn as_ptr(&self) -> *mut T {
        self.ptr.as_ptr()
    }

    #[inline]
    pub(crate) fn as_slice(&self) -> &[T] {
        // SAFETY: `len` cells were allocated and zeroed, zero is a value of `T`, and `&self` keeps them from
        // being written except by handlers, which run only while the machine is borrowed mutably.
        unsafe { std::slice::from_raw_parts(self.ptr.as_ptr(), self.len) }
    }

    #[inline]
    pub(crate) fn as_mut_slice(&mut self) -> &mut [T] {
        // SAFETY: as above, with exclusive access.
        unsafe { std::slice::from_raw_parts_mut(self.ptr.as_ptr(), self.len) }
    }
}

impl<T: Zeroable + Copy> Drop for Buffer<T> {
    fn drop(&mut self) {
        if self.len > 0 {
            // SAFETY: allocated in `new` with the same layout.
            unsafe { dealloc(self.ptr.as_ptr().cast(), Self::layout(self.len)) }
        }
    }
}

impl<T: Zeroable + Copy> Clone for Buffer<T> {
    fn clone(&self) -> Self {
        let mut copy = Buffer::new(self.len);
        copy.as_mut_slice().copy_from_slice(self.as_slice());
        copy
    }
}
