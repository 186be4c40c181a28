//! What is asked of the operating system, and the only unsafe code here: a thread's priority, and memory that goes back to
//! the system when it is dropped. (An allocator keeps what was freed, for good where nothing is allocated any more.)
#![expect(unsafe_code, reason = "system calls")]

use std::ptr::{self, NonNull};

use argon2::Block;

/// Puts the calling thread behind those that answer requests. Best effort: hashing goes on without it.
pub(super) fn lower_priority() {
    #[cfg(target_os = "linux")]
    // SAFETY: both calls take and give plain numbers and touch no memory of ours. On Linux, PRIO_PROCESS with a thread's id
    // means that thread alone, and raising one's own niceness needs no privilege.
    unsafe {
        const NICE: libc::c_int = 10;
        libc::setpriority(libc::PRIO_PROCESS, libc::gettid().cast_unsigned(), NICE);
    }
}

/// Zeroed blocks in pages of their own.
pub(super) struct Pages {
    start: NonNull<Block>,
    count: usize,
}

impl Pages {
    /// `None` when the system has no such memory.
    pub(super) fn new(count: usize) -> Option<Self> {
        let length = count.checked_mul(size_of::<Block>()).filter(|length| *length > 0)?;
        let (access, kind) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
        // SAFETY: a new anonymous mapping at an address of the system's choice takes nobody's memory.
        let start = unsafe { libc::mmap(ptr::null_mut(), length, access, kind, -1, 0) };
        if start == libc::MAP_FAILED {
            return None;
        }
        // SAFETY: the range is the mapping just made; the advice changes its speed and never its contents. Argon2 jumps about
        // in it, so large pages save most of the address lookups; without them it is only slower.
        #[cfg(target_os = "linux")]
        unsafe {
            libc::madvise(start, length, libc::MADV_HUGEPAGE);
        }
        Some(Self { start: NonNull::new(start.cast())?, count })
    }

    pub(super) fn blocks(&mut self) -> &mut [Block] {
        // SAFETY: the mapping is as long as `count` blocks, aligned to a page and so to a block, and zeroed: a block is an
        // array of integers, for which any bits will do. It is ours alone until it is dropped, which the borrow forbids.
        unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr(), self.count) }
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        // SAFETY: exactly the mapping that `new` made; no borrow of it can be left.
        unsafe { libc::munmap(self.start.as_ptr().cast(), self.count * size_of::<Block>()) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn a_lowered_thread_is_nicer_and_others_are_not() {
        let nice = || {
            let stat = std::fs::read_to_string("/proc/thread-self/stat").unwrap();
            // proc_pid_stat(5): field 19; the name in field 2 may hold spaces, but ends with the last bracket.
            stat.rsplit_once(") ").unwrap().1.split(' ').nth(16).unwrap().parse::<i32>().unwrap()
        };
        let before = nice();
        let lowered = std::thread::spawn(move || {
            lower_priority();
            nice()
        });
        assert_eq!(lowered.join().unwrap(), before.max(10));
        assert_eq!(nice(), before);
    }

    #[test]
    fn pages_are_zeroed_aligned_and_as_many_as_asked_for() {
        let mut pages = Pages::new(33).unwrap();
        let blocks = pages.blocks();
        assert_eq!(blocks.len(), 33);
        assert!(blocks.as_ptr().is_aligned());
        assert!(blocks.iter().all(|block| AsRef::<[u64]>::as_ref(block).iter().all(|word| *word == 0)));
        blocks[32].as_mut()[127] = 1;
    }

    #[test]
    fn memory_that_the_system_does_not_have_is_not_given() {
        assert!(Pages::new(0).is_none());
        assert!(Pages::new(usize::MAX).is_none());
        assert!(Pages::new(usize::MAX / size_of::<Block>()).is_none());
    }
}
