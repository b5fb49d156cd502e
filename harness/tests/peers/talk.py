"""Says pieces of a session and prints what is answered: talk.py SERVER PORT OWN_ADDRESS PIECES.

PIECES is a file of JSON: a list of texts, each octet a character. One reply is read behind the connect and behind each
piece; all further ones are read to the end of the connection.
"""

import json
import pathlib
import socket
import sys

server, port, own, pieces = sys.argv[1:]
with socket.create_connection((server, int(port)), timeout=5, source_address=(own, 0)) as connection:
    replies = connection.makefile("rb")

    def hear():
        while line := replies.readline():
            print(line.decode("latin-1").rstrip("\r\n"))
            if line[3:4] != b"-":
                return

    hear()
    for piece in json.loads(pathlib.Path(pieces).read_text()):
        connection.sendall(piece.encode("latin-1"))
        hear()
    connection.shutdown(socket.SHUT_WR)
    print(replies.read().decode("latin-1"), end="")
