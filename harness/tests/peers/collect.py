"""Collects a mailbox by poplib and tells what it found, as JSON: collect.py SERVER PORT USER PASSWORD END.

END is `quit`: all mails are deleted, or `keep`: none is, or `break`: the connection ends behind DELE without QUIT. A text
has one character for each octet.
"""

import json
import poplib
import sys

server, port, user, password, end = sys.argv[1:]
session = poplib.POP3(server, int(port), timeout=5)
session.user(user)
session.pass_(password)


def text(lines):
    return "".join(line.decode("latin-1") + "\r\n" for line in lines)


uidl = [line.decode().split(" ")[1] for line in session.uidl()[1]]
numbers = range(1, len(uidl) + 1)
found = {
    "stat": session.stat(),
    "uidl": uidl,
    "sizes": [int(line.split()[1]) for line in session.list()[1]],
    "tops": [text(session.top(number, 1)[1]) for number in numbers],
    "mails": [text(session.retr(number)[1]) for number in numbers],
}
if end != "keep":
    for number in numbers:
        session.dele(number)
    found["behind_dele"] = session.stat()
if end == "break":
    session.close()
else:
    session.quit()
print(json.dumps(found))
