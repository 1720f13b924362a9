# Turns the counts of `arm-cost` under the plugin into Markdown tables. With check=1, fails if
# a bound is exceeded.

function bound(holds, what) {
    if (!holds) { broken = broken "\n" what }
}
function per_gate(count) { return count / live[i] }

$1 == "scenario" {
    s = ++scenarios
    channels[s] = channels_heard; limit_heard[s] = most_heard
    what[s] = $2; name[s] = $3; live[s] = $4; gates[s] = $5; rate[s] = $6; period[s] = $7; runs[s] = $8
    next
}
$1 == "admitted" { admitted[$2] = $3 }
$1 == "hearing" { period_heard = $2; channels_heard = $3; most_heard = $4 }
/^measured_/ {
    f = substr($1, 10)
    calls[s, f]++
    sum[s, f] += $2
    if ($2 > most[s, f]) most[s, f] = $2
}

END {
    if (!scenarios) { print "tables.awk: no counts in the input" > "/dev/stderr"; exit 1 }

    print "Evaluation of 128 samples, in instructions:\n"
    print "| network | live gates | gates in the program | runs | gates | a live gate | start | samples |"
    print "|---|---|---|---|---|---|---|---|"
    for (i = 1; i <= scenarios; i++) if (what[i] == "evaluation") {
        printf "| %s | %d | %d | %d | %d | %.1f | %d | %d |\n", name[i], live[i], gates[i], runs[i],
            most[i, "gates"], per_gate(most[i, "gates"]), most[i, "start"], most[i, "samples"]
        if (live[i] >= 100) bound(most[i, "gates"] <= MOST_A_GATE * live[i] + MOST_A_RUN * runs[i], name[i] ": more than " MOST_A_GATE " instructions a live gate and " MOST_A_RUN " a run")
    }

    print "\nInstructions from a bend to its program, and to a voice that plays it:\n"
    print "| network | live gates | gates in the program | program, maximum | voice, maximum |"
    print "|---|---|---|---|---|"
    for (i = 1; i <= scenarios; i++) if (what[i] == "build") {
        printf "| %s | %d | %d | %d | %d |\n", name[i], live[i], gates[i], most[i, "build"], most[i, "voice"]
        most_a_build = MOST_A_BUILD * (live[i] > 1000 ? live[i] / 1000 : 1)
        bound(most[i, "build"] <= most_a_build, name[i] ": more than " most_a_build " instructions from a bend to its program")
    }

    for (i = 1; i <= scenarios; i++) if (what[i] == "ready") {
        printf "\nBuilding an instrument with all factory networks, ready to play: %.1f million instructions\n", most[i, "ready"] / 1e6
        bound(most[i, "ready"] <= MOST_TO_BE_READY, "more than " MOST_TO_BE_READY " instructions until the instrument is ready")
    }

    print "\nInstructions of callbacks while time stands still:\n"
    print "| interpolation | a frame | a callback in addition |"
    print "|---|---|---|"
    for (i = 1; i <= scenarios; i++) if (what[i] ~ /^rest/) {
        if (period[i] == 4) few = most[i, "callback"]
        if (period[i] == 128) {
            frame = (most[i, "callback"] - few) / 124
            printf "| %s | %.0f | %.0f |\n", substr(what[i], 6), frame, few - 4 * frame
        }
    }

    print "\nThe longest callback while the network is bent as often as possible, in thousands"
    print "of instructions, and its share of the block's duration at 1 GHz and one a cycle:\n"
    for (i = 1; i <= scenarios; i++) if (what[i] == "callback" || what[i] == "refused") {
        limit[rate[i] / 1000 " kHz, " period[i]] = admitted[rate[i]]
        column = rate[i] / 1000 " kHz, " period[i]
        row = gates[i]
        if (!(column in columns)) { columns[column] = 1; order[++ncolumns] = column }
        if (!(row in rows)) { rows[row] = 1; sizes[++nrows] = row }
        if (what[i] == "refused") {
            cell[row, column] = "refused"
        } else {
            share = most[i, "callback"] / (period[i] * 1e9 / 44100)
            cell[row, column] = sprintf("%.1f, %.0f %%", most[i, "callback"] / 1000, 100 * share)
            bound(share <= MOST_SHARE, name[i] ": a callback takes " share " of its block's duration")
        }
    }
    printf "| gates in the program |"
    for (c = 1; c <= ncolumns; c++) printf " %s frames |", order[c]
    printf "\n|---|"
    for (c = 1; c <= ncolumns; c++) printf "---|"
    for (r = 1; r <= nrows; r++) {
        printf "\n| %d |", sizes[r]
        for (c = 1; c <= ncolumns; c++) printf " %s |", cell[sizes[r], order[c]]
    }
    printf "\n| largest admitted |"
    for (c = 1; c <= ncolumns; c++) printf " %s |", limit[order[c]]
    print ""

    print "\nNetworks that hear sound: starting and writing the frames of a callback, the longest"
    print "callback as above, in instructions, and the largest network that is admitted:\n"
    print "| frames | channels | gates in the program | start | levels of a channel | longest callback | share | largest admitted |"
    print "|---|---|---|---|---|---|---|---|"
    for (i = 1; i <= scenarios; i++) if (what[i] == "heard") {
        share = most[i, "callback"] / (period[i] * 1e9 / 44100)
        printf "| %d | %d | %d | %d | %d | %d | %.0f %% | %d |\n", period[i], channels[i], gates[i],
            most[i - 1, "frames"], most[i - 1, "levels"], most[i, "callback"], 100 * share, limit_heard[i]
        bound(share <= MOST_SHARE, name[i] ": a callback takes " share " of its block's duration")
    }
    for (i = 1; i <= scenarios; i++) if (what[i] == "heard-not" && live[i] >= 50)
        printf "| %d | %d | %d | %d | %d | refused | | %d |\n", period[i], channels[i], gates[i],
            most[i - 1, "frames"], most[i - 1, "levels"], limit_heard[i]
    if (check && broken) { print "\nExceeded bounds:" broken > "/dev/stderr"; exit 1 }
}
BEGIN {
    # Instructions for a live gate and 128 samples, and for a run of one operation, from 100
    # live gates on.
    MOST_A_GATE = 11
    MOST_A_RUN = 30
    # Instructions from a bend to its program: up to 1,000 live gates, then for each 1,000.
    MOST_A_BUILD = 200000
    # Instructions until the instrument is ready: half a second at one a cycle.
    MOST_TO_BE_READY = 5e8
    # Share of a block's duration. The engine's budget for evaluation is a quarter.
    MOST_SHARE = 0.35
}
