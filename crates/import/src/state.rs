//! State dictionaries: tensors by name, without the structure of the model.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use logicnet::{Network, quote};
use safetensors::{Dtype, SafeTensors};

use crate::model::{self, Layer, Operations, Wires};
use crate::tensor::{Kind, Tensor};
use crate::{ImportError, Options, Parametrization};

/// The remedy for files without wiring.
pub(crate) const NO_WIRING: &str = "its wiring is not in the file: difflogic keeps it out of its \
     state dictionary, and so did torchlogix before 0.2.1; save the model itself with \
     torch.save(model, FILE), or export it with the script in docs/import.md";
/// The remedy for models that do not read bits.
pub(crate) const THRESHOLDS: &str = "turns numbers into bits by thresholds, but a network reads \
     bits of t; give the layers after it";

/// Longest header of a safetensors file in bytes. That of 1,000 layers has about 0.2 MB.
const MAX_HEADER: u64 = 4 << 20;

/// Tensors by name, in the order of the file.
pub(crate) type Tensors<'a> = Vec<(String, Tensor<'a>)>;

/// Reads a safetensors file.
pub(crate) fn read(bytes: &[u8], options: &Options) -> Result<Network, ImportError> {
    if header(bytes).is_none_or(|length| length > MAX_HEADER) {
        let problem = format!("the header is not one of 1 to {MAX_HEADER} bytes");
        return Err(ImportError::whole(problem));
    }
    let file = SafeTensors::deserialize(bytes)
        .map_err(|error| ImportError::whole(format!("not a safetensors file: {error}")))?;
    let mut tensors = Tensors::new();
    for (name, view) in file.iter() {
        let kind = match view.dtype() {
            Dtype::F16 => Kind::F16,
            Dtype::BF16 => Kind::BF16,
            Dtype::F32 => Kind::F32,
            Dtype::F64 => Kind::F64,
            Dtype::I8 => Kind::I8,
            Dtype::U8 | Dtype::BOOL => Kind::U8,
            Dtype::I16 => Kind::I16,
            Dtype::I32 => Kind::I32,
            Dtype::I64 => Kind::I64,
            other => return Err(ImportError::at(name, format!("{other:?} is not read"))),
        };
        let tensor = Tensor::new(name, kind, view.shape().to_vec(), None, view.data())?;
        tensors.push((name.to_string(), tensor));
    }
    network(tensors, Order::Unknown, options)
}

/// Returns the length of the header that a safetensors file begins with, or `None` if it is
/// not one.
pub(crate) fn header(bytes: &[u8]) -> Option<u64> {
    let (length, rest) = bytes.split_first_chunk()?;
    let length = u64::from_le_bytes(*length);
    (rest.first() == Some(&b'{') && length <= rest.len() as u64).then_some(length)
}

/// The order of tensors in a file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// That of the model's parts.
    Model,
    /// Another one.
    Unknown,
}

/// The tensors of a layer, as they are found.
#[derive(Default)]
struct Found<'a> {
    weight: Option<Tensor<'a>>,
    weights: Option<Tensor<'a>>,
    numbers: Option<Tensor<'a>>,
    indices: Option<Tensor<'a>>,
    scores: Option<Tensor<'a>>,
    chosen: Option<Tensor<'a>>,
}

/// Makes a network of a state dictionary.
pub(crate) fn network(
    tensors: Tensors,
    order: Order,
    options: &Options,
) -> Result<Network, ImportError> {
    let mut found: Vec<(String, Found)> = Vec::new();
    let mut numbers = BTreeMap::new();
    for (name, tensor) in tensors {
        let (prefix, field) = split(&name);
        let index = *numbers.entry(prefix.to_string()).or_insert(found.len());
        if index == found.len() {
            found.push((prefix.to_string(), Found::default()));
        }
        let layer = &mut found[index].1;
        let place = match field {
            "weight" => &mut layer.weight,
            // Learned weights of a sum have one dimension.
            "weights" if tensor.shape().len() == 2 => &mut layer.weights,
            "_export_lut_ids" => &mut layer.numbers,
            "indices" | "connections.indices" => &mut layer.indices,
            "connections.weights" => &mut layer.scores,
            "connections._export_indices" => &mut layer.chosen,
            "grad_mask" => continue,
            "thresholds" | "raw_diffs" => return Err(ImportError::at(name, THRESHOLDS)),
            _ => {
                let problem = "is not a tensor of logic gates; give a model of dense layers";
                return Err(ImportError::at(name, problem));
            }
        };
        *place = Some(tensor);
    }
    sort(&mut found, order, options)?;
    let layers = found.into_iter();
    let layers = layers.map(|(name, found)| found.layer(name, options));
    let layers = layers.collect::<Result<Vec<Layer>, _>>()?;
    model::network(&layers, None, options)
}

