#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Checks the balancer packet by packet: wire.py BALANCER

The balancer runs in a network namespace of its own. Packets are put into its
TUN device by hand and what it answers is read there; no kernel TCP takes part,
so every segment is exactly the one a case wants. Prints KTAP.
"""

import fcntl
import ipaddress
import os
import random
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import time

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
ETH_P_ALL, ETH_P_IP, ETH_P_IPV6 = 0x0003, 0x0800, 0x86DD
MASK = 0xFFFFFFFF
DEVICE = "lb0"
MSS = b"\x02\x04\x05\xb4"
TIMESTAMP = b"\x01\x01\x08\x0a" + b"timestmp"
FORGED = b"\xfe\x08\x11\x11\x01\x02\x03\x04"


class End:
    def __init__(self, addr, port):
        self.ip = ipaddress.ip_address(addr)
        self.port = port

    def __eq__(self, other):
        return (self.ip, self.port) == (other.ip, other.port)

    def __repr__(self):
        return f"{self.ip}.{self.port}"


class Family:
    def __init__(self, client, vip, local, backend):
        self.client = End(client, 40000)
        self.vip = End(vip, 80)
        self.local = ipaddress.ip_address(local)
        self.backend = End(backend, 8080)
        self.option = option_of(self.client)

    def arguments(self):
        ends = (f"[{e.ip}]:{e.port}" for e in (self.vip, self.backend))
        return ["--local", str(self.local), "--service", "=".join(ends)]


def option_of(end):
    """TCP option 254 as it is on the wire."""
    address = end.ip.packed
    return struct.pack("!BBH", 254, 4 + len(address), end.port) + address


V4 = Family("203.0.113.7", "198.51.100.10", "192.0.2.10", "192.0.2.200")
V6 = Family("2001:db8:c::7", "2001:db8:f::10", "2001:db8:b::10", "2001:db8:5::200")


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def pseudo(src, dst, length):
    return src.packed + dst.packed + struct.pack("!II", length, 6)


class Segment:
    """A TCP segment and the IP packet around it."""

    def __init__(self, src, dst, flags, seq=0, ack=0, options=b"", payload=b""):
        self.src, self.dst, self.flags = src, dst, flags
        self.seq, self.ack = seq, ack
        self.options, self.payload = options, payload

    def tcp(self):
        head = struct.pack("!HHIIBBHHH", self.src.port, self.dst.port, self.seq & MASK,
                           self.ack & MASK, (20 + len(self.options)) // 4 << 4,
                           self.flags, 1000, 0, 0)
        tcp = head + self.options + self.payload
        check = checksum(pseudo(self.src.ip, self.dst.ip, len(tcp)) + tcp)
        return tcp[:16] + struct.pack("!H", check) + tcp[18:]

    def packet(self, fragment=0x4000, protocol=6):
        tcp = self.tcp()
        if self.src.ip.version == 6:
            return struct.pack("!IHBB", 6 << 28, len(tcp), protocol, 64) + \
                self.src.ip.packed + self.dst.ip.packed + tcp
        head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(tcp), 1, fragment, 64,
                           protocol, 0) + self.src.ip.packed + self.dst.ip.packed
        return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + tcp

    @classmethod
    def parse(cls, data):
        """Raises ValueError for anything that is not right to the last bit."""
        if data[0] >> 4 == 4:
            size, length = 20, struct.unpack_from("!H", data, 2)[0]
            addr, width = 12, 4
            if checksum(data[:20]):
                raise ValueError("IP checksum")
        else:
            size, length = 40, 40 + struct.unpack_from("!H", data, 4)[0]
            addr, width = 8, 16
        if length != len(data):
            raise ValueError(f"IP length {length} of {len(data)} bytes")
        src, dst = (ipaddress.ip_address(data[addr + i * width:addr + (i + 1) * width])
                    for i in (0, 1))
        tcp = data[size:]
        if checksum(pseudo(src, dst, len(tcp)) + tcp):
            raise ValueError("TCP checksum")
        sport, dport, seq, ack, offset, flags = struct.unpack_from("!HHIIBB", tcp)
        header = (offset >> 4) * 4
        return cls(End(src, sport), End(dst, dport), flags, seq, ack,
                   tcp[20:header], tcp[header:])


class Balancer:
    def __init__(self, program, *options):
        self.process = subprocess.Popen(
            [program, *V4.arguments(), *V6.arguments(), *options],
            stdout=subprocess.PIPE, text=True)
        self.wait_for_device()
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM,
                                    socket.htons(ETH_P_ALL))
        self.socket.bind((DEVICE, ETH_P_ALL))

    def wait_for_device(self):
        deadline = time.monotonic() + 5
        while DEVICE not in (name for _, name in socket.if_nameindex()):
            if self.process.poll() is not None or time.monotonic() > deadline:
                sys.exit("the balancer does not make its device")
            time.sleep(0.01)
        with socket.socket() as s:
            # SIOCGIFFLAGS, SIOCSIFFLAGS: IFF_UP
            request = struct.pack("16sH14x", DEVICE.encode(), 0)
            flags = struct.unpack_from("H", fcntl.ioctl(s, 0x8913, request), 16)[0]
            fcntl.ioctl(s, 0x8914, struct.pack("16sH14x", DEVICE.encode(), flags | 1))

    def put(self, packet):
        protocol = ETH_P_IPV6 if packet and packet[0] >> 4 == 6 else ETH_P_IP
        self.socket.sendto(packet, (DEVICE, protocol))

    def get(self, timeout=2.0):
        """The next packet that came out of the balancer, or None."""
        deadline = time.monotonic() + timeout
        while select.select([self.socket], [], [], max(0, deadline - time.monotonic()))[0]:
            data, address = self.socket.recvfrom(65536)
            if address[2] != socket.PACKET_OUTGOING:
                return data
        return None

    def through(self, segment):
        self.put(segment.packet())
        data = self.get()
        if data is None:
            raise ValueError("nothing came out")
        return Segment.parse(data)

    def counters(self):
        self.process.send_signal(signal.SIGUSR1)
        found = {}
        while "dropped_write_failed" not in found:
            name, number = re.match(r"balancer: (\w+) +(\d+)",
                                    self.process.stdout.readline()).groups()
            found[name] = int(number)
        return found

    def end(self):
        self.socket.close()
        self.process.terminate()
        self.process.communicate()
        return self.process.returncode


class Connection:
    """Both ends of a connection through the balancer."""

    def __init__(self, balancer, family, port=40000):
        self.balancer, self.family = balancer, family
        self.client = End(str(family.client.ip), port)
        self.option = option_of(self.client)
        self.cseq, self.sseq = 1000, 0xFFFFFFFE
        self.local = None

    def client_sends(self, flags, options=b"", payload=b"", seq=None, ack=None):
        out = self.balancer.through(Segment(
            self.client, self.family.vip, flags,
            self.cseq if seq is None else seq,
            (self.sseq if ack is None else ack) if flags & ACK else 0,
            options, payload))
        expect("destination", out.dst, self.family.backend)
        expect("source", out.src.ip, self.family.local)
        expect("payload", out.payload, payload)
        expect("flags", out.flags, flags)
        self.local = out.src
        return out

    def server_sends(self, flags, options=b"", payload=b"", seq=None):
        out = self.balancer.through(Segment(
            self.family.backend, self.local, flags,
            self.sseq if seq is None else seq, self.cseq, options, payload))
        expect("destination", out.dst, self.client)
        expect("source", out.src, self.family.vip)
        expect("payload", out.payload, payload)
        return out

    def handshake(self):
        """Returns the three segments as they left the balancer."""
        syn = self.client_sends(SYN, MSS)
        self.cseq += 1
        synack = self.server_sends(SYN | ACK, MSS)
        self.sseq = (self.sseq + 1) & MASK
        return syn, synack, self.client_sends(ACK)


def expect(what, got, wanted):
    if got != wanted:
        raise ValueError(f"{what}: {got!r} and not {wanted!r}")


def lowered(option):
    return MSS[:2] + struct.pack("!H", 1460 - len(option))


#
# Cases. Each gets a program to start balancers with.
#

def case_dpvs(run, family):
    """the option is on all of the client's segments until the server talks"""
    c = Connection(run(), family)
    syn, synack, ack = c.handshake()
    expect("SYN options", syn.options, lowered(c.option))
    expect("SYN/ACK options", synack.options, lowered(c.option))
    expect("ACK options", ack.options, c.option)
    for name in "data", "the same data again":
        out = c.client_sends(ACK | PSH, TIMESTAMP, b"x" * 101)
        expect(name, out.options, c.option + TIMESTAMP)
    expect("FIN", c.client_sends(FIN | ACK, payload=b"y").options, c.option)
    expect("RST", c.client_sends(RST | ACK).options, b"")
    c.server_sends(ACK, payload=b"z" * 10)
    expect("after data", c.client_sends(ACK, ack=c.sseq + 10).options, b"")
    expect("a late segment", c.client_sends(ACK, payload=b"x").options, c.option)


