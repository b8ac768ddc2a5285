/* pkix_seen.c - whom a verifier has accepted, so that a session with the same peer may be resumed. The one part of a
 * verifier that changes: connections of several threads share it. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/pkix_internal.h"

struct peer {
    uint8_t fingerprint[DTLS_FINGERPRINT_LEN];
    int64_t good_until; /* of an empty place: the past */
};

/* A ring: the oldest gives way. */
struct dtls_pkix_seen {
    pthread_mutex_t lock;
    size_t most, next;
    struct peer peers[];
};

struct dtls_pkix_seen *dtls_pkix_seen_new(size_t most)
{
    struct dtls_pkix_seen *seen = calloc(1, sizeof *seen + most * sizeof seen->peers[0]);

    if (seen == NULL)
        return NULL;
    if (pthread_mutex_init(&seen->lock, NULL) != 0) {
        free(seen);
        return NULL;
    }
    seen->most = most;
    for (size_t i = 0; i < most; i++)
        seen->peers[i].good_until = INT64_MIN;
    return seen;
}

void dtls_pkix_seen_free(struct dtls_pkix_seen *seen)
{
    if (seen == NULL)
        return;
    pthread_mutex_destroy(&seen->lock);
    free(seen);
}

static struct peer *find(struct dtls_pkix_seen *seen, const uint8_t *fingerprint)
{
    for (size_t i = 0; i < seen->most; i++)
        if (memcmp(seen->peers[i].fingerprint, fingerprint, DTLS_FINGERPRINT_LEN) == 0)
            return &seen->peers[i];
    return NULL;
}

void dtls_pkix_seen_add(struct dtls_pkix_seen *seen, const uint8_t *fingerprint, int64_t good_until)
{
    pthread_mutex_lock(&seen->lock);
    struct peer *peer = find(seen, fingerprint);
    if (peer == NULL) {
        peer = &seen->peers[seen->next];
        seen->next = (seen->next + 1) % seen->most;
        memcpy(peer->fingerprint, fingerprint, DTLS_FINGERPRINT_LEN);
    }
    peer->good_until = good_until;
    pthread_mutex_unlock(&seen->lock);
}

/* Nobody gives way to one that is refused. */
void dtls_pkix_seen_drop(struct dtls_pkix_seen *seen, const uint8_t *fingerprint)
{
    pthread_mutex_lock(&seen->lock);
    struct peer *peer = find(seen, fingerprint);
    if (peer != NULL)
        peer->good_until = INT64_MIN;
    pthread_mutex_unlock(&seen->lock);
}

bool dtls_pkix_seen_has(struct dtls_pkix_seen *seen, const uint8_t *fingerprint, int64_t now)
{
    pthread_mutex_lock(&seen->lock);
    const struct peer *peer = find(seen, fingerprint);
    bool has = peer != NULL && now <= peer->good_until;
    pthread_mutex_unlock(&seen->lock);
    return has;
}
