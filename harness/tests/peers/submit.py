"""Hands in a mail by smtplib: submit.py SERVER PORT OWN_ADDRESS FROM TO MAIL_OPTIONS RCPT_OPTIONS FILE.

Options are words as they stand behind MAIL FROM and RCPT TO. It prints what the server lists, and each reply. A refusal
ends it with the exit code 1.
"""

import pathlib
import smtplib
import sys

server, port, own, sender, to, mail_options, rcpt_options, file = sys.argv[1:]
with smtplib.SMTP(server, int(port), "peer.example.net", timeout=5, source_address=(own, 0)) as session:
    session.ehlo()
    print("listed:", *sorted(f"{name}={value}" if value else name for name, value in session.esmtp_features.items()))
    # What it says goes out in ASCII unless SMTPUTF8 is asked for; the message goes as it is.
    for say in [
        lambda: session.mail(sender, mail_options.split()),
        lambda: session.rcpt(to, rcpt_options.split()),
        lambda: session.data(pathlib.Path(file).read_bytes()),
    ]:
        code, text = say()
        print(code, text.decode())
        if code >= 400:
            sys.exit(1)