def case_lvs(run, family):
    """mode lvs: on SYN too, not on FIN"""
    c = Connection(run("--mode", "lvs"), family)
    syn, synack, ack = c.handshake()
    expect("SYN options", syn.options, c.option + lowered(c.option))
    expect("SYN/ACK options", synack.options, lowered(c.option))
    expect("ACK options", ack.options, c.option)
    expect("data", c.client_sends(ACK, payload=b"x").options, c.option)
    expect("FIN", c.client_sends(FIN | ACK).options, b"")


def case_syn(run, family):
    """mode syn: on SYN only"""
    c = Connection(run("--mode", "syn"), family)
    syn, _, ack = c.handshake()
    expect("SYN options", syn.options, c.option + lowered(c.option))
    expect("ACK options", ack.options, b"")
    expect("data", c.client_sends(ACK, payload=b"x").options, b"")


def case_last(run, family):
    """--place last: behind the client's options"""
    c = Connection(run("--place", "last"), family)
    c.handshake()
    expect("options", c.client_sends(ACK, TIMESTAMP).options, TIMESTAMP + c.option)


def case_padded(run, family):
    """--place eol: first, the others' NOPs gone, the end padded"""
    c = Connection(run("--place", "eol"), family)
    c.handshake()
    padded = c.option + TIMESTAMP[2:] + b"\0\0"
    expect("options", c.client_sends(ACK, TIMESTAMP).options, padded)
    expect("many NOPs", c.client_sends(ACK, b"\x01" * 28 + TIMESTAMP).options, padded)


