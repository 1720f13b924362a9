//! Circuits, which the readers make, and the networks that they become.

use logicnet::{
    Gate, InputEncoding, MAX_COUNTER_BITS, MAX_GATES, MAX_GROUP_SUM_OUTPUTS, MAX_INPUTS,
    MAX_VALUE_BITS, Network, NetworkLayer, Op, OutputEncoding, Parts, Source, count,
};

use crate::{ImportError, Options};

/// Gates in any order of layers. Nodes are the inputs, then the gates, each after those that it
/// reads.
#[derive(Debug)]
pub(crate) struct Circuit {
    inputs: u32,
    gates: Vec<Gate>,
    constants: [Option<u32>; 2],
}

impl Circuit {
    /// Creates a circuit without gates.
    pub(crate) fn new(inputs: usize) -> Result<Circuit, ImportError> {
        match u32::try_from(inputs) {
            Ok(0) => Err(ImportError::whole("it has no inputs, so it is silent")),
            Ok(inputs) if inputs <= MAX_INPUTS => Ok(Circuit {
                inputs,
                gates: Vec::new(),
                constants: [None; 2],
            }),
            _ => Err(ImportError::whole(format!(
                "{inputs} inputs, but a network has at most {MAX_INPUTS}"
            ))),
        }
    }

    /// Number of inputs.
    pub(crate) fn inputs(&self) -> u32 {
        self.inputs
    }

    /// Number of nodes.
    pub(crate) fn nodes(&self) -> u32 {
        self.inputs + self.gates.len() as u32
    }

    /// Adds a gate that reads two existing nodes; returns its node.
    pub(crate) fn push(&mut self, op: Op, a: u32, b: u32) -> Result<u32, ImportError> {
        debug_assert!(a.max(b) < self.nodes());
        if self.gates.len() == MAX_GATES {
            return Err(ImportError::whole(format!(
                "it has more than {MAX_GATES} gates, the most of a network"
            )));
        }
        self.gates.push(Gate { op, a, b });
        Ok(self.nodes() - 1)
    }

    /// Returns the node of a constant.
    pub(crate) fn constant(&mut self, value: bool) -> Result<u32, ImportError> {
        let index = usize::from(value);
        if let Some(node) = self.constants[index] {
            return Ok(node);
        }
        let node = self.push([Op::FALSE, Op::TRUE][index], 0, 0)?;
        self.constants[index] = Some(node);
        Ok(node)
    }

    /// Makes a network with these outputs, the bits of a sample, or else as many groups.
    pub(crate) fn network(
        mut self,
        mut outputs: Vec<u32>,
        groups: Option<usize>,
        options: &Options,
    ) -> Result<Network, ImportError> {
        let source = time(self.inputs, options.encoding)?;
        let groups = options.groups.map(usize::from).or(groups);
        let output_encoding = encoding(outputs.len(), groups)?;
        if options.first_input_is_highest {
            let last = self.inputs - 1;
            let reverse = |node: &mut u32| {
                if *node <= last {
                    *node = last - *node;
                }
            };
            for gate in &mut self.gates {
                reverse(&mut gate.a);
                reverse(&mut gate.b);
            }
            outputs.iter_mut().for_each(reverse);
        }
        if options.first_output_is_highest {
            outputs.reverse();
        }
        let layers = self.layers(&mut outputs);
        Ok(Network::try_from(Parts {
            sources: vec![source],
            layers,
            outputs,
            output_encoding,
            ..Parts::default()
        })?)
    }

    /// Sorts the gates into layers by depth and renumbers the outputs. Those of a layer stay in
    /// their order, so a network made in layers has the same layers again.
    fn layers(self, outputs: &mut [u32]) -> Vec<NetworkLayer> {
        let mut depths = vec![0; self.inputs as usize];
        for gate in &self.gates {
            depths.push(1 + depths[gate.a as usize].max(depths[gate.b as usize]));
        }
        let mut order: Vec<usize> = (self.inputs as usize..depths.len()).collect();
        order.sort_by_key(|&node| depths[node]);
        let mut numbers: Vec<u32> = (0..self.nodes()).collect();
        for (&node, number) in order.iter().zip(self.inputs..) {
            numbers[node] = number;
        }
        let mut layers: Vec<NetworkLayer> = Vec::new();
        for node in order {
            let gate = self.gates[node - self.inputs as usize];
            layers.resize_with(depths[node], NetworkLayer::default);
            layers[depths[node] - 1].gates.push(Gate {
                op: gate.op,
                a: numbers[gate.a as usize],
                b: numbers[gate.b as usize],
            });
        }
        for output in outputs {
            *output = numbers[*output as usize];
        }
        layers
    }
}

/// Returns the source of this many inputs that encode t.
fn time(inputs: u32, encoding: InputEncoding) -> Result<Source, ImportError> {
    let Some(bits) = encoding.bits(inputs) else {
        return Err(ImportError::whole(format!(
            "{inputs} inputs are not digits of {} each",
            count(encoding.inputs_per_digit() as usize, "input")
        )));
    };
    if bits > MAX_COUNTER_BITS {
        return Err(ImportError::whole(format!(
            "{inputs} inputs, but a network reads t, which has at most {MAX_COUNTER_BITS} bits; \
             models of pictures or other data cannot be played"
        )));
    }
    Ok(Source {
        encoding,
        ..Source::time(bits as u8)
    })
}

/// Returns the encoding of this many outputs.
fn encoding(outputs: usize, groups: Option<usize>) -> Result<OutputEncoding, ImportError> {
    let Some(groups) = groups else {
        return if (1..=usize::from(MAX_VALUE_BITS)).contains(&outputs) {
            Ok(OutputEncoding::of_samples(1, outputs as u8))
        } else {
            Err(ImportError::whole(format!(
                "{}, but a sample has 1 to {MAX_VALUE_BITS} bits; if the outputs are summed in \
                 K groups, give --groups K",
                count(outputs, "output")
            )))
        };
    };
    if !(1..=16).contains(&groups) || outputs % groups != 0 {
        return Err(ImportError::whole(format!(
            "{} in {}; there are 1 to 16 groups, all of the same size",
            count(outputs, "output"),
            count(groups, "group")
        )));
    }
    if !(1..=MAX_GROUP_SUM_OUTPUTS).contains(&outputs) {
        return Err(ImportError::whole(format!(
            "{}, but a group sum has 1 to {MAX_GROUP_SUM_OUTPUTS}",
            count(outputs, "output")
        )));
    }
    Ok(OutputEncoding::GroupSum {
        groups: groups as u8,
    })
}
