//! Simulated displays: decode the commands of their chips into visible pixels.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use embedded_hal::i2c::ErrorKind;
use trill::sim::Device;

use crate::link::display;
use crate::panel::Chip;

const WIDTH: usize = 128;
const PAGES: usize = 8;

/// The visible content of the display, the right way up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DisplayFrame {
    /// Rows.
    pub height: usize,
    /// Pixels row by row, 128 a row; true if lit.
    pub pixels: Vec<bool>,
    /// Contrast, 0..=255; meaningless when nothing is lit.
    pub contrast: u8,
}

impl DisplayFrame {
    /// Returns whether a pixel is lit.
    pub fn is_lit(&self, x: usize, y: usize) -> bool {
        self.pixels[y * WIDTH + x]
    }

    /// Returns the message that clients receive.
    pub fn message(&self) -> Vec<u8> {
        let mut memory = vec![0; WIDTH * self.height / 8];
        for (i, lit) in self.pixels.iter().enumerate() {
            let (x, y) = (i % WIDTH, i / WIDTH);
            memory[y / 8 * WIDTH + x] |= u8::from(*lit) << (y % 8);
        }
        display::message((self.contrast > 0).then_some(self.contrast), &memory)
    }

    /// Returns a line for a log: the time, the contrast, and the pixels row by row as
    /// hexadecimal digits, the leftmost of four in the highest bit.
    pub fn line(&self, now: u64) -> String {
        let digits = self.pixels.chunks(4).map(|four| {
            let digit = four.iter().fold(0, |bits, lit| 2 * bits + u32::from(*lit));
            char::from_digit(digit, 16).unwrap_or('?')
        });
        format!("{now} {} {}", self.contrast, digits.collect::<String>())
    }
}

/// Bits of a column's number in an SSD1306 or SSD1309.
const SOLOMON_COLUMN: u8 = 0x7f;
/// Columns of the memory of an SH1106, and the first one that is connected to a pixel.
const SH1106_COLUMNS: usize = 132;
const SH1106_FIRST: usize = 2;

/// A chip's registers and memory (Solomon Systech SSD1306 rev. 1.1, Sino Wealth SH1106 v2.3;
/// the SSD1309 is an SSD1306 that is supplied from outside). A chip ignores opcodes that it does not know, and takes the bytes after
/// them for further commands.
#[derive(Clone, Debug)]
#[allow(clippy::struct_excessive_bools)] // the hardware's flags
struct Registers {
    chip: Chip,
    /// Page by page.
    memory: Vec<u8>,
    on: bool,
    inverted: bool,
    all_on: bool,
    /// The chip's charge pump or converter is on, or it has none.
    supplied: bool,
    contrast: u8,
    /// 0 horizontal, 1 vertical, 2 page addressing.
    mode: u8,
    columns: (u8, u8),
    pages: (u8, u8),
    column: u8,
    page: u8,
    start_line: u8,
    offset: u8,
    rows: u8,
    /// Segments and commons reversed: how modules are wired.
    remapped: bool,
    reversed: bool,
    /// A command whose arguments are still to come.
    command: [u8; 7],
    length: usize,
}

impl Registers {
    /// Returns the registers after a reset; the memory holds noise.
    fn reset(chip: Chip) -> Registers {
        let columns = match chip {
            Chip::Ssd1306 | Chip::Ssd1309 => WIDTH,
            Chip::Sh1106 => SH1106_COLUMNS,
        };
        let noise = |i: usize| (i as u32).wrapping_mul(2_654_435_761).to_le_bytes()[3];
        Registers {
            chip,
            memory: (0..columns * PAGES).map(noise).collect(),
            on: false,
            inverted: false,
            all_on: false,
            supplied: chip != Chip::Ssd1306,
            contrast: if chip == Chip::Sh1106 { 0x80 } else { 0x7f },
            mode: 2,
            columns: (0, 127),
            pages: (0, 7),
            column: 0,
            page: 0,
            start_line: 0,
            offset: 0,
            rows: 64,
            remapped: false,
            reversed: false,
            command: [0; 7],
            length: 0,
        }
    }

