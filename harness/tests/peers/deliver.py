"""Brings a TIFF by smtplib: deliver.py SERVER PORT OWN_ADDRESS MAILBOX TIFF.

The message lies in MAILBOX-TIFF.eml afterwards. A refusal is an exception, and the exit code then is 1.
"""

import pathlib
import smtplib
import sys
from email.message import EmailMessage
from email.policy import SMTP

server, port, own, mailbox, tiff = sys.argv[1:]
mail = EmailMessage(policy=SMTP)
mail["From"] = "python@peer.example.net"
mail["To"] = f"<{mailbox}>"
mail["Subject"] = "Two pages"
mail["Message-ID"] = "<two-pages@peer.example.net>"
mail.add_attachment(pathlib.Path(tiff).read_bytes(), maintype="image", subtype="tiff", filename=tiff)
message = mail.as_bytes()
pathlib.Path(f"{mailbox}-{tiff}.eml").write_bytes(message)
with smtplib.SMTP(server, int(port), "peer.example.net", timeout=5, source_address=(own, 0)) as session:
    session.sendmail("python@peer.example.net", [mailbox], message)
