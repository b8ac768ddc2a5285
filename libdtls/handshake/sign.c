/* sign.c - who signs, and whether what they have signed may leave. Knows no message but what is signed. */
#include "handshake/sign.h"

#include <string.h>

#include "crypto/scheme.h"
#include "handshake/handshake.h"
#include "identity/identity.h"

/* The randoms and the params of a server, which are written into `span`; all messages so far of a client. */
static struct dtls_bytes signed_bytes(const struct dtls_handshake *hs, uint8_t *span, size_t cap)
{
    struct dtls_writer to = dtls_writer_to(span, cap);

    if (hs->as->role == DTLS_CLIENT)
        return dtls_transcript_bytes(&hs->transcript);
    dtls_write_bytes(&to, dtls_view(&hs->randoms, sizeof hs->randoms)); /* client's, then server's */
    dtls_server_key_exchange_write_params(&to, hs->ecdhe.group,
                                          dtls_view(hs->ecdhe.public_point, hs->ecdhe.public_len));
    return dtls_writer_bytes(&to);
}

enum { SPAN = sizeof(struct dtls_randoms) + 4 + DTLS_ECDHE_MAX_POINT };

static void put(struct dtls_handshake *hs, struct dtls_question *question)
{
    const struct dtls_scheme_parts *parts = dtls_scheme_parts(hs->scheme, hs->identity->public_key.kind);
    uint8_t span[SPAN], digest[DTLS_HASH_MAX];
    struct dtls_sign_request request = { .identity = hs->identity,
                                         .scheme = hs->scheme,
                                         .message = signed_bytes(hs, span, sizeof span) };

    if (parts != NULL && parts->signing != DTLS_SIGN_ED25519) {
        dtls_hash_once(parts->hash, request.message, digest);
        request.digest = dtls_view(digest, dtls_hash_len(parts->hash));
    }
    hs->identity->sign(hs->identity->sign_arg, question, &request);
}

/* A fault in a key that is elsewhere could give it away to the peer, and a wrong signature is its end anyway. */
static int hear(struct dtls_handshake *hs, const struct dtls_question *question)
{
    uint8_t span[SPAN];

    if (!question->granted)
        return DTLS_ERR_INTERNAL;
    struct dtls_job job = { .verify = true,
                            .verify_own = true,
                            .verify_scheme = hs->scheme,
                            .peer_key = hs->identity->public_key,
                            .signed_bytes = signed_bytes(hs, span, sizeof span),
                            .signature = dtls_view(question->answer, question->answer_len),
                            .pair = hs->ecdhe,
                            .made_len = question->answer_len };
    memcpy(job.made, question->answer, question->answer_len);
    return dtls_handshake_work(hs, &job, hs->then_signed);
}

static int ask(struct dtls_handshake *hs)
{
    return dtls_handshake_ask(hs, DTLS_QUESTION_SIGNATURE, DTLS_SIGNATURE_LARGEST, 0, put, hear);
}

static int shared(struct dtls_handshake *hs, struct dtls_job *job)
{
    hs->ecdhe = job->pair;
    return ask(hs);
}

int dtls_handshake_sign(struct dtls_handshake *hs, struct dtls_job *job,
                        int (*then)(struct dtls_handshake *hs, struct dtls_job *job))
{
    if (hs->identity->sign == NULL)
        return dtls_handshake_work(hs, job, then);
    hs->then_signed = then;
    job->sign = false;
    return job->generate ? dtls_handshake_work(hs, job, shared) : ask(hs);
}
