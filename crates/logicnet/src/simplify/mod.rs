//! Exact simplification: fewer gates that compute the same function of t.
//!
//! Building the graph removes constants, wires, inverters and repeated gates. Then
//! [`merge`] merges nodes that are equal or complementary at all times, [`choices`] lists
//! the ways to make each node as one gate of two others, [`select`] chooses one for each
//! node so that few gates are needed, and [`resubstitute`] changes nodes where no output
//! can observe it. These rounds repeat while they gain.
//!
//! Of a period of more than 2^18 times, a round looks at a [sample](tables::Sample). What it
//! gains is proved over the whole period, and times at which the proof fails join the sample.
//! The result is proved equal to the original.
//!
//! Simplification takes up to ten seconds of a desktop. Masks of the original network do not
//! fit the result, whose nodes are different.

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
use tables::{Sample, Tables, differences};

use crate::program::Builder;
use crate::prove::first_difference;
use crate::random::Rng;
use crate::{
    Gate, Kind, MAX_COUNTER_BITS, MAX_GATES, Mask, Masks, Network, OutputEncoding, Pace, Parts,
    Stopped, Xag,
};

/// Memory for truth tables in bytes.
const TABLE_BYTES: usize = 64 << 20;
/// Limit of nodes times samples of a period for which long periods are streamed, in all
/// proofs together: 16,384 nodes at 24 bits of t.
const MAX_NODE_TIMES: u64 = 1 << 38;
/// Largest number of times that a long period is streamed to merge nodes.
const MAX_SWEEPS: u32 = 6;
/// Limit of pairs of nodes that are searched for choices, in all rounds together: each round
/// takes at most half of those left.
const MAX_PAIRS: u64 = 80_000_000;
/// Least distance of nodes in a pair for which a search is worthwhile.
const MIN_REACH: u64 = 50;
/// Limit of table chunks, of 512 times each, that resubstitution reads, in all rounds
/// together.
const MAX_CHUNKS: u64 = 50_000_000;
/// Number of successive rounds without a gain that ends the simplification.
const MAX_ROUNDS_WITHOUT_GAIN: u32 = 40;
/// Number of orders of the nodes in which a selection is tried.
const ORDERS: u32 = 12;
/// Steps of a selection per order and node.
const STEPS_PER_NODE: u32 = 20;

/// Returns a network that computes the same samples as `network` under `masks`, with no
/// more gates. It has binary inputs, no masks, and gates in layers by depth. The result is
/// deterministic and proved equal.
///
/// If such a network would have more gates than are live, which can happen with encoded
/// inputs or if masked inputs are outputs, only the dead gates are removed, and the inputs
/// keep their encoding and masks. Only in this case are unknown fields of layers kept;
/// unknown fields of the file are always kept.
pub fn simplify(network: &Network, masks: &Masks) -> Network {
    simplification(network, masks).network
}

/// A simplified network.
#[derive(Clone, Debug, PartialEq)]
pub struct Simplification {
    /// The network.
    pub network: Network,
    /// True if the limits of work left a part of the search out, so that a smaller network
    /// may be near: the network has many gates, or its period is long.
    pub is_partial: bool,
}

/// Does the same as [`simplify`], and returns whether all of the search was done.
pub fn simplification(network: &Network, masks: &Masks) -> Simplification {
    let pruned = pruned(network, masks);
    let (simplified, is_partial) = at_full_speed(&Xag::from_network(&pruned, pruned.masks()));
    let parts = Parts {
        masks: Masks::new(),
        ..pruned.clone().into_parts()
    };
    let network = match Network::from_graph(&simplified, parts) {
        Ok(smaller) if smaller.gates().len() <= pruned.gates().len() => smaller,
        _ => pruned,
    };
    Simplification {
        network,
        is_partial,
    }
}

/// Returns the network without its dead gates. Masks of gates are applied, those of inputs
/// kept.
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
            // Live gates ignore the dead nodes that they read, so node 0 can replace them.
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
    Network::try_from(parts).expect("a network without dead gates is a network")
}

