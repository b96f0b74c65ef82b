"""Servers with http.server on 0.0.0.0, :: and, dual-stack, ::: dual.py PORT PORT PORT"""

import http.server
import socket
import sys
import threading


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = "{0} {1}\n".format(*self.client_address).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def server(family, address, port, only):
    class Server(http.server.ThreadingHTTPServer):
        address_family = family

        def server_bind(self):
            if family == socket.AF_INET6:
                self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, only)
            super().server_bind()

    threading.Thread(target=Server((address, port), Handler).serve_forever).start()


port4, port6, port_dual = map(int, sys.argv[1:])
server(socket.AF_INET, "0.0.0.0", port4, 0)
server(socket.AF_INET6, "::", port6, 1)
server(socket.AF_INET6, "::", port_dual, 0)
