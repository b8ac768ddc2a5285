"""site.py SOURCE_DIR OUT_DIR - the manual as a small site: the chapters by pandoc, and a page for each public header,
whose comments are the reference. A name of ours in a chapter or in a header leads to its declaration. What leads
nowhere, and each warning of pandoc, is an error."""

import html
import os
import re
import shutil
import subprocess
import sys

NAME = re.compile(r"\b(?:dtls|DTLS)_[A-Za-z0-9_]+\b")

PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} - libdtls</title>
<link rel="stylesheet" href="{up}style.css">
</head>
<body>
<nav>
<p><a href="{up}index.html">libdtls</a></p>
<ul>
{chapters}
</ul>
<p>Reference</p>
<ul>
{headers}
</ul>
</nav>
<main>
{body}
</main>
</body>
</html>
"""

STYLE = """:root { color-scheme: light dark; }
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; display: flex; flex-wrap: wrap; }
nav { flex: 0 0 13rem; padding: 1rem; }
nav ul { list-style: none; margin: 0; padding: 0 0 0 .5rem; }
main { flex: 1 1 30rem; min-width: 0; max-width: 64rem; padding: 1rem; }
pre { overflow-x: auto; padding: .5rem; background: #8882; font-size: 13px; line-height: 1.4; }
table { border-collapse: collapse; display: block; overflow-x: auto; }
th, td { border: 1px solid #8888; padding: .2rem .5rem; text-align: left; vertical-align: top; }
img { max-width: 100%; }
a { text-decoration: none; }
a:hover { text-decoration: underline; }
.comment { opacity: .75; }
:target { background: #fd08; }
"""


def die(message):
    sys.exit(f"docs: {message}")


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


class Site:
    def __init__(self, source, out):
        self.source = source
        self.out = out
        index = read(os.path.join(source, "docs/README.md"))
        self.chapters = [name for name in re.findall(r"\]\(([a-z-]+\.md)\)", index)]
        self.headers = sorted(os.listdir(os.path.join(source, "include/dtls")))
        self.texts = {name: read(os.path.join(source, "include/dtls", name)) for name in self.headers}
        self.declared = self.find_declarations()  # of each name: the header
        self.pages = {"README.md": "readme.html", "docs/README.md": "index.html", "CHANGELOG.md": "changes.html"}
        self.pages.update({f"docs/{name}": name.replace(".md", ".html") for name in self.chapters})
        self.pages.update({f"include/dtls/{name}": f"reference/{name}.html" for name in self.headers})

    # ---- names ----

    def find_declarations(self):
        """A definition counts more than a mention; where there is none, the header with the most verbs of a name."""
        name = "(" + NAME.pattern.replace(r"\b", "") + ")"
        kinds = [re.compile(kind, re.MULTILINE) for kind in (
            rf"(?:struct|enum) {name} \{{", rf"#define {name}\b", rf"typedef [^;(]*?\b{name}[(;]",
            rf"^DTLS_API [^;]*?\b{name}\(")]
        codes = {header: re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL) for header, text in self.texts.items()}
        declared = {}
        for kind in kinds:
            for header, code in codes.items():
                for found in kind.findall(code):
                    declared.setdefault(found, header)
        for header, code in codes.items():
            for body in re.findall(r"^(?:typedef )?enum [a-z_]*\s*\{([^}]*)\}", code, re.MULTILINE):
                for found in re.findall(rf"{name}\s*(?:=|,|$)", body):
                    declared.setdefault(found, header)
        opaque = {found for code in codes.values() for found in re.findall(rf"^struct {name};", code, re.MULTILINE)}
        for found in sorted(opaque):
            with_it = [header for header, code in codes.items() if f"struct {found};" in code]
            declared.setdefault(found, max(with_it, key=lambda header: codes[header].count(found + "_")))
        return declared

    def linked(self, text, up):
        """`text`, which is HTML, with its names leading to their declarations."""
        def link(match):
            header = self.declared.get(match.group())
            return match.group() if header is None else \
                f'<a href="{up}reference/{header}.html#{match.group()}">{match.group()}</a>'
        return NAME.sub(link, text)

    # ---- pages ----

    def page(self, path, title, body):
        up = "../" * path.count("/")
        chapters = "\n".join(f'<li><a href="{up}{self.pages["docs/" + name]}">{name[:-3]}</a></li>'
                             for name in self.chapters)
        headers = "\n".join(f'<li><a href="{up}reference/{name}.html">{name}</a></li>' for name in self.headers)
        write(os.path.join(self.out, path),
              PAGE.format(title=html.escape(title), up=up, chapters=chapters, headers=headers, body=body))

    def target(self, document, link):
        """Where a link of a document leads on the site; a file that is no page comes along as it is."""
        path, _, anchor = link.partition("#")
        if re.match(r"[a-z]+:", link) or not path:
            return link
        path = os.path.normpath(os.path.join(os.path.dirname(document), path))
        page = self.pages.get(path)
        if page is None:
            if not os.path.isfile(os.path.join(self.source, path)):
                die(f"{document}: there is no {path}")
            page = f"files/{path}"
            os.makedirs(os.path.dirname(os.path.join(self.out, page)), exist_ok=True)
            shutil.copy(os.path.join(self.source, path), os.path.join(self.out, page))
        return page + ("#" + anchor if anchor else "")

    def chapter(self, document):
        done = subprocess.run(["pandoc", "--from=gfm", "--to=html5", "--no-highlight", "--wrap=preserve",
                               "--fail-if-warnings", os.path.join(self.source, document)],
                              capture_output=True, text=True, check=False)
        if done.returncode != 0 or done.stderr:
            die(f"{document}: pandoc: {done.stderr.strip()}")
        body = re.sub(r'(href|src)="([^"]*)"',
                      lambda at: f'{at[1]}="{self.target(document, html.unescape(at[2]))}"', done.stdout)
        body = re.sub(r"(?<!<pre>)(?<!\">)<code>([^<]*)</code>",
                      lambda at: f"<code>{self.linked(at[1], '')}</code>", body)
        title = re.search(r"<h1[^>]*>(.*?)</h1>", body, re.DOTALL)
        self.page(self.pages[document], html.unescape(re.sub(r"<[^>]*>", "", title[1])), body)

    def header(self, name):
        """The header as it is: names that are declared here can be led to, all others lead elsewhere."""
        anchored = set()

        def declare(match):
            word = match.group()
            if self.declared.get(word) != name or word in anchored:
                return self.linked(word, "../")
            anchored.add(word)
            return f'<b id="{word}">{word}</b>'

        parts = []
        for piece in re.split(r"(/\*.*?\*/)", self.texts[name], flags=re.DOTALL):
            text = html.escape(piece, quote=False)
            parts.append(f'<span class="comment">{self.linked(text, "../")}</span>' if piece.startswith("/*")
                         else NAME.sub(declare, text))
        self.page(f"reference/{name}.html", f"dtls/{name}", f"<h1>dtls/{name}</h1>\n<pre>{''.join(parts)}</pre>")
        for word, where in self.declared.items():
            if where == name and word not in anchored:
                die(f"{name}: {word} was not found again")

    # ---- all of it ----

    def check(self):
        texts = {}
        for folder, _, files in os.walk(self.out):
            for file in files:
                if file.endswith(".html"):
                    path = os.path.join(folder, file)
                    texts[path] = read(path)
        ids = {path: set(re.findall(r'id="([^"]*)"', text)) for path, text in texts.items()}
        for path, text in texts.items():
            for link in re.findall(r'(?:href|src)="([^"]*)"', text):
                file, _, anchor = link.partition("#")
                to = os.path.normpath(os.path.join(os.path.dirname(path), file)) if file else path
                if not re.match(r"[a-z]+:", link) and \
                        (not os.path.isfile(to) or (anchor and to in ids and anchor not in ids[to])):
                    die(f"{os.path.relpath(path, self.out)}: {link} leads nowhere")
        return len(texts)

    def build(self):
        if os.path.exists(self.out):
            if not os.path.isfile(os.path.join(self.out, "style.css")):
                die(f"{self.out} is there, and is no site of ours")
            shutil.rmtree(self.out)
        write(os.path.join(self.out, "style.css"), STYLE)
        for document in self.pages:
            if document.endswith(".md"):
                self.chapter(document)
        for name in self.headers:
            self.header(name)
        return self.check()


def main():
    if len(sys.argv) != 3:
        die("usage: site.py SOURCE_DIR OUT_DIR")
    if shutil.which("pandoc") is None:
        die("pandoc is not installed")
    pages = Site(sys.argv[1], sys.argv[2]).build()
    print(f"docs: {pages} pages in {sys.argv[2]}/index.html")


main()
