/* dtls.h - all of the core: a DTLS 1.2 engine (RFC 6347) without I/O. Companions: ev.h, srtp.h, pkix.h, redis.h.
 *
 * Read in this order: identity.h (who we are), choose.h (several of those), signer.h (whose keys are elsewhere), psk.h
 * (pre-shared keys), question.h (answers that come later), config.h (settings), conn.h (one association), session.h
 * (resumption), store.h (its part in a server), srtp_keys.h (keys for media), endpoint.h (many associations on one
 * socket), mux.h (other protocols on it), error.h (every answer that is not a success). */
#ifndef DTLS_DTLS_H
#define DTLS_DTLS_H

#include "dtls/choose.h"
#include "dtls/config.h"
#include "dtls/conn.h"
#include "dtls/endpoint.h"
#include "dtls/error.h"
#include "dtls/identity.h"
#include "dtls/mux.h"
#include "dtls/psk.h"
#include "dtls/question.h"
#include "dtls/session.h"
#include "dtls/signer.h"
#include "dtls/srtp_keys.h"
#include "dtls/store.h"

#endif
