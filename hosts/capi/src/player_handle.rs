//! Players for C.

use std::cell::UnsafeCell;
use std::ffi::{CStr, c_char};
use std::mem;
use std::ptr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use player::{Block, MAX_NODES, Options, Player, Renderer};

use crate::background::Updating;
use crate::error::{answer, boxed, gb_error, slice, slice_mut, unbox, write_text};
use crate::network::gb_network;

/// Options of a player. Set to 0 what you do not need.
#[repr(C)]
pub struct gb_options {
    /// Frames a second, 1 to 192,000.
    pub rate: u32,
    /// Most frames of a call of gb_player_render, 1 to 65,536.
    pub block: u32,
    /// Number of node outputs, 0 to GB_MAX_NODES.
    pub nodes: u32,
    /// A thread of the library calls gb_player_update each millisecond.
    pub background: bool,
}

/// A block of sound.
#[repr(C)]
pub struct gb_block {
    /// Number of frames, 1 to gb_options.block.
    pub frames: u32,
    /// Audio input, left and right, in -1..1; NULL is silence.
    pub r#in: [*const f32; 2],
    /// Network time of each frame, or NULL for the player's own counter. Read only while the
    /// player follows it (gb_player_follow_time).
    pub time: *const u32,
    /// Output, left and right. May be the input; NULL if not needed.
    pub out: [*mut f32; 2],
    /// gb_options.nodes outputs, each 0 or 1; NULL if not needed.
    pub nodes: *const *mut f32,
}

/// The part of a player for all threads but the audio thread.
struct Control {
    player: Player,
    /// The first request that the library's thread had to refuse.
    refused: Option<String>,
}

impl Control {
    fn update(&mut self) {
        if let Err(problem) = self.player.update() {
            self.refused.get_or_insert(problem);
        }
    }
}

/// Plays a network.
pub struct gb_player {
    control: Arc<Mutex<Control>>,
    audio: UnsafeCell<Audio>,
    _background: Option<Updating>,
}

/// The part of a player for the audio thread.
pub struct Audio {
    pub renderer: Renderer,
    nodes: usize,
    /// The block's input, since the output may be in its place, and unused outputs.
    input: [Box<[f32]>; 2],
    unused: [Box<[f32]>; 2],
}

impl Audio {
    fn new(renderer: Renderer, options: Options) -> Audio {
        let room = || vec![0.0; options.block as usize].into();
        Audio {
            renderer,
            nodes: options.nodes as usize,
            input: [room(), room()],
            unused: [room(), room()],
        }
    }
}

fn lock(control: &Mutex<Control>) -> MutexGuard<'_, Control> {
    // A command that panicked has changed nothing: the instrument works on a copy.
    control.lock().unwrap_or_else(PoisonError::into_inner)
}

impl gb_player {
    fn new(network: &gb_network, options: &gb_options) -> Result<gb_player, String> {
        let own = Options {
            rate: options.rate,
            block: options.block,
            nodes: options.nodes,
        };
        let (player, renderer) = Player::new(Arc::clone(&network.network), own)?;
        let control = Arc::new(Mutex::new(Control {
            player,
            refused: None,
        }));
        let updated = Arc::clone(&control);
        let update = move || lock(&updated).update();
        let background = options.background.then(|| Updating::start(update));
        Ok(gb_player {
            _background: background.transpose()?,
            control,
            audio: UnsafeCell::new(Audio::new(renderer, own)),
        })
    }

    /// Runs the body of a function of the player.
    ///
    /// # Safety
    /// `player` is valid, and `error` is null or valid.
    pub unsafe fn run<T>(
        player: *const gb_player,
        error: *mut gb_error,
        body: impl FnOnce(&mut Player) -> Result<T, String>,
    ) -> Option<T> {
        // SAFETY: the caller promises it.
        unsafe { answer(error, || body(&mut lock(&(*player).control).player)) }
    }

    /// Returns the part of the audio thread.
    ///
    /// # Safety
    /// `player` is valid, and this is the audio thread: no other reference exists.
    pub unsafe fn audio<'a>(player: *const gb_player) -> &'a mut Audio {
        // SAFETY: the caller promises it.
        unsafe { &mut *(*player).audio.get() }
    }
}

/// Makes a player of a network. It plays from time 0, at level 1, and crossfades to the
/// networks that follow; see gb_player_command for its parameters.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_player_new(
    network: *const gb_network,
    options: *const gb_options,
    error: *mut gb_error,
) -> *mut gb_player {
    // SAFETY: as the caller promises.
    boxed(unsafe { answer(error, || gb_player::new(&*network, &*options)) })
}

/// Frees a player. No other function of it may run or be called any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_player_free(player: *mut gb_player) {
    // SAFETY: as the caller promises.
    drop(unsafe { unbox(player) });
}

/// Continues at another rate and size of blocks, with network, bends, parameters, loop and
/// nodes as they are, from time 0. No real-time function of the player may run meanwhile.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_player_restart(
    player: *mut gb_player,
    rate: u32,
    block: u32,
    error: *mut gb_error,
) -> bool {
    // SAFETY: as the caller promises.
    let restarted = unsafe {
        answer(error, || {
            let mut control = lock(&(*player).control);
            control.update();
            let renderer = control.player.restart(rate, block)?;
            let audio = Audio::new(renderer, control.player.options());
            *(*player).audio.get() = audio;
            Ok(())
        })
    };
    restarted.is_some()
}

