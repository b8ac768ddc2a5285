#!/bin/bash
# format_test.sh SOURCE-DIRECTORY - every C file is as clang-format leaves it.
#
# Versions of clang-format differ in what they make of the same .clang-format (19 sets macros and anonymous structs in
# another way than 14), so the one that the files were set with decides, Debian 12's; any other is a skip.
set -u
cd "$1" || exit 1
. tests/lint/tap.sh
needs clang-format

wanted=14
version=$(clang-format --version | sed 's/.*version \([0-9]*\).*/\1/')
if [ "$version" != $wanted ]; then
    echo "1..0 # SKIP the files are set by clang-format $wanted, and this is $version: it sets them otherwise"
    exit 0
fi

find apps bench examples include libdtls tests -name '*.[ch]' -o -name '*.cc' | sort |
    xargs clang-format --dry-run -Werror 2>&1 | empty "clang-format $wanted would change nothing"
finish
