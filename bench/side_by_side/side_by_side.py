"""side_by_side.py BUILD_DIR [OPTION...] - the same work on libdtls and on its peers, in one run: the programs of
bench/peers in turns, and bench/memory, bench/udp and bench/rehandshake, which do that by themselves. `--help` has the
options. Python's own library is all that it needs."""

import argparse
import datetime
import json
import os
import platform
import statistics
import subprocess
import sys

import draw

NAMES = ("records", "handshakes", "memory", "udp", "rehandshake")
OURS = ("libdtls", "libdtls+ipsec-mb")
TRIED = ("libdtls+libcrypto", "libdtls+stock")  # ours with other public-key operations, and keys made before
LIMITS = ("nettle", "kernel")  # nettle's functions, and the kernel's calls, alone
PEERS = ("openssl", "gnutls", "mbedtls", "wolfssl")
MORE_IS_BETTER = ("records/s",)
TITLES = {"libdtls": "libdtls", "libdtls+ipsec-mb": "libdtls, ipsec-mb",
          "libdtls+libcrypto": "libdtls, libcrypto's operations", "libdtls+stock": "libdtls, keys made before",
          "openssl": "OpenSSL", "gnutls": "GnuTLS", "mbedtls": "Mbed TLS", "wolfssl": "wolfSSL",
          "nettle": "nettle alone", "kernel": "the kernel alone"}

# What the Markdown table shows: what to call it, the bench, the case.
TABLE = (
    ("seal + open 160 bytes, AES-128-GCM", "records", "AES-128-GCM, 160 bytes: seal + open"),
    ("seal + open 1,200 bytes, AES-128-GCM", "records", "AES-128-GCM, 1200 bytes: seal + open"),
    ("seal + open 160 bytes, ChaCha20-Poly1305", "records", "ChaCha20-Poly1305, 160 bytes: seal + open"),
    ("seal + open 1,200 bytes, ChaCha20-Poly1305", "records", "ChaCha20-Poly1305, 1200 bytes: seal + open"),
    ("full handshake, P-256 ECDSA, x25519", "handshakes", "full, x25519: both"),
    ("full handshake, P-256 ECDSA, P-256", "handshakes", "full, P-256: both"),
    ("resumed handshake, by ticket", "handshakes", "resumed by ticket: both"),
    ("full rehandshake, started by the client", "rehandshake", "full, by the client: CPU of both ends"),
    ("abbreviated rehandshake, by the client", "rehandshake", "abbreviated, by the client: CPU of both ends"),
    ("heap, idle server, AES-128-GCM", "memory", "AES-128-GCM: server, idle"),
    ("heap, idle server, ChaCha20-Poly1305", "memory", "ChaCha20-Poly1305: server, idle"),
    ("UDP, 160 bytes, AES-128-GCM, 32 in a turn", "udp", "AES-128-GCM, 160 bytes, 32 in a turn"),
    ("UDP, 1,200 bytes, AES-128-GCM, 32 in a turn", "udp", "AES-128-GCM, 1200 bytes, 32 in a turn"),
    ("UDP, 160 bytes, AES-128-GCM, one in a turn", "udp", "AES-128-GCM, 160 bytes, 1 in a turn"),
)


class Mistake(Exception):
    """Of the user's, or a program that fails: one line."""


def progress(words):
    if sys.stderr.isatty():
        sys.stderr.write("\r\033[K" + words + ("" if words else "\r"))
        sys.stderr.flush()


def ask(words, **how):
    """The JSON objects that a program prints, one a line."""
    done = subprocess.run(words, capture_output=True, text=True, check=False, **how)
    if done.returncode:
        raise Mistake(f"{' '.join(words)}: {done.stderr.strip() or 'fails'}")
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


class Line(argparse.ArgumentParser):
    """A mistake is one line."""

    def error(self, message):
        raise Mistake(f"{message} (see --help)")


