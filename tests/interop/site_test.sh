#!/bin/bash
# site_test.sh SOURCE-DIRECTORY - the manual becomes a site without a warning, each page is there, and nothing in it leads
# nowhere.
set -u
cd "$1" || exit 1
. tests/lint/tap.sh
needs pandoc
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT

python3 docs/site.py . "$room/site" 2>&1 > "$room/said" | empty "the site is built, without a warning"
for page in docs/*.md include/dtls/*.h; do
    case $page in
    docs/README.md) file=index.html ;;
    docs/*) file=$(basename "$page" .md).html ;;
    *) file=reference/$(basename "$page").html ;;
    esac
    [ -s "$room/site/$file" ] || echo "there is no $file"
done | empty "each chapter and each header has its page"
grep -L 'href="reference/conn.h.html#dtls_conn_send"' "$room/site/concepts.html" 2>&1 |
    empty "a name in a chapter leads to its declaration"
finish
