// Plays a Faust program compiled to Rust: arguments, input and output are those of play.cpp.
#![allow(warnings)]

use std::io::{Read, Write};

type F32 = f32;
type F64 = f64;

/// The functions of hosts/faust/gatebend_faust.h.
unsafe extern "C" {
    safe fn gatebend_faust_network(number: i32) -> i32;
    safe fn gatebend_faust_rate(network: i32) -> i32;
    safe fn gatebend_faust_level(
        network: i32,
        channel: i32,
        t: i32,
        left: f32,
        right: f32,
        a: f32,
        b: f32,
        c: f32,
        d: f32,
    ) -> f32;
}

#[derive(Clone, Copy)]
pub struct ParamIndex(pub i32);

pub trait Meta {
    fn declare(&mut self, key: &str, value: &str);
}

pub trait UI<T> {
    fn open_vertical_box(&mut self, label: &str);
    fn close_box(&mut self);
    fn add_horizontal_slider(&mut self, label: &str, param: ParamIndex, init: T, min: T, max: T, step: T);
}

pub trait FaustDsp {
    type T;

    fn new() -> Self
    where
        Self: Sized;
    fn metadata(&self, m: &mut dyn Meta);
    fn get_sample_rate(&self) -> i32;
    fn get_num_inputs(&self) -> i32;
    fn get_num_outputs(&self) -> i32;
    fn class_init(sample_rate: i32)
    where
        Self: Sized;
    fn instance_reset_params(&mut self);
    fn instance_clear(&mut self);
    fn instance_constants(&mut self, sample_rate: i32);
    fn instance_init(&mut self, sample_rate: i32);
    fn init(&mut self, sample_rate: i32);
    fn build_user_interface(&self, ui_interface: &mut dyn UI<Self::T>);
    fn build_user_interface_static(ui_interface: &mut dyn UI<Self::T>)
    where
        Self: Sized;
    fn get_param(&self, param: ParamIndex) -> Option<Self::T>;
    fn set_param(&mut self, param: ParamIndex, value: Self::T);
    fn compute(&mut self, count: i32, inputs: &[&[Self::T]], outputs: &mut [&mut [Self::T]]);
}

<<includeIntrinsic>>

<<includeclass>>

#[derive(Default)]
struct Sliders(Vec<(String, ParamIndex)>);

impl UI<f32> for Sliders {
    fn open_vertical_box(&mut self, label: &str) {}
    fn close_box(&mut self) {}
    fn add_horizontal_slider(&mut self, label: &str, param: ParamIndex, _: f32, _: f32, _: f32, _: f32) {
        self.0.push((label.into(), param));
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut program = mydsp::new();
    program.init(arguments[0].parse().unwrap());
    let mut sliders = Sliders::default();
    program.build_user_interface(&mut sliders);
    for argument in &arguments[1..] {
        let (name, value) = argument.split_once('=').unwrap();
        let slider = sliders.0.iter().find(|(label, _)| label == name);
        program.set_param(slider.unwrap().1, value.parse().unwrap());
    }
    let mut bytes = Vec::new();
    std::io::stdin().read_to_end(&mut bytes).unwrap();
    let samples = bytes.chunks_exact(4).map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap()));
    let samples: Vec<f32> = samples.collect();
    let is_stereo = program.get_num_outputs() == 2;
    let mut output = Vec::new();
    for frames in samples.chunks(200) {
        let channel = |channel| frames.iter().copied().skip(channel).step_by(2).collect::<Vec<f32>>();
        let (left, right) = (channel(0), channel(1));
        let (mut out, mut out2) = (left.clone(), left.clone());
        let heard = &[&left[..], &right[..]][..program.get_num_inputs() as usize];
        if is_stereo {
            program.compute(left.len() as i32, heard, &mut [&mut out, &mut out2]);
        } else {
            program.compute(left.len() as i32, heard, &mut [&mut out]);
            out2.clone_from(&out);
        }
        let frames = out.iter().zip(&out2).flat_map(|(left, right)| [left, right]);
        output.extend(frames.flat_map(|sample| sample.to_le_bytes()));
    }
    std::io::stdout().write_all(&output).unwrap();
}
