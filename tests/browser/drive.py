"""drive.py - a headless Chromium or Firefox that opens pages and runs JavaScript in them: over Chromium's DevTools
protocol on a pipe, and Firefox's Marionette on loopback. Python's own library is all that it needs."""

import base64
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time

PATIENCE_S = 60  # for one answer


class Failed(Exception):
    """The browser said no, or nothing."""


class Browser:
    """One process with a profile of its own. `with` ends it and removes the profile."""

    def __init__(self, name):
        self.profile = tempfile.mkdtemp(prefix=name)
        self.process = None
        self.last = 0  # number of the last question

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *unused):
        if self.process:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.profile, ignore_errors=True)

    def spawn(self, words, **more):
        where = {"HOME": self.profile, "XDG_RUNTIME_DIR": self.profile, "MOZ_HEADLESS": "1",
                 "DBUS_SESSION_BUS_ADDRESS": ""}
        words = ["nice", *words]  # many tabs on few processors must not starve the server that they call
        self.process = subprocess.Popen(words, env={**os.environ, **where}, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **more)


class Chromium(Browser):
    """Tabs are DevTools sessions."""

    def __init__(self):
        super().__init__("chromium")
        self.kept = b""

    def start(self):
        (their_in, self.out), (self.into, their_out) = os.pipe(), os.pipe()

        def place():  # DevTools reads descriptor 3 and writes 4
            spare = [os.dup2(their_in, 20), os.dup2(their_out, 21)]
            os.dup2(spare[0], 3)
            os.dup2(spare[1], 4)

        self.spawn(["chromium", "--headless=new", "--no-sandbox", "--remote-debugging-pipe", "--disable-gpu",
                    "--window-size=860,960", "--disable-dev-shm-usage", "--no-first-run",
                    "--renderer-process-limit=3", "--use-fake-device-for-media-stream",
                    "--use-fake-ui-for-media-stream", "--autoplay-policy=no-user-gesture-required",
                    "--user-data-dir=" + self.profile, "about:blank"], preexec_fn=place, close_fds=False)
        os.close(their_in)
        os.close(their_out)
        self.ask("Browser.getVersion")

    def ask(self, method, session=None, **params):
        self.last += 1
        question = {"id": self.last, "method": method, "params": params}
        if session:
            question["sessionId"] = session
        os.write(self.out, json.dumps(question).encode() + b"\0")
        while True:
            answer = self.read()
            if answer.get("id") == self.last:
                if "error" in answer:
                    raise Failed(answer["error"]["message"])
                return answer["result"]

    def read(self):
        while b"\0" not in self.kept:
            got = os.read(self.into, 1 << 20)
            if not got:
                raise Failed("Chromium has gone")
            self.kept += got
        message, self.kept = self.kept.split(b"\0", 1)
        return json.loads(message)

    def version(self):
        return self.ask("Browser.getVersion")["product"]

    def open(self, url):
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        tab = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.go(tab, url)
        return tab

    def go(self, tab, url):
        self.ask("Page.navigate", tab, url=url)
        until(lambda: self.run(tab, "return location.href != 'about:blank' && document.readyState == 'complete'"))

    def run(self, tab, code):
        """The value of the body of an async function."""
        answer = self.ask("Runtime.evaluate", tab, expression="(async () => {" + code + "})()", awaitPromise=True,
                          returnByValue=True)
        if "exceptionDetails" in answer:
            raise Failed(answer["exceptionDetails"].get("exception", {}).get("description", "an exception"))
        return answer["result"].get("value")

    def picture(self, tab, path):
        with open(path, "wb") as file:
            file.write(base64.b64decode(self.ask("Page.captureScreenshot", tab)["data"]))


class Firefox(Browser):
    """Tabs are window handles."""

    def __init__(self):
        super().__init__("firefox")
        self.link = None

    def start(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        prefs = {"marionette.port": port, "media.navigator.streams.fake": True,
                 "media.navigator.permission.disabled": True, "media.autoplay.default": 0,
                 "app.update.enabled": False, "network.captive-portal-service.enabled": False,
                 "datareporting.policy.dataSubmissionEnabled": False, "browser.shell.checkDefaultBrowser": False,
                 "network.connectivity-service.enabled": False, "browser.tabs.remote.autostart": True,
                 "media.peerconnection.ice.obfuscate_host_addresses": False}
        with open(os.path.join(self.profile, "user.js"), "w", encoding="ascii") as file:
            for name, value in prefs.items():
                file.write(f'user_pref("{name}", {json.dumps(value)});\n')
        self.spawn(["firefox-esr", "--headless", "--marionette", "--no-remote", "--profile", self.profile,
                    "--width", "1000", "--height", "900"])
        until(lambda: self.connect(port))
        self.read()  # its greeting
        self.about = self.ask("WebDriver:NewSession", capabilities={})["capabilities"]
        self.ask("WebDriver:SetTimeouts", script=PATIENCE_S * 1000)
        self.first = self.ask("WebDriver:GetWindowHandle")["value"]

    def connect(self, port):
        try:
            self.link = socket.create_connection(("127.0.0.1", port), PATIENCE_S).makefile("rwb")
        except OSError:
            return False
        return True

    def read(self):
        length = b""
        while not length.endswith(b":"):
            got = self.link.read(1)
            if not got:
                raise Failed("Firefox has gone")
            length += got
        return json.loads(self.link.read(int(length[:-1])))

    def ask(self, command, **params):
        self.last += 1
        question = json.dumps([0, self.last, command, params]).encode()
        self.link.write(b"%d:%s" % (len(question), question))
        self.link.flush()
        _, _, error, value = self.read()
        if error:
            raise Failed(error["message"])
        return value

    def version(self):
        return "Firefox/" + self.about["browserVersion"]

    def open(self, url):
        tab = self.ask("WebDriver:NewWindow", type="tab")["handle"]
        self.go(tab, url)
        return tab

    def go(self, tab, url):
        self.ask("WebDriver:SwitchToWindow", handle=tab)
        self.ask("WebDriver:Navigate", url=url)

    def run(self, tab, code):
        self.ask("WebDriver:SwitchToWindow", handle=tab)
        page = ("(async () => {" + code + "})().then(value => JSON.stringify({ value }), "
                "error => JSON.stringify({ error: String(error) }))")
        script = "let tell = arguments[1]; window.eval(arguments[0]).then(text => tell(text));"
        answer = json.loads(self.ask("WebDriver:ExecuteAsyncScript", args=[page], script=script)["value"])
        if "error" in answer:
            raise Failed(answer["error"])
        return answer.get("value")

    def picture(self, tab, path):
        self.ask("WebDriver:SwitchToWindow", handle=tab)
        with open(path, "wb") as file:
            file.write(base64.b64decode(self.ask("WebDriver:TakeScreenshot", full=False)["value"]))


def until(question, limit_s=PATIENCE_S):
    """Asks until the answer is something, which it returns."""
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        answer = question()
        if answer:
            return answer
        time.sleep(0.1)
    raise Failed("waited in vain")
