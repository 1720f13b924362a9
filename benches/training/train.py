"""Trains a network to a formula by difflogic or torchlogix on one core of a CPU.

Usage: train.py difflogic|torchlogix 14|16 SECONDS
Prints a line of a table: the formula, the library, live gates, bits and samples right, and
million gate-samples trained a second of processor time.
"""

import sys
import time
import types

import torch

SONGS = {
    14: ("((t>>10)&42)*t", lambda t: ((t >> 10) & 42) * t),
    16: ("t*((t>>12|t>>8)&63&t>>4)", lambda t: t * ((t >> 12 | t >> 8) & 63 & t >> 4)),
}
# A layer reads at most twice as many nodes as it has gates, so the last ones shrink to the
# bits of a sample.
WIDTHS = [128] * 8 + [64, 32, 16, 8]
BATCH = 1024
RATE = 0.01


def make_layers(by, bits):
    """Makes layers of the library, and the function that reads the operations of one."""
    sizes = list(zip([bits] + WIDTHS, WIDTHS))
    if by == "difflogic":
        # It imports its kernels for CUDA even where they are not used.
        sys.modules["difflogic_cuda"] = types.ModuleType("difflogic_cuda")
        import difflogic.difflogic as library

        # Its forward pass prints two lines at every call.
        library.print = lambda *_: None
        layers = [library.LogicLayer(a, b, device="cpu", implementation="python") for a, b in sizes]
        return layers, lambda layer: (layer.weights.argmax(-1), layer.indices)
    if sys.version_info < (3, 12):
        # Its circuits, which training does not use, are written for Python 3.12.
        sys.modules["torchlogix.circuit"] = types.SimpleNamespace(Circuit=None)
    from torchlogix.layers import LogicDense

    layers = [LogicDense(a, b, parametrization="light", device="cpu") for a, b in sizes]
    return layers, lambda layer: (layer.get_luts_and_ids()[1], layer.connections.indices)


def count_live(layers, operations):
    """Counts the gates that the outputs read and that use both operands."""
    live, count = set(range(WIDTHS[-1])), 0
    for layer in reversed(layers):
        ids, (a, b) = operations(layer)
        below = set()
        for gate in live:
            p = [int(ids[gate]) >> (3 - i) & 1 for i in range(4)]
            uses_a, uses_b = p[:2] != p[2:], p[::2] != p[1::2]
            below |= {int(a[gate])} if uses_a else set()
            below |= {int(b[gate])} if uses_b else set()
            count += uses_a and uses_b
        live = below
    return count


def main():
    by, bits, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    torch.set_num_threads(1)
    torch.manual_seed(1)
    name, song = SONGS[bits]
    t = torch.arange(1 << bits)
    inputs = (t[:, None] >> torch.arange(bits) & 1).float()
    targets = ((song(t) & 255)[:, None] >> torch.arange(8) & 1).float()
    layers, operations = make_layers(by, bits)
    model = torch.nn.Sequential(*layers)
    optimizer = torch.optim.Adam(model.parameters(), lr=RATE)
    samples, start = 0, time.process_time()
    while time.process_time() - start < seconds:
        chosen = torch.randint(1 << bits, (BATCH,))
        loss = torch.nn.functional.mse_loss(model(inputs[chosen]), targets[chosen])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        samples += BATCH
    speed = samples * sum(WIDTHS) / (time.process_time() - start) / 1e6
    model.eval()
    with torch.no_grad():
        right = (model(inputs) > 0.5).float() == targets
    live = count_live(layers, operations)
    print(
        f"| {name.replace('|', chr(92) + '|')} | {by} | {live} | {right.float().mean():.3f} "
        f"| {right.all(1).float().mean():.3f} | {speed:.1f} |"
    )


if __name__ == "__main__":
    main()
