//! Orders of evaluation.
//!
//! The order determines how many values are alive at a time, and so how many must be
//! spilled. No strategy is best for all networks: several orders are made, and the one with
//! the shortest program after register allocation wins.

use alloc::vec;
use alloc::vec::Vec;

use logicnet::random::Rng;

use crate::lower::{Output, Plan};

/// The steps that read each value.
pub(crate) struct Readers {
    starts: Vec<u32>,
    readers: Vec<u32>,
}

impl Readers {
    pub(crate) fn of(plan: &Plan) -> Readers {
        let mut starts = vec![0; plan.values() + 1];
        let operands = || {
            let steps = plan.steps.iter().enumerate();
            steps.flat_map(|(i, step)| step.operands().map(move |value| (value, i)))
        };
        for (value, _) in operands() {
            starts[value as usize + 1] += 1;
        }
        for i in 1..starts.len() {
            starts[i] += starts[i - 1];
        }
        let mut next = starts.clone();
        let mut readers = vec![0; starts[starts.len() - 1] as usize];
        for (value, i) in operands() {
            let next = &mut next[value as usize];
            readers[*next as usize] = i as u32;
            *next += 1;
        }
        Readers { starts, readers }
    }

    /// Returns the indices of the steps that read a value.
    pub(crate) fn of_value(&self, value: u32) -> &[u32] {
        let v = value as usize;
        &self.readers[self.starts[v] as usize..self.starts[v + 1] as usize]
    }
}

/// A strategy for an order of evaluation.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Strategy {
    /// The order of the plan.
    Original,
    /// From the first step forwards, choosing a step that leaves the fewest values alive. The
    /// number selects how ties are broken, at random from 3 on.
    Forward(u64),
    /// From the last step backwards, choosing a step that needs the fewest values; otherwise
    /// like `Forward`.
    Backward(u64),
}

/// Returns the indices of the steps in an order in which each follows its operands.
pub(crate) fn order(plan: &Plan, readers: &Readers, strategy: Strategy) -> Vec<u32> {
    match strategy {
        Strategy::Original => (0..plan.steps.len() as u32).collect(),
        Strategy::Forward(seed) => forward(plan, readers, seed),
        Strategy::Backward(seed) => backward(plan, readers, seed),
    }
}

fn output_values(plan: &Plan) -> Vec<u32> {
    let values = plan.outputs.iter().filter_map(|output| match output {
        Output::Value(value) => Some(*value),
        Output::Constant(_) => None,
    });
    values.collect()
}

fn forward(plan: &Plan, readers: &Readers, seed: u64) -> Vec<u32> {
    let mut rng = ties(seed);
    let first = plan.inputs.len() as u32;
    let mut left: Vec<u32> = (0..plan.values() as u32)
        .map(|value| readers.of_value(value).len() as u32)
        .collect();
    let mut is_output = vec![false; plan.values()];
    for value in output_values(plan) {
        is_output[value as usize] = true;
    }
    let mut made = vec![0u32; plan.values()]; // position, counted from 1; 0 if not yet computed
    let mut missing: Vec<u8> = vec![0; plan.steps.len()];
    let mut ready = Vec::new();
    for (i, step) in plan.steps.iter().enumerate() {
        let missed = step.operands().filter(|&value| value >= first).count();
        missing[i] = missed as u8;
        if missed == 0 {
            ready.push(i as u32);
        }
    }
    let mut order = Vec::with_capacity(plan.steps.len());
    while !ready.is_empty() {
        let now = order.len() as u32 + 1;
        let rank = |i: u32| {
            let step = &plan.steps[i as usize];
            let dies = |value: u32| i64::from(left[value as usize] == 1);
            let value = first + i;
            let begins = i64::from(!readers.of_value(value).is_empty());
            let frees = step.operands().map(dies).sum::<i64>() - begins;
            // Otherwise, continues with the most recently computed values.
            let recent = made[step.a as usize].max(made[step.b as usize]);
            let oldest = made[step.a as usize].min(made[step.b as usize]);
            match seed % 3 {
                0 => (frees, i64::from(recent), i64::from(oldest)),
                1 => (frees, i64::from(oldest), i64::from(recent)),
                _ => (
                    2 * frees + i64::from(now - recent < 4),
                    i64::from(recent),
                    0,
                ),
            }
        };
        let i = take_best(&mut ready, rank, rng.as_mut());
        order.push(i);
        for value in plan.steps[i as usize].operands() {
            left[value as usize] -= 1;
        }
        made[(first + i) as usize] = now;
        for &reader in readers.of_value(first + i) {
            missing[reader as usize] -= 1;
            if missing[reader as usize] == 0 {
                ready.push(reader);
            }
        }
    }
    order
}

