//! Touches as plain values.

/// Position and size of one touch, as fractions of the surface.
///
/// The surface is seen from the side that is touched, with the lettering on the back
/// upright. As on a screen, x grows to the right and y downwards. The sensor itself counts
/// vertical positions from the bottom edge upwards: figure 6 of its datasheet (REV C), and
/// the order of its pads in the firmware's table and on the circuit board.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Touch {
    /// Distance from the left edge, 0.0..=1.0.
    pub x: f32,
    /// Distance from the top edge, 0.0..=1.0.
    pub y: f32,
    /// Size, 0.0 to about 1.0.
    pub size: f32,
}
