//! A simulated SSD1306: decodes the controller's commands into visible pixels.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use embedded_hal::i2c::ErrorKind;
use trill::sim::Device;

use crate::link::display;

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

/// The controller's registers and memory (Solomon Systech SSD1306 rev 1.1).
#[derive(Clone, Debug)]
#[allow(clippy::struct_excessive_bools)] // the hardware's flags
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
    /// Returns the controller after a reset; its memory holds noise.
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
        let next = |at: u8, (first, last): (u8, u8), bits: u8| {
            if at == last { first } else { (at + 1) & bits }
        };
        let next_column = next(self.column, self.columns, 0x7f);
        let next_page = next(self.page, self.pages, 7);
        let ends_row = self.column == self.columns.1;
        let ends_column = self.page == self.pages.1;
        match self.mode {
            0 => {
                self.column = next_column;
                self.page = if ends_row { next_page } else { self.page };
            }
            1 => {
                self.page = next_page;
                self.column = if ends_column {
                    next_column
                } else {
                    self.column
                };
            }
            _ => self.column = (self.column + 1) & 0x7f,
        }
    }

    fn frame(&self) -> DisplayFrame {
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
        DisplayFrame {
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

/// A simulated display. Clones refer to the same display, so that tests can read one
/// that is plugged into a bus.
#[derive(Clone)]
pub struct Oled(Arc<Mutex<Module>>);

/// The controller and its watcher.
struct Module {
    controller: Controller,
    watch: Option<Watch>,
}

/// Called after each transfer with its time in nanoseconds and the visible content.
pub type Watch = Box<dyn FnMut(u64, &DisplayFrame) + Send>;

impl Default for Oled {
    fn default() -> Oled {
        Oled::new()
    }
}

impl Oled {
    /// Creates a display that was just switched on.
    pub fn new() -> Oled {
        Oled(Arc::new(Mutex::new(Module {
            controller: Controller::reset(),
            watch: None,
        })))
    }

    fn module(&self) -> MutexGuard<'_, Module> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the visible content.
    pub fn frame(&self) -> DisplayFrame {
        self.module().controller.frame()
    }

    /// Sets the watcher.
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

    #[test]
    fn the_display_is_dark_until_switched_on_and_noise_until_written() {
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
        let frame = DisplayFrame {
            height: 1,
            pixels,
            contrast: 9,
        };
        assert_eq!(frame.line(50), format!("50 9 81{}", "0".repeat(30)));
    }

    #[test]
    fn any_bytes_are_accepted() {
        let mut rng = logicnet::random::Rng::new(1);
        let mut oled = display();
        for _ in 0..2000 {
            let bytes: Vec<u8> = (0..rng.below(20)).map(|_| rng.below(256) as u8).collect();
            oled.write(0, &bytes).unwrap();
            assert!(oled.frame().pixels.len() % WIDTH == 0);
        }
    }
}
