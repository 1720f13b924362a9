//! Exact simplification: fewer gates, the same function at every t.
//!
//! Constants, wires, inverters and repeated gates vanish when the graph is
//! built. Then [`merge`] makes one node of all that are equal or complementary
//! over all times, [`choices`] lists every way to make a node as one gate of two
//! others, and [`select`] picks one for each so that few gates are needed. The
//! outcome is proved equal before anyone sees it.
//!
//! A desktop step: it takes up to a few seconds, and its outcome must not be
//! masked in place of the network it came from.

mod choices;
mod merge;
mod select;
mod tables;

use alloc::vec::Vec;

use crate::program::Builder;
use crate::prove::prove_programs;
use crate::random::Rng;
use crate::{Kind, Lit, Mask, Masks, Network, OutputEncoding, Parts, Xag};

/// Memory for truth tables in bytes; what does not fit is streamed.
const TABLE_BYTES: usize = 64 << 20;
/// Most nodes times samples of a period for which whole tables are computed:
/// 8,000 nodes at 20 bits of t. Beyond, only the graph's structure is used.
const MOST_NODE_TIMES: u64 = 1 << 33;
/// Most nodes for which choices are sought; the work grows with their square.
const MOST_CHOOSING_NODES: u32 = 16_384;
/// Pairs of nodes that may be looked at in all rounds together.
const MOST_PAIRS: u64 = 80_000_000;
/// Rounds of choosing after which little is gained.
const MOST_ROUNDS: u32 = 6;
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
    let mut pairs = 0;
    for _ in 0..MOST_ROUNDS {
        let nodes = u64::from(best.nodes());
        if nodes << best.counter_bits() > MOST_NODE_TIMES {
            break;
        }
        let merged = live_part(&merge::merge(&best));
        pairs += u64::from(merged.nodes()).pow(2);
        let may_choose = merged.nodes() <= MOST_CHOOSING_NODES && pairs <= MOST_PAIRS;
        let smaller = if may_choose { choose(&merged) } else { merged };
        let done = weight(&smaller) >= weight(&best);
        if !done {
            best = smaller;
        }
        if done || !may_choose {
            break;
        }
    }
    if equal(&original, &best) {
        best
    } else {
        original
    }
}

fn choose(merged: &Xag) -> Xag {
    if merged.gates().is_empty() {
        return merged.clone();
    }
    let choices = choices::Choices::find(merged, TABLE_BYTES);
    let mut selection = select::Selection::new(merged, &choices);
    let mut rng = Rng::new(0);
    for _ in 0..ORDERS {
        selection.walk(STEPS_A_NODE * merged.nodes(), &mut rng);
        selection.rank_anew(&mut rng);
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
