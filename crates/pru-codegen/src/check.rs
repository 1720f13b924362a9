//! The word that checks a pass' samples: gates besides the network's.
//!
//! Computed from the very registers that are stored, it tells samples that something
//! else has written over from those of the program. The gates come last in the plan,
//! each as soon as its operands are there in the order that was found for the network.

use alloc::vec::Vec;

use crate::lower::{Action, Output, Plan, Step};

/// Adds the complement of the exclusive or of all outputs as another output, in steps
/// that suit this order of the others.
pub(crate) fn add(plan: &mut Plan, order: &[u32]) {
    // What is there twice cancels out.
    let (mut ones, mut values) = (true, Vec::new());
    for output in &plan.outputs {
        match *output {
            Output::Constant(value) => ones ^= value,
            Output::Value(value) => match values.iter().position(|&other| other == value) {
                Some(at) => {
                    values.swap_remove(at);
                }
                None => values.push(value),
            },
        }
    }
    let mut made_at = alloc::vec![0; plan.values()];
    for (at, &step) in (1u32..).zip(order) {
        made_at[plan.inputs.len() + step as usize] = at;
    }
    values.sort_unstable_by_key(|&value| (made_at[value as usize], value));

    let mut node = plan.steps.iter().map(|step| step.node).max().unwrap_or(0);
    let mut push = |action, a, b| {
        node = (node + 1).max(plan.first_gate);
        plan.steps.push(Step {
            action,
            a,
            b,
            node,
            inverted: false,
        });
        plan.inputs.len() as u32 + plan.steps.len() as u32 - 1
    };
    let sum = values.into_iter().reduce(|a, b| push(Action::Xor, a, b));
    plan.outputs.push(match sum {
        None => Output::Constant(ones),
        Some(value) if ones => Output::Value(push(Action::Not, value, value)),
        Some(value) => Output::Value(value),
    });
}

/// An order with the steps from this one on, each where its operands are there.
pub(crate) fn into_order(plan: &Plan, first: usize, order: &[u32]) -> Vec<u32> {
    let inputs = plan.inputs.len();
    let mut made = alloc::vec![false; plan.values()];
    made[..inputs].fill(true);
    let mut next = first;
    let mut all = Vec::with_capacity(plan.steps.len());
    let mut due = |made: &mut [bool], all: &mut Vec<u32>| {
        while let Some(step) = plan.steps.get(next) {
            if !(made[step.a as usize] && made[step.b as usize]) {
                break;
            }
            made[inputs + next] = true;
            all.push(next as u32);
            next += 1;
        }
    };
    due(&mut made, &mut all);
    for &step in order {
        made[inputs + step as usize] = true;
        all.push(step);
        due(&mut made, &mut all);
    }
    all
}
