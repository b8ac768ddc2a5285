/* pkix_trust.c - whom we trust: authorities and their CRLs, from memory, files, directories and the system. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/pkix_internal.h"

int dtls_pkix_trust_new(struct dtls_pkix_trust **out)
{
    *out = calloc(1, sizeof **out);
    return *out == NULL ? DTLS_ERR_NO_MEMORY : DTLS_OK;
}

void dtls_pkix_trust_free(struct dtls_pkix_trust *trust)
{
    if (trust == NULL)
        return;
    for (size_t i = 0; i < trust->anchor_count; i++) {
        gnutls_x509_crt_deinit(trust->anchors[i]);
        gnutls_free(trust->names[i].data);
    }
    for (size_t i = 0; i < trust->crl_count; i++)
        dtls_pkix_crl_clear(&trust->crls[i]);
    free(trust->anchors);
    free(trust->names);
    free(trust->crls);
    free(trust);
}

/* An array of `count` with room for one more; it grows in powers of two. NULL without memory: it is as it was. */
static void *with_room(void *array, size_t count, size_t size)
{
    bool full = (count & (count - 1)) == 0;

    return full ? realloc(array, (count == 0 ? 1 : 2 * count) * size) : array;
}

/* ---- authorities ---- */

/* Takes the certificate over, whatever comes of it. */
static int add_anchor(struct dtls_pkix_trust *trust, gnutls_x509_crt_t certificate)
{
    size_t count = trust->anchor_count;
    int result = DTLS_ERR_NO_MEMORY;
    gnutls_x509_crt_t *anchors = with_room(trust->anchors, count, sizeof(gnutls_x509_crt_t));

    if (anchors != NULL)
        trust->anchors = anchors;
    gnutls_datum_t *names = with_room(trust->names, count, sizeof *names);
    if (names != NULL)
        trust->names = names;
    if (anchors != NULL && names != NULL) {
        names[count] = (gnutls_datum_t){ 0 };
        if (gnutls_x509_crt_get_raw_dn(certificate, &names[count]) >= 0) {
            anchors[count] = certificate;
            trust->anchor_count++;
            return DTLS_OK;
        }
        result = DTLS_ERR_BAD_X509;
    }
    gnutls_x509_crt_deinit(certificate);
    return result;
}

static bool has_pem(const uint8_t *text, size_t len)
{
    static const char begin[] = "-----BEGIN ";

    for (size_t i = 0; i + sizeof begin - 1 <= len; i++)
        if (memcmp(text + i, begin, sizeof begin - 1) == 0)
            return true;
    return false;
}

int dtls_pkix_trust_add(struct dtls_pkix_trust *trust, const void *certificates, size_t len, size_t *count)
{
    const gnutls_datum_t text = { (unsigned char *)(uintptr_t)certificates, (unsigned)len };
    gnutls_x509_crt_t *list = NULL;
    unsigned found = 0;
    int result = DTLS_OK;
    bool pem = len <= UINT32_MAX && has_pem(certificates, len);

    if (count != NULL)
        *count = 0;
    if (len == 0 || len > UINT32_MAX)
        return DTLS_PKIX_ERR_EMPTY;
    int got = gnutls_x509_crt_list_import2(&list, &found, &text, pem ? GNUTLS_X509_FMT_PEM : GNUTLS_X509_FMT_DER, 0);
    if (got == GNUTLS_E_NO_CERTIFICATE_FOUND)
        return DTLS_PKIX_ERR_EMPTY;
    if (got == GNUTLS_E_MEMORY_ERROR)
        return DTLS_ERR_NO_MEMORY;
    if (got < 0)
        return DTLS_ERR_BAD_X509;
    for (unsigned i = 0; i < found; i++) {
        if (result == DTLS_OK)
            result = add_anchor(trust, list[i]);
        else
            gnutls_x509_crt_deinit(list[i]);
    }
    gnutls_free(list);
    if (count != NULL)
        *count = found;
    return result == DTLS_OK && found == 0 ? DTLS_PKIX_ERR_EMPTY : result;
}

int dtls_pkix_trust_add_file(struct dtls_pkix_trust *trust, const char *path, size_t *count)
{
    size_t len = 0;
    uint8_t *bytes = dtls_pkix_read_file(path, &len);

    if (count != NULL)
        *count = 0;
    if (bytes == NULL)
        return DTLS_PKIX_ERR_SYSTEM;
    int result = dtls_pkix_trust_add(trust, bytes, len, count);
    free(bytes);
    return result;
}

