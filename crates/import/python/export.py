import json


def export(model, path, **facts):
    nodes, layers = None, []
    for part in model.modules():
        if hasattr(part, "tau"):  # a GroupSum
            facts["output_encoding"] = {"type": "group-sum", "groups": part.k}
        if not hasattr(part, "num_neurons"):
            continue
        if hasattr(part, "get_luts_and_ids"):  # a layer of torchlogix
            ops, wires = part.get_luts_and_ids()[1], part.connections
            wires = wires.resolve_connections() if hasattr(wires, "weights") else wires.indices
        else:  # of difflogic or difflogic-iwp
            w, wires = part.weights.detach(), part.indices
            ops = w.argmax(1)
            if w.shape[1] == 4:
                ops = ((part.act_fn(w) >= 0.5) * w.new_tensor([8, 4, 2, 1])).sum(1)
        nodes = nodes or range(facts.setdefault("inputs", part.in_dim))
        layers.append({"gates": [[int(op), nodes[a], nodes[b]] for op, a, b in zip(ops, *wires)]})
        nodes = range(nodes.stop, nodes.stop + part.out_dim)
    network = {"format": "gatebend-network", "version": 1, "layers": layers, "outputs": [*nodes]}
    with open(path, "w") as file:
        json.dump(network | facts, file)
