//! Graphs made of parts.

use logicnet::{Lit, Xag};

/// Copies the gates of a part to a graph, with these variables. Returns the part's outputs.
pub(crate) fn append(graph: &mut Xag, part: &Xag, variables: &[Lit]) -> Vec<Lit> {
    let mut lits = vec![Lit::constant(false); part.nodes() as usize];
    for (number, &lit) in (0..).zip(variables) {
        lits[part.variable(number).node() as usize] = lit;
    }
    for (node, gate) in part.live_gates() {
        let [a, b] = [gate.a, gate.b].map(|node| lits[node as usize]);
        lits[node as usize] = graph.op(gate.kind.op(), a, b);
    }
    let lit = |output: &Lit| lits[output.node() as usize].invert_if(output.inverted());
    part.outputs().iter().map(lit).collect()
}
