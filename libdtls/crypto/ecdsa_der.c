/* ecdsa_der.c - two numbers in, two numbers out. All lengths here are below 128, so each is one byte. */
#include "crypto/ecdsa_der.h"

#include "bytes/reader.h"

enum { INTEGER = 0x02, SEQUENCE = 0x30 };

static struct dtls_bytes read_value(struct dtls_reader *from, uint8_t tag)
{
    if (dtls_read_u8(from) != tag)
        dtls_reader_break(from);
    struct dtls_bytes value = dtls_read_vec8(from);
    if (value.len > 127) /* a length of more than one byte: longer than any signature we know */
        dtls_reader_break(from);
    return value;
}

static struct dtls_bytes read_number(struct dtls_reader *from)
{
    struct dtls_bytes value = read_value(from, INTEGER);

    if (from->broken || value.len == 0 || (value.at[0] & 0x80) != 0 ||
        (value.len > 1 && value.at[0] == 0 && (value.at[1] & 0x80) == 0))
        dtls_reader_break(from);
    return value;
}

bool dtls_ecdsa_der_read(struct dtls_bytes der, struct dtls_bytes *r, struct dtls_bytes *s)
{
    struct dtls_reader outer = dtls_reader_of(der);
    struct dtls_reader from = dtls_reader_of(read_value(&outer, SEQUENCE));

    if (!dtls_reader_finished(&outer))
        return false;
    *r = read_number(&from);
    *s = read_number(&from);
    return dtls_reader_finished(&from);
}

static void write_number(struct dtls_writer *to, struct dtls_bytes number)
{
    while (number.len > 1 && number.at[0] == 0) {
        number.at++;
        number.len--;
    }
    dtls_write_u8(to, INTEGER);
    size_t position = dtls_write_open(to, 1);
    if ((number.at[0] & 0x80) != 0)
        dtls_write_u8(to, 0);
    dtls_write_bytes(to, number);
    dtls_write_close(to, position, 1);
}

void dtls_ecdsa_der_write(struct dtls_writer *to, struct dtls_bytes r, struct dtls_bytes s)
{
    dtls_write_u8(to, SEQUENCE);
    size_t position = dtls_write_open(to, 1);
    write_number(to, r);
    write_number(to, s);
    dtls_write_close(to, position, 1);
}
