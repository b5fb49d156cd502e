//! Keys that are gone before the grammar is read: what they hold is laid into the scenario first. They are
//! here so that the schema explains them, and so that a slip in another key is told from them.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};

/// Declares a type that takes any value and has this schema.
macro_rules! laid_in {
    ($(#[$about:meta])* $name:ident, $schema:tt) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name;

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                IgnoredAny::deserialize(deserializer).map(|_| $name)
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn inline_schema() -> bool {
                true
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    };
}

laid_in!(
    /// Parts that the scenario is laid over.
    Include,
    { "anyOf": [
        { "type": "string", "pattern": "\\.part\\.yaml$" },
        { "type": "array", "items": { "type": "string", "pattern": "\\.part\\.yaml$" } }
    ] }
);
laid_in!(
    /// The name of a class.
    ClassName,
    { "type": "string" }
);
laid_in!(
    /// Classes of hosts by name.
    Classes,
    { "type": "object", "additionalProperties": { "type": "object", "properties": { "about": { "type": "string" } } } }
);
laid_in!(
    /// What hosts have unless they say otherwise.
    Defaults,
    { "type": "object", "additionalProperties": { "$ref": "#/$defs/HostSpec" } }
);
laid_in!(
    /// Parameters with one value.
    Parameters,
    { "type": "object", "propertyNames": { "pattern": "^[a-z][a-z0-9_-]{0,31}$" } }
);
laid_in!(
    /// Parameters with several values.
    Matrix,
    { "type": "object", "propertyNames": { "pattern": "^[a-z][a-z0-9_-]{0,31}$" },
      "additionalProperties": { "type": "array", "minItems": 1, "items": { "anyOf": [
          { "type": ["string", "number", "boolean"] },
          { "type": "object", "required": ["name"] }
      ] } } }
);
laid_in!(
    /// Combinations that do not run.
    Except,
    { "type": "array", "items": { "type": "object", "minProperties": 1 } }
);
