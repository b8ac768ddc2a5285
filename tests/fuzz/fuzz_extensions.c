/* fuzz_extensions.c - any bytes as the extensions of a hello: what can be read can be written and read again, the
 * same. */
#include "messages/extensions.h"
#include "tests/fuzz/fuzz.h"

static void check_same(const struct dtls_extensions *a, const struct dtls_extensions *b)
{
    FUZZ_CHECK(a->has_groups == b->has_groups && dtls_bytes_equal(a->groups, b->groups));
    FUZZ_CHECK(a->has_point_formats == b->has_point_formats && dtls_bytes_equal(a->point_formats, b->point_formats));
    FUZZ_CHECK(a->has_schemes == b->has_schemes && dtls_bytes_equal(a->schemes, b->schemes));
    FUZZ_CHECK(a->extended_master_secret == b->extended_master_secret);
    FUZZ_CHECK(a->has_max_fragment_length == b->has_max_fragment_length &&
               a->max_fragment_length == b->max_fragment_length);
    FUZZ_CHECK(a->has_srtp == b->has_srtp && dtls_bytes_equal(a->srtp_profiles, b->srtp_profiles) &&
               dtls_bytes_equal(a->srtp_mki, b->srtp_mki));
    FUZZ_CHECK(a->has_heartbeat == b->has_heartbeat && a->heartbeat_mode == b->heartbeat_mode);
    FUZZ_CHECK(a->has_record_size_limit == b->has_record_size_limit && a->record_size_limit == b->record_size_limit);
    FUZZ_CHECK(a->has_server_name == b->has_server_name && dtls_bytes_equal(a->server_name, b->server_name));
    FUZZ_CHECK(a->has_alpn == b->has_alpn && dtls_bytes_equal(a->alpn, b->alpn));
    FUZZ_CHECK(a->has_client_types == b->has_client_types && a->has_server_types == b->has_server_types);
    FUZZ_CHECK(dtls_bytes_equal(a->client_types, b->client_types) &&
               dtls_bytes_equal(a->server_types, b->server_types));
    FUZZ_CHECK(a->has_ticket == b->has_ticket && dtls_bytes_equal(a->ticket, b->ticket));
    FUZZ_CHECK(a->has_renegotiation_info == b->has_renegotiation_info &&
               dtls_bytes_equal(a->renegotiation_info, b->renegotiation_info));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct dtls_reader from = dtls_reader_of((struct dtls_bytes){ data, len });
    struct dtls_extensions extensions, again;

    dtls_extensions_read(&from, &extensions);
    if (from.broken || (extensions.has_type_lists && extensions.has_type_answers))
        return 0; /* or a hello with types in both forms, which either end refuses and nobody writes */
    struct dtls_writer to = fuzz_writer(len);
    dtls_extensions_write(&to, &extensions);
    FUZZ_CHECK(!to.broken);
    struct dtls_reader written = dtls_reader_of(dtls_writer_bytes(&to));
    dtls_extensions_read(&written, &again);
    FUZZ_CHECK(dtls_reader_finished(&written) && !again.has_unknown);
    check_same(&extensions, &again);
    free(to.at);
    return 0;
}