fn backward(plan: &Plan, readers: &Readers, seed: u64) -> Vec<u32> {
    let mut rng = ties(seed);
    let first = plan.inputs.len() as u32;
    let mut unread: Vec<u32> = (0..plan.values() as u32)
        .map(|value| readers.of_value(value).len() as u32)
        .collect();
    // Position of a value's last use, counted from the end; 0 if not yet used.
    let mut wanted = vec![0u32; plan.values()];
    let mut ready: Vec<u32> = (0..plan.steps.len() as u32)
        .filter(|&i| unread[(first + i) as usize] == 0)
        .collect();
    let mut order = Vec::with_capacity(plan.steps.len());
    while !ready.is_empty() {
        let now = order.len() as u32 + 1;
        let rank = |i: u32| {
            let step = &plan.steps[i as usize];
            let begins = |value: u32| i64::from(value >= first && wanted[value as usize] == 0);
            let more: i64 = step.operands().map(begins).sum();
            let since = wanted[(first + i) as usize];
            let last = wanted[step.a as usize].max(wanted[step.b as usize]);
            match seed % 3 {
                0 => (-more, i64::from(since), 0),
                1 => (-more, i64::from(last), i64::from(since)),
                _ => (-more, -i64::from(since), i64::from(last)),
            }
        };
        let i = take_best(&mut ready, rank, rng.as_mut());
        order.push(i);
        for value in plan.steps[i as usize].operands() {
            if wanted[value as usize] == 0 {
                wanted[value as usize] = now;
            }
            unread[value as usize] -= 1;
            if value >= first && unread[value as usize] == 0 {
                ready.push(value - first);
            }
        }
    }
    order.reverse();
    order
}

/// Returns the random numbers that break ties; the first seeds take the first of equals.
fn ties(seed: u64) -> Option<Rng> {
    (seed > 2).then(|| Rng::new(seed))
}

/// Removes and returns the step of the highest rank. `ready` must not be empty.
fn take_best(
    ready: &mut Vec<u32>,
    rank: impl Fn(u32) -> (i64, i64, i64),
    mut ties: Option<&mut Rng>,
) -> u32 {
    let mut best = (rank(ready[0]), 0);
    for (at, &step) in ready.iter().enumerate().skip(1) {
        let this = rank(step);
        let mut wins_tie = || ties.as_mut().is_some_and(|rng| rng.below(2) == 0);
        if this > best.0 || (this == best.0 && wins_tie()) {
            best = (this, at);
        }
    }
    ready.swap_remove(best.1)
}

/// Returns the greatest number of values alive at a time, including inputs until their last
/// use.
pub(crate) fn peak(plan: &Plan, order: &[u32]) -> usize {
    let first = plan.inputs.len();
    let mut last = vec![0usize; plan.values()];
    for (at, &i) in order.iter().enumerate() {
        for value in plan.steps[i as usize].operands() {
            last[value as usize] = at;
        }
    }
    let mut alive = first;
    let mut most = alive;
    for (at, &i) in order.iter().enumerate() {
        let step = &plan.steps[i as usize];
        alive -= step
            .operands()
            .filter(|&value| last[value as usize] == at)
            .count();
        alive += 1;
        most = most.max(alive);
        // An output that no step reads is stored immediately.
        alive -= usize::from(last[first + i as usize] == 0);
    }
    most
}
