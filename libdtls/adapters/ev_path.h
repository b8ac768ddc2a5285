/* ev_path.h - what the kernel knows of the size that a path takes. */
#ifndef DTLS_ADAPTERS_EV_PATH_H
#define DTLS_ADAPTERS_EV_PATH_H

#include "adapters/ev_address.h"

/* Bytes of UDP payload that no path has to be shrunk below: every host takes an IPv4 packet of 576 (RFC 1122, 3.3.2).
 */
enum { DTLS_EV_PATH_LEAST = 548 };

/* What became of an earlier datagram. */
struct dtls_ev_path_error {
    struct dtls_ev_address to;
    bool
        too_big; /* ICMP says that it was, and the kernel has heard of it; false: anything else, which proves nothing */
};

/* Nothing that leaves may be fragmented from now on, and errors are kept for _next_error. `of` is of the socket's
 * family. Where the kernel does not know how, things stay as they are. */
void dtls_ev_path_watch(int fd, const struct dtls_ev_address *of);

/* The next error that waits; false when there is none. */
bool dtls_ev_path_next_error(int fd, struct dtls_ev_path_error *error);

/* The bytes of UDP payload that the kernel itself sends to `to` in one piece; 0 when it does not say. A socket that is
 * bound, not connected, has its own address in `local`, any port; else that is NULL. */
size_t dtls_ev_path_fits(int fd, const struct dtls_ev_address *local, const struct dtls_ev_address *to);

/* What leaves to `to` may be fragmented, or not (as after _watch). */
void dtls_ev_path_fragment(int fd, const struct dtls_ev_address *to, bool may);

#endif
