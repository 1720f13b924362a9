//! `gatebend check`: a board's self-test.

use std::io::Write;
use std::path::{Path, PathBuf};

use gatebend::board::check::{self, Finding};
use gatebend::board::description::{Board, Description, Kind};
use gatebend::board::desk::Oled;
use trill::sim::{Bus, RealTime, Sensor};

use super::boards;
use crate::{Failure, Outcome};

#[derive(clap::Args)]
pub struct Arguments {
    /// What to check: `gatebend boards` names them; or a file that is like one of them
    #[arg(long, value_name = "NAME|FILE.toml", default_value = "desk")]
    board: String,
    /// Set what a board's file says (display.size=128x32), as often as you like
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Where the state is kept [default: as the board's file says]
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// Bela's own options, after `--`
    #[arg(last = true, value_name = "BELA OPTION")]
    options: Vec<String>,
}

impl Arguments {
    pub fn run(&self) -> Outcome {
        let mut layer: Description = boards::layer(&self.board)?;
        for assignment in &self.set {
            layer
                .set(assignment)
                .map_err(|problem| Failure::Usage(format!("--set {problem}")))?;
        }
        let board = layer.board().map_err(Failure::Failed)?;
        let mut failed = 0;
        let mut tell = |finding: Finding| {
            let (mark, text) = match &finding.outcome {
                Ok(text) => ("pass", text),
                Err(text) => ("FAIL", text),
            };
            failed += u32::from(finding.outcome.is_err());
            let line = format!("{mark}  {:<13} {text}", finding.part);
            // The exit code is the answer, whether or not the words arrive.
            let _ = writeln!(std::io::stdout(), "{}", crate::one_line(&line));
        };
        #[cfg(target_os = "linux")]
        let _only = match board.kind {
            Kind::Desk => None,
            Kind::Bela => Some(boards::claim(board.state.as_deref().map(Path::new))?),
        };
        match board.kind {
            Kind::Desk => desk(&board, &mut tell),
            Kind::Bela => self.bela(&board, &mut tell),
        }
        let state = self.state.as_deref();
        if let Some(folder) = state.or(board.state.as_deref().map(Path::new)) {
            tell(check::storage(folder));
        }
        match failed {
            0 => Ok(()),
            1 => Err(Failure::No("1 check has failed".into())),
            many => Err(Failure::No(format!("{many} checks have failed"))),
        }
    }

    #[cfg(target_os = "linux")]
    fn bela(&self, board: &Board, tell: &mut impl FnMut(Finding)) {
        use gatebend::board::bela;
        use gatebend::board::linux::{LateBus, SystemClock};
        let (library, finding) = bela::check::library();
        tell(finding);
        let mut clock = SystemClock::start();
        let bus = || LateBus::new(&board.panel.bus);
        tell(check::touch_sensor(bus(), &board.panel, &mut clock));
        if board.panel.has_display {
            tell(check::display(bus(), &board.panel, &clock));
        }
        tell(bela::check::pru(board, Path::new("/")));
        tell(bela::check::real_time());
        if let Some(library) = library {
            tell(bela::check::tone(library, board, &self.options));
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn bela(&self, board: &Board, tell: &mut impl FnMut(Finding)) {
        tell(Finding::new(
            "Bela",
            Err(format!(
                "{} is checked on the board itself: deploy.sh brings the program there",
                board.name
            )),
        ));
    }
}

/// A desk's parts are simulated, and pass unless its file is wrong.
fn desk(board: &Board, tell: &mut impl FnMut(Finding)) {
    let mut time = RealTime::start();
    let bus = Bus::new(time, board.bus_hz);
    bus.plug(board.panel.touch_address, Sensor::square(3, |_| Vec::new()));
    bus.plug(board.panel.display_address, Oled::new());
    tell(check::touch_sensor(bus.clone(), &board.panel, &mut time));
    if board.panel.has_display {
        tell(check::display(bus, &board.panel, &time));
    }
}
