//! The small values of the grammar: spans of time, shares, dates, and where they stand in the file.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_yaml::Spanned;

/// Where something stands in a scenario file. Lines and columns count from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Line; 0 if it is not known.
    pub line: u32,
    /// Column, in characters.
    pub column: u32,
}

impl From<&serde_yaml::Location> for Place {
    fn from(at: &serde_yaml::Location) -> Self {
        let small = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
        Place { line: small(at.line()), column: small(at.column()) }
    }
}

/// A value and where it stands.
#[derive(Clone, Copy, Debug, Default)]
pub struct At<T> {
    /// The value.
    pub value: T,
    /// Where it begins.
    pub place: Place,
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for At<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<T>::deserialize(deserializer)?;
        Ok(At { place: Place::from(&spanned.referenced), value: spanned.value })
    }
}

impl<T: JsonSchema> JsonSchema for At<T> {
    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

/// A mapping in the order of the file, with the place of every key. The reader refuses duplicate keys.
#[derive(Clone, Debug)]
pub struct Named<V>(pub Vec<(At<String>, V)>);

impl<V> Default for Named<V> {
    fn default() -> Self {
        Named(Vec::new())
    }
}

impl<V> Named<V> {
    /// The value under this key.
    pub fn value(&self, key: &str) -> Option<&V> {
        self.0.iter().find(|(name, _)| name.value == key).map(|(_, value)| value)
    }

    /// The keys in order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.value.as_str())
    }

    /// Keys and values in order.
    pub fn iter(&self) -> impl Iterator<Item = (&At<String>, &V)> {
        self.0.iter().map(|(name, value)| (name, value))
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Named<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries<V>(PhantomData<V>);
        impl<'de, V: Deserialize<'de>> Visitor<'de> for Entries<V> {
            type Value = Named<V>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a mapping from names")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Named<V>, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Named(entries))
            }
        }
        deserializer.deserialize_map(Entries(PhantomData))
    }
}

impl<V: JsonSchema> JsonSchema for Named<V> {
    fn schema_name() -> Cow<'static, str> {
        format!("Named{}", V::schema_name()).into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let value = generator.subschema_for::<V>();
        json_schema!({ "type": "object", "additionalProperties": value })
    }
}

/// One of something, or a list of them.
#[derive(Clone, Debug)]
pub struct Several<T>(pub Vec<T>);

impl<T> Default for Several<T> {
    fn default() -> Self {
        Several(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Several<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMany<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for OneOrMany<T> {
            type Value = Several<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a mapping or a list of mappings")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Several<T>, A::Error> {
                T::deserialize(de::value::MapAccessDeserializer::new(map)).map(|one| Several(vec![one]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Several<T>, A::Error> {
                let mut all = Vec::new();
                while let Some(one) = seq.next_element()? {
                    all.push(one);
                }
                Ok(Several(all))
            }
        }
        deserializer.deserialize_any(OneOrMany(PhantomData))
    }
}

impl<T: JsonSchema> JsonSchema for Several<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("Several{}", T::schema_name()).into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let one = generator.subschema_for::<T>();
        json_schema!({ "anyOf": [one, { "type": "array", "items": one }] })
    }
}

/// A span of time, written `500ms`, `2s`, `1m` or `1h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// Microseconds.
    pub us: u64,
}

/// The longest span of time that a scenario may name: 30 days.
const MAX_SPAN_US: u64 = 30 * 86_400 * 1_000_000;

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let end = text.bytes().take_while(u8::is_ascii_digit).count();
        let unit_us = match &text[end..] {
            "us" => 1,
            "ms" => 1_000,
            "s" => 1_000_000,
            "m" => 60_000_000,
            "h" => 3_600_000_000,
            _ => {
                return Err(format!(
                    "`{text}` is not a span of time\nwrite a whole number and `us`, `ms`, `s`, `m` or `h`, such as `500ms`"
                ));
            }
        };
        let us = text[..end].parse::<u64>().ok().and_then(|n| n.checked_mul(unit_us));
        match us {
            Some(us) if us <= MAX_SPAN_US => Ok(Span { us }),
            Some(_) => Err(format!("`{text}` is longer than 30 days\nname a shorter time")),
            None => Err(format!("`{text}` is not a span of time\nwrite a whole number in front of the unit")),
        }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.us {
            us if us % 1_000_000 == 0 => write!(f, "{}s", us / 1_000_000),
            us if us % 1_000 == 0 => write!(f, "{}ms", us / 1_000),
            us => write!(f, "{us}us"),
        }
    }
}

/// A share in percent, written `20%` or `0.5%`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Percent {
    /// Millionths.
    pub ppm: u32,
}

impl FromStr for Percent {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!("`{text}` is not a share\nwrite a percentage from `0%` to `100%` with at most 4 decimals")
        };
        let number = text.strip_suffix('%').ok_or_else(wrong)?;
        let (whole, decimals) = number.split_once('.').unwrap_or((number, "0"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !digits(decimals) || whole.len() > 3 || decimals.len() > 4 {
            return Err(wrong());
        }
        let ppm = format!("{whole}{decimals:0<4}").parse::<u32>().map_err(|_| wrong())?;
        if ppm > 1_000_000 { Err(wrong()) } else { Ok(Percent { ppm }) }
    }
}

