/* sign.h - our signature in a handshake: by our own key, as work (R17), or by whoever has the key (R19). */
#ifndef DTLS_HANDSHAKE_SIGN_H
#define DTLS_HANDSHAKE_SIGN_H

#include "handshake/job.h"

struct dtls_handshake;

/* As dtls_handshake_work, for a job that signs with the handshake's identity, and may make the share that it signs:
 * `then` finds the signature in it, whoever has made it, and the pair. */
int dtls_handshake_sign(struct dtls_handshake *hs, struct dtls_job *job,
                        int (*then)(struct dtls_handshake *hs, struct dtls_job *job));

#endif
