/* wolfssl.c - wolfSSL, in memory alone (pair_wolfssl.c): Debian builds it without renegotiation. */
#include "bench/peers/peer.h"

static const char *cannot(const struct settings *settings)
{
    (void)settings;
    return "cannot call: Debian builds wolfSSL without renegotiation (memory, records and handshakes are there)";
}

const struct peer_library peer_library = { .name = "peer-wolfssl", .cannot = cannot };
