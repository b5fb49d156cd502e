//! In which form a page travels: how large the paper is, how closely the dots lie, and how they are coded.

use std::fmt;

/// How the dots of a page are coded, from the one that every fax reads to the one that packs best.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Coding {
    /// Modified Huffman: each line by itself (T.4 one-dimensional).
    #[default]
    Mh,
    /// Modified READ: most lines by their difference to the one above (T.4 two-dimensional).
    Mr,
    /// Modified modified READ: all lines by their difference (T.6).
    Mmr,
}

impl Coding {
    /// All, the simplest first.
    pub const ALL: [Coding; 3] = [Coding::Mh, Coding::Mr, Coding::Mmr];

    /// Its name in RFC 2879 §3.8 (`image-coding`).
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mh => "MH",
            Self::Mr => "MR",
            Self::Mmr => "MMR",
        }
    }
}

/// The paper that a line of dots fills, from the narrowest to the widest. North American Letter and Legal have lines
/// of the same number of dots as A4 (RFC 3949 §4.2.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Paper {
    /// ISO A4, 210 x 297 mm.
    #[default]
    A4,
    /// ISO B4, 250 x 353 mm.
    B4,
    /// ISO A3, 297 x 420 mm.
    A3,
}

impl Paper {
    /// All, the narrowest first.
    pub const ALL: [Paper; 3] = [Paper::A4, Paper::B4, Paper::A3];

    /// Its name in RFC 2879 §3.6 (`paper-size`).
    pub const fn name(self) -> &'static str {
        match self {
            Self::A4 => "A4",
            Self::B4 => "B4",
            Self::A3 => "A3",
        }
    }

    /// Dots in a line (RFC 3949 §4.2.1).
    pub const fn width(self, resolution: Resolution) -> u32 {
        let (at_200, at_300) = match self {
            Self::A4 => (1728, 2592),
            Self::B4 => (2048, 3072),
            Self::A3 => (2432, 3648),
        };
        match resolution.x_dpi() {
            204 => at_200,
            300 => at_300,
            _ => 2 * at_200,
        }
    }

    /// Lines of a whole sheet.
    pub const fn rows(self, resolution: Resolution) -> u32 {
        let millimetres = match self {
            Self::A4 => 297,
            Self::B4 => 353,
            Self::A3 => 420,
        };
        millimetres * 10 * resolution.y_dpi() / 254
    }

    /// The paper whose lines have so many dots; `None`: no fax line has.
    pub fn of_width(width: u32, resolution: Resolution) -> Option<Paper> {
        Self::ALL.into_iter().find(|paper| paper.width(resolution) == width)
    }
}

/// How closely the dots of a page lie on paper, from the coarsest to the finest.
///
/// The round values are read as these, since RFC 3949 §2.2.2 calls them equivalent (200 x 100 is
/// 204 x 98, 400 x 400 is 408 x 391); any other resolution is read as the nearest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Resolution {
    /// 204 x 98 dots per inch: a dot is about twice as high as wide.
    #[default]
    Standard,
    /// 204 x 196 dots per inch: a dot is nearly square.
    Fine,
    /// 204 x 391 dots per inch: a dot is about half as high as wide.
    Superfine,
    /// 300 x 300 dots per inch.
    Dpi300,
    /// 408 x 391 dots per inch: a dot is nearly square.
    Dpi400,
}

impl Resolution {
    /// All, the coarsest first.
    pub const ALL: [Resolution; 5] =
        [Self::Standard, Self::Fine, Self::Superfine, Self::Dpi300, Self::Dpi400];

    /// Dots per inch along a line.
    pub const fn x_dpi(self) -> u32 {
        match self {
            Self::Standard | Self::Fine | Self::Superfine => 204,
            Self::Dpi300 => 300,
            Self::Dpi400 => 408,
        }
    }

    /// Lines per inch down the page.
    pub const fn y_dpi(self) -> u32 {
        match self {
            Self::Standard => 98,
            Self::Fine => 196,
            Self::Superfine | Self::Dpi400 => 391,
            Self::Dpi300 => 300,
        }
    }

