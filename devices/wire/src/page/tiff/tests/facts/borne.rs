//! What a reader lives with.

use super::*;

#[test]
fn a_directory_begins_on_a_word_boundary() {
    Fact {
        section: "§5.1 a",
        written: |_, directory| directory.offset.is_multiple_of(2),
        read: &[("an odd place", || bent(|tiff| tiff.odd = true), Reads)],
    }
    .holds();
}

#[test]
fn the_first_directory_stands_at_the_beginning() {
    Fact {
        section: "§5.1 b",
        written: |_, directory| directory.page > 1 || directory.offset == 8,
        read: &[("directory last", || bent(|_| ()), Reads)],
    }
    .holds();
}

#[test]
fn numbers_are_little_endian() {
    Fact {
        section: "§5.2.1 a",
        written: |file, _| !file.is_big_endian(),
        read: &[("big-endian", || bent(|tiff| tiff.big_endian = true), Reads)],
    }
    .holds();
}

#[test]
fn the_byte_order_is_told_by_ii_or_mm() {
    Fact {
        section: "§5.2.1 b",
        written: |file, _| file.bytes.starts_with(b"II"),
        read: &[
            ("small letters", || patched(0, b"ii"), Refused("must begin with II or MM")),
            ("one of each", || patched(0, b"IM"), Refused("must begin with II or MM")),
            ("zeros", || patched(0, &[0, 0]), Refused("must begin with II or MM")),
        ],
    }
    .holds();
}

#[test]
fn a_directory_lies_inside_of_the_file() {
    Fact {
        section: "§5.2.3.1 a",
        written: |file, directory| directory.end() <= file.bytes.len() as u64,
        read: &[
            ("the first one", || patched(4, &[0xFF; 4]), Refused("the directory of page 1 would take")),
            (
                "the next one",
                || bent(|tiff| tiff.next = 1 << 20),
                Refused("the directory of page 2 would take"),
            ),
            (
                "half of it",
                || {
                    let file = bent(|_| ());
                    file[..file.len() - 30].to_vec()
                },
                Refused("the directory of page 1 would take"),
            ),
        ],
    }
    .holds();
}

#[test]
fn the_first_directory_begins_on_a_word_boundary() {
    Fact {
        section: "§5.2.3.1 b",
        written: |_, directory| directory.page > 1 || directory.offset.is_multiple_of(2),
        read: &[(
            "an odd place, big-endian",
            || bent(|tiff| (tiff.odd, tiff.big_endian) = (true, true)),
            Reads,
        )],
    }
    .holds();
}

#[test]
fn pages_stand_in_their_order_each_directory_before_its_image() {
    Fact {
        section: "§5.2.3.1 c",
        written: |file, directory| {
            let next = u64::from_le_bytes(
                [&file.bytes[directory.end() as usize - 4..][..4], &[0; 4]].concat().try_into().unwrap(),
            );
            strip(file, directory).start >= directory.end()
                && (next == 0 || next >= strip(file, directory).end)
        },
        read: &[
            ("in descending order", || numbered([1, 0]), ReadsAs(|| vec![fine_page(), small_page()])),
            ("image before directory", || bent(|_| ()), Reads),
            ("the next one before this one", backwards, ReadsAs(|| vec![small_page(), small_page()])),
        ],
    }
    .holds();
}

#[test]
fn fields_have_the_right_types() {
    Fact {
        section: "§5.2.3.1 d",
        written: |_, directory| {
            let kind = |tag| directory.field(tag).unwrap().unwrap().kind;
            [Tag::X_RESOLUTION, Tag::Y_RESOLUTION].iter().all(|tag| kind(*tag) == Kind::Rational as u16)
                && kind(Tag::NEW_SUBFILE_TYPE) == Kind::Long as u16
                && kind(Tag::COMPRESSION) == Kind::Short as u16
        },
        read: &[
            ("SHORT for LONG", || bent(|tiff| tiff.set(Tag::NEW_SUBFILE_TYPE, Kind::Short, &[2])), Reads),
            ("LONG for SHORT", || bent(|tiff| tiff.set(Tag::COMPRESSION, Kind::Long, &[3])), Reads),
            ("BYTE for SHORT", || bent(|tiff| tiff.set(Tag::PHOTOMETRIC, Kind::Byte, &[0])), Reads),
            (
                "SRATIONAL for RATIONAL",
                || bent(|tiff| tiff.field_mut(Tag::Y_RESOLUTION).kind = Kind::SignedRational as u16),
                Reads,
            ),
            ("SHORT for RATIONAL", || bent(|tiff| tiff.set(Tag::Y_RESOLUTION, Kind::Short, &[98])), Reads),
            (
                "ASCII for LONG",
                || bent(|tiff| tiff.field_mut(Tag::IMAGE_LENGTH).kind = 2),
                Refused("ImageLength (257) of page 1 is not a whole number"),
            ),
        ],
    }
    .holds();
}

#[test]
fn fields_have_the_right_counts() {
    Fact {
        section: "§5.2.3.1 e",
        written: |_, directory| {
            directory.fields.iter().all(|field| field.count == 1 + u32::from(field.tag == Tag::PAGE_NUMBER))
        },
        read: &[
            ("one too many", || bent(|tiff| tiff.set(Tag::COMPRESSION, Kind::Short, &[3, 0])), Reads),
            (
                "none",
                || bent(|tiff| tiff.field_mut(Tag::IMAGE_WIDTH).count = 0),
                Refused("ImageWidth (256) of page 1 has no value"),
            ),
            (
                "too few strips",
                || bent(|tiff| tiff.set(Tag::ROWS_PER_STRIP, Kind::Long, &[5])),
                Refused("StripOffsets (273) of page 1 names fewer strips than the rows need"),
            ),
            (
                "as many as there are numbers",
                || bent(|tiff| tiff.field_mut(Tag::STRIP_OFFSETS).count = u32::MAX),
                Refused("StripOffsets (273) of page 1 would take 17179869180 bytes"),
            ),
        ],
    }
    .holds();
}

#[test]
fn fields_ascend() {
    Fact {
        section: "§5.2.3.1 f",
        written: |_, directory| directory.fields.is_sorted_by(|one, next| one.tag < next.tag),
        read: &[("descending", || bent(|tiff| tiff.fields.reverse()), Reads)],
    }
    .holds();
}
