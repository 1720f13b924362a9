//! One attempt at training, stage after stage.

use logicnet::{Pace, Stopped, simplify_graph_paced};
use serde::{Deserialize, Serialize};

use crate::exact::diagram;
use crate::search::{SavedSearch, Search, Settings};
use crate::start::{EXCESS, start};
use crate::{Draft, Gradient, Loss, Measure, Method, Options, Stage, Table, codebook};

/// Largest exact diagram that is simplified to see if it fits, in times of the gates that are
/// allowed.
const MAX_PRUNING: usize = 3;
/// The part of all work that is given to differentiable logic before a search.
const GRADIENT_PART: f64 = 0.4;
/// The part after which differentiable logic ends, if another start is better by then.
const TRIAL_PART: f64 = 0.08;

/// The work of a step, and what it is done with.
#[derive(Clone, Copy)]
pub(crate) struct Task<'a> {
    pub(crate) table: &'a Table,
    pub(crate) loss: &'a Loss,
    pub(crate) options: &'a Options,
    pub(crate) work: u64,
    pub(crate) part: f64,
}

/// One attempt: a seed and its stages.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    seed: u64,
    state: State,
    best: Best,
    exact_gates: Option<usize>,
}

/// The stage that a run is in, with all that the stage needs.
#[derive(Clone, Debug)]
enum State {
    Diagram,
    /// The gates that the next stage starts from, if there are any.
    Start(Option<Draft>),
    /// Differentiable logic, and another start that it competes with.
    Gradient(Box<Gradient>, Option<Draft>),
    /// A search, and the part of all work after which it began.
    Search(Box<Search>, f64),
    Simplify,
    Done,
}

/// The best gates so far.
#[derive(Clone, Debug)]
struct Best {
    draft: Draft,
    loss: u64,
    gates: usize,
}

impl Best {
    fn new(draft: Draft, loss: &Loss, options: &Options) -> Best {
        Best {
            loss: loss.of(&draft.samples()),
            gates: if options.keeps_numbers() {
                draft.gates.len()
            } else {
                draft.size()
            },
            draft,
        }
    }
}

impl Run {
    /// Creates a run of this number, from nothing or from a draft that fits the table.
    pub(crate) fn new(
        table: &Table,
        loss: &Loss,
        options: &Options,
        number: u32,
        from: Option<Draft>,
    ) -> Run {
        let state = match options.method {
            Method::Auto | Method::Exact if from.is_none() => State::Diagram,
            _ => State::Start(from.clone()),
        };
        Run {
            seed: options.seed.wrapping_add(number.into()),
            state,
            best: Best::new(from.unwrap_or_else(|| silence(table)), loss, options),
            exact_gates: None,
        }
    }

    /// Makes the exact diagram, and is done if it has few enough gates.
    pub(crate) fn make_diagram(&mut self, task: &Task, pace: &mut dyn Pace) -> Result<(), Stopped> {
        let Task {
            table,
            loss,
            options,
            ..
        } = *task;
        let most = options.gates as usize;
        let mut graph = diagram(table, pace)?;
        let gates = graph.live_gates().count();
        if gates > most && gates / MAX_PRUNING <= most {
            graph = simplify_graph_paced(graph, pace)?;
        }
        let draft = Draft::from_graph(&graph);
        let gates = draft.size();
        self.exact_gates = Some(gates);
        self.state = if gates <= most {
            self.best = Best::new(draft, loss, options);
            State::Simplify
        } else {
            State::Start((gates as f64 <= EXCESS * most as f64).then_some(draft))
        };
        if options.method == Method::Exact && matches!(self.state, State::Start(_)) {
            self.state = State::Done;
        }
        Ok(())
    }

    /// Continues after the diagram that another run has made.
    pub(crate) fn take_diagram(&mut self, other: &Run) {
        self.state = other.state.clone();
        self.best = other.best.clone();
        self.exact_gates = other.exact_gates;
    }

    /// Makes gates that a search could start from.
    pub(crate) fn make_start(
        &self,
        task: &Task,
        pace: &mut dyn Pace,
    ) -> Result<Option<Draft>, Stopped> {
        let Task {
            table,
            loss,
            options,
            ..
        } = *task;
        match (&self.state, options.method) {
            (State::Start(Some(_)), _) | (_, Method::Gradient) => Ok(None),
            (_, Method::Search) => codebook(table, loss, options.gates, self.seed, pace),
            // A value that is near has other bits.
            _ if options.measure == Measure::Bits => Ok(None),
            _ => start(table, loss, options.gates, self.seed, pace),
        }
    }

    /// Begins to learn: from the gates that are there, or by differentiable logic, which competes
    /// with these gates.
    pub(crate) fn begin(&mut self, rival: Option<Draft>, task: &Task) {
        if let State::Start(Some(start)) = &self.state {
            self.state = search(start, task, self.seed);
            return;
        }
        let gradient = Gradient::new(task.table, task.loss, task.options.gates, self.seed);
        self.offer(rival.as_ref(), task);
        self.state = State::Gradient(Box::new(gradient), rival);
    }

    /// Does the work of a step in a stage that takes many steps.
    pub(crate) fn step(&mut self, task: &Task) {
        let Task {
            loss,
            options,
            work,
            part,
            ..
        } = *task;
        match &mut self.state {
            State::Gradient(gradient, rival) => {
                gradient.step(loss, work, part);
                if gradient.loss() < self.best.loss {
                    self.best = Best::new(gradient.best().clone(), loss, options);
                }
                let rival = rival
                    .as_ref()
                    .filter(|rival| loss.of(&rival.samples()) <= gradient.loss());
                let end = if rival.is_some() {
                    TRIAL_PART
                } else {
                    GRADIENT_PART
                };
                if options.method != Method::Gradient && part >= end {
                    self.state = search(rival.unwrap_or(gradient.best()), task, self.seed);
                }
                self.end_if_exact(options);
            }
            State::Search(search, began) => {
                search.step(work, (part - *began) / (1.0 - *began));
                if search.loss() <= self.best.loss && *search.best() != self.best.draft {
                    self.best = Best::new(search.best().clone(), loss, options);
                }
                self.end_if_exact(options);
            }
            State::Diagram | State::Start(_) | State::Simplify | State::Done => {}
        }
    }

