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

use alloc::vec;
use alloc::vec::Vec;

use choices::Choices;
use resubstitute::resubstitute;
use select::Selection;
use tables::Tables;

use crate::program::Builder;
use crate::prove::prove_programs;
use crate::random::Rng;
use crate::{Gate, Kind, Lit, MAX_GATES, Mask, Masks, Network, OutputEncoding, Parts, Xag};

/// Memory for truth tables in bytes; what does not fit is streamed.
const TABLE_BYTES: usize = 64 << 20;
/// Nodes times samples of a period for which whole tables may be streamed, in all
/// rounds together: 8,000 nodes at 20 bits of t twice. Beyond, only the graph's
/// structure is used.
const MOST_NODE_TIMES: u64 = 1 << 34;
/// Pairs of nodes that choices may be sought among, in all rounds together:
/// 8,900 nodes once, or 2,000 twenty times.
const MOST_PAIRS: u64 = 80_000_000;
/// Chunks of tables, of 512 times each, that resubstitution may look at, in all
/// rounds together.
const MOST_CHUNKS: u64 = 50_000_000;
/// Rounds without a gain after which it ends.
const MOST_ROUNDS_IN_VAIN: u32 = 40;
/// Orders of the nodes that a selection is tried in.
const ORDERS: u32 = 12;
/// Steps of a selection in each order, for each node.
const STEPS_A_NODE: u32 = 20;

/// A network of the same function at every t under these masks, which are
/// applied first, and never more gates: with binary inputs, no masks, and its
/// gates in layers by depth. Deterministic; proved equal before it is returned.
///
/// Where that would take more gates than are live, as it can when inputs are
/// encoded or masked inputs are outputs, only the dead gates are left out, and
/// inputs keep their encoding and masks. Unknown fields of layers are kept only
/// then; those of the file always.
pub fn simplify(network: &Network, masks: &Masks) -> Network {
    let pruned = pruned(network, masks);
    let simplified = simplify_graph(&Xag::of(&pruned, pruned.masks()));
    let parts = Parts {
        masks: Masks::new(),
        ..pruned.clone().into_parts()
    };
    match Network::of_graph(&simplified, parts) {
        Ok(smaller) if smaller.gates().len() <= pruned.gates().len() => smaller,
        _ => pruned,
    }
}

/// The network without its dead gates, the masks of gates applied and those of
/// inputs kept.
fn pruned(network: &Network, masks: &Masks) -> Network {
    let (mut ops, mut live) = (Vec::new(), Vec::new());
    network.masked_ops(masks, &mut ops);
    network.mark_live(&ops, &mut live);
    let inputs = network.inputs();
    let mut numbers: Vec<u32> = (0..inputs).collect();
    let mut next = inputs;
    let mut parts = network.clone().into_parts();
    for layer in &mut parts.layers {
        layer.gates.retain_mut(|gate| {
            let node = numbers.len();
            // Dead nodes are read only where it makes no difference; node 0 does.
            numbers.push(if live[node] { next } else { 0 });
            next += u32::from(live[node]);
            *gate = Gate {
                op: ops[node - inputs as usize],
                a: numbers[gate.a as usize],
                b: numbers[gate.b as usize],
            };
            live[node]
        });
    }
    parts
        .layers
        .retain(|layer| !layer.gates.is_empty() || !layer.extra.is_empty());
    for output in &mut parts.outputs {
        *output = numbers[*output as usize];
    }
    let of_inputs = |&(_, mask): &(u32, Mask)| !matches!(mask, Mask::Replace(_));
    parts.masks = masks.range(0..inputs).filter(of_inputs).collect();
    Network::try_from(parts).expect("a part of a network is one")
}

/// A graph of the same outputs with fewer gates, proved equal. One of more than
/// [`MAX_GATES`] live gates only loses its dead ones.
pub fn simplify_graph(graph: &Xag) -> Xag {
    let live = graph.live_part();
    if live.gates().is_empty() || live.gates().len() > MAX_GATES {
        return live;
    }
    // Bits of t that nothing reads would only make the tables longer.
    let mut uses = vec![0; live.nodes() as usize];
    live.count_uses(&mut uses, |uses| uses);
    let read: Vec<u32> = (0..live.counter_bits())
        .filter(|&bit| uses[1 + bit as usize] > 0)
        .collect();
    let narrow = live.copy(read.len() as u32, |bit| {
        Lit::new(
            1 + read.iter().take_while(|&&other| other < bit).count() as u32,
            false,
        )
    });
    let simplified = simplify_narrow(&narrow);
    simplified.copy(live.counter_bits(), |bit| {
        live.counter_bit(read[bit as usize])
    })
}

fn simplify_narrow(original: &Xag) -> Xag {
    let mut best = original.clone();
    let mut current = original.clone();
    let mut rng = Rng::new(0);
    let mut budget = Budget {
        node_times: MOST_NODE_TIMES,
        pairs: MOST_PAIRS,
        chunks: MOST_CHUNKS,
    };
    let mut in_vain = 0;
    while in_vain < MOST_ROUNDS_IN_VAIN {
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
    if weight(&best) == weight(original) {
        return best; // it is the original: only better graphs take its place
    }
    let proved = equal(original, &best);
    debug_assert!(proved, "simplification changed the function");
    if proved { best } else { original.clone() }
}

/// Work that is left, counted so that the outcome does not depend on speed.
struct Budget {
    /// Nodes times samples of a period that whole tables are streamed for.
    node_times: u64,
    /// Pairs of nodes that choices may be sought among.
    pairs: u64,
    /// Chunks of tables that resubstitution may look at.
    chunks: u64,
}

/// Takes work from what is left; false if that is not enough.
fn spend(left: &mut u64, work: u64) -> bool {
    let enough = work <= *left;
    *left = left.saturating_sub(work);
    enough
}

/// One round of everything that is affordable; the outcome may differ from the
/// graph without being smaller. `None` where not even merging is affordable.
fn round(graph: &Xag, rng: &mut Rng, budget: &mut Budget) -> Option<Xag> {
    let stream = |graph: &Xag| u64::from(graph.nodes()) << graph.counter_bits();
    // Merging streams the tables twice, for hashes and for proof; choices likewise.
    if budget.chunks == 0 || !spend(&mut budget.node_times, 2 * stream(graph)) {
        return None;
    }
    let graph = merge::merge(graph).live_part();
    let pairs = u64::from(graph.nodes()).pow(2);
    if !spend(&mut budget.pairs, pairs) || !spend(&mut budget.node_times, 2 * stream(&graph)) {
        return Some(graph);
    }
    let graph = choose(&graph, rng);
    let tables = Tables::new(&graph, TABLE_BYTES);
    if !tables.whole() {
        return Some(graph);
    }
    Some(resubstitute(&graph, tables, rng, &mut budget.chunks).live_part())
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

fn equal(a: &Xag, b: &Xag) -> bool {
    let mut builder = Builder::new();
    let [a, b] = [a, b].map(|graph| builder.lay_out(graph, OutputEncoding::Binary));
    prove_programs(a, b, |_| ()).is_ok()
}
