//! The chips that control displays, and their commands, from the data sheets SSD1306 rev. 1.1
//! and SH1106 v2.3; for the SSD1309, from the driver `ssd130x` of Linux.
//!
//! All of them have page addressing: data bytes fill a page of eight rows from the column that
//! was set. The SH1106 has no other addressing mode. The crate `ssd1306` encodes the commands,
//! which the chips share but for a few.

use display_interface::{DataFormat, DisplayError, WriteOnlyDataCommand};
use serde::Deserialize;
use ssd1306::command::{AddrMode, Command, Page};

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
    pub(super) fn switch_off(self) -> Vec<u8> {
        let mut bytes = encode(&[Command::DisplayOn(false)]);
        if self == Chip::Sh1106 {
            bytes.extend(SH1106_CONVERTER_ON);
        }
        bytes
    }

    /// Returns the commands that set up the display. A display that shows a picture continues
    /// to do so, and one that was reset stays off.
    pub(super) fn set_up(self, rows: usize, upside_down: bool) -> Vec<u8> {
        let own: &[Command] = match self {
            Chip::Ssd1306 => &[
                Command::AddressMode(AddrMode::Page),
                Command::EnableScroll(false),
                Command::ChargePump(true),
            ],
            Chip::Ssd1309 => &[
                Command::AddressMode(AddrMode::Page),
                Command::EnableScroll(false),
            ],
            Chip::Sh1106 => &[],
        };
        let common = [
            Command::Multiplex(rows as u8 - 1),
            // Displays of 64 rows connect them to the chip's two sides by turns.
            Command::ComPinConfig(rows == 64, false),
            Command::SegmentRemap(!upside_down),
            Command::ReverseComDir(!upside_down),
            Command::DisplayOffset(0),
            Command::StartLine(0),
            Command::AllOn(false),
            Command::Invert(false),
        ];
        encode(&[own, &common].concat())
    }

    /// Returns the commands that set the contrast and switch the display on.
    pub(super) fn light_up(contrast: u8) -> Vec<u8> {
        encode(&[Command::Contrast(contrast), Command::DisplayOn(true)])
    }

    /// Returns the commands that set the place of the next data byte.
    pub(super) fn locate(self, page: usize, column: usize) -> Vec<u8> {
        let column = column as u8 + self.first_column();
        encode(&[
            Command::PageStart(Page::from(8 * page as u8)),
            Command::ColStart(column),
        ])
    }
}

/// The SH1106's command that switches its DC-DC converter on, as it is after a reset.
const SH1106_CONVERTER_ON: [u8; 2] = [0xad, 0x8b];

/// Encodes commands as the bytes that follow the control byte.
fn encode(commands: &[Command]) -> Vec<u8> {
    let mut bytes = Bytes::default();
    for command in commands {
        // Never fails: all commands are bytes.
        let _ = command.send(&mut bytes);
    }
    bytes.0
}

/// The bytes of commands.
#[derive(Default)]
struct Bytes(Vec<u8>);

impl WriteOnlyDataCommand for Bytes {
    fn send_commands(&mut self, commands: DataFormat<'_>) -> Result<(), DisplayError> {
        let DataFormat::U8(bytes) = commands else {
            return Err(DisplayError::DataFormatNotImplemented);
        };
        self.0.extend(bytes);
        Ok(())
    }

    fn send_data(&mut self, _: DataFormat<'_>) -> Result<(), DisplayError> {
        Err(DisplayError::DataFormatNotImplemented)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_those_of_the_data_sheets() {
        assert_eq!(Chip::Sh1106.switch_off(), [0xae, 0xad, 0x8b]);
        assert_eq!(Chip::Ssd1306.switch_off(), [0xae]);
        let common = [0xd3, 0, 0x40, 0xa4, 0xa6];
        let own = [0x20, 2, 0x2e, 0x8d, 0x14];
        let of_64 = [0xa8, 63, 0xda, 0x12, 0xa1, 0xc8];
        let expected: Vec<u8> = [&own[..], &of_64, &common].concat();
        assert_eq!(Chip::Ssd1306.set_up(64, false), expected);
        let of_32 = [0xa8, 31, 0xda, 0x02, 0xa0, 0xc0];
        assert_eq!(
            Chip::Sh1106.set_up(32, true),
            [&of_32[..], &common].concat()
        );
        assert_eq!(Chip::light_up(7), [0x81, 7, 0xaf]);
        assert_eq!(Chip::Sh1106.locate(3, 127), [0xb3, 0x01, 0x18]);
    }
}