    fn command_byte(&mut self, byte: u8) {
        self.command[self.length] = byte;
        self.length += 1;
        let Some(arguments) = arguments(self.chip, self.command[0]) else {
            self.length = 0;
            return;
        };
        if self.length <= arguments {
            return;
        }
        self.length = 0;
        let [opcode, a, b, ..] = self.command;
        match opcode {
            0x00..=0x0f => self.column = self.column & 0xf0 | opcode & 0x0f,
            0x10..=0x1f => self.column = self.column & 0x0f | (opcode & 0x0f) << 4,
            0x20 => self.mode = a & 3,
            0x21 => {
                self.columns = (a & 0x7f, b & 0x7f);
                self.column = self.columns.0;
            }
            0x22 => {
                self.pages = (a & 7, b & 7);
                self.page = self.pages.0;
            }
            0x40..=0x7f => self.start_line = opcode & 0x3f,
            0x81 => self.contrast = a,
            0x8d => self.supplied = a & 4 != 0,
            0xa0 | 0xa1 => self.remapped = opcode & 1 == 1,
            0xa4 | 0xa5 => self.all_on = opcode & 1 == 1,
            0xa6 | 0xa7 => self.inverted = opcode & 1 == 1,
            0xa8 => self.rows = (a & 0x3f) + 1,
            // Allowed only while the display is off; the model then goes dark.
            0xad => self.supplied = a & 1 == 1 && !self.on,
            0xae | 0xaf => self.on = opcode & 1 == 1,
            0xb0..=0xb7 => self.page = opcode & 7,
            0xc0..=0xcf => self.reversed = opcode & 8 != 0,
            0xd3 => self.offset = a & 0x3f,
            _ => {}
        }
    }

    fn data_byte(&mut self, byte: u8) {
        if self.chip == Chip::Sh1106 {
            self.sh1106_data(byte);
        } else {
            self.solomon_data(byte);
        }
    }

    /// Fills a page up to its last column. Further bytes are lost.
    fn sh1106_data(&mut self, byte: u8) {
        let column = usize::from(self.column);
        if column < SH1106_COLUMNS {
            self.memory[usize::from(self.page) * SH1106_COLUMNS + column] = byte;
            self.column += 1;
        }
    }

    fn solomon_data(&mut self, byte: u8) {
        let column = self.column & SOLOMON_COLUMN;
        self.memory[usize::from(self.page) * WIDTH + usize::from(column)] = byte;
        let next = |at: u8, (first, last): (u8, u8), bits: u8| {
            if at == last { first } else { (at + 1) & bits }
        };
        let next_column = next(column, self.columns, SOLOMON_COLUMN);
        let next_page = next(self.page, self.pages, 7);
        let ends_row = column == self.columns.1;
        let ends_column = self.page == self.pages.1;
        match self.mode {
            0 => {
                self.column = next_column;
                self.page = if ends_row { next_page } else { self.page };
            }
            1 => {
                self.page = next_page;
                self.column = if ends_column { next_column } else { column };
            }
            _ => self.column = (column + 1) & SOLOMON_COLUMN,
        }
    }

    fn frame(&self) -> DisplayFrame {
        let height = usize::from(self.rows);
        let lit = self.on && self.supplied;
        let columns = self.memory.len() / PAGES;
        let first = match self.chip {
            Chip::Ssd1306 | Chip::Ssd1309 => 0,
            Chip::Sh1106 => SH1106_FIRST,
        };
        let mut pixels = vec![false; WIDTH * height];
        for y in 0..height {
            for x in 0..WIDTH {
                let column = if self.remapped { x } else { WIDTH - 1 - x } + first;
                let row = if self.reversed { y } else { height - 1 - y };
                let row = (row + usize::from(self.start_line) + usize::from(self.offset)) % 64;
                let bit = self.memory[row / 8 * columns + column] >> (row % 8) & 1 == 1;
                pixels[y * WIDTH + x] = lit && (self.all_on || bit != self.inverted);
            }
        }
        DisplayFrame {
            height,
            pixels,
            contrast: if lit { self.contrast } else { 0 },
        }
    }
}

