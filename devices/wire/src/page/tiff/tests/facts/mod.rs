//! What RFC 3249 §5 says of files, fact by fact: what a writer must see to, and what a reader lives with
//! or refuses, then with a reason.

mod borne;
mod refused;

use std::ops::Range;

use Outcome::{Reads, ReadsAs, Refused};

use super::super::directory::{Directory, File};
use super::super::*;
use super::*;

/// A file, named by how it is bent, and what becomes of it.
type Case = (&'static str, fn() -> Vec<u8>, Outcome);

/// A fact: where it stands, what holds of every page that we write, and how bent files are read.
struct Fact {
    section: &'static str,
    written: fn(&File<'_>, &Directory) -> bool,
    read: &'static [Case],
}

/// What becomes of a file.
#[derive(Debug)]
enum Outcome {
    /// It comes out as [`small_page`].
    Reads,
    /// It comes out as other pages.
    ReadsAs(fn() -> Vec<Page>),
    /// It is refused in these words.
    Refused(&'static str),
}

impl Fact {
    fn holds(&self) {
        for file in written() {
            let (file, first) = File::open(&file).unwrap();
            for directory in file.directories(first).unwrap() {
                assert!((self.written)(&file, &directory), "{}: {directory:?}", self.section);
            }
        }
        for (bent, file, outcome) in self.read {
            let (what, read) = (format!("{}: {bent}", self.section), read(&file()));
            match outcome {
                Reads => assert_eq!(read, Ok(vec![small_page()]), "{what}"),
                ReadsAs(pages) => assert_eq!(read, Ok(pages()), "{what}"),
                Refused(words) => {
                    let reason = read.expect_err(&what).to_string();
                    assert!(reason.contains(words), "{what}: {reason}");
                }
            }
        }
    }
}

/// Files that we write: pages of several sizes, strips of even and odd lengths, in each coding.
fn written() -> Vec<Vec<u8>> {
    let page = |width, height| Page { bitmap: Bitmap::white(width, height), resolution: Resolution::Fine };
    let pages: Vec<Page> =
        [small_page()].into_iter().chain((1..9).map(|n| page(1728 + 320 * (n % 3), n))).collect();
    Coding::ALL.map(|coding| write_as(&pages, coding).to_vec()).into()
}

fn number(file: &File<'_>, directory: &Directory, tag: Tag) -> u64 {
    directory.number(file, tag).unwrap().unwrap()
}

/// Where the strip of a page lies.
fn strip(file: &File<'_>, directory: &Directory) -> Range<u64> {
    let from = number(file, directory, Tag::STRIP_OFFSETS);
    from..from + number(file, directory, Tag::STRIP_BYTE_COUNTS)
}

/// A file of [`small_page`], bent.
fn bent(bend: impl FnOnce(&mut RawTiff)) -> Vec<u8> {
    let mut tiff = RawTiff::mh(&small_page());
    bend(&mut tiff);
    tiff.build()
}

/// A file of [`small_page`], octets of it changed.
fn patched(at: usize, octets: &[u8]) -> Vec<u8> {
    let mut file = RawTiff::mh(&small_page()).build();
    file[at..at + octets.len()].copy_from_slice(octets);
    file
}

fn fine_page() -> Page {
    Page { resolution: Resolution::Fine, ..small_page() }
}

/// Two pages as we write them, with these numbers in their PageNumber.
fn numbered(numbers: [u8; 2]) -> Vec<u8> {
    let mut file = write(&[small_page(), fine_page()]).to_vec();
    let second = u32::from_le_bytes(*file[202..].first_chunk().unwrap()) as usize;
    for (at, number) in [8, second].into_iter().zip(numbers) {
        file[at + 2 + 15 * 12 + 8] = number;
    }
    file
}

/// Two pages whose second directory lies before the first one, and both behind the strips.
fn backwards() -> Vec<u8> {
    let first = RawTiff::mh(&small_page()).build();
    let directory_at = u32::from_le_bytes(*first[4..].first_chunk().unwrap()) as usize;
    let mut file = [&first[..], &first[directory_at..]].concat();
    file[4..8].copy_from_slice(&(first.len() as u32).to_le_bytes());
    let next_at = file.len() - 4;
    file[next_at..].copy_from_slice(&(directory_at as u32).to_le_bytes());
    // The second page is as long as the first but needs a strip of its own: the same octets again.
    let strip = &RawTiff::mh(&small_page()).strips[0];
    let offset_at = directory_at + 2 + 4 * 12 + 8;
    assert_eq!(file[offset_at - 8..offset_at - 6], Tag::STRIP_OFFSETS.0.to_le_bytes());
    let strip_at = file.len() as u32;
    file[offset_at..offset_at + 4].copy_from_slice(&strip_at.to_le_bytes());
    file.extend(strip);
    file
}
