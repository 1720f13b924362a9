//! Pages of the display: pictures of the state.

mod check;
mod lists;
mod picture;
mod play;

use embedded_graphics::mono_font::iso_8859_1::{FONT_4X6, FONT_5X8, FONT_10X20};
use embedded_graphics::mono_font::{MonoFont, MonoTextStyle};
use embedded_graphics::pixelcolor::BinaryColor;
use embedded_graphics::prelude::*;
use embedded_graphics::primitives::{PrimitiveStyle, Rectangle};
use embedded_graphics::text::{Baseline, Text};
use logicnet::shorten;

pub use check::draw_check;
pub(super) use lists::ABOUT_LINES;
pub use picture::{Picture, WIDTH};

use super::state::{Page, State};

/// Reports of the board and its threads, which are not part of the state.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Status {
    /// The name of the board.
    pub board: String,
    /// The address of the page for browsers, if there is one.
    pub page: Option<String>,
    /// The code that browsers must send, if one is required.
    pub code: Option<String>,
    /// Load of the audio callback, in thousandths of its time.
    pub load: u32,
    /// Number of late callbacks.
    pub late: u32,
    /// True if the PRU evaluated the last group of samples.
    pub by_pru: bool,
    /// Groups of samples that the PRU missed and the CPU evaluated.
    pub missed: u32,
    /// Touch scans per second, as measured.
    pub scans: u32,
    /// Speed of the I2C bus in kHz, as measured; 0 if not known.
    pub bus_khz: u32,
    /// A message about the present fault, if there is one.
    pub fault: Option<String>,
}

/// Everything that a page shows.
pub struct View<'a> {
    /// The state of the instrument.
    pub state: &'a State,
    /// Reports of the board.
    pub status: &'a Status,
    /// A notice to show over the page.
    pub notice: Option<&'a str>,
    /// The present value of each node, by node number.
    pub values: &'a [bool],
}

/// Height of a line of text and of the header, in pixels.
const LINE: i32 = 8;

/// Draws the page of the state, or a fault in place of the page for playing.
pub fn draw(picture: &mut Picture, view: &View<'_>) {
    match (&view.status.fault, view.state.page) {
        (Some(fault), Page::Play) => draw_fault(picture, fault),
        (_, Page::Play) => play::draw(picture, view),
        (_, Page::Menu) => lists::draw_menu(picture, view.state),
        (_, Page::Presets) => lists::draw_presets(picture, view.state),
        (_, Page::Inputs) => lists::draw_inputs(picture, view.state),
        (_, Page::About) => lists::draw_about(picture, view),
    }
    if let Some(notice) = view.notice {
        draw_notice(picture, notice);
    }
}

/// Most lines of a notice: the message about a network that is too slow fits.
const NOTICE_LINES: usize = 4;

/// Characters of a line of a notice.
const NOTICE_WIDTH: usize = 25;

/// Returns the lines of a notice. Of a long one, the middle is left out.
fn notice_lines(notice: &str) -> Vec<String> {
    let lengths = (1..=NOTICE_LINES * NOTICE_WIDTH).rev();
    let mut lines = lengths.map(|most| wrapped(&shorten(notice, most), NOTICE_WIDTH));
    lines
        .find(|lines| lines.len() <= NOTICE_LINES)
        .unwrap_or_default()
}

/// Draws a notice over the top of the picture, dark on light.
fn draw_notice(picture: &mut Picture, notice: &str) {
    for (i, line) in notice_lines(notice).iter().enumerate() {
        text().bar(picture, i as i32 * LINE, line);
    }
}

/// Draws the splash screen. It says what a touch does once the sensor is ready.
pub fn draw_splash(picture: &mut Picture, ready: bool) {
    picture.clear_shifted(Point::zero());
    let middle = picture.height() as i32 / 2;
    let title = Pen::new(&FONT_10X20);
    let tall = picture.height() > 32;
    let top = if tall { middle - 20 } else { middle - 16 };
    title.write(picture, Point::new(24, top), "gatebend");
    let hint = if ready {
        concat!(env!("CARGO_PKG_VERSION"), " touch: safe start")
    } else {
        concat!(env!("CARGO_PKG_VERSION"), " hands off a moment")
    };
    Pen::new(&FONT_5X8).write(picture, Point::new(4, top + 22), hint);
    if tall {
        for (i, x) in (4..124).step_by(8).enumerate() {
            let lit = (i * 5 + 3) % 7 < 3;
            let style = if lit { FILLED } else { OUTLINED };
            rectangle(picture, (x, 54), (5, 5), style);
        }
    }
}