/// Returns the number of bytes that follow an opcode, or none if the chip does not know it.
fn arguments(chip: Chip, opcode: u8) -> Option<usize> {
    use Chip::{Sh1106, Ssd1306, Ssd1309};
    match (opcode, chip) {
        (
            0x00..=0x1f
            | 0x40..=0x7f
            | 0xa0
            | 0xa1
            | 0xa4..=0xa7
            | 0xae..=0xb7
            | 0xc0..=0xcf
            | 0xe3,
            _,
        )
        | (0x2e | 0x2f, Ssd1306 | Ssd1309)
        | (0x30..=0x33 | 0xe0 | 0xee, Sh1106) => Some(0),
        (0x81 | 0xa8 | 0xd3 | 0xd5 | 0xd9 | 0xda | 0xdb, _)
        | (0x20, Ssd1306 | Ssd1309)
        | (0x8d, Ssd1306)
        | (0xad, Sh1106) => Some(1),
        (0x21 | 0x22 | 0xa3, Ssd1306 | Ssd1309) => Some(2),
        (0x29 | 0x2a, Ssd1306 | Ssd1309) => Some(5),
        (0x26 | 0x27, Ssd1306 | Ssd1309) => Some(6),
        _ => None,
    }
}

/// A simulated display. Clones refer to the same display, so that tests can read one
/// that is plugged into a bus.
#[derive(Clone)]
pub struct Oled(Arc<Mutex<Module>>);

/// The chip and its watcher.
struct Module {
    registers: Registers,
    watch: Option<Watch>,
}

/// Called after each transfer with its time in nanoseconds and the visible content.
pub type Watch = Box<dyn FnMut(u64, &DisplayFrame) + Send>;

impl Oled {
    /// Creates a display that was just switched on.
    pub fn new(chip: Chip) -> Oled {
        Oled(Arc::new(Mutex::new(Module {
            registers: Registers::reset(chip),
            watch: None,
        })))
    }

    fn module(&self) -> MutexGuard<'_, Module> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the visible content.
    pub fn frame(&self) -> DisplayFrame {
        self.module().registers.frame()
    }

    /// Sets the watcher.
    pub fn watch(&self, watch: Watch) {
        self.module().watch = Some(watch);
    }
}

impl Device for Oled {
    fn write(&mut self, now: u64, bytes: &[u8]) -> Result<(), ErrorKind> {
        let mut module = self.module();
        let Module { registers, watch } = &mut *module;
        let mut bytes = bytes.iter();
        while let Some(control) = bytes.next() {
            let data = control & 0x40 != 0;
            // With the continuation bit, one byte follows; without, all the rest.
            let count = if control & 0x80 != 0 { 1 } else { usize::MAX };
            for byte in bytes.by_ref().take(count) {
                if data {
                    registers.data_byte(*byte);
                } else {
                    registers.command_byte(*byte);
                }
            }
        }
        if let Some(watch) = watch {
            watch(now, &registers.frame());
        }
        Ok(())
    }

    fn read(&mut self, _: u64, bytes: &mut [u8]) -> Result<(), ErrorKind> {
        // The status register: bit 6 is set while the display is off.
        bytes.fill(u8::from(!self.module().registers.on) << 6);
        Ok(())
    }

