//! Masks in JSON.

use alloc::format;
use alloc::string::String;
use core::fmt::Write;

use super::read::parse_op;
use super::text::{each_field, each_item, natural, wrong};
use crate::{MAX_GATES, MAX_INPUTS, Mask, Masks, NetworkError};

impl Masks {
    /// Reads masks as in a file. Does not check them against a network.
    ///
    /// # Errors
    /// Fails if the text is not a list of masks, or if a node is masked twice or has a
    /// number beyond those of all networks. The error has the path, such as `masks[7]`.
    pub fn from_json(json: &str) -> Result<Masks, NetworkError> {
        let wanted = "a mask: {\"node\": N, and one of \"force\": 0 or 1, \"invert\": true, \
                      \"op\": 0..15}";
        let mut masks = Masks::new();
        let mut i = 0;
        let is_list = each_item(json, |item| {
            let path = || format!("masks[{i}]");
            let (node, mask) = parse_mask(item).ok_or_else(|| wrong(&path(), item, wanted))?;
            if node >= MAX_INPUTS + MAX_GATES as u32 {
                let problem = format!("node {node} does not exist in any network");
                return Err(NetworkError::new(path(), problem));
            }
            if masks.set(node, mask).is_some() {
                let problem = format!("node {node} is masked twice");
                return Err(NetworkError::new(path(), problem));
            }
            i += 1;
            Ok(())
        })?;
        if is_list {
            Ok(masks)
        } else {
            Err(wrong("masks", json, "a list: [ ... ]"))
        }
    }

    /// Returns the masks as in a file.
    pub fn to_json(&self) -> String {
        let mut text = String::from("[");
        for (node, mask) in self.iter() {
            let comma = if text.len() > 1 { "," } else { "" };
            // Writing to a string never fails.
            let _ = match mask {
                Mask::Force(bit) => {
                    write!(
                        text,
                        "{comma}{{\"force\":{},\"node\":{node}}}",
                        u8::from(bit)
                    )
                }
                Mask::Invert => write!(text, "{comma}{{\"invert\":true,\"node\":{node}}}"),
                Mask::Replace(op) => {
                    write!(text, "{comma}{{\"node\":{node},\"op\":{}}}", op.number())
                }
            };
        }
        text + "]"
    }
}

fn parse_mask(json: &str) -> Option<(u32, Mask)> {
    let (mut node, mut mask) = (None, None);
    let read = each_field(json, |name, value| {
        let is_first = match name.as_str() {
            "node" => node.replace(natural(value)).is_none(),
            name => mask.replace(parse_change(name, value)).is_none(),
        };
        if is_first { Ok(()) } else { Err(()) }
    });
    read.ok()?.ok()?;
    Some((node??, mask??))
}

fn parse_change(name: &str, value: &str) -> Option<Mask> {
    Some(match name {
        "force" => match natural(value)? {
            0 => Mask::Force(false),
            1 => Mask::Force(true),
            _ => return None,
        },
        "invert" if value == "true" => Mask::Invert,
        "op" => Mask::Replace(parse_op(value)?),
        _ => return None,
    })
}