def case_strip(run, family):
    """--strip: a client's own option 254 is taken away"""
    c = Connection(run("--strip"), family)
    c.handshake()
    expect("options", c.client_sends(ACK, FORGED + TIMESTAMP).options,
           c.option + b"\x01" * 8 + TIMESTAMP)


def case_keep(run, family):
    """--keep: a client's own option 254 is left alone"""
    c = Connection(run("--keep"), family)
    expect("without one", c.handshake()[2].options, c.option)
    expect("with one", c.client_sends(ACK, FORGED + TIMESTAMP).options, FORGED + TIMESTAMP)


def case_pretended(run, family):
    """--forge and --filler: what clients are made to send"""
    claim = b"\xfe\x08\x11\x11\xc6\x12\0\1"
    c = Connection(run("--forge", "--filler", "4"), family)
    c.handshake()
    expect("options", c.client_sends(ACK, b"\x01" * 4).options,
           c.option + claim + b"\x01" * 8)


def case_filled(run, family):
    """--filler: no room is left"""
    b = run("--filler", "36")
    c = Connection(b, family)
    expect("options", c.handshake()[2].options, b"\x01" * 36)
    expect("counter", b.counters()["option_without_room"], 1)


def case_ack(run, family):
    """mode ack: on the bare third ACK only"""
    c = Connection(run("--mode", "ack"), family)
    syn, _, ack = c.handshake()
    expect("SYN options", syn.options, lowered(c.option))
    expect("ACK options", ack.options, c.option)
    expect("data", c.client_sends(ACK, payload=b"x").options, b"")
    c.cseq += 1
    expect("bare, but later", c.client_sends(ACK).options, b"")


def case_none(run, family):
    """mode none: nothing is inserted and the MSS stays"""
    c = Connection(run("--mode", "none"), family)
    syn, synack, ack = c.handshake()
    expect("SYN options", syn.options, MSS)
    expect("SYN/ACK options", synack.options, MSS)
    expect("ACK options", ack.options, b"")


