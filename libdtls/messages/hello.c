/* hello.c - the three hellos between bytes and struct. Knows their shape; versions, suites and cookies are judged
 * in handshake/ and endpoint/. */
#include "messages/hello.h"

static struct dtls_bytes read_session_id(struct dtls_reader *from)
{
    struct dtls_bytes session_id = dtls_read_vec8(from);

    if (session_id.len > DTLS_MAX_SESSION_ID)
        dtls_reader_break(from);
    return session_id;
}

static void read_start(struct dtls_reader *from, struct dtls_client_hello *hello)
{
    hello->version = dtls_read_u16(from);
    hello->random = dtls_read_bytes(from, DTLS_HELLO_RANDOM_LEN);
    hello->session_id = read_session_id(from);
    hello->cookie = dtls_read_vec8(from);
}

int dtls_client_hello_read(struct dtls_bytes body, struct dtls_client_hello *out)
{
    struct dtls_reader from = dtls_reader_of(body);
    struct dtls_client_hello hello = { 0 };

    read_start(&from, &hello);
    hello.suites = dtls_read_u16_list(&from);
    hello.compressions = dtls_read_vec8(&from);
    dtls_extensions_read(&from, &hello.extensions);
    if (!dtls_reader_finished(&from) || hello.compressions.len == 0)
        return DTLS_ERR_DECODE;
    *out = hello;
    return DTLS_OK;
}

int dtls_server_hello_read(struct dtls_bytes body, struct dtls_server_hello *out)
{
    struct dtls_reader from = dtls_reader_of(body);
    struct dtls_server_hello hello = { 0 };

    hello.version = dtls_read_u16(&from);
    hello.random = dtls_read_bytes(&from, DTLS_HELLO_RANDOM_LEN);
    hello.session_id = read_session_id(&from);
    hello.suite = dtls_read_u16(&from);
    hello.compression = dtls_read_u8(&from);
    dtls_extensions_read(&from, &hello.extensions);
    if (!dtls_reader_finished(&from))
        return DTLS_ERR_DECODE;
    *out = hello;
    return DTLS_OK;
}

int dtls_hello_verify_read(struct dtls_bytes body, struct dtls_hello_verify *out)
{
    struct dtls_reader from = dtls_reader_of(body);
    struct dtls_hello_verify verify;

    verify.version = dtls_read_u16(&from);
    verify.cookie = dtls_read_vec8(&from);
    if (!dtls_reader_finished(&from))
        return DTLS_ERR_DECODE;
    *out = verify;
    return DTLS_OK;
}

int dtls_client_hello_read_start(struct dtls_bytes body, struct dtls_client_hello *out)
{
    struct dtls_reader from = dtls_reader_of(body);
    struct dtls_client_hello hello = { 0 };

    read_start(&from, &hello);
    if (from.broken)
        return DTLS_ERR_DECODE;
    *out = hello;
    return DTLS_OK;
}

const uint8_t *dtls_client_hello_random(struct dtls_bytes body)
{
    enum { AT = 2 };

    return body.len < AT + DTLS_HELLO_RANDOM_LEN ? NULL : body.at + AT;
}

void dtls_client_hello_write(struct dtls_writer *to, const struct dtls_client_hello *hello)
{
    dtls_write_u16(to, hello->version);
    dtls_write_bytes(to, hello->random);
    dtls_write_vec8(to, hello->session_id);
    dtls_write_vec8(to, hello->cookie);
    dtls_write_vec16(to, hello->suites);
    dtls_write_vec8(to, hello->compressions);
    dtls_extensions_write(to, &hello->extensions);
}

void dtls_server_hello_write(struct dtls_writer *to, const struct dtls_server_hello *hello)
{
    dtls_write_u16(to, hello->version);
    dtls_write_bytes(to, hello->random);
    dtls_write_vec8(to, hello->session_id);
    dtls_write_u16(to, hello->suite);
    dtls_write_u8(to, hello->compression);
    dtls_extensions_write(to, &hello->extensions);
}

void dtls_hello_verify_write(struct dtls_writer *to, const struct dtls_hello_verify *verify)
{
    dtls_write_u16(to, verify->version);
    dtls_write_vec8(to, verify->cookie);
}