/// Returns a graph with the same outputs and no more gates, proved equal. From a graph of
/// more than [`MAX_GATES`] live gates, only the dead gates are removed.
pub fn simplify_graph(graph: &Xag) -> Xag {
    at_full_speed(graph).0
}

/// Does the same as [`simplify_graph`], at a pace that the caller decides. Frees the graph
/// first, which may have many dead gates.
///
/// # Errors
/// Fails if the pace stops it.
pub fn simplify_graph_paced(graph: Xag, pace: &mut dyn Pace) -> Result<Xag, Stopped> {
    let live = graph.live_part();
    drop(graph);
    Ok(simplify_live(live, pace)?.0)
}

fn at_full_speed(graph: &Xag) -> (Xag, bool) {
    simplify_live(graph.live_part(), &mut ()).expect("full speed never stops")
}

/// Simplifies a graph without dead gates, and returns whether a part of the search was left
/// out.
fn simplify_live(live: Xag, pace: &mut dyn Pace) -> Result<(Xag, bool), Stopped> {
    let too_large = live.gates().len() > MAX_GATES;
    if live.gates().is_empty() || too_large {
        return Ok((live, too_large));
    }
    // Without the variables that nothing reads, the tables are shorter.
    let read = live.read_variables();
    if read.len() as u32 > MAX_COUNTER_BITS {
        return Ok((live, true));
    }
    let (simplified, is_partial) = simplify_narrow(&live.narrow(&read), pace)?;
    let simplified = simplified.copy(live.variables(), |number| {
        live.variable(read[number as usize])
    });
    Ok((simplified, is_partial))
}

/// Simplifies a graph that reads all its bits of t, and returns whether a part of the
/// search was left out.
fn simplify_narrow(original: &Xag, pace: &mut dyn Pace) -> Result<(Xag, bool), Stopped> {
    let (nodes, bits) = (original.nodes(), original.variables());
    pace.memory(Tables::most_bytes(nodes, bits, TABLE_BYTES))?;
    let mut budget = Budget {
        overdrawn: false,
        node_times: MAX_NODE_TIMES,
        pairs: MAX_PAIRS,
        chunks: MAX_CHUNKS,
    };
    let mut sample = Sample::new(original.variables());
    let mut best = sweep(original, &mut sample, &mut budget, pace)?;
    let mut current = best.clone();
    let mut rng = Rng::new(0);
    let mut without_gain = 0;
    while without_gain < MAX_ROUNDS_WITHOUT_GAIN {
        let Some(next) = round(&current, &sample, &mut rng, &mut budget, pace)? else {
            break;
        };
        current = next;
        without_gain += 1;
        if weight(&current) >= weight(&best) {
            continue;
        }
        if !sample.whole() {
            let nodes = best.nodes() + current.nodes();
            if !spend(&mut budget.node_times, node_times(nodes, original)) {
                budget.overdrawn = true;
                break;
            }
            let differing = differences(&best, &current, pace)?;
            if !differing.is_empty() {
                sample.add(&differing);
                current = best.clone();
                continue;
            }
        }
        best = current.clone();
        without_gain = 0;
    }
    if weight(&best) == weight(original) {
        return Ok((original.clone(), budget.overdrawn));
    }
    let proved = equal(original, &best, pace)?;
    debug_assert!(proved, "simplification changed the function");
    let result = if proved { best } else { original.clone() };
    Ok((result, budget.overdrawn))
}

/// Work left to spend. Counting work instead of time makes the result deterministic.
struct Budget {
    /// Nodes times samples of a period for which long periods are streamed.
    node_times: u64,
    /// Pairs of nodes that are searched for choices.
    pairs: u64,
    /// Chunks of tables that resubstitution reads.
    chunks: u64,
    /// Some work was left out because the budget was too small.
    overdrawn: bool,
}