def case_forged(run, family):
    """a client's own option 254 stays, behind ours"""
    c = Connection(run(), family)
    c.handshake()
    out = c.client_sends(ACK, FORGED + TIMESTAMP)
    expect("options", out.options, c.option + FORGED + TIMESTAMP)


def case_no_room(run, family):
    """full options: the segment goes on without, and is counted"""
    b = run()
    c = Connection(b, family)
    c.handshake()
    full = 40 - len(c.option)
    out = c.client_sends(ACK, b"\x01" * full)
    expect("just room", out.options, c.option + b"\x01" * full)
    out = c.client_sends(ACK, b"\x01" * (full + 4))
    expect("no room", out.options, b"\x01" * (full + 4))
    expect("counter", b.counters()["option_without_room"], 1)


def case_mtu(run, family):
    """the MTU: a segment that would exceed it goes on without, and is counted"""
    b = run()
    c = Connection(b, family)
    c.handshake()
    room = 1500 - (20 if family is V4 else 40) - 20
    out = c.client_sends(ACK, payload=b"x" * (room - len(c.option)))
    expect("at the MTU", out.options, c.option)
    out = c.client_sends(ACK, payload=b"x" * (room - len(c.option) + 1))
    expect("over the MTU", out.options, b"")
    expect("counter", b.counters()["option_over_mtu"], 1)


def case_no_mss(run, family):
    """SYN without, or with broken options: forwarded as they are"""
    b = run()
    for port, options in enumerate((b"", b"\x02\x03\x05\xb4", b"\x01\x01\x01\x02",
                                    b"\x08\xff\x00\x00", b"\x00" + MSS + b"\0\0\0"), 40000):
        c = Connection(b, family, port)
        expect("options", c.client_sends(SYN, options).options, options)


def case_reopen(run, family):
    """a client's port used again gets a new local port; a SYN again does not"""
    c = Connection(run(), family)
    c.handshake()
    first = c.local
    c.client_sends(SYN, MSS)
    expect("a SYN in an open connection", c.local, first)
    c.client_sends(FIN | ACK)
    c.server_sends(FIN | ACK)
    expect("last ACK", c.client_sends(ACK, ack=c.sseq + 1).src, first)
    c.client_sends(SYN, MSS)
    if c.local == first:
        raise ValueError("the local port is the same")
    expect("a SYN again", c.client_sends(SYN, MSS).src, c.local)


def case_table(run, family):
    """a full table: closed sessions go first, then unanswered, then idle ones"""
    b = run("--sessions", "3")
    closed, opened, half = (Connection(b, family, port) for port in (1, 2, 3))
    opened.handshake()
    closed.handshake()
    closed.client_sends(RST | ACK)
    half.client_sends(SYN, MSS)
    Connection(b, family, 4).handshake()
    Connection(b, family, 5).handshake()
    expect("evicted", b.counters()["session_evicted"], 2)
    opened.client_sends(ACK)
    for port in range(6, 200):
        Connection(b, family, port).client_sends(SYN, MSS)
    # One half-open session makes room for the next, the open ones stay.
    opened.client_sends(ACK)


def case_stranger(run, family):
    """segments without a session or a service are dropped and counted"""
    b = run()
    c = Connection(b, family)
    c.handshake()
    stranger = End(str(family.client.ip), 9)
    elsewhere = End(str(family.vip.ip), 81)
    for segment in (Segment(stranger, family.vip, ACK),
                    Segment(stranger, family.vip, SYN | ACK),
                    Segment(stranger, c.local, ACK),
                    Segment(family.backend, End(str(family.local), 7), ACK),
                    Segment(stranger, elsewhere, SYN)):
        b.put(segment.packet())
    counters = b.counters()
    expect("no session", counters["dropped_no_session"], 4)
    expect("no service", counters["dropped_no_service"], 1)
    expect("packet", b.get(0.05), None)


