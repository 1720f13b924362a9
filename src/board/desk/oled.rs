//! A simulated SSD1306: decodes the controller's commands into what one sees.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use embedded_hal::i2c::ErrorKind;
use trill::sim::Device;

use crate::link::display;

const WIDTH: usize = 128;
const PAGES: usize = 8;

/// What one sees on the display, the right way up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Rows.
    pub height: usize,
    /// Whether each pixel is lit, row by row, 128 a row.
    pub pixels: Vec<bool>,
    /// Contrast, 0..=255; meaningless when nothing is lit.
    pub contrast: u8,
}

impl Frame {
    /// Whether a pixel is lit.
    pub fn is_lit(&self, x: usize, y: usize) -> bool {
        self.pixels[y * WIDTH + x]
    }

    /// As clients are told of it.
    pub fn message(&self) -> Vec<u8> {
        let mut memory = vec![0; WIDTH * self.height / 8];
        for (i, lit) in self.pixels.iter().enumerate() {
            let (x, y) = (i % WIDTH, i / WIDTH);
            memory[y / 8 * WIDTH + x] |= u8::from(*lit) << (y % 8);
        }
        display::message((self.contrast > 0).then_some(self.contrast), &memory)
    }

    /// As a line of a log: the time, the contrast, and the pixels row by row as
    /// hexadecimal digits, the leftmost of four in the highest bit.
    pub fn line(&self, now: u64) -> String {
        let digits = self.pixels.chunks(4).map(|four| {
            let digit = four.iter().fold(0, |bits, lit| 2 * bits + u32::from(*lit));
            char::from_digit(digit, 16).unwrap_or('?')
        });
        format!("{now} {} {}", self.contrast, digits.collect::<String>())
    }
}

/// The controller's registers and memory (Solomon Systech SSD1306 rev 1.1).
#[derive(Clone, Debug)]
#[allow(clippy::struct_excessive_bools)] // it has as many flags
struct Controller {
    memory: [u8; WIDTH * PAGES],
    on: bool,
    inverted: bool,
    all_on: bool,
    pumped: bool,
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

impl Controller {
    /// As after a reset; memory holds noise.
    fn reset() -> Controller {
        let mut memory = [0; WIDTH * PAGES];
        for (i, byte) in memory.iter_mut().enumerate() {
            *byte = (i as u32).wrapping_mul(2_654_435_761).to_le_bytes()[3];
        }
        Controller {
            memory,
            on: false,
            inverted: false,
            all_on: false,
            pumped: false,
            contrast: 0x7f,
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
        if self.length <= arguments(self.command[0]) {
            return;
        }
        self.length = 0;
        let [opcode, a, b, ..] = self.command;
        match opcode {
            0x00..=0x0f => self.column = self.column & 0xf0 | opcode & 0x0f,
            0x10..=0x1f => self.column = self.column & 0x0f | (opcode & 0x07) << 4,
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
            0x8d => self.pumped = a & 4 != 0,
            0xa0 | 0xa1 => self.remapped = opcode & 1 == 1,
            0xa4 | 0xa5 => self.all_on = opcode & 1 == 1,
            0xa6 | 0xa7 => self.inverted = opcode & 1 == 1,
            0xa8 => self.rows = (a & 0x3f) + 1,
            0xae | 0xaf => self.on = opcode & 1 == 1,
            0xb0..=0xb7 => self.page = opcode & 7,
            0xc0..=0xcf => self.reversed = opcode & 8 != 0,
            0xd3 => self.offset = a & 0x3f,
            _ => {}
        }
    }

    fn data_byte(&mut self, byte: u8) {
        self.memory[usize::from(self.page) * WIDTH + usize::from(self.column)] = byte;
        let (next_column, next_page) = (
            |column: u8, range: (u8, u8)| {
                if column == range.1 {
                    range.0
                } else {
                    (column + 1) & 0x7f
                }
            },
            |page: u8, range: (u8, u8)| {
                if page == range.1 {
                    range.0
                } else {
                    (page + 1) & 7
                }
            },
        );
        match self.mode {
            0 => {
                if self.column == self.columns.1 {
                    self.page = next_page(self.page, self.pages);
                }
                self.column = next_column(self.column, self.columns);
            }
            1 => {
                if self.page == self.pages.1 {
                    self.column = next_column(self.column, self.columns);
                }
                self.page = next_page(self.page, self.pages);
            }
            _ => self.column = (self.column + 1) & 0x7f,
        }
    }

    fn frame(&self) -> Frame {
        let height = usize::from(self.rows);
        let lit = self.on && self.pumped;
        let mut pixels = vec![false; WIDTH * height];
        for y in 0..height {
            for x in 0..WIDTH {
                let column = if self.remapped { x } else { WIDTH - 1 - x };
                let row = if self.reversed { y } else { height - 1 - y };
                let row = (row + usize::from(self.start_line) + usize::from(self.offset)) % 64;
                let bit = self.memory[row / 8 * WIDTH + column] >> (row % 8) & 1 == 1;
                pixels[y * WIDTH + x] = lit && (self.all_on || bit != self.inverted);
            }
        }
        Frame {
            height,
            pixels,
            contrast: if lit { self.contrast } else { 0 },
        }
    }
}

/// Bytes that follow an opcode.
fn arguments(opcode: u8) -> usize {
    match opcode {
        0x20 | 0x81 | 0x8d | 0xa8 | 0xd3 | 0xd5 | 0xd9 | 0xda | 0xdb => 1,
        0x21 | 0x22 | 0xa3 => 2,
        0x29 | 0x2a => 5,
        0x26 | 0x27 => 6,
        _ => 0,
    }
}

/// A simulated display; clones are the same one, so that a test can look at
/// what is plugged into a bus.
#[derive(Clone)]
pub struct Oled(Arc<Mutex<Module>>);

/// The controller, and who watches it.
struct Module {
    controller: Controller,
    watch: Option<Watch>,
}

/// Is called with what one sees after a transfer, and its time in nanoseconds.
pub type Watch = Box<dyn FnMut(u64, &Frame) + Send>;

impl Default for Oled {
    fn default() -> Oled {
        Oled::new()
    }
}

impl Oled {
    /// A display that was just switched on.
    pub fn new() -> Oled {
        Oled(Arc::new(Mutex::new(Module {
            controller: Controller::reset(),
            watch: None,
        })))
    }

