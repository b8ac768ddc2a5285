/* host_name.h - DNS names as server_name carries them (RFC 6066, 3), and patterns of them. */
#ifndef DTLS_IDENTITY_HOST_NAME_H
#define DTLS_IDENTITY_HOST_NAME_H

#include <stdbool.h>

#include "dtls/identity.h"

enum { DTLS_HOST_NAME_MAX = 253 }; /* bytes, without a NUL (RFC 1035, 2.3.4) */

/* Letters, digits, hyphens and underscores in labels of 1 to 63 bytes with dots between them, none behind the last; a
 * last label of digits alone is an IP address's, and no name. */
bool dtls_host_name_is_valid(struct dtls_bytes name);

/* Could it be a name, or an address, in another form: 1 to 255 bytes of printable ASCII? */
bool dtls_host_name_is_text(struct dtls_bytes name);

/* A valid name, or one whose left-most label is "*" and which has two more at least (RFC 9525, 6.3). */
bool dtls_host_pattern_is_valid(struct dtls_bytes pattern);

/* Does a valid pattern stand for a valid name? A "*" is one whole label; the case of letters does not count. */
bool dtls_host_pattern_has(struct dtls_bytes pattern, struct dtls_bytes name);

#endif
