/* pkix_file.c - a whole file, of a size that trust may have. */
#define _POSIX_C_SOURCE 200809L /* fileno */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "adapters/pkix_internal.h"

enum { FILE_MOST = 16 << 20 };

static uint8_t *read_open(FILE *file, size_t most, size_t *len)
{
    uint8_t *bytes = malloc(most + 1);

    if (bytes == NULL)
        return NULL;
    *len = fread(bytes, 1, most + 1, file);
    if (ferror(file) != 0 || *len > most) {
        errno = *len > most ? EFBIG : EIO;
        free(bytes);
        return NULL;
    }
    bytes[*len] = 0;
    return bytes;
}

uint8_t *dtls_pkix_read_file(const char *path, size_t *len)
{
    struct stat about;
    FILE *file = fopen(path, "rbe");
    uint8_t *bytes = NULL;

    if (file == NULL)
        return NULL;
    if (fstat(fileno(file), &about) == 0) {
        if (S_ISDIR(about.st_mode))
            errno = EISDIR;
        else if (about.st_size > FILE_MOST)
            errno = EFBIG;
        else /* what is no plain file does not say how long it is */
            bytes = read_open(file, S_ISREG(about.st_mode) ? (size_t)about.st_size : FILE_MOST, len);
    }
    int reason = errno;
    fclose(file);
    errno = reason;
    return bytes;
}