    fn power_on(&mut self, _: u64) {
        let mut module = self.module();
        module.registers = Registers::reset(module.registers.chip);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn display() -> Oled {
        let mut oled = Oled::new(Chip::Ssd1306);
        for command in [&[0x8d, 0x14][..], &[0xaf], &[0xa1], &[0xc8], &[0x20, 0]] {
            oled.write(0, &[&[0], command].concat()).unwrap();
        }
        oled
    }

    #[test]
    fn data_fills_the_area_and_wraps() {
        let mut oled = display();
        oled.write(0, &[0, 0x21, 0, 127, 0x22, 0, 7]).unwrap();
        oled.write(0, &[&[0x40][..], &[0; 1024]].concat()).unwrap();
        assert!(oled.frame().pixels.iter().all(|lit| !lit));
        oled.write(0, &[0, 0x21, 10, 11, 0x22, 1, 2]).unwrap();
        oled.write(0, &[0x40, 1, 2, 4, 8, 16]).unwrap();
        let frame = oled.frame();
        let lit: Vec<(usize, usize)> = (0..64)
            .flat_map(|y| (0..128).map(move |x| (x, y)))
            .filter(|&(x, y)| frame.is_lit(x, y))
            .collect();
        // The fifth byte is at the area's start again, in place of the first.
        assert_eq!(lit, [(11, 9), (10, 12), (10, 18), (11, 19)]);
    }

    /// Returns the bytes in the first columns of the first page.
    fn bytes<const N: usize>(oled: &Oled) -> [u8; N] {
        let frame = oled.frame();
        std::array::from_fn(|x| (0..8).fold(0, |byte, y| byte | u8::from(frame.is_lit(x, y)) << y))
    }

    #[test]
    fn page_addressing_stays_in_its_page() {
        let mut oled = display();
        oled.write(0, &[0, 0x20, 2, 0xb0, 0x0e, 0x17]).unwrap();
        oled.write(0, &[0x40, 1, 2, 3]).unwrap();
        // From column 126 on: the third byte is in the first column of the same page.
        assert_eq!(bytes(&oled), [3]);
        assert_eq!(&oled.module().registers.memory[126..128], [1, 2]);
    }

    #[test]
    fn an_sh1106_shows_its_columns_from_the_third_on_and_drops_bytes_after_the_last() {
        let mut oled = Oled::new(Chip::Sh1106);
        let commands = [0, 0xad, 0x8b, 0xaf, 0xa1, 0xc8, 0xb0, 0x00, 0x10];
        oled.write(0, &commands).unwrap();
        let second_page = oled.module().registers.memory[132];
        let data: Vec<u8> = (0..140).collect();
        oled.write(0, &[&[0x40][..], &data].concat()).unwrap();
        assert_eq!(
            bytes(&oled),
            std::array::from_fn::<u8, 128, _>(|x| 2 + x as u8)
        );
        assert_eq!(oled.module().registers.memory[132], second_page);
    }

    #[test]
    fn an_sh1106_acknowledges_horizontal_addressing_and_shows_garbage() {
        let mut oled = Oled::new(Chip::Sh1106);
        for command in [&[0x8d, 0x14][..], &[0xa1], &[0xc8], &[0xaf], &[0x20, 0]] {
            oled.write(0, &[&[0], command].concat()).unwrap();
        }
        // A dark picture by the means of the SSD1306.
        oled.write(0, &[0, 0x21, 0, 127, 0x22, 0, 7]).unwrap();
        oled.write(0, &[&[0x40][..], &[0; 1024]].concat()).unwrap();
        let lit = oled.frame().pixels.iter().filter(|lit| **lit).count();
        assert!(lit > 1000, "{lit} pixels are lit");
    }

    #[test]
    fn an_sh1106_whose_converter_is_set_while_it_is_on_goes_dark() {
        let mut oled = Oled::new(Chip::Sh1106);
        oled.write(0, &[0, 0xaf]).unwrap();
        assert!(oled.frame().contrast > 0);
        oled.write(0, &[0, 0xad, 0x8b]).unwrap();
        assert_eq!(oled.frame().contrast, 0);
    }

    #[test]
    fn the_display_is_dark_until_switched_on_and_noise_until_written() {
        let mut oled = Oled::new(Chip::Ssd1306);
        assert!(oled.frame().pixels.iter().all(|lit| !lit));
        oled.write(0, &[0, 0xaf]).unwrap();
        assert!(oled.frame().pixels.iter().all(|lit| !lit));
        oled.write(0, &[0, 0x8d, 0x14]).unwrap();
        assert!(oled.frame().pixels.iter().any(|lit| *lit));
    }

    #[test]
    fn a_line_has_the_leftmost_pixel_in_the_highest_bit() {
        let mut pixels = vec![false; WIDTH];
        pixels[0] = true;
        pixels[7] = true;
        let frame = DisplayFrame {
            height: 1,
            pixels,
            contrast: 9,
        };
        assert_eq!(frame.line(50), format!("50 9 81{}", "0".repeat(30)));
    }

    #[test]
    fn any_bytes_are_accepted() {
        for chip in Chip::ALL {
            let mut rng = logicnet::random::Rng::new(1);
            let mut oled = Oled::new(chip);
            for _ in 0..2000 {
                let bytes: Vec<u8> = (0..rng.below(20)).map(|_| rng.below(256) as u8).collect();
                oled.write(0, &bytes).unwrap();
                assert!(oled.frame().pixels.len() % WIDTH == 0);
            }
        }
    }
}