    /// Its name in records and scenarios.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Fine => "fine",
            Self::Superfine => "superfine",
            Self::Dpi300 => "300",
            Self::Dpi400 => "400",
        }
    }

    /// The resolution of this name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|resolution| resolution.name() == name)
    }

    /// The resolution nearest to `x_dpi` dots and `y_dpi` lines per inch; halfway is the finer one.
    pub fn nearest(x_dpi: u32, y_dpi: u32) -> Self {
        let nearest = |of: fn(Self) -> u32, wanted: u32, among: &[Self]| {
            let distance = |resolution: &Self| of(*resolution).abs_diff(wanted);
            among.iter().map(distance).min().unwrap_or_default()
        };
        let along = nearest(Self::x_dpi, x_dpi, &Self::ALL);
        let of_line: Vec<Self> =
            Self::ALL.into_iter().filter(|it| it.x_dpi().abs_diff(x_dpi) == along).collect();
        let down = nearest(Self::y_dpi, y_dpi, &of_line);
        let found = of_line.iter().rev().find(|it| it.y_dpi().abs_diff(y_dpi) == down);
        found.copied().unwrap_or_default()
    }
}

impl fmt::Display for Resolution {
    /// `204x196`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.x_dpi(), self.y_dpi())
    }
}

/// The form of a page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Form {
    /// The paper that its lines fill.
    pub paper: Paper,
    /// How closely its dots lie.
    pub resolution: Resolution,
    /// How they are coded.
    pub coding: Coding,
}

impl Form {
    /// The best that a blind sender may use: profile S at its finer resolution (RFC 3949 §3).
    pub const PROFILE_S: Form = Form { paper: Paper::A4, resolution: Resolution::Fine, coding: Coding::Mh };

    /// Every form that can be sent, the best last: a larger paper first, then finer dots, then the coding that
    /// packs best.
    pub fn all() -> impl DoubleEndedIterator<Item = Form> {
        Paper::ALL.into_iter().flat_map(|paper| {
            Resolution::ALL.into_iter().flat_map(move |resolution| {
                Coding::ALL.into_iter().map(move |coding| Form { paper, resolution, coding })
            })
        })
    }

    /// Whether it is within profile S, which every fax prints.
    pub fn is_profile_s(self) -> bool {
        self.paper == Paper::A4 && self.resolution <= Resolution::Fine && self.coding == Coding::Mh
    }
}

impl fmt::Display for Form {
    /// `A4 at 204x196, MH`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}, {}", self.paper.name(), self.resolution, self.coding.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_resolutions_are_the_metric_ones() {
        use Resolution::{Dpi300, Dpi400, Fine, Standard, Superfine};
        let written =
            [(200, 100), (204, 98), (200, 200), (200, 400), (300, 300), (400, 400), (408, 391), (72, 72)];
        let read = written.map(|(x, y)| Resolution::nearest(x, y));
        assert_eq!(read, [Standard, Standard, Fine, Superfine, Dpi300, Dpi400, Dpi400, Standard]);
        assert!(Resolution::ALL.iter().all(|it| Resolution::nearest(it.x_dpi(), it.y_dpi()) == *it));
    }

    #[test]
    fn lines_have_the_widths_of_profile_f() {
        let widths = |resolution| Paper::ALL.map(|paper| paper.width(resolution));
        assert_eq!(widths(Resolution::Fine), [1728, 2048, 2432]);
        assert_eq!(widths(Resolution::Dpi300), [2592, 3072, 3648]);
        assert_eq!(widths(Resolution::Dpi400), [3456, 4096, 4864]);
        assert_eq!(Paper::of_width(4864, Resolution::Dpi400), Some(Paper::A3));
        assert_eq!(Paper::of_width(4864, Resolution::Fine), None);
    }

    #[test]
    fn forms_are_ordered_from_worst_to_best() {
        let forms: Vec<Form> = Form::all().collect();
        assert!(forms.is_sorted() && forms.len() == 45);
        assert_eq!(forms.last().unwrap().to_string(), "A3 at 408x391, MMR");
        assert_eq!(Form::PROFILE_S.to_string(), "A4 at 204x196, MH");
        assert_eq!(forms.iter().filter(|form| form.is_profile_s()).count(), 2);
    }
}
