//! Files of PyTorch's `torch.save`: whole models of difflogic, difflogic-iwp and torchlogix, and
//! state dictionaries. A file is a ZIP archive with a pickle, whose tensors are entries of their
//! own.

use std::collections::BTreeMap;
use std::{fmt, io};

use logicnet::{Network, quote};
use rawzip::{CompressionMethod, ZipArchive};

use crate::model::{self, Layer, Operations, Wires};
use crate::pickle::{Id, Object, Objects};
use crate::state::{self, NO_WIRING, Order, THRESHOLDS, Tensors};
use crate::tensor::{Kind, Tensor};
use crate::{ImportError, Options, Parametrization};

/// Most entries of an archive, and most parts of a model.
const MAX_PARTS: usize = 1 << 12;
/// Deepest nesting of a model's parts.
const MAX_DEPTH: usize = 32;
/// Most entries of a dictionary that is searched.
const MAX_NAMES: usize = 10_000;
/// Longest name of a part in bytes.
const MAX_NAME: usize = 100;

/// Reads a file.
pub(crate) fn read(bytes: &[u8], options: &Options) -> Result<Network, ImportError> {
    if bytes.first() == Some(&0x80) {
        return Err(ImportError::whole(
            "a file of PyTorch before 1.6; load it with torch.load and save it again",
        ));
    }
    let entries = entries(bytes)?;
    if entries.contains_key("constants.pkl") {
        return Err(ImportError::whole(
            "a TorchScript program, which does not have the layers; save the model with \
             torch.save(model, FILE)",
        ));
    }
    let pickle = entries.get("data.pkl");
    let pickle = pickle.ok_or_else(|| ImportError::whole("a ZIP archive, but not of PyTorch"))?;
    let objects = Objects::read(pickle)?;
    File { entries, objects }.network(options)
}

/// Returns the entries of a ZIP archive by their names without the folder of all, such as
/// `data/0`.
fn entries(bytes: &[u8]) -> Result<BTreeMap<String, &[u8]>, ImportError> {
    let damaged = |error: &dyn fmt::Display| {
        ImportError::whole(format_args!("the ZIP archive is damaged: {error}"))
    };
    let archive = ZipArchive::from_slice(bytes).map_err(|error| damaged(&error))?;
    let mut names = archive.entries();
    let mut entries = BTreeMap::new();
    let mut total = 0;
    while let Some(entry) = names.next_entry().map_err(|error| damaged(&error))? {
        let path = entry.file_path();
        let name = String::from_utf8_lossy(path.as_ref());
        let own = name
            .split_once('/')
            .map_or(&*name, |(_, own)| own)
            .to_string();
        if entry.compression_method() != CompressionMethod::STORE {
            return Err(ImportError::at(
                own,
                "compressed, which PyTorch's files are not",
            ));
        }
        if entries.len() == MAX_PARTS {
            return Err(ImportError::whole(format_args!(
                "more than {MAX_PARTS} entries"
            )));
        }
        let wrong = |error: &dyn fmt::Display| ImportError::at(&own, error);
        let entry = archive
            .get_entry(entry.wayfinder())
            .map_err(|error| wrong(&error))?;
        let (start, end) = entry.compressed_data_range();
        let data = bytes.get(start as usize..end as usize);
        let data = data.ok_or_else(|| wrong(&"not in the file"))?;
        total += data.len();
        if total > bytes.len() {
            return Err(wrong(&"overlaps other entries"));
        }
        // A fuzzer would never get beyond checksums.
        if !cfg!(fuzzing) {
            let mut reader = entry.verifying_reader(data);
            io::copy(&mut reader, &mut io::sink()).map_err(|error| wrong(&error))?;
        }
        if entries.insert(own.clone(), data).is_some() {
            return Err(wrong(&"the archive has it twice"));
        }
    }
    Ok(entries)
}

struct File<'a> {
    entries: BTreeMap<String, &'a [u8]>,
    objects: Objects,
}

/// The parts of a model.
#[derive(Default)]
struct Model<'a> {
    layers: Vec<Layer<'a>>,
    /// Number of groups of the sum at the end.
    groups: Option<usize>,
    parts: usize,
}