/// Splits the name of a tensor into those of its layer and of the tensor in it.
fn split(name: &str) -> (&str, &str) {
    let Some(end) = name.rfind('.') else {
        return ("", name);
    };
    match name[..end].strip_suffix("connections") {
        Some("") => ("", name),
        Some(layer) if layer.ends_with('.') => (&layer[..layer.len() - 1], &name[layer.len()..]),
        _ => (&name[..end], &name[end + 1..]),
    }
}

/// Sorts the layers as the options say, or by the numbers in their names.
fn sort(found: &mut [(String, Found)], order: Order, options: &Options) -> Result<(), ImportError> {
    let names = || {
        let names = found.iter().map(|(name, _)| name.as_str());
        names.collect::<Vec<_>>().join(",")
    };
    if !options.layers.is_empty() {
        let place = |name: &str| options.layers.iter().position(|own| own == name);
        let all = found.iter().all(|(name, _)| place(name).is_some());
        if !all || found.len() != options.layers.len() {
            let problem = format!("the layers are {}; name each of them once", names());
            return Err(ImportError::whole(problem));
        }
        found.sort_by_key(|(name, _)| place(name));
        return Ok(());
    }
    if order == Order::Model {
        return Ok(());
    }
    let words = |name: &str| {
        let words = name.split('.');
        let words = words.map(|word| {
            word.parse::<u64>()
                .map_or(word.to_string(), |_| String::new())
        });
        words.collect::<Vec<_>>()
    };
    let first = found.first().map(|(name, _)| words(name));
    if !found.iter().all(|(name, _)| Some(words(name)) == first) {
        let problem = format!(
            "the names of the layers do not tell their order; give it with --layers {}",
            names()
        );
        return Err(ImportError::whole(problem));
    }
    found.sort_by(|(a, _), (b, _)| compare(a, b));
    Ok(())
}

/// Compares names that differ in numbers alone.
fn compare(a: &str, b: &str) -> Ordering {
    let number = |word: &str| word.parse::<u64>().unwrap_or(0);
    a.split('.').map(number).cmp(b.split('.').map(number))
}

impl<'a> Found<'a> {
    fn layer(self, name: String, options: &Options) -> Result<Layer<'a>, ImportError> {
        let wires = match (self.chosen, self.scores, self.indices) {
            (Some(chosen), ..) => Wires::Both(chosen),
            (None, Some(scores), Some(candidates)) => Wires::Candidates { candidates, scores },
            (None, None, Some(indices)) => Wires::Both(indices),
            (None, _, None) => return Err(ImportError::at(name, NO_WIRING)),
        };
        let operations = match (self.numbers, self.weight, self.weights) {
            (Some(numbers), ..) => Operations::Numbers(numbers),
            (None, Some(weight), _) if weight.shape().last() == Some(&4) => {
                match options.parametrization {
                    Some(Parametrization::Light) => Parametrization::light(weight),
                    Some(Parametrization::Warp) => Operations::Walsh(weight),
                    None => return Err(ImportError::at(name, AMBIGUOUS)),
                }
            }
            // Those of difflogic-iwp pass through a sigmoid, which is 1/2 at 0.
            (None, None, Some(values)) if values.shape()[1] == 4 => Operations::Values {
                values,
                threshold: 0.0,
                inclusive: true,
            },
            (None, Some(weights), _) | (None, None, Some(weights)) => Operations::Weights(weights),
            (None, None, None) => {
                return Err(ImportError::at(quote(&name), "has no weights"));
            }
        };
        Ok(Layer {
            name,
            reads: None,
            operations,
            wires,
        })
    }
}

/// The question that four weights a gate leave open.
const AMBIGUOUS: &str = "has 4 weights a gate, which do not tell torchlogix's parametrization; \
     give --parametrization light or warp, as the model was made";

impl Parametrization {
    /// Returns the operations of the parametrization light.
    pub(crate) fn light(values: Tensor) -> Operations {
        Operations::Values {
            values,
            threshold: 0.0,
            inclusive: false,
        }
    }
}
