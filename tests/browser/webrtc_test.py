"""webrtc_test.py BUILD_DIR rooms|chromium|firefox - dtls-webrtc: without a browser what HTTP, SDP, STUN and DTLS of the
wrong kinds get from it; with one, calls. Prints TAP. Runs in a network of its own, with an address that is not loopback
and a way out, which browsers want."""

import json
import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time

from drive import Chromium, Failed, Firefox, until
from peer import Caller, Client, Server

BUILD, WHAT = os.path.abspath(sys.argv[1]), sys.argv[2]
DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../data")
CALL_S = 10


def in_a_network_of_our_own():
    """Starts this script again in one."""
    if os.environ.get("DTLS_OWN_NETWORK"):
        return
    words = ["unshare", "--net"] + (["--map-root-user"] if os.geteuid() else [])
    if subprocess.run(words + ["true"], stderr=subprocess.DEVNULL, check=False).returncode:
        print("1..0 # SKIP no network namespace may be made here")
        sys.exit()
    wire = ("ip link set lo up && ip link add wire type veth peer name far && ip addr add 10.79.0.1/24 dev wire && "
            "ip link set wire up && ip link set far up && ip route add default via 10.79.0.2 && exec \"$@\"")
    os.environ["DTLS_OWN_NETWORK"] = "yes"
    os.execvp("unshare", words + ["sh", "-c", wire, "sh", sys.executable, *sys.argv])


tests = failures = 0


def check(name, question, *arguments):
    """One test: the question returns nothing, or False when it does not hold."""
    global tests, failures
    tests += 1
    try:
        if question(*arguments) is False:
            raise Failed("does not hold")
        print(f"ok {tests} - {name}", flush=True)
    except (Failed, OSError, ValueError, KeyError, StopIteration, subprocess.SubprocessError) as problem:
        failures += 1
        print(f"not ok {tests} - {name}\n# {type(problem).__name__}: {problem}".replace("\n\n", "\n"), flush=True)


def expect(what, *said):
    if not what:
        raise Failed(" ".join(str(word) for word in said) or "does not hold")


# ---- rooms: without a browser ----

def offer(name="chromium"):
    with open(f"{DATA}/offer-{name}.sdp", "rb") as file:
        return file.read()


def mistake(word, *options):
    done = subprocess.run([f"{BUILD}/apps/webrtc/dtls-webrtc", *options], capture_output=True, text=True, timeout=20,
                          check=False)
    expect(done.returncode == 2 and done.stdout == "" and done.stderr.count("\n") == 1 and word in done.stderr, done)


def hello(index):
    """A ClientHello of Chromium's, the first or second datagram of it."""
    with open(f"{DATA}/browser-hellos.txt", encoding="ascii") as file:
        section = file.read().split("\nA. ", 1)[1].split("\n====", 2)[1]
    datagrams = re.findall(r"UDP payload \d+ bytes\n((?: {4}[#0-9a-f].*\n)+)", section)
    return bytes.fromhex("".join(line.strip() for line in datagrams[index].splitlines() if "#" not in line))


def check_mistakes():
    check("an unknown option", mistake, "--nonsense", "--nonsense")
    check("a role that is none", mistake, "'both'", "--role", "both")
    check("a port out of range", mistake, "'65536'", "--port", "65536")
    check("a profile that is none", mistake, "ROT13", "--srtp", "ROT13")
    check("a certificate that is not there", mistake, "/nonexistent", "--tls-cert", "/nonexistent")
    check("a key without a certificate", mistake, "--tls-cert", "--tls-key", "/nonexistent")
    check("an address that is not ours", mistake, "192.0.2.77", "--media-host", "192.0.2.77")
    check("a host that is not ours", mistake, "192.0.2.77", "--port", "0", "--host", "192.0.2.77")
    check("an argument too many", mistake, "'extra'", "extra")


def refused(server, status, word, method, path, body=None, kind="application/sdp"):
    got = server.ask(method, path, body, kind)
    expect(got[0] == status and word in got[2], got[0], got[2])
    expect(server.ask("GET", "/")[0] == 200, "the page is not served any more")


