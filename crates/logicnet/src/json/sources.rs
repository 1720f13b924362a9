//! Sources of inputs in JSON.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde_json::Number;

use super::text::{each_field, quoted, unquoted, wrong};
use super::values::{each_of, encoding, read_text, whole};
use crate::{
    InputEncoding, MAX_CONTROL_BITS, MAX_COUNTER_BITS, MAX_INPUTS, NetworkError, Signal, Source,
};

/// Largest number of sources: t, two channels, and controls of one bit.
const MAX_SOURCES: usize = 3 + MAX_CONTROL_BITS as usize;

/// Reads the source of version 1: a number of inputs that encode t.
pub(super) fn counter(inputs: &str, encoding: Option<&str>) -> Result<[Source; 1], NetworkError> {
    const PATH: &str = "input_encoding";
    let count = whole(inputs, "inputs")?;
    let one_digit = |values: u32| values.next_power_of_two().ilog2() as u8;
    let most = count.min(MAX_INPUTS);
    let encoding = match encoding {
        Some(json) => input_encoding(json, PATH, [one_digit(most + 1), one_digit(most)])?,
        None => InputEncoding::Binary,
    };
    if encoding == InputEncoding::Gray {
        return Err(NetworkError::new(PATH, "\"gray\" needs version 2"));
    }
    if !(1..=12).contains(&encoding.digit_bits()) {
        let problem = format!(
            "digits of {} bits, but they have 1..12",
            encoding.digit_bits()
        );
        return Err(NetworkError::new(format!("{PATH}.digit_bits"), problem));
    }
    let problem = match encoding.bits(count) {
        None => format!(
            "{count} inputs are not whole digits of {} inputs",
            encoding.inputs_per_digit()
        ),
        Some(0) => "a network has at least 1 input".to_string(),
        Some(bits) if bits > MAX_COUNTER_BITS => {
            format!("{bits} bits of t, but a network reads at most {MAX_COUNTER_BITS}")
        }
        Some(bits) => {
            let time = Source::time(bits as u8);
            return Ok([Source { encoding, ..time }]);
        }
    };
    Err(NetworkError::new("inputs", problem))
}

/// Reads the sources of version 2.
pub(super) fn read_sources(json: &str) -> Result<Vec<Source>, NetworkError> {
    let mut sources = Vec::new();
    each_of(json, "inputs", |i, item| {
        if i == MAX_SOURCES {
            let problem = format!("more than {MAX_SOURCES} inputs");
            return Err(NetworkError::new("inputs", problem));
        }
        sources.push(read_source(item, &format!("inputs[{i}]"))?);
        Ok(())
    })?;
    Ok(sources)
}

