//! Requests of the audio thread, for C.

use std::sync::Arc;

use instrument::parameters::Key;
use player::Request;

use crate::error::slice;
use crate::evaluator::{gb_bend, mask_of};
use crate::network::gb_network;
use crate::player_handle::gb_player;

/// Sends a request.
///
/// # Safety
/// `player` is valid, and this is the audio thread.
unsafe fn send(player: *const gb_player, request: Request) -> bool {
    // SAFETY: the caller promises it.
    unsafe { gb_player::audio(player) }.renderer.send(request)
}

/// Bends a node, or ends its bend. This and the functions that follow
/// are requests for gb_player_update, applied in their order and heard then. They return false
/// if 1,024 wait already. Real-time, from the audio thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_player_send_bend(
    player: *mut gb_player,
    node: u32,
    bend: gb_bend,
) -> bool {
    // SAFETY: as the caller promises.
    mask_of(bend).is_ok_and(|mask| unsafe { send(player, Request::Bend(node, mask)) })
}

/// Touches the pad at x and y, 0 to 1 from the top left, or lifts the finger if size is
/// negative; a size of 1 is the largest finger.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_player_send_touch(
    player: *mut gb_player,
    x: f32,
    y: f32,
    size: f32,
) -> bool {
    let finger = (size >= 0.0).then_some([x, y, size]);
    // SAFETY: as the caller promises.
    unsafe { send(player, Request::Touch(finger)) }
}

/// Moves a control, by its number, to a position from 0 to 1. Of several positions that wait,
/// the newest counts.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_player_send_control(
    player: *mut gb_player,
    control: u32,
    position: f32,
) -> bool {
    // SAFETY: as the caller promises.
    unsafe { send(player, Request::Control(control, position)) }
}

/// Sets the speed in hundredths, -400 to 400.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_player_send_speed(player: *mut gb_player, speed: i32) -> bool {
    // SAFETY: as the caller promises.
    unsafe { send(player, Request::Set(Key::Speed, speed)) }
}

/// Sets the samples a second, 1 to 96,000; 0 is the network's own rate.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_player_send_rate(player: *mut gb_player, rate: u32) -> bool {
    let rate = i32::try_from(rate).unwrap_or(i32::MAX);
    // SAFETY: as the caller promises.
    unsafe { send(player, Request::Set(Key::Rate, rate)) }
}

/// Jumps to a network time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_player_send_seek(player: *mut gb_player, time: u32) -> bool {
    // SAFETY: as the caller promises.
    unsafe { send(player, Request::Seek(time)) }
}

/// Plays one MIDI message of 1 to 3 bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_player_send_midi(
    player: *mut gb_player,
    bytes: *const u8,
    length: u32,
) -> bool {
    let mut message = [0; 3];
    let length = (length as usize).min(message.len());
    // SAFETY: as the caller promises.
    unsafe {
        message[..length].copy_from_slice(slice(bytes, length));
        send(player, Request::Midi(message, length as u8))
    }
}

/// Plays another network, without bends. It may be freed when this has returned.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_player_send_network(
    player: *mut gb_player,
    network: *const gb_network,
) -> bool {
    // SAFETY: as the caller promises.
    unsafe { send(player, Request::Network(Arc::clone(&(*network).network))) }
}

/// Returns whether requests wait for gb_player_update. Real-time, from the audio thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_player_is_waiting(player: *const gb_player) -> bool {
    // SAFETY: as the caller promises.
    unsafe { gb_player::audio(player) }.renderer.is_waiting()
}

/// Returns the network time of the next frame. Real-time, from the audio thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_player_time(player: *const gb_player) -> u32 {
    // SAFETY: as the caller promises.
    unsafe { gb_player::audio(player) }.renderer.time()
}
