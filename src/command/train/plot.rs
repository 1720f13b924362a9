//! Pictures of a training and of a sweep.

use synth::{FLOOR, spectrogram};

use super::budget::Budget;
use super::frontier::Frontier;
use super::picture::{Colour, Picture};
use super::training::Training;

const INK: Colour = [0x20, 0x20, 0x20];
const GRID: Colour = [0xc0, 0xc0, 0xc0];
const BLUE: Colour = [0x1f, 0x6f, 0xb4];
const ORANGE: Colour = [0xd9, 0x6c, 0x0f];

/// Size of a panel with its margins, and of the margins: left, top, right and below.
const PANEL: [f64; 2] = [480.0, 240.0];
const MARGINS: [f64; 4] = [52.0, 28.0, 12.0, 24.0];

/// A diagram: a title, and a box for points on scales of 0 to 1.
struct Panel {
    left: f64,
    top: f64,
    width: f64,
    height: f64,
}

impl Panel {
    /// Draws the frame of the panel in a column and a row of the picture.
    fn draw(picture: &mut Picture, [column, row]: [u32; 2], title: &str) -> Panel {
        let [left, top, right, below] = MARGINS;
        let panel = Panel {
            left: f64::from(column) * PANEL[0] + left,
            top: f64::from(row) * PANEL[1] + top,
            width: PANEL[0] - left - right,
            height: PANEL[1] - top - below,
        };
        picture.text((panel.left, panel.top - 16.0), title, INK);
        let corners = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0), (0.0, 0.0)];
        picture.lines(corners.map(|(x, y)| panel.at(x, y)).into(), GRID);
        panel
    }

    /// Returns the place of a point: x from left to right and y from below to the top.
    fn at(&self, x: f64, y: f64) -> (f64, f64) {
        (
            self.left + x * self.width,
            self.top + (1.0 - y) * self.height,
        )
    }

    /// Writes a label at a height of the left side.
    fn label_y(&self, picture: &mut Picture, y: f64, text: &str) {
        let (x, y) = self.at(0.0, y);
        let width = text.len() as f64 * Picture::CHARACTER;
        picture.text((x - width - 4.0, y - Picture::TEXT / 2.0), text, INK);
    }

    /// Writes a label centred at a place below.
    fn label_x(&self, picture: &mut Picture, x: f64, text: &str) {
        let (x, y) = self.at(x, 0.0);
        let width = text.len() as f64 * Picture::CHARACTER;
        picture.text((x - x.min(width / 2.0), y + 4.0), text, INK);
    }
}

/// Returns the course and the result of a training: error over time, error of each bit,
/// waveforms and spectrograms of the sound and the network.
pub fn of_training(training: &Training) -> Picture {
    let mut picture = Picture::new(2 * PANEL[0] as u32, 3 * PANEL[1] as u32);
    let table = training.trainer.table();
    let samples = training.trainer.samples();
    draw_course(&mut picture, training);
    draw_bits(&mut picture, &training.quality().bits);
    let bits = table.sample_bits();
    let sounds = [
        ("sound", table.samples(), BLUE),
        ("network", &samples, ORANGE),
    ];
    for (column, (name, samples, colour)) in (0..).zip(sounds) {
        let title = format!("Waveform of the {name}");
        let panel = Panel::draw(&mut picture, [column, 1], &title);
        let points = waveform(samples, bits, panel.width as usize);
        let points = points.into_iter().map(|(x, y)| panel.at(x, y));
        picture.lines(points.collect(), colour);
        let title = format!(
            "Spectrogram of the {name}, 0 to {} Hz",
            training.label.rate / 2
        );
        let panel = Panel::draw(&mut picture, [column, 2], &title);
        draw_spectrogram(&mut picture, &panel, samples, bits);
        let seconds = samples.len() as f64 / f64::from(training.label.rate);
        panel.label_x(&mut picture, 0.95, &format!("{seconds:.2} s"));
    }
    picture
}

/// Lowest share of wrong bits on a logarithmic scale, a millionth.
const LEAST: f64 = -6.0;

fn draw_course(picture: &mut Picture, training: &Training) {
    let points = training.history.points();
    let (unit, end) = match (training.budget, points.last()) {
        (_, None) => ("", 1.0),
        (Budget::Seconds(_), Some(last)) => (" s", last.spent.seconds),
        (Budget::Work(_), Some(last)) => (" work", last.spent.work as f64),
    };
    let panel = Panel::draw(picture, [0, 0], "Wrong bits over time");
    for exponent in (LEAST as i32 + 1)..=0 {
        let y = 1.0 - f64::from(exponent) / LEAST;
        let label = format!("{} %", 10f64.powi(exponent + 2));
        panel.label_y(picture, y, &label);
        picture.lines(vec![panel.at(0.0, y), panel.at(1.0, y)], GRID);
    }
    let line = points.iter().map(|point| {
        let x = match training.budget {
            Budget::Seconds(_) => point.spent.seconds,
            Budget::Work(_) => point.spent.work as f64,
        };
        let y = point.wrong.log10().max(LEAST);
        panel.at(x / end.max(1e-9), 1.0 - y / LEAST)
    });
    picture.lines(line.collect(), ORANGE);
    panel.label_x(picture, 0.95, &format!("{end:.0}{unit}"));
}

