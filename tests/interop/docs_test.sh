#!/bin/bash
# docs_test.sh SOURCE-DIRECTORY - the tests that docs/security.md names exist in the files it names, every one of
# tests/attacks/ is in it, no row is empty, and CHANGELOG.md counts them right.
set -u
source_dir=$1
cd "$source_dir" || exit 1
echo "1..4"

check() { # number words... : what follows must have succeeded
    if [ "$status" = 0 ]; then echo "ok $1 - $2"; else echo "not ok $1 - $2"; fi
}

named() { # file and name of each test in the document
    grep -o '"[^"]*" (`[a-z_]*\.c`)' docs/security.md | sed 's/^"\([^"]*\)" (`\([a-z_.]*\)`)$/\2 \1/'
}

unknown=$(named | while read -r file name; do
    grep -qF "{ \"$name\"," "tests/attacks/$file" || echo "# no such test: $name ($file)"
done)
echo "$unknown" | grep .
[ -z "$unknown" ] && [ "$(named | wc -l)" -ge 80 ]; status=$?
check 1 "the tests that docs/security.md names exist"

missing=$(grep -ho '{ "[^"]*: [^"]*",' tests/attacks/*.c | sed 's/^{ "//; s/",$//' | while read -r name; do
    grep -qF "\"$name\" (\`" docs/security.md || echo "# not in docs/security.md: $name"
done)
echo "$missing" | grep .
[ -z "$missing" ]; status=$?
check 2 "every test of an attack is in docs/security.md"

# A row has an attack, what it was, and a test or the reason why there is none.
empty=$(awk -F ' [|] ' '/^[|] / && !/^[|] attack [|]/ {
    rows++
    if (NF != 3 || $1 !~ /[0-9]/ || length($2) < 10 || $3 !~ /"[^"]+: [^"]+" \(`[a-z_]+\.c`\)|^cannot apply: [a-z]/)
        print "# " $0
}
END { if (rows < 80) print "# " rows " rows" }' docs/security.md)
echo "$empty" | grep .
[ -z "$empty" ]; status=$?
check 3 "no row of docs/security.md is empty"

# "N attacks, all but three of which ...; M cannot apply": the three are those of the section on resumption.
words=$(awk '/^### The rules of resumption/ { rules = 1 }
/^[|] / && !/^[|] attack [|]/ { rows++; ours += rules; cannot += / [|] cannot apply: / }
END { print rows " attacks, all but " (ours == 3 ? "three" : ours) " of which .*; " cannot " cannot apply," }' docs/security.md)
tr -s '\n ' '  ' <CHANGELOG.md | grep -q "$words" || { echo "# not in CHANGELOG.md: $words"; false; }; status=$?
check 4 "CHANGELOG.md says how many attacks there are"
