//! Pages of text lines: menu, presets, inputs, about.

use embedded_graphics::prelude::Point;
use logicnet::count;

use super::{FILLED, LINE, Picture, View, WIDTH, rectangle, small, text};
use crate::analog::INPUTS;
use crate::parameters::{KEYS, Key};
use crate::state::{Page, State};

/// Height in pixels of the legend below the lines, which labels the strip of buttons.
const LEGEND: i32 = 7;

pub fn draw_menu(picture: &mut Picture, state: &State) {
    let row = |key: &Key| (key.parameter().name.into(), state.parameters.format(*key));
    let rows: Vec<_> = KEYS.iter().map(row).collect();
    draw_list(picture, "menu", &rows, state.row);
    draw_legend(picture, state.page);
}

pub fn draw_presets(picture: &mut Picture, state: &State) {
    let row = |name: &String| (name.clone(), String::new());
    let rows: Vec<_> = state.presets.iter().map(row).collect();
    if rows.is_empty() {
        draw_list(picture, "presets", &[("none yet".into(), String::new())], 1);
    } else {
        draw_list(picture, "presets", &rows, state.row);
    }
    draw_legend(picture, state.page);
}

pub fn draw_inputs(picture: &mut Picture, state: &State) {
    let row = |input: usize| {
        let moves = state.parameters.format(Key::ANALOG[input]);
        let turned = match state.analog.part(input) {
            _ if state.analog.learning() == Some(input) => "turn it!".to_string(),
            Some(part) => format!("{:3.0}%", 100.0 * part),
            None => "not there".to_string(),
        };
        (format!("{} {moves}", input + 1), turned)
    };
    let rows: Vec<_> = (0..INPUTS).map(row).collect();
    draw_list(picture, "inputs", &rows, state.row);
    draw_legend(picture, state.page);
}

/// Most lines of the page about the instrument; displays show some of them.
pub const ABOUT_LINES: usize = 9;

pub fn draw_about(picture: &mut Picture, view: &View<'_>) {
    let (network, status) = (&view.state.network, view.status);
    let cells = view.state.layout.cells().iter();
    let live = cells.filter(|cell| cell.live).count();
    let seconds = f64::from(network.period()) / f64::from(view.state.rate());
    let player = if status.by_pru { "PRU" } else { "CPU" };
    let page = status.page.as_deref().unwrap_or("no page for browsers");
    let lines: [Option<String>; ABOUT_LINES] = [
        Some(format!(
            "gatebend {} {}",
            env!("CARGO_PKG_VERSION"),
            status.board
        )),
        Some(text().cut(network.name(), WIDTH as i32)),
        Some(format!(
            "{}, {live} live",
            count(network.gates().len(), "gate")
        )),
        Some(format!("{} Hz, {seconds:.1} s", view.state.rate())),
        Some(format!(
            "load {}%, late {}",
            status.load.div_ceil(10),
            status.late
        )),
        Some(format!("played by {player}, missed {}", status.missed)),
        Some(format!(
            "touch {}/s, bus {} kHz",
            status.scans, status.bus_khz
        )),
        Some(page.to_string()),
        status.code.as_ref().map(|code| format!("code {code}")),
    ];
    let lines: Vec<String> = lines.into_iter().flatten().collect();
    let room = ((picture.height() as i32 - LEGEND) / LINE) as usize;
    let first = view.state.row.min(lines.len().saturating_sub(room));
    for (i, line) in lines.iter().skip(first).take(room).enumerate() {
        text().write(picture, Point::new(0, i as i32 * LINE), line);
    }
    draw_legend(picture, view.state.page);
}

/// Draws a title if there is room, and the rows around the chosen one.
fn draw_list(picture: &mut Picture, title: &str, rows: &[(String, String)], chosen: usize) {
    let titled = picture.height() > 32;
    let top = if titled { LINE + 1 } else { 0 };
    if titled {
        text().write(picture, Point::new(0, 0), title);
        let of = format!("{}/{}", (chosen + 1).min(rows.len()), rows.len());
        text().write_right(picture, 0, &of);
    }
    let room = ((picture.height() as i32 - LEGEND - top) / LINE) as usize;
    let last = rows.len().saturating_sub(room);
    let first = chosen.saturating_sub(room / 2).min(last);
    for (i, (name, value)) in rows.iter().enumerate().skip(first).take(room) {
        let y = top + (i - first) as i32 * LINE;
        let line = format!("{name:<12.25} {value}");
        if i == chosen {
            text().bar(picture, y, &line);
        } else {
            text().write(picture, Point::new(1, y), &line);
        }
    }
}

fn draw_legend(picture: &mut Picture, page: Page) {
    let y = picture.height() as i32 - LEGEND;
    rectangle(picture, (0, y), (WIDTH as i32, 1), FILLED);
    for (i, label) in page.button_labels().iter().enumerate() {
        let middle = (2 * i as i32 + 1) * WIDTH as i32 / 10;
        let x = middle - small().width(label) / 2;
        small().write(picture, Point::new(x, y + 1), label);
    }
}