/// Renders the next block: (s - 2^(b-1)) / 2^(b-1) for a sample s of b bits, exactly, at
/// level 1. A network of one channel is in both outputs. Frames beyond gb_options.block are not
/// rendered. Real-time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_player_render(player: *mut gb_player, block: *const gb_block) {
    // SAFETY: as the caller promises; buffers have the frames of the block.
    unsafe {
        let (audio, block) = (gb_player::audio(player), &*block);
        let frames = (block.frames as usize).min(audio.unused[0].len());
        let mut input = [&[][..]; 2];
        for ((own, given), input) in audio.input.iter_mut().zip(block.r#in).zip(&mut input) {
            if !given.is_null() {
                ptr::copy_nonoverlapping(given, own.as_mut_ptr(), frames);
                *input = &own[..frames];
            }
        }
        let times = if block.time.is_null() {
            &[][..]
        } else {
            slice(block.time, frames)
        };
        let output = audio.unused.each_mut().map(|output| &mut output[..frames]);
        audio.renderer.render(Block {
            input,
            times,
            output,
        });
        for (own, given) in audio.unused.iter().zip(block.out) {
            if !given.is_null() {
                ptr::copy_nonoverlapping(own.as_ptr(), given, frames);
            }
        }
        if !block.nodes.is_null() {
            for index in 0..audio.nodes.min(MAX_NODES) {
                let node = *block.nodes.add(index);
                if !node.is_null() {
                    let node = slice_mut(node, frames);
                    audio.renderer.node(index, node);
                }
            }
        }
    }
}

/// Plays another network, without bends, from the time that it is now; the parameter `swap`
/// says whether with a crossfade. Heard in the next block or, during another crossfade of 5 ms,
/// after it; so are the changes that follow.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_player_play(
    player: *mut gb_player,
    network: *const gb_network,
    error: *mut gb_error,
) -> bool {
    // SAFETY: as the caller promises.
    let played =
        unsafe { gb_player::run(player, error, |player| player.play(&(*network).network)) };
    played.is_some()
}

/// Applies a command in words, as in scripts and on the prompt of the instrument:
///
///     bend 20 21 1       bends nodes to 0, 1 or invert, or ends bends with off
///     clear              ends all bends
///     layer add NAME, layer choose 2, layer remove 2, layer clear 2, strength 2 50
///     touch 0.3 0.7      bends what is at this place of the pad, from the top left; lift
///     set speed=-1       sets a parameter: speed, rate, interpolation (hold or linear),
///                        swap (crossfade or instant), volume (dB), bend, voices, root, ...
///     control cutoff 0.5 moves a control of the network
///     seek 0             jumps to a time; play, pause
///     loop 0 4096        repeats these times, the second one excluded; loop off
///     midi 90 3c 64      plays MIDI messages
///     undo, redo, mutate, random
///
/// docs/playing.md has all of them. Presets last as long as the player. Heard in the next
/// block.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_player_command(
    player: *mut gb_player,
    line: *const c_char,
    error: *mut gb_error,
) -> bool {
    // SAFETY: as the caller promises.
    let applied = unsafe {
        gb_player::run(player, error, |player| {
            let line = CStr::from_ptr(line).to_str();
            player.command(line.map_err(|_| "the command is not UTF-8")?)
        })
    };
    applied.is_some()
}

/// Follows gb_block.time, or the player's own counter again. While it follows, or loops, samples
/// are held, not interpolated.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_player_follow_time(
    player: *mut gb_player,
    follow: bool,
    error: *mut gb_error,
) -> bool {
    // SAFETY: as the caller promises.
    unsafe { gb_player::run(player, error, |player| player.follow_times(follow)) }.is_some()
}

/// Chooses the nodes of the node outputs from the first on; the others are 0, and so are those
/// that another network lacks. Keys do not change them: their time is the player's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_player_choose_nodes(
    player: *mut gb_player,
    nodes: *const u32,
    count: u32,
    error: *mut gb_error,
) -> bool {
    // SAFETY: as the caller promises.
    let chosen = unsafe {
        gb_player::run(player, error, |player| {
            player.choose_nodes(slice(nodes, count as usize))
        })
    };
    chosen.is_some()
}

/// Applies what the gb_player_send functions have sent, and frees what is no longer played. It
/// locks and allocates: call it about each millisecond from another thread than the audio thread,
/// or set gb_options.background; or before each block if nothing is in real time. Returns false
/// if something was refused since the last call, such as a node that does not exist; the error
/// has the first reason.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_player_update(player: *mut gb_player, error: *mut gb_error) -> bool {
    // SAFETY: as the caller promises.
    let updated = unsafe {
        answer(error, || {
            let mut control = lock(&(*player).control);
            control.update();
            mem::take(&mut control.refused).map_or(Ok(()), Err)
        })
    };
    updated.is_some()
}

/// Writes the name of the network that plays, cut to fit and ended by 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_player_network_name(
    player: *const gb_player,
    name: *mut c_char,
    size: usize,
) {
    // SAFETY: as the caller promises.
    unsafe {
        gb_player::run(player, ptr::null_mut(), |player| {
            let buffer = slice_mut(name, size);
            write_text(player.state().network.name(), buffer);
            Ok(())
        });
    }
}
