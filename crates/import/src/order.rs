//! The order of items that read one another.

/// Orders items 0..count so that each follows those that it reads. `reads` adds the items that
/// an item reads. Items that are in order already stay so.
///
/// # Errors
/// Returns an item that depends on itself.
pub(crate) fn order(
    count: usize,
    reads: impl Fn(usize, &mut Vec<usize>),
) -> Result<Vec<usize>, usize> {
    #[derive(Clone, Copy, PartialEq)]
    enum State {
        New,
        Open,
        Done,
    }
    let mut states = vec![State::New; count];
    let mut order = Vec::with_capacity(count);
    let mut stack = Vec::new();
    for item in 0..count {
        stack.push(item);
        while let Some(&item) = stack.last() {
            match states[item] {
                State::New => {
                    states[item] = State::Open;
                    let own = stack.len();
                    reads(item, &mut stack);
                    // The open items are those that lead to this one.
                    if stack[own..].iter().any(|&read| states[read] == State::Open) {
                        return Err(item);
                    }
                }
                State::Open => {
                    states[item] = State::Done;
                    order.push(item);
                    stack.pop();
                }
                State::Done => {
                    stack.pop();
                }
            }
        }
    }
    Ok(order)
}
