//! Types of Trill sensors.

/// A type of Trill sensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// One axis, 26 pads.
    Bar,
    /// Two axes, 15 pads each.
    Square,
    /// 30 free channels.
    Craft,
    /// One closed axis.
    Ring,
    /// Two axes, six corners.
    Hex,
    /// One axis on a flexible strip.
    Flex,
}

impl Kind {
    /// All types, in the order of their numbers.
    pub const ALL: [Kind; 6] = [
        Kind::Bar,
        Kind::Square,
        Kind::Craft,
        Kind::Ring,
        Kind::Hex,
        Kind::Flex,
    ];

    /// Returns the type that identifies itself with this number.
    pub fn from_number(number: u8) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.number() == number)
    }

    /// Returns the number with which this type identifies itself.
    pub const fn number(self) -> u8 {
        self as u8 + 1
    }

    /// Returns the I2C address without bridged solder pads. Pads add 1 to 8.
    pub const fn default_address(self) -> u8 {
        0x20 + 8 * (self as u8)
    }

    /// Returns the product's name.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Bar => "Trill Bar",
            Kind::Square => "Trill Square",
            Kind::Craft => "Trill Craft",
            Kind::Ring => "Trill Ring",
            Kind::Hex => "Trill Hex",
            Kind::Flex => "Trill Flex",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_go_both_ways() {
        for number in 0..=255 {
            match Kind::from_number(number) {
                Some(kind) => assert_eq!(kind.number(), number),
                None => assert!(number == 0 || number > 6),
            }
        }
        assert!(
            Kind::ALL
                .windows(2)
                .all(|two| two[0].number() + 1 == two[1].number())
        );
    }
}