/* A file that is none, or not of certificates, is nobody to trust; want of memory is an error all the same. */
int dtls_pkix_trust_add_directory(struct dtls_pkix_trust *trust, const char *path, size_t *count)
{
    DIR *directory = opendir(path);
    const struct dirent *entry;
    size_t before = trust->anchor_count;
    int result = DTLS_OK;

    if (count != NULL)
        *count = 0;
    if (directory == NULL)
        return DTLS_PKIX_ERR_SYSTEM;
    while (result != DTLS_ERR_NO_MEMORY && (entry = readdir(directory)) != NULL) {
        char file[4096];
        if (entry->d_name[0] != '.' && snprintf(file, sizeof file, "%s/%s", path, entry->d_name) < (int)sizeof file)
            result = dtls_pkix_trust_add_file(trust, file, NULL);
    }
    closedir(directory);
    if (count != NULL)
        *count = trust->anchor_count - before;
    if (result == DTLS_ERR_NO_MEMORY)
        return result;
    return trust->anchor_count > before ? DTLS_OK : DTLS_PKIX_ERR_EMPTY;
}

int dtls_pkix_trust_add_system(struct dtls_pkix_trust *trust, size_t *count)
{
    gnutls_x509_trust_list_t list;
    gnutls_x509_trust_list_iter_t at = NULL;
    gnutls_x509_crt_t certificate;
    size_t before = trust->anchor_count;
    int result = DTLS_OK;

    if (count != NULL)
        *count = 0;
    if (gnutls_x509_trust_list_init(&list, 0) < 0)
        return DTLS_ERR_NO_MEMORY;
    int got = gnutls_x509_trust_list_add_system_trust(list, 0, 0);
    while (got > 0 && result == DTLS_OK && gnutls_x509_trust_list_iter_get_ca(list, &at, &certificate) >= 0)
        result = add_anchor(trust, certificate);
    if (at != NULL)
        gnutls_x509_trust_list_iter_deinit(at);
    gnutls_x509_trust_list_deinit(list, 1);
    if (count != NULL)
        *count = trust->anchor_count - before;
    return result == DTLS_OK && trust->anchor_count == before ? DTLS_PKIX_ERR_EMPTY : result;
}

struct dtls_bytes dtls_pkix_trust_authority(const struct dtls_pkix_trust *trust, size_t index)
{
    if (index >= trust->anchor_count)
        return (struct dtls_bytes){ 0 };
    return (struct dtls_bytes){ trust->names[index].data, trust->names[index].size };
}

/* ---- CRLs ---- */

/* Takes the CRL over, whatever comes of it. */
static int add_crl(struct dtls_pkix_trust *trust, gnutls_x509_crl_t crl)
{
    struct dtls_pkix_crl *crls = with_room(trust->crls, trust->crl_count, sizeof *crls);
    int result = DTLS_ERR_NO_MEMORY;

    if (crls != NULL) {
        trust->crls = crls;
        result = dtls_pkix_crl_read(crl, &crls[trust->crl_count]);
    }
    if (result == DTLS_OK)
        trust->crl_count++;
    else
        gnutls_x509_crl_deinit(crl);
    return result;
}

int dtls_pkix_trust_add_crls(struct dtls_pkix_trust *trust, const void *crls, size_t len, size_t *count)
{
    const gnutls_datum_t text = { (unsigned char *)(uintptr_t)crls, (unsigned)len };
    gnutls_x509_crl_t *list = NULL;
    unsigned found = 0;
    int result = DTLS_OK;
    bool pem = len <= UINT32_MAX && has_pem(crls, len);

    if (count != NULL)
        *count = 0;
    if (len == 0 || len > UINT32_MAX)
        return DTLS_PKIX_ERR_EMPTY;
    int got = gnutls_x509_crl_list_import2(&list, &found, &text, pem ? GNUTLS_X509_FMT_PEM : GNUTLS_X509_FMT_DER, 0);
    if (got < 0)
        return got == GNUTLS_E_MEMORY_ERROR ? DTLS_ERR_NO_MEMORY : DTLS_PKIX_ERR_CRL;
    for (unsigned i = 0; i < found; i++) {
        if (result == DTLS_OK)
            result = add_crl(trust, list[i]);
        else
            gnutls_x509_crl_deinit(list[i]);
    }
    gnutls_free(list);
    if (count != NULL)
        *count = found;
    return result == DTLS_OK && found == 0 ? DTLS_PKIX_ERR_EMPTY : result;
}

int dtls_pkix_trust_add_crl_file(struct dtls_pkix_trust *trust, const char *path, size_t *count)
{
    size_t len = 0;
    uint8_t *bytes = dtls_pkix_read_file(path, &len);

    if (count != NULL)
        *count = 0;
    if (bytes == NULL)
        return DTLS_PKIX_ERR_SYSTEM;
    int result = dtls_pkix_trust_add_crls(trust, bytes, len, count);
    free(bytes);
    return result;
}
