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
