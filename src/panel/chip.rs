//! The chips that control displays, and their commands, from the data sheets SSD1306 rev. 1.1
//! and SH1106 v2.3; for the SSD1309, from the driver `ssd130x` of Linux.
//!
//! All of them have page addressing: data bytes fill a page of eight rows from the column that
//! was set. The SH1106 has no other addressing mode.

use serde::Deserialize;

/// A chip that controls a display.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Chip {
    /// Solomon Systech SSD1306: most displays of 0.91" and 0.96".
    #[default]
    Ssd1306,
    /// Solomon Systech SSD1309: most displays of 2.42". An SSD1306 without a charge pump.
    Ssd1309,
    /// Sino Wealth SH1106: most displays of 1.3".
    Sh1106,
}

impl Chip {
    /// Every chip.
    pub const ALL: [Chip; 3] = [Chip::Ssd1306, Chip::Ssd1309, Chip::Sh1106];

    /// Returns the chip's name in board files.
    pub fn name(self) -> &'static str {
        match self {
            Chip::Ssd1306 => "ssd1306",
            Chip::Ssd1309 => "ssd1309",
            Chip::Sh1106 => "sh1106",
        }
    }

    /// Returns the column of the memory that the display's first column shows.
    fn first_column(self) -> u8 {
        match self {
            Chip::Ssd1306 | Chip::Ssd1309 => 0,
            // The memory has 132 columns, of which modules show the middle 128.
            Chip::Sh1106 => 2,
        }
    }

    /// Returns the commands that switch the display off, and set what may be set only then.
    pub(super) fn switch_off(self) -> &'static [u8] {
        match self {
            Chip::Ssd1306 | Chip::Ssd1309 => &[0xae],
            // DC-DC converter on, as after a reset.
            Chip::Sh1106 => &[0xae, 0xad, 0x8b],
        }
    }

    /// Returns the commands that set up the display. A display that shows a picture continues
    /// to do so, and one that was reset stays off.
    pub(super) fn set_up(self, rows: usize, upside_down: bool) -> Vec<u8> {
        let own: &[u8] = match self {
            // Page addressing, no scrolling, charge pump on.
            Chip::Ssd1306 => &[0x20, 0x02, 0x2e, 0x8d, 0x14],
            Chip::Ssd1309 => &[0x20, 0x02, 0x2e],
            Chip::Sh1106 => &[],
        };
        // Displays of 64 rows connect them to the chip's two sides by turns.
        let size = [
            0xa8,
            rows as u8 - 1,
            0xda,
            if rows == 64 { 0x12 } else { 0x02 },
        ];
        let orientation = if upside_down {
            [0xa0, 0xc0]
        } else {
            [0xa1, 0xc8]
        };
        // No vertical shift; pixels show the memory, not inverted.
        let plain = [0xd3, 0, 0x40, 0xa4, 0xa6];
        [own, &size, &orientation, &plain].concat()
    }

    /// Returns the commands that set the contrast and switch the display on.
    pub(super) fn light_up(contrast: u8) -> [u8; 3] {
        [0x81, contrast, 0xaf]
    }

    /// Returns the commands that set the place of the next data byte.
    pub(super) fn locate(self, page: usize, column: usize) -> [u8; 3] {
        let column = column as u8 + self.first_column();
        [0xb0 | page as u8, column & 0x0f, 0x10 | column >> 4]
    }
}
