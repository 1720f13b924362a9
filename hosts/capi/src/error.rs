//! Errors: a sentence for the caller.

use std::ffi::c_char;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// One sentence in UTF-8, cut to fit and ended by 0.
#[repr(C)]
pub struct gb_error {
    pub text: [c_char; 512],
}

/// Copies a text into a buffer, cut at a character to fit and ended by 0.
pub fn write_text(text: &str, buffer: &mut [c_char]) {
    let Some(most) = buffer.len().checked_sub(1) else {
        return;
    };
    let mut length = text.len().min(most);
    while !text.is_char_boundary(length) {
        length -= 1;
    }
    for (place, byte) in buffer.iter_mut().zip(text[..length].bytes()) {
        *place = byte as c_char;
    }
    buffer[length] = 0;
}

/// Runs the body of a function that can fail, and writes its error if it does. A panic, which
/// would be a fault in this library, is an error, too: the caller's program goes on.
///
/// # Safety
/// `error` is null or valid.
pub unsafe fn answer<T>(
    error: *mut gb_error,
    body: impl FnOnce() -> Result<T, String>,
) -> Option<T> {
    let result = catch_unwind(AssertUnwindSafe(body))
        .unwrap_or_else(|_| Err("a fault in libgatebend: please report it".into()));
    match result {
        Ok(value) => Some(value),
        Err(problem) => {
            // SAFETY: the caller promises it.
            if let Some(error) = unsafe { error.as_mut() } {
                write_text(&problem, &mut error.text);
            }
            None
        }
    }
}

/// Returns the values at a pointer of C, which may be null if there are none.
///
/// # Safety
/// The pointer is valid for this many values, which nothing writes meanwhile.
pub unsafe fn slice<'a, T>(pointer: *const T, count: usize) -> &'a [T] {
    if count == 0 {
        return &[];
    }
    // SAFETY: the caller promises it.
    unsafe { std::slice::from_raw_parts(pointer, count) }
}

/// Returns places at a pointer of C, which may be null if there are none.
///
/// # Safety
/// The pointer is valid for this many values, which nothing else uses meanwhile.
pub unsafe fn slice_mut<'a, T>(pointer: *mut T, count: usize) -> &'a mut [T] {
    if count == 0 {
        return &mut [];
    }
    // SAFETY: the caller promises it.
    unsafe { std::slice::from_raw_parts_mut(pointer, count) }
}

/// Moves a value to the heap for the caller, or returns null if there is none.
pub fn boxed<T>(value: Option<T>) -> *mut T {
    value.map_or(std::ptr::null_mut(), |value| Box::into_raw(Box::new(value)))
}

/// Drops a value that [`boxed`] has moved; null is none.
///
/// # Safety
/// The pointer is null, or comes from [`boxed`] and is not used again.
pub unsafe fn unbox<T>(pointer: *mut T) -> Option<Box<T>> {
    // SAFETY: the caller promises it.
    (!pointer.is_null()).then(|| unsafe { Box::from_raw(pointer) })
}
