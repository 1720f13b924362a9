//! The best-known bytebeat formulas: samples against CRC-32 sums computed with gcc (`int`,
//! `-fwrapv`) and Node.js, and networks against samples.

use bytebeat::Expression;
use logicnet::{Evaluator, Masks, Program, W512};

/// Expression, bits of t to compile for, and CRC-32 of the first 2^16 and the first 2^18
/// samples. `assets/networks/README.md` names the authors.
const FORMULAS: [(&str, u32, u32, u32); 25] = [
    ("t*((t>>12|t>>8)&63&t>>4)", 18, 0xd907_8a33, 0xd260_e8b1),
    ("(t*(t>>5|t>>8))>>(t>>16)", 18, 0xe918_bb1b, 0x0e00_afab),
    ("t*((t>>9|t>>13)&25&t>>6)", 18, 0x4805_bcce, 0xeeb1_a8d1),
    ("t*(t>>11&t>>8&123&t>>3)", 18, 0x5484_bb12, 0xfd08_ec2b),
    (
        "((-t&4095)*(255&t*(t&t>>13))>>12)+(127&t*(234&t>>8&t>>3)>>(3&t>>14))",
        16,
        0x3483_0aef,
        0x267d_a7d3,
    ),
    (
        "(t>>6|t|t>>(t>>16))*10+((t>>11)&7)",
        17,
        0x421d_2954,
        0xa834_dd3c,
    ),
    (
        "(t|(t>>9|t>>7))*t&(t>>11|t>>9)",
        18,
        0x2ffc_2261,
        0x20a6_78e5,
    ),
    ("t*5&(t>>7)|t*3&(t*4>>10)", 16, 0x72ee_809c, 0xabff_0a0f),
    (
        "(t>>7|t|t>>6)*10+4*(t&t>>13|t>>6)",
        16,
        0x35bd_0d7a,
        0x4059_8759,
    ),
    (
        "((t&4096)?((t*(t^t%255)|(t>>4))>>1):(t>>3)|((t&8192)?t<<2:t))",
        16,
        0xaf73_a53d,
        0x416e_f9d5,
    ),
    (
        "((t*(t>>8|t>>9)&46&t>>8))^(t&t>>13|t>>6)",
        18,
        0x052a_250a,
        0xb30d_8829,
    ),
    ("(t*5&t>>7)|(t*3&t>>10)", 18, 0xaa9b_0fca, 0x8bc4_23ec),
    (
        "(t*9&t>>4|t*5&t>>7|t*3&t/1024)-1",
        18,
        0x2310_ad51,
        0x0c85_368a,
    ),
    ("t*(42&t>>10)", 16, 0x8e03_a91f, 0xe1ad_832d),
    ("t&t>>8", 16, 0xbbbf_6a7f, 0x9ecb_87ec),
    ("t>>6&1?t>>5:-t>>4", 14, 0x84b5_2bf6, 0x7d00_931b),
    ("(t*((t>>9|t>>13)&15))&129", 17, 0x6f03_f277, 0x14e6_746e),
    ("(t&t>>12)*(t>>4|t>>8)", 18, 0x10a7_3bb0, 0x7221_9fb4),
    ("t*(((t>>9)^((t>>9)-1)^1)%13)", 16, 0xb44b_4df2, 0x01ae_e1a4),
    (
        "t*(0xCA98>>(t>>9&14)&15)|t>>8",
        16,
        0x5aa0_7ee4,
        0xdc71_8dd2,
    ),
    (
        "(t*((3+(1^t>>10&5))*(5+(3&t>>14))))>>(t>>8&3)",
        16,
        0x9255_45b3,
        0xfbe1_d0f5,
    ),
    (
        "t*(((t>>9)&10)|((t>>11)&24)^((t>>10)&15&(t>>15)))",
        18,
        0x4d3d_ae53,
        0x6d55_73b4,
    ),
    // The constant is signed, as in JavaScript.
    (
        "(t>>4)*(13&(0x8898a989>>(t>>11&30)))",
        16,
        0xc7c9_849b,
        0x3cdd_156b,
    ),
    (
        "(t>>5)|(t<<4)|((t&1023)^1981)|((t-67)>>4)",
        14,
        0x1077_05ff,
        0xa3b2_62ec,
    ),
    (
        "((t<<1)^((t<<1)+(t>>7)&t>>12))|t>>(4-(1^7&(t>>19)))|t>>7",
        18,
        0x9287_9aac,
        0x8f7a_2ce2,
    ),
];

#[test]
fn samples_equal_those_of_c_and_javascript() {
    for (source, _, crc16, crc18) in FORMULAS {
        let expression = Expression::parse(source).unwrap();
        let samples: Vec<u8> = (0..1 << 18).map(|t| expression.sample(t)).collect();
        assert_eq!(crc32fast::hash(&samples[..1 << 16]), crc16, "{source}");
        assert_eq!(crc32fast::hash(&samples), crc18, "{source}");
    }
}

/// Formulas that sound the same in C and in JavaScript get no warning.
#[test]
fn no_difference_from_javascript_is_found() {
    for (source, ..) in FORMULAS {
        let expression = Expression::parse(source).unwrap();
        assert_eq!(expression.differences(24), [], "{source}");
    }
}

#[test]
fn networks_equal_their_expressions_at_every_t() {
    for (source, bits, ..) in FORMULAS {
        let expression = Expression::parse(source).unwrap();
        let network = expression.compile(bits).unwrap();
        let program = Program::new(&network, &Masks::new());
        let mut samples = vec![0; 1 << bits];
        Evaluator::<W512>::new(program).render(0, &mut samples);
        let wrong = (0..1 << bits).find(|&t| samples[t as usize] != expression.sample(t));
        assert_eq!(wrong, None, "{source}, {} gates", network.gates().len());
        println!("{:>5} gates, {bits} bits: {source}", network.gates().len());
    }
}

/// A period sixteen times as long takes few more gates.
#[test]
fn gates_grow_slowly_with_the_period() {
    let expression = Expression::parse("-t%(t/(12|t%(t>>4)))/7").unwrap();
    let gates = [16, 18, 20].map(|bits| expression.compile(bits).unwrap().gates().len());
    assert!(gates[2] < 4 * gates[0], "{gates:?}");
}
