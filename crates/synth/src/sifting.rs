//! Sifting: the choice of the order of variables, and of their expansions, for a small diagram.

use logicnet::{Lit, Pace, Stopped, Xag};

use crate::diagram::{Diagram, Expansion, Planes};

/// Most work of a search, in gates at 512 times.
const MAX_WORK: u64 = 250_000_000;

/// A search for a diagram of few gates.
pub struct Sifting {
    /// The best order found.
    planes: Planes,
    /// The best expansions found, for the places of the order.
    expansions: Vec<Expansion>,
    gates: usize,
    diagram: Diagram,
    work: u64,
}

impl Sifting {
    /// Starts with the best of a few plain orders and expansions.
    pub fn new(mut planes: Planes, pace: &mut dyn Pace) -> Result<Sifting, Stopped> {
        let variables = planes.order().len();
        let mut best = Sifting {
            planes: planes.clone(),
            expansions: vec![Expansion::Shannon; variables],
            gates: usize::MAX,
            diagram: Diagram::default(),
            work: 0,
        };
        let mut backwards = planes.order().to_vec();
        backwards.reverse();
        for reversed in [false, true] {
            if reversed {
                planes.arrange(&backwards);
            }
            for expansion in Expansion::ALL {
                best.consider(&planes, &vec![expansion; variables], pace)?;
            }
        }
        Ok(best)
    }

    /// Keeps an order and expansions if they are better.
    fn consider(
        &mut self,
        planes: &Planes,
        expansions: &[Expansion],
        pace: &mut dyn Pace,
    ) -> Result<(), Stopped> {
        let limit = self.gates;
        self.work += self.diagram.make(planes, expansions, limit, pace)?;
        if self.diagram.gates() < self.gates {
            self.gates = self.diagram.gates();
            self.planes.clone_from(planes);
            self.expansions.copy_from_slice(expansions);
        }
        Ok(())
    }

    /// Moves every variable through all places with all expansions, and keeps the best, until
    /// nothing gets better or the work is done.
    pub fn sift(&mut self, pace: &mut dyn Pace) -> Result<(), Stopped> {
        let variables = self.planes.order().len();
        loop {
            let before = self.gates;
            for variable in 0..variables as u32 {
                let position = |planes: &Planes| {
                    let found = planes.order().iter().position(|&other| other == variable);
                    found.expect("the order has all variables")
                };
                let start = position(&self.planes);
                let (mut planes, mut expansions) = (self.planes.clone(), self.expansions.clone());
                // Down to the bottom, then up to the top.
                let places = (0..=start).rev().chain(1..variables);
                for place in places {
                    let from = position(&planes);
                    planes.shift(from, place);
                    let moved = expansions.remove(from);
                    expansions.insert(place, moved);
                    for expansion in Expansion::ALL {
                        expansions[place] = expansion;
                        self.consider(&planes, &expansions, pace)?;
                    }
                    if self.work > MAX_WORK {
                        return Ok(());
                    }
                    pace.progress(self.work as f64 / MAX_WORK as f64);
                }
            }
            if self.gates == before {
                return Ok(());
            }
        }
    }

    /// Adds the best diagram to a graph, and returns the literals of the outputs.
    pub fn build(&mut self, graph: &mut Xag, pace: &mut dyn Pace) -> Result<Vec<Lit>, Stopped> {
        let (planes, expansions, diagram) = (&self.planes, &self.expansions, &mut self.diagram);
        diagram.make(planes, expansions, usize::MAX, pace)?;
        Ok(diagram.build(planes.order(), expansions, graph))
    }
}
