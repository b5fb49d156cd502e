//! An input as the choices that it makes.

/// Choices, octet by octet; where the octets are over, each choice is the first.
#[derive(Debug)]
pub(super) struct Script<'a> {
    rest: &'a [u8],
}

impl<'a> Script<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Script { rest: bytes }
    }

    pub(super) fn is_over(&self) -> bool {
        self.rest.is_empty()
    }

    pub(super) fn byte(&mut self) -> u8 {
        let (byte, rest) = self.rest.split_first().map_or((0, self.rest), |(byte, rest)| (*byte, rest));
        self.rest = rest;
        byte
    }

    pub(super) fn number(&mut self) -> u16 {
        u16::from_be_bytes([self.byte(), self.byte()])
    }

    /// Below `bound`, 0 if that is 0.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        let number = if bound > 256 { usize::from(self.number()) } else { usize::from(self.byte()) };
        if bound == 0 { 0 } else { number % bound }
    }

    /// Once in so many times.
    pub(super) fn chance(&mut self, times: usize) -> bool {
        self.below(times) == times - 1
    }

    /// Octets as they stand in the script, a few hundred at most.
    pub(super) fn octets(&mut self) -> &'a [u8] {
        let length = usize::from(self.byte()).min(self.rest.len());
        let (octets, rest) = self.rest.split_at(length);
        self.rest = rest;
        octets
    }
}
