//! The JSON Schema of the grammar, widened by what parts and parameters allow.

use serde_json::{Value, json};

/// A parameter in the place of a value.
const PARAMETER: &str = "^[^$]*\\$\\{[a-z][a-z0-9_-]*(\\.[A-Za-z0-9_-]+)?\\}";

/// Lets a parameter stand wherever a value stands, and lets `hosts` come from a part.
pub(crate) fn widened(mut schema: Value) -> Value {
    let own = ["include", "classes", "defaults", "parameters", "matrix", "except"];
    if let Some(required) = schema["required"].as_array_mut() {
        required.retain(|key| key != "hosts");
    }
    if let Some(properties) = schema["properties"].as_object_mut() {
        let values = properties.iter_mut().filter(|(key, _)| !own.contains(&key.as_str()));
        values.for_each(|(_, value)| or_parameter(value));
    }
    if let Some(definitions) = schema["$defs"].as_object_mut() {
        definitions.values_mut().for_each(inside);
        let about = "a parameter in the place of the value";
        let parameter = json!({ "description": about, "type": "string", "pattern": PARAMETER });
        definitions.insert("ParameterUse".to_owned(), parameter);
    }
    schema["anyOf"] = json!([{ "required": ["hosts"] }, { "required": ["include"] }]);
    schema
}

/// The value itself or a parameter; its description stays where editors look for it.
fn or_parameter(schema: &mut Value) {
    inside(schema);
    let Some(object) = schema.as_object_mut() else { return };
    let any_text = object.get("type") == Some(&json!("string"))
        && !["pattern", "enum", "const"].iter().any(|key| object.contains_key(*key));
    if any_text || object.is_empty() {
        return;
    }
    let kept = ["description", "default"].map(|key| (key, object.remove(key)));
    let mut widened = json!({ "anyOf": [schema.take(), { "$ref": "#/$defs/ParameterUse" }] });
    for (key, value) in kept {
        if let Some(value) = value {
            widened[key] = value;
        }
    }
    *schema = widened;
}

/// Everything that holds values in a schema.
fn inside(schema: &mut Value) {
    let Some(object) = schema.as_object_mut() else { return };
    for (key, value) in object {
        match (key.as_str(), value) {
            ("properties", Value::Object(properties)) => properties.values_mut().for_each(or_parameter),
            ("items" | "additionalProperties", value @ Value::Object(_)) => or_parameter(value),
            ("anyOf" | "oneOf" | "allOf", Value::Array(choices)) => choices.iter_mut().for_each(inside),
            _ => {}
        }
    }
}
