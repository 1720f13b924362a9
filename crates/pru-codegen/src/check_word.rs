//! The check word of a pass, computed by extra gates.
//!
//! The word is computed from the registers that are stored as samples, so it reveals
//! whether something else has overwritten them. Its gates come last in the plan; in the
//! order of evaluation each follows as soon as its operands exist.

use alloc::vec::Vec;

use crate::lower::{Output, Plan, Step, StepOp};

/// Adds an output, the complement of the exclusive or of all other outputs, computed in
/// steps that suit this order of evaluation.
pub(crate) fn add(plan: &mut Plan, order: &[u32]) {
    // Values that occur twice cancel out.
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
    let mut push = |op, a, b| {
        node = (node + 1).max(plan.first_gate);
        plan.steps.push(Step {
            op,
            a,
            b,
            node,
            inverted: false,
        });
        plan.inputs.len() as u32 + plan.steps.len() as u32 - 1
    };
    let sum = values.into_iter().reduce(|a, b| push(StepOp::Xor, a, b));
    plan.outputs.push(match sum {
        None => Output::Constant(ones),
        Some(value) if ones => Output::Value(push(StepOp::Not, value, value)),
        Some(value) => Output::Value(value),
    });
}

/// Inserts the steps from `first` on into an order, each as soon as its operands exist.
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
