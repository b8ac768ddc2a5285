"""reference_test.py SOURCE-DIRECTORY - every symbol of the public headers is explained where it is declared.

A comment explains what stands under it, up to the next blank line or the first that has a comment behind it, or what
stands in front of it on its line. That goes for functions, macros, types, fields of structs and values of enums.
Besides: a function that returns an int says which errors there may be, or where that is written, and what it has made
of *out then; and one that returns a pointer says when that is NULL, or that it never is. Prints TAP. It reads our
headers, as clang-format sets them, and not C in general.
"""
import collections
import pathlib
import re
import sys

TOKEN = re.compile(r'(?P<comment>/\*.*?\*/)|(?P<macro>^[ \t]*#(?:\\\n|(?!/\*)[^\n])*)|(?P<mark>[{};,()])', re.S | re.M)
HEADING = re.compile(r'/\* -{4} [^\n]* -{4} \*/$')
ERRORS = re.compile(r'DTLS_([A-Z]+_)?ERR_|errno|\b[Aa]s (in )?(dtls_\w|conn\.h|that|above)|[Ee]rrors (are|as|of dtls_)')
AFTERWARDS = re.compile(r'\*(out|conn) is (then )?(NULL|as it was)|\b[Aa]s (in )?dtls_\w')
NULLS = re.compile(r'\bNULL\b')

Symbol = collections.namedtuple('Symbol', 'kind name first last text')


class Header:
    """The symbols of one header, and where its comments are."""

    def __init__(self, path):
        self.path = path
        self.lines = path.read_text().splitlines()
        self.symbols = []
        self.above = {}   # the comment that ends on a line, if nothing else is on its lines
        self.behind = {}  # the comments that begin on a line, behind something else
        self.read(path.read_text())

    def read(self, text):
        scopes = ['file']
        code, at, first, last = '', 0, 0, 0
        for token in TOKEN.finditer(text):
            line = text.count('\n', 0, token.start()) + 1
            between, at = text[at:token.start()], token.end()
            if between.strip() and not code.strip():
                first = line - between.lstrip().count('\n')
            code += between
            if between.strip():
                last = line - between[len(between.rstrip()):].count('\n')
            word = token.group()
            if token.lastgroup == 'comment':
                self.comment(word, line, not self.lines[line - 1].split('/*')[0].strip())
            elif token.lastgroup == 'macro':
                self.macro(word, line)
            elif word in '()':
                last = line
                code += word
            elif word == '{':
                kind = re.search(r'\b(struct|enum)\b\s*(\w*)\s*$', code)
                scopes.append(kind.group(1) if kind else 'file')
                if kind and kind.group(2):
                    self.symbols.append(Symbol('type', kind.group(2), first, line, code))
                code = ''
            elif word == '}' or word == ';' or (word == ',' and scopes[-1] == 'enum'):
                self.declaration(scopes[-1], ' '.join(code.split()), first, last)
                code = ''
                if word == '}':
                    scopes.pop()
            else:
                code += word

    def comment(self, text, line, alone):
        if not alone:
            self.behind.setdefault(line, []).append(text)
        elif not HEADING.match(text):
            self.above[line + text.count('\n')] = text

    def macro(self, text, line):
        name = re.match(r'\s*#\s*define (\w+)', text)
        if name and not re.fullmatch(r'DTLS_\w+_H', name.group(1)):
            self.symbols.append(Symbol('macro', name.group(1), line, line + text.count('\n'), text))

    def declaration(self, scope, code, first, last):
        if not code:
            return
        if scope == 'enum':
            found = [('value', code.split()[0])]
        elif scope == 'struct':
            pointer = re.search(r'\(\*(\w+)\)\(', code)
            parts = [pointer.group(1)] if pointer else [re.sub(r'\[.*', '', part) for part in code.split(',')]
            found = [('field', part.split()[-1].lstrip('*')) for part in parts]
        elif code.startswith('typedef'):
            found = [('type', re.search(r'(\w+)( ?\(.*\))?$', code).group(1))]
        elif '(' in code:
            found = [('function', re.search(r'(\w+)\(', code).group(1))]
        else:
            found = [('type', code.split()[-1])]
        self.symbols += [Symbol(kind, name, first, last, code) for kind, name in found]

    def words(self, symbol):
        """What is said of a symbol, on one line."""
        return re.sub(r'\s*\n\s*\*?\s*', ' ', self.comments(symbol))

    def comments(self, symbol):
        said = ''.join(self.behind.get(symbol.last, []))
        for line in range(symbol.first - 1, 0, -1):
            text = self.lines[line - 1]
            if line in self.above:
                return self.above[line] + said
            ends = not text.strip() or text.startswith('}') or text.endswith('{') or HEADING.match(text)
            if ends or line in self.behind:
                break
        return said


def main():
    headers = [Header(path) for path in sorted(pathlib.Path(sys.argv[1]).glob('include/dtls/*.h'))]
    symbols = [(header, symbol, header.words(symbol)) for header in headers for symbol in header.symbols]
    explained = {symbol.name for _, symbol, words in symbols if words and symbol.kind == 'type'}
    tests = [
        ('every symbol of the public headers is explained',
         [(header, symbol) for header, symbol, words in symbols if not words and symbol.name not in explained]),
        ('a function that returns an int names its errors',
         [(header, symbol) for header, symbol, words in symbols if symbol.kind == 'function' and
          re.match(r'(DTLS_API )?int \w', symbol.text) and not ERRORS.search(words)]),
        ('one that makes something says what its *out is after an error',
         [(header, symbol) for header, symbol, words in symbols if symbol.kind == 'function' and
          re.match(r'(DTLS_API )?int \w', symbol.text) and '**' in symbol.text and not AFTERWARDS.search(words)]),
        ('a function that returns a pointer says when it is NULL',
         [(header, symbol) for header, symbol, words in symbols if symbol.kind == 'function' and
          re.search(r'\*\w+\(', symbol.text.split('(')[0] + '(') and not NULLS.search(words)]),
        ('and they were read: there are functions, types, fields, values and macros',
         [] if len(symbols) > 600 and {symbol.kind for _, symbol, _ in symbols} ==
         {'function', 'type', 'field', 'value', 'macro'} else [(headers[0], Symbol('?', str(len(symbols)), 0, 0, ''))]),
    ]
    for number, (sentence, wrong) in enumerate(tests, 1):
        print(f'{"not ok" if wrong else "ok"} {number} - {sentence}')
        for header, symbol in wrong:
            print(f'# {header.path.name}:{symbol.first}: {symbol.kind} {symbol.name}')
    print(f'1..{len(tests)}')
    return any(wrong for _, wrong in tests)


if __name__ == '__main__':
    sys.exit(main())
