//! The built-in scenarios are part of the program: a change in their folder is a change of it.

fn main() {
    println!("cargo:rerun-if-changed=../scenarios");
}
