"""Reads a report about a mail (RFC 6522) and tells what it found, as JSON: report.py MAIL.

`report_type` is the parameter of multipart/report, `parts` are the types of its parts, `blocks` the fields of the
machine-readable part in the order of their blocks, and `defects` everything that the parser had to forgive.
"""

import email
import json
import pathlib
import sys
from email.policy import default

mail = email.message_from_bytes(pathlib.Path(sys.argv[1]).read_bytes(), policy=default)
# The blocks of fields are messages to the parser; walk() visits them too.
defects = [repr(defect) for part in mail.walk() for defect in part.defects]
defects += [f"{name}: {defect!r}" for part in mail.walk() for name, value in part.items() for defect in value.defects]
parts = list(mail.iter_parts())
facts = parts[1].get_payload() if len(parts) > 1 and parts[1].is_multipart() else []
found = {
    "type": mail.get_content_type(),
    "report_type": mail["Content-Type"].params.get("report-type"),
    "parts": [part.get_content_type() for part in parts],
    "blocks": [{name: str(value) for name, value in block.items()} for block in facts if block.items()],
    "defects": defects,
}
print(json.dumps(found))
