"""A server with asyncio: line.py ADDRESS PORT...

Answers each line with "ADDRESS PORT", its peer as asyncio says it, and closes.
"""

import asyncio
import sys


async def handle(reader, writer):
    await reader.readline()
    peer = writer.get_extra_info("peername")
    # Once more, from the socket: that is getpeername() and not accept().
    again = writer.get_extra_info("socket").getpeername()
    same = "" if again[:2] == peer[:2] else f" and getpeername() says {again}"
    writer.write(f"{peer[0]} {peer[1]}{same}\n".encode())
    await writer.drain()
    writer.close()


async def main():
    ends = list(zip(sys.argv[1::2], sys.argv[2::2]))
    servers = [await asyncio.start_server(handle, address or None, int(port))
               for address, port in ends]
    await asyncio.gather(*(server.serve_forever() for server in servers))


asyncio.run(main())