def check_http(server):
    page = server.ask("GET", "/")
    check("the page is there", lambda: page[0] == 200 and "<title>dtls-webrtc</title>" in page[2] and
          page[1]["Content-Type"] == "text/html; charset=utf-8")
    check("no other page is", refused, server, 404, "no such thing", "GET", "/favicon.ico")
    check("nothing outside", refused, server, 404, "no such thing", "GET", "/../../etc/passwd")
    check("no such call", refused, server, 404, "no such thing", "GET", "/calls/none")
    check("a call that is not there cannot be ended", refused, server, 404, "no such thing", "DELETE", "/calls/none")
    check("the page cannot be changed", refused, server, 405, "method", "PUT", "/", b"<html>")
    check("calls cannot be listed", refused, server, 405, "method", "GET", "/calls")
    check("an offer that says it is something else", refused, server, 415, "application/sdp", "POST", "/calls", offer(),
          "text/plain")
    check("an offer that is none", refused, server, 400, "v=0", "POST", "/calls", b"{}")
    check("an empty offer", refused, server, 400, "v=0", "POST", "/calls", b"")
    check("bytes of every value", refused, server, 400, "v=0", "POST", "/calls", bytes(range(256)) * 16)
    check("an offer of 64 KiB and one byte", refused, server, 413, "65536", "POST", "/calls",
          offer().ljust(65537, b"\n"))
    check("an offer of 8 MiB", refused, server, 413, "65536", "POST", "/calls", bytes(8 << 20))
    for name in ("ice-ufrag", "ice-pwd", "fingerprint", "setup", "mid", "rtcp-mux"):
        less = re.sub(rb"a=" + name.encode() + rb"\b.*\r\n", b"", offer())
        check(f"an offer without a={name}", refused, server, 400, f"a={name}", "POST", "/calls", less)
    check("an offer without m=", refused, server, 400, "no audio or video", "POST", "/calls", offer().split(b"m=")[0])
    check("an offer with 16,000 formats", refused, server, 400, "no audio or video", "POST", "/calls",
          b"v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF" + b" 1" * 16000 + b"\r\na=mid:0\r\na=rtcp-mux\r\n" + b"a=\r\n" * 7000)
    check("300 connections of one host come and go", crowd, server)
    for name, words in (("no HTTP", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200)),
                        ("a request of an unknown kind", b"BREW / HTTP/1.1\r\nHost: x\r\n\r\n"),
                        ("a header without an end", b"GET / HTTP/1.1\r\nX: " + b"y" * 100000),
                        ("a length that is none", b"POST /calls HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n"),
                        ("half a request", b"POST /calls HTTP/1.1\r\nHost: x\r\nContent-Type: application/sdp\r\n"
                         b"Content-Length: 1000\r\n\r\nv=0")):
        check(f"{name} gets an error or nothing", lambda words=words: expect(
            re.match(rb"$|HTTP/1\.[01] [45]\d\d ", server.say(words)) and server.ask("GET", "/")[0] == 200))


def check_stun(server):
    caller = Caller(server, offer())
    other = Caller(server, offer("firefox"))
    first, second = hello(0), hello(1)

    def silent(datagram):
        got = caller.send(datagram)
        expect(got == b"" and caller.status()["state"] == "new", got, caller.status())

    check("DTLS before any STUN is not answered", silent, first)
    check("nor is media", silent, bytes([0x80, 111]) + bytes(50))
    check("a wrong password is not answered", silent, caller.request(password="x" * 32))
    check("nor a wrong checksum", silent, caller.request(broken=True))
    check("nor a name of nobody", silent, caller.request(username=f"{'a' * 20}:{caller.theirs}"))
    check("nor another end's name", silent, caller.request(username=f"{caller.ours}:xxxx"))
    check("nor half of a name", silent, caller.request(username=caller.ours))
    check("nor another call's password", silent, caller.request(password=other.password))
    check("nor what is no request", silent, b"\x01\x01" + caller.request()[2:])
    check("nor what is cut short", silent, caller.request()[:-1])
    check("nor noise", silent, bytes(range(256)))

    def unknown():
        answer = caller.send(caller.request(attributes=struct.pack(">HH", 0x0122, 0)))
        expect(answer[:2] == b"\x01\x11" and b"\x00\x00\x04\x14" in answer, answer)
        expect(caller.status()["state"] == "new", caller.status())
    check("what must be understood and is not: error 420, and no path", unknown)

    def validated():
        request = caller.request()
        answer = caller.send(request)
        mine = caller.socket.getsockname()
        mapped = struct.pack(">HHHHI", 0x20, 8, 1, mine[1] ^ 0x2112,
                             int.from_bytes(bytes(map(int, mine[0].split("."))), "big") ^ 0x2112A442)
        expect(answer[:2] == b"\x01\x01" and answer[4:20] == request[4:20] and answer[20:32] == mapped, answer)
        expect(caller.status()["state"] == "connecting", caller.status())
    check("a right request is, and says where it came from", validated)

    def answered():
        expect(caller.send(second) == b"", "to the second half alone")
        flight = caller.send(first, 5)
        expect(flight[:3] == b"\x16\xfe\xfd" and flight[13] == 2, "no ServerHello:", flight[:20])
    check("then DTLS is answered, in any order and without a cookie", answered)
    check("but not from another address", lambda: expect(
        Caller(server, offer()).send(first) == b"" and other.send(first) == b""))

    def hung_up():
        expect(server.ask("DELETE", caller.where)[0] == 200)
        expect(caller.status()["state"] == "closed" and caller.send(caller.request()) == b"")
        expect(other.status()["state"] == "new")
    check("a call that was hung up answers nothing any more", hung_up)