def broken_packets(family):
    """Pairs of a counter and a packet that must raise it."""
    good = Segment(family.client, family.vip, SYN, options=MSS)
    packet = good.packet()
    ip = len(packet) - 24
    def with_byte(at, value, p=packet):
        return p[:at] + bytes([value]) + p[at + 1:]
    yield "malformed", packet[:ip - 1]
    yield "malformed", packet[:-1]
    yield "malformed", with_byte(0, 0x35)
    yield "malformed", b"\x45"
    yield "bad_checksum", with_byte(len(packet) - 1, 0)
    yield "not_tcp", good.packet(protocol=17)
    if family is V4:
        yield "malformed", with_byte(0, 0x44)
        yield "malformed", with_byte(0, 0x4F, with_byte(3, 24))
        yield "fragment", good.packet(fragment=0x2000)
        yield "fragment", good.packet(fragment=0x0001)
        yield "bad_checksum", with_byte(8, 1)
    else:
        for protocol in (0, 43, 44, 60):
            yield "extension_header", good.packet(protocol=protocol)
    for options in (16, 28, 60):
        yield "malformed", with_byte(ip + 12, options // 4 << 4)


def case_broken(run, family):
    """broken packets, fragments and extension headers are dropped and counted"""
    b = run()
    wanted = {}
    for name, packet in broken_packets(family):
        b.put(packet)
        wanted[name] = wanted.get(name, 0) + 1
    counters = b.counters()
    for name, number in wanted.items():
        # The kernel may send an ICMPv6 message of its own into the device.
        if name == "not_tcp":
            number = max(number, counters["dropped_not_tcp"])
        expect(name, counters[f"dropped_{name}"], number)
    for name in "opened", :
        expect(name, counters[f"session_{name}"], 0)


def mutated(rng, packet):
    """Half of them stay whole: the others alone would open no session."""
    data = bytearray(packet)
    for _ in range(rng.choice((0, 0, 0, 0, 1, 2, 3))):
        data[rng.randrange(len(data))] = rng.randrange(256)
    return bytes(data if rng.randrange(8) else data[:rng.randrange(1, len(data))])


def random_segment(rng, family):
    client = End(str(family.client.ip), rng.randrange(1, 60))
    local = End(str(family.local), 1024 + rng.randrange(80))
    ends = rng.choice(((client, family.vip), (family.backend, local)))
    options = rng.randbytes(4 * rng.randrange(11))
    flags = rng.choice((SYN, SYN | ACK, ACK, ACK, FIN | ACK, RST, rng.randrange(256)))
    return Segment(*ends, flags, rng.randrange(4), rng.randrange(4), options,
                   rng.randbytes(rng.randrange(64)))


def case_random(run, family):
    """20000 random packets: it lives, and all that comes out is well-formed"""
    rng = random.Random(254)
    b = run("--sessions", "30")
    for i in range(20000):
        b.put(mutated(rng, random_segment(rng, family).packet()))
        if i % 50 == 0:
            b.counters()
            while data := b.get(0):
                Segment.parse(data)
    counters = b.counters()
    for name in ("forwarded_from_client", "forwarded_from_server", "session_evicted"):
        if counters[name] < 100:
            raise ValueError(f"only {counters[name]} {name}: the case tests little")


CASES = (case_dpvs, case_lvs, case_ack, case_syn, case_none, case_last, case_padded,
         case_strip, case_keep, case_pretended, case_filled, case_forged, case_no_room, case_mtu,
         case_no_mss, case_reopen, case_table, case_stranger, case_broken, case_random)


def fault_of(program, case, family):
    """Why the case fails, or None."""
    balancers = []

    def run(*options):
        balancers.append(Balancer(program, *options))
        return balancers[-1]

    fault = None
    try:
        case(run, family)
    except Exception as error:
        fault = f"{type(error).__name__}: {error}"
    for balancer in balancers:
        status = balancer.end()
        if status:
            fault = f"the balancer ended with status {status}; {fault or ''}"
    return fault


def main():
    if len(sys.argv) == 2:
        # A namespace of its own: the devices of this one stay as they are.
        os.execvp("unshare", ["unshare", "--net", sys.executable, __file__,
                              sys.argv[1], "in-namespace"])
    if len(sys.argv) != 3:
        sys.exit("usage: wire.py BALANCER")
    number, failed = 0, 0
    print(f"KTAP version 1\n1..{2 * len(CASES)}")
    for name, family in (("IPv4", V4), ("IPv6", V6)):
        for case in CASES:
            number += 1
            fault = fault_of(sys.argv[1], case, family)
            failed += fault is not None
            print(f"{'not ok' if fault else 'ok'} {number} {name}: {case.__doc__}", flush=True)
            if fault:
                print(f"# {fault}")
    sys.exit(failed != 0)


main()
