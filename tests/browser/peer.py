"""peer.py - dtls-webrtc as a process, an HTTP client that may say anything, and STUN as a browser speaks it."""

import errno
import hmac
import json
import os
import queue
import select
import socket
import struct
import subprocess
import threading
import urllib.error
import urllib.request
import zlib

from drive import Failed, until

COOKIE = 0x2112A442


class Server:
    """The program, with any ports; `events` are the JSON lines it has printed."""

    def __init__(self, build, *options):
        program = os.path.join(build, "apps/webrtc/dtls-webrtc")
        self.process = subprocess.Popen([program, "--json", "--port", "0", *options], stdout=subprocess.PIPE, text=True)
        self.lines, self.events = queue.Queue(), []
        threading.Thread(target=self.listen, daemon=True).start()
        about = self.wait(lambda event: event["event"] == "listening")
        self.url = f"http://{about['address']}:{about['port']}"
        self.web = (about["address"], about["port"])
        self.media = (about["media_address"], about["media_port"])

    def listen(self):
        for line in self.process.stdout:
            self.lines.put(json.loads(line))
        self.lines.put({"event": "end"})

    def wait(self, question, limit_s=20):
        """The first event of those to come, and those there, that the question says yes to."""
        def ask():
            while not self.lines.empty():
                self.events.append(self.lines.get())
            if any(event["event"] == "end" for event in self.events):
                raise Failed("dtls-webrtc has ended")
            return next((event for event in self.events if question(event)), None)
        return until(ask, limit_s)

    def end(self):
        self.process.terminate()
        return self.process.wait(20)

    def ask(self, method, path, body=None, kind="application/sdp"):
        """Status, headers and text."""
        request = urllib.request.Request(self.url + path, body, {"Content-Type": kind} if body is not None else {},
                                         method=method)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, answer.headers, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read().decode()

    def say(self, data, limit_s=20):
        """Raw bytes on a TCP connection; what comes back, until it is closed."""
        with socket.create_connection(self.web, limit_s) as link:
            got = b""
            try:
                link.sendall(data)
                link.shutdown(socket.SHUT_WR)
                while piece := link.recv(65536):
                    got += piece
            except ConnectionError:
                pass  # it was cut off
            except OSError as problem:
                if problem.errno != errno.ENOTCONN:
                    raise
            return got


class Caller:
    """A call without a browser: an offer over HTTP, and a socket for STUN."""

    def __init__(self, server, offer, far=None):
        status, headers, answer = server.ask("POST", "/calls", offer)
        if status != 201:
            raise Failed(f"{status}: {answer}")
        self.where, self.answer = headers["Location"], answer
        self.server, self.theirs = server, self.value(offer.decode(), "ice-ufrag")
        self.ours, self.password = self.value(answer, "ice-ufrag"), self.value(answer, "ice-pwd")
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect(far or server.media)

    @staticmethod
    def value(sdp, name):
        return next(line.split(":", 1)[1] for line in sdp.splitlines() if line.startswith(f"a={name}:"))

    def status(self):
        return json.loads(self.server.ask("GET", self.where)[2])

    def request(self, username=None, password=None, attributes=b"", broken=False):
        """A Binding request of the browser's, or nearly one."""
        username = username if username is not None else f"{self.ours}:{self.theirs}"
        name = username.encode()
        message = struct.pack(">HHI", 1, 0, COOKIE) + os.urandom(12) + attributes
        message += struct.pack(">HH", 6, len(name)) + name + bytes(-len(name) % 4)
        message = self.with_length(message, 24)
        message += struct.pack(">HH", 8, 20) + hmac.digest((password or self.password).encode(), message, "sha1")
        message = self.with_length(message, 8)
        return message + struct.pack(">HHI", 0x8028, 4, zlib.crc32(message) ^ 0x5354554E ^ broken)

    @staticmethod
    def with_length(message, more):
        return message[:2] + struct.pack(">H", len(message) - 20 + more) + message[4:]

    def send(self, datagram, patience_s=0.3):
        """What answers it; nothing when nobody does. What came before does not count."""
        self.socket.setblocking(False)
        try:
            while self.socket.recv(65536):
                pass
        except OSError:
            pass
        self.socket.settimeout(patience_s)
        self.socket.send(datagram)
        try:
            return self.socket.recv(65536)
        except OSError:
            return b""


class Client:
    """OpenSSL's client on the path of a call, which STUN has shown already; `fingerprint` is for the offer."""

    def __init__(self, room):
        self.room, self.process, self.near = room, None, None
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-subj", "/CN=client", "-keyout", f"{room}/key.pem", "-out", f"{room}/cert.pem"],
                       stderr=subprocess.DEVNULL, check=True)
        said = subprocess.run(["openssl", "x509", "-in", f"{room}/cert.pem", "-noout", "-fingerprint", "-sha256"],
                              capture_output=True, check=True).stdout
        self.fingerprint = said.strip().split(b"=")[1]

    def begin(self, caller):
        self.near = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.near.bind(("127.0.0.1", 0))
        threading.Thread(target=self.relay, args=(self.near, caller.socket), daemon=True).start()
        self.process = subprocess.Popen(["openssl", "s_client", "-dtls1_2", "-use_srtp", "SRTP_AEAD_AES_128_GCM",
                                         "-cert", f"{self.room}/cert.pem", "-key", f"{self.room}/key.pem",
                                         "-connect", "127.0.0.1:%d" % self.near.getsockname()[1]],
                                        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    @staticmethod
    def relay(near, far):
        peer = None
        try:
            while near.fileno() >= 0:
                for link in select.select([near, far], [], [], 0.2)[0]:
                    datagram, sender = link.recvfrom(65536)
                    if link is near:
                        peer = sender
                        far.send(datagram)
                    elif peer and 20 <= datagram[0] < 64:
                        near.sendto(datagram, peer)
        except (OSError, ValueError):
            pass  # closed

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.near.close()