def full_house():
    server = Server(BUILD, "--max-calls", "2")
    first, second = Caller(server, offer()), Caller(server, offer())
    first.send(first.request())
    third = Caller(server, offer())  # nobody had come to the second
    expect(server.ask("GET", second.where)[0] == 404 and first.status()["state"] == "connecting")
    third.send(third.request())
    expect(server.ask("POST", "/calls", offer())[0] == 503)
    server.ask("DELETE", first.where)
    Caller(server, offer())
    expect(server.ask("GET", first.where)[0] == 404 and third.status()["state"] == "connecting")
    expect(server.end() == 0, "not ended as it should")


def connected(server, caller):
    server.wait(lambda event: event.get("id") == caller.where[7:] and event["state"] == "connected")


def stays_where_it_is():
    """Neither a request that was caught and sent again, nor one of another call, takes a path from a call."""
    server = Server(BUILD, "--media-host", "127.0.0.1")
    with tempfile.TemporaryDirectory() as room:
        client = Client(room)
        caller = Caller(server, re.sub(rb"a=fingerprint:.*\r\n", b"a=fingerprint:sha-256 " + client.fingerprint +
                                       b"\r\n", offer()))
        caught = caller.request(attributes=struct.pack(">HH", 0x25, 0))
        expect(caller.send(caught)[:2] == b"\x01\x01")
        client.begin(caller)
        connected(server, caller)
        client.kill()
    thief = Caller(server, offer())
    caller.send(thief.request())
    expect(thief.status()["state"] == "new", "a path of two calls")
    expect(thief.send(caught)[:2] == b"\x01\x01")  # ICE cannot know; media would have to come from there, too
    expect(server.ask("DELETE", f"/calls/{caller.ours}")[0] == 404, "the ufrag ends a call")
    expect(server.ask("DELETE", caller.where)[0] == 200)
    caller.socket.settimeout(5)
    until(lambda: caller.socket.recv(65536)[0] == 21)  # close_notify, behind copies of the last flight
    thief.socket.settimeout(0.3)
    try:
        expect(False, "it went to the thief:", thief.socket.recv(65536))
    except TimeoutError:
        pass
    expect(server.end() == 0)


def attempt(server, text):
    """A call, when there is room for one."""
    try:
        return Caller(server, text)
    except Failed:
        return None


def begins_anew():
    """A second handshake on the path of a call that has one is not for this call; and nothing of either is kept."""
    server = Server(BUILD, "--max-calls", "1", "--media-host", "127.0.0.1")
    with tempfile.TemporaryDirectory() as room:
        client = Client(room)
        theirs = re.sub(rb"a=fingerprint:.*\r\n", b"a=fingerprint:sha-256 " + client.fingerprint + b"\r\n", offer())
        for _ in range(2):
            caller = until(lambda: attempt(server, theirs))
            caller.send(caller.request())
            client.begin(caller)
            connected(server, caller)
            client.kill()
            client.begin(caller)
            time.sleep(1)
            client.kill()
            expect(caller.status()["state"] == "connected", caller.status())
            server.ask("DELETE", caller.where)
    expect(server.end() == 0)


def crowd(server):
    """More connections than one host may have, all gone at once: then it has to listen again."""
    links = [socket.create_connection(server.web, 20) for _ in range(300)]
    time.sleep(0.5)
    for link in links:
        link.close()

    def page():
        try:
            return server.ask("GET", "/")[0] == 200
        except OSError:
            return False
    until(page)


def over_tls():
    identity = f"{DATA}/identity"
    server = Server(BUILD, "--tls-cert", f"{identity}/rsa2048.pem")
    done = subprocess.run(["openssl", "s_client", "-quiet", "-connect", "%s:%d" % server.web],
                          input=b"GET / HTTP/1.0\r\n\r\n", capture_output=True, timeout=20, check=False)
    expect(b"<title>dtls-webrtc" in done.stdout, done)
    expect(server.end() == 0)