fn read_source(json: &str, path: &str) -> Result<Source, NetworkError> {
    const FIELDS: [&str; 6] = ["from", "channel", "name", "default", "bits", "encoding"];
    let mut values = [None; FIELDS.len()];
    let read = each_field(json, |name, value| {
        let Some(field) = FIELDS.iter().position(|field| *field == name) else {
            let problem = "unknown; an input has \"from\", \"bits\", \"encoding\", the \
                           \"channel\" of audio, and the \"name\" and \"default\" of a control";
            return Err(NetworkError::new(format!("{path}.{name}"), problem));
        };
        values[field] = Some(value);
        Ok(())
    })?;
    if read.is_err() {
        return Err(wrong(
            path,
            json,
            "an input: {\"from\": \"t\", \"bits\": 14}",
        ));
    }
    let within = |field: &str| format!("{path}.{field}");
    let [from, channel, name, default, bits, encoding] = values;
    let missing = |field: &str| NetworkError::new(within(field), "missing");
    let small = |json: &str, field: &str| {
        let number = whole(json, &within(field))?;
        u8::try_from(number).map_err(|_| wrong(&within(field), json, "a small number"))
    };
    let bits = small(bits.ok_or_else(|| missing("bits"))?, "bits")?;
    let from = from.ok_or_else(|| missing("from"))?;
    let signal = match unquoted(from).as_deref() {
        Some("t") => Signal::Time,
        Some("audio") => Signal::Audio {
            channel: channel.map_or(Ok(0), |json| small(json, "channel"))?,
        },
        Some("control") => Signal::Control {
            name: read_text(name.ok_or_else(|| missing("name"))?, &within("name"))?,
            default: default.map_or(Ok(0.0), |json| {
                let number = serde_json::from_str::<Number>(json).ok();
                let number = number.and_then(|number| number.as_f64());
                number.ok_or_else(|| wrong(&within("default"), json, "a number from 0 to 1"))
            })?,
        },
        _ => {
            return Err(wrong(
                &within("from"),
                from,
                "\"t\", \"audio\" or \"control\"",
            ));
        }
    };
    let of_others = match signal {
        Signal::Time => [("channel", channel), ("name", name), ("default", default)],
        Signal::Audio { .. } => [("", None), ("name", name), ("default", default)],
        Signal::Control { .. } => [("channel", channel), ("", None), ("", None)],
    };
    if let Some((field, _)) = of_others.iter().find(|(_, value)| value.is_some()) {
        let problem = format!("an input from {from} has none");
        return Err(NetworkError::new(within(field), problem));
    }
    let encoding = match encoding {
        Some(json) => input_encoding(json, &within("encoding"), [bits, bits])?,
        None => InputEncoding::Binary,
    };
    Ok(Source {
        signal,
        bits,
        encoding,
    })
}

/// Reads the encoding of inputs, given the bits of a digit that are the default of the
/// thermometer and of the one-hot encoding.
fn input_encoding(
    json: &str,
    path: &str,
    [thermometer, one_hot]: [u8; 2],
) -> Result<InputEncoding, NetworkError> {
    let (kind, digit_bits) = encoding(json, path, "digit_bits")?;
    match (kind.as_str(), digit_bits) {
        ("binary", None) => Ok(InputEncoding::Binary),
        ("gray", None) => Ok(InputEncoding::Gray),
        ("thermometer", digit_bits) => Ok(InputEncoding::Thermometer {
            digit_bits: digit_bits.unwrap_or(thermometer),
        }),
        ("one-hot", digit_bits) => Ok(InputEncoding::OneHot {
            digit_bits: digit_bits.unwrap_or(one_hot),
        }),
        _ => {
            let wanted = "\"binary\", \"gray\", \"thermometer\" or \"one-hot\" (the last two may \
                          have \"digit_bits\")";
            Err(wrong(path, &quoted(&kind), wanted))
        }
    }
}

/// Writes a source.
pub(super) fn source(source: &Source) -> String {
    let from = match &source.signal {
        Signal::Time => r#""t""#.into(),
        Signal::Audio { channel } => format!(r#""audio", "channel": {channel}"#),
        Signal::Control { name, default } => {
            let name = quoted(name);
            // Numbers of a network are finite.
            let default = Number::from_f64(*default).unwrap_or_else(|| 0.into());
            format!(r#""control", "name": {name}, "default": {default}"#)
        }
    };
    let encoding = match input_encoding_json(source.encoding) {
        Some(encoding) => format!(r#", "encoding": {encoding}"#),
        None => String::new(),
    };
    format!(r#"{{"from": {from}, "bits": {}{encoding}}}"#, source.bits)
}

/// Writes an encoding other than binary.
pub(super) fn input_encoding_json(encoding: InputEncoding) -> Option<String> {
    let kind = match encoding {
        InputEncoding::Binary => return None,
        InputEncoding::Gray => return Some(r#""gray""#.into()),
        InputEncoding::Thermometer { .. } => "thermometer",
        InputEncoding::OneHot { .. } => "one-hot",
    };
    let bits = encoding.digit_bits();
    Some(format!(r#"{{"digit_bits":{bits},"type":"{kind}"}}"#))
}
