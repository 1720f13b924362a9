"""Writes small models with the real difflogic and torchlogix, and what they answer.

Usage: python make.py FOLDER DIFFLOGIC [IWP]

FOLDER/answers.txt has a line for each file: its name, the options to read it with, and the
outputs for t = 0, 1, 2, ... as the model gives them: the number in its binary outputs, least
significant first, or its sums with commas between them. Input i of every model is bit i of t.

DIFFLOGIC is a folder with the package difflogic, which cannot be installed without CUDA's
compiler; its kernels are not needed. IWP is one with the package of difflogic-iwp, which is in no
registry; without it, its files are not written.
"""

import contextlib
import io
import sys
import types
from pathlib import Path

import torch
from safetensors.torch import save_file
from torchlogix import Circuit
from torchlogix.layers import GroupSum, LogicDense

from export import export

BITS = 6
SIZES = [(BITS, 9), (9, 9), (9, 8)]
folder = Path(sys.argv[1])
times = torch.arange(2**BITS)
bits = ((times.unsqueeze(1) >> torch.arange(BITS)) & 1).float()
lines = []


def answers(model):
    """Returns the outputs of a model in evaluation mode as text."""
    model.eval()
    with torch.no_grad(), contextlib.redirect_stdout(io.StringIO()):
        rows = model(bits)
    taus = [part.tau for part in model.modules() if hasattr(part, "tau")]
    if taus:
        return " ".join(",".join(str(round(float(v) * taus[0])) for v in row) for row in rows)
    return " ".join(str(sum(int(v) << i for i, v in enumerate(row))) for row in rows)


def note(name, text, options=""):
    """Adds a line to the answers; returns the path of the file."""
    lines.append(f"{name} [{options}] {text}\n")
    return folder / name


def difflogic(package):
    """Imports difflogic from a folder, without its kernels."""
    for kernels in ["difflogic_cuda", "difflogic_cuda_iwp"]:
        sys.modules[kernels] = types.ModuleType(kernels)
    for name in [name for name in sys.modules if name.split(".")[0] == "difflogic"]:
        del sys.modules[name]
    sys.path.insert(0, package)
    import difflogic

    return difflogic


def write_difflogic():
    package = difflogic(sys.argv[2])
    layers = [package.LogicLayer(i, o, device="cpu") for i, o in SIZES]
    model = torch.nn.Sequential(*layers, package.GroupSum(2, tau=3.0, device="cpu"))
    text = answers(model)
    torch.save(model, note("difflogic.pt", text))
    torch.save(model.state_dict(), folder / "difflogic-no-wiring.pt")
    export(model, note("difflogic-exported.json", text), name="exported")
    for width in [8, 64]:
        code = package.CompiledLogicNet(model, num_bits=width).get_c_code()
        note(f"difflogic-{width}.c", text).write_text(code)


def write_iwp():
    package = difflogic(sys.argv[3])
    options = {"device": "cpu", "act_fn": "sigmoid"}
    layers = [package.LogicLayerIWP(i, o, **options) for i, o in SIZES]
    model = torch.nn.Sequential(*layers, package.GroupSum(2, tau=3.0, device="cpu"))
    text = answers(model)
    torch.save(model, note("difflogic-iwp.pt", text))
    save_file(model.state_dict(), folder / "difflogic-iwp-no-wiring.safetensors")
    wired = {f"{i}.indices": torch.stack(layer.indices) for i, layer in enumerate(layers)}
    save_file(model.state_dict() | wired, note("difflogic-iwp.safetensors", text, "groups=2"))
    export(model, note("difflogic-iwp-exported.json", text), name="exported")


def dense(parametrization, learned=False, sums=None):
    """Makes a model of torchlogix with random gates."""
    options = {"parametrization": parametrization}
    candidates = {"connections": "learnable", "connections_kwargs": {"num_candidates": 3}}
    first = options | (candidates if learned else {})
    layers = [LogicDense(i, o, **(options if i > BITS else first)) for i, o in SIZES]
    for layer in layers:
        torch.nn.init.normal_(layer.weight)
    return torch.nn.Sequential(*layers, *([GroupSum(sums, tau=2.0)] if sums else []))


def write_torchlogix():
    for name in ["raw", "light", "warp"]:
        model = dense(name)
        text = answers(model)
        ask = f"parametrization={name}" if name != "raw" else ""
        save_file(model.state_dict(), note(f"torchlogix-{name}.safetensors", text, ask))
        export(model, note(f"torchlogix-{name}-exported.json", text), name="exported")
    torch.save(model, note("torchlogix.pt", text))
    torch.save(model.state_dict(), note("torchlogix-state.pt", text, ask))
    circuit = Circuit.from_model(model, [BITS])  # leaves the model in its export mode
    circuit.write_json(note("torchlogix-warp.json", text))
    circuit.write_to_aiger_file(note("torchlogix-warp.aig", text))
    save_file(model.state_dict(), note("torchlogix-export-mode.safetensors", text))

    model = dense("raw", learned=True, sums=2)
    text = answers(model)
    save_file(model.state_dict(), note("torchlogix-learned.safetensors", text, "groups=2"))
    export(model, note("torchlogix-learned-exported.json", text), name="exported")
    circuit = Circuit.from_model(model, [BITS])
    circuit.write_json(note("torchlogix-learned.json", text))
    circuit.simplify()
    circuit.write_json(note("torchlogix-simplified.json", text))


torch.manual_seed(1)
folder.mkdir(exist_ok=True)
write_difflogic()
write_torchlogix()
if len(sys.argv) > 3:
    write_iwp()
(folder / "answers.txt").write_text("".join(lines))
