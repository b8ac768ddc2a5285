#!/bin/bash
# manual_test.sh SOURCE-DIRECTORY - what the documents say about each other and about the code can be found there: names,
# links, errors, paths.
set -u
export LC_ALL=C.UTF-8
cd "$1" || exit 1
. tests/lint/tap.sh

documents=(README.md docs/*.md)

# ---- names: of the library, and of nobody else ----

strip_comments() { # from what comes in
    awk '{
        for (line = $0; line != ""; ) {
            if (inside) {
                if (!(at = index(line, "*/")))
                    break
                line = substr(line, at + 2)
                inside = 0
            } else if ((at = index(line, "/*"))) {
                printf "%s ", substr(line, 1, at - 1)
                line = substr(line, at + 2)
                inside = 1
            } else {
                printf "%s", line
                break
            }
        }
        print ""
    }'
}
words() { # in what comes in
    grep -oE '\b(dtls|DTLS)_[A-Za-z0-9_]+' | sort -u
}
public=$(cat include/dtls/*.h | strip_comments | words)
private=$(find libdtls -name '*.[ch]' -exec cat {} + | strip_comments | words)

# Names of OpenSSL that begin as ours do; a variable of meson.
others='DTLS_client_method DTLS_server_method DTLS_set_link_mtu DTLS_get_data_mtu DTLS_set_timer_cb dtls_ev_dep'

for document in "${documents[@]}"; do
    known="$public"$'\n'${others// /$'\n'}
    case $document in
    docs/design.md | docs/architecture.md) known+=$'\n'$private ;; # these are about the inside
    esac
    words < "$document" | grep -vxF "$known" | while read -r word; do
        # the beginning of several names: DTLS_ERR_*
        [[ $word == *_ ]] && grep -q "^$word." <<< "$known" || echo "$document: $word"
    done
done | empty "each name of ours in the documents is declared in a public header"

# ---- links ----

anchors() { # of the headings of DOCUMENT, as GitHub and pandoc make them
    awk '/^```/ { code = !code } !code && /^#+ / {
        sub(/^#+ /, "")
        gsub(/`/, "")
        line = tolower($0)
        gsub(/[^a-z0-9_ -]/, "", line)
        gsub(/ /, "-", line)
        print count[line]++ ? line "-" count[line] - 1 : line
    }' "$1"
}
links() { # of DOCUMENT: what stands in [...](...), without code
    awk '/^```/ { code = !code } !code' "$1" | grep -oE '\]\([^)]+\)' | sed 's/^](//; s/)$//'
}

for document in "${documents[@]}"; do
    links "$document" | grep -vE '^https?:' | while read -r link; do
        file=${link%%#*} anchor=
        [[ $link == *#* ]] && anchor=${link#*#}
        target=$document
        [[ $file ]] && target=$(dirname "$document")/$file
        if [ ! -e "$target" ]; then
            echo "$document: there is no $file"
        elif [[ $anchor ]] && ! anchors "$target" | grep -qxF -- "$anchor"; then
            echo "$document: there is no #$anchor in $target"
        fi
    done
done | empty "each link between documents leads somewhere"

{
    for chapter in docs/*.md; do
        [ "$chapter" = docs/README.md ] || grep -qF "](${chapter#docs/})" docs/README.md || echo "$chapter"
    done
    grep -qF '](docs/README.md)' README.md || echo "README.md does not name docs/README.md"
} | empty "each chapter is in docs/README.md"

# ---- porting.md: the calls of other libraries that concern a rehandshake, and what stands around them ----

for call in SSL_renegotiate SSL_renegotiate_abbreviated SSL_renegotiate_pending SSL_do_handshake SSL_read_ex SSL_write_ex \
    SSL_key_update SSL_get_key_update_type gnutls_rehandshake gnutls_safe_renegotiation_status \
    gnutls_handshake_set_timeout gnutls_dtls_set_timeouts GNUTLS_E_LARGE_PACKET GNUTLS_E_GOT_APPLICATION_DATA \
    gnutls_handshake GNUTLS_E_REHANDSHAKE GNUTLS_E_WARNING_ALERT_RECEIVED GNUTLS_E_AGAIN GNUTLS_E_INTERRUPTED \
    GNUTLS_A_NO_RENEGOTIATION GNUTLS_ALLOW_ID_CHANGE gnutls_record_recv gnutls_record_get_direction \
    gnutls_error_is_fatal gnutls_transport_set_pull_timeout_function gnutls_session_set_data \
    gnutls_db_set_remove_function gnutls_db_set_retrieve_function gnutls_db_set_store_function gnutls_db_set_ptr \
    gnutls_db_set_cache_expiration gnutls_session_ticket_enable_server gnutls_session_set_verify_cert \
    gnutls_certificate_set_verify_function gnutls_certificate_verify_peers3 gnutls_session_key_update \
    wolfSSL_Rehandshake wolfSSL_SecureResume wolfSSL_read wolfSSL_write wolfSSL_connect wolfSSL_accept \
    wolfSSL_get_error APP_DATA_READY SSL_CTX_new SSL_CTX_use_certificate_chain_file SSL_set_mtu DTLSv1_get_timeout \
    DTLSv1_handle_timeout DTLSv1_listen SSL_CTX_set_verify SSL_set1_host SSL_export_keying_material \
    SSL_set_tlsext_use_srtp SSL_shutdown gnutls_init gnutls_dtls_set_mtu gnutls_dtls_get_data_mtu \
    gnutls_dtls_get_timeout gnutls_dtls_cookie_send gnutls_dtls_cookie_verify gnutls_bye gnutls_srtp_set_profile \
    gnutls_srtp_get_keys wolfSSL_dtls_set_mtu wolfSSL_dtls_got_timeout wolfSSL_CTX_new; do
    grep '^| ' docs/porting.md | cut -d '|' -f 2 | grep -q "\`$call\`" || echo "$call"
done | empty "docs/porting.md has a row for each call that is to be replaced"

# ---- trouble.md: every error, and every reason to drop a record ----

cat include/dtls/*.h | grep -oE '^ +DTLS_([A-Z]+_)?ERR_[A-Z0-9_]+ = -[0-9]+' |
    sed 's/ *//; s/ = / /' | while read -r name number; do
    grep -qF "| \`$name\` ($number) | " docs/trouble.md || echo "$name ($number)"
done | empty "docs/trouble.md has a row for each error, with its number"

awk '/^enum dtls_drop \{/ { inside = 1; next } /^\}/ { inside = 0 } inside && !/DTLS_DROP_COUNT/' include/dtls/conn.h |
    grep -oE '^ +DTLS_DROP_[A-Z_]+' | while read -r name; do
    grep -qF "| \`$name\` | " docs/trouble.md || echo "$name"
done | empty "docs/trouble.md has a row for each reason to drop a record"

grep '^| `DTLS_' docs/trouble.md | grep -oE 'DTLS_[A-Z_0-9]+`' | sort | uniq -d |
    empty "no error has two rows"

# ---- design.md and architecture.md: the house as it stands ----

rooms=$(sed -n '/^## 4\. /,/^## 5\. /p' docs/design.md)
find libdtls -name '*.[ch]' | sed 's/.*\///; s/\.[ch]$//' | sort -u | while read -r room; do
    grep -qw -- "$room" <<< "$rooms" || echo "$room"
done | empty "each room of libdtls/ is in section 4 of docs/design.md"

grep -oE '`(libdtls|include|apps|tests|bench|examples|docs)/[A-Za-z0-9_./-]*`' docs/architecture.md | tr -d '`' |
    sort -u | while read -r path; do
    [ -e "$path" ] || echo "there is no $path"
done | empty "each path in docs/architecture.md exists"

# Files of libdtls/ without a folder's name in front, as `conn/input.c`; and functions that have no prefix.
grep -oE '`[a-z]+/[a-z0-9_]+\.[ch]`' docs/architecture.md | tr -d '`' | sort -u | while read -r path; do
    [ -e "libdtls/$path" ] || [ -e "$path" ] || [ -e "include/$path" ] || echo "there is no $path"
done | empty "and each file of libdtls/"
grep -oE '\b[a-z][a-z0-9_]*\(\)' docs/architecture.md | tr -d '()' | sort -u | while read -r name; do
    grep -rqE "\b$name\(" libdtls include || echo "$name()"
done | empty "each function() in docs/architecture.md exists"
for folder in libdtls/*/; do
    grep -qF "**$(basename "$folder")/**" docs/architecture.md || echo "$folder"
done | empty "and each folder of libdtls/ is there"
finish
