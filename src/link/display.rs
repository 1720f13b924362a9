//! The display's picture, as a binary message: [`FrameKind::Display`].

use super::protocol::FrameKind;

/// Columns of every display.
const WIDTH: usize = 128;

/// Makes the message from a display's contrast, `None` if it is off, and its memory: pages
/// of eight rows.
pub fn message(contrast: Option<u8>, memory: &[u8]) -> Vec<u8> {
    let height = (memory.len() / WIDTH * 8) as u8;
    let mut message = Vec::with_capacity(4 + memory.len());
    message.extend([
        FrameKind::Display as u8,
        contrast.is_some().into(),
        contrast.unwrap_or(0),
        height,
    ]);
    message.extend_from_slice(memory);
    message
}
