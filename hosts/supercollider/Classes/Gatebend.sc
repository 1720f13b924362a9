Gatebend : MultiOutUGen {
	classvar numbers;

	*initClass { numbers = IdentityDictionary.new }

	*ar { |network = 0, numChannels = 2, in, controls, bends, nodes, speed = 1, rate = 0,
		trigger = 1, startPos = 0, x = 0.5, y = 0.5, touch = 0, time, fade = 1, interp = 0|
		var lists = [in, controls, bends, nodes].collect { |list| list.asArray };
		if (lists[2].size.odd) {
			Error("Gatebend: bends must be pairs of a node and its bend").throw
		};
		^this.multiNewList(
			['audio', numChannels, this.prKeys(network), speed, rate, trigger, startPos,
				x, y, touch, fade, interp, time.notNil.binaryValue, time ? 0,
				lists[0].size, lists[1].size, lists[2].size div: 2, lists[3].size]
			++ lists.flatten
		)
	}

	*key { |network|
		if (network.isKindOf(Symbol) or: { network.isKindOf(String) }) {
			network = network.asSymbol;
			^numbers.atFail(network) {
				numbers[network] = 1000000 + numbers.size;
				numbers[network]
			}
		};
		^network
	}

	*prKeys { |network|
		if (network.isKindOf(String)) { ^this.key(network) };
		^network.asArray.collect { |one| this.key(one) }.unbubble
	}

	*load { |server, network, path, action|
		this.prSend(server, this.loadMsg(network, path), action)
	}

	*free { |server, network, action|
		this.prSend(server, this.freeMsg(network), action)
	}

	*command { |server, network, line, action|
		this.prSend(server, this.commandMsg(network, line), action)
	}

	*loadMsg { |network, path|
		^["/cmd", "/gatebend_load", this.key(network), path.standardizePath]
	}

	*freeMsg { |network|
		^["/cmd", "/gatebend_free", this.key(network)]
	}

	*commandMsg { |network, line|
		^["/cmd", "/gatebend_command", this.key(network), line.asString]
	}

	*prSend { |server, msg, action|
		server = server ? Server.default;
		server.sendBundle(nil, msg);
		if (action.notNil) { { server.sync; action.value }.forkIfNeeded }
	}

	init { |numChannels ... theInputs|
		inputs = theInputs;
		^this.initOutputs(numChannels + inputs[15], rate)
	}
}
