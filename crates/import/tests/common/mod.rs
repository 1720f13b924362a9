//! What the tests share.

use logicnet::Network;

/// Returns a network's outputs at t, gate by gate.
pub fn outputs(network: &Network, t: u32) -> Vec<bool> {
    let source = &network.sources()[0];
    let inputs = 0..network.inputs();
    let mut values: Vec<bool> = inputs.map(|i| source.encoding.input(i, t)).collect();
    for gate in network.gates() {
        values.push(
            gate.op
                .apply(values[gate.a as usize], values[gate.b as usize]),
        );
    }
    let outputs = network.outputs().iter();
    outputs.map(|&node| values[node as usize]).collect()
}
