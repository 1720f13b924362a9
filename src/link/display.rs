//! What the display shows, as a binary message: [`protocol::Frame::Display`].

use super::protocol;

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
