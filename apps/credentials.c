/* credentials.c - counts the users of a certificate and its key. */
#include "apps/credentials.h"

#include <stdio.h>
#include <stdlib.h>

#include "apps/names.h"

static struct credentials *of_identity(const struct settings *settings, struct dtls_identity *identity,
                                       unsigned workers, struct files_why *why)
{
    struct credentials *credentials = calloc(1, sizeof *credentials);

    if (credentials == NULL) {
        snprintf(why->words, sizeof why->words, "%s", dtls_error_string(DTLS_ERR_NO_MEMORY));
        dtls_identity_free(identity);
        return NULL;
    }
    credentials->identity = identity;
    if (identity != NULL)
        names_fingerprint(settings, identity, credentials->fingerprint);
    atomic_init(&credentials->users, 1);
    atomic_init(&credentials->awaited, workers);
    return credentials;
}

struct credentials *credentials_load(const struct settings *settings, unsigned workers, struct files_why *why)
{
    struct dtls_identity *identity = own_identity(settings, why);

    return identity != NULL ? of_identity(settings, identity, workers, why) : NULL;
}

struct credentials *credentials_none(struct files_why *why)
{
    return of_identity(NULL, NULL, 0, why);
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