    /// Takes gates as the best, so that they can be heard, if they are few and good enough.
    fn offer(&mut self, draft: Option<&Draft>, task: &Task) {
        let Some(draft) = draft else { return };
        let best = Best::new(draft.clone(), task.loss, task.options);
        if best.gates <= task.options.gates as usize && best.loss < self.best.loss {
            self.best = best;
        }
    }

    fn end_if_exact(&mut self, options: &Options) {
        if self.best.loss == 0 && self.best.gates <= options.gates as usize {
            self.state = State::Simplify;
        }
    }

    /// Simplifies the best gates, and is done.
    pub(crate) fn simplify(&mut self, task: &Task, pace: &mut dyn Pace) -> Result<(), Stopped> {
        if !task.options.keeps_numbers() {
            let smaller = simplify_graph_paced(self.best.draft.to_graph(), pace)?;
            let draft = Draft::from_graph(&smaller);
            if draft.size() < self.best.gates {
                self.best = Best::new(draft, task.loss, task.options);
            }
        }
        self.state = State::Done;
        Ok(())
    }

    pub(crate) fn stage(&self) -> Stage {
        match self.state {
            State::Diagram => Stage::Diagram,
            State::Gradient(..) => Stage::Gradient,
            State::Start(_) => Stage::Start,
            State::Search(..) => Stage::Search,
            State::Simplify => Stage::Simplify,
            State::Done => Stage::Done,
        }
    }

    /// The best gates so far.
    pub(crate) fn best(&self) -> &Draft {
        &self.best.draft
    }

    /// The loss of the best gates.
    pub(crate) fn loss(&self) -> u64 {
        self.best.loss
    }

    /// The number of the best gates.
    pub(crate) fn gates(&self) -> usize {
        self.best.gates
    }

    /// The number of gates of the exact diagram, once it is made.
    pub(crate) fn exact_gates(&self) -> Option<usize> {
        self.exact_gates
    }

    pub(crate) fn save(&self) -> SavedRun {
        SavedRun {
            seed: self.seed,
            state: match &self.state {
                State::Diagram => SavedState::Diagram,
                State::Start(start) => SavedState::Start(start.clone()),
                State::Gradient(gradient, rival) => {
                    SavedState::Gradient(gradient.clone(), rival.clone())
                }
                State::Search(search, began) => SavedState::Search(search.save(), *began),
                State::Simplify => SavedState::Simplify,
                State::Done => SavedState::Done,
            },
            best: self.best.draft.clone(),
            exact_gates: self.exact_gates,
        }
    }

    /// Continues a saved run; `None` if it does not fit the table.
    pub(crate) fn restore(
        saved: SavedRun,
        table: &Table,
        loss: &Loss,
        options: &Options,
    ) -> Option<Run> {
        if !saved.best.is_valid(table) {
            return None;
        }
        let state = match saved.state {
            SavedState::Diagram => State::Diagram,
            SavedState::Start(Some(start)) if !start.is_valid(table) => return None,
            SavedState::Start(start) => State::Start(start),
            SavedState::Gradient(gradient, rival) => {
                let fits = rival.as_ref().is_none_or(|rival| rival.is_valid(table));
                if !fits || !gradient.is_valid(table) {
                    return None;
                }
                State::Gradient(gradient, rival)
            }
            SavedState::Search(search, began) => {
                if !search.is_valid(table, loss) || !(0.0..1.0).contains(&began) {
                    return None;
                }
                let search = Search::restore(table, loss.clone(), search);
                State::Search(Box::new(search), began)
            }
            SavedState::Simplify => State::Simplify,
            SavedState::Done => State::Done,
        };
        Some(Run {
            seed: saved.seed,
            state,
            best: Best::new(saved.best, loss, options),
            exact_gates: saved.exact_gates,
        })
    }
}

/// Starts a search from these gates.
fn search(start: &Draft, task: &Task, seed: u64) -> State {
    let Task { options, part, .. } = *task;
    let settings = Settings {
        gates: options.gates,
        keep_wiring: options.keep_wiring,
        frozen: options.frozen.clone(),
        seed,
    };
    let search = Search::new(task.table, task.loss.clone(), start, settings);
    // A search that begins at the very end has no part of the work.
    State::Search(Box::new(search), part.min(0.999))
}

/// A run in a checkpoint.
#[derive(Serialize, Deserialize)]
pub(crate) struct SavedRun {
    seed: u64,
    state: SavedState,
    best: Draft,
    exact_gates: Option<usize>,
}

#[derive(Serialize, Deserialize)]
enum SavedState {
    Diagram,
    Start(Option<Draft>),
    Gradient(Box<Gradient>, Option<Draft>),
    Search(SavedSearch, f64),
    Simplify,
    Done,
}

/// Returns a draft of constant samples at the middle of their range.
fn silence(table: &Table) -> Draft {
    let (inputs, bits) = (table.bits(), u32::from(table.sample_bits()));
    Draft {
        inputs,
        gates: vec![(0, 0, 0), (15, 0, 0)],
        outputs: (0..bits)
            .map(|bit| inputs + u32::from(bit == bits - 1))
            .collect(),
    }
}
