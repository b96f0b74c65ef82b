"""A service as inetd starts them: answers a line with "ADDRESS PORT" of its peer."""

import socket

connection = socket.socket(fileno=0)
connection.recv(4096)
address, port = connection.getpeername()[:2]
connection.sendall(f"{address} {port}\n".encode())
