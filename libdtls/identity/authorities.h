/* authorities.h - lists of the names of authorities, as the wire has them (RFC 5246, 7.4.4). */
#ifndef DTLS_IDENTITY_AUTHORITIES_H
#define DTLS_IDENTITY_AUTHORITIES_H

#include "dtls/choose.h"
#include "identity/identity.h"

/* Has each name a length, and is none empty? */
bool dtls_authorities_are_whole(struct dtls_bytes list);

/* Was one of the identity's certificates issued by one of these? */
bool dtls_authorities_have(struct dtls_bytes list, const struct dtls_identity *identity);

#endif
