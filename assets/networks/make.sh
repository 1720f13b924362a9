#!/usr/bin/env bash
# Rebuilds the networks that ship from their expressions and seeds. Trained networks
# are left unchanged. Usage: assets/networks/make.sh
set -euo pipefail
cd "$(dirname "$0")"
cargo build --release --quiet --manifest-path ../../Cargo.toml
gatebend=${CARGO_TARGET_DIR:-../../target}/release/gatebend

formula() { # file bits name by expression
    "$gatebend" compile "$5" --bits "$2" --name "$3" --output "$1.json" \
        --description "By $4. Compiled exactly for t below 2^$2."
}
random() { # file inputs layers ops seed
    "$gatebend" random --inputs "$2" --layers "$3" --ops "$4" --seed "$5" --name "${1//-/ }" \
        --description "Random $3, $4 operations, seed $5; chosen by measured liveliness." \
        --output "$1.json"
}
listening() { # file rate bits description expression options
    "$gatebend" compile "$5" --rate "$2" --bits "$3" --name "${1//-/ }" --description "$4" \
        --output "$1.json" "${@:6}"
}

formula forty-two 14 "the 42 melody" "several people at once" 't*(42&t>>10)'
formula sierpinski 16 "minimal sierpinski" "an unknown author" 't&t>>8'
formula sierpinski-harmony 16 "sierpinski harmony" "miiro" 't*5&(t>>7)|t*3&(t*4>>10)'
formula first-light 18 "first light" "viznut" 't*((t>>12|t>>8)&63&t>>4)'
formula stairs 18 "stairs" "tejeez" '(t*(t>>5|t>>8))>>(t>>16)'
formula lost-in-space 18 "lost in space" "xpansive" '((t*(t>>8|t>>9)&46&t>>8))^(t&t>>13|t>>6)'
formula street-surfer 16 "street surfer" "skurk and raer" \
    '((t&4096)?((t*(t^t%255)|(t>>4))>>1):(t>>3)|((t&8192)?t<<2:t))'
formula running-man 16 "running man" "viznut" '(t*((3+(1^t>>10&5))*(5+(3&t>>14))))>>(t>>8&3)'
formula fractal-melody 16 "fractal melody" "Blueberry" 't*(((t>>9)^((t>>9)-1)^1)%13)'
formula eight-notes 16 "eight notes" "ryg" '(t>>4)*(13&(0x8898a989>>(t>>11&30)))'
formula lemmings 14 "lemmings march" "marmakoide" '(t>>5)|(t<<4)|((t&1023)^1981)|((t-67)>>4)'
formula crowd 18 "crowd" "Kragen Sitaker" \
    '((t<<1)^((t<<1)+(t>>7)&t>>12))|t>>(4-(1^7&(t>>19)))|t>>7'

random night-train 15 4x96 uniform 43
random clockwork 15 5x128 uniform 1
random pebbles 15 3x64 uniform 48
random swarm 15 3x48 xor-rich 27
random storm 15 4x64 xor-rich 34

# Effects: the carrier and the drive change in eighths at 121 bpm.
carrier='(t*((0x43526587>>(t*3>>15&7)*4&7)+2+tune)>>4)'
triangle="(($carrier&15^-($carrier>>4&1)&15)*2-15)"
listening ring-walk 44100 18 \
    "An effect: multiplies sound by a triangle wave whose pitch walks; tune raises it." \
    "((in-128)*$triangle>>4)+128" --control tune:4=0.25
driven='((in-128)*(drive+1+(t*3>>14&t>>15&3))+128)'
listening origami 44100 17 \
    "An effect: amplifies sound in rhythm and folds what is too loud; drive adds folds." \
    "$driven^-($driven>>8&1)" --control drive:3=0.25

# Voices: 64 samples a cycle, middle C at the networks' own rate.
listening sync-lead 16744 16 \
    "A voice: a saw restarted by a slower one, beside a detuned one; sync brightens it." \
    '((t&63)*(24+sync*3+(t>>10&3))>>4&127)+(t*2+(t>>6)&127)' --control sync:4=0.3
decay='(~t>>11&15)'
phase="(t*4+(((t*14&255)-128)*$decay*bright>>7))"
listening glass 16744 15 \
    "A voice: a bell that fades in two seconds; bright adds partials." \
    "(($phase&127^-($phase>>7&1)&127)*2-127)*$decay+2048" --control bright:3=0.4 --sample-bits 12

# A bar of sixteen steps: a drum plays the steps whose number in a list is below its control.
list() { echo "((t>>14&1?$2:$1)>>(t>>11&7)*4&15)"; }
fall='(~t>>4&127)'
kick="(($fall*$fall>>4&127)-64)*($fall>>4)*3>>4"
hat='(((t*(t>>3^t)>>4^t*5)&63)-32)*(~t>>8&7)>>3'
listening drummer 16000 15 \
    "Turns two control voltages into rhythm: kick and hats set how many steps each plays." \
    "128+($(list 0xe6a2d4b0 0xf7391c85)<=kick?$kick:0)+($(list 0x4c2e6a08 0x5d3f7b19)<hats?$hat:0)" \
    --control kick:4=0.25 --control hats:4=0.5

# The right channel repeats the melody of the left one three steps of 1024 samples later.
melody() { echo "((($1*(0x89c8ac6f>>($1>>11&7)*4&15)>>1&127)-64)*((~$1>>8&7)+1)>>3)"; }
bass='(t*(0x3546>>(t>>14&3)*4&7)>>2&63)'
listening ping-pong 11025 16 "A stereo piece: a melody on the left, its echo on the right." \
    "[$(melody t)+$bass+96,$(melody '(t-3072)')+$bass+96]"