def given_up():
    """After 30 seconds without a browser (RFC 7675)."""
    event = main.wait(lambda event: event.get("id") == forgotten.where[7:] and event["state"] == "failed", 60)
    expect("30 seconds" in event["reason"], event)


# ---- with a browser ----

class Tab:
    """The page, in one tab."""

    def __init__(self, browser, server):
        self.browser, self.server = browser, server
        self.tab = browser.open(server.url + "/")

    def run(self, code):
        return self.browser.run(self.tab, code)

    def begin(self, before=""):
        self.run(before + ";at('button').click()")

    def where(self):
        return until(lambda: self.run("return where"))

    def words(self):
        return self.run("return at('words').textContent")

    def figures(self):
        return self.run("return pc && where ? await figures() : null") or {}

    def connected(self):
        try:
            until(lambda: self.figures().get("connection") == "connected", 30)
        except Failed as problem:
            raise Failed(f"{problem}: {self.words()}; {self.figures()}") from problem

    def hang_up(self):
        self.run("if (pc) at('button').click()")


def the_call(tab, profile, role):
    now, before = tab.figures(), tab.run("return window.atFirst")
    expect(now["connection"] == "connected" and now["dtls"] == "connected", now)
    expect(now["srtp"] in (profile, "SRTP_" + profile) and now["DTLS role"] == role, now)
    expect(now["suite"] in ("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
                            "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"), now)
    for way in ("sent", "received"):
        expect(now[way] - before[way] > 30 * CALL_S, before, now)
    expect(100 * now["lost"] <= now["received"], now)
    expect(now["fingerprint"].lower().endswith(":".join(re.findall("..", tab.run(
        "return /a=fingerprint:sha-256 (.*)/.exec(pc.remoteDescription.sdp)[1].replaceAll(':', '')"))).lower()), now)
    expect(tab.run("""return [...(await pc.getStats()).values()].filter(s => s.type == 'inbound-rtp' &&
        s.kind == 'video' && s.framesDecoded > 50).length"""), "no picture comes back")
    status = json.loads(tab.server.ask("GET", tab.where())[2])
    expect(status["state"] == "connected" and status["forged"] == 0 and status["received"] > 0, status)


def hang_up(tab):
    where = tab.where()
    tab.hang_up()
    event = tab.server.wait(lambda event: event.get("id") == where[7:] and event["state"] == "closed")
    expect(event["reason"] is None and event["received"] > 300 and event["sent"] > 300, event)


# The page's own requests, with one hexadecimal digit of a fingerprint changed on the way.
ANOTHER = "text.replace(/(a=fingerprint:sha-256 ..:)(.)/g, (all, front, digit) => front + (digit == '0' ? '1' : '0'))"
OFFER_CHANGED = f"""window.really ??= window.fetch; window.fetch = (where, how) => {{
    const change = text => {ANOTHER};
    return really(where, how?.body ? {{ ...how, body: change(how.body) }} : how); }}"""
ANSWER_CHANGED = f"""window.really ??= window.fetch; window.fetch = async (where, how) => {{
    const answer = await really(where, how), change = text => {ANOTHER};
    const changed = async () => new Response(change(await answer.text()), {{ status: 201, headers: answer.headers }});
    return how?.body ? changed() : answer; }}"""


def wrong_fingerprint(tab, change):
    known = {event.get("id") for event in tab.server.events}
    tab.begin(change)
    event = tab.server.wait(lambda event: event.get("id") not in known and event["state"] in ("failed", "closed"), 30)
    words = until(lambda: "ended" in tab.words() and tab.words())
    expect(event["received"] == 0 and event["sent"] == 0 and event["profile"] is None, event)
    expect("certificate" in (event["reason"] or ""), event)
    expect("failed" in words, words)
    tab.hang_up()


def reload_in_mid_call(tab):
    tab.begin()
    tab.connected()
    where = tab.where()
    tab.browser.go(tab.tab, tab.server.url + "/")
    tab.server.wait(lambda event: event.get("id") == where[7:] and event["state"] == "closed")
    tab.begin()
    tab.connected()
    until(lambda: tab.figures()["received"] > 50)