impl File<'_> {
    fn network(&self, options: &Options) -> Result<Network, ImportError> {
        let root = self.objects.root;
        if self.is_model(root) {
            return self.model(root, options);
        }
        if let Some(tensors) = self.tensors(root)? {
            return state::network(tensors, Order::Model, options);
        }
        let Object::Dict(entries) = &self.objects[root] else {
            return Err(ImportError::whole("neither a model nor a state dictionary"));
        };
        // A checkpoint of a training with other things in it.
        let mut found = Vec::new();
        for &(key, value) in entries.iter().take(MAX_NAMES) {
            if self.is_model(value) || self.is_state(value) {
                found.push((self.text(key).unwrap_or_default(), value));
            }
        }
        match found[..] {
            [(_, model)] if self.is_model(model) => self.model(model, options),
            [(name, state)] => match self.tensors(state)? {
                Some(tensors) => state::network(tensors, Order::Model, options),
                None => Err(ImportError::at(name, "not a state dictionary")),
            },
            [] => Err(ImportError::whole("no model and no state dictionary in it")),
            _ => {
                let names: Vec<&str> = found.iter().map(|(name, _)| *name).collect();
                let problem = format!("it has several models, {}; save one", names.join(", "));
                Err(ImportError::whole(problem))
            }
        }
    }

    fn model(&self, root: Id, options: &Options) -> Result<Network, ImportError> {
        let mut model = Model::default();
        self.visit(root, "", 0, &mut model)?;
        model::network(&model.layers, model.groups, options)
    }

    /// Adds the layers of a part of a model, in the order in which the parts were made.
    fn visit<'a>(
        &'a self,
        part: Id,
        name: &str,
        depth: usize,
        model: &mut Model<'a>,
    ) -> Result<(), ImportError> {
        let at = |problem: &str| ImportError::at(name, problem);
        model.parts += 1;
        if depth > MAX_DEPTH || model.parts > MAX_PARTS {
            return Err(at("the model has too many parts"));
        }
        let Some((module, class)) = self.class(part) else {
            return Err(at("not a part of a model"));
        };
        let layer = match class {
            "LogicLayer" | "LogicLayerIWP" => self.difflogic(part, name)?,
            "LogicDense" => self.torchlogix(part, name)?,
            "GroupSum" => {
                if model.groups.is_some() {
                    return Err(at("a second sum"));
                }
                model.groups = Some(self.groups(part, name)?);
                return Ok(());
            }
            "Flatten" | "Identity" | "Dropout" | "DummyBinarization" => return Ok(()),
            _ if module.ends_with(".binarization") => return Err(at(THRESHOLDS)),
            _ => {
                let parts = self.find(part, "_modules");
                let parts = parts.map(|parts| &self.objects[parts]);
                let Some(Object::Dict(parts)) = parts.filter(|_| !class.contains("Conv")) else {
                    return Err(at(&format!(
                        "{module}.{class} is not a layer of logic gates"
                    )));
                };
                if parts.is_empty() && class != "Sequential" {
                    return Err(at(&format!(
                        "{module}.{class} is not a layer of logic gates"
                    )));
                }
                for &(key, part) in parts {
                    let own = self.text(key).filter(|own| own.len() <= MAX_NAME);
                    let own = own.unwrap_or("?");
                    let dot = if name.is_empty() { "" } else { "." };
                    self.visit(part, &format!("{name}{dot}{own}"), depth + 1, model)?;
                }
                return Ok(());
            }
        };
        if model.groups.is_some() {
            return Err(at("a layer after the sum"));
        }
        model.layers.push(layer);
        Ok(())
    }

    /// Reads a layer of difflogic or difflogic-iwp.
    fn difflogic(&self, part: Id, name: &str) -> Result<Layer<'_>, ImportError> {
        let weights = self.tensor_of(part, "weights", name)?;
        let values = weights.shape().last() == Some(&4);
        let operations = if values {
            let function = self.find(part, "act_fn_str").and_then(|id| self.text(id));
            let threshold = match function.unwrap_or("sigmoid") {
                "sigmoid" | "sigmoid-st" => 0.0,
                "linear" => 0.5,
                other => {
                    let problem = format!(
                        "the function {} is not read; export the model with the script in \
                         docs/import.md",
                        quote(other)
                    );
                    return Err(ImportError::at(name, problem));
                }
            };
            Operations::Values {
                values: weights,
                threshold,
                inclusive: true,
            }
        } else {
            Operations::Weights(weights)
        };
        let no_wiring = || ImportError::at(name, NO_WIRING);
        let indices = self.find(part, "indices").ok_or_else(no_wiring)?;
        let wires = match &self.objects[indices] {
            Object::Tuple(both) | Object::List(both) if both.len() == 2 => {
                let first = self.tensor(both[0], name)?;
                Wires::Each(first, self.tensor(both[1], name)?)
            }
            _ => Wires::Both(self.tensor(indices, name)?),
        };
        self.layer(part, name, operations, wires)
    }

    /// Reads a dense layer of torchlogix.
    fn torchlogix(&self, part: Id, name: &str) -> Result<Layer<'_>, ImportError> {
        let weight = self.tensor_of(part, "weight", name)?;
        let kind = self
            .find(part, "parametrization")
            .and_then(|part| self.class(part));
        let operations = match kind {
            Some((_, "RawLUTParametrization")) => Operations::Weights(weight),
            Some((_, "LightLUTParametrization")) => Parametrization::light(weight),
            Some((_, "WarpLUTParametrization")) => Operations::Walsh(weight),
            _ => return Err(ImportError::at(name, "its parametrization is unknown")),
        };
        let no_wiring = || ImportError::at(name, NO_WIRING);
        let connections = self.find(part, "connections").ok_or_else(no_wiring)?;
        let candidates = self.tensor_of(connections, "indices", name)?;
        let wires = if self.find(connections, "weights").is_some() {
            let scores = self.tensor_of(connections, "weights", name)?;
            Wires::Candidates { candidates, scores }
        } else {
            Wires::Both(candidates)
        };
        self.layer(part, name, operations, wires)
    }

    fn layer<'a>(
        &self,
        part: Id,
        name: &str,
        operations: Operations<'a>,
        wires: Wires<'a>,
    ) -> Result<Layer<'a>, ImportError> {
        let reads = self.find(part, "in_dim").and_then(|id| self.size(id));
        let reads = reads.ok_or_else(|| ImportError::at(name, "it does not say what it reads"))?;
        Ok(Layer {
            name: name.to_string(),
            reads: Some(reads),
            operations,
            wires,
        })
    }

    /// Returns the number of groups of a sum.
    fn groups(&self, part: Id, name: &str) -> Result<usize, ImportError> {
        // Those of difflogic-iwp, and beta of torchlogix.
        let plain = [
            ("use_bias", 0.0),
            ("use_weights", 0.0),
            ("gs_flip", 0.0),
            ("beta", 0.0),
            ("n_splits", 1.0),
        ];
        for (attribute, usual) in plain {
            let number = match self.find(part, attribute).map(|id| &self.objects[id]) {
                Some(Object::Bool(value)) => f64::from(u8::from(*value)),
                Some(Object::Int(number)) => *number as f64,
                Some(Object::Float(number)) => *number,
                _ => continue,
            };
            if number != usual {
                let problem = format!("a sum with {attribute} {number} is not read");
                return Err(ImportError::at(name, problem));
            }
        }
        let groups = self.find(part, "k").and_then(|id| self.size(id));
        groups.ok_or_else(|| ImportError::at(name, "the sum does not say its groups"))
    }

    /// Returns the module and the name of an object's class.
    fn class(&self, id: Id) -> Option<(&str, &str)> {
        let Object::Made { maker, .. } = &self.objects[id] else {
            return None;
        };
        match &self.objects[*maker] {
            Object::Global(module, name) => Some((module, name)),
            _ => None,
        }
    }

    /// Returns an attribute of an object, which modules keep in several dictionaries.
    fn find(&self, id: Id, name: &str) -> Option<Id> {
        let Object::Made {
            state: Some(state), ..
        } = &self.objects[id]
        else {
            return None;
        };
        let parts = ["_parameters", "_buffers", "_modules"];
        let parts = parts.iter().filter_map(|part| self.get(*state, part));
        let mut all = std::iter::once(*state).chain(parts);
        all.find_map(|dict| self.get(dict, name))
    }

    /// Returns an entry of a dictionary.
    fn get(&self, dict: Id, name: &str) -> Option<Id> {
        match &self.objects[dict] {
            Object::Dict(entries) if entries.len() <= MAX_NAMES => {
                let named = |(key, _): &&(Id, Id)| self.text(*key) == Some(name);
                // The last one counts.
                entries.iter().rev().find(named).map(|(_, value)| *value)
            }
            _ => None,
        }
    }

    fn text(&self, id: Id) -> Option<&str> {
        match &self.objects[id] {
            Object::Text(text) => Some(text),
            _ => None,
        }
    }

    fn size(&self, id: Id) -> Option<usize> {
        match &self.objects[id] {
            Object::Int(number) => usize::try_from(*number).ok(),
            _ => None,
        }
    }

    fn is_model(&self, id: Id) -> bool {
        self.find(id, "_modules").is_some()
    }

    /// Returns whether an object is a dictionary of tensors.
    fn is_state(&self, id: Id) -> bool {
        match &self.objects[id] {
            Object::Dict(entries) => {
                (1..=MAX_NAMES).contains(&entries.len())
                    && entries.iter().all(|(_, value)| self.is_tensor(*value))
            }
            _ => false,
        }
    }

    fn is_tensor(&self, id: Id) -> bool {
        let Some(("torch._utils", name)) = self.class(id) else {
            return false;
        };
        matches!(name, "_rebuild_tensor_v2" | "_rebuild_parameter")
    }

    /// Returns the tensors of a state dictionary, or `None` if it is none.
    fn tensors(&self, id: Id) -> Result<Option<Tensors<'_>>, ImportError> {
        let (Object::Dict(entries), true) = (&self.objects[id], self.is_state(id)) else {
            return Ok(None);
        };
        let tensors = entries.iter().map(|&(key, value)| {
            let name = self.text(key).unwrap_or_default();
            Ok((name.to_string(), self.tensor(value, name)?))
        });
        tensors.collect::<Result<_, _>>().map(Some)
    }

    /// Returns a tensor that is an attribute of an object.
    fn tensor_of(&self, id: Id, attribute: &str, place: &str) -> Result<Tensor<'_>, ImportError> {
        let missing = || ImportError::at(place, format!("its {attribute} are not in the file"));
        self.tensor(self.find(id, attribute).ok_or_else(missing)?, place)
    }

    /// Returns a tensor. Parameters are tensors in a second object.
    fn tensor(&self, id: Id, place: &str) -> Result<Tensor<'_>, ImportError> {
        let wrong = || ImportError::at(place, "not a tensor as PyTorch saves them");
        let arguments = |id: Id| match &self.objects[id] {
            Object::Made { arguments, .. } if self.is_tensor(id) => Some(self.tuple(*arguments)),
            _ => None,
        };
        let parts = arguments(id).ok_or_else(wrong)?;
        let inner = parts.first().and_then(|&inner| arguments(inner));
        let &[storage, offset, shape, strides, ..] = inner.unwrap_or(parts) else {
            return Err(wrong());
        };
        let sizes = |id: Id| {
            let sizes = self.tuple(id).iter().map(|&id| self.size(id));
            sizes.collect::<Option<Vec<usize>>>().ok_or_else(wrong)
        };
        let Object::Persistent(storage) = self.objects[storage] else {
            return Err(wrong());
        };
        let &[_, class, key, ..] = self.tuple(storage) else {
            return Err(wrong());
        };
        let Object::Global(_, class) = &self.objects[class] else {
            return Err(wrong());
        };
        let kind = match class.as_str() {
            "HalfStorage" => Kind::F16,
            "BFloat16Storage" => Kind::BF16,
            "FloatStorage" => Kind::F32,
            "DoubleStorage" => Kind::F64,
            "CharStorage" => Kind::I8,
            "ByteStorage" | "BoolStorage" => Kind::U8,
            "ShortStorage" => Kind::I16,
            "IntStorage" => Kind::I32,
            "LongStorage" => Kind::I64,
            _ => return Err(ImportError::at(place, format!("a {class} is not read"))),
        };
        let key = self.text(key).ok_or_else(wrong)?;
        let bytes = self.entries.get(&format!("data/{key}"));
        let bytes = bytes.ok_or_else(|| ImportError::at(place, format!("no entry data/{key}")))?;
        let offset = self.size(offset).ok_or_else(wrong)?;
        let first = offset.checked_mul(kind.bytes()).ok_or_else(wrong)?;
        let bytes = bytes.get(first..).ok_or_else(wrong)?;
        Tensor::new(place, kind, sizes(shape)?, Some(sizes(strides)?), bytes)
    }

    /// Returns the items of a tuple or list; other objects have none.
    fn tuple(&self, id: Id) -> &[Id] {
        match &self.objects[id] {
            Object::Tuple(items) | Object::List(items) => items,
            _ => &[],
        }
    }
}
