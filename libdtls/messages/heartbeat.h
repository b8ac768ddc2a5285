/* heartbeat.h - HeartbeatRequest and HeartbeatResponse (RFC 6520). Bytes <-> struct. */
#ifndef DTLS_MESSAGES_HEARTBEAT_H
#define DTLS_MESSAGES_HEARTBEAT_H

#include "bytes/reader.h"
#include "bytes/writer.h"

enum dtls_heartbeat_type { DTLS_HEARTBEAT_REQUEST = 1, DTLS_HEARTBEAT_RESPONSE = 2 };

/* Of the extension: may its receiver send requests to its sender? */
enum dtls_heartbeat_mode { DTLS_HEARTBEAT_ALLOWED = 1, DTLS_HEARTBEAT_NOT_ALLOWED = 2 };

enum { DTLS_HEARTBEAT_HEADER = 3, DTLS_HEARTBEAT_PADDING = 16 /* at least */ };

struct dtls_heartbeat {
    uint8_t type;
    struct dtls_bytes payload; /* a view; what is behind it is padding */
};

/* False for a type that does not exist, and where the payload would reach into the padding or beyond the record: that
 * is to be dropped without a word (RFC 6520, 4; CVE-2014-0160). */
bool dtls_heartbeat_read(struct dtls_bytes record, struct dtls_heartbeat *out);

/* With `padding` bytes of zeroes behind it: under an AEAD nobody can tell them from random ones. */
void dtls_heartbeat_write(struct dtls_writer *to, const struct dtls_heartbeat *heartbeat, size_t padding);

#endif
