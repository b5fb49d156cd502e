//! The JSON Schema against the scenarios.

use super::super::schema;
use super::{CALL, examples};

fn value(yaml: &str) -> serde_json::Value {
    let mut options = serde_yaml::Options::default();
    options.strict_booleans = true;
    serde_yaml::from_str_with_options(yaml, options).expect("YAML")
}

fn valid(yaml: &str) -> bool {
    jsonschema::validator_for(&schema()).expect("a schema").is_valid(&value(yaml))
}

#[test]
fn the_examples_fit_the_schema() {
    for example in examples() {
        let validator = jsonschema::validator_for(&schema()).expect("a schema");
        let errors: Vec<String> =
            validator.iter_errors(&value(example)).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?}");
    }
    assert!(valid(CALL));
}

#[test]
fn an_unknown_key_does_not_fit_the_schema() {
    assert!(!valid(&CALL.replace("title", "titel")));
    assert!(!valid(&CALL.replace("send:", "sent:")));
}

#[test]
fn a_time_without_a_unit_does_not_fit_the_schema() {
    assert!(!valid(&CALL.replace("at: 1s", "at: 1")));
}

#[test]
fn a_number_without_quotes_does_not_fit_the_schema() {
    assert!(!valid(&CALL.replace("number: 050-1234-5678", "number: 05012345678")));
}

#[test]
fn a_contrast_is_a_text() {
    assert!(valid(&format!("{CALL}contrast: Ways to send a page\n")));
    assert!(!valid(&format!("{CALL}contrast: [a, b]\n")));
}

#[test]
fn every_key_is_explained() {
    let schema = schema();
    let mut silent = Vec::new();
    let definitions = schema["$defs"].as_object().expect("definitions").iter();
    for (owner, object) in
        definitions.map(|(name, object)| (name.as_str(), object)).chain([("Script", &schema)])
    {
        for (key, property) in object["properties"].as_object().into_iter().flatten() {
            if property["description"].as_str().is_none_or(str::is_empty) {
                silent.push(format!("{owner}.{key}"));
            }
        }
    }
    assert!(silent.is_empty(), "{silent:?}");
}
