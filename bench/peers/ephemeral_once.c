/* ephemeral_once.c - what a stock of ephemeral keys, made when there is time, could bring at most: one key a group,
 * made once and used in every handshake. Nothing else may do so: such keys protect nobody.
 *
 * The linker puts this in front of crypto/ecdhe.c's function (--wrap, meson.build). */
#include "crypto/ecdhe.h"

enum { GROUPS = 3 };

int __real_dtls_ecdhe_generate(struct dtls_ecdhe *pair, uint16_t group, const struct dtls_random *random);
int __wrap_dtls_ecdhe_generate(struct dtls_ecdhe *pair, uint16_t group, const struct dtls_random *random);

int __wrap_dtls_ecdhe_generate(struct dtls_ecdhe *pair, uint16_t group, const struct dtls_random *random)
{
    static struct dtls_ecdhe stock[GROUPS];
    int place = 0;

    while (place < GROUPS - 1 && stock[place].public_len > 0 && stock[place].group != group)
        place++;
    if (stock[place].group != group || stock[place].public_len == 0) {
        int result = __real_dtls_ecdhe_generate(&stock[place], group, random);
        if (result != DTLS_OK)
            return result;
    }
    *pair = stock[place];
    return DTLS_OK;
}