class Samples:
    """The values of each case and implementation, one for each round."""

    def __init__(self, bench):
        self.bench, self.values, self.about = bench, {}, {}

    def add(self, impl, version, case, value, unit):
        self.values.setdefault((case, impl), []).append(value)
        self.about[case, impl] = (version, unit)

    def rows(self):
        """With the median, and a spread: half of the values differ by so many per cent of it."""
        medians = {key: statistics.median(values) for key, values in self.values.items()}
        for (case, impl), value in medians.items():
            version, unit = self.about[case, impl]
            values, spread = self.values[case, impl], None
            if len(values) >= 3:
                quarters = statistics.quantiles(values, n=4, method="inclusive")
                spread = round(100 * (quarters[2] - quarters[0]) / value, 1) if value else 0
            pick = max if unit in MORE_IS_BETTER else min
            peers = [medians[case, peer] for peer in PEERS if (case, peer) in medians]
            limits = [medians[case, limit] for limit in LIMITS if (case, limit) in medians]
            if impl in ("libdtls+ipsec-mb", "libdtls+libcrypto"):  # what is not nettle's has not its limit
                limits = []
            yield {"bench": self.bench, "impl": impl, "version": version, "case": case, "value": round(value, 1),
                   "unit": unit, "spread_percent": spread,
                   "ratio_to_best_peer": round(value / pick(peers), 3) if peers and pick(peers) else None,
                   "ratio_to_limit": round(value / limits[0], 3) if limits else None}


class Benches:
    """One method for each bench."""

    def __init__(self, options):
        self.options, self.build = options, options.build
        self.programs = {}
        places = [("nettle", self.build, "bare"), ("libdtls", self.build, "peer-libdtls")]
        if options.mb:
            places.append(("libdtls+ipsec-mb", options.mb, "peer-libdtls"))
        places += [("libdtls+libcrypto", self.build, "peer-libdtls-libcrypto"),
                   ("libdtls+stock", self.build, "peer-libdtls-once")]
        places += [(peer, self.build, "peer-" + peer) for peer in PEERS]
        for impl, build, program in places:
            path = os.path.join(build, "bench/peers", program)
            if os.access(path, os.X_OK):
                self.programs[impl] = path
        if "libdtls" not in self.programs:
            raise Mistake(f"{self.build}: bench/peers is not there; built with -Dpeers=disabled?")

    def in_turns(self, bench, cases, rounds, ms):
        """Every implementation does a case before any does the next, and all of it again in each round."""
        samples = Samples(bench)
        for number in range(rounds):
            for place, case in enumerate(cases):
                progress(f"{bench}: round {number + 1} of {rounds}, case {place + 1} of {len(cases)}")
                for impl, program in self.programs.items():
                    if impl in case.get("not", ()):
                        continue
                    for row in ask([program, bench, *case["options"], "--ms", str(ms), "--json"]):
                        samples.add(impl, row["version"], row["case"], row["value"], row["unit"])
        return samples

    def records(self):
        cases = [{"options": ["--cipher", cipher, "--size", str(size)],
                  "not": TRIED + (("wolfssl",) if size > 1300 else ())}  # Debian's takes no larger ones
                 for cipher in ("aes-128-gcm", "chacha20-poly1305") for size in (64, 160, 512, 1200, 1400)]
        return self.in_turns("records", cases, 3 if self.options.quick else 9, 10 if self.options.quick else 50)

    def handshakes(self):
        cases = [{"options": ["--kind", kind], "not": ("nettle", *TRIED) if kind == "resumed" else ()}
                 for kind in ("x25519", "p256", "resumed")]
        return self.in_turns("handshakes", cases, 3 if self.options.quick else 9, 30 if self.options.quick else 150)

    def memory(self):
        samples = Samples("memory")
        places = [(self.build, None)] + ([(self.options.mb, "libdtls+ipsec-mb")] if self.options.mb else [])
        for build, impl in places:
            progress("memory")
            for row in ask([os.path.join(build, "bench/memory"), "--json"]):
                if row["value"] == 0 and row["impl"] in PEERS:
                    continue  # the malloc of a sanitizer, which gives no account
                if impl is None or row["impl"] == "libdtls":
                    samples.add(impl or row["impl"], row["version"], row["case"], row["value"], row["unit"])
        return samples

    def udp(self):
        samples, best = Samples("udp"), {}
        progress("udp: half a minute")
        cases = set()
        for row in ask([os.path.join(self.build, "bench/udp"), "--json"] + ["--quick"] * self.options.quick):
            what = f"{row['size']} bytes, {row['burst']} in a turn"
            if row["impl"] == "none":
                best[what] = max(best.get(what, (0, "")), (row["records_per_s"], row["version"]))
                continue
            case = row["cipher"].replace("CHACHA20-POLY1305", "ChaCha20-Poly1305") + ", " + what
            cases.add((case, what))
            samples.add(row["impl"], row["version"], case, row["records_per_s"], "records/s")
        for case, what in cases:
            samples.add("kernel", best[what][1], case, best[what][0], "records/s")
        return samples

    def rehandshake(self):
        samples = Samples("rehandshake")
        words = [os.path.join(self.build, "bench/rehandshake"), "--json"]
        words += ["--calls", "5", "--real-calls", "1"] if self.options.quick else []
        if self.options.plots:
            words += ["--plot", os.path.join(self.options.plots, "rehandshake.svg")]
        progress("rehandshake: " + ("a minute" if self.options.quick else "some minutes"))
        for row in ask(words):
            if row.get("clock") != "real" or row["loss"] != 0 or row["use"] != "careful" or not row["alive"]:
                continue
            case = f"{row['mode']}, by the {row['initiator']}"
            for what, value, unit in (("CPU of both ends", row["cpu_us"], "us"),
                                      ("records lost by it", row["lost_by_impl"], "records"),
                                      ("delay added to a record", row["added_gap_ms"], "ms")):
                if value is not None:
                    samples.add(row["impl"], row.get("version", ""), f"{case}: {what}", value, unit)
        return samples


