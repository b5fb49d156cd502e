"""Takes the one TIFF out of the mails of a folder: unpack.py FOLDER FILE."""

import email
import pathlib
import sys

folder, file = sys.argv[1:]
mails = [email.message_from_bytes(path.read_bytes()) for path in pathlib.Path(folder).iterdir()]
tiffs = [part for mail in mails for part in mail.walk() if part.get_content_type() == "image/tiff"]
print(f"{len(mails)} mail, {len(tiffs)} TIFF")
pathlib.Path(file).write_bytes(tiffs[0].get_payload(decode=True))
