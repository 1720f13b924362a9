//! Exact simplification: fewer gates, the same function at every t.
//!
//! Constants, wires, inverters and repeated gates vanish when the graph is
//! built. Then [`merge`] makes one node of all that are equal or complementary
//! over all times, [`choices`] lists every way to make a node as one gate of two
//! others, [`select`] picks one for each so that few gates are needed, and
//! [`resubstitute`] changes what nodes compute where no output can tell. Rounds
//! of this go on while they gain, and the outcome is proved equal before anyone
//! sees it.
//!
//! A desktop step: it takes up to a few seconds, and its outcome must not be
//! masked in place of the network it came from.

mod choices;
mod merge;
mod readers;
mod resubstitute;
mod select;
mod tables;

use alloc::vec::Vec;

use choices::Choices;
use resubstitute::resubstitute;
use select::Selection;
use tables::Tables;

use crate::program::Builder;
use crate::prove::prove_programs;
use crate::random::Rng;
use crate::{Kind, Lit, Mask, Masks, Network, OutputEncoding, Parts, Xag};

/// Memory for truth tables in bytes; what does not fit is streamed.
const TABLE_BYTES: usize = 64 << 20;
/// Most nodes times samples of a period for which whole tables are computed:
/// 8,000 nodes at 20 bits of t. Beyond, only the graph's structure is used.
const MOST_NODE_TIMES: u64 = 1 << 33;
/// Pairs of nodes that choices may be sought among, in all rounds together:
/// 8,900 nodes once, or 2,000 twenty times.
const MOST_PAIRS: u64 = 80_000_000;
/// Chunks of tables, of 512 times each, that resubstitution may look at, in all
/// rounds together.
const MOST_CHUNKS: u64 = 50_000_000;
/// Rounds without a gain after which it ends.
const MOST_ROUNDS_IN_VAIN: u32 = 12;
/// Orders of the nodes that a selection is tried in.
const ORDERS: u32 = 12;
/// Steps of a selection in each order, for each node.
const STEPS_A_NODE: u32 = 20;

/// A network of the same function at every t under these masks, which are
/// applied first, and never more gates: with binary inputs, no masks, and its
/// gates in layers by depth. Deterministic; proved equal before it is returned.
///
/// Where that would take more gates, as it can when inputs are encoded or masked
/// inputs are outputs, the network comes back with these masks as its own.
pub fn simplify(network: &Network, masks: &Masks) -> Network {
    let graph = Xag::of(network, masks);
    let simplified = simplify_graph(&graph);
    let parts = network.clone().into_parts();
    let parts = Parts {
        masks: Masks::new(),
        ..parts
    };
    match Network::of_graph(&simplified, parts) {
        Ok(smaller) if smaller.gates().len() <= network.gates().len() => smaller,
        _ => as_it_was(network, masks),
    }
}

/// The network with these masks as its own, as far as they bear on it.
fn as_it_was(network: &Network, masks: &Masks) -> Network {
    let of_inputs = |mask: Mask| !matches!(mask, Mask::Replace(_));
    let kept = masks
        .range(0..network.nodes())
        .filter(|&(node, mask)| node >= network.inputs() || of_inputs(mask))
        .collect();
    network
        .clone()
        .with_masks(kept)
        .expect("masks that do not fit have been left out")
}

/// A graph of the same outputs with fewer gates, proved equal.
pub fn simplify_graph(graph: &Xag) -> Xag {
    let original = live_part(graph);
    let mut best = original.clone();
    let mut current = original.clone();
    let mut rng = Rng::new(0);
    let mut budget = Budget {
        pairs: MOST_PAIRS,
        chunks: MOST_CHUNKS,
    };
    let mut in_vain = 0;
    while in_vain < MOST_ROUNDS_IN_VAIN && !budget.is_spent() {
        let Some(next) = round(&current, &mut rng, &mut budget) else {
            break;
        };
        current = next;
        if weight(&current) < weight(&best) {
            best = current.clone();
            in_vain = 0;
        } else {
            in_vain += 1;
        }
    }
    if equal(&original, &best) {
        best
    } else {
        original
    }
}

/// Work that is left, counted so that the outcome does not depend on speed.
struct Budget {
    /// Pairs of nodes that choices may be sought among.
    pairs: u64,
    /// Chunks of tables that resubstitution may look at.
    chunks: u64,
}

impl Budget {
    fn is_spent(&self) -> bool {
        self.pairs == 0 || self.chunks == 0
    }
}

/// One round of everything that is affordable; the outcome may differ from the
/// graph without being smaller. `None` where not even merging is affordable.
fn round(graph: &Xag, rng: &mut Rng, budget: &mut Budget) -> Option<Xag> {
    if u64::from(graph.nodes()) << graph.counter_bits() > MOST_NODE_TIMES {
        return None;
    }
    let mut graph = live_part(&merge::merge(graph));
    let pairs = u64::from(graph.nodes()).pow(2);
    if pairs > budget.pairs {
        budget.pairs = 0;
        return Some(graph);
    }
    budget.pairs -= pairs;
    graph = choose(&graph, rng);
    let tables = Tables::new(&graph, TABLE_BYTES);
    if tables.whole() {
        graph = live_part(&resubstitute(&graph, tables, rng, &mut budget.chunks));
    }
    Some(graph)
}

fn choose(merged: &Xag, rng: &mut Rng) -> Xag {
    if merged.gates().is_empty() {
        return merged.clone();
    }
    let choices = Choices::find(merged, TABLE_BYTES);
    let mut selection = Selection::new(merged, &choices);
    for _ in 0..ORDERS {
        selection.walk(STEPS_A_NODE * merged.nodes(), rng);
        selection.rank_anew(rng);
    }
    selection.graph()
}

/// Gates, and XOR gates besides: what simplification makes smaller.
fn weight(graph: &Xag) -> (usize, usize) {
    let xors = graph
        .gates()
        .iter()
        .filter(|gate| gate.kind == Kind::Xor)
        .count();
    (graph.gates().len(), xors)
}

/// The graph without its dead gates.
fn live_part(graph: &Xag) -> Xag {
    let live = graph.live();
    let mut kept = Xag::new(graph.counter_bits());
    let mut made: Vec<_> = (0..graph.first_gate())
        .map(|n| Lit::new(n, false))
        .collect();
    for (gate, live) in graph.gates().iter().zip(live) {
        let lit = if live {
            kept.op(gate.kind.op(), made[gate.a as usize], made[gate.b as usize])
        } else {
            Lit::FALSE
        };
        made.push(lit);
    }
    kept.set_outputs(
        graph
            .outputs()
            .iter()
            .map(|lit| made[lit.node() as usize].invert_if(lit.inverted())),
    );
    kept
}

fn equal(a: &Xag, b: &Xag) -> bool {
    let mut builder = Builder::new();
    let [a, b] = [a, b].map(|graph| builder.lay_out(graph, OutputEncoding::Binary));
    prove_programs(a, b, |_| ()).is_ok()
}