    fn module(&self) -> MutexGuard<'_, Module> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What one sees.
    pub fn frame(&self) -> Frame {
        self.module().controller.frame()
    }

    /// Shows everything that one sees from now on to `watch`.
    pub fn watch(&self, watch: Watch) {
        self.module().watch = Some(watch);
    }
}

impl Device for Oled {
    fn write(&mut self, now: u64, bytes: &[u8]) -> Result<(), ErrorKind> {
        let mut module = self.module();
        let Module { controller, watch } = &mut *module;
        let mut bytes = bytes.iter();
        while let Some(control) = bytes.next() {
            let data = control & 0x40 != 0;
            // With the continuation bit, one byte follows; without, all the rest.
            let count = if control & 0x80 != 0 { 1 } else { usize::MAX };
            for byte in bytes.by_ref().take(count) {
                if data {
                    controller.data_byte(*byte);
                } else {
                    controller.command_byte(*byte);
                }
            }
        }
        if let Some(watch) = watch {
            watch(now, &controller.frame());
        }
        Ok(())
    }

    fn read(&mut self, _: u64, bytes: &mut [u8]) -> Result<(), ErrorKind> {
        // The status register: bit 6 is set while the display is off.
        bytes.fill(u8::from(!self.module().controller.on) << 6);
        Ok(())
    }

    fn power_on(&mut self, _: u64) {
        self.module().controller = Controller::reset();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn display() -> Oled {
        let mut oled = Oled::new();
        for command in [&[0x8d, 0x14][..], &[0xaf], &[0xa1], &[0xc8], &[0x20, 0]] {
            oled.write(0, &[&[0], command].concat()).unwrap();
        }
        oled
    }

    #[test]
    fn data_goes_to_the_area_and_round_again() {
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

    #[test]
    fn it_is_dark_until_pump_and_display_are_on_and_noise_until_written() {
        let mut oled = Oled::new();
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
        let frame = Frame {
            height: 1,
            pixels,
            contrast: 9,
        };
        assert_eq!(frame.line(50), format!("50 9 81{}", "0".repeat(30)));
    }

    #[test]
    fn any_bytes_are_survived() {
        let mut rng = logicnet::random::Rng::new(1);
        let mut oled = display();
        for _ in 0..2000 {
            let bytes: Vec<u8> = (0..rng.below(20)).map(|_| rng.below(256) as u8).collect();
            oled.write(0, &bytes).unwrap();
            assert!(oled.frame().pixels.len() % WIDTH == 0);
        }
    }
}
