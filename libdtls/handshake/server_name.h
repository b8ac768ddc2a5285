/* server_name.h - the name that a client asks for (RFC 6066, 3). */
#ifndef DTLS_HANDSHAKE_SERVER_NAME_H
#define DTLS_HANDSHAKE_SERVER_NAME_H

#include "dtls/identity.h"

struct dtls_handshake;
struct dtls_extensions;

/* A server: the name in its client's hello. A name that could be none (a NUL in it, too long) is illegal_parameter;
 * what may only not be sent as one (an address, a dot at the end) is none. DTLS_OK, or a death. */
int dtls_server_name_take_offer(struct dtls_handshake *hs, const struct dtls_extensions *extensions);

/* A client: the server's answer, which says nothing but that it has seen the name. DTLS_OK, or a death. */
int dtls_server_name_take_answer(struct dtls_handshake *hs, const struct dtls_extensions *extensions);

#endif