/// Bits per second, written `9600bps`, `64kbps` or `10Mbps`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Bits per second.
    pub bps: u64,
}

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let end = text.bytes().take_while(u8::is_ascii_digit).count();
        let unit_bps = match &text[end..] {
            "bps" => 1,
            "kbps" => 1_000,
            "Mbps" => 1_000_000,
            _ => {
                return Err(format!(
                    "`{text}` is not a rate\nwrite a whole number and `bps`, `kbps` or `Mbps`, such as `64kbps`"
                ));
            }
        };
        let bps = text[..end].parse::<u64>().ok().and_then(|n| n.checked_mul(unit_bps));
        match bps {
            Some(bps) if (300..=100_000_000_000).contains(&bps) => Ok(Rate { bps }),
            _ => Err(format!("`{text}` is no rate of a link\nwrite one from `300bps` to `100000Mbps`")),
        }
    }
}

/// An instant of wall time, written `2003-11-18T01:00:00Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Epoch {
    /// Seconds since 1970-01-01 UTC.
    pub s: i64,
}

impl FromStr for Epoch {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong =
            || format!("`{text}` is not a date with time\nwrite it in UTC, such as `2003-11-18T01:00:00Z`");
        let shape = text.bytes().map(|b| if b.is_ascii_digit() { b'0' } else { b });
        if !shape.eq("0000-00-00T00:00:00Z".bytes()) {
            return Err(wrong());
        }
        let part = |from: usize, to: usize| text[from..to].parse::<i64>().map_err(|_| wrong());
        let (year, month, day) = (part(0, 4)?, part(5, 7)?, part(8, 10)?);
        let (hour, minute, second) = (part(11, 13)?, part(14, 16)?, part(17, 19)?);
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let last = match month {
            2 => 28 + i64::from(leap),
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        let legal = year >= 1970
            && (1..=12).contains(&month)
            && (1..=last).contains(&day)
            && hour < 24
            && minute < 60
            && second < 60;
        if !legal {
            return Err(wrong());
        }
        Ok(Epoch { s: ((days(year, month, day) * 24 + hour) * 60 + minute) * 60 + second })
    }
}

/// Days from 1970-01-01 to a date; years begin in March, so that the leap day is their last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 719_469
}

/// Reads a value from its text. A bare number is no text to YAML; it gets the same answer as other wrong text.
pub(super) struct Written<T>(PhantomData<T>);

impl<T> Default for Written<T> {
    fn default() -> Self {
        Written(PhantomData)
    }
}

impl<T: FromStr<Err = String>> Visitor<'_> for Written<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<T, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<T, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<T, E> {
        self.visit_str(&number.to_string())
    }
}

/// Reads a type from YAML by its `FromStr`, and tells the schema its pattern.
macro_rules! written_as {
    ($name:ident, $pattern:literal) => {
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any(Written::default())
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "pattern": $pattern })
            }
        }
    };
}

written_as!(Span, "^[0-9]+(us|ms|s|m|h)$");
written_as!(Percent, "^[0-9]{1,3}(\\.[0-9]{1,4})?%$");
written_as!(Rate, "^[0-9]+(bps|kbps|Mbps)$");
written_as!(Epoch, "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_of_time_have_a_unit() {
        assert_eq!("500ms".parse::<Span>().map(|span| span.us), Ok(500_000));
        assert_eq!("1m".parse::<Span>().map(|span| span.us), Ok(60_000_000));
        for bad in ["5", "s", "-1s", "1.5s", "1 s", "99999999999999999999s", "31000000s", "1é"] {
            assert!(bad.parse::<Span>().is_err(), "{bad}");
        }
    }

    #[test]
    fn shares_are_percentages() {
        assert_eq!("20%".parse(), Ok(Percent { ppm: 200_000 }));
        assert_eq!("0.5%".parse(), Ok(Percent { ppm: 5_000 }));
        for bad in ["20", "101%", "%", "-1%", "1.%", "0.00001%", "1e1%"] {
            assert!(bad.parse::<Percent>().is_err(), "{bad}");
        }
    }

    #[test]
    fn rates_have_a_unit() {
        assert_eq!("9600bps".parse(), Ok(Rate { bps: 9_600 }));
        assert_eq!("10Mbps".parse(), Ok(Rate { bps: 10_000_000 }));
        for bad in ["64", "64k", "64kb", "0bps", "299bps", "-1kbps", "1.5Mbps", "99999999999999999999Mbps"] {
            assert!(bad.parse::<Rate>().is_err(), "{bad}");
        }
    }

    #[test]
    fn dates_count_from_1970() {
        assert_eq!("1970-01-01T00:00:00Z".parse(), Ok(Epoch { s: 0 }));
        assert_eq!("2003-11-18T01:00:00Z".parse(), Ok(Epoch { s: 1_069_117_200 }));
        assert_eq!("2000-02-29T00:00:00Z".parse(), Ok(Epoch { s: 951_782_400 }));
        for bad in ["2003-11-18", "2003-02-29T00:00:00Z", "2003-13-01T00:00:00Z", "2003-11-18T24:00:00Z"] {
            assert!(bad.parse::<Epoch>().is_err(), "{bad}");
        }
    }
}