# ---- what is printed ----

def machine():
    model = "unknown CPU"
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        for line in file:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    return f"{model}, {os.cpu_count()} cores, {platform.system()} {platform.release()}"


def number(value):
    return "" if value is None else f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def ratio(value):
    return "" if value is None else f"{value:.2f}"


def print_rows(rows):
    print(f"{'impl':<17} {'version':<20} {'case':<66} {'value':>11} {'unit':<9} {'spread':>7} {'to best peer':>13} "
          f"{'to limit':>8}")
    for row in rows:
        spread = "" if row["spread_percent"] is None else f"{row['spread_percent']:.1f} %"
        print(f"{row['impl']:<17} {row['version']:<20} {row['case']:<66} {number(row['value']):>11} {row['unit']:<9} "
              f"{spread:>7} {ratio(row['ratio_to_best_peer']):>13} {ratio(row['ratio_to_limit']):>8}")


def markdown(rows):
    """The table that the README quotes."""
    found = {(row["bench"], row["case"], row["impl"]): row for row in rows}
    versions = {row["impl"]: row["version"] for row in rows if row["version"]}
    said = ", ".join(f"{TITLES[impl]} {versions[impl]}" for impl in ("libdtls", "nettle", *PEERS) if impl in versions)
    lines = [f"{datetime.date.today()}, {machine()}; {said.replace('nettle alone', 'nettle')}.", "",
             "| | libdtls | with ipsec-mb | the best peer | libdtls to it | ipsec-mb to it | libdtls to the limit |",
             "|---|---|---|---|---|---|---|"]
    for words, bench, case in TABLE:
        ours, mb = (found.get((bench, case, impl)) for impl in OURS)
        peers = [found[bench, case, peer] for peer in PEERS if (bench, case, peer) in found]
        if not ours or not peers:
            continue
        pick = max if ours["unit"] in MORE_IS_BETTER else min
        best = pick(peers, key=lambda row: row["value"])
        unit = ours["unit"].replace("us", "µs")
        lines.append(f"| {words} | {number(ours['value'])} {unit} | {number(mb['value']) + ' ' + unit if mb else ''} | "
                     f"{TITLES[best['impl']]} {number(best['value'])} {unit} | {ratio(ours['ratio_to_best_peer'])} | "
                     f"{ratio(mb['ratio_to_best_peer']) if mb else ''} | {ratio(ours['ratio_to_limit'])} |")
    return "\n".join(lines) + "\n"