/// Subtracts work from a budget; returns false if the budget was too small.
fn spend(left: &mut u64, work: u64) -> bool {
    let enough = work <= *left;
    *left = left.saturating_sub(work);
    enough
}

/// Returns the work to stream this many nodes over the period of a graph.
fn node_times(nodes: u32, graph: &Xag) -> u64 {
    u64::from(nodes) << graph.variables()
}

/// Merges equal nodes of a graph with a long period, proved over all of it, and so completes
/// the sample. If the budget is too small for all nodes, merges the first ones: each time, at
/// most half of what is left is spent.
fn sweep(
    graph: &Xag,
    sample: &mut Sample,
    budget: &mut Budget,
    pace: &mut dyn Pace,
) -> Result<Xag, Stopped> {
    let mut swept = graph.clone();
    if sample.whole() {
        return Ok(swept); // rounds merge
    }
    for _ in 0..MAX_SWEEPS {
        let affordable = (budget.node_times / 2) >> graph.variables();
        let nodes = swept.nodes().min(affordable as u32);
        budget.overdrawn |= nodes < swept.nodes();
        spend(&mut budget.node_times, node_times(nodes, graph));
        match merge::merge_proven(&swept, sample, nodes, pace)? {
            Some(merged) => swept = merged.live_part(),
            None => break,
        }
    }
    Ok(swept)
}

/// Returns a graph that is equal at the times of the sample. It may differ from the graph
/// without being smaller. Returns `None` if the budget is spent.
fn round(
    graph: &Xag,
    sample: &Sample,
    rng: &mut Rng,
    budget: &mut Budget,
    pace: &mut dyn Pace,
) -> Result<Option<Xag>, Stopped> {
    let graph = merge::merge(graph, sample, pace)?.live_part();
    let nodes = u64::from(graph.nodes());
    let reach = nodes.min(budget.pairs / 2 / nodes);
    budget.overdrawn |= budget.chunks == 0 || reach < nodes;
    if budget.chunks == 0 || reach < MIN_REACH.min(nodes) {
        return Ok(None);
    }
    budget.pairs -= nodes * reach;
    let graph = choose(&graph, sample, reach as u32, rng, pace)?;
    let tables = Tables::new(&graph, sample, TABLE_BYTES, pace)?;
    if !tables.complete() {
        budget.overdrawn = true;
        return Ok(Some(graph));
    }
    let changed = resubstitute(&graph, tables, rng, &mut budget.chunks, pace)?;
    Ok(Some(changed.live_part()))
}

/// Makes the nodes of a merged graph from chosen gates, so that few are needed.
fn choose(
    merged: &Xag,
    sample: &Sample,
    reach: u32,
    rng: &mut Rng,
    pace: &mut dyn Pace,
) -> Result<Xag, Stopped> {
    if merged.gates().is_empty() {
        return Ok(merged.clone());
    }
    let choices = Choices::find(merged, sample, reach, TABLE_BYTES, pace)?;
    let mut selection = Selection::new(merged, &choices);
    for _ in 0..ORDERS {
        selection.walk(STEPS_PER_NODE * merged.nodes(), rng, pace)?;
        selection.rerank(rng);
    }
    Ok(selection.graph())
}

/// Returns the numbers of gates and of XOR gates, in this order of importance.
fn weight(graph: &Xag) -> (usize, usize) {
    let xors = graph
        .gates()
        .iter()
        .filter(|gate| gate.kind == Kind::Xor)
        .count();
    (graph.gates().len(), xors)
}

/// Proves that two graphs have equal outputs at every t.
fn equal(a: &Xag, b: &Xag, pace: &mut dyn Pace) -> Result<bool, Stopped> {
    let mut builder = Builder::new();
    let [a, b] = [a, b].map(|graph| builder.lay_out(graph, OutputEncoding::Binary));
    let gates = (a.gates() + b.gates()) as u64;
    Ok(first_difference(a, b, |_| pace.work(gates))?.is_none())
}