def many_tabs(browser, server, count):
    """With sound only; strangers send noise meanwhile. Each tab is a process, and what it does besides its call costs
    more than the call: nothing is played, figures are drawn when asked for, and who has been heard is silent until
    asked."""
    sound = """navigator.mediaDevices.getUserMedia = async () => { // Chromium has 16 false microphones
            const context = new AudioContext({ latencyHint: 'playback', sampleRate: 8000 });
            const voice = context.createOscillator(), out = context.createMediaStreamDestination();
            voice.connect(out);
            voice.start();
            return out.stream; }""" if isinstance(browser, Chromium) else """
        const really = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
        navigator.mediaDevices.getUserMedia = () => really({ audio: true }) /* without, Firefox shows no address */"""
    quiet = """; setInterval = () => {};
        Object.defineProperty(at('echo'), 'srcObject', { value: undefined, writable: true })"""
    speak = "await pc.getSenders()[0].replaceTrack(at('mine').srcObject.getTracks()[0])"
    silent = "await pc.getSenders()[0].replaceTrack(null)"
    tabs = []

    def heard(tab, more_than):
        until(lambda: tab.figures().get("received", 0) > more_than + 50)
        tab.run(silent)

    for _ in range(count):
        tabs.append(Tab(browser, server))
        tabs[-1].begin(sound + quiet)
        tabs[-1].where()  # a tab that nobody looks at gets no microphone
        tabs[-1].connected()
        heard(tabs[-1], 0)
    before = [tab.figures()["received"] for tab in tabs]
    stranger = Caller(server, offer())
    for noise in (b"", hello(0), stranger.request(password="x" * 22), bytes(1000), b"\x80\xc8" + bytes(60)):
        stranger.socket.send(noise)
        expect(server.ask("POST", "/calls", noise)[0] == 400)
    for tab in tabs:
        tab.run(speak)
    for tab, earlier in zip(tabs, before):
        heard(tab, earlier)
    for tab in tabs:
        expect(tab.figures()["connection"] == "connected", tab.figures())
        tab.hang_up()


def check_browser(browser):
    name = browser.version()
    servers = {"passive": Server(BUILD, "--srtp", "AEAD_AES_256_GCM"),
               "active": Server(BUILD, "--role", "active", "--srtp", "AES128_CM_HMAC_SHA1_80")}
    tabs = {role: Tab(browser, server) for role, server in servers.items()}
    for tab in tabs.values():
        tab.begin()
    for tab in tabs.values():
        until(lambda tab=tab: tab.figures().get("received", 0) > 0)
        tab.run("window.atFirst = await figures()")
    time.sleep(CALL_S)
    if os.environ.get("DTLS_PICTURE"):
        browser.picture(tabs["passive"].tab, os.environ["DTLS_PICTURE"])
    check(f"{name} as DTLS client: a call of {CALL_S} seconds", the_call, tabs["passive"], "AEAD_AES_256_GCM", "client")
    check(f"{name} as DTLS server: a call of {CALL_S} seconds, in another tab", the_call, tabs["active"],
          "AES128_CM_HMAC_SHA1_80", "server")
    for role, tab in tabs.items():
        check("  it hangs up", hang_up, tab)
    for role, tab in tabs.items():
        check(f"a wrong fingerprint in the offer, {role}: no media, and both say why", wrong_fingerprint, tab,
              OFFER_CHANGED)
        check(f"a wrong fingerprint in the answer, {role}: no media, and both say why", wrong_fingerprint, tab,
              ANSWER_CHANGED)
    check("the page is loaded again in mid-call", reload_in_mid_call, Tab(browser, servers["passive"]))
    check("20 tabs, and noise from strangers", many_tabs, browser, servers["passive"], 20)
    for role, server in servers.items():
        check(f"the {role} server ends when it is told to", lambda server=server: server.end() == 0)


in_a_network_of_our_own()
if not os.path.exists(f"{BUILD}/apps/webrtc/dtls-webrtc"):
    print("1..0 # SKIP libmicrohttpd was not there when this was built")
    sys.exit()
program = {"chromium": "chromium", "firefox": "firefox-esr"}.get(WHAT)
if program and not shutil.which(program):
    print(f"1..0 # SKIP {program} is not installed")
    sys.exit()
if program:
    with (Chromium if WHAT == "chromium" else Firefox)() as driven:
        check_browser(driven)
else:
    main = Server(BUILD)
    forgotten = Caller(main, offer())
    check_mistakes()
    check_http(main)
    check_stun(main)
    check("a full house", full_house)
    check("a client that begins anew", begins_anew)
    check("a call stays where it is", stays_where_it_is)
    check("the page over https", over_tls)
    check("a call that nobody comes to ends", given_up)
    check("it ends when it is told to", lambda: main.end() == 0)
print(f"1..{tests}")
sys.exit(failures > 0)
