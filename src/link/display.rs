//! What the display shows, as a binary message: [`protocol::Frame::Display`].

use super::protocol;
use crate::board::desk;

/// Columns of every display.
const WIDTH: usize = 128;

/// A display's memory, pages of eight rows, at a contrast; without one, it is off.
pub fn frame(contrast: Option<u8>, memory: &[u8]) -> Vec<u8> {
    let height = (memory.len() / WIDTH * 8) as u8;
    let mut frame = Vec::with_capacity(4 + memory.len());
    frame.extend([
        protocol::Frame::Display as u8,
        contrast.is_some().into(),
        contrast.unwrap_or(0),
        height,
    ]);
    frame.extend_from_slice(memory);
    frame
}

/// What one sees on a simulated display.
pub fn seen(seen: &desk::Frame) -> Vec<u8> {
    let mut memory = vec![0; WIDTH * seen.height / 8];
    for (i, lit) in seen.pixels.iter().enumerate() {
        let (x, y) = (i % WIDTH, i / WIDTH);
        memory[y / 8 * WIDTH + x] |= u8::from(*lit) << (y % 8);
    }
    frame((seen.contrast > 0).then_some(seen.contrast), &memory)
}
