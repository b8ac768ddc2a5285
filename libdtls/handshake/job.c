/* job.c - does the work. Knows no handshake, no connection and no thread. */
#include "handshake/job.h"

#include <string.h>

#include "bytes/writer.h"
#include "dtls/conn.h"
#include "messages/key_exchange.h"

/* What a server signs ends with the share that it has just made. */
static int sign_with_share(struct dtls_job *job)
{
    uint8_t bytes[256];
    struct dtls_writer to = dtls_writer_to(bytes, sizeof bytes);

    dtls_write_bytes(&to, job->to_sign);
    dtls_server_key_exchange_write_params(&to, job->pair.group,
                                          (struct dtls_bytes){ job->pair.public_point, job->pair.public_len });
    if (to.broken)
        return DTLS_ERR_INTERNAL;
    return dtls_signature_make(job->key, job->sign_scheme, &job->random, dtls_writer_bytes(&to), job->made,
                               &job->made_len);
}

static int run(struct dtls_job *job)
{
    int err = DTLS_OK;

    if (job->verify)
        err = dtls_signature_verify(&job->peer_key, job->verify_scheme, job->signed_bytes, job->signature);
    if (err != DTLS_OK && job->verify_own)
        err = DTLS_ERR_INTERNAL;
    if (err == DTLS_OK && job->generate)
        err = dtls_ecdhe_generate(&job->pair, job->group, &job->random);
    if (err == DTLS_OK && job->agree)
        err = dtls_ecdhe_agree(&job->pair, job->peer_point, job->premaster, &job->premaster_len);
    if (err == DTLS_OK && job->sign)
        err = job->sign_share ? sign_with_share(job)
                              : dtls_signature_make(job->key, job->sign_scheme, &job->random, job->to_sign, job->made,
                                                    &job->made_len);
    return err;
}

void dtls_job_run(struct dtls_job *job)
{
    if (job == NULL || job->done)
        return;
    job->error = run(job);
    job->done = true;
}

/* Moves what a view shows behind the job. */
static void own(struct dtls_writer *to, struct dtls_bytes *view)
{
    const uint8_t *at = to->at + to->len;

    dtls_write_bytes(to, *view);
    if (view->len > 0)
        view->at = at;
}

struct dtls_job *dtls_job_detach(const struct dtls_job *job, const struct dtls_memory *memory)
{
    const struct dtls_public_key *key = &job->peer_key;
    size_t bytes = key->point.len + key->modulus.len + key->exponent.len + job->signed_bytes.len + job->signature.len +
                   job->peer_point.len + job->to_sign.len;
    struct dtls_job *copy = dtls_allocate(memory, sizeof *copy + bytes);

    if (copy == NULL)
        return NULL;
    *copy = *job;
    copy->memory = *memory;
    copy->block_len = sizeof *copy + bytes;
    struct dtls_writer to = dtls_writer_to((uint8_t *)(copy + 1), bytes);
    struct dtls_bytes *views[] = { &copy->peer_key.point, &copy->peer_key.modulus, &copy->peer_key.exponent,
                                   &copy->signed_bytes,   &copy->signature,        &copy->peer_point,
                                   &copy->to_sign };
    for (size_t i = 0; i < sizeof views / sizeof views[0]; i++)
        own(&to, views[i]);
    return copy;
}

void dtls_job_free(struct dtls_job *job)
{
    if (job == NULL)
        return;
    struct dtls_memory memory = job->memory;
    dtls_release(&memory, job, job->block_len);
}
