/* credentials.c - counts the users of a certificate and its key. */
#include "apps/credentials.h"

#include <stdio.h>
#include <stdlib.h>

struct credentials *credentials_load(const struct settings *settings, unsigned workers, struct files_why *why)
{
    struct dtls_identity *identity = own_identity(settings, why);

    if (identity == NULL)
        return NULL;
    struct credentials *credentials = malloc(sizeof *credentials);
    if (credentials == NULL) {
        snprintf(why->words, sizeof why->words, "%s", dtls_error_string(DTLS_ERR_NO_MEMORY));
        dtls_identity_free(identity);
        return NULL;
    }
    credentials->identity = identity;
    dtls_identity_fingerprint(identity, credentials->fingerprint);
    atomic_init(&credentials->users, 1);
    atomic_init(&credentials->awaited, workers);
    return credentials;
}

void credentials_hold(struct credentials *credentials)
{
    atomic_fetch_add(&credentials->users, 1);
}

bool credentials_release(struct credentials *credentials)
{
    if (atomic_fetch_sub(&credentials->users, 1) > 1)
        return false;
    dtls_identity_free(credentials->identity);
    free(credentials);
    return true;
}

bool credentials_taken(struct credentials *credentials)
{
    return atomic_fetch_sub(&credentials->awaited, 1) == 1;
}
