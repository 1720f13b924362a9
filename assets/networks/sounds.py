#!/usr/bin/env python3
"""Makes the sounds that the trained networks learn from, without recordings.

Usage: sounds.py FOLDER. Writes drums.wav, bell.wav and chord.wav. espeak-ng speaks hello.wav,
see make.sh.
"""
import math
import random
import sys
import wave


def write(name, rate, samples):
    peak = max(map(abs, samples))
    with wave.open(f"{sys.argv[1]}/{name}.wav", "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        levels = (round(32767 * sample / peak) for sample in samples)
        file.writeframes(b"".join(level.to_bytes(2, "little", signed=True) for level in levels))


def drums(rate=8000, length=1 << 14):
    """A bar of sixteen steps: kick, snare and hat."""
    noise = random.Random(1)
    sound = [0.0] * length
    step = length // 16

    def hit(at, seconds, wave_at):
        for i in range(min(int(seconds * rate), length - at)):
            sound[at + i] += wave_at(i / rate)

    kick = lambda s: math.exp(-9 * s) * math.sin(2 * math.pi * (45 * s + 6 * (1 - math.exp(-30 * s))))
    snare = lambda s: math.exp(-18 * s) * (
        0.5 * noise.uniform(-1, 1) + 0.5 * math.sin(2 * math.pi * 190 * s))
    hat = lambda s: 0.3 * math.exp(-60 * s) * noise.uniform(-1, 1)
    for number in range(16):
        at = number * step
        if number in (0, 6, 8, 11):
            hit(at, 0.35, kick)
        if number in (4, 12, 15):
            hit(at, 0.2, snare)
        if number % 2 == 0:
            hit(at, 0.06, hat)
    return rate, sound


def bell(rate=16000, length=1 << 14):
    """Partials of a church bell (hum, prime, tierce, quint, nominal), the higher the shorter."""
    partials = [(0.5, 1.0), (1.0, 0.8), (1.183, 0.7), (1.506, 0.4), (2.0, 0.6), (2.514, 0.3)]
    strike = 440
    return rate, [
        sum(level * math.exp(-3 * ratio * i / rate) * math.sin(2 * math.pi * strike * ratio * i / rate)
            for ratio, level in partials)
        for i in range(length)
    ]


def chord(rate=16000, length=1 << 13):
    """A minor seventh chord that loops without a seam: cycles of the loop, not Hz, are whole."""
    cycles = [112, 134, 168, 200]
    partial = lambda cycle, number, i: math.sin(2 * math.pi * cycle * number * i / length) / number
    return rate, [
        sum(partial(cycle, number, i) for cycle in cycles for number in (1, 2, 3))
        for i in range(length)
    ]


for name, (rate, samples) in {"drums": drums(), "bell": bell(), "chord": chord()}.items():
    write(name, rate, samples)
