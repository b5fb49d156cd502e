//! The inputs that are kept: small ones that together reach whatever was reached.

use include_dir::{Dir, include_dir};

static CORPUS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/corpus");

/// The inputs kept for a target, in the order of their names.
pub fn corpus(target: &str) -> Vec<Vec<u8>> {
    let folder = CORPUS.get_dir(target);
    folder.into_iter().flat_map(Dir::files).map(|file| file.contents().to_vec()).collect()
}
