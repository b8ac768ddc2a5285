/* self_signed.c - the maker of self-signed certificates (RFC 5280, 4.1). Reads no clock: the caller says from when
 * until when. No extensions: WebRTC's peers look at the fingerprint alone (RFC 8827, 6.5). */
#include "identity/self_signed.h"

#include <stdio.h>
#include <string.h>

#include "identity/algorithm.h"
#include "identity/key_info.h"

enum { X509_V3 = 2, SERIAL_LEN = 16, COMMON_NAME_MAX = 64, LAST_UTC_TIME_YEAR = 2049 };

static const int64_t day_s = 24 * 60 * 60;
static const int64_t end_of_9999 = INT64_C(253402300799);

static const uint8_t common_name_oid[] = { 0x55, 0x04, 0x03 }; /* 2.5.4.3 */

/* RFC 3629, 4. A name that is not UTF-8 would make a certificate that some peers cannot parse. */
static bool is_utf8(struct dtls_bytes text)
{
    struct dtls_reader from = dtls_reader_of(text);

    while (dtls_reader_has_more(&from)) {
        uint8_t lead = dtls_read_u8(&from);
        unsigned more = lead < 0x80 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
        uint32_t smallest = more == 0 ? 0 : more == 1 ? 0x80 : more == 2 ? 0x800 : 0x10000;
        uint32_t point = more == 0 ? lead : lead & (0x3fU >> more);

        if (lead >= 0xf8 || (lead >= 0x80 && lead < 0xc0))
            return false;
        for (unsigned i = 0; i < more; i++) {
            uint8_t next = dtls_read_u8(&from);
            if ((next & 0xc0) != 0x80)
                return false;
            point = point << 6 | (next & 0x3f);
        }
        if (point < smallest || point > 0x10ffff || (point >= 0xd800 && point < 0xe000))
            return false;
    }
    return true;
}

static int days_of_month(int year, int month)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return days[month - 1] + (month == 2 && leap ? 1 : 0);
}

/* UTCTime up to 2049, with two digits of the year, and GeneralizedTime after it (RFC 5280, 4.1.2.5). */
static void write_time(struct dtls_writer *to, int64_t time)
{
    int days = (int)(time / day_s), seconds = (int)(time % day_s);
    int year = 1970, month = 1;
    char text[80];

    while (days >= days_of_month(year, month)) {
        days -= days_of_month(year, month);
        year += month == 12 ? 1 : 0;
        month = month == 12 ? 1 : month + 1;
    }
    snprintf(text, sizeof text, "%04d%02d%02d%02d%02d%02dZ", year, month, days + 1, seconds / 3600, seconds / 60 % 60,
             seconds % 60);
    bool utc_time = year <= LAST_UTC_TIME_YEAR;
    const char *digits = utc_time ? text + 2 : text;
    dtls_der_write(to, utc_time ? DTLS_DER_UTC_TIME : DTLS_DER_GENERALIZED_TIME,
                   (struct dtls_bytes){ (const uint8_t *)digits, strlen(digits) });
}

static void write_name(struct dtls_writer *to, struct dtls_bytes common_name)
{
    size_t name = dtls_der_open(to, DTLS_DER_SEQUENCE);
    size_t set = dtls_der_open(to, DTLS_DER_SET);
    size_t attribute = dtls_der_open(to, DTLS_DER_SEQUENCE);

    dtls_der_write(to, DTLS_DER_OID, (struct dtls_bytes){ common_name_oid, sizeof common_name_oid });
    dtls_der_write(to, DTLS_DER_UTF8_STRING, common_name);
    dtls_der_close(to, attribute);
    dtls_der_close(to, set);
    dtls_der_close(to, name);
}

static void write_bit_string(struct dtls_writer *to, struct dtls_bytes bytes)
{
    size_t position = dtls_der_open(to, DTLS_DER_BIT_STRING);

    dtls_write_u8(to, 0); /* no unused bits */
    dtls_write_bytes(to, bytes);
    dtls_der_close(to, position);
}

/* TBSCertificate */
static void write_statement(struct dtls_writer *to, const struct dtls_self_signed *what, struct dtls_bytes serial,
                            struct dtls_public_key key)
{
    struct dtls_bytes name = { (const uint8_t *)what->common_name, strlen(what->common_name) };
    size_t statement = dtls_der_open(to, DTLS_DER_SEQUENCE);

    size_t version = dtls_der_open(to, DTLS_DER_CONTEXT_0);
    dtls_der_write(to, DTLS_DER_INTEGER, (struct dtls_bytes){ (const uint8_t[]){ X509_V3 }, 1 });
    dtls_der_close(to, version);
    dtls_der_write(to, DTLS_DER_INTEGER, serial);
    dtls_algorithm_write_signature(to, key.kind);
    write_name(to, name);
    size_t validity = dtls_der_open(to, DTLS_DER_SEQUENCE);
    write_time(to, what->not_before);
    write_time(to, what->not_after);
    dtls_der_close(to, validity);
    write_name(to, name);
    dtls_key_info_write(to, &key);
    dtls_der_close(to, statement);
}

static bool is_sound(const struct dtls_self_signed *what)
{
    struct dtls_bytes name = { (const uint8_t *)what->common_name, strlen(what->common_name) };

    return name.len > 0 && name.len <= COMMON_NAME_MAX && is_utf8(name) && what->not_before >= 0 &&
           what->not_before <= what->not_after && what->not_after <= end_of_9999;
}

int dtls_self_signed_write(struct dtls_writer *to, const struct dtls_self_signed *what,
                           const struct dtls_private_key *key, const struct dtls_random *random)
{
    uint8_t space[DTLS_SELF_SIGNED_MAX], serial[SERIAL_LEN], signature[DTLS_SIGNATURE_LARGEST];
    struct dtls_writer statement = dtls_writer_to(space, sizeof space);
    struct dtls_public_key public_key = dtls_private_key_public(key);
    uint16_t scheme = public_key.kind == DTLS_KEY_P256 ? DTLS_ECDSA_SHA256 : DTLS_ED25519;
    size_t signature_len;

    if (!is_sound(what))
        return DTLS_ERR_ARGUMENT;
    if (dtls_random_bytes(random, serial, sizeof serial) != DTLS_OK)
        return DTLS_ERR_RANDOM;
    serial[0] = (uint8_t)((serial[0] & 0x7f) | 0x40); /* positive, and 16 bytes in its only DER form */
    write_statement(&statement, what, (struct dtls_bytes){ serial, sizeof serial }, public_key);
    if (statement.broken)
        return DTLS_ERR_INTERNAL;
    int result = dtls_signature_make(key, scheme, random, dtls_writer_bytes(&statement), signature, &signature_len);
    if (result != DTLS_OK)
        return result;
    size_t certificate = dtls_der_open(to, DTLS_DER_SEQUENCE);
    dtls_write_bytes(to, dtls_writer_bytes(&statement));
    dtls_algorithm_write_signature(to, public_key.kind);
    write_bit_string(to, (struct dtls_bytes){ signature, signature_len });
    dtls_der_close(to, certificate);
    return to->broken ? DTLS_ERR_INTERNAL : DTLS_OK;
}
