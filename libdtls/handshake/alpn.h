/* alpn.h - which application protocol two ends agree on (RFC 7301). */
#ifndef DTLS_HANDSHAKE_ALPN_H
#define DTLS_HANDSHAKE_ALPN_H

#include "bytes/writer.h"
#include "dtls/config.h"

struct dtls_handshake;
struct dtls_extensions;

/* NULL, or what is wrong with the list of a configuration. */
const char *dtls_alpn_problem(const struct dtls_config *config);

/* Protocols as they go into the extension: each with its length in front. */
enum { DTLS_ALPN_LIST_MOST = 1024 };
void dtls_alpn_write(struct dtls_writer *to, const char *const *names, size_t count);

/* A server: what its client offers, by the server's order of preference; a client: what its server answers. Both set
 * the pending set's protocol. DTLS_OK, or a death. */
int dtls_alpn_take_offer(struct dtls_handshake *hs, const struct dtls_extensions *extensions);
int dtls_alpn_take_answer(struct dtls_handshake *hs, const struct dtls_extensions *extensions);

#endif
