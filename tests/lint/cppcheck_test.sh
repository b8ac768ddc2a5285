#!/bin/bash
# cppcheck_test.sh SOURCE-DIRECTORY - cppcheck finds nothing in libdtls/ and apps/. Beside it: what it is told to leave
# out (cppcheck.suppress), and what it cannot know (cppcheck.cfg).
set -u
cd "$1" || exit 1
. tests/lint/tap.sh
needs cppcheck

read_all() {
    cppcheck --quiet -j "$(nproc)" --std=c11 --enable=warning,style,performance,portability \
        --library=posix --library=tests/lint/cppcheck.cfg --suppressions-list=tests/lint/cppcheck.suppress \
        -I . -I include -I libdtls --template='{file}:{line}: {severity}: {message} [{id}]' apps libdtls
}
{ read_all 2>&1 || echo "cppcheck ended with $?"; } |
    empty "cppcheck finds nothing in libdtls/ and apps/"
finish