/// Draws the message of a fault.
fn draw_fault(picture: &mut Picture, fault: &str) {
    let text = Pen::new(&FONT_5X8);
    text.bar(picture, 0, " sound goes on, but:");
    for (i, line) in wrapped(fault, 25).iter().enumerate() {
        let y = if picture.height() > 32 { 12 } else { LINE } + i as i32 * LINE;
        text.write(picture, Point::new(1, y), line);
    }
}

/// Wraps text into lines of at most `width` characters, between words where possible.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let mut word: Vec<char> = word.chars().collect();
        loop {
            let line = lines.last_mut().expect("there is always a line");
            let used = line.chars().count();
            let room = (width - used).saturating_sub(usize::from(used > 0));
            if word.len() <= room {
                if used > 0 {
                    line.push(' ');
                }
                line.extend(word);
                break;
            }
            if used == 0 {
                line.extend(word.drain(..width));
            }
            lines.push(String::new());
        }
    }
    lines
}

type Style = PrimitiveStyle<BinaryColor>;

const FILLED: Style = Style::with_fill(BinaryColor::On);
const OUTLINED: Style = Style::with_stroke(BinaryColor::On, 1);
const CLEARED: Style = Style::with_fill(BinaryColor::Off);

/// Draws a rectangle of this size with its top left corner at a point.
fn rectangle(picture: &mut Picture, at: (i32, i32), size: (i32, i32), style: Style) {
    let size = Size::new(size.0 as u32, size.1 as u32);
    let Ok(()) = Rectangle::new(at.into(), size)
        .into_styled(style)
        .draw(picture);
}

/// A font and a colour to write text with.
#[derive(Clone, Copy)]
struct Pen {
    font: &'static MonoFont<'static>,
    color: BinaryColor,
}

/// Returns a pen for headers, lists and sentences.
fn text() -> Pen {
    Pen::new(&FONT_5X8)
}

/// Returns a pen for legends.
fn small() -> Pen {
    Pen::new(&FONT_4X6)
}

impl Pen {
    fn new(font: &'static MonoFont<'static>) -> Pen {
        let color = BinaryColor::On;
        Pen { font, color }
    }

    fn write(self, picture: &mut Picture, at: Point, text: &str) {
        let style = MonoTextStyle::new(self.font, self.color);
        let Ok(_) = Text::with_baseline(text, at, style, Baseline::Top).draw(picture);
    }

    fn width(self, text: &str) -> i32 {
        text.chars().count() as i32 * self.font.character_size.width as i32
    }

    fn write_right(self, picture: &mut Picture, y: i32, text: &str) {
        let x = WIDTH as i32 - 1 - self.width(text);
        self.write(picture, Point::new(x, y), text);
    }

    /// Cuts a text to `width` pixels.
    fn cut(self, text: &str, width: i32) -> String {
        let most = (width / self.font.character_size.width as i32).max(0) as usize;
        text.chars().take(most).collect()
    }

    /// Writes dark text on a lit line.
    fn bar(self, picture: &mut Picture, y: i32, text: &str) {
        rectangle(picture, (0, y), (WIDTH as i32, LINE), FILLED);
        let (font, color) = (self.font, BinaryColor::Off);
        Pen { font, color }.write(picture, Point::new(1, y), text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_notice_keeps_its_beginning_and_its_end() {
        let short = "no preset \"dusk\"";
        assert_eq!(notice_lines(short), [short]);
        for word in ["x".repeat(16_000), "x y ".repeat(4000)] {
            let lines = notice_lines(&format!("recall {word}: no such preset"));
            assert_eq!(lines.len(), NOTICE_LINES);
            let text = lines.join(" ");
            assert!(text.starts_with("recall x") && text.ends_with("no such preset"));
        }
    }

    #[test]
    fn wrapping_loses_no_words() {
        assert_eq!(wrapped("check the cable", 9), ["check the", "cable"]);
        assert_eq!(wrapped("/dev/i2c-1: x", 6), ["/dev/i", "2c-1:", "x"]);
        assert_eq!(wrapped("", 5), [""]);
        for width in 1..30 {
            let text = "No touch sensor at 0x28 on /dev/i2c-1: check the cable";
            let lines = wrapped(text, width);
            assert!(lines.iter().all(|line| line.chars().count() <= width));
            let letters = |text: &str| text.replace(' ', "");
            assert_eq!(letters(&lines.concat()), letters(text));
        }
    }
}