fn draw_bits(picture: &mut Picture, bits: &[f64]) {
    let panel = Panel::draw(
        picture,
        [1, 0],
        "Wrong samples of each bit, least significant first",
    );
    for percent in [0, 25, 50] {
        let y = f64::from(percent) / 50.0;
        panel.label_y(picture, y, &format!("{percent} %"));
        picture.lines(vec![panel.at(0.0, y), panel.at(1.0, y)], GRID);
    }
    let count = bits.len() as f64;
    for (bit, right) in bits.iter().enumerate() {
        let height = (2.0 * (1.0 - right)).min(1.0);
        let (x, y) = panel.at((bit as f64 + 0.2) / count, height);
        let place = [x, y, 0.6 / count * panel.width, height * panel.height];
        picture.fill(place, ORANGE);
        panel.label_x(picture, (bit as f64 + 0.5) / count, &bit.to_string());
    }
}

/// Returns the lines of a waveform, a stroke from the lowest to the highest sample for each
/// column.
fn waveform(samples: &[u16], bits: u8, columns: usize) -> Vec<(f64, f64)> {
    let highest = f64::from((1u32 << bits) - 1);
    let length = samples.len();
    let strokes = (0..columns).flat_map(|column| {
        let start = column * length / columns;
        let end = ((column + 1) * length / columns).max(start + 1);
        let part = &samples[start..end];
        let x = column as f64 / columns as f64;
        let [low, high] = [part.iter().min(), part.iter().max()]
            .map(|sample| f64::from(sample.copied().unwrap_or(0)) / highest);
        [(x, low), (x, high)]
    });
    strokes.collect()
}

fn draw_spectrogram(picture: &mut Picture, panel: &Panel, samples: &[u16], bits: u8) {
    let frames = spectrogram(samples, bits);
    // No more columns than pixels, each the first of its frames.
    let columns = frames.len().min(panel.width as usize);
    let rows = frames[0].len();
    let pixels = (0..rows).rev().flat_map(|row| {
        let frames = &frames;
        (0..columns).map(move |column| {
            let level = frames[column * frames.len() / columns][row];
            // Loud is dark.
            (255.0 * (level / FLOOR).clamp(0.0, 1.0)) as u8
        })
    });
    let (left, top) = panel.at(0.0, 1.0);
    let place = [left, top, panel.width, panel.height];
    picture.grey(place, columns as u32, pixels.collect());
}

/// Returns the networks of a sweep by gates and signal-to-noise ratio, with a line through the
/// best.
pub fn of_frontier(frontier: &Frontier) -> Picture {
    let mut picture = Picture::new(PANEL[0] as u32, PANEL[1] as u32);
    let title = "Signal-to-noise in dB by gates; a line through the best";
    let panel = Panel::draw(&mut picture, [0, 0], title);
    let entries = frontier.entries();
    let most = entries
        .iter()
        .map(|entry| entry.gates)
        .max()
        .unwrap_or(1)
        .max(1) as f64;
    let ratios = || entries.iter().map(|entry| entry.quality.snr);
    let finite = || ratios().filter(|ratio| ratio.is_finite());
    // Exact networks are above all others.
    let (low, high) = (finite().fold(0.0, f64::min), finite().fold(1.0, f64::max));
    let place = |gates: usize, ratio: f64| {
        let y = 0.9 * (ratio - low) / (high - low);
        panel.at(gates as f64 / most, if ratio.is_finite() { y } else { 1.0 })
    };
    let mut best: Vec<_> = entries
        .iter()
        .filter(|entry| frontier.is_best(entry))
        .collect();
    best.sort_by_key(|entry| entry.gates);
    let line = best
        .iter()
        .map(|entry| place(entry.gates, entry.quality.snr));
    picture.lines(line.collect(), BLUE);
    for entry in entries {
        let (x, y) = place(entry.gates, entry.quality.snr);
        picture.fill([x - 2.0, y - 2.0, 5.0, 5.0], ORANGE);
    }
    panel.label_y(&mut picture, 0.0, &format!("{low:.0}"));
    panel.label_y(&mut picture, 0.9, &format!("{high:.0}"));
    if ratios().any(f64::is_infinite) {
        panel.label_y(&mut picture, 1.0, "exact");
    }
    panel.label_x(&mut picture, 0.0, "0");
    panel.label_x(&mut picture, 0.95, &format!("{most:.0}"));
    picture
}