def plot(rows, directory):
    def of(bench):
        return [row for row in rows if row["bench"] == bench]

    for cipher in ("AES-128-GCM", "ChaCha20-Poly1305"):
        groups = {f"{size} bytes": {row["impl"]: row["value"] for row in of("records")
                                    if row["case"] == f"{cipher}, {size} bytes: seal + open"}
                  for size in (64, 160, 512, 1200, 1400)}
        draw.bars(os.path.join(directory, f"records-{cipher.lower()}.svg"), f"Seal + open a record, {cipher}",
                  "nanoseconds of CPU time", groups, TITLES)
    groups = {kind: {row["impl"]: row["value"] for row in of("handshakes") if row["case"] == kind + ": both"}
              for kind in ("full, x25519", "full, P-256", "resumed by ticket")}
    draw.bars(os.path.join(directory, "handshakes.svg"), "A handshake, both ends", "microseconds of CPU time", groups,
              TITLES)
    groups = {case.replace(": server, idle", ""): {row["impl"]: row["value"] for row in of("memory")
                                                   if row["case"] == case}
              for case in ("AES-128-GCM: server, idle", "ChaCha20-Poly1305: server, idle")}
    draw.bars(os.path.join(directory, "memory.svg"), "Heap of a server's connection at rest", "bytes", groups, TITLES)


def read_options():
    parser = Line(prog="side_by_side.py", usage="side_by_side.py BUILD_DIR [OPTION...]",
                  description="The same work on libdtls and on its peers, in one run.")
    parser.add_argument("build", metavar="BUILD_DIR", help="where bench/peers was built")
    parser.add_argument("--mb", metavar="BUILD_DIR", help="one with -Dipsec_mb=enabled, to be measured as well")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds: a minute or two in all")
    parser.add_argument("--only", metavar="NAME", choices=NAMES, action="append",
                        help=f"this bench alone, of {', '.join(NAMES)}; may be repeated")
    parser.add_argument("--json", metavar="FILE", help="one object a line: bench, impl, version, case, value, unit, "
                        "spread_percent, ratio_to_best_peer, ratio_to_limit")
    parser.add_argument("--markdown", metavar="FILE", help="the table that the README quotes")
    parser.add_argument("--plots", metavar="DIR", help="SVG pictures")
    options = parser.parse_args()
    for directory in filter(None, (options.build, options.mb, options.plots)):
        if not os.path.isdir(directory):
            raise Mistake(f"{directory} is no directory")
    for path in filter(None, (options.json, options.markdown)):
        with open(path, "w", encoding="utf-8"):  # better now than after some minutes
            pass
    return options


def measure(options):
    benches, rows = Benches(options), []
    print(f"# {machine()}")
    for name in options.only or NAMES:
        new = list(getattr(benches, name)().rows())
        progress("")
        print(f"\n# {name}")
        print_rows(new)
        rows += new
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            file.writelines(json.dumps(row) + "\n" for row in rows)
    if options.markdown:
        with open(options.markdown, "w", encoding="utf-8") as file:
            file.write(markdown(rows))
    if options.plots:
        plot(rows, options.plots)


def main():
    try:
        measure(read_options())
    except (Mistake, OSError) as problem:
        progress("")
        print(f"side_by_side.py: {problem}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
