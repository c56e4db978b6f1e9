//! Limits of one module.

/// Quotas and limits of one module. They are configuration: two runs are comparable only with equal limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Most nested calls.
    pub max_frames: u32,
    /// Most cells of the register stack: 8 and the registers of both banks per call.
    pub max_stack_cells: u32,
    /// Most pages (64 KiB) of linear memory.
    pub max_memory_pages: u32,
    /// Most elements of all tables together.
    pub max_table_elements: u32,
    /// Most bytes in the heap.
    pub max_heap_bytes: u64,
    /// Most objects in the heap.
    pub max_heap_objects: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            max_frames: 10_000,
            max_stack_cells: 1 << 20,
            max_memory_pages: 4_096,
            max_table_elements: 1 << 20,
            max_heap_bytes: 256 << 20,
            max_heap_objects: 1 << 24,
        }
    }
}
