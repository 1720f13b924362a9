//! Touches as plain values.

/// Position and size of one touch, as fractions of the surface.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Touch {
    /// Horizontal position, 0.0..=1.0.
    pub x: f32,
    /// Vertical position, 0.0..=1.0.
    pub y: f32,
    /// Size, 0.0 to about 1.0.
    pub size: f32,
}
